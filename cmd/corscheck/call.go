package main

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"example.com/cors/corstest"
)

// A call is what the script of a page does.
type call struct {
	url         string
	origin      string // of the page
	method      string // as the script writes it
	header      http.Header
	body        string
	hasBody     bool
	cookie      string // the value of the Cookie header
	credentials bool
	upload      bool // the script listens for the progress of the upload, or streams the body

	// What a copied call does not tell, or tells in another place.
	credentialsUnknown bool     // it has no cookies, which may mean that there are none to send
	originFrom         string   // the header that the origin was taken from, "" if it was named
	told               string   // the console's line
	untold             []string // in sentences
	others             []other  // calls of the same paste that are not checked
	guarded            bool     // if it writes, it is not sent without -send
}

// An other is a call of a paste that is not checked.
type other struct {
	Entry   int    `json:"entry"`
	Method  string `json:"method"`
	URL     string `json:"url"`
	Outcome string `json:"outcome,omitempty"` // of a HAR
}

// request is the call for corstest.
func (c *call) request() corstest.Request {
	r := corstest.Request{
		Origin:      c.origin,
		Method:      c.method,
		URL:         c.url,
		Header:      c.header,
		Credentials: c.credentials,

		UploadListener: c.upload,
	}
	if c.cookie != "" {
		r.Cookies = []*http.Cookie{{Name: "stand-in", Value: "1"}} // see wire
	}
	if c.hasBody {
		r.Body = strings.NewReader(c.body)
	}
	return r
}

// isOpaque reports whether the page's origin is opaque, as that of a sandboxed frame is. Its
// only name, null, is that of strangers, too: no list should have it.
func (c *call) isOpaque() bool { return c.origin == "null" }

// wants returns the type that the call asks for or sends, in lower case.
func (c *call) wants() string {
	return strings.ToLower(cmp.Or(c.header.Get("Accept"), c.header.Get("Content-Type")))
}

// A plan is what a browser makes of a call before it sends anything.
type plan struct {
	target     *url.URL // as browsers write it
	method     string   // as browsers write it
	sameOrigin bool
	preflight  bool     // the call needs a preflight
	announced  []string // the header names in the preflight, in lower case
}

// newPlan finds out what a browser would send first, without sending it, and
// whether a script can make the call at all.
func newPlan(c *call) (*plan, error) {
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	res, err := corstest.Fetch(silent, c.request())
	var unsendable *corstest.UnsendableError
	if errors.As(err, &unsendable) {
		return nil, explainUnsendable(unsendable)
	}
	if res == nil {
		return nil, err
	}
	first := res.Exchanges[0]
	p := &plan{
		target:    first.Request.URL,
		method:    first.Request.Method,
		preflight: first.Preflight,
	}
	if first.Preflight {
		p.method = first.Request.Header.Get("Access-Control-Request-Method")
		if names := first.Request.Header.Get("Access-Control-Request-Headers"); names != "" {
			p.announced = strings.Split(names, ",")
		}
	}
	p.sameOrigin = c.origin == p.target.Scheme+"://"+p.target.Host
	return p, nil
}

// explainUnsendable names the flag in place of corstest's field.
func explainUnsendable(e *corstest.UnsendableError) error {
	if e.Field == "Body" {
		return usagef("-d: browsers send no body with %s; leave it out, or name another method with -X", e.Value)
	}
	name := map[string]string{"URL": "the URL", "Origin": "-origin", "Method": "-X", "Header": "-H"}[e.Field]
	return usagef("%s %s: %s", name, quote(e.Value), e.Detail)
}

package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"example.com/cors/corstest"
)

// stepMixedContent is a step that corstest does not take
// (https://w3c.github.io/webappsec-mixed-content/).
const stepMixedContent corstest.Step = "mixed content"

// An outcome is what came of a call.
type outcome struct {
	*config
	target     *url.URL // of the call, as browsers write it
	sendMethod string   // as browsers write it
	sameOrigin bool
	preflight  bool     // the call needs a preflight
	announced  []string // the header names in the preflight, in lower case

	exchanges []exchange // all that was sent, in order
	verdicts  []verdict  // by engine
	remote    string     // the address of the server, "" if unknown
}

// A verdict is what one engine makes of the call.
type verdict struct {
	engine  corstest.Engine
	blocked *corstest.BlockedError // nil if the page may read the response
	last    *exchange              // the one that decided; nil if nothing was sent
	header  http.Header            // what the page may read of the response
}

func (o *outcome) allowed() bool { return o.firstBlocked() == nil }

// firstBlocked returns the first verdict that blocks the call, nil if none does.
func (o *outcome) firstBlocked() *verdict {
	for i := range o.verdicts {
		if o.verdicts[i].blocked != nil {
			return &o.verdicts[i]
		}
	}
	return nil
}

// check plays the call in each engine. The error says why that was not possible.
func check(ctx context.Context, c *config) (*outcome, error) {
	o, err := newOutcome(c)
	if err != nil {
		return nil, err
	}
	if o.sameOrigin {
		for _, engine := range c.engines {
			o.verdicts = append(o.verdicts, verdict{engine: engine})
		}
		return o, nil
	}
	if c.preflightOnly && !o.preflight {
		return nil, usagef("-preflight-only: browsers send no preflight for this call, so there is nothing to check")
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	w := newWire(c)
	defer w.close()
	for _, engine := range c.engines {
		v, err := o.play(ctx, w, engine)
		if err != nil {
			return nil, err
		}
		o.verdicts = append(o.verdicts, v)
	}
	for _, x := range w.log {
		o.exchanges = append(o.exchanges, *x)
	}
	o.remote = w.remote
	return o, nil
}

// newOutcome finds out what a browser would send first, without sending it, and
// whether a script can make the call at all.
func newOutcome(c *config) (*outcome, error) {
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	res, err := corstest.Fetch(silent, c.request())
	var unsendable *corstest.UnsendableError
	if errors.As(err, &unsendable) {
		return nil, c.explainUnsendable(unsendable)
	}
	if res == nil {
		return nil, err
	}
	first := res.Exchanges[0]
	o := &outcome{
		config:     c,
		target:     first.Request.URL,
		sendMethod: first.Request.Method,
		preflight:  first.Preflight,
	}
	if first.Preflight {
		o.sendMethod = first.Request.Header.Get("Access-Control-Request-Method")
		if names := first.Request.Header.Get("Access-Control-Request-Headers"); names != "" {
			o.announced = strings.Split(names, ",")
		}
	}
	o.sameOrigin = c.origin == o.target.Scheme+"://"+o.target.Host
	return o, nil
}

// explainUnsendable names the flag in place of corstest's field.
func (c *config) explainUnsendable(e *corstest.UnsendableError) error {
	name, value := map[string]string{"URL": "the URL", "Origin": "-origin", "Method": "-X", "Header": "-H", "Body": "-d"}[e.Field], e.Value
	if e.Field == "Body" {
		return usagef("-d: browsers send no body with %s; leave it out, or name another method with -X", value)
	}
	return usagef("%s %s: %s", name, quote(value), e.Detail)
}

// play has one engine make the call.
func (o *outcome) play(ctx context.Context, w *wire, engine corstest.Engine) (verdict, error) {
	w.last = nil
	browser := corstest.Browser{Transport: w, Engine: engine}
	res, err := browser.Fetch(ctx, o.request())
	v := verdict{engine: engine, last: w.last}
	var failed *corstest.TransportError
	switch {
	case err == nil:
		v.header = res.Header
	case errors.As(err, &v.blocked):
	case errors.Is(err, errWithheld):
	case errors.Is(err, errMixedContent) && errors.As(err, &failed):
		v.blocked = &corstest.BlockedError{
			Step:   stepMixedContent,
			Detail: "the page is on https, and browsers let it call no http URL, " + failed.URL,
			Origin: o.origin,
			Method: failed.Method,
			URL:    failed.URL,
		}
	case errors.As(err, &failed):
		return verdict{}, o.explainFailure(failed)
	default:
		return verdict{}, err
	}
	return v, nil
}

// An exchange is one request and the response to it.
type exchange struct {
	preflight bool
	method    string
	url       *url.URL
	request   http.Header
	status    int
	response  http.Header
}

// A wire carries the requests of all engines to the server. What one engine has
// asked already is not asked again for another: the server gets each request once.
type wire struct {
	*config
	transport *http.Transport
	known     map[string]*http.Response
	exchanges map[string]*exchange
	log       []*exchange
	last      *exchange // of the engine that plays
	remote    string
}

var (
	errWithheld     = errors.New("the call itself is not sent")
	errMixedContent = errors.New("mixed content")
)

func newWire(c *config) *wire {
	return &wire{
		config:    c,
		transport: newTransport(c),
		known:     make(map[string]*http.Response),
		exchanges: make(map[string]*exchange),
	}
}

func (w *wire) close() { w.transport.CloseIdleConnections() }

// RoundTrip makes a wire an [http.RoundTripper]. It is not safe for concurrent use.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	preflight := isPreflight(r)
	switch {
	case strings.HasPrefix(w.origin, "https://") && r.URL.Scheme == "http" && !isLoopback(r.URL.Hostname()):
		return nil, errMixedContent
	case w.preflightOnly && !preflight:
		return nil, errWithheld
	}
	ctx := r.Context()
	if proxy, _ := w.transport.Proxy(r); proxy == nil {
		ctx = withRemote(ctx, &w.remote)
	}
	out := r.Clone(ctx)
	if out.Header["Cookie"] != nil {
		// http.Cookie would rewrite some of the cookies that browsers send.
		out.Header.Set("Cookie", w.cookie)
	}
	dress(out)
	key := keyOf(out)
	if x, ok := w.exchanges[key]; ok {
		w.last = x
		res := *w.known[key]
		res.Header = res.Header.Clone()
		res.Body = http.NoBody
		return &res, nil
	}
	res, err := w.transport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close() // No step looks at it, and it may have no end.
	x := &exchange{preflight, out.Method, out.URL, out.Header, res.StatusCode, res.Header.Clone()}
	w.exchanges[key], w.known[key] = x, res
	w.log = append(w.log, x)
	w.last = x
	copied := *res
	copied.Header = res.Header.Clone()
	copied.Body = http.NoBody
	return &copied, nil
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header["Access-Control-Request-Method"] != nil
}

// keyOf tells requests apart. The body is the same in all that have one.
func keyOf(r *http.Request) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.URL.String() + "\n")
	_ = r.Header.Write(&b)
	return b.String()
}

// wants returns the Content-Type that the call asks for or sends, in lower case.
func (o *outcome) wants() string {
	return strings.ToLower(cmp.Or(o.header.Get("Accept"), o.header.Get("Content-Type")))
}

package corstest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"example.com/cors/internal/fetch"
)

// A call is a Request under way. The standard calls it a request, and changes it
// at each redirect (https://fetch.spec.whatwg.org/#concept-request).
type call struct {
	ctx     context.Context
	browser *Browser
	engine  conduct
	result  Result

	mode        Mode
	page        string // the origin of the page, "" if there is none
	credentials bool
	upload      bool
	cacheMode   CacheMode
	cookies     []*http.Cookie
	cookieHost  string

	url     *url.URL
	method  string
	fields  []field
	set     []field // the fields at the start; a redirect may remove some
	body    []byte
	hasBody bool

	crossOrigin  bool   // a URL of the call has another origin than the page
	tainted      bool   // redirects crossed origins, so that Origin is null
	site         string // how far the call has come: the value of Sec-Fetch-Site
	redirected   bool
	forced       bool // a preflight is due whatever the method and the headers are
	lostMetadata bool // the request has no Sec-Fetch headers any more
}

// newCall returns r as browsers normalize it. The error says why no script can
// send it.
func (b *Browser) newCall(ctx context.Context, r Request) (*call, error) {
	u, err := parseURL(r.URL, &base)
	if err == nil && u.User != nil {
		err = errors.New("scripts cannot put a user name or password into a URL")
	}
	if err != nil {
		return nil, &UnsendableError{"URL", r.URL, err.Error()}
	}
	mode, page := cmp.Or(r.Mode, ModeCORS), r.Origin
	if page == "" && mode != ModeNavigate {
		page = originOf(u)
	}
	if page != "" {
		if err := checkOrigin(page); err != nil {
			return nil, &UnsendableError{"Origin", r.Origin, err.Error()}
		}
	}
	method := fetch.NormalizeMethod(cmp.Or(r.Method, http.MethodGet))
	switch {
	case !fetch.IsToken(method):
		return nil, &UnsendableError{"Method", r.Method, "not a token"}
	case fetch.IsForbiddenMethod(method):
		return nil, &UnsendableError{"Method", r.Method, "browsers forbid scripts to use this method"}
	case r.Body != nil && (method == http.MethodGet || method == http.MethodHead):
		return nil, &UnsendableError{"Body", r.Method, "a request with this method has no body"}
	}
	cacheMode := cmp.Or(r.CacheMode, CacheModeDefault)
	if err := cacheMode.check(); err != nil {
		return nil, &UnsendableError{"CacheMode", string(r.CacheMode), err.Error()}
	}
	engine := b.Engine.conduct()
	fields, err := engine.normalFields(r.Header)
	if err != nil {
		return nil, err
	}
	c := &call{
		ctx:         ctx,
		browser:     b,
		engine:      engine,
		mode:        mode,
		page:        page,
		site:        siteSameOrigin,
		credentials: r.Credentials,
		upload:      r.UploadListener,
		cacheMode:   cacheMode,
		cookies:     r.Cookies,
		cookieHost:  u.Hostname(),
		url:         u,
		method:      method,
		fields:      fields,
		set:         slices.Clone(fields),
		hasBody:     r.Body != nil,
	}
	if err := c.checkMode(r); err != nil {
		return nil, err
	}
	if c.hasBody {
		if c.body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// normalFields returns the headers as browsers normalize them. The error is an
// UnsendableError.
func (c conduct) normalFields(h http.Header) ([]field, error) {
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, text := range h[name] {
			value, err := byteString(strings.Trim(text, " \t\r\n"))
			f := field{strings.ToLower(name), value}
			switch {
			case !fetch.IsToken(name):
				err = errors.New("not a token")
			case err != nil:
			case strings.ContainsAny(value, "\x00\r\n"):
				err = errors.New("the value has a line break or NUL")
			case isForbiddenHeader(f):
				err = errors.New("browsers forbid scripts to set this header")
			}
			if err != nil {
				return nil, &UnsendableError{"Header", name, err.Error()}
			}
			fields = append(fields, f)
		}
	}
	if c.ownUserAgent {
		fields = slices.DeleteFunc(fields, func(f field) bool { return f.name == "user-agent" })
	}
	if c.joinsHeaders {
		fields = joined(fields)
	}
	return fields, nil
}

// byteString returns the bytes that browsers make of a string: one for each
// character (https://webidl.spec.whatwg.org/#js-to-ByteString). What is not UTF-8 is
// taken for bytes already.
func byteString(s string) (string, error) {
	if !utf8.ValidString(s) {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return "", fmt.Errorf("the value has the character %q (%U): scripts can set those up to U+00FF; "+
				"encode the value, as with encodeURIComponent", r, r)
		}
		b = append(b, byte(r))
	}
	return string(b), nil
}

// joined returns the fields with the values of one name in one field.
func joined(fields []field) []field {
	var one []field
	for _, f := range fields {
		i := slices.IndexFunc(one, func(g field) bool { return g.name == f.name })
		if i < 0 {
			one = append(one, f)
		} else {
			one[i].value += ", " + f.value
		}
	}
	return one
}

// origin is the value of Origin (https://fetch.spec.whatwg.org/#byte-serializing-a-request-origin).
func (c *call) origin() string {
	if c.tainted {
		return opaqueOrigin
	}
	return c.page
}

// originHeader returns the value of Origin, or "" if the request has none
// (https://fetch.spec.whatwg.org/#append-a-request-origin-header). The page's
// referrer policy is the default one.
func (c *call) originHeader() string {
	switch {
	case c.usesCORS():
		return c.origin()
	case c.method == http.MethodGet || c.method == http.MethodHead:
		return ""
	case c.mode != ModeCORS && c.url.Scheme != "https" && strings.HasPrefix(c.page, "https:"):
		return opaqueOrigin
	}
	return c.origin()
}

// fetch sends the call and follows its redirects
// (https://fetch.spec.whatwg.org/#main-fetch). The error is a BlockedError or a
// TransportError.
func (c *call) fetch() error {
	preflighted := false
	for redirects := 0; ; redirects++ {
		// Once a response came from another origin, CORS applies to the rest of the
		// call, even back at the page's origin.
		c.crossOrigin = c.crossOrigin || originOf(c.url) != c.page
		c.goFarther()
		unsafe := c.unsafeNames()
		c.forced = c.upload || c.engine.asksAgain && (preflighted || len(c.engine.unsafeNames(c.set)) > 0)
		demanded := c.usesCORS() && (c.forced || !fetch.IsSafelistedMethod(c.method) || len(unsafe) > 0)
		preflighted = preflighted || demanded

		if demanded && !c.isCached(unsafe) {
			if err := c.preflight(unsafe); err != nil {
				return err
			}
		}
		res, next, err := c.hop(redirects)
		if err != nil {
			if c.engine.clears == clearAlways || c.engine.clears == clearIfPreflighted && preflighted {
				c.forget()
			}
			return err
		}
		if next == nil {
			if !c.isOpaque() {
				c.result.Header = c.readable(res.Header)
			}
			return nil
		}
		c.redirect(res.StatusCode, next)
	}
}

// hop sends the request itself and judges the response. next is where it
// redirects to, or nil if the script may read res.
func (c *call) hop(redirects int) (res *http.Response, next *url.URL, err error) {
	if res, err = c.send(); err != nil {
		return nil, nil, err
	}
	if next, err = c.follow(res, redirects); err != nil {
		return nil, nil, err
	}
	return res, next, nil
}

// send sends the request itself. It returns no response if the handler broke off.
func (c *call) send() (*http.Response, error) {
	h := make(http.Header, len(c.fields)+3)
	for _, f := range c.fields {
		h.Add(f.name, f.value)
	}
	c.effectiveCacheMode().setHeaders(h)
	if h["Accept"] == nil {
		h.Set("Accept", c.mode.accept())
	}
	if value := c.originHeader(); value != "" {
		h.Set("Origin", value)
	}
	if !c.lostMetadata {
		c.setMetadata(h, c.mode, c.site)
	}
	if (c.credentials || !c.crossOrigin || c.mode == ModeNavigate) && c.url.Hostname() == c.cookieHost {
		jar := http.Request{Header: h}
		for _, cookie := range c.cookies {
			jar.AddCookie(cookie)
		}
	}
	x, err := c.browser.exchange(c.ctx, c.method, c.url, h, c.body, c.hasBody)
	c.result.Exchanges = append(c.result.Exchanges, x)
	c.result.Response = x.Response
	if err != nil {
		return nil, transportError(x, err)
	}
	return c.engine.taken(x.Response), nil
}

func transportError(x Exchange, err error) *TransportError {
	return &TransportError{Preflight: x.Preflight, Method: x.Request.Method, URL: x.Request.URL.String(), Err: err}
}

// follow judges a response. It returns where the response redirects to, or nil if
// the script may read it.
func (c *call) follow(res *http.Response, redirects int) (*url.URL, error) {
	if err := c.receive(StepRequest, res); err != nil {
		return nil, err
	}
	if c.usesCORS() {
		if err := c.check(StepCheck, res, c.origin()); err != nil {
			return nil, err
		}
	}
	return c.location(res, redirects)
}

// blocked returns a BlockedError about the call as it is now.
func (c *call) blocked(step Step, header, detail string) error {
	origin := c.origin()
	if step.isOfPreflight() {
		origin = c.preflightOrigin()
	}
	return &BlockedError{
		Step:   step,
		Header: header,
		Detail: detail,
		Origin: origin,
		Method: c.method,
		URL:    c.url.String(),
	}
}

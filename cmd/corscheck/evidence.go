package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

// maxQuestions bounds what is asked besides the call.
const maxQuestions = 8

// Evidence is what is known about a server when a call is blocked: the answer that
// blocks it, the answers before it, and those to questions that no browser asks. causes.go
// concludes from it.
type evidence struct {
	plan    *plan
	call    *call
	blocked *corstest.BlockedError // nil if the call is allowed
	fault   *exchange              // the answer that blocks it
	sent    []*exchange            // what a browser would send

	random  string // part of names that nobody has
	answers map[ask]*exchange
	asked   []question // in order
}

// An ask says what a question asks.
type ask int

const (
	askRead     ask = iota // a GET with the page's origin
	askPlain               // a preflight for GET, which announces no headers
	askMethod              // a preflight for the method alone
	askNobody              // what asks for GET, without an origin
	askStranger            // a preflight from an origin that nobody lists
	askOwn                 // a preflight from the server's own origin
	askFresh               // the request that failed, with a random query
	askMissing             // a preflight for a path that cannot exist
	askUpload              // the preflight of an upload with a listener
)

// A question is one that corscheck asks besides. It carries no cookies, of the call's headers
// Accept alone, and never writes.
type question struct {
	ask     ask
	says    string
	needed  func(e *evidence) bool
	request func(e *evidence) *http.Request
	answer  *exchange
}

// questions are asked in this order, each if what is known by then does not tell.
var questions = []question{
	{ask: askUpload, says: "would the preflight of an upload with progress pass?", needed: (*evidence).isUpload,
		request: func(e *evidence) *http.Request { return e.preflightRequest(e.call.origin, e.plan.method) }},
	{ask: askRead, says: "may the page GET this URL?", needed: (*evidence).needsRead,
		request: func(e *evidence) *http.Request { return e.getRequest() }},
	{ask: askPlain, says: "is a preflight for GET granted, without headers?", needed: (*evidence).needsPlain,
		request: func(e *evidence) *http.Request { return e.preflightRequest(e.call.origin, http.MethodGet) }},
	{ask: askMethod, says: "is one for the method granted, without headers?", needed: (*evidence).needsMethod,
		request: func(e *evidence) *http.Request { return e.preflightRequest(e.call.origin, e.plan.method) }},
	{ask: askFresh, says: "does a cache answer? A random query passes by it", needed: (*evidence).needsFresh,
		request: (*evidence).freshRequest},
	{ask: askNobody, says: "what does OPTIONS get that has no Origin?", needed: (*evidence).needsLayer,
		request: func(e *evidence) *http.Request { return e.preflightRequest("", http.MethodGet) }},
	{ask: askStranger, says: "what does an origin get that nobody lists?", needed: (*evidence).needsStranger,
		request: func(e *evidence) *http.Request {
			return e.preflightRequest("https://"+e.random+".invalid", http.MethodGet)
		}},
	{ask: askOwn, says: "what does the server's own origin get?", needed: (*evidence).needsLayer,
		request: func(e *evidence) *http.Request {
			return e.preflightRequest(e.fault.url.Scheme+"://"+e.fault.url.Host, http.MethodGet)
		}},
	{ask: askMissing, says: "what does a path get that cannot exist?", needed: (*evidence).needsLayer,
		request: (*evidence).missingRequest},
}

// newEvidence collects what the call itself shows.
func newEvidence(o *outcome) *evidence {
	e := &evidence{plan: o.plan, call: o.call, sent: o.exchanges, answers: make(map[ask]*exchange),
		random: strings.ToLower(rand.Text()[:12])}
	if v, x := o.fault(); x != nil {
		e.blocked, e.fault = v.blocked, x
	}
	return e
}

// investigate asks what the call itself does not tell. An answer that does not come tells
// nothing.
func (c *client) investigate(ctx context.Context, o *outcome) *evidence {
	e := newEvidence(o)
	sent := 0
	for _, q := range questions {
		if sent >= maxQuestions || ctx.Err() != nil {
			break
		}
		if !q.needed(e) {
			continue
		}
		x, err := c.sendCounted(q.request(e).WithContext(ctx), &sent, maxQuestions)
		if err != nil {
			continue
		}
		q.answer = x
		e.asked = append(e.asked, q)
		if isOverload(x.status) && x.status != e.fault0().status {
			if x.status == http.StatusTooManyRequests {
				break
			}
			continue
		}
		e.answers[q.ask] = x
	}
	return e
}

// isOverload reports whether a server says with the status that it is too busy to answer,
// which tells nothing of what the answer would have been.
func isOverload(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// isProbed reports whether the server answered a question.
func (e *evidence) isProbed() bool { return len(e.answers) > 0 }

// isOpen reports whether questions can tell why the call is blocked: an answer lacks what
// the page's own origin needs, and it does not say itself what is wrong with it.
func (e *evidence) isOpen() bool {
	switch {
	case e.fault == nil, e.blocked.Origin != e.call.origin, e.isPlainOptions(), isRedirect(e.fault),
		e.misspelt() != nil, slices.ContainsFunc(e.sent, isDowngrade), e.loginOnTheWay() != nil:
		return false
	case e.blocked.Step == corstest.StepPreflightStatus:
		return true
	case e.blocked.Header != fetch.AllowOrigin:
		return false
	}
	return e.fault.response[fetch.AllowOrigin] == nil || e.namesAnother()
}

// namesAnother reports whether the answer allows one other origin.
func (e *evidence) namesAnother() bool {
	lines := e.fault.response[fetch.AllowOrigin]
	return len(lines) == 1 && isOrigin(lines[0]) && lines[0] != e.call.origin
}

func (e *evidence) needsRead() bool {
	isIt := !e.fault0().preflight && e.fault0().method == http.MethodGet && e.fault0().isSimple()
	return e.isOpen() && !isIt
}

// fault0 is the fault, or an exchange of nothing.
func (e *evidence) fault0() *exchange {
	if e.fault == nil {
		return &exchange{}
	}
	return e.fault
}

// isSimple reports whether the request has no headers of the call and no cookies.
func (x *exchange) isSimple() bool {
	for name := range x.request {
		switch name {
		case "Accept", "Accept-Encoding", "User-Agent", "Origin":
		default:
			if !metadata[name] {
				return false
			}
		}
	}
	return true
}

func (e *evidence) needsPlain() bool {
	isIt := e.fault0().preflight && e.fault0().announces(http.MethodGet) == ""
	return e.isOpen() && !isIt
}

// announces returns what a preflight announces besides the method, "" if it announces
// that method and no headers.
func (x *exchange) announces(method string) string {
	if asked := x.request.Get("Access-Control-Request-Method"); asked != method {
		return asked
	}
	return x.request.Get("Access-Control-Request-Headers")
}

func (e *evidence) needsMethod() bool {
	return e.isOpen() && e.fault.preflight && e.passes(askPlain) && len(e.plan.announced) > 0 &&
		e.plan.method != http.MethodGet
}

// passes reports whether the preflight of a question is granted with an ok status.
func (e *evidence) passes(a ask) bool {
	x := e.answers[a]
	return x.granted() != nothing && x.status <= 299
}

// needsFresh reports whether a cache may have answered for another page.
func (e *evidence) needsFresh() bool {
	if !e.isOpen() || !isSafe(e.fault.method) {
		return false
	}
	x := e.cacheable()
	return x.granted() == nothing &&
		(isCached(x) || isCached(e.fault) || e.namesAnother() || !x.preflight && e.grantsPage())
}

// cacheable is the answer to what the page asks, as a cache sees it: without headers of the
// call's own.
func (e *evidence) cacheable() *exchange {
	if x := e.answers[askRead]; x != nil && !e.fault.preflight {
		return x
	}
	return e.fault
}

// fresh is the answer to the random query; nil if there is none, or if it came from the
// cache all the same, as from one that looks at no query.
func (e *evidence) fresh() *exchange {
	if x := e.answers[askFresh]; x != nil && !isCached(x) {
		return x
	}
	return nil
}

// servedFromCache reports whether the server allows the page as soon as no cache knows the
// URL.
func (e *evidence) servedFromCache() bool {
	return e.answers[askFresh].granted() != nothing && e.cacheable().granted() == nothing
}

// needsLayer reports whether nothing shows yet that there is a CORS layer.
func (e *evidence) needsLayer() bool {
	return e.isOpen() && !e.grantsPage() && !e.showsLayer() && !e.dependsOnOrigin()
}

// needsStranger reports whether a preflight of the page is answered well, and not granted:
// perhaps the header gets lost.
func (e *evidence) needsStranger() bool {
	return e.needsLayer() || e.isOpen() && !e.grantsPage() && e.plain() != nil && e.plain().status <= 299
}

// plain returns the answer to the simplest preflight of the page, nil if there was none.
func (e *evidence) plain() *exchange {
	if x := e.answers[askPlain]; x != nil {
		return x
	}
	if e.fault.preflight {
		return e.fault
	}
	return nil
}

// isUpload reports whether the call is a POST that needs a preflight only if the script
// listens for its progress.
func (e *evidence) isUpload() bool {
	return e.plan.method == http.MethodPost && e.call.hasBody && !e.plan.preflight && !e.plan.sameOrigin &&
		e.fault == nil && len(e.sent) > 0
}

// isPlainOptions reports whether the call is an OPTIONS request that was perhaps meant
// to be a preflight.
func (e *evidence) isPlainOptions() bool { return e.plan.method == http.MethodOptions }

// at returns the URL to ask about.
func (e *evidence) at() *url.URL {
	if e.fault == nil {
		return e.plan.target
	}
	return e.fault.url
}

func (e *evidence) preflightRequest(origin, method string) *http.Request {
	h := http.Header{"Accept": {"*/*"}, "Access-Control-Request-Method": {method}}
	return e.newRequest(http.MethodOptions, e.at(), origin, h)
}

func (e *evidence) getRequest() *http.Request {
	accept := cmp.Or(e.call.header.Get("Accept"), "*/*") // Some servers answer each type in another place.
	return e.newRequest(http.MethodGet, e.at(), e.call.origin, http.Header{"Accept": {accept}})
}

// freshRequest repeats the request that failed, without what is the call's own.
func (e *evidence) freshRequest() *http.Request {
	u := *e.at()
	query := "corscheck=" + e.random
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	r := e.getRequest()
	if e.fault.preflight {
		r = e.preflightRequest(e.call.origin, e.fault.request.Get("Access-Control-Request-Method"))
		if names := e.fault.request["Access-Control-Request-Headers"]; names != nil {
			r.Header["Access-Control-Request-Headers"] = names
		}
	}
	r.URL = &u
	return r
}

func (e *evidence) missingRequest() *http.Request {
	r := e.preflightRequest(e.call.origin, http.MethodGet)
	r.URL = &url.URL{Scheme: e.at().Scheme, Host: e.at().Host, Path: "/corscheck-" + e.random}
	return r
}

// newRequest makes a request that tells of the page as the one that failed does.
func (e *evidence) newRequest(method string, u *url.URL, origin string, h http.Header) *http.Request {
	if origin != "" {
		h.Set("Origin", origin)
	}
	for name := range metadata {
		if values := e.fault0().request[name]; values != nil {
			h[name] = slices.Clone(values)
		}
	}
	return &http.Request{
		Method: method, URL: u, Host: u.Host, Header: h, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// all are the answers about the URL that blocks the call.
func (e *evidence) all() []*exchange {
	var all []*exchange
	for _, x := range e.sent {
		if x.url.Host == e.at().Host {
			all = append(all, x)
		}
	}
	for _, q := range e.asked {
		if q.ask != askMissing {
			all = append(all, q.answer)
		}
	}
	return all
}

// grantsPage reports whether any answer allows the page's origin.
func (e *evidence) grantsPage() bool {
	return slices.ContainsFunc(e.all(), func(x *exchange) bool {
		return x.granted() != nothing && x.request.Get("Origin") == e.call.origin
	})
}

// coversOthers reports whether the page is allowed at a path that does not exist, and so at
// any that the CORS layer covers.
func (e *evidence) coversOthers() bool { return e.answers[askMissing].granted() != nothing }

// showsLayer reports whether any answer shows that there is a CORS layer.
func (e *evidence) showsLayer() bool { return slices.ContainsFunc(e.all(), showsLayer) }

func showsLayer(x *exchange) bool {
	return hasCORS(x) || containsFold(tokens(x.response["Vary"]), "Origin") || wordsOf(x).cors
}

func hasCORS(x *exchange) bool {
	return slices.ContainsFunc(corsHeaders, func(name string) bool { return x.response[name] != nil })
}

// dependsOnOrigin reports whether the server answers a preflight otherwise as soon as it has
// no Origin, or the server's own: only a CORS layer does, and it is the origin that it refuses.
func (e *evidence) dependsOnOrigin() bool {
	asked := e.plain()
	if asked == nil {
		return false
	}
	for _, a := range []ask{askNobody, askOwn} {
		x := e.answers[a]
		if x == nil || x.status == asked.status || !isSteady(x.status) || !isSteady(asked.status) {
			continue
		}
		if asked.status > 299 || !refuses(x.status) {
			return true
		}
	}
	return false
}

// isSteady reports whether the same request would get the status again.
func isSteady(status int) bool { return status < 500 && status != http.StatusTooManyRequests }

// refuses reports whether CORS layers refuse with the status.
func refuses(status int) bool {
	return status == http.StatusForbidden || status == http.StatusBadRequest
}

package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"example.com/cors/corstest"
)

// stepMixedContent is a step that corstest does not take
// (https://w3c.github.io/webappsec-mixed-content/).
const stepMixedContent corstest.Step = "mixed content"

// An outcome is what came of a call.
type outcome struct {
	call *call
	plan *plan

	exchanges []*exchange // all that a browser would send, in order
	verdicts  []verdict   // by engine
	withUser  []verdict   // the same with credentials, if the call does not tell whether it has them
	evidence  *evidence   // nil if nothing was asked besides
	remote    string      // the address of the server, "" if unknown
	withheld  bool        // -preflight-only: the call itself was not sent
	stack     string      // in whose words the advice is, if somebody said so
}

// A verdict is what one engine makes of the call.
type verdict struct {
	engine  corstest.Engine
	blocked *corstest.BlockedError // nil if the page may read the response
	asks    bool                   // the browser first asks its user
	last    *exchange              // the one that decided; nil if nothing was sent
	header  http.Header            // what the page may read of the response
}

// exit makes an outcome a result.
func (o *outcome) exit(*flags) int {
	if o.allowed() {
		return exitOK
	}
	return exitFailed
}

// allowed reports whether the browsers let the call through. Where no browser was
// asked the standard decides.
func (o *outcome) allowed() bool { return allows(o.verdicts) }

func allows(verdicts []verdict) bool {
	browsers := 0
	for _, v := range verdicts {
		if v.engine == corstest.EngineStandard {
			continue
		}
		if browsers++; v.blocked != nil {
			return false
		}
	}
	return browsers > 0 || firstBlocked(verdicts) == nil
}

// standardAlone returns the verdict of the standard if it alone blocks the call.
func (o *outcome) standardAlone() *verdict {
	if v := firstBlocked(o.verdicts); v != nil && o.allowed() {
		return v
	}
	return nil
}

// firstBlocked returns the first verdict that blocks the call, that of a browser if there is
// one; nil if the browsers let it through.
func (o *outcome) firstBlocked() *verdict {
	if o.allowed() {
		return nil
	}
	return firstBlocked(o.verdicts)
}

func firstBlocked(verdicts []verdict) (first *verdict) {
	for i, v := range verdicts {
		if v.blocked != nil && (first == nil || first.engine == corstest.EngineStandard) {
			first = &verdicts[i]
		}
	}
	return first
}

// fault returns the verdict and the exchange that block the call, if it is an answer
// that does. Mixed content is no fault of an answer.
func (o *outcome) fault() (*verdict, *exchange) {
	var answered []verdict
	for _, v := range o.verdicts {
		if v.blocked == nil || v.blocked.Step != stepMixedContent {
			answered = append(answered, v)
		}
	}
	v := firstBlocked(answered)
	if v == nil || o.allowed() {
		return nil, nil
	}
	return v, v.last
}

const errNoPreflight usageError = "-preflight-only: browsers send no preflight for this call, " +
	"so there is nothing to check"

// check plays the call in each engine, and asks more where that tells the cause. The
// error says why that was not possible.
func check(ctx context.Context, f *flags, c *call) (*outcome, error) {
	p, err := newPlan(c)
	if err != nil {
		return nil, err
	}
	if f.preflightOnly && !p.preflight {
		return nil, errNoPreflight
	}
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	w := newWire(f, c.cookie)
	defer w.client.close()
	o := &outcome{call: c, plan: p, withheld: f.preflightOnly, stack: f.stack}
	if o.verdicts, err = w.playAll(ctx, f.engines, c); err != nil {
		return nil, err
	}
	if f.preflightOnly && len(w.log) == 0 && firstBlocked(o.verdicts) == nil {
		return nil, errNoPreflight // of these engines none sends what the standard does
	}
	if c.credentialsUnknown && !c.credentials {
		with := *c
		with.credentials = true
		// Nothing more is sent: without cookies the requests are the same.
		if o.withUser, err = w.playAll(ctx, f.engines, &with); err != nil {
			return nil, err
		}
	}
	o.exchanges = w.log
	if !f.noProbe {
		o.evidence = w.client.investigate(ctx, o)
	}
	o.remote = w.client.remote
	return o, nil
}

// A wire carries the requests of all engines to the server. What one engine has
// asked already is not asked again for another: the server gets each request once.
type wire struct {
	client   *client
	cookie   string
	withheld bool // only preflights are sent
	known    map[string]*exchange
	log      []*exchange

	// Of the engine that plays.
	engine corstest.Engine
	page   string
	user   bool // with credentials
	last   *exchange
	asks   bool
}

var (
	errWithheld     = errors.New("the call itself is not sent")
	errMixedContent = errors.New("mixed content")
)

func newWire(f *flags, cookie string) *wire {
	return &wire{client: newClient(f), cookie: cookie, withheld: f.preflightOnly, known: make(map[string]*exchange)}
}

func (w *wire) playAll(ctx context.Context, engines []corstest.Engine, c *call) (verdicts []verdict, err error) {
	for _, engine := range engines {
		v, err := w.play(ctx, engine, c)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// play has one engine make the call.
func (w *wire) play(ctx context.Context, engine corstest.Engine, c *call) (verdict, error) {
	w.engine, w.page, w.user, w.last, w.asks = engine, c.origin, c.credentials, nil, false
	browser := corstest.Browser{Transport: w, Engine: engine}
	res, err := browser.Fetch(ctx, c.request())
	v := verdict{engine: engine, last: w.last, asks: w.asks}
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
			Origin: c.origin,
			Method: failed.Method,
			URL:    failed.URL,
		}
	case errors.As(err, &failed):
		return verdict{}, w.client.explainFailure(failed.Method, failed.URL, failed.Err)
	default:
		return verdict{}, err
	}
	return v, nil
}

// RoundTrip makes a wire an [http.RoundTripper]. It is not safe for concurrent use.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(w.page, "https://") && r.URL.Scheme == "http" && !isLoopback(r.URL.Hostname()) {
		// Chromium asks its user instead where the URL alone shows that the server is near
		// (https://wicg.github.io/local-network-access/#mixed-content).
		if w.engine != corstest.EngineChromium || !isNear(r.URL.Hostname()) {
			return nil, errMixedContent
		}
		w.asks = true
	}
	if w.withheld && !isPreflight(r) {
		return nil, errWithheld
	}
	out := r.Clone(r.Context())
	if out.Header["Cookie"] != nil {
		// http.Cookie would rewrite some of the cookies that browsers send.
		out.Header.Set("Cookie", w.cookie)
	}
	if w.user && !isPreflight(r) {
		out = w.client.certify(out)
	}
	key := keyOf(out)
	x, ok := w.known[key]
	if !ok {
		var err error
		if x, err = w.client.send(out); err != nil {
			return nil, err
		}
		w.known[key] = x
		w.log = append(w.log, x)
	}
	w.last = x
	return x.httpResponse(), nil
}

// httpResponse returns the response without its body.
func (x *exchange) httpResponse() *http.Response {
	return &http.Response{
		Status:     statusLine(x.status),
		StatusCode: x.status,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     x.response.Clone(),
		Body:       http.NoBody,
	}
}

// keyOf tells requests apart. Engines that differ in nothing but Sec-Fetch headers
// share an answer. A request that writes is not sent twice to a URL, whatever differs.
func keyOf(r *http.Request) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.URL.String() + "\n")
	if isSafe(r.Method) {
		_ = r.Header.WriteSubset(&b, metadata)
	}
	return b.String()
}

// metadata are the headers of Fetch Metadata (https://www.w3.org/TR/fetch-metadata/).
var metadata = map[string]bool{"Sec-Fetch-Dest": true, "Sec-Fetch-Mode": true, "Sec-Fetch-Site": true,
	"Sec-Fetch-User": true}

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

	exchanges []*exchange // all that was sent, in order
	verdicts  []verdict   // by engine
	remote    string      // the address of the server, "" if unknown
}

// A verdict is what one engine makes of the call.
type verdict struct {
	engine  corstest.Engine
	blocked *corstest.BlockedError // nil if the page may read the response
	last    *exchange              // the one that decided; nil if nothing was sent
	header  http.Header            // what the page may read of the response
}

// fails makes an outcome a result.
func (o *outcome) fails(*flags) bool { return !o.allowed() }

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
func check(ctx context.Context, f *flags, c *call) (*outcome, error) {
	p, err := newPlan(c)
	if err != nil {
		return nil, err
	}
	o := &outcome{call: c, plan: p}
	if p.sameOrigin {
		for _, engine := range f.engines {
			o.verdicts = append(o.verdicts, verdict{engine: engine})
		}
		return o, nil
	}
	if f.preflightOnly && !p.preflight {
		return nil, usagef("-preflight-only: browsers send no preflight for this call, so there is nothing to check")
	}
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	w := newWire(f, c)
	defer w.client.close()
	for _, engine := range f.engines {
		v, err := w.play(ctx, engine)
		if err != nil {
			return nil, err
		}
		o.verdicts = append(o.verdicts, v)
	}
	o.exchanges, o.remote = w.log, w.client.remote
	return o, nil
}

// A wire carries the requests of all engines to the server. What one engine has
// asked already is not asked again for another: the server gets each request once.
type wire struct {
	call     *call
	client   *client
	withheld bool // only preflights are sent

	known map[string]*exchange
	log   []*exchange
	last  *exchange // of the engine that plays
}

var (
	errWithheld     = errors.New("the call itself is not sent")
	errMixedContent = errors.New("mixed content")
)

func newWire(f *flags, c *call) *wire {
	return &wire{call: c, client: newClient(f), withheld: f.preflightOnly, known: make(map[string]*exchange)}
}

// play has one engine make the call.
func (w *wire) play(ctx context.Context, engine corstest.Engine) (verdict, error) {
	w.last = nil
	browser := corstest.Browser{Transport: w, Engine: engine}
	res, err := browser.Fetch(ctx, w.call.request())
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
			Origin: w.call.origin,
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
	switch {
	case strings.HasPrefix(w.call.origin, "https://") && r.URL.Scheme == "http" && !isLoopback(r.URL.Hostname()):
		return nil, errMixedContent
	case w.withheld && !isPreflight(r):
		return nil, errWithheld
	}
	out := r.Clone(r.Context())
	if out.Header["Cookie"] != nil {
		// http.Cookie would rewrite some of the cookies that browsers send.
		out.Header.Set("Cookie", w.call.cookie)
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

// keyOf tells requests apart. The body is the same in all that have one.
func keyOf(r *http.Request) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.URL.String() + "\n")
	_ = r.Header.Write(&b)
	return b.String()
}

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/cors/internal/fetch"
)

// maxRequests bounds what an audit sends.
const maxRequests = 60

// A severity says how bad a finding is.
type severity int

const (
	info severity = iota
	low
	medium
	high
	never // for -fail-on alone
)

var severities = []string{"info", "low", "medium", "high", "none"}

func (s severity) String() string { return severities[s] }

// MarshalText writes the severity into JSON.
func (s severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// parseSeverity takes what -fail-on may be.
func parseSeverity(name string) (severity, bool) {
	i := slices.Index(severities, strings.ToLower(name))
	return severity(i), i > int(info)
}

// A finding is something that a policy lets in, or gets wrong, and that nobody
// meant.
type finding struct {
	ID       string   `json:"id"`
	Severity severity `json:"severity"`
	Detail   string   `json:"detail"`
	Remedy   string   `json:"remedy"`
	Evidence []string `json:"evidence"` // lines of requests (> ) and responses (< )
}

// An audit asks one server about its policy.
type audit struct {
	call   *call
	plan   *plan
	client *client
	cookie string // what is sent: the call's, or standInCookie
	random string // part of names that nobody has
	sent   int

	findings []finding
	notes    []note

	// The answers to the origin that the policy is for, and to no origin.
	own, none, preflight *exchange
	strangers            []stranger

	// The answers to the rest; nil if the server broke off or was not asked.
	missing        *exchange // a path that cannot exist
	put, delete    *exchange // preflights for these methods
	privateNetwork *exchange // a preflight as it was in use once
}

// newAudit sends the requests and judges the answers. The error says why that was
// not possible.
func newAudit(ctx context.Context, f *flags, c *call) (*audit, error) {
	p, err := newPlan(c)
	switch {
	case err != nil:
		return nil, err
	case p.sameOrigin:
		return nil, usagef("-origin %s is the URL's own, and its pages are under no policy: name the origin of another page", c.origin)
	case c.origin == "null":
		return nil, usagef("-origin null: name an origin that the policy is meant for; the audit tries null by itself")
	}
	a := &audit{call: c, plan: p, client: newClient(f), cookie: c.cookie, random: strings.ToLower(rand.Text()[:12])}
	defer a.client.close()
	if err := a.ask(ctx); err != nil {
		return nil, err
	}
	a.judge()
	slices.SortStableFunc(a.findings, func(f, g finding) int { return int(g.Severity) - int(f.Severity) })
	return a, nil
}

// fails makes an audit a result.
func (a *audit) fails(f *flags) bool {
	return slices.ContainsFunc(a.findings, func(found finding) bool { return found.Severity >= f.failOn })
}

func (a *audit) report(id string, s severity, evidence []string, detail, remedy string) {
	a.findings = append(a.findings, finding{id, s, detail, remedy, evidence})
}

// ask sends what every audit needs. judge may send more.
func (a *audit) ask(ctx context.Context) (err error) {
	if a.own, err = a.getOwn(ctx); err != nil {
		return err
	}
	if a.none, err = a.get(ctx, ""); err != nil {
		return err
	}
	if a.preflight, err = a.askFirst(ctx, a.call.origin, a.plan.method); err != nil {
		return err
	}
	for _, s := range a.newStrangers() {
		if s.read, err = a.get(ctx, s.origin); err != nil && !isRefusal(err) {
			return err
		}
		if s.write, err = a.askFirst(ctx, s.origin, a.plan.method); err != nil && !isRefusal(err) {
			return err
		}
		a.strangers = append(a.strangers, s)
	}
	return a.askMore(ctx)
}

// askMore sends what is asked of a policy that allows its own origin.
func (a *audit) askMore(ctx context.Context) (err error) {
	if a.own.granted() != nothing {
		if a.missing, err = a.getPath(ctx, a.call.origin, "corscheck-"+a.random); err != nil && !isRefusal(err) {
			return err
		}
	}
	if a.preflight.granted() == nothing {
		return nil
	}
	if a.put, err = a.askFirst(ctx, a.call.origin, http.MethodPut); err != nil && !isRefusal(err) {
		return err
	}
	if a.delete, err = a.askFirst(ctx, a.call.origin, http.MethodDelete); err != nil && !isRefusal(err) {
		return err
	}
	a.privateNetwork, err = a.askFirst(ctx, a.call.origin, a.plan.method, line{"Access-Control-Request-Private-Network", "true"})
	if err != nil && !isRefusal(err) {
		return err
	}
	return nil
}

// isRefusal reports whether the server broke off, as some do on strange requests,
// rather than did not answer in time.
func isRefusal(err error) bool {
	return !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errTooMany)
}

var errTooMany = fmt.Errorf("an audit sends %d requests at most", maxRequests)

// get sends a GET, with the origin unless it is empty.
func (a *audit) get(ctx context.Context, origin string) (*exchange, error) {
	return a.getPath(ctx, origin, "")
}

// standInCookie is sent where a cookie makes a difference, and none is given.
const standInCookie = "corscheck=1"

// getOwn sends a GET with the origin of the policy. Some servers send * beside
// credentials to those without a cookie, and echo the origin to those with one. They
// are asked with a cookie from then on, as browsers ask them.
func (a *audit) getOwn(ctx context.Context) (*exchange, error) {
	x, err := a.get(ctx, a.call.origin)
	if err != nil || a.cookie != "" || x.granted() != plain || x.response.Get(fetch.AllowCredentials) != "true" {
		return x, err
	}
	a.cookie = standInCookie
	with, err := a.get(ctx, a.call.origin)
	if err == nil && with.granted() == withUser {
		return with, nil
	}
	a.cookie = ""
	if err != nil && !isRefusal(err) {
		return nil, err
	}
	return x, nil
}

// getPath sends a GET of a path below the URL's own.
func (a *audit) getPath(ctx context.Context, origin, below string) (*exchange, error) {
	h := make(http.Header)
	h.Set("Accept", "*/*")
	for name, values := range a.call.header {
		if !strings.EqualFold(name, "Content-Type") { // there is no content
			h[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	if a.cookie != "" {
		h.Set("Cookie", a.cookie)
	}
	method := http.MethodGet
	if a.plan.method == http.MethodHead {
		method = http.MethodHead
	}
	return a.send(ctx, method, origin, below, h)
}

// askFirst sends a preflight.
func (a *audit) askFirst(ctx context.Context, origin, method string, lines ...line) (*exchange, error) {
	h := http.Header{"Accept": {"*/*"}, "Access-Control-Request-Method": {method}}
	if len(a.plan.announced) > 0 {
		h.Set("Access-Control-Request-Headers", strings.Join(a.plan.announced, ","))
	}
	for _, l := range lines {
		h.Set(l.name, l.value)
	}
	return a.send(ctx, http.MethodOptions, origin, "", h)
}

func (a *audit) send(ctx context.Context, method, origin, below string, h http.Header) (*exchange, error) {
	if a.sent == maxRequests {
		return nil, errTooMany
	}
	a.sent++
	ctx, cancel := context.WithTimeout(ctx, a.client.limit)
	defer cancel()
	to := a.plan.target
	if below != "" {
		to = to.JoinPath(below)
		to.RawQuery = ""
	}
	r, err := http.NewRequestWithContext(ctx, method, to.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header = h
	if origin != "" {
		h.Set("Origin", origin)
	}
	x, err := a.client.send(r)
	if err != nil {
		return nil, a.client.explainFailure(method, to.String(), err)
	}
	return x, nil
}

// evidence returns the lines of an exchange that show what it proves: the request
// line, Origin and what it asks for; the status and the headers.
func (x *exchange) evidence(names ...string) []string {
	lines := []string{"> " + x.method + " " + x.url.RequestURI()}
	add := func(mark string, h http.Header, names []string) {
		for _, name := range names {
			for _, value := range h[name] {
				lines = append(lines, mark+name+": "+value)
			}
		}
	}
	add("> ", x.request, []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Access-Control-Request-Private-Network"})
	if x.request.Get("Cookie") == standInCookie { // any other is a secret
		lines = append(lines, "> Cookie: "+standInCookie)
	}
	lines = append(lines, "< "+statusLine(x.status))
	add("< ", x.response, names)
	return lines
}

package main

import (
	"cmp"
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
	return severity(i), i >= 0
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
	invent http.Header // what is sent with each GET besides the call's own headers
	random string      // part of names that nobody has
	fresh  bool        // each GET has a query of its own, for a cache stands in between
	sent   int
	last   *exchange         // the last answer; nil if the server broke off
	show   func(text string) // tells who waits; nil for nobody

	findings []finding
	notes    []note

	// The answers to the origin that the policy is for, and to no origin.
	own, none, preflight *exchange
	past                 *exchange // the own GET, past a cache that had answered it otherwise; nil if it was not needed
	strangers            []stranger
	left                 int  // how many strangers there was no request left for
	late                 bool // -M was over before all was asked
	limited              bool // the server wants no more requests, or refuses them all by now

	// The answers to the rest; nil if the server broke off or was not asked.
	missing        *exchange // a path that cannot exist
	other          *exchange // a preflight for another method
	privateNetwork *exchange // a preflight as it was in use once
}

// newAudit sends the requests and judges the answers. The error says why that was
// not possible.
func newAudit(ctx context.Context, f *flags, c *call, show func(string)) (*audit, error) {
	p, err := planAudit(c)
	if err != nil {
		return nil, err
	}
	a := &audit{call: c, plan: p, client: newClient(f), invent: make(http.Header), random: randomLabel(), show: show}
	defer a.client.close()
	if err := a.ask(ctx); err != nil {
		return nil, err
	}
	a.judge(ctx)
	slices.SortStableFunc(a.findings, func(f, g finding) int { return int(g.Severity) - int(f.Severity) })
	return a, nil
}

// planAudit finds out what a browser would send, as far as an audit can be made of it.
func planAudit(c *call) (*plan, error) {
	p, err := newPlan(c)
	switch {
	case err != nil:
		return nil, err
	case p.sameOrigin:
		return nil, usagef("-origin %s is the URL's own, and its pages are under no policy: name the origin of "+
			"another page", c.origin)
	case c.isOpaque():
		return nil, usagef("-origin null: name an origin that the policy is meant for; the audit tries null by itself")
	}
	return p, nil
}

// randomLabel returns a label that nobody has. It is of letters alone, for rules often
// want those.
func randomLabel() string {
	const length = 9
	return strings.Map(func(r rune) rune {
		if '2' <= r && r <= '7' {
			return 'q' + r - '2'
		}
		return r
	}, strings.ToLower(rand.Text()[:length]))
}

// exit makes an audit a result. What was found stands, also if not all was asked.
func (a *audit) exit(f *flags) int {
	switch {
	case slices.ContainsFunc(a.findings, func(found finding) bool { return found.Severity >= f.failOn }):
		return exitFailed
	case a.isCutShort():
		return exitUnknown
	}
	return exitOK
}

// isCutShort reports whether not all was asked: what was not may hide a hole.
func (a *audit) isCutShort() bool { return a.late || a.limited }

// tried are the origins of strangers that were asked with.
func (a *audit) tried() (origins []string) {
	for _, s := range a.strangers {
		if !slices.Contains(origins, s.origin) {
			origins = append(origins, s.origin)
		}
	}
	return origins
}

func (a *audit) report(id string, s severity, evidence []string, detail, remedy string) {
	a.findings = append(a.findings, finding{id, s, detail, remedy, evidence})
}

// ask sends the requests. Without answers to the first ones there is no audit.
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
	for _, next := range []func(context.Context) error{a.askCache, a.askMore, a.askStrangers, a.askAgain} {
		if err := next(ctx); err != nil {
			a.late, a.limited = errors.Is(err, errLate), errors.Is(err, errLimited)
			if a.isCutShort() {
				return nil
			}
			return err
		}
	}
	return nil
}

// askCache finds out whether a cache answers where the policy's own gets nothing. Then the
// GETs go past it from here on: behind the answer to one origin there may be a hole for all.
func (a *audit) askCache(ctx context.Context) (err error) {
	if a.own.granted() != nothing || a.preflight.granted() == nothing {
		return nil
	}
	a.fresh = true
	if a.past, err = a.get(ctx, a.call.origin); err != nil && !isRefusal(err) {
		return err
	}
	a.fresh = a.past.granted() != nothing
	return nil
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
	if a.other, err = a.askFirst(ctx, a.call.origin, a.otherMethod()); err != nil && !isRefusal(err) {
		return err
	}
	a.privateNetwork, err = a.askFirst(ctx, a.call.origin, a.plan.method,
		line{"Access-Control-Request-Private-Network", "true"})
	if err != nil && !isRefusal(err) {
		return err
	}
	return nil
}

// otherMethod is one that the preflight of the call does not ask for.
func (a *audit) otherMethod() string {
	if a.plan.method == http.MethodPut {
		return http.MethodDelete
	}
	return http.MethodPut
}

// askStrangers asks with the origin of each stranger in the way in which the policy's own
// is let in, and with some in both. What requests are left are spent on the other
// way, one for each kind of stranger, then a second for each, and so on.
func (a *audit) askStrangers(ctx context.Context) error {
	first, second := (*audit).askRead, (*audit).askWrite
	if a.own.granted() == nothing && a.past.granted() == nothing && a.preflight.granted() != nothing {
		first, second = second, first
	}
	queue := a.newStrangers()
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if s.with != "" && a.strangers[0].granted() == withUser {
			continue // It is let in without that.
		}
		if a.isFull() {
			a.left++
			continue
		}
		var err error
		if s.with != "" {
			err = a.askRead(ctx, &s)
		} else if err = first(a, ctx, &s); err == nil && s.both {
			err = second(a, ctx, &s)
		}
		a.strangers = append(a.strangers, s)
		if err != nil {
			return err
		}
		queue = append(a.follow(s), queue...)
	}
	for _, i := range a.turns() {
		if a.isFull() {
			break
		}
		if err := second(a, ctx, &a.strangers[i]); err != nil {
			return err
		}
	}
	return nil
}

// isFull reports whether no stranger can be asked any more. One request is kept for askAgain
// where the last one got another status than the policy's own origin does.
func (a *audit) isFull() bool {
	isOdd := a.last == nil || a.last.status != a.usual(a.last.method).status
	return a.sent >= maxRequests || a.sent == maxRequests-1 && isOdd
}

// usual is the answer to the policy's own origin.
func (a *audit) usual(method string) *exchange {
	if method == http.MethodOptions {
		return a.preflight
	}
	return a.own
}

// askAgain repeats what was granted first. If that is refused by now, the last refusals tell
// nothing of the policy.
func (a *audit) askAgain(ctx context.Context) (err error) {
	if a.sent >= maxRequests {
		return nil
	}
	first, again := a.own, (*exchange)(nil)
	if first.granted() != nothing {
		again, err = a.get(ctx, a.call.origin)
	} else {
		first = a.preflight
		again, err = a.askFirst(ctx, a.call.origin, a.plan.method)
	}
	switch {
	case err != nil && !isRefusal(err):
		return err
	case again.granted() < first.granted():
		return errLimited
	}
	return nil
}

// turns are the indices of the strangers that were asked in one way and kept out, the
// first of each kind before the second of any.
func (a *audit) turns() (order []int) {
	seen := make(map[string]int)
	turn := make(map[int]int)
	for i, s := range a.strangers {
		if !s.both && s.with == "" && s.granted() == nothing {
			turn[i] = seen[s.id]
			seen[s.id]++
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return turn[i] - turn[j] })
	return order
}

// askRead sends a GET of a stranger. Where a cache answers for the policy's own, it is
// asked again past that.
func (a *audit) askRead(ctx context.Context, s *stranger) (err error) {
	h := make(http.Header)
	if s.with != "" {
		h.Set(s.with, standIn(s.with))
	}
	if s.read, err = a.getWith(ctx, s.origin, "", h.Clone()); err != nil || a.fresh || !a.mayBeCached(s.read) {
		return keepRefusal(err)
	}
	a.fresh = true
	past, err := a.getWith(ctx, s.origin, "", h)
	switch {
	case err != nil:
	case past.response.Get(fetch.AllowOrigin) != s.read.response.Get(fetch.AllowOrigin):
		s.read = past
	default:
		a.fresh = false
	}
	return keepRefusal(err)
}

// mayBeCached reports whether a cache may have handed out the answer to another origin: the
// first stranger gets the header of one.
func (a *audit) mayBeCached(x *exchange) bool {
	value := x.response.Get(fetch.AllowOrigin)
	return len(a.strangers) == 0 && value != "" && value != "*" && value != x.request.Get("Origin")
}

// askWrite sends the preflight of a stranger.
func (a *audit) askWrite(ctx context.Context, s *stranger) (err error) {
	s.write, err = a.askFirst(ctx, s.origin, a.plan.method)
	return keepRefusal(err)
}

// keepRefusal returns nil for an error that is a server's way to refuse.
func keepRefusal(err error) error {
	if err == nil || isRefusal(err) || errors.Is(err, errTooMany) {
		return nil
	}
	return err
}

// isRefusal reports whether the server broke off, as some do on strange requests,
// rather than did not answer in time.
func isRefusal(err error) bool {
	others := []error{context.DeadlineExceeded, errTooMany, errLate, errLimited}
	return !slices.ContainsFunc(others, func(other error) bool { return errors.Is(err, other) })
}

var (
	errTooMany = fmt.Errorf("an audit sends %d requests at most", maxRequests)
	errLimited = errors.New("the server limits the rate of requests")
	errLate    = errors.New("the limit of -M was over before the server had answered the first requests: set a " +
		"longer one")
)

// standIns are sent where a login makes a difference, and none is given. They are
// invented, and log nobody in.
var standIns = []line{{"Cookie", "corscheck=1"}, {"Authorization", "Bearer corscheck"}}

// standIn returns the invented value of a header.
func standIn(name string) string {
	i := slices.IndexFunc(standIns, func(l line) bool { return l.name == name })
	return standIns[i].value
}

// carries reports whether each GET has the header.
func (a *audit) carries(name string) bool {
	if name == "Cookie" && a.call.cookie != "" || a.invent[name] != nil {
		return true
	}
	for own := range a.call.header {
		if strings.EqualFold(own, name) {
			return true
		}
	}
	return false
}

// get sends a GET, with the origin unless it is empty.
func (a *audit) get(ctx context.Context, origin string) (*exchange, error) {
	return a.getPath(ctx, origin, "")
}

// getOwn sends a GET with the origin of the policy. Some servers let a page in, or send
// more than * beside credentials, only if it has a cookie or Authorization. They are asked
// with that from then on, as browsers ask them.
func (a *audit) getOwn(ctx context.Context) (*exchange, error) {
	x, err := a.get(ctx, a.call.origin)
	if err != nil || x.granted() == withUser || x.granted() == plain && x.response.Get(fetch.AllowCredentials) != "true" {
		return x, err
	}
	for _, l := range standIns {
		if a.carries(l.name) {
			continue
		}
		a.invent.Set(l.name, l.value)
		with, err := a.get(ctx, a.call.origin)
		if err == nil && with.granted() > x.granted() {
			return with, nil
		}
		a.invent.Del(l.name)
		if err != nil && !isRefusal(err) {
			return nil, err
		}
	}
	return x, nil
}

// getPath sends a GET of a path below the URL's own.
func (a *audit) getPath(ctx context.Context, origin, below string) (*exchange, error) {
	return a.getWith(ctx, origin, below, make(http.Header))
}

// getWith sends a GET with the headers h and the call's own.
func (a *audit) getWith(ctx context.Context, origin, below string, h http.Header) (*exchange, error) {
	h.Set("Accept", "*/*")
	for name, values := range a.call.header {
		if !strings.EqualFold(name, "Content-Type") { // there is no content
			h[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	for name, values := range a.invent {
		h[name] = slices.Clone(values)
	}
	if a.call.cookie != "" {
		h.Set("Cookie", a.call.cookie)
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
	if a.sent >= maxRequests {
		return nil, errTooMany
	}
	if a.show != nil {
		a.show(fmt.Sprintf("request %d of %d at most: %s as %s", a.sent+1, maxRequests, method, cmp.Or(origin, "nobody")))
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, a.client.limit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, a.address(method, below), nil)
	if err != nil {
		return nil, err
	}
	r.Header = h
	if origin != "" {
		h.Set("Origin", origin)
	}
	if a.call.credentials && method != http.MethodOptions {
		r = a.client.certify(r)
	}
	x, err := a.client.sendCounted(r, &a.sent, maxRequests)
	a.last = x
	switch {
	case err != nil && whole.Err() != nil:
		return nil, errLate
	case err != nil:
		return nil, a.client.explainFailure(method, r.URL.String(), err)
	case isOverload(x.status) && a.usual(method) != nil && x.status != a.usual(method).status:
		return nil, errLimited
	}
	return x, nil
}

// address returns the URL to ask. Past a cache, each GET has a query that no other has.
func (a *audit) address(method, below string) string {
	to := *a.plan.target
	if below != "" {
		to = *to.JoinPath(below)
		to.RawQuery = ""
	}
	if a.fresh && method != http.MethodOptions {
		query := fmt.Sprintf("corscheck=%s%d", a.random, a.sent)
		if to.RawQuery != "" {
			query = to.RawQuery + "&" + query
		}
		to.RawQuery = query
	}
	return to.String()
}

// evidence returns the lines of an exchange that show what it proves: the request
// line, Origin and what it asks for; the status and the headers.
func (x *exchange) evidence(names ...string) []string {
	lines := []string{"> " + x.method + " " + x.url.RequestURI()}
	add := func(mark string, h http.Header, names []string) {
		for _, name := range names {
			for _, value := range h[name] {
				lines = append(lines, strings.TrimRight(mark+name+": "+value, " "))
			}
		}
	}
	add("> ", x.request, []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers",
		"Access-Control-Request-Private-Network"})
	for _, l := range standIns {
		if x.request.Get(l.name) == l.value { // any other is a secret
			lines = append(lines, "> "+l.String())
		}
	}
	lines = append(lines, "< "+statusLine(x.status))
	add("< ", x.response, names)
	return lines
}

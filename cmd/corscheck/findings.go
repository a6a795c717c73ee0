package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

// judge turns the answers into findings.
func (a *audit) judge(ctx context.Context) {
	a.judgeStrangers()
	a.judgeVary()
	a.judgeSyntax()
	a.judgeDuplicates()
	a.judgePreflight()
	a.judgeCall(ctx)
	a.judgeErrors()
	a.judgeCaching()
	a.judgeObsolete()
	if a.limited {
		a.notes = append(a.notes, note{ID: "rate-limited", Detail: fmt.Sprintf(
			"%s may hide more. Let the audit have %d requests in a row.", a.whatLimits(), maxRequests)})
	}
	if a.late {
		a.notes = append(a.notes, note{ID: "limit-reached", Detail: fmt.Sprintf(
			"The limit of -M was over after %d requests: what was not asked may hide more. Set a longer one.", a.sent)})
	}
}

func (a *audit) whatLimits() string {
	switch {
	case a.last == nil:
		return fmt.Sprintf("After %d requests the server breaks off where it answered at first: what was asked last", a.sent)
	case isOverload(a.last.status):
		return fmt.Sprintf("The server answered request %d with %s, and got no more: what was not asked", a.sent,
			statusLine(a.last.status))
	}
	return fmt.Sprintf("After %d requests the server refuses what it allowed at first, with %s: what was asked last",
		a.sent, statusLine(a.last.status))
}

// has reports whether there is a finding with one of the ids.
func (a *audit) has(ids ...string) bool {
	return slices.ContainsFunc(a.findings, func(f finding) bool { return slices.Contains(ids, f.ID) })
}

// judgeStrangers reports who is let in, each kind once.
func (a *audit) judgeStrangers() {
	var in []stranger
	for _, t := range a.strangers {
		implied := slices.ContainsFunc(a.strangers, func(s stranger) bool { return s.implies(t) })
		if t.granted() != nothing && !implied {
			in = append(in, t)
		}
	}
	for i, s := range in {
		if slices.ContainsFunc(in[:i], func(earlier stranger) bool { return earlier.id == s.id }) {
			continue
		}
		a.reportKind(in[i:], s.id)
	}
}

// reportKind reports those of one kind, by the worst of them.
func (a *audit) reportKind(in []stranger, id string) {
	const most = 3
	same := slices.DeleteFunc(slices.Clone(in), func(s stranger) bool { return s.id != id })
	slices.SortStableFunc(same, func(s, t stranger) int { return int(strangerSeverity(t)) - int(strangerSeverity(s)) })
	var evidence []string
	for _, s := range same[:min(len(same), most)] {
		evidence = append(evidence, s.proof().evidence(fetch.AllowOrigin, fetch.AllowCredentials)...)
	}
	detail, remedy := describe(same[0])
	if len(same) > most {
		detail += fmt.Sprintf(" The same goes for %s.", enumerateOrigins(same[most:]))
	}
	a.report(id, strangerSeverity(same[0]), evidence, detail, remedy)
}

func enumerateOrigins(strangers []stranger) string {
	var origins []string
	for _, s := range strangers {
		origins = append(origins, s.origin)
	}
	return enumerate(origins)
}

// cookieless are the severities of what is let in without the visitor's cookies, and userful
// of what is with them. The kinds that neither names have the severity of a hole.
var (
	cookieless = map[string]severity{
		"any-subdomain": info, "any-port": low, "insecure-scheme": low,
		"any-platform-host": low, "any-extension": low, "lan-origin": low, "any-origin": low,
	}
	userful = map[string]severity{"any-subdomain": info, "any-port": low, "insecure-scheme": medium, "lan-origin": medium}
)

func strangerSeverity(s stranger) severity {
	if s.granted() == withUser {
		if found, ok := userful[s.id]; ok && !(s.id == "any-subdomain" && isPublic(s.of)) {
			return found
		}
		return high
	}
	if s.id == "any-origin" && s.isWildcard() {
		return info
	}
	if found, ok := cookieless[s.id]; ok {
		return found
	}
	return medium
}

func (s stranger) isWildcard() bool { return s.proof().response.Get(fetch.AllowOrigin) == "*" }

// deed says what s can do.
func (s stranger) deed() string {
	switch {
	case s.read.granted() == nothing && s.granted() == withUser:
		return "passes the preflight, and so can write with the visitor's cookies, though not read the answers"
	case s.read.granted() == nothing:
		return "passes the preflight, and so can write, though not read the answers"
	case s.granted() == withUser:
		return "can make calls with the visitor's cookies, and read the answers"
	}
	return "can read the answers, though without the visitor's cookies"
}

// describe says whom s lets in, and what to do.
func describe(s stranger) (detail, remedy string) {
	const compare = "Compare the whole origin with a list of those that you trust."
	deed := s.deed()
	owner := fmt.Sprintf("Whoever owns a domain such as %s %s", hostOf(cmp.Or(s.such, s.origin)), deed)
	switch s.id {
	case "any-origin":
		return describeAnyOrigin(s)
	case "null-origin":
		return "The origin null " + deed + ". Every web page can have that origin, in a sandboxed frame.",
			"Do not allow null."
	case "prefix-match":
		return owner + ": the server looks only at how the origin begins.", compare
	case "suffix-match":
		if s.hasHyphen() {
			return owner + ": the server takes a hyphen for a dot, or looks only at how the origin ends.", compare
		}
		return owner + ": the server looks only at how the origin ends.", compare
	case "domain-wildcard":
		return owner + ": the server takes any name in place of a part of the domain.", compare
	case "substring-match":
		if s.such != "" {
			owner += fmt.Sprintf(", for the server lets %s in", s.origin)
		}
		return owner + ": it looks whether the origin is a part of a text, such as a joined list.",
			"Split the list, and compare the whole origin with each of its elements."
	case "unescaped-dot":
		return owner + ": a dot in a regular expression stands for any character.",
			`Write \. for each dot, and ^ and $ at the ends. Better: compare the whole origin.`
	case "insecure-scheme":
		return fmt.Sprintf("A page of %s %s. Whoever controls the network of a visitor can put one there.",
			s.origin, deed), "Allow the https origin alone."
	case "lan-origin":
		return fmt.Sprintf("A page of %s, and of other addresses of local networks, %s. In another network somebody "+
				"else has that address.", s.origin, deed),
			"Leave such addresses to development, and name the hosts there."
	case "any-extension":
		return fmt.Sprintf("Every browser extension, such as %s, %s.", s.origin, deed),
			"Name the extension that is yours, by its id."
	case "any-platform-host":
		return fmt.Sprintf("Whoever gets a host of %s, as anybody can, %s: %s is let in.", s.of, deed, s.origin),
			"Name the hosts that are yours."
	case "any-subdomain":
		if isPublic(s.of) {
			return fmt.Sprintf("Everything under %s %s, and strangers can get names there.", s.of, deed),
				"Name the hosts that are yours."
		}
		return fmt.Sprintf("Every subdomain of %s %s, also one that somebody else took over.", s.of, deed),
			"If that is not meant, name the hosts."
	}
	return fmt.Sprintf("A page on another port of %s, such as %s, %s, whatever runs there.", s.of, s.origin, deed),
		"If that is not meant, name the port, and compare the whole origin."
}

func describeAnyOrigin(s stranger) (detail, remedy string) {
	detail = "Every web page " + s.deed()
	if s.with != "" {
		detail = fmt.Sprintf("For requests with a header %s, every web page %s", s.with, s.deed())
	}
	switch {
	case s.isWildcard():
		return detail + ". That is right for public data.", "If the data is not public, name the origins in place of the *."
	case s.granted() == withUser:
		return detail + ": the server echoes any Origin.", "Compare the whole origin with a list of those that you trust."
	}
	return detail + ": the server echoes any Origin.", "Answer * if that is meant, which caches can keep. " +
		"Otherwise compare the origin with a list."
}

// answers are those to look at for their syntax.
func (a *audit) answers() []*exchange {
	all := []*exchange{a.own, a.none, a.preflight, a.other}
	if len(a.strangers) > 0 {
		all = append(all, a.strangers[0].read, a.strangers[0].write)
	}
	return slices.DeleteFunc(all, func(x *exchange) bool { return x == nil })
}

// judgeVary compares the answers to GET. Those that no cache may keep do no harm.
func (a *audit) judgeVary() {
	reads := []*exchange{a.own, a.none}
	for _, s := range a.strangers {
		if s.read != nil && s.with == "" {
			reads = append(reads, s.read)
		}
	}
	value := func(x *exchange) string { return strings.Join(x.response[fetch.AllowOrigin], ", ") }
	i := slices.IndexFunc(reads, func(x *exchange) bool { return value(x) != value(a.own) })
	if i < 0 {
		return
	}
	for _, x := range []*exchange{a.own, a.none, reads[i]} {
		if !variesByOrigin(x) && !slices.Contains(tokens(x.response["Cache-Control"]), "no-store") {
			other := reads[i]
			if x == other {
				other = a.own
			}
			evidence := append(x.evidence(fetch.AllowOrigin, "Vary"), other.evidence(fetch.AllowOrigin, "Vary")...)
			a.report("vary-missing", medium, evidence,
				"Access-Control-Allow-Origin depends on the request's Origin, and Vary does not say so. A cache may hand "+
					"the answer for one origin to another, which then fails.",
				"Send Vary: Origin with every response, also with those to requests without Origin.")
			return
		}
	}
}

// judgeSyntax finds headers that browsers read otherwise than was meant.
func (a *audit) judgeSyntax() {
	var problems, evidence []string
	for _, x := range a.answers() {
		for _, p := range syntaxProblems(x.response) {
			if !slices.Contains(problems, p.text) {
				problems = append(problems, p.text)
				evidence = append(evidence, x.evidence(p.headers...)...)
			}
		}
	}
	if problems != nil {
		a.report("ineffective", medium, evidence, strings.Join(problems, " "),
			"Send the values that browsers understand, or leave the header out.")
	}
}

type syntaxProblem struct {
	text    string
	headers []string
}

func syntaxProblems(h http.Header) (problems []syntaxProblem) {
	add := func(headers []string, format string, args ...any) {
		problems = append(problems, syntaxProblem{fmt.Sprintf(format, args...), headers})
	}
	credentials := strings.Join(h[fetch.AllowCredentials], ", ")
	if lines := h[fetch.AllowOrigin]; len(lines) == 1 {
		switch value := lines[0]; {
		case value == "*" && credentials == "true":
			add([]string{fetch.AllowOrigin, fetch.AllowCredentials}, "%s: * with %s: true lets no call with cookies pass.",
				fetch.AllowOrigin, fetch.AllowCredentials)
		case value != "" && value != "*" && !isOrigin(value): // empty is as good as absent
			add([]string{fetch.AllowOrigin}, "%s: %s is not one origin, as browsers write it, and matches no page.",
				fetch.AllowOrigin, shorten(value))
		}
	}
	if len(h[fetch.AllowCredentials]) == 1 && credentials != "true" && credentials != "false" {
		add([]string{fetch.AllowCredentials}, "%s: %s means nothing: it has to be true, in lower case.",
			fetch.AllowCredentials, shorten(credentials))
	}
	for _, name := range []string{fetch.AllowMethods, fetch.AllowHeaders, fetch.ExposeHeaders} {
		value := strings.Join(h[name], ", ")
		list := tokens(h[name])
		switch {
		case strings.Trim(value, ", \t") == "":
		case !isList(h[name]):
			add([]string{name}, "%s: %s is no list of names, with commas between them and no quotes.", name, shorten(value))
		case slices.Contains(list, "*") && credentials == "true":
			add([]string{name, fetch.AllowCredentials}, "%s: * is no wildcard in calls with cookies.", name)
		case name == fetch.AllowMethods:
			for _, method := range list {
				if !isMethod(method) && isMethod(strings.ToUpper(method)) && method != strings.ToUpper(method) {
					add([]string{name}, "%s lists %s, and methods are case-sensitive: it has to be %s.", name, method,
						strings.ToUpper(method))
					break
				}
			}
		}
	}
	if lines := h[fetch.MaxAge]; len(lines) == 1 && strings.Trim(strings.TrimPrefix(lines[0], "-"), "0123456789") != "" {
		add([]string{fetch.MaxAge}, "%s: %s is no number of seconds.", fetch.MaxAge, shorten(lines[0]))
	}
	return problems
}

// isOrigin reports whether a page can have the origin.
func isOrigin(value string) bool {
	if value == "null" {
		return true
	}
	m, err := cors.NewOriginMatcher(value)
	return err == nil && m.Match(value)
}

// isList reports whether the lines are a list of tokens.
func isList(lines []string) bool {
	elements := 0
	for _, l := range lines {
		for element := range strings.SplitSeq(l, ",") {
			if strings.Trim(element, " \t") != "" {
				elements++
			}
		}
	}
	return elements == len(tokens(lines))
}

// judgeDuplicates leaves alone the lists that are only spread over several lines.
func (a *audit) judgeDuplicates() {
	for _, x := range a.answers() {
		var names []string
		for _, name := range []string{fetch.AllowOrigin, fetch.AllowCredentials, fetch.MaxAge} {
			if len(x.response[name]) > 1 {
				names = append(names, name)
			}
		}
		for _, name := range []string{fetch.AllowMethods, fetch.AllowHeaders, fetch.ExposeHeaders} {
			lines := slices.Sorted(slices.Values(x.response[name]))
			if len(slices.Compact(lines)) < len(x.response[name]) {
				names = append(names, name)
			}
		}
		if names != nil {
			a.report("duplicate", medium, x.evidence(names...),
				fmt.Sprintf("The server sends %s in several lines, as two layers do that each add CORS headers. Browsers "+
					"refuse a second Access-Control-Allow-Origin.", strings.Join(names, " and ")),
				"Let one layer add the headers, the proxy or the application.")
			return
		}
	}
}

// judgePreflight looks at the preflight of the policy's own origin. One that refuses
// an unknown origin does what it should.
func (a *audit) judgePreflight() {
	x := a.preflight
	refused := a.own.granted() == nothing && (x.status == http.StatusForbidden || x.status == http.StatusBadRequest)
	got := statusLine(x.status)
	switch {
	case refused:
		return
	case x.status < 300 && (a.own.granted() == nothing || x.response.Get(fetch.AllowOrigin) != ""):
		return
	case x.status < 300:
		got += " without the " + fetch.AllowOrigin + " that the call itself gets"
	}
	remedy := "Answer OPTIONS with a status from 200 to 299, before any login, redirect or router."
	switch {
	case x.status < 300 && isNginx(x):
		remedy = "Send the CORS headers with the answer to OPTIONS too. One add_header inside an if drops those " +
			"outside: repeat them there."
	case x.status < 300:
		remedy = "Send the CORS headers with the answer to OPTIONS too: put the CORS layer before the router, or add " +
			"a route for OPTIONS."
	case x.status >= http.StatusInternalServerError && a.own.status >= http.StatusInternalServerError:
		remedy = "The server fails on GET too: mend that first, and audit it then."
	case x.status == http.StatusNotFound || x.status == http.StatusMethodNotAllowed:
		remedy = "Put the CORS layer before the router, or add a route for OPTIONS."
	}
	a.report("preflight-fails", medium, x.evidence("Location", "Allow", fetch.AllowOrigin),
		fmt.Sprintf("The preflight gets %s, so that no page can make a call that needs one, such as a PUT or one with "+
			"an Authorization header.", got), remedy)
}

// judgeCall looks at the call that was named: whether the policy lets it through.
func (a *audit) judgeCall(ctx context.Context) {
	page, x := a.call.origin, a.own
	switch {
	case x.granted() == nothing && a.preflight.granted() == nothing:
		a.judgeUnknownOrigin()
	case a.past.granted() != nothing && x.granted() == nothing:
		a.report("call-fails", medium, append(x.evidence(fetch.AllowOrigin, "Vary", "Age"),
			a.past.evidence(fetch.AllowOrigin, "Vary")...),
			fmt.Sprintf("A cache hands the page of %s an answer that is not for it. With a query that no cache knows, "+
				"the server lets the page in.", page),
			"Send Vary: Origin with every response, also with those to requests without Origin, and see that the cache "+
				"heeds it.")
	case x.granted() == nothing:
		a.judgeLostOrigin()
	case http.StatusBadGateway <= x.status && x.status <= http.StatusGatewayTimeout:
		a.report("call-fails", medium, x.evidence(fetch.AllowOrigin),
			fmt.Sprintf("The server lets pages of %s in, and has nothing for them but %s: a proxy answers, and what is "+
				"behind it does not.", page, statusLine(x.status)),
			"Start the server behind the proxy, and audit it then: it may have a policy of its own.")
	default:
		a.judgeRest(ctx)
	}
}

// judgeUnknownOrigin is for a page that is let in nowhere. Where the server is down, or
// means to let it in and spells that wrongly, another finding says so.
func (a *audit) judgeUnknownOrigin() {
	x := a.own
	if a.has("duplicate") || x.status >= 300 && a.has("preflight-fails") || a.isMalformed() {
		return
	}
	detail := fmt.Sprintf("The server lets pages of %s in nowhere: neither in GET nor in the preflight.", a.call.origin)
	remedy := "Is the origin spelled as the policy has it? If the page calls this server, add the origin to the list."
	if value := x.response.Get(fetch.AllowOrigin); value != "" && isOrigin(value) {
		detail += fmt.Sprintf(" It allows %s.", shorten(value))
	}
	if !showsLayer(x) && !showsLayer(a.preflight) {
		remedy = "Nothing in the answers is of CORS: put a CORS layer around the server. If it has one, is this the URL?"
	}
	evidence := append(x.evidence(fetch.AllowOrigin, "Vary"), a.preflight.evidence(fetch.AllowOrigin, "Vary")...)
	a.report("origin-not-allowed", medium, evidence, detail, remedy)
}

// isMalformed reports whether the server sends an origin to the page that no page has.
func (a *audit) isMalformed() bool {
	for _, x := range []*exchange{a.own, a.preflight} {
		if value := x.response.Get(fetch.AllowOrigin); value != "" && value != "*" && !isOrigin(value) {
			return true
		}
	}
	return false
}

// judgeLostOrigin is for a page that passes the preflight, and cannot read the answer.
func (a *audit) judgeLostOrigin() {
	x := a.own
	if !isSafe(a.plan.method) && isUnrouted(x.status) {
		return // There is no GET at this URL, and the audit sends nothing else.
	}
	if a.has("duplicate") || a.isMalformed() {
		return
	}
	where := "has no " + fetch.AllowOrigin
	if value := x.response[fetch.AllowOrigin]; value != nil {
		where = fmt.Sprintf("allows %s", shorten(strings.Join(value, ", ")))
	}
	remedy := "Send the CORS headers with every answer: put the CORS layer before the routes, around all of them."
	switch {
	case isRedirect(x):
		remedy = "Send the CORS headers with redirects too, or audit the URL that this one leads to."
	case asksForLogin(x):
		remedy = "Put the CORS layer before the login. To audit what is behind it, add -H 'Authorization: …' or -b."
	case x.status >= 400:
		remedy = "Is that the URL that the page calls? Put the CORS layer around errors too."
	}
	a.report("call-fails", medium, append(x.evidence(fetch.AllowOrigin, "Location"),
		a.preflight.evidence(fetch.AllowOrigin)...),
		fmt.Sprintf("The preflight lets pages of %s in, and the answer to %s, %s, %s: they cannot read it.",
			a.call.origin, x.method, statusLine(x.status), where), remedy)
}

// judgeRest has a browser judge the answers to the call as it was named, with its method,
// its headers and its cookies.
func (a *audit) judgeRest(ctx context.Context) {
	browser := corstest.Browser{Transport: replay{a}, Engine: corstest.EngineChromium}
	_, err := browser.Fetch(ctx, a.call.request())
	var blocked *corstest.BlockedError
	if !errors.As(err, &blocked) || a.has("preflight-fails", "duplicate", "ineffective") {
		return
	}
	x := a.own
	if strings.HasPrefix(string(blocked.Step), "preflight") {
		x = a.preflight
	}
	a.report("call-fails", medium, x.evidence(blocked.Header),
		fmt.Sprintf("The server lets pages of %s in, and not the call that you name. %s", a.call.origin,
			verdict{blocked: blocked, last: x}.reason()),
		"Allow what the page sends. Without -audit, corscheck says which lines to answer with.")
}

// A replay answers with what the audit got. It follows no redirect.
type replay struct{ audit *audit }

var errNotAsked = errors.New("the audit did not ask that")

func (r replay) RoundTrip(q *http.Request) (*http.Response, error) {
	switch {
	case q.URL.String() != r.audit.plan.target.String():
		return nil, errNotAsked
	case isPreflight(q):
		return r.audit.preflight.httpResponse(), nil
	}
	return r.audit.own.httpResponse(), nil
}

func (a *audit) judgeErrors() {
	if x := a.missing; x != nil && x.status >= 400 && x.granted() == nothing {
		remedy := "Put the CORS layer around error pages too."
		if isNginx(x) {
			remedy = "Write always at the end of add_header."
		}
		a.report("errors-unreadable", low, x.evidence(fetch.AllowOrigin, fetch.AllowCredentials),
			fmt.Sprintf("The answer %s has none of the CORS headers that the given path has. Pages cannot read errors, "+
				"and show a CORS error in their place.", statusLine(x.status)), remedy)
	}
}

func (a *audit) judgeCaching() {
	x := a.preflight
	if x.granted() == nothing || x.status < 200 || x.status > 299 {
		return
	}
	if x.response[fetch.MaxAge] == nil {
		a.report("preflight-uncached", info, x.evidence(fetch.AllowOrigin, fetch.MaxAge),
			"Browsers keep the answer to a preflight for 5 seconds only, so that most calls cost a second round trip.",
			"Send Access-Control-Max-Age: 7200, say. Chromium keeps an answer for 2 hours at most.")
		return
	}
	const name = fetch.AllowMethods // which some leave out for GET, which needs no mention
	if (serves(x, a.plan.method) || len(tokens(x.response[name])) == 0) && serves(a.other, a.otherMethod()) {
		evidence := append(x.evidence(name), a.other.evidence(name)...)
		a.report("preflight-uncached", info, evidence,
			"The answer to a preflight allows one method at a time, so that a page asks again for each.",
			"List all methods of the policy in every answer.")
	}
}

// serves reports whether x allows that method alone.
func serves(x *exchange, method string) bool {
	return x != nil && slices.Equal(tokens(x.response[fetch.AllowMethods]), []string{method})
}

func (a *audit) judgeObsolete() {
	for _, x := range append(a.answers(), a.privateNetwork) {
		if x == nil {
			continue
		}
		for _, name := range []string{"Access-Control-Allow-Private-Network", "Access-Control-Allow-Local-Network",
			"Private-Network-Access-Name", "Private-Network-Access-Id"} {
			if x.response[name] != nil {
				a.report("obsolete", info, x.evidence(name),
					fmt.Sprintf("No browser asks for %s any more. Private networks are now guarded by a question to the "+
						"visitor (Local Network Access).", name),
					"Remove the header.")
				return
			}
		}
	}
}

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/cors"
	"example.com/cors/internal/fetch"
)

// judge turns the answers into findings.
func (a *audit) judge() {
	if a.own.granted() == nothing && a.preflight.granted() == nothing {
		a.hints = append(a.hints, hint{"origin-not-allowed",
			fmt.Sprintf("The server does not let %s in. Name an origin that it does: the audit tries origins that resemble it.", a.origin)})
	}
	a.judgeStrangers()
	a.judgeVary()
	a.judgeSyntax()
	a.judgeDuplicates()
	a.judgePreflight()
	a.judgeErrors()
	a.judgeCaching()
	a.judgeObsolete()
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
		worst, evidence := s, []string(nil)
		for _, same := range in[i:] {
			if same.id != s.id {
				continue
			}
			if strangerSeverity(same) > strangerSeverity(worst) {
				worst = same
			}
			evidence = append(evidence, same.proof().evidence(fetch.AllowOrigin, fetch.AllowCredentials)...)
		}
		detail, remedy := describe(worst)
		a.report(s.id, strangerSeverity(worst), evidence, detail, remedy)
	}
}

func strangerSeverity(s stranger) severity {
	user := s.granted() == withUser
	switch {
	case s.id == "any-subdomain" && user && isPublic(s.of):
		return high
	case s.id == "any-subdomain":
		return info
	case s.id == "any-port":
		return low
	case s.id == "insecure-scheme" && user:
		return medium
	case s.id == "insecure-scheme":
		return low
	case user:
		return high
	case s.id == "any-origin" && s.isWildcard():
		return info
	case s.id == "any-origin":
		return low
	}
	return medium
}

func (s stranger) isWildcard() bool { return s.proof().response.Get(fetch.AllowOrigin) == "*" }

// describe says whom s lets in, and what to do.
func describe(s stranger) (detail, remedy string) {
	deed := "can read the answers, though without the visitor's cookies"
	switch {
	case s.read.granted() == nothing && s.granted() == withUser:
		deed = "passes the preflight, and so can write with the visitor's cookies, though not read the answers"
	case s.read.granted() == nothing:
		deed = "passes the preflight, and so can write, though not read the answers"
	case s.granted() == withUser:
		deed = "can make calls with the visitor's cookies, and read the answers"
	}
	const compare = "Compare the whole origin with a list of those that you trust."
	switch s.id {
	case "any-origin":
		switch {
		case s.isWildcard():
			return "Every web page " + deed + ". That is right for public data.", "If the data is not public, name the origins in place of the *."
		case s.granted() == withUser:
			return "Every web page " + deed + ": the server echoes any Origin.", compare
		}
		return "Every web page " + deed + ": the server echoes any Origin.", "Answer * if that is meant, which caches can keep. Otherwise compare the origin with a list."
	case "null-origin":
		return "The origin null " + deed + ". Every web page can have that origin, in a sandboxed frame.", "Do not allow null."
	case "prefix-match":
		return fmt.Sprintf("Whoever owns a domain such as %s %s: the server looks only at how the origin begins.", hostOf(s.origin), deed), compare
	case "suffix-match":
		return fmt.Sprintf("Whoever owns a domain such as %s %s: the server looks only at how the origin ends.", hostOf(s.origin), deed), compare
	case "unescaped-dot":
		return fmt.Sprintf("Whoever owns the domain %s %s: a dot in a regular expression stands for any character.", hostOf(s.origin), deed),
			`Write \. for each dot, and ^ and $ at the ends. Better: compare the whole origin.`
	case "insecure-scheme":
		return fmt.Sprintf("A page of %s %s. Whoever controls the network of a visitor can put one there.", s.origin, deed), "Allow the https origin alone."
	case "any-subdomain":
		if isPublic(s.of) {
			return fmt.Sprintf("Everything under %s %s, and strangers can get names there.", s.of, deed), "Name the hosts that are yours."
		}
		return fmt.Sprintf("Every subdomain of %s %s, also one that somebody else took over.", s.of, deed), "If that is not meant, name the hosts."
	}
	return fmt.Sprintf("Every port of %s %s, whatever runs there.", s.of, deed), "If that is not meant, name the port."
}

// answers are those to look at for their syntax.
func (a *audit) answers() []*exchange {
	all := []*exchange{a.own, a.none, a.preflight, a.put}
	if len(a.strangers) > 0 {
		all = append(all, a.strangers[0].read, a.strangers[0].write)
	}
	return slices.DeleteFunc(all, func(x *exchange) bool { return x == nil })
}

// judgeVary compares the answers to GET. Those that no cache may keep do no harm.
func (a *audit) judgeVary() {
	reads := []*exchange{a.own, a.none}
	for _, s := range a.strangers {
		if s.read != nil {
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
				"Access-Control-Allow-Origin depends on the request's Origin, and Vary does not say so. A cache may hand the answer for one origin to another, which then fails.",
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
		a.report("ineffective", medium, evidence, strings.Join(problems, " "), "Send the values that browsers understand, or leave the header out.")
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
			add([]string{fetch.AllowOrigin, fetch.AllowCredentials}, "%s: * with %s: true lets no call with cookies pass.", fetch.AllowOrigin, fetch.AllowCredentials)
		case value != "" && value != "*" && !isOrigin(value): // empty is as good as absent
			add([]string{fetch.AllowOrigin}, "%s: %s is not one origin, as browsers write it, and matches no page.", fetch.AllowOrigin, shorten(value))
		}
	}
	if len(h[fetch.AllowCredentials]) == 1 && credentials != "true" && credentials != "false" {
		add([]string{fetch.AllowCredentials}, "%s: %s means nothing: it has to be true, in lower case.", fetch.AllowCredentials, shorten(credentials))
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
					add([]string{name}, "%s lists %s, and methods are case-sensitive: it has to be %s.", name, method, strings.ToUpper(method))
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
				fmt.Sprintf("The server sends %s in several lines, as two layers do that each add CORS headers. Browsers refuse a second Access-Control-Allow-Origin.", strings.Join(names, " and ")),
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
		remedy = "Send the CORS headers with the answer to OPTIONS too. One add_header inside an if drops those outside: repeat them there."
	case x.status < 300:
		remedy = "Send the CORS headers with the answer to OPTIONS too: put the CORS layer before the router, or add a route for OPTIONS."
	case x.status == http.StatusNotFound || x.status == http.StatusMethodNotAllowed:
		remedy = "Put the CORS layer before the router, or add a route for OPTIONS."
	}
	a.report("preflight-fails", medium, x.evidence("Location", "Allow", fetch.AllowOrigin),
		fmt.Sprintf("The preflight gets %s, so that no page can make a call that needs one, such as a PUT or one with an Authorization header.", got), remedy)
}

func isNginx(x *exchange) bool { return strings.HasPrefix(x.response.Get("Server"), "nginx") }

func (a *audit) judgeErrors() {
	if x := a.missing; x != nil && x.status >= 400 && x.granted() == nothing {
		remedy := "Put the CORS layer around error pages too."
		if isNginx(x) {
			remedy = "Write always at the end of add_header."
		}
		a.report("errors-unreadable", low, x.evidence(fetch.AllowOrigin, fetch.AllowCredentials),
			fmt.Sprintf("The answer %s has none of the CORS headers that the given path has. Pages cannot read errors, and show a CORS error in their place.", statusLine(x.status)), remedy)
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
	if serves(a.put, http.MethodPut) && serves(a.delete, http.MethodDelete) {
		evidence := append(a.put.evidence(fetch.AllowMethods), a.delete.evidence(fetch.AllowMethods)...)
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
		for _, name := range []string{"Access-Control-Allow-Private-Network", "Access-Control-Allow-Local-Network", "Private-Network-Access-Name", "Private-Network-Access-Id"} {
			if x.response[name] != nil {
				a.report("obsolete", info, x.evidence(name),
					fmt.Sprintf("No browser asks for %s any more. Private networks are now guarded by a question to the visitor (Local Network Access).", name),
					"Remove the header.")
				return
			}
		}
	}
}

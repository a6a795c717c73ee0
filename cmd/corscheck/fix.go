package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
	"example.com/cors/internal/stacks"
)

// A fix is what a server has to answer so that the call passes. It keeps what is right
// already. The zero value means that no answer helps, or that none is needed.
type fix struct {
	preflight []line // what the preflight lacks; nil if it is fine
	actual    []line // for the call itself
	opts      *cors.Options
	doubled   bool // one of two layers has to go first

	advice   stacks.Advice // in the words of the server's stack, if that is known
	detected bool          // the server named its stack
}

// A line is one header line.
type line struct{ name, value string }

func (l line) String() string { return l.name + ": " + l.value }

// noLines are the causes that no header lines mend.
var noLines = []string{"login-redirect", "https-downgrade", "not-a-preflight", "mixed-content", "null-origin"}

// fix returns the remedy for the verdict that blocks the call.
func (o *outcome) fix() fix {
	v, x := o.fault()
	if x == nil || v.blocked.Origin != o.call.origin {
		return fix{} // A redirect took the origin: see notes.
	}
	if v.blocked.Step == corstest.StepRedirect || v.blocked.Step == corstest.StepRequest {
		return fix{} // The redirect is to blame, or the browser takes the answer for none.
	}
	notes := o.notes()
	if slices.ContainsFunc(notes, func(n note) bool { return slices.Contains(noLines, n.ID) }) {
		return fix{}
	}
	origin := o.call.origin
	if !o.call.credentials && o.isForAll(x) {
		origin = "*"
	}
	listed := o.lists(x)
	methods, headers := o.methodsToAllow(listed), o.headersToAllow(listed)
	var f fix
	f.advice, f.detected = o.advise(stacks.Change{
		Origins: []string{origin}, Methods: methods, Headers: headers, Credentials: o.call.credentials,
	})
	if !o.plan.preflight {
		methods, headers = nil, nil // the call needs none
	}
	f.opts = newPolicy(origin, methods, headers, o.call.credentials)
	f.doubled = slices.ContainsFunc(notes, func(n note) bool { return n.ID == "duplicate-header" })
	f.actual = append(f.actual, line{fetch.AllowOrigin, origin})
	if o.call.credentials {
		f.actual = append(f.actual, line{fetch.AllowCredentials, "true"})
	}
	if x.preflight {
		f.preflight = slices.Clone(f.actual)
		if len(methods) > 0 {
			f.preflight = append(f.preflight, line{fetch.AllowMethods, strings.Join(methods, ", ")})
		}
		if len(headers) > 0 {
			f.preflight = append(f.preflight, line{fetch.AllowHeaders, strings.Join(headers, ", ")})
		}
	}
	if origin != "*" {
		f.actual = append(f.actual, line{"Vary", "Origin"})
		if x.preflight {
			f.preflight = append(f.preflight, line{"Vary", "Origin"})
		}
	}
	return f
}

// isForAll reports whether the server lets every origin in already, here or, where this answer
// says nothing, in answer to a question.
func (o *outcome) isForAll(x *exchange) bool {
	answers := o.exchanges
	if x.response[fetch.AllowOrigin] == nil {
		answers = o.known().all()
	}
	return slices.ContainsFunc(answers, isForAll)
}

// lists returns the answer that has the lists to complete: of what a browser sends that of the preflight,
// else one to a question.
func (o *outcome) lists(x *exchange) *exchange {
	answers := slices.Clone(o.exchanges)
	for _, q := range o.known().asked {
		answers = append(answers, q.answer)
	}
	for _, y := range answers {
		if y.preflight && (y.response[fetch.AllowMethods] != nil || y.response[fetch.AllowHeaders] != nil) {
			return y
		}
	}
	return x
}

// advise says the change in the words of the server's stack. What the server allows besides
// stays in it.
func (o *outcome) advise(c stacks.Change) (a stacks.Advice, detected bool) {
	e := o.known()
	all := e.all()
	name := o.stack
	if name == "" {
		together := make(http.Header)
		for _, x := range all {
			for header, values := range x.response {
				together[header] = append(together[header], values...)
			}
		}
		if name, detected = stacks.Detect(together); !detected {
			return a, false
		}
	}
	for _, x := range all {
		if other := x.response[fetch.AllowOrigin]; len(other) == 1 && isOrigin(other[0]) && other[0] != "null" &&
			c.Origins[0] != "*" && !slices.Contains(c.Origins, other[0]) && x.request.Get("Origin") == o.call.origin {
			c.Origins = append(c.Origins, other[0])
		}
		if x.granted() != nothing {
			c.Exposed = append(c.Exposed, listed(x.response[fetch.ExposeHeaders], strings.EqualFold)...)
		}
		if seconds, err := strconv.Atoi(x.response.Get(fetch.MaxAge)); err == nil && seconds > 0 && x.preflight {
			c.MaxAge = time.Duration(min(seconds, 86400)) * time.Second
		}
	}
	c.Layer = e.showsLayer()
	a, err := stacks.For(name, c)
	if err != nil {
		return stacks.Advice{}, false
	}
	return a, detected
}

// isForAll reports whether an answer lets every origin read it, without credentials, or means
// to: some write the * in quotes, or twice.
func isForAll(x *exchange) bool {
	lines := x.response[fetch.AllowOrigin]
	return len(lines) > 0 && !slices.ContainsFunc(lines, func(l string) bool {
		parts := strings.FieldsFunc(l, isSeparator)
		return len(parts) == 0 || slices.ContainsFunc(parts, func(part string) bool { return fit(part) != "*" })
	})
}

// newPolicy returns the same as a policy of this library, nil if it takes none such.
func newPolicy(origin string, methods, headers []string, credentials bool) *cors.Options {
	policy := cors.Options{AllowedOrigins: []string{origin}, AllowCredentials: credentials}
	for _, name := range methods {
		if name != http.MethodOptions && !fetch.IsSafelistedMethod(name) && isMethod(name) {
			policy.AllowedMethods = append(policy.AllowedMethods, name)
		}
	}
	for _, name := range headers {
		if isRequestHeader(name) {
			policy.AllowedHeaders = append(policy.AllowedHeaders, http.CanonicalHeaderKey(name))
		}
	}
	if slices.Contains(policy.AllowedMethods, "*") {
		policy.AllowedMethods = []string{"*"}
	}
	if slices.Contains(policy.AllowedHeaders, "*") {
		policy.AllowedHeaders = []string{"*"}
	}
	if policy.Validate() != nil {
		policy.DangerouslyAllowInsecureOrigins = true
	}
	if policy.Validate() != nil {
		return nil
	}
	return &policy
}

// methodsToAllow returns the methods that the server lists already, and that of the call.
func (o *outcome) methodsToAllow(x *exchange) []string {
	names := listed(x.response[fetch.AllowMethods], func(a, b string) bool { return a == b })
	for i, name := range names {
		if upper := strings.ToUpper(name); !isMethod(name) && isMethod(upper) {
			names[i] = upper // what the server means
		}
	}
	needed := o.plan.method
	if upper := strings.ToUpper(needed); !isMethod(needed) && isMethod(upper) {
		needed = upper // which the script has to write as well: see notes
	}
	covered := slices.Contains(names, "*") && !o.call.credentials
	if !fetch.IsSafelistedMethod(needed) && !slices.Contains(names, needed) && !covered {
		names = append(names, needed)
	}
	return names
}

// headersToAllow does the same for the headers of the call.
func (o *outcome) headersToAllow(x *exchange) []string {
	names := listed(x.response[fetch.AllowHeaders], strings.EqualFold)
	for _, name := range o.plan.announced {
		covered := slices.Contains(names, "*") && !o.call.credentials && name != "authorization"
		misplaced := strings.HasPrefix(name, "access-control-") // which the script has to leave out: see notes
		if !containsFold(names, name) && !covered && !misplaced {
			names = append(names, http.CanonicalHeaderKey(name))
		}
	}
	return names
}

// listed returns the names that the lines of a list mean, also where it is malformed.
func listed(lines []string, same func(a, b string) bool) (names []string) {
	for _, l := range lines {
		for _, name := range strings.FieldsFunc(l, func(r rune) bool { return strings.ContainsRune(" \t,;\"'", r) }) {
			isNew := !slices.ContainsFunc(names, func(other string) bool { return same(name, other) })
			if fetch.IsToken(name) && isNew {
				names = append(names, name)
			}
		}
	}
	return names
}

// isMethod reports whether a policy may list the method.
func isMethod(name string) bool {
	return cors.Options{AllowedOrigins: []string{"*"}, AllowedMethods: []string{name}}.Validate() == nil
}

// isRequestHeader reports whether a policy may list the request header, and scripts need
// it to.
func isRequestHeader(name string) bool {
	return !fetch.IsForbiddenRequestHeader(name) &&
		cors.Options{AllowedOrigins: []string{"*"}, AllowedHeaders: []string{name}}.Validate() == nil
}

// header returns the lines of the preflight's answer and of the call's.
func (f fix) header() http.Header {
	h := make(http.Header)
	for _, l := range slices.Concat(f.actual, f.preflight) {
		h.Set(l.name, l.value)
	}
	return h
}

// options returns the policy as Go code, "" if there is none.
func (f fix) options() string {
	if f.opts == nil {
		return ""
	}
	var fields []line
	add := func(name string, list []string) {
		if list != nil {
			fields = append(fields, line{name, fmt.Sprintf("%#v", list)})
		}
	}
	add("AllowedOrigins", f.opts.AllowedOrigins)
	add("AllowedMethods", f.opts.AllowedMethods)
	add("AllowedHeaders", f.opts.AllowedHeaders)
	if f.opts.AllowCredentials {
		fields = append(fields, line{"AllowCredentials", "true"})
	}
	if f.opts.DangerouslyAllowInsecureOrigins {
		fields = append(fields, line{"DangerouslyAllowInsecureOrigins", "true"})
	}
	width := 0
	for _, field := range fields {
		width = max(width, len(field.name))
	}
	var b strings.Builder
	b.WriteString("cors.Options{\n")
	for _, field := range fields {
		fmt.Fprintf(&b, "\t%-*s %s,\n", width+1, field.name+":", field.value)
	}
	b.WriteString("}")
	return b.String()
}

// isOnList reports whether a header that is a list has the name, in whatever case, or a "*".
func isOnList(h http.Header, header, name string) bool {
	names := tokens(h[header])
	return slices.Contains(names, "*") || containsFold(names, name)
}

// containsFold reports whether a list has the name, in whatever case.
func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// tokens returns the well-formed elements of a header that is a list.
func tokens(lines []string) (list []string) {
	for _, l := range lines {
		for element := range strings.SplitSeq(l, ",") {
			if element = strings.Trim(element, " \t"); fetch.IsToken(element) {
				list = append(list, element)
			}
		}
	}
	return list
}

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

// A fix is what a server has to answer so that the call passes. The zero value
// means that no answer helps, or that none is needed.
type fix struct {
	preflight []line // what the preflight lacks; nil if it is fine
	actual    []line // for the call itself
	opts      *cors.Options
}

// A line is one header line.
type line struct{ name, value string }

func (l line) String() string { return l.name + ": " + l.value }

// fix returns the remedy for the first verdict that blocks the call.
func (o *outcome) fix() fix {
	v := o.firstBlocked()
	if v == nil || v.last == nil || v.blocked.Step == corstest.StepRedirect || v.blocked.Step == stepMixedContent {
		return fix{}
	}
	if v.blocked.Origin != o.origin || o.origin == "null" && o.credentials {
		return fix{} // The origin was lost on the way, or is everybody's: see hints.
	}
	policy := cors.Options{AllowCredentials: o.credentials}
	if o.origin == "null" {
		policy.AllowOriginFunc = func(_ *http.Request, origin string) bool { return origin == "null" }
	} else {
		policy.AllowedOrigins = []string{o.origin}
	}
	if o.preflight {
		var methods, headers []string // that the server allows already
		if v.last.preflight {
			methods, headers = tokens(v.last.response[fetch.AllowMethods]), tokens(v.last.response[fetch.AllowHeaders])
		}
		policy.AllowedMethods = o.methodsToAllow(methods)
		policy.AllowedHeaders = o.headersToAllow(headers)
	}
	if policy.Validate() != nil {
		policy.DangerouslyAllowInsecureOrigins = true
	}
	if policy.Validate() != nil {
		return fix{}
	}
	f := fix{opts: &policy}
	f.actual = append(f.actual, line{fetch.AllowOrigin, o.origin})
	if o.credentials {
		f.actual = append(f.actual, line{fetch.AllowCredentials, "true"})
	}
	if v.last.preflight {
		f.preflight = slices.Clone(f.actual)
		if policy.AllowedMethods != nil {
			f.preflight = append(f.preflight, line{fetch.AllowMethods, strings.Join(policy.AllowedMethods, ", ")})
		}
		if policy.AllowedHeaders != nil {
			f.preflight = append(f.preflight, line{fetch.AllowHeaders, strings.Join(policy.AllowedHeaders, ", ")})
		}
		f.preflight = append(f.preflight, line{"Vary", "Origin"})
	}
	f.actual = append(f.actual, line{"Vary", "Origin"})
	return f
}

// maxKept bounds how many names of the server's own lists are kept in a remedy.
const maxKept = 12

// methodsToAllow returns the method of the call and those that the server lists
// already. Safelisted methods need no mention.
func (o *outcome) methodsToAllow(listed []string) []string {
	var names []string
	for _, name := range listed[:min(len(listed), maxKept)] {
		isWildcard := name == "*" && o.credentials
		if !isWildcard && !fetch.IsSafelistedMethod(name) && name != http.MethodOptions && !slices.Contains(names, name) && isMethod(name) {
			names = append(names, name)
		}
	}
	needed := o.sendMethod
	if upper := strings.ToUpper(needed); !isMethod(needed) && isMethod(upper) {
		needed = upper // which the script has to write as well: see hints
	}
	if !fetch.IsSafelistedMethod(needed) && !slices.Contains(names, needed) && !slices.Contains(names, "*") {
		names = append(names, needed)
	}
	return names
}

// headersToAllow does the same for the headers of the call.
func (o *outcome) headersToAllow(listed []string) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) && isRequestHeader(name) {
			names = append(names, name)
		}
	}
	for _, name := range listed[:min(len(listed), maxKept)] {
		if name != "*" || !o.credentials {
			add(http.CanonicalHeaderKey(name))
		}
	}
	for _, name := range o.announced {
		if name == "authorization" || !slices.Contains(names, "*") {
			add(http.CanonicalHeaderKey(name))
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
	if f.opts.AllowOriginFunc != nil {
		fields = append(fields, line{"AllowOriginFunc", `func(_ *http.Request, origin string) bool { return origin == "null" }`})
	}
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

// Package headers reads the headers of preflights, within bounds, and sets those of
// responses: with one allocation, and without sharing a value between two responses.
package headers

import (
	"net/http"
	"slices"

	"example.com/cors/internal/fetch"
)

// Values are all the header values that one response gets. Each header takes its
// own part of one array. No part has room to grow: appending to one, or overwriting
// it, changes no other.
type Values struct {
	array []string
	fresh bool // no header was set before
}

// AddVary adds a line to the Vary of h, unless it is there or is "". It returns room
// for n more values: what else a response gets shares the one allocation.
func AddVary(h http.Header, vary string, n int) Values {
	if vary != "" {
		n++
	}
	if len(h) == 0 { // as for most responses: there is nothing to look up
		v := Values{make([]string, 0, n), true}
		if vary != "" {
			h[fetch.Vary] = v.take(vary)
		}
		return v
	}
	lines := h[fetch.Vary]
	v := Values{make([]string, 0, len(lines)+n), false}
	if vary != "" && !slices.Contains(lines, vary) {
		v.array = append(append(v.array, lines...), vary)
		h[fetch.Vary] = v.array[:len(v.array):len(v.array)]
	}
	return v
}

// Set sets a header to value. If that is "", it takes away what an outer CORS layer
// has set.
func (v *Values) Set(h http.Header, name, value string) {
	switch {
	case value != "":
		h[name] = v.take(value)
	case !v.fresh:
		delete(h, name)
	}
}

// SetLines sets a header to several lines.
func (v *Values) SetLines(h http.Header, name string, lines []string) {
	start := len(v.array)
	v.array = append(v.array, lines...)
	end := len(v.array)
	h[name] = v.array[start:end:end]
}

// take takes room for s, and returns it as the value of a header.
func (v *Values) take(s string) []string {
	v.array = append(v.array, s)
	n := len(v.array)
	return v.array[n-1 : n : n]
}

// Refuse adds a line to the Vary of h, unless it is there or is "". It takes away the
// headers with which an outer CORS layer has granted the request.
func Refuse(h http.Header, vary string) {
	if h[fetch.AllowOrigin] != nil {
		for _, name := range [...]string{
			fetch.AllowOrigin, fetch.AllowCredentials, fetch.ExposeHeaders, fetch.AllowMethods, fetch.AllowHeaders,
			fetch.MaxAge,
		} {
			delete(h, name)
		}
	}
	AddVary(h, vary, 0)
}

// Count returns how many of values are sent: those that are not empty.
func Count(values ...string) (n int) {
	for _, value := range values {
		if value != "" {
			n++
		}
	}
	return n
}

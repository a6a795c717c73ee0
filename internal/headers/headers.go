// Package headers reads the headers of preflights, within bounds, and sets those of
// responses: with one allocation, and without sharing a value between two responses.
package headers

import (
	"net/http"
	"slices"

	"example.com/cors/internal/fetch"
)

// Values are all the header values that one response gets. Each header takes its
// own part of this one array. No part has room to grow: appending to one, or
// overwriting it, changes no other.
type Values []string

// AddVary adds a line to the Vary of h, unless it is there or is "". It returns room
// for n more values.
func AddVary(h http.Header, line string, n int) Values {
	if line == "" {
		return make(Values, 0, n)
	}
	lines := h[fetch.Vary]
	v := make(Values, 0, len(lines)+1+n)
	if !slices.Contains(lines, line) {
		v = append(append(v, lines...), line)
		h[fetch.Vary] = v[:len(v):len(v)]
	}
	return v
}

// Add takes room for one value and returns it as the value of a header.
func (v *Values) Add(s string) []string {
	*v = append(*v, s)
	n := len(*v)
	return (*v)[n-1 : n : n]
}

// AddLines takes room for several lines of one header.
func (v *Values) AddLines(lines []string) []string {
	start := len(*v)
	*v = append(*v, lines...)
	n := len(*v)
	return (*v)[start:n:n]
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

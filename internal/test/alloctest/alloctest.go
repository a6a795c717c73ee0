// Package alloctest counts what a handler allocates, for tests and benchmarks.
package alloctest

import (
	"net/http"
	"runtime"
)

// A Discard is a ResponseWriter that keeps the header and allocates nothing
// itself.
type Discard http.Header

func (w Discard) Header() http.Header         { return http.Header(w) }
func (w Discard) Write(b []byte) (int, error) { return len(b), nil }
func (w Discard) WriteHeader(int)             {}

// Allocations returns how often h allocates for r, and how many bytes: the mean of
// a few requests, after a first one. Nothing else may run meanwhile.
func Allocations(h http.Handler, r *http.Request) (times, bytes uint64) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	w := Discard{}
	h.ServeHTTP(w, r)
	const runs = 5
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		clear(w)
		h.ServeHTTP(w, r)
	}
	runtime.ReadMemStats(&after)
	return (after.Mallocs - before.Mallocs) / runs, (after.TotalAlloc - before.TotalAlloc) / runs
}

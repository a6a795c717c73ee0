package main

import (
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/fixture"
)

// A discard is a response writer that costs nothing by itself.
type discard struct {
	header http.Header
	status int
}

func (w *discard) Header() http.Header         { return w.header }
func (w *discard) WriteHeader(status int)      { w.status = status }
func (w *discard) Write(b []byte) (int, error) { return len(b), nil }

type noop struct{}

func (noop) ServeHTTP(http.ResponseWriter, *http.Request) {}

// BenchmarkMiddleware measures what a library adds to a request. The header map
// is emptied after each, which costs every library the same for each header.
// Those that are compared run next to each other, since machines drift.
func BenchmarkMiddleware(b *testing.B) {
	defer runtime.KeepAlive(ballast())
	for p := range policies() {
		libs := libs()
		for _, q := range requests() {
			if !q.exists(p) {
				continue
			}
			for _, l := range libs {
				b.Run("lib="+l.name+"/policy="+p.name+"/req="+q.name, func(b *testing.B) {
					if reason := misunderstood(p, q, l); reason != "" {
						b.Skip(reason)
					}
					serve(b, l.wrap(p, q, noop{}), q.to(p))
				})
			}
		}
	}
}

// ballast gives the process the heap of a small server. With next to nothing on
// it, garbage would be collected after every four megabytes, and the more often
// the fewer origins a policy has.
func ballast() []byte { return make([]byte, 64<<20) }

func serve(b *testing.B, h http.Handler, r *http.Request) {
	w := &discard{header: make(http.Header)}
	h.ServeHTTP(w, r)
	clear(w.header)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
		clear(w.header)
	}
}

// The floor is one only if it does what it stands for.
func TestByHandEqualsTheLibrary(t *testing.T) {
	for p := range policies() {
		for _, q := range requests() {
			if !q.exists(p) {
				continue
			}
			t.Run(p.name+"/"+q.name, func(t *testing.T) {
				answer := func(l lib) *discard {
					w := &discard{header: make(http.Header)}
					l.wrap(p, q, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						w.WriteHeader(http.StatusTeapot)
					})).ServeHTTP(w, q.to(p))
					return w
				}
				got := answer(libNamed("cors"))
				require.NotEmpty(t, got.header)
				assert.Equal(t, got, answer(libNamed("hand")))
				assert.Equal(t, got, answer(libNamed("shared")))
			})
		}
	}
}

// What a response allocates is counted rather than timed, so that a test can
// insist on it: one array of strings, as long as that made by hand and no longer
// than six, whatever is sent.
func TestAllocations(t *testing.T) {
	const (
		mostAllocations = 1
		mostBytes       = 96
	)
	for p := range policies() {
		for _, q := range requests() {
			if !q.exists(p) {
				continue
			}
			t.Run(p.name+"/"+q.name, func(t *testing.T) {
				allocations, bytes := fixture.Allocations(libNamed("cors").wrap(p, q, noop{}), q.to(p))
				_, byHand := fixture.Allocations(libNamed("hand").wrap(p, q, noop{}), q.to(p))
				assert.LessOrEqual(t, allocations, uint64(mostAllocations))
				assert.LessOrEqual(t, bytes, uint64(mostBytes))
				assert.LessOrEqual(t, bytes, byHand)
			})
		}
	}
}

package main

import (
	"net/http"
	"sync/atomic"
)

// A swap is a handler that can be replaced while requests are under way. Each request
// is served by one handler from its beginning to its end.
//
// That is how to change a policy while a server runs. A policy never changes, so make
// a new handler:
//
//	s.set(cors.New(opts)(mux))
type swap struct{ current atomic.Pointer[http.Handler] }

func (s *swap) set(h http.Handler) { s.current.Store(&h) }

func (s *swap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := s.current.Load()
	if h == nil { // nothing is set yet
		http.NotFound(w, r)
		return
	}
	(*h).ServeHTTP(w, r)
}

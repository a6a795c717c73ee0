package main

import (
	"net/http"

	"example.com/cors"
)

// newRouted returns a route with its method in the pattern, behind the policy of allow.
//
// Such a pattern hides preflights, which are OPTIONS requests: the mux answers 405
// itself, and the policy inside never sees them. [cors.RoutePreflights] stands outside
// the mux and hands a preflight to the policy of the route that it asks about. If the
// whole mux has one policy, allow(mux) is enough.
func newRouted(allow func(http.Handler) http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("PUT /routed/{id}", allow(http.HandlerFunc(notes)))
	return cors.RoutePreflights(mux)
}

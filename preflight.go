package cors

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/headers"
)

// RoutePreflights returns a handler that serves mux and lets each route have its
// own policy:
//
//	public, private := cors.New(publicPolicy), cors.New(privatePolicy)
//	mux.Handle("GET /users", public(listUsers)) // listUsers is an http.Handler
//	mux.Handle("PUT /users/{id}", private(logged(putUser)))
//	log.Fatal(http.ListenAndServe(addr, cors.RoutePreflights(mux)))
//
// By itself [http.ServeMux] answers the preflights of such routes with 405, because
// OPTIONS matches no pattern with another method. RoutePreflights looks up the route
// for the method that a preflight announces. If its handler came from a middleware
// of [New], that handler answers. Otherwise mux serves the OPTIONS request as it
// would alone, and may run a handler of the application, such as the one for "/".
// Every request that is no preflight goes to mux.
//
// The policy must be the outermost handler of its route: write public(logged(h)), not
// logged(public(h)), which is not recognized. Nor is a policy with
// [Options.OptionsPassthrough], since that would run the application.
//
// No other route grants a preflight. If mux hands it to the policy of another route,
// such as that of "/", the response is 403. The one exception is the route's own
// pattern with the method OPTIONS, if the policy of the route is not recognized. A path
// that mux redirects, such as /tree to /tree/, has no policy, and the redirect carries
// no CORS headers.
//
// When a policy answers a preflight, the request has no [http.Request.Pattern] and no
// path values, for example in AllowOriginFunc. Responses to OPTIONS get a line of
// Vary, because some caches store them. RoutePreflights is as safe for concurrent use
// as mux is.
func RoutePreflights(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := preflightOrigin(r); ok {
			h, elsewhere := announcedRoute(mux, r)
			if h != nil {
				h.ServeHTTP(w, r)
				return
			}
			if elsewhere {
				r = r.WithContext(context.WithValue(r.Context(), elsewhereKey{}, true))
			}
		}
		if r.Method == http.MethodOptions {
			// A cache must not take this response for the answer to a preflight.
			headers.AddVary(w.Header(), headers.PreflightVary, 0)
		}
		mux.ServeHTTP(w, r)
	})
}

// elsewhereKey is the key of a context's value that is set for a preflight on its way
// to a route that it does not ask about. No policy grants it there, not even one
// inside another handler.
type elsewhereKey struct{}

// announcedRoute returns the handler of the route that the preflight r asks about. It
// returns nil if that handler is no policy's, or passes preflights through. Mux has to
// answer then, and elsewhere says whether it may hand r to another route.
func announcedRoute(mux *http.ServeMux, r *http.Request) (h *handler, elsewhere bool) {
	announced := *r
	announced.Method = headers.AnnouncedMethod(r.Header)
	if len(announced.Method) > headers.MaxMethod {
		// No policy has such a method. A client may send a megabyte of it, and mux would
		// look all of it up, several times.
		return nil, true
	}
	found, route := mux.Handler(&announced)
	if h, ok := found.(*handler); ok && !h.policy.passthrough {
		return h, false
	}
	_, pattern := mux.Handler(r)
	return nil, pattern != route && !answersFor(pattern, route)
}

// answersFor reports whether pattern is for OPTIONS, and has the same host and path as
// route. Both are patterns of a ServeMux. The names of their wildcards do not matter.
func answersFor(pattern, route string) bool {
	method, a := cutMethod(pattern)
	_, b := cutMethod(route)
	if method != http.MethodOptions {
		return false
	}
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) || as[0] != bs[0] { // the host
		return false
	}
	for i := 1; i < len(as); i++ {
		if meaning(as[i]) != meaning(bs[i]) {
			return false
		}
	}
	return true
}

// cutMethod cuts a ServeMux pattern after its method, which is "" if it has none.
func cutMethod(pattern string) (method, rest string) {
	if i := strings.IndexAny(pattern, " \t"); i >= 0 {
		return pattern[:i], strings.TrimLeft(pattern[i:], " \t")
	}
	return "", pattern
}

// meaning returns what a segment of a ServeMux pattern matches, in one spelling. A
// slash at the end of the pattern leaves an empty segment, which stands for the rest
// of the path. {$} and {x} share a spelling, since no path matches both.
func meaning(segment string) string {
	switch {
	case segment == "", strings.HasSuffix(segment, "...}"):
		return "{...}"
	case segment[0] == '{':
		return "{}"
	}
	literal, err := url.PathUnescape(segment)
	if err != nil {
		literal = segment // as ServeMux takes it
	}
	return "=" + literal
}

// preflightOrigin returns the origin that sent r if r is a preflight: a browser's
// question about the request that it will send next
// (https://fetch.spec.whatwg.org/#cors-preflight-request).
func preflightOrigin(r *http.Request) (origin string, ok bool) {
	if r.Method != http.MethodOptions {
		return "", false
	}
	lines := r.Header[fetch.Origin]
	if len(lines) != 1 || headers.AnnouncedMethod(r.Header) == "" {
		return "", false
	}
	return lines[0], true
}

// servePreflight answers the preflight r, or has the next handler do so.
func (h *handler) servePreflight(w http.ResponseWriter, r *http.Request, origin string) {
	p := h.policy
	// Without a ServeMux on the way, Pattern is empty, and nothing is looked up.
	if r.Pattern != "" && r.Context().Value(elsewhereKey{}) != nil {
		headers.Refuse(w.Header(), p.preflightVary)
		if p.log != nil {
			p.log.Elsewhere(r)
		}
		w.WriteHeader(http.StatusForbidden)
		return
	}
	allowed := p.allows(r, origin)
	if allowed {
		p.setPreflight(w.Header(), r, origin)
	} else {
		headers.Refuse(w.Header(), p.preflightVary)
	}
	if p.log != nil {
		p.log.Preflight(r, allowed)
	}
	switch {
	case p.passthrough:
		h.next.ServeHTTP(w, r)
	case allowed:
		w.WriteHeader(p.status)
	default:
		w.WriteHeader(http.StatusForbidden)
	}
}

// setPreflight adds the headers that answer the preflight r of an allowed origin.
// They say what the policy allows, whatever r asks about. The browser compares,
// keeps the whole answer, and so asks less often
// (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
func (p *policy) setPreflight(h http.Header, r *http.Request, origin string) {
	var echoed []string
	if p.echoHeaders {
		if asked := r.Header[fetch.RequestHeaders]; headers.IsEchoable(asked) {
			echoed = asked
		}
	}
	methods := p.methods
	if p.echoMethod {
		methods = ""
		if asked := headers.AnnouncedMethod(r.Header); len(asked) <= headers.MaxMethod && fetch.IsToken(asked) {
			methods = asked
		}
	}
	if p.anyOrigin {
		origin = "*"
	}
	v := headers.AddVary(h, p.preflightVary, p.preflightValues+len(echoed))
	v.Set(h, fetch.AllowOrigin, origin)
	v.Set(h, fetch.AllowCredentials, p.credentials)
	v.Set(h, fetch.AllowMethods, methods)
	if len(echoed) > 0 {
		v.SetLines(h, fetch.AllowHeaders, echoed)
	} else {
		v.Set(h, fetch.AllowHeaders, p.headers)
	}
	v.Set(h, fetch.MaxAge, p.maxAge)
}

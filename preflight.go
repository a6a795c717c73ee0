package cors

import (
	"net/http"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/headers"
)

// RoutePreflights returns a handler that serves mux and lets each route have its
// own policy:
//
//	public, private := cors.New(publicPolicy), cors.New(privatePolicy)
//	mux.Handle("GET /users", public(listUsers)) // listUsers is an http.Handler
//	mux.Handle("PUT /users/{id}", private(putUser))
//	log.Fatal(http.ListenAndServe(addr, cors.RoutePreflights(mux)))
//
// By itself [http.ServeMux] answers the preflights of such routes with 405, because
// OPTIONS matches no pattern with another method. RoutePreflights looks up the route
// for the method that a preflight announces. If its handler came from a middleware
// of [New], that handler answers. Otherwise mux serves the OPTIONS request as it
// would alone, and may run a handler of the application, such as the one for "/".
// Every request that is no preflight goes to mux.
//
// Exceptions:
//
//   - If the OPTIONS request would reach the policy of another route, such as the
//     one for "/", the response is 403.
//   - A route with [Options.OptionsPassthrough] gets no preflight, since that would
//     run the application.
//   - A route whose policy is inside another handler is not recognized: write
//     public(logging(h)), not logging(public(h)).
//   - A path that mux redirects, such as /tree to /tree/, has no policy. The
//     redirect carries no CORS headers.
//
// When a policy answers a preflight, the request has no [http.Request.Pattern] and no
// path values, for example in AllowOriginFunc. Responses to OPTIONS get a line of
// Vary, because some caches store them. RoutePreflights is as safe for concurrent use
// as mux is.
func RoutePreflights(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := announcedRoute(mux, r); h != nil {
			h.ServeHTTP(w, r)
			return
		}
		if r.Method == http.MethodOptions {
			// A cache must not take this response for the answer to a preflight.
			headers.AddVary(w.Header(), headers.PreflightVary, 0)
		}
		mux.ServeHTTP(w, r)
	})
}

// announcedRoute returns the handler that answers r if r is a preflight. It returns
// nil if mux answers.
func announcedRoute(mux *http.ServeMux, r *http.Request) http.Handler {
	if _, ok := preflightOrigin(r); !ok {
		return nil
	}
	announced := *r
	announced.Method = headers.AnnouncedMethod(r.Header)
	if len(announced.Method) > headers.MaxMethod {
		// No policy has such a method. A client may send a megabyte of it, and mux would
		// look all of it up, several times.
		return nil
	}
	found, route := mux.Handler(&announced)
	if h, ok := found.(*handler); ok && !h.policy.passthrough {
		return h
	}
	if other, pattern := mux.Handler(r); pattern != route && !strings.HasPrefix(pattern, "OPTIONS ") {
		if _, ok := other.(*handler); ok {
			return http.HandlerFunc(refuse)
		}
	}
	return nil
}

// refuse answers a preflight whose route has no policy.
func refuse(w http.ResponseWriter, _ *http.Request) {
	headers.AddVary(w.Header(), headers.PreflightVary, 0)
	w.WriteHeader(http.StatusForbidden)
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
	allowed := p.allows(r, origin)
	if allowed {
		p.setPreflight(w.Header(), r, origin)
	} else {
		headers.AddVary(w.Header(), p.preflightVary, 0)
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
	v := headers.AddVary(h, p.preflightVary, p.preflightValues+len(echoed))
	if p.anyOrigin {
		origin = "*"
	}
	h[fetch.AllowOrigin] = v.Add(origin)
	if p.credentials != "" {
		h[fetch.AllowCredentials] = v.Add(p.credentials)
	}
	if p.echoMethod {
		if method := headers.AnnouncedMethod(r.Header); len(method) <= headers.MaxMethod && fetch.IsToken(method) {
			h[fetch.AllowMethods] = v.Add(method)
		}
	} else if p.methods != "" {
		h[fetch.AllowMethods] = v.Add(p.methods)
	}
	if len(echoed) > 0 {
		h[fetch.AllowHeaders] = v.AddLines(echoed)
	} else if p.headers != "" {
		h[fetch.AllowHeaders] = v.Add(p.headers)
	}
	if p.maxAge != "" {
		h[fetch.MaxAge] = v.Add(p.maxAge)
	}
}

package cors

import (
	"log/slog"
	"net/http"
	"strings"

	"example.com/cors/internal/fetch"
)

const (
	headerRequestMethod  = "Access-Control-Request-Method"
	headerRequestHeaders = "Access-Control-Request-Headers"
	headerAllowMethods   = "Access-Control-Allow-Methods"
	headerAllowHeaders   = "Access-Control-Allow-Headers"
	headerMaxAge         = "Access-Control-Max-Age"
)

// preflightVary is what every answer to OPTIONS depends on: whether the request is a
// preflight, and which. OPTIONS is not cacheable (RFC 9110, section 9.3.7), yet some
// caches can be told to keep it.
const preflightVary = headerOrigin + ", " + headerRequestMethod + ", " + headerRequestHeaders

const (
	maxMethod    = 64   // bytes of an announced method that is looked at
	maxAnnounced = 4096 // bytes of the announced header names that are looked at
	maxEchoed    = 16   // lines of announced header names that are echoed
)

// preflightOrigin returns the origin that sent r if r is a preflight: a browser's
// question about the request that it will send next
// (https://fetch.spec.whatwg.org/#cors-preflight-request).
func preflightOrigin(r *http.Request) (origin string, ok bool) {
	if r.Method != http.MethodOptions {
		return "", false
	}
	lines := r.Header[headerOrigin]
	if len(lines) != 1 || announcedMethod(r) == "" {
		return "", false
	}
	return lines[0], true
}

// announcedMethod returns the method that a preflight asks about.
func announcedMethod(r *http.Request) string {
	if lines := r.Header[headerRequestMethod]; len(lines) > 0 {
		return lines[0]
	}
	return ""
}

// answer adds the headers that answer the preflight r, and reports whether its
// origin is allowed. They say what the policy allows, whatever r asks about:
// the browser compares, keeps the whole answer, and asks less often
// (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
func (p *policy) answer(h http.Header, r *http.Request, origin string) bool {
	allowed := p.allows(r, origin)
	if allowed {
		p.grant(h, r, origin)
	} else {
		withVary(h, p.preflightVary, 1)
	}
	if p.log != nil {
		p.log.preflight(r, allowed)
	}
	return allowed
}

// grant adds the headers that answer the preflight r of an allowed origin.
func (p *policy) grant(h http.Header, r *http.Request, origin string) {
	n := p.preflightValues
	var echoed []string
	if p.echoHeaders {
		if asked := r.Header[headerRequestHeaders]; isEchoable(asked) {
			echoed = asked
			n += len(asked) - 1
		}
	}
	v := withVary(h, p.preflightVary, n)
	if p.open {
		origin = "*"
	}
	h[headerAllowOrigin] = v.cut(origin)
	if p.credentials != "" {
		h[headerAllowCredentials] = v.cut(p.credentials)
	}
	if p.echoMethod {
		if method := announcedMethod(r); len(method) <= maxMethod && fetch.IsToken(method) {
			h[headerAllowMethods] = v.cut(method)
		}
	} else if p.methods != "" {
		h[headerAllowMethods] = v.cut(p.methods)
	}
	if echoed != nil {
		start := len(v)
		v = append(v, echoed...)
		h[headerAllowHeaders] = v[start:len(v):len(v)]
	} else if p.headers != "" && !p.echoHeaders {
		h[headerAllowHeaders] = v.cut(p.headers)
	}
	if p.maxAge != "" {
		h[headerMaxAge] = v.cut(p.maxAge)
	}
}

// isEchoable reports whether lines are a list of header names that a response
// may carry. Gateways may have split what a browser sent as one line.
func isEchoable(lines []string) bool {
	if len(lines) > maxEchoed {
		return false
	}
	rest := maxAnnounced
	for _, line := range lines {
		if rest -= 1 + len(line); rest < 0 {
			return false
		}
		for i := range len(line) {
			if b := line[i]; !fetch.IsTokenByte(b) && b != ',' && b != ' ' && b != '\t' {
				return false
			}
		}
	}
	return true
}

// RoutePreflights returns a handler that serves mux and lets each route of it
// have a policy of its own:
//
//	mux.Handle("GET /users", public(listUsers))
//	mux.Handle("PUT /users/{id}", private(putUser))
//	log.Fatal(http.ListenAndServe(addr, cors.RoutePreflights(mux)))
//
// By itself [http.ServeMux] answers the preflights of such routes with 405, since
// OPTIONS matches no pattern with another method. The returned handler looks up
// the request that a preflight announces, same URL and the method of
// Access-Control-Request-Method, and if the route's handler is one that a
// middleware of [New] returned, hands it the preflight. It never runs anything
// else on a preflight: where the route has no policy of its own, or one with
// [Options.OptionsPassthrough], or where another handler stands around it, mux
// answers as it would alone, unless it would have the policy of another route do
// so, such as one that holds for "/": then the answer is 403. Every other request
// is left to mux. What it answers to OPTIONS gets a line of Vary, for caches that
// keep that.
//
// A path that mux redirects, such as /tree to /tree/, has no policy: the redirect
// is mux's own, and carries no CORS headers. The preflight does not go through
// mux, and so has no [http.Request.Pattern] and no path values. RoutePreflights is
// safe for concurrent use as far as mux is.
func RoutePreflights(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := preflightOrigin(r); ok && len(announcedMethod(r)) <= maxMethod {
			if h := announcedRoute(mux, r); h != nil {
				h.ServeHTTP(w, r)
				return
			}
		}
		if r.Method == http.MethodOptions {
			// What mux answers to this is no answer to a preflight of the same URL.
			withVary(w.Header(), preflightVary, 1)
		}
		mux.ServeHTTP(w, r)
	})
}

// announcedRoute returns the handler that is to answer the preflight r: this
// package's, if mux has one for the request that r announces, and nil if it is
// for mux to answer.
func announcedRoute(mux *http.ServeMux, r *http.Request) http.Handler {
	announced := *r
	announced.Method = announcedMethod(r)
	found, route := mux.Handler(&announced)
	if h, ok := found.(*handler); ok && !h.passthrough {
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
	withVary(w.Header(), preflightVary, 1)
	w.WriteHeader(http.StatusForbidden)
}

// preflight records the decision on a preflight. One that asks for more than
// the policy has is refused as well, by the browser.
func (l *decisionLog) preflight(r *http.Request, allowed bool) {
	switch {
	case !l.logger.Enabled(r.Context(), slog.LevelInfo):
	case !allowed:
		l.refused(r, "CORS preflight refused")
	default:
		if reason := l.obstacle(r); reason != "" {
			attrs := append(describe(r), slog.String("reason", reason))
			l.logger.LogAttrs(r.Context(), slog.LevelInfo, "CORS preflight refused", attrs...)
			return
		}
		l.granted(r, "CORS preflight granted")
	}
}

// obstacle tells which method or header that the preflight r announces is
// outside the policy, "" if none is. It looks at the first few thousand bytes.
func (l *decisionLog) obstacle(r *http.Request) string {
	method := announcedMethod(r)
	everyMethod := l.methods.has("*")
	switch {
	case fetch.IsSafelistedMethod(method) || everyMethod && !l.echoes:
	case len(method) > maxMethod:
		return "the method " + clip(method) + " is too long"
	case everyMethod && !fetch.IsToken(method):
		return "the method " + clip(method) + " is not a method"
	case everyMethod || l.methods.has(method):
	case l.methods.has(strings.ToUpper(method)):
		return "the method " + clip(method) + " is not in AllowedMethods; methods are case-sensitive"
	default:
		return "the method " + clip(method) + " is not in AllowedMethods"
	}
	if l.headers.has("*") {
		if l.echoes && !isEchoable(r.Header[headerRequestHeaders]) {
			return "the announced headers are too many to be echoed, or malformed; list them instead of *"
		}
		return ""
	}
	rest := maxAnnounced
	for _, line := range r.Header[headerRequestHeaders] {
		if rest -= 1 + len(line); rest < 0 {
			line = line[:strings.LastIndexByte(line[:len(line)+rest], ',')+1] // whole names
		}
		for name := range strings.SplitSeq(line, ",") {
			name = strings.Trim(name, " \t")
			if name != "" && !l.headers.has(http.CanonicalHeaderKey(name)) {
				return "the header " + clip(name) + " is not in AllowedHeaders"
			}
		}
		if rest <= 0 {
			break
		}
	}
	return ""
}

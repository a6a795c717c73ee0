// Package cors is middleware for net/http. It lets pages of chosen origins, and no
// others, read the responses of a server. This is called Cross-Origin Resource
// Sharing, CORS (https://fetch.spec.whatwg.org/#http-cors-protocol).
//
// A page on http://localhost:3000 that calls this API may read the answers:
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("GET /users", listUsers)
//	allow := cors.New(cors.Options{
//		AllowedOrigins: []string{"http://localhost:3000"},
//		AllowedMethods: []string{"PUT", "DELETE"},
//		AllowedHeaders: []string{"Content-Type", "Authorization"},
//	})
//	log.Fatal(http.ListenAndServe("localhost:5000", allow(mux)))
//
// The middleware answers preflights by itself and adds the CORS headers to every
// other response. It rejects only preflights. Every other request reaches the
// handler, whatever its origin; the browser then hides the response from pages that
// are not allowed. To reject forged writes, set [Options.RefuseCrossOriginWrites].
//
// # Pitfalls
//
// A pattern with a method never sees a preflight: ServeMux answers 405 before it
// reaches the handler of "GET /users". Wrap the whole mux as above. For policies
// that differ by route, use [RoutePreflights]. Most other routers behave the same
// way.
//
// Place this middleware outside authentication, rate limits, timeouts and
// redirects. Browsers send preflights without credentials, and a page can read an
// error only if it carries the CORS headers. Logging and metrics may be outside.
//
// Use only one CORS layer for a route. For a reverse proxy in front of a server
// with a CORS layer of its own, see [StripUpstream].
//
// A server on localhost or in a local network must check the Host header itself.
// A stranger's page can point its own host name at your address (DNS rebinding).
// Its requests are then same-origin.
package cors

import (
	"io"
	"net/http"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/headers"
	"example.com/cors/internal/origin"
)

// New returns middleware that applies the CORS policy of opts. New panics with an
// [*OptionsError] if opts is invalid; see [Options.Validate].
//
// The middleware may wrap any number of handlers. Both it and the handlers that it
// returns are safe for concurrent use. They pass the ResponseWriter on
// unwrapped. The policy is fixed. To change it while the server runs, build another
// handler and swap the two atomically.
func New(opts Options) func(http.Handler) http.Handler {
	p, problems := opts.compile()
	if problems != nil {
		panic(&OptionsError{problems})
	}
	return func(next http.Handler) http.Handler { return &handler{p, next} }
}

// StripUpstream removes the CORS headers that an upstream server set on res: every
// header that begins with Access-Control. Use it as the ModifyResponse of a reverse
// proxy ([net/http/httputil.ReverseProxy]) behind this package's middleware. Without it
// both servers send their headers, and browsers reject the pair. It always returns
// nil.
func StripUpstream(res *http.Response) error {
	for name := range res.Header {
		if strings.HasPrefix(http.CanonicalHeaderKey(name), "Access-Control-") {
			delete(res.Header, name)
		}
	}
	return nil
}

// A handler applies a policy before another handler. RoutePreflights recognizes by
// this type the routes that may get a preflight.
type handler struct {
	*policy
	next http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch origin, preflight := preflightOrigin(r); {
	case !preflight:
		if !h.admitActual(w.Header(), r) {
			refuseWrite(w)
			return
		}
	case h.passthrough:
		h.answerPreflight(w.Header(), r, origin)
	case h.answerPreflight(w.Header(), r, origin):
		w.WriteHeader(h.status)
		return
	default:
		w.WriteHeader(http.StatusForbidden)
		return
	}
	h.next.ServeHTTP(w, r)
}

// admitActual adds the headers of a response to r, which is no preflight, and
// reports whether the handler may run.
func (p *policy) admitActual(h http.Header, r *http.Request) bool {
	allowed := p.setActual(h, r)
	if p.writes != nil && !allowed && !p.mayWrite(r) {
		if p.log != nil {
			p.log.Write(r)
		}
		return false
	}
	if p.log != nil {
		p.log.Actual(r, allowed)
	}
	return true
}

// mayWrite reports whether http.CrossOriginProtection passes r. Most writes take a
// shorter way to the same answer: those of the server's own pages, and of clients
// other than browsers.
func (p *policy) mayWrite(r *http.Request) bool {
	site := r.Header["Sec-Fetch-Site"]
	if len(site) > 0 && site[0] == "same-origin" || len(site) == 0 && len(r.Header[fetch.Origin]) == 0 {
		return true
	}
	return p.writes.Check(r) == nil
}

// refuseWrite answers a write of a page that may not write. A person may see the
// answer: browsers show what a form gets.
func refuseWrite(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, "Forbidden: a page of another origin sent this request.\n")
}

// setActual adds the CORS headers of a response to r, which is no preflight, and
// reports whether r's origin is allowed
// (https://fetch.spec.whatwg.org/#http-responses).
func (p *policy) setActual(h http.Header, r *http.Request) (allowed bool) {
	vary := p.actualVary
	if r.Method == http.MethodOptions {
		// A cache that keeps answers to OPTIONS must not take this one for that to a
		// preflight.
		vary = p.preflightVary
	}
	if p.anyOrigin {
		p.setAnyOrigin(h, vary)
		return true
	}
	lines := r.Header[fetch.Origin]
	if allowed = len(lines) == 1 && p.allows(r, lines[0]); allowed {
		v := headers.AddVary(h, vary, p.actualValues)
		h[fetch.AllowOrigin] = v.Add(lines[0])
		if p.credentials != "" {
			h[fetch.AllowCredentials] = v.Add(p.credentials)
		}
		if p.exposed != "" {
			h[fetch.ExposeHeaders] = v.Add(p.exposed)
		}
	} else {
		headers.AddVary(h, vary, 1)
	}
	return allowed
}

// setAnyOrigin adds the same headers for everybody, without Origin as well: caches
// may then keep one response for all
// (https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches).
func (p *policy) setAnyOrigin(h http.Header, vary string) {
	var v headers.Values
	if vary == "" {
		v = make(headers.Values, 0, p.actualValues-1)
	} else {
		v = headers.AddVary(h, vary, p.actualValues)
	}
	h[fetch.AllowOrigin] = v.Add("*")
	if p.exposed != "" {
		h[fetch.ExposeHeaders] = v.Add(p.exposed)
	}
}

// allows reports whether a page of the origin that sent r may read the response.
func (p *policy) allows(r *http.Request, origin string) bool {
	if p.anyOrigin || p.origins.Match(origin) {
		return true
	}
	return p.originFunc != nil && p.asksFunc(origin) && p.originFunc(r, origin)
}

// asksFunc reports whether AllowOriginFunc is asked about s.
func (p *policy) asksFunc(s string) bool {
	if s == "null" || s == origin.File {
		return p.credentials == ""
	}
	if len(s) > origin.MaxLen {
		return false
	}
	_, f := origin.ParseOrigin(s)
	return f.Reason == ""
}

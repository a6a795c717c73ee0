// Package cors is middleware for net/http. It lets pages of chosen origins, and no
// others, read the responses of a server. This is called Cross-Origin Resource
// Sharing, CORS (https://fetch.spec.whatwg.org/#http-cors-protocol).
//
// A page on http://localhost:3000 that calls this API may read the answers:
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("GET /users", listUsers)
//	mux.HandleFunc("PUT /users/{id}", putUser)
//	allow := cors.New(cors.Options{
//		AllowedOrigins: []string{"http://localhost:3000"},
//		AllowedMethods: []string{"PUT"},
//		AllowedHeaders: []string{"Content-Type", "Authorization"},
//	})
//	log.Fatal(http.ListenAndServe("localhost:5000", allow(mux)))
//
// The middleware answers preflights by itself and adds the CORS headers to every
// other response. It rejects only preflights. Every other request reaches the
// handler, whatever its origin; the browser then hides the response from pages that
// are not allowed. To reject forged writes (CSRF), set [Options.RefuseCrossOriginWrites].
//
// If a browser blocks a call, docs/errors.md in the repository explains what its console
// says, and [Options.Logger] tells the server's side.
//
// # Pitfalls
//
// A pattern with a method never sees a preflight: ServeMux answers 405 before it
// reaches the handler of "GET /users". Wrap the whole mux as above. Most other routers
// behave the same way. For policies that differ by route, use [RoutePreflights], and
// make the policy the outermost handler of its route: policy(logging(h)).
//
// Place this middleware outside authentication, rate limits, timeouts and
// redirects. Browsers send preflights without credentials, and a page can read an
// error only if it carries the CORS headers. Around a whole mux, logging and metrics
// may be outside the policy.
//
// Use only one CORS layer for a route. If there are two, the inner one decides. For a
// reverse proxy in front of a server that has its own CORS layer, see [StripUpstream].
//
// A server on localhost or in a local network must check the Host header itself. A
// stranger's page can point its own host name at your address (DNS rebinding). Its
// requests are then same-origin.
package cors

import (
	"io"
	"net/http"
	"strings"

	"example.com/cors/internal/decisionlog"
	"example.com/cors/internal/fetch"
	"example.com/cors/internal/headers"
	"example.com/cors/internal/origins"
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
	policy *policy
	next   http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if origin, ok := preflightOrigin(r); ok {
		h.servePreflight(w, r, origin)
		return
	}
	p := h.policy
	allowed := p.setActual(w.Header(), r)
	if !allowed && !p.mayWrite(r) {
		if p.log != nil {
			p.log.RefusedWrite(r)
		}
		refuseWrite(w)
		return
	}
	if p.log != nil {
		p.log.Actual(r, allowed)
	}
	h.next.ServeHTTP(w, r)
}

// refuseWrite answers a write of a page that may not write. A person may see the
// answer: browsers show what a form gets.
func refuseWrite(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, "Forbidden: a page of another origin sent this request.\n")
}

// A policy is what Options are compiled to. It never changes.
type policy struct {
	anyOrigin  bool // every origin; the remaining origin fields are unused
	origins    *OriginMatcher
	originFunc func(r *http.Request, origin string) bool
	asksOpaque bool // whether originFunc is asked about null and the like

	// Header values, "" where the header is not sent.
	credentials   string
	actualVary    string
	preflightVary string
	methods       string
	headers       string
	exposed       string
	maxAge        string

	// How many values the headers of a response have at most, without Vary and the
	// lines of header names that are echoed.
	actualValues    int
	preflightValues int

	echoMethod  bool // answer with the request's own method
	echoHeaders bool // answer with the request's own header names
	passthrough bool
	status      int

	writes *http.CrossOriginProtection // nil if every page may write

	log *decisionlog.Log // nil if silent
}

// setActual sets the CORS headers of a response to r, which is no preflight, in place
// of those of an outer layer. It reports whether r's origin is allowed
// (https://fetch.spec.whatwg.org/#http-responses).
func (p *policy) setActual(h http.Header, r *http.Request) (allowed bool) {
	vary := p.actualVary
	if r.Method == http.MethodOptions {
		// A cache that keeps answers to OPTIONS must not take this one for that to a
		// preflight.
		vary = p.preflightVary
	}
	origin := "*"
	if !p.anyOrigin {
		lines := r.Header[fetch.Origin]
		if len(lines) != 1 || !p.allows(r, lines[0]) {
			headers.Refuse(h, vary)
			return false
		}
		origin = lines[0]
	}
	v := headers.AddVary(h, vary, p.actualValues)
	v.Set(h, fetch.AllowOrigin, origin)
	v.Set(h, fetch.AllowCredentials, p.credentials)
	v.Set(h, fetch.ExposeHeaders, p.exposed)
	return true
}

// mayWrite reports whether the handler may run for r, whose origin is not allowed.
func (p *policy) mayWrite(r *http.Request) bool { return p.writes == nil || p.writes.Check(r) == nil }

// allows reports whether a page of the origin that sent r may read the response.
func (p *policy) allows(r *http.Request, origin string) bool {
	if p.anyOrigin || p.origins.Match(origin) {
		return true
	}
	return p.originFunc != nil && p.asksFunc(origin) && p.originFunc(r, origin)
}

// asksFunc reports whether AllowOriginFunc is asked about an origin.
func (p *policy) asksFunc(origin string) bool {
	if origins.IsOpaque(origin) {
		return p.asksOpaque
	}
	_, err := origins.ParseOrigin(origin)
	return err == nil
}

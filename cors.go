// Package cors is middleware for net/http that lets the web pages of chosen
// origins, and no others, read the responses of a server: Cross-Origin Resource
// Sharing, the part of the Fetch standard that servers take part in
// (https://fetch.spec.whatwg.org/#http-cors-protocol).
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
// other response. It refuses nothing but preflights: browsers enforce the policy,
// and a request that is no preflight reaches the handler whatever its origin.
// Against forged writes there is [http.CrossOriginProtection].
//
// # Pitfalls
//
// A pattern with a method never sees a preflight: ServeMux answers 405 before
// the handler of "GET /users" is reached. Wrap the whole mux as above or, for
// policies that differ by route, see [RoutePreflights]. Routers of other packages
// do likewise.
//
// CORS goes outside authentication, rate limits, timeouts and redirects. Browsers
// send preflights without credentials, and a page can read an error only if it
// carries the CORS headers. Logging and metrics may stand outside.
//
// Never stack two CORS layers over one route. Behind a reverse proxy whose
// upstream has one as well, see [StripUpstream].
package cors

import (
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	headerOrigin           = "Origin"
	headerVary             = "Vary"
	headerAllowOrigin      = "Access-Control-Allow-Origin"
	headerAllowCredentials = "Access-Control-Allow-Credentials"
	headerExposeHeaders    = "Access-Control-Expose-Headers"
)

// New returns middleware that applies the CORS policy described by opts. It
// panics with the [*OptionsError] of [Options.Validate] if opts are invalid.
//
// The middleware may wrap any number of handlers, and both it and what it
// returns are safe for concurrent use. The policy is fixed: to change it while
// the server runs, build another handler and swap the two atomically. A
// handler gets the ResponseWriter that the middleware was given, unwrapped.
func New(opts Options) func(http.Handler) http.Handler {
	p, problems := opts.compile()
	if problems != nil {
		panic(&OptionsError{problems})
	}
	return func(next http.Handler) http.Handler { return &handler{p, next} }
}

// A handler puts a policy before another handler. Its type is how
// RoutePreflights recognizes the routes that it may hand a preflight to.
type handler struct {
	*policy
	next http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch origin, preflight := preflightOrigin(r); {
	case !preflight:
		h.decorate(w.Header(), r)
	case h.passthrough:
		h.answer(w.Header(), r, origin)
	case h.answer(w.Header(), r, origin):
		w.WriteHeader(h.status)
		return
	default:
		w.WriteHeader(http.StatusForbidden)
		return
	}
	h.next.ServeHTTP(w, r)
}

// decorate adds the CORS headers of a response to r, which is no preflight
// (https://fetch.spec.whatwg.org/#http-responses).
func (p *policy) decorate(h http.Header, r *http.Request) {
	vary := p.vary
	if r.Method == http.MethodOptions {
		// A cache that keeps answers to OPTIONS must not take this one for that to a
		// preflight.
		vary = p.preflightVary
	}
	if p.open {
		// The same for everybody, without Origin as well: caches may then keep one
		// response for all (https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches).
		var v values
		if vary == "" {
			v = make(values, 0, p.actualValues-1)
		} else {
			v = withVary(h, vary, p.actualValues)
		}
		h[headerAllowOrigin] = v.cut("*")
		if p.exposed != "" {
			h[headerExposeHeaders] = v.cut(p.exposed)
		}
		if p.log != nil {
			p.log.actual(r, true)
		}
		return
	}
	lines := r.Header[headerOrigin]
	allowed := len(lines) == 1 && p.allows(r, lines[0])
	if allowed {
		v := withVary(h, vary, p.actualValues)
		h[headerAllowOrigin] = v.cut(lines[0])
		if p.credentials != "" {
			h[headerAllowCredentials] = v.cut(p.credentials)
		}
		if p.exposed != "" {
			h[headerExposeHeaders] = v.cut(p.exposed)
		}
	} else {
		withVary(h, vary, 1)
	}
	if p.log != nil {
		p.log.actual(r, allowed)
	}
}

// allows reports whether a page of the origin that sent r may read the response.
func (p *policy) allows(r *http.Request, origin string) bool {
	if p.open || p.origins.Match(origin) {
		return true
	}
	return p.originFunc != nil && p.mayAsk(origin) && p.originFunc(r, origin)
}

// mayAsk reports whether AllowOriginFunc is asked about origin.
func (p *policy) mayAsk(origin string) bool {
	if origin == "null" || origin == fileOrigin {
		return p.credentials == ""
	}
	if len(origin) > maxOrigin || strings.IndexByte(origin, '*') >= 0 {
		return false
	}
	_, flaw := parsePattern(origin)
	return flaw.reason == ""
}

// Values are the one allocation that all header values of a response are cut
// from. What is cut has no room to grow, so that whoever appends to it or
// overwrites it touches nobody else's.
type values []string

// withVary adds a line to the Vary of h, unless it is there, and returns room for
// n values, that line included.
func withVary(h http.Header, line string, n int) values {
	lines := h[headerVary]
	v := make(values, 0, n+len(lines))
	if !slices.Contains(lines, line) {
		v = append(append(v, lines...), line)
		h[headerVary] = v[:len(v):len(v)]
	}
	return v
}

func (v *values) cut(s string) []string {
	*v = append(*v, s)
	n := len(*v)
	return (*v)[n-1 : n : n]
}

// StripUpstream removes the CORS headers that an upstream server set on res:
// every Access-Control header. It never fails. As the ModifyResponse of an
// [net/http/httputil.ReverseProxy] behind this package's middleware it leaves one
// policy in charge; otherwise both send their headers, and browsers reject the
// pair.
func StripUpstream(res *http.Response) error {
	for name := range res.Header {
		if strings.HasPrefix(http.CanonicalHeaderKey(name), "Access-Control-") {
			delete(res.Header, name)
		}
	}
	return nil
}

// A decisionLog tells the developer what was decided and why. It computes
// nothing unless the level is on, and little then, whatever a client sends.
type decisionLog struct {
	logger   *slog.Logger
	patterns map[string][]pattern // by host, less the wildcard label
	methods  *list
	headers  *list // in canonical form
	asks     bool  // whether there is an AllowOriginFunc
	echoes   bool  // whether a `*` among methods and headers stands for an echo
}

const (
	maxClientText = 128 // bytes of anything that a client sent, in a record
	maxSimilar    = 8   // patterns of one host that an origin is compared with
	maxParents    = 8   // parent domains whose patterns an origin is compared with
)

func newDecisionLog(logger *slog.Logger, patterns []pattern, methods, headers *list, asks, echoes bool) *decisionLog {
	l := &decisionLog{logger, make(map[string][]pattern), methods, headers, asks, echoes}
	for _, p := range patterns {
		if similar := l.patterns[p.host]; len(similar) < maxSimilar {
			l.patterns[p.host] = append(similar, p)
		}
	}
	return l
}

// actual records the decision on a request that is no preflight, if a page of
// another origin made it: same-origin requests carry Origin as well.
func (l *decisionLog) actual(r *http.Request, allowed bool) {
	lines := r.Header[headerOrigin]
	switch {
	case len(lines) == 0:
	case allowed:
		l.granted(r, "CORS request granted")
	case len(lines) == 1 && isOwnOrigin(r, lines[0]):
	case l.logger.Enabled(r.Context(), slog.LevelInfo):
		l.refused(r, "CORS request refused")
	}
}

func (l *decisionLog) granted(r *http.Request, message string) {
	if l.logger.Enabled(r.Context(), slog.LevelDebug) {
		l.logger.LogAttrs(r.Context(), slog.LevelDebug, message, describe(r)...)
	}
}

// refused records that r's origin is not allowed.
func (l *decisionLog) refused(r *http.Request, message string) {
	reason, allowed := l.explain(r.Header[headerOrigin])
	attrs := append(describe(r), slog.String("reason", reason))
	if allowed != "" {
		attrs = append(attrs, slog.String("allowed", allowed))
	}
	l.logger.LogAttrs(r.Context(), slog.LevelInfo, message, attrs...)
}

// describe returns what a record says of r, with room for what else it says.
func describe(r *http.Request) []slog.Attr {
	return append(make([]slog.Attr, 0, 5),
		slog.String("origin", clip(r.Header[headerOrigin][0])),
		slog.String("method", clip(r.Method)),
		slog.String("path", clip(r.URL.Path)))
}

// explain tells why the origin that a client sent is not allowed, and which
// allowed pattern comes nearest, if any comes near.
func (l *decisionLog) explain(lines []string) (reason, nearest string) {
	if len(lines) > 1 {
		return "more than one Origin header", ""
	}
	origin := lines[0]
	if origin == "null" || origin == fileOrigin {
		return "the origin is opaque: a sandboxed frame, a file, or a redirect between origins", ""
	}
	if len(origin) > maxOrigin {
		return "not an origin: too long", ""
	}
	o, flaw := parsePattern(origin)
	if flaw.reason != "" {
		return "not an origin: " + flaw.detail, ""
	}
	similar := slices.Concat(l.patterns[o.host], l.patterns["www."+o.host])
	if len(similar) == 0 {
		for parent := range parents(o.host) {
			if similar = l.patterns[parent]; len(similar) > 0 {
				break
			}
		}
	}
	fewest := 0
	for _, p := range similar {
		if differences := compare(o, p); reason == "" || len(differences) < fewest {
			fewest = len(differences)
			reason, nearest = strings.Join(differences, " and "), p.text
		}
	}
	switch {
	case reason != "":
		return reason, nearest
	case l.asks:
		return "AllowOriginFunc denies it", ""
	}
	return "no allowed origin has this host or a domain above it", ""
}

// parents yields the domains above host, the nearest first.
func parents(host string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for range maxParents {
			_, parent, ok := strings.Cut(host, ".")
			if !ok || !yield(parent) {
				return
			}
			host = parent
		}
	}
}

// compare tells in words how the origin o differs from the pattern p.
func compare(o, p pattern) (differences []string) {
	if o.scheme != p.scheme {
		differences = append(differences, "the scheme differs")
	}
	switch {
	case !p.wild && strings.HasSuffix(o.host, "."+p.host):
		differences = append(differences, "subdomains are not allowed")
	case !p.wild && o.host != p.host:
		differences = append(differences, "the host differs")
	case p.wild && o.host == p.host:
		differences = append(differences, "only subdomains are allowed")
	case p.wild && !strings.HasSuffix(o.host, "."+p.host):
		differences = append(differences, "the host differs")
	case p.wild && p.affix != (affix{}) && !p.affix.surrounds(strings.TrimSuffix(o.host, "."+p.host)):
		differences = append(differences, "the first label differs")
	}
	if o.port != p.port && p.port != ":*" {
		differences = append(differences, "the port differs")
	}
	return differences
}

// clip returns s cut to a bounded length, and quoted unless it is plain.
func clip(s string) string {
	ellipsis := ""
	if len(s) > maxClientText {
		s, ellipsis = s[:maxClientText], "…"
	}
	plain := func(r rune) bool { return '!' <= r && r <= '~' && r != '"' && r != '\\' }
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		s = strconv.QuoteToASCII(s)
	}
	return s + ellipsis
}

// Package decisionlog tells the developer what a policy decided and why, in one
// log record for each request.
package decisionlog

import (
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/headers"
	"example.com/cors/internal/origins"
)

const (
	maxClientText = 128 // bytes of anything that a client sent, in a record
	maxSimilar    = 8   // patterns of one host that an origin is compared with
	maxParents    = 8   // parent domains whose patterns an origin is compared with
	maxNamed      = 8   // headers that a record names
)

// A Log writes the decisions of one policy. It computes nothing unless the level
// is enabled, and little then, whatever a client sends. It is safe for concurrent
// use.
type Log struct {
	logger   *slog.Logger
	config   Config
	patterns map[string][]origins.Pattern // by place, without the wildcard's label
	allowed  *headers.NameSet             // the headers of the policy, in lower case
}

// A Config is what a Log needs to know of a policy to explain its decisions.
type Config struct {
	AnyOrigin   bool // whether every origin is allowed
	Patterns    []origins.Pattern
	Methods     *headers.NameSet
	Headers     *headers.NameSet // in canonical form, with those that need no permission
	Credentials bool             // then "*" in Methods and Headers stands for an echo
	AsksFunc    bool             // whether there is an AllowOriginFunc
	AsksOpaque  bool             // whether it is asked about null, too: no allowed origin acts as the user
}

// New returns a log of the decisions of a policy.
func New(logger *slog.Logger, c Config) *Log {
	l := &Log{logger, c, make(map[string][]origins.Pattern), headers.NewNameSet()}
	for _, name := range c.Headers.Names() {
		l.allowed.Add(fetch.ByteLowercase(name))
	}
	for _, p := range c.Patterns {
		at := place(p.Host)
		if similar := l.patterns[at]; len(similar) < maxSimilar && !p.AnyHost() {
			l.patterns[at] = append(similar, p)
		}
	}
	return l
}

// Actual records the decision on a request that is no preflight, if a page of
// another origin made it. Same-origin requests carry Origin as well.
func (l *Log) Actual(r *http.Request, allowed bool) {
	if len(r.Header[fetch.Origin]) == 0 {
		return
	}
	info := l.logger.Enabled(r.Context(), slog.LevelInfo)
	switch {
	case allowed && info && !l.config.Credentials && isCredentialedFetch(r):
		remedy := "set AllowCredentials"
		if l.config.AnyOrigin {
			remedy = "list the origins and set AllowCredentials"
		}
		l.refused(r, "CORS request refused", remedy+", or have the page send no cookies: "+
			"the request has some, and then browsers hide the response")
	case allowed:
		l.granted(r, "CORS request granted")
	case info && !isSameOrigin(r):
		l.originRefused(r, "CORS request refused")
	}
}

// isCredentialedFetch reports whether r proves that a page of another origin sent it
// with cookies, and wants to read the response. Forms and images may carry cookies as
// well, but not in the mode cors.
func isCredentialedFetch(r *http.Request) bool {
	return len(r.Header["Cookie"]) > 0 && r.Header.Get("Sec-Fetch-Mode") == "cors" && !isSameOrigin(r)
}

// isSameOrigin reports whether a page of the server itself sent r. A browser says so
// even if a proxy in front changed the Host header.
func isSameOrigin(r *http.Request) bool {
	if site := r.Header["Sec-Fetch-Site"]; len(site) > 0 {
		return site[0] == "same-origin"
	}
	lines := r.Header[fetch.Origin]
	return len(lines) == 1 && origins.IsHost(lines[0], r.Host, r.TLS != nil)
}

// RefusedWrite records that a write did not reach the handler, because the page that
// sent it may not write.
func (l *Log) RefusedWrite(r *http.Request) {
	if !l.logger.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	const message = "CORS write refused"
	if len(r.Header[fetch.Origin]) == 0 {
		l.refused(r, message, "no Origin header, and Sec-Fetch-Site says that a page of another origin sent the request")
		return
	}
	l.originRefused(r, message)
}

// Preflight records the decision on a preflight. A preflight that asks for more
// than the policy has is refused as well, by the browser.
func (l *Log) Preflight(r *http.Request, allowed bool) {
	if !l.logger.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	if !allowed {
		l.originRefused(r, "CORS preflight refused")
	} else if reasons := l.obstacles(r); reasons != nil {
		l.refused(r, "CORS preflight refused", strings.Join(reasons, ", and "))
	} else {
		l.granted(r, "CORS preflight granted")
	}
}

// Elsewhere records that a preflight was refused because it does not ask about the
// route of this policy.
func (l *Log) Elsewhere(r *http.Request) {
	if l.logger.Enabled(r.Context(), slog.LevelInfo) {
		l.refused(r, "CORS preflight refused", "no route for "+clip(headers.AnnouncedMethod(r.Header))+
			" has a policy as its outermost handler; one with OptionsPassthrough does not count")
	}
}

func (l *Log) granted(r *http.Request, message string) {
	if l.logger.Enabled(r.Context(), slog.LevelDebug) {
		l.logger.LogAttrs(r.Context(), slog.LevelDebug, message, describe(r)...)
	}
}

// originRefused records that r's origin is not allowed.
func (l *Log) originRefused(r *http.Request, message string) {
	reason, allowed := l.explain(r)
	if allowed == "" {
		l.refused(r, message, reason)
	} else {
		l.refused(r, message, reason, slog.String("allowed", allowed))
	}
}

func (l *Log) refused(r *http.Request, message, reason string, more ...slog.Attr) {
	attrs := append(describe(r), slog.String("reason", reason))
	l.logger.LogAttrs(r.Context(), slog.LevelInfo, message, append(attrs, more...)...)
}

// describe returns what a record says of r, with room for what else it says.
func describe(r *http.Request) []slog.Attr {
	return append(make([]slog.Attr, 0, 5),
		slog.String("origin", clip(r.Header.Get(fetch.Origin))),
		slog.String("method", clip(r.Method)),
		slog.String("path", clip(r.URL.Path)))
}

// explain says why the origin that a client sent is not allowed, and which
// allowed pattern comes nearest, if any comes near.
func (l *Log) explain(r *http.Request) (reason, nearest string) {
	lines := r.Header[fetch.Origin]
	if len(lines) > 1 {
		return "more than one Origin header", ""
	}
	if origins.IsOpaque(lines[0]) {
		return l.explainOpaque(r, lines[0]), ""
	}
	o, err := origins.ParseOrigin(lines[0])
	if err != nil {
		wrong, _, _ := strings.Cut(err.Error(), "; ") // without what its author can do
		return "not an origin: " + wrong, ""
	}
	distance := 0
	for _, p := range l.similar(o.Host) {
		differences := origins.Differences(o, p)
		d := 2 * len(differences)
		if p.Port != o.Port {
			d++ // of two that are equally near, the one with the same port is meant
		}
		if reason == "" || d < distance {
			distance, reason, nearest = d, strings.Join(differences, " and "), p.Text
		}
	}
	switch {
	case reason != "":
		return reason, nearest
	case l.config.AsksFunc:
		return "AllowOriginFunc denies it", ""
	case origins.IsRandomHost(o):
		remedy := "decide in AllowOriginFunc"
		if l.config.AsksOpaque {
			remedy = "allow " + o.Scheme + "://*, or " + remedy
		}
		return "the host of an extension differs in each installation of this browser; " + remedy, ""
	}
	return "no allowed origin has this host or a domain above it", ""
}

// explainOpaque says where an origin such as null comes from. A form sends it as well
// if the Referrer-Policy of its page keeps the origin back; a script's fetch does not
// (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
func (l *Log) explainOpaque(r *http.Request, origin string) string {
	reason := "the origin is opaque: a sandboxed frame, a file, or a redirect between origins"
	if origin != "null" {
		reason = "the origin has no host: browsers send it for every page of this scheme"
	} else if r.Method != http.MethodOptions && r.Header.Get("Sec-Fetch-Mode") != "cors" {
		reason += ", or a form on a page with the Referrer-Policy no-referrer"
	}
	field := "RefuseCrossOriginWrites"
	if l.config.Credentials {
		field = "AllowCredentials"
	}
	switch {
	case l.config.AsksFunc && l.config.AsksOpaque:
		reason += "; AllowOriginFunc denies it"
	case l.config.AsksFunc:
		reason += "; with " + field + ", AllowOriginFunc is not asked about it, since strangers can have this origin"
	}
	return reason
}

// similar returns the patterns for host, or else those for the nearest domain
// above it.
func (l *Log) similar(host string) []origins.Pattern {
	at := place(host)
	patterns := slices.Concat(l.patterns[at], l.patterns["www."+at])
	if len(patterns) > 0 {
		return patterns
	}
	for parent := range parents(at) {
		if patterns := l.patterns[parent]; len(patterns) > 0 {
			return patterns
		}
	}
	return nil
}

// place returns what hosts have in common that people mix up: a dot at the end does
// not matter, and the own machine has several names.
func place(host string) string {
	if origins.IsOwnMachine(host) {
		return "localhost"
	}
	return strings.TrimSuffix(host, ".")
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

// obstacles says which method and headers that the preflight r announces are outside
// the policy.
func (l *Log) obstacles(r *http.Request) (reasons []string) {
	for _, reason := range []string{
		l.methodObstacle(headers.AnnouncedMethod(r.Header)),
		l.headerObstacle(r.Header[fetch.RequestHeaders]),
	} {
		if reason != "" {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// methodObstacle says why the policy does not let pages use method, or returns "" if it
// does.
func (l *Log) methodObstacle(method string) string {
	methods := l.config.Methods
	inOtherCase := func(name string) bool { return fetch.ByteUppercase(name) == fetch.ByteUppercase(method) }
	everyMethod := methods.Has("*")
	switch {
	case fetch.IsSafelistedMethod(method) || everyMethod && !l.config.Credentials:
		return ""
	case len(method) > headers.MaxMethod:
		return "the method " + clip(method) + " is too long"
	case everyMethod && !fetch.IsToken(method):
		return "the method " + clip(method) + " is not a method"
	case everyMethod || methods.Has(method):
		return ""
	case slices.ContainsFunc(methods.Names(), inOtherCase):
		return "the method " + clip(method) + " is not in AllowedMethods; methods are case-sensitive"
	}
	return "the method " + clip(method) + " is not in AllowedMethods"
}

// headerObstacle says which header names, of those in the first few thousand bytes of
// lines, are outside the policy, or returns "" if none is.
func (l *Log) headerObstacle(lines []string) string {
	if l.allowed.Has("*") {
		if l.config.Credentials && !headers.IsEchoable(lines) {
			return "the announced headers are too many to be echoed, or malformed; list them instead of *"
		}
		return ""
	}
	var missing []string
	more := ""
	for name := range announcedHeaders(lines) {
		if slices.Contains(missing, name) || l.allowed.Has(name) {
			continue
		}
		if len(missing) == maxNamed {
			more = " and more"
			break
		}
		missing = append(missing, name)
	}
	switch len(missing) {
	case 0:
		return ""
	case 1:
		return "the header " + clip(missing[0]) + " is not in AllowedHeaders"
	default:
		return "the headers " + clipAll(missing) + more + " are not in AllowedHeaders"
	}
}

// announcedHeaders yields the names in the first few thousand bytes of lines, in lower
// case. It leaves out one that is cut off there.
func announcedHeaders(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		rest := headers.MaxAnnounced
		for _, line := range lines {
			if rest -= 1 + len(line); rest < 0 {
				line = line[:strings.LastIndexByte(line[:len(line)+rest], ',')+1]
			}
			for name := range strings.SplitSeq(fetch.ByteLowercase(line), ",") {
				if name = strings.Trim(name, " \t"); name != "" && !yield(name) {
					return
				}
			}
			if rest <= 0 {
				return
			}
		}
	}
}

// clipAll returns names as a list.
func clipAll(names []string) string {
	clipped := make([]string, len(names))
	for i, name := range names {
		clipped[i] = clip(name)
	}
	return strings.Join(clipped, ", ")
}

// clip returns s cut to a bounded length, and quoted unless it is plain.
func clip(s string) string {
	ellipsis := ""
	if len(s) > maxClientText {
		s, ellipsis = s[:maxClientText], "…"
	}
	special := func(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' }
	if s == "" || strings.ContainsFunc(s, special) {
		s = strconv.QuoteToASCII(s)
	}
	return s + ellipsis
}

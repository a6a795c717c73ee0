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
)

// A Log writes the decisions of one policy. It computes nothing unless the level
// is enabled, and little then, whatever a client sends. It is safe for concurrent
// use.
type Log struct {
	logger   *slog.Logger
	config   Config
	patterns map[string][]origins.Pattern // by host, without the wildcard's label
}

// A Config is what a Log needs to know of a policy to explain its decisions.
type Config struct {
	Patterns []origins.Pattern
	Methods  *headers.NameSet
	Headers  *headers.NameSet // in canonical form
	AsksFunc bool             // whether there is an AllowOriginFunc
	Echoes   bool             // whether "*" in Methods and Headers stands for an echo
}

// New returns a log of the decisions of a policy.
func New(logger *slog.Logger, c Config) *Log {
	l := &Log{logger, c, make(map[string][]origins.Pattern)}
	for _, p := range c.Patterns {
		if similar := l.patterns[p.Host]; len(similar) < maxSimilar && !p.AnyHost() {
			l.patterns[p.Host] = append(similar, p)
		}
	}
	return l
}

// Actual records the decision on a request that is no preflight, if a page of
// another origin made it. Same-origin requests carry Origin as well.
func (l *Log) Actual(r *http.Request, allowed bool) {
	lines := r.Header[fetch.Origin]
	switch {
	case len(lines) == 0:
	case allowed:
		l.granted(r, "CORS request granted")
	case len(lines) == 1 && origins.IsHost(lines[0], r.Host, r.TLS != nil):
	case l.logger.Enabled(r.Context(), slog.LevelInfo):
		l.originRefused(r, "CORS request refused")
	}
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
	} else if reason := l.obstacle(r); reason != "" {
		l.refused(r, "CORS preflight refused", reason)
	} else {
		l.granted(r, "CORS preflight granted")
	}
}

func (l *Log) granted(r *http.Request, message string) {
	if l.logger.Enabled(r.Context(), slog.LevelDebug) {
		l.logger.LogAttrs(r.Context(), slog.LevelDebug, message, describe(r)...)
	}
}

// originRefused records that r's origin is not allowed.
func (l *Log) originRefused(r *http.Request, message string) {
	reason, allowed := l.explain(r.Header[fetch.Origin])
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
func (l *Log) explain(lines []string) (reason, nearest string) {
	if len(lines) > 1 {
		return "more than one Origin header", ""
	}
	s := lines[0]
	if origins.IsOpaque(s) {
		return "the origin is opaque: a sandboxed frame, a file, or a redirect between origins", ""
	}
	o, err := origins.ParseOrigin(s)
	if err != nil {
		return "not an origin: " + err.Error(), ""
	}
	fewest := 0
	for _, p := range l.similar(o.Host) {
		if differences := origins.Differences(o, p); reason == "" || len(differences) < fewest {
			fewest = len(differences)
			reason, nearest = strings.Join(differences, " and "), p.Text
		}
	}
	switch {
	case reason != "":
		return reason, nearest
	case l.config.AsksFunc:
		return "AllowOriginFunc denies it", ""
	case origins.IsRandomHost(o):
		return "the host of an extension differs in each installation of this browser; " +
			"allow " + o.Scheme + "://*, or decide in AllowOriginFunc", ""
	}
	return "no allowed origin has this host or a domain above it", ""
}

// similar returns the patterns for host, or else those for the nearest domain
// above it.
func (l *Log) similar(host string) []origins.Pattern {
	patterns := slices.Concat(l.patterns[host], l.patterns["www."+host])
	if len(patterns) > 0 {
		return patterns
	}
	for parent := range parents(host) {
		if patterns := l.patterns[parent]; len(patterns) > 0 {
			return patterns
		}
	}
	return nil
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

// obstacle says which method or header that the preflight r announces is outside
// the policy, or "" if none is.
func (l *Log) obstacle(r *http.Request) string {
	if reason := l.methodObstacle(headers.AnnouncedMethod(r.Header)); reason != "" {
		return reason
	}
	return l.headerObstacle(r.Header[fetch.RequestHeaders])
}

func (l *Log) methodObstacle(method string) string {
	methods := l.config.Methods
	everyMethod := methods.Has("*")
	switch {
	case fetch.IsSafelistedMethod(method) || everyMethod && !l.config.Echoes:
		return ""
	case len(method) > headers.MaxMethod:
		return "the method " + clip(method) + " is too long"
	case everyMethod && !fetch.IsToken(method):
		return "the method " + clip(method) + " is not a method"
	case everyMethod || methods.Has(method):
		return ""
	case methods.Has(strings.ToUpper(method)):
		return "the method " + clip(method) + " is not in AllowedMethods; methods are case-sensitive"
	}
	return "the method " + clip(method) + " is not in AllowedMethods"
}

// headerObstacle looks at the first few thousand bytes of lines.
func (l *Log) headerObstacle(lines []string) string {
	allowed := l.config.Headers
	if allowed.Has("*") {
		if l.config.Echoes && !headers.IsEchoable(lines) {
			return "the announced headers are too many to be echoed, or malformed; list them instead of *"
		}
		return ""
	}
	rest := headers.MaxAnnounced
	for _, line := range lines {
		if rest -= 1 + len(line); rest < 0 {
			line = line[:strings.LastIndexByte(line[:len(line)+rest], ',')+1] // whole names
		}
		for name := range strings.SplitSeq(line, ",") {
			name = strings.Trim(name, " \t")
			if name != "" && !allowed.Has(http.CanonicalHeaderKey(name)) {
				return "the header " + clip(name) + " is not in AllowedHeaders"
			}
		}
		if rest <= 0 {
			break
		}
	}
	return ""
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

package cors

import (
	"errors"
	"net/http"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/origins"
	"example.com/cors/internal/rules"
)

// An OriginMatcher matches origins against a list of patterns. The zero value
// matches nothing. A matcher never changes, and is safe for concurrent use.
//
// A pattern is an origin, as browsers send it, or has a wildcard:
//
//	https://example.com             this origin
//	http://localhost:3000           this origin, on this port
//	http://localhost:*              any port, or none
//	https://*.example.com           one or more labels before .example.com, but not example.com itself
//	https://shop-*.example.app      one or more characters of the first label, never a dot
//	https://*--shop.example.app     the same, at the start of the label
//	http://[::1]:8080               an IPv6 address, in canonical form
//	capacitor://localhost           any scheme that browsers send as an origin
//	moz-extension://*               every host of this scheme; not for https and http
//
// Hosts are in ASCII: a name in another script is written in Punycode. White space
// around a pattern, the case of https and http origins and of any scheme, a slash at
// the end and the scheme's default port make no difference. An Origin header has to be
// as browsers send it, byte for byte. The cost of matching is bounded for any input,
// and does not grow with the number of patterns.
type OriginMatcher struct{ set origins.Set }

// NewOriginMatcher returns a matcher for patterns, which are described at
// [OriginMatcher]. The error is an [*OptionsError] that has a [Problem], of the
// field "patterns", for each bad pattern.
//
// The pattern "*" is rejected, because the usual use is WebSocket handshakes, which
// carry cookies. Patterns are not judged as with [Options.AllowCredentials]: http
// origins and wildcards under a public suffix are accepted.
func NewOriginMatcher(patterns ...string) (*OriginMatcher, error) {
	const field = "patterns"
	var found problems
	if len(patterns) == 0 {
		found.add(field, "", errors.New("list the origins that you trust: without a pattern none matches"))
	}
	m := newMatcher(len(patterns))
	for _, value := range patterns {
		if isEveryOrigin(value) {
			found.add(field, value, errors.New("list the origins that you trust: this would let in strangers as well"))
			continue
		}
		p, err := rules.Origins{Matcher: true}.Check(value)
		if err != nil {
			found.add(field, value, err)
			continue
		}
		m.set.Add(p)
	}
	if found != nil {
		return nil, &OptionsError{found}
	}
	return m, nil
}

// problems are what is wrong with Options or with patterns, nil for nothing.
type problems []Problem

// add adds what err says of a value of the field, "" for the field itself.
func (found *problems) add(field, value string, err error) {
	bad := rules.AsError(err)
	*found = append(*found, Problem{field, value, bad.Detail, bad.Fix})
}

// isEveryOrigin reports whether pattern is "*".
func isEveryOrigin(pattern string) bool { return strings.TrimSpace(pattern) == "*" }

// newMatcher returns a matcher with room for n patterns.
func newMatcher(n int) *OriginMatcher { return &OriginMatcher{origins.NewSet(n)} }

// Match reports whether origin, the value of an Origin header, matches one of m's
// patterns. Malformed origins and "null" never match.
func (m *OriginMatcher) Match(origin string) bool { return m.set.Match(origin) }

// CheckOrigin reports whether a page that sent r may talk to this server. It has the
// signature that WebSocket upgraders take: browsers let any page open a WebSocket,
// and only the server can refuse it (RFC 6455, section 10.2). It returns true if r
//
//   - has no Origin header, as in requests from clients other than browsers,
//   - has the server's own origin, as r.Host names it, with or without its default
//     port, or
//   - has an origin that m matches.
//
// It believes r.Host. On a server on localhost or in a local network, check that
// r.Host is one of the server's names first. Otherwise a stranger's page can point
// its own host name at your address, and its origin is then the server's own (DNS
// rebinding). Plain GETs then carry no Origin either.
//
// Handshakes carry cookies. A wildcard right under a public suffix, such as
// https://*.netlify.app, lets in everybody who registers a name there.
func (m *OriginMatcher) CheckOrigin(r *http.Request) bool {
	lines := r.Header[fetch.Origin]
	switch len(lines) {
	case 0:
		return true
	case 1:
		return origins.IsHost(lines[0], r.Host, r.TLS != nil) || m.Match(lines[0])
	}
	return false
}

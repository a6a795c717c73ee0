package cors

import (
	"net/http"
	"slices"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/origin"
)

// An OriginMatcher matches origins against a list of patterns. The zero value
// matches nothing. A matcher never changes, and is safe for concurrent use.
//
// Write a pattern just as browsers send the origin:
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
// Hosts are in lower case and in ASCII: a name in another script is written in
// Punycode. The default port of a scheme is left out. Matching compares bytes. Its
// cost is bounded for any input, and does not grow with the number of patterns. It
// grows a little with the number of different lengths of the domains after "*.",
// and of the texts around a "*" within a label.
type OriginMatcher struct {
	exact       map[string]struct{} // whole origins
	anyPort     map[string]struct{} // origins without their port
	wild        wildIndex           // patterns with a wildcard
	wildAnyPort wildIndex           // patterns with a wildcard whose port is ":*"
	anyHost     []string            // schemes whose hosts all match, with "://"
	longest     int                 // bytes of the longest origin worth looking at
}

// A wildIndex finds patterns with a wildcard by their tail: host and port, without
// the first label and its dot. An origin ends in a pattern's tail or does not match.
type wildIndex struct {
	byTail  map[string][]wildBase
	lengths []int // of the tails, ascending, each once
}

// A wildBase says what may stand before a tail.
type wildBase struct {
	scheme   string // with "://"
	longest  int    // bytes that may stand between scheme and tail, the dot not included
	any      bool   // one or more labels
	affixes  map[origin.Affix]struct{}
	affixLen []affixLen // the lengths found in affixes, each once
}

type affixLen struct{ prefix, suffix int }

// NewOriginMatcher returns a matcher for patterns, which are described at
// [OriginMatcher]. The error is an [*OptionsError] that has a [Problem], of the
// field "patterns", for each bad pattern.
//
// The pattern "*" is rejected. The usual use is WebSocket handshakes, which carry
// cookies.
func NewOriginMatcher(patterns ...string) (*OriginMatcher, error) {
	const field = "patterns"
	var problems []Problem
	m := newMatcher(len(patterns))
	for _, value := range patterns {
		p, f, fix := origin.Rules{}.Check(value)
		switch {
		case value == "*":
			problems = append(problems, Problem{Field: field, Value: value, Reason: ReasonUnsafe,
				Detail: "every origin, strangers included; list the origins that you trust"})
		case f.Reason != "":
			problems = append(problems, Problem{field, value, Reason(f.Reason), f.Detail, fix})
		default:
			m.add(p)
		}
	}
	if len(patterns) == 0 {
		problems = append(problems, Problem{Field: field, Reason: ReasonMissing,
			Detail: "no pattern is given, and nothing would match"})
	}
	if problems != nil {
		return nil, &OptionsError{problems}
	}
	return m, nil
}

// newMatcher returns a matcher with room for n patterns.
func newMatcher(n int) *OriginMatcher {
	return &OriginMatcher{exact: make(map[string]struct{}, n)}
}

// add indexes p, so that matching looks few things up.
func (m *OriginMatcher) add(p origin.Pattern) {
	if !p.Wild && !p.AnyHost && p.Port != origin.AnyPort {
		m.exact[p.Text] = struct{}{}
		m.longest = max(m.longest, len(p.Text))
		return
	}
	m.longest = origin.MaxLen
	switch {
	case p.AnyHost:
		m.anyHost = append(m.anyHost, p.Scheme+"://")
	case !p.Wild:
		if m.anyPort == nil {
			m.anyPort = make(map[string]struct{})
		}
		m.anyPort[strings.TrimSuffix(p.Text, origin.AnyPort)] = struct{}{}
	case p.Port == origin.AnyPort:
		m.wildAnyPort.add(p, p.Host)
	default:
		m.wild.add(p, p.Host+p.Port)
	}
}

func (x *wildIndex) add(p origin.Pattern, tail string) {
	if x.byTail == nil {
		x.byTail = make(map[string][]wildBase)
	}
	if at, found := slices.BinarySearch(x.lengths, len(tail)); !found {
		x.lengths = slices.Insert(x.lengths, at, len(tail))
	}
	scheme := p.Scheme + "://"
	bases := x.byTail[tail]
	at := slices.IndexFunc(bases, func(b wildBase) bool { return b.scheme == scheme })
	if at < 0 {
		at = len(bases)
		bases = append(bases, wildBase{scheme: scheme, longest: origin.RoomBefore(p.Host)})
		x.byTail[tail] = bases
	}
	bases[at].add(p.Affix)
}

func (b *wildBase) add(a origin.Affix) {
	if a == (origin.Affix{}) {
		b.any = true
		return
	}
	if b.affixes == nil {
		b.affixes = make(map[origin.Affix]struct{})
	}
	b.affixes[a] = struct{}{}
	if n := (affixLen{len(a.Prefix), len(a.Suffix)}); !slices.Contains(b.affixLen, n) {
		b.affixLen = append(b.affixLen, n)
	}
}

// Match reports whether origin, the value of an Origin header, matches one of m's
// patterns. Malformed origins and "null" never match.
func (m *OriginMatcher) Match(origin string) bool {
	if len(origin) > m.longest {
		return false
	}
	if _, ok := m.exact[origin]; ok {
		return true
	}
	return m.wild.match(origin) ||
		(m.anyPort != nil || m.wildAnyPort.byTail != nil) && m.matchAnyPort(origin) ||
		m.anyHost != nil && m.matchAnyHost(origin)
}

// matchAnyHost matches s with the patterns whose host is "*".
func (m *OriginMatcher) matchAnyHost(s string) bool {
	return slices.ContainsFunc(m.anyHost, func(scheme string) bool {
		host, ok := strings.CutPrefix(s, scheme)
		return ok && origin.IsHostOnly(host)
	})
}

// matchAnyPort matches s with the patterns whose port is ":*".
func (m *OriginMatcher) matchAnyPort(s string) bool {
	rest, ok := origin.WithoutPort(s)
	if !ok {
		return false
	}
	if _, ok := m.anyPort[rest]; ok {
		return true
	}
	return m.wildAnyPort.match(rest)
}

// match tries each length of tail. It looks up only what follows a dot.
func (x *wildIndex) match(s string) bool {
	for _, n := range x.lengths {
		dot := len(s) - n - 1
		if dot < 0 {
			return false
		}
		if s[dot] != '.' {
			continue
		}
		bases := x.byTail[s[dot+1:]]
		for i := range bases {
			if b := &bases[i]; len(b.scheme) < dot && s[:len(b.scheme)] == b.scheme && b.match(s[len(b.scheme):dot]) {
				return true
			}
		}
	}
	return false
}

// match reports whether the wildcard may stand for s.
func (b *wildBase) match(s string) bool {
	if len(s) > b.longest {
		return false
	}
	if b.any && origin.AreLabels(s) {
		return true
	}
	if b.affixLen == nil || !origin.IsLabel(s) {
		return false
	}
	for _, n := range b.affixLen {
		if len(s) <= n.prefix+n.suffix {
			continue
		}
		if _, ok := b.affixes[origin.Affix{Prefix: s[:n.prefix], Suffix: s[len(s)-n.suffix:]}]; ok {
			return true
		}
	}
	return false
}

// CheckOrigin reports whether a page that sent r may talk to this server. It has the
// signature that WebSocket upgraders take: browsers let any page open a WebSocket,
// and only the server can refuse it (RFC 6455, section 10.2). It returns true if r
//
//   - has no Origin header, as in requests from clients other than browsers,
//   - has the server's own origin, as r.Host names it, or
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
		return origin.IsHost(lines[0], r.Host, r.TLS != nil) || m.Match(lines[0])
	}
	return false
}

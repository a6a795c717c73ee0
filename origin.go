package cors

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"example.com/cors/internal/publicsuffix"
)

// An OriginMatcher tells whether an origin is one of those that a list of
// patterns describes. The zero value matches nothing. It is immutable and safe
// for concurrent use.
//
// A pattern is written just as browsers send origins:
//
//	https://example.com             this origin
//	http://localhost:3000           this origin, on this port
//	http://localhost:*              any port, or none
//	https://*.example.com           one or more labels before .example.com; not example.com itself
//	https://shop-*.example.app      one or more characters of the first label, never a dot
//	https://*--shop.example.app     likewise
//	http://[::1]:8080               an IPv6 address, in canonical form
//	capacitor://localhost           any scheme that browsers send as an origin
//
// Hosts are in ASCII (Punycode for the rest) and lower case, and a scheme's
// default port is left out. Matching is byte for byte, and its cost is bounded
// by the patterns' shape: neither the number of patterns nor what a client
// sends makes it grow.
type OriginMatcher struct {
	exact    map[string]struct{} // whole origins
	anyPort  map[string]struct{} // origins less their port
	wild     map[base]*labels
	longest  int // bytes of the longest origin worth looking at
	minDepth int // fewest and most labels that a wild host has
	maxDepth int
	ports    bool // whether a wild base has any port
}

// A base is a pattern less its first label, the one with the wildcard.
type base struct {
	scheme, host string
	port         string // with its colon: "" for none, ":*" for any
}

// labels says what may stand before a base.
type labels struct {
	any     bool // one or more labels
	affixes map[affix]struct{}
	shapes  []shape // the lengths found in affixes, each once
}

// An affix is what surrounds a wildcard within a label.
type affix struct{ prefix, suffix string }

// A shape is the lengths of an affix.
type shape struct{ prefix, suffix int }

const (
	maxScheme = 64
	maxHost   = 253 // RFC 1035, section 2.3.4, in its textual form
	maxLabel  = 63
	maxOrigin = maxScheme + len("://") + maxHost + len(".") + len(":65535")
)

// NewOriginMatcher returns a matcher for patterns, whose grammar is described at
// [OriginMatcher]. Its error is an [*OptionsError] that holds a [Problem] for
// each bad pattern. The pattern "*" is one of them: what is matched here is
// mostly WebSocket handshakes, which carry the user's cookies.
func NewOriginMatcher(patterns ...string) (*OriginMatcher, error) {
	const field = "patterns"
	var problems []Problem
	m := newMatcher(len(patterns))
	for _, value := range patterns {
		p, flaw := parsePattern(value)
		switch {
		case value == "*":
			problems = append(problems, Problem{Field: field, Value: value, Reason: ReasonUnsafe,
				Detail: "every origin, strangers included; list the origins that you trust"})
		case flaw.reason != "":
			problems = append(problems, Problem{field, value, flaw.reason, flaw.detail, suggest(value)})
		default:
			m.add(p)
		}
	}
	if len(patterns) == 0 {
		problems = append(problems, Problem{Field: field, Reason: ReasonMissing,
			Detail: "no pattern is given, so that nothing would match"})
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
func (m *OriginMatcher) add(p pattern) {
	switch {
	case p.wild:
		m.addWild(p)
	case p.port == ":*":
		if m.anyPort == nil {
			m.anyPort = make(map[string]struct{})
		}
		m.anyPort[strings.TrimSuffix(p.text, ":*")] = struct{}{}
		m.longest = maxOrigin
	default:
		m.exact[p.text] = struct{}{}
		m.longest = max(m.longest, len(p.text))
	}
}

func (m *OriginMatcher) addWild(p pattern) {
	if m.wild == nil {
		m.wild = make(map[base]*labels)
		m.minDepth = maxHost
	}
	depth := 1 + strings.Count(p.host, ".")
	m.minDepth, m.maxDepth = min(m.minDepth, depth), max(m.maxDepth, depth)
	m.longest = maxOrigin
	m.ports = m.ports || p.port == ":*"

	b := base{p.scheme, p.host, p.port}
	l := m.wild[b]
	if l == nil {
		l = &labels{}
		m.wild[b] = l
	}
	if p.affix == (affix{}) {
		l.any = true
		return
	}
	if l.affixes == nil {
		l.affixes = make(map[affix]struct{})
	}
	l.affixes[p.affix] = struct{}{}
	if s := (shape{len(p.affix.prefix), len(p.affix.suffix)}); !slices.Contains(l.shapes, s) {
		l.shapes = append(l.shapes, s)
	}
}

// Match reports whether a pattern describes origin, the value of an Origin
// header. What is not a serialized origin matches nothing, nor does "null".
func (m *OriginMatcher) Match(origin string) bool {
	if len(origin) > m.longest {
		return false
	}
	if _, ok := m.exact[origin]; ok {
		return true
	}
	return (m.wild != nil || m.anyPort != nil) && m.matchWild(origin)
}

func (m *OriginMatcher) matchWild(origin string) bool {
	scheme, host, port, ok := splitOrigin(origin)
	if !ok || !isPort(scheme, port) || len(strings.TrimSuffix(host, ".")) > maxHost {
		return false
	}
	if m.anyPort != nil {
		if _, ok := m.anyPort[origin[:len(origin)-len(port)]]; ok {
			return true
		}
	}
	// From the right, label by label: however many dots a client sends, only as
	// many are looked at as the longest pattern has.
	end := len(host)
	for depth := 1; depth <= m.maxDepth; depth++ {
		dot := strings.LastIndexByte(host[:end], '.')
		if dot < 0 {
			return false
		}
		if depth >= m.minDepth {
			b := base{scheme, host[dot+1:], port}
			if l := m.wild[b]; l != nil && l.match(host[:dot]) {
				return true
			}
			if m.ports {
				b.port = ":*"
				if l := m.wild[b]; l != nil && l.match(host[:dot]) {
					return true
				}
			}
		}
		end = dot
	}
	return false
}

// match reports whether the wildcard may stand for s, the host before the base.
func (l *labels) match(s string) bool {
	if l.any && areLabels(s) {
		return true
	}
	if l.shapes == nil || !isLabel(s) {
		return false
	}
	for _, n := range l.shapes {
		if len(s) <= n.prefix+n.suffix {
			continue
		}
		if _, ok := l.affixes[affix{s[:n.prefix], s[len(s)-n.suffix:]}]; ok {
			return true
		}
	}
	return false
}

// surrounds reports whether s is a label that begins and ends with a, and has at
// least one character between.
func (a affix) surrounds(s string) bool {
	return len(s) > len(a.prefix)+len(a.suffix) && isLabel(s) &&
		strings.HasPrefix(s, a.prefix) && strings.HasSuffix(s, a.suffix)
}

// CheckOrigin reports whether the request r comes from a page that may talk to
// this server: it carries no Origin header (so it is no browser's cross-origin
// request), or the origin of the server itself as r.Host names it, or one that
// m matches. It is what WebSocket upgraders ask for: browsers send Origin with a
// handshake and then let any page read what comes back, so only the server can
// refuse (RFC 6455, section 10.2).
//
// Handshakes carry cookies. A pattern whose wildcard stands right under a public
// suffix, such as https://*.netlify.app, lets in whoever registers a name there.
func (m *OriginMatcher) CheckOrigin(r *http.Request) bool {
	lines := r.Header["Origin"]
	switch len(lines) {
	case 0:
		return true
	case 1:
		return isOwnOrigin(r, lines[0]) || m.Match(lines[0])
	}
	return false
}

// isOwnOrigin reports whether origin names the host that r was sent to. Whether
// a request without TLS came over https to a proxy is unknown, so that either
// scheme will do there.
func isOwnOrigin(r *http.Request, origin string) bool {
	if len(origin) > maxOrigin {
		return false
	}
	host, ok := strings.CutPrefix(origin, "https://")
	if !ok && r.TLS == nil {
		host, ok = strings.CutPrefix(origin, "http://")
	}
	return ok && host != "" && strings.EqualFold(host, r.Host)
}

// A pattern is a parsed origin pattern.
type pattern struct {
	text   string // as written
	scheme string
	host   string // less the first label, if that one has the wildcard
	port   string // with its colon: "" for none, ":*" for any
	wild   bool
	affix  affix // of a wildcard; zero for "*." itself
}

// A flaw is why a pattern is bad; its zero value stands for none. Both parts
// are constants, so that judging what a client sends allocates nothing.
type flaw struct {
	reason Reason
	detail string
}

// parsePattern parses one pattern other than "*".
func parsePattern(s string) (pattern, flaw) {
	scheme, host, port, ok := splitOrigin(s)
	if ok && (scheme == "https" || scheme == "http") && isPort(scheme, port) && len(host) <= maxHost && areLabels(host) && !endsInNumber(host) {
		return pattern{text: s, scheme: scheme, host: host, port: port}, flaw{} // as nearly all are
	}
	malformed := func(detail string) (pattern, flaw) { return pattern{}, flaw{ReasonMalformed, detail} }
	switch {
	case s == "":
		return malformed("empty")
	case s == "null":
		return pattern{}, flaw{ReasonForbidden,
			"any page can make its origin null, by a sandboxed frame; those who must allow it can do so in AllowOriginFunc"}
	case strings.IndexByte(s, ',') >= 0:
		return malformed("several origins in one string; write each as an element of its own")
	case strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0:
		return malformed("white space or a control character")
	}
	if !ok {
		return malformed("no scheme")
	}
	if f := checkScheme(scheme); f.reason != "" {
		return pattern{}, f
	}
	switch rest := s[len(scheme)+len("://"):]; {
	case strings.IndexByte(rest, '@') >= 0:
		return malformed("an origin has no user name or password")
	case strings.ContainsAny(rest, `\^$+(){}|`):
		return malformed("regular expressions are not supported; \"*.\" stands for one or more labels, \"*\" for part of the first")
	case strings.ContainsAny(rest, "/?#"):
		return malformed("an origin ends after host and port: no path, query or slash")
	case strings.IndexByte(host, ':') >= 0 && strings.IndexByte(host, '[') < 0:
		return malformed("too many colons; an IPv6 address stands in brackets")
	case port == ":":
		return malformed("the port is empty")
	case port == defaultPort(scheme) && port != "":
		return malformed("browsers leave the default port out")
	case port != ":*" && !isPort(scheme, port):
		return malformed("the port is not a number from 1 to 65535 without leading zeros")
	}
	p := pattern{text: s, scheme: scheme, host: host, port: port}
	if star := strings.IndexByte(host, '*'); star >= 0 {
		first, rest, _ := strings.Cut(host, ".")
		switch {
		case strings.IndexByte(host[star+1:], '*') >= 0:
			return malformed("more than one wildcard in the host")
		case star >= len(first):
			return malformed("the wildcard may stand in the first label only")
		case rest == "":
			return malformed("no domain follows the wildcard; \"*\" alone allows every origin")
		case rest[0] == '[' || checkHost(rest).reason == "" && endsInNumber(rest):
			return malformed("an IP address has no subdomains")
		}
		p.wild, p.host = true, rest
		p.affix.prefix, p.affix.suffix, _ = strings.Cut(first, "*")
		host = strings.Replace(host, "*", "x", 1) // the shortest it may stand for
	}
	if f := checkHost(host); f.reason != "" && (host != "." || scheme == "http" || scheme == "https") {
		return pattern{}, f
	}
	if b := p.affix.suffix; p.wild && b != "" && b[0] != '-' && b[0] != '_' && publicsuffix.Is(strings.TrimSuffix(p.host, ".")) {
		return pattern{}, missingDot
	}
	return p, flaw{}
}

// missingDot is what is wrong with https://*example.com.
var missingDot = flaw{ReasonUnsafe, "it matches evilexample.com as well; \"*.\" stands for the subdomains"}

// fileOrigin is what some browsers send for a local file, where most send "null".
const fileOrigin = "file://"

// splitOrigin cuts s into its parts, the port with its colon, and checks none of
// them.
func splitOrigin(s string) (scheme, host, port string, ok bool) {
	scheme, host, ok = strings.Cut(s, "://")
	if strings.IndexByte(host, ':') < 0 { // which is quicker than to search from the right
		return scheme, host, "", ok
	}
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host, port = host[:colon], host[colon:]
	}
	return scheme, host, port, ok
}

// checkScheme tells what is wrong with the scheme of a pattern.
func checkScheme(s string) flaw {
	switch s {
	case "ws", "wss":
		return flaw{ReasonMalformed, "browsers send the page's origin with WebSocket handshakes: http or https"}
	case "file":
		return flaw{ReasonForbidden,
			"browsers send null for a local file, or file:// for every one; those who must allow it can do so in AllowOriginFunc"}
	case "data", "blob", "about", "javascript", "ftp":
		return flaw{ReasonForbidden, "no page has such an origin: browsers send null"}
	case "*":
		return flaw{ReasonMalformed, "the scheme cannot be a wildcard; write one pattern for each"}
	}
	if s == "" || len(s) > maxScheme || s[0] < 'a' || s[0] > 'z' {
		if s != "" && 'A' <= s[0] && s[0] <= 'Z' {
			return flaw{ReasonMalformed, upperCase}
		}
		return flaw{ReasonMalformed, "not a scheme"}
	}
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9', b == '+', b == '-', b == '.':
		case 'A' <= b && b <= 'Z':
			return flaw{ReasonMalformed, upperCase}
		default:
			return flaw{ReasonMalformed, "not a scheme"}
		}
	}
	return flaw{}
}

const upperCase = "upper-case letters; browsers send origins in lower case"

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return ":80"
	case "https":
		return ":443"
	}
	return ""
}

// isPort reports whether port is one that browsers send with scheme: none, or a
// number other than the default, without leading zeros.
func isPort(scheme, port string) bool {
	if port == "" {
		return true
	}
	digits := port[len(":"):]
	if digits == "" || len(digits) > len("65535") || digits[0] == '0' || port == defaultPort(scheme) {
		return false
	}
	n := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
		n = 10*n + int(digits[i]-'0')
	}
	return n <= 65535
}

// checkHost tells what is wrong with a host that has no wildcard.
func checkHost(s string) flaw {
	if s == "" {
		return flaw{ReasonMalformed, "no host"}
	}
	if s[0] == '[' {
		inner, ok := strings.CutSuffix(s[1:], "]")
		if !ok {
			return flaw{ReasonMalformed, "the bracket is not closed"}
		}
		addr, err := netip.ParseAddr(inner)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return flaw{ReasonMalformed, "not an IPv6 address"}
		}
		if string(appendIPv6(make([]byte, 0, maxLabel), addr)) != inner {
			return flaw{ReasonMalformed, "not the canonical form of the IPv6 address, which is what browsers send"}
		}
		return flaw{}
	}
	domain := strings.TrimSuffix(s, ".")
	if len(domain) > maxHost {
		return flaw{ReasonMalformed, "a host has at most 253 bytes"}
	}
	if !areLabels(domain) {
		return flaw{ReasonMalformed, whyNotLabels(domain)}
	}
	if endsInNumber(domain) {
		if _, err := netip.ParseAddr(s); err != nil {
			return flaw{ReasonMalformed, "not the canonical form of an IPv4 address, which is four decimal numbers"}
		}
	}
	return flaw{}
}

// whyNotLabels puts into words what areLabels found.
func whyNotLabels(s string) string {
	for i := range len(s) {
		switch {
		case 'A' <= s[i] && s[i] <= 'Z':
			return upperCase
		case s[i] >= 0x80:
			return "not ASCII; browsers send such hosts in Punycode (xn--…), as new URL(\"https://…\").origin shows in a console"
		case s[i] != '.' && !isLabelByte(s[i]):
			return "a character that no host has"
		}
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) > maxLabel {
			return "a label of a host has at most 63 bytes"
		}
	}
	return "a label of the host is empty"
}

// appendIPv6 appends the form in which browsers write addr: that of RFC 5952
// without its dotted tail (https://url.spec.whatwg.org/#host-serializing).
func appendIPv6(b []byte, addr netip.Addr) []byte {
	if !addr.Is4In6() {
		return addr.AppendTo(b)
	}
	const hex = "0123456789abcdef"
	b = append(b, "::ffff"...)
	a := addr.As16()
	for i := 12; i < 16; i += 2 {
		b = append(b, ':')
		leading := true
		for _, digit := range [4]byte{a[i] >> 4, a[i] & 15, a[i+1] >> 4, a[i+1] & 15} {
			if leading = leading && digit == 0; !leading {
				b = append(b, hex[digit])
			}
		}
		if leading {
			b = append(b, '0')
		}
	}
	return b
}

// endsInNumber reports whether browsers take domain, which is labels, for an IPv4
// address (https://url.spec.whatwg.org/#ends-in-a-number-checker).
func endsInNumber(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if last[0] > '9' { // as nearly all are
		return false
	}
	digits := "0123456789"
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		last, digits = hex, "0123456789abcdef"
	}
	return strings.Trim(last, digits) == ""
}

// isLoopback reports whether host can only be the machine that the browser runs
// on (https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy).
func isLoopback(host string) bool {
	domain := strings.TrimSuffix(host, ".")
	if domain == "localhost" || strings.HasSuffix(domain, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(domain, "[]"))
	return err == nil && addr.IsLoopback()
}

// areLabels reports whether s is one or more labels with single dots between.
func areLabels(s string) bool {
	start := 0
	for i := range len(s) {
		if s[i] == '.' {
			if i == start || i-start > maxLabel {
				return false
			}
			start = i + 1
		} else if !isLabelByte(s[i]) {
			return false
		}
	}
	return start < len(s) && len(s)-start <= maxLabel
}

// isLabel reports whether s is one label.
func isLabel(s string) bool {
	return strings.IndexByte(s, '.') < 0 && areLabels(s)
}

func isLabelByte(b byte) bool {
	return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}

// suggest returns the pattern that the author of s most likely means, or "" if
// that is not evident.
func suggest(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if strings.TrimRight(s, "/") == "null" || strings.ContainsAny(s, ", \t\r\n\\") {
		return ""
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "", strings.TrimPrefix(s, "//")
		if strings.Contains(rest, "@") {
			return "" // an address, of mail for example
		}
	}
	for _, known := range []string{"https", "http"} { // with less than :// after it, or twice
		if after, ok := strings.CutPrefix(rest, known); ok && strings.IndexAny(after, ":/") == 0 {
			scheme, rest = known, strings.TrimLeft(after, ":/")
		}
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if strings.HasPrefix(rest, ".") {
		rest = "*" + rest
	}
	_, host, port, _ := splitOrigin("://" + rest)
	if strings.HasPrefix(host, "[") {
		if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
			host = "[" + string(appendIPv6(nil, addr)) + "]"
		}
	}
	switch scheme {
	case "":
		scheme = "https"
		if isLoopback(host) || port == ":80" {
			scheme = "http"
		}
	case "ws":
		scheme = "http"
	case "wss":
		scheme = "https"
	}
	pattern := scheme + "://" + host
	if port = ":" + strings.TrimLeft(port, ":0"); port != ":" && port != defaultPort(scheme) {
		pattern += port
	}
	switch _, f := parsePattern(pattern); f {
	case flaw{}:
		return pattern
	case missingDot:
		return suggest(strings.Replace(pattern, "*", "*.", 1))
	}
	return ""
}

// Package origin is the grammar of origins and of origin patterns: it parses
// them, says what is wrong with a bad one, suggests the right spelling, and tells
// how an origin differs from a pattern. Package cors matches with what is parsed
// here.
package origin

import (
	"strings"

	"example.com/cors/internal/flaw"
	"example.com/cors/internal/publicsuffix"
)

const (
	maxScheme = 64
	maxHost   = 253 // RFC 1035, section 2.3.4, in its textual form
	maxLabel  = 63

	// MaxLen is the length of the longest origin, in bytes.
	MaxLen = maxScheme + len("://") + maxHost + len(".") + len(":65535")
)

// File is what some browsers send for a local file. Most send "null".
const File = "file://"

// A Pattern is a parsed pattern, or a parsed origin.
type Pattern struct {
	Text    string // as written
	Scheme  string
	Host    string // without its first label, if that one has the wildcard
	Port    string // with its colon: "" for none, ":*" for any
	Wild    bool   // whether the first label has a wildcard
	AnyHost bool   // whether the host is "*" as a whole
	Affix   Affix  // around the wildcard; zero for "*." itself
}

// AnyPort is the Port of a pattern that matches every port, and no port.
const AnyPort = ":*"

// An Affix is what stands around a wildcard within a label.
type Affix struct{ Prefix, Suffix string }

// Surrounds reports whether s is a label that begins and ends with a, and has at
// least one character between.
func (a Affix) Surrounds(s string) bool {
	return len(s) > len(a.Prefix)+len(a.Suffix) && IsLabel(s) &&
		strings.HasPrefix(s, a.Prefix) && strings.HasSuffix(s, a.Suffix)
}

// ParseOrigin parses an origin, such as a client sends it.
func ParseOrigin(s string) (Pattern, flaw.Flaw) {
	if strings.IndexByte(s, '*') >= 0 {
		return Pattern{}, flaw.Malformed("it has a wildcard, which browsers never send")
	}
	p, f := ParsePattern(s)
	if f == upperCase {
		if scheme, rest, _ := strings.Cut(s, "://"); !isWeb(scheme) && checkScheme(scheme).Reason == "" {
			// Some browsers send the host of an extension in upper case.
			p, f = ParsePattern(scheme + "://" + strings.ToLower(rest))
			p.Text = s
		}
	}
	return p, f
}

// isWeb reports whether scheme is that of a page on the web. Only there do all
// browsers write hosts in the same way.
func isWeb(scheme string) bool { return scheme == "https" || scheme == "http" }

// IsRandomHost reports whether o is the origin of an extension in a browser that
// gives each installation of it a random host.
func IsRandomHost(o Pattern) bool {
	return o.Scheme == "moz-extension" || o.Scheme == "safari-web-extension"
}

// IsHostOnly reports whether s is a host without a port.
func IsHostOnly(s string) bool {
	return s == "." || checkHost(strings.ToLower(s)).Reason == ""
}

// ParsePattern parses one pattern other than "*".
func ParsePattern(s string) (Pattern, flaw.Flaw) {
	scheme, host, port, ok := split(s)
	if ok && isWeb(scheme) && isPort(scheme, port) && len(host) <= maxHost && AreLabels(host) && !endsInNumber(host) {
		return Pattern{Text: s, Scheme: scheme, Host: host, Port: port}, flaw.Flaw{} // as nearly all are
	}
	if f := checkText(s, ok); f.Reason != "" {
		return Pattern{}, f
	}
	if f := checkScheme(scheme); f.Reason != "" {
		return Pattern{}, f
	}
	if f := checkRest(s[len(scheme)+len("://"):], scheme, host, port); f.Reason != "" {
		return Pattern{}, f
	}
	p := Pattern{Text: s, Scheme: scheme, Host: host, Port: port}
	if host == "*" && !isWeb(scheme) && port == "" {
		p.AnyHost = true
		return p, flaw.Flaw{}
	}
	if strings.IndexByte(host, '*') >= 0 {
		if f := p.cutWildcard(); f.Reason != "" {
			return Pattern{}, f
		}
		host = strings.Replace(host, "*", "x", 1) // the shortest it may stand for
	}
	if f := checkHost(host); f.Reason != "" && (host != "." || isWeb(scheme)) {
		return Pattern{}, f
	}
	if p.lacksDot() {
		return Pattern{}, missingDot
	}
	return p, flaw.Flaw{}
}

// checkText says what is wrong with a pattern as a whole. hasScheme is false if
// it has no "://".
func checkText(s string, hasScheme bool) flaw.Flaw {
	switch {
	case s == "":
		return flaw.Malformed("empty")
	case s == "null":
		return flaw.Forbidden("any page can make its origin null, by a sandboxed frame; if you must allow it, do so in AllowOriginFunc")
	case strings.IndexByte(s, ',') >= 0:
		return flaw.Malformed("several origins in one string; write each as an element of its own")
	case strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0:
		return flaw.Malformed("white space or a control character")
	case !hasScheme:
		return flaw.Malformed("no scheme")
	}
	return flaw.Flaw{}
}

// checkScheme says what is wrong with the scheme of a pattern.
func checkScheme(s string) flaw.Flaw {
	switch s {
	case "ws", "wss":
		return flaw.Malformed("with WebSocket handshakes browsers send the origin of the page, which begins with http or https")
	case "file":
		return flaw.Forbidden("browsers send null for a local file, or file:// for every one; if you must allow it, do so in AllowOriginFunc")
	case "data", "blob", "about", "javascript", "ftp":
		return flaw.Forbidden("no page has such an origin: browsers send null")
	case "*":
		return flaw.Malformed("the scheme cannot be a wildcard; write one pattern for each")
	}
	if s == "" || len(s) > maxScheme || s[0] < 'a' || s[0] > 'z' {
		if s != "" && 'A' <= s[0] && s[0] <= 'Z' {
			return upperCase
		}
		return flaw.Malformed("not a scheme")
	}
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9', b == '+', b == '-', b == '.':
		case 'A' <= b && b <= 'Z':
			return upperCase
		default:
			return flaw.Malformed("not a scheme")
		}
	}
	return flaw.Flaw{}
}

var upperCase = flaw.Malformed("upper-case letters; browsers send origins in lower case")

// checkRest says what is wrong with what follows "://", apart from the host.
func checkRest(rest, scheme, host, port string) flaw.Flaw {
	switch {
	case strings.IndexByte(rest, '@') >= 0:
		return flaw.Malformed("an origin has no user name or password")
	case strings.ContainsAny(rest, `\^$+(){}|`):
		return flaw.Malformed(`regular expressions are not supported; "*." stands for one or more labels, "*" for part of the first`)
	case strings.ContainsAny(rest, "/?#"):
		return flaw.Malformed("an origin ends after host and port: no path, query or slash")
	case strings.IndexByte(host, ':') >= 0 && strings.IndexByte(host, '[') < 0:
		return flaw.Malformed("too many colons; write an IPv6 address in brackets")
	case port == ":":
		return flaw.Malformed("the port is empty")
	case port == defaultPort(scheme) && port != "":
		return flaw.Malformed("browsers leave the default port out")
	case port != AnyPort && !isPort(scheme, port):
		return flaw.Malformed("the port is not a number from 1 to 65535 without leading zeros")
	}
	return flaw.Flaw{}
}

// cutWildcard cuts the first label, the one with the wildcard, from p's host.
func (p *Pattern) cutWildcard() flaw.Flaw {
	star := strings.IndexByte(p.Host, '*')
	first, rest, _ := strings.Cut(p.Host, ".")
	switch {
	case strings.IndexByte(p.Host[star+1:], '*') >= 0:
		return flaw.Malformed("more than one wildcard in the host")
	case star >= len(first):
		return flaw.Malformed("the wildcard may stand in the first label only")
	case rest == "" && !isWeb(p.Scheme):
		return flaw.Malformed(`no domain follows the wildcard; "*" as the whole host, without a port, matches every host of this scheme`)
	case rest == "":
		return flaw.Malformed(`no domain follows the wildcard; "*" alone allows every origin`)
	case rest[0] == '[' || checkHost(rest).Reason == "" && endsInNumber(rest):
		return flaw.Malformed("an IP address has no subdomains")
	}
	p.Wild, p.Host = true, rest
	p.Affix.Prefix, p.Affix.Suffix, _ = strings.Cut(first, "*")
	return flaw.Flaw{}
}

// lacksDot reports whether p looks like https://*example.com, written for
// https://*.example.com.
func (p *Pattern) lacksDot() bool {
	suffix := p.Affix.Suffix
	return suffix != "" && suffix[0] != '-' && suffix[0] != '_' && publicsuffix.Is(strings.TrimSuffix(p.Host, "."))
}

var missingDot = flaw.Unsafe(`it matches evilexample.com as well; "*." stands for the subdomains`)

// split cuts s into its parts, the port with its colon, and checks none of them.
func split(s string) (scheme, host, port string, ok bool) {
	scheme, host, ok = strings.Cut(s, "://")
	if strings.IndexByte(host, ':') < 0 { // which is quicker than to search from the right
		return scheme, host, "", ok
	}
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host, port = host[:colon], host[colon:]
	}
	return scheme, host, port, ok
}

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

// WithoutPort returns the origin s without its port. It reports false if s has
// a port that browsers do not send.
func WithoutPort(s string) (rest string, ok bool) {
	colon := len(s)
	for i := len(s) - 1; i >= 0 && i >= len(s)-len(":65535"); i-- {
		if s[i] == ':' {
			colon = i
			break
		}
		if s[i] < '0' || s[i] > '9' {
			return s, true
		}
	}
	scheme, _, _ := strings.Cut(s, ":")
	return s[:colon], isPort(scheme, s[colon:])
}

// IsHost reports whether the origin s names the host that a request was sent
// to, as its Host header has it. Without TLS both http and https will do: a
// proxy in front may have received the request over https.
func IsHost(s, host string, tls bool) bool {
	if len(s) > MaxLen {
		return false
	}
	named, ok := strings.CutPrefix(s, "https://")
	if !ok && !tls {
		named, ok = strings.CutPrefix(s, "http://")
	}
	return ok && named != "" && strings.EqualFold(named, host)
}

// RoomBefore returns how many bytes a host may have before host and the dot
// between.
func RoomBefore(host string) int {
	return maxHost - len(".") - len(strings.TrimSuffix(host, "."))
}

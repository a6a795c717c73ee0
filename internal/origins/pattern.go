// Package origins knows all about origins and origin patterns. It parses them, says
// what is wrong with a bad one and how it is spelled right, matches origins with a
// set of patterns, and tells how an origin differs from a pattern.
package origins

import (
	"strings"

	"example.com/cors/internal/publicsuffix"
)

const (
	maxScheme = 64
	maxHost   = 253 // RFC 1035, section 2.3.4, in its textual form
	maxLabel  = 63
	maxOrigin = maxScheme + len("://") + maxHost + len(".") + len(":65535")
)

// An Error says what is wrong with an origin or a pattern, as a lower-case clause.
// Each is a constant, so judging what a client sends allocates nothing.
type Error string

func (e Error) Error() string { return string(e) }

// IsOpaque reports whether browsers send s for pages of many origins: for sandboxed
// frames, for example, and for local files. Some send file:// for the latter, most
// send null.
func IsOpaque(s string) bool { return s == "null" || s == "file://" }

// A Pattern is a parsed pattern. An origin is a pattern without a wildcard.
type Pattern struct {
	Text   string // the pattern as a whole
	Scheme string

	// Wildcard is the first label of the host if that has the "*": "*" itself, or a
	// text around it such as "shop-*". It is "" for a pattern of one host.
	Wildcard string

	// Host is what follows the wildcard's label and its dot. Without a wildcard it is
	// the whole host. It is "" if the wildcard stands for every host of the scheme.
	Host string

	Port string // with its colon: "" for none, ":*" for any or none
}

// anyPort is the Port of a pattern that matches every port, and no port.
const anyPort = ":*"

// AnyHost reports whether p matches every host of its scheme.
func (p Pattern) AnyHost() bool { return p.Wildcard != "" && p.Host == "" }

// ParseOrigin parses an origin, such as a client sends it.
func ParseOrigin(s string) (Pattern, error) {
	if len(s) > maxOrigin {
		return Pattern{}, Error("too long")
	}
	if strings.IndexByte(s, '*') >= 0 {
		return Pattern{}, Error("it has a wildcard, which browsers never send")
	}
	p, err := Parse(s)
	if err == errUpperCase {
		if scheme, rest, _ := strings.Cut(s, "://"); !isWeb(scheme) && checkScheme(scheme) == nil {
			// Some browsers send the host of an extension in upper case.
			p, err = Parse(scheme + "://" + strings.ToLower(rest))
			p.Text = s
		}
	}
	return p, err
}

// isWeb reports whether scheme is that of a page on the web. Only there do all
// browsers write hosts in the same way.
func isWeb(scheme string) bool { return scheme == "https" || scheme == "http" }

// Parse parses one pattern other than "*". If it returns an error, [Suggest] may know
// what to write instead.
func Parse(s string) (Pattern, error) {
	scheme, host, port, ok := split(s)
	p := Pattern{Text: s, Scheme: scheme, Host: host, Port: port}
	// Nearly all patterns and origins take this short way: a domain name on the web. It
	// finds what the checks below would find, in much less time. It is what makes
	// AllowOriginFunc cheap, before which every origin is parsed.
	if ok && isWeb(scheme) && isPort(scheme, port) && len(host) <= maxHost && areLabels(host) && !endsInNumber(host) {
		return p, nil
	}
	if err := checkText(s, ok); err != nil {
		return Pattern{}, err
	}
	if err := checkScheme(scheme); err != nil {
		return Pattern{}, err
	}
	if err := checkRest(s[len(scheme)+len("://"):], scheme, host, port); err != nil {
		return Pattern{}, err
	}
	if host == "*" && !isWeb(scheme) && port == "" {
		p.Wildcard, p.Host = "*", ""
		return p, nil
	}
	if strings.IndexByte(host, '*') >= 0 {
		if err := p.cutWildcard(); err != nil {
			return Pattern{}, err
		}
		host = strings.Replace(host, "*", "x", 1) // the shortest it may stand for
	}
	if err := checkHost(host); err != nil && (host != "." || isWeb(scheme)) {
		return Pattern{}, err
	}
	if p.lacksDot() {
		return Pattern{}, errMissingDot
	}
	return p, nil
}

// checkText says what is wrong with a pattern as a whole. hasScheme is false if
// it has no "://".
func checkText(s string, hasScheme bool) error {
	switch {
	case s == "":
		return Error("empty")
	case s == "null":
		return Error("any page can make its origin null, by a sandboxed frame; " +
			"if you must allow it, do so in AllowOriginFunc")
	case strings.IndexByte(s, ',') >= 0:
		return Error("several origins in one string; write each as an element of its own")
	case strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0:
		return Error("white space or a control character")
	case !hasScheme:
		return Error("no scheme")
	}
	return nil
}

// checkScheme says what is wrong with the scheme of a pattern.
func checkScheme(s string) error {
	switch s {
	case "ws", "wss":
		return Error("with WebSocket handshakes browsers send the origin of the page, " +
			"which begins with http or https")
	case "file":
		return Error("browsers send null for a local file, or file:// for every one; " +
			"if you must allow it, do so in AllowOriginFunc")
	case "data", "blob", "about", "javascript", "ftp":
		return Error("no page has such an origin: browsers send null")
	case "*":
		return Error("the scheme cannot be a wildcard; write one pattern for each")
	}
	if s == "" || len(s) > maxScheme || s[0] < 'a' || s[0] > 'z' {
		if s != "" && 'A' <= s[0] && s[0] <= 'Z' {
			return errUpperCase
		}
		return Error("not a scheme")
	}
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9', b == '+', b == '-', b == '.':
		case 'A' <= b && b <= 'Z':
			return errUpperCase
		default:
			return Error("not a scheme")
		}
	}
	return nil
}

const errUpperCase = Error("upper-case letters; browsers send origins in lower case")

// checkRest says what is wrong with what follows "://", apart from the host.
func checkRest(rest, scheme, host, port string) error {
	switch {
	case strings.IndexByte(rest, '@') >= 0:
		return Error("an origin has no user name or password")
	case strings.ContainsAny(rest, `\^$+(){}|`):
		return Error(`regular expressions are not supported; ` +
			`"*." stands for one or more labels, "*" for part of the first`)
	case strings.ContainsAny(rest, "/?#"):
		return Error("an origin ends after host and port: no path, query or slash")
	case strings.IndexByte(host, ':') >= 0 && strings.IndexByte(host, '[') < 0:
		return Error("too many colons; write an IPv6 address in brackets")
	case port == ":":
		return Error("the port is empty")
	case port == defaultPort(scheme) && port != "":
		return Error("browsers leave the default port out")
	case port != anyPort && !isPort(scheme, port):
		return Error("the port is not a number from 1 to 65535 without leading zeros")
	}
	return nil
}

// cutWildcard cuts the first label, the one with the wildcard, from p's host.
func (p *Pattern) cutWildcard() error {
	star := strings.IndexByte(p.Host, '*')
	first, rest, _ := strings.Cut(p.Host, ".")
	switch {
	case strings.IndexByte(p.Host[star+1:], '*') >= 0:
		return Error("more than one wildcard in the host")
	case star >= len(first):
		return Error("the wildcard may stand in the first label only")
	case rest == "" && !isWeb(p.Scheme):
		return Error(`no domain follows the wildcard; ` +
			`"*" as the whole host, without a port, matches every host of this scheme`)
	case rest == "":
		return Error(`no domain follows the wildcard; "*" alone allows every origin`)
	case rest[0] == '[' || checkHost(rest) == nil && endsInNumber(rest):
		return Error("an IP address has no subdomains")
	}
	p.Wildcard, p.Host = first, rest
	return nil
}

// lacksDot reports whether p looks like https://*example.com, written for
// https://*.example.com.
func (p *Pattern) lacksDot() bool {
	_, suffix, _ := strings.Cut(p.Wildcard, "*")
	return suffix != "" && suffix[0] != '-' && suffix[0] != '_' && publicsuffix.Is(strings.TrimSuffix(p.Host, "."))
}

const errMissingDot = Error(`it matches evilexample.com as well; "*." stands for the subdomains`)

// split cuts s into its parts, the port with its colon, and checks none of them.
func split(s string) (scheme, host, port string, ok bool) {
	scheme, host, ok = strings.Cut(s, "://")
	if strings.IndexByte(host, ':') < 0 {
		// Most have no port, and IndexByte finds that sooner than LastIndexByte, which
		// goes byte by byte.
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

// withoutPort returns the origin s without its port. It reports false if s has
// a port that browsers do not send.
func withoutPort(s string) (rest string, ok bool) {
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
	if len(s) > maxOrigin {
		return false
	}
	named, ok := strings.CutPrefix(s, "https://")
	if !ok && !tls {
		named, ok = strings.CutPrefix(s, "http://")
	}
	return ok && named != "" && strings.EqualFold(named, host)
}

// IsRandomHost reports whether o is the origin of an extension in a browser that
// gives each installation of it a random host.
func IsRandomHost(o Pattern) bool {
	return o.Scheme == "moz-extension" || o.Scheme == "safari-web-extension"
}

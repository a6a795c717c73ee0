// Package origins knows all about origins and origin patterns. It parses them, says
// what is wrong with a bad one and how it is spelled right, matches origins with a
// set of patterns, and tells how an origin differs from a pattern.
package origins

import (
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/publicsuffix"
)

const (
	maxScheme = 64
	maxHost   = 253 // RFC 1035, section 2.3.4, in its textual form
	maxLabel  = 63
	maxOrigin = maxScheme + len("://") + maxHost + len(".") + len(":65535")
)

// An Error says what is wrong with an origin or a pattern, as a lower-case clause. What
// the author of a pattern can do may follow, behind a semicolon. Each is a constant, so
// judging what a client sends allocates nothing.
type Error string

func (e Error) Error() string { return string(e) }

// IsOpaque reports whether browsers send s for pages that they do not tell apart: null
// for sandboxed frames, for example, and for most local files. Some write file://
// for these, and the bare scheme for the pages of an application, such as qrc://.
func IsOpaque(s string) bool {
	if s == "null" {
		return true
	}
	if len(s) > maxScheme+len("://") {
		return false
	}
	scheme, ok := strings.CutSuffix(s, "://")
	return ok && !isWeb(scheme) && (scheme == "file" || checkScheme(scheme) == nil)
}

// NamesOpaque reports whether s, an element of a list of patterns, names an origin that
// IsOpaque finds. Parse refuses it.
func NamesOpaque(s string) bool {
	s = normalize(s)
	return isNull(s) || IsOpaque(s) || s == "file://*"
}

// IsShared reports whether err is that of Parse for an origin, other than null, that
// browsers send for pages that have nothing to do with each other.
func IsShared(err error) bool {
	return err == errLocalFile || err == errNoOrigin || err == errNoAppHost
}

// MayMeanEvery reports whether err is that of Parse for a text that may have been meant
// as "*", which Parse does not take.
func MayMeanEvery(err error) bool {
	switch err {
	case errWord, errAnything, errWildcards, errAnyScheme, errNoDomain, errNoHost:
		return true
	}
	return false
}

// A Pattern is a parsed pattern. An origin is a pattern without a wildcard. The doc
// comment of OriginMatcher, in package cors, has the grammar.
type Pattern struct {
	Text   string // the pattern as a whole, in the spelling of browsers
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

// Covers reports whether the wildcard of p may stand for s, which is labels.
func (p Pattern) Covers(s string) bool {
	if p.Wildcard == "*" {
		return true
	}
	prefix, suffix, _ := strings.Cut(p.Wildcard, "*")
	return len(s) > len(prefix)+len(suffix) && isLabel(s) && strings.HasPrefix(s, prefix) && strings.HasSuffix(s, suffix)
}

// ParseOrigin parses an origin, such as a client sends it. It takes the spelling of
// browsers alone.
func ParseOrigin(s string) (Pattern, error) {
	if len(s) > maxOrigin {
		return Pattern{}, Error("too long")
	}
	if strings.IndexByte(s, '*') >= 0 {
		return Pattern{}, Error("it has a wildcard, which browsers never send")
	}
	p, common, err := parse(s)
	if common {
		return p, nil
	}
	if err != nil {
		return Pattern{}, err
	}
	check := checkHost
	if !isWeb(p.Scheme) {
		check = checkOpaqueHost
	}
	if err := check(p.Host); err != nil {
		return Pattern{}, err
	}
	return p, nil
}

// isWeb reports whether scheme is that of a page on the web. Only there do all
// browsers write hosts in the same way.
func isWeb(scheme string) bool { return scheme == "https" || scheme == "http" }

// Parse parses one pattern other than "*", in any spelling that has one meaning. If it
// returns an error, [Suggest] may know what to write instead.
func Parse(s string) (Pattern, error) {
	p, err := parsePattern(s)
	if err == nil { // as for nearly all: s is normal
		return p, nil
	}
	if normal := normalize(s); normal != s {
		if p, err = parsePattern(normal); err == nil {
			return p, nil
		}
		s = normal
	}
	if known := checkKind(s); known != nil {
		err = known
	}
	return Pattern{}, err
}

// parsePattern parses a pattern that is spelled as browsers spell origins.
func parsePattern(s string) (Pattern, error) {
	p, common, err := parse(s)
	if common && p.Host[0] <= '9' && isIPv4Range(p.Host) {
		return Pattern{}, errNetwork
	}
	if common || err != nil {
		return p, err
	}
	if misspelt(p.Scheme) != "" {
		return Pattern{}, Error("write https or http: the scheme is misspelt, and no page has it")
	}
	host := p.Host
	if host == "*" && !isWeb(p.Scheme) && p.Port == "" {
		p.Wildcard, p.Host = "*", ""
		return p, nil
	}
	if strings.IndexByte(host, '*') >= 0 {
		if err := p.cutWildcard(); err != nil {
			return Pattern{}, err
		}
		host = strings.Replace(host, "*", "x", 1) // the shortest it may stand for
	}
	check := checkHost
	if !isWeb(p.Scheme) {
		check = checkAppHost
	}
	if err := check(host); err != nil {
		return Pattern{}, err
	}
	if p.lacksDot() {
		return Pattern{}, errMissingDot
	}
	return p, nil
}

// normalize returns s in the spelling of browsers, if s differs from it only in ways
// that leave no doubt: white space around, the case of the scheme and of a host on the
// web, a slash at the end, the default port. Hosts of other schemes keep their case:
// some browsers send them in upper case.
func normalize(s string) string {
	s = strings.TrimSpace(s)
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	scheme = fetch.ByteLowercase(scheme)
	rest = strings.TrimSuffix(rest, "/")
	if isWeb(scheme) && !strings.HasPrefix(rest, yourName) {
		rest = fetch.ByteLowercase(rest)
		if _, host, port, _ := split("://" + rest); port == defaultPort(scheme) && !hasColon(host) {
			rest = host
		}
	}
	return scheme + "://" + rest
}

// parse cuts a pattern or an origin into its parts, and judges all but the host. It
// reports whether s is of the common kind, for which the host needs no judgement.
func parse(s string) (p Pattern, common bool, err error) {
	scheme, host, port, ok := split(s)
	p = Pattern{Text: s, Scheme: scheme, Host: host, Port: port}
	// Nearly all patterns and origins take this short way: a domain name on the web. It
	// finds what the checks below would find, in much less time. It is what makes
	// AllowOriginFunc cheap, before which every origin is parsed.
	if ok && isWeb(scheme) && isPort(scheme, port) && len(host) <= maxHost && areLabels(host) && !endsInNumber(host) {
		return p, true, nil
	}
	if err := checkText(s, ok); err != nil {
		return Pattern{}, false, err
	}
	if err := checkScheme(scheme); err != nil {
		return Pattern{}, false, err
	}
	if err := checkRest(s[len(scheme)+len("://"):], scheme, host, port); err != nil {
		return Pattern{}, false, err
	}
	return p, false, nil
}

// checkText says what is wrong with a pattern as a whole. hasScheme is false if
// it has no "://".
func checkText(s string, hasScheme bool) error {
	switch {
	case s == "":
		return errEmpty
	case strings.IndexByte(s, ',') >= 0:
		return errSeveral
	case strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0:
		return Error("white space or a control character")
	case !hasScheme:
		return ErrNoScheme
	}
	return nil
}

// ErrNoScheme is the error of Parse for what has no "://".
const ErrNoScheme = Error("no scheme")

const errEmpty = Error("empty; leave this element out: " +
	"a variable that is not set yields one, and so does splitting an empty string")

const errSeveral = Error("several origins in one string; write each as an element of its own")

// checkScheme says what is wrong with the scheme of a pattern.
func checkScheme(s string) error {
	switch s {
	case "ws", "wss":
		return Error("with WebSocket handshakes browsers send the origin of the page, " +
			"which begins with http or https; write that")
	case "file":
		return errLocalFile
	case "data", "blob", "about", "javascript", "ftp":
		return errNoOrigin
	case "*":
		return errWildcardScheme
	}
	if s == "" || len(s) > maxScheme || s[0] < 'a' || s[0] > 'z' {
		if s != "" && 'A' <= s[0] && s[0] <= 'Z' {
			return errUpperCase
		}
		return errNoScheme
	}
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9', b == '+', b == '-', b == '.':
		case 'A' <= b && b <= 'Z':
			return errUpperCase
		default:
			return errNoScheme
		}
	}
	return nil
}

const (
	errLocalFile = Error("browsers send null or file:// for files; if you must allow them, do so in AllowOriginFunc")
	errNoOrigin  = Error("browsers send null for this scheme; " +
		"if you must allow its pages, do so in AllowOriginFunc")
	errWildcardScheme = Error("the scheme cannot be a wildcard; " +
		"write one pattern for each scheme, or decide in AllowOriginFunc")
	errUpperCase = Error("upper-case letters, where browsers send lower case")
	errNoDomain  = Error("no domain follows the wildcard; " +
		`AllowOriginFunc can allow all of one scheme, and ":*" behind a host stands for any port`)
	errNoScheme = Error(`not a scheme; an origin begins with one, such as https, and "://"`)
)

// checkRest says what is wrong with what follows "://", apart from the host.
func checkRest(rest, scheme, host, port string) error {
	switch {
	case strings.IndexByte(rest, '@') >= 0:
		return Error("an origin has no user name or password")
	case strings.ContainsAny(rest, "/?#"):
		return Error("an origin ends after host and port: no path, query or slash")
	case hasColon(host) && (host[0] != '[' || strings.IndexByte(host, ']') >= 0):
		return Error("too many colons; write an IPv6 address in brackets")
	case port == ":":
		return Error("the port is empty")
	case port == defaultPort(scheme) && port != "": // of a client: patterns are normalized
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
		return Error("list the hosts, or decide in AllowOriginFunc: more than one wildcard in the host")
	case star >= len(first):
		return Error("list the hosts, or decide in AllowOriginFunc: the wildcard may stand in the first label only")
	case rest == "" && !isWeb(p.Scheme):
		return Error(`no domain follows the wildcard; ` +
			`"*" as the whole host, without a port, matches every host of this scheme`)
	case rest == "":
		return errNoDomain
	case rest[0] == '[' || isWeb(p.Scheme) && checkHost(rest) == nil && (endsInNumber(rest) || isIPv4Range(rest)):
		return Error("an IP address has no subdomains; list the addresses, or compare them in AllowOriginFunc")
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

const errMissingDot = Error(`write "*." for the subdomains: ` +
	`strangers can register a name that this matches, such as evilexample.com for "*example.com"`)

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

// hasColon reports whether split left a colon in a host, other than those in the
// brackets of an address.
func hasColon(host string) bool {
	return strings.IndexByte(host[strings.LastIndexByte(host, ']')+1:], ':') >= 0
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
	number := port[len(":"):]
	if number == "" || len(number) > len("65535") || number[0] == '0' || port == defaultPort(scheme) {
		return false
	}
	n := 0
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return false
		}
		n = 10*n + int(number[i]-'0')
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
// to, as its Host header has it, with or without the default port. Without TLS both
// http and https will do: a proxy in front may have received the request over https.
func IsHost(s, host string, tls bool) bool {
	if len(s) > maxOrigin {
		return false
	}
	named, ok := strings.CutPrefix(s, "https://")
	port := ":443"
	if !ok && !tls {
		named, ok = strings.CutPrefix(s, "http://")
		port = ":80"
	}
	if len(host) == len(named)+len(port) {
		host = strings.TrimSuffix(host, port)
	}
	return ok && named != "" && equalFold(named, host)
}

// equalFold reports whether a and b differ at most in the case of letters of ASCII. It
// allocates nothing, whatever a client sends.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

func lowerByte(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

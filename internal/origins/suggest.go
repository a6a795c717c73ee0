package origins

import (
	"net/netip"
	"strings"
	"unicode"

	"example.com/cors/internal/fetch"
)

// Suggest returns the pattern that the author of s most likely means, or "" if
// that is not evident. It names no page that s does not name.
func Suggest(s string) string {
	s = cutName(Unwrap(visible(s)))
	if checkKind(s) != nil || hasSpace(s) { // a long text has no kind
		return ""
	}
	scheme, rest, ok := cutScheme(s)
	if !ok {
		return ""
	}
	rest, path, ok := cutPath(rest)
	if !ok {
		return ""
	}
	if user, host, found := strings.Cut(rest, "@"); found {
		if scheme == "" || strings.ContainsAny(user, ".*") || strings.Contains(host, "@") {
			return "" // the host may be what stands before
		}
		rest = host
	}
	if strings.HasPrefix(rest, ".") && rest != "." {
		rest = "*" + rest
	}
	_, host, port, _ := split("://" + rest)
	if strings.IndexByte(host, '*') > 0 || hasColon(host) {
		return "" // a text before the wildcard, or two ports
	}
	if port == ":" && scheme != "" {
		port = "" // without a scheme, the colon is that of another kind of URL
	}
	if number := strings.TrimLeft(port, ":0"); number != "" && consistsOf(number, digits) {
		port = ":" + number
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, err := netip.ParseAddr(inner); err == nil {
		if path != "" && consistsOf(path, digits+"./") {
			return "" // a network
		}
		if len(inner) == len(host)-len("[]") {
			host = "[" + string(appendIPv6(nil, addr)) + "]"
		}
	}
	folded := fetch.ByteLowercase(host) // hosts of other schemes than https and http keep their case
	if isWeb(strings.TrimSuffix(folded, ".")) {
		return "" // a scheme, somehow
	}
	if scheme == "" && !strings.ContainsAny(host, ".[") && port == "" && !IsLoopback(folded) {
		return "" // a word
	}
	return spell(suggestScheme(scheme, folded, port), host, port)
}

// Unwrap returns s without what stands around it: white space, the commas and semicolons
// of a list, and pairs of quotes. Some quotes may stand in the name of a header; a third
// one says that the outer two are no pair.
func Unwrap(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })
	for _, quotes := range []string{`""`, "''", "``", "“”", "‘’", "«»"} {
		first, last := quotes[:len(quotes)/2], quotes[len(quotes)/2:]
		inner, opened := strings.CutPrefix(s, first)
		inner, closed := strings.CutSuffix(inner, last)
		if opened && closed && !strings.Contains(inner, first) {
			return Unwrap(inner)
		}
	}
	return s
}

// cutName returns s without the name that stands before an origin on the web: that of a
// header, of a setting, or of another kind of URL, as in blob:https://a.example.
func cutName(s string) string {
	i := strings.IndexAny(s, ":=")
	if i < 1 || !consistsOf(s[:i], names+digits+"-") || isWeb(fetch.ByteLowercase(s[:i])) || isRegexp(s) {
		return s
	}
	rest := strings.TrimSpace(s[i+1:])
	if scheme, _, ok := strings.Cut(rest, "://"); ok && isWeb(fetch.ByteLowercase(scheme)) {
		return rest
	}
	return s
}

// cutScheme cuts the scheme from s, "" if it has none. One of https and http may stand
// there twice, or with less than "://" after it. It reports false if the scheme is not
// evident.
func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, found := strings.Cut(s, "://")
	scheme = fetch.ByteLowercase(scheme)
	if !found {
		scheme, rest = "", strings.TrimPrefix(s, "//")
	} else if bare := strings.TrimSuffix(strings.TrimLeft(scheme, "=+"), ":"); isWeb(bare) && len(scheme)-len(bare) < 2 {
		scheme = bare
	} else if scheme != "" && !isLabel(scheme) && checkScheme(scheme) != nil {
		return "", "", false
	}
	if isWeb(scheme) {
		rest = strings.TrimLeft(rest, "/")
	}
	for _, web := range []string{"https", "http"} {
		n := len(web)
		if len(rest) > n && equalFold(rest[:n], web) && strings.IndexByte(":/", rest[n]) >= 0 {
			// With another scheme before it, s has two.
			return web, strings.TrimLeft(rest[n:], ":/"), scheme == "" || scheme == web
		}
	}
	return scheme, rest, true
}

// cutPath cuts the path, the query and the fragment from s, which begins with a host.
// It reports false if they are not evident: the text behind a "?" or a "#" may belong to
// the host, where it would stand for any character, and what stands before "://" may be
// a scheme.
func cutPath(s string) (rest, path string, ok bool) {
	end := strings.IndexAny(s, "/?#")
	if end < 0 {
		return s, "", true
	}
	rest, path = s[:end], s[end+1:]
	switch s[end] {
	case '?':
		name, _, found := strings.Cut(path, "=")
		ok = path == "" || found && isLabel(fetch.ByteLowercase(name))
	case '#':
		ok = path == "" || isLabel(fetch.ByteLowercase(path))
	default:
		ok = !strings.HasSuffix(rest, ":") || !strings.HasPrefix(path, "/")
	}
	return rest, path, ok
}

// suggestScheme returns scheme, or the one that is meant if that is missing, misspelt or
// that of a WebSocket.
func suggestScheme(scheme, host, port string) string {
	switch {
	case scheme == "ws", scheme == "" && (port == ":80" || port != ":443" && isLocal(host)):
		return "http"
	case scheme == "wss", scheme == "":
		return "https"
	}
	if right := misspelt(scheme); right != "" {
		return right
	}
	return scheme
}

// isLocal reports whether host is one of this machine or of a local network, where
// there is seldom TLS.
func isLocal(host string) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return IsLoopback(host) || err == nil && (addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified())
}

// spell returns the text of the pattern that has the parts, or "" if it would be none.
func spell(scheme, host, port string) string {
	p, err := Parse(scheme + "://" + host + port)
	if err == errMissingDot && host[0] == '*' {
		p, err = Parse(scheme + "://*." + host[1:] + port)
	}
	if err != nil {
		return ""
	}
	return p.Text
}

// misspelt returns https or http if one edit makes it of scheme: a letter more, less or
// another, or two letters in the other order. It returns "" for any other scheme, and
// for these two.
func misspelt(scheme string) string {
	if isWeb(scheme) {
		return ""
	}
	for _, right := range []string{"https", "http"} {
		if isOneEdit(scheme, right) {
			return right
		}
	}
	return ""
}

// isOneEdit reports whether one edit makes b of a.
func isOneEdit(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	a, b = a[i:], b[i:]
	switch len(a) - len(b) {
	case 1:
		return a[1:] == b
	case -1:
		return a == b[1:]
	case 0:
		return a != "" && (a[1:] == b[1:] || len(a) > 1 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:])
	}
	return false
}

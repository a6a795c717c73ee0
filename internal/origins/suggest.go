package origins

import (
	"net/netip"
	"strings"
)

// Suggest returns the pattern that the author of s most likely means, or "" if
// that is not evident.
func Suggest(s string) string {
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
	_, host, port, _ := split("://" + rest)
	if strings.HasPrefix(host, "[") {
		if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
			host = "[" + string(appendIPv6(nil, addr)) + "]"
		}
	}
	scheme = suggestScheme(scheme, host, port)
	pattern := scheme + "://" + host
	if port = ":" + strings.TrimLeft(port, ":0"); port != ":" && port != defaultPort(scheme) {
		pattern += port
	}
	switch _, err := Parse(pattern); err {
	case nil:
		return pattern
	case errMissingDot:
		return Suggest(strings.Replace(pattern, "*", "*.", 1))
	}
	return ""
}

// suggestScheme returns the scheme of the page that is meant by an origin whose
// scheme is missing, or is that of a WebSocket.
func suggestScheme(scheme, host, port string) string {
	switch {
	case scheme == "ws", scheme == "" && (IsLoopback(host) || port == ":80"):
		return "http"
	case scheme == "wss", scheme == "":
		return "https"
	}
	return scheme
}

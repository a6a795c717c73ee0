package corstest

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// opaqueOrigin is the serialization of every opaque origin.
const opaqueOrigin = "null"

// base is what references are resolved against: the server's root.
var base = url.URL{Scheme: "https", Host: "api.example", Path: "/"}

// parseURL resolves a reference as a browser would. The error says why browsers
// would not fetch it (https://url.spec.whatwg.org/#url-parsing). It leaves the user
// name and password for the caller to judge.
func parseURL(ref string, from *url.URL) (*url.URL, error) {
	u, err := from.Parse(strings.Trim(ref, " \t\r\n"))
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the scheme must be http or https")
	}
	host, err := normalHost(u.Hostname())
	if err != nil {
		return nil, err
	}
	port := u.Port()
	u.Host = host
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, errors.New("the port is out of range")
		}
		if port = strconv.FormatUint(n, 10); port != defaultPort(u.Scheme) {
			u.Host += ":" + port
		}
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// escapeQuery writes a query as browsers do
// (https://url.spec.whatwg.org/#special-query-percent-encode-set).
func escapeQuery(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c >= utf8.RuneSelf || strings.IndexByte(` "'<>`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// normalHost lower-cases a domain and writes an IPv6 address, given without
// brackets, as the URL standard does.
func normalHost(host string) (string, error) {
	if host == "" {
		return "", errors.New("no host")
	}
	for _, b := range []byte(host) {
		if b >= 0x80 {
			return "", errors.New("the host must be written in ASCII, as Punycode")
		}
	}
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		if err != nil || addr.Zone() != "" {
			return "", errors.New("not an IPv6 address")
		}
		return "[" + formatIPv6(addr) + "]", nil
	}
	return strings.ToLower(host), nil
}

// formatIPv6 writes addr as browsers do. They write an embedded IPv4 address in
// hexadecimal, and addr.String does not.
func formatIPv6(addr netip.Addr) string {
	if addr.Is4In6() {
		b := addr.As16()
		return fmt.Sprintf("::ffff:%x:%x", uint(b[12])<<8|uint(b[13]), uint(b[14])<<8|uint(b[15]))
	}
	return addr.String()
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return ""
}

// originOf serializes the origin of a URL that parseURL returned.
func originOf(u *url.URL) string {
	return u.Scheme + "://" + u.Host
}

// checkOrigin returns nil if a page can have this origin. Otherwise the error says
// what is wrong, and names the origin that was perhaps meant
// (https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin).
func checkOrigin(origin string) error {
	if origin == opaqueOrigin || isSerializedOrigin(origin) {
		return nil
	}
	detail := "no page has this origin: browsers write scheme://host[:port], lower case, without a default port"
	if u, err := url.Parse(origin); err == nil && u.Host != "" {
		host := strings.ToLower(u.Host)
		host = strings.TrimSuffix(host, ":"+defaultPort(u.Scheme))
		if fixed := u.Scheme + "://" + host; isSerializedOrigin(fixed) {
			detail += fmt.Sprintf("; did you mean %q?", fixed)
		}
	}
	return errors.New(detail)
}

func isSerializedOrigin(s string) bool {
	scheme, hostport, _ := strings.Cut(s, "://")
	if scheme == "" || hostport == "" {
		// Pages of an app's own scheme may have no host at all, as in "app://".
		return isScheme(scheme) && strings.HasSuffix(s, "://") && defaultPort(scheme) == ""
	}
	if !isScheme(scheme) {
		return false
	}
	host, port := hostport, ""
	if i := strings.LastIndexByte(hostport, ':'); i > strings.LastIndexByte(hostport, ']') {
		host, port = hostport[:i], hostport[i+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || port != strconv.FormatUint(n, 10) || port == defaultPort(scheme) {
			return false
		}
	}
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && addr.Is6() && addr.Zone() == "" && host == "["+formatIPv6(addr)+"]"
	}
	for _, b := range []byte(host) {
		// The URL standard forbids some of these bytes in a host. It lower-cases the
		// letters of http and https hosts, and writes their bytes above 0x7f in Punycode.
		// Safari may write the host of an extension in upper case.
		upper := 'A' <= b && b <= 'Z' && (scheme == "http" || scheme == "https")
		if b <= ' ' || b >= 0x7f || upper || strings.IndexByte(`#%/:<>?@[\]^|`, b) >= 0 {
			return false
		}
	}
	return host != ""
}

func isScheme(s string) bool {
	for i, b := range []byte(s) {
		isLetter := 'a' <= b && b <= 'z'
		if !isLetter && (i == 0 || !isDigit(b) && b != '+' && b != '-' && b != '.') {
			return false
		}
	}
	return s != ""
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

package origins

import (
	"net/netip"
	"strconv"
	"strings"

	"example.com/cors/internal/fetch"
)

// checkHost says what is wrong with a host on the web that has no wildcard.
func checkHost(s string) error {
	if s == "" {
		return errNoHost
	}
	if s[0] == '[' {
		return checkIPv6(s)
	}
	domain := strings.TrimSuffix(s, ".")
	if len(domain) > maxHost {
		return errLongHost
	}
	if !areLabels(domain) {
		return checkLabels(domain)
	}
	if endsInNumber(domain) {
		if _, err := netip.ParseAddr(s); err != nil {
			return Error("not the canonical form of an IPv4 address, which is four decimal numbers")
		}
	}
	return nil
}

// errNoHost is the error of Parse for a scheme alone.
const errNoHost = Error("no host; write that of the page behind the scheme")

const (
	errLongHost  = Error("a host has at most 253 bytes")
	errHostByte  = Error("a character that no host has")
	errNoAppHost = Error("no host; browsers send this for every page of the scheme; " +
		"if you must allow them, do so in AllowOriginFunc")
)

// checkAppHost says what is wrong with the host in a pattern of another scheme. It is
// made of labels, too, but what they mean is up to the application: upper case is kept,
// and a number is no address. Some send a single dot.
func checkAppHost(s string) error {
	switch {
	case s == "":
		return errNoAppHost
	case s == ".":
		return nil
	case s[0] == '[':
		return checkIPv6(s)
	case strings.HasPrefix(s, yourName):
		return errUpperCase // checkKind knows what it is
	}
	domain := strings.TrimSuffix(s, ".")
	if len(domain) > maxHost {
		return errLongHost
	}
	if domain = fetch.ByteLowercase(domain); !areLabels(domain) {
		return checkLabels(domain)
	}
	return nil
}

// checkOpaqueHost says what is wrong with the host of an origin of another scheme, as a
// client sends it (https://url.spec.whatwg.org/#opaque-host).
func checkOpaqueHost(s string) error {
	switch {
	case s == "":
		return errNoHost
	case s[0] == '[':
		return checkIPv6(s)
	case len(strings.TrimSuffix(s, ".")) > maxHost:
		return errLongHost
	}
	for i := range len(s) {
		if b := lowerByte(s[i]); !isLabelByte(b) && strings.IndexByte(".~%!&';=", b) < 0 {
			return errHostByte
		}
	}
	return nil
}

// checkIPv6 says what is wrong with a host that begins with a bracket.
func checkIPv6(s string) error {
	inner, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return Error("the bracket is not closed")
	}
	addr, err := netip.ParseAddr(inner)
	if err != nil || !addr.Is6() || addr.Zone() != "" {
		return Error("not an IPv6 address")
	}
	const longest = len("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	if string(appendIPv6(make([]byte, 0, longest), addr)) != inner {
		return Error("not the canonical form of the IPv6 address, which is what browsers send")
	}
	return nil
}

// appendIPv6 appends addr in the form that browsers send: that of RFC 5952
// without its dotted tail (https://url.spec.whatwg.org/#host-serializing).
func appendIPv6(b []byte, addr netip.Addr) []byte {
	if !addr.Is4In6() {
		return addr.AppendTo(b)
	}
	a := addr.As16()
	b = append(b, "::ffff:"...)
	b = strconv.AppendUint(b, uint64(a[12])<<8|uint64(a[13]), 16)
	b = append(b, ':')
	return strconv.AppendUint(b, uint64(a[14])<<8|uint64(a[15]), 16)
}

// checkLabels puts into words what areLabels found.
func checkLabels(s string) error {
	for i := range len(s) {
		switch {
		case 'A' <= s[i] && s[i] <= 'Z':
			return errUpperCase
		case s[i] >= 0x80:
			return Error("not ASCII; browsers send such hosts in Punycode (xn--…), " +
				`as new URL("https://…").origin shows in a console`)
		case s[i] != '.' && !isLabelByte(s[i]):
			return errHostByte
		}
	}
	for s != "" {
		var label string
		label, s, _ = strings.Cut(s, ".")
		if len(label) > maxLabel {
			return Error("a label of a host has at most 63 bytes")
		}
	}
	return Error("a label of the host is empty")
}

// endsInNumber reports whether browsers read domain, which is labels, as an IPv4
// address (https://url.spec.whatwg.org/#ends-in-a-number-checker).
func endsInNumber(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if last[0] > '9' { // as nearly all are
		return false
	}
	if number, ok := strings.CutPrefix(last, "0x"); ok {
		return consistsOf(number, hex)
	}
	return consistsOf(last, digits)
}

// IsLoopback reports whether host can only be the machine that the browser runs
// on (https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy).
func IsLoopback(host string) bool {
	domain := strings.TrimSuffix(host, ".")
	if domain == "localhost" || strings.HasSuffix(domain, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(domain, "[]"))
	return err == nil && addr.IsLoopback()
}

// IsOwnMachine reports whether host leads to the machine that the browser runs on.
func IsOwnMachine(host string) bool { return IsLoopback(host) || host == "0.0.0.0" }

// IsRandomHost reports whether o is the origin of an extension in a browser that
// gives each installation of it a random host.
func IsRandomHost(o Pattern) bool {
	return o.Scheme == "moz-extension" || o.Scheme == "safari-web-extension"
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

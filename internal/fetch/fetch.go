// Package fetch is the vocabulary of the Fetch standard: the names of its headers,
// what a name is made of, and the methods and headers that it treats in a special
// way. The middleware and corstest, which plays the browser, share it.
//
// Sources: https://fetch.spec.whatwg.org/#methods and
// https://fetch.spec.whatwg.org/#terminology-headers.
package fetch

import "strings"

// IsToken reports whether s is a token of RFC 9110, section 5.6.2: what every
// method and every header name is made of.
func IsToken(s string) bool {
	for i := range len(s) {
		if !IsTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// IsTokenByte reports whether b may stand in a token.
func IsTokenByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

// NormalizeMethod upper-cases the six methods that browsers upper-case and
// returns every other one as it is: "patch" is not PATCH.
func NormalizeMethod(method string) string {
	for _, upper := range []string{"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"} {
		if ByteUppercase(method) == upper {
			return upper
		}
	}
	return method
}

// IsForbiddenMethod reports whether scripts are barred from using method, in
// whatever case it is written.
func IsForbiddenMethod(method string) bool {
	switch ByteUppercase(method) {
	case "CONNECT", "TRACE", "TRACK":
		return true
	}
	return false
}

// IsSafelistedMethod reports whether method is a CORS-safelisted method: one
// that needs no mention in Access-Control-Allow-Methods.
func IsSafelistedMethod(method string) bool {
	return method == "GET" || method == "HEAD" || method == "POST"
}

// IsForbiddenRequestHeader reports whether scripts are barred from setting the
// request header name, in whatever case it is written and whatever its value.
// The three method overrides (X-HTTP-Method and its kin), which are forbidden
// for some values only, are not among them.
func IsForbiddenRequestHeader(name string) bool {
	switch name = ByteLowercase(name); name {
	case "accept-charset", "accept-encoding", "access-control-request-headers",
		"access-control-request-method", "connection", "content-length", "cookie",
		"cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin", "referer",
		"set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via":
		return true
	}
	return strings.HasPrefix(name, "proxy-") || strings.HasPrefix(name, "sec-")
}

// IsForbiddenResponseHeader reports whether the response header name is hidden
// from scripts whatever the response exposes, in whatever case it is written.
func IsForbiddenResponseHeader(name string) bool {
	name = ByteLowercase(name)
	return name == "set-cookie" || name == "set-cookie2"
}

// ByteLowercase returns s with the letters of ASCII in lower case. No other byte
// changes: strings.ToLower takes the Kelvin sign, which browsers do not, for a k
// (https://infra.spec.whatwg.org/#byte-lowercase).
func ByteLowercase(s string) string {
	return mapBytes(s, func(b byte) bool { return 'A' <= b && b <= 'Z' })
}

// ByteUppercase returns s with the letters of ASCII in upper case
// (https://infra.spec.whatwg.org/#byte-uppercase).
func ByteUppercase(s string) string {
	return mapBytes(s, func(b byte) bool { return 'a' <= b && b <= 'z' })
}

// mapBytes returns s with the other case of the letters for which change is true.
func mapBytes(s string, change func(byte) bool) string {
	const caseBit = 'a' - 'A'
	for i := range len(s) {
		if !change(s[i]) {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			if change(b[i]) {
				b[i] ^= caseBit
			}
		}
		return string(b)
	}
	return s
}

package main

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// hidden stands where a secret was.
const hidden = "…"

// A mask takes secrets out of what is printed: cookies, Authorization, and what stands under
// a name that looks like a key or a token, in headers and in queries.
type mask struct {
	off     bool // -v -v: nothing is taken out
	secrets []string
}

// newMask knows the secrets of a call, which a server may repeat anywhere.
func newMask(f *flags, c *call) *mask {
	m := &mask{off: f.verbose > 1}
	add := func(value string) {
		const least = 6 // What is shorter is in many words that are no secret.
		if len(value) >= least && !slices.Contains(m.secrets, value) {
			m.secrets = append(m.secrets, value)
		}
	}
	for name, values := range c.header {
		if !isSecretHeader(name) {
			continue
		}
		for _, value := range values {
			add(value)
			if _, token, found := strings.Cut(value, " "); found { // Bearer …
				add(token)
			}
		}
	}
	for pair := range strings.SplitSeq(c.cookie, ";") {
		_, value, _ := strings.Cut(pair, "=")
		add(strings.TrimSpace(value))
	}
	for _, pair := range queryPairs(c.url) {
		if isSecretName(pair.name) {
			add(pair.value)
			if value, err := url.QueryUnescape(pair.value); err == nil {
				add(value)
			}
		}
	}
	// The longest first: one may be part of another.
	slices.SortFunc(m.secrets, func(a, b string) int { return len(b) - len(a) })
	return m
}

// text takes the secrets out of a text: those of the call, and those of URLs in it.
func (m *mask) text(s string) string {
	if m == nil || m.off {
		return s
	}
	for _, secret := range m.secrets {
		s = strings.ReplaceAll(s, secret, hidden)
	}
	if strings.Contains(s, "@") {
		s = userinfo.ReplaceAllString(s, "${1}"+hidden+"@")
	}
	if !strings.Contains(s, "=") {
		return s
	}
	return queryPair.ReplaceAllStringFunc(s, func(pair string) string {
		name, value, _ := strings.Cut(pair[1:], "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if value == "" || !isSecretName(name) {
			return pair
		}
		return pair[:len(pair)-len(value)] + hidden
	})
}

// The delimiters of a pair are those of a query, and what ends a URL in a sentence.
var (
	queryPair = regexp.MustCompile(`[?&;#][^?&;#=\s"'<>]+=(?:[^&;#\s"'<>,]*[^&;#\s"'<>,:.)])?`)
	userinfo  = regexp.MustCompile(`(://)[^/?#\s"'@]+@`)
)

type pair struct{ name, value string }

func queryPairs(ref string) (pairs []pair) {
	for _, text := range queryPair.FindAllString(ref, -1) {
		name, value, _ := strings.Cut(text[1:], "=")
		pairs = append(pairs, pair{name, value})
	}
	return pairs
}

// value takes the secrets out of the value of a header.
func (m *mask) value(name, value string) string {
	switch {
	case m == nil || m.off:
		return value
	case name == "Cookie":
		return hidden
	case name == "Set-Cookie" || name == "Set-Cookie2":
		cookie, attributes, found := strings.Cut(value, ";")
		cookie, _, _ = strings.Cut(cookie, "=")
		if cookie += "=" + hidden; found {
			cookie += ";" + m.text(attributes)
		}
		return cookie
	case isSecretHeader(name):
		return hidden
	}
	return m.text(value)
}

// header returns a copy without secrets, and with long values cut.
func (m *mask) header(h http.Header) http.Header {
	masked := make(http.Header, len(h))
	for name, values := range h {
		for _, value := range values {
			value = m.value(name, value)
			if m == nil || !m.off {
				value = cut(value, maxValue)
			}
			masked[name] = append(masked[name], value)
		}
	}
	return masked
}

// maxValue is how many characters of a value are printed at most, without -v -v.
const maxValue = 1000

// isSecretHeader reports whether the value of a header is a secret.
func isSecretHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "Set-Cookie2":
		return true
	case "Www-Authenticate", "Proxy-Authenticate", "Authentication-Info", "Sec-Websocket-Key", "Sec-Websocket-Accept",
		"Surrogate-Key", "Cache-Key", "X-Cache-Key":
		return false
	}
	return !strings.HasPrefix(strings.ToLower(name), "access-control-") && isSecretName(name)
}

// secretWords are those of names that look like keys or tokens.
var secretWords = set("auth authorization apikey key keys token tokens secret secrets password passwd passphrase " +
	"pwd pass credential credentials session sessionid sid jwt bearer signature sig sign otp pin csrf xsrf csrftoken " +
	"xsrftoken accesskey privatekey accesstoken refreshtoken idtoken authtoken hmac cookie ticket")

// isSecretName reports whether a name looks like that of a key or a token: a word of it is
// one of those, or ends like one.
func isSecretName(name string) bool {
	words := nameWords(name)
	for i, word := range words {
		for _, end := range []string{"token", "secret", "password", "apikey", "signature", "passwd", "credential",
			"jwt", "sessionid", "sessid"} {
			if strings.HasSuffix(word, end) {
				return true
			}
		}
		switch {
		case !secretWords[word]:
		case word == "key" && len(words) == 1, word != "key" && word != "keys" && word != "sign" && word != "pin":
			return true
		case i > 0: // api-key, subscription_key
			return true
		}
	}
	return false
}

// nameWords splits a name at what is no letter or digit, and where upper case begins.
func nameWords(name string) (words []string) {
	word := ""
	flush := func() {
		if word != "" {
			words = append(words, strings.ToLower(word))
		}
		word = ""
	}
	var before rune
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			before = 0
			continue
		case unicode.IsUpper(r) && unicode.IsLower(before):
			flush()
		}
		word += string(r)
		before = r
	}
	flush()
	return words
}

func (m *mask) texts(list []string) (masked []string) {
	for _, s := range list {
		masked = append(masked, m.text(s))
	}
	return masked
}

func (m *mask) others(list []other) (masked []other) {
	for _, o := range list {
		o.URL, o.Outcome = m.text(o.URL), m.text(o.Outcome)
		masked = append(masked, o)
	}
	return masked
}

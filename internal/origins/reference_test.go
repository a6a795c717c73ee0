package origins_test

import (
	"regexp"
	"strings"
	"unicode"

	"example.com/cors/internal/origins"
)

// originParts are the scheme, the host and the port of an origin.
var originParts = regexp.MustCompile(
	`^([a-z][a-z0-9+.-]*)://((?:[^:/]|:[^0-9])*|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?$`)

// normal rewrites a pattern as browsers spell origins, with regular expressions.
func normal(pattern string) string {
	m := spellings.FindStringSubmatch(strings.TrimFunc(pattern, unicode.IsSpace))
	if m == nil {
		return pattern
	}
	scheme, rest, port := strings.ToLower(m[1]), m[2], m[3]
	switch scheme {
	case "http":
		return "http://" + strings.ToLower(rest) + regexp.MustCompile("^:80$").ReplaceAllString(port, "")
	case "https":
		return "https://" + strings.ToLower(rest) + regexp.MustCompile("^:443$").ReplaceAllString(port, "")
	}
	return scheme + "://" + rest + port
}

var spellings = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://([^:/]*|\[[0-9A-Fa-f:.]*\])(:[0-9*]*)?/?$`)

// describes reports whether pattern, which is valid, describes origin. It is slow:
// it makes a regular expression of each pattern.
func describes(pattern, origin string) bool {
	pattern = normal(pattern)
	if pattern == origin && !strings.Contains(pattern, "*") {
		return true
	}
	if scheme, ok := strings.CutSuffix(pattern, "://*"); ok {
		host, ok := strings.CutPrefix(origin, scheme+"://")
		return ok && isHost(host)
	}
	parts := originParts.FindStringSubmatch(origin)
	if parts == nil {
		return false
	}
	scheme, host, port := parts[1], parts[2], parts[3]
	switch {
	case scheme == "http" && port == "80", scheme == "https" && port == "443":
		return false
	case len(port) == 5 && port > "65535":
		return false
	case len(strings.TrimSuffix(host, ".")) > 253:
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if len(label) > 63 {
			return false
		}
	}
	re := regexp.QuoteMeta(pattern)
	if strings.HasSuffix(pattern, ":*") {
		re = strings.TrimSuffix(re, `:\*`) + `(?::[0-9]+)?`
	}
	byte := `[a-z0-9_-]`
	if scheme != "http" && scheme != "https" {
		byte = `[A-Za-z0-9_-]`
	}
	re = strings.Replace(re, `//\*\.`, `//(?:`+byte+`+\.)+`, 1)
	re = strings.Replace(re, `\*`, byte+`+`, 1)
	return regexp.MustCompile("^" + re + "$").MatchString(origin)
}

// isHost reports whether s is a host that a set accepts by itself: the host
// of an extension may have upper-case letters.
func isHost(s string) bool {
	if strings.HasPrefix(s, "[") {
		_, err := origins.Parse("https://" + s)
		return err == nil && s == strings.ToLower(s) && strings.HasSuffix(s, "]")
	}
	return s == "." || len(strings.TrimSuffix(s, ".")) <= 253 && labels.MatchString(s)
}

var labels = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?$`)

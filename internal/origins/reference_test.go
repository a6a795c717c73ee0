package origins_test

import (
	"regexp"
	"strings"

	"example.com/cors/internal/origins"
)

// originParts are the scheme, the host and the port of an origin.
var originParts = regexp.MustCompile(
	`^([a-z][a-z0-9+.-]*)://((?:[^:/]|:[^0-9])*|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?$`)

// describes reports whether pattern, which is valid, describes origin. It is slow:
// it makes a regular expression of each pattern.
func describes(pattern, origin string) bool {
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
	re = strings.Replace(re, `//\*\.`, `//(?:[a-z0-9_-]+\.)+`, 1)
	re = strings.Replace(re, `\*`, `[a-z0-9_-]+`, 1)
	return regexp.MustCompile("^" + re + "$").MatchString(origin)
}

// isHost reports whether s is a host that a set accepts by itself: the host
// of an extension may have upper-case letters.
func isHost(s string) bool {
	_, err := origins.Parse("x://" + strings.ToLower(s))
	return err == nil && !strings.Contains(s, "*") && !portAtEnd.MatchString(s)
}

// portAtEnd finds a port, which the last part of an IPv6 address in brackets is not.
var portAtEnd = regexp.MustCompile(`:[0-9]*$`)

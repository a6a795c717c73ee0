// Package matcher tests [cors.OriginMatcher], and holds the reference that it is
// compared with.
package matcher

import (
	"regexp"
	"strings"
)

// originParts are the scheme, the host and the port of an origin.
var originParts = regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://((?:[^:/]|:[^0-9])*|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?$`)

// Describes reports whether pattern, which is valid, describes origin. It is slow:
// it makes a regular expression of each pattern.
func Describes(pattern, origin string) bool {
	if pattern == origin && !strings.Contains(pattern, "*") {
		return true
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

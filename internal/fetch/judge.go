package fetch

import (
	"net/http"
	"strings"
	"time"

	"example.com/cors/internal/flaw"
)

// MaxMethod is the length of the longest method that a policy may list or a
// preflight may announce, in bytes.
const MaxMethod = 64

// CheckMethod says what is wrong with s as a method that a policy allows. It
// returns the method, or with a flaw what to write instead, "" if that is not
// evident.
func CheckMethod(s string) (name string, f flaw.Flaw) {
	name = strings.TrimSpace(s)
	if upper := strings.ToUpper(name); isStandardMethod(upper) {
		name = upper
	}
	switch {
	case s == "":
		return "", flaw.Malformed("an element is empty; remove it")
	case IsForbiddenMethod(name):
		return "", flaw.Forbidden("no browser lets a script use this method; remove it")
	case strings.ContainsRune(s, ','):
		return "", flaw.Malformed("several methods in one string; write each as an element of its own")
	case len(s) > MaxMethod:
		return "", flaw.OutOfRange("a method of more than 64 bytes")
	case !IsToken(name):
		return "", flaw.Malformed("not a method, which has no spaces and few special characters")
	case deadWildcard(name):
		return "", flaw.Malformed("browsers read \"*\" as a wildcard only where it stands alone; list each method, or write \"*\" for all")
	case strings.TrimSpace(s) != s:
		return name, flaw.Malformed("surrounding white space")
	case s != name:
		return name, flaw.Malformed("methods are case-sensitive; the standard spelling is upper case")
	}
	return name, flaw.Flaw{}
}

// deadWildcard reports whether name has a "*" that no browser reads as one: it is
// an ordinary character of a token.
func deadWildcard(name string) bool {
	return name != "*" && strings.IndexByte(name, '*') >= 0
}

// isStandardMethod reports whether s is one of the methods that have a well-known
// meaning. In any other case they are a mistake.
func isStandardMethod(s string) bool {
	switch s {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "TRACK", "QUERY", "LINK", "UNLINK", "PURGE",
		"PROPFIND", "PROPPATCH", "MKCOL", "MKCALENDAR", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "ACL", "CHECKOUT", "MERGE":
		return true
	}
	return false
}

// CheckVaryHeader says what is wrong with s as the name of a request header that a
// decision depends on. It returns the name in canonical form, or with a flaw what
// to write instead.
func CheckVaryHeader(s string) (name string, f flaw.Flaw) {
	return checkHeader(s, func(name string) flaw.Flaw {
		if name == "*" {
			return flaw.Malformed("it would keep every response out of every cache; name the headers")
		}
		return judgePrivateNetwork(name)
	})
}

// CheckRequestHeader says what is wrong with s as the name of a request header
// that a policy allows. It returns what CheckVaryHeader does.
func CheckRequestHeader(s string) (name string, f flaw.Flaw) {
	return checkHeader(s, judgeRequestHeader)
}

// CheckExposedHeader says what is wrong with s as the name of a response header
// that a policy exposes. It returns what CheckVaryHeader does.
func CheckExposedHeader(s string, credentials bool) (name string, f flaw.Flaw) {
	return checkHeader(s, func(name string) flaw.Flaw {
		if name == "*" && credentials {
			return flaw.Conflict(`with AllowCredentials browsers do not read "*" as a wildcard; list the headers`)
		}
		return judgeResponseHeader(name)
	})
}

// checkHeader says what is wrong with s as the name of a header, or else what
// judge says of that name.
func checkHeader(s string, judge func(name string) flaw.Flaw) (name string, f flaw.Flaw) {
	trimmed := strings.Trim(s, " \t\r\n:")
	switch {
	case s == "":
		return "", flaw.Malformed("an element is empty; remove it")
	case strings.ContainsRune(s, ','):
		return "", flaw.Malformed("several headers in one string; write each as an element of its own")
	case !IsToken(trimmed):
		return "", flaw.Malformed("not the name of a header, which has no spaces and few special characters")
	}
	if f = judge(trimmed); f.Reason == "" && deadWildcard(trimmed) {
		f = flaw.Malformed("browsers read \"*\" as a wildcard only where it stands alone; list each header by its name")
	}
	switch {
	case trimmed != s && f.Reason == "":
		return trimmed, flaw.Malformed(onlyName)
	case trimmed != s:
		return "", flaw.Malformed(onlyName)
	case f.Reason != "":
		return "", f
	}
	return http.CanonicalHeaderKey(s), flaw.Flaw{}
}

const onlyName = "only the name of the header, without white space or colon"

func judgeRequestHeader(name string) flaw.Flaw {
	switch strings.ToLower(name) {
	case "cookie", "cookie2":
		return flaw.Forbidden("scripts cannot set it; for browsers to send cookies, set AllowCredentials and remove this")
	case "set-cookie", "set-cookie2":
		return flaw.Forbidden("a response header, and one that scripts can neither set nor read; remove it")
	case "access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
		"access-control-allow-headers", "access-control-expose-headers", "access-control-max-age":
		return flaw.Forbidden("a response header, which the middleware sends by itself; remove it here and wherever a script sends it")
	case "accept-ranges", "age", "allow", "etag", "location", "retry-after", "server", "vary", "www-authenticate":
		return flaw.Forbidden("a response header; to let scripts read it, list it in ExposedHeaders")
	}
	if f := judgePrivateNetwork(name); f.Reason != "" {
		return f
	}
	if IsForbiddenRequestHeader(name) {
		return flaw.Forbidden("only the browser itself can set it, and needs no permission; remove it")
	}
	return flaw.Flaw{}
}

func judgeResponseHeader(name string) flaw.Flaw {
	if IsForbiddenResponseHeader(name) {
		return flaw.Forbidden("no browser lets a script read it; remove it")
	}
	switch strings.ToLower(name) {
	case "accept", "accept-charset", "accept-language", "access-control-request-headers", "access-control-request-method",
		"cookie", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "origin",
		"proxy-authorization", "range", "referer", "te", "user-agent":
		return flaw.Forbidden("a request header; to let scripts send it, list it in AllowedHeaders")
	}
	return judgePrivateNetwork(name)
}

// judgePrivateNetwork finds the headers of Private Network Access, which browsers
// gave up, and what they might have been called since. Its successor, Local Network
// Access, has no headers (https://wicg.github.io/local-network-access/).
func judgePrivateNetwork(name string) flaw.Flaw {
	switch strings.ToLower(name) {
	case "access-control-request-private-network", "access-control-allow-private-network",
		"access-control-request-local-network", "access-control-allow-local-network",
		"private-network-access-id", "private-network-access-name":
		return flaw.Forbidden("no browser sends or reads it any more: it asks its user instead; remove it")
	}
	return flaw.Flaw{}
}

// CheckMaxAge says what is wrong with d as the time for which browsers may keep a
// preflight's answer. It returns d, or with a flaw what to write instead.
func CheckMaxAge(d time.Duration) (fix time.Duration, f flaw.Flaw) {
	const most = 24 * time.Hour // Firefox's cap, the highest
	switch whole := d.Truncate(time.Second); {
	case d > most:
		return most, flaw.OutOfRange("no browser keeps an answer for more than 24 hours")
	case 0 < d && d <= most/time.Second:
		return d * time.Second, tooShort // a number meant as seconds
	case 0 < d && d < time.Second:
		return time.Second, tooShort
	case d > 0 && d != whole:
		return whole, flaw.Malformed("the header counts whole seconds")
	}
	return d, flaw.Flaw{}
}

var tooShort = flaw.OutOfRange("less than a second; a plain number counts nanoseconds, so write one with its unit, as in 10*time.Minute")

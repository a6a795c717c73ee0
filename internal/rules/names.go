package rules

import (
	"net/http"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/headers"
)

// CheckMethod judges s as a method that a policy allows. It returns the method.
func CheckMethod(s string) (string, error) {
	name := strings.TrimSpace(s)
	if upper := strings.ToUpper(name); isStandardMethod(upper) {
		name = upper
	}
	switch {
	case s == "":
		return "", errEmptyElement
	case fetch.IsForbiddenMethod(name):
		return "", Error{Detail: "no browser lets a script use this method; remove it"}
	case strings.ContainsRune(s, ','):
		return "", Error{Detail: "several methods in one string; write each as an element of its own"}
	case len(s) > headers.MaxMethod:
		return "", Error{Detail: "a method of more than 64 bytes"}
	case !fetch.IsToken(name):
		return "", Error{Detail: "not a method, which has no spaces and few special characters"}
	case hasDeadWildcard(name):
		return "", Error{Detail: `browsers read "*" as a wildcard only where it stands alone; ` +
			`list each method, or write "*" for all`}
	case strings.TrimSpace(s) != s:
		return "", Error{"surrounding white space", name}
	case s != name:
		return "", Error{"methods are case-sensitive; the standard spelling is upper case", name}
	}
	return name, nil
}

var errEmptyElement = Error{Detail: "an element is empty; remove it"}

// hasDeadWildcard reports whether name has a "*" that no browser reads as one: it is
// an ordinary character of a token.
func hasDeadWildcard(name string) bool {
	return name != "*" && strings.IndexByte(name, '*') >= 0
}

// isStandardMethod reports whether s is one of the methods that have a well-known
// meaning. In any other case they are a mistake.
func isStandardMethod(s string) bool {
	switch s {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "TRACK",
		"QUERY", "LINK", "UNLINK", "PURGE", "PROPFIND", "PROPPATCH", "MKCOL", "MKCALENDAR", "COPY", "MOVE",
		"LOCK", "UNLOCK", "REPORT", "SEARCH", "ACL", "CHECKOUT", "MERGE":
		return true
	}
	return false
}

// CheckVaryHeader judges s as the name of a request header that a decision depends
// on. It returns the name in canonical form.
func CheckVaryHeader(s string) (string, error) {
	return checkHeader(s, func(name string) error {
		if name == "*" {
			return Error{Detail: "it would keep every response out of every cache; name the headers"}
		}
		return judgePrivateNetwork(name)
	})
}

// CheckAllowedHeader judges s as the name of a request header that a policy allows.
// It returns the name in canonical form.
func CheckAllowedHeader(s string) (string, error) { return checkHeader(s, judgeAllowedHeader) }

// CheckExposedHeader judges s as the name of a response header that a policy
// exposes. It returns the name in canonical form.
func CheckExposedHeader(s string, credentials bool) (string, error) {
	return checkHeader(s, func(name string) error {
		if name == "*" && credentials {
			return Error{Detail: `with AllowCredentials browsers do not read "*" as a wildcard; list the headers`}
		}
		return judgeExposedHeader(name)
	})
}

// checkHeader judges s as the name of a header, and has judge say whether that name
// is a good one.
func checkHeader(s string, judge func(name string) error) (string, error) {
	name := strings.Trim(s, " \t\r\n:")
	switch {
	case s == "":
		return "", errEmptyElement
	case strings.ContainsRune(s, ','):
		return "", Error{Detail: "several headers in one string; write each as an element of its own"}
	case !fetch.IsToken(name):
		return "", Error{Detail: "not the name of a header, which has no spaces and few special characters"}
	}
	err := judge(name)
	if err == nil && hasDeadWildcard(name) {
		err = Error{Detail: `browsers read "*" as a wildcard only where it stands alone; list each header by its name`}
	}
	switch {
	case name != s && err == nil:
		return "", Error{onlyName, name}
	case name != s:
		return "", Error{Detail: onlyName} // the name is no better
	case err != nil:
		return "", err
	}
	return http.CanonicalHeaderKey(name), nil
}

const onlyName = "only the name of the header, without white space or colon"

func judgeAllowedHeader(name string) error {
	switch strings.ToLower(name) {
	case "cookie", "cookie2":
		return Error{Detail: "scripts cannot set it; for browsers to send cookies, set AllowCredentials and remove this"}
	case "set-cookie", "set-cookie2":
		return Error{Detail: "a response header, and one that scripts can neither set nor read; remove it"}
	case "access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
		"access-control-allow-headers", "access-control-expose-headers", "access-control-max-age":
		return Error{Detail: "a response header, which the middleware sends by itself; " +
			"remove it here and wherever a script sends it"}
	case "accept-ranges", "age", "allow", "etag", "location", "retry-after", "server", "vary", "www-authenticate":
		return Error{Detail: "a response header; to let scripts read it, list it in ExposedHeaders"}
	}
	if err := judgePrivateNetwork(name); err != nil {
		return err
	}
	if fetch.IsForbiddenRequestHeader(name) {
		return Error{Detail: "only the browser itself can set it, and needs no permission; remove it"}
	}
	return nil
}

func judgeExposedHeader(name string) error {
	if fetch.IsForbiddenResponseHeader(name) {
		return Error{Detail: "no browser lets a script read it; remove it"}
	}
	switch strings.ToLower(name) {
	case "accept", "accept-charset", "accept-language", "access-control-request-headers",
		"access-control-request-method", "cookie", "host", "if-match", "if-modified-since", "if-none-match",
		"if-range", "if-unmodified-since", "origin", "proxy-authorization", "range", "referer", "te", "user-agent":
		return Error{Detail: "a request header; to let scripts send it, list it in AllowedHeaders"}
	}
	return judgePrivateNetwork(name)
}

// judgePrivateNetwork finds the headers of Private Network Access, which browsers
// gave up, and what they might have been called since. Its successor, Local Network
// Access, has no headers (https://wicg.github.io/local-network-access/).
func judgePrivateNetwork(name string) error {
	switch strings.ToLower(name) {
	case "access-control-request-private-network", "access-control-allow-private-network",
		"access-control-request-local-network", "access-control-allow-local-network",
		"private-network-access-id", "private-network-access-name":
		return Error{Detail: "no browser sends or reads it any more: it asks its user instead; remove it"}
	}
	return nil
}

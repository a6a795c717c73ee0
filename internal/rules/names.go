package rules

import (
	"net/http"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/headers"
	"example.com/cors/internal/origins"
)

// CheckMethod judges s as a method that a policy allows. It returns the method.
func CheckMethod(s string) (string, error) {
	s = strings.TrimSpace(s)
	name := origins.Unwrap(s)
	if upper := fetch.ByteUppercase(name); isStandardMethod(upper) {
		name = upper
	}
	switch {
	case s == "":
		return "", errEmptyElement
	case fetch.IsForbiddenMethod(name):
		return "", Error{Detail: "no browser lets a script use this method; remove it"}
	case strings.Contains(name, ","), isList(name):
		return "", Error{Detail: "several methods in one string; write each as an element of its own"}
	case len(s) > headers.MaxMethod:
		return "", Error{Detail: "a method of more than 64 bytes"}
	case !fetch.IsToken(name):
		return "", Error{Detail: "not a method, which has no spaces and few special characters; " +
			"write each of several as an element of its own"}
	case hasDeadWildcard(name):
		return "", Error{Detail: `list each method, or write "*" for all: ` + onlyWildcard}
	case origins.Unwrap(s) != s:
		return "", Error{onlyBare, name}
	case s != name:
		return "", Error{"methods are case-sensitive; the standard spelling is upper case", name}
	}
	return name, nil
}

var errEmptyElement = Error{Detail: "empty; leave this element out: " +
	"a variable that is not set yields one, and so does splitting an empty string"}

const onlyWildcard = `browsers know no wildcard but "*" alone`

const onlyBare = "quotes or commas around the name; write the name alone"

// isList reports whether s is several names, with one of the usual characters between
// them.
func isList(s string) bool {
	for name := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(",;| \t\r\n", r) }) {
		if !fetch.IsToken(strings.Trim(name, `[]"`)) {
			return false
		}
	}
	return strings.ContainsAny(s, ",;|")
}

// hasDeadWildcard reports whether name is meant for several, and no browser takes it so:
// in any other place than alone, "*" is an ordinary character of a token.
func hasDeadWildcard(name string) bool {
	switch fetch.ByteLowercase(name) {
	case "*":
		return false
	case "all", "any": // the words of other frameworks
		return true
	}
	return strings.IndexByte(name, '*') >= 0
}

// isStandardMethod reports whether s, in upper case, is a method with a well-known
// meaning. To write one of them in lower case is a mistake.
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
			return Error{Detail: "name the headers: this would keep every response out of every cache"}
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
			return Error{Detail: `list the headers: with AllowCredentials browsers do not read "*" as a wildcard`}
		}
		return judgeExposedHeader(name)
	})
}

// checkHeader judges s as the name of a header, and has judge say whether that name
// is a good one.
func checkHeader(s string, judge func(name string) error) (string, error) {
	s = strings.TrimSpace(s)
	bare := origins.Unwrap(s)
	line, value, isLine := strings.Cut(bare, ":")
	name := origins.Unwrap(line)
	switch {
	case s == "":
		return "", errEmptyElement
	case strings.Contains(bare, ","), isList(name), strings.Contains(value, "\n"):
		return "", Error{Detail: "several headers in one string; write each as an element of its own"}
	case !fetch.IsToken(name):
		return "", Error{Detail: "not the name of a header, which has no spaces and few special characters; " +
			"write each of several as an element of its own"}
	}
	err := judge(name)
	if err == nil && hasDeadWildcard(name) {
		all := ""
		if judge("*") == nil {
			all = `, or write "*" for all`
		}
		err = Error{Detail: "list each header by its name" + all + ": " + onlyWildcard}
	}
	if name == s {
		if err != nil {
			return "", err
		}
		return http.CanonicalHeaderKey(name), nil
	}
	detail := onlyBare
	switch {
	case strings.TrimSpace(value) != "":
		detail = "a header with its value; only the name of the header belongs here"
	case isLine:
		detail = "only the name of the header, without white space or colon"
	}
	if err != nil {
		return "", Error{Detail: detail} // the name is no better
	}
	return "", Error{detail, name}
}

func judgeAllowedHeader(name string) error {
	switch fetch.ByteLowercase(name) {
	case "cookie", "cookie2":
		return Error{Detail: "remove this; with AllowCredentials browsers send cookies by themselves, " +
			"and scripts cannot set it"}
	case "set-cookie", "set-cookie2":
		return Error{Detail: "remove this response header, which scripts can neither set nor read"}
	case "accept-ranges", "age", "allow", "etag", "location", "retry-after", "server", "vary", "www-authenticate":
		return Error{Detail: "list this response header in ExposedHeaders, to let scripts read it"}
	}
	return nil
}

func judgeExposedHeader(name string) error {
	if fetch.IsForbiddenResponseHeader(name) {
		return Error{Detail: "remove this; no browser lets a script read it"}
	}
	switch fetch.ByteLowercase(name) {
	case "accept-charset", "accept-language", "access-control-request-headers",
		"access-control-request-method", "cookie", "host", "if-match", "if-modified-since", "if-none-match",
		"if-range", "if-unmodified-since", "origin", "proxy-authorization", "referer", "te", "user-agent":
		if fetch.IsForbiddenRequestHeader(name) {
			return Error{Detail: "remove this request header, which only browsers set"}
		}
		return Error{Detail: "list this request header in AllowedHeaders, to let scripts send it"}
	}
	return judgePrivateNetwork(name)
}

// judgePrivateNetwork finds the headers of Private Network Access, which browsers
// gave up, and what they might have been called since. Its successor, Local Network
// Access, has no headers (https://wicg.github.io/local-network-access/).
func judgePrivateNetwork(name string) error {
	switch fetch.ByteLowercase(name) {
	case "access-control-request-private-network", "access-control-allow-private-network",
		"access-control-request-local-network", "access-control-allow-local-network",
		"private-network-access-id", "private-network-access-name":
		return Error{Detail: "remove this; no browser sends or reads it any more: it asks its user instead"}
	}
	return nil
}

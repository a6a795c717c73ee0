package corstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/cors/internal/fetch"
)

// check is the CORS check (https://fetch.spec.whatwg.org/#cors-check). It also
// judges preflights, as part of the call that they announce.
func (c *call) check(step Step, res *http.Response, origin string) error {
	lines, found := res.Header[fetch.AllowOrigin]
	value := strings.Join(lines, ", ")
	switch {
	case !found:
		detail := fmt.Sprintf("is absent; it must be %q", origin)
		if res.StatusCode == http.StatusForbidden {
			detail += fmt.Sprintf(" (the status is %s: the CORS layer refused the origin, "+
				"or the response came from outside it)", res.Status)
		} else if !isOK(res.StatusCode) {
			detail += fmt.Sprintf(" (the status is %s: perhaps the response came from outside the CORS layer)",
				res.Status)
		}
		return c.blocked(step, fetch.AllowOrigin, detail)
	case !c.credentials && value == "*":
		return nil
	case value != origin:
		return c.blocked(step, fetch.AllowOrigin,
			fmt.Sprintf("is %s; it must be %q%s", quote(lines), origin, originHint(lines, origin)))
	case !c.credentials:
		return nil
	}
	lines, found = res.Header[fetch.AllowCredentials]
	switch {
	case !found:
		return c.blocked(step, fetch.AllowCredentials, `is absent; for a request with credentials it must be "true"`)
	case strings.Join(lines, ", ") != "true":
		return c.blocked(step, fetch.AllowCredentials,
			fmt.Sprintf(`is %s; for a request with credentials it must be exactly "true"`, quote(lines)))
	}
	return nil
}

// originHint says what is commonly behind a value that is not the origin.
func originHint(lines []string, origin string) string {
	value := strings.Join(lines, ", ")
	switch {
	case value == "*":
		return `, since "*" does not cover a request with credentials`
	case len(lines) > 1:
		return fmt.Sprintf(", on one line: there are %d, perhaps of two CORS layers", len(lines))
	case strings.ContainsAny(value, ", "):
		return ", and nothing else: a list of origins is not possible"
	case strings.EqualFold(strings.TrimSuffix(value, "/"), origin):
		return ", byte for byte"
	}
	return ""
}

// readable returns the headers that the script may read
// (https://fetch.spec.whatwg.org/#concept-filtered-response-cors).
func (c *call) readable(h http.Header) http.Header {
	exposed := c.exposed(h[fetch.ExposeHeaders])
	all := !c.crossOrigin || !c.credentials && slices.Contains(exposed, "*")
	readable := make(http.Header)
	for name, lines := range h {
		allowed := all || isSafelistedResponseHeader(name) || containsFold(exposed, name)
		if allowed && !fetch.IsForbiddenResponseHeader(name) {
			readable[name] = lines
		}
	}
	return readable
}

// exposed returns the names that the lines list. A malformed list exposes nothing,
// as an absent one.
func (c *call) exposed(lines []string) []string {
	list, ok := parseList(lines)
	switch {
	case ok:
		return list
	case c.engine.exposesBeforeError && slices.Contains(list, "*"):
		return []string{"*"}
	}
	return nil
}

// isSafelistedResponseHeader takes names in canonical form
// (https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name).
func isSafelistedResponseHeader(name string) bool {
	switch name {
	case "Cache-Control", "Content-Language", "Content-Length", "Content-Type",
		"Expires", "Last-Modified", "Pragma":
		return true
	}
	return false
}

// parseList parses the lines of a header that is a list of tokens. Elements may
// be empty (RFC 9110, section 5.6.1). At any other that is no token it fails, and
// returns those before. No lines are an empty list.
func parseList(lines []string) (list []string, ok bool) {
	for _, line := range lines {
		for element := range strings.SplitSeq(line, ",") {
			element = strings.Trim(element, " \t")
			if element == "" {
				continue
			}
			if !fetch.IsToken(element) {
				return list, false
			}
			list = append(list, element)
		}
	}
	return list, true
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// isOK reports whether status is an ok status
// (https://fetch.spec.whatwg.org/#ok-status).
func isOK(status int) bool { return 200 <= status && status <= 299 }

package corstest

import (
	"fmt"
	"net/http"
	"strings"
)

// A Mode is the way in which a page makes a call. The Fetch standard calls it the
// request's mode (https://fetch.spec.whatwg.org/#concept-request-mode).
//
// CORS protects only what a page reads. A call in one of the other modes needs no
// permission to reach the server, so use them to test a protection against
// cross-site request forgery: see what the handler does, or the status of
// [Result.Response].
type Mode string

const (
	// ModeCORS is the mode of XMLHttpRequest, and the default of fetch.
	ModeCORS Mode = "cors"

	// ModeNoCORS is fetch with mode "no-cors". It is also navigator.sendBeacon, if
	// Method is POST and Credentials is true. There is no preflight. The method
	// must be GET, HEAD or POST. The only headers are Accept, Accept-Language,
	// Content-Language and Content-Type, with values that need no preflight. The
	// script can read the response only if all URLs of the call, including those of
	// redirects, have the origin of the page.
	ModeNoCORS Mode = "no-cors"

	// ModeNavigate is a link or a form of the page, whose response becomes the new
	// document. The method must be GET or POST. The only header is the Content-Type
	// of a form with a body. Cookies are sent whatever Credentials says, and no
	// script can read the response. If Request.Origin is empty, there is no page: the
	// user typed the URL or opened a bookmark.
	ModeNavigate Mode = "navigate"
)

// checkMode returns why no page can make the call r in its mode.
func (c *call) checkMode(r Request) error {
	allowed := true
	switch c.mode {
	case ModeCORS:
		return nil
	case ModeNoCORS:
		allowed = c.method == http.MethodGet || c.method == http.MethodHead || c.method == http.MethodPost
	case ModeNavigate:
		allowed = c.method == http.MethodGet || c.method == http.MethodPost
	default:
		return &UnsendableError{"Mode", string(r.Mode),
			fmt.Sprintf("the mode must be %q, %q or %q", ModeCORS, ModeNoCORS, ModeNavigate)}
	}
	switch {
	case !allowed:
		return &UnsendableError{"Method", r.Method, fmt.Sprintf("no page can use this method in mode %q", c.mode)}
	case c.page == "" && c.method != http.MethodGet:
		return &UnsendableError{"Method", r.Method,
			"a navigation without a page is a GET; set Origin to that of a page"}
	case c.mode == ModeNavigate && c.cacheMode != CacheModeDefault:
		return &UnsendableError{"CacheMode", string(r.CacheMode), "only a script that calls fetch sets one"}
	case r.UploadListener:
		return &UnsendableError{"UploadListener", "true", fmt.Sprintf("there is none in mode %q", c.mode)}
	}
	values := make(map[string]string, len(c.fields))
	for _, f := range c.fields {
		if before, several := values[f.name]; several {
			f.value = before + ", " + f.value
		}
		values[f.name] = f.value
		switch {
		case c.mode == ModeNoCORS && !c.isOfNoCORS(f):
			return &UnsendableError{"Header", http.CanonicalHeaderKey(f.name),
				fmt.Sprintf("browsers drop this header or value in mode %q", c.mode)}
		case c.mode == ModeNavigate && !c.isOfForm(f):
			return &UnsendableError{"Header", http.CanonicalHeaderKey(f.name),
				"a form sends Content-Type alone, with a POST: " +
					"application/x-www-form-urlencoded, multipart/form-data or text/plain"}
		}
	}
	return nil
}

// isOfNoCORS reports whether f is a no-CORS-safelisted request-header
// (https://fetch.spec.whatwg.org/#no-cors-safelisted-request-header).
func (c *call) isOfNoCORS(f field) bool {
	switch f.name {
	case "accept", "accept-language", "content-language", "content-type":
		return c.engine.isSafelisted(f)
	}
	return false
}

// isOfForm reports whether f is a header that a form sends.
func (c *call) isOfForm(f field) bool {
	return f.name == "content-type" && c.method == http.MethodPost && isFormType(f.value) &&
		!strings.Contains(f.value, ",")
}

// usesCORS reports whether the response is judged by CORS: the standard calls its
// tainting "cors".
func (c *call) usesCORS() bool { return c.mode == ModeCORS && c.crossOrigin }

// isOpaque reports whether the page can read nothing of the response, and is not
// told that anything failed.
func (c *call) isOpaque() bool {
	return c.mode == ModeNavigate || c.mode == ModeNoCORS && c.crossOrigin
}

// accept is the value of Accept that browsers add
// (https://fetch.spec.whatwg.org/#fetching).
func (m Mode) accept() string {
	if m == ModeNavigate {
		return "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	}
	return "*/*"
}

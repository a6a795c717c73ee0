package corstest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const maxRedirects = 20

// location returns where res redirects to, or nil if it does not redirect. The
// error says why browsers do not follow the redirect
// (https://fetch.spec.whatwg.org/#http-redirect-fetch).
func (c *call) location(res *http.Response, redirects int) (*url.URL, error) {
	const header = "Location"
	switch res.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	lines := res.Header[header]
	if len(lines) == 0 {
		return nil, nil
	}
	refuse := func(reason string) (*url.URL, error) {
		return nil, c.blocked(StepRedirect, header, fmt.Sprintf("is %s: %s", quote(lines), reason))
	}
	place := lines[0]
	switch {
	case len(lines) == 1:
	case c.engine.severalLocations == severalJoined:
		place = strings.Join(lines, ", ")
	case c.engine.severalLocations == severalAreRefused, len(slices.Compact(slices.Clone(lines))) > 1:
		return refuse("browsers follow one only")
	}
	switch {
	case place != "" || c.engine.emptyLocation == emptyIsURL:
	case c.engine.emptyLocation == emptyIsNone:
		return nil, nil
	default:
		return refuse("this browser does not follow it")
	}
	next, err := parseURL(place, c.url)
	if err != nil {
		return refuse(err.Error())
	}
	if redirects == maxRedirects {
		return refuse(fmt.Sprintf("browsers follow at most %d redirects", maxRedirects))
	}
	if next.User != nil && c.mode == ModeCORS && (c.crossOrigin || originOf(next) != c.page) {
		return refuse("a user name or password is not allowed here")
	}
	next.User = nil
	return next, nil
}

// redirect turns c into a call of next.
func (c *call) redirect(status int, next *url.URL) {
	isPost := c.method == http.MethodPost
	isRead := c.method == http.MethodGet || c.method == http.MethodHead
	if (status == http.StatusMovedPermanently || status == http.StatusFound) && isPost ||
		status == http.StatusSeeOther && !isRead {
		c.method = http.MethodGet
		c.body, c.hasBody = nil, false
		c.remove("content-encoding", "content-language", "content-location", "content-type")
	}
	here := originOf(c.url)
	if originOf(next) != here {
		c.remove("authorization")
		// The redirect-taint: an origin that is not the page's redirects to another
		// one.
		c.tainted = c.tainted || here != c.page || c.engine.nullsWrites && c.mode != ModeCORS
		c.lostMetadata = c.lostMetadata || c.engine.losesMetadata && c.mode == ModeCORS
	}
	c.redirected = true
	c.url = next
}

func (c *call) remove(names ...string) {
	c.fields = slices.DeleteFunc(c.fields, func(f field) bool { return slices.Contains(names, f.name) })
}

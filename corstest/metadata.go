package corstest

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"example.com/cors/internal/publicsuffix"
)

// The values of Sec-Fetch-Site.
const (
	siteSameOrigin = "same-origin"
	siteSameSite   = "same-site"
	siteCrossSite  = "cross-site"
	siteNone       = "none" // there is no page
)

// setMetadata adds the Sec-Fetch headers, if the URL is potentially trustworthy
// (https://www.w3.org/TR/fetch-metadata/#abstract-opdef-append-the-fetch-metadata-headers-for-a-request).
func (c *call) setMetadata(h http.Header, mode Mode, site string) {
	if !isTrustworthy(c.url) {
		return
	}
	h.Set("Sec-Fetch-Mode", string(mode))
	h.Set("Sec-Fetch-Site", site)
	h.Set("Sec-Fetch-Dest", "empty")
	if mode == ModeNavigate {
		h.Set("Sec-Fetch-Dest", "document")
	}
}

// goFarther updates c.site for the current URL. The farthest URL decides: a
// redirect never brings a call closer.
func (c *call) goFarther() {
	site := siteOf(c.page, c.url)
	if c.site == siteSameOrigin || site == siteCrossSite {
		c.site = site
	}
	if c.engine.redirectsCrossSite && c.redirected && c.site == siteSameSite {
		c.site = siteCrossSite
	}
}

// preflightSite returns the Sec-Fetch-Site of the preflight.
func (c *call) preflightSite() string {
	switch {
	case !c.engine.lonePreflightSite:
		return c.site
	case c.engine.nullPreflightSite:
		return siteOf(c.origin(), c.url)
	}
	return siteOf(c.page, c.url)
}

// siteOf relates a URL to the origin of a page, which is "" if there is no page.
func siteOf(page string, u *url.URL) string {
	switch {
	case page == "":
		return siteNone
	case page == originOf(u):
		return siteSameOrigin
	case isSameSite(page, u):
		return siteSameSite
	}
	return siteCrossSite
}

// isSameSite reports whether u is same site with an origin. Ports do not matter,
// schemes do (https://html.spec.whatwg.org/#same-site).
func isSameSite(origin string, u *url.URL) bool {
	page, err := url.Parse(origin)
	if err != nil || page.Scheme != u.Scheme {
		return false
	}
	a, b := page.Hostname(), u.Hostname()
	return a == b || registrable(a) != "" && registrable(a) == registrable(b)
}

// registrable returns the registrable domain of a host, or "" if it has none.
func registrable(host string) string {
	const maxHost = 254 // of a domain name with a trailing dot
	if _, err := netip.ParseAddr(host); err == nil || len(host) > maxHost {
		return ""
	}
	domain, dotted := strings.CutSuffix(host, ".")
	if domain = publicsuffix.Registrable(domain); domain != "" && dotted {
		domain += "."
	}
	return domain
}

// isTrustworthy reports whether u is potentially trustworthy
// (https://w3c.github.io/webappsec-secure-contexts/#is-url-trustworthy).
func isTrustworthy(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback() && !addr.Is4In6()
	}
	host = strings.TrimSuffix(host, ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

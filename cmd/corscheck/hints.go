package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
	"example.com/cors/internal/publicsuffix"
)

// A hint names what is probably behind a failure, often not CORS at all, or what
// a browser may do besides.
type hint struct {
	ID     string `json:"id"`
	Detail string `json:"detail"`
}

// hintRules are asked in this order. A rule returns "" where it does not apply.
var hintRules = []struct {
	id   string
	rule func(o *outcome) string
}{
	{"same-origin", (*outcome).hintSameOrigin},
	{"mixed-content", (*outcome).hintMixedContent},
	{"duplicate-header", (*outcome).hintDuplicate},
	{"wildcard-with-credentials", (*outcome).hintWildcard},
	{"options-not-routed", (*outcome).hintNotRouted},
	{"login-before-cors", (*outcome).hintLogin},
	{"origin-not-listed", (*outcome).hintNotListed},
	{"redirected", (*outcome).hintRedirected},
	{"error-before-cors", (*outcome).hintError},
	{"method-case", (*outcome).hintMethodCase},
	{"response-header-sent", (*outcome).hintResponseHeader},
	{"null-origin", (*outcome).hintNull},
	{"html-answer", (*outcome).hintHTML},
	{"insecure-page", (*outcome).hintInsecurePage},
	{"local-network", (*outcome).hintLocalNetwork},
	{"same-site-cookies", (*outcome).hintSameSite},
}

func (o *outcome) hints() []hint {
	hints := []hint{}
	for _, r := range hintRules {
		if detail := r.rule(o); detail != "" {
			hints = append(hints, hint{r.id, detail})
		}
	}
	return hints
}

// fault returns the exchange that blocks the call if one does.
func (o *outcome) fault() *exchange {
	if v := o.firstBlocked(); v != nil && v.blocked.Step != stepMixedContent {
		return v.last
	}
	return nil
}

// lacksGrant reports whether the exchange that blocks the call has no
// Access-Control-Allow-Origin: whatever answered may stand outside the CORS layer.
func (o *outcome) lacksGrant() bool {
	x := o.fault()
	return x != nil && x.response[fetch.AllowOrigin] == nil
}

func (o *outcome) hintSameOrigin() string {
	if !o.sameOrigin {
		return ""
	}
	return "The page and the URL have the same origin, so CORS has no part in this call. Nothing was sent."
}

func (o *outcome) hintMixedContent() string {
	v := o.firstBlocked()
	if v == nil || v.blocked.Step != stepMixedContent {
		return ""
	}
	return "This is mixed content, not CORS: no header helps. Serve the API over https."
}

func (o *outcome) hintDuplicate() string {
	for _, x := range o.exchanges {
		for _, name := range []string{fetch.AllowOrigin, fetch.AllowCredentials} {
			if n := len(x.response[name]); n > 1 {
				return fmt.Sprintf("The server sends %s %s. Two layers add it, perhaps a proxy and the application. Remove one of the two.", name, times(n))
			}
		}
	}
	return ""
}

func times(n int) string {
	if n == 2 {
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func (o *outcome) hintWildcard() string {
	x := o.fault()
	if x == nil || !o.credentials {
		return ""
	}
	for _, name := range []string{fetch.AllowOrigin, fetch.AllowMethods, fetch.AllowHeaders} {
		if name == o.firstBlocked().blocked.Header && slices.Contains(tokens(x.response[name]), "*") {
			return `In a call with cookies, "*" is no wildcard. Have the server name the value, or make the call without credentials.`
		}
	}
	return ""
}

func (o *outcome) hintNotRouted() string {
	x := o.fault()
	if x == nil || !x.preflight {
		return ""
	}
	switch {
	case x.status == http.StatusNotFound, x.status == http.StatusMethodNotAllowed, x.status == http.StatusNotImplemented:
		return fmt.Sprintf("The server did not answer the preflight. It said %s, as routers do that have no route for OPTIONS. "+
			"Put the CORS layer before the router, or add a route for OPTIONS.", statusLine(x.status))
	case o.lacksGrant() && x.status < 300 && x.response["Allow"] != nil && !variesByOrigin(x):
		return "Something in the server answers OPTIONS by itself, with an Allow header and nothing about CORS. Put the CORS layer before it."
	}
	return ""
}

func (o *outcome) hintLogin() string {
	x := o.fault()
	switch {
	case x == nil:
	case x.preflight && isLogin(x) && !(x.status == http.StatusForbidden && variesByOrigin(x)):
		return fmt.Sprintf("The preflight met a login or a permission check: %s. Browsers send preflights without cookies and tokens. "+
			"Put the CORS layer before the login, or let OPTIONS through.", statusAndPlace(x))
	case !x.preflight && o.lacksGrant() && isLogin(x) && !(x.status == http.StatusForbidden && variesByOrigin(x)):
		return fmt.Sprintf("A login or a permission check answered outside the CORS layer: %s. "+
			"Put the CORS layer before it, so that the page can read the answer.", statusAndPlace(x))
	}
	return ""
}

// isLogin reports whether the answer looks like that of a login.
func isLogin(x *exchange) bool {
	switch x.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusNetworkAuthenticationRequired:
		return true
	}
	if !isRedirect(x) {
		return false
	}
	place := strings.ToLower(x.response.Get("Location"))
	return slices.ContainsFunc([]string{"login", "signin", "sign-in", "sign_in", "auth", "sso", "saml"}, func(s string) bool {
		return strings.Contains(place, s)
	})
}

func isRedirect(x *exchange) bool {
	return 300 <= x.status && x.status <= 399 && x.response["Location"] != nil
}

func statusAndPlace(x *exchange) string {
	if isRedirect(x) {
		return statusLine(x.status) + " to " + x.response.Get("Location")
	}
	return statusLine(x.status)
}

// hintNotListed knows a CORS layer by its Vary.
func (o *outcome) hintNotListed() string {
	x := o.fault()
	if x == nil || o.firstBlocked().blocked.Header != fetch.AllowOrigin || o.firstBlocked().blocked.Origin != o.origin {
		return ""
	}
	ok := x.status < 300 || x.status == http.StatusForbidden || x.status == http.StatusBadRequest || !x.preflight
	other := len(x.response[fetch.AllowOrigin]) == 1 && isOrigin(x.response.Get(fetch.AllowOrigin))
	if ok && (o.lacksGrant() && variesByOrigin(x) || other) {
		return fmt.Sprintf("The server has a CORS layer, and %s is not on its list. Add it there, exactly as it is written here.", o.origin)
	}
	return ""
}

func variesByOrigin(x *exchange) bool { return variesBy(x.response, "Origin") }

func variesBy(h http.Header, name string) bool {
	return slices.ContainsFunc(tokens(h["Vary"]), func(s string) bool { return s == "*" || strings.EqualFold(s, name) })
}

func (o *outcome) hintRedirected() string {
	v := o.firstBlocked()
	x := o.fault()
	switch {
	case x == nil:
	case v.blocked.Origin == "null" && o.origin != "null":
		return fmt.Sprintf("A redirect led the call to another host, and there browsers say that the origin is null. Have the page call %s directly.", v.blocked.URL)
	case isRedirect(x) && !isLogin(x) && x.preflight:
		return fmt.Sprintf("Browsers follow no redirect of a preflight, here to %s. Have the page call that URL directly.", x.response.Get("Location"))
	case isRedirect(x) && !isLogin(x) && o.lacksGrant():
		return fmt.Sprintf("The redirect to %s carries no CORS headers. Have the page call that URL directly.", x.response.Get("Location"))
	}
	return ""
}

func (o *outcome) hintError() string {
	x := o.fault()
	if x == nil || !o.lacksGrant() || x.status < 400 || isLogin(x) || variesByOrigin(x) {
		return ""
	}
	if x.preflight {
		switch x.status {
		case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			return ""
		}
	}
	return fmt.Sprintf("The %s may come from a proxy, or from an error handler outside the CORS layer. "+
		"The page cannot see it, and reports a CORS error in its place. Mend the error first, and put the CORS layer around error pages too.", statusLine(x.status))
}

func (o *outcome) hintMethodCase() string {
	v := o.firstBlocked()
	upper := strings.ToUpper(o.sendMethod)
	if v == nil || v.blocked.Step != corstest.StepPreflightMethod || isMethod(o.sendMethod) || !isMethod(upper) {
		return ""
	}
	return fmt.Sprintf("Have the page's script write %q, in upper case: browsers do not do that for this method.", upper)
}

func (o *outcome) hintResponseHeader() string {
	if o.firstBlocked() == nil {
		return ""
	}
	for _, name := range o.announced {
		if strings.HasPrefix(name, "access-control-") {
			return fmt.Sprintf("The page sends %s, which is a header of responses. Remove it from the script: it only adds to what the server must allow.", http.CanonicalHeaderKey(name))
		}
	}
	return ""
}

func (o *outcome) hintNull() string {
	if o.origin != "null" || o.sameOrigin {
		return ""
	}
	return "Every sandboxed frame and local file has the origin null, also those of strangers. Serve the page from a real origin."
}

func (o *outcome) hintHTML() string {
	if len(o.exchanges) == 0 {
		return ""
	}
	x := o.exchanges[len(o.exchanges)-1]
	if x.preflight || !strings.Contains(o.wants(), "json") || !strings.HasPrefix(strings.ToLower(x.response.Get("Content-Type")), "text/html") {
		return ""
	}
	return "The answer is a page of HTML where the call wants JSON. Check the URL: it may be a login, an error page or the application's start page."
}

func (o *outcome) hintInsecurePage() string {
	if !strings.HasPrefix(o.origin, "http://") || isLoopback(hostOf(o.origin)) || o.target.Scheme != "https" {
		return ""
	}
	return "The page is on http. Whoever controls its network can change it, and browsers take it for another site than the https API: cookies need SameSite=None."
}

func (o *outcome) hintLocalNetwork() string {
	if o.sameOrigin || isLocal(hostOf(o.origin)) {
		return ""
	}
	host := o.target.Hostname()
	if !isLocal(host) && !isLocal(o.remote) {
		return ""
	}
	return fmt.Sprintf("%s is on the visitor's own machine or network. If the page comes from the public internet, browsers first ask the visitor for permission "+
		"(Local Network Access). No header helps.", host)
}

// isLocal reports whether a host is on the visitor's own machine or network.
func isLocal(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap()
		return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified()
	}
	return isLoopback(host) || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".home.arpa")
}

func (o *outcome) hintSameSite() string {
	scheme, _, _ := strings.Cut(o.origin, ":")
	if !o.credentials || o.sameOrigin || !o.allowed() || scheme == o.target.Scheme && site(hostOf(o.origin)) == site(o.target.Hostname()) {
		return ""
	}
	for _, x := range o.exchanges {
		for _, c := range (&http.Response{Header: x.response}).Cookies() {
			if c.SameSite != http.SameSiteNoneMode || !c.Secure {
				return fmt.Sprintf("The page and the API are different sites. Browsers will not send the cookie %s with such calls: it needs SameSite=None; Secure.", quote(c.Name))
			}
		}
	}
	return "The page and the API are different sites. Browsers send only cookies with SameSite=None; Secure, and Safari and Firefox may keep back even these."
}

// site returns the part of a host that its owner registered; hosts with the same
// one are the same site.
func site(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	return cmp.Or(publicsuffix.Registrable(host), host)
}

// hostOf returns the host of an origin, an IPv6 address without its brackets.
func hostOf(origin string) string {
	_, hostport, _ := strings.Cut(origin, "://")
	host, _ := splitPort(hostport)
	return host
}

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

func keys(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }

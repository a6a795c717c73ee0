package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

// A note names what is probably behind a failure, often not CORS at all, or what
// a browser may do besides.
type note struct {
	ID     string `json:"id"`
	Detail string `json:"detail"`
}

// noteRules are asked in this order. A rule returns "" where it does not apply.
var noteRules = []struct {
	id   string
	rule func(o *outcome) string
}{
	{"same-origin", (*outcome).noteSameOrigin},
	{"mixed-content", (*outcome).noteMixedContent},
	{"duplicate-header", (*outcome).noteDuplicate},
	{"wildcard-with-credentials", (*outcome).noteWildcard},
	{"options-not-routed", (*outcome).noteNotRouted},
	{"login-before-cors", (*outcome).noteLogin},
	{"origin-not-listed", (*outcome).noteNotListed},
	{"redirected", (*outcome).noteRedirected},
	{"error-before-cors", (*outcome).noteError},
	{"method-case", (*outcome).noteMethodCase},
	{"response-header-sent", (*outcome).noteResponseHeader},
	{"null-origin", (*outcome).noteNull},
	{"html-answer", (*outcome).noteHTML},
	{"insecure-page", (*outcome).noteInsecurePage},
	{"local-network", (*outcome).noteLocalNetwork},
	{"same-site-cookies", (*outcome).noteSameSite},
}

func (o *outcome) notes() []note {
	notes := []note{}
	for _, r := range noteRules {
		if detail := r.rule(o); detail != "" {
			notes = append(notes, note{r.id, detail})
		}
	}
	return notes
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

func (o *outcome) noteSameOrigin() string {
	if !o.plan.sameOrigin {
		return ""
	}
	return "The page and the URL have the same origin, so CORS has no part in this call. Nothing was sent."
}

func (o *outcome) noteMixedContent() string {
	v := o.firstBlocked()
	if v == nil || v.blocked.Step != stepMixedContent {
		return ""
	}
	return "This is mixed content, not CORS: no header helps. Serve the API over https."
}

func (o *outcome) noteDuplicate() string {
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

func (o *outcome) noteWildcard() string {
	x := o.fault()
	if x == nil || !o.call.credentials {
		return ""
	}
	for _, name := range []string{fetch.AllowOrigin, fetch.AllowMethods, fetch.AllowHeaders} {
		if name == o.firstBlocked().blocked.Header && slices.Contains(tokens(x.response[name]), "*") {
			return `In a call with cookies, "*" is no wildcard. Have the server name the value, or make the call without credentials.`
		}
	}
	return ""
}

func (o *outcome) noteNotRouted() string {
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

func (o *outcome) noteLogin() string {
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

func statusAndPlace(x *exchange) string {
	if isRedirect(x) {
		return statusLine(x.status) + " to " + x.response.Get("Location")
	}
	return statusLine(x.status)
}

// noteNotListed knows a CORS layer by its Vary.
func (o *outcome) noteNotListed() string {
	x := o.fault()
	if x == nil || o.firstBlocked().blocked.Header != fetch.AllowOrigin || o.firstBlocked().blocked.Origin != o.call.origin {
		return ""
	}
	ok := x.status < 300 || x.status == http.StatusForbidden || x.status == http.StatusBadRequest || !x.preflight
	other := len(x.response[fetch.AllowOrigin]) == 1 && isOrigin(x.response.Get(fetch.AllowOrigin))
	if ok && (o.lacksGrant() && variesByOrigin(x) || other) {
		return fmt.Sprintf("The server has a CORS layer, and %s is not on its list. Add it there, exactly as it is written here.", o.call.origin)
	}
	return ""
}

func variesByOrigin(x *exchange) bool { return variesBy(x.response, "Origin") }

func variesBy(h http.Header, name string) bool {
	return slices.ContainsFunc(tokens(h["Vary"]), func(s string) bool { return s == "*" || strings.EqualFold(s, name) })
}

func (o *outcome) noteRedirected() string {
	v := o.firstBlocked()
	x := o.fault()
	switch {
	case x == nil:
	case v.blocked.Origin == "null" && o.call.origin != "null":
		return fmt.Sprintf("A redirect led the call to another host, and there browsers say that the origin is null. Have the page call %s directly.", v.blocked.URL)
	case isRedirect(x) && !isLogin(x) && x.preflight:
		return fmt.Sprintf("Browsers follow no redirect of a preflight, here to %s. Have the page call that URL directly.", x.response.Get("Location"))
	case isRedirect(x) && !isLogin(x) && o.lacksGrant():
		return fmt.Sprintf("The redirect to %s carries no CORS headers. Have the page call that URL directly.", x.response.Get("Location"))
	}
	return ""
}

func (o *outcome) noteError() string {
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

func (o *outcome) noteMethodCase() string {
	v := o.firstBlocked()
	upper := strings.ToUpper(o.plan.method)
	if v == nil || v.blocked.Step != corstest.StepPreflightMethod || isMethod(o.plan.method) || !isMethod(upper) {
		return ""
	}
	return fmt.Sprintf("Have the page's script write %q, in upper case: browsers do not do that for this method.", upper)
}

func (o *outcome) noteResponseHeader() string {
	if o.firstBlocked() == nil {
		return ""
	}
	for _, name := range o.plan.announced {
		if strings.HasPrefix(name, "access-control-") {
			return fmt.Sprintf("The page sends %s, which is a header of responses. Remove it from the script: it only adds to what the server must allow.", http.CanonicalHeaderKey(name))
		}
	}
	return ""
}

func (o *outcome) noteNull() string {
	if o.call.origin != "null" || o.plan.sameOrigin {
		return ""
	}
	return "Every sandboxed frame and local file has the origin null, also those of strangers. Serve the page from a real origin."
}

func (o *outcome) noteHTML() string {
	if len(o.exchanges) == 0 {
		return ""
	}
	x := o.exchanges[len(o.exchanges)-1]
	if x.preflight || !strings.Contains(o.call.wants(), "json") || !strings.HasPrefix(strings.ToLower(x.response.Get("Content-Type")), "text/html") {
		return ""
	}
	return "The answer is a page of HTML where the call wants JSON. Check the URL: it may be a login, an error page or the application's start page."
}

func (o *outcome) noteInsecurePage() string {
	if !strings.HasPrefix(o.call.origin, "http://") || isLoopback(hostOf(o.call.origin)) || o.plan.target.Scheme != "https" {
		return ""
	}
	return "The page is on http. Whoever controls its network can change it, and browsers take it for another site than the https API: cookies need SameSite=None."
}

func (o *outcome) noteLocalNetwork() string {
	if o.plan.sameOrigin || isLocal(hostOf(o.call.origin)) {
		return ""
	}
	host := o.plan.target.Hostname()
	if !isLocal(host) && !isLocal(o.remote) {
		return ""
	}
	return fmt.Sprintf("%s is on the visitor's own machine or network. If the page comes from the public internet, browsers first ask the visitor for permission "+
		"(Local Network Access). No header helps.", host)
}

func (o *outcome) noteSameSite() string {
	scheme, _, _ := strings.Cut(o.call.origin, ":")
	if !o.call.credentials || o.plan.sameOrigin || !o.allowed() || scheme == o.plan.target.Scheme && site(hostOf(o.call.origin)) == site(o.plan.target.Hostname()) {
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

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

func keys(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }

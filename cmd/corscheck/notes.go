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

// A note names what is behind a failure, often not CORS at all, or what a browser may do
// besides.
type note struct {
	ID     string `json:"id"`
	Or     string `json:"or,omitempty"` // the other cause that it may be
	Detail string `json:"detail"`
}

// noteRules are asked in this order. A rule returns "" where it does not apply. The causes
// that the evidence tells stand where causesRule does.
var noteRules = []struct {
	id   string
	rule func(o *outcome) string
}{
	{"same-origin", (*outcome).noteSameOrigin},
	{"not-a-preflight", (*outcome).noteNoPreflight},
	{"https-downgrade", (*outcome).noteDowngrade},
	{"mixed-content", (*outcome).noteMixedContent},
	{"duplicate-header", (*outcome).noteDuplicate},
	{"wildcard-with-credentials", (*outcome).noteWildcard},
	{causesRule, nil},
	{"method-case", (*outcome).noteMethodCase},
	{"response-header-sent", (*outcome).noteResponseHeader},
	{"null-origin", (*outcome).noteNull},
	{"standard-differs", (*outcome).noteStandard},
	{"credentials-unknown", (*outcome).noteCredentials},
	{"upload-progress", (*outcome).noteUpload},
	{"resource-policy", (*outcome).noteResourcePolicy},
	{"html-answer", (*outcome).noteHTML},
	{"insecure-page", (*outcome).noteInsecurePage},
	{"same-site-cookies", (*outcome).noteSameSite},
	{"local-network", (*outcome).noteLocalNetwork},
}

const causesRule = ""

func (o *outcome) notes() []note {
	notes := []note{}
	for _, r := range noteRules {
		if r.id == causesRule {
			notes = append(notes, o.known().conclude()...)
		} else if detail := r.rule(o); detail != "" {
			notes = append(notes, note{ID: r.id, Detail: detail})
		}
	}
	return notes
}

// known is the evidence, with -no-probe what the call itself shows.
func (o *outcome) known() *evidence {
	if o.evidence != nil {
		return o.evidence
	}
	return newEvidence(o)
}

func (o *outcome) noteSameOrigin() string {
	if !o.plan.sameOrigin || !o.allowed() {
		return "" // Only a redirect to another origin blocks such a call.
	}
	for _, x := range o.exchanges {
		if x.url.Host != o.plan.target.Host || x.url.Scheme != o.plan.target.Scheme {
			return ""
		}
	}
	return "The page and the URL have the same origin, so CORS has no part in this call."
}

// noteNoPreflight knows what was meant by curl -X OPTIONS.
func (o *outcome) noteNoPreflight() string {
	if o.plan.method != http.MethodOptions {
		return ""
	}
	return "An OPTIONS request is a preflight only if it has an Access-Control-Request-Method. Without it this " +
		"is a call of the script's own. " +
		"To check the preflight of a PUT, say, add -H 'Access-Control-Request-Method: PUT', or name the call " +
		"itself: -X PUT."
}

func (o *outcome) noteDowngrade() string {
	for _, x := range o.exchanges {
		if !isDowngrade(x) {
			continue
		}
		to := *x.location()
		text := fmt.Sprintf("The server redirects to http, %s, where no page on https may call. ",
			x.response.Get("Location"))
		if strings.EqualFold(to.Hostname(), x.url.Hostname()) {
			text += "It does not know that it stands behind TLS: have it believe the X-Forwarded-Proto of its proxy. "
		}
		to.Scheme = "https"
		return text + fmt.Sprintf("Have the page call the URL as the server spells it: %s.", &to)
	}
	return ""
}

func (o *outcome) noteMixedContent() string {
	v := o.firstBlocked()
	if v == nil || v.blocked.Step != stepMixedContent || o.noteDowngrade() != "" {
		return ""
	}
	return "This is mixed content, not CORS: no header helps. Serve the API over https."
}

func (o *outcome) noteDuplicate() string {
	for _, x := range o.exchanges {
		for _, name := range []string{fetch.AllowOrigin, fetch.AllowCredentials} {
			if n := len(x.response[name]); n > 1 {
				return fmt.Sprintf("The server sends %s %s. Two layers add it, perhaps a proxy and the "+
					"application. Remove one of the two.", name, times(n))
			}
		}
		if isJoined(x.response.Get(fetch.AllowCredentials)) {
			return joinedLines(fetch.AllowCredentials)
		}
	}
	return ""
}

func joinedLines(name string) string {
	return fmt.Sprintf("Two layers add %s, and a proxy joined the two lines. Remove one of the two.", name)
}

func times(n int) string {
	if n == 2 {
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func (o *outcome) noteWildcard() string {
	v, x := o.fault()
	if x == nil || !o.call.credentials {
		return ""
	}
	for _, name := range []string{fetch.AllowOrigin, fetch.AllowMethods, fetch.AllowHeaders} {
		if name == v.blocked.Header && slices.Contains(tokens(x.response[name]), "*") {
			return `In a call with cookies, "*" is no wildcard. ` +
				"Have the server name the value, or make the call without credentials."
		}
	}
	return ""
}

func variesByOrigin(x *exchange) bool { return variesBy(x.response, "Origin") }

func variesBy(h http.Header, name string) bool { return isOnList(h, "Vary", name) }

func (o *outcome) noteMethodCase() string {
	v := o.firstBlocked()
	upper := strings.ToUpper(o.plan.method)
	if v == nil || v.blocked.Step != corstest.StepPreflightMethod || isMethod(o.plan.method) || !isMethod(upper) {
		return ""
	}
	return fmt.Sprintf("Have the page's script write %q, in upper case: browsers do not do that for this method.",
		upper)
}

func (o *outcome) noteResponseHeader() string {
	if o.firstBlocked() == nil {
		return ""
	}
	for _, name := range o.plan.announced {
		if strings.HasPrefix(name, "access-control-") {
			return fmt.Sprintf("The page sends %s, which is a header of responses. Remove it from the script: it "+
				"only adds to what the server must allow.", http.CanonicalHeaderKey(name))
		}
	}
	return ""
}

func (o *outcome) noteNull() string {
	if !o.call.isOpaque() || o.plan.sameOrigin {
		return ""
	}
	return "Every sandboxed frame and local file has the origin null, also those of strangers, so no server " +
		"should allow it. " +
		"Serve the page from a web server, as http://localhost:8000, or give its frame allow-same-origin, and " +
		"allow that origin."
}

func (o *outcome) noteHTML() string {
	if len(o.exchanges) == 0 {
		return ""
	}
	x := o.exchanges[len(o.exchanges)-1]
	if x.preflight || !strings.Contains(o.call.wants(), "json") || !isHTML(x) {
		return ""
	}
	if x.status >= http.StatusBadRequest && o.firstBlocked() != nil {
		return "" // The cause of the error is said already.
	}
	return "The answer is a page of HTML where the call wants JSON. Check the URL: it may be a login, an error " +
		"page or the application's start page."
}

func (o *outcome) noteInsecurePage() string {
	if !strings.HasPrefix(o.call.origin, "http://") || isLoopback(hostOf(o.call.origin)) ||
		o.plan.target.Scheme != "https" {
		return ""
	}
	return "The page is on http. Whoever controls its network can change it, and browsers take it for another " +
		"site than the https API: cookies need SameSite=None."
}

// noteStandard says what a difference between the standard and all browsers means.
func (o *outcome) noteStandard() string {
	v := o.standardAlone()
	if v == nil {
		return ""
	}
	text := "Every browser that was asked lets this call through today, and the standard does not. A browser may " +
		"follow the standard one day."
	if v.blocked.Step == corstest.StepPreflightAuthorization {
		text += " List Authorization by its name in " + fetch.AllowHeaders + "."
	}
	return text
}

func (o *outcome) noteCredentials() string {
	if o.withUser == nil || allows(o.withUser) == o.allowed() {
		return ""
	}
	return fmt.Sprintf("What was copied does not tell whether the script sends cookies. With credentials: "+
		"\"include\" the call is blocked: %s Add -credentials to check that call.", firstBlocked(o.withUser).reason())
}

// noteUpload is about a listener that turns a call without a preflight into one with.
func (o *outcome) noteUpload() string {
	e := o.known()
	if !e.isUpload() || o.call.upload {
		return ""
	}
	const which = "If the script listens for the progress of the upload, or streams the body, browsers send a " +
		"preflight first"
	x := e.answers[askUpload]
	switch {
	case x == nil:
		return which + ", which was not tried. Add -upload-progress to check that call."
	case x.granted() == nothing, x.status > 299, o.call.credentials && x.granted() != withUser:
		return fmt.Sprintf("%s, and it fails here: %s. Have the CORS layer answer OPTIONS, or take the listener out.",
			which, describeAnswer(x))
	}
	return ""
}

// noteResourcePolicy is about images and scripts, which CORS has no part in.
func (o *outcome) noteResourcePolicy() string {
	const header = "Cross-Origin-Resource-Policy"
	if len(o.exchanges) == 0 || o.plan.sameOrigin {
		return ""
	}
	x := o.exchanges[len(o.exchanges)-1]
	policy := strings.ToLower(strings.TrimSpace(x.response.Get(header)))
	near := site(hostOf(o.call.origin)) == site(x.url.Hostname())
	if policy != "same-origin" && (policy != "same-site" || near) || !o.isResource(x) {
		return ""
	}
	return fmt.Sprintf("The answer has %s: %s. That blocks the page's <img> and <script> of this URL, and no "+
		"fetch: it has no part in CORS. "+
		"Give the element the attribute crossorigin, which makes it a call with CORS; or have the server send "+
		"%s: cross-origin.", header, policy, header)
}

// isResource reports whether elements of a page load what the call asks for.
func (o *outcome) isResource(x *exchange) bool {
	kinds := strings.ToLower(o.call.header.Get("Accept") + " " + x.response.Get("Content-Type"))
	return slices.ContainsFunc([]string{"image/", "video/", "audio/", "font/", "text/css", "javascript",
		"application/wasm"}, func(kind string) bool {
		return strings.Contains(kinds, kind)
	})
}

// noteLocalNetwork is about the question that browsers ask where a public page calls the
// visitor's own machine or network. A server on the machine of whoever checks will stand
// elsewhere one day; and where CORS blocks the call, the question is not what is wrong.
func (o *outcome) noteLocalNetwork() string {
	if o.plan.sameOrigin || isLocal(hostOf(o.call.origin)) {
		return ""
	}
	host := o.plan.target.Hostname()
	asks := slices.ContainsFunc(o.verdicts, func(v verdict) bool { return v.asks })
	switch {
	case asks:
		return fmt.Sprintf("%s is on the visitor's network. Chromium does not take that for mixed content: it "+
			"asks the visitor for permission "+
			"(Local Network Access), and then makes the call. No header helps with that.", host)
	case !o.allowed() || !isLocal(host) && !isLocal(o.remote):
		return ""
	}
	return fmt.Sprintf("%s is on the visitor's own machine or network. If the page comes from the public "+
		"internet, browsers first ask the visitor for permission (Local Network Access). No header helps.", host)
}

func (o *outcome) noteSameSite() string {
	scheme, _, _ := strings.Cut(o.call.origin, ":")
	if !o.call.credentials || o.plan.sameOrigin || !o.allowed() || scheme == o.plan.target.Scheme &&
		site(hostOf(o.call.origin)) == site(o.plan.target.Hostname()) {
		return ""
	}
	for _, x := range o.exchanges {
		for _, c := range (&http.Response{Header: x.response}).Cookies() {
			if c.SameSite != http.SameSiteNoneMode || !c.Secure {
				return fmt.Sprintf("The page and the API are different sites. Browsers will not send the cookie "+
					"%s with such calls: it needs SameSite=None; Secure.", quote(c.Name))
			}
		}
	}
	return "The page and the API are different sites. Browsers send only cookies with SameSite=None; Secure, and " +
		"Safari and Firefox may keep back even these."
}

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

func keys(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }

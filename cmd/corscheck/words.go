package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Words are what an answer says about CORS in a text for people or in a code of its own.
type words struct {
	cors    bool   // a CORS layer speaks
	perhaps bool   // or an application that has its own idea of origins, as guards against forged forms do
	subject string // what it refuses: "origin", "method", "header", or "" if it does not say
	refuses bool   // it says that something is not allowed
	off     bool   // it says that there is no CORS for this URL
	unruled bool   // that, or no rule for what is asked
	text    string // for the note
}

var (
	corsWord = regexp.MustCompile(
		`(?i)\bcors(\b|response|preflight|error|request)|\baccess-control-(allow|request)\b`)
	crossWord  = regexp.MustCompile(`(?i)\bcross[- ]origin\b`)
	originWord = regexp.MustCompile(
		`(?i)\borigin\b[^.;{}<>]{0,80}\b(not|dis|denied|forbidden|invalid|reject|block|refus|unauthori[sz]ed)|` +
			`(?i)\b(not|disallowed|forbidden|invalid|bad|unknown|unauthori[sz]ed|unexpected)\b` +
			`[^.;{}<>]{0,20}\borigin\b`)
	// What stands right before "is not allowed" is what is refused, whatever else is named.
	subjectWord = regexp.MustCompile(`(?i)\b(origin|method|header)s?\b(?: *['"][^'"]*['"])? (?:is|are) not `)
	anyWord     = regexp.MustCompile(`(?i)\b(origin|method|header)s?\b`)
	// A server for tests sends back what it got: these are the browser's words.
	requestWord = regexp.MustCompile(`(?i)\bsec-fetch-mode\b`)
	refusalWord = regexp.MustCompile(
		`(?i)\b(?:not|isn.t|dis)[- ]?allowed|\b(?:denied|forbidden|invalid|rejected|blocked|refused|unauthori[sz]ed)\b`)
	offWord = regexp.MustCompile(`(?i)\bcors\b[^.;{}<>]{0,20}` +
		`(?:\b(?:not|isn.t) (?:enabled|configured|supported|set up)|\bdisabled)(?: (or)\b)?`)
)

// quoted returns the text for the middle of a sentence.
func (w words) quoted() string { return quote(strings.TrimSuffix(w.text, ".")) }

// said returns a sentence with the text, with a space before it, "" if there is none.
func (w words) said() string {
	if w.text == "" {
		return ""
	}
	return " It says: " + w.quoted() + "."
}

// wordsOf reads an answer that does not grant what the page needs.
func wordsOf(x *exchange) (w words) {
	if x.granted() != nothing {
		return w
	}
	text := x.body
	for _, name := range []string{
		"X-Ms-Error-Code", "X-Amzn-Errortype", "X-Error", "X-Error-Message", "X-Cors-Error",
	} {
		if said := x.response.Get(name); !strings.Contains(text, said) {
			text = said + " " + text
		}
	}
	if x.status <= 299 && (!x.preflight || isHTML(x)) || requestWord.MatchString(text) {
		return w // a page that speaks of CORS, perhaps, or the request as the server got it
	}
	text = separators.Replace(html.UnescapeString(markup.ReplaceAllString(text, " ")))
	// What was asked for often stands in an error, and is nobody's word either.
	for _, own := range []string{x.url.Path, x.url.Host, x.request.Get("Origin")} {
		if len(own) > 1 {
			text = strings.ReplaceAll(text, own, "…")
		}
	}
	w.perhaps = crossWord.MatchString(text) || originWord.MatchString(text)
	w.cors = corsWord.MatchString(text) || w.perhaps && x.preflight
	if !w.cors && !w.perhaps {
		return w
	}
	w.refuses = refusalWord.MatchString(text)
	if m := offWord.FindStringSubmatch(text); m != nil {
		w.off, w.unruled = m[1] == "", m[1] != ""
	}
	w.text = sentence(text)
	if m := subjectWord.FindStringSubmatch(text); m != nil {
		w.subject = strings.ToLower(m[1])
		return w
	}
	var subjects []string
	for _, m := range anyWord.FindAllStringSubmatch(text, -1) {
		if s := strings.ToLower(m[1]); !slices.Contains(subjects, s) {
			subjects = append(subjects, s)
		}
	}
	subjects = slices.DeleteFunc(subjects, func(s string) bool {
		lower := strings.ToLower(text)
		return s == "origin" && strings.Count(lower, "origin") == strings.Count(lower, "cross-origin")
	})
	if len(subjects) == 1 {
		w.subject = subjects[0]
	}
	return w
}

// Markup often has a crossorigin attribute, or a referrer policy, which is nobody's word.
var markup = regexp.MustCompile(`<[^>]*>`)

// separators takes the members of JSON apart, and the words of codes such as ORIGIN_NOT_ALLOWED.
var separators = strings.NewReplacer(`",`, ";", "_", " ")

// sentence returns the part of a text that speaks of CORS, short enough for a note.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	var i []int
	for _, word := range []*regexp.Regexp{corsWord, crossWord, originWord} {
		if i = word.FindStringIndex(text); i != nil {
			break
		}
	}
	if i == nil {
		return ""
	}
	const before, most = 30, 90
	start := max(0, i[0]-before)
	if end := strings.LastIndexAny(text[start:i[0]], `.;{}":,`); end >= 0 {
		start += end + 1 // of the sentence before
	}
	rest := text[start:]
	if end := strings.IndexAny(rest[min(len(rest), i[1]-start):], `;{}"`); end >= 0 {
		rest = rest[:i[1]-start+end]
	}
	return cut(strings.TrimSpace(rest), most)
}

// gateway returns what a gateway or a firewall before the server says in a code of its own:
// who it is, and the code. Both are "" if none speaks.
func gateway(x *exchange) (who, code string) {
	first := func(name string) string {
		code, _, _ := strings.Cut(x.response.Get(name), ":")
		return code
	}
	switch {
	case x.response.Get("Cf-Mitigated") != "":
		return "Cloudflare", x.response.Get("Cf-Mitigated")
	case x.response.Get("X-Amzn-Waf-Action") != "":
		return "AWS WAF", x.response.Get("X-Amzn-Waf-Action")
	case x.response.Get("X-Vercel-Mitigated") != "":
		return "Vercel", x.response.Get("X-Vercel-Mitigated")
	case first("X-Amzn-Errortype") != "":
		return apiGateway, first("X-Amzn-Errortype")
	case first("X-Ms-Error-Code") != "":
		return "Azure", first("X-Ms-Error-Code")
	case x.response.Get("Ngrok-Error-Code") != "":
		return ngrok, x.response.Get("Ngrok-Error-Code")
	case f5Body.MatchString(x.body):
		return f5, "Request Rejected"
	case impervaBody.MatchString(x.body):
		return imperva, "incident"
	case cloudFrontBody.MatchString(x.body):
		return cloudFront, "Allowed HTTP methods"
	case x.status == http.StatusForbidden && noMethodBody.MatchString(x.body):
		return apiGateway, noMethod
	}
	return "", ""
}

const (
	apiGateway = "API Gateway"
	ngrok      = "ngrok"
	f5         = "A firewall of F5"
	imperva    = "Imperva"
	cloudFront = "CloudFront"
)

// isKeycloak reports whether a URL is one of Keycloak's for clients.
func isKeycloak(u *url.URL) bool { return strings.Contains(u.Path, "/protocol/openid-connect/") }

// noMethod is what API Gateway says where a path or a method does not exist.
const noMethod = "MissingAuthenticationToken"

// noMethodBody says the same where something on the way took the header out.
var noMethodBody = regexp.MustCompile(`^\s*\{\s*"message"\s*:\s*"Missing Authentication Token"\s*\}\s*$`)

// Pages of firewalls, which have the status 200.
var (
	f5Body      = regexp.MustCompile(`(?s)<title>Request Rejected</title>.*\bsupport ID\b`)
	impervaBody = regexp.MustCompile(`/_Incapsula_Resource\?`)
)

// cloudFrontBody is what CloudFront says to a method that it does not let through.
var cloudFrontBody = regexp.MustCompile(`This distribution is not configured to allow the HTTP request method`)

// isChallenge reports whether a firewall wants to see that a person asks.
func isChallenge(who string) bool {
	return who == "Cloudflare" || who == "AWS WAF" || who == "Vercel" || who == f5 || who == imperva
}

// isCached reports whether a cache says that it had the answer.
func isCached(x *exchange) bool {
	if age, err := strconv.Atoi(x.response.Get("Age")); err == nil && age > 0 {
		return true
	}
	for _, name := range []string{"X-Cache", "Cf-Cache-Status", "X-Cache-Status", "X-Proxy-Cache", "X-Drupal-Cache",
		"X-Vercel-Cache", "Cdn-Cache", "X-Nginx-Cache", "X-Litespeed-Cache"} {
		value := strings.ToUpper(strings.Join(x.response[name], ","))
		if strings.Contains(value, "HIT") || value == "STALE" || value == "UPDATING" || value == "REVALIDATED" {
			return true
		}
	}
	for _, status := range x.response["Cache-Status"] { // RFC 9211
		if slices.Contains(strings.FieldsFunc(strings.ToLower(status), isSeparator), "hit") {
			return true
		}
	}
	return len(strings.Fields(x.response.Get("X-Varnish"))) == 2
}

// asksForLogin reports whether an answer is that of a login: a status or a header that says
// so, or a page with a field for a password.
func asksForLogin(x *exchange) bool {
	switch x.status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusNetworkAuthenticationRequired:
		return true
	}
	if x.response["Www-Authenticate"] != nil && x.status >= 400 {
		return true
	}
	if who, code := gateway(x); who == apiGateway || who == "Azure" {
		return loginCode.MatchString(code) && !strings.HasPrefix(code, noMethod)
	}
	return loginPage.MatchString(x.body)
}

var loginCode = regexp.MustCompile(`(?i)unauthori[sz]ed|accessdenied|authentication|authorization`)

var loginPage = regexp.MustCompile(`(?i)<input[^>]*\btype=["']?password\b|<title>[^<]*\b(log ?in|sign ?in|log ?on)\b`)

// The words of logins: whole segments of paths, and labels of hosts.
var (
	loginSegments = set("login log-in log_in logon signin sign-in sign_in sign-on auth oauth oauth2 authorize " +
		"authenticate authentication openid openid-connect sso saml saml2 cas adfs wp-login user-login user_login " +
		"loginpage login-page login_page loginform login-form login_form _oauth pf-signin outpost.goauthentik.io")
	loginLabels = set("login logon signin sign-in auth oauth authenticate sso saml cas adfs idp accounts auth0 " +
		"okta keycloak b2clogin authelia authentik")
)

func set(names string) map[string]bool {
	m := make(map[string]bool)
	for _, name := range strings.Fields(names) {
		m[name] = true
	}
	return m
}

// leadsToLogin reports whether x redirects to a login. What the URL has in common with the
// one that was called says nothing, and a redirect by slash, scheme or www alone is none.
func leadsToLogin(x *exchange) bool {
	to := x.location()
	if to == nil || sameButSpelling(x.url, to) {
		return false
	}
	query := to.Query()
	if query.Has("SAMLRequest") || query.Has("client_id") && (query.Has("response_type") || query.Has("redirect_uri")) {
		return true
	}
	if strings.HasSuffix(to.Path, "/session/new") || strings.HasSuffix(to.Path, "/sessions/new") { // of Rails
		return true
	}
	old := strings.Split(strings.ToLower(x.url.Path), "/")
	path := to.Path
	route, _, _ := strings.Cut(strings.TrimPrefix(to.Fragment, "!"), "?")
	if strings.HasPrefix(route, "/") {
		path += route // of an application in the page: /#/login
	}
	for segment := range strings.SplitSeq(strings.ToLower(path), "/") {
		name := segment
		if end := strings.IndexAny(name, ".;"); end >= 0 {
			name = name[:end] // login.php, login;jsessionid=7
		}
		if (loginSegments[name] || loginSegments[segment]) && !slices.Contains(old, segment) {
			return true
		}
	}
	if strings.EqualFold(to.Hostname(), x.url.Hostname()) {
		return false
	}
	labels := strings.Split(strings.ToLower(to.Hostname()), ".")
	return slices.ContainsFunc(labels, func(label string) bool { return loginLabels[label] })
}

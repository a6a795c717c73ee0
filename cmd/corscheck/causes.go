package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

// conclude says what is to blame for the answer that blocks the call. Where two causes
// are left, the note names both.
func (e *evidence) conclude() []note {
	x := e.fault
	switch {
	case x == nil:
		return nil
	case e.isPlainOptions(), slices.ContainsFunc(e.sent, isDowngrade):
		return nil // another note says what to do
	case e.blocked.Origin == "null" && !e.call.isOpaque():
		return e.concludeLostOrigin()
	}
	if n := e.misspelt(); n != nil {
		return []note{*n}
	}
	if cause, ok := e.concludeRedirect(); ok {
		return cause
	}
	if x.granted() != nothing {
		return e.concludeGranted()
	}
	if lines := x.response[fetch.AllowOrigin]; lines != nil {
		return e.concludeValue(lines)
	}
	if x.preflight {
		return e.concludePreflight()
	}
	return e.concludeActual()
}

func one(id, format string, args ...any) []note {
	return []note{{ID: id, Detail: fmt.Sprintf(format, args...)}}
}

// either is a note on two causes that the answers do not tell apart.
func either(id, or, format string, args ...any) []note {
	return []note{{ID: id, Or: or, Detail: fmt.Sprintf(format, args...)}}
}

func (e *evidence) concludeLostOrigin() []note {
	if n := e.loginOnTheWay(); n != nil {
		return n
	}
	return one("redirected", "A redirect led the call to another host, and there browsers say that the origin is "+
		"null. Have the page call %s directly.", e.blocked.URL)
}

// misspelt looks for a header that was meant to be the one to blame.
func (e *evidence) misspelt() *note {
	x := e.fault
	if x == nil || e.blocked.Header == "" || x.response[e.blocked.Header] != nil {
		return nil
	}
	for _, name := range keys(x.response) {
		if strings.TrimSpace(name) == e.blocked.Header {
			return &note{ID: "misspelt-header", Detail: fmt.Sprintf("The server sends %s with a space before the "+
				"colon, which not every browser takes. Take the space out.", e.blocked.Header)}
		}
		if isMisspelt(name, e.blocked.Header) {
			return &note{ID: "misspelt-header", Detail: fmt.Sprintf(
				"The server sends %s, which no browser knows. Write %s.", name, e.blocked.Header)}
		}
	}
	return nil
}

// isMisspelt reports whether name is one or two letters away from the header, and no
// other header of CORS. What stands between its words counts for nothing. A server may send
// thousands of names, so most are ruled out by their length.
func isMisspelt(name, header string) bool {
	if slices.Contains(corsHeaders, name) {
		return false
	}
	name, header = letters.Replace(name), letters.Replace(header)
	far := len(name)-len(header) > 2 || len(header)-len(name) > 2
	return !far && editDistance(strings.ToLower(name), strings.ToLower(header)) <= 2
}

// letters takes out what stands between the words of a header name.
var letters = strings.NewReplacer("-", "", "_", "")

var corsHeaders = []string{
	fetch.AllowOrigin, fetch.AllowCredentials, fetch.AllowMethods, fetch.AllowHeaders, fetch.ExposeHeaders,
	fetch.MaxAge,
}

// loginOnTheWay is the cause if a redirect before the fault led to a login.
func (e *evidence) loginOnTheWay() []note {
	for _, x := range e.sent {
		if !x.preflight && leadsToLogin(x) {
			return one("login-redirect", "The API redirects to a login, %s, which no script can pass. "+
				"Have the API answer 401 to scripts, and the page navigate to the login.", x.response.Get("Location"))
		}
	}
	return nil
}

// concludeRedirect looks at the fault if it redirects, and at what led to it.
func (e *evidence) concludeRedirect() (cause []note, ok bool) {
	x := e.fault
	if n := e.loginOnTheWay(); n != nil {
		return n, true
	}
	if !isRedirect(x) {
		return nil, false
	}
	to, location := x.location(), x.response.Get("Location")
	switch {
	case x.preflight && leadsToLogin(x):
		return e.login(), true
	case to == nil:
		return nil, true
	case x.preflight:
		return one("redirected", "Browsers follow no redirect of a preflight, here to %s. Have the page call "+
			"that URL directly.", location), true
	case x.granted() == nothing && e.blocked.Step == corstest.StepCheck:
		return one("redirected", "The redirect to %s carries no CORS headers. Have the page call that URL directly.",
			location), true
	}
	return nil, true
}

// isDowngrade reports whether a server behind TLS redirects to http.
func isDowngrade(x *exchange) bool {
	to := x.location()
	return to != nil && x.url.Scheme == "https" && to.Scheme == "http"
}

// concludeGranted looks at an answer that allows the origin, and blocks the call by its
// status. All else the verdict says.
func (e *evidence) concludeGranted() []note {
	x := e.fault
	if e.blocked.Step != corstest.StepPreflightStatus {
		return nil
	}
	switch {
	case asksForLogin(x):
		return e.login()
	case e.passes(askPlain) && isUnrouted(x.status) && !e.blamesHeader():
		return e.refusedOrUnrouted()
	case e.passes(askPlain) && (isUnrouted(x.status) || refuses(x.status)):
		return e.refused()
	case (isUnrouted(x.status) || refuses(x.status)) && !e.isProbed() && e.listsLess(x):
		return either("options-not-routed", "cors-refused", "The CORS headers are there, and the preflight is "+
			"refused all the same, with %s. "+
			"Either what is behind the CORS layer answers OPTIONS: have the layer answer it, with 204. "+
			"Or the layer refuses what is not on its lists: compare them with %s.",
			statusLine(x.status), e.announcement())
	case isUnrouted(x.status):
		return one("options-not-routed", "The server did not answer the preflight. It said %s, as routers do "+
			"that have no route for OPTIONS. "+
			"Put the CORS layer before the router, or add a route for OPTIONS.", statusLine(x.status))
	case isRedirect(x), e.passes(askPlain):
		return nil // the verdict says it
	case x.status >= http.StatusInternalServerError:
		return e.brokenBehindLayer()
	}
	return one("options-not-routed", "The CORS headers are right, and the preflight is refused all the same, "+
		"with %s: what is behind the CORS layer answers it. "+
		"Have the CORS layer answer OPTIONS itself, with 204.", statusLine(x.status))
}

// brokenBehindLayer is for an error in answer to a preflight, with the headers that it needs: the
// server fails on everything, or on OPTIONS alone.
func (e *evidence) brokenBehindLayer() []note {
	got := statusLine(e.fault.status)
	switch x := e.answers[askRead]; {
	case x == nil:
		return either("error-before-cors", "options-not-routed", "The CORS headers are there, and the preflight fails "+
			"with %s. Either the server fails on everything: mend that first. "+
			"Or what is behind the CORS layer fails on OPTIONS: have the layer answer it itself, with 204.", got)
	case x.status >= http.StatusInternalServerError:
		return one("error-before-cors", "The CORS headers are there, and the server fails, with %s. Mend the error "+
			"first.", got)
	}
	return one("options-not-routed", "The CORS headers are right, and what is behind the CORS layer fails on OPTIONS, "+
		"with %s. Have the layer answer OPTIONS itself, with 204.", got)
}

// listsLess reports whether an answer has the lists of a preflight's, and not on them what the call
// needs.
func (e *evidence) listsLess(x *exchange) bool {
	if x.response[fetch.AllowMethods] == nil {
		return false
	}
	lacks := func(name string) bool { return !isOnList(x.response, fetch.AllowHeaders, name) }
	return !fetch.IsSafelistedMethod(e.plan.method) && !isOnList(x.response, fetch.AllowMethods, e.plan.method) ||
		slices.ContainsFunc(e.plan.announced, lacks)
}

// isUnrouted reports whether routers answer with the status where they have no route.
func isUnrouted(status int) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed ||
		status == http.StatusNotImplemented
}

// concludeValue looks at a value of Access-Control-Allow-Origin that does not fit.
func (e *evidence) concludeValue(lines []string) []note {
	if len(lines) > 1 {
		return nil // another note says so, for allowed calls too
	}
	value := lines[0]
	switch fitted := fit(value); {
	case unfilled.MatchString(value):
		return one("malformed-origin", "The server writes %s, where a variable of its configuration or its code was to be "+
			"filled in. Have it answer the request's Origin, if that is on its list.", quote(value))
	case isJoined(value):
		return one("duplicate-header", "%s", joinedLines(fetch.AllowOrigin))
	case len(strings.FieldsFunc(value, isSeparator)) > 1:
		return one("malformed-origin", "%s holds one origin, and no list. Have the server compare the request's "+
			"Origin with its list, and answer that origin alone.", fetch.AllowOrigin)
	case fitted == "*" && !e.call.credentials:
		return one("malformed-origin", "The server means *, and writes it %s. Write the * alone.", shorten(value))
	case fitted == e.call.origin && isOrigin(fitted) && value != fitted:
		return one("malformed-origin", "The server means %s, and writes it %s. Take out %s.", e.call.origin,
			quote(value), difference(value, fitted))
	case strings.Contains(value, "*"):
		return one("malformed-origin", "Browsers know no pattern such as %s in %s. Have the server compare the "+
			"request's Origin with the pattern, and answer that origin.", shorten(value), fetch.AllowOrigin)
	case value == "":
		return one("malformed-origin", "%s is empty. Send the origin, or leave the header out.", fetch.AllowOrigin)
	case !strings.Contains(value, "://") && value != "null":
		scheme, host, _ := strings.Cut(e.call.origin, "://")
		if strings.EqualFold(strings.TrimSuffix(value, "/"), host) {
			return one("malformed-origin", "An origin begins with its scheme: write %s://%s.", scheme, host)
		}
		return one("malformed-origin", "%s is no origin: one begins with its scheme, as %s does.", quote(value),
			e.call.origin)
	case !isOrigin(value):
		return one("malformed-origin", "%s is no origin as browsers write it. The page's is %s, byte for byte.",
			quote(value), e.call.origin)
	}
	return e.concludeOther(value)
}

// concludeOther looks at an answer that allows another origin.
func (e *evidence) concludeOther(value string) []note {
	how := ""
	if near := nearness(value, e.call.origin); near != "" {
		how = ": " + near
	}
	switch {
	case e.servedFromCache():
		return e.cached()
	case e.grantsPage():
		return either("cached", "not-covered", "An answer to the same page allowed it, and this one allows %s: a "+
			"cache keeps the answer to another page, or two layers disagree. Send Vary: Origin with every answer.", value)
	case isCached(e.fault) && e.fresh() == nil && !e.call.isOpaque():
		return either("cached", "origin-not-listed", "The answer is for %s%s, and a cache had it. Either the "+
			"cache keeps what another page got, and the server has to send Vary: Origin; "+
			"or %s is not on the server's list.", value, how, e.call.origin)
	case e.call.isOpaque():
		return nil
	}
	return one("origin-not-listed", "The server allows %s, and not %s%s. Add it to its list, exactly as it is "+
		"written here.", value, e.call.origin, how)
}

// unfilled is what stands in place of an origin where a variable has none.
var unfilled = regexp.MustCompile(`^(?:undefined|None|nil|\[object \w+\]|function\b.*|[$%#{]\{.*|\$\w.*|%!.*)$`)

func isSeparator(r rune) bool { return r == ',' || r == ' ' || r == ';' }

// isJoined reports whether a value is what two layers say, in one line.
func isJoined(value string) bool {
	parts := strings.FieldsFunc(value, isSeparator)
	if len(parts) < 2 {
		return false
	}
	return slices.Contains(parts, "*") || len(slices.Compact(slices.Sorted(slices.Values(parts)))) < len(parts)
}

// fit returns a value without what people add to an origin: quotes, a slash or a path.
func fit(value string) string {
	value = strings.Trim(value, "\"'<>[]() \t,;")
	scheme, rest, found := strings.Cut(value, "://")
	if !found {
		return value
	}
	host, _, _ := strings.Cut(rest, "/")
	value = strings.ToLower(scheme + "://" + host)
	switch {
	case strings.HasPrefix(value, "https://"):
		value = strings.TrimSuffix(value, ":443")
	case strings.HasPrefix(value, "http://"):
		value = strings.TrimSuffix(value, ":80")
	}
	return value
}

// difference says what a value has too much.
func difference(value, origin string) string {
	switch {
	case value == origin+"/":
		return "the slash at the end"
	case strings.HasPrefix(strings.ToLower(value), origin+"/"):
		return "the path"
	case strings.ContainsAny(value, `"'`):
		return "the quotes"
	case strings.EqualFold(value, origin):
		return "the upper case"
	case strings.HasPrefix(value, origin+":"):
		return "the port, which browsers leave out"
	}
	return "what is not the origin"
}

// nearness says how two origins differ if they do in one thing alone.
func nearness(a, b string) string {
	schemeA, hostportA, _ := strings.Cut(a, "://")
	schemeB, hostportB, _ := strings.Cut(b, "://")
	hostA, portA := splitPort(hostportA)
	hostB, portB := splitPort(hostportB)
	switch {
	case hostportA == hostportB:
		return "the scheme differs"
	case schemeA == schemeB && hostA == hostB && portA != portB:
		return "the port differs"
	case schemeA == schemeB && strings.TrimPrefix(hostA, "www.") == strings.TrimPrefix(hostB, "www."):
		return "they differ by www"
	}
	return ""
}

// concludePreflight looks at a preflight whose answer does not allow the origin.
func (e *evidence) concludePreflight() []note {
	x := e.fault
	who, code := gateway(x)
	switch {
	case who == apiGateway && strings.HasPrefix(code, noMethod):
		return one("options-not-routed", "API Gateway has no OPTIONS method for this path: that is what %s means "+
			"here. Enable CORS for the resource, and deploy it again.", code)
	case isChallenge(who), who == ngrok:
		return intercepted(who, code)
	case who == cloudFront:
		return one("options-not-routed", "CloudFront does not let OPTIONS through: its %s leave it out. Set them to GET, "+
			"HEAD, OPTIONS or more, in the behavior for this path.", code)
	case e.grantsPage():
		return e.concludeLonePreflight()
	case e.coversOthers():
		return e.notCovered()
	case asksForLogin(x):
		return e.loginOrUnlisted()
	case e.strangerDiffers():
		return one("not-covered", "The server answers %s, and refuses an origin that nobody lists: so it knows "+
			"this one, and the header gets lost on the way. "+
			"Look for a proxy that removes %s.", e.call.origin, fetch.AllowOrigin)
	case x.status >= http.StatusInternalServerError && showsLayer(x) && !wordsOf(x).refuses && !e.call.isOpaque():
		return e.brokenLayer()
	case e.showsLayer() || e.dependsOnOrigin():
		return e.concludeUnlisted()
	case isUnrouted(x.status) && !e.isProbed() && !isNoSuchPage(x):
		path := ""
		if x.status == http.StatusNotFound {
			path = ", and check the path"
		}
		return e.orUnlisted("options-not-routed", e.announcement(), "The preflight got %s. Either the router has "+
			"no route for OPTIONS: put the CORS layer before the router%s.", statusLine(x.status), path)
	case x.status == http.StatusNotFound && (!e.isProbed() || e.isMissing()):
		silent := ""
		if !e.isProbed() {
			silent = e.keepsSilent(e.announcement())
		}
		return either("options-not-routed", "error-before-cors", "The preflight got %s. Either the router has no "+
			"route for OPTIONS: put the CORS layer before the router. "+
			"Or there is nothing at this URL, whatever the method: check the path.%s", statusLine(x.status), silent)
	case isUnrouted(x.status):
		return one("options-not-routed", "The server did not answer the preflight. It said %s, as routers do "+
			"that have no route for OPTIONS. "+
			"Put the CORS layer before the router, or add a route for OPTIONS.%s", statusLine(x.status), e.orSilent())
	case x.status <= 299 && e.isProbed():
		return one("options-not-routed", "Something answers OPTIONS by itself, with %s and nothing about CORS, "+
			"and no other answer has anything of CORS either. "+
			"Put a CORS layer before it.%s", statusLine(x.status), e.orSilent())
	case x.status <= 299:
		return e.orUnlisted("options-not-routed", e.announcement(), "The preflight got %s and nothing about CORS. "+
			"Either something answers OPTIONS before the CORS layer, or without one: put the layer before it.",
			statusLine(x.status))
	case refuses(x.status) && !e.isProbed() && e.call.isOpaque():
		return nil // another note says what to do
	case refuses(x.status) && !e.isProbed():
		return either("cors-refused", "error-before-cors", "The preflight was refused with %s. Either the CORS "+
			"layer does not list %s: compare them with its lists. "+
			"Or a firewall or a permission check before it refuses OPTIONS.", statusLine(x.status), e.announcement())
	}
	return e.failed()
}

// brokenLayer is for an error in which a CORS layer left a trace, and no word of a refusal: it
// fails by itself, or refuses so.
func (e *evidence) brokenLayer() []note {
	return either("error-before-cors", "origin-not-listed", "The preflight got %s from a server with a CORS layer.%s "+
		"Either the layer fails, as one does that is set to \"*\" with credentials: look into the server's log. "+
		"Or it refuses an origin so, and does not list %s.", statusLine(e.fault.status), wordsOf(e.fault).said(),
		e.call.origin)
}

// isNoSuchPage reports whether a server says to people that there is no such page. What routers
// say of a method names it.
func isNoSuchPage(x *exchange) bool {
	return x.status == http.StatusNotFound && isHTML(x) && !strings.Contains(x.body, http.MethodOptions)
}

// orUnlisted is a note on a cause, or on a CORS layer that keeps silent about what is asked for.
func (e *evidence) orUnlisted(id, asked, format string, args ...any) []note {
	n := note{ID: id, Detail: fmt.Sprintf(format, args...) + e.keepsSilent(asked)}
	if !e.call.isOpaque() {
		n.Or = "origin-not-listed"
	}
	return []note{n}
}

// keepsSilent says that a CORS layer may not list what is asked for. It has nobody list null:
// another note says what to do.
func (e *evidence) keepsSilent(asked string) string {
	if e.call.isOpaque() {
		return " Or the CORS layer keeps silent because of the origin null."
	}
	return fmt.Sprintf(" Or the CORS layer keeps silent because it does not list %s.", asked)
}

// orSilent says what else it may be where no answer shows a CORS layer.
func (e *evidence) orSilent() string {
	if !e.isProbed() || e.call.isOpaque() {
		return ""
	}
	return fmt.Sprintf(" If there is one already, it covers other paths, or keeps silent because it does not "+
		"list %s.", e.call.origin)
}

// isMissing reports whether a GET finds nothing either.
func (e *evidence) isMissing() bool {
	x := e.answers[askRead]
	return x != nil && x.status == http.StatusNotFound
}

// strangerDiffers reports whether an origin that nobody lists is refused, and the page's
// is not.
func (e *evidence) strangerDiffers() bool {
	page, other := e.plain(), e.answers[askStranger]
	return page != nil && other != nil && page.status <= 299 && refuses(other.status)
}

// concludeLonePreflight looks at a preflight that is not granted though another answer
// allows the same page.
func (e *evidence) concludeLonePreflight() []note {
	x := e.fault
	switch {
	case e.servedFromCache():
		return e.cached()
	case asksForLogin(x):
		return e.login()
	case e.passes(askPlain) && isUnrouted(x.status) && !e.blamesHeader():
		return e.refusedOrUnrouted()
	case e.passes(askPlain) && (x.status < 500 || wordsOf(x).cors):
		return e.refused()
	case isUnrouted(x.status):
		return one("options-not-routed", "The server allows the page to GET this URL, and did not answer its preflight: "+
			"it said %s, as routers do that have no route for OPTIONS. "+
			"Put the CORS layer before the router, or add a route for OPTIONS.", statusLine(x.status))
	case x.status <= 299 && hasCORS(x):
		return one("options-not-routed", "The answer to OPTIONS has other CORS headers, and lacks the %s that "+
			"the page gets with GET: OPTIONS is answered in another place. Send it there too.", fetch.AllowOrigin)
	case x.status <= 299:
		return one("options-not-routed", "Something answers OPTIONS by itself, with %s, before the CORS layer "+
			"that allows the page to GET this URL. "+
			"Put the CORS layer before it, and have it answer OPTIONS.", statusLine(x.status))
	}
	return e.failed()
}

// refusedOrUnrouted is for a router's status, if a preflight for GET is granted.
func (e *evidence) refusedOrUnrouted() []note {
	return either("cors-refused", "options-not-routed",
		"The server grants a preflight for GET, and says %s to one for %s. "+
			"Either the CORS layer does not list the method: add it. "+
			"Or the URL has no route for it with CORS: put the CORS layer before the router.",
		statusLine(e.fault.status), e.plan.method)
}

// blamesHeader reports whether a preflight that announces the method alone is granted, so
// that it is a header that is refused.
func (e *evidence) blamesHeader() bool { return e.plan.method == http.MethodGet || e.passes(askMethod) }

// refused says what the CORS layer refuses, if it grants a preflight for GET.
func (e *evidence) refused() []note {
	got := statusLine(e.fault.status)
	names := "the header " + headerNames(e.plan.announced)
	if len(e.plan.announced) > 1 {
		names = "one of the headers " + headerNames(e.plan.announced)
	}
	switch {
	case e.blamesHeader():
		return one("cors-refused", "The CORS layer allows %s, and refuses %s with %s. Add the header "+
			"to its list.", e.call.origin, names, got)
	case len(e.plan.announced) > 0 && e.answers[askMethod] == nil:
		return one("cors-refused", "The CORS layer allows %s, and refuses this preflight with %s: the method %s "+
			"or %s is not on its list. Compare both with its lists.",
			e.call.origin, got, e.plan.method, names)
	}
	return one("cors-refused", "The CORS layer allows %s, and refuses the method %s with %s. Add the method to "+
		"its list.", e.call.origin, e.plan.method, got)
}

func headerNames(names []string) string {
	canonical := make([]string, len(names))
	for i, name := range names {
		canonical[i] = http.CanonicalHeaderKey(name)
	}
	return enumerate(canonical)
}

// announcement names what a preflight asks for.
func (e *evidence) announcement() string {
	text := "the origin " + e.call.origin
	if !fetch.IsSafelistedMethod(e.plan.method) {
		text += ", the method " + e.plan.method
	}
	if len(e.plan.announced) > 0 {
		text += ", the header " + headerNames(e.plan.announced)
	}
	if i := strings.LastIndex(text, ", "); i >= 0 {
		text = text[:i] + " or" + text[i+1:]
	}
	return text
}

// concludeUnlisted looks at an answer of a CORS layer that allows the page nowhere.
func (e *evidence) concludeUnlisted() []note {
	x := e.fault
	if e.call.isOpaque() {
		return nil // another note says what to do
	}
	var w words
	for _, y := range append([]*exchange{x}, e.all()...) {
		if w = wordsOf(y); w.cors || w.perhaps {
			break
		}
	}
	said := w.said()
	asked := e.answers[askPlain] != nil || x.preflight && x.announces(http.MethodGet) == "" || !x.preflight
	switch {
	case w.off:
		return one("no-cors-layer", "The server says that CORS is not enabled here: %s. Enable it, with a rule for %s.",
			w.quoted(), e.call.origin)
	case w.unruled:
		return either("origin-not-listed", "cors-refused", "The server answered for its CORS layer, which is not "+
			"enabled here or has no rule for %s.%s Enable it, with a rule for this origin.", e.call.origin, said)
	case asked, w.subject == "origin":
		return one("origin-not-listed", "The server has a CORS layer, and %s is not on its list.%s Add it there, "+
			"exactly as it is written here.", e.call.origin, said)
	case w.subject != "":
		return one("cors-refused", "The CORS layer refuses the %s: %s.%s Add it to its list.", w.subject,
			e.refusedName(w.subject), said)
	}
	return either("origin-not-listed", "cors-refused", "The CORS layer did not grant this preflight (%s), and "+
		"does not say why: %s is not on its lists.%s Compare them with the lists.",
		statusLine(x.status), e.announcement(), said)
}

func (e *evidence) refusedName(subject string) string {
	if subject == "method" {
		return e.plan.method
	}
	return headerNames(e.plan.announced)
}

// concludeActual looks at an answer to the call itself that does not allow the origin.
func (e *evidence) concludeActual() []note {
	x := e.fault
	granted := e.grantsPage()
	who, code := gateway(x)
	w := wordsOf(x)
	switch {
	case e.servedFromCache():
		return e.cached()
	case isChallenge(who), who == ngrok:
		return intercepted(who, code)
	case granted && isKeycloak(x.url):
		return one("not-covered", "Keycloak grants every preflight, and allows a page to read an answer only if it is "+
			"among the Web Origins of the client. Add %s there. (If Keycloak does not know the client, its answers "+
			"have no CORS headers at all.)", e.call.origin)
	case who == apiGateway && strings.HasPrefix(code, noMethod):
		return one("error-before-cors", "API Gateway has no method %s for this path: that is what %s means. "+
			"Check the path and its stage, and deploy the API again. (A method with AWS_IAM says it of a call without "+
			"a signature.)", x.method, code)
	case granted && asksForLogin(x):
		return e.login()
	case granted && isCached(x) && e.fresh() == nil:
		return either("cached", "not-covered", "The preflight is granted, and this answer has nothing of CORS. "+
			"Either a cache kept it from before, or for another page: send Vary: Origin with every answer. "+
			"Or it did not pass through the CORS layer.")
	case granted && x.status < 400:
		return one("not-covered", "The server allows the page in its preflights, and this answer, %s, has "+
			"nothing of CORS: it did not pass through the CORS layer. "+
			"The layer stands after the route, covers other routes, or answers OPTIONS alone. Put it before all "+
			"routes.", statusLine(x.status))
	case granted:
		return e.failed()
	case e.coversOthers():
		return e.notCovered()
	case asksForLogin(x) && (e.plain() == nil || asksForLogin(e.plain())):
		return e.loginOrUnlisted()
	case showsLayer(x):
		return e.concludeUnlisted()
	case isCached(x) && e.fresh() == nil && !e.call.isOpaque():
		return either("cached", "origin-not-listed", "A cache had this answer. Either it keeps what another page "+
			"got, and the server has to send Vary: Origin; or %s is not on the server's list.", e.call.origin)
	case e.showsLayer() || e.dependsOnOrigin():
		return e.concludeUnlisted()
	case asksForLogin(x):
		return e.login()
	case w.perhaps && !e.call.isOpaque():
		return either("origin-not-listed", "error-before-cors", "The server says: %s. Either its CORS layer does "+
			"not list %s: add it there. Or the application refuses the call for a reason of its own, such as a guard "+
			"against forged forms, outside the CORS layer: mend that first.", w.quoted(), e.call.origin)
	case x.status >= 400:
		return e.failed()
	case e.isProbed():
		return one("no-cors-layer", "No answer of the server has anything of CORS: no CORS layer covers this "+
			"URL. Put one before all routes.%s", e.orSilent())
	}
	return e.orUnlisted("no-cors-layer", e.call.origin, "Nothing in the answer is of CORS. Either no CORS layer "+
		"covers it, as where one answers OPTIONS alone: put one before all routes, for every method.")
}

func (e *evidence) notCovered() []note {
	if asksForLogin(e.fault) {
		return either("login-before-cors", "not-covered", "The server allows the page at a path that does not exist, and "+
			"a login answers here, with %s and nothing of CORS. Either the login stands before the CORS layer, or the layer "+
			"does not cover this URL. Put it before the login and all routes.", statusLine(e.fault.status))
	}
	if e.fault.status >= http.StatusInternalServerError {
		return either("error-before-cors", "not-covered", "The server allows the page at a path that does not exist, and "+
			"answers %s here, with nothing of CORS. Mend that error first. "+
			"Either its page is made outside the CORS layer, or the layer does not cover this URL: put it before all "+
			"routes, and around error pages.", statusLine(e.fault.status))
	}
	return one("not-covered", "The server allows the page at a path that does not exist, and this answer, %s, "+
		"has nothing of CORS: the CORS layer does not cover this URL. "+
		"It stands after the route, or covers other routes. Put it before all of them.", statusLine(e.fault.status))
}

func (e *evidence) cached() []note {
	return one("cached", "A cache answered for another page: with a random query, which passes by it, the server "+
		"allows %s. "+
		"Send Vary: Origin with every answer, also to requests without Origin, and empty the cache.", e.call.origin)
}

// intercepted is for a gateway's own page in place of the server's answer.
func intercepted(who, code string) []note {
	if who == ngrok {
		return one("error-before-cors", "ngrok answered in place of the server, with %s. If it is the warning that it "+
			"shows to browsers, have the script send the header ngrok-skip-browser-warning, and the CORS layer allow it; "+
			"else start the server and the tunnel.", code)
	}
	return one("error-before-cors", "%s answered in place of the server (%s), with a page that no script can pass. "+
		"Exempt the API from it, with a rule for its path.", who, quote(code))
}

func (e *evidence) login() []note {
	x := e.fault
	if x.preflight {
		return one("login-before-cors", "The preflight met a login: %s. Browsers send preflights without cookies "+
			"and tokens. Put the CORS layer before the login, or let OPTIONS through.", statusAndPlace(x))
	}
	return one("login-before-cors", "A login answered outside the CORS layer: %s. "+
		"Put the CORS layer before it, so that the page can read the answer.", statusAndPlace(x))
}

// loginOrUnlisted is for a login in whose answer a CORS layer left a trace: it stands before
// the layer, or behind one that does not list the page.
func (e *evidence) loginOrUnlisted() []note {
	if !showsLayer(e.fault) || e.call.isOpaque() {
		return e.login()
	}
	return either("login-before-cors", "origin-not-listed", "A login answered: %s. Either it stands before the "+
		"CORS layer: let preflights through, "+
		"and put the layer around the login's own answers. Or the layer does not list %s.", statusAndPlace(e.fault),
		e.call.origin)
}

// failed is the cause where an error answered in place of the server, or of its layer.
func (e *evidence) failed() []note {
	x := e.fault
	got := statusLine(x.status)
	who, code := gateway(x)
	if who != "" {
		got += fmt.Sprintf(" (%s: %s)", who, shorten(code))
	}
	switch {
	case isAboutBody(x.status) && x.preflight && who == "":
		return e.handled()
	case refuses(x.status) && x.preflight:
		return e.forbidden(got)
	case x.status == http.StatusForbidden && who == "" && !e.grantsPage() && !e.isProbed() && !e.call.isOpaque():
		return either("error-before-cors", "origin-not-listed", "The %s may come from a proxy, a firewall or a "+
			"permission check outside the CORS layer: mend that first. "+
			"Or it is the CORS layer's own, because %s is not on its list.", got, e.call.origin)
	case !e.grantsPage() && !e.showsLayer() && !e.isProbed():
		return either("error-before-cors", "no-cors-layer", "The %s may come from a proxy, or from an error "+
			"handler outside the CORS layer; or no CORS layer covers this URL. "+
			"The page cannot see it, and reports a CORS error in its place. Mend the error first.", got)
	case x.status == http.StatusTooManyRequests:
		return one("error-before-cors", "A limit for requests answered outside the CORS layer, with %s. The page cannot "+
			"see that, and reports a CORS error in its place. Put the CORS layer before the limit, which then counts no "+
			"preflights.", got)
	}
	return one("error-before-cors", "The %s may come from a proxy, or from an error handler outside the CORS layer. "+
		"The page cannot see it, and reports a CORS error in its place. Mend the error first, and put the CORS "+
		"layer around error pages too.", got)
}

// isAboutBody reports whether applications answer so to a request that lacks what they need: OPTIONS has
// no body.
func isAboutBody(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusLengthRequired ||
		status == http.StatusUnsupportedMediaType || status == http.StatusUnprocessableEntity
}

// handled is for a preflight that the application answered as if it were the call.
func (e *evidence) handled() []note {
	x, read := e.fault, e.answers[askRead]
	if isHTML(x) || read == nil || read.status >= 400 && read.granted() == nothing {
		return either("options-not-routed", "error-before-cors", "The preflight got %s. Either the application answered "+
			"it as if it were the call: put the CORS layer before it. Or a proxy or an error handler says so whatever is "+
			"asked: mend that first.", statusLine(x.status))
	}
	silent := ""
	if !e.grantsPage() {
		silent = e.orSilent()
	}
	return one("options-not-routed", "The application answered the preflight as if it were the call, with %s. Put the "+
		"CORS layer before it, and have it answer OPTIONS.%s", statusLine(x.status), silent)
}

// forbidden is for a preflight that something refuses which is no CORS layer.
func (e *evidence) forbidden(got string) []note {
	always, who := "", "a firewall, or a rule for methods"
	if y := e.answers[askNobody]; y != nil && y.status == e.fault.status {
		always = ", with and without Origin"
	}
	switch y := e.answers[askRead]; {
	case y == nil:
	case asksForLogin(y), leadsToLogin(y):
		return either("login-before-cors", "error-before-cors", "GET meets a login here, %s, and OPTIONS is refused with "+
			"%s%s: by the login, or by a firewall. Let OPTIONS through, without a login.", statusAndPlace(y), got, always)
	case y.status == e.fault.status:
		who = "a firewall or a permission check, which refuses GET too"
	}
	return one("error-before-cors", "Something before the CORS layer refuses OPTIONS with %s%s: %s. Let OPTIONS "+
		"through.", got, always, who)
}

func statusAndPlace(x *exchange) string {
	if isRedirect(x) {
		return statusLine(x.status) + " to " + x.response.Get("Location")
	}
	return statusLine(x.status)
}

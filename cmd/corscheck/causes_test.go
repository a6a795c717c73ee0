package main

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/fetch"
)

// A layer is CORS as a certain package has it, in front of an application. It lists one
// origin, the methods GET and PUT, and the header Content-Type.
type layer struct {
	origin string // that it lists
	app    http.Handler

	// refuse is told what is refused, "origin", "method" or "header". It reports whether the
	// application answers.
	refuse  func(w http.ResponseWriter, r *http.Request, what string) (passes bool)
	varies  bool // Vary: Origin is on every answer
	refuses bool // the call itself too, if the origin is not listed
}

func (l layer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.varies {
		w.Header().Add("Vary", "Origin")
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		l.app.ServeHTTP(w, r)
		return
	}
	what := ""
	switch {
	case origin != l.origin:
		what = "origin"
	case isPreflight(r) && !slices.Contains([]string{"GET", "PUT"}, r.Header.Get("Access-Control-Request-Method")):
		what = "method"
	case isPreflight(r) && !slices.Contains([]string{"", "content-type"},
		r.Header.Get("Access-Control-Request-Headers")):
		what = "header"
	}
	if what != "" {
		if !isPreflight(r) && !l.refuses || l.refuse(w, r, what) {
			l.app.ServeHTTP(w, r)
		}
		return
	}
	w.Header().Set(fetch.AllowOrigin, origin)
	if isPreflight(r) {
		w.Header().Set(fetch.AllowMethods, "GET, PUT")
		w.Header().Set(fetch.AllowHeaders, "Content-Type")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	l.app.ServeHTTP(w, r)
}

// passes lets the application answer what the layer refuses.
func passes(http.ResponseWriter, *http.Request, string) bool { return true }

// refusesWith answers in the layer's own words; %s is what it refuses.
func refusesWith(status int, body string, lines ...string) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, _ *http.Request, what string) bool {
		for _, l := range lines {
			name, value, _ := strings.Cut(l, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		if strings.Contains(body, "%s") {
			body = fmt.Sprintf(body, what)
		}
		_, _ = w.Write([]byte(body))
		return false
	}
}

// application answers GET and PUT of /users/7 with 200, other methods with a status.
func application(other int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/users/7":
			http.NotFound(w, r)
		case r.Method == "GET" || r.Method == "PUT":
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"id":7}`))
		default:
			w.Header().Set("Allow", "GET, PUT")
			w.WriteHeader(other)
		}
	})
}

const s3Refusal = `<?xml version="1.0"?><Error><Code>AccessForbidden</Code><Message>CORSResponse: This CORS request ` +
	`is not allowed. This is usually because the evaluation of Origin, request method / ` +
	`Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted ` +
	`by the resource's CORS spec.</Message></Error>`

// The layers of many packages, as they refuse. Each says what it refuses in its own way, or
// not at all.
var layers = map[string]layer{
	"Express": {refuse: passes, varies: true, app: application(404)},
	"Express whose function throws": {refuse: refusesWith(500, "<pre>Error: Not allowed by CORS<br> at origin "+
		"(/app.js:7)</pre>", "Content-Type: text/html"), app: application(404), refuses: true},
	"rs/cors":          {refuse: refusesWith(204, ""), varies: true, app: application(405)},
	"this library":     {refuse: refusesWith(403, ""), varies: true, app: application(405)},
	"gorilla/handlers": {refuse: passes, app: application(405)},
	"gin-contrib":      {refuse: refusesWith(403, ""), refuses: true, app: application(404)},
	"Tomcat":           {refuse: refusesWith(403, ""), refuses: true, app: application(200)},
	"Spring": {refuse: refusesWith(403, "Invalid CORS request"), refuses: true, varies: true,
		app: application(200)},
	"Starlette": {refuse: refusesWith(400, "Disallowed CORS %s"), app: application(405)},
	"hapi": {refuse: refusesWith(200, `{"message":"CORS error: %s not allowed"}`),
		app: application(404)},
	"rack-cors": {refuse: passes, varies: true, app: application(200)},
	"aiohttp-cors": {refuse: refusesWith(403, "CORS preflight request failed: %s 'x' is not "+
		"allowed"), app: application(405)},
	"Azure Storage": {refuse: refusesWith(403, "", "X-Ms-Error-Code: CorsPreflightFailure"),
		app: application(400)},
	"S3":      {refuse: refusesWith(403, s3Refusal), app: application(400)},
	"ASP.NET": {refuse: refusesWith(204, ""), app: application(405)},
	"one in PHP": {refuse: refusesWith(200, "", fetch.AllowMethods+": GET, PUT",
		fetch.AllowHeaders+": Content-Type"), app: application(200)},
}

// silent are the layers that answer an origin that is not listed as if there were none.
var silent = []string{"gorilla/handlers"}

// causeOf runs the command, and returns the causes that it names.
func causeOf(t *testing.T, args ...string) (cause string, o jsonOutcome) {
	t.Helper()
	runJSON(t, &o, args...)
	return causes(o), o
}

// causes returns the ids of the notes but for those that are no cause; two causes of one
// note stand with an "or".
func causes(o jsonOutcome) string {
	var ids []string
	for _, n := range o.Hints {
		if n.ID == "local-network" || n.ID == "same-site-cookies" {
			continue
		}
		id := n.ID
		if n.Or != "" {
			id += " or " + n.Or
		}
		ids = append(ids, id)
	}
	return strings.Join(ids, ", ")
}

// B1, B2: what a layer refuses is known, whatever its way to refuse is.
func TestLayers(t *testing.T) {
	const other = "https://other.example.com"
	for name, l := range layers {
		t.Run(name, func(t *testing.T) {
			l.origin = page
			url := serve(t, l)
			unlisted := "origin-not-listed"
			if slices.Contains(silent, name) {
				unlisted = "options-not-routed"
			}
			cause, o := causeOf(t, append(put, "-origin", other, url)...)
			assert.Equal(t, unlisted, cause, "an origin that is not listed: %v", o.Questions)
			cause, o = causeOf(t, "-origin", other, url)
			if slices.Contains(silent, name) {
				unlisted = "no-cors-layer"
			}
			assert.Equal(t, unlisted, cause, "a GET from it: %v", o.Questions)

			refused := "cors-refused"
			if status := o.status(t, "-X", "DELETE", "-origin", page, url); status == 404 || status == 405 {
				refused = "cors-refused or options-not-routed"
			}
			cause, o = causeOf(t, "-X", "DELETE", "-origin", page, url)
			assert.Equal(t, refused, cause, "a method that is not listed: %v", o.Questions)
			assert.Contains(t, o.Hints[0].Detail, "DELETE")
			cause, o = causeOf(t, "-H", "X-Tenant: 1", "-origin", page, url)
			refused = "cors-refused"
			assert.Equal(t, refused, cause, "a header that is not listed: %v", o.Questions)
			assert.Contains(t, o.Hints[0].Detail, "X-Tenant")
			assert.NotContains(t, o.Hints[0].Detail, "method")
			cause, o = causeOf(t, "-X", "PUT", "-H", "X-Tenant: 1", "-origin", page, url)
			assert.Equal(t, refused, cause, "a header with a method that is listed: %v", o.Questions)
			assert.NotContains(t, o.Hints[0].Detail, "PUT")

			for _, args := range [][]string{append(put, "-origin", other), {"-origin", other}, {"-X", "DELETE",
				"-origin", page}} {
				cause, o = causeOf(t, append(args, "-no-probe", url)...)
				assert.Empty(t, o.Questions)
				assert.NotContains(t, cause, "login")
				assert.NotEmpty(t, cause)
			}
		})
	}
}

// Keycloak grants every preflight, and looks at the Web Origins of a client at the call alone.
func TestKeycloak(t *testing.T) {
	for _, status := range []int{200, 401} {
		url := serve(t, lost(policy{allow: always(page)}, func(r *http.Request) bool { return !onOptions(r) }, status))
		token := strings.Replace(url, "/users/7", "/realms/x/protocol/openid-connect/token", 1)
		cause, o := causeOf(t, "-origin", page, "-d", "grant_type=refresh_token", token)
		assert.Equal(t, "not-covered", cause)
		assert.Contains(t, o.Hints[0].Detail, "Web Origins of the client. Add "+page)
		cause, o = causeOf(t, "-origin", page, "-d", "grant_type=refresh_token", url)
		assert.NotContains(t, o.Hints[0].Detail, "Keycloak", cause)
	}
}

func (jsonOutcome) status(t *testing.T, args ...string) int {
	t.Helper()
	var o jsonOutcome
	runJSON(t, &o, append(args, "-no-probe")...)
	return o.Exchanges[len(o.Exchanges)-1].Response.Status
}

// lost takes the CORS headers from the answers that it selects, as a layer does that
// they pass by.
func lost(h http.Handler, on func(*http.Request) bool, status int, lines ...string) http.Handler {
	return before(h, says(on, status, lines...))
}

func isGET(r *http.Request) bool { return r.Method == http.MethodGet }

// cachedFor answers GETs as a cache that keeps what another origin got, unless the query is
// new to it.
func cachedFor(h http.Handler, lines ...string) http.Handler {
	return before(h, says(func(r *http.Request) bool { return isGET(r) && r.URL.RawQuery == "" }, 200, lines...))
}

// The other causes, each as a kind: what is proven, alone.
func TestCauses(t *testing.T) {
	elsewhere := "https://www.example.com"
	listed := layer{origin: page, refuse: passes, varies: true, app: application(404)}
	unlisted := layer{origin: elsewhere, refuse: passes, varies: true, app: application(404)}
	perHandler := http.NewServeMux() // the policy is inside another handler, which RoutePreflights does not see
	perHandler.Handle("/users/7", before(good, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodOptions {
			w.Header().Set("Vary", "Origin")
			_, _ = w.Write([]byte("hello"))
		}
		return r.Method == http.MethodOptions
	}))
	html := func(body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(body))
		})
	}
	redirect := func(to string, status int, lines ...string) http.Handler {
		return before(good, says(func(r *http.Request) bool { return r.URL.Path == "/users/7" && !onOptions(r) },
			status, append(lines, "Location: "+to)...))
	}
	form := []string{"-X", "POST", "-d", "a=1"}
	refusesForms := func(status int, words string) http.Handler {
		return before(application(405), func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				http.Error(w, words, status)
			}
			return r.Method == http.MethodPost
		})
	}
	value := func(v string) http.Handler { return policy{allow: always(v)} }

	for _, tc := range []struct {
		name   string
		server http.Handler
		args   []string
		cause  string // with probes
		says   string
		not    string // what is not said
		guess  string // with -no-probe; "" for the same
	}{
		// B1
		{"the origin is not listed, 404", unlisted, put, "origin-not-listed", page, "", "origin-not-listed or " +
			"cors-refused"},
		{"http of the same host is listed", value("http://app.example.com"), get, "origin-not-listed", "the " +
			"scheme differs", "", ""},
		{"another port is listed", value(page + ":8443"), put, "origin-not-listed", "the port differs", "", ""},
		{"www is listed", value("https://www.app.example.com"), put,
			"origin-not-listed", "they differ by www", "", ""},

		// B3
		{"the preflight is granted, 304 has nothing", lost(listed, isGET, 304), []string{"-H", "Content-Type: " +
			"application/json"}, "not-covered", "304", "not on its list", ""},
		{"the preflight is granted, 200 has nothing", lost(listed, onPUT, 200), put, "not-covered", "200", "not " +
			"on its list", ""},
		{"the preflight is granted, 200 has Vary", lost(listed, onPUT, 200, "Vary: Origin"), put, "not-covered", "",
			"not on its list", ""},
		{"the preflight is granted, 401 has nothing", lost(listed, onPUT, 401), put, "login-before-cors", "",
			"not on its list", ""},
		{"the preflight is granted, 500 has Vary", lost(listed, onPUT, 500, "Vary: Origin"), put, "error-before-cors",
			"", "not on its list", ""},
		{"the preflight is granted, 404 has nothing", lost(listed, onPUT, 404), put, "error-before-cors", "",
			"not on its list", ""},
		{"a cache had the answer to another page", cachedFor(listed, "Age: 30", fetch.AllowOrigin+": "+elsewhere),
			get, "cached", "Vary: Origin", "", "cached or origin-not-listed"},
		{"a cache had it, after a granted preflight", cachedFor(listed, "X-Cache: Hit from cloudfront"),
			[]string{"-H", "Content-Type: application/json"}, "cached", "Vary: Origin", "", "cached or not-covered"},
		{"a cache that does not say so", cachedFor(listed, fetch.AllowOrigin+": "+elsewhere), get, "cached", "", "",
			"origin-not-listed"},
		{"a cache that does not say so, without a header", cachedFor(listed), get, "cached", "", "",
			"no-cors-layer or origin-not-listed"},
		{"a cache, and an origin that is not listed", cachedFor(unlisted, "Cf-Cache-Status: HIT"), get,
			"origin-not-listed", "", "", "cached or origin-not-listed"},
		{"a cache that looks at no query, after a granted preflight", lost(listed, isGET, 200, "X-Cache: Hit from "+
			"cloudfront"), get, "cached or not-covered", "", "", "cached or origin-not-listed"},
		{"a cache that looks at no query, with another origin", says2(200, "Age: 30", fetch.AllowOrigin+": "+elsewhere),
			get, "cached or origin-not-listed", "", "", ""},
		{"a cache that looks at no query, and nothing of CORS", lost(application(405), isGET, 200, "Age: 30"), get,
			"cached or origin-not-listed", "", "no CORS layer", ""},
		{"preflights without anything of CORS are cached", before(listed, says(func(r *http.Request) bool {
			return onOptions(r) && r.URL.RawQuery == ""
		}, 200, "Cache-Status: Edge; HIT")), put, "cached", "", "", "options-not-routed or origin-not-listed"},
		{"the method is refused in words", before(policy{allow: only(page)}.forGET(),
			func(w http.ResponseWriter, r *http.Request) bool {
				refused := onOptions(r) && r.Header.Get("Access-Control-Request-Method") == http.MethodPut
				if refused {
					http.Error(w, "CORS: the method PUT is not allowed", http.StatusForbidden)
				}
				return refused
			}), put, "cors-refused", "PUT", "Content-Type", ""},
		{"a login, and a router without OPTIONS", before(says2(401), says(onOptions, 404)), get, "login-before-cors", "401",
			"", "login-before-cors"},
		{"a login of another server", says2(302, fetch.AllowOrigin+": "+page,
			"Location: "+serve(t, says2(200))+"/login"), get, "login-redirect", "401", "directly", ""},
		{"another server, with the origin null", says2(302, fetch.AllowOrigin+": "+page,
			"Location: "+serve(t, says2(200))), get, "redirected", "null", "", ""},
		{"a challenge", says2(403, "X-Amzn-Waf-Action: challenge"), get, "error-before-cors", "AWS WAF", "", ""},
		{"preflights are cached", before(listed, says(func(r *http.Request) bool {
			return onOptions(r) &&
				r.URL.RawQuery == ""
		}, 200, "Age: 3", fetch.AllowOrigin+": "+elsewhere)), put,
			"cached", "", "", "cached or origin-not-listed"},
		{"an ordinary handler answers OPTIONS", perHandler, put, "options-not-routed", "before the CORS layer",
			"not on its list", "origin-not-listed or cors-refused"},
		{"a 401 of the application, through the layer", before(application(404),
			says(func(r *http.Request) bool { return !onOptions(r) }, 401, "Vary: Origin")), get, "origin-not-listed",
			"", "login", "login-before-cors or origin-not-listed"},
		{"a login before everything, with a trace of a layer", says2(401, "Vary: Origin"), put,
			"login-before-cors or origin-not-listed", "", "", ""},
		{"an API that speaks of itself", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no such thing: corscheck, "+r.URL.Path, 404)
		}), put,
			"options-not-routed or error-before-cors", "", "", "options-not-routed or origin-not-listed"},

		// B4, B5
		{"a slash redirect to authors", redirect("/authors/7", 302), get, "redirected", "/authors/7", "login", ""},
		{"a redirect to lessons", redirect("/lessons/7/", 301), get, "redirected", "", "login", ""},
		{"a redirect to accessories", redirect("/accessories", 307), get, "redirected", "", "login", ""},
		{"a redirect to the slash, below oauth", redirect("/users/7/", 301), get, "redirected", "", "login", ""},
		{"a login by segment", redirect("/Account/Login?ReturnUrl=%2Fusers%2F7", 302), get, "login-redirect", "401",
			"directly", ""},
		{"a login of Java", redirect("/login;jsessionid=7", 302), get, "login-redirect", "401", "directly", ""},
		{"a login of a page's own", redirect("/#/login", 302), get, "login-redirect", "401", "directly", ""},
		{"another one", redirect("/app/#!/login?next=x", 302), get, "login-redirect", "401", "directly", ""},
		{"a login by two words", redirect("/user_login", 302), get, "login-redirect", "401", "directly", ""},
		{"a login by one word more", redirect("/en/login-form", 302), get, "login-redirect", "401", "directly", ""},
		{"a login of a proxy", redirect("https://authelia.example.net/?rd=x", 302), get, "login-redirect", "401",
			"directly", ""},
		{"a part of a page", redirect("/blog/7#login", 302), get, "redirected", "", "login,", ""},
		{"a route of a page's own", redirect("/app/#/lessons?next=/login", 302), get, "redirected", "", "a login,", ""},
		{"a login by file", redirect("/login.php", 302), get, "login-redirect", "401", "directly", ""},
		{"a login by host", redirect("https://login.example.net/x", 302), get, "login-redirect", "401", "directly",
			""},
		{"a login of an identity provider", redirect(
			"https://id.example.net/p?client_id=a&response_type=code&redirect_uri=b", 302), get, "login-redirect",
			"401", "directly", ""},
		{"a login by host whose name only resembles", redirect("https://authors.example.net/x", 302), get,
			"redirected", "", "login", ""},
		{"a login after a preflight", redirect("/oauth2/authorize", 302), put, "login-redirect", "401", "directly",
			""},
		{"a login with CORS headers, and a page without", before(redirect("/login", 302, fetch.AllowOrigin+": "+page),
			says(func(r *http.Request) bool { return r.URL.Path == "/login" }, 200)), get,
			"login-redirect", "401", "directly", ""},
		{"preflights are redirected to a login", before(listed, says(onOptions, 302, "Location: /login")), put,
			"login-before-cors", "let OPTIONS through", "", ""},
		{"a login page in place of the answer", html(`<form><input name="p" type="password"></form>`), get,
			"login-before-cors", "", "", ""},
		{"a proxy's login", before(listed, says(onAll, 407)), put, "login-before-cors", "", "", ""},
		{"a login that says 403", before(listed, says(onAll, 403, "WWW-Authenticate: Bearer")), put,
			"login-before-cors", "", "", ""},
		{"a mere 403", before(nil, says(onAll, 403)), put, "error-before-cors", "", "login", "cors-refused or " +
			"error-before-cors"},

		// B6
		{"the layer answers OPTIONS alone", lost(listed, isGET, 200), get, "not-covered", "", "", "no-cors-layer " +
			"or origin-not-listed"},
		{"200 with nothing to a preflight", before(listed, says(onOptions, 200)), put, "options-not-routed",
			"before the CORS layer", "", "options-not-routed or origin-not-listed"},
		{"204 with nothing to a preflight", before(listed, says(onOptions, 204)), put, "options-not-routed", "", "",
			"options-not-routed or origin-not-listed"},
		{"no layer at all", application(200), put, "options-not-routed", "Put a CORS layer before it", "",
			"options-not-routed or origin-not-listed"},
		{"the layer stands after this route", before(listed,
			says(func(r *http.Request) bool { return r.URL.Path == "/users/7" }, 200)), put, "not-covered",
			"after the route", "", "options-not-routed or origin-not-listed"},
		{"the layer has no part in JSON", before(listed, says(func(r *http.Request) bool {
			return r.Header.Get("Accept") == "application/json"
		}, 200)), []string{"-H", "Accept: application/json"}, "not-covered", "", "cache", "no-cors-layer or " +
			"origin-not-listed"},
		{"the layer stands after this route, and GET", before(listed,
			says(func(r *http.Request) bool { return r.URL.Path == "/users/7" }, 200)), get, "not-covered",
			"after the route", "", "no-cors-layer or origin-not-listed"},
		{"no layer, and GET", application(405), get, "no-cors-layer", "", "", "no-cors-layer or origin-not-listed"},
		{"Orgin", says2(200, "Access-Control-Allow-Orgin: *"), get, "misspelt-header", "Write " +
			"Access-Control-Allow-Origin", "", ""},
		{"Origins", says2(200, "Access-Control-Allow-Origins: *"), put, "misspelt-header", "Write " +
			"Access-Control-Allow-Origin", "", ""},
		{"Allowed-Origin", says2(200, "Access-Control-Allowed-Origin: *"), get, "misspelt-header", "", "", ""},
		{"underscores", says2(200, "Access_Control_Allow_Origin: *"), get, "misspelt-header", "Write " +
			"Access-Control-Allow-Origin", "", ""},
		{"one word", says2(200, "AccessControlAllowOrigin: *"), get, "misspelt-header", "Write " +
			"Access-Control-Allow-Origin", "", ""},
		{"three letters", says2(200, "Access-Control-Allow-Ori: *"), get, "no-cors-layer", "", "misspelt",
			"no-cors-layer or origin-not-listed"},
		{"Acces-Control", says2(200, "Acces-Control-Allow-Origin: *"), get, "misspelt-header", "", "", ""},
		{"Method in place of Methods", says2(200, fetch.AllowOrigin+": "+page, "Access-Control-Allow-Method: PUT"),
			[]string{"-X", "PUT"}, "misspelt-header", "Write Access-Control-Allow-Methods", "", ""},
		{"Credential in place of Credentials", says2(200, fetch.AllowOrigin+": "+page,
			"Access-Control-Allow-Credential: true"), []string{"-credentials"}, "misspelt-header", "", "", ""},
		{"another header that is missing", says2(200, fetch.AllowMethods+": PUT"), get, "origin-not-listed", "",
			"misspelt", ""},
		{"a slash", value(page + "/"), get, "malformed-origin", "slash", "", ""},
		{"a path", value(page + "/index.html"), get, "malformed-origin", "path", "", ""},
		{"no scheme", value("app.example.com"), get, "malformed-origin", "write " + page, "", ""},
		{"another without scheme", value("example.com"), get, "malformed-origin", "begins with its scheme", "", ""},
		{"a pattern", value("https://*.example.com"), get, "malformed-origin", "no pattern", "", ""},
		{"a pattern for all", value("https://*"), get, "malformed-origin", "no pattern", "", ""},
		{"* in quotes", value(`"*"`), get, "malformed-origin", "Write the * alone", "pattern", ""},
		{"* in brackets, with cookies", value("(*)"), []string{"-credentials"}, "malformed-origin", "", "Write the *", ""},
		{"a list with semicolons", value(page + ";" + elsewhere), get, "malformed-origin", "no list", "", ""},
		{"quotes", value(`"` + page + `"`), get, "malformed-origin", "quotes", "", ""},
		{"upper case", value("HTTPS://APP.EXAMPLE.COM"), get, "malformed-origin", "upper case", "", ""},
		{"the default port", value(page + ":443"), get, "malformed-origin", "port", "", ""},
		{"nothing", value(" "), get, "malformed-origin", "empty", "", ""},
		{"a list", value(page + ", " + elsewhere), get, "malformed-origin", "no list", "", ""},
		{"a list with spaces", value(page + " " + elsewhere), get, "malformed-origin", "no list", "", ""},
		{"two layers in one line", value(page + ", " + page), get, "duplicate-header", "Remove one", "", ""},
		{"two layers in one line, one of them for all", value("*, " + page), get, "duplicate-header", "Remove one",
			"", ""},
		{"two layers for all in one line", value("*, *"), put, "duplicate-header", "Remove one", "", ""},

		{"a port that is none", value(page + ":99999"), get, "malformed-origin", "byte for byte", "", ""},
		{"the default port of http", value("http://app.example.com:80"), []string{"-origin", "http://app.example.com"},
			"malformed-origin", "port", "", ""},
		{"another origin, after a granted preflight", lost(listed, onPUT, 200, fetch.AllowOrigin+": "+elsewhere), put,
			"cached or not-covered", "two layers disagree", "not on its list", ""},
		{"a layer that allows the origin, and refuses the method",
			policy{allow: only(page), preflightStatus: 400}.forGET(), put,
			"cors-refused", "PUT", "", "options-not-routed"},
		{"headers before an application that refuses OPTIONS", policy{allow: only(page), preflightStatus: 403}, put,
			"options-not-routed", "answer OPTIONS itself", "", ""},
		{"a Location that is none", redirect("http://[::1", 302), get, "", "", "", ""},
		// B7
		{"null", listed, append([]string{"-origin", "null"}, put...), "null-origin", "web server", "not on its list",
			""},
		{"null, and GET", listed, []string{"-origin", "null"}, "null-origin", "web server", "add", ""},

		{"null, where another origin is listed", value(elsewhere), []string{"-origin", "null"},
			"null-origin", "", "not on its list", ""},

		// B8
		{"an OPTIONS that is no preflight", listed, []string{"-X", "OPTIONS"}, "not-a-preflight",
			"Access-Control-Request-Method: PUT", "", ""},

		// B10
		{"API Gateway without OPTIONS", before(nil, says(onAll, 403, "X-Amzn-Errortype: "+
			"MissingAuthenticationTokenException")), put, "options-not-routed", "API Gateway", "login", ""},
		{"API Gateway without OPTIONS and without its header", before(listed, func(w http.ResponseWriter,
			r *http.Request) bool {
			return onOptions(r) && !refusesWith(403, `{ "message": "Missing Authentication Token" }`)(w, r, "")
		}), put, "options-not-routed", "API Gateway", "login", ""},
		{"an application with these words", before(listed, func(w http.ResponseWriter, r *http.Request) bool {
			return onOptions(r) && !refusesWith(401, `{"message":"Missing Authentication Token"}`)(w, r, "")
		}), put, "login-before-cors", "", "API Gateway", ""},
		{"an application with nearly these words", before(listed, func(w http.ResponseWriter, r *http.Request) bool {
			return onOptions(r) && !refusesWith(403, `{"message":"Missing Authentication Token","code":7}`)(w, r, "")
		}), put, "error-before-cors", "", "API Gateway", "cors-refused or error-before-cors"},
		{"API Gateway that knows nobody", before(nil, says(onAll, 403, "X-Amzn-Errortype: AccessDeniedException")),
			put, "login-before-cors", "", "", ""},
		{"API Gateway with another error", before(listed, says(onPUT, 429, "X-Amzn-Errortype: "+
			"TooManyRequestsException:http://internal")), put, "error-before-cors", "TooManyRequestsException", "",
			""},
		{"a challenge of Cloudflare", before(listed, says(onAll, 403, "Cf-Mitigated: challenge")), get,
			"error-before-cors", "Exempt the API", "login", ""},
		{"a challenge of Cloudflare, to preflights", before(listed, says(onOptions, 403, "Cf-Mitigated: challenge")),
			put, "error-before-cors", "Exempt the API", "login", ""},
		{"Azure that wants a login", before(nil, says(onAll, 403, "X-Ms-Error-Code: AuthenticationFailed")), get,
			"login-before-cors", "", "", ""},
		{"Azure that allows nobody", says2(403, "X-Ms-Error-Code: AuthorizationPermissionMismatch"), get,
			"login-before-cors", "", "", ""},
		{"API Gateway without this method", says2(403, "X-Amzn-Errortype: MissingAuthenticationTokenException"), get,
			"error-before-cors", "no method GET", "login", ""},
		{"a challenge of AWS", says2(405, "X-Amzn-Waf-Action: captcha"), get,
			"error-before-cors", "AWS WAF", "login", ""},
		{"ngrok's warning for browsers", lost(listed, isGET, 200, "Ngrok-Error-Code: ERR_NGROK_6024"), get,
			"error-before-cors", "ngrok-skip-browser-warning", "pass through", ""},
		{"a tunnel of ngrok without its end", says2(404, "Ngrok-Error-Code: ERR_NGROK_3200"), put, "error-before-cors",
			"ERR_NGROK_3200", "router", ""},
		{"a login of authentik", redirect("/outpost.goauthentik.io/start?rd=x", 302), get, "login-redirect", "401",
			"directly", ""},
		{"a login of traefik-forward-auth", redirect("/_oauth?code=x", 302), get, "login-redirect", "401", "directly", ""},
		{"a login of a tunnel", redirect("https://dev.example.net/pf-signin?id=x", 302), get, "login-redirect", "401",
			"directly", ""},

		{"a firewall of F5, to preflights", before(good, func(w http.ResponseWriter, r *http.Request) bool {
			return onOptions(r) && !refusesWith(200, "<html><head><title>Request Rejected</title></head><body>The "+
				"requested URL was rejected.<br>Your support ID is: 12</body></html>", "Content-Type: text/html")(w, r, "")
		}), put, "error-before-cors", "A firewall of F5 answered", "before the CORS layer", ""},
		{"a firewall of Imperva", html(`<iframe src="/_Incapsula_Resource?x=1">Incident 1-2</iframe>`), get,
			"error-before-cors", "Exempt the API", "no CORS layer", ""},
		{"a page that speaks of both", html("<title>Request Rejected</title> by _Incapsula_Resource"), get,
			"no-cors-layer", "", "firewall", "no-cors-layer or origin-not-listed"},
		{"a variable that is not filled in", value("$http_origin"), get, "malformed-origin", "to be filled in", "",
			""},
		{"an object in place of an origin", value("[object Object]"), get, "malformed-origin", "to be filled in", "list,",
			""},
		{"a template in place of an origin", value("%{HTTP_ORIGIN}e"), get, "malformed-origin", "to be filled in", "", ""},
		{"undefined", value("undefined"), get, "malformed-origin", "to be filled in", "", ""},
		{"a word", value("undefined.example"), get, "malformed-origin", "its scheme", "filled", ""},

		// What a layer that fails says is no refusal.
		{"a layer that fails, in words", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			refusesWith(500, `{"message":"allowedOrigins cannot contain * since that cannot be set on the `+
				`Access-Control-Allow-Origin response header"}`, "Vary: Origin")(w, r, "")
		}), put, "error-before-cors or origin-not-listed", "cannot be set on", "is not on its list", ""},
		{"a layer that fails, without words", says2(500, "Vary: Origin"), put, "error-before-cors or origin-not-listed",
			"the server's log", "is not on its list", ""},
		{"the same, for null", says2(500, "Vary: Origin"), append([]string{"-origin", "null"}, put...), "null-origin", "",
			"log", ""},
		{"a layer that throws, with Vary", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			refusesWith(500, `{"error":"CORS: origin isn't allowed"}`, "Vary: Origin")(w, r, "")
		}), put, "origin-not-listed", "Add it there", "log", "origin-not-listed"},
		{"a login of Rails", redirect("/session/new", 302), get, "login-redirect", "401", "directly", ""},
		{"a bucket without CORS", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			refusesWith(403, "<Error><Code>AccessForbidden</Code><Message>CORSResponse: CORS is not enabled for "+
				"this bucket.</Message></Error>")(w, r, "")
		}), put, "no-cors-layer", `"AccessForbidden CORSResponse: CORS is not enabled for this bucket". Enable`,
			"login", ""},
		{"a container with no rule, or none for this page", errorPage(403, "<Code>CorsPreflightFailure</Code> CORS not "+
			"enabled or no matching rule found", "X-Ms-Error-Code: CorsPreflightFailure"), put,
			"origin-not-listed or cors-refused", `It says: "CorsPreflightFailure CORS not enabled`, "", ""},
		{"a bucket that is not set up", errorPage(403, "<Message>CORS not configured for this bucket</Message>"), put,
			"no-cors-layer", "not configured", "", ""},
		{"CORS that is off", says2(403, "X-Error: CORS isn't enabled"), put, "no-cors-layer", "isn't enabled", "", ""},
		{"credentials of two layers in one line", says2(200, fetch.AllowOrigin+": "+page, fetch.AllowCredentials+
			": true, true"), []string{"-credentials"}, "duplicate-header", "a proxy joined", "", ""},
		{"a limit for requests, after a granted preflight", lost(listed, onPUT, 429), put, "error-before-cors",
			"Put the CORS layer before the limit", "Mend the error", ""},
		{"a code of several words", says2(403, "X-Error: CORS_ORIGIN_DENIED"), put, "origin-not-listed",
			`It says: "CORS ORIGIN DENIED".`, "", ""},
		{"a member of JSON before the one that says it", errorPage(403, `{"error":"Forbidden","message":"Origin x is `+
			`not allowed"}`), put, "origin-not-listed", `It says: "Origin x is not allowed".`, "", ""},
		{"words with entities", errorPage(500, "<pre>Error: Not allowed by CORS<br> &nbsp;at x"), put,
			"origin-not-listed", `It says: "Not allowed by CORS at x".`, "", "origin-not-listed or cors-refused"},
		{"one of two headers", layer{origin: page, refuse: refusesWith(403, ""), app: application(405)},
			append([]string{"-H", "X-Tenant: 1"}, put...), "cors-refused", "one of the headers Content-Type, X-Tenant with", "",
			"cors-refused or error-before-cors"},

		// Words that are not the server's own.
		{"a server that sends back what it got", sendsBack(200), put, "options-not-routed", "", "not on its list",
			"options-not-routed or origin-not-listed"},
		{"a router that shows what it got", before(application(200), func(w http.ResponseWriter, r *http.Request) bool {
			if onOptions(r) {
				sendsBack(404).ServeHTTP(w, r)
			}
			return onOptions(r)
		}), put, "options-not-routed", "", "not on its list", "options-not-routed or origin-not-listed"},
		{"a page with a referrer policy", errorPage(404, `<meta name="referrer" `+
			`content="strict-origin-when-cross-origin"><p>Not found`), put, "options-not-routed or error-before-cors", "",
			"not on its list", ""},
		{"a guard against forged forms", refusesForms(403, "Origin checking failed - it does not match any trusted "+
			"origins."), form, "origin-not-listed or error-before-cors", "forged forms", "The server has a CORS layer", ""},
		{"another one", refusesForms(403, "cross-origin request detected from Sec-Fetch-Site header"), form,
			"origin-not-listed or error-before-cors", `"cross-origin request detected`, "The server has a CORS layer", ""},
		{"one in a server with a layer", before(listed, says(func(r *http.Request) bool { return r.Method == "POST" },
			403, "X-Error: Origin is not trusted")), form, "error-before-cors", "", "not list",
			"origin-not-listed or error-before-cors"},
		{"one that null meets", refusesForms(403, "cross-origin request detected"), append([]string{"-origin", "null"},
			form...), "error-before-cors, null-origin", "", "not list", "error-before-cors or no-cors-layer, null-origin"},
		{"an API of airports", refusesForms(400, "Invalid origin airport"), form,
			"origin-not-listed or error-before-cors", "", "The server has a CORS layer", ""},
		{"a layer that says it with the call alone", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Header.Get("Origin") == "":
				w.WriteHeader(http.StatusMethodNotAllowed)
			case onOptions(r):
				w.WriteHeader(http.StatusForbidden)
			default:
				http.Error(w, "Origin is not allowed", http.StatusForbidden)
			}
		}), get, "origin-not-listed", `It says: "Origin is not allowed"`, "", "origin-not-listed or error-before-cors"},
		{"a page about CORS", errorPage(200, `<p>Read about CORS`), put, "options-not-routed", "", "not on its list",
			"options-not-routed or origin-not-listed"},

		{"a layer that refuses the call without a word", layer{origin: elsewhere, refuse: refusesWith(403, ""),
			refuses: true, app: application(404)}, get, "origin-not-listed", "", "",
			"error-before-cors or origin-not-listed"},
		{"a 403 of API Gateway", says2(403, "X-Amzn-Errortype: ForbiddenException"), get, "error-before-cors",
			"ForbiddenException", "not on its list", "error-before-cors or no-cors-layer"},
		{"a 403 that everybody gets", says2(403), get, "error-before-cors", "", "not on its list",
			"error-before-cors or origin-not-listed"},
		{"a 403 that null gets", says2(403), []string{"-origin", "null"}, "error-before-cors, null-origin", "",
			"not on its list", "error-before-cors or no-cors-layer, null-origin"},
		{"a 403 after a granted preflight", lost(listed, onPUT, 403), put, "error-before-cors", "", "not on its list",
			""},

		// An application answers OPTIONS as if it were the call.
		{"400 of the application", before(listed, says(onOptions, 400)), put, "options-not-routed",
			"as if it were the call, with 400 Bad Request", "If there is one already", "cors-refused or error-before-cors"},
		{"415 of the application, and no CORS", before(application(405), says(onOptions, 415)), put, "options-not-routed",
			"If there is one already", "firewall", "options-not-routed or error-before-cors"},
		{"411 of the application", before(listed, says(onOptions, 411)), put, "options-not-routed", "411", "",
			"options-not-routed or error-before-cors"},
		{"422 of the application", before(listed, says(onOptions, 422)), put, "options-not-routed", "422", "",
			"options-not-routed or error-before-cors"},
		{"415 to everything", says2(415), put, "options-not-routed or error-before-cors", "whatever is asked", "",
			"options-not-routed or error-before-cors"},
		{"415 to OPTIONS, 500 to GET", before(nil, func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(map[bool]int{true: 415, false: 500}[onOptions(r)])
			return true
		}), put, "options-not-routed or error-before-cors", "", "", ""},
		{"415 to OPTIONS, 400 to GET", before(nil, func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(map[bool]int{true: 415, false: 400}[onOptions(r)])
			return true
		}), put, "options-not-routed or error-before-cors", "", "", ""},
		{"400 to everything, with CORS to GET", before(nil, func(w http.ResponseWriter, r *http.Request) bool {
			if !onOptions(r) {
				w.Header().Set(fetch.AllowOrigin, page)
			}
			w.WriteHeader(http.StatusBadRequest)
			return true
		}), put, "options-not-routed", "", "whatever is asked", "cors-refused or error-before-cors"},
		{"a page for people", before(listed, func(w http.ResponseWriter, r *http.Request) bool {
			if onOptions(r) {
				errorPage(400, "<p>Bad request").ServeHTTP(w, r)
			}
			return onOptions(r)
		}), put, "options-not-routed or error-before-cors", "", "", "cors-refused or error-before-cors"},
		{"400 of a gateway", before(listed, says(onOptions, 400, "X-Amzn-Errortype: BadRequestException")), put,
			"error-before-cors", "BadRequestException", "as if it were the call", "cors-refused or error-before-cors"},
		{"422 of the application, with CORS headers", policy{allow: only(page), preflightStatus: 422}, put,
			"options-not-routed", "answer OPTIONS itself", "", ""},
		{"500 to OPTIONS, with CORS headers", policy{allow: only(page), preflightStatus: 500}, put, "options-not-routed",
			"fails on OPTIONS", "", "error-before-cors or options-not-routed"},
		{"502 to everything, with CORS headers", before(nil, says(onAll, 502, fetch.AllowOrigin+": *",
			fetch.AllowMethods+": PUT", fetch.AllowHeaders+": Content-Type")), put, "error-before-cors", "Mend the error", "",
			"error-before-cors or options-not-routed"},
		{"499 to GET, 500 to OPTIONS, with CORS headers", before(nil, func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set(fetch.AllowOrigin, page)
			w.WriteHeader(map[bool]int{true: 500, false: 499}[onOptions(r)])
			return true
		}), put, "options-not-routed", "", "", "error-before-cors or options-not-routed"},
		{"500 to everything, with CORS headers", before(nil, says(onAll, 500, fetch.AllowOrigin+": *")), put,
			"error-before-cors", "", "", "error-before-cors or options-not-routed"},
		{"500 at a URL that the layer does not cover", before(listed, says(func(r *http.Request) bool {
			return r.URL.Path == "/users/7"
		}, 500)), put, "error-before-cors or not-covered", "around error pages", "", "error-before-cors or no-cors-layer"},
		{"a login at a URL that the layer does not cover, perhaps", before(listed, says(func(r *http.Request) bool {
			return r.URL.Path == "/users/7"
		}, 401)), put, "login-before-cors or not-covered", "Put it before the login", "", "login-before-cors"},
		{"the same, without a preflight", before(listed, says(func(r *http.Request) bool {
			return r.URL.Path == "/users/7"
		}, 401)), get, "login-before-cors or not-covered", "", "", "login-before-cors"},
		{"499 at a URL that the layer does not cover", before(listed, says(func(r *http.Request) bool {
			return r.URL.Path == "/users/7"
		}, 499)), put, "not-covered", "", "error pages", "error-before-cors or no-cors-layer"},
		{"403 to OPTIONS before a login", before(nil, func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(map[bool]int{true: 403, false: 401}[onOptions(r)])
			return true
		}), put, "login-before-cors or error-before-cors", "GET meets a login here, 401 Unauthorized", "",
			"cors-refused or error-before-cors"},
		{"403 to OPTIONS before a redirect to a login", before(redirect("/login", 302), says(onOptions, 403)), put,
			"login-before-cors or error-before-cors", "302 Found to /login", "", "cors-refused or error-before-cors"},
		{"403 to everything", says2(403), put, "error-before-cors", "refuses GET too", "rule for methods",
			"cors-refused or error-before-cors"},
		{"CloudFront without OPTIONS", before(listed, func(w http.ResponseWriter, r *http.Request) bool {
			return onOptions(r) && !refusesWith(403, "<H1>403 ERROR</H1>This distribution is not configured to allow the "+
				"HTTP request method that was used for this request.")(w, r, "")
		}), put, "options-not-routed", "Allowed HTTP methods", "firewall", ""},

		// The rest.
		{"a firewall that takes no OPTIONS, and a server that crashes without Origin", before(nil,
			func(w http.ResponseWriter, r *http.Request) bool {
				w.WriteHeader(map[bool]int{true: 403, false: 500}[r.Header.Get("Origin") != ""])
				return true
			}), put, "error-before-cors", "Let OPTIONS through", "without Origin", "cors-refused or error-before-cors"},
		{"a firewall that takes no OPTIONS, from anybody", before(nil, func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(map[bool]int{true: 403, false: 200}[onOptions(r)])
			return true
		}), put, "error-before-cors", "with and without Origin", "", "cors-refused or error-before-cors"},
		{"a firewall that takes no OPTIONS", before(listed, says(onOptions, 403)), put, "error-before-cors",
			"Let OPTIONS through", "without Origin", "cors-refused or error-before-cors"},
		{"a proxy whose upstream is down", before(nil, says(onAll, 502)), put, "error-before-cors", "502", "",
			"error-before-cors or no-cors-layer"},
		{"nothing at this path", before(nil, says(onAll, 404)), put, "options-not-routed or error-before-cors",
			"check the path", "", "options-not-routed or origin-not-listed"},
		{"no page at this path", errorPage(404, "<p>Not found"), put, "options-not-routed or error-before-cors",
			"check the path", "keeps silent", ""},
		{"a page on a route that is missing", errorPage(404, "<pre>Cannot OPTIONS /users/7"), put,
			"options-not-routed or error-before-cors", "", "", "options-not-routed or origin-not-listed"},
		{"a page where another method is missing", before(good, func(w http.ResponseWriter, r *http.Request) bool {
			if onOptions(r) {
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
			return onOptions(r)
		}), put, "options-not-routed", "", "", "options-not-routed or origin-not-listed"},
		{"a proxy that loses the header", before(nil, func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case r.Header.Get("Origin") == "":
				w.WriteHeader(405)
			case r.Header.Get("Origin") != page:
				w.WriteHeader(403)
			}
			return true
		}), put, "not-covered", "gets lost", "", "options-not-routed or origin-not-listed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url := serve(t, tc.server)
			cause, o := causeOf(t, append(append([]string{"-origin", page}, tc.args...), url)...)
			assert.Equal(t, tc.cause, cause, "%v", o.Questions)
			if tc.says != "" && len(o.Hints) > 0 {
				assert.Contains(t, o.Hints[0].Detail, tc.says)
			}
			for _, n := range o.Hints {
				if tc.not != "" {
					assert.NotContains(t, n.Detail, tc.not)
				}
			}
			guess := tc.guess
			if guess == "" {
				guess = tc.cause
			}
			cause, o = causeOf(t, append(append([]string{"-no-probe", "-origin", page}, tc.args...), url)...)
			assert.Equal(t, guess, cause, "with -no-probe")
			assert.Empty(t, o.Questions)
		})
	}
}

// An error page is one thing that is wrong, and a page that is none is another.
func TestErrorPagesAreNamedOnce(t *testing.T) {
	answers := func(status int, granted bool) http.Handler {
		return before(good, func(w http.ResponseWriter, r *http.Request) bool {
			if onPUT(r) {
				w.Header().Set("Content-Type", "text/html")
				if granted {
					w.Header().Set(fetch.AllowOrigin, page)
				}
				w.WriteHeader(status)
			}
			return onPUT(r)
		})
	}
	for _, tc := range []struct {
		status  int
		granted bool
		cause   string
	}{
		{500, false, "error-before-cors"},
		{401, false, "login-before-cors"},
		{400, false, "error-before-cors"},
		{500, true, "html-answer"},
		{200, false, "not-covered, html-answer"},
	} {
		cause, _ := causeOf(t, append(put, "-origin", page, serve(t, answers(tc.status, tc.granted)))...)
		assert.Equal(t, tc.cause, cause, "%+v", tc)
	}
}

// sendsBack answers with the header that it got, as servers for tests do.
func sendsBack(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_ = r.Header.Write(w)
	})
}

func errorPage(status int, body string, lines ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for _, l := range lines {
			name, value, _ := strings.Cut(l, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// Nelmio for Symfony grants the origin, and refuses by its status what is not on its other lists. It
// answers an origin that is not listed with null.
func nelmio(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	switch origin := r.Header.Get("Origin"); {
	case origin == page:
		h.Set(fetch.AllowOrigin, page)
	case isPreflight(r):
		h.Set(fetch.AllowOrigin, "null")
		return
	}
	if !isPreflight(r) {
		application(405).ServeHTTP(w, r)
		return
	}
	h.Set(fetch.AllowMethods, "GET, PUT")
	h.Set(fetch.AllowHeaders, "content-type")
	asked := r.Header.Get("Access-Control-Request-Headers")
	switch {
	case !slices.Contains([]string{"GET", "PUT"}, r.Header.Get("Access-Control-Request-Method")):
		w.WriteHeader(http.StatusMethodNotAllowed)
	case asked != "" && asked != "content-type":
		http.Error(w, "Unauthorized header "+asked, http.StatusBadRequest)
	}
}

func TestLayerThatRefusesWithTheOriginGranted(t *testing.T) {
	url := serve(t, http.HandlerFunc(nelmio))
	statuses := func(status int) string {
		return serve(t, before(http.HandlerFunc(nelmio), func(w http.ResponseWriter, r *http.Request) bool {
			if isPreflight(r) && r.Header.Get("Access-Control-Request-Headers") != "" {
				w.Header().Set(fetch.AllowOrigin, page)
				w.Header().Set(fetch.AllowMethods, "PUT")
				w.WriteHeader(status)
			}
			return isPreflight(r) && r.Header.Get("Access-Control-Request-Headers") != ""
		}))
	}
	for _, tc := range []struct {
		url, origin  string
		args         []string
		cause, guess string
		says         string
	}{
		{url, page, []string{"-X", "DELETE"}, "cors-refused or options-not-routed", "options-not-routed or cors-refused",
			"DELETE"},
		{url, page, []string{"-H", "X-Tenant: 1"}, "cors-refused", "options-not-routed or cors-refused", "X-Tenant"},
		{url, page, append([]string{"-H", "X-Tenant: 1"}, put...), "cors-refused", "options-not-routed or cors-refused",
			"X-Tenant"},
		{statuses(405), page, []string{"-H", "X-Tenant: 1"}, "cors-refused", "options-not-routed or cors-refused",
			"X-Tenant"},
		{statuses(500), page, []string{"-H", "X-Tenant: 1"}, "", "error-before-cors or options-not-routed", ""},
		{url, "https://other.example.com", put, "origin-not-listed", "origin-not-listed", "https://other.example.com"},
	} {
		args := append(append([]string{"-origin", tc.origin}, tc.args...), tc.url)
		cause, o := causeOf(t, args...)
		assert.Equal(t, tc.cause, cause, "%v", args)
		guess, o2 := causeOf(t, append([]string{"-no-probe"}, args...)...)
		assert.Equal(t, tc.guess, guess, "%v with -no-probe", args)
		if tc.says != "" {
			assert.Contains(t, o.Hints[0].Detail, tc.says)
			assert.Contains(t, o2.Hints[0].Detail, tc.says)
		}
	}
	// What the layer lists it does not refuse.
	for _, status := range []int{403, 404, 405} {
		wide := policy{allow: only(page), preflight: []string{fetch.AllowMethods + ":", fetch.AllowMethods + ": *"},
			preflightStatus: status}
		cause, _ := causeOf(t, append(put, "-no-probe", "-origin", page, serve(t, wide))...)
		assert.Equal(t, "options-not-routed", cause)
	}
	cause, _ := causeOf(t, "-H", "Content-Type: application/json", "-no-probe", "-origin", page,
		serve(t, policy{allow: only(page), preflightStatus: 403}))
	assert.Equal(t, "options-not-routed", cause, "GET needs no list")
	cause, _ = causeOf(t, append(put, "-no-probe", "-origin", page,
		serve(t, before(nil, says(onAll, 405, fetch.AllowOrigin+": *"))))...)
	assert.Equal(t, "options-not-routed", cause, "no layer answers preflights")
	cause, _ = causeOf(t, "-X", "PATCH", "-origin", page, serve(t, policy{allow: only(page), preflightStatus: 405}))
	assert.Equal(t, "options-not-routed", cause, "nor is a preflight for GET granted")
}

// What an answer says is read packed as well, and an endless answer not to its end.
func TestWordsOfAnswers(t *testing.T) {
	const said = "CORS error: this origin is not allowed"
	packed := func(text string) string {
		var b strings.Builder
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		require.NoError(t, w.Close())
		return b.String()
	}
	refuses := func(encoding, body string, endless bool) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if encoding != "" {
				w.Header().Set("Content-Encoding", encoding)
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(body))
			if endless {
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}
		})
	}
	for name, tc := range map[string]struct {
		server http.Handler
		says   bool
	}{
		"plain":              {refuses("", said, false), true},
		"packed":             {refuses("gzip", packed(said), false), true},
		"packed, by capital": {refuses("GZIP", packed(said), false), true},
		"packed badly":       {refuses("gzip", said, false), false},
		"behind a kilobyte":  {refuses("", strings.Repeat("-", 1<<10)+said, false), false},
		"packed, behind it":  {refuses("gzip", packed(strings.Repeat("-", 1<<10)+said), false), false},
		"endless":            {refuses("", said, true), true},
	} {
		t.Run(name, func(t *testing.T) {
			_, o := causeOf(t, append(put, "-no-probe", "-origin", page, serve(t, tc.server))...)
			require.NotEmpty(t, o.Hints)
			if tc.says {
				assert.Contains(t, o.Hints[0].Detail, said)
			} else {
				assert.NotContains(t, o.Hints[0].Detail, "CORS error")
			}
		})
	}
}

// What was not asked is left open in words, where two ids are too few.
func TestGuessesInWords(t *testing.T) {
	guess := func(h http.Handler, args ...string) string {
		_, o := causeOf(t, append(append([]string{"-no-probe", "-origin", page}, args...), serve(t, h))...)
		return o.Hints[0].Detail
	}
	const silent = "keeps silent because it does not list the origin " + page + ", the method PUT or the header " +
		"Content-Type."
	assert.Contains(t, guess(says2(404), put...), silent)
	assert.Contains(t, guess(says2(404), put...), "check the path")
	assert.Contains(t, guess(says2(405), put...), silent)
	assert.NotContains(t, guess(says2(405), put...), "check the path")
	assert.Contains(t, guess(says2(204), put...), silent)
	assert.Contains(t, guess(errorPage(404, "<p>Not found"), put...), silent)
	assert.Contains(t, guess(says2(200)), "answers OPTIONS alone")
	assert.Contains(t, guess(says2(200)), "does not list "+page+".")
}

// Nobody is told that null is not on a list, whatever the answer lacks and whether it was asked again.
func TestNobodyListsNull(t *testing.T) {
	for _, h := range []http.Handler{
		says2(200), says2(204), says2(400), says2(403), says2(404), says2(405), says2(501),
		errorPage(404, "<p>Not found"), says2(200, "Age: 30"), says2(403, "Vary: Origin"),
		says2(200, "Age: 30", fetch.AllowOrigin+": "+page), says2(200, fetch.AllowOrigin+": "+page), application(200),
		says2(401, "Vary: Origin"),
	} {
		url := serve(t, h)
		for _, args := range [][]string{put, get} {
			for _, more := range [][]string{nil, {"-no-probe"}} {
				cause, o := causeOf(t, append(append(append([]string{"-origin", "null"}, args...), more...), url)...)
				assert.NotContains(t, cause, "origin-not-listed")
				assert.Contains(t, cause, "null-origin")
				for _, n := range o.Hints {
					assert.NotRegexp(t, "not list .*null|null is not on|not null|add it|Add it", n.Detail)
				}
			}
		}
	}
}

// A server that is too busy for the questions has not answered them.
func TestCausesOfABusyServer(t *testing.T) {
	for _, tc := range []struct {
		first     int // the answer to the call
		then      int // to the questions
		args      []string
		cause     string
		questions int
	}{
		{204, 429, put, "options-not-routed or origin-not-listed", 1},
		{404, 429, put, "options-not-routed or origin-not-listed", 1},
		{403, 429, put, "cors-refused or error-before-cors", 1},
		{204, 503, put, "options-not-routed or origin-not-listed", 6},
		{200, 429, get, "no-cors-layer or origin-not-listed", 1},
		{502, 429, get, "error-before-cors or no-cors-layer", 1},
		{429, 429, put, "error-before-cors", 6},
		{503, 503, put, "error-before-cors", 6},
	} {
		t.Run(fmt.Sprintf("%d then %d", tc.first, tc.then), func(t *testing.T) {
			requests := 0
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.WriteHeader(map[bool]int{true: tc.first, false: tc.then}[requests == 1])
			}))
			cause, o := causeOf(t, append(append([]string{"-origin", page}, tc.args...), url)...)
			assert.Equal(t, tc.cause, cause)
			assert.Len(t, o.Questions, tc.questions, "each is shown, and after 429 none is asked")
			for _, n := range o.Hints {
				assert.NotContains(t, n.Detail, "If there is one already")
				assert.NotContains(t, n.Detail, "with and without Origin")
			}
		})
	}
}

// forGET answers preflights for GET as they should be.
func (p policy) forGET() http.Handler {
	return before(p, func(w http.ResponseWriter, r *http.Request) bool {
		isGET := r.Header.Get("Access-Control-Request-Method") == http.MethodGet
		if isGET {
			policy{allow: p.allow}.ServeHTTP(w, r)
		}
		return isGET
	})
}

func says2(status int, lines ...string) http.Handler {
	return before(nil, says(onAll, status, lines...))
}

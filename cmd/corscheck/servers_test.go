package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/cors"
	"example.com/cors/internal/fetch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A policy is a handler with CORS headers, written by hand. Its zero value allows
// nobody.
type policy struct {
	allow     func(origin string) string // Access-Control-Allow-Origin, "" for none
	lines     []string                   // of every response: added, or "Name:" to remove
	actual    []string                   // of the call's response
	preflight []string                   // of the preflight's

	status          int // of the call's response, 0 for 200
	preflightStatus int // of the preflight's, 0 for 204
}

func (p policy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Date"] = nil // which the documents could not show
	h.Set("Vary", "Origin")
	if p.allow != nil {
		if value := p.allow(r.Header.Get("Origin")); value != "" {
			h.Set(fetch.AllowOrigin, value)
		}
	}
	lines, status := p.actual, p.status
	if isPreflight(r) {
		h.Set(fetch.AllowMethods, "PUT, DELETE")
		h.Set(fetch.AllowHeaders, "Content-Type")
		h.Set(fetch.MaxAge, "600")
		if lines, status = p.preflight, p.preflightStatus; status == 0 {
			status = http.StatusNoContent
		}
	} else {
		h.Set("Content-Type", "application/json")
	}
	for _, l := range slices.Concat(p.lines, lines) {
		name, value, _ := strings.Cut(l, ":")
		if value == "" {
			h.Del(name)
			continue
		}
		h.Add(name, strings.TrimSpace(value))
	}
	if strings.Contains(r.URL.Path, "corscheck-") {
		status = http.StatusNotFound
	}
	if status != 0 {
		w.WriteHeader(status)
	}
}

func only(origin string) func(string) string {
	return func(o string) string {
		if o == origin {
			return o
		}
		return ""
	}
}

func always(value string) func(string) string { return func(string) string { return value } }

func echo(o string) string { return o }

func matching(expr string) func(string) string {
	re := regexp.MustCompile(expr)
	return func(o string) string {
		if re.MatchString(o) {
			return o
		}
		return ""
	}
}

func eitherOf(fs ...func(string) string) func(string) string {
	return func(o string) string {
		for _, f := range fs {
			if value := f(o); value != "" {
				return value
			}
		}
		return ""
	}
}

// replace is the line that puts a value in place of the usual one.
func replace(name, value string) []string { return []string{name + ":", name + ": " + value} }

var withCookies = []string{fetch.AllowCredentials + ": true"}

// before has another layer answer some requests, outside the CORS layer.
func before(h http.Handler, answers func(w http.ResponseWriter, r *http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			h.ServeHTTP(w, r)
		}
	})
}

// says answers with a status, and lines, what on selects.
func says(on func(r *http.Request) bool, status int, lines ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !on(r) {
			return false
		}
		for _, l := range lines {
			name, value, _ := strings.Cut(l, ": ")
			w.Header().Add(name, value)
		}
		w.WriteHeader(status)
		return true
	}
}

func onOptions(r *http.Request) bool { return r.Method == http.MethodOptions }
func onPUT(r *http.Request) bool     { return r.Method == http.MethodPut }
func onAll(*http.Request) bool       { return true }

var (
	good = policy{allow: only(page)}
	put  = []string{"-X", "PUT", "-H", "Content-Type: application/json", "-d", "{}"}
	// putWithCookies also asks for JSON.
	putWithCookies = append([]string{"-credentials"}, put...)
	get            = []string{}
)

// A broken server, and what has to come out: of the call the step and header to
// blame, and the hints; of the audit the findings. Nothing else may come out.
var broken = []struct {
	name     string
	server   http.Handler
	call     []string
	blame    string // "" if the call is allowed
	hints    string // the notes, besides local-network
	findings string
}{
	// What only looks like CORS.
	{"no CORS at all", before(nil, says(onAll, 200)), put,
		"preflight CORS check: Access-Control-Allow-Origin", "options-not-routed", "medium origin-not-allowed"},
	{"a mux without OPTIONS", before(good, says(onOptions, 405, "Allow: GET, PUT")), put,
		"preflight CORS check: Access-Control-Allow-Origin", "options-not-routed", "medium preflight-fails"},
	{"a router that does not know OPTIONS", before(good, says(onOptions, 404)), put,
		"preflight CORS check: Access-Control-Allow-Origin", "options-not-routed", "medium preflight-fails"},
	{"a router without OPTIONS inside the CORS layer", policy{allow: only(page), preflightStatus: 405}, put,
		"preflight status: ", "options-not-routed", "medium preflight-fails"},
	{"an automatic answer to OPTIONS", before(good, says(onOptions, 200, "Allow: GET, PUT")), put,
		"preflight CORS check: Access-Control-Allow-Origin", "options-not-routed", "medium preflight-fails"},
	{"a preflight whose answer lost the origin", policy{
		allow: only(page), preflight: []string{fetch.AllowOrigin + ":"},
	}, put,
		"preflight CORS check: Access-Control-Allow-Origin", "options-not-routed", "medium preflight-fails"},
	{"a login before the preflight", before(good, says(onOptions, 401, "WWW-Authenticate: Basic")), put,
		"preflight CORS check: Access-Control-Allow-Origin", "login-before-cors", "medium preflight-fails"},
	{"a login inside the CORS layer", policy{allow: only(page), preflightStatus: 401}, put,
		"preflight status: ", "login-before-cors", "medium preflight-fails"},
	{"a firewall before the preflight", before(good, says(onOptions, 403)), put,
		"preflight CORS check: Access-Control-Allow-Origin", "error-before-cors", "medium preflight-fails"},
	{"a login page instead of a preflight", before(good, says(onOptions, 302, "Location: /login?next=users")), put,
		"preflight CORS check: Access-Control-Allow-Origin", "login-before-cors", "medium preflight-fails"},
	{
		"a login before the call", before(good, says(onPUT, 401)), put,
		"CORS check: Access-Control-Allow-Origin", "login-before-cors", "",
	},
	{"a preflight that moved", before(good, says(onOptions, 301, "Location: /users/7/")), put,
		"preflight CORS check: Access-Control-Allow-Origin", "redirected", "medium preflight-fails"},
	{"a preflight that moved inside the CORS layer", policy{
		allow: only(page), preflightStatus: 308, preflight: []string{"Location: /users/7/"},
	}, put,
		"preflight status: ", "redirected", "medium preflight-fails"},
	{"a call that moved", before(good,
		says(func(r *http.Request) bool { return !onOptions(r) && r.URL.Path == "/users/7" }, 301, "Location: /users/7/")),
		put,
		"CORS check: Access-Control-Allow-Origin", "redirected", "medium call-fails"},
	{
		"a proxy whose upstream is down", before(good, says(onAll, 502)), put,
		"preflight CORS check: Access-Control-Allow-Origin", "error-before-cors", "medium preflight-fails",
	},
	{
		"a proxy whose upstream does not answer in time", before(good, says(onPUT, 504)), put,
		"CORS check: Access-Control-Allow-Origin", "error-before-cors", "",
	},
	{
		"a body that is too large for the proxy", before(good, says(onPUT, 413)), put,
		"CORS check: Access-Control-Allow-Origin", "error-before-cors", "",
	},
	{
		"a rate limit before the preflight", before(good, says(onOptions, 429)), put,
		"preflight CORS check: Access-Control-Allow-Origin", "error-before-cors", "medium preflight-fails",
	},
	{
		"a preflight that crashes", policy{allow: only(page), preflightStatus: 500}, put,
		"preflight status: ", "options-not-routed", "medium preflight-fails",
	},
	{"headers on preflights alone", policy{allow: only(page), actual: []string{fetch.AllowOrigin + ":"}}, put,
		"CORS check: Access-Control-Allow-Origin", "not-covered", "medium call-fails"},
	{
		"HTML instead of JSON", policy{allow: only(page), actual: replace("Content-Type", "text/html; charset=utf-8")},
		append([]string{"-H", "Accept: application/json"}, put...), "", "html-answer", "",
	},

	// The origin.
	{
		"an origin that is not listed", policy{allow: only("https://www.example.com")}, put,
		"preflight CORS check: Access-Control-Allow-Origin", "origin-not-listed", "medium origin-not-allowed",
	},
	{
		"another origin, always", policy{allow: always("https://www.example.com")}, put,
		"preflight CORS check: Access-Control-Allow-Origin", "origin-not-listed", "medium origin-not-allowed",
	},
	{
		"a list of origins", policy{allow: always(page + ", https://www.example.com")}, put,
		"preflight CORS check: Access-Control-Allow-Origin", "malformed-origin", "medium ineffective",
	},
	{
		"an origin with a slash", policy{allow: always(page + "/")}, put,
		"preflight CORS check: Access-Control-Allow-Origin", "malformed-origin", "medium ineffective",
	},
	{
		"a pattern as origin", policy{allow: always("https://*.example.com")}, put,
		"preflight CORS check: Access-Control-Allow-Origin", "malformed-origin", "medium ineffective",
	},
	{"origins twice", policy{allow: only(page), lines: []string{fetch.AllowOrigin + ": " + page}}, put,
		"preflight CORS check: Access-Control-Allow-Origin", "duplicate-header", "medium duplicate"},
	{"an asterisk beside the origin", policy{allow: only(page), lines: []string{fetch.AllowOrigin + ": *"}}, get,
		"CORS check: Access-Control-Allow-Origin", "duplicate-header", "medium duplicate; info any-origin"},
	{
		"* in a call with cookies", policy{allow: always("*")}, putWithCookies,
		"preflight CORS check: Access-Control-Allow-Origin", "wildcard-with-credentials", "info any-origin",
	},
	{"* beside credentials", policy{allow: always("*"), lines: withCookies}, putWithCookies,
		"preflight CORS check: Access-Control-Allow-Origin", "wildcard-with-credentials",
		"medium ineffective; info any-origin"},
	{
		"no credentials", policy{allow: only(page)}, putWithCookies,
		"preflight CORS check: Access-Control-Allow-Credentials", "", "",
	},
	{"credentials in upper case", policy{
		allow: only(page), lines: []string{fetch.AllowCredentials + ": True"},
	}, putWithCookies,
		"preflight CORS check: Access-Control-Allow-Credentials", "", "medium ineffective"},
	{"credentials twice", policy{allow: only(page), lines: append(withCookies, withCookies...)}, putWithCookies,
		"preflight CORS check: Access-Control-Allow-Credentials", "duplicate-header", "medium duplicate"},
	{"origins three times", policy{
		allow: only(page), lines: []string{fetch.AllowOrigin + ": " + page, fetch.AllowOrigin + ": " + page},
	}, put,
		"preflight CORS check: Access-Control-Allow-Origin", "duplicate-header", "medium duplicate"},
	{
		"credentials on preflights alone", policy{allow: only(page), preflight: withCookies}, putWithCookies,
		"CORS check: Access-Control-Allow-Credentials", "", "",
	},

	// The lists.
	{
		"a method that is not listed", policy{allow: only(page), preflight: replace(fetch.AllowMethods, "DELETE")}, put,
		"preflight method: Access-Control-Allow-Methods", "", "",
	},
	{
		"no methods", policy{allow: only(page), preflight: []string{fetch.AllowMethods + ":"}}, put,
		"preflight method: Access-Control-Allow-Methods", "", "",
	},
	{
		"methods in lower case", policy{allow: only(page), preflight: replace(fetch.AllowMethods, "put, delete")}, put,
		"preflight method: Access-Control-Allow-Methods", "", "medium ineffective",
	},
	{
		"methods in quotes", policy{allow: only(page), preflight: replace(fetch.AllowMethods, `"PUT, DELETE"`)}, put,
		"preflight lists: Access-Control-Allow-Methods", "", "medium ineffective",
	},
	{
		"methods with semicolons", policy{allow: only(page), preflight: replace(fetch.AllowMethods, "GET; PUT")}, put,
		"preflight lists: Access-Control-Allow-Methods", "", "medium ineffective",
	},
	{"any method in a call with cookies", policy{
		allow: only(page), lines: withCookies, preflight: replace(fetch.AllowMethods, "*"),
	}, putWithCookies,
		"preflight method: Access-Control-Allow-Methods", "wildcard-with-credentials", "medium ineffective"},
	{"any header in a call with cookies", policy{
		allow: only(page), lines: withCookies, preflight: replace(fetch.AllowHeaders, "*"),
	}, putWithCookies,
		"preflight headers: Access-Control-Allow-Headers", "wildcard-with-credentials", "medium ineffective"},
	{"a method that the script wrote in lower case", policy{
		allow: only(page), preflight: replace(fetch.AllowMethods, "PATCH"),
	}, []string{"-X", "patch"},
		"preflight method: Access-Control-Allow-Methods", "method-case", ""},
	{
		"a header that is not listed", good, append([]string{"-H", "X-Tenant: 1"}, put...),
		"preflight headers: Access-Control-Allow-Headers", "", "",
	},
	{
		"headers in quotes", policy{allow: only(page), preflight: replace(fetch.AllowHeaders, `"Content-Type"`)}, put,
		"preflight lists: Access-Control-Allow-Headers", "", "medium ineffective",
	},
	{"a token under *", policy{
		allow: only(page), preflight: replace(fetch.AllowHeaders, "*"),
	}, []string{"-H", "Authorization: Bearer 1"},
		"", "standard-differs", ""},
	{
		"a response header that the page sends", good, []string{"-H", "Access-Control-Allow-Origin: *"},
		"preflight headers: Access-Control-Allow-Headers", "response-header-sent", "",
	},
	{
		"a max-age with a unit",
		policy{allow: only(page), preflight: replace(fetch.MaxAge, "10m")}, put, "", "", "medium ineffective",
	},
	{
		"methods twice", policy{allow: only(page), preflight: []string{fetch.AllowMethods + ": PUT, DELETE"}},
		put, "", "", "medium duplicate",
	},
	{
		"max-age twice",
		policy{allow: only(page), preflight: []string{fetch.MaxAge + ": 600"}}, put, "", "", "medium duplicate",
	},

	// Who is let in.
	{"everybody, by echo", policy{allow: echo}, put, "", "", "low any-origin"},
	{"everybody with cookies", policy{allow: echo, lines: withCookies}, put, "", "", "high any-origin"},
	{"everybody on https", policy{allow: matching("^https://")}, put, "", "", "low any-origin"},
	{"null", policy{allow: eitherOf(only(page), only("null"))}, put, "", "", "medium null-origin"},
	{
		"null with cookies",
		policy{allow: eitherOf(only(page), only("null")), lines: withCookies}, put, "", "", "high null-origin",
	},
	{
		"null alone", policy{allow: always("null")}, []string{"-origin", "null"}, "", "null-origin",
		"medium null-origin; medium origin-not-allowed",
	},
	{
		"what begins like the origin",
		policy{allow: matching("^https://app\\.example\\.com")}, put, "", "", "medium prefix-match",
	},
	{
		"what begins like the origin, with cookies",
		policy{allow: matching("^https://app\\.example\\.com"), lines: withCookies}, put, "", "", "high prefix-match",
	},
	{
		"what begins with the host",
		policy{allow: matching("^https://app\\.example\\.com($|[.])")}, put, "", "", "medium prefix-match",
	},
	{
		"what ends like the domain", policy{allow: matching("example\\.com$")}, put, "", "",
		"medium suffix-match; low insecure-scheme",
	},
	{
		"what ends like the host",
		policy{allow: matching("^https://.*app\\.example\\.com$"), lines: withCookies}, put, "", "", "high suffix-match",
	},
	{
		"what has the domain in it", policy{allow: matching("example\\.com")}, put, "", "",
		"medium prefix-match; medium suffix-match; low insecure-scheme",
	},
	{
		"a dot for any character", policy{allow: matching("^https://app.example.com$")}, put, "", "", "medium unescaped-dot",
	},
	{
		"a dot for any character, with cookies",
		policy{allow: matching("^https://app.example.com$"), lines: withCookies}, put, "", "", "high unescaped-dot",
	},
	{
		"the page without TLS",
		policy{allow: matching("^https?://app\\.example\\.com$")}, put, "", "", "low insecure-scheme",
	},
	{
		"the page without TLS, with cookies", policy{allow: matching("^https?://app\\.example\\.com$"), lines: withCookies},
		put, "", "", "medium insecure-scheme",
	},
	{
		"every subdomain", policy{allow: matching("^https://([a-z0-9-]+\\.)*example\\.com$"), lines: withCookies},
		put, "", "", "info any-subdomain",
	},
	{
		"every host under com", policy{allow: matching("\\.com$"), lines: withCookies}, put, "", "",
		"high suffix-match; medium insecure-scheme",
	},
	{
		"every port",
		policy{allow: matching("^https://app\\.example\\.com(:[0-9]+)?$"), lines: withCookies}, put, "", "", "low any-port",
	},
	{"everybody, on preflights alone", before(good, func(w http.ResponseWriter, r *http.Request) bool {
		if isPreflight(r) {
			policy{allow: echo, lines: withCookies}.ServeHTTP(w, r)
		}
		return isPreflight(r)
	}), put, "", "", "high any-origin"},
	{"everybody, to those with a cookie", before(policy{
		allow: always("*"), lines: withCookies,
	}, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Cookie") != "" {
			policy{allow: echo, lines: withCookies}.ServeHTTP(w, r)
		}
		return r.Header.Get("Cookie") != ""
	}), put, "", "", "high any-origin; medium ineffective"},
	{"everybody, and an empty header without Origin", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()[fetch.AllowOrigin] = []string{""}
		policy{allow: echo, lines: withCookies}.ServeHTTP(w, r)
	}), put, "", "", "high any-origin"},
	{"everybody without cookies, some with", before(policy{allow: echo}, func(w http.ResponseWriter,
		r *http.Request) bool {
		some := strings.HasPrefix(r.Header.Get("Origin"), page)
		if some {
			policy{allow: echo, lines: withCookies}.ServeHTTP(w, r)
		}
		return some
	}), put, "", "", "high prefix-match; low any-origin"},

	// Caches and the rest.
	{"no Vary", policy{allow: only(page), lines: []string{"Vary:"}}, put, "", "", "medium vary-missing"},
	{
		"Vary with Origin alone", before(good, says(func(r *http.Request) bool { return r.Header["Origin"] == nil }, 200)),
		put, "", "", "medium vary-missing",
	},
	{"Vary for those with an Origin alone, who get what the rest get", before(good, func(w http.ResponseWriter,
		r *http.Request) bool {
		if r.Header["Origin"] == nil {
			policy{allow: always(page), lines: []string{"Vary:"}}.ServeHTTP(w, r)
		}
		return r.Header["Origin"] == nil
	}), put, "", "", "medium vary-missing"},
	{
		"Vary for something else",
		policy{allow: only(page), lines: replace("Vary", "Accept-Encoding")}, put, "", "", "medium vary-missing",
	},
	{
		"* for those with an Origin",
		before(policy{allow: always("*"), lines: []string{"Vary:"}},
			says(func(r *http.Request) bool { return r.Header["Origin"] == nil }, 200)),
		put, "", "", "medium vary-missing; info any-origin",
	},
	{
		"errors without headers",
		before(good, says(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "corscheck-") }, 404)),
		put, "", "", "low errors-unreadable",
	},
	{
		"no max-age", policy{allow: only(page), preflight: []string{fetch.MaxAge + ":"}},
		put, "", "", "info preflight-uncached",
	},
	{"one method at a time", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		policy{
			allow: only(page), preflight: replace(fetch.AllowMethods, r.Header.Get("Access-Control-Request-Method")),
		}.ServeHTTP(w, r)
	}), put, "", "", "info preflight-uncached"},
	{"one method at a time, none for GET", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := strings.TrimSuffix(r.Header.Get("Access-Control-Request-Method"), "GET")
		policy{
			allow: only(page), preflight: []string{fetch.AllowMethods + ":", fetch.AllowMethods + ": " + method},
		}.ServeHTTP(w, r)
	}), put, "", "", "info preflight-uncached"},
	{"private networks", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			w.Header().Set("Access-Control-Allow-Private-Network", "true")
		}
		good.ServeHTTP(w, r)
	}), put, "", "", "info obsolete"},
}

// serve returns the URL of a path of a live server.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL + "/users/7"
}

// UnmarshalText reads a severity back.
func (s *severity) UnmarshalText(text []byte) error {
	*s = severity(slices.Index(severities, string(text)))
	return nil
}

// runJSON runs the command, and returns its exit status and what it wrote.
func runJSON(t *testing.T, into any, args ...string) int {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(append([]string{"-json"}, args...), nil, &stdout, &stderr, false)
	d := json.NewDecoder(&stdout)
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into), "%s%s", &stdout, &stderr)
	_, err := d.Token()
	require.ErrorIs(t, err, io.EOF, "one object and nothing else")
	return status
}

func TestBrokenServers(t *testing.T) {
	require.GreaterOrEqual(t, len(broken), 40)
	for _, tc := range broken {
		t.Run(tc.name, func(t *testing.T) {
			url := serve(t, tc.server)
			var o jsonOutcome
			status := runJSON(t, &o, append(append([]string{"-origin", page}, tc.call...), url)...)
			assert.Equal(t, tc.blame, blame(o))
			assert.Equal(t, tc.blame == "", o.Allowed)
			assert.Equal(t, map[bool]int{true: exitOK, false: exitFailed}[o.Allowed], status)
			hints := tc.hints
			if o.Allowed { // The server is on the machine of who checks.
				hints = strings.TrimSpace(hints + " local-network")
			}
			assert.Equal(t, hints, hintIDs(t, o.Hints))

			var a jsonAudit
			status = runJSON(t, &a, "-audit", "-origin", page, url)
			assert.Equal(t, tc.findings, findingIDs(t, a.Findings))
			assert.LessOrEqual(t, a.Requests, maxRequests)
			fails := strings.Contains(tc.findings, "high ") || strings.Contains(tc.findings, "medium ")
			assert.Equal(t, map[bool]int{true: exitFailed, false: exitOK}[fails], status)
		})
	}
}

// blame returns the step and the header that browsers blame.
func blame(o jsonOutcome) string {
	v := o.Engines["chromium"]
	if v.Allowed {
		return ""
	}
	return v.Step + ": " + v.Header
}

func hintIDs(t *testing.T, hints []note) string {
	t.Helper()
	var ids []string
	for _, h := range hints {
		ids = append(ids, h.ID)
		assert.NotEmpty(t, h.Detail)
	}
	return strings.Join(ids, " ")
}

func findingIDs(t *testing.T, findings []finding) string {
	t.Helper()
	var ids []string
	for _, f := range findings {
		ids = append(ids, f.Severity.String()+" "+f.ID)
		assert.NotEmpty(t, f.Detail, f.ID)
		assert.NotEmpty(t, f.Remedy, f.ID)
		assert.GreaterOrEqual(t, len(f.Evidence), 2, f.ID)
	}
	return strings.Join(ids, "; ")
}

// What the remedy says is true: with it the call passes in every engine, both with
// the header lines and with this library.
func TestFixWorks(t *testing.T) {
	for _, tc := range broken {
		t.Run(tc.name, func(t *testing.T) {
			args := append(append([]string{"-origin", page}, tc.call...), serve(t, tc.server))
			command, err := parse(args)
			require.NoError(t, err)
			o, err := check(t.Context(), &command.flags, &command.call)
			require.NoError(t, err)
			f := o.fix()
			if o.allowed() {
				assert.Nil(t, f.opts)
				return
			}
			require.NotNil(t, f.opts)
			require.NoError(t, f.opts.Validate())
			switch tc.name {
			case "a method that the script wrote in lower case":
				args = append(args, "-X", "PATCH") // as the hint says
			case "a response header that the page sends":
				args = []string{"-origin", page, args[len(args)-1]} // as the hint says
			}
			ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
			for name, h := range map[string]http.Handler{
				"library": cors.New(*f.opts)(ok),
				"lines": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					lines := f.actual
					if isPreflight(r) && f.preflight != nil {
						lines = f.preflight
					} else if isPreflight(r) {
						tc.server.ServeHTTP(w, r) // the preflight was fine
						return
					}
					for _, l := range lines {
						w.Header().Add(l.name, l.value)
					}
				}),
			} {
				args[slices.IndexFunc(args, func(s string) bool { return strings.HasPrefix(s, "http://127") })] = serve(t, h)
				var o jsonOutcome
				assert.Equal(t, exitOK, runJSON(t, &o, args...), "%s: %v", name, o.Engines)
			}
		})
	}
}

package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/internal/fetch"
)

// A rule decides as servers do that compare badly. It is asked about whole origins.
type rule func(origin string) bool

func (r rule) allow(origin string) string {
	if origin == page || origin != "" && r(origin) {
		return origin
	}
	return ""
}

func hasPrefix(prefix string) rule {
	return func(o string) bool { return strings.HasPrefix(o, prefix) }
}
func hasSuffix(suffix string) rule {
	return func(o string) bool { return strings.HasSuffix(o, suffix) }
}
func within(text string) rule  { return func(o string) bool { return strings.Contains(text, o) } }
func has(text string) rule     { return func(o string) bool { return strings.Contains(o, text) } }
func pattern(expr string) rule { return func(o string) bool { return matching(expr)(o) != "" } }

// byHost has a rule look at the host alone.
func byHost(f func(host string) bool) rule {
	return func(o string) bool {
		u, err := url.Parse(o)
		return err == nil && u.Hostname() != "" && f(u.Hostname())
	}
}

// Each way to compare badly is found, with credentials and without, whatever else the
// policy allows: the page and the sites that it names.
func TestHoles(t *testing.T) {
	const list = "https://www.example.com,https://app.example.com,https://example.com"
	for _, tc := range []struct {
		name string
		rule rule
		want string // of the findings with credentials; each has to be there, and no other
	}{
		{"begins with http://localhost", hasPrefix("http://localhost"), "high prefix-match"},
		{"begins with https://localhost", hasPrefix("https://localhost"), "high prefix-match"},
		{"begins with http://127.0.0.1", hasPrefix("http://127.0.0.1"), "high prefix-match"},
		{"has localhost in it", has("localhost"), "high prefix-match"},
		{"localhost without an end", pattern(`^https?://localhost`), "high prefix-match"},
		{"begins with the origin", hasPrefix(page), "high prefix-match"},
		{"begins with the domain", hasPrefix("https://example.com"), "high prefix-match"},
		{"begins with the first label", hasPrefix("https://app."), "high prefix-match"},
		{"the first label alone", byHost(func(h string) bool { return strings.Split(h, ".")[0] == "app" }),
			"high prefix-match; medium insecure-scheme"},
		{"has the host in it", has("app.example.com"), "high prefix-match; high suffix-match; medium insecure-scheme"},
		{"the origin in a joined list", within(list), "high substring-match"},
		{"the origin at the end of a joined list", within("https://www.example.com " + page), "high substring-match"},
		{"the host in a joined list",
			byHost(func(h string) bool { return strings.Contains("www.example.com,app.example.com", h) }),
			"high substring-match; medium insecure-scheme"},
		{"the end of a joined list", func(o string) bool {
			return strings.HasPrefix(list, o) || strings.HasPrefix(page, o)
		}, "high substring-match"},
		{"the host ends like the list", byHost(func(h string) bool { return strings.HasSuffix("app.example.com", h) }),
			"high substring-match; medium insecure-scheme"},
		{"ends with the domain", hasSuffix("example.com"), "high suffix-match; medium insecure-scheme"},
		{"ends with the host", hasSuffix("app.example.com"), "high suffix-match; medium insecure-scheme"},
		{"ends with com", hasSuffix(".com"), "high suffix-match; medium insecure-scheme"},
		{"a dot", pattern(`^https://app.example\.com$`), "high unescaped-dot"},
		{"a dot that is left out", pattern(`^https://app.?example\.com$`), "high unescaped-dot"},
		{"a wildcard for the domain", pattern(`^https://app\.[a-z]+\.com$`), "high domain-wildcard"},
		{"a wildcard for the end", pattern(`^https://app\.example\.[a-z]{2,3}$`), "high domain-wildcard"},
		{"a wildcard made an expression", pattern(`^https://.*.example.com$`), "high suffix-match"},
		{"an end that is forgotten", pattern(`^https://(www\.)?example\.com`), "high prefix-match"},
		{"ends of which each is for one", pattern(`^https://www\.example\.com|app\.example\.com$`),
			"high suffix-match; medium insecure-scheme"},
		{"everybody on vercel.app", hasSuffix(".vercel.app"), "high any-platform-host"},
		{"everybody on netlify.app", pattern(`^https://[a-z0-9-]+\.netlify\.app$`), "high any-platform-host"},
		{"everybody on github.dev", hasSuffix(".github.dev"), "high any-platform-host"},
		{"everybody on app.github.dev", pattern(`^https://[a-z0-9-]+\.app\.github\.dev$`), "high any-platform-host"},
		{"everybody on pages.dev", pattern(`^https://([a-z0-9-]+\.)*pages\.dev$`), "high any-platform-host"},
		{"everybody on github.io", hasSuffix("github.io"), "high any-platform-host"},
		{"everybody on web.app", hasSuffix(".web.app"), "high any-platform-host"},
		{"everybody on herokuapp.com", hasSuffix(".herokuapp.com"), "high any-platform-host"},
		{"everybody on onrender.com", hasSuffix(".onrender.com"), "high any-platform-host"},
		{"everybody on workers.dev", hasSuffix(".workers.dev"), "high any-platform-host"},
		{"everybody on gitpod.io", hasSuffix(".gitpod.io"), "high any-platform-host"},
		{"previews by the project's name", pattern(`^https://example-[a-z0-9-]+\.vercel\.app$`), "high any-platform-host"},
		{"previews by the team's name", hasSuffix("-example.vercel.app"), "high any-platform-host"},
		{"previews that end in the project's name", pattern(`^https://[a-z0-9-]+--example\.netlify\.app$`),
			"high any-platform-host"},
		{"a local network", hasPrefix("http://192.168."), "high prefix-match"},
		{"a local network in whole", pattern(`^http://192\.168\.\d+\.\d+(:\d+)?$`), "medium lan-origin"},
		{"a local network with a port", pattern(`^http://192\.168\.\d+\.\d+:\d+$`), "medium lan-origin"},
		{"a local network without a port", pattern(`^http://192\.168\.\d+\.\d+$`), "medium lan-origin"},
		{"the network of a home", hasPrefix("http://192.168.1."), "high prefix-match"},
		{"the network of another home", pattern(`^http://192\.168\.0\.\d+:\d+$`), "medium lan-origin"},
		{"the network of an office", hasPrefix("http://10.0."), "high prefix-match"},
		{"another local network", hasPrefix("http://10."), "high prefix-match"},
		{"a third local network", pattern(`^http://172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$`), "medium lan-origin"},
		{"local networks", byHost(func(h string) bool { return isLocal(h) && !isLoopback(h) }), "medium lan-origin"},
		{"every extension of Chromium", hasPrefix("chrome-extension://"), "high any-extension"},
		{"every extension of Firefox", hasPrefix("moz-extension://"), "high any-extension"},
		{"every extension of Safari", hasPrefix("safari-web-extension://"), "high any-extension"},
		{"every other scheme", func(o string) bool { return !strings.HasPrefix(o, "http") && o != "null" },
			"high any-extension"},
		{"without TLS", byHost(func(h string) bool { return h == "app.example.com" }),
			"medium insecure-scheme; low any-port"},
		{"every port", pattern(`^https://app\.example\.com(:\d+)?$`), "low any-port"},
		{"every port of localhost", pattern(`^http://localhost(:\d+)?$`), "low any-port"},
		{"null", func(o string) bool { return o == "null" }, "high null-origin"},
		{"subdomains", pattern(`^https://([a-z0-9-]+\.)*example\.com$`), "info any-subdomain"},
		{"everybody", func(string) bool { return true }, "high any-origin"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var a jsonAudit
			status := runJSON(t, &a, "-audit", "-origin", page, serve(t, policy{allow: tc.rule.allow, lines: withCookies}))
			got := findingIDs(t, a.Findings)
			if strings.Contains(got, "low any-port") && !strings.Contains(tc.want, "any-port") {
				got = strings.TrimSuffix(got, "; low any-port") // which follows from most of them
			}
			assert.Equal(t, tc.want, got)
			assert.LessOrEqual(t, a.Requests, maxRequests)
			fails := strings.Contains(got, "high") || strings.Contains(got, "medium")
			assert.Equal(t, map[bool]int{true: exitFailed, false: exitOK}[fails], status)

			var b jsonAudit
			runJSON(t, &b, "-audit", "-origin", page, serve(t, policy{allow: tc.rule.allow}))
			ids := func(found []finding) (ids []string) {
				for _, f := range found {
					ids = append(ids, f.ID)
				}
				slices.Sort(ids)
				return ids
			}
			assert.Equal(t, ids(a.Findings), ids(b.Findings), "without credentials")
		})
	}
}

// carrying has one layer answer requests that have a header, and another the rest.
func carrying(name string, with, without http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(name) != "" {
			with.ServeHTTP(w, r)
			return
		}
		without.ServeHTTP(w, r)
	})
}

// Holes that open to some requests alone.
func TestHolesForSomeRequests(t *testing.T) {
	open := policy{allow: echo, lines: withCookies}
	closed := policy{allow: only(page), lines: withCookies}
	begins := policy{allow: matching(`^https://app\.example\.com`), lines: withCookies}
	openToAll := policy{allow: echo, lines: append([]string{"Vary:"}, withCookies...)}
	platform := policy{allow: rule(hasSuffix(".web.app")).allow, lines: withCookies}
	for _, tc := range []struct {
		name   string
		server http.Handler
		args   []string
		want   string
	}{
		{"an echo to those with a cookie", carrying("Cookie", open, closed), nil, "high any-origin"},
		{"an echo to those with Authorization", carrying("Authorization", open, closed), nil, "high any-origin"},
		{"an echo to those with a cookie, nothing to the rest", carrying("Cookie", open, policy{}), nil,
			"high any-origin; medium preflight-fails"},
		{"an echo to those with Authorization, nothing to the rest", carrying("Authorization", open, policy{}), nil,
			"high any-origin; medium preflight-fails"},
		{"a hole for those with a cookie, nothing to the rest", carrying("Cookie", begins, policy{}), nil,
			"high prefix-match; medium preflight-fails"},
		{"an echo to those with the cookie that is named", carrying("Cookie", open, closed), []string{"-b", "a=1"},
			"high any-origin"},
		{"an echo to those with Authorization, and a cookie that is named", carrying("Authorization", open, closed),
			[]string{"-b", "a=1"}, "high any-origin"},
		{"an echo to those with Authorization that is named", carrying("Authorization", open, closed),
			[]string{"-H", "authorization: x"},
			"high any-origin; medium call-fails"}, // its preflight does not allow the header
		{"* for all, and an echo without credentials to those with a cookie", carrying("Cookie", policy{allow: echo},
			policy{allow: always("*")}), nil, "info any-origin"},
		{"a hole in preflights", carrying("Access-Control-Request-Method", begins, closed), nil, "high prefix-match"},
		{"a hole in GET", carrying("Access-Control-Request-Method", closed, begins), nil, "high prefix-match"},
		{"a hole in preflights, where GET needs a login", carrying("Access-Control-Request-Method", begins,
			before(nil, says(onAll, 401))), nil,
			"high prefix-match; medium call-fails"},
		{"one origin for all, and an echo to those with a cookie, by which it varies", carrying("Cookie",
			policy{allow: echo, lines: append(replace("Vary", "Cookie"), withCookies...)},
			policy{allow: always(page), lines: append(replace("Vary", "Cookie"), withCookies...)}), nil, "high any-origin"},
		{"a platform in preflights, where GET needs a login",
			carrying("Access-Control-Request-Method", platform, before(nil, says(onAll, 401))), nil,
			"high any-platform-host; medium call-fails"},
		{"a hole to those with a cookie, * to the rest", carrying("Cookie", begins, policy{
			allow: always("*"), lines: withCookies,
		}), nil,
			"high prefix-match; medium ineffective; info any-origin"},
		{"a hole behind a cache", carrying("Access-Control-Request-Method", closed, aCache(openToAll, page)), nil,
			"high any-origin; medium vary-missing"},
		{"a hole behind a cache that says so",
			carrying("Access-Control-Request-Method", closed, aCache(begins, page, "X-Cache: HIT")), nil, "high prefix-match"},
		{"a hole behind a cache for nobody", carrying("Access-Control-Request-Method", closed,
			aCache(begins, "https://stranger.example")), nil,
			"high prefix-match; medium call-fails"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var a jsonAudit
			runJSON(t, &a, append(append([]string{"-audit", "-origin", page}, tc.args...), serve(t, tc.server))...)
			assert.Equal(t, tc.want, strings.TrimSuffix(findingIDs(t, a.Findings), "; low any-port"))
		})
	}
}

// aCache keeps the answer to the first GET of each URL for everybody, whatever Vary says.
// The first was that for an origin.
func aCache(h http.Handler, origin string, lines ...string) http.Handler {
	kept := make(map[string]http.Header)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			if r.URL.RawQuery != "" { // only what is cached needs one
				w.WriteHeader(http.StatusTeapot)
				return
			}
			h.ServeHTTP(w, r)
			return
		}
		header, ok := kept[r.URL.String()]
		if !ok {
			first := r.Clone(r.Context())
			if len(kept) == 0 {
				first.Header.Set("Origin", origin)
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, first)
			header = rec.Header()
			kept[r.URL.String()] = header
		} else {
			for _, l := range lines {
				name, value, _ := strings.Cut(l, ": ")
				w.Header().Set(name, value)
			}
		}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(http.StatusOK)
	})
}

// An audit is not green where the page that it is for cannot make its call.
func TestCallsThatFail(t *testing.T) {
	other := "https://www.example.com"
	both := eitherOf(only(page), only(other))
	notFor := func(status int, lines ...string) http.Handler {
		return before(good, says(func(r *http.Request) bool { return !onOptions(r) }, status, lines...))
	}
	for _, tc := range []struct {
		name   string
		server http.Handler
		args   []string
		want   string
	}{
		{"headers on preflights alone", policy{allow: only(page), actual: []string{fetch.AllowOrigin + ":"}}, nil,
			"medium call-fails"},
		{"a preflight for all", carrying("Access-Control-Request-Method", policy{allow: echo}, policy{}), nil,
			"medium call-fails; low any-origin"},
		{"a login outside", notFor(401, "WWW-Authenticate: Basic"), nil, "medium call-fails"},
		{"a path that is not there", notFor(404), nil, "medium call-fails"},
		{"a rate limit that is always over", notFor(429), nil, "medium call-fails"},
		{"an origin with a slash in GET", carrying("Access-Control-Request-Method", good, policy{
			allow: always(page + "/"),
		}), nil,
			"medium ineffective"},
		{"a crash outside", notFor(500), nil, "medium call-fails"},
		{"a redirect outside", notFor(302, "Location: /users/8"), nil, "medium call-fails"},
		{"a redirect inside", policy{allow: only(page), status: 302, actual: []string{"Location: /users/8"}}, nil, ""},
		{"a redirect of everything", before(nil, says(onAll, 301, "Location: /users/7/")), nil, "medium preflight-fails"},
		{"no GET, for a PUT", notFor(405, "Allow: PUT"), []string{"-X", "PUT"}, ""},
		{"another origin in GET", carrying("Access-Control-Request-Method", good, policy{allow: always(other)}), nil,
			"medium call-fails"},
		{"a cache for another page", aCache(policy{allow: both}, other), nil, "medium call-fails"},
		{"a cache for another page, with cookies", aCache(policy{allow: both, lines: withCookies}, other, "Age: 10"), nil,
			"medium call-fails"},
		{"a cache for nobody", aCache(policy{allow: both}, "https://stranger.example"), nil, "medium call-fails"},
		{"a cache for this page", aCache(policy{allow: both}, page, "Age: 10"), nil, ""},
		{"a method that is not listed", good, []string{"-X", "PATCH"}, "medium call-fails"},
		{"a method that is listed", good, []string{"-X", "DELETE"}, ""},
		{"a header that is not listed", good, []string{"-H", "X-Tenant: 1"}, "medium call-fails"},
		{"cookies that are not allowed", good, []string{"-b", "a=1"}, "medium call-fails"},
		{"cookies for everybody", policy{allow: always("*")}, []string{"-credentials"},
			"medium call-fails; info any-origin"},
		{"cookies that are allowed", policy{allow: only(page), lines: withCookies}, []string{"-b", "a=1"}, ""},

		{"an origin that is not listed", policy{allow: only(other)}, nil, "medium origin-not-allowed"},
		{"another origin, always", policy{allow: always(other)}, nil, "medium origin-not-allowed"},
		{"a slip in the origin", good, []string{"-origin", "https://ap.example.com"}, "medium origin-not-allowed"},
		{"an origin with a port", good, []string{"-origin", page + ":8443"}, "medium origin-not-allowed"},
		{"no CORS", before(nil, says(onAll, 200)), nil, "medium origin-not-allowed"},
		{"a 403 of the layer", before(good, says(func(r *http.Request) bool { return r.Header.Get("Origin") != "" }, 403)),
			nil, "medium origin-not-allowed"},
		{"a 401 for all but OPTIONS", before(nil, says(onAll, 401)), nil, "medium preflight-fails"},
		{"a server that is down", before(nil, says(onAll, 502)), nil, "medium preflight-fails"},
		{"an origin with a slash", policy{allow: always(page + "/")}, nil, "medium ineffective"},
		{"nothing behind a proxy that has the layer", policy{allow: only(page), status: 502}, nil, "medium call-fails"},
		{"a slow server behind such a proxy", policy{allow: only(page), status: 504}, nil, "medium call-fails"},
		{"a crash inside", policy{allow: only(page), status: 500}, nil, ""},
		{"an old version of HTTP inside", policy{allow: only(page), status: 505}, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var a jsonAudit
			args := append([]string{"-audit", "-origin", page}, tc.args...)
			status := runJSON(t, &a, append(args, serve(t, tc.server))...)
			assert.Equal(t, tc.want, findingIDs(t, a.Findings))
			assert.Equal(t, map[bool]int{true: exitFailed, false: exitOK}[strings.Contains(tc.want, "medium")], status)
			assert.Empty(t, a.Hints)
			if strings.Contains(tc.name, "a cache for") && tc.want != "" {
				assert.Contains(t, a.Findings[0].Detail, "A cache hands the page of "+page)
			}
		})
	}
}

// Where requests are left, strangers are asked in the other way too.
func TestHoleInPreflightsAlone(t *testing.T) {
	const origin = "http://localhost:3000"
	exact := policy{allow: only(origin), lines: withCookies}
	holed := policy{allow: eitherOf(only(origin), matching(`\.vercel\.app$`)), lines: withCookies}
	var a jsonAudit
	runJSON(t, &a, "-audit", "-origin", origin, serve(t, carrying("Access-Control-Request-Method", holed, exact)))
	assert.Equal(t, "high any-platform-host", findingIDs(t, a.Findings))
}

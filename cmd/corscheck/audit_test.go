package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/internal/fetch"
)

// Nothing from medium upwards is found in these.
func TestSoundServers(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "corscheck-") {
			http.NotFound(w, r)
		}
	})
	library := func(opts cors.Options) http.Handler { return cors.New(opts)(ok) }
	lists := cors.Options{AllowedMethods: []string{"PUT", "DELETE"}, AllowedHeaders: []string{"Content-Type"},
		MaxAge: time.Hour}
	with := func(origins []string, change func(o *cors.Options)) cors.Options {
		o := lists
		o.AllowedOrigins = origins
		if change != nil {
			change(&o)
		}
		return o
	}
	cookies := func(o *cors.Options) { o.AllowCredentials = true }
	mux := http.NewServeMux()
	mux.Handle("GET /users/{id}", library(with([]string{page}, cookies)))
	mux.Handle("PUT /users/{id}", library(with([]string{page}, cookies)))

	for _, tc := range []struct {
		name     string
		server   http.Handler
		findings string
	}{
		{"this library", library(with([]string{page}, nil)), ""},
		{"this library with cookies", library(with([]string{page}, cookies)), ""},
		{"this library with many origins", library(with([]string{"https://www.example.com", page, "http://localhost:3000"},
			cookies)), ""},
		{"this library without max-age", library(cors.Options{AllowedOrigins: []string{page}}), "info preflight-uncached"},
		{"this library that keeps nothing", library(with([]string{page}, func(o *cors.Options) { o.MaxAge = -1 })), ""},
		{"this library for everybody", library(with([]string{"*"}, nil)), "info any-origin"},
		{"this library with subdomains", library(with([]string{"https://*.example.com"}, cookies)), "info any-subdomain"},
		{"this library with ports", library(with([]string{page + ":*"}, cookies)), "low any-port"},
		{"this library with previews", library(with([]string{page, "https://app-*.example.com"}, cookies)), ""},
		{"this library with any method and header, with cookies", library(with([]string{page}, func(o *cors.Options) {
			o.AllowedMethods, o.AllowedHeaders, o.AllowCredentials = []string{"*"}, []string{"*"}, true
		})), "info preflight-uncached"},
		{"this library with any method and header", library(with([]string{page}, func(o *cors.Options) {
			o.AllowedMethods, o.AllowedHeaders, o.ExposedHeaders = []string{"*"}, []string{"*"}, []string{"*"}
		})), ""},
		{"this library with a function", library(with(nil, func(o *cors.Options) {
			o.AllowOriginFunc = func(_ *http.Request, origin string) bool { return origin == page }
			o.AllowCredentials, o.AllowOriginVary = true, []string{"X-Tenant"}
		})), ""},
		{"this library with a status of 200",
			library(with([]string{page}, func(o *cors.Options) { o.OptionsSuccessStatus = 200 })), ""},
		{"this library that runs the handler on preflights", library(with([]string{page},
			func(o *cors.Options) { o.OptionsPassthrough = true })), ""},
		{"this library for many sites and tools", library(with([]string{
			page, "https://example.co", "https://example.bid", "https://app.example.co", "https://localhost",
			"http://localhost:3000",
			"http://192.168.1.10:3000", "https://example.vercel.app", "https://example.github.io",
			"chrome-extension://abcdefghijklmnopabcdefghijklmnop",
		}, func(o *cors.Options) { o.AllowCredentials, o.DangerouslyAllowInsecureOrigins = true, true })), ""},
		{"this library by route", cors.RoutePreflights(mux), "low errors-unreadable"},
		{"this library before a login", cors.New(with([]string{page}, cookies))(before(nil, says(onAll, 401))), ""},
		{"headers by hand", good, ""},
		{"headers by hand, with cookies", policy{allow: only(page), lines: withCookies}, ""},
		{"* by hand", policy{allow: always("*")}, "info any-origin"},
		{"one origin for all", policy{allow: always(page), lines: []string{"Vary:"}}, ""},
		{"no Vary where no cache may keep it", policy{allow: only(page), lines: replace("Vary", "Accept-Encoding"),
			actual: []string{"Cache-Control: private, no-store"}}, ""},
		{"Vary in another case, among others", policy{allow: only(page), lines: replace("Vary",
			"accept-encoding, origin")}, ""},
		{"Vary: *", policy{allow: only(page), lines: replace("Vary", "*")}, ""},
		{"a list in several lines", policy{allow: only(page), preflight: []string{fetch.AllowMethods + ": PATCH"}}, ""},
		{"a negative max-age", policy{allow: only(page), preflight: replace(fetch.MaxAge, "-1")}, ""},
		{"a start page at every other path, which is no error", before(good,
			says(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "corscheck-") }, 200)), ""},
		{"credentials that are false", policy{allow: only(page), lines: []string{fetch.AllowCredentials + ": false"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var a jsonAudit
			status := runJSON(t, &a, "-audit", "-origin", page, serve(t, tc.server))
			assert.Equal(t, tc.findings, findingIDs(t, a.Findings))
			assert.Equal(t, exitOK, status)
		})
	}
}

func TestAuditOfOtherOrigins(t *testing.T) {
	for _, tc := range []struct {
		origin   string
		allow    string
		findings string
	}{
		{"https://shop.github.io", `^https://[a-z0-9]+\.github\.io$`, "high any-subdomain"},
		{"https://example.com", `\.com$`, "high any-subdomain; medium insecure-scheme"},
		{"https://example.com", `^https://([a-z0-9]+\.)?example\.com$`, "info any-subdomain"},
		{"https://example.com", `^https://.*example\.com$`, "high suffix-match"},
		{"https://a.b.example.co.uk", `^https://a\.b\.example\.co\.uk$`, ""},
		{"https://a.b.example.co.uk", `^https://a\.b.example\.co\.uk$`, "high unescaped-dot"},
		{"http://localhost:3000", `^http://localhost:3000$`, ""},
		{"http://localhost:3000", `^http://localhost:`, "low any-port"},
		{"http://localhost:3000", `^http://localhost`, "high prefix-match"},
		{"http://localhost:3000", `:3000$`, "high any-origin"},
		{"http://192.168.1.10:3000", `^http://192\.168\.1\.\d+:3000$`, "medium lan-origin"},
		{"http://192.168.1.10:3000", `^http://192\.168\.1\.`, "high prefix-match"},
		{"https://shop.vercel.app", `^https://shop-[a-z0-9]+\.vercel\.app$|^https://shop\.vercel\.app$`,
			"high domain-wildcard"},
		{"https://shop.vercel.app", `^https://([a-z0-9-]+-)?shop\.vercel\.app$`, "high domain-wildcard"},
		{"https://3000-shop.app.github.dev", `^https://[a-z0-9-]+\.app\.github\.dev$`, "high any-subdomain"},
		{"https://example.com", `^https://(www)?example[-.a-z]*\.com$`, "high domain-wildcard"},
		{"https://app.example.co.uk", `^https://app\.example.co\.uk$`, "high unescaped-dot"},
		{"https://app.example.co.uk", `\.co\.uk$`, "high any-subdomain; medium insecure-scheme"},
		{"http://localhost:3000", `localhost:3000$`, "high suffix-match"},
		{"http://127.0.0.1:3000", `127.0.0.1`, "high prefix-match"},
		{"http://[::1]:3000", `^http://\[::1\]:`, "low any-port"},
		{"https://app.example.com:8443", `^https?://app\.example\.com:8443$`, "medium insecure-scheme"},
		{"http://localhost:3000", `^http://localhost:3000`, "low any-port"},
		{"https://app.example.com:65535", `^https://app\.example\.com:65535`, ""}, // there is no longer port
		{"https://app.example.com", `^https://app[.-]example\.com$`, "high suffix-match"},
		{"https://app.example.com", `^https://(\w+[.-])*example\.com$`, "high suffix-match; info any-subdomain"},
		{"https://app.example.com", `^https://app.example\.com$`, "high unescaped-dot"}, // and no hyphen besides
		{"https://app.example.com", `^https://app`, "high prefix-match"},
		{"https://shop.netlify.app", `^https://([a-z0-9-]+--)?shop\.netlify\.app$`, ""}, // its own deploys
		{"https://app.example.com", `^https://(app\.example\.com|[a-z0-9-]+--example\.netlify\.app)$`,
			"high any-platform-host"},
		{"capacitor://localhost", `^capacitor://localhost$`, ""},
		{"https://app.example.com", `^https://(app\.example\.com|127\.0\.0\.1)`, "high prefix-match"},
		{"https://app.example.com", `^(https://app\.example\.com|http://127\.0\.0\.1)`, "high prefix-match"}, // twice
	} {
		t.Run(tc.origin+" "+tc.allow, func(t *testing.T) {
			var a jsonAudit
			runJSON(t, &a, "-audit", "-origin", tc.origin, serve(t, policy{allow: matching(tc.allow), lines: withCookies}))
			assert.Equal(t, tc.findings, findingIDs(t, a.Findings))
			assert.Empty(t, a.Hints)
		})
	}
}

// A server that fails on everything is to be mended, and not its CORS layer.
func TestAuditOfADeadServer(t *testing.T) {
	for _, tc := range []struct {
		preflight, get int
		remedy         string
	}{
		{502, 502, "The server fails on GET too"},
		{500, 500, "The server fails on GET too"},
		{500, 499, "Answer OPTIONS"},
		{499, 500, "Answer OPTIONS"},
	} {
		var a jsonAudit
		runJSON(t, &a, "-audit", "-origin", page, serve(t, before(nil, func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(map[bool]int{true: tc.preflight, false: tc.get}[onOptions(r)])
			return true
		})))
		assert.Equal(t, "medium preflight-fails", findingIDs(t, a.Findings))
		assert.Contains(t, a.Findings[0].Remedy, tc.remedy, "%+v", tc)
	}
}

// The detail says what the server may have meant.
func TestDetailOfAHyphen(t *testing.T) {
	detail := func(allow string) string {
		var a jsonAudit
		runJSON(t, &a, "-audit", "-origin", page, serve(t, policy{allow: matching(allow), lines: withCookies}))
		require.NotEmpty(t, a.Findings)
		return a.Findings[0].Detail
	}
	assert.Contains(t, detail(`^https://app[.-]example\.com$`), "app-example.com can make calls")
	assert.Contains(t, detail(`^https://app[.-]example\.com$`), "a hyphen for a dot")
	assert.NotContains(t, detail(`example\.com$`), "hyphen")
}

func TestStrangers(t *testing.T) {
	for _, tc := range []struct {
		origin, url string
		want        []string
	}{
		{"https://app.example.com", "https://api.example.com/users/7", []string{
			"any-origin https://random.example",
			"null-origin null",
			"any-origin https://random.example Cookie",
			"any-origin https://random.example Authorization",
			"prefix-match https://app.example.com.random.example",
			"any-subdomain https://random.example.com",
			"any-subdomain https://random.app.example.com",
			"suffix-match https://randomexample.com",
			"suffix-match https://randomapp.example.com",
			"unescaped-dot https://appxexample.com",
			"insecure-scheme http://app.example.com",
			"any-port https://app.example.com:49321",
			"substring-match https://app.example.c",
			"substring-match https://xample.com",
			"suffix-match https://app-example.com",
			"domain-wildcard https://app.random.com",
			"domain-wildcard https://app.example.bid",
			"prefix-match https://app.random.example",
			"prefix-match https://example.com.random.example",
			"prefix-match http://localhost.random.example",
			"prefix-match http://127.0.0.1.random.example",
			"any-platform-host https://random.vercel.app",
			"any-platform-host https://random.netlify.app",
			"any-platform-host https://random.github.dev",
			"any-platform-host https://random.pages.dev",
			"any-platform-host https://random.github.io",
			"any-platform-host https://random-3000.app.github.dev",
			"any-platform-host https://example-random.vercel.app",
			"any-platform-host https://random-example.vercel.app",
			"any-platform-host https://random--example.netlify.app",
			"any-extension chrome-extension://cboepncboepncboepncboepncboepncb",
			"any-extension moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
			"lan-origin http://192.168.1.221:3000",
			"lan-origin http://192.168.1.221",
			"lan-origin http://192.168.0.221:3000",
			"lan-origin http://10.0.0.221:3000",
			"lan-origin http://172.16.0.221",
			"prefix-match https://api.example.com.random.example",
			"any-subdomain https://random.api.example.com",
			"suffix-match https://randomapi.example.com",
			"unescaped-dot https://apixexample.com",
			"any-platform-host https://random.web.app",
			"any-platform-host https://random.herokuapp.com",
			"any-platform-host https://random.ngrok-free.app",
			"any-platform-host https://random.onrender.com",
			"any-platform-host https://random.workers.dev",
			"any-platform-host https://random.gitpod.io",
			"any-platform-host https://random.azurestaticapps.net",
			"any-platform-host https://random.lovable.app",
			"any-extension safari-web-extension://2C127FA4-62C7-7E4F-90E5-472B45EECFDC",
			"any-port http://localhost:49321",
			"prefix-match https://localhost.random.example",
		}},
		{"http://localhost:49321", "http://127.0.0.1:5000", []string{
			"any-origin https://random.example",
			"null-origin null",
			"any-origin https://random.example Cookie",
			"any-origin https://random.example Authorization",
			"prefix-match http://localhost.random.example:49321",
			"any-subdomain http://random.localhost:49321",
			"suffix-match http://randomlocalhost:49321",
			"any-port http://localhost:49322",
			"substring-match http://localhos",
			"prefix-match http://localhost.random.example",
			"prefix-match http://127.0.0.1.random.example",
			"any-platform-host https://random.vercel.app",
			"any-platform-host https://random.netlify.app",
			"any-platform-host https://random.github.dev",
			"any-platform-host https://random.pages.dev",
			"any-platform-host https://random.github.io",
			"any-platform-host https://random-3000.app.github.dev",
			"any-extension chrome-extension://cboepncboepncboepncboepncboepncb",
			"any-extension moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
			"lan-origin http://192.168.1.221:3000",
			"lan-origin http://192.168.1.221",
			"lan-origin http://192.168.0.221:3000",
			"lan-origin http://10.0.0.221:3000",
			"lan-origin http://172.16.0.221",
			"prefix-match http://127.0.0.1.random.example:5000",
			"any-platform-host https://random.web.app",
			"any-platform-host https://random.herokuapp.com",
			"any-platform-host https://random.ngrok-free.app",
			"any-platform-host https://random.onrender.com",
			"any-platform-host https://random.workers.dev",
			"any-platform-host https://random.gitpod.io",
			"any-platform-host https://random.azurestaticapps.net",
			"any-platform-host https://random.lovable.app",
			"any-extension safari-web-extension://2C127FA4-62C7-7E4F-90E5-472B45EECFDC",
			"prefix-match https://localhost.random.example",
			"any-origin http://random.example:49321",
		}},
		{"https://shop.vercel.app", "https://api.up.railway.app", []string{
			"any-origin https://random.example",
			"null-origin null",
			"any-origin https://random.example Cookie",
			"any-origin https://random.example Authorization",
			"prefix-match https://shop.vercel.app.random.example",
			"any-subdomain https://random.vercel.app",
			"any-subdomain https://random.shop.vercel.app",
			"suffix-match https://randomshop.vercel.app",
			"unescaped-dot https://shopxvercel.app",
			"insecure-scheme http://shop.vercel.app",
			"any-port https://shop.vercel.app:49321",
			"substring-match https://shop.v",
			"substring-match https://hop.vercel.app",
			"domain-wildcard https://shop.bid",
			"domain-wildcard https://shop-random.vercel.app",
			"domain-wildcard https://random-shop.vercel.app",
			"prefix-match https://shop.random.example",
			"prefix-match http://localhost.random.example",
			"prefix-match http://127.0.0.1.random.example",
			"any-platform-host https://random.netlify.app",
			"any-platform-host https://random.github.dev",
			"any-platform-host https://random.pages.dev",
			"any-platform-host https://random.github.io",
			"any-platform-host https://random-3000.app.github.dev",
			"any-platform-host https://random--shop.netlify.app",
			"any-extension chrome-extension://cboepncboepncboepncboepncboepncb",
			"any-extension moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
			"lan-origin http://192.168.1.221:3000",
			"lan-origin http://192.168.1.221",
			"lan-origin http://192.168.0.221:3000",
			"lan-origin http://10.0.0.221:3000",
			"lan-origin http://172.16.0.221",
			"prefix-match https://api.up.railway.app.random.example",
			"any-subdomain https://random.up.railway.app",
			"any-subdomain https://random.api.up.railway.app",
			"suffix-match https://randomapi.up.railway.app",
			"unescaped-dot https://apixup.railway.app",
			"unescaped-dot https://api.upxrailway.app",
			"any-platform-host https://random.web.app",
			"any-platform-host https://random.herokuapp.com",
			"any-platform-host https://random.ngrok-free.app",
			"any-platform-host https://random.onrender.com",
			"any-platform-host https://random.workers.dev",
			"any-platform-host https://random.gitpod.io",
			"any-platform-host https://random.azurestaticapps.net",
			"any-platform-host https://random.lovable.app",
			"any-extension safari-web-extension://2C127FA4-62C7-7E4F-90E5-472B45EECFDC",
			"any-port http://localhost:49321",
			"prefix-match https://localhost.random.example",
		}},
	} {
		t.Run(tc.origin, func(t *testing.T) {
			var got []string
			for _, s := range strangersOf(t, tc.origin, tc.url) {
				got = append(got, strings.TrimSpace(s.id+" "+s.origin+" "+s.with))
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

func strangersOf(t *testing.T, origin, url string) []stranger {
	t.Helper()
	_, c, err := parseArgs([]string{"-audit", "-origin", origin, url}, nil)
	require.NoError(t, err)
	p, err := planAudit(c)
	require.NoError(t, err)
	return (&audit{call: c, plan: p, random: "random"}).newStrangers()
}

// Where the origin of the policy is what a stranger would have, the stranger has another.
func TestStrangersGiveWay(t *testing.T) {
	for origin, want := range map[string]string{
		"https://app.example.com":   "https://app.example.bid",
		"https://app.example.bid":   "https://app.example.win",
		"http://192.168.7.10":       "http://192.168.7.222",
		"http://192.168.7.222":      "http://192.168.7.223",
		"http://a.example":          "http://a.example:49321",
		"http://a.example:49321":    "http://a.example:49322",
		"http://192.168.7.222:8080": "http://192.168.7.223:8080",
	} {
		var origins []string
		for _, s := range strangersOf(t, origin, api) {
			origins = append(origins, s.origin)
		}
		assert.Contains(t, origins, want, origin)
	}
}

// Whatever the origin of the policy is: each stranger has an origin that a page can have,
// and none is the policy's own or comes twice.
func TestStrangersOfAnyOrigin(t *testing.T) {
	for _, origin := range []string{
		"https://example.com", "https://a.b.example.co.uk", "https://x.com", "https://t.co", "https://a-b.example.de",
		"https://com",
		"https://github.io", "https://a.github.io", "https://3000-x.ws-eu1.gitpod.io", "http://localhost",
		"http://localhost:49321", "http://a:1",
		"http://192.168.1.10:8080", "http://192.168.49.21", "http://10.0.0.21", "https://[2001:db8::1]:8443",
		"capacitor://localhost",
		"https://xn--bcher-kva.example", "https://a.b.c.d.e.f.g.h.i.j.example.co.uk", "https://-.example.com",
		"chrome-extension://abcdefghijklmnopabcdefghijklmnop",
	} {
		for _, url := range []string{"http://127.0.0.1:5000", "https://api.example.com", "https://api.vercel.app:8443",
			"https://192.168.1.20"} {
			seen := map[string]bool{origin: true}
			strangers := strangersOf(t, origin, url)
			for _, s := range strangers {
				assert.False(t, seen[s.origin+s.with], "%s of %s", s.origin, origin)
				seen[s.origin+s.with] = true
				assert.True(t, isOrigin(s.origin) || s.id == "any-extension" || strings.HasPrefix(s.origin, "capacitor:"),
					"%s of %s", s.origin, origin)
				assert.NotContains(t, s.origin, "..")
				assert.NotEmpty(t, s.id)
			}
			assert.Less(t, len(strangers), maxRequests, origin)
		}
	}
}

// The audit asks one thing after the other, writes nothing, and says who it is.
func TestAuditIsGentle(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	deepest := "https://a.b.c.d.e.f.g.example.co.uk"
	inner := policy{allow: echo}
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !assert.True(t, mu.TryLock(), "two requests at once") {
			return
		}
		defer mu.Unlock()
		seen = append(seen, r.Method+" "+r.URL.Path)
		assert.Contains(t, []string{"GET", "OPTIONS"}, r.Method)
		assert.Equal(t, isPreflight(r), r.Method == "OPTIONS")
		assert.Equal(t, userAgent, r.Header.Get("User-Agent"))
		assert.Zero(t, r.ContentLength)
		if r.Method == "OPTIONS" {
			assert.Empty(t, r.Header["Cookie"])
			assert.Equal(t, "x-tenant", r.Header.Get("Access-Control-Request-Headers"))
		} else {
			assert.Equal(t, "a=1", r.Header.Get("Cookie"))
			assert.Equal(t, "blue", r.Header.Get("X-Tenant"))
		}
		inner.ServeHTTP(w, r)
	}))
	var a jsonAudit
	runJSON(t, &a, "-audit", "-X", "DELETE", "-d", "x", "-b", "a=1", "-H", "X-Tenant: blue", "-origin", deepest,
		"-fail-on", "none",
		strings.Replace(url, "127.0.0.1", "localhost", 1))
	assert.Len(t, seen, a.Requests)
	assert.LessOrEqual(t, a.Requests, maxRequests)
	assert.Greater(t, a.Requests, 20)
}

func TestAuditNeverSendsMore(t *testing.T) {
	f, c, err := parseArgs([]string{"-audit", "-origin", page, serve(t, good)}, nil)
	require.NoError(t, err)
	p, err := newPlan(c)
	require.NoError(t, err)
	a := &audit{call: c, plan: p, client: newClient(f), random: "random", sent: maxRequests - 1}
	_, err = a.get(context.Background(), page)
	require.NoError(t, err)
	_, err = a.get(context.Background(), page)
	assert.ErrorIs(t, err, errTooMany)
	assert.False(t, isRefusal(err))
}

func TestFailOn(t *testing.T) {
	url := serve(t, policy{allow: matching(`^https?://app\.example\.com(:[0-9]+)?$`)}) // two findings, both low
	for failOn, want := range map[string]int{"high": exitOK, "medium": exitOK, "low": exitFailed, "INFO": exitFailed,
		"none": exitOK} {
		var a jsonAudit
		assert.Equal(t, want, runJSON(t, &a, "-audit", "-fail-on", failOn, "-origin", page, url), failOn)
		assert.Equal(t, "low insecure-scheme; low any-port", findingIDs(t, a.Findings))
	}
	url = serve(t, policy{allow: only(page), preflight: []string{fetch.MaxAge + ":"}}) // one of info
	for failOn, want := range map[string]int{"low": exitOK, "info": exitFailed} {
		var a jsonAudit
		assert.Equal(t, want, runJSON(t, &a, "-audit", "-fail-on", failOn, "-origin", page, url), failOn)
	}
}

// A server that breaks off on what it does not like lets nobody in by that.
func TestAuditOfAServerThatBreaksOff(t *testing.T) {
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Header.Get("Access-Control-Request-Method")
		if o := r.Header.Get("Origin"); o != "" && o != page || r.Method == "OPTIONS" && method != "GET" {
			panic(http.ErrAbortHandler)
		}
		good.ServeHTTP(w, r)
	}))
	var a jsonAudit
	assert.Equal(t, exitOK, runJSON(t, &a, "-audit", "-origin", page, url))
	assert.Empty(t, a.Findings)
}

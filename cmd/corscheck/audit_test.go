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
	lists := cors.Options{AllowedMethods: []string{"PUT", "DELETE"}, AllowedHeaders: []string{"Content-Type"}, MaxAge: time.Hour}
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
		{"this library with many origins", library(with([]string{"https://www.example.com", page, "http://localhost:3000"}, cookies)), ""},
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
		{"this library with a status of 200", library(with([]string{page}, func(o *cors.Options) { o.OptionsSuccessStatus = 200 })), ""},
		{"this library that runs the handler on preflights", library(with([]string{page}, func(o *cors.Options) { o.OptionsPassthrough = true })), ""},
		{"this library for another origin", library(with([]string{"https://www.example.com"}, cookies)), ""},
		{"this library by route", cors.RoutePreflights(mux), "low errors-unreadable"},
		{"this library before a login", cors.New(with([]string{page}, cookies))(before(nil, says(onAll, 401))), ""},
		{"headers by hand", good, ""},
		{"headers by hand, with cookies", policy{allow: only(page), lines: withCookies}, ""},
		{"* by hand", policy{allow: always("*")}, "info any-origin"},
		{"one origin for all", policy{allow: always(page), lines: []string{"Vary:"}}, ""},
		{"no Vary where no cache may keep it", policy{allow: only(page), lines: replace("Vary", "Accept-Encoding"), actual: []string{"Cache-Control: private, no-store"}}, ""},
		{"Vary in another case, among others", policy{allow: only(page), lines: replace("Vary", "accept-encoding, origin")}, ""},
		{"Vary: *", policy{allow: only(page), lines: replace("Vary", "*")}, ""},
		{"a list in several lines", policy{allow: only(page), preflight: []string{fetch.AllowMethods + ": PATCH"}}, ""},
		{"a negative max-age", policy{allow: only(page), preflight: replace(fetch.MaxAge, "-1")}, ""},
		{"a start page at every other path, which is no error", before(good, says(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "corscheck-") }, 200)), ""},
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
		{"http://localhost:3000", `localhost:3000$`, "high suffix-match"},
		{"http://127.0.0.1:3000", `127.0.0.1`, "high prefix-match"},
		{"http://[::1]:3000", `^http://\[::1\]:`, "low any-port"},
		{"https://app.example.com:8443", `^https?://app\.example\.com:8443$`, "medium insecure-scheme"},
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

func TestStrangers(t *testing.T) {
	for _, tc := range []struct {
		origin, url string
		want        []string
	}{
		{page, api, []string{
			"any-origin https://RANDOM.example",
			"null-origin null",
			"any-subdomain https://RANDOM.example.com",
			"any-subdomain https://RANDOM.app.example.com",
			"prefix-match https://app.example.com.RANDOM.example",
			"suffix-match https://RANDOMexample.com",
			"suffix-match https://RANDOMapp.example.com",
			"unescaped-dot https://appxexample.com",
			"insecure-scheme http://app.example.com",
			"any-port https://app.example.com:49321",
			"any-subdomain https://RANDOM.api.example.com",
			"prefix-match https://api.example.com.RANDOM.example",
			"suffix-match https://RANDOMapi.example.com",
			"unescaped-dot https://apixexample.com",
		}},
		{"http://localhost:49321", "http://127.0.0.1:5000", []string{
			"any-origin https://RANDOM.example",
			"null-origin null",
			"any-subdomain http://RANDOM.localhost:49321",
			"prefix-match http://localhost.RANDOM.example:49321",
			"suffix-match http://RANDOMlocalhost:49321",
			"any-port http://localhost:49322",
			"prefix-match http://127.0.0.1.RANDOM.example:5000",
		}},
		{"https://[2001:db8::1]:8443", "https://[2001:db8::1]", []string{
			"any-origin https://RANDOM.example",
			"null-origin null",
			"insecure-scheme http://[2001:db8::1]:8443",
			"any-port https://[2001:db8::1]:49321",
		}},
	} {
		t.Run(tc.origin, func(t *testing.T) {
			_, c, err := parseArgs([]string{"-audit", "-origin", tc.origin, tc.url})
			require.NoError(t, err)
			p, err := newPlan(c)
			require.NoError(t, err)
			var got []string
			for _, s := range (&audit{call: c, plan: p, random: "RANDOM"}).newStrangers() {
				got = append(got, s.id+" "+s.origin)
				assert.True(t, isOrigin(strings.ToLower(s.origin)), s.origin)
			}
			assert.Equal(t, tc.want, got)
		})
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
	runJSON(t, &a, "-audit", "-X", "DELETE", "-d", "x", "-b", "a=1", "-H", "X-Tenant: blue", "-origin", deepest, "-fail-on", "none",
		strings.Replace(url, "127.0.0.1", "localhost", 1))
	assert.Len(t, seen, a.Requests)
	assert.LessOrEqual(t, a.Requests, maxRequests)
	assert.Greater(t, a.Requests, 20)
}

func TestAuditNeverSendsMore(t *testing.T) {
	f, c, err := parseArgs([]string{"-audit", "-origin", page, serve(t, good)})
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
	for failOn, want := range map[string]int{"high": exitOK, "medium": exitOK, "low": exitFailed, "none": exitOK} {
		var a jsonAudit
		assert.Equal(t, want, runJSON(t, &a, "-audit", "-fail-on", failOn, "-origin", page, url), failOn)
		assert.Equal(t, "low insecure-scheme; low any-port", findingIDs(t, a.Findings))
	}
}

// A server that breaks off on what it does not like lets nobody in by that.
func TestAuditOfAServerThatBreaksOff(t *testing.T) {
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o := r.Header.Get("Origin"); o != "" && o != page || r.Method == "OPTIONS" && r.Header.Get("Access-Control-Request-Method") != "GET" {
			panic(http.ErrAbortHandler)
		}
		good.ServeHTTP(w, r)
	}))
	var a jsonAudit
	assert.Equal(t, exitOK, runJSON(t, &a, "-audit", "-origin", page, url))
	assert.Empty(t, a.Findings)
}

func TestAuditOfAnOriginThatIsNotAllowed(t *testing.T) {
	var a jsonAudit
	runJSON(t, &a, "-audit", "-origin", "https://other.example.com", serve(t, good))
	assert.Empty(t, a.Findings)
	assert.Equal(t, "origin-not-allowed", hintIDs(t, a.Hints))
}

package main

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

// A sink notes what arrives.
type sink struct {
	http.Handler
	seen    []string
	headers []http.Header
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := new(bytes.Buffer)
	_, _ = body.ReadFrom(r.Body)
	s.seen = append(s.seen, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+body.String()))
	s.headers = append(s.headers, r.Header)
	s.Handler.ServeHTTP(w, r)
}

// Four engines ask, and the server is asked once.
func TestServerGetsEachRequestOnce(t *testing.T) {
	for _, tc := range []struct {
		name   string
		server http.Handler
		call   []string
		want   []string
	}{
		{"GET", good, get, []string{"GET /users/7"}},
		{"HEAD", good, []string{"-I"}, []string{"HEAD /users/7"}},
		{"PUT", good, put, []string{"OPTIONS /users/7", "PUT /users/7 {}"}},
		{"PUT whose preflight fails", policy{}, put, []string{"OPTIONS /users/7"}},
		{"POST of a form, which needs no preflight", good, []string{"-d", "a=1"}, []string{"POST /users/7 a=1"}},
		{"preflight alone", good, append([]string{"-preflight-only"}, put...), []string{"OPTIONS /users/7"}},
		{"preflight alone, as copied", good, []string{"-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT",
			"-H", "Access-Control-Request-Headers: content-type"}, []string{"OPTIONS /users/7"}},
		{"engines that do not agree", policy{allow: only(page), preflight: replace(fetch.AllowHeaders, "*")},
			[]string{"-X", "PUT", "-H", "Authorization: 1"}, []string{"OPTIONS /users/7", "PUT /users/7"}},
		{"WebKit sends this without a preflight", policy{allow: only(page), preflight: replace(fetch.AllowHeaders,
			"Range")}, []string{"-H", "Range: Bytes=0-1"}, []string{"OPTIONS /users/7", "GET /users/7"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &sink{Handler: tc.server}
			var o jsonOutcome
			runJSON(t, &o, append(append([]string{"-no-probe", "-origin", page}, tc.call...), serve(t, s))...)
			assert.Equal(t, tc.want, s.seen)
			assert.Len(t, o.Exchanges, len(tc.want))
			assert.Len(t, o.Engines, 4)
		})
	}
}

func TestRequestsAreThoseOfABrowser(t *testing.T) {
	s := &sink{Handler: policy{allow: only(page), lines: withCookies}}
	var o jsonOutcome
	runJSON(t, &o, "-origin", page, "-X", "PUT", "-H", "content-type: application/json", "-d", "{}", "-b",
		`a="1 2"; b=é,c`, serve(t, s))
	require.Len(t, s.headers, 2)
	assert.Equal(t, http.Header{
		"Accept": {"*/*"}, "Accept-Encoding": {"gzip, deflate, br"}, "User-Agent": {userAgent}, "Origin": {page},
		"Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"content-type"},
	}, withoutFetchMetadata(s.headers[0]))
	assert.Equal(t, http.Header{
		"Accept": {"*/*"}, "Accept-Encoding": {"gzip, deflate, br"}, "User-Agent": {userAgent}, "Origin": {page},
		"Content-Type": {"application/json"}, "Content-Length": {"2"}, "Cookie": {`a="1 2"; b=é,c`},
	}, withoutFetchMetadata(s.headers[1]))
	assert.True(t, o.Allowed)
}

// withoutFetchMetadata leaves out what has no part in CORS.
func withoutFetchMetadata(h http.Header) http.Header {
	for name := range h {
		if strings.HasPrefix(name, "Sec-Fetch-") {
			delete(h, name)
		}
	}
	return h
}

func TestEngines(t *testing.T) {
	url := serve(t, policy{allow: only(page), preflight: replace(fetch.AllowHeaders, "*")})
	for _, tc := range []struct {
		engines string
		want    map[string]bool
		status  int
	}{
		{"standard,chromium,firefox,webkit", map[string]bool{"standard": false, "chromium": true, "firefox": true,
			"webkit": true}, exitOK},
		{"standard,webkit", map[string]bool{"standard": false, "webkit": true}, exitOK},
		{"standard", map[string]bool{"standard": false}, exitFailed},
		{"Firefox, webkit", map[string]bool{"firefox": true, "webkit": true}, exitOK},
	} {
		t.Run(tc.engines, func(t *testing.T) {
			var o jsonOutcome
			assert.Equal(t, tc.status, runJSON(t, &o, "-engine", tc.engines, "-origin", page, "-H",
				"Authorization: 1", url))
			got := make(map[string]bool)
			for name, v := range o.Engines {
				got[name] = v.Allowed
			}
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.status == exitOK, o.Allowed)
		})
	}
}

// The rest of what only looks like CORS: no server is needed, or two are.
func TestHints(t *testing.T) {
	elsewhere := serve(t, good)
	moved := serve(t, before(nil, says(onAll, 302, "Location: "+elsewhere, fetch.AllowOrigin+": "+page)))
	cookie := func(value string) string {
		return serve(t, policy{allow: only(page), lines: withCookies, actual: []string{"Set-Cookie: " + value}})
	}
	for _, tc := range []struct {
		name  string
		args  []string
		hints string
		says  string // in the first hint
	}{
		{"the page's own origin", []string{"-origin", strings.TrimSuffix(elsewhere, "/users/7"), "-X", "DELETE",
			elsewhere}, "same-origin", "no part"},
		{"mixed content", []string{"-origin", page, "http://api.example.com/"}, "mixed-content", "Serve the API " +
			"over https"},
		{"a redirect to another host", []string{"-origin", page, moved}, "redirected", "Have the page call " +
			"" + elsewhere + " directly."},
		{"a cookie for the own site", []string{"-origin", page, "-credentials", cookie("a=1")},
			"same-site-cookies local-network", ""},
		{"a cookie for all sites", []string{"-origin", "http://localhost:3000", "-credentials",
			serve(t, policy{allow: echo, lines: withCookies, actual: []string{"Set-Cookie: a=1; SameSite=None; " +
				"Secure"}})}, "same-site-cookies", "Safari and Firefox"},
		{"a cookie that stays at home", []string{"-origin", "http://localhost:3000", "-credentials",
			serve(t, policy{allow: echo, lines: withCookies, actual: []string{"Set-Cookie: a=1; SameSite=Lax"}})},
			"same-site-cookies", `will not send the cookie "a"`},
		{"a cookie of the same site", []string{"-origin", "http://127.0.0.1:3000", "-credentials",
			serve(t, policy{allow: echo, lines: withCookies, actual: []string{"Set-Cookie: a=1"}})}, "", ""},
		{"null with cookies", []string{"-origin", "null", "-credentials", serve(t, policy{allow: always("null")})},
			"null-origin", "web server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var o jsonOutcome
			runJSON(t, &o, tc.args...)
			assert.Equal(t, tc.hints, hintIDs(t, o.Hints))
			if tc.says != "" {
				assert.Contains(t, o.Hints[0].Detail, tc.says)
			}
		})
	}
}

func TestMixedContentIsBlocked(t *testing.T) {
	var o jsonOutcome
	assert.Equal(t, exitFailed, runJSON(t, &o, append(put, "-origin", page, "http://api.example.com/")...))
	assert.Empty(t, o.Exchanges)
	for name, v := range o.Engines {
		assert.Equal(t, string(stepMixedContent), v.Step, name)
	}
	assert.Empty(t, o.Fix.Header)
}

func TestPlaces(t *testing.T) {
	outcomeOf := func(origin, to, remote string, credentials bool) *outcome {
		u, err := url.Parse(to)
		require.NoError(t, err)
		return &outcome{
			call: &call{origin: origin, credentials: credentials}, plan: &plan{target: u}, remote: remote,
			verdicts: []verdict{{engine: corstest.EngineStandard}},
		}
	}
	for _, tc := range []struct {
		name  string
		o     *outcome
		hints string
	}{
		{"both in the public", outcomeOf(page, api, "93.184.215.14", false), ""},
		{"a name for the own network", outcomeOf(page, "https://intranet.example.com", "10.1.2.3", false),
			"local-network"},
		{"an address of the own network", outcomeOf(page, "https://192.168.1.1", "", false), "local-network"},
		{"an IPv6 address of the own network", outcomeOf(page, "https://[fd00::1]", "", false), "local-network"},
		{"an IPv4 address within IPv6", outcomeOf(page, "https://[::ffff:7f00:1]", "", false), "local-network"},
		{"a printer", outcomeOf(page, "https://printer.local", "", false), "local-network"},
		{"both on the own machine", outcomeOf("http://localhost:3000", "http://127.0.0.1:5000", "127.0.0.1", false),
			""},
		{"both on the own network", outcomeOf("http://192.168.1.2", "http://192.168.1.1", "192.168.1.1", false), ""},
		{"a page without TLS", outcomeOf("http://app.example.com", api, "93.184.215.14", false), "insecure-page"},
		{"a local page without TLS", outcomeOf("http://localhost:3000", api, "93.184.215.14", false), ""},
		{"cookies within a site", outcomeOf(page, api, "", true), ""},
		{"cookies between names that strangers own", outcomeOf("https://a.github.io", "https://b.github.io", "",
			true), "same-site-cookies"},
		{"cookies between schemes", outcomeOf("http://app.example.com", api, "", true), "insecure-page " +
			"same-site-cookies"},
		{"cookies between sites", outcomeOf("https://example.net", api, "", true), "same-site-cookies"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.hints, hintIDs(t, tc.o.notes()))
		})
	}
}

func TestSite(t *testing.T) {
	for host, want := range map[string]string{
		"app.example.com": "example.com", "example.com": "example.com", "com": "com",
		"a.b.example.co.uk": "example.co.uk",
		"shop.github.io":    "shop.github.io", "github.io": "github.io", "localhost": "localhost",
		"a.b.internal": "b.internal", "127.0.0.1": "127.0.0.1",
	} {
		assert.Equal(t, want, site(host), host)
	}
}

// The policy in a remedy keeps what the server allows already, and is always one
// that this library accepts.
func TestFix(t *testing.T) {
	for _, tc := range []struct {
		name    string
		server  policy
		args    []string
		options string
		header  http.Header
	}{
		{"what the server allows is kept",
			policy{allow: only(page), preflight: replace(fetch.AllowHeaders, "Origin, x-a, Accept")}, put, `cors.Options{
	AllowedOrigins: []string{"https://app.example.com"},
	AllowedMethods: []string{"PUT", "DELETE"},
	AllowedHeaders: []string{"X-A", "Accept", "Content-Type"},
}`, http.Header{
				fetch.AllowOrigin:  {page},
				fetch.AllowMethods: {"PUT, DELETE"},
				fetch.AllowHeaders: {"Origin, x-a, Accept, Content-Type"},
				"Vary":             {"Origin"},
			}},
		{"a wildcard beside Authorization",
			policy{allow: only(page), preflight: replace(fetch.AllowHeaders, "*")},
			[]string{"-X", "PATCH", "-H", "Authorization: Bearer x", "-H", "X-A: 1", "-origin", page}, `cors.Options{
	AllowedOrigins: []string{"https://app.example.com"},
	AllowedMethods: []string{"PUT", "DELETE", "PATCH"},
	AllowedHeaders: []string{"*"},
}`, http.Header{
				fetch.AllowOrigin:  {page},
				fetch.AllowMethods: {"PUT, DELETE, PATCH"},
				fetch.AllowHeaders: {"*, Authorization"},
				"Vary":             {"Origin"},
			}},
		{"cookies over http", policy{}, []string{"-origin", "http://app.example.com", "-credentials"}, `cors.Options{
	AllowedOrigins:                  []string{"http://app.example.com"},
	AllowCredentials:                true,
	DangerouslyAllowInsecureOrigins: true,
}`, http.Header{fetch.AllowOrigin: {"http://app.example.com"}, fetch.AllowCredentials: {"true"}, "Vary": {"Origin"}}},
		{"null has no remedy", policy{}, []string{"-origin", "null"}, "", http.Header{}},
		{"null with cookies has no remedy", policy{}, []string{"-origin", "null", "-credentials"}, "", http.Header{}},
		{"what passes needs no remedy", good, put, "", http.Header{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var o jsonOutcome
			runJSON(t, &o, append(append([]string{"-origin", page}, tc.args...), serve(t, tc.server))...)
			assert.Equal(t, tc.options, o.Fix.Options)
			assert.Equal(t, tc.header, o.Fix.Header)
		})
	}
}

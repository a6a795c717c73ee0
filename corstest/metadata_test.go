package corstest_test

import (
	"net/http"
	"strings"
	"testing"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// metadata returns the Sec-Fetch headers of a request in one line: "" if it has
// none.
func metadata(r *http.Request) string {
	var all []string
	for _, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User"} {
		all = append(all, r.Header[name]...)
	}
	return strings.Join(all, " ")
}

func TestFetchSite(t *testing.T) {
	long := strings.Repeat("a.", 200)
	for name, tc := range map[string]struct{ origin, url, site string }{
		"same origin":              {"https://a.example", "https://a.example/x", "same-origin"},
		"no origin":                {"", "https://a.example", "same-origin"},
		"port":                     {"https://a.example:8443", "https://a.example", "same-site"},
		"subdomain":                {"https://a.example", "https://api.a.example", "same-site"},
		"sibling":                  {"https://app.a.example", "https://api.a.example:8443", "same-site"},
		"far cousin":               {"https://x.y.a.example", "https://z.a.example", "same-site"},
		"other domain":             {"https://a.example", "https://b.example", "cross-site"},
		"scheme":                   {"http://a.example", "https://a.example", "cross-site"},
		"under a registry":         {"https://a.co.uk", "https://b.co.uk", "cross-site"},
		"one domain in a registry": {"https://x.a.co.uk", "https://y.a.co.uk", "same-site"},
		"tenants":                  {"https://mallory.github.io", "https://ada.github.io", "cross-site"},
		"tenant and host":          {"https://ada.github.io", "https://github.io", "cross-site"},
		"public suffix itself":     {"https://github.io:8443", "https://github.io", "same-site"},
		"wildcard and exception":   {"https://a.www.ck", "https://www.ck", "same-site"},
		"trailing dot":             {"https://a.example.", "https://a.example", "cross-site"},
		"trailing dots":            {"https://x.a.example.", "https://a.example.", "same-site"},
		"trailing dots, two sites": {"https://a.example.", "https://b.example.", "cross-site"},
		"longest host": {
			"https://" + strings.Repeat("a.", 122) + "a.example.", "https://a.example.", "same-site",
		},
		"null":                      {"null", "https://a.example", "cross-site"},
		"extension":                 {"chrome-extension://abcdefgh", "https://a.example", "cross-site"},
		"localhost, ports":          {"http://localhost:3000", "http://localhost:5000", "same-site"},
		"localhost, names":          {"http://app.localhost:3000", "http://api.localhost:5000", "cross-site"},
		"localhost, one name":       {"http://a.app.localhost", "http://b.app.localhost", "same-site"},
		"loopback names":            {"http://localhost:3000", "http://127.0.0.1:5000", "cross-site"},
		"IPv4, ports":               {"http://127.0.0.1:3000", "http://127.0.0.1:5000", "same-site"},
		"IPv4, addresses":           {"https://192.0.2.1", "https://198.51.2.1", "cross-site"},
		"IPv6, ports":               {"http://[::1]:3000", "http://[::1]:5000", "same-site"},
		"no domain is this long":    {"https://x." + long + "example", "https://y." + long + "example", "cross-site"},
		"plain http":                {"http://a.example", "http://api.a.example", ""},
		"plain http of the page":    {"http://a.example", "http://a.example", ""},
		"plain http to an address":  {"http://a.example", "http://192.0.2.1", ""},
		"plain http to a false one": {"http://a.example", "http://localhost.example", ""},
		"mapped loopback":           {"http://a.example", "http://[::ffff:7f00:1]", ""},
		"plain page to loopback":    {"http://a.example", "http://127.1.2.3", "cross-site"},
		"localhost with a dot":      {"http://localhost.", "http://localhost.:5000", "same-site"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{preflight: http.Header{"Access-Control-Allow-Origin": {"*"}, "Access-Control-Allow-Methods": {"*"}}}
			s.response = s.preflight
			want := ""
			if tc.site != "" {
				want = tc.site + " cors empty"
			}
			res, err := corstest.Fetch(s, corstest.Request{Origin: tc.origin, URL: tc.url, Method: "PUT"})
			require.NoError(t, err)
			for i, r := range s.requests {
				assert.Equal(t, want, metadata(r))
				assert.Equal(t, want, metadata(res.Exchanges[i].Request))
			}
		})
	}
}

// The farthest URL of a redirect decides.
func TestFetchSiteAfterRedirects(t *testing.T) {
	const page, sibling, stranger = "https://app.a.example", "https://api.a.example", "https://b.example"
	const all = "Standard Chromium Firefox WebKit"
	for name, tc := range map[string]struct {
		hops []string
		want map[string]string // by the engines that agree: what the last request has
	}{
		"at home": {[]string{page, page}, map[string]string{all: "same-origin"}},
		"from home to a sibling": {
			[]string{page, sibling},
			map[string]string{"Standard Chromium": "same-site", "Firefox": "cross-site", "WebKit": ""},
		},
		"from a sibling home": {
			[]string{sibling, page},
			map[string]string{"Standard Chromium": "same-site", "Firefox": "cross-site", "WebKit": ""},
		},
		"at a sibling": {
			[]string{sibling, sibling}, map[string]string{"Standard Chromium WebKit": "same-site", "Firefox": "cross-site"},
		},
		"from a stranger home": {
			[]string{stranger, page}, map[string]string{"Standard Chromium Firefox": "cross-site", "WebKit": ""},
		},
		"by a stranger": {
			[]string{page, stranger, sibling, page},
			map[string]string{"Standard Chromium Firefox": "cross-site", "WebKit": ""},
		},
		"to plain http": {[]string{page, "http://a.example"}, map[string]string{all: ""}},
		"by plain http": {
			[]string{page, "http://app.a.example", page},
			map[string]string{"Standard Chromium Firefox": "cross-site", "WebKit": ""},
		},
		"from home to a sibling, write": {
			[]string{page, sibling, "no-cors"},
			map[string]string{"Standard Chromium WebKit": "same-site", "Firefox": "cross-site"},
		},
		"from a stranger home, write": {[]string{stranger, page, "no-cors"}, map[string]string{all: "cross-site"}},
	} {
		for _, engine := range engines {
			t.Run(name+"/"+engine.String(), func(t *testing.T) {
				hops, mode := tc.hops, corstest.ModeCORS
				if last := len(hops) - 1; hops[last] == "no-cors" {
					hops, mode = hops[:last], corstest.ModeNoCORS
				}
				i := 0
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Access-Control-Allow-Origin", "*")
					if i++; i < len(hops) {
						http.Redirect(w, r, hops[i], http.StatusTemporaryRedirect)
					}
				})
				b := corstest.Browser{Handler: h, Engine: engine}
				res, err := b.Fetch(t.Context(), corstest.Request{Origin: page, URL: hops[0], Mode: mode})
				require.NoError(t, err)
				require.Len(t, res.Exchanges, len(hops))
				for engines, site := range tc.want {
					if !strings.Contains(engines, engine.String()) {
						continue
					}
					if site != "" {
						site += " " + string(mode) + " empty"
					}
					assert.Equal(t, site, metadata(res.Response.Request))
				}
			})
		}
	}
}

func TestFetchSiteOfPreflightAfterRedirect(t *testing.T) {
	const page, sibling, stranger = "https://app.a.example", "https://api.a.example", "https://b.example"
	for name, tc := range map[string]struct{ first, next, standard, chromium, firefox, webkit string }{
		"sibling to home":     {sibling, page, "same-site", "same-origin", "same-origin", "cross-site"},
		"stranger to sibling": {stranger, sibling, "cross-site", "same-site", "same-site", "cross-site"},
		"sibling to stranger": {sibling, stranger, "cross-site", "cross-site", "cross-site", "cross-site"},
		"home to sibling":     {page, sibling, "same-site", "same-site", "same-site", "same-site"},
	} {
		for i, want := range []string{tc.standard, tc.chromium, tc.firefox, tc.webkit} {
			t.Run(name+"/"+engines[i].String(), func(t *testing.T) {
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Access-Control-Allow-Origin", "*")
					w.Header().Set("Access-Control-Allow-Methods", "PUT")
					if r.Method == "PUT" && "https://"+r.Host == tc.first {
						http.Redirect(w, r, tc.next, http.StatusTemporaryRedirect)
					}
				})
				b := corstest.Browser{Handler: h, Engine: engines[i]}
				res, err := b.Fetch(t.Context(), corstest.Request{Origin: page, URL: tc.first, Method: "PUT"})
				require.NoError(t, err)
				assert.Equal(t, want+" cors empty", metadata(res.Preflight.Request))
			})
		}
	}
}

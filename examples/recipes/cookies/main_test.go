package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

const page = "https://app.example"

func TestSession(t *testing.T) {
	h := handler(page)
	res, err := corstest.Fetch(h, corstest.Request{Origin: page, Method: "POST", URL: "/session", Credentials: true})
	require.NoError(t, err)
	cookies := res.Response.Cookies()
	require.Len(t, cookies, 1)
	for _, attribute := range []string{"; Path=/", "; HttpOnly", "; Secure", "; SameSite=None", "; Partitioned"} {
		assert.Contains(t, res.Response.Header.Get("Set-Cookie"), attribute)
	}
	assert.NotContains(t, res.Header, "Set-Cookie", "no script can read it")

	for name, tc := range map[string]struct {
		request corstest.Request
		want    string
	}{
		"with the session":    {corstest.Request{Origin: page, Credentials: true}, "200 ada"},
		"without credentials": {corstest.Request{Origin: page}, "401 no session"},
		"a stranger":          {corstest.Request{Origin: "https://evil.example", Credentials: true}, "blocked"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.request.URL, tc.request.Cookies = "/me", cookies
			res, err := corstest.Fetch(h, tc.request)
			if err != nil {
				assert.Equal(t, tc.want, "blocked")
				return
			}
			body, err := io.ReadAll(res.Response.Body)
			require.NoError(t, err)
			assert.Equal(t, tc.want, strings.TrimSpace(fmt.Sprint(res.Response.StatusCode, " ", string(body))))
		})
	}
}

// A page of 127.0.0.1 calls localhost, which is another site. Each engine keeps other
// cookies of such a site; all that keep Secure cookies over HTTP on localhost keep the
// session. To a server of the page's own site, cookies come as without CORS.
func TestPages(t *testing.T) {
	live.EachBrowser(t, func(origin string) string {
		sessions := httptest.NewServer(handler(origin))
		t.Cleanup(sessions.Close)
		jar := httptest.NewServer(cors.New(cors.Options{
			AllowedOrigins: []string{origin}, AllowCredentials: true,
		})(http.HandlerFunc(setAndShow)))
		t.Cleanup(jar.Close)
		otherSite := func(s *httptest.Server) string { return strings.Replace(s.URL, "127.0.0.1", "localhost", 1) }
		return strings.NewReplacer("SESSIONS", otherSite(sessions), "CROSS", otherSite(jar), "SAME",
			jar.URL).Replace(`(() => {
			const call = (url, init) => async () => {
				const r = await fetch(url, {credentials: "include", ...init});
				return (r.status + " " + await r.text()).trim();
			};
			return {
				"sign in": call("SESSIONS/session", {method: "POST"}),
				"session": call("SESSIONS/me"),
				"session, not included": call("SESSIONS/me", {credentials: "same-origin"}),
				"set, same site": call("SAME/set"),
				"same site": call("SAME/"),
				"set, cross-site": call("CROSS/set"),
				"cross-site": call("CROSS/"),
			};
		})()`)
	}, func(t *testing.T, engine string, got map[string]string) {
		seen := map[string]struct{ session, sameSite, crossSite string }{
			"chromium": {"200 ada", "plain lax secure partitioned", "partitioned"},
			"firefox":  {"200 ada", "plain lax secure partitioned", "plain secure partitioned"},
			"webkit":   {"401 no session", "plain lax", ""}, // Secure needs HTTPS, and third-party cookies are blocked
		}[engine]
		assert.Equal(t, map[string]string{
			"sign in":               "204",
			"session":               seen.session,
			"session, not included": "401 no session",
			"set, same site":        "200",
			"same site":             strings.TrimSpace("200 " + seen.sameSite),
			"set, cross-site":       "200",
			"cross-site":            strings.TrimSpace("200 " + seen.crossSite),
		}, got)
	})
}

// setAndShow sets a cookie with each set of attributes at /set, and elsewhere shows the
// names of those that the browser sent.
func setAndShow(w http.ResponseWriter, r *http.Request) {
	cookies := []string{
		"plain=1", "lax=1; SameSite=Lax", "secure=1; SameSite=None; Secure",
		"partitioned=1; SameSite=None; Secure; Partitioned",
	}
	var sent []string
	for _, c := range cookies {
		name, _, _ := strings.Cut(c, "=")
		if r.URL.Path == "/set" {
			w.Header().Add("Set-Cookie", c)
		} else if _, err := r.Cookie(name); err == nil {
			sent = append(sent, name)
		}
	}
	fmt.Fprint(w, strings.Join(sent, " "))
}

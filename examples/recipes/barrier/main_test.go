package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBarrier(t *testing.T) {
	const own = "this API is for https://app.example.com\n"
	for name, tc := range map[string]struct {
		method, origin, site string
		code                 int
		body                 string
	}{
		"an allowed page reads":      {"GET", "https://app.example.com", "cross-site", 200, "GET users"},
		"an allowed page writes":     {"POST", "https://app.example.com", "cross-site", 200, "POST users"},
		"the server's page writes":   {"POST", "https://api.example", "same-origin", 200, "POST users"},
		"a program":                  {"POST", "", "", 200, "POST users"},
		"a stranger reads":           {"GET", "https://evil.example", "cross-site", 403, own},
		"a stranger's form":          {"POST", "https://evil.example", "cross-site", 403, ""},
		"a form without Origin":      {"POST", "", "cross-site", 403, ""},
		"a sandboxed frame":          {"GET", "null", "cross-site", 403, own},
		"a link":                     {"GET", "", "cross-site", 200, "GET users"},
		"an OPTIONS of a stranger":   {"OPTIONS", "https://evil.example", "cross-site", 403, own},
		"an OPTIONS, no preflight":   {"OPTIONS", "https://app.example.com", "cross-site", 200, "OPTIONS users"},
		"another port of the server": {"GET", "https://api.example:8443", "same-site", 403, own},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, "https://api.example/users", nil)
			for name, value := range map[string]string{"Origin": tc.origin, "Sec-Fetch-Site": tc.site} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			w := httptest.NewRecorder()
			handler().ServeHTTP(w, r)
			assert.Equal(t, tc.code, w.Code)
			assert.Contains(t, w.Header().Get("Vary"), "Origin")
			if tc.body != "" {
				assert.Equal(t, tc.body, w.Body.String())
			}
			if tc.code == http.StatusForbidden {
				assert.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
				assert.NotContains(t, w.Body.String(), "users")
			}
		})
	}
}

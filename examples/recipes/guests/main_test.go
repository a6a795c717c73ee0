package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
)

func TestGuests(t *testing.T) {
	const own, guest = "https://app.example.com", "https://guest.example"
	cookies := []*http.Cookie{{Name: "session", Value: "1"}}
	for name, tc := range map[string]struct {
		request corstest.Request
		want    string
	}{
		"own":                      {corstest.Request{Origin: own, Credentials: true}, "GET by ada"},
		"own, writes":              {corstest.Request{Origin: own, Credentials: true, Method: "PUT"}, "PUT by ada"},
		"a guest":                  {corstest.Request{Origin: guest}, "GET by guest"},
		"a guest with credentials": {corstest.Request{Origin: guest, Credentials: true}, "blocked"},
		"a guest who writes":       {corstest.Request{Origin: guest, Method: "PUT"}, "blocked"},
		"a sandboxed guest":        {corstest.Request{Origin: "null"}, "GET by guest"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.request.Cookies = cookies
			res, err := corstest.Fetch(handler(), tc.request)
			if err != nil {
				assert.Equal(t, tc.want, "blocked")
				return
			}
			body, err := io.ReadAll(res.Response.Body)
			require.NoError(t, err)
			assert.Equal(t, tc.want, string(body))
		})
	}
}

// A cache that has the answer to one must not give it to another.
func TestVary(t *testing.T) {
	for name, lines := range map[string][]string{
		"own": {"https://app.example.com"}, "a guest": {"https://guest.example"}, "no page": nil,
		"two origins": {"https://app.example.com", "https://app.example.com"},
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			r := httptest.NewRequest(method, "https://api.example/", nil)
			r.Header["Origin"] = lines
			w := httptest.NewRecorder()
			handler().ServeHTTP(w, r)
			assert.Contains(t, w.Header().Get("Vary"), "Origin", "%s, %s", name, method)
		}
	}
}

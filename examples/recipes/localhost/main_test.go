package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
)

func TestHost(t *testing.T) {
	for host, want := range map[string]int{
		"localhost":              http.StatusOK,
		"localhost:5000":         http.StatusOK,
		"LOCALHOST:8080":         http.StatusOK,
		"127.0.0.1:5000":         http.StatusOK,
		"[::1]:5000":             http.StatusOK,
		"[::1]":                  http.StatusOK,
		"rebound.example:5000":   http.StatusMisdirectedRequest,
		"rebound.example":        http.StatusMisdirectedRequest,
		"localhost.evil.example": http.StatusMisdirectedRequest,
		"evil.localhost:5000":    http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example": http.StatusMisdirectedRequest,
		"127.0.0.2":              http.StatusMisdirectedRequest,
		"localhost:5000:80":      http.StatusMisdirectedRequest,
		"":                       http.StatusMisdirectedRequest,
	} {
		t.Run(host, func(t *testing.T) {
			// A GET from a page of this very host: it has no Origin.
			r := httptest.NewRequest(http.MethodGet, "/notes", nil)
			r.Host = host
			w := httptest.NewRecorder()
			handler().ServeHTTP(w, r)
			assert.Equal(t, want, w.Code)
		})
	}
}

// What the check is for: nothing else keeps the rebound page out.
func TestRebinding(t *testing.T) {
	matcher, err := cors.NewOriginMatcher("http://localhost:3000")
	require.NoError(t, err)
	server := httptest.NewServer(handler())
	t.Cleanup(server.Close)
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		t.Run(method, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/notes", nil)
			require.NoError(t, err)
			r.Host = "rebound.example:5000"
			if method != http.MethodGet {
				r.Header.Set("Origin", "http://rebound.example:5000")
			}
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			assert.True(t, matcher.CheckOrigin(r), "CheckOrigin takes the page for one of the server's own")
			assert.NoError(t, http.NewCrossOriginProtection().Check(r), "so does http.CrossOriginProtection")

			res, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			assert.Equal(t, http.StatusMisdirectedRequest, res.StatusCode)
		})
	}
}

// The page that is allowed is let in, preflights too.
func TestPage(t *testing.T) {
	for _, host := range []string{"localhost:5000", "127.0.0.1:5000", "[::1]:5000"} {
		res, err := corstest.Fetch(handler(), corstest.Request{
			Origin: "http://localhost:3000", Method: "PUT", URL: "http://" + host + "/notes", Body: strings.NewReader("x"),
		})
		if assert.NoError(t, err, host) {
			assert.Equal(t, http.StatusOK, res.Response.StatusCode)
		}
	}
}

// Any page can post a form to a server on localhost.
func TestForm(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "http://localhost:5000/notes", strings.NewReader("text=x"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	handler().ServeHTTP(w, r)
	assert.Equal(t, http.StatusForbidden, w.Code)
}

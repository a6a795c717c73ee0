package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
)

const (
	firefox = "moz-extension://0b5fbd46-6f3c-4f8e-9d29-1f6a4f0d2a11"
	other   = "moz-extension://11111111-2222-4333-8444-555555555555"
)

func TestPairing(t *testing.T) {
	p := newPairing()
	h := handler(p)
	notes := func(origin string) bool {
		_, err := corstest.Fetch(h, corstest.Request{Origin: origin, Method: "PUT", URL: "/notes", Credentials: true})
		return err == nil
	}
	pair := func(origin, code string) string {
		res, err := corstest.Fetch(h, corstest.Request{
			Origin: origin, Method: "POST", URL: "/pair", Body: strings.NewReader(url.Values{"code": {code}}.Encode()),
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		})
		if err != nil {
			return "blocked"
		}
		body, err := io.ReadAll(res.Response.Body)
		require.NoError(t, err)
		return strings.TrimSpace(string(body))
	}

	assert.True(t, notes("https://app.example.com"), "the site's own page")
	assert.False(t, notes(firefox), "before pairing")
	code := p.code("ada")
	assert.Equal(t, "no such code", pair(firefox, "guessed"))
	assert.Equal(t, "blocked", pair("https://evil.example", code))
	assert.Equal(t, "blocked", pair("null", code))
	assert.Equal(t, "paired with ada", pair(firefox, code))
	assert.Equal(t, "no such code", pair(other, code), "a code is good for one extension")
	assert.True(t, notes(firefox))
	assert.False(t, notes(other), "another extension of the same browser")
	assert.False(t, notes(firefox+".evil.example"))
	assert.False(t, notes("https://evil.example"))
}

// With a token, the origin does not matter; without it, nobody gets anything.
func TestToken(t *testing.T) {
	for _, origin := range []string{firefox, other, "https://any.example"} {
		for token, want := range map[string]int{"Bearer secret": http.StatusOK, "Bearer guess": http.StatusUnauthorized} {
			res, err := corstest.Fetch(handler(newPairing()), corstest.Request{
				Origin: origin, URL: "/token/notes", Header: http.Header{"Authorization": {token}},
			})
			require.NoError(t, err)
			assert.Equal(t, want, res.Response.StatusCode)
		}
	}
}

package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
)

func TestListed(t *testing.T) {
	allowed, err := cors.NewOriginMatcher("https://app.example.com", "https://*.example.org")
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		origin    []string
		list, own bool // whether the list alone, and CheckOrigin, let it in
	}{
		"listed":         {[]string{"https://app.example.com"}, true, true},
		"by pattern":     {[]string{"https://a.example.org"}, true, true},
		"the own host":   {[]string{"https://chat.example"}, false, true},
		"a stranger":     {[]string{"https://evil.example"}, false, false},
		"null":           {[]string{"null"}, false, false},
		"empty":          {[]string{""}, false, false},
		"two, one good":  {[]string{"https://app.example.com", "https://evil.example"}, false, false},
		"a program":      {nil, true, true},
		"another scheme": {[]string{"http://app.example.com"}, false, false},
	} {
		for list, check := range map[bool]func(*http.Request) bool{true: listed(allowed), false: allowed.CheckOrigin} {
			r := httptest.NewRequest(http.MethodGet, "https://chat.example/ws", nil)
			r.Header["Origin"] = tc.origin
			w := httptest.NewRecorder()
			handler(check).ServeHTTP(w, r)
			want := tc.own
			if list {
				want = tc.list
			}
			assert.Equal(t, want, w.Code == http.StatusOK, "%s, the list alone: %v", name, list)
		}
	}
}

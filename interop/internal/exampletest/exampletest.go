// Package exampletest checks what the examples have in common.
package exampletest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
)

// Check calls a server with the handler h as pages do: one on http://localhost:3000
// may read, replace and delete users, and one of a stranger may not.
func Check(t *testing.T, h http.Handler) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL)
	require.NoError(t, err)
	wire := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}

	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		r := corstest.Request{
			Origin: "http://localhost:3000",
			Method: method,
			URL:    "http://localhost:5000/users/7",
			Header: http.Header{"Authorization": {"Bearer x"}, "Content-Type": {"application/json"}},
		}
		res, err := corstest.Fetch(wire, r)
		if assert.NoError(t, err, method) {
			body, err := io.ReadAll(res.Response.Body)
			require.NoError(t, err)
			assert.Equal(t, method+" 7", string(body))
		}

		r.Origin = "http://stranger.example"
		res, err = corstest.Fetch(wire, r)
		var blocked *corstest.BlockedError
		require.ErrorAs(t, err, &blocked, "a stranger's %s", method)
		assert.Nil(t, res.Response, "a stranger's %s is sent", method)
	}
}

package docs_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/internal/fetch"
)

// What docs/migrating.md says that a moved test suite will notice.
func TestWhatTestsNotice(t *testing.T) {
	_, notices, found := strings.Cut(read(t, "docs/migrating.md"), "\n## What your tests will notice\n")
	require.True(t, found)
	notices, _, _ = strings.Cut(notices, "\n## ")
	require.Equal(t, 8, strings.Count(notices, "\n- "), "a notice is not tested")
	allVary := strings.TrimPrefix(codes(notices)[0], "Vary: ")

	serve := func(opts cors.Options, method string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "https://api.example/users", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		cors.New(opts)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			varies := opts.AllowedOrigins[0] != "*" || method == http.MethodOptions
			assert.Equal(t, varies, w.Header().Get("Vary") != "", "set before the handler runs, and so on a 103")
			w.WriteHeader(http.StatusTeapot)
		})).ServeHTTP(w, r)
		return w
	}
	const app = "https://app.example.com"
	listed := cors.Options{
		AllowedOrigins: []string{app},
		AllowedMethods: []string{"PUT", "PATCH", "DELETE"}, AllowedHeaders: []string{"content-type"},
	}
	plain, open := cors.Options{AllowedOrigins: []string{app}}, cors.Options{AllowedOrigins: []string{"*"}}
	preflight := []string{"Origin", app, fetch.RequestMethod, "PUT", fetch.RequestHeaders, "content-type"}

	for _, opts := range []cors.Options{listed, plain, open} {
		for n := range 3 { // none, Origin, Origin and the method
			assert.Equal(t, allVary, serve(opts, "OPTIONS", preflight[:2*n]...).Header().Get("Vary"))
		}
	}
	assert.Equal(t, "Origin", serve(listed, "GET").Header().Get("Vary"))
	assert.Empty(t, serve(open, "GET").Header().Get("Vary"))
	for _, header := range [][]string{nil, preflight[:2], preflight[2:4]} {
		assert.Equal(t, http.StatusTeapot, serve(listed, "OPTIONS", header...).Code, "no preflight: %q", header)
	}
	granted := serve(listed, "OPTIONS", preflight...)
	assert.Equal(t, http.StatusNoContent, granted.Code)
	assert.Equal(t, "Content-Type", granted.Header().Get(fetch.AllowHeaders))
	assert.Equal(t, "PUT, PATCH, DELETE", granted.Header().Get(fetch.AllowMethods))
	assert.NotContains(t, serve(plain, "OPTIONS", preflight...).Header(), fetch.AllowMethods)
	refused := serve(listed, "OPTIONS", "Origin", "https://evil.example", fetch.RequestMethod, "PUT")
	assert.Equal(t, http.StatusForbidden, refused.Code)
	for _, name := range slices.Collect(maps.Keys(refused.Header())) {
		assert.False(t, strings.HasPrefix(name, "Access-Control-"), name)
	}
	listed.OptionsSuccessStatus = http.StatusOK
	assert.Equal(t, http.StatusOK, serve(listed, "OPTIONS", preflight...).Code)
}

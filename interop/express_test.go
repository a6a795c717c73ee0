package interop_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/cors"
)

// Each option of Express's cors, and its counterpart here.
func TestMigrationFromExpress(t *testing.T) {
	express := startExpress(t)
	listed, all := []string{page}, []string{"*"}
	methods := []string{"PUT", "PATCH", "DELETE"} // theirs, if none are given
	startingPoint := []string{"Content-Type", "Authorization", "X-Token"}
	byFunc := func(_ *http.Request, origin string) bool { return origin == page }
	// A regular expression that does not begin with the scheme lets http in as well.
	unanchored := make(map[string][2]string)
	for _, kind := range []string{"GET", "HEAD", "form"} {
		unanchored["plain: "+kind] = [2]string{"read", "sent, not read"}
	}
	for _, kind := range []string{
		"JSON", "PUT", "PATCH", "DELETE", "X-Token", "X-Requested-With", "Authorization", "two headers",
	} {
		unanchored["plain: "+kind] = [2]string{"read", "not sent"}
	}
	for _, m := range []migration{
		{name: "nothing", ours: cors.Options{AllowedOrigins: all, AllowedMethods: methods, AllowedHeaders: all}},
		{
			name: "starting-point",
			ours: cors.Options{AllowedOrigins: all, AllowedMethods: methods, AllowedHeaders: startingPoint},
		},
		{name: "origin-star", ours: cors.Options{AllowedOrigins: all, AllowedMethods: methods, AllowedHeaders: all}},
		{
			name: "origin-star-credentials",
			ours: cors.Options{AllowedOrigins: all, AllowedMethods: methods, AllowedHeaders: all},
		},
		{name: "origin-string", ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all}},
		{
			name: "origin-array",
			ours: cors.Options{
				AllowedOrigins: append(listed, "https://*.app.example"), AllowedMethods: methods, AllowedHeaders: all,
			},
		},
		{
			name: "origin-array-pattern", // which matches no page there
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all},
		},
		{
			name: "origin-regexp",
			ours: cors.Options{
				AllowedOrigins: append(listed, "https://*.app.example"), AllowedMethods: methods, AllowedHeaders: all,
			},
			differ: unanchored,
		},
		{name: "origin-function", ours: cors.Options{AllowOriginFunc: byFunc, AllowedMethods: methods, AllowedHeaders: all}},
		{
			name: "origin-function-error",
			ours: cors.Options{AllowOriginFunc: byFunc, AllowedMethods: methods, AllowedHeaders: all},
		},
		{name: "methods", ours: cors.Options{AllowedOrigins: listed, AllowedMethods: []string{"PUT"}, AllowedHeaders: all}},
		{
			name: "methods-string",
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: []string{"PUT"}, AllowedHeaders: all},
		},
		{
			name: "allowed-headers",
			ours: cors.Options{
				AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: []string{"X-Token", "Content-Type"},
			},
		},
		{
			name: "exposed-headers",
			ours: cors.Options{
				AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all,
				ExposedHeaders: []string{"ETag", "X-Request-Id"},
			},
		},
		{
			name: "credentials",
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all, AllowCredentials: true},
		},
		{
			name: "max-age",
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all, MaxAge: 10 * time.Minute},
		},
		{
			name: "preflight-continue",
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all, OptionsPassthrough: true},
		},
		{
			name: "options-success-status",
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all, OptionsSuccessStatus: 200},
		},
	} {
		t.Run(m.name, func(t *testing.T) {
			m.theirs = express(m.name)
			m.check(t)
		})
	}
	// No policy at all: the handler alone.
	t.Run("origin-false", func(t *testing.T) {
		theirs := express("origin-false")
		for name, r := range migrationCalls() {
			assert.Equal(t, verdict(t, greeting, r), verdict(t, theirs, r), name)
		}
	})
	// What everybody starts from, with credentials: it trusts every page there is.
	t.Run("starting-point-credentials", func(t *testing.T) {
		r := migrationCalls()["stranger: PUT with cookies"]
		assert.Equal(t, "read", verdict(t, express("starting-point-credentials"), r))
		assert.Error(t, cors.Options{AllowedOrigins: all, AllowCredentials: true}.Validate())
	})
}

// startExpress starts Express, and returns what serves one of its policies.
func startExpress(t *testing.T) func(policy string) http.Handler {
	t.Helper()
	dir, err := installExpress(t, "express/server.js")
	if err != nil {
		unavailable(t, "node", err.Error())
	}
	node := exec.Command("node", "server.js")
	node.Dir = dir
	node.Stderr = os.Stderr
	port := strings.TrimSpace(firstLine(t, node))
	return func(policy string) http.Handler {
		return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port, Path: "/" + policy})
		}}
	}
}

// installExpress installs Express and its cors middleware in a new folder, beside a
// copy of the program.
func installExpress(t testing.TB, program string) (dir string, err error) {
	t.Helper()
	return npmInstall(t, "express/package.json", "express/package-lock.json", program)
}

package property_test

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/cors"
	"example.com/cors/internal/test/fixture"
)

// FuzzMiddleware sends arbitrary requests to a few policies. The response must have
// no header that the policy does not grant, and none twice.
func FuzzMiddleware(f *testing.F) {
	f.Add("OPTIONS", "https://a.example", "PUT", "x-foo,x-bar", uint8(0))
	f.Add("GET", "https://x.a.example", "", "", uint8(1))
	f.Add("OPTIONS", "null", "GET", ",,,", uint8(2))
	f.Add("OPTIONS", "https://a.example\nhttps://a.example", "GET\nPUT", "a\nb", uint8(3))
	onlyPage := regexp.MustCompile(`^https://a\.example$`)
	pageAndBelow := regexp.MustCompile(`^https://([a-z0-9_-]{1,63}\.)*a\.example$`)
	const longestHost = 253 // bytes
	policies := []struct {
		cors.Options
		origins *regexp.Regexp // that are allowed, nil for all
	}{
		{cors.Options{
			AllowedOrigins:   []string{"https://a.example", "https://*.a.example"},
			AllowedMethods:   []string{"PUT"},
			AllowedHeaders:   []string{"X-Foo"},
			ExposedHeaders:   []string{"ETag"},
			AllowCredentials: true,
			MaxAge:           time.Minute,
		}, pageAndBelow},
		{cors.Options{
			AllowedOrigins: []string{"*"},
			AllowedMethods: []string{"*"},
			AllowedHeaders: []string{"*"},
			ExposedHeaders: []string{"*"},
		}, nil},
		{cors.Options{
			AllowedOrigins:   []string{"https://a.example"},
			AllowedMethods:   []string{"*"},
			AllowedHeaders:   []string{"*"},
			AllowCredentials: true,
		}, onlyPage},
		{cors.Options{AllowedOrigins: []string{"https://a.example"}, OptionsPassthrough: true}, onlyPage},
	}
	// A line break in a value separates the lines of a header.
	f.Fuzz(func(t *testing.T, method, origins, methods, headers string, policy uint8) {
		opts := policies[int(policy)%len(policies)]
		opts.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
		r := fixture.Request(method)
		for name, lines := range map[string]string{
			"Origin":                         origins,
			"Access-Control-Request-Method":  methods,
			"Access-Control-Request-Headers": headers,
		} {
			if lines != "" {
				r.Header[name] = strings.Split(lines, "\n")
			}
		}
		sent := r.Header.Clone()
		w := fixture.Serve(cors.New(opts.Options)(http.NotFoundHandler()), r)

		if !maps.EqualFunc(sent, r.Header, slices.Equal) {
			t.Error("the request was changed")
		}
		anyOrigin := opts.origins == nil
		listed := !anyOrigin && opts.origins.MatchString(origins) && len(origins) <= len("https://")+longestHost
		for name, lines := range w.Header() {
			if !strings.HasPrefix(name, "Access-Control-") {
				continue
			}
			if len(lines) != 1 && !(name == "Access-Control-Allow-Headers" &&
				slices.Equal(lines, r.Header["Access-Control-Request-Headers"])) {
				t.Errorf("%s has %d lines", name, len(lines))
			}
			if !anyOrigin && !listed {
				t.Errorf("%s: %q for the origin %q", name, lines, origins)
			}
			if name == "Access-Control-Allow-Origin" && lines[0] != origins && (!anyOrigin || lines[0] != "*") {
				t.Errorf("allowed origin %q", lines[0])
			}
			if name == "Access-Control-Allow-Credentials" && !opts.AllowCredentials {
				t.Error("credentials are allowed")
			}
		}
		if (anyOrigin || listed) && w.Header().Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("%q is not allowed", origins)
		}
	})
}

// Package advisories keeps a regression test for each published advisory against
// a CORS package: what went wrong there must not go wrong here. The names are
// those in .github/SECURITY.md.
package advisories_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })

// mayRead reports whether a page of origin may read a response with the user's
// cookies, and whether it may without.
func mayRead(t *testing.T, opts cors.Options, origin string, header http.Header) (with, without bool) {
	t.Helper()
	read := func(credentials bool) bool {
		_, err := corstest.Fetch(cors.New(opts)(hello), corstest.Request{
			Origin: origin, URL: "https://api.example/", Header: header, Credentials: credentials,
		})
		return err == nil
	}
	return read(true), read(false)
}

// refused requires that a policy does not start, because of one thing in the field.
func refused(t *testing.T, opts cors.Options, field string) {
	t.Helper()
	var bad *cors.OptionsError
	require.ErrorAs(t, opts.Validate(), &bad)
	require.Len(t, bad.Problems, 1, "%v", bad)
	assert.Equal(t, field, bad.Problems[0].Field)
	assert.Panics(t, func() { cors.New(opts) })
}

// rs/cors: with "*" and credentials the middleware echoed every origin.
func TestCVE_2018_20744(t *testing.T) {
	refused(t, cors.Options{AllowedOrigins: []string{"*"}, AllowCredentials: true}, "AllowedOrigins")
	with, without := mayRead(t, cors.Options{AllowedOrigins: []string{"*"}}, "https://evil.example", nil)
	assert.False(t, with)
	assert.True(t, without)
}

// gorilla/handlers: likewise, also by default, when no origins were given.
func TestCVE_2017_20146(t *testing.T) {
	refused(t, cors.Options{AllowCredentials: true}, "AllowedOrigins")
	refused(t, cors.Options{AllowedOrigins: []string{"*"}, AllowCredentials: true}, "AllowedOrigins")
	with, without := mayRead(t, cors.Options{AllowedOrigins: []string{"https://a.example"}, AllowCredentials: true},
		"https://evil.example", nil)
	assert.False(t, with)
	assert.False(t, without)
}

// gin-contrib/cors: a wildcard at the end cut off too much of the pattern, so
// that https://example.community passed for https://example.com/*.
func TestCVE_2019_25211(t *testing.T) {
	for _, pattern := range []string{
		"https://example.com/*", "https://example.com*", "https://example.*", "https://*example.com/*",
	} {
		assert.Error(t, cors.Options{AllowedOrigins: []string{pattern}}.Validate(), pattern)
	}
	opts := cors.Options{
		AllowedOrigins: []string{
			"https://example.com", "https://*.example.com", "https://example.com:*", "https://shop-*.example.com",
		},
		AllowCredentials: true,
	}
	for _, origin := range []string{
		"https://example.community", "https://example.co", "https://example.com.evil.example",
		"https://a.example.community", "https://shop-1.example.community",
	} {
		with, without := mayRead(t, opts, origin, nil)
		assert.False(t, with || without, origin)
	}
}

// rs/cors: a preflight whose Access-Control-Request-Headers is full of commas
// made the server allocate a hundred times its size, before authentication.
func TestCVE_2025_47908(t *testing.T) {
	hostile := strings.Repeat(",", 1<<20)
	for name, opts := range map[string]cors.Options{
		"list":   {AllowedHeaders: []string{"X-A", "X-B"}},
		"any":    {AllowedHeaders: []string{"*"}},
		"echo":   {AllowedHeaders: []string{"*"}, AllowCredentials: true},
		"logged": {AllowedHeaders: []string{"X-A"}, Logger: slog.New(slog.DiscardHandler)},
		"told": {
			AllowedHeaders: []string{"X-A"},
			Logger:         slog.New(slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{Level: slog.LevelDebug})),
		},
	} {
		t.Run(name, func(t *testing.T) {
			opts.AllowedOrigins = []string{"https://a.example"}
			h := cors.New(opts)(hello)
			lines := make([]string, 100_000)
			for i := range lines {
				lines[i] = ",,,,,,,,"
			}
			for _, headers := range [][]string{{hostile}, {hostile, hostile}, lines, {strings.Repeat("x-a,", 1<<18)}} {
				assertCheapPreflight(t, h, headers)
			}
		})
	}
}

// assertCheapPreflight sends a preflight with the lines of Access-Control-Request-Headers,
// and bounds what it and its answer may take.
func assertCheapPreflight(t *testing.T, h http.Handler, headers []string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodOptions, "/", nil)
	r.Header.Set("Origin", "https://a.example")
	r.Header.Set("Access-Control-Request-Method", "PUT")
	r.Header["Access-Control-Request-Headers"] = headers
	_, bytes := fixture.Allocations(h, r)
	assert.Less(t, bytes, uint64(8<<10), "bytes for one preflight")
	w := fixture.Discard{}
	h.ServeHTTP(w, r)
	assert.Less(t, len(fmt.Sprint(w)), 8<<10, "bytes of the answer")
}

// Fiber: a "*" together with credentials was taken, also among other origins. Without
// credentials it may stand among others: it allows every origin.
func TestCVE_2024_25124(t *testing.T) {
	refused(t, cors.Options{AllowedOrigins: []string{"*"}, AllowCredentials: true}, "AllowedOrigins")
	refused(t, cors.Options{AllowedOrigins: []string{"https://a.example", "*"}, AllowCredentials: true}, "AllowedOrigins")
	refused(t, cors.Options{AllowedOrigins: []string{" * "}, AllowCredentials: true}, "AllowedOrigins")
	refused(t, cors.Options{AllowedOrigins: []string{"https://*"}, AllowCredentials: true}, "AllowedOrigins")
	refused(t, cors.Options{AllowedOrigins: []string{"https://*:*"}, AllowCredentials: true}, "AllowedOrigins")
}

// go-zero: origins were compared by their ends, so that evilexample.com passed
// for example.com.
func TestCVE_2024_27302(t *testing.T) {
	opts := cors.Options{
		AllowedOrigins:   []string{"https://example.com", "https://*.example.org", "https://*-app.example.net"},
		AllowCredentials: true,
	}
	for _, origin := range []string{
		"https://evilexample.com", "https://evil-example.com", "https://evil.example.com", "https://evilexample.org",
		"https://example.org", "https://x-app.evil.example.net",
		"https://evil.x-app.example.net", "https://x-appexample.net",
	} {
		with, without := mayRead(t, opts, origin, nil)
		assert.False(t, with || without, origin)
	}
}

// jub0bs/cors: patterns whose hosts share an end were merged, so that strangers
// whose host was put together from two of them passed.
func TestGHSA_vhxv_fg4m_p2w8(t *testing.T) {
	hosts := []string{"foo.com", "bar.com", "oo.com", "afoo.com", "b.foo.com", "com.foo.com",
		"one.that.is.longer.than.any.two.of.the.others.put.together.example"} // so that none is refused for its length alone
	var patterns []string
	allowed := make(map[string]bool)
	for _, host := range hosts {
		patterns = append(patterns, "https://"+host)
		allowed["https://"+host] = true
	}
	for _, orders := range [][]string{patterns, reversed(patterns)} {
		opts := cors.Options{AllowedOrigins: orders, AllowCredentials: true}
		for _, first := range hosts {
			for _, second := range hosts {
				for _, separator := range []string{"", ".", "-"} {
					origin := "https://" + first + separator + second
					with, without := mayRead(t, opts, origin, nil)
					assert.Equal(t, allowed[origin], with, origin)
					assert.Equal(t, allowed[origin], without, origin)
				}
			}
		}
	}
}

func reversed(list []string) []string {
	var back []string
	for i := range list {
		back = append(back, list[len(list)-1-i])
	}
	return back
}

// Flask-CORS: line breaks that a client sent reached the log, where they forged
// records of their own.
func TestCVE_2024_1681(t *testing.T) {
	var records bytes.Buffer
	logger := slog.New(raw{&records})
	h := cors.New(cors.Options{AllowedOrigins: []string{"https://a.example"}, Logger: logger})(hello)
	const forged = "\r\nlevel=INFO msg=forged \x1b[2J\u2028"
	for _, origin := range []string{"https://a.example", "https://b.example" + forged, forged} {
		for _, method := range []string{"GET", "OPTIONS", "GET" + forged} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Method = method
			r.URL.Path = "/" + forged
			r.Header["Origin"] = []string{origin}
			r.Header["Access-Control-Request-Method"] = []string{"PUT" + forged}
			r.Header["Access-Control-Request-Headers"] = []string{"x-a" + forged}
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	lines := strings.Split(strings.TrimSuffix(records.String(), "\n"), "\n")
	require.Len(t, lines, 9)
	for _, line := range lines {
		assert.Regexp(t, "^[ -~]+$", line)
	}
}

// Hono: with credentials and no origins given, or "*", the middleware echoed every
// origin. RESTEasy did so as well (GHSA-972r-f3fv-whm3).
func TestCVE_2026_54290(t *testing.T) {
	refused(t, cors.Options{AllowCredentials: true, AllowedMethods: []string{"PUT"}}, "AllowedOrigins")
	refused(t, cors.Options{AllowedOrigins: []string{"*"}, AllowCredentials: true}, "AllowedOrigins")
	for _, opts := range []cors.Options{
		{AllowedOrigins: []string{"*"}},
		{
			AllowedOrigins: []string{"*"}, AllowedMethods: []string{"*"},
			AllowedHeaders: []string{"*"}, ExposedHeaders: []string{"*"},
		},
	} {
		for _, method := range []string{"GET", "PUT"} {
			res, err := corstest.Fetch(cors.New(opts)(hello), corstest.Request{
				Origin: "https://evil.example", Method: method, Credentials: true,
			})
			assert.Error(t, err)
			for _, exchange := range res.Exchanges {
				assert.Equal(t, []string{"*"}, exchange.Response.Header["Access-Control-Allow-Origin"])
				assert.NotContains(t, exchange.Response.Header, "Access-Control-Allow-Credentials")
			}
		}
	}
}

// Hono: Access-Control-Request-Headers was split by a regular expression that takes
// time quadratic in a run of spaces. The work here does not grow with the header: the
// answer is the policy, or an echo of a bounded length.
func TestCVE_2026_69207(t *testing.T) {
	for name, opts := range map[string]cors.Options{
		"none": {},
		"list": {AllowedHeaders: []string{"X-A"}},
		"echo": {AllowedHeaders: []string{"*"}, AllowCredentials: true},
		"logged": {
			AllowedHeaders: []string{"X-A"},
			Logger:         slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug})),
		},
	} {
		t.Run(name, func(t *testing.T) {
			opts.AllowedOrigins = []string{"https://a.example"}
			h := cors.New(opts)(hello)
			for _, spaces := range []string{" ", "\t", " \t"} {
				run := strings.Repeat(spaces, 1<<20)
				for _, headers := range []string{
					run, "x-a" + run + "b", run + ",x-a", strings.Repeat("x-a"+run[:1<<10]+",", 1<<10),
				} {
					assertCheapPreflight(t, h, []string{headers})
				}
			}
		})
	}
}

// Hono: the Vary of a request became that of the response, so that a client decided
// how caches tell responses apart. Here no header of the request but Origin, and the
// names to be echoed, reaches the response.
func TestGHSA_q7jf_gf43_6x6p(t *testing.T) {
	for name, opts := range map[string]cors.Options{
		"list": {AllowedOrigins: []string{"https://a.example"}},
		"any":  {AllowedOrigins: []string{"*"}},
		"echoes": {
			AllowedOrigins: []string{"https://a.example"}, AllowedHeaders: []string{"*"},
			AllowedMethods: []string{"*"}, AllowCredentials: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := cors.New(opts)(hello)
			for _, method := range []string{"GET", "OPTIONS"} {
				answers := make([]http.Header, 2)
				for i, vary := range [][]string{nil, {"*", "X-Chosen-By-Client"}} {
					r := httptest.NewRequest(method, "/", nil)
					r.Header.Set("Origin", "https://a.example")
					r.Header.Set("Access-Control-Request-Method", "PUT")
					r.Header["Vary"] = vary
					r.Header["Access-Control-Allow-Origin"] = vary
					r.Header["Access-Control-Expose-Headers"] = vary
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					answers[i] = w.Header()
				}
				assert.Equal(t, answers[0], answers[1])
			}
		})
	}
}

// sanic-cors: a regular expression was compared with the beginning of an origin, so
// that https://trusted.com.evil.example passed for https://trusted\.com. Here there are
// no regular expressions, and a pattern is compared with the whole origin.
func TestCVE_2026_37737(t *testing.T) {
	for _, pattern := range []string{
		`https://trusted\.com`, `https://trusted\.com$`, `^https://trusted\.com$`,
		`https://.*\.trusted\.com`, `https?://trusted.com`,
	} {
		assert.Error(t, cors.Options{AllowedOrigins: []string{pattern}}.Validate(), pattern)
	}
	opts := cors.Options{
		AllowedOrigins: []string{
			"https://trusted.com", "https://*.trusted.com", "https://app-*.trusted.net", "http://localhost:*",
		},
		AllowCredentials: true,
	}
	for _, origin := range []string{
		"https://trusted.com.evil.example", "https://trusted.com:8443", "https://trusted.com.",
		"https://trusted.comevil.example",
		"https://a.trusted.com.evil.example", "https://a.trusted.com:8443", "https://app-1.trusted.net.evil.example",
		"http://localhost.evil.example", "http://localhost.evil.example:3000",
	} {
		with, without := mayRead(t, opts, origin, nil)
		assert.False(t, with || without, origin)
	}
}

// Flask-CORS: Access-Control-Allow-Private-Network: true was sent to everybody who
// asked, by default. No policy here sends it, also if it lists the header that asks.
func TestCVE_2024_6221(t *testing.T) {
	assert.Error(t,
		cors.Options{
			AllowedOrigins: []string{"*"}, ExposedHeaders: []string{"Access-Control-Allow-Private-Network"},
		}.Validate())
	for _, opts := range []cors.Options{
		{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"}},
		{
			AllowedOrigins: []string{"https://a.example"}, AllowedMethods: []string{"*"},
			AllowedHeaders: []string{"*"}, AllowCredentials: true,
		},
		{
			AllowedOrigins: []string{"*"}, AllowedMethods: []string{"*"},
			AllowedHeaders: []string{"Access-Control-Request-Private-Network", "Access-Control-Allow-Private-Network"},
		},
	} {
		for _, header := range []string{"Access-Control-Request-Private-Network", "Access-Control-Request-Local-Network"} {
			r := httptest.NewRequest(http.MethodOptions, "/", nil)
			r.Header.Set("Origin", "https://a.example")
			r.Header.Set("Access-Control-Request-Method", "PUT")
			r.Header.Set(header, "true")
			w := httptest.NewRecorder()
			cors.New(opts)(hello).ServeHTTP(w, r)
			require.Equal(t, http.StatusNoContent, w.Code)
			for name := range w.Header() {
				assert.NotContains(t, name, "Network")
			}
		}
	}
}

// Flask-CORS had rules of its own for paths, and they differed from the router's: the
// case was ignored (CVE-2024-6866), "+" was read as a space (CVE-2024-6844), and the
// longest pattern won over the closest (CVE-2024-6839). So a path got the policy of
// another. Here the router alone reads paths: a preflight has the policy of the route
// that serves the request.
func TestCVE_2024_6839(t *testing.T) {
	policy := func(name string) http.Handler {
		return cors.New(cors.Options{
			AllowedOrigins: []string{"https://" + name + ".example"}, AllowedMethods: []string{"PUT"},
		})(hello)
	}
	mux := http.NewServeMux()
	mux.Handle("PUT /", policy("rest"))
	mux.Handle("PUT /private", policy("private"))
	mux.Handle("PUT /service+1", policy("plus"))
	mux.Handle("PUT /service%201", policy("space"))
	mux.Handle("PUT /api/", policy("api"))
	mux.Handle("PUT /api/{version}/users/{rest...}", policy("users"))
	mux.Handle("PUT /api/v1/users/admin", policy("admin"))
	h := cors.RoutePreflights(mux)
	for path, want := range map[string]string{
		"/private": "private", "/PRIVATE": "rest", "/private%2F": "rest", "/%70rivate": "private",
		"/service+1": "plus", "/service%2B1": "plus", "/service%201": "space",
		"/api/v1/users/admin": "admin", "/api/v1/users/admin/x": "users", "/api/v1/Users/admin": "api", "/api/x": "api",
	} {
		for _, name := range []string{"rest", "private", "plus", "space", "api", "users", "admin"} {
			_, err := corstest.Fetch(h, corstest.Request{
				Origin: "https://" + name + ".example", Method: "PUT", URL: "https://server.example" + path,
			})
			assert.Equal(t, name == want, err == nil, "%s, for %s", path, name)
		}
	}
}

// A raw handler writes records as they come, without any quoting of its own.
type raw struct{ w *bytes.Buffer }

func (raw) Enabled(context.Context, slog.Level) bool { return true }
func (h raw) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h raw) WithGroup(string) slog.Handler          { return h }
func (h raw) Handle(_ context.Context, r slog.Record) error {
	fmt.Fprint(h.w, r.Message)
	r.Attrs(func(a slog.Attr) bool { fmt.Fprint(h.w, " ", a.Key, "=", a.Value); return true })
	fmt.Fprintln(h.w)
	return nil
}

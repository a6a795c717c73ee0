package cors_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
	"example.com/cors/internal/test/alloctest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Vary as the middleware sends it.
const (
	actualVary    = "Origin"
	preflightVary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
)

// A call is a request and what must come of it.
type call struct {
	name   string
	method string            // GET if empty
	header map[string]string // a "\n" separates lines
	status int               // 200 if 0
	ran    bool              // the handler
	want   map[string]string // the complete set of CORS headers and Vary
}

// check makes the call to a handler wrapped by the middleware, inside an outer
// handler that sets headers of its own.
func (c call) check(t *testing.T, allow func(http.Handler) http.Handler) {
	t.Helper()
	ran := false
	inner := allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ran = true
		w.WriteHeader(http.StatusOK)
	}))
	w := httptest.NewRecorder()
	w.Header().Set("X-Outer", "kept")
	inner.ServeHTTP(w, request(c.method, c.header))

	res := w.Result()
	assert.Equal(t, cmpOr(c.status, http.StatusOK), res.StatusCode, "status")
	assert.Equal(t, c.ran, ran, "whether the handler ran")
	assert.Equal(t, "kept", res.Header.Get("X-Outer"))
	got := make(map[string]string)
	for name, lines := range res.Header {
		if name == "Vary" || strings.HasPrefix(name, "Access-Control-") {
			got[name] = strings.Join(lines, "\n")
		}
	}
	assert.Equal(t, c.want, got)
}

func cmpOr(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

func request(method string, header map[string]string) *http.Request {
	r := httptest.NewRequest(method, "https://api.example/users", nil)
	for name, lines := range header {
		r.Header[name] = strings.Split(lines, "\n")
	}
	return r
}

func origin(value string) map[string]string { return map[string]string{"Origin": value} }

// preflight returns the headers of a preflight; headers may be empty.
func preflight(origin, method, headers string) map[string]string {
	h := map[string]string{"Origin": origin, "Access-Control-Request-Method": method}
	if headers != "" {
		h["Access-Control-Request-Headers"] = headers
	}
	return h
}

// longestOrigin has every part at its longest.
var longestOrigin = strings.Repeat("s", 64) + "://" + strings.Repeat("a.", 127) + ":65535"

func TestMiddleware(t *testing.T) {
	const a, b, evil = "https://a.example", "https://b.example", "https://evil.example"
	varyOnly := map[string]string{"Vary": actualVary}
	refused := map[string]string{"Vary": preflightVary}
	tests := []struct {
		name  string
		opts  cors.Options
		calls []call
	}{
		{
			name: "list",
			opts: cors.Options{AllowedOrigins: []string{a, b}},
			calls: []call{
				{name: "allowed", header: origin(b), ran: true, want: map[string]string{"Vary": actualVary, "Access-Control-Allow-Origin": b}},
				{name: "without Origin", ran: true, want: varyOnly},
				{name: "not allowed", header: origin(evil), ran: true, want: varyOnly},
				{name: "POST", method: "POST", header: origin(a), ran: true, want: map[string]string{"Vary": actualVary, "Access-Control-Allow-Origin": a}},
				{name: "preflight", method: "OPTIONS", header: preflight(a, "GET", "x-foo"), status: 204, want: map[string]string{"Vary": preflightVary, "Access-Control-Allow-Origin": a}},
				{name: "preflight not allowed", method: "OPTIONS", header: preflight(evil, "GET", ""), status: 403, want: refused},
				{name: "OPTIONS alone", method: "OPTIONS", ran: true, want: map[string]string{"Vary": preflightVary}},
				{name: "OPTIONS without a method announced", method: "OPTIONS", header: origin(a), ran: true, want: map[string]string{"Vary": preflightVary, "Access-Control-Allow-Origin": a}},
				{name: "OPTIONS with an empty method announced", method: "OPTIONS", header: preflight(a, "", ""), ran: true, want: map[string]string{"Vary": preflightVary, "Access-Control-Allow-Origin": a}},
				{name: "OPTIONS without Origin", method: "OPTIONS", header: map[string]string{"Access-Control-Request-Method": "PUT"}, ran: true, want: map[string]string{"Vary": preflightVary}},
				{name: "OPTIONS with two Origin lines", method: "OPTIONS", header: preflight(a+"\n"+a, "PUT", ""), ran: true, want: map[string]string{"Vary": preflightVary}},
				{name: "another method with a method announced", method: "PUT", header: preflight(a, "PUT", ""), ran: true, want: map[string]string{"Vary": actualVary, "Access-Control-Allow-Origin": a}},
				{name: "options in lower case", method: "options", header: preflight(a, "PUT", ""), ran: true, want: map[string]string{"Vary": actualVary, "Access-Control-Allow-Origin": a}},
			},
		},
		{
			name: "everything",
			opts: cors.Options{
				AllowedOrigins:       []string{a},
				AllowedMethods:       []string{"PUT", "DELETE", "PUT"},
				AllowedHeaders:       []string{"content-type", "X-Token", "Content-Type"},
				ExposedHeaders:       []string{"etag", "X-Request-ID"},
				AllowCredentials:     true,
				MaxAge:               10 * time.Minute,
				OptionsSuccessStatus: 200,
			},
			calls: []call{
				{name: "allowed", header: origin(a), ran: true, want: map[string]string{
					"Vary":                             actualVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Expose-Headers":    "Etag, X-Request-Id",
				}},
				{name: "not allowed", header: origin(b), ran: true, want: varyOnly},
				{name: "preflight", method: "OPTIONS", header: preflight(a, "PATCH", "x-unlisted"), status: 200, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Allow-Methods":     "PUT, DELETE",
					"Access-Control-Allow-Headers":     "Content-Type, X-Token",
					"Access-Control-Max-Age":           "600",
				}},
				{name: "preflight not allowed", method: "OPTIONS", header: preflight(b, "PUT", ""), status: 403, want: refused},
			},
		},
		{
			name: "open",
			opts: cors.Options{
				AllowedOrigins: []string{"*"}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"}, ExposedHeaders: []string{"*"}, MaxAge: -1,
			},
			calls: []call{
				{name: "with Origin", header: origin(evil), ran: true, want: map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}},
				{name: "without Origin", ran: true, want: map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}},
				{name: "null", header: origin("null"), ran: true, want: map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}},
				{name: "two Origin lines", header: origin(a + "\n" + b), ran: true, want: map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}},
				{name: "OPTIONS alone", method: "OPTIONS", header: origin(evil), ran: true, want: map[string]string{
					// Else a cache that keeps OPTIONS would answer preflights with it.
					"Vary":                          preflightVary,
					"Access-Control-Allow-Origin":   "*",
					"Access-Control-Expose-Headers": "*",
				}},
				{name: "preflight", method: "OPTIONS", header: preflight(evil, "PUT", "x-foo"), status: 204, want: map[string]string{
					"Vary":                         preflightVary,
					"Access-Control-Allow-Origin":  "*",
					"Access-Control-Allow-Methods": "*",
					"Access-Control-Allow-Headers": "*, Authorization",
					"Access-Control-Max-Age":       "0",
				}},
			},
		},
		{
			name: "open, nothing else",
			opts: cors.Options{AllowedOrigins: []string{"*"}},
			calls: []call{
				{name: "GET", ran: true, want: map[string]string{"Access-Control-Allow-Origin": "*"}},
				{name: "preflight", method: "OPTIONS", header: preflight("null", "PUT", ""), status: 204, want: map[string]string{"Vary": preflightVary, "Access-Control-Allow-Origin": "*"}},
			},
		},
		{
			name: "wildcards with credentials are echoed",
			opts: cors.Options{AllowedOrigins: []string{a}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"}, AllowCredentials: true, MaxAge: time.Second},
			calls: []call{
				{name: "as asked", method: "OPTIONS", header: preflight(a, "PUT", "authorization,x-foo"), status: 204, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Allow-Methods":     "PUT",
					"Access-Control-Allow-Headers":     "authorization,x-foo",
					"Access-Control-Max-Age":           "1",
				}},
				{name: "split by a gateway", method: "OPTIONS", header: preflight(a, "PUT", "authorization\nx-foo, x-bar"), status: 204, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Allow-Methods":     "PUT",
					"Access-Control-Allow-Headers":     "authorization\nx-foo, x-bar",
					"Access-Control-Max-Age":           "1",
				}},
				{name: "neither a method nor names", method: "OPTIONS", header: preflight(a, "PUT<script>", "x-föö"), status: 204, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Max-Age":           "1",
				}},
				{name: "too long to send back", method: "OPTIONS", header: preflight(a, strings.Repeat("M", 65), strings.Repeat("x,", 2049)), status: 204, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Max-Age":           "1",
				}},
				{name: "as long as may be", method: "OPTIONS", header: preflight(a, strings.Repeat("M", 64), strings.Repeat("x,", 2047)+"x"), status: 204, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Allow-Methods":     strings.Repeat("M", 64),
					"Access-Control-Allow-Headers":     strings.Repeat("x,", 2047) + "x",
					"Access-Control-Max-Age":           "1",
				}},
				{name: "in as many lines as may be", method: "OPTIONS", header: preflight(a, "PUT", "x-foo"+strings.Repeat("\nx-foo", 15)), status: 204, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Allow-Methods":     "PUT",
					"Access-Control-Allow-Headers":     "x-foo" + strings.Repeat("\nx-foo", 15),
					"Access-Control-Max-Age":           "1",
				}},
				{name: "in more lines", method: "OPTIONS", header: preflight(a, "PUT", "x-foo"+strings.Repeat("\nx-foo", 16)), status: 204, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Allow-Methods":     "PUT",
					"Access-Control-Max-Age":           "1",
				}},
				{name: "no names asked for", method: "OPTIONS", header: preflight(a, "PUT", ""), status: 204, want: map[string]string{
					"Vary":                             preflightVary,
					"Access-Control-Allow-Origin":      a,
					"Access-Control-Allow-Credentials": "true",
					"Access-Control-Allow-Methods":     "PUT",
					"Access-Control-Max-Age":           "1",
				}},
				{name: "not allowed", method: "OPTIONS", header: preflight(b, "PUT", "x-foo"), status: 403, want: refused},
			},
		},
		{
			name: "names beside a wildcard",
			opts: cors.Options{AllowedOrigins: []string{a}, AllowedMethods: []string{"PUT", "*"}, AllowedHeaders: []string{"authorization", "*"}},
			calls: []call{
				{name: "preflight", method: "OPTIONS", header: preflight(a, "PUT", ""), status: 204, want: map[string]string{
					"Vary":                         preflightVary,
					"Access-Control-Allow-Origin":  a,
					"Access-Control-Allow-Methods": "PUT, *",
					"Access-Control-Allow-Headers": "Authorization, *",
				}},
			},
		},
		{
			name: "OptionsPassthrough",
			opts: cors.Options{AllowedOrigins: []string{a}, AllowedMethods: []string{"PUT"}, OptionsPassthrough: true},
			calls: []call{
				{name: "preflight", method: "OPTIONS", header: preflight(a, "PUT", ""), ran: true, want: map[string]string{
					"Vary": preflightVary, "Access-Control-Allow-Origin": a, "Access-Control-Allow-Methods": "PUT",
				}},
				{name: "preflight not allowed", method: "OPTIONS", header: preflight(b, "PUT", ""), ran: true, want: refused},
				{name: "actual", header: origin(a), ran: true, want: map[string]string{"Vary": actualVary, "Access-Control-Allow-Origin": a}},
			},
		},
		{
			name: "AllowOriginFunc",
			opts: cors.Options{
				AllowedOrigins: []string{a},
				AllowOriginFunc: func(r *http.Request, origin string) bool {
					return r.Header.Get("X-Tenant") == origin || origin == "null"
				},
				AllowOriginVary: []string{"x-tenant", "Origin"},
			},
			calls: []call{
				{name: "listed", header: origin(a), ran: true, want: map[string]string{"Vary": "Origin, X-Tenant", "Access-Control-Allow-Origin": a}},
				{name: "yes", header: map[string]string{"Origin": b, "X-Tenant": b}, ran: true, want: map[string]string{"Vary": "Origin, X-Tenant", "Access-Control-Allow-Origin": b}},
				{name: "no", header: origin(b), ran: true, want: map[string]string{"Vary": "Origin, X-Tenant"}},
				{name: "null", header: origin("null"), ran: true, want: map[string]string{"Vary": "Origin, X-Tenant", "Access-Control-Allow-Origin": "null"}},
				{name: "file", header: map[string]string{"Origin": "file://", "X-Tenant": "file://"}, ran: true, want: map[string]string{"Vary": "Origin, X-Tenant", "Access-Control-Allow-Origin": "file://"}},
				{name: "application", header: map[string]string{"Origin": "app://.", "X-Tenant": "app://."}, ran: true, want: map[string]string{"Vary": "Origin, X-Tenant", "Access-Control-Allow-Origin": "app://."}},
				{name: "not an origin", header: map[string]string{"Origin": b + "/", "X-Tenant": b + "/"}, ran: true, want: map[string]string{"Vary": "Origin, X-Tenant"}},
				{name: "preflight yes", method: "OPTIONS", header: map[string]string{"Origin": b, "X-Tenant": b, "Access-Control-Request-Method": "PUT"}, status: 204, want: map[string]string{
					"Vary": preflightVary + ", X-Tenant", "Access-Control-Allow-Origin": b,
				}},
				{name: "preflight no", method: "OPTIONS", header: preflight(b, "PUT", ""), status: 403, want: map[string]string{"Vary": preflightVary + ", X-Tenant"}},
			},
		},
		{
			name: "AllowOriginFunc and the longest origin",
			opts: cors.Options{AllowOriginFunc: func(*http.Request, string) bool { return true }},
			calls: []call{
				{name: "yes", header: origin(longestOrigin), ran: true, want: map[string]string{"Vary": actualVary, "Access-Control-Allow-Origin": longestOrigin}},
				{name: "longer", header: origin("s" + longestOrigin), ran: true, want: varyOnly},
			},
		},
		{
			name: "AllowOriginFunc with credentials",
			opts: cors.Options{AllowOriginFunc: func(*http.Request, string) bool { return true }, AllowCredentials: true},
			calls: []call{
				{name: "yes", header: origin(b), ran: true, want: map[string]string{"Vary": actualVary, "Access-Control-Allow-Origin": b, "Access-Control-Allow-Credentials": "true"}},
				{name: "null never", header: origin("null"), ran: true, want: varyOnly},
				{name: "file never", header: origin("file://"), ran: true, want: varyOnly},
				{name: "null never, preflight", method: "OPTIONS", header: preflight("null", "PUT", ""), status: 403, want: refused},
			},
		},
	}
	for _, tc := range tests {
		allow := cors.New(tc.opts)
		for _, c := range tc.calls {
			t.Run(tc.name+"/"+c.name, func(t *testing.T) { c.check(t, allow) })
		}
	}
}

// What a pattern does not spell is neither allowed nor echoed, and
// AllowOriginFunc is asked about none of it.
func TestNotAnAllowedOrigin(t *testing.T) {
	long := strings.Repeat("a", 64<<10)
	origins := []string{
		"", "null", "*", "HTTPS://A.EXAMPLE", "https://A.example", "https://a.example:443", "https://a.example.:443",
		"https://a.example/", "https://a.example?", "https://a.example#", "https://a.example, https://b.example",
		"https://a.example https://b.example", "https://a.example,https://a.example", "https://a.example\nhttps://a.example",
		"https://a.example\nhttps://evil.example", " https://a.example", "https://a.example ", "https://a.example\t",
		"https://user@a.example", "https://user:secret@a.example", "https://a.example:", "https://a.example:0",
		"https://a.example:00443", "https://a.example:65536", "https://a.example:8080x", "https://a.example:*", "https://*",
		"https://*.a.example", "https://.a.example", "https://x..a.example", "https://.x.a.example", "https://x.a.example..",
		"https://x_.ä.a.example", "https://X.a.example", "https://x/.a.example", "https://x@.a.example", "https://x:.a.example",
		"https:///a.example", "https:/a.example", "https:a.example", "//a.example", "a.example", "https://", "://a.example", "://",
		"https://[::1", "https://::1", "https://[0:0:0:0:0:0:0:1]", "https://[::1%25eth0]", "https://[::1]:443", "https://[::FFFF]",
		"https://0x7f.1", "https://127.1", "https://1.2.3.04", "https://" + strings.Repeat("a", 64) + ".a.example",
		"https://" + strings.Repeat("a.", 123) + "a.example", "https://" + strings.Repeat(".", 10_000),
		"https://" + strings.Repeat(".", 10_000) + ".a.example", "https://" + long + ".a.example", long + "://a.example", long,
		"https://a.example:" + long, "file://", "https\x00://a.example", "https://a\x00.example", "1https://a.example", "ht_tps://a.example",
	}
	allow := cors.New(cors.Options{
		AllowedOrigins:   []string{"https://a.example", "https://*.a.example", "https://shop-*.a.example", "http://localhost:*"},
		AllowOriginFunc:  func(_ *http.Request, origin string) bool { t.Errorf("asked about %.80q", origin); return true },
		AllowCredentials: true,
	})
	for i, value := range origins {
		t.Run(fmt.Sprintf("%d %.30q", i, value), func(t *testing.T) {
			call{header: origin(value), ran: true, want: map[string]string{"Vary": actualVary}}.check(t, allow)
			if !strings.Contains(value, "\n") {
				call{method: "OPTIONS", header: preflight(value, "PUT", ""), status: 403, want: map[string]string{"Vary": preflightVary}}.check(t, allow)
			}
		})
	}
}

func TestVaryIsAdded(t *testing.T) {
	allow := cors.New(cors.Options{AllowedOrigins: []string{"https://a.example"}, ExposedHeaders: []string{"ETag"}})
	tests := []struct {
		name        string
		outer       []string
		wantActual  []string
		wantRefused []string
	}{
		{"none", nil, []string{"Origin", "Cookie"}, []string{preflightVary}},
		{"a line", []string{"Accept-Encoding"}, []string{"Accept-Encoding", "Origin", "Cookie"}, []string{"Accept-Encoding", preflightVary}},
		{"lines", []string{"Accept", "Accept-Encoding"}, []string{"Accept", "Accept-Encoding", "Origin", "Cookie"}, []string{"Accept", "Accept-Encoding", preflightVary}},
		{"a list", []string{"Accept, Accept-Encoding"}, []string{"Accept, Accept-Encoding", "Origin", "Cookie"}, []string{"Accept, Accept-Encoding", preflightVary}},
		{"Origin already", []string{"Origin"}, []string{"Origin", "Cookie"}, []string{"Origin", preflightVary}},
	}
	h := allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Add("Vary", "Cookie") }))
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			for _, o := range []string{"https://a.example", "https://evil.example"} {
				w := httptest.NewRecorder()
				w.Header()["Vary"] = slices.Clone(tc.outer)
				h.ServeHTTP(w, request("GET", origin(o)))
				assert.Equal(t, tc.wantActual, w.Header()["Vary"], o)
			}
			w := httptest.NewRecorder()
			w.Header()["Vary"] = slices.Clone(tc.outer)
			h.ServeHTTP(w, request("OPTIONS", preflight("https://evil.example", "PUT", "")))
			assert.Equal(t, tc.wantRefused, w.Header()["Vary"])
		})
	}

	t.Run("the outer slice is left alone", func(t *testing.T) {
		outer := append(make([]string, 0, 8), "Accept")
		w := httptest.NewRecorder()
		w.Header()["Vary"] = outer
		h.ServeHTTP(w, request("GET", nil))
		assert.Equal(t, []string{"Accept", "", ""}, outer[:3])
	})
}

// No value of one response has room to grow into the next.
func TestHeaderValuesAreApart(t *testing.T) {
	listed := cors.Options{
		AllowedOrigins: []string{"https://a.example"}, AllowedMethods: []string{"PUT"}, AllowedHeaders: []string{"X-Foo"},
		ExposedHeaders: []string{"ETag"}, AllowCredentials: true, MaxAge: time.Minute,
	}
	echoed := listed
	echoed.AllowedMethods, echoed.AllowedHeaders = []string{"*"}, []string{"*"}
	for name, tc := range map[string]struct {
		opts cors.Options
		r    *http.Request
	}{
		"actual":           {listed, request("GET", origin("https://a.example"))},
		"preflight":        {listed, request("OPTIONS", preflight("https://a.example", "PUT", "x-foo"))},
		"preflight echoed": {echoed, request("OPTIONS", preflight("https://a.example", "PUT", "x-foo\nx-bar"))},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			cors.New(tc.opts)(http.NotFoundHandler()).ServeHTTP(w, tc.r)
			want := w.Header().Clone()
			for key, lines := range w.Header() {
				_ = append(lines, "overflow")
				for other, lines := range w.Header() {
					assert.Equal(t, want[other], lines, "after appending to %s", key)
				}
			}
		})
	}
}

func TestNestedLayersSendOneOfEach(t *testing.T) {
	allow := cors.New(cors.Options{AllowedOrigins: []string{"https://a.example"}, AllowCredentials: true})
	nested := func(h http.Handler) http.Handler { return allow(allow(h)) }
	call{header: origin("https://a.example"), ran: true, want: map[string]string{
		"Vary": "Origin", "Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Credentials": "true",
	}}.check(t, nested)

	w := httptest.NewRecorder()
	allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://own.example")
	})).ServeHTTP(w, request("GET", origin("https://a.example")))
	assert.Equal(t, []string{"https://own.example"}, w.Header()["Access-Control-Allow-Origin"])
}

func TestOptionsAreCopied(t *testing.T) {
	opts := cors.Options{
		AllowedOrigins: []string{"https://a.example"}, AllowedMethods: []string{"PUT"}, AllowedHeaders: []string{"X-Foo"}, ExposedHeaders: []string{"ETag"},
	}
	allow := cors.New(opts)
	opts.AllowedOrigins[0], opts.AllowedMethods[0], opts.AllowedHeaders[0], opts.ExposedHeaders[0] = "https://b.example", "DELETE", "X-Bar", "Location"
	call{header: origin("https://a.example"), ran: true, want: map[string]string{
		"Vary": actualVary, "Access-Control-Allow-Origin": "https://a.example", "Access-Control-Expose-Headers": "Etag",
	}}.check(t, allow)
	call{method: "OPTIONS", header: preflight("https://a.example", "PUT", ""), status: 204, want: map[string]string{
		"Vary": preflightVary, "Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "X-Foo",
	}}.check(t, allow)
}

// A badPolicy has exactly one problem.
type badPolicy struct {
	opts   cors.Options
	field  string
	value  string
	reason cors.Reason
	detail string // part of it
	fix    string
}

func badOrigin(value string, reason cors.Reason, detail, fix string) badPolicy {
	return badPolicy{cors.Options{AllowedOrigins: []string{value}}, "AllowedOrigins", value, reason, detail, fix}
}

func badCredentialed(value string, reason cors.Reason, detail, fix string) badPolicy {
	bad := badOrigin(value, reason, detail, fix)
	bad.opts.AllowCredentials = true
	return bad
}

// with returns options that are valid but for what set does to them.
func with(set func(o *cors.Options)) cors.Options {
	o := cors.Options{AllowedOrigins: []string{"https://a.example"}}
	set(&o)
	return o
}

func badMethod(value string, reason cors.Reason, detail, fix string) badPolicy {
	return badPolicy{with(func(o *cors.Options) { o.AllowedMethods = []string{value} }), "AllowedMethods", value, reason, detail, fix}
}

func badHeader(value string, reason cors.Reason, detail, fix string) badPolicy {
	return badPolicy{with(func(o *cors.Options) { o.AllowedHeaders = []string{value} }), "AllowedHeaders", value, reason, detail, fix}
}

func badExposed(value string, reason cors.Reason, detail, fix string) badPolicy {
	return badPolicy{with(func(o *cors.Options) { o.ExposedHeaders = []string{value} }), "ExposedHeaders", value, reason, detail, fix}
}

func badMaxAge(value time.Duration, reason cors.Reason, detail, fix string) badPolicy {
	return badPolicy{with(func(o *cors.Options) { o.MaxAge = value }), "MaxAge", value.String(), reason, detail, fix}
}

func badStatus(value int, field string) badPolicy {
	return badPolicy{with(func(o *cors.Options) { o.OptionsSuccessStatus = value }), "OptionsSuccessStatus", field, cors.ReasonOutOfRange, "200 to 299", "204"}
}

func badPolicies() []badPolicy {
	const (
		missing, malformed, forbidden = cors.ReasonMissing, cors.ReasonMalformed, cors.ReasonForbidden
		conflict, outOfRange, unsafe  = cors.ReasonConflict, cors.ReasonOutOfRange, cors.ReasonUnsafe
	)
	yes := func(*http.Request, string) bool { return true }
	return []badPolicy{
		{cors.Options{}, "AllowedOrigins", "", missing, "no origin is allowed", ""},
		{cors.Options{AllowedOrigins: []string{}, AllowCredentials: true}, "AllowedOrigins", "", missing, "no origin is allowed", ""},

		badOrigin("", malformed, "empty", ""),
		badOrigin(" ", malformed, "white space", ""),
		badOrigin("https://example.com/", malformed, "no path", "https://example.com"),
		badOrigin("https://example.com/app", malformed, "no path", "https://example.com"),
		badOrigin("https://example.com?x=1", malformed, "query", "https://example.com"),
		badOrigin("https://example.com#top", malformed, "no path", "https://example.com"),
		badOrigin("https://user:secret@example.com", malformed, "user name", "https://example.com"),
		badOrigin("https://@example.com", malformed, "user name", "https://example.com"),
		badOrigin("example.com", malformed, "no scheme", "https://example.com"),
		badOrigin("example.com:8080", malformed, "no scheme", "https://example.com:8080"),
		badOrigin("//example.com", malformed, "no scheme", "https://example.com"),
		badOrigin("localhost:3000", malformed, "no scheme", "http://localhost:3000"),
		badOrigin("127.0.0.1:3000/", malformed, "no scheme", "http://127.0.0.1:3000"),
		badOrigin("[::1]:3000", malformed, "no scheme", "http://[::1]:3000"),
		badOrigin("::1", malformed, "no scheme", ""),
		badOrigin("*.example.com", malformed, "no scheme", "https://*.example.com"),
		badOrigin(".example.com", malformed, "no scheme", "https://*.example.com"),
		badOrigin("HTTPS://example.com", malformed, "upper-case", "https://example.com"),
		badOrigin("Https://example.com", malformed, "upper-case", "https://example.com"),
		badOrigin("hTTPS://example.com", malformed, "upper-case", "https://example.com"),
		badOrigin("aApp://example.com", malformed, "upper-case", "aapp://example.com"),
		badOrigin("zeD-Z://example.com", malformed, "upper-case", "zed-z://example.com"),
		badOrigin("apZ://example.com", malformed, "upper-case", "apz://example.com"),
		badOrigin("HTTPS://Example.com", malformed, "upper-case", "https://example.com"),
		badOrigin("https://Example.com", malformed, "upper-case", "https://example.com"),
		badOrigin("https://A.example.com", malformed, "upper-case", "https://a.example.com"),
		badOrigin("https://Z.example.com", malformed, "upper-case", "https://z.example.com"),
		badOrigin("https://*.Example.com", malformed, "upper-case", "https://*.example.com"),
		badOrigin("https://example.com:443", malformed, "default port", "https://example.com"),
		badOrigin("http://localhost:80", malformed, "default port", "http://localhost"),
		badOrigin("https://example.com:", malformed, "port is empty", "https://example.com"),
		badOrigin("https://example.com:0", malformed, "1 to 65535", "https://example.com"),
		badOrigin("https://example.com:65536", malformed, "1 to 65535", ""),
		badOrigin("https://example.com:123456", malformed, "1 to 65535", ""),
		badOrigin("https://example.com:08080", malformed, "leading zeros", "https://example.com:8080"),
		badOrigin("https://example.com:http", malformed, "1 to 65535", ""),
		badOrigin("https://example.com:80*", malformed, "1 to 65535", ""),
		badOrigin("https://example.com:+80", malformed, "regular expressions", ""),
		badOrigin("https://a.example,https://b.example", malformed, "several origins", ""),
		badOrigin("https://a.example/,https://b.example/", malformed, "several origins", ""),
		badOrigin(",https://a.example", malformed, "several origins", ""),
		badOrigin("https://a.example https://b.example", malformed, "white space", ""),
		badOrigin(" https://example.com", malformed, "white space", "https://example.com"),
		badOrigin("https://example.com\n", malformed, "white space", "https://example.com"),
		badOrigin("https://exam\x00ple.com", malformed, "control character", ""),
		badOrigin("https://", malformed, "no host", ""),
		badOrigin("https://:8080", malformed, "no host", ""),
		badOrigin("://example.com", malformed, "not a scheme", "https://example.com"),
		badOrigin("1http://example.com", malformed, "not a scheme", ""),
		badOrigin("ht_tp://example.com", malformed, "not a scheme", ""),
		badOrigin(strings.Repeat("s", 65)+"://example.com", malformed, "not a scheme", ""),
		badOrigin("*://example.com", malformed, "scheme cannot be a wildcard", ""),
		badOrigin("https://*", malformed, "no domain follows", ""),
		badOrigin("https://*:*", malformed, "no domain follows", ""),
		badOrigin("https://*.", malformed, "no domain follows", ""),
		badOrigin("https://shop-*", malformed, "no domain follows", ""),
		badOrigin("https://a.*.com", malformed, "first label only", ""),
		badOrigin("https://example.*", malformed, "first label only", ""),
		badOrigin("https://*a*.example.com", malformed, "more than one wildcard", ""),
		badOrigin("https://*.*.example.com", malformed, "more than one wildcard", ""),
		badOrigin("https://**.example.com", malformed, "more than one wildcard", ""),
		badOrigin("https://*..example.com", malformed, "label of the host is empty", ""),
		badOrigin("https://*ü.example.com", malformed, "Punycode", ""),
		badOrigin("https://*.127.0.0.1", malformed, "no subdomains", ""),
		badOrigin("https://*.[::1]", malformed, "no subdomains", ""),
		badOrigin("https://*.0.0.1", malformed, "IPv4", ""),
		badOrigin(`^https://.*\.example\.com$`, malformed, "not a scheme", ""),
		badOrigin(`https://.*\.example\.com$`, malformed, "regular expressions", ""),
		badOrigin(`https://(a|b).example`, malformed, "regular expressions", ""),
		badOrigin("https://exämple.com", malformed, "Punycode", ""),
		badOrigin("https://a\x80b.example", malformed, "Punycode", ""), // the first byte that is not ASCII, not UTF-8 either
		badOrigin("https://例え.jp", malformed, "Punycode", ""),
		badOrigin("https://exa mple.com", malformed, "white space", ""),
		badOrigin("https://exa%6Dple.com", malformed, "a character that no host has", ""),
		badOrigin("https://.example.com", malformed, "empty", "https://*.example.com"),
		badOrigin("App://example.com", malformed, "upper-case", "app://example.com"),
		badOrigin("Zed://example.com", malformed, "upper-case", "zed://example.com"),
		badOrigin("https://"+strings.Repeat("a", 63)+"..example", malformed, "label of the host is empty", ""),
		badOrigin("https://example..com", malformed, "label of the host is empty", ""),
		badOrigin("https://example.com..", malformed, "label of the host is empty", ""),
		badOrigin("https://.", malformed, "label of the host is empty", ""),
		badOrigin("https://"+strings.Repeat("a", 64)+".example", malformed, "63 bytes", ""),
		badOrigin("https://*"+strings.Repeat("a", 63)+".example", malformed, "63 bytes", ""),
		badOrigin("https://"+strings.Repeat("a.", 126)+"aa", malformed, "253 bytes", ""),
		badOrigin("https://*."+strings.Repeat("a.", 125)+"aa", malformed, "253 bytes", ""),
		badOrigin("null", forbidden, "AllowOriginFunc", ""),
		badOrigin("https://*example.com", unsafe, "evilexample.com", "https://*.example.com"),
		badOrigin("https://*example.co.uk:8443", unsafe, "evilexample.com", "https://*.example.co.uk:8443"),
		badOrigin("https://*example.com.", unsafe, "evilexample.com", "https://*.example.com."),
		badOrigin("*example.com", malformed, "no scheme", "https://*.example.com"),
		badCredentialed("https://*example.com", unsafe, "evilexample.com", "https://*.example.com"),
		badOrigin("https//example.com", malformed, "no scheme", "https://example.com"),
		badOrigin("https:/example.com", malformed, "no scheme", "https://example.com"),
		badOrigin("http:/localhost:3000", malformed, "no scheme", "http://localhost:3000"),
		badOrigin("http:example.com", malformed, "no scheme", "http://example.com"),
		badOrigin("https://https://example.com/", malformed, "no path", "https://example.com"),
		badOrigin("https://http://example.com", malformed, "no path", "http://example.com"),
		badOrigin("example.com:80", malformed, "no scheme", "http://example.com"),
		badOrigin("192.168.0.1:80", malformed, "no scheme", "http://192.168.0.1"),
		badOrigin("https.example.com", malformed, "no scheme", "https://https.example.com"),
		badOrigin(`https://example.com\@evil.example`, malformed, "user name", ""),
		badOrigin("null/", malformed, "no scheme", ""),
		badOrigin("mailto:ada@example.com", malformed, "no scheme", ""),
		badOrigin("@example.com", malformed, "no scheme", ""),
		badOrigin("http://.", malformed, "label of the host is empty", ""),
		badOrigin("app://..", malformed, "label of the host is empty", ""),
		badOrigin("NULL", malformed, "no scheme", ""),
		badOrigin("file://", forbidden, "null", ""),
		badOrigin("file:///home", forbidden, "null", ""),
		badOrigin("data://x", forbidden, "null", ""),
		badOrigin("ws://localhost:3000", malformed, "WebSocket", "http://localhost:3000"),
		badOrigin("wss://example.com", malformed, "WebSocket", "https://example.com"),
		badOrigin("http://::1", malformed, "too many colons", ""),
		badOrigin("http://::1:8080", malformed, "too many colons", ""),
		badOrigin("http://[::1", malformed, "bracket", ""),
		badOrigin("http://[]", malformed, "not an IPv6 address", ""),
		badOrigin("http://[127.0.0.1]", malformed, "not an IPv6 address", ""),
		badOrigin("http://[fe80::1%eth0]", malformed, "not an IPv6 address", ""),
		badOrigin("http://[0:0:0:0:0:0:0:1]:8080", malformed, "canonical", "http://[::1]:8080"),
		badOrigin("http://[2001:DB8::1]", malformed, "canonical", "http://[2001:db8::1]"),
		badOrigin("http://[::ffff:127.0.0.1]", malformed, "canonical", "http://[::ffff:7f00:1]"),
		badOrigin("http://0x7f.0.0.1", malformed, "IPv4", ""),
		badOrigin("http://0x7f000001", malformed, "IPv4", ""),
		badOrigin("http://example.0x", malformed, "IPv4", ""),
		badOrigin("http://example.9", malformed, "IPv4", ""),
		badOrigin("http://2130706433", malformed, "IPv4", ""),
		badOrigin("http://127.1", malformed, "IPv4", ""),
		badOrigin("http://127.0.0.01", malformed, "IPv4", ""),
		badOrigin("http://127.0.0.1.", malformed, "IPv4", ""),
		badOrigin("http://256.0.0.1", malformed, "IPv4", ""),

		badCredentialed("*", conflict, "AllowCredentials", ""),
		badCredentialed("http://example.com", unsafe, "TLS", "https://example.com"),
		badCredentialed("http://example.com:8080", unsafe, "TLS", "https://example.com:8080"),
		badCredentialed("http://example.com:443", unsafe, "TLS", "https://example.com"),
		badCredentialed("http://*.example.com", unsafe, "TLS", "https://*.example.com"),
		badCredentialed("http://192.168.0.1", unsafe, "TLS", "https://192.168.0.1"),
		badCredentialed("http://[2001:db8::1]", unsafe, "TLS", "https://[2001:db8::1]"),
		badCredentialed("http://localhost.example.com", unsafe, "TLS", "https://localhost.example.com"),
		badCredentialed("http://Example.com/", malformed, "no path", "https://example.com"),
		badCredentialed("http://*.github.io", unsafe, "TLS", ""),
		badCredentialed("https://*.com", unsafe, "under com", ""),
		badCredentialed("https://*.co.uk", unsafe, "under co.uk", ""),
		badCredentialed("https://*.github.io", unsafe, "under github.io", ""),
		badCredentialed("https://*.github.io.", unsafe, "under github.io", ""),
		badCredentialed("https://*.github.io:8443", unsafe, "under github.io", ""),
		badCredentialed("https://shop-*.vercel.app", unsafe, "under vercel.app", ""),
		badCredentialed("https://*.ck", unsafe, "under", ""),
		badCredentialed("https://*.foo.ck", unsafe, "under foo.ck", ""),
		badCredentialed("https://*.amazonaws.com", unsafe, "amazonaws.com", ""),
		badCredentialed("https://s3*.amazonaws.com", unsafe, "amazonaws.com", ""),
		badCredentialed("*.github.io", malformed, "no scheme", ""),

		{cors.Options{AllowedOrigins: []string{"https://a.example", "*"}}, "AllowedOrigins", "*", conflict, "the other elements", ""},
		{cors.Options{AllowedOrigins: []string{"*"}, AllowOriginFunc: yes}, "AllowOriginFunc", "", conflict, "never asked", ""},
		{with(func(o *cors.Options) { o.AllowOriginVary = []string{"Host"} }), "AllowOriginVary", "", conflict, "no AllowOriginFunc", ""},
		{cors.Options{AllowOriginFunc: yes, AllowOriginVary: []string{"*"}}, "AllowOriginVary", "*", malformed, "cache", ""},
		{cors.Options{AllowOriginFunc: yes, AllowOriginVary: []string{"X Y"}}, "AllowOriginVary", "X Y", malformed, "not the name", ""},
		{cors.Options{AllowOriginFunc: yes, AllowOriginVary: []string{"Cookie "}}, "AllowOriginVary", "Cookie ", malformed, "white space", "Cookie"},

		badMethod("get", malformed, "case-sensitive", "GET"),
		badMethod("patch", malformed, "case-sensitive", "PATCH"),
		badMethod("Delete", malformed, "case-sensitive", "DELETE"),
		badMethod(" PUT", malformed, "white space", "PUT"),
		badMethod("put ", malformed, "white space", "PUT"),
		badMethod("CONNECT", forbidden, "no browser", ""),
		badMethod("trace", forbidden, "no browser", ""),
		badMethod(" TRACK", forbidden, "no browser", ""),
		badMethod("GET,POST", malformed, "several methods", ""),
		badMethod("GET POST", malformed, "not a method", ""),
		badMethod("", malformed, "empty", ""),
		badMethod(" ", malformed, "not a method", ""),
		badMethod("GET/1", malformed, "not a method", ""),
		badMethod("MÉTHODE", malformed, "not a method", ""),
		badMethod(strings.Repeat("M", 65), outOfRange, "64 bytes", ""),

		badHeader("", malformed, "empty", ""),
		badHeader("Cookie", forbidden, "AllowCredentials", ""),
		badHeader("cookie2", forbidden, "AllowCredentials", ""),
		badHeader("Origin", forbidden, "the browser itself", ""),
		badHeader("HOST", forbidden, "the browser itself", ""),
		badHeader("Sec-Fetch-Mode", forbidden, "the browser itself", ""),
		badHeader("Proxy-Authorization", forbidden, "the browser itself", ""),
		badHeader("Access-Control-Request-Method", forbidden, "the browser itself", ""),
		badHeader("Access-Control-Allow-Origin", forbidden, "by itself", ""),
		badHeader("Access-Control-Allow-Headers", forbidden, "by itself", ""),
		badHeader("Set-Cookie", forbidden, "neither set nor read", ""),
		badHeader("ETag", forbidden, "ExposedHeaders", ""),
		badHeader("X Foo", malformed, "not the name", ""),
		badHeader("X-Foo:", malformed, "colon", "X-Foo"),
		badHeader(" X-Foo", malformed, "white space", "X-Foo"),
		badHeader(" Cookie", malformed, "white space", ""),
		badHeader("X-Foo, X-Bar", malformed, "several headers", ""),
		badHeader("X-Föö", malformed, "not the name", ""),

		badExposed("", malformed, "empty", ""),
		badExposed("Set-Cookie", forbidden, "no browser", ""),
		badExposed("set-cookie2", forbidden, "no browser", ""),
		badExposed("If-None-Match", forbidden, "AllowedHeaders", ""),
		badExposed("X-Foo\r\n", malformed, "white space", "X-Foo"),
		badExposed("Set-Cookie:", malformed, "colon", ""),
		badExposed("X-Foo,X-Bar", malformed, "several headers", ""),
		{with(func(o *cors.Options) { o.ExposedHeaders, o.AllowCredentials = []string{"*"}, true }), "ExposedHeaders", "*", conflict, "AllowCredentials", ""},
		// Its fix was "*", which is no better.
		{with(func(o *cors.Options) { o.ExposedHeaders, o.AllowCredentials = []string{"* "}, true }), "ExposedHeaders", "* ", malformed, "only the name", ""},

		badMaxAge(600, outOfRange, "nanoseconds", "10m0s"),
		badMaxAge(86400, outOfRange, "nanoseconds", "24h0m0s"),
		badMaxAge(86401, outOfRange, "nanoseconds", "1s"),
		badMaxAge(500*time.Millisecond, outOfRange, "less than a second", "1s"),
		badMaxAge(1500*time.Millisecond, malformed, "whole seconds", "1s"),
		badMaxAge(25*time.Hour, outOfRange, "24 hours", "24h0m0s"),
		badStatus(199, "199"),
		badStatus(300, "300"),
		badStatus(302, "302"),
		badStatus(-1, "-1"),
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range badPolicies() {
		t.Run(tc.field+" "+tc.value, func(t *testing.T) {
			err := tc.opts.Validate()
			var bad *cors.OptionsError
			require.ErrorAs(t, err, &bad)
			require.Len(t, bad.Problems, 1, "%v", err)
			p := bad.Problems[0]
			assert.Equal(t, tc.field, p.Field)
			assert.Equal(t, tc.value, p.Value)
			assert.Equal(t, tc.reason, p.Reason)
			assert.Contains(t, p.Detail, tc.detail)
			assert.Equal(t, tc.fix, p.Fix)
			assert.Equal(t, "cors: "+p.String(), err.Error())
			assert.NotContains(t, err.Error(), "\n")
			assert.False(t, strings.HasSuffix(err.Error(), "."), "an error has no full stop: %s", err)
			assert.Equal(t, any(err), panics(func() { cors.New(tc.opts) }))
			if p.Fix != "" {
				assert.NoError(t, repair(t, tc.opts, p).Validate(), "the fix of %s", p)
			}
		})
	}
}

// repair returns o with the fix of p in place of its value.
func repair(t *testing.T, o cors.Options, p cors.Problem) cors.Options {
	t.Helper()
	replace := func(list []string) []string {
		list = slices.Clone(list)
		i := slices.Index(list, p.Value)
		require.GreaterOrEqual(t, i, 0, "%s has no %q", p.Field, p.Value)
		list[i] = p.Fix
		return list
	}
	switch p.Field {
	case "AllowedOrigins":
		o.AllowedOrigins = replace(o.AllowedOrigins)
	case "AllowOriginVary":
		o.AllowOriginVary = replace(o.AllowOriginVary)
	case "AllowedMethods":
		o.AllowedMethods = replace(o.AllowedMethods)
	case "AllowedHeaders":
		o.AllowedHeaders = replace(o.AllowedHeaders)
	case "ExposedHeaders":
		o.ExposedHeaders = replace(o.ExposedHeaders)
	case "MaxAge":
		d, err := time.ParseDuration(p.Fix)
		require.NoError(t, err)
		o.MaxAge = d
	case "OptionsSuccessStatus":
		_, err := fmt.Sscan(p.Fix, &o.OptionsSuccessStatus)
		require.NoError(t, err)
	default:
		require.Failf(t, "unexpected fix", "%s", p)
	}
	return o
}

func TestValidateReportsEverythingInOrder(t *testing.T) {
	err := cors.Options{
		AllowedOrigins:       []string{"*", "foo.com", "https://ok.example", "HTTP://bar.com"},
		AllowOriginFunc:      func(*http.Request, string) bool { return false },
		AllowOriginVary:      []string{"*", "X Y"},
		AllowedMethods:       []string{"PUT", "get", "TRACE"},
		AllowedHeaders:       []string{"Cookie", "Origin"},
		ExposedHeaders:       []string{"*", "Set-Cookie"},
		AllowCredentials:     true,
		MaxAge:               1,
		OptionsSuccessStatus: 404,
	}.Validate()
	var bad *cors.OptionsError
	require.ErrorAs(t, err, &bad)
	var got []string
	for _, p := range bad.Problems {
		got = append(got, p.Field+" "+p.Value)
	}
	assert.Equal(t, []string{
		"AllowedOrigins *", "AllowedOrigins foo.com", "AllowedOrigins HTTP://bar.com", "AllowOriginFunc ", "AllowOriginVary *", "AllowOriginVary X Y",
		"AllowedMethods get", "AllowedMethods TRACE", "AllowedHeaders Cookie", "AllowedHeaders Origin", "ExposedHeaders *", "ExposedHeaders Set-Cookie",
		"MaxAge 1ns", "OptionsSuccessStatus 404",
	}, got)
	assert.Len(t, strings.Split(err.Error(), "\n"), len(bad.Problems))
	assert.Contains(t, err.Error(), "\n"+`cors: AllowedOrigins: "foo.com": no scheme; did you mean "https://foo.com"?`+"\n")
}

func TestErrorsAreBounded(t *testing.T) {
	err := cors.Options{AllowedOrigins: []string{strings.Repeat("x\n", 1<<20)}}.Validate()
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 1000)
	fixed := cors.Options{AllowedOrigins: []string{"*"}, AllowedHeaders: []string{" " + strings.Repeat("x", 1<<20)}}.Validate()
	require.Error(t, fixed)
	assert.Less(t, len(fixed.Error()), 1000)
	assert.NotContains(t, err.Error(), "\n")

	full := strings.Repeat("x", 300)
	assert.ErrorContains(t, cors.Options{AllowedOrigins: []string{full}}.Validate(), `"`+full+`": `)
	assert.ErrorContains(t, cors.Options{AllowedOrigins: []string{full + "x"}}.Validate(), `"`+full+`"…: `)
}

func TestValidPolicies(t *testing.T) {
	yes := func(*http.Request, string) bool { return true }
	for _, o := range []cors.Options{
		{AllowedOrigins: []string{"*"}},
		{AllowedOrigins: []string{"*", "*"}},
		{AllowedOrigins: []string{"https://a.example", "https://a.example"}},
		{AllowOriginFunc: yes, AllowCredentials: true},
		{AllowedOrigins: []string{"http://localhost:3000", "http://127.0.0.1:*", "http://[::1]", "http://app.localhost", "http://*.localhost:8080"}, AllowCredentials: true},
		{AllowedOrigins: []string{"http://example.com"}, AllowCredentials: true, DangerouslyAllowInsecureOrigins: true},
		{AllowedOrigins: []string{"https://*.github.io", "https://shop-*.vercel.app"}},
		{AllowedOrigins: []string{"https://*.github.io", "https://*.com"}, AllowCredentials: true, DangerouslyAllowPublicSuffixes: true},
		{AllowedOrigins: []string{"https://github.io", "https://*.me.github.io", "https://*.example.co.uk", "https://*.internal", "https://*.svc.cluster.local"}, AllowCredentials: true},
		{AllowedOrigins: []string{"capacitor://localhost", "ionic://localhost", "tauri://localhost", "vscode-webview://0a1b2c", "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "moz-extension://6b3c2f1e-0000-4000-8000-000000000001"}, AllowCredentials: true},
		{AllowedOrigins: []string{"https://foo_bar.example", "https://example.com.", "https://xn--exmple-cua.com", "https://a-.example", "https://1.example", "https://a.0x1z"}},
		{AllowedOrigins: []string{"https://" + strings.Repeat("a", 63) + ".example", "https://" + strings.Repeat("a.", 126) + "a"}},
		{AllowedOrigins: []string{"app://localhost", "zed://localhost", "web+az-09.x://localhost", longestOrigin, strings.Repeat("s", 64) + "://*." + strings.Repeat("a.", 126) + ":*"}},
		with(func(o *cors.Options) { o.AllowedMethods = []string{strings.Repeat("M", 64)} }),
		with(func(o *cors.Options) { o.AllowedMethods = []string{"*", "PUT", "PROPFIND", "purge-all", "Custom"} }),
		with(func(o *cors.Options) {
			o.AllowedHeaders = []string{"*", "authorization", "X-HTTP-Method-Override", "Content-Type", "Accept"}
		}),
		with(func(o *cors.Options) { o.ExposedHeaders = []string{"*", "Authorization", "Location"} }),
		with(func(o *cors.Options) { o.MaxAge = time.Second }),
		with(func(o *cors.Options) { o.MaxAge = 24 * time.Hour }),
		with(func(o *cors.Options) { o.MaxAge = -time.Nanosecond }),
		with(func(o *cors.Options) { o.OptionsSuccessStatus = 299 }),
	} {
		assert.NoError(t, o.Validate())
		assert.NotPanics(t, func() { cors.New(o) })
	}
}

func TestOriginMatcher(t *testing.T) {
	deep := strings.Repeat("a.", 115)
	tests := []struct {
		pattern string
		yes, no []string
	}{
		{"https://a.example", []string{"https://a.example"}, []string{"http://a.example", "https://a.example:8080", "https://b.example", "https://a.example.", "https://a.examplex", "https://x.a.example"}},
		{"https://a.example:8080", []string{"https://a.example:8080"}, []string{"https://a.example", "https://a.example:808", "https://a.example:80800"}},
		{"http://localhost:*", []string{"http://localhost", "http://localhost:1", "http://localhost:3000", "http://localhost:8099", "http://localhost:443", "http://localhost:65535"},
			[]string{"http://localhost:", "http://localhost:0", "http://localhost:080", "http://localhost:80", "http://localhost:65536", "http://localhost:x", "https://localhost", "http://localhost.:1", "http://localhost:1:1", "http://localhost:*", "http://x.localhost"}},
		{"http://[::1]:*", []string{"http://[::1]", "http://[::1]:8080"}, []string{"http://[::1]:", "http://::1:8080", "http://[::2]:8080"}},
		{"http://[::1]:8080", []string{"http://[::1]:8080"}, []string{"http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]"}},
		{"http://[::ffff:0:1]", []string{"http://[::ffff:0:1]"}, nil},
		{"https://*.a.example", []string{"https://x.a.example", "https://x.y.a.example", "https://x_y.a.example", "https://-.a.example", "https://" + deep + "a.example", "https://xn--4ca.a.example", "https://" + strings.Repeat("a", 63) + ".a.example", "https://" + strings.Repeat("a.", 122) + "a.example"},
			[]string{"https://a.example", "https://evila.example", "https://x.evila.example", "https://x.evil-a.example", "https://x.a.example.evil", "https://x..a.example", "https://.a.example", "https://.x.a.example", "https://-.a.example:8080", "http://x.a.example", "https://x.a.example.",
				"https://X.a.example", "https://x.a.Example", "https://x!.a.example", "https://*.a.example", "https://" + strings.Repeat("a", 64) + ".a.example", "https://" + deep + "aaaaaaaaaaaaaaa.a.example", "https://" + strings.Repeat("a.", 121) + "aa.a.example", "https://x.a.example/", "https://" + strings.Repeat(".", 200) + "a.example"}},
		{"https://*.a.example.", []string{"https://x.a.example."}, []string{"https://x.a.example"}},
		{"https://*.a.example:8080", []string{"https://x.a.example:8080"}, []string{"https://x.a.example", "https://x.a.example:8081", "https://a.example:8080"}},
		{"https://*.a.example:*", []string{"https://x.a.example:8080", "https://x.a.example"}, []string{"https://x.a.example:443", "https://x.a.example:", "https://a.example:8080", "https://x.b.example"}},
		{"https://shop-*.a.example", []string{"https://shop-1.a.example", "https://shop-a-b.a.example"}, []string{"https://shop-.a.example", "https://shop.a.example", "https://shop-1.b.a.example", "https://b.shop-1.a.example", "https://shop-1!.a.example", "https://xshop-1.a.example"}},
		{"https://*--shop.a.example", []string{"https://x--shop.a.example", "https://x-y--shop.a.example"}, []string{"https://--shop.a.example", "https://shop.a.example", "https://x.y--shop.a.example", "https://x--shop.b.example"}},
		{"https://a*z.a.example:*", []string{"https://a1z.a.example", "https://abcz.a.example:8080"}, []string{"https://az.a.example", "https://a.z.a.example", "https://a1z.a.example:0"}},
		{"capacitor://localhost", []string{"capacitor://localhost"}, []string{"http://localhost", "capacitor://localhost:80"}},
		{"app://.", []string{"app://."}, []string{"app://..", "app://./index.html", "app://", "http://."}},
		{"https://*-team.github.io", []string{"https://x-team.github.io"}, []string{"https://x.team.github.io"}},
		{"https://*_team.github.io", []string{"https://x_team.github.io"}, nil},
		{"https://*site.shop.example", []string{"https://mysite.shop.example"}, []string{"https://site.shop.example"}},
		{"https://foo_bar.example", []string{"https://foo_bar.example"}, []string{"https://foo-bar.example"}},
		{"https://example.com.", []string{"https://example.com."}, []string{"https://example.com"}},
	}
	for _, tc := range tests {
		t.Run(tc.pattern, func(t *testing.T) {
			m, err := cors.NewOriginMatcher(tc.pattern, "https://other.invalid", "https://*.deep.other.invalid", "https://pre-*.a.invalid")
			require.NoError(t, err)
			alone, err := cors.NewOriginMatcher(tc.pattern)
			require.NoError(t, err)
			for _, origin := range tc.yes {
				assert.True(t, m.Match(origin) && alone.Match(origin), origin)
			}
			for _, origin := range append(tc.no, "null", "", tc.pattern+"/") {
				assert.False(t, m.Match(origin) || alone.Match(origin), origin)
			}
		})
	}
	assert.False(t, new(cors.OriginMatcher).Match("https://a.example"), "the zero value matches nothing")
}

func TestOriginMatcherKeepsPatternsApart(t *testing.T) {
	m, err := cors.NewOriginMatcher("https://*.a.example", "http://*.a.example:8080", "https://pre-*.b.example", "https://*-post.b.example", "https://pre-*-post.b.example", "https://*.c.b.example:*", "https://old-*.b.example", "https://longer-than-others-*.d.example", "https://x-*.d.example")
	require.NoError(t, err)
	for origin, want := range map[string]bool{
		"https://x.a.example":          true,
		"http://x.a.example":           false,
		"http://x.a.example:8080":      true,
		"https://x.a.example:8080":     false,
		"https://pre-x.b.example":      true,
		"https://old-x.b.example":      true,
		"https://new-x.b.example":      false,
		"https://x-post.b.example":     true,
		"https://x-pos.b.example":      false,
		"https://pre--post.b.example":  true, // by the shorter prefix
		"https://pre-x-post.b.example": true,
		"https://x.c.b.example:1":      true,
		"https://pre-x.c.b.example":    true,
		"https://pre-x.d.b.example":    false,
		"https://x-1.d.example":        true, // though it is too short for the other pattern
	} {
		assert.Equal(t, want, m.Match(origin), origin)
	}
}

func TestNewOriginMatcherErrors(t *testing.T) {
	_, err := cors.NewOriginMatcher("*", "https://ok.example", "foo.com")
	var bad *cors.OptionsError
	require.ErrorAs(t, err, &bad)
	require.Len(t, bad.Problems, 2)
	assert.Equal(t, cors.ReasonUnsafe, bad.Problems[0].Reason)
	assert.Equal(t, `patterns: "foo.com": no scheme; did you mean "https://foo.com"?`, bad.Problems[1].String())

	_, err = cors.NewOriginMatcher()
	require.ErrorAs(t, err, &bad)
	assert.Equal(t, cors.ReasonMissing, bad.Problems[0].Reason)
}

func TestCheckOrigin(t *testing.T) {
	m, err := cors.NewOriginMatcher("https://a.example", "https://*.b.example")
	require.NoError(t, err)
	tests := []struct {
		name   string
		origin []string
		host   string
		tls    bool
		want   bool
	}{
		{"no browser", nil, "api.example", true, true},
		{"listed", []string{"https://a.example"}, "api.example", true, true},
		{"wildcard", []string{"https://x.b.example"}, "api.example", true, true},
		{"stranger", []string{"https://evil.example"}, "api.example", true, false},
		{"own host", []string{"https://api.example"}, "api.example", true, true},
		{"own host, in capitals", []string{"https://api.example"}, "API.example", true, true},
		{"own host and port", []string{"https://api.example:8443"}, "api.example:8443", true, true},
		{"own host, another port", []string{"https://api.example:8443"}, "api.example", true, false},
		{"own host of the greatest length", []string{"https://" + strings.Repeat("a", len(longestOrigin)-8)}, strings.Repeat("a", len(longestOrigin)-8), true, true},
		{"own host beyond it", []string{"https://" + strings.Repeat("a", len(longestOrigin)-7)}, strings.Repeat("a", len(longestOrigin)-7), true, false},
		{"own host without TLS", []string{"http://api.example"}, "api.example", false, true},
		{"own host behind a TLS proxy", []string{"https://api.example"}, "api.example", false, true},
		{"own host, a page that lost TLS", []string{"http://api.example"}, "api.example", true, false},
		{"own host, another scheme", []string{"ftp://api.example"}, "api.example", false, false},
		{"empty", []string{""}, "api.example", true, false},
		{"no host on either side", []string{"https://"}, "", true, false},
		{"null", []string{"null"}, "null", true, false},
		{"two lines", []string{"https://a.example", "https://a.example"}, "api.example", true, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			target := "http://x/"
			if tc.tls {
				target = "https://x/"
			}
			r := httptest.NewRequest("GET", target, nil)
			r.Host = tc.host
			r.Header["Origin"] = tc.origin
			if tc.origin == nil {
				r.Header.Del("Origin")
			}
			assert.Equal(t, tc.want, m.CheckOrigin(r))
		})
	}
}

func TestRoutePreflights(t *testing.T) {
	const a, b = "https://a.example", "https://b.example"
	policyA := cors.New(cors.Options{AllowedOrigins: []string{a}, AllowedMethods: []string{"PUT"}})
	policyB := cors.New(cors.Options{AllowedOrigins: []string{b}, AllowedMethods: []string{"DELETE"}})
	passthrough := cors.New(cors.Options{AllowedOrigins: []string{a}, OptionsPassthrough: true})
	longMethod := strings.Repeat("M", 64)
	ran := ""
	route := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ran = name })
	}
	mux := http.NewServeMux()
	mux.Handle("GET /users", policyA(route("GET /users")))
	mux.Handle("DELETE /users", policyB(route("DELETE /users")))
	mux.Handle("/any", policyA(route("/any")))
	mux.Handle("POST /pay", route("POST /pay"))
	mux.Handle("POST /wrapped", http.StripPrefix("/", policyA(route("POST /wrapped"))))
	mux.Handle("POST /through", passthrough(route("POST /through")))
	mux.Handle("PUT /tree/", policyA(route("PUT /tree/")))
	mux.Handle("PUT /plain/", route("PUT /plain/"))
	mux.Handle("PUT /both/", policyA(route("PUT /both/")))
	mux.Handle("PUT /both", route("PUT /both"))
	mux.Handle("PUT b.example/host", policyB(route("PUT b.example/host")))
	mux.Handle("OPTIONS /own", route("OPTIONS /own"))
	mux.Handle("/site/", policyB(route("/site/")))
	mux.Handle("PUT /site/bare", route("PUT /site/bare"))
	mux.Handle("PUT /site/wrapped", http.StripPrefix("/", policyA(route("PUT /site/wrapped"))))
	mux.Handle("PUT /site/through", passthrough(route("PUT /site/through")))
	mux.Handle("PUT /site/own", policyA(route("PUT /site/own")))
	mux.Handle("PUT /site/explicit", route("PUT /site/explicit"))
	mux.Handle("OPTIONS /site/explicit", policyA(route("OPTIONS /site/explicit")))
	mux.Handle(longMethod+" /long", policyA(route("")))
	mux.Handle(longMethod+"M /long", policyA(route("")))
	h := cors.RoutePreflights(mux)

	tests := []struct {
		name           string
		method, target string
		header         map[string]string
		status         int
		allowOrigin    string
		ran            string
	}{
		{"the route's policy", "OPTIONS", "/users", preflight(a, "GET", "x-foo"), 204, a, ""},
		{"HEAD finds GET", "OPTIONS", "/users", preflight(a, "HEAD", "x-foo"), 204, a, ""},
		{"another method's policy", "OPTIONS", "/users", preflight(b, "DELETE", ""), 204, b, ""},
		{"another method's policy refuses", "OPTIONS", "/users", preflight(a, "DELETE", ""), 403, "", ""},
		{"no route for the method", "OPTIONS", "/users", preflight(a, "PATCH", ""), 405, "", ""},
		{"a route for every method", "OPTIONS", "/any", preflight(a, "PUT", ""), 204, a, ""},
		{"no route", "OPTIONS", "/nowhere", preflight(a, "PUT", ""), 404, "", ""},
		{"a handler without policy never runs", "OPTIONS", "/pay", preflight(a, "POST", ""), 405, "", ""},
		{"nor one that stands around a policy", "OPTIONS", "/wrapped", preflight(a, "POST", ""), 405, "", ""},
		{"nor one that a policy passes through to", "OPTIONS", "/through", preflight(a, "POST", ""), 405, "", ""},
		{"a tree", "OPTIONS", "/tree/x", preflight(a, "PUT", ""), 204, a, ""},
		// Granting this would be of no use: the page could not follow the redirect.
		{"the redirect to a tree", "OPTIONS", "/tree", preflight(a, "PUT", ""), 405, "", ""},
		{"the redirect to a tree without policy", "OPTIONS", "/plain", preflight(a, "PUT", ""), 405, "", ""},
		{"no redirect where a route is", "OPTIONS", "/both", preflight(a, "PUT", ""), 405, "", ""},
		{"a host", "OPTIONS", "http://b.example/host", preflight(b, "PUT", ""), 204, b, ""},
		{"another host", "OPTIONS", "http://c.example/host", preflight(b, "PUT", ""), 404, "", ""},
		{"a route for OPTIONS", "OPTIONS", "/own", preflight(a, "PUT", ""), 200, "", "OPTIONS /own"},
		// Another route's policy has no say, though it is the one that OPTIONS reaches.
		{"a catch-all policy", "OPTIONS", "/site/x", preflight(b, "PUT", ""), 204, b, ""},
		{"a catch-all policy, where a route has none", "OPTIONS", "/site/bare", preflight(b, "PUT", ""), 403, "", ""},
		{"a catch-all policy, where a route's is wrapped", "OPTIONS", "/site/wrapped", preflight(b, "PUT", ""), 403, "", ""},
		{"a catch-all policy, where a route's passes through", "OPTIONS", "/site/through", preflight(b, "PUT", ""), 403, "", ""},
		{"a catch-all policy, where a route has one", "OPTIONS", "/site/own", preflight(a, "PUT", ""), 204, a, ""},
		{"a catch-all policy, of a stranger to the route", "OPTIONS", "/site/own", preflight(b, "PUT", ""), 403, "", ""},
		{"a policy for OPTIONS", "OPTIONS", "/site/explicit", preflight(a, "PUT", ""), 204, a, ""},
		{"a long method", "OPTIONS", "/long", preflight(a, longMethod, ""), 204, a, ""},
		{"a method that no policy has", "OPTIONS", "/long", preflight(a, longMethod+"M", ""), 405, "", ""},
		{"an actual OPTIONS", "OPTIONS", "/own", origin(a), 200, "", "OPTIONS /own"},
		{"an actual OPTIONS without a route", "OPTIONS", "/users", origin(a), 405, "", ""},
		{"an actual request", "GET", "/users", origin(a), 200, a, "GET /users"},
		{"an actual request of a stranger", "GET", "/users", origin(b), 200, "", "GET /users"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			ran = ""
			r := httptest.NewRequest(tc.method, tc.target, nil)
			for name, value := range tc.header {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Equal(t, tc.status, w.Code)
			assert.Equal(t, tc.allowOrigin, w.Header().Get("Access-Control-Allow-Origin"))
			assert.Equal(t, tc.ran, ran)
			vary := []string{actualVary}
			if tc.method == "OPTIONS" {
				vary = []string{preflightVary} // whoever answers, for caches that keep it
			}
			assert.Equal(t, vary, w.Header()["Vary"])
		})
	}

	t.Run("the header of others is untouched", func(t *testing.T) {
		outer := []string{"Accept-Encoding", "Accept-Language"}
		w := httptest.NewRecorder()
		w.Header()["Vary"] = outer[:1]
		h.ServeHTTP(w, request("OPTIONS", preflight(a, "PUT", "")))
		assert.Equal(t, []string{"Accept-Encoding", preflightVary}, w.Header()["Vary"])
		assert.Equal(t, "Accept-Language", outer[1])
	})

	t.Run("the preflight is untouched", func(t *testing.T) {
		var seen *http.Request
		mux := http.NewServeMux()
		mux.Handle("PUT /x", cors.New(cors.Options{AllowOriginFunc: func(r *http.Request, _ string) bool { seen = r; return true }})(route("")))
		r := request("OPTIONS", preflight(a, "PUT", ""))
		r.URL.Path = "/x"
		cors.RoutePreflights(mux).ServeHTTP(httptest.NewRecorder(), r)
		assert.Same(t, r, seen)
		assert.Equal(t, "OPTIONS", r.Method)
	})
}

func TestStripUpstream(t *testing.T) {
	res := &http.Response{Header: http.Header{
		"Access-Control-Allow-Origin":   {"*", "*"},
		"Access-Control-Expose-Headers": {"X"},
		"access-control-max-age":        {"1"},
		"Vary":                          {"Origin"},
		"Access-Controlled":             {"kept"},
	}}
	require.NoError(t, cors.StripUpstream(res))
	assert.Equal(t, http.Header{"Vary": {"Origin"}, "Access-Controlled": {"kept"}}, res.Header)
	assert.NoError(t, cors.StripUpstream(&http.Response{}))
}

func TestLogger(t *testing.T) {
	const a = "https://a.example"
	list := cors.Options{AllowedOrigins: []string{
		a, "https://*.sub.example", "https://shop-*.preview.example", "http://localhost:3000", "http://localhost:5173",
		"https://port.example:8443", "https://www.apex.example", "https://*.any.example:*", "https://a*z.label.example",
	}, AllowedMethods: []string{"PATCH"}, AllowedHeaders: []string{"X-Foo"}}
	var crowd cors.Options // nine patterns of one host
	for port := range 9 {
		crowd.AllowedOrigins = append(crowd.AllowedOrigins, fmt.Sprintf("https://crowd.example:%d", 9001+port))
	}
	wildcards := cors.Options{AllowedOrigins: []string{a}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"}, AllowCredentials: true}
	refusal := func(kind, origin, method, reason, allowed string) string {
		s := fmt.Sprintf("INFO CORS %s refused origin=%s method=%s path=/users reason=%s", kind, origin, method, reason)
		if allowed != "" {
			s += " allowed=" + allowed
		}
		return s + "\n"
	}
	tests := []struct {
		name   string
		opts   cors.Options
		method string
		header map[string]string
		want   string // at the level Info
	}{
		{"no Origin", list, "GET", nil, ""},
		{"granted", list, "GET", origin(a), ""},
		{"same origin", list, "POST", origin("https://api.example"), ""},
		{"scheme", list, "GET", origin("http://a.example"), refusal("request", "http://a.example", "GET", "the scheme differs", a)},
		{"port", list, "GET", origin("https://a.example:8080"), refusal("request", "https://a.example:8080", "GET", "the port differs", a)},
		{"scheme and port", list, "GET", origin("http://a.example:8080"), refusal("request", "http://a.example:8080", "GET", "the scheme differs and the port differs", a)},
		{"the nearest of two", list, "GET", origin("https://localhost:5173"), refusal("request", "https://localhost:5173", "GET", "the scheme differs", "http://localhost:5173")},
		{"only subdomains", list, "GET", origin("https://sub.example"), refusal("request", "https://sub.example", "GET", "only subdomains are allowed", "https://*.sub.example")},
		{"subdomain's scheme", list, "GET", origin("http://x.y.sub.example"), refusal("request", "http://x.y.sub.example", "GET", "the scheme differs", "https://*.sub.example")},
		{"subdomain's port", list, "GET", origin("http://x.any.example:1"), refusal("request", "http://x.any.example:1", "GET", "the scheme differs", "https://*.any.example:*")},
		{"no subdomains", list, "GET", origin("https://x.a.example"), refusal("request", "https://x.a.example", "GET", "subdomains are not allowed", a)},
		{"label", list, "GET", origin("https://blog-1.preview.example"), refusal("request", "https://blog-1.preview.example", "GET", "the first label differs", "https://shop-*.preview.example")},
		{"first of equals", list, "GET", origin("http://localhost:9999"), refusal("request", "http://localhost:9999", "GET", "the port differs", "http://localhost:3000")},
		{"nothing between the affixes", list, "GET", origin("https://az.label.example"), refusal("request", "https://az.label.example", "GET", "the first label differs", "https://a*z.label.example")},
		{"something between the affixes", list, "GET", origin("http://abz.label.example"), refusal("request", "http://abz.label.example", "GET", "the scheme differs", "https://a*z.label.example")},
		{"the longest origin", list, "GET", origin(longestOrigin), refusal("request", longestOrigin[:128]+"…", "GET", "no allowed origin has this host or a domain above it", "")},
		{"a longer one", list, "GET", origin("s" + longestOrigin), refusal("request", "s"+longestOrigin[:127]+"…", "GET", "not an origin: too long", "")},
		{"the longest text that is not cut", list, "GET", origin("!~" + strings.Repeat("x", 126)), refusal("request", "!~"+strings.Repeat("x", 126), "GET", "not an origin: no scheme", "")},
		{"the last of a host's patterns that is compared", crowd, "GET", origin("http://crowd.example:9008"), refusal("request", "http://crowd.example:9008", "GET", "the scheme differs", "https://crowd.example:9008")},
		{"one beyond it", crowd, "GET", origin("http://crowd.example:9009"), refusal("request", "http://crowd.example:9009", "GET", "the scheme differs and the port differs", "https://crowd.example:9001")},
		{"www", list, "GET", origin("https://apex.example"), refusal("request", "https://apex.example", "GET", "the host differs", "https://www.apex.example")},
		{"unknown", list, "GET", origin("https://evil.invalid"), refusal("request", "https://evil.invalid", "GET", "no allowed origin has this host or a domain above it", "")},
		{"null", list, "GET", origin("null"), refusal("request", "null", "GET", "the origin is opaque: a sandboxed frame, a file, or a redirect between origins", "")},
		{"slash", list, "GET", origin(a + "/"), refusal("request", a+"/", "GET", "not an origin: an origin ends after host and port: no path, query or slash", "")},
		{"two lines", list, "GET", origin(a + "\n" + a), refusal("request", a, "GET", "more than one Origin header", "")},
		{"preflight", list, "OPTIONS", preflight("http://a.example", "PUT", ""), refusal("preflight", "http://a.example", "OPTIONS", "the scheme differs", a)},
		{"preflight granted", list, "OPTIONS", preflight(a, "PATCH", "x-foo, , X-FOO"), ""},
		{"method", list, "OPTIONS", preflight(a, "PUT", ""), refusal("preflight", a, "OPTIONS", "the method PUT is not in AllowedMethods", "")},
		{"method in lower case", list, "OPTIONS", preflight(a, "patch", ""), refusal("preflight", a, "OPTIONS", "the method patch is not in AllowedMethods; methods are case-sensitive", "")},
		{"method of any length", list, "OPTIONS", preflight(a, strings.Repeat("M", 65), ""), refusal("preflight", a, "OPTIONS", "the method "+strings.Repeat("M", 65)+" is too long", "")},
		{"header", list, "OPTIONS", preflight(a, "GET", "x-foo\nx-foo,x-bar,x-baz"), refusal("preflight", a, "OPTIONS", "the header x-bar is not in AllowedHeaders", "")},
		{"last header that is looked at", list, "OPTIONS", preflight(a, "GET", strings.Repeat("x-foo,", 681)+"x-foobar-"), refusal("preflight", a, "OPTIONS", "the header x-foobar- is not in AllowedHeaders", "")},
		{"longest method", list, "OPTIONS", preflight(a, strings.Repeat("M", 64), ""), refusal("preflight", a, "OPTIONS", "the method "+strings.Repeat("M", 64)+" is not in AllowedMethods", "")},
		{"safelisted method", list, "OPTIONS", preflight(a, "POST", "x-foo"), ""},
		{"header before what is not looked at", list, "OPTIONS", preflight(a, "GET", "x-bar,"+strings.Repeat("x-foo,", 1000)), refusal("preflight", a, "OPTIONS", "the header x-bar is not in AllowedHeaders", "")},
		{"header cut off", list, "OPTIONS", preflight(a, "GET", strings.Repeat("x-foo,", 682)+"x-bar"), ""},
		{"header in a line beyond one that fits", list, "OPTIONS", preflight(a, "GET", strings.Repeat("x-foo,", 682)+"   \nx-bar"), ""},
		{"header in a line beyond", list, "OPTIONS", preflight(a, "GET", strings.Repeat("x-foo,", 1000)+"\nx-bar"), ""},
		{"header beyond what is looked at", list, "OPTIONS", preflight(a, "GET", strings.Repeat("x-foo,", 1000)+"x-bar"), ""},
		{"AllowOriginFunc", cors.Options{AllowOriginFunc: func(*http.Request, string) bool { return false }}, "GET", origin("https://b.example"), refusal("request", "https://b.example", "GET", "AllowOriginFunc denies it", "")},
		{"wildcards", wildcards, "OPTIONS", preflight(a, "FOO", "x-bar"), ""},
		{"a method too long for an echo", wildcards, "OPTIONS", preflight(a, strings.Repeat("M", 65), ""), refusal("preflight", a, "OPTIONS", "the method "+strings.Repeat("M", 65)+" is too long", "")},
		{"no method to be echoed", wildcards, "OPTIONS", preflight(a, "F(O", ""), refusal("preflight", a, "OPTIONS", "the method F(O is not a method", "")},
		{"headers too long for an echo", wildcards, "OPTIONS", preflight(a, "FOO", strings.Repeat("x", 4096)), refusal("preflight", a, "OPTIONS", "the announced headers are too many to be echoed, or malformed; list them instead of *", "")},
		{"wildcards that are no echo", cors.Options{AllowedOrigins: []string{a}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"}}, "OPTIONS", preflight(a, strings.Repeat("M", 65), strings.Repeat("x", 4096)), ""},
		{"domain above a wildcard's", cors.Options{AllowedOrigins: []string{"https://*.www.a.example"}}, "GET", origin("http://a.example"), refusal("request", "http://a.example", "GET", "the scheme differs and the host differs", "https://*.www.a.example")},
		{"file", list, "GET", origin("file://"), refusal("request", "file://", "GET", "the origin is opaque: a sandboxed frame, a file, or a redirect between origins", "")},
		{"open", cors.Options{AllowedOrigins: []string{"*"}}, "GET", origin(a), ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			for _, level := range []slog.Level{slog.LevelInfo, slog.LevelDebug, slog.LevelWarn} {
				var records plainHandler
				records.level = level
				tc.opts.Logger = slog.New(&records)
				cors.New(tc.opts)(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), request(tc.method, tc.header))
				want := tc.want
				switch {
				case level == slog.LevelWarn:
					want = ""
				case level == slog.LevelDebug && want == "" && tc.header != nil && tc.name != "same origin":
					kind := map[bool]string{true: "preflight", false: "request"}[tc.method == "OPTIONS"]
					want = fmt.Sprintf("DEBUG CORS %s granted origin=%s method=%s path=/users\n", kind, tc.header["Origin"], tc.method)
				}
				assert.Equal(t, want, records.String(), "%v", level)
			}
		})
	}
}

// A plainHandler writes records as they come, without any quoting of its own.
type plainHandler struct {
	bytes.Buffer
	slog.Handler
	level slog.Level
}

func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	fmt.Fprint(h, r.Level, " ", r.Message)
	r.Attrs(func(a slog.Attr) bool { fmt.Fprint(h, " ", a.Key, "=", a.Value); return true })
	fmt.Fprintln(h)
	return nil
}

func (h *plainHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func TestLoggedClientTextIsBoundedAndQuoted(t *testing.T) {
	var records plainHandler
	h := cors.New(cors.Options{AllowedOrigins: []string{"https://a.example"}, Logger: slog.New(&records)})(http.NotFoundHandler())
	megabyte := strings.Repeat("\n\x1b[31mé,", 1<<17)
	r := request("OPTIONS", preflight(megabyte, megabyte, megabyte))
	r.Header["Origin"] = []string{megabyte}
	r.URL.Path = "/" + megabyte
	h.ServeHTTP(httptest.NewRecorder(), r)
	r.Header["Origin"] = []string{"https://a.example"}
	r.Header["Access-Control-Request-Method"] = []string{megabyte}
	h.ServeHTTP(httptest.NewRecorder(), r)
	r.Header["Access-Control-Request-Method"] = []string{"GET"}
	r.Header["Access-Control-Request-Headers"] = []string{"x\"\x00" + strings.Repeat("y", 4000)}
	h.ServeHTTP(httptest.NewRecorder(), r)

	lines := strings.Split(strings.TrimSuffix(records.String(), "\n"), "\n")
	require.Len(t, lines, 3, "%q", records.String())
	for _, line := range lines {
		assert.Less(t, len(line), 2500)
		assert.Regexp(t, "^[ -~…]+$", line, "nothing that a terminal acts upon")
	}
}

// cases is how many random calls TestBrowsersDoWhatThePolicySays makes.
var cases = flag.Int("cases", 20_000, "random calls of random policies that are judged by corstest")

// What a policy says is what browsers do, in both directions: the verdict of
// corstest's browser on a random call of a random policy equals what the options
// mean by themselves.
func TestBrowsersDoWhatThePolicySays(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	allowed, blocked := 0, 0
	for range *cases {
		policy := randomPolicy(random)
		call := randomCall(random)
		want := policy.verdict(call)
		got := observe(policy.opts, call)
		if want != got {
			t.Fatalf("seed %d\npolicy %+v\ncall %+v\nthe policy says %+v\nthe browser %+v", seed, policy.opts, call, want, got)
		}
		if want.readable {
			allowed++
		} else {
			blocked++
		}
	}
	assert.Greater(t, allowed, *cases/20, "too few calls are allowed to prove anything")
	assert.Greater(t, blocked, *cases/20, "too few calls are blocked to prove anything")
}

// A verdict is what came of a call.
type verdict struct {
	readable   bool
	ran        bool // the handler
	preflights int
	visible    string // names of the response headers that the script may read
}

// A pageCall is a request of a page, with what is known about it beforehand.
type pageCall struct {
	corstest.Request
	unsafe []string // names of the headers that need permission
}

func randomCall(random *rand.Rand) pageCall {
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	c := pageCall{Request: corstest.Request{
		Origin: pick("https://a.example", "https://b.example", "https://x.b.example", "https://x.y.b.example", "https://pre-1.c.example",
			"https://pre-.c.example", "http://localhost:3000", "http://localhost", "https://a.example:8443", "http://a.example", "https://evil.example", "null"),
		Method:      pick("GET", "GET", "HEAD", "POST", "PUT", "put", "PATCH", "patch", "DELETE", "QUERY", "OPTIONS", "Custom"),
		URL:         "https://api.example/x",
		Header:      http.Header{},
		Credentials: random.IntN(2) == 0,
	}}
	// Where a policy lists no methods, the standard lets a page with an upload
	// listener use any. No engine does so, and corstest goes by the standard.
	c.UploadListener = fetch.IsSafelistedMethod(c.Method) && random.IntN(5) == 0
	for _, h := range []struct {
		name, value string
		unsafe      bool
	}{
		{"X-A", "1", true},
		{"X-B", "2", true},
		{"Authorization", "Bearer x", true},
		{"Content-Type", "application/json", true},
		{"Content-Type", "text/plain", false},
		{"Accept", "application/json", false},
		{"Accept", strings.Repeat("a", 129), true},
		{"Accept-Language", "de", false},
		{"Range", "bytes=0-", false},
		{"Range", "bytes=-5", true},
	} {
		if random.IntN(8) == 0 && c.Header[h.name] == nil {
			c.Header.Set(h.name, h.value)
			if h.unsafe {
				c.unsafe = append(c.unsafe, h.name)
			}
		}
	}
	return c
}

// A meaning is a policy and what its origins mean.
type meaning struct {
	opts   cors.Options
	allows map[string]bool // origins; "*" for every one
}

func randomPolicy(random *rand.Rand) meaning {
	subset := func(list ...string) (chosen []string) {
		for _, s := range list {
			if random.IntN(3) == 0 {
				chosen = append(chosen, s)
			}
		}
		return chosen
	}
	for {
		p := meaning{opts: cors.Options{
			AllowedMethods:       subset("GET", "PUT", "PATCH", "DELETE", "QUERY", "OPTIONS", "Custom", "*"),
			AllowedHeaders:       subset("X-A", "x-b", "authorization", "Content-Type", "Accept", "Range", "*"),
			ExposedHeaders:       subset("X-R", "etag", "*"),
			AllowCredentials:     random.IntN(2) == 0,
			MaxAge:               time.Duration(random.IntN(5)-1) * time.Hour,
			OptionsSuccessStatus: random.IntN(2) * 200,
		}, allows: make(map[string]bool)}
		means := map[string][]string{
			"https://a.example":       {"https://a.example"},
			"https://*.b.example":     {"https://x.b.example", "https://x.y.b.example"},
			"https://pre-*.c.example": {"https://pre-1.c.example"},
			"http://localhost:*":      {"http://localhost:3000", "http://localhost"},
		}
		p.opts.AllowedOrigins = subset(slices.Sorted(maps.Keys(means))...)
		for _, pattern := range p.opts.AllowedOrigins {
			for _, origin := range means[pattern] {
				p.allows[origin] = true
			}
		}
		switch random.IntN(4) {
		case 0:
			p.opts.AllowedOrigins, p.opts.AllowCredentials = []string{"*"}, false
			p.allows["*"] = true
		case 1:
			p.opts.AllowOriginFunc = func(_ *http.Request, origin string) bool { return origin == "https://b.example" || origin == "null" }
			p.allows["https://b.example"] = true
			p.allows["null"] = !p.opts.AllowCredentials
		}
		if p.opts.Validate() == nil {
			return p
		}
	}
}

// verdict tells from the options alone what must come of a call.
func (p meaning) verdict(c pageCall) verdict {
	method := c.Method
	if method == "put" {
		method = "PUT"
	}
	safelisted := method == "GET" || method == "HEAD" || method == "POST"
	needsPreflight := !safelisted || len(c.unsafe) > 0 || c.UploadListener
	origin := (p.allows["*"] || p.allows[c.Origin]) && (p.opts.AllowCredentials || !c.Credentials)
	covers := func(list []string, name string) bool {
		return slices.Contains(list, "*") || slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
	}
	permitted := safelisted || slices.Contains(p.opts.AllowedMethods, method) || slices.Contains(p.opts.AllowedMethods, "*")
	for _, name := range c.unsafe {
		permitted = permitted && covers(p.opts.AllowedHeaders, name)
	}
	v := verdict{readable: origin, ran: true}
	if needsPreflight {
		v.preflights = 1
		v.ran = origin && permitted
		v.readable = v.ran
	}
	if v.readable {
		var visible []string
		for _, name := range probes {
			if name == "Cache-Control" || name != "Set-Cookie" && covers(p.opts.ExposedHeaders, name) {
				visible = append(visible, name)
			}
		}
		v.visible = strings.Join(visible, " ")
	}
	return v
}

// probes are the response headers whose visibility is looked at.
var probes = []string{"Cache-Control", "Etag", "Set-Cookie", "X-R", "X-S"}

// observe has corstest's browser make the call.
func observe(opts cors.Options, c pageCall) verdict {
	var v verdict
	h := cors.New(opts)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.ran = true
		for _, name := range probes {
			w.Header().Set(name, "1")
		}
	}))
	res, err := corstest.Fetch(h, c.Request)
	if res == nil {
		panic(err)
	}
	v.readable = err == nil
	for _, exchange := range res.Exchanges {
		if exchange.Preflight {
			v.preflights++
		}
	}
	var visible []string
	for _, name := range probes {
		if res.Header.Get(name) != "" {
			visible = append(visible, name)
		}
	}
	v.visible = strings.Join(visible, " ")
	return v
}

// The whole policy is in the answer to the first preflight: a page that uses all
// of it on one URL asks once.
func TestOnePreflightServesAllMethodsAndHeaders(t *testing.T) {
	h := cors.New(cors.Options{
		AllowedOrigins: []string{"https://a.example"},
		AllowedMethods: []string{"GET", "PUT", "PATCH", "DELETE"},
		AllowedHeaders: []string{"Content-Type", "Authorization", "X-Foo"},
		MaxAge:         time.Hour,
	})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	browser := corstest.Browser{Handler: h}
	preflights := 0
	for range 2 {
		for _, method := range []string{"PUT", "GET", "PATCH", "DELETE"} {
			for _, name := range []string{"Content-Type", "Authorization", "X-Foo"} {
				res, err := browser.Fetch(corstest.Request{Origin: "https://a.example", Method: method, URL: "/users/7", Header: http.Header{name: {"application/json"}}})
				require.NoError(t, err)
				if res.Preflight != nil {
					preflights++
				}
			}
		}
	}
	assert.Equal(t, 1, preflights)
}

// FuzzOriginMatcher holds the matcher against regular expressions made from the
// same patterns.
func FuzzOriginMatcher(f *testing.F) {
	for _, pattern := range []string{"https://a.example", "https://*.a.example", "http://localhost:*", "https://shop-*.a.example:8080", "https://*--x.b.a.example:*", "http://[::1]:*"} {
		for _, origin := range []string{"https://a.example", "https://x.a.example", "http://localhost:3000", "https://shop-1.a.example:8080", "https://y--x.b.a.example", "http://[::1]:1", "null", "https://x..a.example"} {
			f.Add(pattern, origin)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, origin string) {
		m, err := cors.NewOriginMatcher(pattern, "https://*.other.example", "https://other.example", "ftps://pre-*.other.example:*")
		if err != nil {
			return
		}
		for _, candidate := range []string{origin, pattern, strings.ReplaceAll(pattern, "*", origin), strings.Replace(pattern, "*", origin, 1)} {
			want := naiveMatch(pattern, candidate) || naiveMatch("https://*.other.example", candidate) ||
				candidate == "https://other.example" || naiveMatch("ftps://pre-*.other.example:*", candidate)
			if got := m.Match(candidate); got != want {
				t.Errorf("pattern %q, origin %q: matched %t, want %t", pattern, candidate, got, want)
			}
		}
	})
}

// naiveMatch is what a pattern of the grammar means, by regular expressions.
func naiveMatch(pattern, origin string) bool {
	if pattern == origin && !strings.Contains(pattern, "*") {
		return true
	}
	u := regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://((?:[^:/]|:[^0-9])*|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?$`).FindStringSubmatch(origin)
	if u == nil || len(strings.TrimSuffix(u[2], ".")) > 253 || (u[1]+":"+u[3] == "http:80") || (u[1]+":"+u[3] == "https:443") || len(u[3]) == 5 && u[3] > "65535" {
		return false
	}
	for _, label := range strings.Split(u[2], ".") {
		if len(label) > 63 {
			return false
		}
	}
	re := regexp.QuoteMeta(pattern)
	if strings.HasSuffix(pattern, ":*") {
		re = strings.TrimSuffix(re, `:\*`) + `(?::[0-9]+)?`
	}
	re = strings.Replace(re, `//\*\.`, `//(?:[a-z0-9_-]+\.)+`, 1)
	re = strings.Replace(re, `\*`, `[a-z0-9_-]+`, 1)
	return regexp.MustCompile("^" + re + "$").MatchString(origin)
}

// FuzzMiddleware sends arbitrary requests through some policies: no header
// appears that the policy does not grant, and none twice.
func FuzzMiddleware(f *testing.F) {
	f.Add("OPTIONS", "https://a.example", "PUT", "x-foo,x-bar", uint8(0))
	f.Add("GET", "https://x.a.example", "", "", uint8(1))
	f.Add("OPTIONS", "null", "GET", ",,,", uint8(2))
	f.Add("OPTIONS", "https://a.example\nhttps://a.example", "GET\nPUT", "a\nb", uint8(3))
	policies := []cors.Options{
		{AllowedOrigins: []string{"https://a.example", "https://*.a.example"}, AllowedMethods: []string{"PUT"}, AllowedHeaders: []string{"X-Foo"}, ExposedHeaders: []string{"ETag"}, AllowCredentials: true, MaxAge: time.Minute},
		{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"}, ExposedHeaders: []string{"*"}},
		{AllowedOrigins: []string{"https://a.example"}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"}, AllowCredentials: true},
		{AllowedOrigins: []string{"https://a.example"}, OptionsPassthrough: true},
	}
	f.Fuzz(func(t *testing.T, method, origins, methods, headers string, policy uint8) {
		opts := policies[int(policy)%len(policies)]
		opts.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
		h := cors.New(opts)(http.NotFoundHandler())
		r := httptest.NewRequest("GET", "https://api.example/", nil)
		r.Method = method
		for name, lines := range map[string]string{"Origin": origins, "Access-Control-Request-Method": methods, "Access-Control-Request-Headers": headers} {
			if lines != "" {
				r.Header[name] = strings.Split(lines, "\n")
			}
		}
		sent := r.Header.Clone()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)

		if !maps.EqualFunc(sent, r.Header, slices.Equal) {
			t.Error("the request was changed")
		}
		open := slices.Contains(opts.AllowedOrigins, "*")
		listed := origins == "https://a.example" || len(opts.AllowedOrigins) == 2 && naiveMatch("https://*.a.example", origins)
		for name, lines := range w.Header() {
			if !strings.HasPrefix(name, "Access-Control-") {
				continue
			}
			if len(lines) != 1 && !(name == "Access-Control-Allow-Headers" && slices.Equal(lines, r.Header["Access-Control-Request-Headers"])) {
				t.Errorf("%s has %d lines", name, len(lines))
			}
			if !open && !listed {
				t.Errorf("%s: %q for the origin %q", name, lines, origins)
			}
			if name == "Access-Control-Allow-Origin" && lines[0] != origins && (!open || lines[0] != "*") {
				t.Errorf("allowed origin %q", lines[0])
			}
			if name == "Access-Control-Allow-Credentials" && !opts.AllowCredentials {
				t.Error("credentials are allowed")
			}
		}
		if (open || listed) && w.Header().Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("%q is not allowed", origins)
		}
	})
}

// FuzzValidate checks that Validate foretells what New does, that a fix is
// accepted, and that what is accepted can work.
func FuzzValidate(f *testing.F) {
	for _, tc := range badPolicies() {
		f.Add(tc.value, "PUT", "X-Foo", int64(time.Minute), 204, tc.opts.AllowCredentials)
		f.Add("https://a.example", tc.value, tc.value, int64(tc.opts.MaxAge), tc.opts.OptionsSuccessStatus, true)
	}
	f.Fuzz(func(t *testing.T, origin, method, header string, maxAge int64, status int, credentials bool) {
		opts := cors.Options{
			AllowedOrigins: []string{origin}, AllowedMethods: []string{method}, AllowedHeaders: []string{header}, ExposedHeaders: []string{header},
			MaxAge: time.Duration(maxAge), OptionsSuccessStatus: status, AllowCredentials: credentials,
		}
		err := opts.Validate()
		if panicked := panics(func() { cors.New(opts) }); (err == nil) != (panicked == nil) {
			t.Fatalf("Validate says %v, New panics with %v", err, panicked)
		}
		var bad *cors.OptionsError
		if errors.As(err, &bad) {
			for _, p := range bad.Problems {
				if p.Fix == "" {
					continue
				}
				var after *cors.OptionsError
				errors.As(repair(t, opts, p).Validate(), &after)
				if after != nil && slices.ContainsFunc(after.Problems, func(q cors.Problem) bool { return q.Field == p.Field && q.Value == p.Fix }) {
					t.Errorf("the fix of %s is refused: %s", p, after)
				}
			}
			return
		}
		if origin == "*" || strings.Contains(origin, "*") {
			return
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.String() != origin {
			t.Errorf("%q is accepted and is no origin", origin)
		}
	})
}

func panics(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// A response costs one small allocation at most, whatever the policy and
// whatever a client sends: the values of its headers, six at most. Names to be
// echoed that came in several lines take a value each.
func TestOneSmallAllocation(t *testing.T) {
	full := cors.Options{
		AllowedOrigins: []string{"https://a.example", "https://*.a.example", "http://localhost:*", longestOrigin},
		AllowedMethods: []string{"PUT"}, AllowedHeaders: []string{"Content-Type"}, ExposedHeaders: []string{"ETag"},
		AllowCredentials: true, MaxAge: time.Hour, DangerouslyAllowInsecureOrigins: true,
	}
	any := full
	any.AllowedMethods, any.AllowedHeaders = []string{"*"}, []string{"*"}
	asks := full
	asks.AllowOriginFunc = func(*http.Request, string) bool { return false }
	asks.AllowOriginVary = []string{"X-Tenant"}
	logs := full
	logs.Logger = slog.New(slog.DiscardHandler)
	policies := map[string]cors.Options{"full": full, "any": any, "asks": asks, "logs": logs, "open": {AllowedOrigins: []string{"*"}, ExposedHeaders: []string{"*"}, MaxAge: -1}}

	hostile := []string{"", "null", "*", "https://b.example", "HTTPS://A.EXAMPLE", strings.Repeat("a", 1<<20), "https://" + strings.Repeat("a.", 1<<19), strings.Repeat(",", 1<<20), "https://[" + strings.Repeat(":", 1<<19), "https://x\n.a.example"}
	origins := append(hostile, "https://a.example", "https://x.y.a.example", "http://localhost:65535", longestOrigin)
	var requests []*http.Request
	for _, o := range origins {
		requests = append(requests, request("GET", origin(o)), request("OPTIONS", preflight(o, "PUT", "content-type")))
	}
	for _, h := range hostile {
		requests = append(requests, request("OPTIONS", preflight("https://a.example", "PUT", h)), request("OPTIONS", preflight("https://a.example", h, "x-a")))
	}
	requests = append(requests, request("GET", nil), request("GET", origin("https://a.example\nhttps://a.example")))
	split := func(lines int) *http.Request {
		return request("OPTIONS", preflight("https://a.example", "PUT", strings.TrimSuffix(strings.Repeat("x-a\n", lines), "\n")))
	}

	for name, opts := range policies {
		h := cors.New(opts)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		for _, r := range requests {
			allocations, bytes := alloctest.Allocations(h, r)
			assert.LessOrEqual(t, allocations, uint64(1), "allocations of %s for %s %.200q", name, r.Method, r.Header)
			assert.LessOrEqual(t, bytes, uint64(96), "bytes of %s for %s %.200q", name, r.Method, r.Header)
		}
		for lines, most := range map[int]uint64{1: 96, 2: 112, 16: 352, 17: 96, 1000: 96} {
			_, bytes := alloctest.Allocations(h, split(lines))
			assert.LessOrEqual(t, bytes, most, "bytes of %s for %d lines", name, lines)
		}
	}

	// No room is left over: 16 bytes for each value that is sent.
	for _, tc := range []struct {
		policy string
		r      *http.Request
		values uint64
	}{
		{"open", request("GET", nil), 2},
		{"open", request("OPTIONS", nil), 3},
		{"open", request("OPTIONS", preflight("https://a.example", "PUT", "")), 3},
		{"full", request("GET", nil), 1},
		{"full", request("GET", origin("https://a.example")), 4},
		{"full", request("OPTIONS", preflight("https://a.example", "PUT", "")), 6},
		{"any", split(1), 6},
		{"any", split(2), 7},
		{"any", split(16), 21},
	} {
		h := cors.New(policies[tc.policy])(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		_, bytes := alloctest.Allocations(h, tc.r)
		assert.Equal(t, sizeClass(16*tc.values), bytes, "bytes of %s for %s %v", tc.policy, tc.r.Method, tc.r.Header)
	}
}

// sizeClass returns how many bytes the runtime allocates for n.
func sizeClass(n uint64) uint64 { return uint64(cap(append([]byte(nil), make([]byte, n)...))) }

// BenchmarkMiddleware measures what the middleware adds to a request. bench/
// holds the same side by side with other packages.
func BenchmarkMiddleware(b *testing.B) {
	const evil = "https://evil.example"
	requests := map[string]*http.Request{
		"actual":           request("GET", nil),
		"actual/allowed":   request("GET", origin("https://a0.example")),
		"actual/refused":   request("GET", origin(evil)),
		"preflight":        request("OPTIONS", preflight("https://a0.example", "PUT", "content-type")),
		"preflight/evil":   request("OPTIONS", preflight(evil, "PUT", "content-type")),
		"preflight/64kB":   request("OPTIONS", preflight("https://a0.example", "PUT", strings.Repeat(",", 64<<10))),
		"actual/subdomain": request("GET", origin("https://x.y.wild0.example")),
		"actual/worst":     request("GET", origin("https://"+strings.Repeat("a.", 119)+"wild0.example")),
	}
	for _, n := range []int{1, 1000} {
		opts := cors.Options{AllowedMethods: []string{"PUT"}, AllowedHeaders: []string{"Content-Type"}, ExposedHeaders: []string{"ETag"}, AllowCredentials: true, MaxAge: time.Hour}
		for i := range n {
			opts.AllowedOrigins = append(opts.AllowedOrigins, fmt.Sprintf("https://a%d.example", i), fmt.Sprintf("https://*.wild%d.example", i))
		}
		h := cors.New(opts)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		for _, name := range slices.Sorted(maps.Keys(requests)) {
			b.Run(fmt.Sprintf("origins=%d/req=%s", 2*n, name), func(b *testing.B) {
				w := alloctest.Discard{}
				b.ReportAllocs()
				for b.Loop() {
					clear(w)
					h.ServeHTTP(w, requests[name])
				}
			})
		}
	}
}

package cors_test

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/fixture"
)

// More tests of the package stand beside what they test: of policies that New refuses
// in internal/rules, of patterns in internal/origins, of what the Logger is told in
// internal/decisionlog. Those of the whole are in internal/test: with browsers in
// conformance, of random policies and requests in property, of live servers in
// servertest.

// Most policies here allow page, and some of them other.
const (
	page  = "https://a.example"
	other = "https://b.example"
	evil  = "https://evil.example"
)

var (
	request   = fixture.Request   // ("POST", "Origin: https://a.example")
	get       = fixture.Get       // (origin)
	preflight = fixture.Preflight // (origin, method, headers...)
)

// An exchange is a request and its response as text: the status, who answered, all
// CORS headers, and Vary.
type exchange struct {
	name    string
	request *http.Request
	want    string
}

// The responses to origins that are not allowed.
const (
	refused = `
		200 from the handler
		Vary: Origin`
	refusedPreflight = `
		403 from the middleware
		Vary: ` + fixture.PreflightVary
)

// checkExchanges sends each request to a handler inside the middleware, which is
// inside a handler that sets a header of its own.
func checkExchanges(t *testing.T, opts cors.Options, exchanges []exchange) {
	t.Helper()
	allow := cors.New(opts)
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) { x.check(t, allow) })
	}
}

func (x exchange) check(t *testing.T, allow func(http.Handler) http.Handler) {
	t.Helper()
	from := "middleware"
	inside := allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { from = "handler" }))
	outside := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Outer", "kept")
		inside.ServeHTTP(w, r)
	})
	w := fixture.Serve(outside, x.request)
	got := fmt.Sprintf("%d from the %s\n%s", w.Code, from, fixture.CORS(w.Header()))
	assert.Equal(t, fixture.Text(x.want), strings.TrimSuffix(got, "\n"))
	assert.Equal(t, "kept", w.Header().Get("X-Outer"))
}

func TestActualRequests(t *testing.T) {
	opts := cors.Options{AllowedOrigins: []string{page, other}, AllowedMethods: []string{"PUT"}, MaxAge: time.Hour}
	const allowed = `
		200 from the handler
		Access-Control-Allow-Origin: https://a.example
		Vary: Origin`
	const allowedOptions = `
		200 from the handler
		Access-Control-Allow-Origin: https://a.example
		Vary: ` + fixture.PreflightVary
	const refusedOptions = `
		200 from the handler
		Vary: ` + fixture.PreflightVary
	checkExchanges(t, opts, []exchange{
		{"an allowed origin", get(page), allowed},
		{"another allowed origin", get(other), strings.Replace(allowed, page, other, 1)},
		{"no Origin", request("GET"), refused},
		{"an origin that is not allowed", get(evil), refused},
		{"POST", request("POST", "Origin: "+page), allowed},
		{"a method that is not in the policy", request("DELETE", "Origin: "+page), allowed},

		// These are no preflights, and reach the handler.
		{"OPTIONS without Origin", request("OPTIONS"), refusedOptions},
		{"OPTIONS that announces no method", request("OPTIONS", "Origin: "+page), allowedOptions},
		{"OPTIONS that announces an empty method", preflight(page, ""), allowedOptions},
		{"OPTIONS that announces a method without Origin", request("OPTIONS", "Access-Control-Request-Method: PUT"),
			refusedOptions},
		{"OPTIONS with two lines of Origin",
			request("OPTIONS", "Origin: "+page, "Origin: "+page, "Access-Control-Request-Method: PUT"), refusedOptions},
		{"PUT that announces a method", request("PUT", "Origin: "+page, "Access-Control-Request-Method: PUT"), allowed},
		{"options in lower case", request("options", "Origin: "+page, "Access-Control-Request-Method: PUT"), allowed},
	})
}

func TestActualRequestsUnderEveryOption(t *testing.T) {
	checkExchanges(t, everyOption(), []exchange{
		{"an allowed origin", get(page), `
			200 from the handler
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Origin: https://a.example
			Access-Control-Expose-Headers: Etag, X-Request-Id
			Vary: Origin`},
		{"an origin that is not allowed", get(other), refused},
	})
}

func everyOption() cors.Options {
	return cors.Options{
		AllowedOrigins:       []string{page},
		AllowedMethods:       []string{"PUT", "DELETE", "PUT"},
		AllowedHeaders:       []string{"content-type", "X-Token", "Content-Type"},
		ExposedHeaders:       []string{"etag", "X-Request-ID"},
		AllowCredentials:     true,
		MaxAge:               10 * time.Minute,
		OptionsSuccessStatus: 200,
	}
}

func TestPreflights(t *testing.T) {
	checkExchanges(t, cors.Options{AllowedOrigins: []string{page, other}}, []exchange{
		// The browser finds that GET is allowed, and that X-Foo is not.
		{"the smallest policy", preflight(page, "GET", "x-foo"), `
			204 from the middleware
			Access-Control-Allow-Origin: https://a.example
			Vary: ` + fixture.PreflightVary},
		{"an origin that is not allowed", preflight(evil, "GET"), refusedPreflight},
	})
}

func TestPreflightsUnderEveryOption(t *testing.T) {
	checkExchanges(t, everyOption(), []exchange{
		// The response is the policy, whatever the preflight asks for.
		{"an allowed origin", preflight(page, "PATCH", "x-unlisted"), `
			200 from the middleware
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Headers: Content-Type, X-Token
			Access-Control-Allow-Methods: PUT, DELETE
			Access-Control-Allow-Origin: https://a.example
			Access-Control-Max-Age: 600
			Vary: ` + fixture.PreflightVary},
		{"an origin that is not allowed", preflight(other, "PUT"), refusedPreflight},
	})
}

// The whole policy is in the response to the first preflight. A page that uses all
// of it on one URL sends one preflight.
func TestOnePreflightServesAllMethodsAndHeaders(t *testing.T) {
	opts := cors.Options{
		AllowedOrigins: []string{page},
		AllowedMethods: []string{"GET", "PUT", "PATCH", "DELETE"},
		AllowedHeaders: []string{"Content-Type", "Authorization", "X-Foo"},
		MaxAge:         time.Hour,
	}
	browser := corstest.Browser{Handler: cors.New(opts)(fixture.Nothing)}
	preflights := 0
	for range 2 {
		for _, method := range []string{"PUT", "GET", "PATCH", "DELETE"} {
			for _, name := range []string{"Content-Type", "Authorization", "X-Foo"} {
				header := http.Header{name: {"application/json"}}
				res, err := browser.Fetch(t.Context(), corstest.Request{
					Origin: page, Method: method, URL: "/users/7", Header: header,
				})
				require.NoError(t, err)
				if res.Preflight != nil {
					preflights++
				}
			}
		}
	}
	assert.Equal(t, 1, preflights)
}

func TestEveryOriginIsAllowed(t *testing.T) {
	const actual = `
		200 from the handler
		Access-Control-Allow-Origin: *
		Access-Control-Expose-Headers: *`
	checkExchanges(t, cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{"*"},
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{"*"},
		MaxAge:         -1,
	}, []exchange{
		{"an origin", get(evil), actual},
		{"no Origin", request("GET"), actual},
		{"null", get("null"), actual},
		{"two lines of Origin", request("GET", "Origin: "+page, "Origin: "+other), actual},
		// Without Vary, a cache that keeps OPTIONS would answer preflights with it.
		{"OPTIONS that is no preflight", request("OPTIONS", "Origin: "+evil), actual + `
			Vary: ` + fixture.PreflightVary},
		{"preflight", preflight(evil, "PUT", "x-foo"), `
			204 from the middleware
			Access-Control-Allow-Headers: *, Authorization
			Access-Control-Allow-Methods: *
			Access-Control-Allow-Origin: *
			Access-Control-Max-Age: 0
			Vary: ` + fixture.PreflightVary},
	})
	t.Run("and nothing else", func(t *testing.T) {
		checkExchanges(t, cors.Options{AllowedOrigins: []string{"*"}}, []exchange{
			{"GET", request("GET"), `
				200 from the handler
				Access-Control-Allow-Origin: *`},
			{"preflight", preflight("null", "PUT"), `
				204 from the middleware
				Access-Control-Allow-Origin: *
				Vary: ` + fixture.PreflightVary},
		})
	})
}

// With credentials, "*" is no wildcard for browsers: the response repeats the names
// that the preflight asks for.
func TestWildcardsWithCredentials(t *testing.T) {
	granted := func(methodsAndHeaders string) string {
		return `
			204 from the middleware
			Access-Control-Allow-Credentials: true
			` + methodsAndHeaders + `
			Access-Control-Allow-Origin: https://a.example
			Access-Control-Max-Age: 1
			Vary: ` + fixture.PreflightVary
	}
	const (
		putOnly   = "Access-Control-Allow-Methods: PUT"
		xFoo      = "Access-Control-Allow-Headers: x-foo\n"
		maxMethod = 64   // bytes
		maxNames  = 4096 // bytes of all lines, with a separator for each line
		maxLines  = 16
	)
	longestMethod, longestNames := strings.Repeat("M", maxMethod), strings.Repeat("x,", maxNames/2-1)+"x"
	lines := func(n int) []string { return slices.Repeat([]string{"x-foo"}, n) }
	checkExchanges(t, cors.Options{
		AllowedOrigins:   []string{page},
		AllowedMethods:   []string{"*"},
		AllowedHeaders:   []string{"*"},
		AllowCredentials: true,
		MaxAge:           time.Second,
	}, []exchange{
		{"a method and headers", preflight(page, "PUT", "authorization,x-foo"), granted(`
			Access-Control-Allow-Headers: authorization,x-foo
			Access-Control-Allow-Methods: PUT`)},
		{"headers in lines that a gateway has split", preflight(page, "PUT", "authorization", "x-foo, x-bar"), granted(`
			Access-Control-Allow-Headers: authorization
			Access-Control-Allow-Headers: x-foo, x-bar
			Access-Control-Allow-Methods: PUT`)},
		{"no headers", preflight(page, "PUT"), granted(putOnly)},
		{"neither a method nor names", preflight(page, "PUT<script>", "x-föö"), granted("")},
		{"the longest names", preflight(page, longestMethod, longestNames), granted(`
			Access-Control-Allow-Headers: ` + longestNames + `
			Access-Control-Allow-Methods: ` + longestMethod)},
		{"longer names", preflight(page, longestMethod+"M", longestNames+",x"), granted("")},
		{"the most lines", preflight(page, "PUT", lines(maxLines)...), granted(strings.Repeat(xFoo, maxLines) + putOnly)},
		{"more lines", preflight(page, "PUT", lines(maxLines+1)...), granted(putOnly)},
		{"an origin that is not allowed", preflight(other, "PUT", "x-foo"), refusedPreflight},
	})
}

func TestNamesBesideAWildcard(t *testing.T) {
	checkExchanges(t, cors.Options{
		AllowedOrigins: []string{page},
		AllowedMethods: []string{"PUT", "*"},
		AllowedHeaders: []string{"authorization", "*"},
	}, []exchange{
		{"preflight", preflight(page, "PUT"), `
			204 from the middleware
			Access-Control-Allow-Headers: Authorization, *
			Access-Control-Allow-Methods: PUT, *
			Access-Control-Allow-Origin: https://a.example
			Vary: ` + fixture.PreflightVary},
	})
}

func TestOptionsPassthrough(t *testing.T) {
	opts := cors.Options{AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT"}, OptionsPassthrough: true}
	checkExchanges(t, opts, []exchange{
		{"preflight", preflight(page, "PUT"), `
			200 from the handler
			Access-Control-Allow-Methods: PUT
			Access-Control-Allow-Origin: https://a.example
			Vary: ` + fixture.PreflightVary},
		{"preflight of an origin that is not allowed", preflight(other, "PUT"), `
			200 from the handler
			Vary: ` + fixture.PreflightVary},
		{"actual request", get(page), `
			200 from the handler
			Access-Control-Allow-Origin: https://a.example
			Vary: Origin`},
	})
}

func TestAllowOriginFunc(t *testing.T) {
	tenant := func(value string) *http.Request { return request("GET", "Origin: "+value, "X-Tenant: "+value) }
	allowed := func(origin string) string {
		return `
			200 from the handler
			Access-Control-Allow-Origin: ` + origin + `
			Vary: Origin, X-Tenant`
	}
	const denied = `
		200 from the handler
		Vary: Origin, X-Tenant`
	checkExchanges(t, cors.Options{
		AllowedOrigins: []string{page},
		AllowOriginFunc: func(r *http.Request, origin string) bool {
			return r.Header.Get("X-Tenant") == origin || origin == "null"
		},
		AllowOriginVary: []string{"x-tenant", "Origin"},
	}, []exchange{
		{"a listed origin", get(page), allowed(page)},
		{"yes", tenant(other), allowed(other)},
		{"no", get(other), denied},
		{"yes to null", get("null"), allowed("null")},
		{"yes to a file", tenant("file://"), allowed("file://")},
		{"yes to an application", tenant("app://."), allowed("app://.")},
		{"not an origin", tenant(other + "/"), denied},
		{"yes to a preflight",
			request("OPTIONS", "Origin: "+other, "X-Tenant: "+other, "Access-Control-Request-Method: PUT"), `
			204 from the middleware
			Access-Control-Allow-Origin: https://b.example
			Vary: ` + fixture.PreflightVary + ", X-Tenant"},
		{"no to a preflight", preflight(other, "PUT"), refusedPreflight + ", X-Tenant"},
	})

	always := func(*http.Request, string) bool { return true }
	checkExchanges(t, cors.Options{AllowOriginFunc: always}, []exchange{
		{"yes to the longest origin", get(fixture.LongestOrigin), `
			200 from the handler
			Access-Control-Allow-Origin: ` + fixture.LongestOrigin + `
			Vary: Origin`},
		{"a longer one", get("s" + fixture.LongestOrigin), refused},
	})
	t.Run("every origin that browsers send", func(t *testing.T) {
		var exchanges []exchange
		for _, origin := range []string{
			"app://", "content://", "qrc://", "file://", "null", "app://.", "app://-", "tauri://localhost", "app://127",
			"vscode-webview://0a1b", "vscode-webview://7", "safari-web-extension://BE98AE6B-0D1A-4BEC",
			"moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc", "devtools://devtools", "app://localhost:8080",
			"chrome-extension://abcdefghijklmnopabcdefghijklmnop", "web+app.1-2://Some_Host~1%20x", "http://0.0.0.0",
		} {
			exchanges = append(exchanges, exchange{origin, get(origin), `
				200 from the handler
				Access-Control-Allow-Origin: ` + origin + `
				Vary: Origin`})
		}
		for _, origin := range []string{
			"App://x", "moz-extension://\u212A", "moz-extension://x\u017F", "app://a b", "app://a/", "app://a,b", "app://*",
			"app://a@b", "app:///", "://", "https://", "http://", "ws://", "app:", "HTTP://a.example",
			"https://\u212A.example",
			"1app://", "app://[::1", "app://[0::1]", "app://a:0", "app://" + strings.Repeat("a", 254),
		} {
			exchanges = append(exchanges, exchange{origin, get(origin), refused})
		}
		checkExchanges(t, cors.Options{AllowOriginFunc: always}, exchanges)
	})
	t.Run("RefuseCrossOriginWrites", func(t *testing.T) {
		opts := cors.Options{AllowOriginFunc: always, RefuseCrossOriginWrites: true}
		checkExchanges(t, opts, []exchange{
			{"yes", get(other), allowedWithoutTenant},
			{"an extension", get("moz-extension://A"),
				strings.ReplaceAll(allowedWithoutTenant, other, "moz-extension://A")},
			{"null is never allowed", get("null"), refused},
			{"a file is never allowed", get("file://"), refused},
			{"a scheme is never allowed", get("qrc://"), refused},
			{"null is never allowed in a preflight", preflight("null", "PUT"), refusedPreflight},
		})
		ran := false
		h := cors.New(opts)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true }))
		assert.Equal(t, http.StatusForbidden, fixture.Serve(h, request("POST", "Origin: null")).Code)
		assert.False(t, ran, "a sandboxed frame may not write")
	})
	t.Run("with credentials", func(t *testing.T) {
		checkExchanges(t, cors.Options{AllowOriginFunc: always, AllowCredentials: true}, []exchange{
			{"yes", get(other), `
				200 from the handler
				Access-Control-Allow-Credentials: true
				Access-Control-Allow-Origin: https://b.example
				Vary: Origin`},
			{"null is never allowed", get("null"), refused},
			{"a file is never allowed", get("file://"), refused},
			{"a scheme is never allowed", get("qrc://"), refused},
			{"null is never allowed in a preflight", preflight("null", "PUT"), refusedPreflight},
		})
	})
}

const allowedWithoutTenant = `
	200 from the handler
	Access-Control-Allow-Origin: https://b.example
	Vary: Origin`

// Operators and other packages write one thing in several ways. What has one meaning
// starts, and is sent as browsers write it.
func TestOtherSpellings(t *testing.T) {
	t.Run("origins", func(t *testing.T) {
		allowed := func(origin string) string {
			return "\n200 from the handler\nAccess-Control-Allow-Origin: " + origin + "\nVary: Origin"
		}
		var exchanges []exchange
		for _, origin := range []string{
			"https://upper.example", "https://slash.example", "https://port.example", "http://port.example",
			"http://localhost", "https://space.example", "https://x.under.example", "https://pr-1.affix.example",
			"https://any.example:8443", "https://any.example", "http://[2001:db8::1]", "app://Host", "app://host:443",
			"safari-web-extension://BE98AE6B", "https://twice.example", "vscode-webview://7",
		} {
			exchanges = append(exchanges, exchange{origin, get(origin), allowed(origin)})
		}
		for _, origin := range []string{
			"HTTPS://UPPER.EXAMPLE", "https://Upper.example", "https://slash.example/", "https://port.example:443",
			"http://localhost:80", " https://space.example", "https://under.example", "app://HOST", "app://host",
			"safari-web-extension://be98ae6b", "https://\u212Aelvin.example",
		} {
			exchanges = append(exchanges, exchange{origin, get(origin), refused})
		}
		checkExchanges(t, cors.Options{AllowedOrigins: []string{
			"HTTPS://Upper.Example", "https://slash.example/", "https://port.example:443", "http://port.example:80/",
			"http://localhost:80", "\thttps://space.example \n", "https://*.Under.example:443",
			"https://PR-*.affix.example/",
			"https://Any.example:*", "http://[2001:DB8::1]:80", "APP://Host", "app://host:443/",
			"safari-web-extension://BE98AE6B", "https://twice.example", "HTTPS://twice.example:443/", "vscode-webview://*",
			"https://kelvin.example",
		}}, exchanges)
	})
	t.Run("every origin beside others", func(t *testing.T) {
		checkExchanges(t, cors.Options{AllowedOrigins: []string{page, " * ", "http://127.0.0.1:80"}}, []exchange{
			{"another page", get(evil), `
				200 from the handler
				Access-Control-Allow-Origin: *`},
		})
	})
	t.Run("names", func(t *testing.T) {
		answer{cors.Options{
			AllowedOrigins: []string{page},
			AllowedMethods: []string{" PUT", "PUT "},
			AllowedHeaders: []string{
				"Origin", "Content-Length", " content-type ", "accept-encoding", "Sec-Fetch-Mode",
				"Proxy-Authorization", "DNT",
				"Host", "Referer", "Connection", "Date", "Access-Control-Request-Method", "Access-Control-Request-Headers",
				"Access-Control-Allow-Origin", "X-HTTP-Method-Override", "Content-Type",
			},
			MaxAge: 7 * 24 * time.Hour,
		}, `
			Access-Control-Allow-Headers: Content-Type, Access-Control-Allow-Origin, X-Http-Method-Override
			Access-Control-Allow-Methods: PUT
			Access-Control-Allow-Origin: https://a.example
			Access-Control-Max-Age: 604800
			Vary: ` + fixture.PreflightVary}.check(t)
		answer{cors.Options{
			AllowedOrigins: []string{page},
			AllowedHeaders: []string{"Origin", "Content-Length"},
			MaxAge:         math.MaxInt64 / time.Second * time.Second,
		}, `
			Access-Control-Allow-Origin: https://a.example
			Access-Control-Max-Age: 9223372036
			Vary: ` + fixture.PreflightVary}.check(t)
		answer{cors.Options{AllowedOrigins: []string{page}, MaxAge: -time.Hour}, `
			Access-Control-Allow-Origin: https://a.example
			Access-Control-Max-Age: 0
			Vary: ` + fixture.PreflightVary}.check(t)
		answer{cors.Options{
			AllowedOrigins: []string{page},
			AllowedHeaders: []string{"Access-Control-Request-Private-Network", "access-control-max-age"},
		}, `
			Access-Control-Allow-Headers: Access-Control-Request-Private-Network, Access-Control-Max-Age
			Access-Control-Allow-Origin: https://a.example
			Vary: ` + fixture.PreflightVary}.check(t)
		answer{cors.Options{AllowedOrigins: []string{page}, AllowedHeaders: []string{"Origin", "*", "Host"}}, `
			Access-Control-Allow-Headers: *, Authorization
			Access-Control-Allow-Origin: https://a.example
			Vary: ` + fixture.PreflightVary}.check(t)
	})
	t.Run("exposed", func(t *testing.T) {
		checkExchanges(t, cors.Options{
			AllowedOrigins: []string{page}, ExposedHeaders: []string{" range", "Accept", "Range "},
		}, []exchange{{"allowed", get(page), `
			200 from the handler
			Access-Control-Allow-Origin: https://a.example
			Access-Control-Expose-Headers: Range, Accept
			Vary: Origin`}})
	})
}

// An answer is what a policy says in a preflight.
type answer struct {
	opts cors.Options
	want string
}

func (a answer) check(t *testing.T) {
	t.Helper()
	checkExchanges(t, a.opts, []exchange{{"preflight", preflight(page, "PUT"), "\n204 from the middleware" + a.want}})
}

// An Origin that no pattern matches is neither allowed nor sent back. If it is not
// an origin, AllowOriginFunc is not called.
func TestMalformedOrigins(t *testing.T) {
	long := strings.Repeat("a", 64<<10)
	origins := []string{
		"", "null", "*", "HTTPS://A.EXAMPLE", "https://A.example", "https://a.example:443", "https://a.example.:443",
		"https://a.example/", "https://a.example?", "https://a.example#", "https://a.example, https://b.example",
		"https://a.example https://b.example", "https://a.example,https://a.example",
		" https://a.example", "https://a.example ", "https://a.example\t",
		"https://user@a.example", "https://user:secret@a.example", "https://a.example:", "https://a.example:0",
		"https://a.example:00443", "https://a.example:65536", "https://a.example:8080x", "https://a.example:*", "https://*",
		"https://*.a.example", "https://.a.example", "https://x..a.example", "https://.x.a.example", "https://x.a.example..",
		"https://x_.ä.a.example", "https://X.a.example", "https://x/.a.example", "https://x@.a.example",
		"https://x:.a.example",
		"https:///a.example", "https:/a.example", "https:a.example", "//a.example", "a.example", "https://", "://a.example",
		"://",
		"https://[::1", "https://::1", "https://[0:0:0:0:0:0:0:1]", "https://[::1%25eth0]", "https://[::1]:443",
		"https://[::FFFF]",
		"https://0x7f.1", "https://127.1", "https://1.2.3.04", "https://" + strings.Repeat("a", 64) + ".a.example",
		"https://" + strings.Repeat("a.", 123) + "a.example", "https://" + strings.Repeat(".", 10_000),
		"https://" + strings.Repeat(".", 10_000) + ".a.example", "https://" + long + ".a.example", long + "://a.example",
		long,
		"https://a.example:" + long, "file://", "https\x00://a.example", "https://a\x00.example", "1https://a.example",
		"ht_tps://a.example",
	}
	opts := cors.Options{
		AllowedOrigins: []string{page, "https://*.a.example", "https://shop-*.a.example", "http://localhost:*"},
		AllowOriginFunc: func(_ *http.Request, origin string) bool {
			t.Errorf("called for %.80q", origin)
			return true
		},
		AllowCredentials: true,
	}
	var exchanges []exchange
	for i, origin := range origins {
		name := fmt.Sprintf("%d %.30q", i, origin)
		exchanges = append(exchanges,
			exchange{name, get(origin), refused},
			exchange{name + " preflight", preflight(origin, "PUT"), refusedPreflight})
	}
	checkExchanges(t, opts, append(exchanges,
		exchange{"the same origin twice", request("GET", "Origin: "+page, "Origin: "+page), refused},
		exchange{"two origins", request("GET", "Origin: "+page, "Origin: "+evil), refused}))
}

func TestVaryIsAdded(t *testing.T) {
	h := cors.New(cors.Options{AllowedOrigins: []string{page}, ExposedHeaders: []string{"ETag"}})(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Add("Vary", "Cookie") }))
	vary := func(outer []string, r *http.Request) []string {
		w := httptest.NewRecorder()
		w.Header()["Vary"] = slices.Clone(outer)
		h.ServeHTTP(w, r)
		return w.Header()["Vary"]
	}
	for _, tc := range []struct {
		name      string
		outer     []string
		actual    []string
		preflight []string
	}{
		{"nothing before", nil, []string{"Origin", "Cookie"}, []string{fixture.PreflightVary}},
		{"a line before", []string{"Accept"}, []string{"Accept", "Origin", "Cookie"},
			[]string{"Accept", fixture.PreflightVary}},
		{"two lines before", []string{"Accept", "Dnt"}, []string{"Accept", "Dnt", "Origin", "Cookie"},
			[]string{"Accept", "Dnt", fixture.PreflightVary}},
		{"a list before", []string{"Accept, Dnt"}, []string{"Accept, Dnt", "Origin", "Cookie"},
			[]string{"Accept, Dnt", fixture.PreflightVary}},
		{"Origin before", []string{"Origin"}, []string{"Origin", "Cookie"}, []string{"Origin", fixture.PreflightVary}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.actual, vary(tc.outer, get(page)))
			assert.Equal(t, tc.actual, vary(tc.outer, get(evil)))
			assert.Equal(t, tc.preflight, vary(tc.outer, preflight(evil, "PUT")))
		})
	}

	t.Run("the outer slice is left alone", func(t *testing.T) {
		outer := append(make([]string, 0, 8), "Accept")
		w := httptest.NewRecorder()
		w.Header()["Vary"] = outer
		h.ServeHTTP(w, request("GET"))
		assert.Equal(t, []string{"Accept", "", ""}, outer[:3])
	})
}

// Appending to one header value does not change another.
func TestHeaderValuesAreApart(t *testing.T) {
	listed := cors.Options{
		AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT"}, AllowedHeaders: []string{"X-Foo"},
		ExposedHeaders: []string{"ETag"}, AllowCredentials: true, MaxAge: time.Minute,
	}
	wildcards := listed
	wildcards.AllowedMethods, wildcards.AllowedHeaders = []string{"*"}, []string{"*"}
	for name, tc := range map[string]struct {
		opts    cors.Options
		request *http.Request
	}{
		"actual request":           {listed, get(page)},
		"preflight":                {listed, preflight(page, "PUT", "x-foo")},
		"preflight with wildcards": {wildcards, preflight(page, "PUT", "x-foo", "x-bar")},
	} {
		t.Run(name, func(t *testing.T) {
			h := fixture.Serve(cors.New(tc.opts)(http.NotFoundHandler()), tc.request).Header()
			want := h.Clone()
			for key, lines := range h {
				_ = append(lines, "overflow")
				for other, lines := range h {
					assert.Equal(t, want[other], lines, "after appending to %s", key)
				}
			}
		})
	}
}

// Of layers inside each other the innermost decides. What an outer one has set goes.
func TestInnermostLayerDecides(t *testing.T) {
	wide := everyOption()
	wide.AllowedOrigins = []string{page, other, evil}
	wide.OptionsPassthrough = true
	narrow := cors.Options{AllowedOrigins: []string{page}, AllowedMethods: []string{"PATCH"}}
	open := cors.Options{AllowedOrigins: []string{"*"}}
	const bare = `
		200 from the handler
		Access-Control-Allow-Origin: https://a.example
		Vary: Origin`
	for _, tc := range []struct {
		name   string
		layers []cors.Options // the outermost first
		exchange
	}{
		{"a grant inside a wider one", []cors.Options{wide, narrow}, exchange{"actual", get(page), bare}},
		{"a refusal inside a grant", []cors.Options{wide, narrow}, exchange{"actual", get(other), refused}},
		{"a grant inside a refusal", []cors.Options{narrow, wide}, exchange{"actual", get(other), `
			200 from the handler
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Origin: https://b.example
			Access-Control-Expose-Headers: Etag, X-Request-Id
			Vary: Origin`}},
		{"everybody inside credentials", []cors.Options{wide, open}, exchange{"actual", get(page), `
			200 from the handler
			Access-Control-Allow-Origin: *
			Vary: Origin`}},
		{"a refusal inside everybody", []cors.Options{open, narrow}, exchange{"actual", get(other), refused}},
		{"the same twice", []cors.Options{narrow, narrow}, exchange{"actual", get(page), bare}},
		{"three", []cors.Options{wide, wide, narrow}, exchange{"actual", get(other), refused}},
		{"a preflight granted", []cors.Options{wide, narrow}, exchange{"preflight", preflight(page, "PUT", "x-token"), `
			204 from the middleware
			Access-Control-Allow-Methods: PATCH
			Access-Control-Allow-Origin: https://a.example
			Vary: ` + fixture.PreflightVary}},
		{
			"a preflight refused", []cors.Options{wide, narrow},
			exchange{"preflight", preflight(evil, "PUT"), refusedPreflight},
		},
		{"a write refused", []cors.Options{wide, onlyAllowedPages()}, exchange{"write",
			request("POST", "Origin: "+evil, "Sec-Fetch-Site: cross-site"), `
			403 from the middleware
			Vary: Origin`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.check(t, func(h http.Handler) http.Handler {
				for _, opts := range slices.Backward(tc.layers) {
					h = cors.New(opts)(h)
				}
				return h
			})
		})
	}
}

// The outcome of layers is that of the innermost alone, and caches learn of all.
func TestLayersLikeTheInnermostAlone(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	origins := []string{page, other, evil}
	pick := func(from ...string) (some []string) {
		for _, s := range from {
			if random.IntN(2) == 0 {
				some = append(some, s)
			}
		}
		return some
	}
	policy := func() cors.Options {
		opts := cors.Options{
			AllowedOrigins:   append(pick(origins...), "https://none.example"),
			AllowedMethods:   pick("PUT", "PATCH", "*"),
			AllowedHeaders:   pick("X-Foo", "X-Bar", "*"),
			ExposedHeaders:   pick("ETag", "Location"),
			AllowCredentials: random.IntN(2) == 0,
			MaxAge:           time.Duration(random.IntN(2)) * time.Minute,
		}
		if !opts.AllowCredentials && random.IntN(4) == 0 {
			opts.AllowedOrigins = []string{"*"}
		}
		return opts
	}
	granted := 0
	for range 20_000 {
		inner, outer, outermost := policy(), policy(), policy()
		outer.OptionsPassthrough, outermost.OptionsPassthrough = true, true
		origin := origins[random.IntN(len(origins))]
		r := get(origin)
		if random.IntN(2) == 0 {
			r = preflight(origin, []string{"GET", "PUT", "POST"}[random.IntN(3)], "x-foo")
		}
		alone := cors.New(inner)(fixture.Nothing)
		want := fixture.Serve(alone, r)
		got := fixture.Serve(cors.New(outermost)(cors.New(outer)(alone)), r)
		require.Equal(t, want.Code, got.Code)
		vary := got.Header()["Vary"]
		for _, line := range want.Header()["Vary"] {
			require.Contains(t, vary, line)
		}
		want.Header()["Vary"] = vary
		require.Equal(t, fixture.CORS(want.Header()), fixture.CORS(got.Header()), "%s from %s, %+v in %+v", r.Method, origin,
			inner, outer)
		if got.Header()["Access-Control-Allow-Origin"] != nil {
			granted++
		}
	}
	assert.Greater(t, granted, 5_000)
}

func TestHandlerMayOverrideTheMiddleware(t *testing.T) {
	allow := cors.New(cors.Options{AllowedOrigins: []string{page}})
	h := allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://own.example")
	}))
	assert.Equal(t, []string{"https://own.example"}, fixture.Serve(h, get(page)).Header()["Access-Control-Allow-Origin"])
}

func TestOptionsAreCopied(t *testing.T) {
	opts := cors.Options{
		AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT"}, AllowedHeaders: []string{"X-Foo"},
		ExposedHeaders: []string{"ETag"},
	}
	allow := cors.New(opts)
	opts.AllowedOrigins[0], opts.AllowedMethods[0] = other, "DELETE"
	opts.AllowedHeaders[0], opts.ExposedHeaders[0] = "X-Bar", "Location"
	exchange{"actual request", get(page), `
		200 from the handler
		Access-Control-Allow-Origin: https://a.example
		Access-Control-Expose-Headers: Etag
		Vary: Origin`}.check(t, allow)
	exchange{"preflight", preflight(page, "PUT"), `
		204 from the middleware
		Access-Control-Allow-Headers: X-Foo
		Access-Control-Allow-Methods: PUT
		Access-Control-Allow-Origin: https://a.example
		Vary: ` + fixture.PreflightVary}.check(t, allow)
}

func TestValidateReportsEveryProblemInOrder(t *testing.T) {
	opts := cors.Options{
		AllowedOrigins:       []string{"*", "foo.com", "https://ok.example", "HTTP://bar.com"},
		AllowOriginFunc:      func(*http.Request, string) bool { return false },
		AllowOriginVary:      []string{"*", "X Y"},
		AllowedMethods:       []string{"PUT", "get", "TRACE"},
		AllowedHeaders:       []string{"Cookie", "Origin", "ETag"},
		ExposedHeaders:       []string{"*", "Set-Cookie"},
		AllowCredentials:     true,
		MaxAge:               1,
		OptionsSuccessStatus: 404,
	}
	err := opts.Validate()
	var bad *cors.OptionsError
	require.ErrorAs(t, err, &bad)
	var got []string
	for _, p := range bad.Problems {
		got = append(got, p.Field+" "+p.Value)
	}
	assert.Equal(t, []string{
		"AllowedOrigins *",
		"AllowedOrigins foo.com",
		"AllowedOrigins HTTP://bar.com",
		"AllowOriginFunc ",
		"AllowOriginVary *",
		"AllowOriginVary X Y",
		"AllowedMethods get",
		"AllowedMethods TRACE",
		"AllowedHeaders Cookie",
		"AllowedHeaders ETag",
		"ExposedHeaders *",
		"ExposedHeaders Set-Cookie",
		"MaxAge 1ns",
		"OptionsSuccessStatus 404",
	}, got)
	assert.Len(t, strings.Split(err.Error(), "\n"), len(bad.Problems), "a line for each")
	assert.Contains(t, err.Error(),
		"\n"+`cors: AllowedOrigins: "foo.com": no scheme; did you mean "https://foo.com"?`+"\n")
	assert.PanicsWithError(t, err.Error(), func() { cors.New(opts) })
}

func TestPatterns(t *testing.T) {
	for _, tc := range []struct{ pattern, matches, doesNotMatch string }{
		{"https://example.com", "https://example.com", "http://example.com"},
		{"http://localhost:3000", "http://localhost:3000", "http://localhost"},
		{"http://localhost:*", "http://localhost:5173", "https://localhost:5173"},
		{"https://*.example.com", "https://a.b.example.com", "https://example.com"},
		{"https://shop-*.example.app", "https://shop-1.example.app", "https://shop-1.a.example.app"},
		{"https://*--shop.example.app", "https://pr-7--shop.example.app", "https://--shop.example.app"},
		{"http://[::1]:8080", "http://[::1]:8080", "http://[::1]"},
		{"capacitor://localhost", "capacitor://localhost", "ionic://localhost"},
	} {
		m, err := cors.NewOriginMatcher(tc.pattern)
		require.NoError(t, err, tc.pattern)
		assert.True(t, m.Match(tc.matches), "%s for %s", tc.pattern, tc.matches)
		assert.False(t, m.Match(tc.doesNotMatch), "%s for %s", tc.pattern, tc.doesNotMatch)
	}
}

func TestNewOriginMatcherReportsEveryProblem(t *testing.T) {
	_, err := cors.NewOriginMatcher("*", "https://ok.example", "foo.com", "bar.com")
	var bad *cors.OptionsError
	require.ErrorAs(t, err, &bad)
	require.Len(t, bad.Problems, 3)
	everyone, noScheme := bad.Problems[0], bad.Problems[1]
	assert.Equal(t, "patterns", everyone.Field)
	assert.Equal(t, "*", everyone.Value)
	assert.Equal(t, "patterns", noScheme.Field)
	assert.Equal(t, "foo.com", noScheme.Value)
	assert.Equal(t, "https://foo.com", noScheme.Fix)
	assert.Equal(t, `patterns: "foo.com": no scheme; did you mean "https://foo.com"?`, noScheme.String())

	_, err = cors.NewOriginMatcher()
	require.ErrorAs(t, err, &bad)
	require.Len(t, bad.Problems, 1)
	assert.Equal(t, "patterns", bad.Problems[0].Field)
	assert.Empty(t, bad.Problems[0].Value)
}

func TestCheckOrigin(t *testing.T) {
	m, err := cors.NewOriginMatcher("https://a.example", "https://*.b.example")
	require.NoError(t, err)
	const withoutTLS, withTLS = false, true
	longestHost := strings.Repeat("a", len(fixture.LongestOrigin)-len("https://"))
	tests := []struct {
		name   string
		origin []string
		host   string
		tls    bool
		want   bool
	}{
		{"no Origin", nil, "api.example", withTLS, true},
		{"a listed origin", []string{"https://a.example"}, "api.example", withTLS, true},
		{"a subdomain", []string{"https://x.b.example"}, "api.example", withTLS, true},
		{"an unknown origin", []string{"https://evil.example"}, "api.example", withTLS, false},
		{"own host", []string{"https://api.example"}, "api.example", withTLS, true},
		{"own host in capitals", []string{"https://zap.example"}, "ZAP.example", withTLS, true},
		{"own host and port", []string{"https://api.example:8443"}, "api.example:8443", withTLS, true},
		{"own host with the default port", []string{"https://chat.example"}, "chat.example:443", withTLS, true},
		{"own host with the default port, behind TLS",
			[]string{"https://chat.example"}, "chat.example:443", withoutTLS, true},
		{"own host with the default port of http", []string{"http://chat.example"}, "CHAT.example:80", withoutTLS, true},
		{"own address with the default port", []string{"http://[::1]"}, "[::1]:80", withoutTLS, true},
		{"own host with the other default port", []string{"https://chat.example"}, "chat.example:80", withTLS, false},
		{"own host with a port that begins alike", []string{"https://chat.example"}, "chat.example:4430", withTLS, false},
		{"own host, http on the port of https", []string{"http://chat.example"}, "chat.example:443", withoutTLS, false},
		{"Kelvin sign for a k", []string{"https://\u212Aelvin.example"}, "kelvin.example", withTLS, false},
		{"k for a Kelvin sign", []string{"https://kelvin.example"}, "\u212Aelvin.example", withTLS, false},
		{"long s for an s", []string{"https://\u017Fhop.example"}, "shop.example", withTLS, false},
		{"only a port", []string{"https://"}, ":443", withTLS, false},
		{"own host with another port", []string{"https://api.example:8443"}, "api.example", withTLS, false},
		{"own host of the greatest length", []string{"https://" + longestHost}, longestHost, withTLS, true},
		{"own host that is longer", []string{"https://a" + longestHost}, "a" + longestHost, withTLS, false},
		{"own host without TLS", []string{"http://api.example"}, "api.example", withoutTLS, true},
		{"own host behind a TLS proxy", []string{"https://api.example"}, "api.example", withoutTLS, true},
		{"own host, page without TLS", []string{"http://api.example"}, "api.example", withTLS, false},
		{"own host with another scheme", []string{"ftp://api.example"}, "api.example", withoutTLS, false},
		{"empty Origin", []string{""}, "api.example", withTLS, false},
		{"neither has a host", []string{"https://"}, "", withTLS, false},
		{"null", []string{"null"}, "null", withTLS, false},
		{"two lines of Origin", []string{"https://a.example", "https://a.example"}, "api.example", withTLS, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			target := "http://x/"
			if tc.tls {
				target = "https://x/"
			}
			r := httptest.NewRequest("GET", target, nil)
			r.Host = tc.host
			if tc.origin != nil {
				r.Header["Origin"] = tc.origin
			}
			assert.Equal(t, tc.want, m.CheckOrigin(r))
		})
	}
}

func TestRoutePreflights(t *testing.T) {
	policyA := cors.New(cors.Options{AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT"}})
	policyB := cors.New(cors.Options{AllowedOrigins: []string{other}, AllowedMethods: []string{"DELETE"}})
	passthrough := cors.New(cors.Options{AllowedOrigins: []string{page}, OptionsPassthrough: true})
	wrapped := func(h http.Handler) http.Handler { return http.StripPrefix("/", policyA(h)) }
	noPolicy := func(h http.Handler) http.Handler { return h }
	longMethod := strings.Repeat("M", 64)

	ran := ""
	mux := http.NewServeMux()
	for _, route := range []struct {
		pattern string
		policy  func(http.Handler) http.Handler
	}{
		{"GET /users", policyA},
		{"DELETE /users", policyB},
		{"/any", policyA},
		{"POST /pay", noPolicy},
		{"POST /wrapped", wrapped},
		{"POST /through", passthrough},
		{"/free", passthrough},
		{"PUT /tree/", policyA},
		{"PUT /plain/", noPolicy},
		{"PUT /both/", policyA},
		{"PUT /both", noPolicy},
		{"PUT b.example/host", policyB},
		{"OPTIONS /own", noPolicy},
		{"/site/", policyB},
		{"PUT /site/bare", noPolicy},
		{"PUT /site/wrapped", wrapped},
		{"PUT /site/through", passthrough},
		{"PUT /site/own", policyA},
		{"PUT /site/explicit", noPolicy},
		{"OPTIONS /site/explicit", policyA},
		{"/app/", noPolicy},
		{"GET /app/users", noPolicy},
		{"PUT /app/users", policyA},
		{longMethod + " /long", policyA},
		{longMethod + "M /long", policyA},
	} {
		handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = route.pattern })
		mux.Handle(route.pattern, route.policy(handler))
	}
	h := cors.RoutePreflights(mux)

	for _, tc := range []struct {
		name        string
		target      string // the path, maybe after a host
		request     *http.Request
		status      int
		allowOrigin string
		ran         string
	}{
		{"the route's policy", "/users", preflight(page, "GET", "x-foo"), 204, page, ""},
		{"HEAD finds GET", "/users", preflight(page, "HEAD", "x-foo"), 204, page, ""},
		{"another method's policy", "/users", preflight(other, "DELETE"), 204, other, ""},
		{"another method's policy refuses", "/users", preflight(page, "DELETE"), 403, "", ""},
		{"no route for the method", "/users", preflight(page, "PATCH"), 405, "", ""},
		{"a route for every method", "/any", preflight(page, "PUT"), 204, page, ""},
		{"no route", "/nowhere", preflight(page, "PUT"), 404, "", ""},
		{"a tree", "/tree/x", preflight(page, "PUT"), 204, page, ""},
		{"a host", "b.example/host", preflight(other, "PUT"), 204, other, ""},
		{"another host", "c.example/host", preflight(other, "PUT"), 404, "", ""},
		{"a long method", "/long", preflight(page, longMethod), 204, page, ""},
		{"a method that no policy has", "/long", preflight(page, longMethod+"M"), 405, "", ""},

		// The handler of the announced method never runs.
		{"a route without policy", "/pay", preflight(page, "POST"), 405, "", ""},
		{"a route with a handler around its policy", "/wrapped", preflight(page, "POST"), 405, "", ""},
		{"a route with OptionsPassthrough", "/through", preflight(page, "POST"), 405, "", ""},
		{"one for every method, which mux itself hands it", "/free", preflight(page, "POST"), 200, page, "/free"},

		// Granting this would be of no use: the page could not follow the redirect.
		{"the redirect to a tree", "/tree", preflight(page, "PUT"), 405, "", ""},
		{"the redirect to a tree without policy", "/plain", preflight(page, "PUT"), 405, "", ""},
		{"a route beside a tree", "/both", preflight(page, "PUT"), 405, "", ""},

		// A handler without policy runs if OPTIONS reaches it, as with ServeMux alone.
		{"a route for OPTIONS", "/own", preflight(page, "PUT"), 200, "", "OPTIONS /own"},
		{"a catch-all without policy", "/app/x", preflight(page, "GET"), 200, "", "/app/"},
		{"a catch-all without policy, for a route without policy", "/app/users", preflight(page, "GET"), 200, "", "/app/"},
		{"a catch-all without policy, for a method without route", "/app/users", preflight(page, "DELETE"), 200, "",
			"/app/"},
		{"a catch-all without policy, for a route with a policy", "/app/users", preflight(page, "PUT"), 204, page, ""},

		// Another route's policy does not answer, although OPTIONS reaches it.
		{"a catch-all policy", "/site/x", preflight(other, "PUT"), 204, other, ""},
		{"a catch-all policy, for a route without policy", "/site/bare", preflight(other, "PUT"), 403, "", ""},
		{"a catch-all policy, for a wrapped policy", "/site/wrapped", preflight(other, "PUT"), 403, "", ""},
		{"a catch-all policy, for a route with OptionsPassthrough", "/site/through", preflight(other, "PUT"), 403, "", ""},
		{"a catch-all policy, for a route with a policy", "/site/own", preflight(page, "PUT"), 204, page, ""},
		{"a catch-all policy, for a route that refuses its origin", "/site/own", preflight(other, "PUT"), 403, "", ""},
		{"a policy for OPTIONS", "/site/explicit", preflight(page, "PUT"), 204, page, ""},

		{"an actual OPTIONS request", "/own", request("OPTIONS", "Origin: "+page), 200, "", "OPTIONS /own"},
		{"an actual OPTIONS request without route", "/users", request("OPTIONS", "Origin: "+page), 405, "", ""},
		{"an actual request", "/users", get(page), 200, page, "GET /users"},
		{"an actual request, not allowed", "/users", get(other), 200, "", "GET /users"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ran = ""
			host, path, _ := strings.Cut(tc.target, "/")
			tc.request.Host, tc.request.URL.Path = host, "/"+path
			w := fixture.Serve(h, tc.request)
			assert.Equal(t, tc.status, w.Code)
			assert.Equal(t, tc.allowOrigin, w.Header().Get("Access-Control-Allow-Origin"))
			assert.Equal(t, tc.ran, ran)
			vary := []string{"Origin"}
			if tc.request.Method == "OPTIONS" {
				vary = []string{fixture.PreflightVary} // whoever answers, for caches that keep it
			}
			assert.Equal(t, vary, w.Header()["Vary"])
		})
	}

	t.Run("the outer slice is left alone", func(t *testing.T) {
		outer := []string{"Accept-Encoding", "Accept-Language"}
		w := httptest.NewRecorder()
		w.Header()["Vary"] = outer[:1]
		h.ServeHTTP(w, preflight(page, "PUT"))
		assert.Equal(t, []string{"Accept-Encoding", fixture.PreflightVary}, w.Header()["Vary"])
		assert.Equal(t, "Accept-Language", outer[1])
	})

	t.Run("another route's policy takes back what an outer layer granted", func(t *testing.T) {
		w := httptest.NewRecorder()
		w.Header().Set("Access-Control-Allow-Origin", "*")
		r := preflight(other, "PUT")
		r.URL.Path = "/site/bare"
		h.ServeHTTP(w, r)
		assert.Equal(t, http.StatusForbidden, w.Code)
		assert.Equal(t, http.Header{"Vary": {fixture.PreflightVary}}, w.Header())
	})

	t.Run("the policy gets the preflight itself", func(t *testing.T) {
		var seen *http.Request
		mux := http.NewServeMux()
		mux.Handle("PUT /users", cors.New(cors.Options{
			AllowOriginFunc: func(r *http.Request, _ string) bool { seen = r; return true },
		})(fixture.Nothing))
		r := preflight(page, "PUT")
		fixture.Serve(cors.RoutePreflights(mux), r)
		assert.Same(t, r, seen)
		assert.Equal(t, "OPTIONS", r.Method)
	})
}

// A pattern for OPTIONS answers for a route without policy if host and path are the
// same, in whatever spelling. A policy of any other pattern does not.
func TestOptionsPatternsOfARoute(t *testing.T) {
	for _, tc := range []struct {
		route, options string
		path           string
		answers        bool
	}{
		{"PUT /x", "OPTIONS /x", "/x", true},
		{"PUT /x", "OPTIONS\t/x", "/x", true},
		{"PUT \t /x", "OPTIONS  /x", "/x", true},
		{"/x", "OPTIONS /x", "/x", true},
		{"PUT /x/{id}", "OPTIONS /x/{name}", "/x/7", true},
		{"PUT /x/", "OPTIONS /x/{rest...}", "/x/y/z", true},
		{"PUT /x/{a...}", "OPTIONS /x/", "/x/y", true},
		{"PUT /x/{$}", "OPTIONS /x/{$}", "/x/", true},
		{"PUT /a%62", "OPTIONS /ab", "/ab", true},
		{"PUT /%zz", "OPTIONS /%25zz", "/%zz", true},
		{"PUT b.example/x", "OPTIONS b.example/x", "b.example/x", true},
		{"PUT b.example/{x}/y", "OPTIONS b.example/{z}/y", "b.example/1/y", true},

		{"PUT /x", "OPTIONS /", "/x", false},
		{"PUT /x", "OPTIONS\t/", "/x", false},
		{"PUT /x", "/", "/x", false},
		{"PUT /x", "/x", "/x", false},
		{"PUT /x", "OPTIONS /{y}", "/x", false},
		{"PUT /x", "OPTIONS /{y...}", "/x", false},
		{"PUT /x/y", "OPTIONS /x/{y}", "/x/y", false},
		{"PUT /x/{y}", "OPTIONS /x/{y...}", "/x/y", false},
		{"PUT /x/{$}", "OPTIONS /x/", "/x/", false},
		{"PUT /x/", "OPTIONS /x/{$}", "/x/", false},
		{"PUT /%7B%7D", "OPTIONS /{x}", "/{}", false},
		{"PUT /%zz", "OPTIONS /{x}", "/%zz", false},
		{"PUT b.example/x", "OPTIONS /x", "b.example/x", false},
		{"PUT /x", "OPTIONS b.example/x", "b.example/x", false},
	} {
		for _, wrap := range []func(http.Handler) http.Handler{
			func(h http.Handler) http.Handler { return h },
			func(h http.Handler) http.Handler { return http.StripPrefix("", h) },
			func(h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Minute, "") },
			func(h http.Handler) http.Handler {
				mux := http.NewServeMux()
				mux.Handle("/", h)
				return mux
			},
		} {
			var log fixture.Log
			mux := http.NewServeMux()
			mux.Handle(tc.route, http.NotFoundHandler())
			mux.Handle(tc.options, wrap(cors.New(cors.Options{
				AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT"}, Logger: slog.New(&log)})(fixture.Nothing)))
			r := preflight(page, "PUT")
			host, path, _ := strings.Cut(tc.path, "/")
			r.Host, r.URL.Path = host, "/"+path
			w := fixture.Serve(cors.RoutePreflights(mux), r)
			if tc.answers {
				assert.Equal(t, http.StatusNoContent, w.Code, "%q for %q", tc.options, tc.route)
				assert.Equal(t, page, w.Header().Get("Access-Control-Allow-Origin"))
				continue
			}
			assert.Equal(t, http.StatusForbidden, w.Code, "%q for %q", tc.options, tc.route)
			assert.Equal(t, "Vary: "+fixture.PreflightVary, fixture.CORS(w.Header()))
			assert.Contains(t, log.String(), "reason=no route for PUT has a policy as its outermost handler; "+
				"one with OptionsPassthrough does not count")
		}
	}
}

// In random tables of routes a preflight is granted by the policy of the route that
// then runs, or by an OPTIONS pattern of the very route, and by no other.
func TestNoOtherRouteGrants(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	one := func(from ...string) string { return from[random.IntN(len(from))] }
	granted, refused := 0, 0
	for range 5_000 {
		mux := http.NewServeMux()
		granting := "" // the pattern whose policy was asked and granted
		policyOf := make(map[string]bool)
		paths := make(map[string]string)
		for range 1 + random.IntN(6) {
			path := one("", "b.example") + one("/", "/{x...}", "/x", "/x/", "/{y}", "/x/y", "/x/{y}", "/x/{$}", "/{x}/y")
			pattern := one("", "", "OPTIONS ", "OPTIONS\t", "PUT ", "PUT \t", "GET ", "POST ") + path
			allow := cors.New(cors.Options{
				AllowOriginFunc:    func(*http.Request, string) bool { granting = pattern; return true },
				AllowedMethods:     []string{"*"},
				OptionsPassthrough: random.IntN(5) == 0,
			})
			var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Ran", pattern)
			})
			hasPolicy := random.IntN(3) > 0
			if hasPolicy {
				h = allow(h)
			}
			switch random.IntN(4) {
			case 0:
				h = http.StripPrefix("", h)
			case 1:
				inner := http.NewServeMux()
				inner.Handle("/", h)
				h = inner
			}
			if register(mux, pattern, h) {
				policyOf[pattern], paths[pattern] = hasPolicy, path
			}
		}
		routed := cors.RoutePreflights(mux)
		for range 10 {
			host, path := one("b.example", "c.example"), one("/", "/x", "/x/", "/x/y", "/x/y/z", "/y/y")
			method := one("PUT", "GET", "HEAD", "POST", "DELETE")
			at := func(r *http.Request) *http.Request { r.Host, r.URL.Path = host, path; return r }
			granting = ""
			answer := fixture.Serve(routed, at(preflight(page, method)))
			if answer.Header().Get("Access-Control-Allow-Origin") == "" {
				refused++
				continue
			}
			granted++
			by := granting
			ran := fixture.Serve(routed, at(request(method, "Origin: "+page))).Header().Get("Ran")
			sameRoute := strings.HasPrefix(by, "OPTIONS") && samePath(paths[by], paths[ran])
			require.True(t, policyOf[by] && (by == ran || sameRoute), "%s %s%s: granted by %q, and %q ran; routes %q",
				method, host, path, by, ran, slices.Sorted(maps.Keys(policyOf)))
		}
	}
	assert.Greater(t, granted, 5_000)
	assert.Greater(t, refused, 5_000)
}

// register reports whether mux takes the pattern: it panics at one that conflicts
// with another.
func register(mux *http.ServeMux, pattern string, h http.Handler) (taken bool) {
	defer func() { taken = recover() == nil }()
	mux.Handle(pattern, h)
	return true
}

// samePath reports whether ServeMux takes a and b for the same: it panics at the
// second of two equal patterns, and says that they match the same requests.
func samePath(a, b string) (same bool) {
	defer func() { same = strings.Contains(fmt.Sprint(recover()), "matches the same requests") }()
	mux := http.NewServeMux()
	mux.Handle(a, fixture.Nothing)
	mux.Handle(b, fixture.Nothing)
	return false
}

// onlyAllowedPages is a policy under which only allowed pages may write.
func onlyAllowedPages() cors.Options {
	return cors.Options{AllowedOrigins: []string{page, "https://*.apps.example"}, RefuseCrossOriginWrites: true}
}

// A write is what decides about a request.
type write struct {
	method string
	origin []string // lines
	site   string   // Sec-Fetch-Site
	host   string
	tls    bool
}

func (w write) String() string {
	return fmt.Sprintf("%s origin=%q site=%q host=%q tls=%v", w.method, w.origin, w.site, w.host, w.tls)
}

func (w write) request() *http.Request {
	r := request(w.method)
	r.Host = w.host
	r.TLS = nil
	if w.tls {
		r.TLS = new(tls.ConnectionState)
	}
	if w.origin != nil {
		r.Header["Origin"] = w.origin
	}
	if w.site != "" {
		r.Header.Set("Sec-Fetch-Site", w.site)
	}
	return r
}

// allowed says whether the policy allows the origin.
func (w write) allowed() bool {
	return len(w.origin) == 1 && slices.Contains([]string{page, "https://a.apps.example"}, w.origin[0])
}

// reaches is the model: it says whether w reaches the handler.
func (w write) reaches() bool {
	if slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, w.method) {
		return true
	}
	if w.allowed() {
		return true
	}
	if w.site != "" {
		return w.site == "same-origin" || w.site == "none" // the browser says so
	}
	if w.origin == nil || w.origin[0] == "" {
		return true // no browser, or a very old one
	}
	return w.origin[0] == "http://"+w.host || w.origin[0] == "https://"+w.host
}

func TestWritesFollowTheModel(t *testing.T) {
	origins := [][]string{
		nil, {""}, {"null"}, {page}, {"https://a.apps.example"}, {page, page}, {page, evil},
		{"https://api.example"}, {"http://api.example"}, {evil}, {"https://evil.a.example"},
		{"https://a.example.evil.example"}, {"https://apps.example"}, {"http://a.example"}, {"https://a.example:8443"},
		{"https://api.example:8443"}, {"file://"}, {"not an origin"}, {"HTTPS://A.EXAMPLE"},
	}
	reached := 0
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "QUERY", "post", ""} {
		for _, origin := range origins {
			for _, site := range []string{"", "same-origin", "same-site", "cross-site", "none", "x"} {
				for _, host := range []string{"api.example", "api.example:8443", "internal:8080"} {
					for _, tls := range []bool{true, false} {
						w := write{method, origin, site, host, tls}
						ran := false
						h := cors.New(onlyAllowedPages())(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true }))
						res := fixture.Serve(h, w.request())
						assert.Equal(t, w.reaches(), ran, w)
						if !w.allowed() {
							assert.Equal(t, http.NewCrossOriginProtection().Check(w.request()) == nil, ran,
								"as http.CrossOriginProtection: %v", w)
						}
						assert.Contains(t, res.Header().Get("Vary"), "Origin", w)
						if !ran {
							assert.Equal(t, http.StatusForbidden, res.Code, w)
							assert.Equal(t, "Vary: Origin", fixture.CORS(res.Header()), w)
						} else {
							reached++
						}
					}
				}
			}
		}
	}
	assert.NotZero(t, reached)
}

// RefuseCrossOriginWrites decides about nothing but writes.
func TestRefusingWritesAffectsNothingElse(t *testing.T) {
	passthrough := onlyAllowedPages()
	passthrough.OptionsPassthrough = true
	upgrade := request("GET", "Origin: "+evil, "Connection: Upgrade", "Upgrade: websocket", "Sec-Fetch-Site: cross-site")
	withoutOption := cors.Options{AllowedOrigins: []string{page}}
	for _, tc := range []struct {
		name    string
		opts    cors.Options
		request *http.Request
		status  int
		ran     bool
	}{
		{"preflight", onlyAllowedPages(), preflight(page, "PUT"), http.StatusNoContent, false},
		{"preflight of another page", onlyAllowedPages(), preflight(evil, "PUT"), http.StatusForbidden, false},
		{"preflight with OptionsPassthrough", passthrough, preflight(evil, "PUT"), http.StatusOK, true},
		{"upgrade to a WebSocket", onlyAllowedPages(), upgrade, http.StatusOK, true},
		{"read", onlyAllowedPages(), get(evil), http.StatusOK, true},
		{"write without the option", withoutOption, request("POST", "Origin: "+evil), http.StatusOK, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ran := false
			h := cors.New(tc.opts)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true }))
			assert.Equal(t, tc.status, fixture.Serve(h, tc.request).Code)
			assert.Equal(t, tc.ran, ran)
		})
	}
}

func TestAllowOriginFuncDecidesAboutWrites(t *testing.T) {
	h := cors.New(cors.Options{
		AllowOriginFunc:         func(_ *http.Request, origin string) bool { return origin == page },
		RefuseCrossOriginWrites: true,
	})(fixture.Nothing)
	assert.Equal(t, http.StatusOK, fixture.Serve(h, request("POST", "Origin: "+page)).Code)
	assert.Equal(t, http.StatusForbidden, fixture.Serve(h, request("POST", "Origin: "+evil)).Code)
}

// With RefuseCrossOriginWrites an allowed page may write with its visitor's cookies, so
// what lets strangers in is refused, as with AllowCredentials.
func TestRefusingWritesTrustsFew(t *testing.T) {
	for _, pattern := range []string{
		"https://*.github.io", "https://*.com", "https://example*.com", "http://shop.example",
		"moz-extension://*", "null",
		"https://shop-*.vercel.app",
	} {
		opts := cors.Options{AllowedOrigins: []string{pattern}}
		assert.Equal(t, pattern != "null", opts.Validate() == nil, "%s, with neither field", pattern)
		opts.RefuseCrossOriginWrites = true
		assert.ErrorContains(t, opts.Validate(), "RefuseCrossOriginWrites", pattern)
		if pattern != "null" {
			assert.ErrorContains(t, opts.Validate(), "an allowed origin may then write with cookies", pattern)
		}
		opts.AllowCredentials = true
		assert.ErrorContains(t, opts.Validate(), "AllowCredentials", pattern)
	}
}

// A person whose form is refused sees a text instead of an empty page. What other
// handlers set stays.
func TestRefusedWriteIsReadable(t *testing.T) {
	inside := cors.New(onlyAllowedPages())(fixture.Nothing)
	res := fixture.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Vary", "Accept")
		inside.ServeHTTP(w, r)
	}), request("POST", "Origin: "+evil))
	assert.Equal(t, http.StatusForbidden, res.Code)
	assert.Equal(t, "Forbidden: a page of another origin sent this request.\n", res.Body.String())
	assert.Equal(t, http.Header{
		"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"},
		"Cache-Control": {"no-store"}, "Vary": {"Accept", "Origin"},
	}, res.Header())
}

// Each route of a mux may have a policy of its own.
func TestRoutesDecideAboutWrites(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("POST /guarded", cors.New(onlyAllowedPages())(fixture.Nothing))
	mux.Handle("POST /open", cors.New(cors.Options{AllowedOrigins: []string{"*"}})(fixture.Nothing))
	h := cors.RoutePreflights(mux)
	for path, want := range map[string]int{"/guarded": http.StatusForbidden, "/open": http.StatusOK} {
		r := request("POST", "Origin: "+evil)
		r.URL.Path = path
		assert.Equal(t, want, fixture.Serve(h, r).Code, path)
	}
}

func TestRefusingWritesAllocatesNothing(t *testing.T) {
	opts := onlyAllowedPages()
	for _, line := range []string{"Origin: " + page, "Sec-Fetch-Site: same-origin", "Accept: */*"} {
		r := request("POST", line)
		opts.RefuseCrossOriginWrites = true
		count, bytes := fixture.Allocations(cors.New(opts)(fixture.Nothing), r)
		opts.RefuseCrossOriginWrites = false
		countOff, bytesOff := fixture.Allocations(cors.New(opts)(fixture.Nothing), r)
		assert.Equal(t, countOff, count, line)
		assert.Equal(t, bytesOff, bytes, line)
	}
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
	log := fixture.Log{Level: slog.LevelDebug}
	h := cors.New(cors.Options{AllowedOrigins: []string{page}, Logger: slog.New(&log)})(fixture.Nothing)
	for _, r := range []*http.Request{
		get(page),
		get("http://a.example"),
		preflight(page, "PUT"),
		get("https://api.example"), // which is no cross-origin request
	} {
		fixture.Serve(h, r)
	}
	assert.Equal(t, "DEBUG CORS request granted origin=https://a.example method=GET path=/users\n"+
		"INFO CORS request refused origin=http://a.example method=GET path=/users "+
		"reason=the scheme differs allowed=https://a.example\n"+
		"INFO CORS preflight refused origin=https://a.example method=OPTIONS path=/users "+
		"reason=the method PUT is not in AllowedMethods\n", log.String())
}

// A response costs at most one small allocation, whatever the policy and whatever a
// client sends: the values of its headers, at most six. Header names that came in
// several lines and are sent back take a value for each line.
func TestOneSmallAllocation(t *testing.T) {
	list := cors.Options{
		AllowedOrigins:                  []string{page, "https://*.a.example", "http://localhost:*", fixture.LongestOrigin},
		AllowedMethods:                  []string{"PUT"},
		AllowedHeaders:                  []string{"Content-Type"},
		ExposedHeaders:                  []string{"ETag"},
		AllowCredentials:                true,
		MaxAge:                          time.Hour,
		DangerouslyAllowInsecureOrigins: true,
	}
	wildcards := list
	wildcards.AllowedMethods, wildcards.AllowedHeaders = []string{"*"}, []string{"*"}
	denying := list
	denying.AllowOriginFunc = func(*http.Request, string) bool { return false }
	denying.AllowOriginVary = []string{"X-Tenant"}
	logged := list
	logged.Logger = slog.New(slog.DiscardHandler)
	policies := map[string]cors.Options{
		"list":      list,
		"wildcards": wildcards,
		"denying":   denying,
		"logged":    logged,
		"everyone":  {AllowedOrigins: []string{"*"}, ExposedHeaders: []string{"*"}, MaxAge: -1},
	}

	hostile := []string{
		"", "null", "*", "https://b.example", "HTTPS://A.EXAMPLE", "https://x\n.a.example",
		strings.Repeat("a", 1<<20),
		strings.Repeat(",", 1<<20),
		"https://" + strings.Repeat("a.", 1<<19),
		"https://[" + strings.Repeat(":", 1<<19),
	}
	requests := []*http.Request{
		request("GET"),
		request("GET", "Origin: "+page, "Origin: "+page),
		request("OPTIONS", "Origin: "+page, "Access-Control-Request-Method: PUT", "Access-Control-Request-Method: PUT"),
	}
	for _, origin := range append(hostile, page, "https://x.y.a.example", "http://localhost:65535",
		fixture.LongestOrigin) {
		requests = append(requests, get(origin), preflight(origin, "PUT", "content-type"))
	}
	for _, text := range hostile {
		requests = append(requests, preflight(page, "PUT", text), preflight(page, text, "x-a"))
	}
	preflightOfLines := func(n int) *http.Request { return preflight(page, "PUT", slices.Repeat([]string{"x-a"}, n)...) }

	for name, opts := range policies {
		h := cors.New(opts)(fixture.Nothing)
		for _, r := range requests {
			allocations, size := fixture.Allocations(h, r)
			assert.LessOrEqual(t, allocations, uint64(1), "allocations of %s for %s %.200q", name, r.Method, r.Header)
			assert.LessOrEqual(t, size, sizeOf(6), "bytes of %s for %s %.200q", name, r.Method, r.Header)
		}
		for lines, values := range map[int]int{1: 6, 2: 7, 16: 21, 17: 6, 1000: 6} {
			_, size := fixture.Allocations(h, preflightOfLines(lines))
			assert.LessOrEqual(t, size, sizeOf(values), "bytes of %s for %d lines", name, lines)
		}
	}

	// No room is left over: each value that is sent has its own.
	for _, tc := range []struct {
		policy  string
		request *http.Request
		values  int
	}{
		{"everyone", request("GET"), 2},
		{"everyone", request("OPTIONS"), 3},
		{"everyone", preflight(page, "PUT"), 3},
		{"list", request("GET"), 1},
		{"list", get(page), 4},
		{"list", preflight(page, "PUT"), 6},
		{"wildcards", preflightOfLines(1), 6},
		{"wildcards", preflightOfLines(2), 7},
		{"wildcards", preflightOfLines(16), 21},
	} {
		_, size := fixture.Allocations(cors.New(policies[tc.policy])(fixture.Nothing), tc.request)
		assert.Equal(t, sizeOf(tc.values), size, "bytes of %s for %s %v", tc.policy, tc.request.Method, tc.request.Header)
	}
}

// sizeOf returns how many bytes the runtime allocates for n header values: 16 each on
// a 64-bit machine, 8 on a 32-bit one, rounded up to a size that it keeps in stock.
func sizeOf(n int) uint64 {
	bytes := n * int(reflect.TypeFor[string]().Size())
	return uint64(cap(append([]byte(nil), make([]byte, bytes)...)))
}

// BenchmarkMiddleware measures what the middleware adds to a request. The module in
// bench measures the same for other packages, too.
func BenchmarkMiddleware(b *testing.B) {
	const allowed = "https://a0.example"
	requests := map[string]*http.Request{
		"actual":           request("GET"),
		"actual/allowed":   get(allowed),
		"actual/refused":   get(evil),
		"actual/subdomain": get("https://x.y.wild0.example"),
		"actual/worst":     get("https://" + strings.Repeat("a.", 119) + "wild0.example"),
		"preflight":        preflight(allowed, "PUT", "content-type"),
		"preflight/evil":   preflight(evil, "PUT", "content-type"),
		"preflight/64kB":   preflight(allowed, "PUT", strings.Repeat(",", 64<<10)),
	}
	for _, n := range []int{1, 1000} {
		opts := cors.Options{
			AllowedMethods:   []string{"PUT"},
			AllowedHeaders:   []string{"Content-Type"},
			ExposedHeaders:   []string{"ETag"},
			AllowCredentials: true,
			MaxAge:           time.Hour,
		}
		for i := range n {
			opts.AllowedOrigins = append(opts.AllowedOrigins, fmt.Sprintf("https://a%d.example", i),
				fmt.Sprintf("https://*.wild%d.example", i))
		}
		h := cors.New(opts)(fixture.Nothing)
		for _, name := range slices.Sorted(maps.Keys(requests)) {
			b.Run(fmt.Sprintf("origins=%d/req=%s", 2*n, name), func(b *testing.B) {
				w := fixture.Discard{}
				b.ReportAllocs()
				for b.Loop() {
					clear(w)
					h.ServeHTTP(w, requests[name])
				}
			})
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, refuse := range []bool{false, true} {
		for name, lines := range map[string][]string{
			"allowed":     {"Origin: " + page, "Sec-Fetch-Site: cross-site"},
			"same-origin": {"Origin: https://api.example", "Sec-Fetch-Site: same-origin"},
			"no-browser":  {"Accept: */*"},
		} {
			b.Run(fmt.Sprintf("req=%s/refuse=%v", name, refuse), func(b *testing.B) {
				opts := onlyAllowedPages()
				opts.RefuseCrossOriginWrites = refuse
				h, r, w := cors.New(opts)(fixture.Nothing), request("POST", lines...), fixture.Discard{}
				b.ReportAllocs()
				for b.Loop() {
					h.ServeHTTP(w, r)
					clear(w)
				}
			})
		}
	}
}

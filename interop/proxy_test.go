package interop_test

import (
	"context"
	"fmt"
	"go/version"
	"net/http"
	"net/http/httputil"
	"net/url"
	"runtime"
	"testing"

	rscors "github.com/rs/cors"
	"github.com/stretchr/testify/assert"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

// newProxy returns a reverse proxy to a server with the handler upstream.
func newProxy(t testing.TB, upstream http.Handler) *httputil.ReverseProxy {
	server := serve(t, upstream).server
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(server) }}
}

// verdictOf makes a call and returns what the response said of CORS, and whether the
// page may read it.
func verdictOf(t testing.TB, h http.Handler, call corstest.Request) string {
	t.Helper()
	got, _ := party{call: call}.visit(t, h, call.URL)
	return got
}

// In front of an upstream with a policy of its own, the middleware needs
// StripUpstream: without it, the upstream's headers go out beside ours.
func TestReverseProxy(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	const granted = "Access-Control-Allow-Origin: https://app.example; Access-Control-Expose-Headers: X-Request-Id"

	for _, tc := range []struct {
		name     string
		upstream http.Handler

		// With and without StripUpstream.
		page, pageUnstripped         string
		stranger, strangerUnstripped string
	}{
		{
			name:               "no policy",
			upstream:           hello,
			page:               "200; " + granted + "; Vary: Origin\nreadable",
			pageUnstripped:     "200; " + granted + "; Vary: Origin\nreadable",
			stranger:           "200; Vary: Origin\nblocked: CORS check",
			strangerUnstripped: "200; Vary: Origin\nblocked: CORS check",
		},
		{
			name:     "the same policy",
			upstream: allow(hello),
			page:     "200; " + granted + "; Vary: Origin | Origin\nreadable",
			pageUnstripped: "200; Access-Control-Allow-Origin: https://app.example | https://app.example; " +
				"Access-Control-Expose-Headers: X-Request-Id | X-Request-Id; Vary: Origin | Origin\nblocked: CORS check",
			stranger:           "200; Vary: Origin | Origin\nblocked: CORS check",
			strangerUnstripped: "200; Vary: Origin | Origin\nblocked: CORS check",
		},
		{
			name: "rs/cors",
			upstream: rscors.New(rscors.Options{
				AllowedOrigins: []string{page}, AllowCredentials: true,
			}).Handler(hello),
			page: "200; " + granted + "; Vary: Origin | Origin\nreadable",
			pageUnstripped: "200; Access-Control-Allow-Credentials: true; Access-Control-Allow-Origin: " +
				"https://app.example | https://app.example; Access-Control-Expose-Headers: X-Request-Id; Vary: Origin | " +
				"Origin\nblocked: CORS check",
			stranger:           "200; Vary: Origin | Origin\nblocked: CORS check",
			strangerUnstripped: "200; Vary: Origin | Origin\nblocked: CORS check",
		},
		{
			// The dangerous one: the page of our policy is kept out, and everybody
			// else let in.
			name:     "open",
			upstream: cors.New(cors.Options{AllowedOrigins: []string{"*"}})(hello),
			page:     "200; " + granted + "; Vary: Origin\nreadable",
			pageUnstripped: "200; Access-Control-Allow-Origin: https://app.example | *; Access-Control-Expose-Headers: " +
				"X-Request-Id; Vary: Origin\nblocked: CORS check",
			stranger:           "200; Vary: Origin\nblocked: CORS check",
			strangerUnstripped: "200; Access-Control-Allow-Origin: *; Vary: Origin\nreadable",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			proxy := newProxy(t, tc.upstream)
			unstripped := serve(t, allow(proxy))
			assert.Equal(t, tc.pageUnstripped, verdictOf(t, unstripped, corstest.Request{Origin: page}))
			assert.Equal(t, tc.strangerUnstripped, verdictOf(t, unstripped, corstest.Request{Origin: stranger}))

			proxy = newProxy(t, tc.upstream)
			proxy.ModifyResponse = cors.StripUpstream
			stripped := serve(t, allow(proxy))
			assert.Equal(t, tc.page, verdictOf(t, stripped, corstest.Request{Origin: page}))
			assert.Equal(t, tc.stranger, verdictOf(t, stripped, corstest.Request{Origin: stranger}))

			// Preflights are answered in front, and the upstream's policy has no say
			// in them: a PUT reaches it that it would not have allowed.
			const preflight = "204; Access-Control-Allow-Headers: Authorization, Content-Type; " +
				"Access-Control-Allow-Methods: PUT, PATCH, DELETE; Access-Control-Allow-Origin: " +
				"https://app.example" + preflightVary
			assert.Equal(t, preflight+"readable", verdictOf(t, stripped, put(page, false)))
			assert.Equal(t, "403"+preflightVary+"blocked: preflight CORS check", verdictOf(t, stripped, put(stranger, false)))
		})
	}
}

// The other way round, with the policy left to the upstream, works as well. The
// proxy has to pass Origin on, as it does by itself.
func TestReverseProxyWithoutPolicy(t *testing.T) {
	proxy := newProxy(t,
		allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method) })))
	wantOutcomes(t, serve(t, proxy), map[string]string{
		"GET /":    "200 GET",
		"PUT /":    "200 PUT",
		"DELETE /": "200 DELETE",
	})
}

// With the middleware outside, a page can tell that the upstream is down.
func TestReverseProxyToNowhere(t *testing.T) {
	upstream := live.FreeAddress(t)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: upstream}) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "no upstream", http.StatusBadGateway)
		},
		ModifyResponse: cors.StripUpstream,
	}
	wantOutcomes(t, serve(t, allow(proxy)), map[string]string{
		"GET /": "502 no upstream",
		"PUT /": "502 no upstream",
	})
}

// A ReverseProxy that forwards an interim response, such as 103 Early Hints, empties
// the header map afterwards, and with it what the middleware has set: the final
// response then has no CORS headers, and no Vary of ours. So it is up to Go 1.27.4
// at least (https://go.dev/issue/81207). What helps is a transport that keeps
// interim responses from the proxy.
func TestReverseProxyAndEarlyHints(t *testing.T) {
	upstream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</app.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "hello")
	})

	const (
		lost = "200\nblocked: CORS check"
		kept = "200; Access-Control-Allow-Origin: https://app.example; Access-Control-Expose-Headers: X-Request-Id; " +
			"Vary: Origin\nreadable"
	)
	got := verdictOf(t, serve(t, allow(newProxy(t, upstream))), corstest.Request{Origin: page})
	if got == kept {
		assert.Positive(t, version.Compare(runtime.Version(), "go1.27.4"), "docs/neighbours.md says that they are lost")
	} else {
		assert.Equal(t, lost, got)
	}

	proxy := newProxy(t, upstream)
	proxy.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
		return http.DefaultTransport.RoundTrip(r.WithContext(untraced{r.Context()}))
	})
	wantOutcomes(t, serve(t, allow(proxy)), map[string]string{"GET /": "200 hello", "PUT /": "200 hello"})
}

// untraced hides the values of a context, among them the httptrace.ClientTrace by
// which a ReverseProxy is told of interim responses. It ends when the context does.
type untraced struct{ context.Context }

func (untraced) Value(any) any { return nil }

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

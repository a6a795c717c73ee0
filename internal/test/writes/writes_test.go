// Package writes_test tests [cors.Options.RefuseCrossOriginWrites]: which writes
// reach the handler, by a model and in browsers.
package writes_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors"
	"example.com/cors/internal/test/fixture"
)

const page = "https://app.example"

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
	r := fixture.Request(w.method)
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
		nil, {""}, {"null"}, {page}, {"https://a.apps.example"}, {page, page}, {page, "https://evil.example"},
		{"https://api.example"}, {"http://api.example"}, {"https://evil.example"}, {"https://evil.app.example"},
		{"https://app.example.evil.example"}, {"https://apps.example"}, {"http://app.example"}, {"https://app.example:8443"},
		{"https://api.example:8443"}, {"file://"}, {"not an origin"}, {"HTTPS://APP.EXAMPLE"},
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
							assert.Equal(t, http.NewCrossOriginProtection().Check(w.request()) == nil, ran, "as http.CrossOriginProtection: %v", w)
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

// The option decides about nothing but writes.
func TestOtherRequestsAreUnaffected(t *testing.T) {
	passthrough := onlyAllowedPages()
	passthrough.OptionsPassthrough = true
	upgrade := fixture.Request("GET", "Origin: https://evil.example", "Connection: Upgrade", "Upgrade: websocket", "Sec-Fetch-Site: cross-site")
	for _, tc := range []struct {
		name    string
		opts    cors.Options
		request *http.Request
		status  int
		ran     bool
	}{
		{"preflight", onlyAllowedPages(), fixture.Preflight(page, "PUT"), http.StatusNoContent, false},
		{"preflight of another page", onlyAllowedPages(), fixture.Preflight("https://evil.example", "PUT"), http.StatusForbidden, false},
		{"preflight with OptionsPassthrough", passthrough, fixture.Preflight("https://evil.example", "PUT"), http.StatusOK, true},
		{"upgrade to a WebSocket", onlyAllowedPages(), upgrade, http.StatusOK, true},
		{"read", onlyAllowedPages(), fixture.Get("https://evil.example"), http.StatusOK, true},
		{"write without the option", cors.Options{AllowedOrigins: []string{page}}, fixture.Request("POST", "Origin: https://evil.example"), http.StatusOK, true},
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
	assert.Equal(t, http.StatusOK, fixture.Serve(h, fixture.Request("POST", "Origin: "+page)).Code)
	assert.Equal(t, http.StatusForbidden, fixture.Serve(h, fixture.Request("POST", "Origin: https://evil.example")).Code)
}

// A person whose form is refused sees a text instead of an empty page. What other
// handlers set stays.
func TestRefusalIsReadable(t *testing.T) {
	inside := cors.New(onlyAllowedPages())(fixture.Nothing)
	res := fixture.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Vary", "Accept")
		inside.ServeHTTP(w, r)
	}), fixture.Request("POST", "Origin: https://evil.example"))
	assert.Equal(t, http.StatusForbidden, res.Code)
	assert.Equal(t, "Forbidden: a page of another origin sent this request.\n", res.Body.String())
	assert.Equal(t, "text/plain; charset=utf-8", res.Header().Get("Content-Type"))
	assert.Equal(t, "no-store", res.Header().Get("Cache-Control"))
	assert.Equal(t, []string{"Accept", "Origin"}, res.Header()["Vary"])
}

// Each route of a mux may have a policy of its own.
func TestRoutesDecideForThemselves(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("POST /guarded", cors.New(onlyAllowedPages())(fixture.Nothing))
	mux.Handle("POST /open", cors.New(cors.Options{AllowedOrigins: []string{"*"}})(fixture.Nothing))
	h := cors.RoutePreflights(mux)
	for path, want := range map[string]int{"/guarded": http.StatusForbidden, "/open": http.StatusOK} {
		r := fixture.Request("POST", "Origin: https://evil.example")
		r.URL.Path = path
		assert.Equal(t, want, fixture.Serve(h, r).Code, path)
	}
}

func TestNothingIsAllocatedForIt(t *testing.T) {
	opts := onlyAllowedPages()
	for _, line := range []string{"Origin: " + page, "Sec-Fetch-Site: same-origin", "Accept: */*"} {
		r := fixture.Request("POST", line)
		opts.RefuseCrossOriginWrites = true
		count, bytes := fixture.Allocations(cors.New(opts)(fixture.Nothing), r)
		opts.RefuseCrossOriginWrites = false
		countOff, bytesOff := fixture.Allocations(cors.New(opts)(fixture.Nothing), r)
		assert.Equal(t, countOff, count, line)
		assert.Equal(t, bytesOff, bytes, line)
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
				h, r, w := cors.New(opts)(fixture.Nothing), fixture.Request("POST", lines...), discard{}
				b.ReportAllocs()
				for b.Loop() {
					h.ServeHTTP(w, r)
					clear(w)
				}
			})
		}
	}
}

// A discard is a response that costs nothing by itself.
type discard http.Header

func (w discard) Header() http.Header         { return http.Header(w) }
func (w discard) WriteHeader(int)             {}
func (w discard) Write(b []byte) (int, error) { return len(b), nil }

package interop_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
)

// The two pages that call the servers here. The policies allow the first.
const (
	page     = "https://app.example"
	stranger = "https://stranger.example"
)

// allow is the middleware that most tests put somewhere.
func allow(next http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowedOrigins: []string{page},
		AllowedMethods: []string{http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"Authorization", "Content-Type"},
		ExposedHeaders: []string{"X-Request-Id"},
	})(next)
}

// A wire is a handler whose requests go to a server through a connection, so that
// corstest judges what the server really sent.
type wire struct {
	client *http.Client
	server *url.URL
	proto  int // the major version that responses have to have
}

// serve starts a server that speaks HTTP/1.1.
func serve(t testing.TB, h http.Handler) *wire {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return newWire(t, s, 1)
}

// serveTLS starts a server that speaks HTTP/2 over TLS.
func serveTLS(t testing.TB, h http.Handler) *wire {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return newWire(t, s, 2)
}

func newWire(t testing.TB, s *httptest.Server, proto int) *wire {
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	client := s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &wire{client, u, proto}
}

// ServeHTTP forwards r under the host that it names. It asks for compressed
// responses and uncompresses them, as browsers do.
func (c *wire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = c.server.Scheme, c.server.Host
	if r.ContentLength == 0 {
		out.Body = nil
	}
	res, err := c.client.Do(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer res.Body.Close()
	if res.ProtoMajor != c.proto {
		panic(fmt.Sprintf("interop: the server speaks %s", res.Proto))
	}
	maps.Copy(w.Header(), res.Header)
	w.WriteHeader(res.StatusCode)
	if _, err := io.Copy(w, res.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// outcome tells what a script learns from a call: the status and the body, or the
// step at which the browser keeps them from it.
func outcome(t testing.TB, h http.Handler, r corstest.Request) string {
	t.Helper()
	res, err := corstest.Fetch(h, r)
	if err != nil {
		var blocked *corstest.BlockedError
		require.ErrorAs(t, err, &blocked)
		return "blocked: " + string(blocked.Step)
	}
	body, err := io.ReadAll(res.Response.Body)
	require.NoError(t, err)
	assert.Equal(t, 1, count(res.Response.Header, "Vary", "Origin"), "Vary of %s %s", r.Method, r.URL)
	return strings.TrimSpace(fmt.Sprintf("%d %s", res.Response.StatusCode, body))
}

// count returns how often value is in the header name, a list.
func count(h http.Header, name, value string) int {
	elements := strings.FieldsFunc(strings.Join(h[name], ","), func(r rune) bool { return r == ',' || r == ' ' })
	return len(elements) - len(slices.DeleteFunc(elements, func(s string) bool { return strings.EqualFold(s, value) }))
}

// wantOutcomes makes calls of the allowed page, given as "METHOD /path", and
// compares what the page learns.
func wantOutcomes(t *testing.T, h http.Handler, want map[string]string) {
	t.Helper()
	got := make(map[string]string)
	for call := range want {
		method, path, _ := strings.Cut(call, " ")
		got[call] = outcome(t, h, corstest.Request{Origin: page, Method: method, URL: path})
		assert.Contains(t, outcome(t, h, corstest.Request{Origin: stranger, Method: method, URL: path}), "blocked",
			"a stranger's %s", call)
	}
	assert.Equal(t, want, got)
}

// unavailable skips t for the lack of a program, or fails it if the environment
// variable INTEROP_REQUIRE names the program.
func unavailable(t testing.TB, program, why string) {
	t.Helper()
	if strings.Contains(os.Getenv("INTEROP_REQUIRE"), program) {
		t.Fatalf("INTEROP_REQUIRE asks for %s: %s", program, why)
	}
	t.Skip(why)
}

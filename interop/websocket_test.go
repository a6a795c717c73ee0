package interop_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"example.com/cors"
)

// Browsers let any page open a WebSocket to any server, cookies included, and tell
// the server the page's origin. There is no preflight, and no header of CORS matters:
// the server alone can refuse. Both packages let in pages of the server's own host
// only, until they are told otherwise; an OriginMatcher tells them.

// withGorilla answers messages by way of gorilla/websocket.
func withGorilla(check func(*http.Request) bool) http.Handler {
	upgrader := gorilla.Upgrader{CheckOrigin: check}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // Upgrade has answered
		}
		defer conn.Close()
		kind, message, err := conn.ReadMessage()
		if err == nil {
			_ = conn.WriteMessage(kind, append([]byte("hello, "), message...))
		}
	})
}

// withCoder does the same by way of coder/websocket. Its own check compares hosts and
// knows patterns of its own; InsecureSkipVerify turns it off, which is safe only behind
// the check here.
func withCoder(check func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !check(r) {
			http.Error(w, "this page may not connect", http.StatusForbidden)
			return
		}
		conn, err := coder.Accept(w, r, &coder.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return // Accept has answered
		}
		defer conn.CloseNow()
		kind, message, err := conn.Read(r.Context())
		if err == nil {
			_ = conn.Write(r.Context(), kind, append([]byte("hello, "), message...))
		}
	})
}

// dial opens a WebSocket as a page of that origin would, or as no page if origin is
// "", and returns the answer to a message, or else the status that refuses it.
func dial(t testing.TB, server *wire, host, origin string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	header := make(http.Header)
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, res, err := coder.Dial(ctx, server.server.String(), &coder.DialOptions{
		HTTPClient: server.client, HTTPHeader: header, Host: host,
	})
	if err != nil {
		require.NotNil(t, res, "%v", err)
		return fmt.Sprint(res.StatusCode)
	}
	defer conn.CloseNow()
	require.NoError(t, conn.Write(ctx, coder.MessageText, []byte("Ada")))
	_, message, err := conn.Read(ctx)
	require.NoError(t, err)
	return string(message)
}

const apiHost = "api.example"

func TestWebSockets(t *testing.T) {
	matcher, err := cors.NewOriginMatcher(page, "https://*.preview.example")
	require.NoError(t, err)
	want := map[string]string{
		page:                           "hello, Ada",
		"https://pr-7.preview.example": "hello, Ada",
		"":                             "hello, Ada", // no browser
		"https://" + apiHost:           "hello, Ada", // the server's own pages; TLS may end at a proxy
		"http://" + apiHost:            "hello, Ada",
		"http://" + apiHost + ":8080":  "403", // another server's, on the same host
		"http://app.example":           "403", // anybody's on the network between
		"https://preview.example":      "403",
		"null":                         "403",
		stranger:                       "403",
	}
	for name, h := range map[string]http.Handler{
		"gorilla": withGorilla(matcher.CheckOrigin),
		"coder":   withCoder(matcher.CheckOrigin),
	} {
		for stack, server := range map[string]*wire{
			"alone":          serve(t, h),
			"inside CORS":    serve(t, allow(h)), // which leaves the connection to be hijacked
			"inside tracing": serve(t, otelhttp.NewHandler(allow(h), "api")),
			"compressed":     serve(t, allow(gzhttp.GzipHandler(h))),
		} {
			t.Run(name+"/"+stack, func(t *testing.T) {
				got := make(map[string]string)
				for origin := range want {
					got[origin] = dial(t, server, apiHost, origin)
				}
				assert.Equal(t, want, got)
			})
		}
	}
}

// CORS does not keep strangers out of WebSockets, whatever the policy says: they need
// the check. Without one of ours the packages have their own, which is for pages of
// the same host alone; and the patterns of coder's look at the scheme only if they
// name one.
func TestWebSocketsWithoutMatcher(t *testing.T) {
	everybody := func(*http.Request) bool { return true }
	accept := func(opts *coder.AcceptOptions) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := coder.Accept(w, r, opts)
			if err != nil {
				return
			}
			defer conn.CloseNow()
			if _, _, err := conn.Read(r.Context()); err == nil {
				_ = conn.Write(r.Context(), coder.MessageText, []byte("hello"))
			}
		})
	}
	for _, tc := range []struct {
		name string
		h    http.Handler
		want map[string]string
	}{
		{"gorilla, no check", withGorilla(everybody), map[string]string{page: "hello, Ada", stranger: "hello, Ada"}},
		{"coder, no check", withCoder(everybody), map[string]string{page: "hello, Ada", stranger: "hello, Ada"}},
		{
			"gorilla's own check", withGorilla(nil),
			map[string]string{page: "403", "https://" + apiHost: "hello, Ada", stranger: "403"},
		},
		{"coder's own check", accept(nil), map[string]string{page: "403", "https://" + apiHost: "hello", stranger: "403"}},
		{
			"coder's patterns", accept(&coder.AcceptOptions{OriginPatterns: []string{"app.example"}}),
			map[string]string{page: "hello", "http://app.example": "hello", stranger: "403"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := serve(t, allow(tc.h))
			got := make(map[string]string)
			for origin := range tc.want {
				got[origin] = dial(t, server, apiHost, origin)
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

// Behind a reverse proxy, the server's own origin is known only if the proxy keeps
// the Host. Otherwise the origin that pages see has to be one of the patterns.
func TestWebSocketsThroughProxy(t *testing.T) {
	matcher, err := cors.NewOriginMatcher(page)
	require.NoError(t, err)
	upstream := serve(t, withGorilla(matcher.CheckOrigin)).server
	for _, tc := range []struct {
		name    string
		rewrite func(*httputil.ProxyRequest)
		own     string
	}{
		{"the upstream's Host", func(r *httputil.ProxyRequest) { r.SetURL(upstream) }, "403"},
		{"the client's Host", func(r *httputil.ProxyRequest) { r.SetURL(upstream); r.Out.Host = r.In.Host }, "hello, Ada"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := serve(t, allow(&httputil.ReverseProxy{Rewrite: tc.rewrite, ModifyResponse: cors.StripUpstream}))
			assert.Equal(t, "hello, Ada", dial(t, server, apiHost, page))
			assert.Equal(t, "403", dial(t, server, apiHost, stranger))
			assert.Equal(t, tc.own, dial(t, server, apiHost, "https://"+apiHost))
		})
	}
}

// http.TimeoutHandler gives up no connection, in either order: WebSockets have to
// stay outside of it.
func TestWebSocketsAndTimeoutHandler(t *testing.T) {
	matcher, err := cors.NewOriginMatcher(page)
	require.NoError(t, err)
	h := withGorilla(matcher.CheckOrigin)
	assert.Equal(t, "500", dial(t, serve(t, allow(http.TimeoutHandler(h, time.Hour, ""))), apiHost, page))
	assert.Equal(t, "500", dial(t, serve(t, http.TimeoutHandler(allow(h), time.Hour, "")), apiHost, page))
}

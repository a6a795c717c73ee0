package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

const (
	page     = "http://localhost:3000"
	stranger = "https://stranger.example"
)

// A page initializes a session, lists tools, calls one and reads its stream, resumes
// that stream, and ends the session. Then it calls the server of the newer protocol.
func TestPages(t *testing.T) {
	live.RunCalls(t, func(origin string) string {
		allowed := httptest.NewServer(handler(origin))
		t.Cleanup(allowed.Close)
		foreign := httptest.NewServer(handler(page))
		t.Cleanup(foreign.Close)
		return strings.NewReplacer("ALLOWED", allowed.URL, "FOREIGN", foreign.URL).Replace(client)
	}, map[string]string{
		"initialize":               "greeter, has a session",
		"initialized":              "202",
		"tools/list":               "greet",
		"tools/call":               "progress 1, progress 2, hello, Ada",
		"resume":                   "progress 2, hello, Ada",
		"end":                      "204",
		"after the end":            "404 session not found",
		"stateless":                "progress 1, progress 2, hello, Ada",
		"stateless, header absent": "-32020", // HeaderMismatch
		"foreign":                  "blocked",
		"foreign, no preflight":    "opaque", // and refused: see TestStrangers
	})
}

// client is what a client in a page does, as simply as it can be.
const client = `(() => {
	let version, session;
	const events = [];
	const call = async (method, params, headers = {}, url = "ALLOWED/mcp") => {
		return fetch(url, {
			method: "POST",
			headers: {
				"Content-Type": "application/json",
				"Accept": "application/json, text/event-stream",
				"Authorization": "Bearer token",
				...(version && {"Mcp-Protocol-Version": version}),
				...(session && {"Mcp-Session-Id": session}),
				...headers,
			},
			body: JSON.stringify({jsonrpc: "2.0", method, params, ...(!method.startsWith("notifications/") && {id: 1})}),
		});
	};
	// read passes the messages of a stream on while they arrive.
	const read = async (r, message) => {
		if (r.headers.get("Content-Type").startsWith("application/json")) return message(await r.json());
		const reader = r.body.pipeThrough(new TextDecoderStream()).getReader();
		let text = "";
		for (;;) {
			const {value, done} = await reader.read();
			if (done) return;
			text += value;
			for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
				const field = Object.fromEntries(text.slice(0, end).split("\n").map((line) => line.split(/: (.*)/s)));
				if (field.data) message(JSON.parse(field.data), field.id);
			}
		}
	};
	const show = (m) => m.params ? "progress " + m.params.progress : m.error ? m.error.code : m.result.content[0].text;
	const shown = async (r) => { const list = []; await read(r, (m) => list.push(show(m))); return list.join(", "); };
	const greet = {name: "greet", arguments: {name: "Ada"}, _meta: {progressToken: "p"}};
	const meta = {
		"io.modelcontextprotocol/protocolVersion": "2026-07-28",
		"io.modelcontextprotocol/clientInfo": {name: "page", version: "1"},
		"io.modelcontextprotocol/clientCapabilities": {},
	};
	return {
		"initialize": async () => {
			const clientInfo = {name: "page", version: "1"};
			const r = await call("initialize", {protocolVersion: "2025-11-25", capabilities: {}, clientInfo});
			session = r.headers.get("Mcp-Session-Id");
			let name;
			await read(r, ({result}) => { name = result.serverInfo.name; version = result.protocolVersion; });
			return name + (session ? ", has a session" : ", has no session");
		},
		"initialized": async () => (await call("notifications/initialized")).status,
		"tools/list": async () => {
			let names;
			await read(await call("tools/list"), (m) => { names = m.result.tools.map((t) => t.name); });
			return names;
		},
		"tools/call": async () => {
			await read(await call("tools/call", greet), (m, id) => events.push([id, show(m)]));
			return events.map(([, text]) => text).join(", ");
		},
		"resume": async () => shown(await fetch("ALLOWED/mcp", {headers: {
			"Accept": "text/event-stream", "Mcp-Protocol-Version": version, "Mcp-Session-Id": session,
			"Last-Event-ID": events[0][0],
		}})),
		"end": async () => (await fetch("ALLOWED/mcp", {method: "DELETE", headers: {
			"Mcp-Protocol-Version": version, "Mcp-Session-Id": session,
		}})).status,
		"after the end": async () => {
			const r = await call("tools/list");
			return r.status + " " + (await r.text()).trim();
		},
		"stateless": async () => {
			version = "2026-07-28";
			session = undefined;
			return shown(await call("tools/call", {...greet, _meta: meta},
				{"Mcp-Method": "tools/call", "Mcp-Name": "greet", "Mcp-Param-Name": "Ada"}, "ALLOWED/mcp/stateless"));
		},
		"stateless, header absent": async () => shown(await call("tools/call", {...greet, _meta: meta},
			{"Mcp-Method": "tools/call"}, "ALLOWED/mcp/stateless")),
		"foreign": async () => shown(await call("tools/call", {...greet, _meta: meta}, {}, "FOREIGN/mcp/stateless")),
		"foreign, no preflight": async () => (await fetch("FOREIGN/mcp/stateless",
			{method: "POST", mode: "no-cors", body: "{}"})).type,
	};
})()`

// The policy allows every header that the SDK's own client sends, for the protocol
// with sessions and for the one without. A page's client sends the same.
func TestHeaders(t *testing.T) {
	server := httptest.NewServer(servers())
	t.Cleanup(server.Close)
	sent := &recorder{headers: make(map[string]bool)}
	for _, path := range []string{"/mcp", "/mcp/stateless"} {
		session, err := mcp.NewClient(&mcp.Implementation{
			Name: "test", Version: "1",
		}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
			Endpoint:   server.URL + path,
			HTTPClient: &http.Client{Transport: sent},
		}, nil)
		require.NoError(t, err)
		_, err = session.ListTools(t.Context(), nil)
		require.NoError(t, err)
		result, err := session.CallTool(t.Context(), &mcp.CallToolParams{
			Name: "greet", Arguments: map[string]any{"name": "Ada"},
		})
		require.NoError(t, err)
		assert.Equal(t, "hello, Ada", result.Content[0].(*mcp.TextContent).Text)
		require.NoError(t, session.Close())
	}
	header := make(http.Header)
	for name := range sent.names() {
		header.Set(name, "x")
	}
	for _, name := range []string{
		"Mcp-Session-Id", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Param-Name", "Content-Type",
	} {
		assert.Contains(t, header, name, "the client sends it")
	}
	header.Set("Accept", "application/json, text/event-stream")
	header.Set("Content-Type", "application/json")
	header.Set("Last-Event-ID", "1") // sent when a connection breaks
	header.Set("Authorization", "Bearer token")
	_, err := corstest.Fetch(handler(page), corstest.Request{Origin: page, Method: "POST", URL: "/mcp", Header: header})
	assert.NoError(t, err)
}

// A recorder knows which headers requests have had.
type recorder struct {
	mu      sync.Mutex
	headers map[string]bool
}

func (c *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	for name := range r.Header {
		c.headers[name] = true
	}
	c.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

func (c *recorder) names() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.headers
}

// A stranger's page cannot run a tool: its JSON needs a preflight, and what needs none
// is refused.
func TestStrangers(t *testing.T) {
	h := handler(page)
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{"name":"Ada"}}}`
	for name, tc := range map[string]struct{ contentType, want string }{
		"JSON":       {"application/json", "not sent"},
		"plain text": {"text/plain", "403 Forbidden: a page of another origin sent this request."},
		"form":       {"application/x-www-form-urlencoded", "403 Forbidden: a page of another origin sent this request."},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := corstest.Fetch(h, corstest.Request{
				Origin: stranger, Method: "POST", URL: "/mcp/stateless", Body: strings.NewReader(body),
				Header: http.Header{"Content-Type": {tc.contentType}, "Accept": {"application/json, text/event-stream"}},
			})
			var blocked *corstest.BlockedError
			require.ErrorAs(t, err, &blocked)
			assert.Equal(t, tc.want, answered(t, res))
		})
	}
}

// answered returns the answer of the server, whether the page may read it or not.
func answered(t *testing.T, res *corstest.Result) string {
	t.Helper()
	if res.Response == nil {
		return "not sent"
	}
	body, err := io.ReadAll(res.Response.Body)
	require.NoError(t, err)
	return strings.TrimSpace(res.Response.Status[:3] + " " + string(body))
}

// The SDK keeps out a page whose name was made to lead to this machine, which is "same
// origin" to any check of Origin. It does so on loopback connections alone. Where a
// proxy on the same machine keeps the public Host, it refuses everybody; then set
// DisableLocalhostProtection, and check Host yourself.
func TestHost(t *testing.T) {
	server := httptest.NewServer(handler(page))
	t.Cleanup(server.Close)
	for host, want := range map[string]int{
		strings.TrimPrefix(server.URL, "http://"): http.StatusOK,
		"localhost:5000":         http.StatusOK,
		"rebound.example:5000":   http.StatusForbidden,
		"mcp.example.com":        http.StatusForbidden,
		"localhost.evil.example": http.StatusForbidden,
	} {
		t.Run(host, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/mcp", strings.NewReader(initialize))
			require.NoError(t, err)
			r.Host = host
			r.Header.Set("Origin", "http://"+host)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", "application/json, text/event-stream")
			res, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			assert.Equal(t, want, res.StatusCode)
		})
	}
}

const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{
	"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`

// The SDK has no protection against writes of other origins unless one is put around
// it; it accepts JSON alone, which a form cannot send. http.CrossOriginProtection by
// itself also refuses the page that the policy allows.
func TestCrossOriginProtection(t *testing.T) {
	for name, tc := range map[string]struct {
		h                  http.Handler
		allowed, strangers int // statuses
	}{
		"none": {servers(), http.StatusOK, http.StatusUnsupportedMediaType},
		"CrossOriginProtection": {
			http.NewCrossOriginProtection().Handler(servers()), http.StatusForbidden, http.StatusForbidden,
		},
		"RefuseCrossOriginWrites": {handler(page), http.StatusOK, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			post := func(origin, contentType string) int {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:5000/mcp",
					strings.NewReader(initialize))
				r.Header.Set("Origin", origin)
				r.Header.Set("Sec-Fetch-Site", "cross-site")
				r.Header.Set("Content-Type", contentType)
				r.Header.Set("Accept", "application/json, text/event-stream")
				w := httptest.NewRecorder()
				tc.h.ServeHTTP(w, r)
				return w.Code
			}
			assert.Equal(t, tc.allowed, post(page, "application/json"))
			assert.Equal(t, tc.strangers, post(stranger, "text/plain"))
		})
	}
}

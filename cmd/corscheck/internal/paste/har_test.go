package paste

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChromiumHAR(t *testing.T) {
	data, err := os.ReadFile("testdata/chromium.har")
	require.NoError(t, err)
	p, err := Parse(string(data))
	require.NoError(t, err)
	assert.Equal(t, HAR, p.Form)
	require.Len(t, p.Calls, 2, "not the page")
	put, get := p.Calls[0], p.Calls[1]
	assert.Equal(t, []any{"PUT", "http://api.example.com/api/users/7", "{}", true}, []any{put.Method, put.URL,
		put.Body, put.HasBody})
	assert.Equal(t, []any{"GET", "http://api.example.com/api/users/7", "", false}, []any{get.Method, get.URL,
		get.Body, get.HasBody})
	for _, c := range p.Calls {
		assert.Equal(t, Origin{"https://app.example.com", "the page in the HAR"}, c.Origin)
		assert.Equal(t, Entry{Failed: true, Outcome: "no answer", Started: c.Entry.Started}, *c.Entry)
		assert.Contains(t, c.Entry.Started, "2026-11-26T15:18:00")
		assert.Empty(t, c.Credentials)
	}
	authorization, _ := put.field("Authorization")
	assert.Equal(t, "Bearer x", authorization)
}

// An entry of a HAR: what stands in it besides the headers of the request.
func entry(method, url, headers, response, more string) string {
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf(`{"request": {"method": %q, "url": %q, "headers": [%s]}, "response": {%s}%s}`, method,
		url, headers, response, more)
}

func field(name, value string) string { return fmt.Sprintf(`{"name": %q, "value": %q}`, name, value) }

func TestHAR(t *testing.T) {
	const page, address = "https://app.example.com", "https://api.example.com/7"
	origin := field("Origin", page)
	granted := `"status": 200, "headers": [` + field("access-control-allow-origin", page) + `]`
	document := entry("GET", page+"/start", field("Sec-Fetch-Dest", "document")+", "+field("Sec-Fetch-Mode",
		"navigate"), `"status": 200`, `"_resourceType": "document"`)
	type told struct{ method, url, origin, from, outcome string }
	failed := func(outcome string) []told { return []told{{"GET", address, page, "Origin", outcome}} }
	for _, tc := range []struct {
		name, entries, pages string
		want                 []told
	}{
		{"status 0", entry("GET", address, origin, `"status": 0`, ""), "", failed("no answer")},
		{"an error", entry("GET", address, origin, `"status": 0, "_error": "net::ERR_FAILED"`, ""), "",
			failed("net::ERR_FAILED")},
		{"an answer that was blocked", entry("GET", address, origin,
			`"status": 200, "_error": "net::ERR_FAILED"`, ""), "", failed("200, blocked")},
		{"Firefox: an answer without the header", entry("GET", address, origin, `"status": 500, "headers": []`,
			""), "", failed("500, not for this origin")},
		{"an answer for another page", entry("GET", address, origin,
			`"status": 200, "headers": [`+field("Access-Control-Allow-Origin", "https://b.example")+`]`, ""), "",
			failed("200, not for this origin")},
		{"an answer to nobody knows whom", entry("GET", address, "",
			`"status": 200, "headers": [`+field("Access-Control-Allow-Origin", "https://b.example")+`]`, ""), "",
			[]told{{"GET", address, "", "", "200"}}},
		{"Referer", entry("GET", address, field("referer", page+"/x?y"), `"status": 0`, ""), "", []told{{"GET",
			address, page, "Referer", "no answer"}}},
		{"the page's title", entry("GET", address, "", `"status": 0`, `"pageref": "p2"`),
			`{"id": "p1", "title": "https://other.example/"}, {"id": "p2", "title": "https://app.example.com/a"}`,
			[]told{{"GET", address, page, "the page in the HAR", "no answer"}}},
		{"the document before", document + ", " + entry("GET", address, "", `"status": -1`, `"_resourceType": "xhr"`), "",
			[]told{{"GET", address, page, "the page in the HAR", "no answer"}}},
		{"not the document of a frame", document + ", " + entry("GET", "https://ad.example/", field("Sec-Fetch-Dest",
			"iframe"), `"status": 200`, `"_resourceType": "document"`) + ", " +
			entry("GET", address, "", `"status": -1`, `"_resourceType": "xhr"`), "", []told{{"GET", address,
			page, "the page in the HAR", "no answer"}}},
		{"nothing tells the page", entry("GET", address, "", `"status": 0`, `"_resourceType": "fetch"`), "",
			[]told{{"GET", address, "", "", "no answer"}}},
		{"only what failed", entry("GET", address+"/ok", origin, granted, "") + ", " + entry("GET", address,
			origin, `"status": 0`, ""), "", failed("no answer")},
		{"of the same status, only what another page may read", entry("GET", address+"/ok", origin, granted, "") + ", " +
			entry("GET", address, origin, `"status": 200`, ""), "", failed("200, not for this origin")},
		{"Firefox: a preflight and its call", entry("OPTIONS", address, origin+", "+
			field("Access-Control-Request-Method", "GET"), `"status": 403`, "") + ", " +
			entry("GET", address, origin, `"status": 0`, ""), "", failed("no answer")},
		{"nothing failed", entry("GET", address, origin, granted, ""), "", failed("200")},
		{"same origin", entry("GET", page+"/x", origin, `"status": 0`, "") + ", " + entry("GET", address,
			origin, `"status": 0`, ""), "", failed("no answer")},
		{"what no script made", document + ", " + entry("GET", "https://cdn.example/a.png", field("Sec-Fetch-Mode",
			"no-cors"), `"status": 0`, `"_resourceType": "image"`) + ", " +
			entry("GET", "https://cdn.example/a.js", "", `"status": 0`, `"_resourceType": "script"`) + ", " +
			entry("GET", "wss://api.example.com/", origin, `"status": 0`, `"_resourceType": "websocket"`) + ", " +
			entry("GET", "data:text/plain,a", origin, `"status": 0`, "") + ", " +
			entry("GET", address, origin, `"status": 0`, ""), "", failed("no answer")},
		{"a font", entry("GET", address, origin+", "+field("Sec-Fetch-Mode", "cors"), `"status": 0`,
			`"_resourceType": "font"`), "", failed("no answer")},
		{"a preflight and its call", entry("OPTIONS", address, origin+", "+field("Access-Control-Request-Method",
			"GET"), `"status": 403`, `"_resourceType": "preflight"`) + ", " +
			entry("GET", address, origin, `"status": 0`, `"_resourceType": "fetch"`), "", failed("no answer")},
		{"a preflight without its headers", entry("OPTIONS", address, origin, `"status": 403`,
			`"_resourceType": "preflight"`) + ", " + entry("GET", address, origin, `"status": 0`, `"_resourceType": "fetch"`),
			"", failed("no answer")},
		{"a page without an ID", entry("GET", address, "", `"status": 0`, `"_resourceType": "fetch"`),
			`{"title": "https://other.example/"}`, []told{{"GET", address, "", "", "no answer"}}},
		{"a preflight alone", entry("OPTIONS", address, origin+", "+field("Access-Control-Request-Method", "PUT"),
			`"status": 403`, `"_resourceType": "preflight"`), "",
			[]told{{"OPTIONS", address, page, "Origin", "403, not for this origin"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Parse(`{"log": {"pages": [` + tc.pages + `], "entries": [` + tc.entries + `]}}`)
			require.NoError(t, err)
			var got []told
			for _, c := range p.Calls {
				got = append(got, told{c.Method, c.URL, c.Origin.Value, c.Origin.From, c.Entry.Outcome})
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestHARBodies(t *testing.T) {
	call := func(post, headers string) Call {
		p, err := Parse(`{"log": {"entries": [{"request": {"method": "POST", "url": ` +
			`"https://api.example.com", "cookies": [{"name": "a"}], "headers": [` +
			headers + `], "postData": {` + post + `}}, "response": {"status": 0}}]}}`)
		require.NoError(t, err)
		return p.Calls[0]
	}
	c := call(`"mimeType": "application/json", "text": "{\"a\": \"\u00e9\"}"`, "")
	contentType, _ := c.field("Content-Type")
	assert.Equal(t, []any{`{"a": "é"}`, true, false, "application/json"}, []any{c.Body, c.HasBody,
		c.BodyUnknown, contentType})
	assert.Equal(t, Include, c.Credentials, "there were cookies")
	c = call(`"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "b c"}]`, "")
	assert.Equal(t, "a=b+c", c.Body)
	c = call(`"mimeType": "multipart/form-data; boundary=x", "params": [{"name": "a", "fileName": "f"}]`,
		field("Content-Type", "multipart/form-data; boundary=x"))
	assert.True(t, c.HasBody && c.BodyUnknown)
	assert.Len(t, c.Header, 1)
}

// A preflight tells what its call's own entry lacks: browsers leave Origin out of a
// call that they did not send, and secrets out of what they export.
func TestHARPreflightTells(t *testing.T) {
	const page, address = "https://app.example.com", "https://api.example.com/7"
	preflight := func(origin, method, announced string) string {
		return entry("OPTIONS", address, field("Origin", origin)+", "+field("Access-Control-Request-Method", method)+", "+
			field("Access-Control-Request-Headers", announced), `"status": 403`, `"_resourceType": "preflight"`)
	}
	call := entry("PUT", address, field("Referer", page+"/x")+", "+field("X-A", "1"), `"status": 0`, "")
	for _, tc := range []struct {
		name, entries string
		origin        Origin
		announced     []string
	}{
		{"after it", call + ", " + preflight(page, "PUT", "authorization,x-a, x-b"), Origin{page, "Origin"},
			[]string{"authorization", "x-b"}},
		{"before it", preflight(page, "PUT", "x-a") + ", " + call, Origin{page, "Origin"}, nil},
		{"again", preflight(page, "PUT", "x-b") + ", " + call + ", " + preflight(page, "PUT", "x-b"),
			Origin{page, "Origin"}, []string{"x-b"}},
		{"two that differ", preflight(page, "PUT", "x-b") + ", " + call + ", " + preflight(page, "PUT", "x-c"),
			Origin{page, "Origin"}, nil},
		{"of another call", call + ", " + preflight(page, "DELETE", "x-b"), Origin{page, "Referer"}, nil},
		{"a frame without an origin", call + ", " + preflight("null", "PUT", "x-a"), Origin{"null", "Origin"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Parse(`{"log": {"entries": [` + tc.entries + `]}}`)
			require.NoError(t, err)
			got := p.Calls[0]
			assert.Equal(t, "PUT", got.Method)
			assert.Equal(t, tc.origin, got.Origin)
			assert.Equal(t, tc.announced, got.Announced)
		})
	}
}

// With cookies, a wildcard lets no page read the answer: not every browser says so.
func TestHARCredentials(t *testing.T) {
	const page, address = "https://app.example.com", "https://api.example.com/7"
	headers := field("Origin", page) + ", " + field("Cookie", "a=1")
	answer := func(origin, credentials string) string {
		return `"status": 200, "headers": [` + field("Access-Control-Allow-Origin", origin) + ", " +
			field("access-control-allow-credentials", credentials) + `]`
	}
	for _, tc := range []struct {
		name, headers, answer string
		failed                bool
	}{
		{"a wildcard", headers, answer("*", "true"), true},
		{"not true", headers, answer(page, "True"), true},
		{"granted", headers, answer(page, "true"), false},
		{"without cookies", field("Origin", page), answer("*", ""), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Parse(`{"log": {"entries": [` + entry("GET", address, tc.headers, tc.answer, "") + `]}}`)
			require.NoError(t, err)
			assert.Equal(t, tc.failed, p.Calls[0].Entry.Failed)
		})
	}
}

// Chromium lists HTTP/2's own fields among the headers, proxies a WebSocket among the
// calls.
func TestHARPlumbing(t *testing.T) {
	const page, address = "https://app.example.com", "https://api.example.com/7"
	origin := field("origin", page)
	p, err := Parse(`{"log": {"entries": [` +
		entry("GET", "https://api.example.com/socket", origin+", "+field("Upgrade", "WebSocket"), `"status": 101`, "") +
		", " + entry("GET", address, field(":authority", "api.example.com")+", "+field(":method", "GET")+", "+origin,
		`"status": 0`, `"_error": "net::ERR_BLOCKED_BY_CSP"`) + `]}}`)
	require.NoError(t, err)
	require.Len(t, p.Calls, 1)
	assert.Equal(t, address, p.Calls[0].URL)
	assert.Equal(t, []Field{{"origin", page}}, p.Calls[0].Header)
	assert.Equal(t, []string{"The browser blocked it by the page's own Content-Security-Policy: " +
		"add the URL to connect-src in it."}, p.Calls[0].Notes)
}

// One entry of a HAR, without the file around it, is enough.
func TestHAREntryAlone(t *testing.T) {
	origin := field("Origin", "https://app.example.com")
	p, err := Parse(entry("PUT", "https://api.example.com/7", origin, `"status": 0`, ""))
	require.NoError(t, err)
	assert.Equal(t, HAR, p.Form)
	require.Len(t, p.Calls, 1)
	assert.Equal(t, "PUT", p.Calls[0].Method)
	assert.Equal(t, "https://api.example.com/7", p.Calls[0].URL)
	_, err = Parse(`{"request": {"method": "GET"}}`)
	require.ErrorIs(t, err, ErrUnknown)
}

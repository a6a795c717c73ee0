package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

const someToken = "0123456789abcdef0123456789abcdef"

// The page is one response, below 60 kB, that runs its own script and no other.
func TestDocument(t *testing.T) {
	page, other, _ := servers(local, new(live.Output))
	for url, h := range map[string]http.Handler{
		local.Page + "/": page, local.Page + "/frame": page, local.IP + "/frame": page, local.Other + "/frame": other,
	} {
		t.Run(url, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", url, nil))
			assert.Equal(t, http.StatusOK, w.Code)
			assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
			assert.Less(t, w.Body.Len(), 60_000)

			csp := w.Header().Get("Content-Security-Policy")
			assert.True(t, strings.HasPrefix(csp, "default-src 'none'; "), csp)
			assert.NotContains(t, csp, "unsafe")
			body := w.Body.String()
			for _, kind := range []string{"style", "script"} {
				for _, m := range regexp.MustCompile(`(?s)<`+kind+`>(.*?)</`+kind+`>`).FindAllStringSubmatch(body, -1) {
					assert.Contains(t, csp, kind+"-src '"+hash(m[1])+"'")
				}
			}
			assert.NotRegexp(t, `(?i)<[^>]* (style|on[a-z]+)=`, body, "the policy would not let it in")
			assert.NotRegexp(t, `(?i)(<link[^>]* href|src)="?(https?:)?//`, body, "it works offline")
			assert.Contains(t, csp,
				map[bool]string{
					true: "frame-ancestors 'none'", false: "frame-ancestors " + local.Page,
				}[strings.HasSuffix(url, "/")])
		})
	}
}

// The page's server serves its own origin alone. Another name is one that somebody has
// pointed at this machine.
func TestHosts(t *testing.T) {
	page, other, _ := servers(local, new(live.Output))
	for name, tc := range map[string]struct {
		handler  http.Handler
		url      string
		status   int
		location string
	}{
		"page":            {page, "http://localhost:3000/", 200, ""},
		"stranger":        {page, "http://evil.example:3000/", 421, ""},
		"stranger, check": {page, "http://evil.example:3000/check/" + someToken, 421, ""},
		"by address":      {page, "http://127.0.0.1:3000/", 302, "http://localhost:3000"},
		"other":           {other, "http://localhost:3001/", 302, "http://localhost:3000"},
		"nothing":         {page, "http://localhost:3000/nothing", 404, ""},
		"method":          {page, "http://localhost:3000/check/" + someToken, 405, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			tc.handler.ServeHTTP(w, httptest.NewRequest("GET", tc.url, nil))
			assert.Equal(t, tc.status, w.Code)
			assert.Equal(t, tc.location, w.Header().Get("Location"))
		})
	}
}

func ask(h http.Handler, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", local.Page+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRefusedRequests(t *testing.T) {
	page, _, _ := servers(local, new(live.Output))
	const valid = `{"policy": {"AllowedOrigins": "*"}, "call": {"path": "/notes"}}`
	tooLong := `{"policy": {"AllowedOrigins": "` + strings.Repeat("a", maxState) + `"}}`
	for name, tc := range map[string]struct {
		path, body string
		header     []string
		status     int
		want       string
	}{
		"another page":  {"/check/" + someToken, valid, []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross-origin"},
		"another port":  {"/check/" + someToken, valid, []string{"Origin", "http://localhost:3001"}, 403, "cross-origin"},
		"short token":   {"/check/abc", valid, nil, 400, "a token has 32 hexadecimal digits"},
		"odd token":     {"/check/" + strings.Repeat("Z", 32), valid, nil, 400, "a token has"},
		"no JSON":       {"/check/" + someToken, "{", nil, 400, "unexpected EOF"},
		"long":          {"/check/" + someToken, tooLong, nil, 413, "longer than 64 kB together"},
		"no visitor":    {"/outcome/" + someToken, valid, nil, 409, "check the policy and the call first"},
		"done, no JSON": {"/done", "{", nil, 400, "unexpected EOF"},
		"done, long":    {"/done", `"` + strings.Repeat("a", 2000) + `"`, nil, 400, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(page, tc.path, tc.body, tc.header...)
			assert.Equal(t, tc.status, w.Code)
			assert.Contains(t, w.Body.String(), tc.want)
		})
	}
	assert.Equal(t, http.StatusOK, ask(page, "/check/"+someToken, valid, "Sec-Fetch-Site", "same-origin").Code)
	assert.Equal(t, http.StatusConflict, ask(page, "/outcome/"+someToken, `{"call": {"path": "/secret"}}`).Code)
}

// A summary cannot write anything but itself to the terminal.
func TestDone(t *testing.T) {
	out := new(live.Output)
	page, _, _ := servers(local, out)
	require.Equal(t, http.StatusOK, ask(page, "/done", `"done: 21 of 21 as expected\u001b[2J\n"`).Code)
	assert.Equal(t, "\nThe page says \"done: 21 of 21 as expected\\x1b[2J\\n\".\n\n", out.String())
}

// A putState is a state of the page that calls PUT /notes.
func putState(epoch int, run bool) string {
	const state = `{"policy": {"AllowedOrigins": %q}, "call": {"method": "PUT", "path": "/notes"},
		"epoch": %d, "run": %v}`
	return fmt.Sprintf(state, local.Page, epoch, run)
}

// decoded returns a response to the page's script.
func decoded[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

// A check and an outcome, without a browser.
func TestCheckAndOutcome(t *testing.T) {
	page, _, api := servers(local, new(live.Output))
	c := decoded[checked](t, ask(page, "/check/"+someToken, putState(0, true)))
	assert.Zero(t, c.Policy.Count)
	assert.Zero(t, c.Call.Count)
	assert.Equal(t, fmt.Sprintf("http://localhost:5000/v/%s/%d/notes", someToken, c.Epoch), c.URL)
	assert.Equal(t, &announcement{"PUT", []string{}}, c.Announces)
	assert.Contains(t, c.Code, local.Page)
	assert.Contains(t, c.CallCode, `method: "PUT"`)

	preflight(api, c.URL)
	o := decoded[outcome](t, ask(page, "/outcome/"+someToken, putState(c.Epoch, false)))
	require.Len(t, o.Exchanges, 1, "what corstest does is not on the wire")
	assert.True(t, o.Exchanges[0].Preflight)
	assert.Equal(t, http.StatusNoContent, o.Exchanges[0].Status)
	require.Len(t, o.Verdicts, 3)
	for i, v := range o.Verdicts {
		assert.Equal(t, engines[i].String(), v.Engine)
		assert.False(t, v.Allowed)
		assert.Equal(t, "preflight method", v.Step)
		assert.Equal(t, "Access-Control-Allow-Methods", v.Header)
		assert.Equal(t, 1, v.Preflights)
		assert.Equal(t, "policy", v.Advice.Form)
		assert.Equal(t, []change{{Field: "AllowedMethods", Add: []string{"PUT"}}}, v.Advice.Changes)
	}

	// A policy that New would refuse never takes effect.
	const refused = `{"policy": {"AllowedOrigins": "a.example"}, "call": {"path": "/notes"}, "run": true}`
	c = decoded[checked](t, ask(page, "/check/"+someToken, refused))
	assert.Equal(t, 1, c.Policy.Count)
	assert.Equal(t, []problem{{"AllowedOrigins", "a.example", "no scheme", "https://a.example"}}, c.Policy.List)
	assert.Empty(t, c.URL)
}

// preflight asks an API whether the page may send PUT.
func preflight(api http.Handler, url string) {
	r := httptest.NewRequest("OPTIONS", url, nil)
	r.Header.Set("Origin", local.Page)
	r.Header.Set("Access-Control-Request-Method", "PUT")
	api.ServeHTTP(httptest.NewRecorder(), r)
}

// What is typed while a call is under way does not touch it: only a run puts a policy in
// force.
func TestCheckWithoutRun(t *testing.T) {
	page, _, api := servers(local, new(live.Output))
	c := decoded[checked](t, ask(page, "/check/"+someToken, putState(0, true)))
	const typed = `{"policy": {"AllowedOrigins": "*", "AllowedMethods": "*"}, "call": {"path": "/notes"}}`
	assert.Empty(t, decoded[checked](t, ask(page, "/check/"+someToken, typed)).URL)
	preflight(api, c.URL)
	o := decoded[outcome](t, ask(page, "/outcome/"+someToken, putState(c.Epoch, false)))
	require.Len(t, o.Exchanges, 1)
	assert.False(t, o.Verdicts[0].Allowed)
}

// A call that a newer one has replaced leaves no trace in the newer one's conversation,
// and learns that it is out of date.
func TestReplacedCall(t *testing.T) {
	page, _, api := servers(local, new(live.Output))
	old := decoded[checked](t, ask(page, "/check/"+someToken, putState(0, true)))
	fresh := strings.Replace(putState(0, true), `"run"`, `"fresh": true, "run"`, 1)
	c := decoded[checked](t, ask(page, "/check/"+someToken, fresh))
	preflight(api, old.URL)
	preflight(api, c.URL)
	w := ask(page, "/outcome/"+someToken, putState(old.Epoch, false))
	assert.Equal(t, http.StatusConflict, w.Code)
	assert.Contains(t, w.Body.String(), "a newer call")
	assert.Len(t, decoded[outcome](t, ask(page, "/outcome/"+someToken, putState(c.Epoch, false))).Exchanges, 1)
}

// All problems are counted, and those that are not listed as well.
func TestManyProblems(t *testing.T) {
	p := policy{"AllowedOrigins": strings.Repeat("example.com\n", 60), "MaxAge": "600"}
	_, list := p.options()
	got := forPage(list)
	assert.Equal(t, len(list), got.Count)
	assert.Greater(t, got.Count, 60)
	assert.Contains(t, got.List, problem{"MaxAge", "600", "a number without a unit", "10m0s"})
	for field, missed := range got.Missed {
		assert.Equal(t, "AllowedOrigins", field)
		assert.Equal(t, got.Count, len(got.List)+missed)
	}
	assert.NotEmpty(t, got.Missed)
}

// A text that is too long for its field is a problem of the field, and no more is done
// with it.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("a", maxText+1)
	for _, f := range fields {
		if f.Kind != "switch" {
			_, problems := policy{"AllowedOrigins": "*"}.with(f.Name, long).options()
			require.Len(t, problems, 1, "%s: nothing else is said of what is left out", f.Name)
			assert.Equal(t, f.Name, problems[0].Field)
			assert.Contains(t, problems[0].Detail, "2001 bytes are too many")
		}
	}
	_, problems := call{Path: "/notes", Method: long, Headers: "X-A: " + long, Body: long}.request(local)
	var got []string
	for _, p := range problems {
		got = append(got, p.Field)
		assert.Contains(t, p.Detail, "are too many")
		assert.Empty(t, p.Value)
	}
	assert.Equal(t, []string{"method", "headers", "body"}, got, "in the order of the form, each time")
}

// compact changes no text of the script: none goes over the end of a line.
func TestCompact(t *testing.T) {
	assert.Equal(t, "a {\nb: 1;\n}\n", compact("a {\n\n  // why\n  b: 1; // why\n}"))
	for line := range strings.Lines(scriptJS + frameJS) {
		assert.Zero(t, strings.Count(line, "`")%2, line)
	}
	texts := textsOf(compact(scriptJS + frameJS))
	assert.Contains(t, texts, "Before it: ")
	for _, text := range texts {
		assert.Equal(t, text, compactJS.Replace(text))
	}
	assert.Equal(t, "a>b{c:d,e}f{g:h}", compactCSS.Replace(compact("/* why */\na > b {\n  c: d,\n  e;\n}\nf { g: h; }")))
}

// textsOf returns the strings of JavaScript, those with values in them in parts.
func textsOf(source string) (texts []string) {
	within := []byte{'}'} // what ends each level
	for text := ""; source != ""; source = source[1:] {
		c, end := source[0], within[len(within)-1]
		switch {
		case c == end && len(within) > 1:
			within = within[:len(within)-1]
			if c != '}' {
				texts, text = append(texts, text), ""
			}
		case end == '}' && (c == '"' || c == '\'' || c == '`'):
			within = append(within, c)
		case end == '}' && c == '{':
			within = append(within, '}')
		case end == '`' && strings.HasPrefix(source, "${"):
			within, source = append(within, '}'), source[1:]
			texts, text = append(texts, text), ""
		case end != '}':
			text += string(c)
		}
	}
	return texts
}

package docs_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
	"example.com/cors/internal/test/live"
)

// The hosts of the cases. A proxy leads all of them to the test's own server.
const (
	consolePage  = "https://app.example.com"
	consoleAPI   = "https://api.example.net"
	consoleOther = "https://other.example.org"
)

// A blockedCall is a call that browsers block, and so a line in their consoles.
type blockedCall struct {
	row    string // the row of docs/errors.md that explains it
	name   string // tells the cases of a row apart
	script string // a JavaScript expression with URL; "" for fetch with the fields of request
	req    corstest.Request
	xhr    bool // the call is made with XMLHttpRequest

	preflight, actual answer

	// silent are the engines that say nothing, or let the call pass.
	silent []string
}

// An answer has a status, 0 for 204 or 200, and lines of a header, in which short names
// stand for those of CORS. The status -1 breaks the connection off.
type answer struct {
	status int
	lines  []string
}

var shortNames = map[string]string{
	"Origin": fetch.AllowOrigin, "Credentials": fetch.AllowCredentials,
	"Methods": fetch.AllowMethods, "Headers": fetch.AllowHeaders,
}

func (a answer) write(w http.ResponseWriter, base string, usual int) {
	if a.status == -1 {
		panic(http.ErrAbortHandler)
	}
	for _, line := range a.lines {
		name, value, _ := strings.Cut(line, ": ")
		if full := shortNames[name]; full != "" {
			name = full
		}
		w.Header().Add(name, strings.NewReplacer(
			"PAGE", consolePage, "API", consoleAPI, "OTHER", consoleOther, "CASE", base,
		).Replace(value))
	}
	if a.status != 0 {
		usual = a.status
	}
	w.WriteHeader(usual)
}

func says(lines ...string) answer { return answer{lines: lines} }

func grants(lines ...string) answer { return says(append([]string{"Origin: PAGE"}, lines...)...) }

func (a answer) with(status int) answer {
	a.status = status
	return a
}

func get() corstest.Request { return corstest.Request{Method: "GET"} }
func put() corstest.Request { return corstest.Request{Method: "PUT"} }

func include(r corstest.Request) corstest.Request {
	r.Credentials = true
	return r
}

func sets(r corstest.Request, name string) corstest.Request {
	r.Header = http.Header{name: {"1"}}
	return r
}

// blockedCalls are all ways in which the Fetch standard blocks a call, and some that
// look like it.
var blockedCalls = []blockedCall{
	{row: "No permission", name: "GET", req: get()},
	{row: "No permission", name: "GET, XMLHttpRequest", req: get(), xhr: true},
	{row: "No permission", name: "GET, 404", req: get(), actual: answer{status: 404}},
	{row: "No permission", name: "GET, 500", req: get(), actual: answer{status: 500}},
	{row: "No permission", name: "GET, image", script: `load("img", {crossOrigin: "", src: URL})`, req: get()},
	{row: "No permission", name: "GET, script", script: `load("script", {crossOrigin: "", src: URL})`, req: get()},
	{row: "No permission", name: "GET, font",
		script: `new FontFace("f", "url(" + URL + ")").load()`, req: get(), silent: []string{"webkit"}},
	{row: "No permission", name: "GET, module", script: `import(URL)`, req: get()},
	{row: "No permission", name: "GET, EventSource", script: `listen(URL)`, req: get()},
	{row: "A redirect without permission", name: "302",
		req: get(), actual: says("Location: OTHERCASE/there").with(302)},
	{row: "No permission to the preflight", name: "204", req: put()},
	{row: "No permission to the preflight", name: "XMLHttpRequest", req: put(), xhr: true},
	{row: "No permission to the preflight", name: "200", req: put(), preflight: answer{status: 200}},
	{row: "No permission to the preflight", name: "403", req: put(), preflight: answer{status: 403}},
	{row: "No permission to the preflight", name: "404", req: put(), preflight: answer{status: 404}},
	{row: "No permission to the preflight", name: "405", req: put(), preflight: answer{status: 405}},
	{row: "No permission to the preflight", name: "500", req: put(), preflight: answer{status: 500}},
	{row: "No permission to the preflight", name: "upload",
		req: corstest.Request{Method: "POST", UploadListener: true}, xhr: true},
	{row: "A redirect of the preflight", name: "302, no origin",
		req: put(), preflight: says("Location: OTHERCASE/there").with(302)},
	{row: "A redirect of the preflight", name: "302",
		req: put(), preflight: grants("Location: OTHERCASE/there", "Methods: PUT").with(302)},
	{row: "The status of the preflight", name: "403", req: put(), preflight: grants("Methods: PUT").with(403)},
	{row: "The status of the preflight", name: "404", req: put(), preflight: grants("Methods: PUT").with(404)},
	{row: "The status of the preflight", name: "405", req: put(), preflight: grants("Methods: PUT").with(405)},
	{row: "The status of the preflight", name: "500", req: put(), preflight: grants("Methods: PUT").with(500)},

	{row: "Another origin", name: "GET", req: get(), actual: says("Origin: https://www.example.com")},
	{row: "Another origin", name: "PUT",
		req: put(), preflight: says("Origin: https://www.example.com", "Methods: PUT")},
	{row: "Another origin", name: "null", req: get(), actual: says("Origin: null")},
	{row: "Another origin", name: "slash", req: get(), actual: says("Origin: PAGE/")},
	{row: "Not an origin", name: "no scheme", req: get(), actual: says("Origin: app.example.com")},
	{row: "Another origin", name: "wildcard", req: get(), actual: says("Origin: https://*.example.com")},
	{row: "Not an origin", name: "empty", req: get(), actual: says("Origin: ")},
	{row: "Another origin", name: "slash, preflight", req: put(), preflight: says("Origin: PAGE/", "Methods: PUT")},
	{row: "Not an origin", name: "no scheme, preflight",
		req: put(), preflight: says("Origin: app.example.com", "Methods: PUT")},
	{row: "Two values", name: "two lines", req: get(), actual: says("Origin: PAGE", "Origin: PAGE")},
	{row: "Two values", name: "two lines, preflight",
		req: put(), preflight: says("Origin: PAGE", "Origin: PAGE", "Methods: PUT")},
	{row: "Two values", name: "a list", req: get(), actual: says("Origin: PAGE, https://www.example.com")},
	{row: "Two values", name: "star and page", req: get(), actual: says("Origin: *", "Origin: PAGE")},
	{row: "`*` and cookies", name: "GET", req: include(get()), actual: says("Origin: *")},
	{row: "`*` and cookies", name: "GET, with credentials",
		req: include(get()), actual: says("Origin: *", "Credentials: true")},
	{row: "`*` and cookies", name: "XMLHttpRequest", req: include(get()), xhr: true, actual: says("Origin: *")},
	{row: "`*` and cookies", name: "PUT", req: include(put()), preflight: says("Origin: *", "Methods: PUT")},
	{row: "No permission for cookies", name: "GET", req: include(get()), actual: grants()},
	{row: "No permission for cookies", name: "XMLHttpRequest", req: include(get()), xhr: true, actual: grants()},
	{row: "No permission for cookies", name: "PUT", req: include(put()), preflight: grants("Methods: PUT")},
	{row: "No permission for cookies", name: "True", req: include(get()), actual: grants("Credentials: True")},
	{row: "No permission for cookies", name: "twice",
		req: include(get()), actual: grants("Credentials: true", "Credentials: true")},
	{row: "No permission for cookies", name: "True, preflight",
		req: include(put()), preflight: grants("Methods: PUT", "Credentials: True")},

	{row: "A malformed list", name: "methods", req: put(), preflight: grants("Methods: PUT DELETE")},
	{row: "A malformed list", name: "headers",
		req: sets(get(), "X-Api-Key"), preflight: grants("Headers: X Api Key")},
	{row: "The method", name: "none", req: put(), preflight: grants()},
	{row: "The method", name: "others", req: put(), preflight: grants("Methods: GET, POST")},
	{row: "The method", name: "XMLHttpRequest", req: put(), xhr: true, preflight: grants("Methods: GET, POST")},
	{row: "The case of the method", name: "patch",
		req: corstest.Request{Method: "patch"}, preflight: grants("Methods: PATCH")},
	{row: "`*` in a list, and cookies", name: "PUT",
		req: include(put()), preflight: grants("Credentials: true", "Methods: *")},
	{row: "A request header", name: "none", req: sets(get(), "Content-Type"), preflight: grants()},
	{row: "A request header", name: "others",
		req: sets(get(), "X-Api-Key"), preflight: grants("Headers: Content-Type")},
	{row: "A request header", name: "XMLHttpRequest",
		req: sets(get(), "X-Api-Key"), xhr: true, preflight: grants()},
	{row: "A request header", name: "Authorization",
		req: sets(get(), "Authorization"), preflight: grants("Headers: Content-Type")},
	{row: "A request header", name: "of an answer",
		req: sets(get(), "Access-Control-Allow-Origin"), preflight: grants()},
	{row: "`*` in a list, and cookies", name: "with credentials",
		req: include(sets(get(), "X-Api-Key")), preflight: grants("Credentials: true", "Headers: *")},
	{row: "`*` and Authorization", name: "GET",
		req: sets(get(), "Authorization"), preflight: grants("Headers: *"), actual: grants(),
		silent: []string{"chromium", "webkit"}},

	{row: "The origin null", name: "redirects", req: get(), actual: grants("Location: OTHERCASE/there").with(302)},
	{row: "The origin null", name: "frame",
		script: `frame(URL, {sandbox: "allow-scripts"}, "")`, req: corstest.Request{Origin: "null", Method: "GET"},
		actual: grants()},
	{row: "A bad redirect", name: "scheme",
		req: get(), actual: grants("Location: ftp://other.example.orgCASE/").with(302)},
	{row: "A bad redirect", name: "data", req: get(), actual: grants("Location: data:text/plain,CASE/").with(302)},
	{row: "A bad redirect", name: "invalid", req: get(), actual: grants("Location: https://").with(302)},
	{row: "A bad redirect", name: "user",
		req: get(), actual: grants("Location: https://u:p@other.example.orgCASE/").with(302)},
	{row: "A bad redirect", name: "two",
		req: get(), actual: grants("Location: APICASE/a", "Location: APICASE/b").with(302)},
	{row: "Redirects in a circle", name: "endless", req: get(), actual: grants("Location: APICASE/").with(302)},
	{row: "No answer", name: "GET", req: get(), actual: answer{status: -1}, silent: []string{"webkit"}},
	{row: "No answer", name: "preflight", req: put(), preflight: answer{status: -1}},
	{row: "No answer", name: "no server",
		script: `fetch(URL.replace("api.example.net", "127.0.0.1:NOBODY"))`, silent: []string{"webkit"}},

	{row: "Mixed content", name: "fetch",
		script: `fetch(URL.replace("https:", "http:"))`, req: get(), actual: grants()},
	{row: "Mixed content", name: "redirect",
		req: get(), actual: grants("Location: http://other.example.orgCASE/there").with(302)},
	{row: "Resource policy", name: "no-cors",
		script: `fetch(URL, {mode: "no-cors"})`, actual: says("Cross-Origin-Resource-Policy: same-origin")},
	{row: "Resource policy", name: "image",
		script: `load("img", {src: URL})`, actual: says("Cross-Origin-Resource-Policy: same-site")},
	{row: "Resource policy", name: "page with Cross-Origin-Embedder-Policy",
		script: `embed(URL)`, actual: grants("Content-Type: image/png")},
	{row: "A WebSocket", name: "403",
		script: `connect(URL.replace("https:", "wss:"))`, actual: answer{status: http.StatusForbidden}},
	{row: "Integrity", name: "script",
		script: `load("script", {src: URL, integrity: "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="})`,
		actual: grants("Content-Type: text/javascript")},
	{row: "The mode of the call", name: "fetch", script: `fetch(URL, {mode: "same-origin"})`, actual: grants()},
	{row: "No redirects wanted", name: "fetch",
		script: `fetch(URL, {redirect: "error"})`,
		actual: grants("Location: APICASE/there").with(302), silent: []string{"firefox"}},
	{row: "The URL", name: "localhost", script: `fetch("localhost:5000/" + URL.slice(8))`},
	{row: "The URL", name: "localhost, XMLHttpRequest",
		script: `send("localhost:5000/" + URL.slice(8), {method: "GET", headers: {}}, false, false)`},
	{row: "The URL", name: "file", script: `fetch("file:///" + URL.slice(8))`},
	{row: "The page's own policy", name: "connect-src",
		script: `frame(URL, {}, "connect-src 'self'")`, actual: grants()},
}

// js is the call as a JavaScript expression.
func (c blockedCall) js(url string) string {
	quoted, _ := json.Marshal(url)
	if c.script != "" {
		return strings.ReplaceAll(c.script, "URL", string(quoted))
	}
	headers := map[string]string{}
	for name, lines := range c.req.Header {
		headers[name] = lines[0]
	}
	fields, _ := json.Marshal(map[string]any{"method": c.req.Method, "headers": headers})
	credentials := "same-origin"
	if c.req.Credentials {
		credentials = "include"
	}
	if c.xhr {
		return fmt.Sprintf("send(%s, %s, %t, %t)", quoted, fields, c.req.Credentials, c.req.UploadListener)
	}
	return fmt.Sprintf("fetch(%s, {...%s, credentials: %q})", quoted, fields, credentials)
}

const consoleHTML = `<!doctype html><meta charset="utf-8"><title>Console</title><body><script type="module">
function send(url, {method, headers}, credentials, upload) {
	return new Promise((resolve, reject) => {
		const x = new XMLHttpRequest();
		x.open(method, url);
		for (const name in headers) x.setRequestHeader(name, headers[name]);
		x.withCredentials = credentials;
		if (upload) x.upload.onprogress = () => {};
		x.onload = resolve;
		x.onerror = reject;
		x.send(method === "POST" ? "hello" : null);
	});
}
// load resolves when the element has failed to load.
function load(tag, properties) {
	return new Promise((resolve) => {
		document.body.append(Object.assign(document.createElement(tag), {onerror: resolve}, properties));
	});
}
function listen(url) {
	return new Promise((resolve) => {
		const source = new EventSource(url);
		source.onerror = () => { source.close(); resolve(); };
	});
}
// frame has a frame, with a Content-Security-Policy, call url.
function frame(url, properties, csp) {
	const script = "fetch('" + url + "').catch(() => parent.postMessage('', '*'))";
	const meta = csp && '<meta http-equiv="Content-Security-Policy" content="' + csp + '">';
	return new Promise((resolve) => {
		addEventListener("message", resolve, {once: true});
		load("iframe", {srcdoc: meta + "<script>" + script + "</" + "script>", ...properties});
	});
}
// embed has a frame that asks for permission of whatever it shows load an image.
function embed(url) {
	return new Promise((resolve) => {
		addEventListener("message", resolve, {once: true});
		load("iframe", {src: "/embedder?" + url});
	});
}
function connect(url) {
	return new Promise((resolve) => { new WebSocket(url).onerror = resolve; });
}
const calls = [%s];
const report = [];
for (const [i, call] of calls.entries()) {
	console.log("case " + i);
	try { await call(); report.push("passed"); } catch (e) { report.push(String(e)); }
	// What the console says may come after the page has learned that the call failed.
	await new Promise((resolve) => setTimeout(resolve, 50));
}
await new Promise((resolve) => setTimeout(resolve, 500));
fetch("/report", {method: "POST", body: JSON.stringify(report)});
</script>`

var casePath = regexp.MustCompile(`/case/(\d+)/`)

// serveCalls answers the calls.
func serveCalls(w http.ResponseWriter, r *http.Request) {
	m := casePath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		http.NotFound(w, r)
		return
	}
	i, _ := strconv.Atoi(m[1])
	if r.Method == http.MethodOptions {
		blockedCalls[i].preflight.write(w, "/case/"+m[1], http.StatusNoContent)
	} else {
		blockedCalls[i].actual.write(w, "/case/"+m[1], http.StatusOK)
	}
}

func newConsoleVenue(t *testing.T) (server *httptest.Server, proxy string, reports chan []string) {
	t.Helper()
	reports = make(chan []string, 1)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(nobody.Addr().String())
	require.NoError(t, nobody.Close())
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			var calls []string
			for i, c := range blockedCalls {
				calls = append(calls, "() => "+strings.ReplaceAll(c.js(fmt.Sprintf("%s/case/%d/", consoleAPI, i)), "NOBODY", port))
			}
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, consoleHTML, strings.Join(calls, ",\n"))
		case "/embedder":
			w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<!doctype html><meta charset="utf-8"><img src="%s" onerror="parent.postMessage('', '*')">`,
				html.EscapeString(r.URL.RawQuery))
		case "/report":
			var report []string
			_ = json.NewDecoder(r.Body).Decode(&report)
			reports <- report
		default:
			serveCalls(w, r)
		}
	})
	server = httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	p := httptest.NewServer(live.Proxy(h, server.Listener.Addr().String()))
	t.Cleanup(p.Close)
	return server, strings.TrimPrefix(p.URL, "http://"), reports
}

// A row is a line of the table in docs/errors.md: what the consoles say, by engine, and
// what corscheck and the log say.
type row struct {
	title          string
	console        map[string][]*pattern
	corscheck, log []*pattern
}

// A pattern is a text in which ⟨words in brackets⟩ stand for anything.
type pattern struct {
	text string
	re   *regexp.Regexp
	seen bool
}

var (
	span     = regexp.MustCompile("`` (.+?) ``|`([^`]+)`")
	variable = regexp.MustCompile(`⟨[^⟩]*⟩`)
)

// spans returns the texts in backticks, as patterns.
func spans(cell string) (all []*pattern) {
	for _, m := range span.FindAllStringSubmatch(cell, -1) {
		text := cmp.Or(m[1], m[2])
		literal := variable.Split(text, -1)
		for i := range literal {
			literal[i] = regexp.QuoteMeta(literal[i])
		}
		all = append(all, &pattern{text: text, re: regexp.MustCompile("^" + strings.Join(literal, ".*"))})
	}
	return all
}

// match reports whether one of the patterns says what text says, which may say more. All
// that do are seen.
func match(patterns []*pattern, text string) (found bool) {
	for _, p := range patterns {
		if p.re.MatchString(text) {
			p.seen, found = true, true
		}
	}
	return found
}

func errorRows(t *testing.T) map[string]*row {
	t.Helper()
	rows := make(map[string]*row)
	for _, cell := range cells(read(t, "docs/errors.md")) {
		require.Len(t, cell, 4, cell)
		r := &row{console: make(map[string][]*pattern)}
		title, _, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(cell[1]), "**"), ".**")
		require.True(t, found, "%s has no title", cell[1])
		r.title = title
		for _, said := range strings.Split(strings.TrimSpace(cell[0]), "<br>") {
			name, messages, _ := strings.Cut(said, ": ")
			engine := map[string]string{"Chromium": "chromium", "Firefox": "firefox", "Safari": "webkit"}[name]
			require.NotEmpty(t, engine, said)
			r.console[engine] = spans(messages)
		}
		corscheck, log, found := strings.Cut(cell[3], "<br>log: ")
		require.True(t, found, "%s does not say what the log says", title)
		r.corscheck, r.log = spans(corscheck), spans(log)
		require.Nil(t, rows[title], title)
		rows[title] = r
	}
	return rows
}

// requireSeen fails if a pattern was never met: the page promises what nobody says.
func requireSeen(t *testing.T, of string, patterns []*pattern) {
	t.Helper()
	for _, p := range patterns {
		assert.True(t, p.seen, "%s: nothing says %s", of, p.text)
	}
}

// Every step at which corstest blocks a call has its row, and says what the row says.
func TestErrorRows(t *testing.T) {
	rows := errorRows(t)
	of := make(map[string]bool)
	type blame struct {
		step   corstest.Step
		header string
	}
	blamed := make(map[blame]bool)
	steps := make(map[corstest.Step]bool)
	for i, c := range blockedCalls {
		r := rows[c.row]
		require.NotNil(t, r, "%s/%s has no row", c.row, c.name)
		of[c.row] = true
		if c.req.Method == "" {
			continue
		}
		req := c.req
		req.URL = fmt.Sprintf("%s/case/%d/", consoleAPI, i)
		req.Origin = cmp.Or(req.Origin, consolePage)
		_, err := corstest.Fetch(http.HandlerFunc(serveCalls), req)
		var blocked *corstest.BlockedError
		if !errors.As(err, &blocked) {
			assert.Empty(t, r.corscheck, "%s/%s: corstest says %v", c.row, c.name, err)
			continue
		}
		steps[blocked.Step] = true
		blamed[blame{blocked.Step, blocked.Header}] = true
		text := strings.TrimSpace(blocked.Header + " " + blocked.Detail)
		if len(r.corscheck) > 0 {
			assert.True(t, match(r.corscheck, text), "%s/%s: corstest says %s", c.row, c.name, text)
		}
	}
	of["The local network"] = true // of which corstest knows nothing
	for title, r := range rows {
		assert.True(t, of[title], "no call shows the row %s", title)
		requireSeen(t, title, r.corscheck)
	}
	for _, step := range allSteps(t) {
		assert.True(t, steps[step], "no call is blocked at the step %s", step)
	}
	for _, b := range []blame{
		{corstest.StepPreflightCheck, fetch.AllowOrigin}, {corstest.StepPreflightCheck, fetch.AllowCredentials},
		{corstest.StepPreflightLists, fetch.AllowMethods}, {corstest.StepPreflightLists, fetch.AllowHeaders},
		{corstest.StepCheck, fetch.AllowOrigin}, {corstest.StepCheck, fetch.AllowCredentials},
	} {
		assert.True(t, blamed[b], "no call is blocked at the step %s for %s", b.step, b.header)
	}
}

// allSteps are the constants of the type Step.
func allSteps(t *testing.T) (steps []corstest.Step) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "corstest", "*.go"))
	require.NoError(t, err)
	for _, path := range files {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^\tStep\w+ +Step = "(.*)"$`).FindAllSubmatch(content, -1) {
			steps = append(steps, corstest.Step(m[1]))
		}
	}
	require.GreaterOrEqual(t, len(steps), 10)
	return steps
}

// What the log of the middleware says about calls of some rows.
func TestErrorLog(t *testing.T) {
	rows := errorRows(t)
	own := corstest.Request{Method: "GET", Origin: "http://localhost:3000"}
	for _, tc := range []struct {
		row  string
		opts cors.Options
		req  corstest.Request
	}{
		{"No permission", cors.Options{AllowedOrigins: []string{"http://127.0.0.1:3000"}}, own},
		{"`*` and cookies", cors.Options{AllowedOrigins: []string{"*"}}, include(get())},
		{"No permission for cookies", cors.Options{AllowedOrigins: []string{consolePage}}, include(get())},
		{"No permission", cors.Options{AllowedOrigins: []string{"https://www.example.net"}}, get()},
		{"No permission", cors.Options{AllowedOrigins: []string{"http://app.example.com"}}, get()},
		{"No permission", cors.Options{AllowedOrigins: []string{"https://app.example.com:8443"}}, get()},
		{"The method", cors.Options{AllowedOrigins: []string{consolePage}}, put()},
		{
			"The case of the method",
			cors.Options{AllowedOrigins: []string{consolePage}, AllowedMethods: []string{"PATCH"}},
			corstest.Request{Method: "patch"},
		},
		{"A request header", cors.Options{AllowedOrigins: []string{consolePage}}, sets(get(), "X-Api-Key")},
		{"The origin null", cors.Options{AllowedOrigins: []string{consolePage}}, corstest.Request{Origin: "null"}},
	} {
		var out bytes.Buffer
		tc.opts.Logger = slog.New(slog.NewJSONHandler(&out, nil))
		tc.req.Origin = cmp.Or(tc.req.Origin, consolePage)
		h := cors.New(tc.opts)(http.NotFoundHandler())
		_, err := corstest.Fetch(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tc.req.Credentials && r.Method != http.MethodOptions {
				r.Header.Set("Cookie", "session=1") // which a browser has, and corstest has not
			}
			h.ServeHTTP(w, r)
		}), tc.req)
		require.Error(t, err, tc.row)
		var record struct{ Reason string }
		require.NoError(t, json.Unmarshal(out.Bytes(), &record), "%s: one record", tc.row)
		assert.True(t, match(rows[tc.row].log, record.Reason), "%s: the log says %s", tc.row, record.Reason)
	}
	for title, r := range rows {
		requireSeen(t, title, r.log)
	}
}

// The section on the lines of the log has those that the log writes, and no others.
func TestLogLines(t *testing.T) {
	var told []*pattern
	for _, m := range regexp.MustCompile("(?m)^- (`.*?`): ").FindAllStringSubmatch(
		strings.ReplaceAll(underHeading(t, read(t, "docs/errors.md"), "a-line-of-the-log"), "\n  ", " "), -1) {
		told = append(told, spans(m[1])...)
	}
	listed := func(origins ...string) cors.Options { return cors.Options{AllowedOrigins: origins} }
	list, writes := listed(consolePage), listed(consolePage)
	writes.RefuseCrossOriginWrites = true
	denies := cors.Options{AllowOriginFunc: func(*http.Request, string) bool { return false }}
	echoes := listed(consolePage)
	echoes.AllowedHeaders, echoes.AllowCredentials = []string{"*"}, true
	preflight := func(method string, more ...string) http.Header {
		return http.Header{
			fetch.Origin: {consolePage}, fetch.RequestMethod: {method}, fetch.RequestHeaders: more,
		}
	}
	from := func(origins ...string) http.Header { return http.Header{fetch.Origin: origins} }
	for _, tc := range []struct {
		line   string // that explains it
		opts   cors.Options
		method string
		header http.Header
	}{
		{"CORS write refused", writes, "POST", from(consoleOther)},
		{"no Origin header, and", writes, "POST", http.Header{"Sec-Fetch-Site": {"cross-site"}}},
		{"subdomains are not", listed("https://example.com"), "GET", from(consolePage)},
		{"only subdomains are", listed("https://*.app.example.com"), "GET", from(consolePage)},
		{"the host differs", listed("https://www.app.example.com"), "GET", from(consolePage)},
		{"the first label differs", listed("https://shop-*.app.example.com"), "GET", from("https://x.app.example.com")},
		{"the dot at the end", list, "GET", from(consolePage + ".")},
		{"AllowOriginFunc denies it", denies, "GET", from(consolePage)},
		{"the origin has no host", list, "GET", from("file://")},
		{"the host of an extension", list, "GET", from("moz-extension://6b3c2f1e-0000-4000-8000-000000000000")},
		{"no route for", list, "OPTIONS", preflight("PUT")},
		{"the announced headers", echoes, "OPTIONS", preflight("GET", "é")},
		{"more than one Origin", list, "GET", from(consolePage, consolePage)},
		{"not an origin: ", list, "GET", from(consolePage + "/")},
	} {
		var out bytes.Buffer
		tc.opts.Logger = slog.New(slog.NewJSONHandler(&out, nil))
		mux := http.NewServeMux()
		mux.Handle("/", cors.New(tc.opts)(http.NotFoundHandler()))
		mux.Handle("PUT /", http.NotFoundHandler())
		r := httptest.NewRequest(tc.method, consoleAPI+"/users", nil)
		r.Header = tc.header
		cors.RoutePreflights(mux).ServeHTTP(httptest.NewRecorder(), r)
		var record struct{ Msg, Reason string }
		require.NoError(t, json.Unmarshal(out.Bytes(), &record), "%s: one record", tc.line)
		said := []string{record.Msg, record.Reason}
		i := slices.IndexFunc(told, func(p *pattern) bool { return strings.HasPrefix(p.text, tc.line) })
		require.GreaterOrEqual(t, i, 0, "the section has no line %q", tc.line)
		assert.True(t, match(told[i:i+1], said[0]) || match(told[i:i+1], said[1]), "%s: the log says %q", tc.line, said)
	}
	requireSeen(t, "A line of the log", told)
}

// frames are what the messages begin and end with, which the page says once.
var frames = map[string]*regexp.Regexp{
	"chromium": regexp.MustCompile(`^Access to .+ at '.*'(?: \(redirected from '.*'\))? from origin '.*' ` +
		`has been blocked by CORS policy: (.*)$`),
	"firefox": regexp.MustCompile(`^Cross-Origin Request (?:Blocked|Warning): The Same Origin Policy .* ` +
		`\(Reason: (.*?)\)\.(?: Status code: .*)?$`),
	"webkit": regexp.MustCompile(`^(.*)$`),
}

// preflightFailed is what Chromium begins with where the answer to a preflight is to
// blame. The page says so once.
const preflightFailed = "Response to preflight request doesn't pass access control check: "

// asides are messages that add nothing to another one of the same call.
var asides = map[string]*regexp.Regexp{
	"chromium": regexp.MustCompile(`^net::ERR_FAILED$`),
	"firefox":  regexp.MustCompile(`^CORS request did not succeed$`),
	"webkit":   regexp.MustCompile(`due to access control checks\.$|^Cross-origin script load denied`),
}

// consequences are what Firefox says of an element whose load failed.
var consequences = regexp.MustCompile(
	`^The script from|^<script> source|^downloadable font|^Loading module|^Module source|` +
		`^Firefox can’t establish a connection to the server at https:`)

// said returns what a console says about each call.
func said(engine string, console []live.Message) map[int][]string {
	all := make(map[int][]string)
	current := 0
	for _, m := range console {
		text := m.Text
		var of []string
		if engine == "webkit" { // whose messages have no URL
			if number, ok := strings.CutPrefix(text, "case "); ok {
				current, _ = strconv.Atoi(number)
				continue
			}
			of = []string{"", strconv.Itoa(current)}
		} else if of = casePath.FindStringSubmatch(text); of == nil {
			if of = casePath.FindStringSubmatch(m.URL); of == nil {
				continue
			}
		}
		i, _ := strconv.Atoi(of[1])
		if m := frames[engine].FindStringSubmatch(text); m != nil {
			text = m[1]
		}
		if !consequences.MatchString(text) {
			all[i] = append(all[i], strings.TrimPrefix(text, "Failed to load resource: "))
		}
	}
	for i, messages := range all {
		var telling []string
		for _, m := range messages {
			if !asides[engine].MatchString(m) {
				telling = append(telling, m)
			}
		}
		if telling != nil {
			all[i] = telling
		} else if engine == "webkit" {
			delete(all, i)
		}
	}
	return all
}

// The consoles of the browsers say what the page says.
func TestConsole(t *testing.T) {
	for _, b := range live.Browsers(t) {
		t.Run(b.Name, func(t *testing.T) {
			rows := errorRows(t)
			server, proxy, reports := newConsoleVenue(t)
			b.Proxy, b.Certificate = proxy, server.Certificate().Raw
			b.Hosts = []string{"app.example.com", "api.example.net", "other.example.org"}
			page := b.Listen().Open(t, consolePage+"/")
			outcomes := live.Await(page, reports)
			require.Len(t, outcomes, len(blockedCalls))
			said := said(b.Name, page.AwaitConsole(func(console []live.Message) bool {
				said := said(b.Name, console)
				for i, c := range blockedCalls {
					if said[i] == nil && !slices.Contains(c.silent, b.Name) {
						return false
					}
				}
				return true
			}))
			for i, c := range blockedCalls {
				assert.Equal(t, slices.Contains(c.silent, b.Name), len(said[i]) == 0, "%s/%s says: %q", c.row, c.name, said[i])
				for _, message := range said[i] {
					expected := rows[c.row].console[b.Name]
					known := match(expected, message) || match(expected, strings.TrimPrefix(message, preflightFailed))
					assert.True(t, known, "%s/%s: %s says: %s", c.row, c.name, b.Name, message)
				}
			}
			const local = "The local network"
			if b.Name == "chromium" {
				for _, message := range localNetworkMessages(t, b) {
					assert.True(t, match(rows[local].console[b.Name], message), "%s: chromium says: %s", local, message)
				}
			}
			for title, r := range rows {
				requireSeen(t, title, r.console[b.Name])
			}
		})
	}
}

// localNetworkMessages returns what Chromium says if a page on the internet calls this
// machine, and nobody has allowed it.
func localNetworkMessages(t *testing.T, b live.Browser) (messages []string) {
	t.Helper()
	reports := make(chan string, 1)
	api := httptest.NewServer(cors.New(cors.Options{AllowedOrigins: []string{"*"}})(http.NotFoundHandler()))
	t.Cleanup(api.Close)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/report" {
			reports <- r.URL.RawQuery
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<script>const report = (what) => fetch("/report?" + what);
			fetch("%s/case/0/").then(() => report("passed"), () => report("blocked"))</script>`, api.URL)
	}))
	t.Cleanup(page.Close)
	b.Proxy, b.Certificate, b.Public = "", nil, strings.TrimPrefix(page.URL, "http://")
	opened := b.Listen().Open(t, page.URL)
	require.Equal(t, "blocked", live.Await(opened, reports))
	console := opened.AwaitConsole(func(console []live.Message) bool { return said(b.Name, console)[0] != nil })
	return said(b.Name, console)[0]
}

// A cache may hand to fetch what it has of an image that was loaded without CORS, where
// the server forgets Vary.
func TestCachedImage(t *testing.T) {
	const picture = "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>"
	draw := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = io.WriteString(w, picture)
	})
	forgetful := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if origin := r.Header.Get("Origin"); origin != "" {
				w.Header().Set(fetch.AllowOrigin, origin)
			}
			h.ServeHTTP(w, r)
		})
	}
	for _, b := range live.Browsers(t) {
		t.Run(b.Name, func(t *testing.T) {
			reports := make(chan string, 1)
			var apis []string
			page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/report" {
					reports <- r.URL.RawQuery
					return
				}
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, `<body><script type="module">
					const outcomes = [];
					for (const url of %s) {
						const image = document.body.appendChild(new Image());
						await new Promise((resolve) => { image.onload = image.onerror = resolve; image.src = url; });
						outcomes.push(await fetch(url).then(() => "read", () => "blocked"));
					}
					fetch("/report?" + outcomes);
				</script>`, strings.Join(apis, ","))
			}))
			t.Cleanup(page.Close)
			ours := cors.New(cors.Options{AllowedOrigins: []string{page.URL}})
			for _, layer := range []func(http.Handler) http.Handler{forgetful, ours} {
				api := httptest.NewServer(layer(draw))
				t.Cleanup(api.Close)
				apis = append(apis, strconv.Quote(api.URL+"/picture.svg"))
			}
			apis[0], apis[len(apis)-1] = "["+apis[0], apis[len(apis)-1]+"]"
			want := "read,read"
			if b.Name == "chromium" {
				want = "blocked,read"
			}
			assert.Equal(t, want, live.Await(b.Open(t, page.URL), reports), "the forgetful server, this package")
		})
	}
}

package interop_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/stacks"
	"example.com/cors/internal/test/live"
)

// For each stack that corscheck has advice for, the real server is started as people
// have it, and a call is blocked. The advice is put where it says, the server is started
// again, and the call is allowed: says corscheck, and say the browsers. A stranger stays
// out, and what the server did before it still does.
func TestStacks(t *testing.T) {
	command := buildCorscheck(t)
	pages := newPages(t)
	var names []string
	for _, s := range stackServers() {
		names = append(names, s.name)
	}
	require.Equal(t, stacks.Names(), names, "each stack that is offered is tested")
	for _, s := range stackServers() {
		t.Run(s.name, func(inner *testing.T) { s.check(inner, t, command, pages) })
	}
	t.Run("browsers", func(t *testing.T) {
		for _, b := range live.Browsers(t) {
			t.Run(b.Name, func(t *testing.T) {
				opened := b.Open(t, pages[0].origin)
				for _, p := range pages {
					observed := live.Await(opened, p.reports)
					require.Len(t, observed, len(p.calls))
					for i, call := range p.calls {
						got := strings.Replace(observed[i], "204", "200", 1) // of a PUT, says Tomcat
						assert.Equal(t, call.want, got, "%s: %s %s", call.of, call.Method, call.URL)
					}
				}
			})
		}
	})
}

// lasting is a test whose servers run until an outer test ends.
type lasting struct {
	testing.TB
	outer testing.TB
}

func (l lasting) Cleanup(f func())                { l.outer.Cleanup(f) }
func (l lasting) TempDir() string                 { return l.outer.TempDir() }
func (l lasting) Failed() bool                    { return l.outer.Failed() }
func (l lasting) Logf(format string, args ...any) { l.outer.Logf(format, args...) }

// check takes a server through the advice. What it starts for the browsers runs until
// the outer test ends.
func (s *stackServer) check(t *testing.T, outer testing.TB, command corscheck, pages []*caller) {
	lasts := lasting{t, outer}
	page, stranger := pages[0], pages[1]
	start := func(t testing.TB, source string, flags []string) string {
		t.Helper()
		url, err := s.run(t, source, flags)
		if err != nil {
			unavailable(t, s.program, err.Error())
		}
		return url
	}
	broken := func(configuration string, c stacks.Change) string {
		source, flags := s.configured(t, configuration, c)
		return start(t, source, flags)
	}
	before := broken("none", stackChange(stackOrigin))
	wantBlocked(t, command, before, page.origin)
	printed := s.printedFor(t, command, before, page.origin)

	// The policy lists another origin. The advice has both.
	wantBlocked(t, command, broken("right", stackChange(stackOrigin)), page.origin)
	c := richChange(stackOrigin, page.origin)
	source := s.put(s.source(t), s.advice(t, c).Text, nil)
	if s.name == "django" { // whose advice completes the list itself
		c.Origins, c.Layer = c.Origins[1:], true
		source, _ = s.configured(t, "right", stackChange(stackOrigin))
		source += s.advice(t, c).Text + "\n"
	}
	after := start(lasts, source, nil)
	wantAllowed(t, command, after, page.origin, true)
	for _, origin := range richOrigins {
		wantAllowed(t, command, after, origin, true)
	}
	for method, header := range map[string]string{"PURGE": "X-Header-29: 1", "M-SEARCH": "X-Header-0: 1"} {
		assertVerdict(t, command, true,
			"-preflight-only", "-origin", stackOrigin, "-X", method, "-H", header, after+"/users/7")
	}
	assert.Contains(t, exposed(t, after), "x-id", "the headers that pages may read")
	s.wantDetected(t, before)
	wantStranger(t, command, after, stranger.origin)
	calls := []string{"GET /users/7", "HEAD /users/7", "PUT /users/7", "POST /users/7", "GET /missing", "GET /crash"}
	if !s.takesOptions {
		calls = append(calls, "OPTIONS /users/7")
	}
	assert.Equal(t, behaviour(t, before, calls), behaviour(t, after, calls), "for clients without an origin")
	for _, finding := range strings.Split(command.audit(t, stackOrigin, after+"/users/7", true), ", ") {
		assert.NotRegexp(t, " (medium|high)$", finding, "%s: an audit", s.name)
	}
	page.addStackCalls(s.name+", listed", after, true, "200")
	stranger.addStackCalls(s.name+", listed", after, true, "blocked")

	// A login stands in front.
	if layer, ok := s.layers["login"]; ok {
		url := broken("login", stackChange(page.origin))
		assertVerdict(t, command, false, stackPut(url, page.origin, true)...)
		assertVerdict(t, command, layer.get == "", "-origin", page.origin, "-credentials", url+"/users/7")
		flags := append([]string{"login"}, s.fixed...)
		source = s.put(s.source(t), printed, flags)
		url = start(lasts, source, flags)
		if s.fixed == nil {
			wantAllowed(t, command, url, page.origin, true) // the login's own answers too
		}
		assertVerdict(t, command, true, stackPut(url, page.origin, true)...)
		wantStranger(t, command, url, stranger.origin)
		page.addStackCalls(s.name+", login", url, true, "200")
	}

	// Everybody, without cookies.
	c = stackChange("*")
	c.Credentials, c.Methods, c.Headers = false, []string{"*"}, []string{"*", "Authorization"}
	if s.name == "tomcat" { // which has no "*" for headers
		c.Headers = []string{"Authorization", "Content-Type", "X-Any"}
	}
	url := start(lasts, s.put(s.source(t), s.advice(t, c).Text, nil), nil)
	wantAllowed(t, command, url, page.origin, false)
	wantBlocked(t, command, url, page.origin)
	assertVerdict(t, command, true,
		"-preflight-only", "-origin", page.origin, "-X", "DELETE", "-H", "X-Any: 1", url+"/users/7")
	page.addStackCalls(s.name+", everybody", url, false, "200")
	stranger.addStackCalls(s.name+", everybody", url, false, "200")
}

// printedFor returns what the command prints for a server that blocks a call.
func (s *stackServer) printedFor(t testing.TB, command corscheck, url, origin string) string {
	t.Helper()
	var report struct {
		Fix struct{ For, Text, Where string }
	}
	command.run(t, &report, append([]string{"-for", s.name}, stackPut(url, origin, true)...)...)
	assert.Equal(t, s.name, report.Fix.For)
	assert.Equal(t, s.advice(t, stacks.Change{Origins: []string{origin}}).Where, report.Fix.Where)
	if s.named { // the flag may be left out
		command.run(t, &report, stackPut(url, origin, true)...)
		assert.Equal(t, s.name, report.Fix.For)
	}
	return report.Fix.Text
}

// richOrigins are of all kinds that the layers have to compare: plain, longer than
// nginx's buckets, with brackets, and of schemes that some do not know.
var richOrigins = []string{
	stackOrigin,
	"https://" + strings.Repeat("a-long-name.", 12) + "example.com:8443",
	"http://[::1]:3000",
	"chrome-extension://abcdefghijklmnopabcdefghijklmnop",
}

// richChange has long lists, which no stack may cut.
func richChange(origins ...string) stacks.Change {
	c := stackChange(append(origins, richOrigins[1:]...)...)
	c.Methods = append(c.Methods, "PURGE", "M-SEARCH")
	for i := range 30 {
		c.Headers = append(c.Headers, fmt.Sprintf("X-Header-%d", i))
	}
	c.Exposed = []string{"ETag", "X-Id"}
	return c
}

// exposed returns the headers that a page may read, in lower case.
func exposed(t testing.TB, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/users/7", nil)
	require.NoError(t, err)
	r.Header.Set("Origin", stackOrigin)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return strings.ToLower(res.Header.Get("Access-Control-Expose-Headers"))
}

// wantDetected compares what the server's headers name with what it is. Some name
// nothing.
func (s *stackServer) wantDetected(t testing.TB, url string) {
	t.Helper()
	res, err := http.Get(url + "/users/7")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	name, ok := stacks.Detect(res.Header)
	assert.Equal(t, s.named, ok, "%v", res.Header)
	if ok {
		assert.Equal(t, s.name, name)
	}
}

// stackPut are the arguments of a PUT that needs a preflight for its method, for its
// body and for its token.
func stackPut(url, origin string, credentials bool) []string {
	args := []string{
		"-origin", origin, "-X", "PUT", "-H", "Content-Type: application/json", "-H", "Authorization: " + stackLogin,
		"-d", stackBody,
	}
	if credentials {
		args = append(args, "-credentials")
	}
	return append(args, url+"/users/7")
}

func wantBlocked(t testing.TB, command corscheck, url, origin string) {
	t.Helper()
	assertVerdict(t, command, false, stackPut(url, origin, true)...)
	assertVerdict(t, command, false, "-origin", origin, "-credentials", url+"/users/7")
}

// wantStranger makes sure that no answer grants a stranger anything.
func wantStranger(t testing.TB, command corscheck, url, origin string) {
	t.Helper()
	wantBlocked(t, command, url, origin)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodOptions} {
		for _, path := range []string{"/users/7", "/missing", "/crash"} {
			r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(stackBody))
			require.NoError(t, err)
			r.Header.Set("Origin", origin)
			if method == http.MethodOptions {
				r.Header.Set("Access-Control-Request-Method", http.MethodPut)
				r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
			}
			res, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Empty(t, res.Header["Access-Control-Allow-Origin"], "%s %s of a stranger", method, path)
		}
	}
}

func wantAllowed(t testing.TB, command corscheck, url, origin string, credentials bool) {
	t.Helper()
	assertVerdict(t, command, true, stackPut(url, origin, false)...)
	assertVerdict(t, command, true, "-origin", origin, url+"/users/7")
	assertVerdict(t, command, true, "-origin", origin, url+"/missing")
	assertVerdict(t, command, true, "-origin", origin, url+"/crash")
	if credentials {
		assertVerdict(t, command, true, stackPut(url, origin, true)...)
		assertVerdict(t, command, true, "-origin", origin, "-credentials", url+"/users/7")
	}
}

func assertVerdict(t testing.TB, command corscheck, want bool, args ...string) {
	t.Helper()
	var report struct {
		Allowed bool
		Engines map[string]struct{ Detail string }
	}
	command.run(t, &report, args...)
	assert.Equal(t, want, report.Allowed, "corscheck %q: %v", args, report.Engines)
}

// behaviour is what a client without an origin sees of a server.
func behaviour(t testing.TB, url string, calls []string) (seen []string) {
	t.Helper()
	for _, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(stackBody))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		allow := strings.Split(res.Header.Get("Allow"), ", ") // some servers have it in no order
		slices.Sort(allow)
		kind := res.Header.Get("Content-Type")
		seen = append(seen, fmt.Sprintf("%s: %d %s %s %.200s", call, res.StatusCode, kind, allow, body))
	}
	return seen
}

// addStackCalls adds what a page tries with a server whose policy lists it or not.
func (p *caller) addStackCalls(of, url string, credentials bool, want string) {
	body := stackBody
	token := map[string]string{"Authorization": stackLogin}
	both := map[string]string{"Authorization": stackLogin, "Content-Type": "application/json"}
	kinds := []string{"omit"}
	if credentials {
		kinds = append(kinds, "include")
	}
	for _, kind := range kinds {
		get := pageCall{Method: "GET", URL: url + "/users/7?get-" + kind, Headers: token}
		put := pageCall{Method: "PUT", URL: url + "/users/7?put-" + kind, Headers: both, Body: &body}
		for _, call := range []pageCall{get, put} {
			call.of, call.want, call.Credentials = of, want, kind
			p.add(call)
		}
	}
}

// The cases for the notes are what they are said to be: the calls without a cause are
// allowed, but for those that ask for what is not listed, and the others are blocked.
func TestStackCases(t *testing.T) {
	command := buildCorscheck(t)
	urls := make(map[string]string)
	for _, c := range stackCases() {
		t.Run(c.stack+"/"+c.configuration+"/"+c.call, func(inner *testing.T) {
			key := c.stack + " " + c.configuration
			if urls[key] == "" {
				urls[key] = startStack(t, c.stack, c.configuration)
			}
			want := c.cause == "" && c.call != "method" && c.call != "header"
			var report struct {
				Allowed bool
				Hints   []struct{ ID string }
				Engines map[string]struct{ Detail string }
			}
			command.run(inner, &report, append(c.args, urls[key]+"/users/7")...)
			assert.Equal(inner, want, report.Allowed, "corscheck %q: %v", c.args, report.Engines)
			inner.Log(c.cause, report.Hints, report.Engines["standard"])
		})
	}
}

package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

const (
	page = "https://app.example.com"
	api  = "https://api.example.com/users/7"
)

func TestFlags(t *testing.T) {
	body := func(s string) func(*config) { return func(c *config) { c.body, c.hasBody = s, true } }
	header := func(name string, values ...string) func(*config) { return func(c *config) { c.header[name] = values } }
	form := header("Content-Type", "application/x-www-form-urlencoded")
	post := func(c *config) { c.method = "POST" }
	file := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"a":1}`), 0o600))

	for _, tc := range []struct {
		name string
		args []string
		want []func(*config) // what differs from a plain GET
	}{
		{"no flags", nil, nil},
		{"a method", []string{"-X", "PUT"}, []func(*config){func(c *config) { c.method = "PUT" }}},
		{"a method, glued", []string{"-XPUT"}, []func(*config){func(c *config) { c.method = "PUT" }}},
		{"a method, long", []string{"--request", "PUT"}, []func(*config){func(c *config) { c.method = "PUT" }}},
		{"a method, after =", []string{"--request=PUT"}, []func(*config){func(c *config) { c.method = "PUT" }}},
		{"a header", []string{"-H", "X-A: 1"}, []func(*config){header("X-A", "1")}},
		{"a header, glued", []string{"-HX-A: 1=2"}, []func(*config){header("X-A", "1=2")}},
		{"a header twice", []string{"-H", "X-A: 1", "-H", "x-a:2"}, []func(*config){header("X-A", "1", "2")}},
		{"an empty header", []string{"-H", "X-A;"}, []func(*config){header("X-A", "")}},
		{"a header that curl leaves out", []string{"-H", "Accept:"}, nil},
		{"a User-Agent that the script sets", []string{"-H", "User-Agent: x"}, []func(*config){header("User-Agent", "x")}},
		{"data", []string{"-d", "a=1"}, []func(*config){post, form, body("a=1")}},
		{"data twice", []string{"-d", "a=1", "--data", "b=2"}, []func(*config){post, form, body("a=1&b=2")}},
		{"empty data", []string{"-d", ""}, []func(*config){post, form, body("")}},
		{"data of a type", []string{"-H", "Content-Type: application/json", "-d", "{}"}, []func(*config){post, header("Content-Type", "application/json"), body("{}")}},
		{"data with a method", []string{"-d", "a", "-X", "PUT"}, []func(*config){func(c *config) { c.method = "PUT" }, form, body("a")}},
		{"data of a file", []string{"-d", "@" + file}, []func(*config){post, form, body(`{"a":1}`)}},
		{"raw data", []string{"--data-raw", "@a"}, []func(*config){post, form, body("@a")}},
		{"data to encode", []string{"--data-urlencode", "a=1 2", "--data-urlencode", "&", "--data-urlencode", "=="}, []func(*config){post, form, body("a=1+2&%26&%3D")}},
		{"data in the URL", []string{"-G", "-d", "a=1"}, []func(*config){func(c *config) { c.url += "?a=1" }}},
		{"HEAD", []string{"-I"}, []func(*config){func(c *config) { c.method = "HEAD" }}},
		{"cookies", []string{"-b", "a=1; b=2"}, []func(*config){func(c *config) { c.cookie, c.credentials = "a=1; b=2", true }}},
		{"cookies twice", []string{"-b", "a=1", "-H", "Cookie: b=2"}, []func(*config){func(c *config) { c.cookie, c.credentials = "a=1; b=2", true }}},
		{"credentials", []string{"-credentials"}, []func(*config){func(c *config) { c.credentials = true }}},
		{"a user", []string{"-u", "a:b"}, []func(*config){header("Authorization", "Basic YTpi")}},
		{"any certificate", []string{"-k"}, []func(*config){func(c *config) { c.insecure = true }}},
		{"letters together", []string{"-sSkv"}, []func(*config){func(c *config) { c.insecure, c.verbose = true, true }}},
		{"letters together with a value", []string{"-kXPUT"}, []func(*config){func(c *config) { c.insecure, c.method = true, "PUT" }}},
		{"letters together, the value apart", []string{"-kX", "PUT"}, []func(*config){func(c *config) { c.insecure, c.method = true, "PUT" }}},
		{"a limit", []string{"-m", "2.5"}, []func(*config){func(c *config) { c.limit = 2500 * time.Millisecond }}},
		{"the least limit", []string{"-m", "1e-9"}, []func(*config){func(c *config) { c.limit = time.Millisecond }}},
		{"engines", []string{"-engine", "webkit, Standard,webkit"}, []func(*config){func(c *config) { c.engines = []corstest.Engine{corstest.EngineWebKit, corstest.EngineStandard} }}},
		{"JSON", []string{"-json"}, []func(*config){func(c *config) { c.json = true }}},
		{"JSON with two dashes", []string{"--json"}, []func(*config){func(c *config) { c.json = true }}},
		{"audit", []string{"-audit", "-fail-on", "HIGH"}, []func(*config){func(c *config) { c.audit, c.failOn = true, high }}},
		{"audit that never fails", []string{"-audit", "-fail-on=none"}, []func(*config){func(c *config) { c.audit, c.failOn = true, never }}},
		{"flags of curl that mean nothing here", []string{"-s", "--compressed", "-L", "-A", "agent", "--connect-timeout", "3", "-o/dev/null"}, nil},
		{"a preflight", []string{"-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT", "-X", "OPTIONS"}, []func(*config){func(c *config) {
			c.method, c.announced, c.preflightOnly = "PUT", "PUT", true
		}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := &config{url: api, origin: page, method: "GET", header: http.Header{}, limit: 10 * time.Second, engines: allEngines, failOn: medium}
			for _, change := range tc.want {
				change(want)
			}
			before, err := parseArgs(append(append([]string{"-origin", page}, tc.args...), api))
			require.NoError(t, err)
			before.query = false
			assert.Equal(t, want, before, "flags before the URL")
			after, err := parseArgs(append([]string{api, "--origin=" + page}, tc.args...))
			require.NoError(t, err)
			after.query = false
			assert.Equal(t, want, after, "flags after the URL")
		})
	}
}

func TestURLs(t *testing.T) {
	for _, tc := range []struct{ url, want string }{
		{"https://api.example.com", "https://api.example.com"},
		{"HTTP://api.example.com", "HTTP://api.example.com"},
		{"localhost:5000", "http://localhost:5000"},
		{"localhost/users", "http://localhost/users"},
		{"127.0.0.1:5000/users", "http://127.0.0.1:5000/users"},
		{"[::1]:5000", "http://[::1]:5000"},
		{"api.localhost:5000", "http://api.localhost:5000"},
	} {
		t.Run(tc.url, func(t *testing.T) {
			c, err := parseArgs([]string{"-origin", page, "--", tc.url})
			require.NoError(t, err)
			assert.Equal(t, tc.want, c.url)
		})
	}
}

// Each of these has to be one line that says what to do, before anything is sent.
func TestBadUsage(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, "no URL: name the address that the page calls"},
		{"no URL", []string{"-origin", page}, "no URL: name the address that the page calls"},
		{"no origin", []string{api}, "no -origin: name the origin of the page that calls, as in -origin https://app.example.com"},
		{"no origin copied", []string{"curl", api}, "the copied call has no Origin header: copy a call of a script to another origin, or add -origin https://app.example.com"},
		{"an origin with a slash", []string{"-origin", page + "/", api}, `-origin "https://app.example.com/": no page has this origin: browsers write scheme://host[:port], lower case, without a default port; did you mean "https://app.example.com"?`},
		{"an origin with a path", []string{"-origin", page + "/users", api}, `-origin "https://app.example.com/users": no page has this origin: browsers write scheme://host[:port], lower case, without a default port; did you mean "https://app.example.com"?`},
		{"an origin without scheme", []string{"-origin", "app.example.com", api}, `-origin "app.example.com": no page has this origin: browsers write scheme://host[:port], lower case, without a default port`},
		{"an unknown engine", []string{"-origin", page, "-engine", "chromium,gecko", api}, `-engine "gecko": the engines are standard, chromium, firefox and webkit`},
		{"an empty engine", []string{"-origin", page, "-engine", "", api}, `-engine "": the engines are standard, chromium, firefox and webkit`},
		{"a header without colon", []string{"-origin", page, "-H", "X-A 1", api}, `-H "X-A 1" has no colon: write a header as 'Name: value'`},
		{"a header that is no token", []string{"-origin", page, "-H", "X A: 1", api}, `-H "X A": not a token`},
		{"a header that scripts cannot set", []string{"-origin", page, "-H", "Referer: x", api}, `-H "Referer": browsers forbid scripts to set this header`},
		{"a method that scripts cannot use", []string{"-origin", page, "-X", "TRACE", api}, `-X "TRACE": browsers forbid scripts to use this method`},
		{"GET with a body", []string{"-origin", page, "-X", "GET", "-d", "a", api}, `-d: browsers send no body with GET; leave it out, or name another method with -X`},
		{"a URL without scheme", []string{"-origin", page, "api.example.com/users"}, `the URL "api.example.com/users" has no scheme; did you mean "https://api.example.com/users"?`},
		{"a URL of another scheme", []string{"-origin", page, "ftp://api.example.com"}, `the URL "ftp://api.example.com" begins with "ftp": only http and https are under CORS`},
		{"a URL without host", []string{"-origin", page, "https:///users"}, `the URL "https:///users": no host`},
		{"a URL with a bad port", []string{"-origin", page, "https://a.example:99999"}, `the URL "https://a.example:99999": the port is out of range`},
		{"a URL that is none", []string{"-origin", page, "http://[::1"}, `the URL "http://[::1": not a URL`},
		{"a path alone", []string{"-origin", page, "/users"}, `"/users" is not a URL`},
		{"an empty URL", []string{"-origin", page, ""}, `the URL is empty`},
		{"a URL with a password", []string{"-origin", page, "https://a:b@api.example.com/"}, `the URL "https://a:b@api.example.com/": scripts cannot put a user name or password into a URL`},
		{"two URLs", []string{"-origin", page, api, "https://b.example"}, `two URLs, "https://api.example.com/users/7" and "https://b.example": check one at a time, and put quotes around what has spaces`},
		{"an unknown flag", []string{"-origin", page, "--frobnicate", api}, `"--frobnicate" is not a flag of corscheck`},
		{"an unknown letter", []string{"-origin", page, "-kZ", api}, `"-kZ" is not a flag of corscheck`},
		{"a flag without its value", []string{api, "-origin"}, `-origin needs a value after it`},
		{"a letter without its value", []string{api, "-kX"}, `-X needs a value after it`},
		{"a value too many", []string{"-credentials=yes", api}, `-credentials takes no value`},
		{"a limit of nothing", []string{"-m", "0", api}, `-m "0": give a number of seconds, from above 0 to 3600`},
		{"a limit that is no number", []string{"-m", "NaN", api}, `-m "NaN": give a number of seconds, from above 0 to 3600`},
		{"a limit with a unit", []string{"-m", "10s", api}, `-m "10s": give a number of seconds, from above 0 to 3600`},
		{"a file of cookies", []string{"-b", "cookies.txt", api}, `-b "cookies.txt": write cookies as 'name=value; name=value'; files of cookies are not read`},
		{"a file that is not there", []string{"-d", "@no-such-file", api}, `-d: open no-such-file: no such file or directory`},
		{"a severity", []string{"-fail-on", "info", api}, `-fail-on "info": the severities are high, medium, low and none`},
		{"preflight only, without a preflight", []string{"-origin", page, "-preflight-only", api}, `-preflight-only: browsers send no preflight for this call, so there is nothing to check`},
		{"an audit of the own origin", []string{"-audit", "-origin", "https://api.example.com", api}, `-origin https://api.example.com is the URL's own, and its pages are under no policy: name the origin of another page`},
		{"an audit for null", []string{"-audit", "-origin", "null", api}, `-origin null: name an origin that the policy is meant for; the audit tries null by itself`},
		{"a control character", []string{"-origin", page, "-H", "a\x1b[31m", api}, `-H "a\x1b[31m" has no colon: write a header as 'Name: value'`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(tc.args, &stdout, &stderr, false)
			assert.Equal(t, exitUnknown, status)
			assert.Empty(t, stdout.String())
			assert.Equal(t, "corscheck: "+tc.want+"\nTry corscheck -help.\n", stderr.String())
		})
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitOK, run([]string{"-v", "-help"}, &stdout, &stderr, true))
	assert.Empty(t, stderr.String())
	assert.Equal(t, usage, stdout.String())
	for line := range strings.Lines(usage) {
		assert.LessOrEqual(t, len(line), width+1, line)
	}
	assert.Contains(t, usage, "Audit only servers that you are responsible for.")
	for _, name := range strings.Fields("origin X H d b credentials I k m engine preflight-only audit fail-on json v") {
		assert.Contains(t, usage, "\n  -"+name+" ")
		_, ok := find(name, false)
		assert.True(t, ok, name)
	}
}

// copied returns what a shell makes of text on the clipboard.
func copied(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "curl", file))
	require.NoError(t, err)
	if runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell")
	}
	cmd := exec.Command("bash", "-c", `curl() { printf '%s\0' curl "$@"; }; . /dev/stdin`)
	cmd.Stdin = bytes.NewReader(text)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	output, err := cmd.Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00")
}

func TestCopyAsCURL(t *testing.T) {
	put := func() *config {
		return &config{
			url: api + "?full=1", origin: page, method: "PUT",
			header: http.Header{
				"Accept":        {"application/json, text/plain, */*"},
				"Authorization": {"Bearer abc"},
				"Content-Type":  {"application/json"},
				"X-Tenant":      {"blue"},
			},
			body: `{"name":"O'Hara!","note":"a: b"}`, hasBody: true,
			cookie: `session=s%3A1; theme="dark"`, credentials: true,
			limit: 10 * time.Second, engines: allEngines, failOn: medium, copied: true,
		}
	}
	chromium := put()
	chromium.header["X-Empty"] = []string{""}
	chromium.insecure = true
	preflight := put()
	preflight.url, preflight.announced, preflight.preflightOnly = api, "PUT", true
	preflight.body, preflight.hasBody, preflight.cookie, preflight.credentials = "", false, "", false
	preflight.header = http.Header{"Accept": {"*/*"}, "Authorization": {`"announced"`}, "Content-Type": {"application/json"}, "X-Tenant": {`"announced"`}}
	get := put()
	get.url, get.method, get.body, get.hasBody, get.cookie, get.credentials = "https://api.example.com/users", "GET", "", false, "", false
	get.header = http.Header{"Accept": {"*/*"}}

	for _, tc := range []struct {
		file string
		want *config
	}{
		{"chromium.txt", chromium},
		{"firefox.txt", put()},
		{"safari.txt", put()},
		{"chromium-preflight.txt", preflight},
		{"chromium-get.txt", get},
	} {
		t.Run(tc.file, func(t *testing.T) {
			args := copied(t, tc.file)
			c, err := parseArgs(args)
			require.NoError(t, err)
			assert.Equal(t, tc.want, c)

			tc.want.json = true
			c, err = parseArgs(append([]string{"-json"}, args...))
			require.NoError(t, err)
			assert.Equal(t, tc.want, c, "a flag before the word curl")
			c, err = parseArgs(append(args, "-json"))
			require.NoError(t, err)
			assert.Equal(t, tc.want, c, "a flag at the end")
		})
	}
}

func TestCURLKeepsWhatScriptsSet(t *testing.T) {
	c, err := parseArgs([]string{
		"/usr/bin/curl", "--json", "{}", api, "-H", "origin: " + page, "-H", "cache-control: max-age=0", "-H", ":authority: api.example.com", "-XPATCH",
		"-H", "if-none-match: 1",
	})
	require.NoError(t, err)
	assert.Equal(t, http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"max-age=0"}, "If-None-Match": {"1"}}, c.header)
	assert.Equal(t, "PATCH", c.method)
	assert.Equal(t, "{}", c.body)
}

// Whatever the arguments are, there is a config or an error; a config is complete,
// and what it says can be said again in one plain way with the same result.
func FuzzArgs(f *testing.F) {
	for _, seed := range []string{
		"-origin\x00" + page + "\x00" + api,
		"curl\x00" + api + "\x00-H\x00origin: " + page + "\x00-X\x00PUT\x00--data-raw\x00{}\x00-b\x00a=1\x00--insecure",
		"-origin\x00null\x00-kXPUT\x00-HX-A;\x00localhost:1\x00-m\x003\x00-engine\x00webkit",
		"-audit\x00--fail-on=low\x00-G\x00-d\x00a\x00" + api,
		"--\x00-\x00-=\x00--=\x00-H:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x00")
		if strings.Contains(joined, "@") {
			t.Skip("names a file")
		}
		c, err := parseArgs(args)
		require.NotNil(t, c)
		if err != nil {
			assert.ErrorIs(t, err, errUsage)
			return
		}
		if c.help {
			return
		}
		require.NotEmpty(t, c.url)
		require.NotEmpty(t, c.origin)
		require.NotEmpty(t, c.method)
		require.NotEmpty(t, c.engines)
		assert.Positive(t, c.limit)

		plain := []string{"-origin", c.origin, "-X", c.method, "-m", "1"}
		for name, values := range c.header {
			for _, value := range values {
				if value == "" {
					plain = append(plain, "-H", name+";")
					continue
				}
				plain = append(plain, "-H", name+": "+value)
			}
		}
		if c.hasBody {
			plain = append(plain, "--data-raw", c.body)
		}
		if c.cookie != "" {
			plain = append(plain, "-b", c.cookie)
		}
		again, err := parseArgs(append(plain, "--", c.url))
		require.NoError(t, err)
		assert.Equal(t, []any{c.url, c.origin, c.method, c.header, c.body, c.hasBody, c.cookie},
			[]any{again.url, again.origin, again.method, again.header, again.body, again.hasBody, again.cookie})

		// No argument can make the check panic, or send what no script can.
		if o, err := newOutcome(c); err == nil {
			assert.True(t, fetch.IsToken(o.sendMethod), o.sendMethod)
			assert.Contains(t, []string{"http", "https"}, o.target.Scheme)
		}
	})
}

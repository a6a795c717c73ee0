package main

import (
	"bytes"
	"io"
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
	"example.com/cors/internal/stacks"
)

const (
	page = "https://app.example.com"
	api  = "https://api.example.com/users/7"
)

// A command is what parseArgs returns.
type command struct {
	flags flags
	call  call
}

func parse(args []string) (*command, error) { return parseWith(nil, args...) }

func parseWith(stdin io.Reader, args ...string) (*command, error) {
	f, c, err := parseArgs(args, stdin)
	return &command{*f, *c}, err
}

func TestFlags(t *testing.T) {
	body := func(s string) func(*command) { return func(c *command) { c.call.body, c.call.hasBody = s, true } }
	header := func(name string, values ...string) func(*command) {
		return func(c *command) { c.call.header[name] = values }
	}
	form := header("Content-Type", "application/x-www-form-urlencoded")
	post := func(c *command) { c.call.method = "POST" }
	file := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"a":1}`), 0o600))

	for _, tc := range []struct {
		name string
		args []string
		want []func(*command) // what differs from a plain GET
	}{
		{"no flags", nil, nil},
		{"a method", []string{"-X", "PUT"}, []func(*command){func(c *command) { c.call.method = "PUT" }}},
		{"a method, glued", []string{"-XPUT"}, []func(*command){func(c *command) { c.call.method = "PUT" }}},
		{"a method, long", []string{"--request", "PUT"}, []func(*command){func(c *command) { c.call.method = "PUT" }}},
		{"a method, after =", []string{"--request=PUT"}, []func(*command){func(c *command) { c.call.method = "PUT" }}},
		{"a header", []string{"-H", "X-A: 1"}, []func(*command){header("X-A", "1")}},
		{"a header, glued", []string{"-HX-A: 1=2"}, []func(*command){header("X-A", "1=2")}},
		{"a header twice", []string{"-H", "X-A: 1", "-H", "x-a:2"}, []func(*command){header("X-A", "1", "2")}},
		{"an empty header", []string{"-H", "X-A;"}, []func(*command){header("X-A", "")}},
		{"a header that curl leaves out", []string{"-H", "Accept:"}, nil},
		{"a User-Agent that the script sets", []string{"-H", "User-Agent: x"}, []func(*command){header("User-Agent", "x")}},
		{"data", []string{"-d", "a=1"}, []func(*command){post, form, body("a=1")}},
		{"data twice", []string{"-d", "a=1", "--data", "b=2"}, []func(*command){post, form, body("a=1&b=2")}},
		{"empty data", []string{"-d", ""}, []func(*command){post, form, body("")}},
		{
			"data of a type", []string{"-H", "Content-Type: application/json", "-d", "{}"},
			[]func(*command){post, header("Content-Type", "application/json"), body("{}")},
		},
		{
			"data with a method", []string{"-d", "a", "-X", "PUT"},
			[]func(*command){func(c *command) { c.call.method = "PUT" }, form, body("a")},
		},
		{"data of a file", []string{"-d", "@" + file}, []func(*command){post, form, body(`{"a":1}`)}},
		{"raw data", []string{"--data-raw", "@a"}, []func(*command){post, form, body("@a")}},
		{
			"data to encode", []string{"--data-urlencode", "a=1 2", "--data-urlencode", "&", "--data-urlencode", "=="},
			[]func(*command){post, form, body("a=1+2&%26&%3D")},
		},
		{"data in the URL", []string{"-G", "-d", "a=1"}, []func(*command){func(c *command) { c.call.url += "?a=1" }}},
		{"HEAD", []string{"-I"}, []func(*command){func(c *command) { c.call.method = "HEAD" }}},
		{
			"cookies", []string{"-b", "a=1; b=2"},
			[]func(*command){func(c *command) { c.call.cookie, c.call.credentials = "a=1; b=2", true }},
		},
		{
			"cookies twice", []string{"-b", "a=1", "-H", "Cookie: b=2"},
			[]func(*command){func(c *command) { c.call.cookie, c.call.credentials = "a=1; b=2", true }},
		},
		{"credentials", []string{"-credentials"}, []func(*command){func(c *command) { c.call.credentials = true }}},
		{"a user", []string{"-u", "a:b"}, []func(*command){header("Authorization", "Basic YTpi")}},
		{"any certificate", []string{"-k"}, []func(*command){func(c *command) { c.flags.insecure = true }}},
		{
			"letters together", []string{"-sSkv"},
			[]func(*command){func(c *command) { c.flags.insecure, c.flags.verbose = true, 1 }},
		},
		{
			"letters together with a value", []string{"-kXPUT"},
			[]func(*command){func(c *command) { c.flags.insecure, c.call.method = true, "PUT" }},
		},
		{
			"letters together, the value apart", []string{"-kX", "PUT"},
			[]func(*command){func(c *command) { c.flags.insecure, c.call.method = true, "PUT" }},
		},
		{"a limit", []string{"-m", "2.5"}, []func(*command){func(c *command) { c.flags.limit = 2500 * time.Millisecond }}},
		{"the least limit", []string{"-m", "1e-9"}, []func(*command){func(c *command) { c.flags.limit = time.Millisecond }}},
		{
			"engines", []string{"-engine", "webkit, Standard,webkit"},
			[]func(*command){
				func(c *command) { c.flags.engines = []corstest.Engine{corstest.EngineWebKit, corstest.EngineStandard} },
			},
		},
		{"JSON", []string{"-json"}, []func(*command){func(c *command) { c.flags.json = true }}},
		{"JSON with two dashes", []string{"--json"}, []func(*command){func(c *command) { c.flags.json = true }}},
		{
			"audit", []string{"-audit", "-fail-on", "HIGH"},
			[]func(*command){func(c *command) { c.flags.audit, c.flags.failOn = true, high }},
		},
		{
			"audit that never fails", []string{"-audit", "-fail-on=none"},
			[]func(*command){func(c *command) { c.flags.audit, c.flags.failOn = true, never }},
		},
		{
			"flags of curl that mean nothing here",
			[]string{"-s", "--compressed", "-L", "-A", "Mozilla/5.0", "--connect-timeout", "3", "-o/dev/null"}, nil,
		},
		{"the preflight of an upload with progress", []string{"-X", "OPTIONS", "-H", "Access-Control-Request-Method: POST"},
			[]func(*command){func(c *command) {
				c.call.method, c.flags.preflightOnly, c.call.upload = "POST", true, true
			}}},
		{"a preflight", []string{
			"-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT", "-X", "OPTIONS",
		}, []func(*command){func(c *command) {
			c.call.method, c.flags.preflightOnly = "PUT", true
		}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := &command{
				flags{limit: 10 * time.Second, engines: allEngines, failOn: medium},
				call{url: api, origin: page, method: "GET", header: http.Header{}},
			}
			for _, change := range tc.want {
				change(want)
			}
			before, err := parse(append(append([]string{"-origin", page}, tc.args...), api))
			require.NoError(t, err)
			assert.Equal(t, want, before, "flags before the URL")
			after, err := parse(append([]string{api, "--origin=" + page}, tc.args...))
			require.NoError(t, err)
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
			c, err := parse([]string{"-origin", page, "--", tc.url})
			require.NoError(t, err)
			assert.Equal(t, tc.want, c.call.url)
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
		{"nothing", nil, "no URL: name the address that the page calls, or paste the call: corscheck -"},
		{
			"no URL", []string{"-origin", page}, "no URL: name the address that the page calls, or paste the call: corscheck -",
		},
		{
			"no origin", []string{api},
			"no -origin: name the origin of the page that calls, as in -origin https://app.example.com",
		},
		{
			"no origin copied", []string{"Curl.EXE", api},
			"the copied call names no page, in Origin or in Referer: add -origin https://app.example.com",
		},
		{
			"an origin with a slash", []string{"-origin", page + "/", api},
			`-origin "https://app.example.com/": no page has this origin: browsers write scheme://host[:port], lower case, ` +
				`without a default port; did you mean "https://app.example.com"?`,
		},
		{
			"an origin with a path", []string{"-origin", page + "/users", api},
			`-origin "https://app.example.com/users": no page has this origin: browsers write scheme://host[:port], lower ` +
				`case, without a default port; did you mean "https://app.example.com"?`,
		},
		{
			"an origin without scheme", []string{"-origin", "app.example.com", api},
			`-origin "app.example.com": no page has this origin: browsers write scheme://host[:port], lower case, without a ` +
				`default port; did you mean "https://app.example.com"?`,
		},
		{
			"an unknown engine", []string{"-origin", page, "-engine", "chromium,gecko", api},
			`-engine "gecko": the engines are standard, chromium, firefox and webkit`,
		},
		{
			"an empty engine", []string{"-origin", page, "-engine", "", api},
			`-engine "": the engines are standard, chromium, firefox and webkit`,
		},
		{
			"a header without colon", []string{"-origin", page, "-H", "X-A 1", api},
			`-H "X-A 1" has no colon: write a header as 'Name: value'`,
		},
		{"a header that is no token", []string{"-origin", page, "-H", "X A: 1", api}, `-H "X A": not a token`},
		{
			"a header that scripts cannot set", []string{"-origin", page, "-H", "Referer: x", api},
			`-H "Referer": browsers forbid scripts to set this header`,
		},
		{
			"a method that scripts cannot use", []string{"-origin", page, "-X", "TRACE", api},
			`-X "TRACE": browsers forbid scripts to use this method`,
		},
		{
			"GET with a body", []string{"-origin", page, "-X", "GET", "-d", "a", api},
			`-d: browsers send no body with GET; leave it out, or name another method with -X`,
		},
		{
			"a URL without scheme", []string{"-origin", page, "api.example.com/users"},
			`the URL "api.example.com/users" has no scheme; did you mean "https://api.example.com/users"?`,
		},
		{
			"a URL of another scheme", []string{"-origin", page, "ftp://api.example.com"},
			`the URL "ftp://api.example.com" begins with "ftp": only http and https are under CORS`,
		},
		{"a URL without host", []string{"-origin", page, "https:///users"}, `the URL "https:///users": no host`},
		{
			"a URL with a bad port", []string{"-origin", page, "https://a.example:99999"},
			`the URL "https://a.example:99999": the port is out of range`,
		},
		{"a URL that is none", []string{"-origin", page, "http://[::1"}, `the URL "http://[::1": not a URL`},
		{"a path alone", []string{"-origin", page, "/users"}, `"/users" is not a URL, it has no host: ` +
			`write it out, as in "https://api.example.com/users"`},
		{"an empty URL", []string{"-origin", page, ""}, `the URL is empty`},
		{
			"a URL with a password", []string{"-origin", page, "https://a:b@api.example.com/"},
			`the URL "https://…@api.example.com/": scripts cannot put a user name or password into a URL`,
		},
		{
			"two URLs", []string{"-origin", page, api, "https://b.example"},
			`two URLs, "https://api.example.com/users/7" and "https://b.example": check one at a time, and put quotes ` +
				`around what has spaces`,
		},
		{"an unknown flag", []string{"-origin", page, "--frobnicate", api}, `"--frobnicate" is not a flag of corscheck`},
		{"an unknown letter", []string{"-origin", page, "-kW", api}, `"-kW" is not a flag of corscheck`},
		{"a flag without its value", []string{api, "-origin"}, `-origin needs a value after it`},
		{"a letter without its value", []string{api, "-kX"}, `-X needs a value after it`},
		{
			"a value too many", []string{"-credentials=yes", api},
			`-credentials="yes": write -credentials, or -credentials=omit`,
		},
		{"a limit of nothing", []string{"-m", "0", api}, `-m "0": give a number of seconds, from above 0 to 3600`},
		{
			"a limit that is no number", []string{"-m", "NaN", api}, `-m "NaN": give a number of seconds, from above 0 to 3600`,
		},
		{"a limit with a unit", []string{"-m", "10s", api}, `-m "10s": give a number of seconds, from above 0 to 3600`},
		{
			"a file of cookies", []string{"-b", "cookies.txt", api},
			`-b "cookies.txt": write cookies as 'name=value; name=value'; files of cookies are not read`,
		},
		{
			"a file that is not there", []string{"-d", "@no-such-file", api},
			`-d: open no-such-file: no such file or directory`,
		},
		{
			"a stack", []string{"-for", "rails", api},
			`-for "rails": the stacks are go, express, fastify, koa, nginx, apache, caddy, haproxy, flask, fastapi, django, ` +
				`rack, php, tomcat`,
		},
		{
			"a severity", []string{"-fail-on", "severe", api},
			`-fail-on "severe": the severities are high, medium, low, info and none`,
		},
		{
			"preflight only, without a preflight", []string{"-origin", page, "-preflight-only", api},
			`-preflight-only: browsers send no preflight for this call, so there is nothing to check`,
		},
		{
			"an audit of the own origin", []string{"-audit", "-origin", "https://api.example.com", api},
			`-origin https://api.example.com is the URL's own, and its pages are under no policy: name the origin of ` +
				`another page`,
		},
		{
			"an audit for null", []string{"-audit", "-origin", "null", api},
			`-origin null: name an origin that the policy is meant for; the audit tries null by itself`,
		},
		{
			"two pasted calls", []string{"curl 'https://a.example'", "curl 'https://b.example'"},
			"two calls are pasted: check one at a time",
		},
		{"a value for a switch", []string{"-json=yes", api}, "-json takes no value"},
		{
			"a cookie with a line break", []string{"-origin", page, "-b", "a=1\nb=2", api},
			"-b: the cookies have a line break or NUL in them",
		},
		{
			"a long body", []string{"-origin", page, "-d", strings.Repeat("a", maxBody+1), api},
			"-d: the body is longer than 8 MB",
		},
		{
			"a control character", []string{"-origin", page, "-H", "a\x1b[31m", api},
			`-H "a\x1b[31m" has no colon: write a header as 'Name: value'`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(tc.args, nil, &stdout, &stderr, false)
			assert.Equal(t, exitUnknown, status)
			assert.Empty(t, stdout.String())
			assert.Equal(t, "corscheck: "+tc.want+"\nTry corscheck -help.\n", stderr.String())
		})
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitOK, run([]string{"-v", "-help"}, nil, &stdout, &stderr, true))
	assert.Empty(t, stderr.String())
	assert.Equal(t, usage, stdout.String())
	for line := range strings.Lines(usage) {
		assert.LessOrEqual(t, len(line), width+1, line)
	}
	assert.Contains(t, usage, "servers that you are responsible for")
	assert.LessOrEqual(t, strings.Count(usage, "\n"), 46, "one screen")
	for _, name := range strings.Fields("origin X H d b credentials k m engine preflight-only upload-progress " +
		"no-probe for audit fail-on M json v") {
		assert.Contains(t, usage, "\n  -"+name+" ")
		_, ok := find(name, false)
		assert.True(t, ok, name)
	}
}

func TestListOfStacks(t *testing.T) {
	for _, args := range [][]string{{"-for", "?"}, {"-origin", page, "--for=?", api}} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitOK, run(args, nil, &stdout, &stderr, true))
		assert.Empty(t, stderr.String())
		assert.Equal(t, stacks.Names(), strings.Fields(stdout.String()))
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
	put := func() *command {
		return &command{
			flags{limit: 10 * time.Second, engines: allEngines, failOn: medium},
			call{
				url: api + "?full=1", origin: page, method: "PUT",
				header: http.Header{
					"Accept":        {"application/json, text/plain, */*"},
					"Authorization": {"Bearer abc"},
					"Content-Type":  {"application/json"},
					"X-Tenant":      {"blue"},
				},
				body: `{"name":"O'Hara!","note":"a: b"}`, hasBody: true,
				cookie: `session=s%3A1; theme="dark"`, credentials: true, originFrom: "Origin",
			},
		}
	}
	chromium := put()
	chromium.call.header["X-Empty"] = []string{""}
	chromium.flags.insecure = true
	preflight := put()
	preflight.call.url, preflight.flags.preflightOnly = api, true
	preflight.call.body, preflight.call.hasBody, preflight.call.cookie = "", false, ""
	preflight.call.credentials, preflight.call.credentialsUnknown = false, true
	preflight.call.header = http.Header{
		"Accept": {"*/*"}, "Authorization": {`"announced"`},
		"Content-Type": {"application/json"}, "X-Tenant": {`"announced"`},
	}
	get := put()
	get.call.url, get.call.method, get.call.body, get.call.hasBody = "https://api.example.com/users", "GET", "", false
	get.call.cookie, get.call.credentials, get.call.credentialsUnknown = "", false, true
	get.call.header = http.Header{"Accept": {"*/*"}}

	for _, tc := range []struct {
		file string
		want *command
	}{
		{"chromium.txt", chromium},
		{"firefox.txt", put()},
		{"safari.txt", put()},
		{"chromium-preflight.txt", preflight},
		{"chromium-get.txt", get},
	} {
		t.Run(tc.file, func(t *testing.T) {
			args := copied(t, tc.file)
			c, err := parse(args)
			require.NoError(t, err)
			assert.Equal(t, tc.want, c)

			// What the shell makes of the text, the text itself has to tell.
			text, err := os.ReadFile(filepath.Join("testdata", "curl", tc.file))
			require.NoError(t, err)
			c, err = parse([]string{string(text)})
			require.NoError(t, err)
			assert.Equal(t, tc.want, c, "as one argument")
			c, err = parse([]string{filepath.Join("testdata", "curl", tc.file)})
			require.NoError(t, err)
			assert.Equal(t, tc.want, c, "as a file")
			c, err = parseWith(bytes.NewReader(text), "-")
			require.NoError(t, err)
			assert.Equal(t, tc.want, c, "from the standard input")

			tc.want.flags.json = true
			c, err = parse(append([]string{"-json"}, args...))
			require.NoError(t, err)
			assert.Equal(t, tc.want, c, "a flag before the word curl")
			c, err = parse(append(args, "-json"))
			require.NoError(t, err)
			assert.Equal(t, tc.want, c, "a flag at the end")
		})
	}
}

func TestCURLKeepsWhatScriptsSet(t *testing.T) {
	c, err := parse([]string{
		"/usr/bin/curl", "--json", "{}", api, "-H", "origin: " + page, "-H", "cache-control: max-age=0", "-H",
		":authority: api.example.com", "-XPATCH",
		"-H", "if-none-match: 1",
	})
	require.NoError(t, err)
	assert.Equal(t, http.Header{
		"Accept": {"application/json"}, "Content-Type": {"application/json"}, "Cache-Control": {"max-age=0"},
		"If-None-Match": {"1"},
	}, c.call.header)
	assert.Equal(t, "PATCH", c.call.method)
	assert.Equal(t, "{}", c.call.body)
}

// Whatever the arguments are, there is a call or an error; a call is complete,
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
		c, err := parse(args)
		require.NotNil(t, c)
		if err != nil {
			assert.ErrorAs(t, err, new(usageError))
			return
		}
		if c.flags.help || c.flags.version {
			return
		}
		require.NotEmpty(t, c.call.url)
		require.NotEmpty(t, c.call.origin)
		require.NotEmpty(t, c.call.method)
		require.NotEmpty(t, c.flags.engines)
		assert.Positive(t, c.flags.limit)

		plain := []string{"-origin", c.call.origin, "-X", c.call.method, "-m", "1"}
		for name, values := range c.call.header {
			for _, value := range values {
				if value == "" {
					plain = append(plain, "-H", name+";")
					continue
				}
				plain = append(plain, "-H", name+": "+value)
			}
		}
		if c.call.hasBody {
			plain = append(plain, "--data-raw", c.call.body)
		}
		if c.call.cookie != "" {
			plain = append(plain, "-b", c.call.cookie)
		}
		again, err := parse(append(plain, "--", c.call.url))
		require.NoError(t, err)
		assert.Equal(t, []any{
			c.call.url, c.call.origin, c.call.method, c.call.header, c.call.body, c.call.hasBody, c.call.cookie,
		},
			[]any{
				again.call.url, again.call.origin, again.call.method, again.call.header, again.call.body,
				again.call.hasBody, again.call.cookie,
			})

		// No argument can make the check panic, or send what no script can.
		if p, err := newPlan(&c.call); err == nil {
			assert.True(t, fetch.IsToken(p.method), p.method)
			assert.Contains(t, []string{"http", "https"}, p.target.Scheme)
		}
	})
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
	"example.com/cors/internal/test/browser"
)

// What the table expects is what a browser does by the Fetch standard.
func TestRows(t *testing.T) {
	const page = "http://localhost:3000"
	for i, row := range rows {
		t.Run(row.Title, func(t *testing.T) {
			a := newAPI(page, nil)
			b := corstest.Browser{Handler: a}
			var cookies []*http.Cookie
			blocked, got, last := false, "", ""
			for _, c := range row.Calls {
				require.False(t, blocked, "only the last call may be blocked")
				last = fmt.Sprintf("%s?run=%d", c.Path, i)
				r := corstest.Request{
					Origin: page, Method: c.Init.Method, URL: "http://localhost:5000" + last,
					Header: make(http.Header), Credentials: c.Init.Credentials == "include", Cookies: cookies,
				}
				for name, value := range c.Init.Headers {
					r.Header.Set(name, value)
				}
				if c.Init.Body != "" {
					r.Body = strings.NewReader(c.Init.Body)
				}
				res, err := b.Fetch(r)
				if err != nil {
					var refused *corstest.BlockedError
					require.ErrorAs(t, err, &refused)
					blocked, got = true, ""
					continue
				}
				cookies = res.Response.Cookies()
				body, err := io.ReadAll(res.Response.Body)
				require.NoError(t, err)
				got = strings.TrimSpace(string(body))
				if row.Header != "" {
					got = "null"
					if res.Header.Get(row.Header) != "" {
						got = res.Header.Get(row.Header)
					}
					assert.NotEmpty(t, res.Response.Header.Get(row.Header), "the header is sent in any case")
				}
			}
			assert.Equal(t, row.Blocked, blocked)
			assert.Equal(t, row.Preflights, a.preflights(last))
			if row.Got != "" {
				assert.Equal(t, row.Got, got)
			}
		})
	}
}

// The page finds in each engine what the table expects, and says that it is done.
func TestPageInBrowsers(t *testing.T) {
	for _, b := range browser.Installed(t) {
		t.Run(b.Name, func(t *testing.T) {
			p := start(t)
			r := browser.Await(b.Open(t, p.page), p.reports)
			assert.Equal(t, fmt.Sprintf("done: %d of %[1]d as expected", len(rows)), r.Status)
			require.Len(t, r.Rows, len(rows))
			for i, row := range rows {
				assert.Equal(t, row.Blocked, r.Rows[i].Blocked, row.Title)
				if row.Got != "" {
					assert.Equal(t, row.Got, r.Rows[i].Got, row.Title)
				}
				assert.Equal(t, row.Preflights, r.Rows[i].Preflights, row.Title)
			}
		})
	}
}

func TestPlaygroundTellsWhatHappens(t *testing.T) {
	p := start(t)
	for _, line := range []string{
		"curl -i -X OPTIONS -H 'Origin: " + p.page + "' -H 'Access-Control-Request-Method: PUT' " + p.api + "/notes\n",
		"curl -i -X OPTIONS -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: PUT' " + p.api + "/notes\n",
		"curl -i -X PUT -H 'Origin: " + p.page + "' -d '{}' " + p.api + "/notes\n",
	} {
		assert.Contains(t, p.output.String(), line)
	}
	res, body := get(t, p.page)
	assert.Equal(t, "text/html; charset=utf-8", res.Header.Get("Content-Type"))
	api, err := json.Marshal(p.api)
	require.NoError(t, err)
	assert.Contains(t, strings.ReplaceAll(body, `\/`, "/"), "const api = "+string(api))
	res, _ = get(t, p.page+"/nothing")
	assert.Equal(t, http.StatusNotFound, res.StatusCode)

	ask := func(origin, method string) {
		r, err := http.NewRequest(http.MethodOptions, p.api+"/notes?run=1", nil)
		require.NoError(t, err)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", method)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	ask(p.page, "PUT")
	ask("http://evil.example", "PUT")
	output := p.output.String()
	assert.Contains(t, output, `msg="CORS preflight granted" origin=`+p.page)
	assert.Contains(t, output, `msg="CORS preflight refused" origin=http://evil.example`)
	assert.NotContains(t, output, "time=")
	_, count := get(t, p.page+"/preflights?url="+url.QueryEscape("/notes?run=1"))
	assert.Equal(t, "2", count)

	res, err = http.Post(p.page+"/done", "application/json", strings.NewReader("not JSON"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusBadRequest, res.StatusCode)

	p.stop()
	assert.NoError(t, <-p.ended)
	assert.Contains(t, p.output.String(), "The playground is closed.")
	_, err = net.Dial("tcp", strings.TrimPrefix(p.api, "http://"))
	assert.Error(t, err, "it still listens")
}

// The README shows what curl prints.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(readme), "\n    curl -i -X OPTIONS http://localhost:5000")
	require.True(t, found)
	command, rest, _ := strings.Cut(block, "\n\n")
	answer, _, _ := strings.Cut(rest, "\n\n")

	path, headers, _ := strings.Cut(command, " ")
	r := httptest.NewRequest(http.MethodOptions, "http://localhost:5000"+path, nil)
	for _, m := range regexp.MustCompile(`-H '(.+): (.+)'`).FindAllStringSubmatch(headers, -1) {
		r.Header.Set(m[1], m[2])
	}
	require.Len(t, r.Header, 3)
	w := httptest.NewRecorder()
	newAPI("http://localhost:3000", nil).ServeHTTP(w, r)
	want := "HTTP/1.1 " + w.Result().Status
	for _, name := range slices.Sorted(maps.Keys(w.Header())) {
		want += "\n" + name + ": " + w.Header().Get(name)
	}
	answer, _, found = strings.Cut(strings.ReplaceAll(strings.TrimSpace(answer), "\n    ", "\n"), "\nDate: ")
	assert.True(t, found, "a server adds it")
	assert.Equal(t, want, answer)
}

func TestCountingIsBounded(t *testing.T) {
	a := newAPI("http://localhost:3000", nil)
	for i := range 2*maxCounted + 1 {
		_, err := corstest.Fetch(a, corstest.Request{Origin: "http://localhost:3000", Method: "PUT", URL: fmt.Sprintf("http://localhost:5000/notes?%d", i)})
		require.NoError(t, err)
		require.LessOrEqual(t, len(a.count), maxCounted)
	}
	long := "/notes?" + strings.Repeat("a", 1<<20)
	_, err := corstest.Fetch(a, corstest.Request{Origin: "http://localhost:3000", Method: "PUT", URL: "http://localhost:5000" + long})
	require.NoError(t, err)
	assert.Zero(t, a.preflights(long))
}

func TestBadArguments(t *testing.T) {
	taken, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"page in use":  {[]string{"-page", "localhost:" + port}, "if the port is in use, choose another: -page localhost:0"},
		"api in use":   {[]string{"-page", "localhost:0", "-api", "localhost:" + port}, "if the port is in use, choose another: -api localhost:0"},
		"no port":      {[]string{"-page", "localhost"}, "-page localhost: not a host and a port, as in localhost:8080"},
		"argument":     {[]string{"8080"}, `unexpected argument "8080"`},
		"unknown flag": {[]string{"-port", "1"}, "flag provided but not defined: -port (there are only -page and -api)"},
		"no such port": {[]string{"-page", "localhost:99999"}, "99999: invalid port"},
		"odd host":     {[]string{"-page", "[::ffff:127.0.0.1]:0"}, "-page [::ffff:127.0.0.1]:0: browsers do not spell it so"},
	} {
		t.Run(name, func(t *testing.T) {
			out := new(output)
			err := playground{out: out}.run(context.Background(), tc.args)
			assert.ErrorContains(t, err, tc.want)
			assert.Empty(t, out.String(), "the error says it all")
		})
	}
}

// Browsers look for localhost at both loopback addresses, so that somebody else's
// server at either would answer in the playground's place.
func TestLocalhostIsBothLoopbackAddresses(t *testing.T) {
	p := start(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(p.api, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "::1"} {
		if host == "::1" && !hasIPv6() {
			t.Skip("this machine has no IPv6")
		}
		res, body := get(t, "http://"+net.JoinHostPort(host, port)+"/missing")
		assert.Equal(t, http.StatusNotFound, res.StatusCode)
		assert.Equal(t, "404 page not found\n", body)
	}

	taken, err := net.Listen("tcp", "[::1]:0")
	require.NoError(t, err)
	defer taken.Close()
	port = fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	err = playground{out: new(output)}.run(context.Background(), []string{"-page", "localhost:0", "-api", "localhost:" + port})
	assert.ErrorContains(t, err, "-api localhost:0")
}

func TestOriginOf(t *testing.T) {
	for _, tc := range []struct{ host, port, want string }{
		{"localhost", "3000", "http://localhost:3000"},
		{"localhost", "80", "http://localhost"},
		{"", "3000", "http://localhost:3000"},
		{"0.0.0.0", "3000", "http://localhost:3000"},
		{"::", "3000", "http://localhost:3000"},
		{"127.0.0.1", "443", "http://127.0.0.1:443"},
		{"0:0:0:0:0:0:0:1", "3000", "http://[::1]:3000"},
		{"::1", "80", "http://[::1]"},
		{"app.test", "3000", "http://app.test:3000"},
	} {
		got, err := originOf(tc.host, tc.port)
		assert.NoError(t, err)
		assert.Equal(t, tc.want, got)
	}
	_, err := originOf("::ffff:127.0.0.1", "3000")
	assert.ErrorContains(t, err, `did you mean "http://[::ffff:7f00:1]:3000"?`)
}

func TestHelp(t *testing.T) {
	out := new(output)
	require.NoError(t, playground{out: out}.run(context.Background(), []string{"-h"}))
	assert.Contains(t, out.String(), `(default "localhost:3000")`)
	assert.Contains(t, out.String(), `(default "localhost:5000")`)
}

// A running is a playground under test.
type running struct {
	page, api string
	output    *output
	reports   chan report
	stop      context.CancelFunc
	ended     chan error
}

// start runs a playground on ports that are free.
func start(t *testing.T) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{output: new(output), reports: make(chan report, 1), stop: stop, ended: make(chan error, 1)}
	p := playground{out: r.output, done: func(d report) { r.reports <- d }}
	t.Cleanup(stop)
	go func() { r.ended <- p.run(ctx, []string{"-page", "localhost:0", "-api", "localhost:0"}) }()
	require.Eventually(t, func() bool { return strings.Contains(r.output.String(), "What the middleware decides") }, time.Minute, time.Millisecond)
	_, err := fmt.Sscanf(strings.TrimSpace(r.output.String()), "The page: %s", &r.page)
	require.NoError(t, err)
	_, rest, _ := strings.Cut(r.output.String(), "The API:")
	_, err = fmt.Sscan(rest, &r.api)
	require.NoError(t, err)
	return r
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

// An output is a terminal that many write to at once.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

func TestTerminal(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out := new(live.Output)
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-page", "localhost:0", "-other", "localhost:0", "-api", ":0"}, out)
	}()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "What the middleware decides") },
		time.Minute, time.Millisecond)
	found := regexp.MustCompile(`Open this in a browser: (\S+)\nThe API that it calls:  ` +
		`(\S+)\n`).FindStringSubmatch(out.String())
	require.NotNil(t, found)
	page, api := found[1], found[2]
	for _, line := range []string{
		"curl -i -X OPTIONS -H 'Origin: " + page + "' -H 'Access-Control-Request-Method: PUT' " + api + "/notes\n",
		"curl -i -X OPTIONS -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: PUT' " + api + "/notes\n",
		"go run ./cmd/corscheck -origin https://evil.example -X PUT " + api + "/notes\n",
	} {
		assert.Contains(t, out.String(), line)
	}

	for _, origin := range []string{page, "http://evil.example"} {
		r, err := http.NewRequest(http.MethodOptions, api+"/notes", nil)
		require.NoError(t, err)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "PUT")
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	assert.Contains(t, out.String(), `msg="CORS preflight granted" origin=`+page)
	assert.Contains(t, out.String(), `msg="CORS preflight refused" origin=http://evil.example`)
	assert.NotContains(t, out.String(), "time=")

	stop()
	assert.NoError(t, <-ended)
	assert.Contains(t, out.String(), "The playground is closed.")
	_, err := net.Dial("tcp", strings.TrimPrefix(api, "http://"))
	assert.Error(t, err, "it still listens")
}

func TestBadArguments(t *testing.T) {
	taken, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	const flags, inUse = "the flags are -page, -other and -api", "another program has this port; end it, or write "
	const only = "the playground listens on localhost only; "
	free := []string{"-page", "localhost:0", "-other", "localhost:0"}
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"page in use":   {[]string{"-page", "localhost:" + port}, inUse + "-page localhost:0"},
		"other in use":  {[]string{"-page", "localhost:0", "-other", "localhost:" + port}, inUse + "-other localhost:0"},
		"api in use":    {append(free, "-api", "localhost:"+port), inUse + "-api localhost:0"},
		"argument":      {[]string{"8080"}, `unexpected argument "8080": ` + flags},
		"unknown flag":  {[]string{"-port", "1"}, "flag provided but not defined: -port (" + flags + ")"},
		"no value":      {[]string{"-page"}, "flag needs an argument: -page (" + flags + ")"},
		"no port":       {[]string{"-page", "localhost"}, "-page localhost: no port; write a host and a port"},
		"empty port":    {[]string{"-page", "localhost:"}, "-page localhost:: no port; write"},
		"empty":         {[]string{"-page", ""}, "no port; write"},
		"port alone":    {[]string{"-page", "3000"}, "-page 3000: write localhost:3000"},
		"URL":           {[]string{"-page", "http://localhost:3000/"}, "write localhost:3000"},
		"large port":    {[]string{"-page", "localhost:99999"}, `-page localhost:99999: "99999" is no port; write a number`},
		"negative port": {[]string{"-page", "localhost:-1"}, `"-1" is no port`},
		"named port":    {append(free, "-api", "localhost:http"), `-api localhost:http: "http" is no port`},
		"blocked port":  {[]string{"-page", "localhost:6000"}, "-page localhost:6000: browsers open nothing on this port"},
		"every address": {[]string{"-page", "0.0.0.0:3000"}, "-page 0.0.0.0:3000: " + only + "write localhost:3000"},
		"one address":   {[]string{"-page", "[::1]:3000"}, only + "write localhost:3000"},
		"other machine": {append(free, "-api", "192.0.2.1:5000"), "-api 192.0.2.1:5000: " + only},
	} {
		t.Run(name, func(t *testing.T) {
			out := new(live.Output)
			assert.ErrorContains(t, run(t.Context(), tc.args, out), tc.want)
			assert.Empty(t, out.String(), "the error says it all")
		})
	}
}

// Two flags with one port are told from a port that another program has. Such a program
// may take any port that is free, so some are tried.
func TestSamePort(t *testing.T) {
	var err error
	for range 20 {
		l, listenErr := net.Listen("tcp", "localhost:0")
		require.NoError(t, listenErr)
		port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
		require.NoError(t, l.Close())
		err = run(t.Context(), []string{"-page", "localhost:" + port, "-other", ":" + port}, new(live.Output))
		if err == nil || !strings.Contains(err.Error(), "another program has this port") {
			break
		}
	}
	assert.ErrorContains(t, err, "-page and -other are both")
}

// Browsers look for localhost at both loopback addresses. Another program at one of
// them would answer in the playground's place.
func TestLocalhostIsBothLoopbackAddresses(t *testing.T) {
	v := newVenue(t)
	for _, host := range []string{"127.0.0.1", "::1"} {
		if host == "::1" && !hasIPv6() {
			t.Skip("this machine has no IPv6")
		}
		res, body := get(t, "http://"+net.JoinHostPort(host, strings.TrimPrefix(v.API, "http://localhost:"))+"/missing")
		assert.Equal(t, http.StatusNotFound, res.StatusCode)
		assert.Equal(t, "404 page not found\n", body)
	}

	taken, err := net.Listen("tcp", "[::1]:0")
	require.NoError(t, err)
	defer taken.Close()
	_, _, err = listen("api", fmt.Sprintf("localhost:%d", taken.Addr().(*net.TCPAddr).Port))
	assert.ErrorContains(t, err, "-api localhost:0")
}

func TestOriginsAt(t *testing.T) {
	assert.Equal(t,
		origins{
			"http://localhost", "http://localhost:3001", "http://127.0.0.1", "http://localhost:443", "http://127.0.0.1:443",
		},
		originsAt("80", "3001", "443"))
}

func TestHelp(t *testing.T) {
	out := new(live.Output)
	require.NoError(t, run(t.Context(), []string{"-h"}, out))
	for _, addr := range []string{"localhost:3000", "localhost:3001", "localhost:5000"} {
		assert.Contains(t, out.String(), `(default "`+addr+`")`)
	}
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

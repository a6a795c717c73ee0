package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/fetch"
)

// asCommand is the variable that makes the test's program be the command.
const asCommand = "CORSCHECK_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(run(os.Args[1:], nil, os.Stdout, os.Stderr, false))
	}
	os.Exit(m.Run())
}

// allowedBy lists the engines that let a call through.
func allowedBy(o jsonOutcome) (engines string) {
	for _, e := range allEngines {
		if name := strings.ToLower(e.String()); o.Engines[name].Allowed {
			engines += " " + name
		}
	}
	return strings.TrimSpace(engines)
}

const everybody = "standard chromium firefox webkit"

// V1: a page calls its own server. It is sent, and CORS has a part only if a redirect
// leaves the server.
func TestSameOrigin(t *testing.T) {
	elsewhere := serve(t, application(405))
	allows := serve(t, policy{allow: echo})
	to := ""
	s := &sink{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, to, http.StatusFound)
		case "/within":
			http.Redirect(w, r, "/users/7", http.StatusFound)
		}
	})}
	url := strings.TrimSuffix(serve(t, s), "/users/7")
	for _, tc := range []struct {
		name, path, to string
		args           []string
		allowed        bool
		cause          string
		seen           []string
	}{
		{"no redirect", "/users/7", "", []string{"-X", "DELETE"}, true, "same-origin", []string{"DELETE /users/7"}},
		{"a redirect within", "/within", "", nil, true, "same-origin", []string{"GET /within", "GET /users/7"}},
		{"a redirect to another origin without CORS", "/away", elsewhere, nil, false, "no-cors-layer",
			[]string{"GET /away"}},
		{"a redirect to another origin that allows it", "/away", allows, nil, true, "", []string{"GET /away"}},
		{"a redirect to a login elsewhere", "/away", strings.Replace(elsewhere, "/users/7", "/login", 1), nil, false,
			"login-redirect", []string{"GET /away"}},
		{"a write that is redirected", "/away", elsewhere, put, false, "options-not-routed", []string{"PUT /away {}"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.seen, to = nil, tc.to
			cause, o := causeOf(t, append(append([]string{"-origin", url}, tc.args...), url+tc.path)...)
			assert.Equal(t, tc.allowed, o.Allowed)
			assert.Equal(t, tc.cause, cause)
			assert.Equal(t, tc.seen, s.seen)
		})
	}
}

// V2: whatever engines, redirects and questions do, a request that writes reaches a server
// once.
func TestWritesAreSentOnce(t *testing.T) {
	var mu sync.Mutex
	var writes []string
	count := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			if !isSafe(r.Method) {
				writes = append(writes, fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body))
			}
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
	}
	open := policy{allow: echo, preflight: []string{fetch.AllowHeaders + ": Idempotency-Key, X-Idempotency-Key"}}
	second := serve(t, count(open))
	redirects := before(open, says(func(r *http.Request) bool { return !onOptions(r) }, 307, "Location: "+second,
		fetch.AllowOrigin+": *"))
	breaksOff := before(open, func(_ http.ResponseWriter, r *http.Request) bool {
		if !isSafe(r.Method) {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	for _, tc := range []struct {
		name   string
		server http.Handler
		args   []string
		want   []string
	}{
		{"a PUT", open, put, []string{"PUT /users/7 {}"}},
		{"a PUT behind a redirect", redirects, put, []string{"PUT /users/7 {}", "PUT /users/7 {}"}},
		// once at each server
		{"a POST of a form behind a redirect", redirects, []string{"-d", "a=1"}, []string{"POST /users/7 a=1",
			"POST /users/7 a=1"}},
		{"a form that is blocked, and questions", application(200), []string{"-d", "a=1"}, []string{"POST " +
			"/users/7 a=1"}},
		{"a DELETE that is blocked, and questions", lost(open,
			func(r *http.Request) bool { return r.Method == "DELETE" }, 200), []string{"-X", "DELETE"},
			[]string{"DELETE /users/7 "}},
		{"credentials that are not known", open, []string{"curl", "-X", "PUT"}, []string{"PUT /users/7 "}},
		{"a User-Agent that Chromium does not announce", policy{allow: only(page),
			preflight: replace(fetch.AllowHeaders, "User-Agent")},
			[]string{"-X", "PUT", "-H", "User-Agent: sdk/1"}, []string{"PUT /users/7 "}},
		{"a connection that breaks, and a key that lets net/http repeat", breaksOff, append([]string{"-H",
			"Idempotency-Key: 1"}, put...), []string{"PUT /users/7 {}"}},
		{"a DELETE without a body on one", breaksOff, []string{"-X", "DELETE", "-H", "X-Idempotency-Key: 1"},
			[]string{"DELETE /users/7 "}},
		{"-preflight-only", open, append([]string{"-preflight-only"}, put...), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mu.Lock()
			writes = nil
			mu.Unlock()
			url := serve(t, count(tc.server))
			var stdout, stderr bytes.Buffer
			run(append(append([]string{"-origin", page}, tc.args...), url), nil, &stdout, &stderr, false)
			mu.Lock()
			assert.Equal(t, tc.want, writes, "%s%s", &stdout, &stderr)
			mu.Unlock()
			for _, line := range []string{"BLOCKED", "ALLOWED"} {
				assert.LessOrEqual(t, strings.Count(stdout.String(), line), 1, "identical lines are not printed twice")
			}
		})
	}
}

// V3: a listener for the progress of an upload turns a call without a preflight into one
// with.
func TestUploadProgress(t *testing.T) {
	fails := before(policy{allow: only(page)}, says(onOptions, 500))
	types := map[string][]string{
		"a form":      {"-d", "a=1"},
		"multipart":   {"-H", "Content-Type: multipart/form-data; boundary=x", "-d", "--x--"},
		"text":        {"-H", "Content-Type: text/plain", "-d", "hello"},
		"cookies too": {"-d", "a=1", "-credentials"},
	}
	for name, args := range types {
		t.Run(name, func(t *testing.T) {
			var server http.Handler = fails
			if name == "cookies too" { // whose preflight lacks credentials
				server = policy{allow: only(page), actual: withCookies}
			}
			url := serve(t, server)
			cause, o := causeOf(t, append(args, "-origin", page, url)...)
			assert.True(t, o.Allowed)
			assert.Equal(t, "upload-progress", cause)
			assert.Contains(t, o.Hints[0].Detail, "it fails here")
			assert.Len(t, o.Questions, 1)

			cause, o = causeOf(t, append(args, "-no-probe", "-origin", page, url)...)
			assert.Equal(t, "upload-progress", cause)
			assert.Contains(t, o.Hints[0].Detail, "which was not tried")

			cause, o = causeOf(t, append(args, "-upload-progress", "-origin", page, url)...)
			assert.False(t, o.Allowed)
			assert.NotContains(t, cause, "upload-progress")
			assert.True(t, o.Exchanges[0].Preflight)

			cause, _ = causeOf(t, append(args, "-origin", page, serve(t, policy{allow: only(page),
				lines: withCookies}))...)
			assert.Empty(t, cause, "a preflight that passes")
		})
	}
	cause, _ := causeOf(t, append(put, "-origin", page, serve(t, good))...)
	assert.Empty(t, cause, "a call that has a preflight anyway")
	cause, _ = causeOf(t, "-origin", page, serve(t, fails))
	assert.Empty(t, cause, "a call without a body")
}

// V4: Chromium does not announce a User-Agent that a script sets, and sends its own.
func TestUserAgentOfAScript(t *testing.T) {
	url := serve(t, good)
	for _, args := range [][]string{
		{"-origin", page, "-H", "User-Agent: my-sdk/1.0", url},
		{"curl", url, "-H", "Origin: " + page, "-H", "User-Agent: my-sdk/1.0"},
	} {
		var o jsonOutcome
		runJSON(t, &o, args...)
		assert.Equal(t, "chromium", allowedBy(o), "%v", args)
	}
	var o jsonOutcome
	runJSON(t, &o, "curl", url, "-H", "Origin: "+page, "-H", "User-Agent: Mozilla/5.0 (X11) Chrome/156")
	assert.Equal(t, everybody, allowedBy(o), "the browser's own")
}

// V5: an https page that calls http on the own network. Nothing is sent there: a proxy on
// this machine answers.
func TestPrivateNetworkOverHTTP(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.URL.String())
		mu.Unlock()
		w.Header().Set(fetch.AllowOrigin, "*")
	}))
	t.Cleanup(proxy.Close)
	for _, tc := range []struct {
		host, allowed, cause string
	}{
		{"192.168.7.7", "chromium", "mixed-content, local-network"},
		{"10.0.0.1:8080", "chromium", "mixed-content, local-network"},
		{"[fd00::1]", "chromium", "mixed-content, local-network"},
		{"169.254.1.1", "chromium", "mixed-content, local-network"},
		{"printer.local", "chromium", "mixed-content, local-network"},
		{"printer.localdomain.example", "", "mixed-content"},
		{"8.8.8.8", "", "mixed-content"},
		{"intranet.example.com", "", "mixed-content"},
	} {
		t.Run(tc.host, func(t *testing.T) {
			mu.Lock()
			seen = nil
			mu.Unlock()
			cmd := exec.Command(os.Args[0], "-json", "-origin", page, "http://"+tc.host+"/x")
			cmd.Env = append(os.Environ(), asCommand+"=1", "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL)
			output, err := cmd.Output()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s", output)
			assert.Equal(t, exitFailed, exit.ExitCode())
			var o jsonOutcome
			require.NoError(t, json.Unmarshal(output, &o))
			assert.Equal(t, tc.allowed, allowedBy(o))
			var ids []string
			for _, n := range o.Hints {
				ids = append(ids, n.ID)
			}
			assert.Equal(t, tc.cause, strings.Join(ids, ", "))
			mu.Lock()
			defer mu.Unlock()
			if tc.allowed == "" {
				assert.Empty(t, seen)
			} else {
				assert.Equal(t, []string{"GET http://" + tc.host + "/x"}, seen)
			}
		})
	}
}

// V6: a server behind TLS that redirects to http.
func TestDowngrade(t *testing.T) {
	to := ""
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(fetch.AllowOrigin, page)
		w.Header().Set(fetch.AllowMethods, "PUT")
		w.Header().Set(fetch.AllowHeaders, "Content-Type")
		if r.URL.Path == "/users" && (!isPreflight(r) || r.URL.Query().Has("all")) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusMovedPermanently)
		}
	}))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = nil
	host := strings.TrimPrefix(s.URL, "https://")
	for _, tc := range []struct{ name, to, path, says string }{
		{"elsewhere", "http://api.example.com/users/", "/users", "spells it: https://api.example.com/users/."},
		{"on this host", "http://" + host + "/users/", "/users", "X-Forwarded-Proto"},
		{"a preflight", "http://" + host + "/users/", "/users?all", "spells it: https://" + host + "/users/."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			to = tc.to
			cause, o := causeOf(t, append(put, "-k", "-origin", page, s.URL+tc.path)...)
			assert.False(t, o.Allowed)
			assert.Equal(t, "https-downgrade", cause)
			assert.Contains(t, o.Hints[0].Detail, tc.says)
			assert.Empty(t, o.Fix.Header, "no line helps")
			_, text := runText(t, false, append(put, "-k", "-origin", page, s.URL+tc.path)...)
			assert.NotContains(t, text, "Serve the API over https")
			if tc.name == "elsewhere" {
				assert.NotContains(t, text, "In the answer to", "nothing answered there")
			}
		})
	}
}

// V7: what browsers do not take for an answer.
func TestAnswersThatBrowsersRefuse(t *testing.T) {
	switching := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		writeAll(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nAccess-Control-Allow-Origin: *\r\n\r\n", 1)
	})
	long := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(fetch.AllowOrigin, "*")
		for i := range 300 {
			w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("a", 1000))
		}
	}))
	proxyAuth := http.StatusProxyAuthRequired
	var o jsonOutcome
	for url, allowed := range map[string]string{
		switching: "standard firefox",
		long:      "standard firefox webkit",
		serve(t, before(nil, says(onAll, proxyAuth, fetch.AllowOrigin+": *"))): "standard firefox webkit",
	} {
		assert.Equal(t, exitFailed, runJSON(t, &o, "-origin", page, url))
		assert.Equal(t, allowed, allowedBy(o))
		assert.Empty(t, o.Fix.Header, "no line helps")
	}
	runJSON(t, &o, "-X", "PUT", "-origin", page, serve(t, policy{allow: only(page), preflightStatus: proxyAuth}))
	assert.Empty(t, allowedBy(o))
	assert.NotEmpty(t, o.Fix.Header, "with another status")
}

// V8: the standard blocks the call, and every browser lets it through.
func TestStandardAlone(t *testing.T) {
	args := []string{"-origin", page, "-H", "Authorization: Bearer 1", serve(t, policy{allow: only(page),
		preflight: replace(fetch.AllowHeaders, "*")})}
	status, text := runText(t, false, args...)
	assert.Equal(t, exitOK, status)
	verdicts := text[strings.Index(text, "\n\nALLOWED"):]
	assert.True(t, strings.HasPrefix(verdicts, "\n\nALLOWED by Chromium, Firefox, WebKit\n"), verdicts)
	assert.Contains(t, verdicts, "\nBlocked by the Fetch standard alone\n")
	assert.Contains(t, text, "Note: Every browser that was asked lets this call through today")
	assert.NotContains(t, text, "is not sent")

	cause, o := causeOf(t, args...)
	assert.True(t, o.Allowed)
	assert.Equal(t, "standard-differs", cause)
	assert.Empty(t, o.Fix.Header)
}

// H2: a copied call does not tell whether it has credentials.
func TestCredentialsUnknown(t *testing.T) {
	for _, tc := range []struct {
		name   string
		server http.Handler
		cause  string
	}{
		{"for all origins", policy{allow: always("*")}, "credentials-unknown"},
		{"without Allow-Credentials", policy{allow: only(page)}, "credentials-unknown"},
		{"with it", policy{allow: only(page), lines: withCookies}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &sink{Handler: tc.server}
			f, c, err := parseArgs(append(put, "-origin", page, serve(t, s)), nil)
			require.NoError(t, err)
			c.credentialsUnknown = true
			o, err := check(t.Context(), f, c)
			require.NoError(t, err)
			assert.True(t, o.allowed())
			var ids []string
			for _, n := range o.notes() {
				if n.ID != "local-network" {
					ids = append(ids, n.ID)
				}
			}
			assert.Equal(t, tc.cause, strings.Join(ids, ", "))
			assert.Equal(t, []string{"OPTIONS /users/7", "PUT /users/7 {}"}, s.seen)
		})
	}
}

// What is asked besides is at most eight GETs and preflights, carries nothing of the call
// but its origin, and is shown.
func TestQuestions(t *testing.T) {
	for name, server := range map[string]http.Handler{
		"nothing of CORS": before(nil, says(onAll, 200)), "404": before(nil, says(onAll, 404)), "403": before(nil,
			says(onAll, 403)),
		"a cache": cachedFor(before(nil, says(onAll, 200)), "Age: 1"), "an unlisted origin": policy{}, "a " +
			"login": before(nil, says(onAll, 401)),
	} {
		for _, call := range [][]string{
			{"-H", "Authorization: Bearer secret", "-b", "session=secret"},
			{"-X", "PUT", "-d", "secret", "-H", "X-Api-Key: secret", "-b", "session=secret"},
			{"-d", "secret", "-credentials"},
		} {
			t.Run(name, func(t *testing.T) {
				s := &sink{Handler: server}
				var o jsonOutcome
				runJSON(t, &o, append(call, "-origin", page, serve(t, s))...)
				assert.LessOrEqual(t, len(o.Questions), maxQuestions)
				require.Len(t, s.seen, len(o.Exchanges)+len(o.Questions))
				for i, seen := range s.seen[len(o.Exchanges):] {
					h := s.headers[len(o.Exchanges)+i]
					assert.Regexp(t, `^(GET|OPTIONS) \S+$`, seen)
					for _, name := range []string{"Cookie", "Authorization", "X-Api-Key", "Content-Type"} {
						assert.Empty(t, h[name])
					}
					assert.NotEmpty(t, o.Questions[i].Asks)
					assert.Equal(t, strings.Fields(seen)[0], o.Questions[i].Request.Method)
				}
			})
		}
	}

	// An answer that says itself what is wrong with it is not asked about.
	for name, server := range map[string]http.Handler{
		"a method":    policy{allow: only(page), preflight: replace(fetch.AllowMethods, "GET")},
		"a header":    policy{allow: only(page), preflight: replace(fetch.AllowHeaders, "X-A")},
		"credentials": policy{allow: only(page)},
		"a slash":     policy{allow: always(page + "/")},
		"a redirect":  says2(302, "Location: /x"),
		"two layers":  policy{allow: only(page), lines: []string{fetch.AllowOrigin + ": " + page}},
		"what passes": policy{allow: only(page), lines: withCookies},
	} {
		var o jsonOutcome
		runJSON(t, &o, append(putWithCookies, "-origin", page, serve(t, server))...)
		assert.Empty(t, o.Questions, name)
	}

	_, text := runText(t, false, append(put, "-origin", page, serve(t, before(good, says(onOptions, 404))))...)
	assert.Contains(t, text, "\nAsked besides, without cookies:\n   ? may the page GET this URL? ")
	_, text = runText(t, false, append(put, "-v", "-origin", page, serve(t, before(good, says(onOptions, 404))))...)
	assert.Contains(t, text, "\n?  may the page GET this URL?\n")
}

// Questions end with the limit, and one that gets no answer changes nothing.
func TestQuestionsWithoutAnswers(t *testing.T) {
	var o jsonOutcome
	runLate(t, before(nil, says(onAll, 404)), 1, &o, append(put, "-origin", page, "URL")...)
	assert.Equal(t, "options-not-routed or origin-not-listed", causes(o))
	assert.Empty(t, o.Questions)
}

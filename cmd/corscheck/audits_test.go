package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/test/live"
)

// Several URLs are audited in one run, each as if it were alone.
func TestSeveralURLs(t *testing.T) {
	sound, holed := serve(t, good), serve(t, policy{allow: echo, lines: withCookies})
	down := closedServer(t)
	for _, tc := range []struct {
		name    string
		urls    []string
		status  int
		summary jsonSummary
	}{
		{"sound", []string{sound, sound + "/8"}, exitOK, jsonSummary{}},
		{"a hole", []string{sound, holed, sound}, exitFailed, jsonSummary{High: 1}},
		{"two holes", []string{holed, holed}, exitFailed, jsonSummary{High: 2}},
		{"a server that is down", []string{sound, down, sound}, exitUnknown, jsonSummary{Failed: 1}},
		{"a hole before a server that is down", []string{holed, down}, exitFailed, jsonSummary{High: 1, Failed: 1}},
		{"a hole after a server that is down", []string{down, holed}, exitFailed, jsonSummary{High: 1, Failed: 1}},
		{"servers that are down", []string{down, down}, exitUnknown, jsonSummary{Failed: 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args := append([]string{"-origin", page, "-audit"}, tc.urls...)
			var all struct {
				Version int
				Audits  []json.RawMessage
				Summary jsonSummary
			}
			assert.Equal(t, tc.status, runJSON(t, &all, args...))
			assert.Equal(t, jsonVersion, all.Version)
			assert.Equal(t, tc.summary, all.Summary)
			require.Len(t, all.Audits, len(tc.urls))
			for i, raw := range all.Audits {
				var one struct {
					jsonAudit
					ID, Error string
				}
				require.NoError(t, json.Unmarshal(raw, &one))
				assert.Equal(t, tc.urls[i], one.URL)
				assert.Equal(t, jsonVersion, one.Version)
				if tc.urls[i] == down {
					assert.Equal(t, "connection-refused", one.ID)
					assert.Contains(t, one.Error, "the connection was refused")
					assert.NotContains(t, string(raw), "findings")
					continue
				}
				var alone jsonAudit
				runJSON(t, &alone, "-origin", page, "-audit", tc.urls[i])
				assert.Equal(t, findingIDs(t, alone.Findings), findingIDs(t, one.Findings))
				assert.Equal(t, alone.Requests, one.Requests)
				assert.NotContains(t, string(raw), `"error"`)
			}

			var stdout, stderr bytes.Buffer
			assert.Equal(t, tc.status, run(args, nil, &stdout, &stderr, false))
			assert.Empty(t, stderr.String())
			text := stdout.String()
			_, summary, found := strings.Cut(text, "\n"+countsLine(len(tc.urls), tc.summary)+"\n")
			require.True(t, found, text)
			assert.Equal(t, len(tc.urls), strings.Count(text, "Audit of "))
			assert.Equal(t, len(tc.urls), strings.Count(summary, "\n"))
			for i, line := range strings.Split(strings.TrimSuffix(summary, "\n"), "\n") {
				assert.Contains(t, line, tc.urls[i])
			}
			assert.NotContains(t, text, "\n\n\n")
		})
	}
}

// closedServer returns a URL at which nothing listens.
func closedServer(t *testing.T) string {
	t.Helper()
	return "http://" + live.FreeAddress(t) + "/users/7"
}

func countsLine(urls int, s jsonSummary) string {
	return fmt.Sprintf("%d URLs: %d high, %d medium, %d low, %d info; %d not audited", urls, s.High, s.Medium, s.Low,
		s.Info, s.Failed)
}

// What is wrong with the command line is said before anything is sent.
func TestSeveralURLsOfWhichOneIsWrong(t *testing.T) {
	var requests atomic.Int32
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		good.ServeHTTP(w, r)
	}))
	for _, tc := range []struct{ url, want string }{
		{"api.example.com", `has no scheme`},
		{page, "is the URL's own"},
		{"https://a.example:99999", "the port is out of range"},
		{"", "the URL is empty"},
	} {
		var e jsonError
		assert.Equal(t, exitUnknown, runJSON(t, &e, "-audit", "-origin", page, url, tc.url))
		assert.Equal(t, "usage", e.ID)
		assert.Contains(t, e.Error, tc.want)
		assert.Zero(t, requests.Load())
	}
}

// -G puts the data into each URL, and one that is local needs no scheme.
func TestSeveralURLsAreCompleted(t *testing.T) {
	c, err := parse([]string{"-audit", "-origin", page, "localhost:5000", "localhost:5001/a?b=1", "-G", "-d", "c=2"})
	require.NoError(t, err)
	assert.Equal(t, "http://localhost:5000?c=2", c.call.url)
	assert.Equal(t, []string{"http://localhost:5001/a?b=1&c=2"}, c.flags.more)
}

// No URL's secrets are printed, also not by another.
func TestSeveralURLsShowNoSecrets(t *testing.T) {
	const secret = "s3cr3t-0f-the-second"
	url := serve(t, policy{allow: only(page), actual: []string{fetch.AllowOrigin + ":",
		fetch.AllowOrigin + ": https://" + secret + ".example"}})
	for _, form := range [][]string{nil, {"-v"}, {"-json"}} {
		var stdout, stderr bytes.Buffer
		run(append(form, "-audit", "-origin", page, url, url+"?token="+secret, closedServer(t)+"?token="+secret), nil,
			&stdout, &stderr, false)
		assert.NotContains(t, stdout.String()+stderr.String(), secret)
		assert.Contains(t, stdout.String(), "call-fails")
	}
}

// Flags that the other mode has are an error, never ignored.
func TestFlagsOfTheOtherMode(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"-audit", "-engine", "chromium"}, "-engine has no part in an audit: leave it out, or leave out -audit"},
		{[]string{"-preflight-only", "-audit"},
			"-preflight-only has no part in an audit: leave it out, or leave out -audit"},
		{[]string{"-no-probe", "-audit"}, "-no-probe has no part in an audit: leave it out, or leave out -audit"},
		{[]string{"-audit", "--for", "nginx"}, "-for has no part in an audit: leave it out, or leave out -audit"},
		{[]string{"-audit", "-send"}, "-send has no part in an audit: leave it out, or leave out -audit"},
		{[]string{"-fail-on", "low"}, "-fail-on is for an audit alone: add -audit, or leave it out"},
		{[]string{"-M", "3"}, "-M is for an audit alone: add -audit, or leave it out"},
		{[]string{"-M3"}, "-M is for an audit alone: add -audit, or leave it out"},
		{[]string{"-audit", "-M", "0"}, `-M "0": give a number of seconds, from above 0 to 3600`},
		{[]string{"-audit", "-M", "1m"}, `-M "1m": give a number of seconds, from above 0 to 3600`},
		{[]string{"-audit", "-fail-on", "medum"}, `-fail-on "medum": the severities are high, medium, low, info and none`},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, exitUnknown, run(append(tc.args, "-origin", page, api), nil, &stdout, &stderr, false))
			assert.Equal(t, "corscheck: "+tc.want+"\nTry corscheck -help.\n", stderr.String())
			assert.Empty(t, stdout.String())
		})
	}
	// Each flag is of the call, of the output, or of one mode.
	for _, f := range allFlags {
		assert.Contains(t, []string{"", "check", "audit"}, f.only, f.names)
	}
}

// runLate runs the command until the server of h is asked once more than so often: then its
// limit is over. It returns the exit status, and what is written without -json.
func runLate(t *testing.T, h http.Handler, after int32, into any, args ...string) (status int, text string) {
	t.Helper()
	ctx, over := context.WithCancel(t.Context())
	var n atomic.Int32
	url := serve(t, before(h, func(_ http.ResponseWriter, r *http.Request) bool {
		late := n.Add(1) > after
		if late {
			over()
			<-r.Context().Done()
		}
		return late
	}))
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "URL", url)
	}
	f, c, err := parseArgs(args, nil)
	require.NoError(t, err)
	m := newMask(f, c)
	found, err := examine(ctx, f, c, m, io.Discard)
	require.NoError(t, err)
	encoded, err := json.Marshal(found.json(m))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, into))
	var b bytes.Buffer
	found.writeTo(newReport(&b, f, m, false))
	return found.exit(f), b.String()
}

// -M ends the whole, however many URLs there are. What was found by then counts; nothing
// found is not the same as sound.
func TestLimitForTheWhole(t *testing.T) {
	t.Run("before the first answers", func(t *testing.T) {
		silent := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		var e jsonError
		assert.Equal(t, exitUnknown, runJSON(t, &e, "-audit", "-M", "0.3", "-origin", page, silent))
		assert.Equal(t, "limit", e.ID)
		assert.Contains(t, e.Error, "-M")
	})
	t.Run("while nothing is found", func(t *testing.T) {
		var a jsonAudit
		status, text := runLate(t, good, 10, &a, "-audit", "-origin", page, "URL")
		assert.Equal(t, exitUnknown, status)
		assert.Equal(t, "limit-reached", hintIDs(t, a.Hints))
		assert.Empty(t, a.Findings)
		assert.Equal(t, 11, a.Requests)
		assert.Contains(t, text, "Nothing found so far.")
		assert.NotContains(t, text, "Nothing found.")
	})
	t.Run("after something is found", func(t *testing.T) {
		var a jsonAudit
		status, _ := runLate(t, policy{allow: echo, lines: withCookies}, 10, &a, "-audit", "-origin", page, "URL")
		assert.Equal(t, exitFailed, status)
		assert.Equal(t, "high any-origin", findingIDs(t, a.Findings))
		assert.Equal(t, "limit-reached", hintIDs(t, a.Hints))
	})
	t.Run("several URLs", func(t *testing.T) {
		var all struct {
			Version int
			Audits  []json.RawMessage
			Summary jsonSummary
		}
		status, _ := runLate(t, good, 10, &all, "-audit", "-origin", page, "URL", "URL", "URL")
		assert.Equal(t, exitUnknown, status)
		assert.Equal(t, 3, all.Summary.Failed)
	})
	t.Run("long enough", func(t *testing.T) {
		var a jsonAudit
		assert.Equal(t, exitOK, runJSON(t, &a, "-audit", "-M", "300", "-origin", page, serve(t, good)))
		assert.Empty(t, a.Hints)
	})
}

// A server that limits the rate of requests keeps nobody out by that, and is left alone. Nor
// does one that has had enough, and refuses everybody.
// Of several audits the report says which did not come to their end.
func TestReportOfAuditsThatWereCutShort(t *testing.T) {
	var requests atomic.Int64
	busy := serve(t, before(good, func(w http.ResponseWriter, _ *http.Request) bool {
		isLate := requests.Add(1) > 20
		if isLate {
			w.WriteHeader(http.StatusTooManyRequests)
		}
		return isLate
	}))
	var stdout, stderr strings.Builder
	assert.Equal(t, exitUnknown, run([]string{"-audit", "-fail-on", "none", "-origin", page, busy, serve(t, good)}, nil,
		&stdout, &stderr, false))
	assert.Contains(t, stdout.String(), "2 URLs: 0 high, 0 medium, 0 low, 0 info; 1 not audited\n"+
		"  not audited to the end               "+busy+"\n  nothing found ")
}

func TestRateLimit(t *testing.T) {
	late := matching(`^https://app\.example\.com$|lovable\.app$`) // a hole that others come before
	breaksOff := func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	for _, tc := range []struct {
		name     string
		allow    func(string) string
		after    int64 // requests
		answer   func(http.ResponseWriter, *http.Request) bool
		status   int
		want     string
		requests int64 // at most
		says     string
	}{
		{"429", late, 20, says(onAll, 429), exitUnknown, "", 21, "request 21 with 429 Too Many Requests, and got no more"},
		{"503", late, 20, says(onAll, 503), exitUnknown, "", 21, "request 21 with 503 Service Unavailable"},
		{"429 to preflights", late, 20, says(onOptions, 429), exitUnknown, "", 60, "429"},
		{"429, and a hole", echo, 20, says(onAll, 429), exitFailed, "high any-origin", 21, "429"},
		{"403", late, 20, says(onAll, 403), exitUnknown, "", 60, "refuses what it allowed at first, with 403 Forbidden"},
		{"403, from the last but one on", only(page), 58, says(onAll, 403), exitUnknown, "", 60, "with 403 Forbidden"},
		{"a challenge", late, 20, says(onAll, 302, "Location: /challenge"), exitUnknown, "", 60, "with 302 Found"},
		{"no answer", late, 20, breaksOff, exitUnknown, "", 60, "breaks off"},
		{"403 to strangers", only(page), 0, says(isStranger, 403), exitOK, "", 60, ""},
		{"500 to strangers", only(page), 0, says(isStranger, 500), exitOK, "", 60, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var requests atomic.Int64
			limit := func(w http.ResponseWriter, r *http.Request) bool {
				return requests.Add(1) > tc.after && tc.answer(w, r)
			}
			var a jsonAudit
			status := runJSON(t, &a, "-audit", "-origin", page, serve(t, before(policy{allow: tc.allow,
				lines: withCookies}, limit)))
			assert.Equal(t, tc.want, findingIDs(t, a.Findings))
			assert.LessOrEqual(t, requests.Load(), tc.requests)
			if tc.says == "" {
				assert.Equal(t, exitOK, status)
				assert.Empty(t, a.Hints)
				assert.Equal(t, maxRequests, a.Requests)
				return
			}
			assert.Equal(t, tc.status, status)
			assert.Equal(t, "rate-limited", hintIDs(t, a.Hints))
			assert.Contains(t, a.Hints[0].Detail, tc.says)
		})
	}
}

// Where preflights alone let the page in, they are asked again.
func TestBanOfPreflights(t *testing.T) {
	var requests atomic.Int64
	url := serve(t, before(carrying("Access-Control-Request-Method", policy{allow: only(page)}, policy{}),
		func(w http.ResponseWriter, r *http.Request) bool {
			return requests.Add(1) > 20 && says(onOptions, 403)(w, r)
		}))
	var a jsonAudit
	assert.Equal(t, exitFailed, runJSON(t, &a, "-audit", "-origin", page, url))
	assert.Equal(t, "medium call-fails", findingIDs(t, a.Findings))
	assert.Equal(t, "rate-limited", hintIDs(t, a.Hints))
}

func isStranger(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin != "" && origin != page
}

// net/http repeats a GET if the connection breaks. That counts as a request too.
func TestRepeatedRequestsCount(t *testing.T) {
	var requests atomic.Int64
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := requests.Add(1); isStranger(r) && (n%3 == 0 || isGET(r)) {
			panic(http.ErrAbortHandler)
		}
		good.ServeHTTP(w, r)
	}))
	var a jsonAudit
	runJSON(t, &a, "-audit", "-origin", page, url)
	assert.LessOrEqual(t, int(requests.Load()), maxRequests)
	assert.LessOrEqual(t, int(requests.Load()), a.Requests)

	requests.Store(0)
	url = serve(t, before(good, func(http.ResponseWriter, *http.Request) bool {
		if requests.Add(1) >= maxRequests {
			panic(http.ErrAbortHandler)
		}
		return false
	}))
	runJSON(t, &a, "-audit", "-origin", page, url)
	assert.EqualValues(t, maxRequests, requests.Load())

	requests.Store(0)
	url = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := requests.Add(1); n%2 == 0 || n > 6 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	var o jsonOutcome
	runJSON(t, &o, append(put, "-origin", page, url)...)
	assert.Len(t, o.Exchanges, 1)
	assert.LessOrEqual(t, int(requests.Load()), 1+maxQuestions)
}

// HTTP/2 may repeat a request several times, and so step over the bound.
func TestMoreRequestsThanTheBound(t *testing.T) {
	x := &exchange{method: http.MethodGet}
	a := &audit{own: x, last: x}
	for sent, want := range map[int]bool{maxRequests - 1: false, maxRequests: true, maxRequests + 1: true} {
		a.sent = sent
		assert.Equal(t, want, a.isFull(), sent)
	}
	a.sent = maxRequests + 1
	assert.NoError(t, a.askAgain(t.Context()))
	_, err := a.send(t.Context(), http.MethodGet, page, "", nil)
	assert.ErrorIs(t, err, errTooMany)
}

// What cannot be written is no result: a full disk has the status 2.
func TestFullDisk(t *testing.T) {
	url := serve(t, good)
	for _, args := range [][]string{
		{"-audit", "-origin", page, url},
		{"-audit", "-json", "-origin", page, url},
		{"-audit", "-origin", page, url, url},
		{"-origin", page, url},
		{"-json", "-origin", page, url},
		{"-json", api},
		{"-help"},
	} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUnknown, run(args, nil, &disk{room: 10}, &stderr, false), "%v", args)
		assert.Contains(t, stderr.String(), "corscheck: the result could not be written: no room", "%v", args)
	}
	if runtime.GOOS != "linux" {
		return
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = full.Close() })
	var stderr bytes.Buffer
	assert.Equal(t, exitUnknown, run([]string{"-audit", "-origin", page, url}, nil, full, &stderr, false))
	assert.Contains(t, stderr.String(), "no space left on device")
	assert.Equal(t, 1, strings.Count(stderr.String(), "\n"))
}

// A disk has room for some bytes.
type disk struct{ room int }

func (d *disk) Write(b []byte) (int, error) {
	n := min(len(b), d.room)
	d.room -= n
	if n < len(b) {
		return n, errors.New("no room")
	}
	return n, nil
}

// Progress is one line, and nothing of it stays.
func TestProgress(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1") // which is about colours
	var out bytes.Buffer
	p := &progress{&out, nil}
	p.show("request 1")
	p.show(strings.Repeat("long ", 50) + "\nx")
	p.erase()
	screen, columns := terminal(out.String())
	assert.Empty(t, screen)
	assert.Less(t, columns, 80)
	assert.NotContains(t, out.String(), "\n")

	file, err := os.Create(t.TempDir() + "/err")
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // no file, as a terminal is none
	require.NoError(t, err)
	t.Cleanup(func() { _ = device.Close() })
	assert.Nil(t, newProgress(file, nil).out)
	assert.Nil(t, newProgress(&out, nil).out)
	assert.NotNil(t, newProgress(device, nil).out)
	t.Setenv("TERM", "dumb")
	assert.Nil(t, newProgress(device, nil).out)
	(&progress{}).show("nothing")
	(&progress{}).erase()
}

// An audit tells of each request before it sends it.
func TestProgressOfAnAudit(t *testing.T) {
	url := serve(t, good)
	f, c, err := parseArgs([]string{"-audit", "-origin", page, url, url + "8"}, nil)
	require.NoError(t, err)
	var shown []string
	all, err := auditAll(t.Context(), f, c, func(text string) { shown = append(shown, text) })
	require.NoError(t, err)
	sent := all.(audits)[0].audit.sent + all.(audits)[1].audit.sent
	assert.Len(t, shown, sent)
	assert.Equal(t, "URL 1 of 2, request 1 of 60 at most: GET as "+page, shown[0])
	assert.Equal(t, "URL 1 of 2, request 2 of 60 at most: GET as nobody", shown[1])
	assert.Contains(t, shown[len(shown)-1], "URL 2 of 2, request ")
}

// terminal returns what stands on the screen in the end, and how long its longest line was.
func terminal(written string) (screen string, columns int) {
	for part := range strings.SplitSeq(written, eraseLine) {
		screen = part
		columns = max(columns, len([]rune(part)))
	}
	return screen, columns
}

// Each error has an id for programs, also in an audit.
func TestErrorIDs(t *testing.T) {
	garbage := listen(t, func(conn net.Conn) {
		writeAll(conn, "220 mail.example ESMTP\r\n", 1)
		_, _ = io.Copy(io.Discard, conn)
	})
	hang := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	for _, tc := range []struct {
		id   string
		args []string
	}{
		{"usage", nil},
		{"usage", []string{"-frobnicate"}},
		{"usage", []string{"-origin", page, "ftp://a.example"}},
		{"connection-refused", []string{"-origin", page, closedServer(t)}},
		{"timeout", []string{"-m", "0.2", "-origin", page, hang}},
		{"closed", []string{"-origin", page, listen(t, func(net.Conn) {})}},
		{"no-http", []string{"-origin", page, garbage}},
		{"no-tls", []string{"-origin", page, strings.Replace(serve(t, good), "http:", "https:", 1)}},
	} {
		for _, mode := range []string{"", "-audit"} {
			var e jsonError
			args := tc.args
			if mode != "" {
				args = append([]string{mode}, args...)
			}
			assert.Equal(t, exitUnknown, runJSON(t, &e, args...))
			assert.Equal(t, tc.id, e.ID, "%v: %s", args, e.Error)
			assert.Equal(t, jsonVersion, e.Version)
			assert.NotEmpty(t, e.Error)
		}
	}
}

// The guide explains each id that a program may meet.
func TestIDsAreExplained(t *testing.T) {
	content, err := os.ReadFile(guide)
	require.NoError(t, err)
	for file, expr := range map[string]string{
		"findings.go":  `a\.report\("([a-z-]+)"`,
		"strangers.go": `\.add(?:Origin|UnlessIPv6)?\("([a-z-]+)"`,
		"client.go":    `return "([a-z0-9-]+)"(?:,|\n)`,
	} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		ids := regexp.MustCompile(expr).FindAllStringSubmatch(string(source), -1)
		assert.Greater(t, len(ids), 8, file)
		for _, m := range ids {
			assert.Regexp(t, `(?m)^\| (`+"`[a-z0-9-]+`, )?`"+m[1]+"`", string(content), "%s of %s", m[1], file)
		}
	}
	for _, id := range []string{"limit-reached", "rate-limited"} {
		assert.Contains(t, string(content), "| `"+id+"` |")
	}
	for _, platform := range platforms {
		if platform != "app.github.dev" {
			assert.Contains(t, strings.Join(strings.Fields(string(content)), " "), platform)
		}
	}
}

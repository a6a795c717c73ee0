// Package conformance holds corstest, and the middleware, against real browsers:
// the same calls go to the same servers through Chromium, Firefox, WebKit and
// corstest, and all have to come to the same.
package conformance_test

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

var (
	//go:embed page.html
	pageHTML []byte
	//go:embed frame.html
	frameHTML []byte
)

// readable are the names of the response headers that outcomes tell of, if the
// script may read them.
var readable = []string{
	"access-control-allow-origin", "cache-control", "content-language", "content-length", "content-type", "etag",
	"expires", "last-modified", "pragma", "set-cookie", "x-one", "x-two",
}

// A testCase is calls of a page, one after the other, and a server's answers.
type testCase struct {
	name   string
	calls  []call
	server server
	frame  bool   // the page is a sandboxed frame, whose origin is null
	host   string // the page is a frame at this host of the page's server

	// closely: the log tells more: of Sec-Fetch headers after redirects, in which
	// engines differ much, and of Content-Type and X-A.
	closely bool

	// shows are the names of request headers whose values the log tells.
	shows []string
}

// A call is what a script gives to fetch, or to an XMLHttpRequest with an upload
// listener, or the post of a form or a beacon.
type call struct {
	method      string
	header      [][2]string
	body        string
	credentials bool
	upload      bool
	home        bool   // it goes to the page's own server
	host        string // it goes to this host of the server, "" for that of the page
	mode        string // "no-cors", "beacon" or "form"; "" for a call with CORS
	cache       string // the option of fetch
	arrivals    int    // after a beacon or form: how many requests have arrived, 0 for one
}

// A server answers the requests of a case. It is made for the origins that
// listen.
type server func(o origins) http.Handler

// The origins are those of the page, of the API and of another API.
type origins struct{ page, api, other string }

var engines = map[string]corstest.Engine{
	"chromium": corstest.EngineChromium,
	"firefox":  corstest.EngineFirefox,
	"webkit":   corstest.EngineWebKit,
}

func TestBrowsersAgree(t *testing.T) {
	cases := slices.Concat(
		checkCases(), preflightCases(), requestCases(), byteCases(), responseCases(), takenCases(), cacheCases(),
		cacheModeCases(),
		redirectCases(), redirectedCases(), pageCases(), siteCases(), metadataCases(), writeCases(), policyCases(),
		generatedCases(),
	)
	require.Greater(t, len(cases), 1100) // as the README says
	names := make(map[string]bool)
	for _, c := range cases {
		require.False(t, names[c.name], "two cases are called %q", c.name)
		names[c.name] = true
	}
	for engine, noted := range departures {
		for name := range noted {
			require.True(t, names[name], "%s departs in %q, which is no case", engine, name)
		}
	}

	browsers := live.Browsers(t)
	began := time.Now()
	departed := 0
	for _, b := range browsers {
		t.Run(b.Name, func(t *testing.T) {
			v := newVenue(t, cases)
			standard := v.play(t, cases, corstest.EngineStandard)
			simulated := v.play(t, cases, engines[b.Name])
			want, reasons := slices.Clone(simulated), make([]string, len(cases))
			for i, c := range cases {
				if d, ok := departures[b.Name][c.name]; ok {
					want[i], reasons[i] = d.outcome, d.reason
				}
			}
			observed := v.browse(t, b, cases, want)
			byReason := make(map[string]int)
			for i, c := range cases {
				switch {
				case observed[i] == want[i]:
					if observed[i] != standard[i] {
						byReason[cmp.Or(reasons[i], "as corstest's "+engines[b.Name].String()+" does")]++
						departed++
					}
				case observed[i] == standard[i]:
					report := t.Errorf
					if os.Getenv("CORSTEST_BROWSERS") == "" {
						report = t.Logf // just some version that is installed
					}
					report("%s: %s does what the standard says; drop the departure %s:\nexpected: %s",
						c.name, b.Name, reasons[i], want[i])
				default:
					t.Errorf("%s:\n%s: %s\nexpected: %s\nstandard: %s", c.name, b.Name, observed[i], want[i], standard[i])
				}
			}
			for _, reason := range slices.Sorted(maps.Keys(byReason)) {
				t.Logf("%s departs from the standard in %d cases: %s", b.Name, byReason[reason], reason)
			}
		})
	}
	t.Logf("%d cases in each of %d engines, %d in all, of which %d depart from the standard; %.1f s",
		len(cases), len(browsers), len(cases)*len(browsers), departed, time.Since(began).Seconds())
}

// A venue is where cases are played: three origins, and a log of what arrives.
type venue struct {
	origins origins
	cases   []testCase
	servers []http.Handler        // by case
	proxy   string                // address of what serves every other host
	secure  *httptest.Server      // https at those hosts
	reports chan map[int][]string // what a page learned, by case
	again   chan []int            // the cases that it is to play once more

	mu  sync.Mutex
	log [][]string // by case
}

func newVenue(t *testing.T, cases []testCase) *venue {
	t.Helper()
	v := &venue{cases: cases, reports: make(chan map[int][]string, 1), again: make(chan []int, 1)}
	listen := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	mux := http.NewServeMux()
	mux.Handle("/c/", v)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "visitor", Value: "1", Path: "/"})
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(pageHTML)
	})
	mux.HandleFunc("/cases", func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, json.NewEncoder(w).Encode(v.script(cases, all(cases), 0)))
	})
	mux.HandleFunc("/frame", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(frameHTML)
	})
	mux.HandleFunc("/arrived", v.awaitArrivals)
	attempt := 0
	mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
		var learned map[int][]string
		if !assert.NoError(t, json.NewDecoder(r.Body).Decode(&learned)) {
			return
		}
		attempt++
		v.reports <- learned
		select {
		case again := <-v.again:
			assert.NoError(t, json.NewEncoder(w).Encode(v.script(cases, again, attempt)))
		case <-r.Context().Done(): // the test has given up, and its browser is gone
		}
	})
	v.origins = origins{listen(mux), listen(v), listen(v)}
	v.secure = httptest.NewTLSServer(mux)
	t.Cleanup(v.secure.Close)
	v.proxy = strings.TrimPrefix(listen(live.Proxy(mux, v.secure.Listener.Addr().String())), "http://")
	v.log = make([][]string, len(cases))
	for _, c := range cases {
		v.servers = append(v.servers, c.server(v.origins))
	}
	return v
}

func all(cases []testCase) []int {
	numbers := make([]int, len(cases))
	for i := range cases {
		numbers[i] = i
	}
	return numbers
}

// script is what the page is told to do: the numbered cases, at URLs that no
// earlier attempt had.
func (v *venue) script(cases []testCase, numbers []int, attempt int) any {
	type jsonCall struct {
		URL         string      `json:"url"`
		Method      string      `json:"method"`
		Headers     [][2]string `json:"headers"`
		Body        *string     `json:"body,omitempty"`
		Credentials string      `json:"credentials"`
		Upload      bool        `json:"upload"`
		Mode        string      `json:"mode"`
		Cache       string      `json:"cache"`
		Arrivals    int         `json:"arrivals"`
	}
	type jsonCase struct {
		Number int        `json:"number"`
		Frame  string     `json:"frame"` // "opaque", or the URL of a page
		Calls  []jsonCall `json:"calls"`
	}
	var script struct {
		Cases []jsonCase `json:"cases"`
		Names []string   `json:"names"`
	}
	script.Names = readable
	for _, i := range numbers {
		jc := jsonCase{Number: i}
		if cases[i].frame {
			jc.Frame = "opaque"
		} else if cases[i].host != "" {
			jc.Frame = at(cases[i].host, v.origins.page) + "/frame"
		}
		for _, call := range cases[i].calls {
			j := jsonCall{
				v.url(i, attempt, call), call.method, call.header, nil, "same-origin", call.upload, call.mode, call.cache,
				call.arrivals,
			}
			if call.mode == "beacon" || call.mode == "form" {
				j.Arrivals = max(j.Arrivals, 1)
			}
			if j.Headers == nil {
				j.Headers = [][2]string{}
			}
			if call.body != "" {
				j.Body = &call.body
			}
			if call.credentials {
				j.Credentials = "include"
			}
			jc.Calls = append(jc.Calls, j)
		}
		script.Cases = append(script.Cases, jc)
	}
	return script
}

func (v *venue) url(i, attempt int, c call) string {
	origin := v.origins.api
	if c.home {
		origin = v.origins.page
	}
	return fmt.Sprintf("%s/c/%d/%d/", at(c.host, origin), i, attempt)
}

// at returns origin with another host, or host itself if it is an origin. It
// returns origin if host is "".
func at(host, origin string) string {
	if host == "" {
		return origin
	}
	if strings.Contains(host, "://") {
		return host
	}
	return strings.Replace(origin, "127.0.0.1", host, 1)
}

// awaitArrivals answers when as many requests have arrived for a case as they
// should, or no longer will.
func (v *venue) awaitArrivals(w http.ResponseWriter, r *http.Request) {
	i, err := strconv.Atoi(r.FormValue("case"))
	n, err2 := strconv.Atoi(r.FormValue("n"))
	if err != nil || err2 != nil || i < 0 || i >= len(v.cases) {
		http.NotFound(w, r)
		return
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		v.mu.Lock()
		arrived := len(v.log[i])
		v.mu.Unlock()
		if arrived >= n {
			return
		}
	}
}

// ServeHTTP notes what arrives for a case, and has its server answer.
func (v *venue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var i, attempt int
	var path string
	if n, _ := fmt.Sscanf(r.URL.Path, "/c/%d/%d/%s", &i, &attempt, &path); n < 2 || i < 0 || i >= len(v.cases) {
		http.NotFound(w, r)
		return
	}
	v.mu.Lock()
	v.log[i] = append(v.log[i], v.describe(v.cases[i], path, r))
	v.mu.Unlock()
	v.servers[i].ServeHTTP(w, r)
}

// describe tells what matters of a request.
func (v *venue) describe(c testCase, path string, r *http.Request) string {
	s := r.Method
	if isPreflight(r) {
		s = "preflight " + r.Header.Get("Access-Control-Request-Method")
		if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
			s += " [" + names + "]"
		}
	}
	if path != "" {
		s += " /" + path
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host // with a default port
	}
	switch {
	case "http://"+r.Host == v.origins.page:
		s += " at home"
	case "http://"+r.Host == v.origins.other:
		s += " elsewhere"
	case host == "127.0.0.1":
	case port != "" && strings.HasSuffix(v.origins.page, ":"+port):
		s += " at home on " + host
	default:
		s += " on " + host
	}
	switch from := r.Header.Get("Origin"); from {
	case at(c.host, v.origins.page):
	case "":
		s += " without origin"
	default:
		s += " from " + from
	}
	if _, err := r.Cookie("visitor"); err == nil && c.host == "" && host == "127.0.0.1" {
		s += " with cookie"
	}
	if r.Header.Get("Authorization") != "" {
		s += " authorized"
	}
	if path == "" || c.closely {
		s += v.describeMetadata(r)
	}
	if c.closely && r.Header["X-A"] != nil {
		s += " with x-a"
	}
	if c.closely && r.Header["Content-Type"] != nil {
		s += " as " + strings.Split(r.Header.Get("Content-Type"), ";")[0]
	}
	for _, name := range c.shows {
		if lines := r.Header[name]; lines != nil {
			s += fmt.Sprintf(" %s=%q", strings.ToLower(name), strings.Join(lines, ", "))
		}
	}
	return s
}

// describeMetadata tells of the Sec-Fetch headers, if they are not those of a
// script's call to a server of the same host.
func (v *venue) describeMetadata(r *http.Request) string {
	usual := "same-site cors empty"
	if "http://"+r.Host == v.origins.page {
		usual = "same-origin cors empty"
	}
	seen := []string{}
	for _, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User"} {
		seen = append(seen, r.Header[name]...)
	}
	switch metadata := strings.Join(seen, " "); metadata {
	case usual:
		return ""
	case "":
		return " without metadata"
	default:
		return " (" + metadata + ")"
	}
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// reset forgets what arrived for the numbered cases.
func (v *venue) reset(numbers []int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, i := range numbers {
		v.log[i] = nil
	}
}

// outcome is all of what came of a case: what the script learned of each call,
// and what arrived at the servers.
func (v *venue) outcome(i int, learned []string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return strings.Join(learned, "; ") + " <- " + strings.Join(v.log[i], "; ")
}

// attempts is how often a case is played in which the engine asked more often than
// it should have. Engines may forget cached preflights at any time, and Firefox was
// seen to, in the first seconds of a session.
const attempts = 4

// isForgetful reports whether got is want, but for more preflights.
func isForgetful(got, want string) bool {
	return asked.ReplaceAllString(got, "") == asked.ReplaceAllString(want, "") &&
		len(asked.FindAllString(got, -1)) > len(asked.FindAllString(want, -1))
}

var asked = regexp.MustCompile(`preflight [^;]*(; )?`)

// browse has a browser make the calls of all cases.
func (v *venue) browse(t *testing.T, b live.Browser, cases []testCase, want []string) []string {
	t.Helper()
	v.reset(all(cases))
	b.Proxy, b.Certificate, b.Hosts = v.proxy, v.secure.Certificate().Raw, hosts
	page := b.Open(t, v.origins.page)
	outcomes := make([]string, len(cases))
	for range attempts {
		learned := live.Await(page, v.reports)
		var again []int
		for i := range cases {
			if _, ok := learned[i]; !ok {
				continue
			}
			if outcomes[i] = v.outcome(i, learned[i]); isForgetful(outcomes[i], want[i]) {
				again = append(again, i)
				t.Logf("played again, for the engine asked more often: %s: %s", cases[i].name, outcomes[i])
			}
		}
		v.reset(again)
		v.again <- again
		if len(again) == 0 {
			break
		}
	}
	return outcomes
}

// play has corstest make the calls of all cases.
func (v *venue) play(t *testing.T, cases []testCase, engine corstest.Engine) []string {
	t.Helper()
	v.reset(all(cases))
	outcomes := make([]string, len(cases))
	for i, c := range cases {
		b := corstest.Browser{Handler: v, Engine: engine}
		var learned []string
		for _, call := range c.calls {
			learned = append(learned, v.fetch(t, &b, c, call, v.url(i, 0, call)))
		}
		outcomes[i] = v.outcome(i, learned)
	}
	return outcomes
}

func (v *venue) fetch(t *testing.T, b *corstest.Browser, c testCase, call call, url string) string {
	t.Helper()
	r := corstest.Request{
		Origin: v.origins.page, Method: call.method, URL: url, Header: make(http.Header),
		Credentials: call.credentials, UploadListener: call.upload, CacheMode: corstest.CacheMode(call.cache),
		Cookies: []*http.Cookie{{Name: "visitor", Value: "1"}},
	}
	if c.frame {
		r.Origin, r.Cookies = "null", nil
	} else if c.host != "" {
		r.Origin, r.Cookies = at(c.host, v.origins.page), nil
	} else if call.host != "" {
		r.Cookies = nil
	}
	switch call.mode {
	case "no-cors":
		r.Mode = corstest.ModeNoCORS
	case "beacon":
		r.Mode, r.Credentials = corstest.ModeNoCORS, true
		if call.header[0][1] == "application/json" {
			r.Mode = corstest.ModeCORS
		}
	case "form":
		r.Mode = corstest.ModeNavigate
	}
	for _, f := range call.header {
		r.Header.Add(f[0], f[1])
	}
	var res *corstest.Result
	for {
		if call.body != "" {
			r.Body = strings.NewReader(call.body)
		}
		var err error
		res, err = b.Fetch(t.Context(), r)
		if call.mode == "beacon" || call.mode == "form" {
			return "sent" // whatever came of it
		}
		if err == nil {
			break
		}
		var unsendable *corstest.UnsendableError
		var blocked *corstest.BlockedError
		switch {
		case errors.As(err, &blocked):
			return "blocked"
		case errors.As(err, &unsendable) && unsendable.Field == "Header" && strings.HasPrefix(unsendable.Detail,
			"browsers "):
			r.Header.Del(unsendable.Value) // which browsers leave out
			if unsendable.Value == "Content-Type" {
				r.Header.Set("Content-Type", "text/plain;charset=UTF-8") // that of a string
			}
			continue
		case errors.As(err, &unsendable):
			return "blocked"
		}
		require.NoError(t, err)
	}
	if res.Header == nil {
		return "opaque"
	}
	learned := []string{}
	for name, lines := range res.Header {
		if name = strings.ToLower(name); slices.Contains(readable, name) {
			learned = append(learned, name+"="+strings.Join(lines, ", "))
		}
	}
	slices.Sort(learned)
	_, err := io.Copy(io.Discard, res.Response.Body)
	require.NoError(t, err)
	return strings.Join(append([]string{strconv.Itoa(res.Response.StatusCode)}, learned...), " ")
}

package corstest_test

import (
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A clock is a time that tests move.
type clock struct{ t time.Time }

func newClock() *clock { return &clock{time.Unix(1_800_000_000, 0)} }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

var engines = []corstest.Engine{
	corstest.EngineStandard, corstest.EngineChromium, corstest.EngineFirefox, corstest.EngineWebKit,
}

// One preflight is enough for all methods and headers on one URL, in every
// engine, if the answer lists them.
func TestOnePreflightForAll(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.String(), func(t *testing.T) {
			s := allowing("GET, PUT, PATCH, DELETE", "X-A, X-B, Content-Type")
			b := corstest.Browser{Handler: s, Engine: engine}
			for _, method := range []string{"PUT", "PATCH", "DELETE", "GET", "POST"} {
				for _, name := range []string{"X-A", "X-B", "Content-Type"} {
					_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: method, Header: header(name)})
					require.NoError(t, err)
				}
			}
			assert.Len(t, s.log, 1+5*3)
			assert.Equal(t, "preflight PUT x-a", s.log[0])
		})
	}
}

// TestCache makes calls one after the other with one browser. Where an engine
// has no list of its own, it does what the standard says.
func TestCache(t *testing.T) {
	type call struct {
		method      string
		headers     string // names, separated by commas
		credentials bool
		url         string
		origin      string
		answer      func(s *server) // changes the server before the call
		blocked     bool
	}
	allow := func(methods, headers string) func(*server) {
		return func(s *server) {
			s.preflight.Set("Access-Control-Allow-Methods", methods)
			s.preflight.Set("Access-Control-Allow-Headers", headers)
		}
	}
	maxAge := func(value string) func(*server) {
		return func(s *server) { s.preflight.Set("Access-Control-Max-Age", value) }
	}
	forbid := func(s *server) { s.response = http.Header{} }
	permit := func(s *server) { s.response = s.preflight }
	type logs map[corstest.Engine]string
	const (
		standard = corstest.EngineStandard
		chromium = corstest.EngineChromium
		firefox  = corstest.EngineFirefox
		webKit   = corstest.EngineWebKit
	)

	for name, tc := range map[string]struct {
		start func(s *server)
		calls []call
		want  logs
	}{
		"same again": {
			allow("PUT", "X-A"),
			[]call{
				{method: "PUT", headers: "X-A"}, {method: "PUT", headers: "X-A"}, {method: "PUT"},
				{method: "GET", headers: "x-a"},
			},
			logs{standard: "preflight PUT x-a, PUT, PUT, PUT, GET"},
		},
		"safelisted needs no entry": {
			allow("PUT", ""),
			[]call{{method: "GET"}, {method: "PUT"}, {method: "POST"}},
			logs{standard: "GET, preflight PUT, PUT, POST"},
		},
		"other method": {
			allow("PUT", ""),
			[]call{{method: "PUT"}, {method: "put"}, {method: "DELETE", answer: allow("PUT, DELETE", "")}, {method: "PUT"}},
			logs{standard: "preflight PUT, PUT, PUT, preflight DELETE, DELETE, PUT"},
		},
		"other header": {
			allow("", "X-A"),
			[]call{{headers: "X-A"}, {headers: "X-B", answer: allow("", "X-A, X-B")}, {headers: "X-A,X-B"}},
			logs{standard: "preflight GET x-a, GET, preflight GET x-b, GET, GET"},
		},
		"answers to each question": {
			allow("PUT", "X-A"),
			[]call{
				{method: "PUT"},
				{method: "DELETE", answer: allow("DELETE", "X-B")},
				{method: "PUT", answer: allow("PUT", "")},
				{method: "DELETE", headers: "X-A", answer: allow("DELETE", "X-A")},
			},
			logs{
				standard: "preflight PUT, PUT, preflight DELETE, DELETE, PUT, DELETE",
				chromium: "preflight PUT, PUT, preflight DELETE, DELETE, preflight PUT, PUT, preflight DELETE x-a, DELETE",
				webKit:   "preflight PUT, PUT, preflight DELETE, DELETE, preflight PUT, PUT, preflight DELETE x-a, DELETE",
			},
		},
		"URL": {
			allow("PUT", ""),
			[]call{
				{method: "PUT", url: "/a"}, {method: "PUT", url: "/b"}, {method: "PUT", url: "/a?q"},
				{method: "PUT", url: "https://b.example/a"}, {method: "PUT", url: "/x/../a"},
			},
			logs{standard: "preflight PUT, PUT, preflight PUT, PUT, preflight PUT, PUT, preflight PUT, PUT, PUT"},
		},
		"origin": {
			func(s *server) {
				allow("PUT", "")(s)
				s.preflight.Set("Access-Control-Allow-Origin", "*")
				permit(s)
			},
			[]call{
				{method: "PUT"}, {method: "PUT", origin: "https://b.example"}, {method: "PUT", origin: "null"},
				{method: "PUT", origin: "null"},
			},
			logs{
				standard: "preflight PUT, PUT, preflight PUT, PUT, preflight PUT, PUT, PUT",
				chromium: "preflight PUT, PUT, preflight PUT, PUT, preflight PUT, PUT, preflight PUT, PUT",
			},
		},
		"credentials cover their lack": {
			allow("PUT", ""),
			[]call{{method: "PUT", credentials: true}, {method: "PUT"}},
			logs{
				standard: "preflight PUT, PUT, PUT",
				firefox:  "preflight PUT, PUT, preflight PUT, PUT",
			},
		},
		"not the other way round": {
			allow("PUT", ""),
			[]call{{method: "PUT"}, {method: "PUT", credentials: true}, {method: "PUT"}},
			logs{standard: "preflight PUT, PUT, preflight PUT, PUT, PUT"},
		},
		"an answer without credentials is none to requests with them": {
			allow("PUT", ""),
			[]call{
				{method: "PUT", credentials: true}, {method: "DELETE", answer: allow("DELETE", "")},
				{method: "DELETE", credentials: true},
			},
			logs{standard: "preflight PUT, PUT, preflight DELETE, DELETE, preflight DELETE, DELETE"},
		},
		"wildcard": {
			allow("*", "*"),
			[]call{{method: "PUT", headers: "X-A"}, {method: "DELETE", headers: "X-B"}, {headers: "X-C"}},
			logs{
				standard: "preflight PUT x-a, PUT, DELETE, GET",
				firefox:  "preflight PUT x-a, PUT, preflight DELETE x-b, DELETE, preflight GET x-c, GET",
			},
		},
		"wildcard with credentials": {
			allow("PUT, *", "X-A, *"),
			[]call{
				{method: "PUT", headers: "X-A", credentials: true},
				{method: "PUT", headers: "X-B", credentials: true, blocked: true},
			},
			logs{standard: "preflight PUT x-a, PUT, preflight PUT x-b"},
		},
		"wildcard of an answer to credentials": {
			allow("PUT, *", "X-A, *"),
			[]call{{method: "PUT", credentials: true}, {method: "DELETE"}},
			logs{
				standard: "preflight PUT, PUT, DELETE",
				chromium: "preflight PUT, PUT, preflight DELETE, DELETE",
				firefox:  "preflight PUT, PUT, preflight DELETE, DELETE",
			},
		},
		"HEAD": {
			allow("PUT", "X-A"),
			[]call{{method: "HEAD", headers: "X-A"}, {method: "HEAD", headers: "X-A"}, {headers: "X-A"}},
			logs{
				standard: "preflight HEAD x-a, HEAD, HEAD, GET",
				firefox:  "preflight HEAD x-a, HEAD, preflight HEAD x-a, HEAD, GET",
			},
		},
		"HEAD listed": {
			allow("HEAD", "X-A"),
			[]call{{method: "HEAD", headers: "X-A"}, {method: "HEAD", headers: "X-A"}},
			logs{standard: "preflight HEAD x-a, HEAD, HEAD"},
		},
		"failed preflight": {
			allow("PUT", "X-A"),
			[]call{{method: "PUT"}, {method: "PUT", headers: "X-B", blocked: true}, {method: "PUT"}},
			logs{
				standard: "preflight PUT, PUT, preflight PUT x-b, preflight PUT, PUT",
				webKit:   "preflight PUT, PUT, preflight PUT x-b, PUT",
			},
		},
		"preflight failing before its lists are read": {
			allow("PUT", ""),
			[]call{{method: "PUT"}, {method: "DELETE", blocked: true, answer: func(s *server) { s.preflightStatus = 500 }},
				{method: "PUT", answer: func(s *server) { s.preflightStatus = 0 }}},
			logs{standard: "preflight PUT, PUT, preflight DELETE, preflight PUT, PUT"},
		},
		"failure forgets credentials and their lack": {
			allow("PUT", ""),
			[]call{
				{method: "PUT", credentials: true}, {method: "PUT"}, {method: "DELETE", blocked: true},
				{method: "PUT", credentials: true}, {method: "PUT"},
			},
			logs{
				standard: "preflight PUT, PUT, PUT, preflight DELETE, preflight PUT, PUT, PUT",
				firefox:  "preflight PUT, PUT, preflight PUT, PUT, preflight DELETE, preflight PUT, PUT, preflight PUT, PUT",
				// The refusal is kept, and serves the second call of the two.
				webKit: "preflight PUT, PUT, PUT, preflight DELETE, preflight PUT, PUT, PUT",
			},
		},
		"failure is per URL": {
			allow("PUT", ""),
			[]call{{method: "PUT"}, {method: "DELETE", url: "/b", blocked: true}, {method: "PUT"}},
			logs{standard: "preflight PUT, PUT, preflight DELETE, PUT"},
		},
		"failed response of a preflighted call": {
			allow("PUT", ""),
			[]call{{method: "PUT"}, {method: "PUT", answer: forbid, blocked: true}, {method: "PUT", answer: permit}},
			logs{
				standard: "preflight PUT, PUT, PUT, preflight PUT, PUT",
				chromium: "preflight PUT, PUT, PUT, PUT",
				webKit:   "preflight PUT, PUT, PUT, PUT",
			},
		},
		"failed response of another call": {
			allow("PUT", ""),
			[]call{{method: "PUT"}, {method: "GET", answer: forbid, blocked: true}, {method: "PUT", answer: permit}},
			logs{
				standard: "preflight PUT, PUT, GET, PUT",
				firefox:  "preflight PUT, PUT, GET, preflight PUT, PUT",
			},
		},
		"max-age 0": {
			maxAge("0"),
			[]call{{method: "PUT", answer: allow("PUT", "")}, {method: "PUT"}},
			logs{standard: "preflight PUT, PUT, preflight PUT, PUT"},
		},
		"max-age 0 ends an older answer": {
			allow("PUT", "X-A"),
			[]call{
				{method: "PUT"},
				{method: "PUT", headers: "X-B", answer: func(s *server) { maxAge("0")(s); allow("PUT", "X-B")(s) }},
				{method: "PUT"},
			},
			logs{
				standard: "preflight PUT, PUT, preflight PUT x-b, PUT, preflight PUT, PUT",
				firefox:  "preflight PUT, PUT, preflight PUT x-b, PUT, PUT",
			},
		},
	} {
		for _, engine := range engines {
			t.Run(name+"/"+engine.String(), func(t *testing.T) {
				want, departs := tc.want[engine]
				if !departs {
					want = tc.want[corstest.EngineStandard]
				}
				s := allowing("", "")
				tc.start(s)
				b := corstest.Browser{Handler: s, Engine: engine, Now: newClock().now}
				var log []string
				for _, call := range tc.calls {
					if call.answer != nil {
						call.answer(s)
					}
					r := corstest.Request{Origin: origin, Method: call.method, URL: call.url, Credentials: call.credentials}
					if call.origin != "" {
						r.Origin = call.origin
					}
					if call.headers != "" {
						r.Header = header(strings.Split(call.headers, ",")...)
					}
					s.log = nil
					_, err := b.Fetch(t.Context(), r)
					log = append(log, s.log...)
					assert.Equal(t, call.blocked, err != nil, "%s %s: %v", call.method, call.headers, err)
				}
				assert.Equal(t, want, strings.Join(log, ", "))
			})
		}
	}
}

// What engines ship: a `*` covers Authorization when it comes with the preflight.
func TestAuthorizationUnderWildcard(t *testing.T) {
	for engine, want := range map[corstest.Engine]string{
		corstest.EngineStandard: "preflight PUT authorization, preflight PUT authorization, preflight PUT x-a, PUT, " +
			"preflight PUT authorization",
		corstest.EngineChromium: "preflight PUT authorization, PUT, preflight PUT authorization, PUT, PUT, preflight " +
			"PUT authorization, PUT",
		corstest.EngineFirefox: "preflight PUT authorization, PUT, preflight PUT authorization, PUT, preflight PUT " +
			"x-a, PUT, preflight PUT authorization, PUT",
		corstest.EngineWebKit: "preflight PUT authorization, PUT, PUT, PUT, PUT",
	} {
		t.Run(engine.String(), func(t *testing.T) {
			s := allowing("*", "*")
			b := corstest.Browser{Handler: s, Engine: engine}
			for _, name := range []string{"Authorization", "Authorization", "X-A", "Authorization"} {
				_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: "PUT", Header: header(name)})
				assert.Equal(t, engine == corstest.EngineStandard && name == "Authorization", err != nil)
			}
			assert.Equal(t, want, strings.Join(s.log, ", "))

			_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Header: header("Authorization"), Credentials: true})
			assert.Error(t, err, "with credentials, nobody takes it for a wildcard")
		})
	}
}

func TestUploadListenerInEngines(t *testing.T) {
	upload := corstest.Request{Origin: origin, Method: "POST", UploadListener: true}
	for _, engine := range engines[1:] {
		t.Run(engine.String(), func(t *testing.T) {
			s := allowing("PUT", "")
			b := corstest.Browser{Handler: s, Engine: engine}
			for range 2 {
				_, err := b.Fetch(t.Context(), upload)
				require.NoError(t, err)
			}
			assert.Equal(t, []string{"preflight POST", "POST", "POST"}, s.log, "any answer covers a safelisted method")

			put := upload
			put.Method = "PUT"
			_, err := (&corstest.Browser{Handler: allowing("", ""), Engine: engine}).Fetch(t.Context(), put)
			assert.Equal(t, corstest.StepPreflightMethod, requireBlocked(t, err).Step, "and an absent list no other")
		})
	}
}

// An answer that gives less time than the one before does not last as long as that.
func TestShorterAnswer(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.String(), func(t *testing.T) {
			s := allowing("PUT", "")
			s.preflight.Set("Access-Control-Max-Age", "600")
			c := newClock()
			b := corstest.Browser{Handler: s, Engine: engine, Now: c.now}
			call := func(method string) (preflighted bool) {
				res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: method, UploadListener: true})
				require.NoError(t, err)
				return res.Preflight != nil
			}
			require.True(t, call("PUT"))
			s.preflight.Set("Access-Control-Max-Age", "1")
			s.preflight.Set("Access-Control-Allow-Methods", "PUT, DELETE")
			require.True(t, call("DELETE"))
			c.advance(100 * time.Second)
			assert.True(t, call("POST"), "nothing is allowed any more")
		})
	}
}

// assertLifetime checks for how many seconds an answer is kept, by calling again
// when they have almost passed and when they have.
func assertLifetime(t *testing.T, engine corstest.Engine, lines []string, want int64) {
	t.Helper()
	s := allowing("PUT", "")
	s.preflight["Access-Control-Max-Age"] = lines
	c := newClock()
	b := corstest.Browser{Handler: s, Engine: engine, Now: c.now}
	put := func(after time.Duration) (preflighted bool) {
		c.advance(after)
		res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: "PUT"})
		require.NoError(t, err)
		return res.Preflight != nil
	}
	require.True(t, put(0))
	if want > 0 {
		assert.False(t, put(time.Duration(want)*time.Second-1), "%v: %q is kept for less than %d s", engine, lines, want)
		assert.True(t, put(1), "%v: %q is kept for more than %d s", engine, lines, want)
	} else {
		assert.True(t, put(0), "%v: %q is kept", engine, lines)
	}
}

func TestMaxAge(t *testing.T) {
	const overflow = 1 << 31
	for name, tc := range map[string]struct {
		lines                               []string
		standard, chromium, firefox, webKit int64
	}{
		"absent":      {nil, 5, 5, 5, 5},
		"empty":       {[]string{""}, 5, 5, 5, 5},
		"0":           {[]string{"0"}, 0, 0, 0, 0},
		"1":           {[]string{"1"}, 1, 1, 1, 1},
		"zeros":       {[]string{"00060"}, 60, 60, 60, 60},
		"spaces":      {[]string{" 60\t"}, 60, 60, 60, 60},
		"599":         {[]string{"599"}, 599, 599, 599, 599},
		"601":         {[]string{"601"}, 601, 601, 601, 600},
		"7199":        {[]string{"7199"}, 7199, 7199, 7199, 600},
		"7201":        {[]string{"7201"}, 7201, 7200, 7201, 600},
		"86399":       {[]string{"86399"}, 86399, 7200, 86399, 600},
		"86401":       {[]string{"86401"}, 86401, 7200, 86400, 600},
		"int32":       {[]string{"2147483647"}, 2147483647, 7200, 86400, 600},
		"int64":       {[]string{"9223372036854775807"}, overflow, 7200, 86400, 600},
		"above int64": {[]string{"9223372036854775808"}, overflow, 5, 86400, 5},
		"huge":        {[]string{strings.Repeat("9", 100)}, overflow, 5, 86400, 5},
		"negative":    {[]string{"-1"}, 5, 0, 0, 0},
		"plus":        {[]string{"+60"}, 5, 60, 0, 60},
		"fraction":    {[]string{"60.0"}, 5, 5, 0, 5},
		"unit":        {[]string{"60s"}, 5, 5, 0, 5},
		"word":        {[]string{"never"}, 5, 5, 0, 5},
		"hexadecimal": {[]string{"0x3c"}, 5, 5, 0, 5},
		"underscore":  {[]string{"6_0"}, 5, 5, 0, 5},
		"list":        {[]string{"60, 60"}, 5, 5, 0, 5},
		"lines":       {[]string{"60", "60"}, 5, 5, 0, 5},
	} {
		t.Run(name, func(t *testing.T) {
			assertLifetime(t, corstest.EngineStandard, tc.lines, tc.standard)
			assertLifetime(t, corstest.EngineChromium, tc.lines, tc.chromium)
			assertLifetime(t, corstest.EngineFirefox, tc.lines, tc.firefox)
			assertLifetime(t, corstest.EngineWebKit, tc.lines, tc.webKit)
		})
	}
}

// FuzzMaxAge compares lifetimes with a reference that has no limits.
func FuzzMaxAge(f *testing.F) {
	for _, value := range []string{
		"", "0", "5", "600", "-1", "+7", "1e3", "86401", "99999999999999999999", "007", "0b1", "1_0", "１", "-",
	} {
		for engine := range engines {
			f.Add(value, uint(engine))
		}
	}
	digits, signed := regexp.MustCompile(`^[0-9]+$`), regexp.MustCompile(`^[+-]?[0-9]+$`)
	reference := func(engine corstest.Engine, value string) int64 {
		pattern, malformed, limit := digits, int64(5), int64(1<<31)
		switch engine {
		case corstest.EngineChromium:
			pattern, limit = signed, 7200
		case corstest.EngineWebKit:
			pattern, limit = signed, 600
		case corstest.EngineFirefox:
			malformed, limit = 0, 86400
		}
		if value == "" {
			return 5
		}
		if !pattern.MatchString(value) {
			return malformed
		}
		n, _ := new(big.Int).SetString(value, 10)
		if pattern == signed && !n.IsInt64() {
			return malformed
		}
		if n.Sign() < 0 {
			return 0
		}
		if n.Cmp(big.NewInt(limit)) > 0 {
			return limit
		}
		return n.Int64()
	}
	f.Fuzz(func(t *testing.T, value string, i uint) {
		if strings.ContainsAny(value, "\x00\r\n") {
			t.Skip("no header value")
		}
		engine := engines[i%uint(len(engines))]
		assertLifetime(t, engine, []string{value}, reference(engine, strings.Trim(value, " \t")))
	})
}

// A new answer renews what older ones allowed, and only what it lists itself.
func TestRenewal(t *testing.T) {
	s := allowing("PUT, DELETE", "X-A")
	s.preflight.Set("Access-Control-Max-Age", "100")
	c := newClock()
	b := corstest.Browser{Handler: s, Now: c.now}
	call := func(method string, names ...string) (preflighted bool) {
		res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: method, Header: header(names...)})
		require.NoError(t, err)
		return res.Preflight != nil
	}
	require.True(t, call("PUT"))
	c.advance(90 * time.Second)
	s.preflight.Set("Access-Control-Allow-Methods", "PUT")
	s.preflight.Set("Access-Control-Allow-Headers", "X-A, X-B")
	assert.True(t, call("GET", "X-B"))
	c.advance(20 * time.Second)
	assert.False(t, call("PUT", "X-A", "X-B"), "renewed")
	s.preflight.Set("Access-Control-Allow-Methods", "DELETE")
	assert.True(t, call("DELETE"), "ran out")
}

// The answer to a request with credentials is renewed, and ended, by one to a
// request without, which it serves as well.
func TestRenewalAcrossCredentials(t *testing.T) {
	for name, tc := range map[string]struct {
		method, header string // what both answers allow
		ender          bool   // whether the request whose answer ends them has credentials
	}{
		"method":                         {"PUT", "X-B", false},
		"header":                         {"GET", "X-A", false},
		"method, ended with credentials": {"PUT", "X-B", true},
		"header, ended with credentials": {"GET", "X-A", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := allowing("", "")
			c := newClock()
			b := corstest.Browser{Handler: s, Now: c.now}
			call := func(method string, credentials bool, names ...string) (preflighted bool) {
				res, err := b.Fetch(t.Context(), corstest.Request{
					Origin: origin, Method: method, Header: header(names...), Credentials: credentials,
				})
				require.NoError(t, err)
				return res.Preflight != nil
			}
			answer := func(maxAge, methods, headers string) {
				s.preflight.Set("Access-Control-Max-Age", maxAge)
				s.preflight.Set("Access-Control-Allow-Methods", methods)
				s.preflight.Set("Access-Control-Allow-Headers", headers)
			}
			answer("100", "PUT", "X-A")
			require.True(t, call("PUT", true, "X-A"))
			c.advance(90 * time.Second)

			// Asks because of X-N, and hears again of the one and not of the other.
			answer("100", tc.method, "X-N, "+tc.header)
			require.True(t, call("GET", false, "X-N"))
			c.advance(50 * time.Second)
			put := func(credentials bool) bool { return call("PUT", credentials) }
			withA := func(credentials bool) bool { return call("GET", credentials, "X-A") }
			renewed, other := put, withA
			if tc.header == "X-A" {
				renewed, other = withA, put
			}
			assert.False(t, renewed(true), "renewed")
			answer("0", "PUT", "X-A, X-N")
			assert.True(t, other(tc.ender), "ran out")
			// That answer allows both, for no time at all.
			assert.True(t, renewed(false), "ended, not kept twice")
		})
	}
}

func TestRealClock(t *testing.T) {
	s := allowing("PUT", "")
	b := corstest.Browser{Handler: s}
	for range 2 {
		_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: "PUT"})
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"preflight PUT", "PUT", "PUT"}, s.log)
}

func TestConcurrentFetches(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Methods", "PUT")
	})
	b := corstest.Browser{Handler: h}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			method := []string{"PUT", "DELETE"}[i%2]
			for range 50 {
				_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: method})
				assert.Equal(t, method == "PUT", err == nil)
			}
		}()
	}
	wg.Wait()
}

// Chromium keeps nothing for a page whose origin is null.
func TestNullOriginAndTheCache(t *testing.T) {
	for _, engine := range engines {
		s := allowing("PUT", "")
		s.preflight.Set("Access-Control-Allow-Origin", "null")
		s.response.Set("Access-Control-Allow-Origin", "null")
		b := corstest.Browser{Handler: s, Engine: engine}
		for range 2 {
			_, err := b.Fetch(t.Context(), corstest.Request{Origin: "null", Method: "PUT"})
			require.NoError(t, err)
		}
		want := []string{"preflight PUT", "PUT", "PUT"}
		if engine == corstest.EngineChromium {
			want = []string{"preflight PUT", "PUT", "preflight PUT", "PUT"}
		}
		assert.Equal(t, want, s.log, engine)
	}
}

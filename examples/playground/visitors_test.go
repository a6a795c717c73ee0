package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

func TestVisitorsAreBounded(t *testing.T) {
	now := time.Now()
	vs := newVisitors()
	vs.now = func() time.Time { return now }
	first := vs.enter("0")
	for i := 1; i < maxVisitors; i++ {
		now = now.Add(time.Second)
		vs.enter(fmt.Sprint(i))
	}
	assert.Same(t, first, vs.get("0"))
	now = now.Add(time.Second)
	vs.enter("one more")
	assert.Len(t, vs.all, maxVisitors)
	assert.Nil(t, vs.get("1"), "it was silent for longest")
	assert.Same(t, first, vs.enter("0"), "it has just called")

	now = now.Add(visitorLife + time.Second)
	vs.enter("late")
	assert.Len(t, vs.all, 1, "the others were silent for too long")
}

// A policy, and what was recorded under it, is its visitor's alone.
func TestVisitorsAreApart(t *testing.T) {
	vs := newVisitors()
	api := serveAPI(vs, http.NotFoundHandler())
	adopt := func(token, origin string) string {
		epoch := vs.enter(token).adopt(0, policy{"AllowedOrigins": origin}, false, func() http.Handler {
			return newAPI(cors.New(cors.Options{AllowedOrigins: []string{origin}, Logger: newLogger(io.Discard)}),
				"http://127.0.0.1:5000")
		})
		return fmt.Sprintf("http://localhost:5000/v/%s/%d/notes", token, epoch)
	}
	a, b := adopt("a", "http://a.example"), adopt("b", "http://b.example")
	_, err := corstest.Fetch(api, corstest.Request{Origin: "http://a.example", URL: a})
	assert.NoError(t, err)
	_, err = corstest.Fetch(api, corstest.Request{Origin: "http://a.example", URL: b})
	assert.Error(t, err)
	_, err = corstest.Fetch(api, corstest.Request{
		Origin: "http://a.example", URL: strings.Replace(a, "/v/a/", "/v/c/", 1),
	})
	assert.Error(t, err, "nobody is there")

	wire := vs.get("a").conversation().wire
	require.Len(t, wire, 1)
	assert.Contains(t, wire[0].Log, `msg="CORS request granted" origin=http://a.example method=GET path=/notes`)
	wire = vs.get("b").conversation().wire
	require.Len(t, wire, 1)
	assert.Contains(t, wire[0].Log, `msg="CORS request refused" origin=http://a.example method=GET path=/notes`)
	assert.Equal(t, exchange{
		Method: "GET", Host: "localhost:5000", Path: "/notes", Status: 200,
		Request:  header{Fields: [][2]string{{"Origin", "http://a.example"}}},
		Response: header{Fields: [][2]string{{"Etag", `"v7"`}, {"Vary", "Origin"}, {"X-Cost", "3"}}},
		Log:      wire[0].Log,
	}, wire[0])
}

// A policy is replaced while calls are under way, and each call is answered by one
// policy as a whole.
func TestPolicyIsSwapped(t *testing.T) {
	vs := newVisitors()
	api := serveAPI(vs, http.NotFoundHandler())
	adopt := func(i int) {
		origin := fmt.Sprintf("http://%d.example", i%2)
		vs.enter("a").adopt(0, policy{"AllowedOrigins": origin}, false, func() http.Handler {
			return newAPI(cors.New(cors.Options{
				AllowedOrigins: []string{origin}, ExposedHeaders: []string{fmt.Sprintf("X-%d", i%2)},
			}),
				"")
		})
	}
	adopt(0)
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for range 200 {
				r := httptest.NewRequest("GET", "/v/a/1/notes", nil)
				r.Header.Set("Origin", fmt.Sprintf("http://%d.example", caller%2))
				w := httptest.NewRecorder()
				api.ServeHTTP(w, r)
				if w.Header().Get("Access-Control-Allow-Origin") != "" {
					assert.Equal(t, fmt.Sprintf("X-%d", caller%2), w.Header().Get("Access-Control-Expose-Headers"))
				}
				vs.get("a").conversation()
			}
		})
	}
	for i := range 100 {
		adopt(i)
	}
	callers.Wait()
}

// A new policy gets new URLs, so that no browser has an answer from before.
func TestEpochs(t *testing.T) {
	v := newVisitors().enter("a")
	build := func() http.Handler { return http.NotFoundHandler() }
	first := v.adopt(0, policy{"MaxAge": "1s"}, false, build)
	assert.Equal(t, first, v.adopt(0, policy{"MaxAge": "1s"}, false, build))
	second := v.adopt(0, policy{"MaxAge": "2s"}, false, build)
	assert.NotEqual(t, first, second)
	third := v.adopt(0, policy{"MaxAge": "2s"}, true, build)
	assert.NotEqual(t, second, third)
	for range maxCalls {
		v.conversation()
	}
	fourth := v.adopt(0, policy{"MaxAge": "2s"}, false, build)
	assert.NotEqual(t, third, fourth, "corstest remembers a bounded number of calls")
}

// A run that comes late changes nothing.
func TestLateRun(t *testing.T) {
	v := newVisitors().enter("a")
	build := func() http.Handler { return http.NotFoundHandler() }
	second := v.adopt(2, policy{"MaxAge": "2s"}, true, build)
	assert.Zero(t, v.adopt(1, policy{"MaxAge": "1s"}, true, build))
	assert.Equal(t, policy{"MaxAge": "2s"}, v.conversation().policy)
	assert.Equal(t, second, v.adopt(3, policy{"MaxAge": "2s"}, false, build))
}

// A visitor that comes back gets new URLs: its browser may have cached preflights.
func TestEpochsOfReturningVisitor(t *testing.T) {
	now := time.Now()
	vs := newVisitors()
	vs.now = func() time.Time { return now }
	build := func() http.Handler { return http.NotFoundHandler() }
	first := vs.enter("a").adopt(0, policy{}, false, build)
	delete(vs.all, "a")
	now = now.Add(time.Second)
	assert.NotEqual(t, first, vs.enter("a").adopt(0, policy{}, false, build))
}

// What is recorded is bounded, whatever is sent. How much is left out is known.
func TestRecordingsAreBounded(t *testing.T) {
	vs := newVisitors()
	api := serveAPI(vs, http.NotFoundHandler())
	epoch := vs.enter("a").adopt(0, policy{}, false, func() http.Handler {
		return newAPI(cors.New(cors.Options{AllowedOrigins: []string{"*"}}), "")
	})
	for range 2 * maxRecordings {
		r := httptest.NewRequest(strings.Repeat("M", 1000), fmt.Sprintf("/v/a/%d/notes", epoch), nil)
		r.Host = strings.Repeat("h", 1000)
		for i := range 100 {
			r.Header.Set(fmt.Sprintf("X-%d", i), strings.Repeat("ü", 1000))
		}
		api.ServeHTTP(httptest.NewRecorder(), r)
	}
	c := vs.get("a").conversation()
	require.Len(t, c.wire, maxRecordings)
	assert.Equal(t, maxRecordings, c.missed)
	x := c.wire[0]
	assert.Len(t, x.Request.Fields, maxFields)
	assert.Equal(t, 100-maxFields, x.Request.Missed)
	assert.Equal(t, strings.Repeat("ü", maxValue/2)+"… (2000 bytes)", x.Request.Fields[0][1])
	assert.Equal(t, strings.Repeat("M", maxValue)+"… (1000 bytes)", x.Method)
	assert.Equal(t, strings.Repeat("h", maxValue)+"… (1000 bytes)", x.Host)

	vs.get("a").adopt(0, policy{}, false, nil)
	assert.Zero(t, vs.get("a").conversation().missed, "a new call begins anew")
}

// The logger keeps what slog promises of handlers.
func TestLoggerWithAttributes(t *testing.T) {
	out := new(live.Output)
	rec := new(recording)
	h := rec.around(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		newLogger(out).With("a", 1).WithGroup("g").InfoContext(r.Context(), "hello", "b", 2)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, "level=INFO msg=hello a=1 g.b=2\n", out.String())
	assert.Equal(t, out.String(), rec.exchange().Log)
	newLogger(out).Info("nobody asked")
	assert.NotContains(t, out.String(), "nobody")
}

// Simulated browsers are asked after the real one, maybe late. They keep the answer to a
// preflight as long as it does all the same.
func TestLateOutcome(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	vs := newVisitors()
	vs.now = clock
	real := &corstest.Browser{Handler: serveAPI(vs, http.NotFoundHandler()), Now: clock}
	p := policy{"AllowedOrigins": local.Page, "AllowedMethods": "PUT"}
	c := call{Method: "PUT", Path: "/notes"}
	q, problems := c.request(local)
	require.Empty(t, problems)
	// preflights returns those of the real browser and of a simulated one, asked later.
	preflights := func(late time.Duration) (seen, simulated int) {
		v := vs.enter("a")
		epoch := v.adopt(0, p, false, func() http.Handler {
			opts, problems := p.options()
			require.Empty(t, problems)
			return newAPI(cors.New(opts), local.Elsewhere)
		})
		url := fmt.Sprintf("%s/v/a/%d/notes", local.API, epoch)
		_, err := real.Fetch(t.Context(), q.simulate(local.Page, url))
		require.NoError(t, err)
		now = now.Add(late)
		conversation := v.conversation()
		for _, x := range conversation.wire {
			if x.Preflight {
				seen++
			}
		}
		return seen, judge(conversation.browsers[0], p, c, q, local, url).Preflights
	}
	for i, tc := range []struct {
		wait, late time.Duration
		want       int
	}{
		{0, 0, 1},
		{4 * time.Second, 3 * time.Second, 0}, // 5 seconds are over when the simulated one is asked
		{0, 0, 1},
		{4 * time.Second, 3 * time.Second, 0},
		{0, 4 * time.Second, 1},
		{2 * time.Second, 0, 1}, // though the simulated one has learned the answer 2 seconds ago
	} {
		now = now.Add(tc.wait)
		seen, simulated := preflights(tc.late)
		assert.Equal(t, tc.want, seen, i)
		assert.Equal(t, seen, simulated, i)
	}
}

func TestShorten(t *testing.T) {
	a, u := strings.Repeat("a", 80), strings.Repeat("ü", 40)
	for in, want := range map[string]string{
		a + a:                    a + a,
		a + "b" + a:              a + " … (161 bytes) … " + a,
		u + u + u + "b":          u + " … (241 bytes) … " + u[2:] + "b",
		a + a + "; list x-debug": a + " … (174 bytes) … " + a[:66] + "; list x-debug",
	} {
		assert.Equal(t, want, shorten(in))
	}
}

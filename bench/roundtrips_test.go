package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gincors "github.com/gin-contrib/cors"
	chicors "github.com/go-chi/cors"
	"github.com/gorilla/handlers"
	rscors "github.com/rs/cors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

// A setting is a middleware with its default max-age or with the best for this
// purpose, and the number of preflights that a page pays for a session.
type setting struct {
	lib, max   string // max is how long preflights are kept
	middleware func(origin string) func(http.Handler) http.Handler
	preflights preflights
}

// Preflights are counts for a session of 30 calls, by engine.
type preflights struct{ standard, chromium, firefox, webkit int }

// settings returns all that are compared. They allow the same. By default they send
// no max-age, and browsers keep answers for five seconds; only the DefaultConfig of
// gin-contrib/cors says 12 hours.
func settings() []setting {
	ours := func(maxAge time.Duration) func(string) func(http.Handler) http.Handler {
		return func(origin string) func(http.Handler) http.Handler {
			return cors.New(cors.Options{
				AllowedOrigins: []string{origin}, AllowedMethods: methods, AllowedHeaders: allowedHeaders, MaxAge: maxAge,
			})
		}
	}
	rs := func(maxAge int) func(string) func(http.Handler) http.Handler {
		return func(origin string) func(http.Handler) http.Handler {
			return rscors.New(rscors.Options{
				AllowedOrigins: []string{origin}, AllowedMethods: methodsInFull, AllowedHeaders: allowedHeaders, MaxAge: maxAge,
			}).Handler
		}
	}
	chi := func(maxAge int) func(string) func(http.Handler) http.Handler {
		return func(origin string) func(http.Handler) http.Handler {
			return chicors.Handler(chicors.Options{
				AllowedOrigins: []string{origin}, AllowedMethods: methodsInFull, AllowedHeaders: allowedHeaders, MaxAge: maxAge,
			})
		}
	}
	gorilla := func(opts ...handlers.CORSOption) func(string) func(http.Handler) http.Handler {
		return func(origin string) func(http.Handler) http.Handler {
			return handlers.CORS(append(opts, handlers.AllowedOrigins([]string{origin}), handlers.AllowedMethods(methodsInFull),
				handlers.AllowedHeaders(allowedHeaders))...)
		}
	}
	gin := func(change func(*gincors.Config)) func(string) func(http.Handler) http.Handler {
		return func(origin string) func(http.Handler) http.Handler {
			config := gincors.DefaultConfig()
			config.AllowOrigins = []string{origin}
			config.AllowHeaders = allowedHeaders
			change(&config)
			middleware := gincors.New(config)
			return func(next http.Handler) http.Handler { return ginEngine(next, middleware) }
		}
	}
	seconds := int(maxAge.Seconds())
	return []setting{
		{"this library", "its default", ours(0), preflights{6, 6, 6, 6}},
		{"rs/cors", "its default", rs(0), preflights{30, 30, 30, 30}},
		{"go-chi/cors", "its default", chi(0), preflights{30, 30, 30, 30}},
		{"gorilla/handlers", "its default", gorilla(), preflights{30, 30, 30, 30}},
		{"gin-contrib/cors", "its default", gin(func(*gincors.Config) {}), preflights{3, 3, 3, 3}},
		{"this library", "10 minutes", ours(maxAge), preflights{3, 3, 3, 3}},
		{"rs/cors", "10 minutes", rs(seconds), preflights{15, 27, 15, 27}},
		{"go-chi/cors", "10 minutes", chi(seconds), preflights{15, 27, 15, 27}},
		{"gorilla/handlers", "10 minutes", gorilla(handlers.MaxAge(seconds)), preflights{15, 27, 15, 27}},
		{"gin-contrib/cors", "10 minutes", gin(func(c *gincors.Config) { c.MaxAge = maxAge }), preflights{3, 3, 3, 3}},
	}
}

// A sessionCall is what a page does to each URL.
type sessionCall struct {
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
}

var (
	sessionURLs  = []string{"/users", "/orders", "/items"}
	sessionCalls = []sessionCall{
		{"GET", map[string]string{"Authorization": "Bearer x"}, ""},
		{"POST", map[string]string{"Authorization": "Bearer x", "Content-Type": "application/json"}, "{}"},
		{"PUT", map[string]string{"Authorization": "Bearer x", "Content-Type": "application/json"}, "{}"},
		{"PATCH", map[string]string{"Authorization": "Bearer x", "Content-Type": "application/json"}, "{}"},
		{"DELETE", map[string]string{"Authorization": "Bearer x"}, ""},
	}
)

const (
	// The calls are made twice. Between lies more than browsers keep an answer that
	// does not say how long, and less than any other.
	sessionPause = 6 * time.Second

	callsOfSession = 2 * 3 * 5
)

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })

func TestRoundTripsSimulated(t *testing.T) {
	const page = "http://127.0.0.1:3000"
	for _, s := range settings() {
		t.Run(s.lib+" "+s.max, func(t *testing.T) {
			h := s.middleware(page)(ok)
			assert.Equal(t, s.preflights, preflights{
				standard: simulate(t, h, page, corstest.EngineStandard),
				chromium: simulate(t, h, page, corstest.EngineChromium),
				firefox:  simulate(t, h, page, corstest.EngineFirefox),
				webkit:   simulate(t, h, page, corstest.EngineWebKit),
			})
		})
	}
}

// simulate plays a session and returns how many preflights it took.
func simulate(t *testing.T, h http.Handler, page string, engine corstest.Engine) int {
	now := time.Now()
	b := corstest.Browser{Handler: h, Engine: engine, Now: func() time.Time { return now }}
	calls, preflights := 0, 0
	for range 2 {
		for _, url := range sessionURLs {
			for _, c := range sessionCalls {
				r := corstest.Request{Origin: page, Method: c.Method, URL: "http://localhost:5000" + url, Header: http.Header{}}
				for name, value := range c.Headers {
					r.Header.Set(name, value)
				}
				if c.Body != "" {
					r.Body = strings.NewReader(c.Body)
				}
				res, err := b.Fetch(t.Context(), r)
				require.NoError(t, err)
				calls++
				if res.Preflight != nil {
					preflights++
				}
			}
		}
		now = now.Add(sessionPause)
	}
	require.Equal(t, callsOfSession, calls)
	return preflights
}

//go:embed roundtrips.html
var roundTripsPage []byte

func TestRoundTripsInBrowsers(t *testing.T) {
	for _, b := range live.Browsers(t) {
		t.Run(b.Name, func(t *testing.T) {
			want := map[string]int{}
			for _, s := range settings() {
				want[s.lib+" "+s.max] = map[string]int{
					"chromium": s.preflights.chromium, "firefox": s.preflights.firefox, "webkit": s.preflights.webkit,
				}[b.Name]
			}
			// Nothing keeps a browser from forgetting an answer, nor a busy machine from
			// taking longer over a URL than the five seconds that some answers are kept.
			var got map[string]int
			var slow bool
			for range 10 {
				if got, slow = browse(t, b); !slow && assert.ObjectsAreEqual(want, got) {
					return
				}
				t.Logf("once more: preflights %v, slow %t", got, slow)
			}
			require.False(t, slow, "the machine is too slow to tell")
			assert.Equal(t, want, got)
		})
	}
}

// browse plays a session for each of the settings in a real browser, and returns
// how many preflights came, by setting. It is slow if a URL took so long that
// answers may have expired meanwhile.
func browse(t *testing.T, b live.Browser) (preflights map[string]int, slow bool) {
	pageServer := httptest.NewUnstartedServer(nil)
	page := "http://" + pageServer.Listener.Addr().String()

	var mu sync.Mutex
	preflights = map[string]int{}
	calls := map[string]int{}
	routes := map[string]http.Handler{}
	var paths []string
	for i, s := range settings() {
		name, path, h := s.lib+" "+s.max, strconv.Itoa(i), s.middleware(page)(ok)
		paths = append(paths, path)
		routes[path] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			if r.Method == http.MethodOptions {
				preflights[name]++
			} else {
				calls[name]++
			}
			mu.Unlock()
			h.ServeHTTP(w, r)
		})
	}
	routes["warm-up"] = cors.New(cors.Options{
		AllowedOrigins: []string{page}, AllowedMethods: methods, AllowedHeaders: allowedHeaders,
	})(ok)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		routes[strings.Split(r.URL.Path, "/")[1]].ServeHTTP(w, r)
	}))
	t.Cleanup(api.Close)
	_, port, _ := strings.Cut(api.Listener.Addr().String(), ":")

	type report struct {
		Blocked int
		Slowest float64 // milliseconds
	}
	reports := make(chan report, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(roundTripsPage)
	})
	mux.HandleFunc("GET /session", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			// Another host, since Firefox was seen to ask again where it is an IP address.
			"api": "http://localhost:" + port, "settings": paths, "urls": sessionURLs, "calls": sessionCalls,
			"pause": sessionPause.Milliseconds(),
		})
	})
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		var rep report
		if err := json.NewDecoder(r.Body).Decode(&rep); err != nil {
			t.Error(err)
		}
		reports <- rep
	})
	pageServer.Config.Handler = mux
	pageServer.Start()
	t.Cleanup(pageServer.Close)

	rep := live.Await(b.Open(t, page), reports)
	require.Zero(t, rep.Blocked)
	mu.Lock()
	defer mu.Unlock()
	for _, s := range settings() {
		require.Equal(t, callsOfSession, calls[s.lib+" "+s.max])
	}
	return preflights, rep.Slowest > 4000
}

// docs/performance.md shows the same table.
func TestRoundTripsOnPage(t *testing.T) {
	page, err := os.ReadFile(pageFile)
	require.NoError(t, err)
	for _, s := range settings() {
		n := s.preflights
		assert.Contains(t, string(page),
			fmt.Sprintf("\n| %s | %s | %d | %d | %d | %d |\n", s.lib, s.max, n.standard, n.chromium, n.firefox, n.webkit))
	}
}

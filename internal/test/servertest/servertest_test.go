// Package servertest tests the middleware in servers that listen: what it does to the
// writer, to its neighbours, and under load.
package servertest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/cors"
	"example.com/cors/internal/test/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const page = "https://a.example"

// everything is a policy that sends every header there is.
func everything() cors.Options {
	return cors.Options{
		AllowedOrigins:   []string{page, "https://*.a.example"},
		AllowedMethods:   []string{"PUT"},
		AllowedHeaders:   []string{"X-Foo"},
		ExposedHeaders:   []string{"ETag"},
		AllowCredentials: true,
		MaxAge:           time.Minute,
	}
}

// request returns a request from a page of origin, or without Origin if that is
// empty. With OPTIONS it announces a PUT.
func request(method, origin string) *http.Request {
	var lines []string
	if origin != "" {
		lines = append(lines, "Origin: "+origin)
	}
	if method == http.MethodOptions {
		lines = append(lines, "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-foo")
	}
	return fixture.Request(method, lines...)
}

// Whatever ends a request inside the middleware, a page of an allowed origin can
// read it.
func TestHeadersStandOnEveryOutcome(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /only-get", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/401", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "who?", http.StatusUnauthorized)
	})
	mux.HandleFunc("/304", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotModified) })
	mux.HandleFunc("/500", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "oops", http.StatusInternalServerError)
	})
	mux.Handle("/302", http.RedirectHandler("/elsewhere", http.StatusFound))
	mux.HandleFunc("/tree/", func(w http.ResponseWriter, r *http.Request) {})
	mux.Handle("/file",
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "no such file") }))
	mux.Handle("/413", http.MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var tooLarge *http.MaxBytesError
		if _, err := io.ReadAll(r.Body); errors.As(err, &tooLarge) {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		}
	}), 1))
	over := make(chan struct{}) // when the test ends; the handler must not come before the timeout
	defer close(over)
	mux.Handle("/503", http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }),
		time.Millisecond, "too slow"))
	mux.HandleFunc("/panic", func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		panic("oops")
	})
	server := httptest.NewServer(cors.New(everything())(mux))
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	slash := httptest.NewRecorder() // 301 up to Go 1.25, then 307
	mux.ServeHTTP(slash, httptest.NewRequest(http.MethodGet, "/tree", nil))
	tests := []struct {
		name, method, path, body string
		status                   int
	}{
		{"not found", "GET", "/nowhere", "", 404},
		{"the mux's 405", "POST", "/only-get", "", 405},
		{"401", "GET", "/401", "", 401},
		{"304", "GET", "/304", "", 304},
		{"500", "GET", "/500", "", 500},
		{"a redirect", "GET", "/302", "", 302},
		{"the mux's redirect", "GET", "/tree", "", slash.Code},
		{"a file that is not there", "GET", "/file", "", 404},
		{"MaxBytesHandler", "POST", "/413", "too long", 413},
		{"TimeoutHandler", "GET", "/503", "", 503},
		{"a recovered panic", "GET", "/panic", "", 500},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r, err := http.NewRequest(tc.method, server.URL+tc.path, strings.NewReader(tc.body))
			require.NoError(t, err)
			r.Header.Set("Origin", page)
			res, err := client.Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			assert.Equal(t, tc.status, res.StatusCode)
			assert.Equal(t, []string{page}, res.Header["Access-Control-Allow-Origin"])
			assert.Equal(t, []string{"true"}, res.Header["Access-Control-Allow-Credentials"])
			assert.Equal(t, []string{"Etag"}, res.Header["Access-Control-Expose-Headers"])
			assert.Equal(t, []string{"Origin"}, res.Header["Vary"])
		})
	}

	t.Run("OPTIONS *", func(t *testing.T) {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		fmt.Fprintf(conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\nConnection: close\r\n\r\n", page)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		assert.Equal(t, 200, res.StatusCode, "which net/http answers by itself")
		assert.Empty(t, res.Header["Access-Control-Allow-Origin"])
	})

	t.Run("a 204 has no body and no length", func(t *testing.T) {
		r, err := http.NewRequest("OPTIONS", server.URL+"/only-get", nil)
		require.NoError(t, err)
		r.Header.Set("Origin", page)
		r.Header.Set("Access-Control-Request-Method", "PUT")
		res, err := client.Do(r)
		require.NoError(t, err)
		defer res.Body.Close()
		assert.Equal(t, 204, res.StatusCode)
		assert.Empty(t, res.Header["Content-Length"])
		assert.Empty(t, res.Header["Content-Type"])
		assert.Equal(t, []string{fixture.PreflightVary}, res.Header["Vary"])
	})
}

// The handler is given the server's own writer, with all that it can do.
func TestWriterIsPassedOn(t *testing.T) {
	var inside any
	h := cors.New(everything())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inside = w }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request("GET", page))
	assert.Same(t, w, inside)
}

func TestStreamIsFlushed(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2=%t", http2), func(t *testing.T) {
			read := make(chan struct{})
			server := httptest.NewUnstartedServer(cors.New(everything())(http.HandlerFunc(func(w http.ResponseWriter,
				r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprint(w, "data: 1\n\n")
				w.(http.Flusher).Flush()
				<-read // the second event waits until the first has arrived
				control := http.NewResponseController(w)
				assert.NoError(t, control.SetWriteDeadline(time.Now().Add(time.Minute)))
				fmt.Fprint(w, "data: 2\n\n")
				assert.NoError(t, control.Flush())
			})))
			server.EnableHTTP2 = http2
			server.StartTLS()
			defer server.Close()

			r, err := http.NewRequest("GET", server.URL, nil)
			require.NoError(t, err)
			r.Header.Set("Origin", page)
			res, err := server.Client().Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			assert.Equal(t, http2, res.ProtoMajor == 2)
			assert.Equal(t, page, res.Header.Get("Access-Control-Allow-Origin"))
			body := bufio.NewReader(res.Body)
			line, err := body.ReadString('\n')
			close(read)
			require.NoError(t, err)
			assert.Equal(t, "data: 1\n", line)
			rest, err := io.ReadAll(body) // the handler can flush as long as somebody reads
			require.NoError(t, err)
			assert.Equal(t, "\ndata: 2\n\n", string(rest))
		})
	}
}

// A WebSocket upgrade takes the connection over.
func TestConnectionIsHijacked(t *testing.T) {
	server := httptest.NewServer(cors.New(everything())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		buffered.Flush()
		line, _ := buffered.ReadString('\n')
		fmt.Fprint(buffered, line)
		buffered.Flush()
	})))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", page)
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, 101, res.StatusCode)
	fmt.Fprint(conn, "ping\n")
	line, err := r.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "ping\n", line)
}

// A file is still sent by the kernel: the writer keeps its ReadFrom.
func TestReaderFromIsKept(t *testing.T) {
	server := httptest.NewServer(cors.New(everything())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, ok := w.(io.ReaderFrom)
		fmt.Fprint(w, ok)
	})))
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, "true", string(body))
}

// A handler that overwrites every header value in place, as careless handlers
// do, is noticed by no other response, request or policy. Several packages have
// shared slices here.
func TestHeaderValuesAreNotShared(t *testing.T) {
	list := everything()
	everyone := cors.Options{
		AllowedOrigins: []string{"*"}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{"*"},
		MaxAge:         time.Minute, OptionsPassthrough: true,
	}
	wildcards := everything()
	wildcards.AllowedMethods, wildcards.AllowedHeaders = []string{"*"}, []string{"*"}
	list.OptionsPassthrough, wildcards.OptionsPassthrough = true, true

	for name, opts := range map[string]cors.Options{"list": list, "everyone": everyone, "wildcards": wildcards} {
		t.Run(name, func(t *testing.T) {
			h := cors.New(opts)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, lines := range w.Header() {
					for i := range lines {
						lines[i] = "spoilt"
					}
					_ = append(lines, "spoilt")
				}
			}))
			want := make(map[string]http.Header)
			clean := cors.New(opts)(fixture.Nothing)
			for _, method := range []string{"GET", "OPTIONS"} {
				want[method] = fixture.Serve(clean, request(method, page)).Header()
			}
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 200 {
						for _, method := range []string{"GET", "OPTIONS"} {
							r := request(method, page)
							fixture.Serve(h, r)
							assert.Equal(t, request(method, page).Header, r.Header, "the request")
							assert.Equal(t, want[method], fixture.Serve(clean, request(method, page)).Header(), "another response")
						}
					}
				})
			}
			wg.Wait()
			w := fixture.Serve(cors.New(opts)(http.NotFoundHandler()), request("OPTIONS", page))
			assert.Equal(t, want["OPTIONS"]["Access-Control-Allow-Headers"], w.Header()["Access-Control-Allow-Headers"])
		})
	}
}

// The policy is swapped under load of all kinds: each response is what one of the
// two policies says, as a whole.
func TestPolicyIsSwappedWhole(t *testing.T) {
	var policies []http.Handler
	for _, name := range []string{"a", "b"} {
		policies = append(policies, cors.New(cors.Options{
			AllowedOrigins: []string{"https://" + name + ".example", "https://both.example", "https://*." + name + ".example"},
			AllowedMethods: []string{"PUT-" + name},
			AllowedHeaders: []string{"X-" + name},
			ExposedHeaders: []string{"Y-" + name},
			MaxAge:         time.Second,
		})(http.NotFoundHandler()))
	}
	answer := func(status int, h http.Header) string { return fmt.Sprintf("%d\n%s", status, fixture.CORS(h)) }
	type call struct{ method, origin string }
	var calls []call
	want := make(map[call][2]string) // by policy
	for _, method := range []string{"GET", "OPTIONS"} {
		for _, origin := range []string{
			"https://both.example", "https://a.example", "https://x.b.example", "https://evil.example", "null", "",
		} {
			c := call{method, origin}
			calls = append(calls, c)
			var answers [2]string
			for i, h := range policies {
				w := fixture.Serve(h, request(method, origin))
				answers[i] = answer(w.Code, w.Header())
			}
			want[c] = answers
		}
	}

	var current atomic.Pointer[http.Handler]
	current.Store(&policies[0])
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*current.Load()).ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	var swaps, clients sync.WaitGroup
	swaps.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			current.Store(&policies[i%2])
			runtime.Gosched()
		}
	})
	var seen [2]atomic.Int64
	for i := range 8 {
		clients.Go(func() {
			for j := 0; j < 150 || seen[0].Load() == 0 || seen[1].Load() == 0; j++ {
				c := calls[(i+j)%len(calls)]
				r := request(c.method, c.origin)
				r.RequestURI = ""
				var err error
				r.URL, err = url.Parse(server.URL)
				if !assert.NoError(t, err) {
					return
				}
				res, err := server.Client().Do(r)
				if !assert.NoError(t, err) {
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				got, answers := answer(res.StatusCode, res.Header), want[c]
				if !assert.Contains(t, answers, got, "a mixture of policies for %v", c) {
					return
				}
				if answers[0] != answers[1] {
					seen[slices.Index(answers[:], got)].Add(1)
				}
			}
		})
	}
	clients.Wait()
	stop()
	swaps.Wait()
}

// Nothing is left behind by a request: neither a goroutine nor memory.
func TestNothingIsLeftBehind(t *testing.T) {
	const clients, requests = 8, 1_000_000 / 8
	opts := everything()
	policies := []http.Handler{cors.New(opts)(fixture.Nothing), nil}
	opts.MaxAge = time.Hour
	policies[1] = cors.New(opts)(fixture.Nothing)
	var current atomic.Pointer[http.Handler]
	origins := []string{"", page, "https://x.a.example", "https://evil.example", "null"}
	run := func(n int) {
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				w := fixture.Discard{}
				r := request("OPTIONS", page)
				for i := range n {
					if i%100 == c {
						current.Store(&policies[i/100%2])
					}
					clear(w)
					r.Method = []string{"GET", "OPTIONS"}[i%2]
					r.Header.Set("Origin", origins[i/2%len(origins)])
					if i%7 == 0 { // an origin of its own
						r.Header.Set("Origin", fmt.Sprintf("https://%d.a.example", i))
					}
					(*current.Load()).ServeHTTP(w, r)
				}
			})
		}
		wg.Wait()
	}
	current.Store(&policies[0])
	use := func() (goroutines int, heap uint64) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	run(100)
	goroutines, heap := use()
	run(requests)
	goroutinesAfter, heapAfter := use()
	isMore := func() bool { return goroutinesAfter > goroutines || heapAfter >= heap+64<<10 }
	// A goroutine that is done may take a moment to end.
	for end := time.Now().Add(time.Minute); isMore() && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		goroutinesAfter, heapAfter = use()
	}
	assert.False(t, isMore(), "goroutines: %d before, %d after; bytes: %d before, %d after", goroutines, goroutinesAfter,
		heap, heapAfter)
}

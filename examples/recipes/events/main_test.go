package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

// An EventSource gets events 1 and 2, comes back by itself for 3 and 4, and sends no
// preflight for it. A fetch reads the same as a stream; with Last-Event-ID it does send
// one. The page that is not allowed gets nothing.
func TestPages(t *testing.T) {
	var mu sync.Mutex
	requests := make(map[string]int) // by method and Last-Event-ID
	live.RunCalls(t, func(origin string) string {
		h := handler(origin)
		allowed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/requests" { // asked after each kind of call
				w.Header().Set("Access-Control-Allow-Origin", origin)
				mu.Lock()
				defer mu.Unlock()
				fmt.Fprintf(w, "%d preflights", requests[http.MethodOptions])
				clear(requests)
				return
			}
			mu.Lock()
			requests[r.Method]++
			mu.Unlock()
			h.ServeHTTP(w, r)
		}))
		t.Cleanup(allowed.Close)
		foreign := httptest.NewServer(handler("https://other.example"))
		t.Cleanup(foreign.Close)
		return strings.NewReplacer("ALLOWED", allowed.URL, "FOREIGN", foreign.URL).Replace(`(() => {
			const listen = (url, n, init) => () => new Promise((resolve) => {
				const source = new EventSource(url, init), got = [];
				source.onmessage = (e) => {
					if (got.push(e.lastEventId + ": " + e.data) < n) return;
					source.close();
					resolve(got.join(", "));
				};
				source.onerror = () => { if (source.readyState === EventSource.CLOSED) resolve("closed"); };
			});
			const read = (url, headers) => async () => {
				const reader = (await fetch(url, {headers})).body.pipeThrough(new TextDecoderStream()).getReader();
				let text = "";
				for (let chunk; !(chunk = await reader.read()).done;) text += chunk.value;
				return text.match(/data: .*/g).join(", ");
			};
			const requests = async () => (await fetch("ALLOWED/requests")).text();
			return {
				"EventSource": listen("ALLOWED/events", 4),
				"EventSource, requests": requests,
				"EventSource with credentials": listen("ALLOWED/events", 1, {withCredentials: true}),
				"EventSource with credentials, requests": requests,
				"fetch": read("ALLOWED/events"),
				"fetch, requests": requests,
				"fetch that goes on": read("ALLOWED/events", {"Last-Event-ID": "2"}),
				"fetch that goes on, requests": requests,
				"foreign EventSource": listen("FOREIGN/events", 1),
				"foreign fetch": read("FOREIGN/events"),
			};
		})()`)
	}, map[string]string{
		"EventSource":                            "1: event 1, 2: event 2, 3: event 3, 4: event 4",
		"EventSource, requests":                  "0 preflights",
		"EventSource with credentials":           "1: event 1",
		"EventSource with credentials, requests": "0 preflights",
		"fetch":                                  "data: event 1, data: event 2",
		"fetch, requests":                        "0 preflights",
		"fetch that goes on":                     "data: event 3, data: event 4",
		"fetch that goes on, requests":           "1 preflights",
		"foreign EventSource":                    "closed",
		"foreign fetch":                          "blocked",
	})
}

// An event reaches the client while the handler is still at work.
func TestStream(t *testing.T) {
	proceed := make(chan struct{})
	h := handler("http://localhost:3000")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&slow{ResponseWriter: w, proceed: proceed}, r)
	}))
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/events", nil)
	require.NoError(t, err)
	r.Header.Set("Origin", "http://localhost:3000")
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, "http://localhost:3000", res.Header.Get("Access-Control-Allow-Origin"))
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && lines.Text() != "data: event 1" {
	}
	assert.Equal(t, "data: event 1", lines.Text())
	close(proceed)
	for lines.Scan() && lines.Text() != "data: event 2" {
	}
	assert.Equal(t, "data: event 2", lines.Text())
}

// A slow writer flushes, and then waits.
type slow struct {
	http.ResponseWriter
	proceed <-chan struct{}
}

func (s *slow) FlushError() error {
	err := http.NewResponseController(s.ResponseWriter).Flush()
	<-s.proceed
	return err
}

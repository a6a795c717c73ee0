package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

// A venue is a playground under test, on ports that are free.
type venue struct {
	origins
	output  *live.Output
	reports chan json.RawMessage
}

//go:embed testdata/driver.js
var driverJS string

// newVenue starts a playground. Scripts, made for its origins, drive the page and
// report to the venue.
func newVenue(t *testing.T, scripts ...func(origins) string) *venue {
	t.Helper()
	v := &venue{output: new(live.Output), reports: make(chan json.RawMessage, 10)}
	listeners, o := listenAnywhere(t)
	v.origins = o
	page, other, api := servers(o, v.output)
	for _, script := range scripts {
		page = v.driven(page, script(o))
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listeners, []http.Handler{page, other, api}) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-ended)
	})
	return v
}

// listenAnywhere listens on three free ports of localhost.
func listenAnywhere(t *testing.T) (listeners [][]net.Listener, o origins) {
	t.Helper()
	var ports []string
	for _, name := range []string{"page", "other", "api"} {
		l, port, err := listen(name, "localhost:0")
		require.NoError(t, err)
		t.Cleanup(func() { closeAll(l) })
		listeners, ports = append(listeners, l), append(ports, port)
	}
	return listeners, originsAt(ports[0], ports[1], ports[2])
}

// driven returns a handler that adds a script to the page, and to the policy of
// what the page may run. Its first check is so slow that the page says that it waits.
func (v *venue) driven(page http.Handler, script string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", page)
	var once sync.Once
	mux.HandleFunc("POST /check/", func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { time.Sleep(time.Second) })
		page.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		page.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			for _, value := range values {
				w.Header().Add(name, strings.Replace(value, "script-src ", "script-src 'self' ", 1))
			}
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(bytes.Replace(rec.Body.Bytes(), []byte("</body>"),
			[]byte(`<script src="/driver.js"></script></body>`), 1))
	})
	mux.HandleFunc("GET /driver.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		fmt.Fprintf(w, "%s\ndrive(async () => {\n%s\n});\n", driverJS, script)
	})
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		var report json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&report); err != nil {
			report = json.RawMessage(`{"error": "a report is no JSON"}`)
		}
		v.reports <- report
	})
	return mux
}

// report reads what the script in the page says at its end.
func (v *venue) report(t *testing.T, page *live.Page, into any) {
	t.Helper()
	raw := live.Await(page, v.reports)
	for string(raw) == "null" { // it goes on
		raw = live.Await(page, v.reports)
	}
	var failed struct{ Error string }
	require.NoError(t, json.Unmarshal(raw, &failed))
	require.Empty(t, failed.Error)
	require.NoError(t, json.Unmarshal(raw, into))
}

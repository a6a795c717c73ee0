// Package pagecalls has a page make calls in the browsers that are installed, and
// reports what the page could read.
package pagecalls

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/internal/test/browser"
)

// Run compares what the page reports in each browser with want. See [Each].
func Run(t *testing.T, calls func(origin string) (script string), want map[string]string) {
	t.Helper()
	Each(t, calls, func(t *testing.T, _ string, report map[string]string) { assert.Equal(t, want, report) })
}

// Each opens a page in each browser that is installed. The page is at an origin of
// its own, http://127.0.0.1 with a free port, which Each passes to calls.
//
// The script that calls returns is a JavaScript expression: an object whose values
// are functions. The page calls one after the other. Each passes on what they return,
// with the name of the engine. A function that throws an error, as fetch does where
// the browser blocks a call, returned "blocked".
func Each(t *testing.T, calls func(origin string) (script string), check func(t *testing.T, engine string, report map[string]string)) {
	t.Helper()
	browsers := browser.Installed(t)
	reports := make(chan map[string]string, 1)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	script := calls(server.URL)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><script type="module">
			const calls = %s, report = {};
			for (const name in calls) {
				try { report[name] = String(await calls[name]()); } catch (e) { report[name] = "blocked"; }
			}
			fetch("/report", {method: "POST", body: JSON.stringify(report)});
		</script>`, script)
	})
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) {
		var report map[string]string
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &report); err != nil {
			report = map[string]string{"unreadable report": string(body)}
		}
		reports <- report
	})
	for _, b := range browsers {
		t.Run(b.Name, func(t *testing.T) {
			check(t, b.Name, browser.Await(b.Open(t, server.URL), reports))
		})
	}
}

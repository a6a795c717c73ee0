package live

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// RunCalls compares what the page reports in each browser with want. See [EachBrowser].
func RunCalls(t *testing.T, calls func(origin string) (script string), want map[string]string) {
	t.Helper()
	EachBrowser(t, calls, func(t *testing.T, _ string, report map[string]string) { assert.Equal(t, want, report) })
}

// EachBrowser opens a page in each browser that is installed. The page is at an
// origin of its own, http://127.0.0.1 with a free port, which EachBrowser passes to
// calls.
//
// The script that calls returns is a JavaScript expression: an object whose values
// are functions. The page calls one after the other. EachBrowser passes on what they
// return, with the name of the engine. A function that throws an error, as fetch does
// where the browser blocks a call, returned "blocked".
func EachBrowser(t *testing.T, calls func(origin string) (script string),
	check func(t *testing.T, engine string, report map[string]string)) {
	t.Helper()
	browsers := Browsers(t)
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
				try {
					report[name] = String(await calls[name]());
				} catch (e) {
					report[name] = "blocked";
				}
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
			check(t, b.Name, Await(b.Open(t, server.URL), reports))
		})
	}
}

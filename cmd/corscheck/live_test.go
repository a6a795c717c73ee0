package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

// What each browser says in its console of a call that fails, pasted whole, leads to
// the same call and the same verdict.
func TestConsolesOfBrowsers(t *testing.T) {
	browsers := live.Browsers(t)
	type failing struct {
		path, script string
		server       policy
		method       string // as far as the console tells it
		header       string
		blame        string
	}
	calls := []failing{
		{"/none", `fetch(URL)`, policy{}, "GET", "", "Access-Control-Allow-Origin"},
		{"/method", `fetch(URL, {method: "PUT"})`,
			policy{allow: echo, preflight: replace("Access-Control-Allow-Methods", "GET")}, "PUT", "",
			"Access-Control-Allow-Methods"},
		{"/header", `fetch(URL, {headers: {"X-Api-Key": "1"}})`,
			policy{allow: echo, preflight: replace("Access-Control-Allow-Headers", "X-Other")}, "GET",
			"x-api-key", "Access-Control-Allow-Headers"},
		{"/cookies", `fetch(URL, {credentials: "include"})`, policy{allow: always("*")}, "GET", "",
			"Access-Control-Allow-Origin"},
		{"/status", `fetch(URL, {method: "DELETE"})`, policy{allow: echo, preflightStatus: 500}, "", "", ""},
	}
	mux := http.NewServeMux()
	for _, c := range calls {
		mux.Handle(c.path, c.server)
	}
	api := httptest.NewServer(mux)
	t.Cleanup(api.Close)
	reports := make(chan bool, 1)
	var script strings.Builder
	for _, c := range calls {
		fmt.Fprintf(&script, "try { await %s } catch {}\n", strings.ReplaceAll(c.script, "URL", `"`+api.URL+c.path+`"`))
	}
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			reports <- true
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><script type="module">%s; fetch("/done", {method: "POST"})</script>`, &script)
	}))
	t.Cleanup(own.Close)

	for _, b := range browsers {
		t.Run(b.Name, func(t *testing.T) {
			opened := b.Listen().Open(t, own.URL)
			live.Await(opened, reports)
			var text string
			opened.AwaitConsole(func(console []live.Message) bool {
				var lines []string
				for _, m := range console {
					lines = append(lines, m.Text)
				}
				text = strings.Join(lines, "\n")
				return !slices.ContainsFunc(calls, func(c failing) bool { return !strings.Contains(text, api.URL+c.path) })
			})
			for i, c := range calls {
				args := []string{"-json", "-no-probe", "-entry", fmt.Sprint(i + 1)}
				if b.Name == "firefox" { // its lines do not name the page
					args = append(args, "-origin", own.URL)
					if c.path == "/method" { // nor the method that is refused
						_, _, stderr := runPaste(t, text, args...)
						require.Contains(t, stderr, "does not name it: add it, as in -X PUT")
						args = append(args, "-X", "PUT")
					}
				}
				status, stdout, stderr := runPaste(t, text, args...)
				require.Equal(t, exitFailed, status, "%s: %s\n%s", c.path, stderr, text)
				var o jsonOutcome
				require.NoError(t, json.Unmarshal([]byte(stdout), &o))
				assert.Equal(t, api.URL+c.path, o.URL, text)
				assert.Equal(t, own.URL, o.Origin)
				assert.Len(t, o.Others, len(calls)-1, text)
				if c.method != "" {
					assert.Equal(t, c.method, o.Method)
				}
				first := o.Exchanges[0].Request.Header
				if c.header != "" {
					assert.Equal(t, c.header, strings.ToLower(first.Get("Access-Control-Request-Headers")))
				}
				assert.Equal(t, c.blame, o.Engines["chromium"].Header, c.path)
			}
		})
	}
}

package interop_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

// checkedOrigin is the origin for which the servers are audited.
const checkedOrigin = "https://app.example.com"

// A checkedServer is one that corscheck has to judge, in several configurations.
type checkedServer struct {
	name           string
	program        string // for unavailable; "" if the server runs in the test's process
	start          func(t testing.TB, page string) (fleet, error)
	configurations []configuration
}

// A fleet is a server that runs in all of its configurations.
type fleet struct {
	version string
	hosts   map[string]string // by the name of the configuration
}

// A configuration is one of a server, and what corscheck has to find in it.
type configuration struct {
	name     string // of the host
	shown    string // in the table
	findings string // such as "any-origin high, vary-missing medium"; "" means none
	listed   bool   // it has the policy of listed origins, in which the first page is
	know     string // in the table: what the findings do not say
	path     string // "" means /users/7
	origin   string // "" means checkedOrigin
}

// isSound reports whether nothing is to be found from medium upwards.
func (c configuration) isSound() bool {
	return !strings.Contains(c.findings, " medium") && !strings.Contains(c.findings, " high")
}

// corscheck judges servers that nobody here wrote. It finds what is wrong with each
// and nothing else, and its verdicts on calls are those of the browsers. The table in
// corscheck/servers.md has the result. To write the table anew:
//
//	go test -run TestCorscheck -update
func TestCorscheck(t *testing.T) {
	command := buildCorscheck(t)
	pages := newPages(t)
	servers := append(goServers(), programServers()...)
	table := serverTable{servers: servers}
	for _, s := range servers {
		f, err := s.start(t, pages[0].origin)
		t.Run(s.name, func(t *testing.T) {
			if err != nil {
				unavailable(t, s.program, err.Error())
			}
			assert.Len(t, f.hosts, len(s.configurations), "each configuration that runs is checked")
			assert.True(t, slices.ContainsFunc(s.configurations, func(c configuration) bool { return c.listed && c.isSound() }),
				"one is sound")
			for _, c := range s.configurations {
				require.Contains(t, f.hosts, c.name)
				base, path := "http://"+f.hosts[c.name], cmp.Or(c.path, "/users/7")
				findings := command.audit(t, cmp.Or(c.origin, checkedOrigin), base+path, c.isSound())
				assert.Equal(t, c.findings, findings, "%s", c.name)
				table.add(s, f.version, c, findings)
				for i, p := range pages {
					p.addCalls(s.name, c, base, path, i == 0)
				}
			}
		})
	}
	t.Run("verdicts", func(t *testing.T) { command.compareWithBrowsers(t, pages) })
	t.Run("table", table.compare)
}

// corscheck is the path of the command.
type corscheck string

func buildCorscheck(t testing.TB) corscheck {
	t.Helper()
	program := filepath.Join(t.TempDir(), "corscheck")
	output, err := exec.Command("go", "build", "-o", program, "example.com/cors/cmd/corscheck").CombinedOutput()
	require.NoError(t, err, "%s", output)
	return corscheck(program)
}

// run runs the command, and reads the JSON that it prints. The exit status is 0 or 1.
func (c corscheck) run(t testing.TB, result any, args ...string) (status int) {
	t.Helper()
	cmd := exec.Command(string(c), append([]string{"-json", "-m", "60"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	if assert.NoError(t, err, "corscheck %q:\n%s%s", args, &stderr, &stdout) {
		assert.NoError(t, json.Unmarshal(stdout.Bytes(), result), "corscheck %q:\n%s", args, &stdout)
	}
	return cmd.ProcessState.ExitCode()
}

// audit returns the findings in the order in which the command has them.
func (c corscheck) audit(t testing.TB, origin, url string, sound bool) string {
	t.Helper()
	var report struct {
		Findings []struct {
			ID, Severity, Detail string
			Evidence             []any
		}
	}
	status := c.run(t, &report, "-audit", "-origin", origin, url)
	var all []string
	for _, f := range report.Findings {
		all = append(all, f.ID+" "+f.Severity)
		assert.NotEmpty(t, f.Detail, "%s of %s", f.ID, url)
		assert.NotEmpty(t, f.Evidence, "%s of %s", f.ID, url)
	}
	want := 1
	if sound {
		want = 0
	}
	assert.Equal(t, want, status, "exit status for %s, findings %q", url, all)
	return strings.Join(all, ", ")
}

// A caller is a page in a browser, which calls the servers.
type caller struct {
	origin  string
	reports chan []string // what came of the calls, when the page has made all

	adding sync.Mutex // of calls, which the page gets from another goroutine
	calls  []pageCall
}

// A pageCall is what the page gives to fetch.
type pageCall struct {
	URL         string            `json:"url"`
	Method      string            `json:"method"`
	Headers     map[string]string `json:"headers,omitempty"`
	Body        *string           `json:"body,omitempty"`
	Credentials string            `json:"credentials"`

	of   string // the server and its configuration
	want string // the outcome, if it has to be a certain one
}

// newPages starts the servers of two pages. The sound policies allow the first, which
// has the second in a frame.
func newPages(t testing.TB) []*caller {
	t.Helper()
	second := newPage(t, "")
	return []*caller{newPage(t, `<iframe src="`+second.origin+`"></iframe>`), second}
}

func newPage(t testing.TB, frame string) *caller {
	t.Helper()
	p := &caller{reports: make(chan []string, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, callerHTML, frame)
	})
	mux.HandleFunc("/calls", func(w http.ResponseWriter, r *http.Request) {
		p.adding.Lock()
		defer p.adding.Unlock()
		assert.NoError(t, json.NewEncoder(w).Encode(p.calls))
	})
	mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
		var outcomes []string
		if assert.NoError(t, json.NewDecoder(r.Body).Decode(&outcomes)) {
			p.reports <- outcomes
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	p.origin = s.URL
	return p
}

// add adds a call that the page is to make.
func (p *caller) add(call pageCall) {
	p.adding.Lock()
	defer p.adding.Unlock()
	p.calls = append(p.calls, call)
}

// callerHTML makes the calls of a page, and reports what came of each: the status,
// or that it was blocked.
const callerHTML = `<!doctype html>
<meta charset="utf-8">
<title>corscheck</title>
<script>
"use strict";
(async () => {
  const outcomes = [];
  for (const {url, ...init} of await (await fetch("/calls")).json()) {
    try {
      outcomes.push(String((await fetch(url, init)).status));
    } catch {
      outcomes.push("blocked");
    }
  }
  await fetch("/report", {method: "POST", body: JSON.stringify(outcomes)});
})();
</script>
`

// addCalls adds what a page tries with a server. Each call has a URL of its own, so
// that no cache has a part in it.
func (p *caller) addCalls(server string, c configuration, base, path string, first bool) {
	body := `{"name":"Ada"}`
	asJSON := map[string]string{"Content-Type": "application/json"}
	calls := []pageCall{
		{URL: path, want: "200"},
		{URL: path, want: "200", Credentials: "include"},
		{URL: path, want: "200", Method: "PUT", Headers: asJSON, Body: &body},
		{URL: path, want: "200", Method: "PUT", Headers: asJSON, Body: &body, Credentials: "include"},
		{URL: path, want: "200", Method: "DELETE"},
		{URL: path, want: "blocked", Method: "PATCH"},
		{URL: path, want: "200", Headers: map[string]string{"X-Token": "1"}},
		{URL: path, want: "200", Headers: map[string]string{"Authorization": "Bearer 1"}},
		{URL: path, want: "blocked", Headers: map[string]string{"X-Other": "1"}},
		{URL: "/missing", want: "404"},
		{URL: "/crash", want: "500", Credentials: "include"},
	}
	if !first {
		calls = calls[:4]
	}
	for i, call := range calls {
		call.URL = fmt.Sprintf("%s%s?call=%d", base, call.URL, i)
		call.Method = cmp.Or(call.Method, "GET")
		call.Credentials = cmp.Or(call.Credentials, "same-origin")
		call.of = server + ", " + c.name
		switch {
		case !c.listed:
			call.want = ""
		case !first:
			call.want = "blocked"
		}
		p.add(call)
	}
}

// compareWithBrowsers makes the calls in each browser, and has the command say what
// its engine would do with them.
func (c corscheck) compareWithBrowsers(t *testing.T, pages []*caller) {
	browsers := live.Browsers(t)
	began := time.Now()
	judged := make([][]map[string]string, len(pages))
	count := make(map[bool]int)
	for i, p := range pages {
		judged[i] = c.judgeAll(t, p)
		for j, call := range p.calls {
			standard := judged[i][j]["standard"]
			if call.want != "" {
				assert.Equal(t, call.want, standard, "%s", call.describe(p))
			}
			count[standard == "blocked"]++
		}
	}
	t.Logf("corscheck judged %d calls, of which the standard blocks %d: %.1f s", count[true]+count[false], count[true],
		time.Since(began).Seconds())
	for _, b := range browsers {
		t.Run(b.Name, func(t *testing.T) {
			page := b.Open(t, pages[0].origin)
			for i, p := range pages {
				observed := live.Await(page, p.reports)
				require.Len(t, observed, len(p.calls))
				for j, call := range p.calls {
					assert.Equal(t, observed[j], judged[i][j][b.Name], "%s", call.describe(p))
				}
			}
		})
	}
}

// judgeAll returns what each engine does with each call of the page.
func (c corscheck) judgeAll(t testing.TB, p *caller) []map[string]string {
	t.Helper()
	outcomes := make([]map[string]string, len(p.calls))
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.NumCPU() {
		wg.Go(func() {
			for i := range next {
				outcomes[i] = c.judge(t, p.calls[i].args(p.origin))
			}
		})
	}
	for i := range p.calls {
		next <- i
	}
	close(next)
	wg.Wait()
	return outcomes
}

// judge returns the status that the page learns, or "blocked", by engine.
func (c corscheck) judge(t testing.TB, args []string) map[string]string {
	t.Helper()
	var report struct {
		Allowed   bool
		Engines   map[string]struct{ Allowed bool }
		Exchanges []struct {
			Preflight bool
			Response  struct{ Status int }
		}
	}
	status := c.run(t, &report, args...)
	outcomes := make(map[string]string)
	everybody := true
	for engine, verdict := range report.Engines {
		outcomes[engine] = "blocked"
		if verdict.Allowed && len(report.Exchanges) > 0 {
			outcomes[engine] = fmt.Sprint(report.Exchanges[len(report.Exchanges)-1].Response.Status)
		}
		everybody = everybody && (verdict.Allowed || engine == "standard") // browsers decide
	}
	assert.Len(t, outcomes, 4, "engines of corscheck %q", args)
	assert.Equal(t, everybody, report.Allowed, "corscheck %q", args)
	assert.Equal(t, everybody, status == 0, "exit status %d of corscheck %q", status, args)
	return outcomes
}

func (c pageCall) describe(p *caller) string {
	return c.of + ": corscheck " + strings.Join(c.args(p.origin), " ")
}

// args are the command line that stands for the call.
func (c pageCall) args(origin string) []string {
	args := []string{"-origin", origin, "-X", c.Method}
	for name, value := range c.Headers {
		args = append(args, "-H", name+": "+value)
	}
	if c.Body != nil {
		args = append(args, "-d", *c.Body)
	}
	if c.Credentials == "include" {
		args = append(args, "-credentials")
	}
	return append(args, c.URL)
}

// A serverTable is the table in corscheck/servers.md.
type serverTable struct {
	servers []checkedServer
	rows    []tableRow
}

type tableRow struct {
	server  checkedServer
	version string
	cells   []string // after the first
}

func (s *serverTable) add(server checkedServer, version string, c configuration, findings string) {
	cell := "none"
	if findings != "" {
		cell = regexp.MustCompile(`([a-z-]+) ([a-z]+)`).ReplaceAllString(findings, "`$1` $2")
	}
	s.rows = append(s.rows, tableRow{server, version, []string{c.shown, cell, c.know}})
}

// line returns the row in Markdown. Where INTEROP_REQUIRE does not ask for the
// server, any version will do, and so that which was written takes its place.
func (r tableRow) line(written string) string {
	version := r.version
	if r.server.program != "" && !strings.Contains(os.Getenv("INTEROP_REQUIRE"), r.server.program) && !*update {
		row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(r.server.name) + ` ([\d.]+) \|`)
		if m := row.FindStringSubmatch(written); m != nil {
			version = m[1]
		}
	}
	first := strings.TrimSpace(r.server.name + " " + version)
	return "| " + strings.Join(append([]string{first}, r.cells...), " | ") + " |\n"
}

// compare fails t unless the table is what was measured. It leaves out servers that
// were not measured.
func (s *serverTable) compare(t *testing.T) {
	const file = "corscheck/servers.md"
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(content), "<!-- servers -->\n")
	require.True(t, found)
	written, after, found := strings.Cut(rest, "<!-- /servers -->")
	require.True(t, found)

	table := "| server | configuration | findings | what to know |\n|---|---|---|---|\n"
	for _, r := range s.rows {
		table += r.line(written)
	}
	for _, server := range s.servers {
		if slices.ContainsFunc(s.rows, func(r tableRow) bool { return r.server.name == server.name }) {
			continue
		}
		require.False(t, *update, "%s was not measured", server.name)
		written = regexp.MustCompile(`(?m)^\| `+regexp.QuoteMeta(server.name)+`[ \d.]* \| .*\n`).ReplaceAllString(written,
			"")
	}
	if *update {
		table += "\nMeasured on " + time.Now().UTC().Format(time.DateOnly) + ".\n"
		require.NoError(t, os.WriteFile(file, []byte(before+"<!-- servers -->\n"+table+"<!-- /servers -->"+after), 0o600))
		return
	}
	written, _, found = strings.Cut(written, "\nMeasured on ")
	require.True(t, found)
	assert.Equal(t, table, written,
		"the table of %s is not what was measured: go test -run TestCorscheck -update writes it", file)
}

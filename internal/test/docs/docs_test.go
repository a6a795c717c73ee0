// Package docs checks what the README and the pages of docs say, against the code.
package docs_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

var root = filepath.Join("..", "..", "..")

func read(t *testing.T, page string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, page))
	require.NoError(t, err)
	return string(content)
}

// section returns what stands under a heading of the README.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, after, found := strings.Cut(read(t, "README.md"), "\n## "+heading+"\n")
	require.True(t, found, heading)
	text, _, _ := strings.Cut(after, "\n## ")
	return text
}

// cells returns the cells of the tables in text, row by row, less their headings.
func cells(text string) (rows [][]string) {
	for line := range strings.Lines(text) {
		if row, ok := strings.CutPrefix(line, "| "); ok {
			rows = append(rows, strings.Split(strings.TrimSuffix(row, "|\n"), "|"))
		}
	}
	return rows[1:]
}

var code = regexp.MustCompile("`([^`]+)`")

func codes(cell string) (all []string) {
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

// The program of the README, in a module that has the package from a checkout, does all
// that the README shows of it.
func TestProgram(t *testing.T) {
	readme, says := read(t, "README.md"), section(t, "Is it working?")
	_, block, _ := strings.Cut(readme, "```go\n")
	program, _, _ := strings.Cut(block, "```\n")
	require.Contains(t, program, "package main\n")
	const written = "localhost:5000"
	require.Contains(t, program, `"`+written+`"`)
	addr := live.FreeAddress(t)
	log := runProgram(t, readme, strings.ReplaceAll(program, written, addr), addr)

	t.Run("curl", func(t *testing.T) {
		command, answer := shown(t, says, "curl -i ")
		request := httptest.NewRequest(args(command)[1], strings.ReplaceAll(args(command)[2], written, addr), nil)
		for _, m := range regexp.MustCompile(`-H '(.+): (.+)'`).FindAllStringSubmatch(command, -1) {
			request.Header.Set(m[1], m[2])
		}
		require.Len(t, request.Header, 3)
		assert.Equal(t, withoutDate(answer), withoutDate(answerTo(t, addr, request)))
	})
	t.Run("corscheck", func(t *testing.T) {
		command, sample := shown(t, says, "go run ./cmd/corscheck ")
		cmd := exec.Command("go", append([]string{"run", "./cmd/corscheck"},
			args(strings.ReplaceAll(command, written, addr))...)...)
		cmd.Dir = root
		output, err := cmd.Output()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, "the call is blocked")
		assertParts(t, sample, string(output), string(exit.Stderr))
	})
	t.Run("log", func(t *testing.T) {
		line := regexp.MustCompile(`(?m)^    \S+ \S+ (INFO .*)$`).FindStringSubmatch(says)
		require.NotNil(t, line)
		said, err := os.ReadFile(log)
		require.NoError(t, err)
		var refusals []string
		for m := range strings.Lines(string(said)) {
			_, refusal, _ := strings.Cut(m, " INFO ")
			refusals = append(refusals, "INFO "+strings.TrimSpace(refusal))
		}
		assert.Equal(t, []string{line[1]}, refusals, "for corscheck's call, and none for curl's")
	})
	t.Run("corstest", func(t *testing.T) {
		server, err := url.Parse("http://" + addr)
		require.NoError(t, err)
		_, err = corstest.Fetch(httputil.NewSingleHostReverseProxy(server), corstest.Request{
			Origin: "http://localhost:3000", Method: "PUT", URL: "http://localhost:5000/users",
		})
		require.Error(t, err)
		_, said, _ := strings.Cut(err.Error(), "is blocked")
		assert.Contains(t, says, "// err: … is blocked"+said+"\n")
	})
}

// runProgram builds program as the README says, and runs it until t ends. It returns
// the file that has what the program writes.
func runProgram(t *testing.T, readme, program, addr string) (log string) {
	t.Helper()
	dir, err := filepath.Abs(root)
	require.NoError(t, err)
	edit := regexp.MustCompile(`(?m)^    go (mod edit .*)=\.\./cors$`).FindStringSubmatch(readme)
	require.NotNil(t, edit)
	module := t.TempDir()
	binary := filepath.Join(module, "users.exe")
	require.NoError(t, os.WriteFile(filepath.Join(module, "main.go"), []byte(program), 0o600))
	for _, args := range [][]string{
		{"mod", "init", "users"},
		append(strings.Fields(edit[1])[:4:4], "-replace", "example.com/cors="+dir),
		{"vet", "."},
		{"build", "-o", binary, "."},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = module
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %s: %s", strings.Join(args, " "), output)
	}
	output, err := os.Create(filepath.Join(module, "log"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = output.Close() })
	cmd := exec.Command(binary)
	cmd.Stderr = output
	live.Start(t, cmd)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	return output.Name()
}

// answerTo returns what curl -i prints of the answer to r.
func answerTo(t *testing.T, addr string, r *http.Request) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, r.Write(conn))
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	var lines []string
	for in := bufio.NewScanner(conn); in.Scan() && in.Text() != ""; {
		lines = append(lines, in.Text())
	}
	return strings.Join(lines, "\n")
}

var date = regexp.MustCompile(`(?m)^Date: .*$`)

func withoutDate(answer string) string { return date.ReplaceAllString(answer, "Date: …") }

// shown returns the command that begins with start, without start, and what text shows
// that it prints.
func shown(t *testing.T, text, start string) (command, prints string) {
	t.Helper()
	_, block, found := strings.Cut(text, "\n    "+start)
	require.True(t, found, start)
	var lines []string
	for line := range strings.Lines(block) {
		if line != "\n" && len(lines) > 0 && !strings.HasPrefix(line, "    ") {
			break
		}
		lines = append(lines, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "    "))
	}
	n := 1
	for strings.HasSuffix(lines[n-1], "\\") {
		n++
	}
	return strings.Join(lines[:n], "\n"), strings.Trim(strings.Join(lines[n:], "\n"), "\n")
}

// args returns the words of a command.
func args(command string) (all []string) {
	for _, word := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(command, -1) {
		all = append(all, strings.Trim(word, "'"))
	}
	return all
}

// assertParts looks for the parts of sample in output, in their order. A line with …
// stands for lines that are left out.
func assertParts(t *testing.T, sample, output, more string) {
	t.Helper()
	rest := "\n" + output
	for part := range strings.SplitSeq("\n"+sample+"\n", "\n…\n") {
		var found bool
		_, rest, found = strings.Cut(rest, "\n"+strings.Trim(part, "\n"))
		require.True(t, found, "%s\nis not in this, or not in this place:\n%s%s", part, output, more)
		rest = "\n" + rest
	}
}

func TestOptions(t *testing.T) {
	var listed, fields []string
	for _, row := range cells(section(t, "Options")) {
		listed = append(listed, codes(row[0])[0])
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[cors.Options]()) {
		fields = append(fields, f.Name)
	}
	assert.Equal(t, fields, listed)
}

func TestErrors(t *testing.T) {
	opts := cors.Options{AllowedOrigins: []string{"foo.com"}, AllowedMethods: []string{"patch"}, MaxAge: 600}
	for line := range strings.SplitSeq(opts.Validate().Error(), "\n") {
		assert.Contains(t, section(t, "Options"), "\n    "+line+"\n")
	}
}

func TestPatterns(t *testing.T) {
	rows := cells(section(t, "Patterns"))
	require.Greater(t, len(rows), 5)
	for _, row := range rows {
		pattern := codes(row[0])[0]
		matches := codes(row[1])
		if strings.Contains(row[1], "that origin") {
			matches = []string{pattern}
		}
		h := cors.New(cors.Options{AllowedOrigins: []string{pattern}})(http.NotFoundHandler())
		for _, origin := range matches {
			_, err := corstest.Fetch(h, corstest.Request{Origin: origin})
			assert.NoError(t, err, "%s for %s", origin, pattern)
		}
		for _, origin := range codes(row[2]) {
			_, err := corstest.Fetch(h, corstest.Request{Origin: origin})
			assert.Error(t, err, "%s for %s", origin, pattern)
		}
	}
}

// New takes the patterns for previews as the recipe says.
func TestPreviews(t *testing.T) {
	text := underHeading(t, read(t, "docs/recipes.md"), "preview-deployments")
	patterns := regexp.MustCompile("`(https://[^`]+)`").FindAllStringSubmatch(text, -1)
	require.Len(t, patterns, 4)
	for i, m := range patterns {
		opts := cors.Options{AllowedOrigins: []string{m[1]}}
		assert.NoError(t, opts.Validate(), m[1])
		opts.AllowCredentials = true
		assert.Equal(t, i < 2, opts.Validate() != nil, "%s with AllowCredentials", m[1])
		opts.AllowCredentials, opts.RefuseCrossOriginWrites = false, true
		assert.Equal(t, i < 2, opts.Validate() != nil, "%s with RefuseCrossOriginWrites", m[1])
	}
}

// What "Why this one" claims is what the pages say that its lines link to.
func TestClaims(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^- \*\*.*$(?:\n  .*$)*`).FindAllString(section(t, "Why this one"), -1)
	require.Len(t, lines, 5)
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	performance := read(t, "docs/performance.md")

	t.Run("round trips", func(t *testing.T) {
		counts := func(lib string) (low, high string) {
			row := regexp.MustCompile(`(?m)^\| ` + lib + ` \| 10 minutes \| (\d+) \| (\d+) \| \d+ \| \d+ \|$`).
				FindStringSubmatch(performance)
			require.NotNil(t, row, lib)
			return row[1], row[2]
		}
		for _, lib := range []string{"this library", "gin-contrib/cors"} {
			low, high := counts(lib)
			assert.Equal(t, low, high, lib)
			assert.Contains(t, lines[0], "cost "+low+" preflights, as with gin-contrib/cors")
		}
		for _, lib := range []string{"rs/cors", "go-chi/cors", "gorilla/handlers"} {
			low, high := counts(lib)
			assert.Contains(t, lines[0], "With rs/cors, go-chi/cors or gorilla/handlers they cost "+low+" to "+high)
		}
	})
	t.Run("speed", func(t *testing.T) {
		number := func(pattern string) float64 {
			m := regexp.MustCompile(pattern).FindStringSubmatch(performance)
			require.NotNil(t, m, pattern)
			f, err := strconv.ParseFloat(m[1], 64)
			require.NoError(t, err)
			return f
		}
		row := func(name string) string { return `(?m)^\| ` + name + ` \|[^|]*\|[^|]*\| ([0-9.]+) \|` }
		assert.Contains(t, lines[1], "A preflight takes less than half the time that it takes with rs/cors, "+
			"and a request from another origin two thirds.")
		assert.Less(t, number(row("preflight")), 0.5)
		assert.InDelta(t, 2./3, number(row("other origin")), 0.1)
		assert.Contains(t, lines[1], "100 000 origins take the same time as one.")
		assert.Less(t, number(`A policy of 100 000 origins takes ([0-9.]+)`), 1.3)
	})
	t.Run("refusals", func(t *testing.T) {
		rows := regexp.MustCompile(
			`(?m)^\| refuses to start:.* \| (\w+)[^|]* \| (\w+)[^|]* \| (\w+)[^|]* \| (\w+)[^|]* \| (\w+)[^|]* \|$`).
			FindAllStringSubmatch(read(t, "docs/comparison.md"), -1)
		require.NotEmpty(t, rows)
		for _, row := range rows { // this library, rs, chi, gorilla, jub0bs
			assert.Equal(t, []string{"yes", "no", "no", "no", "yes"}, row[1:], row[0])
		}
		assert.Contains(t, lines[2], "each kind of bad policy in the comparison, and so does jub0bs/cors. "+
			"rs/cors, go-chi/cors and gorilla/handlers start with all of them")
	})
	t.Run("browsers", func(t *testing.T) {
		// The test of the cases itself insists on as many.
		assert.Contains(t, lines[3], "more than a thousand cases")
		n := regexp.MustCompile(`require\.Greater\(t, len\(cases\), (\d+)`).
			FindStringSubmatch(read(t, "internal/test/conformance/conformance_test.go"))
		require.NotNil(t, n)
		least, err := strconv.Atoi(n[1])
		require.NoError(t, err)
		assert.GreaterOrEqual(t, least, 1000)
	})
	t.Run("advisories", func(t *testing.T) {
		_, table, found := strings.Cut(read(t, ".github/SECURITY.md"), "\n## Advisories against CORS packages\n")
		require.True(t, found)
		table, _, _ = strings.Cut(table, "\n## ")
		assert.Contains(t, lines[4], "Each of ["+strconv.Itoa(len(cells(table)))+" advisories]")
	})
}

// pages are all that people read.
func pages(t *testing.T) (all []string) {
	t.Helper()
	for _, pattern := range []string{
		"README.md", ".github/*.md", "docs/*.md", "cmd/*/README.md", "interop/corscheck/*.md",
	} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, path := range found {
			page, err := filepath.Rel(root, path)
			require.NoError(t, err)
			all = append(all, filepath.ToSlash(page))
		}
	}
	require.Greater(t, len(all), 5)
	return all
}

var (
	link  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	image = regexp.MustCompile(`(?:src|srcset)="([^"]+)"`)
)

// Every link to a file of the repository leads to one, and if it names a heading, to
// that heading.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		content := read(t, page)
		for _, m := range append(link.FindAllStringSubmatch(content, -1), image.FindAllStringSubmatch(content, -1)...) {
			u, err := url.Parse(m[1])
			require.NoError(t, err)
			if u.Host != "" || u.Scheme != "" {
				continue
			}
			target := page
			if u.Path != "" {
				target = path.Join(path.Dir(page), u.Path)
			}
			if _, err := os.Stat(filepath.Join(root, target)); !assert.NoError(t, err, "a link of %s", page) {
				continue
			}
			if u.Fragment != "" && strings.HasSuffix(target, ".md") {
				assert.Contains(t, anchors(read(t, target)), u.Fragment, "a link of %s to a heading of %s", page, target)
			}
		}
	}
}

// anchors returns the names by which GitHub links to the headings of a page.
func anchors(page string) (all []string) {
	inCode := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "```") {
			inCode = !inCode
		}
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && !inCode &&
			strings.HasPrefix(line, "#") {
			heading = link.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "]")
			heading = regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(heading, "")
			all = append(all, strings.ReplaceAll(heading, " ", "-"))
		}
	}
	return all
}

func TestAnchors(t *testing.T) {
	assert.Equal(t, []string{"from-expresss-cors", "from-rscors", "is-it-working", "a-linked-heading"},
		anchors("## From Express's cors\n\n## From rs/cors\n```\n# code\n```\n### Is it working?\n# A [linked](x.md) "+
			"heading\nno #heading\n"))
}

// Every page of docs can be reached from the README, in two steps at most, and says at
// its top whom it is for.
func TestPages(t *testing.T) {
	reached := make(map[string]bool)
	follow := func(page string) (linked []string) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target = path.Join(path.Dir(page), target); strings.HasSuffix(target, ".md") && !strings.Contains(m[1], "://") {
				linked = append(linked, target)
				reached[target] = true
			}
		}
		return linked
	}
	for _, page := range follow("README.md") {
		follow(page)
	}
	for _, page := range pages(t) {
		if !strings.HasPrefix(page, "docs/") || page == "docs/CHANGELOG.md" {
			continue
		}
		title, rest, _ := strings.Cut(read(t, page), "\n\n")
		assert.True(t, strings.HasPrefix(title, "# "), page)
		first, _, _ := strings.Cut(rest, "\n\n")
		assert.Contains(t, strings.Join(strings.Fields(first), " "), " is for ", "%s does not say whom it is for", page)
		if page != "docs/releasing.md" { // for maintainers: CONTRIBUTING leads there
			assert.True(t, reached[page], "no way leads from the README to %s", page)
		}
	}
}

// What people ask most is answered where the README's links lead: the answer stands in
// the section of the last one.
func TestAnswers(t *testing.T) {
	const errors, recipes, migrating = "docs/errors.md", "docs/recipes.md", "docs/migrating.md"
	const neighbours, words = "docs/neighbours.md", "#other-words-for-it"
	for _, tc := range []struct {
		question string
		way      []string // links, from the README on
		answer   string
	}{
		{"what does the console's line mean?", []string{errors}, "is not allowed by Access-Control-Allow-Origin"},
		{"why is no cookie sent?", []string{errors + "#no-error-and-yet-no-cookie"}, "are different sites"},
		{"why is the log empty?", []string{errors + "#an-empty-log"}, "never reached the middleware"},
		{"may logging stand around a route's policy?", []string{"#pitfalls"}, "never `logging(policy(h))`"},
		{"what do I lose when I leave gin-contrib/cors?", []string{migrating, "#from-gin-contribcors"}, "a barrier falls"},
		{"how does it go into gin's chain?", []string{migrating, "#from-gin-contribcors"}, "ginchain/main.go"},
		{"does it work with echo 5?", []string{"docs/neighbours.md#routers"}, "echo5/main.go"},
		{"why do my tests fail after the move?", []string{migrating, "#what-your-tests-will-notice"}, "to every OPTIONS"},
		{
			"how do operators switch it off?", []string{recipes, "#a-list-from-an-operator"}, "An empty variable means no CORS",
		},
		{
			"how does a WebSocket keep to my list?",
			[]string{recipes + "#websockets-for-a-list-and-nothing-else"}, "require one Origin header",
		},
		{
			"cookies for my pages, and * for the rest?",
			[]string{recipes + "#cookies-for-some-pages-and--for-the-rest"}, "needs `Vary: Origin`",
		},
		{
			"why does fetch fail for an image that the page shows?",
			[]string{errors, "#allowed-by-corscheck-and-yet-it-fails"}, "The browser's HTTP cache",
		},
		{"how does a script read the name of a download?", []string{recipes, "#downloads"}, "`Content-Disposition`"},
		{"why does each PUT with If-Match cost a preflight?", []string{recipes, "#if-match"}, "costs a preflight"},
		{"may pages of the LAN call it?", []string{recipes, "#pages-of-a-local-network"}, "netip.Prefix.Contains"},
		{"why does it work in Postman?", []string{errors, words}, "only browsers block"},
		{"why is the status 0?", []string{errors, words}, "XMLHttpRequest has the status 0"},
		{
			"why is a header of the answer null?",
			[]string{errors, "#a-header-that-the-script-cannot-read"}, "`ExposedHeaders`",
		},
		{"why may pages post JSON after the move?", []string{migrating}, "have your handler refuse POST"},
		{"how does echo's config move here?", []string{migrating, "#from-echo"}, "`UnsafeAllowOriginFunc` (5)"},
		{"which origin has my Capacitor app?", []string{recipes, "#apps-in-a-web-view"}, "`capacitor://localhost`"},
		{"why does OPTIONS by curl get a 405?", []string{errors, words}, "routers answer it with 404 or 405"},
		{"which of the two servers has to change?", []string{errors, "#the-table"}, "Change the server that ⟨URL⟩ names"},
		{
			"what if the server is not mine?",
			[]string{errors, "#a-server-that-you-cannot-change"}, "Let your own server make the call",
		},
		{"do I need CORS at all?", []string{errors, "#a-server-that-you-cannot-change"}, "`server.proxy` in Vite"},
		{"why does my Mac answer 403?", []string{errors + "#an-empty-log"}, "`Server: AirTunes` is AirPlay"},
		{"why is a Secure cookie lost?", []string{errors + "#no-error-and-yet-no-cookie"}, "**`Secure`** needs https"},
		{"what does Swagger UI mean?", []string{errors, words}, `URL scheme must be "http" or "https" for CORS`},
		{"who refuses my WebSocket?", []string{errors, "#the-table"}, "not allowed by Upgrader.CheckOrigin"},
		{
			"what does tus-js-client mean?",
			[]string{errors, "#a-header-that-the-script-cannot-read"}, "`tus: invalid or missing offset value`",
		},
		{"what does tus need?", []string{recipes, "#resumable-uploads"}, "Expose `Location`, `Upload-Length`"},
		{
			"what does gRPC-Web mean?",
			[]string{neighbours + "#other-middleware-and-protocols"}, "`Response closed without grpc-status`",
		},
		{
			"why does htmx ignore HX-Trigger?",
			[]string{errors, "#a-header-that-the-script-cannot-read"}, "htmx does nothing for `HX-Trigger`",
		},
		{"what does jsdom mean?", []string{errors, words}, "`Cross origin ⟨page⟩ forbidden`"},
		{"why does it fail in a container?", []string{errors, "#the-table"}, "In a container, listen on `:5000`"},
		{"how do I wrap http.HandleFunc?", []string{neighbours + "#routers"}, "`allow(http.DefaultServeMux)`"},
		{"which origin has my VS Code view?", []string{recipes, "#apps-in-a-web-view"}, "`vscode-webview://*`"},
		{"may previews on Vercel call it?", []string{recipes, "#preview-deployments"}, "a domain of your own"},
		{"does it start with my release of Go?", []string{"docs/comparison.md"}, "| Go it needs |"},
		{"does CORS stop CSRF?", []string{"#pitfalls"}, "(CSRF).** A form on any page can post"},
		{"what is an origin?", []string{"#patterns"}, "An origin is the scheme, host and port of a page"},
		{"may all subdomains call it?", []string{"#patterns"}, "every subdomain: `https://a.example.com`"},
		{"which port has Vite's page?", []string{"#patterns"}, "`http://localhost:5173`"},
		{
			"what does this line of the log mean?",
			[]string{errors, "#a-line-of-the-log"}, "`CORS write refused`: `RefuseCrossOriginWrites` stopped",
		},
		{
			"why does react-admin miss a header?",
			[]string{errors, "#a-header-that-the-script-cannot-read"}, "`The X-Total-Count header is missing` (react-admin)",
		},
		{"why does fetch not find my container?", []string{errors, "#the-table"}, "such as `http://api:5000`"},
		{"what does Chromium's Issues tab mean?", []string{errors, words}, "`Ensure preflight responses are valid`"},
		{"how do I wrap a function?", []string{neighbours + "#routers"}, "`allow(http.HandlerFunc(f))`"},
		{"how do I wrap a part of the mux?", []string{neighbours + "#routers"}, "`mux.Handle(\"/api/\", allow(api))`"},
		{"where is engine.Run?", []string{migrating, "#from-gin-contribcors"}, "in the place of `engine.Run(addr)`"},
		{"does it work with Fiber?", []string{neighbours + "#routers"}, "is built on fasthttp"},
	} {
		t.Run(tc.question, func(t *testing.T) {
			page, text := "README.md", read(t, "README.md")
			for _, target := range tc.way {
				assert.True(t, strings.Contains(text, "]("+target), "%s does not lead to %s", page, target)
				path, anchor, _ := strings.Cut(target, "#")
				if path != "" {
					page = path
				}
				text = underHeading(t, read(t, page), anchor)
			}
			answered := strings.Contains(strings.Join(strings.Fields(text), " "), tc.answer)
			assert.True(t, answered, "%s does not say %q there", page, tc.answer)
		})
	}
}

// underHeading returns what stands under the heading that anchor links to, all of page
// for none.
func underHeading(t *testing.T, page, anchor string) string {
	t.Helper()
	if anchor == "" {
		return page
	}
	for i, part := range strings.Split(page, "\n#") {
		heading, rest, _ := strings.Cut(part, "\n")
		if i > 0 && slices.Equal(anchors("#"+heading), []string{anchor}) {
			return rest
		}
	}
	require.Fail(t, "no heading", anchor)
	return ""
}

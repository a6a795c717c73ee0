// Package docs checks what the README and the pages of docs say, against the code.
package docs_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
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

// The shortest program builds in a module that has the package from a checkout.
func TestProgram(t *testing.T) {
	readme := read(t, "README.md")
	_, block, _ := strings.Cut(readme, "```go\n")
	program, _, _ := strings.Cut(block, "```\n")
	require.Contains(t, program, "package main\n")
	dir, err := filepath.Abs(root)
	require.NoError(t, err)
	edit := regexp.MustCompile(`(?m)^    go (mod edit .*)=\.\./cors$`).FindStringSubmatch(readme)
	require.NotNil(t, edit)

	module := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(module, "main.go"), []byte(program), 0o600))
	for _, args := range [][]string{
		{"mod", "init", "users"},
		append(strings.Fields(edit[1])[:4:4], "-replace", "example.com/cors="+dir),
		{"vet", "."},
		{"build", "-o", os.DevNull, "."},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = module
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %s: %s", strings.Join(args, " "), output)
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

func TestLog(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	h := cors.New(cors.Options{AllowedOrigins: []string{"https://example.com"}, Logger: logger})(http.NotFoundHandler())
	r := httptest.NewRequest(http.MethodGet, "https://api.example/users", nil)
	r.Header.Set("Origin", "http://example.com")
	h.ServeHTTP(httptest.NewRecorder(), r)
	require.NotEmpty(t, out.String())
	assert.Contains(t, section(t, "Is it working?"), "\n    "+out.String())
}

func TestCorstest(t *testing.T) {
	h := cors.New(cors.Options{AllowedOrigins: []string{"http://localhost:3000"}})(http.NotFoundHandler())
	_, err := corstest.Fetch(h, corstest.Request{Origin: "http://localhost:3000", Method: "PUT", URL: "http://localhost:5000/users"})
	require.Error(t, err)
	_, said, _ := strings.Cut(err.Error(), "is blocked")
	assert.Contains(t, section(t, "Is it working?"), "// err: … is blocked"+said+"\n")
}

// What corscheck prints about the README's own program. A line with … stands for lines
// that are left out.
func TestCorscheck(t *testing.T) {
	_, block, found := strings.Cut(section(t, "Is it working?"), "\n    go run ./cmd/corscheck ")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "\n\n")
	command, sample, _ := strings.Cut(block, "\n    …")

	h := cors.New(cors.Options{AllowedOrigins: []string{"http://localhost:3000"}})(http.NotFoundHandler())
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	command = strings.ReplaceAll(command, "http://localhost:5000", server.URL)
	cmd := exec.Command("go", "run", "./cmd/corscheck")
	for _, arg := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(command, -1) {
		cmd.Args = append(cmd.Args, strings.Trim(arg, "'"))
	}
	cmd.Dir = root
	output, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "the call is blocked")
	rest := "\n" + string(output)
	for part := range strings.SplitSeq(sample, "    …") {
		part = strings.ReplaceAll(strings.TrimRight(part, "\n"), "\n    ", "\n")
		var found bool
		_, rest, found = strings.Cut(rest, part)
		require.True(t, found, "%s\nis not in this, or not in this place:\n%s%s", part, output, exit.Stderr)
	}
}

// Each number of "Why this one" is that of the page that its line links to.
func TestNumbers(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^- \*\*.*$`).FindAllString(section(t, "Why this one"), -1)
	require.Len(t, lines, 5)
	performance := read(t, "docs/performance.md")
	cell := func(row string, column int) string {
		m := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(row) + ` \|.*$`).FindString(performance)
		require.NotEmpty(t, m, row)
		return strings.TrimSpace(strings.Split(m, "|")[column])
	}

	t.Run("round trips", func(t *testing.T) {
		counts := func(lib string) (low, high string) {
			row := regexp.MustCompile(`(?m)^\| ` + lib + ` \| 10 minutes \| (\d+) \| (\d+) \| \d+ \| \d+ \|$`).FindStringSubmatch(performance)
			require.NotNil(t, row, lib)
			return row[1], row[2]
		}
		ours, _ := counts("this library")
		for _, lib := range []string{"rs/cors", "go-chi/cors", "gorilla/handlers"} {
			low, high := counts(lib)
			assert.Contains(t, lines[0], "costs "+ours+" preflights")
			assert.Contains(t, lines[0], low+" to "+high)
		}
	})
	t.Run("speed", func(t *testing.T) {
		const ratio = 4
		assert.Contains(t, lines[1], "A preflight takes "+cell("preflight", ratio)+" ×")
		assert.Contains(t, lines[1], "another origin "+cell("other origin", ratio)+" ×")
		many := regexp.MustCompile(`A policy of 100 000 origins takes ([0-9.]+)`).FindStringSubmatch(performance)
		require.NotNil(t, many)
		assert.Contains(t, lines[1], "100 000 origins take "+many[1]+" ×")
	})
	t.Run("refusals", func(t *testing.T) {
		comparison := read(t, "docs/comparison.md")
		rows := regexp.MustCompile(`(?m)^\| refuses to start:.* \| (\w+)[^|]* \| (\w+)[^|]* \| (\w+)[^|]* \| (\w+)[^|]* \| \w+[^|]* \|$`).FindAllStringSubmatch(comparison, -1)
		assert.Contains(t, lines[2], "refuses to start with all "+strconv.Itoa(len(rows)))
		assert.Contains(t, lines[2], "rs/cors, go-chi/cors and gorilla/handlers start with all "+strconv.Itoa(len(rows)))
		for _, row := range rows {
			assert.Equal(t, []string{"yes", "no", "no", "no"}, row[1:], row[0])
		}
	})
	t.Run("browsers", func(t *testing.T) {
		// The test of the cases itself insists on as many.
		n := regexp.MustCompile(`more than (\d+) cases`).FindStringSubmatch(lines[3])
		require.NotNil(t, n)
		assert.Contains(t, read(t, "internal/test/conformance/conformance_test.go"), "require.Greater(t, len(cases), "+n[1])
	})
	t.Run("advisories", func(t *testing.T) {
		_, table, found := strings.Cut(read(t, ".github/SECURITY.md"), "\n## Advisories against CORS packages\n")
		require.True(t, found)
		table, _, _ = strings.Cut(table, "\n## ")
		assert.Contains(t, lines[4], "Each of "+strconv.Itoa(len(cells(table)))+" advisories")
	})
}

// pages are all that people read.
func pages(t *testing.T) (all []string) {
	t.Helper()
	for _, pattern := range []string{"README.md", ".github/*.md", "docs/*.md", "cmd/*/README.md"} {
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
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && !inCode && strings.HasPrefix(line, "#") {
			heading = link.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "]")
			heading = regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(heading, "")
			all = append(all, strings.ReplaceAll(heading, " ", "-"))
		}
	}
	return all
}

func TestAnchors(t *testing.T) {
	assert.Equal(t, []string{"from-expresss-cors", "from-rscors", "is-it-working", "a-linked-heading"},
		anchors("## From Express's cors\n\n## From rs/cors\n```\n# code\n```\n### Is it working?\n# A [linked](x.md) heading\nno #heading\n"))
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

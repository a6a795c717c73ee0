// Package docs holds the README to what it says.
package docs_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
)

var root = filepath.Join("..", "..", "..")

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
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
	rows := cells(section(t, "Patterns of origins"))
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
	_, err := corstest.Fetch(h, corstest.Request{
		Origin: "http://localhost:3000", Method: "PUT", URL: "http://localhost:5000/users", Header: http.Header{"Content-Type": {"application/json"}},
	})
	require.Error(t, err)
	_, said, _ := strings.Cut(err.Error(), "is blocked")
	assert.Contains(t, section(t, "Is it working?"), "// err: … is blocked"+said+"\n")
}

// Every link to a file of the repository leads to one.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)]+)\)`)
	for _, page := range []string{"README.md", ".github/SECURITY.md", ".github/CONTRIBUTING.md", "docs/CHANGELOG.md", "docs/neighbours.md"} {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			u, err := url.Parse(m[1])
			require.NoError(t, err)
			if u.Host == "" && u.Path != "" {
				_, err := os.Stat(filepath.Join(root, filepath.Dir(page), u.Path))
				assert.NoError(t, err, "a link of %s", page)
			}
		}
	}
}

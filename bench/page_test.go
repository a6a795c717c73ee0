package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docs/performance.md has the rows that this command writes, and a place for them.
func TestPageHasTheRows(t *testing.T) {
	content, err := os.ReadFile(pageFile)
	require.NoError(t, err)
	_, part, _ := strings.Cut(string(content), beginMark)
	part, _, found := strings.Cut(part, endMark)
	require.True(t, found)
	var titles []string
	for line := range strings.Lines(part) {
		if row, ok := strings.CutPrefix(line, "| "); ok {
			title, _, _ := strings.Cut(row, " | ")
			titles = append(titles, title)
		}
	}
	want := []string{"request"}
	for _, row := range pageRows {
		want = append(want, row.title)
	}
	assert.Equal(t, want, titles)
}

// Two rounds of one row, and what the page says of them.
func TestPage(t *testing.T) {
	var out strings.Builder
	line := func(lib string, ns, bytes, allocs string) {
		out.WriteString("BenchmarkMiddleware/lib=" + lib + "/policy=credentialed/req=preflight-2 1000 " +
			ns + " ns/op " + bytes + " B/op " + allocs + " allocs/op\n")
	}
	line("cors", "100", "96", "1")
	line("rs", "200", "16", "1")
	line("cors", "300", "96", "1")
	line("rs", "1200", "16", "1")
	m, err := parse(strings.NewReader(out.String()))
	require.NoError(t, err)
	page := m.page("Measured today.")
	assert.Contains(t, page, "Measured today.\n")
	// The median of 1/2 and 1/4, not the ratio of 200 ns to 700 ns.
	assert.Contains(t, page, "\n| preflight | – | **200 ns, 96 B, 1** | 0.38 | 700 ns, 16 B, 1 | – | – | – |\n")
	assert.Contains(t, page, "\n| allowed origin | – | **–** | – | – | – | – | – |\n", "what was not measured is a dash")
	assert.Contains(t, page, "- This library allocates at most 1 block of 96 B")
	assert.NotContains(t, page, "0.00")
}

func TestReplacePart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(file, []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o600))
	require.NoError(t, replacePart(file, "new\n"))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "before\n"+beginMark+"\nnew\n\n"+endMark+"after\n", string(content))

	require.NoError(t, os.WriteFile(file, []byte("before\n"+beginMark), 0o600))
	assert.ErrorContains(t, replacePart(file, "new\n"), "has no part to write")
	content, err = os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "before\n"+beginMark, string(content), "nothing is lost")
}

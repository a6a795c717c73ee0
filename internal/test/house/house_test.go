// Package house_test keeps the module in the order that .github/CONTRIBUTING.md
// describes.
package house_test

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	root   = "../../.."
	module = "example.com/cors"
)

// An arrow leads from a file of the package to one whose functions, methods or
// variables it uses. Types, fields and constants are data, and may be used everywhere.
type arrow struct{ from, to string }

// The files call each other as the floor plan of CONTRIBUTING says, and in no other
// way. It has a line for each file: from → to, to.
func TestFloorPlan(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".github/CONTRIBUTING.md"))
	require.NoError(t, err)
	plan := make(map[arrow]bool)
	for _, line := range regexp.MustCompile(`(?m)^ *(\w+\.go) +→ (\w.*)$`).FindAllStringSubmatch(string(text), -1) {
		for to := range strings.SplitSeq(line[2], ", ") {
			plan[arrow{line[1], to}] = true
		}
	}
	require.NotEmpty(t, plan, "CONTRIBUTING has no line like \"a.go → b.go\"")
	found := arrows(t, rootFiles(t), exports(t))
	for a, example := range found {
		assert.Contains(t, plan, a, "%s uses %s of %s; move it, or draw the arrow in CONTRIBUTING", a.from, example, a.to)
	}
	for a := range plan {
		assert.Contains(t, found, a, "%s uses nothing of %s; take the arrow out of CONTRIBUTING", a.from, a.to)
	}
}

// rootFiles returns the text of the package's files, without its tests, by name.
func rootFiles(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "*.go"))
	require.NoError(t, err)
	files := make(map[string]string)
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			files[filepath.Base(path)] = string(text)
		}
	}
	require.Greater(t, len(files), 3)
	return files
}

// arrows returns the arrows between the files of a package, each with the name of
// something that it stands for.
func arrows(t *testing.T, files map[string]string, imports types.Importer) map[arrow]string {
	t.Helper()
	set := token.NewFileSet()
	var parsed []*ast.File
	for name, text := range files {
		file, err := parser.ParseFile(set, name, text, 0)
		require.NoError(t, err)
		parsed = append(parsed, file)
	}
	// Of a selector, it is the part behind the dot that is recorded, as a name of what
	// it stands for: a method as well as a function.
	info := types.Info{Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: imports}
	pkg, err := config.Check(module, set, parsed, &info)
	require.NoError(t, err)

	found := make(map[arrow]string)
	for name, used := range info.Uses {
		if used.Pkg() != pkg || isData(used) {
			continue
		}
		a := arrow{set.Position(name.Pos()).Filename, set.Position(used.Pos()).Filename}
		if a.from != a.to {
			found[a] = max(found[a], name.Name) // always the same one
		}
	}
	return found
}

func isData(o types.Object) bool {
	switch o := o.(type) {
	case *types.TypeName, *types.Const:
		return true
	case *types.Var:
		return o.IsField()
	}
	return false
}

// exports reads what the packages declare that the root imports: of a type error in
// an import, nothing would be left to see.
func exports(t *testing.T) types.Importer {
	t.Helper()
	files := make(map[string]string)
	for _, line := range list(t, "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", ".") {
		path, file, _ := strings.Cut(line, "\t")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	})
}

// list returns the lines that go list prints in the module.
func list(t *testing.T, args ...string) (lines []string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	output, err := cmd.Output()
	require.NoError(t, err, "go list %s: %s", strings.Join(args, " "), &complaints)
	for scanner := bufio.NewScanner(bytes.NewReader(output)); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	require.NotEmpty(t, lines)
	return lines
}

// The test of the floor plan sees functions, methods, function values and variables,
// in whichever direction, and no data.
func TestArrows(t *testing.T) {
	files := map[string]string{
		"a.go": `package cors
			import "slices"
			type A struct{ b B; limit int }
			func (a A) Run() { a.b.Do(); for _, b := range slices.Clone([]B{a.b}) { b.Do() } }
			const Limit = 1
			func Helper() {}`,
		"b.go": `package cors
			type B struct{ next *A }
			func (b B) Do() { b.next.Run() }`,
		"c.go": `package cors
			type C struct{ A }
			func (c C) Stop() int { return c.limit + Limit }`,
		"d.go": `package cors
			var Default = C{}
			var run = Helper`,
		"e.go": `package cors
			type E[T any] struct{ C }
			func (e E[T]) All() { Default.Stop(); e.Run() }
			var all = E[int]{}.All`,
	}
	assert.Equal(t, map[arrow]string{
		{"a.go", "b.go"}: "Do",
		{"b.go", "a.go"}: "Run",
		{"d.go", "a.go"}: "Helper",
		{"e.go", "a.go"}: "Run",
		{"e.go", "c.go"}: "Stop",
		{"e.go", "d.go"}: "Default",
	}, arrows(t, files, exports(t)))
}

// What these packages need of ours, directly or not. A judge must share no mistake with
// what it judges; and what all others know needs none of them. The root keeps programs small.
func TestImports(t *testing.T) {
	want := map[string]string{
		"internal/fetch":        "",
		"internal/publicsuffix": "",
		"internal/origins":      "internal/fetch internal/publicsuffix",
		"internal/headers":      "internal/fetch",
		"corstest":              "internal/fetch internal/publicsuffix",
	}
	got := make(map[string]string)
	for _, line := range list(t, "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./...") {
		var ours []string
		for _, path := range strings.Fields(line) {
			if path, ok := strings.CutPrefix(path, module+"/"); ok {
				ours = append(ours, path)
			} else if path == module {
				ours = append(ours, ".")
			}
		}
		name, needs := ours[0], slices.Sorted(slices.Values(ours[1:]))
		if _, ok := want[name]; ok {
			got[name] = strings.Join(needs, " ")
		}
		if name == "." {
			assert.NotContains(t, strings.Fields(line), "regexp", "it would add 250 kB to each program")
		}
		if !strings.HasPrefix(name, "internal/test/") {
			for _, path := range needs {
				assert.False(t, strings.HasPrefix(path, "internal/test/"), "%s is for tests, and %s ships it", path, name)
			}
		}
	}
	assert.Equal(t, want, got)
}

// Lines of Go and of shell scripts end before column 120, but in files that programs
// write.
func TestLines(t *testing.T) {
	var checked int
	var long []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && (entry.Name() == ".git" || entry.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		isGo := strings.HasSuffix(path, ".go") && !bytes.HasPrefix(text, []byte("// Code generated "))
		if !isGo && !bytes.HasPrefix(text, []byte("#!")) {
			return nil
		}
		checked++
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) >= 120 {
				long = append(long, fmt.Sprintf("%s:%d", filepath.ToSlash(path), n))
			}
		}
		return nil
	})
	require.NoError(t, err)
	assert.Greater(t, checked, 50)
	assert.Empty(t, long, "break these lines")
}

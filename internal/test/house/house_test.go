// Package house_test keeps the root of the module in the order that
// .github/CONTRIBUTING.md describes.
package house_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../../.."

// levels are the files of the package. A file calls files of its own level and of
// the levels after it. Types and constants are data, and may be used everywhere.
var levels = [][]string{
	{"cors.go", "preflight.go"}, // what happens to a request
	{"options.go"},              // what was asked for
	{"origin.go"},               // the matcher
}

func TestCallsGoOneWay(t *testing.T) {
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range sources(t) {
		file, err := parser.ParseFile(files, filepath.Join(root, name), nil, 0)
		require.NoError(t, err)
		parsed = append(parsed, file)
	}
	info := types.Info{Uses: make(map[*ast.Ident]types.Object)}
	// What other packages declare is of no interest here, and takes seconds to read.
	config := types.Config{Error: func(error) {}}
	pkg, _ := config.Check("example.com/cors", files, parsed, &info)

	level := make(map[string]int)
	for i, names := range levels {
		for _, name := range names {
			level[name] = i
		}
	}
	assert.Len(t, level, len(parsed), "every file has a level")
	fileOf := func(pos token.Pos) string { return filepath.Base(files.Position(pos).Filename) }
	arrows := make(map[string]bool)
	for id, used := range info.Uses {
		if used.Pkg() != pkg || isData(used) {
			continue
		}
		if from, to := fileOf(id.Pos()), fileOf(used.Pos()); from != to {
			arrows[from+" → "+to] = true
			assert.LessOrEqual(t, level[from], level[to], "%s uses %s of %s", from, id.Name, to)
		}
	}
	t.Log(slices.Sorted(maps.Keys(arrows)))
	for _, arrow := range []string{"cors.go → options.go", "preflight.go → cors.go", "options.go → origin.go"} {
		assert.Contains(t, arrows, arrow, "or else this test sees nothing")
	}
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

// sources returns the names of the package's files, without its tests.
func sources(t *testing.T) (names []string) {
	paths, err := filepath.Glob(filepath.Join(root, "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			names = append(names, filepath.Base(path))
		}
	}
	return names
}

func TestFilesAreSmall(t *testing.T) {
	most := map[string]int{"cors_test.go": 1200, "README.md": 150}
	for _, name := range sources(t) {
		most[name] = 350
	}
	for name, limit := range most {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		assert.LessOrEqual(t, bytes.Count(text, []byte("\n")), limit, name)
	}
}

func TestTopLevelHoldsNothingElse(t *testing.T) {
	files := []string{
		".gitignore", "LICENSE", "README.md", "cors.go", "cors_test.go", "example_test.go", "go.mod", "go.sum", "options.go", "origin.go", "preflight.go",
	}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, e := range entries {
		if !e.IsDir() && e.Name() != ".git" { // a file in a worktree
			assert.Contains(t, files, e.Name())
		}
	}
}

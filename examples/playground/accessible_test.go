package main

import (
	_ "embed"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

//go:embed testdata/accessible.js
var accessibleJS string

// The page has no violation that axe-core finds: as it opens, with problems, with what
// came of a call, in both themes. The environment variable PLAYGROUND_AXE is the path
// of axe.min.js; the tests in interop/ install it and set the variable.
func TestAccessible(t *testing.T) {
	path := os.Getenv("PLAYGROUND_AXE")
	if path == "" {
		t.Skip("PLAYGROUND_AXE is not set")
	}
	axe, err := os.ReadFile(path)
	require.NoError(t, err)
	b := live.Browsers(t)[0]
	v := newVenue(t, func(origins) string { return string(axe) + "\n" + accessibleJS })
	var found struct {
		Violations map[string][]string // by the state of the page
		Rules      int                 // that had something to judge
	}
	v.report(t, b.Open(t, v.Page), &found)
	assert.Len(t, found.Violations, 10)
	for state, list := range found.Violations {
		assert.Empty(t, list, state)
	}
	assert.Greater(t, found.Rules, 30)
}

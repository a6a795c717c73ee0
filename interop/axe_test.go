package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The playground's page has no violation that axe-core finds. The test itself is beside
// the page, and looks for axe-core in an environment variable.
func TestPlaygroundIsAccessible(t *testing.T) {
	dir, err := npmInstall(t, "axe/package.json", "axe/package-lock.json")
	if err != nil {
		unavailable(t, "node", err.Error())
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-run", "^TestAccessible$",
		"./examples/playground")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "PLAYGROUND_AXE="+filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	output, err := cmd.CombinedOutput()
	assert.NoError(t, err, "%s", output)
	if strings.Contains(string(output), "--- SKIP: TestAccessible") {
		t.Skip("no browser is installed, or none is wanted")
	}
	assert.Contains(t, string(output), "--- PASS: TestAccessible", "it has run")
}

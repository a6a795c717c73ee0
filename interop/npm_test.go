package interop_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// npmInstall copies files, package.json and its lock file among them, into a new folder,
// and installs there what the lock file names.
func npmInstall(t testing.TB, files ...string) (dir string, err error) {
	t.Helper()
	dir = t.TempDir()
	return dir, npmInstallIn(dir, files...)
}

// npmInstallIn does so in a folder that exists.
func npmInstallIn(dir string, files ...string) error {
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), content, 0o600); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	install.Dir = dir
	if output, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %v: %.300s", err, output)
	}
	return nil
}

//go:build !unix

package live

import (
	"os/exec"
	"testing"
)

func group(testing.TB, *exec.Cmd) error { return nil }

func terminate(cmd *exec.Cmd) { kill(cmd) }

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

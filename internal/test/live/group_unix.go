//go:build unix

package live

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// group puts what cmd starts in a process group of its own, so that all of it can
// be ended, and no other. A shell in that group waits for the end of a pipe that
// this process holds open, and then kills the group.
func group(t testing.TB, cmd *exec.Cmd) error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	t.Cleanup(func() {
		ours.Close()
		theirs.Close()
	})
	const script = `(read _ </dev/fd/%d; kill -KILL 0) >/dev/null 2>&1 & exec "$@"`
	pipe := 3 + len(cmd.ExtraFiles) // its number there
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
	cmd.Args = append([]string{"sh", "-c", fmt.Sprintf(script, pipe), "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return nil
}

func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

//go:build unix

package browser

import (
	"os/exec"
	"syscall"
)

// group puts what cmd starts in a process group of its own, so that all of a
// browser's processes can be ended, and no other.
func group(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

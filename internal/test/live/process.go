package live

import (
	"os/exec"
	"testing"
	"time"
)

// Start starts cmd, and ends it with all of its children when t ends: programs such
// as browsers start more of them. Where there are process groups, they end as well
// if the test's process does not come to that: it was interrupted, or took longer
// than go test's -timeout.
//
// The channel is closed when cmd has ended, by itself or so.
func Start(t testing.TB, cmd *exec.Cmd) (ended <-chan struct{}) {
	t.Helper()
	if err := group(t, cmd); err != nil {
		t.Fatal(err)
	}
	cmd.WaitDelay = time.Second // children may hold on to the output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		terminate(cmd)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
		}
		kill(cmd)
		<-done
	})
	return done
}

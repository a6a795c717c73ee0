//go:build unix

package live_test

import (
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

// A program that starts another, says so, and goes on.
const program = `sleep 600 & echo started; wait`

// Nothing lives on when a test's process ends before its cleanup, as it does on
// an interrupt or after -timeout.
func TestNothingOutlivesTheProcess(t *testing.T) {
	const role = "CORS_TEST_THAT_IS_CUT_SHORT"
	if os.Getenv(role) != "" {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		cmd := exec.Command("sh", "-c", program)
		cmd.Stdout, cmd.Stderr = w, os.Stderr // the latter is what the test outside waits for
		live.Start(t, cmd)
		_, err = r.Read(make([]byte, 1))
		require.NoError(t, err)
		os.Stdout.WriteString("started\n")
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestNothingOutlivesTheProcess$")
	cmd.Env = append(os.Environ(), role+"=1")
	cmd.WaitDelay = time.Minute
	output, err := cmd.CombinedOutput()
	assert.Contains(t, string(output), "started")
	assert.NotErrorIs(t, err, exec.ErrWaitDelay, "somebody still holds the output")
	assert.NoError(t, err)
}

// A shell takes only one digit for the number of a file in a redirection.
func TestManyExtraFiles(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	cmd := exec.Command("echo", "started")
	cmd.Stdout = w
	for range 20 {
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.Stderr)
	}
	<-live.Start(t, cmd)
	require.NoError(t, w.Close())
	output, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "started\n", string(output))
}

func TestNothingOutlivesTheTest(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	t.Run("start", func(t *testing.T) {
		cmd := exec.Command("sh", "-c", program)
		cmd.Stdout = w
		live.Start(t, cmd)
		_, err := r.Read(make([]byte, len("started\n")))
		require.NoError(t, err)
	})
	require.NoError(t, w.Close())
	require.NoError(t, r.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = r.Read(make([]byte, 1))
	assert.EqualError(t, err, "EOF", "somebody still holds the output")
}

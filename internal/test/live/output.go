package live

import (
	"bytes"
	"regexp"
	"sync"
	"testing"
	"time"
)

// An Output keeps what programs write, up to a bound. Many may write to it at once.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write keeps p, as far as there is room.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	const most = 1 << 20
	o.buf.Write(p[:min(len(p), most-o.buf.Len())])
	return len(p), nil
}

// String returns what was written.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Await waits until something is written that words, a regular expression, match. It
// returns the match and its groups.
func (o *Output) Await(t testing.TB, words string) []string {
	t.Helper()
	r := regexp.MustCompile(words)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if m := r.FindStringSubmatch(o.String()); m != nil {
			return m
		}
	}
	t.Fatalf("nobody wrote %q in %v, but:\n%s", words, patience, o)
	return nil
}

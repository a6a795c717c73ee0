package live_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/internal/test/live"
)

func TestOutput(t *testing.T) {
	out := new(live.Output)
	go fmt.Fprint(out, "port 5000\n")
	assert.Equal(t, []string{"port 5000", "5000"}, out.Await(t, `port (\d+)`))
	for range 3 {
		n, err := out.Write(make([]byte, 1<<20))
		assert.Equal(t, 1<<20, n, "or the program would stop")
		assert.NoError(t, err)
	}
	assert.Len(t, out.String(), 1<<20)
	assert.True(t, strings.HasPrefix(out.String(), "port"))
}

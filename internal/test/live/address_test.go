package live_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

func TestFreeAddress(t *testing.T) {
	address := live.FreeAddress(t)
	_, err := net.Dial("tcp", address)
	assert.Error(t, err, "nobody listens")
	l, err := net.Listen("tcp", address)
	require.NoError(t, err, "and somebody can")
	assert.NoError(t, l.Close())
}

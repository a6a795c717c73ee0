package live_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

func TestProxy(t *testing.T) {
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text+r.Host) })
	}
	secure := httptest.NewTLSServer(says("secure "))
	t.Cleanup(secure.Close)
	proxy := httptest.NewServer(live.Proxy(says("plain "), secure.Listener.Addr().String()))
	t.Cleanup(proxy.Close)
	through, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	client := secure.Client()
	transport := client.Transport.(*http.Transport)
	transport.DialContext = nil // httptest's own would pass the proxy by
	transport.Proxy = http.ProxyURL(through)
	for address, want := range map[string]string{
		"http://api.invalid/":  "plain api.invalid",
		"https://example.com/": "secure example.com", // a name in httptest's certificate
	} {
		res, err := client.Get(address)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		assert.NoError(t, res.Body.Close())
		assert.Equal(t, want, string(body))
	}
}

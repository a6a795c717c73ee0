package corstest_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// modes are those in which a response may arrive.
var modes = []corstest.Mode{corstest.ModeCORS, corstest.ModeNoCORS, corstest.ModeNavigate}

func TestStatusesThatAreNoResponse(t *testing.T) {
	for status, refusing := range map[int][]corstest.Engine{
		101: {corstest.EngineChromium, corstest.EngineWebKit},
		407: {corstest.EngineChromium},
	} {
		for _, engine := range engines {
			refuses := slices.Contains(refusing, engine)
			for _, mode := range modes {
				s := allowing("PUT", "")
				s.status = status
				b := corstest.Browser{Handler: s, Engine: engine}
				res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Mode: mode})
				assert.Equal(t, status, res.Response.StatusCode)
				if !refuses {
					assert.NoError(t, err, engine)
					continue
				}
				blocked := requireBlocked(t, err)
				assert.Equal(t, corstest.StepRequest, blocked.Step)
				assert.Equal(t, fmt.Sprintf("the status is %d %s, which this browser takes for no response", status,
					http.StatusText(status)), blocked.Detail)
			}
			s := allowing("PUT", "")
			s.preflightStatus = status
			b := corstest.Browser{Handler: s, Engine: engine}
			_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: "PUT"})
			want := corstest.StepPreflightStatus
			if refuses {
				want = corstest.StepPreflightRequest
			}
			assert.Equal(t, want, requireBlocked(t, err).Step, engine)
		}
	}
}

func TestLongHeaders(t *testing.T) {
	limits := map[corstest.Engine]int{corstest.EngineChromium: 262144, corstest.EngineFirefox: 393216}
	// A response of size bytes, the blank line at its end included.
	sized := func(size int) http.Header {
		h := http.Header{"Access-Control-Allow-Origin": {"*"}, "Access-Control-Allow-Methods": {"PUT"}}
		rest := size - len("HTTP/1.1 204 No Content\r\n\r\n")
		rest -= len("Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: PUT\r\n")
		for ; rest > 2000; rest -= 1000 {
			h.Add("X-A", strings.Repeat("a", 1000-len("X-A: \r\n")))
		}
		h.Set("X-B", strings.Repeat("a", rest-len("X-B: \r\n")))
		return h
	}
	for _, engine := range engines {
		limit := limits[engine]
		for _, size := range []int{10_000, 262144, 262145, 393216, 393217, 5_000_000} {
			taken := limit == 0 || size <= limit
			for _, mode := range modes {
				s := &server{response: sized(size), status: 204}
				b := corstest.Browser{Handler: s, Engine: engine}
				_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Mode: mode})
				if taken {
					assert.NoError(t, err, "%s: %d", engine, size)
					continue
				}
				blocked := requireBlocked(t, err)
				assert.Equal(t, corstest.StepRequest, blocked.Step)
				assert.Equal(t, fmt.Sprintf("the header of the response has %d bytes; this browser takes up to %d", size, limit),
					blocked.Detail)
			}
			s := &server{preflight: sized(size), response: http.Header{"Access-Control-Allow-Origin": {"*"}}}
			b := corstest.Browser{Handler: s, Engine: engine}
			_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: "PUT"})
			if taken {
				assert.NoError(t, err, "%s: %d", engine, size)
			} else {
				assert.Equal(t, corstest.StepPreflightRequest, requireBlocked(t, err).Step)
			}
		}
	}
}

// Browsers drop a response with a NUL, and take all other control characters as they
// are.
func TestControlCharacters(t *testing.T) {
	for b := range 0x100 {
		if b == '\r' || b == '\n' {
			continue // which net/http's server does not write
		}
		char := string([]byte{byte(b)})
		for _, engine := range engines {
			s := allowing("", "")
			s.response["X-A"] = []string{"a" + char + "b"}
			s.response["Access-Control-Expose-Headers"] = []string{"X-A"}
			browser := corstest.Browser{Handler: s, Engine: engine}
			res, err := browser.Fetch(t.Context(), corstest.Request{Origin: origin})
			if b == 0 {
				blocked := requireBlocked(t, err)
				assert.Equal(t, corstest.StepRequest, blocked.Step)
				assert.Equal(t, "X-A", blocked.Header)
				assert.Equal(t, `is "a\x00b": browsers drop a response with a NUL in its header`, blocked.Detail)
				continue
			}
			require.NoError(t, err)
			assert.Equal(t, []string{"a" + char + "b"}, res.Header["X-A"])

			s.response["Access-Control-Allow-Origin"] = []string{origin + char}
			_, err = browser.Fetch(t.Context(), corstest.Request{Origin: origin})
			assert.Equal(t, b == ' ' || b == '\t', err == nil, "%q", char)
		}
	}
	s := allowing("PUT", "")
	s.preflight["X-A"] = []string{"\x00"}
	_, err := corstest.Fetch(s, corstest.Request{Origin: origin, Method: "PUT"})
	assert.Equal(t, corstest.StepPreflightRequest, requireBlocked(t, err).Step)
}

// A live server may write names that are no tokens. Chromium minds no space before
// the colon.
func TestNamesThatAreNoTokens(t *testing.T) {
	for _, engine := range engines {
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: 200, Status: "200 OK", Body: io.NopCloser(strings.NewReader("")), Header: http.Header{
					"Access-Control-Allow-Origin":     {"*"},
					"Access-Control-Expose-Headers ":  {"*"},
					"access-control-expose-headers\t": {"*"},
					"X-A ":                            {"1"},
					"X-B":                             {"1"},
					"X-B ":                            {"2"},
					" X-C":                            {"1"},
					"X D":                             {"1"},
				},
			}, nil
		})
		b := corstest.Browser{Transport: transport, Engine: engine}
		res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin})
		require.NoError(t, err)
		if engine != corstest.EngineChromium {
			assert.Empty(t, res.Header)
			continue
		}
		assert.Equal(t, http.Header{
			"Access-Control-Allow-Origin": {"*"}, "Access-Control-Expose-Headers": {"*", "*"}, "X-A": {"1"}, "X-B": {"1", "2"},
		}, res.Header)
		assert.Equal(t, []string{"1"}, res.Response.Header["X-A "], "the response stays as it came")
	}
}

// A mistake in the list of exposed headers hides them all, but Firefox reads it up to
// the mistake, and stops at a wildcard before it.
func TestMalformedExposedHeaders(t *testing.T) {
	for value, everything := range map[string]bool{
		"*, @": true, "X-A, *, @": true, "*,,@": true, `*, "X-A"`: true, "*, X-A X-B": true, "*|@": true,
		"@, *": false, "X-A, @": false, "**, @": false, "* @": false, "*;": false, "@|*": false, "X-A;, *": false,
	} {
		for _, engine := range engines {
			for _, credentials := range []bool{false, true} {
				s := allowing("", "")
				s.response["X-A"] = []string{"1"}
				s.response["Access-Control-Expose-Headers"] = strings.Split(value, "|")
				b := corstest.Browser{Handler: s, Engine: engine}
				res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Credentials: credentials})
				require.NoError(t, err)
				want := everything && !credentials && engine == corstest.EngineFirefox
				assert.Equal(t, want, res.Header["X-A"] != nil, "%s: %q, %v", engine, value, credentials)
			}
		}
	}
}

package corstest_test

import (
	"net/http"
	"strings"
	"testing"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A value is a string of the script, and one byte on the wire for each character.
func TestValuesAsBytes(t *testing.T) {
	for value, want := range map[string]string{
		"é":                    "\xe9",
		"\u0080\u00ff":         "\x80\xff",
		"a é b":                "a \xe9 b",
		" \té\r\n":             "\xe9",
		"\u00a0a\u0085":        "\xa0a\x85", // no space that browsers take away
		"\va\f":                "\va\f",
		"a\tb":                 "a\tb",
		"":                     "",
		" ":                    "",
		"\xe9":                 "\xe9", // no UTF-8: bytes already
		"é\xe9":                "\xc3\xa9\xe9",
		strings.Repeat("é", 3): "\xe9\xe9\xe9",
	} {
		for _, engine := range engines {
			s := allowing("", "X-A")
			b := corstest.Browser{Handler: s, Engine: engine}
			res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Header: http.Header{"X-A": {value}}})
			require.NoError(t, err, "%q", value)
			assert.Equal(t, []string{want}, s.requests[1].Header["X-A"], "%q", value)
			assert.Equal(t, []string{want}, res.Exchanges[1].Request.Header["X-A"], "%q", value)
		}
	}
}

func TestValuesThatAreNoBytes(t *testing.T) {
	for value, detail := range map[string]string{
		"Ā": `the value has the character 'Ā' (U+0100): scripts can set those up to U+00FF; encode the ` +
			`value, as with encodeURIComponent`,
		"5 €": `the value has the character '€' (U+20AC): scripts can set those up to U+00FF; encode the ` +
			`value, as with encodeURIComponent`,
		"a😀": `the value has the character '😀' (U+1F600): scripts can set those up to U+00FF; encode ` +
			`the value, as with encodeURIComponent`,
		"a\x00":   "the value has a line break or NUL",
		"a\nb":    "the value has a line break or NUL",
		"a\rb":    "the value has a line break or NUL",
		"\x00 a ": "the value has a line break or NUL",
	} {
		for _, mode := range []corstest.Mode{"", corstest.ModeNoCORS} {
			s := allowing("", "Accept")
			_, err := corstest.Fetch(s, corstest.Request{Origin: origin, Mode: mode, Header: http.Header{"Accept": {value}}})
			assert.Equal(t, &corstest.UnsendableError{Field: "Header", Value: "Accept", Detail: detail}, err, "%q", value)
			assert.Empty(t, s.log)
		}
	}
}

// é is one byte, also where bytes are counted. Firefox takes it for unsafe.
func TestBytesAreCounted(t *testing.T) {
	e := func(n int) string { return strings.Repeat("é", n) }
	for _, engine := range engines {
		want := ""
		if engine == corstest.EngineFirefox {
			want = "accept"
		}
		assert.Equal(t, want, announced(t, engine, http.Header{"Accept": {e(128)}}), engine)
		assert.Equal(t, "accept", announced(t, engine, http.Header{"Accept": {e(129)}}), engine)
		assert.Equal(t, "accept", announced(t, engine, http.Header{"Accept": {e(127) + "aa"}}), engine)
		assert.Equal(t, "accept-language", announced(t, engine, http.Header{"Accept-Language": {"é"}}), engine)
		first := ""
		if engine == corstest.EngineFirefox {
			first = "accept"
		}
		assert.Equal(t, first, announced(t, engine, http.Header{"Accept": {"\u0080"}}), engine)
		want = strings.Replace(want, "accept", "content-type", 1)
		assert.Equal(t, want, announced(t, engine, http.Header{"Content-Type": {"text/plain;" + e(117)}}), engine)
		assert.Equal(t, "content-type", announced(t, engine, http.Header{"Content-Type": {"text/plain;" + e(118)}}), engine)
	}
	// Together: 8 × 128 = 1024.
	h := http.Header{"Accept": {e(128), e(128), e(128), e(128), e(128), e(128), e(128), e(128)}}
	assert.Empty(t, announced(t, corstest.EngineStandard, h))
	h.Set("Content-Language", "a")
	assert.Equal(t, "accept,content-language", announced(t, corstest.EngineStandard, h))
}

// The engines join what the standard keeps apart.
func TestSeveralHeadersOfOneName(t *testing.T) {
	long := strings.Repeat("a", 100)
	for _, engine := range engines {
		joined := engine != corstest.EngineStandard
		s := allowing("", "X-A")
		b := corstest.Browser{Handler: s, Engine: engine}
		h := http.Header{"X-A": {"1", "2"}, "x-a": {"é"}, "Accept": {"a", "b"}}
		_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Header: h})
		require.NoError(t, err)
		want := []string{"1", "2", "\xe9"}
		if joined {
			want = []string{"1, 2, \xe9"}
		}
		assert.Equal(t, want, s.requests[1].Header["X-A"], engine)
		names := announced(t, engine, http.Header{"Accept": {long, long}})
		assert.Equal(t, joined, names != "", engine)
	}
}

// Chromium sends its own User-Agent, and takes some headers for its client hints.
func TestHeadersOfChromium(t *testing.T) {
	hints := map[string]struct{ known, other []string }{
		"DPR":            {[]string{"2", "1.5", "01.50"}, []string{"", ".", ".5", "1.", "-1", "1e3", "x", "1,2", "1.5.2"}},
		"Device-Memory":  {[]string{"0.5"}, []string{"x"}},
		"Downlink":       {[]string{"10"}, []string{"x"}},
		"RTT":            {[]string{"100"}, []string{"", "1.5", "x"}},
		"Width":          {[]string{"10"}, []string{"1.5"}},
		"Viewport-Width": {[]string{"10"}, []string{"x"}},
		"Save-Data":      {[]string{"on", "ON", " on "}, []string{"off", ""}},
		"ECT":            {[]string{"4g", "3g", "2g", "slow-2g"}, []string{"5g", "4G", ""}},
	}
	for _, engine := range engines {
		chromium := engine == corstest.EngineChromium
		for name, values := range hints {
			ask := func(value string) bool {
				s := allowing("", name)
				b := corstest.Browser{Handler: s, Engine: engine}
				_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Header: http.Header{name: {value}}})
				require.NoError(t, err)
				assert.Equal(t, []string{strings.Trim(value, " ")},
					s.requests[len(s.requests)-1].Header[http.CanonicalHeaderKey(name)])
				return len(s.log) == 2
			}
			for _, value := range values.known {
				assert.Equal(t, !chromium, ask(value), "%s: %s: %q", engine, name, value)
			}
			for _, value := range values.other {
				assert.True(t, ask(value), "%s: %s: %q", engine, name, value)
			}
		}
		for _, r := range []corstest.Request{
			{Origin: origin, Header: http.Header{"User-Agent": {"me"}}},
			{Header: http.Header{"User-Agent": {"me"}}},
		} {
			s := allowing("", "User-Agent")
			b := corstest.Browser{Handler: s, Engine: engine}
			_, err := b.Fetch(t.Context(), r)
			require.NoError(t, err)
			want := []string{"me"}
			if chromium {
				want = nil
				assert.Equal(t, []string{"GET"}, s.log)
			}
			assert.Equal(t, want, s.requests[len(s.requests)-1].Header["User-Agent"], engine)
		}
		b := corstest.Browser{Handler: allowing("", ""), Engine: engine}
		_, err := b.Fetch(t.Context(), corstest.Request{
			Origin: origin, Mode: corstest.ModeNoCORS, Header: http.Header{"DPR": {"2"}},
		})
		assert.Equal(t, "browsers drop this header or value in mode \"no-cors\"", requireUnsendable(t, err).Detail)
	}
}

package corstest_test

import (
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// announced returns the Access-Control-Request-Headers of a preflight for a GET
// with the given headers, "" if there is no preflight.
func announced(t *testing.T, engine corstest.Engine, h http.Header) string {
	t.Helper()
	s := allowing("", "accept,accept-language,content-language,content-type,range,x-a")
	b := corstest.Browser{Handler: s, Engine: engine}
	_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Header: h})
	require.NoError(t, err)
	return s.requests[0].Header.Get("Access-Control-Request-Headers")
}

func TestSafelistedHeaders(t *testing.T) {
	n := func(n int) string { return strings.Repeat("a", n) }
	for name, values := range map[string]struct{ safe, unsafe []string }{
		"Accept": {
			[]string{"", "*/*", "text/html;q=0.9, a\tb", "é!#$%&'*+-.^_`|~/;=,", n(128)},
			[]string{
				n(129), "a(b", "a)b", `a"b`, "a:b", "a<b", "a>b", "a?b", "a@b", "a[b", `a\b`, "a]b", "a{b", "a}b", "a\x7fb",
				"a\x01b", "a\x1fb",
			},
		},
		"Accept-Language": {
			[]string{"", "en-GB, de;q=0.9 ,*.=0", "az-AZ-09", n(128)},
			[]string{n(129), "en_US", "en\tde", "é", "en/de", "\"en\"", "en@", "en[", "en`", "en{", "en:"},
		},
		"Content-Language": {
			[]string{"", "en", n(128)},
			[]string{n(129), "en_US"},
		},
		"Content-Type": {
			[]string{
				"text/plain", "TEXT/Plain", "text/plain;charset=utf-8", "text/plain \t;", "text/plain;;,;", " text/plain",
				"multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/plain;" + n(117),
			},
			[]string{
				"", "application/json", "text/html", "text/plain, application/json", "text/plain x", "text /plain", "text/ plain",
				"textplain", "text/", "/plain", `text/plain;a="b"`, "text/plain;a=b@c", "text/plain;" + n(118),
			},
		},
		"Range": {
			[]string{
				"bytes=0-", "bytes=0-0", "bytes=00-9", "bytes=10-0010", "bytes=9-10",
				"bytes=18446744073709551616-18446744073709551617", "bytes=0-" + strings.Repeat("9", 120),
			},
			[]string{
				"", "bytes", "bytes=", "bytes=-", "bytes=-5", "bytes=5-2", "bytes=10-9", "bytes=0-9,20-", "bytes =0-",
				"bytes= 0-", "bytes=0 -",
				"bytes=0- 9", "bytes=0-9-", "Bytes=0-", "bytes:0-", "bytes=+1-", "bytes=1-x", "bytes=1.0-2", "bytes=0",
				"bytes=18446744073709551617-18446744073709551616", "bytes=0-" + strings.Repeat("9", 121),
			},
		},
		"X-A": {nil, []string{"", "1"}},
	} {
		for _, value := range values.safe {
			assert.Empty(t, announced(t, corstest.EngineStandard, http.Header{name: {value}}), "%s: %q", name, value)
		}
		for _, value := range values.unsafe {
			assert.Equal(t, strings.ToLower(name), announced(t, corstest.EngineStandard, http.Header{name: {value}}), "%s: %q",
				name, value)
		}
	}
}

func TestSafelistedHeadersTogether(t *testing.T) {
	full := strings.Repeat("a", 128)
	times := func(n int) []string {
		var lines []string
		for range n {
			lines = append(lines, full)
		}
		return lines
	}
	for name, tc := range map[string]struct {
		header http.Header
		want   string
	}{
		"1024 bytes": {http.Header{"Accept-Language": times(8)}, ""},
		"1025 bytes": {http.Header{"Accept-Language": times(8), "Accept": {"a"}}, "accept,accept-language"},
		"unsafe as well": {
			http.Header{"Accept-Language": times(8), "Accept": {"a"}, "X-A": {full}}, "accept,accept-language,x-a",
		},
		"unsafe apart":    {http.Header{"Accept-Language": times(8), "X-A": {full}}, "x-a"},
		"too long to add": {http.Header{"Accept-Language": times(8), "Accept": {full + "a"}}, "accept"},
		"once":            {http.Header{"x-a": {"1"}, "X-A": {"1", "2"}}, "x-a"},
		"one of two":      {http.Header{"Content-Type": {"text/plain", "application/json"}}, "content-type"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, announced(t, corstest.EngineStandard, tc.header))
		})
	}
}

// FuzzSafelist compares the safelist with regular expressions that were written
// from the standard's prose.
func FuzzSafelist(f *testing.F) {
	names := []string{"Accept", "Accept-Language", "Content-Language", "Content-Type", "Range"}
	for _, value := range []string{
		"", "a", "*/*", "en_US", "text/plain", "text/plain;x", "text/plain\t;", "TEXT/PLAIN;é", "application/json",
		"bytes=0-", "bytes=3-2",
		"bytes=09-10", "bytes=-1", "a\x7f", "multipart/form-data ; boundary=-", "application/x-www-form-urlencoded,", "\xff",
	} {
		for i := range names {
			f.Add(uint(i), value)
		}
	}
	safe := regexp.MustCompile(`^[^\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]*$`)
	language := regexp.MustCompile(`^[0-9A-Za-z *,.;=-]*$`)
	form := regexp.MustCompile(`(?i)^(application/x-www-form-urlencoded|multipart/form-data|text/plain)[ \t]*(;|$)`)
	byteRange := regexp.MustCompile(`^bytes=([0-9]+)-([0-9]*)$`)
	reference := func(name, value string) bool {
		if len(value) > 128 {
			return false
		}
		switch name {
		case "Accept":
			return safe.MatchString(value)
		case "Content-Type":
			return safe.MatchString(value) && form.MatchString(value)
		case "Range":
			m := byteRange.FindStringSubmatch(value)
			if m == nil || m[2] == "" {
				return m != nil
			}
			first, _ := new(big.Int).SetString(m[1], 10)
			last, _ := new(big.Int).SetString(m[2], 10)
			return first.Cmp(last) <= 0
		}
		return language.MatchString(value)
	}
	f.Fuzz(func(t *testing.T, i uint, value string) {
		name := names[i%uint(len(names))]
		if strings.ContainsAny(value, "\x00\r\n") {
			t.Skip("no header value")
		}
		h := http.Header{name: {value}}
		value = strings.Trim(value, " \t")
		if utf8.ValidString(value) {
			var latin1 []byte
			for _, char := range strings.Split(value, "") {
				r, _ := utf8.DecodeRuneInString(char)
				if r >= 0x100 {
					_, err := corstest.Fetch(allowing("", ""), corstest.Request{Origin: origin, Header: h})
					assert.Equal(t, "Header", requireUnsendable(t, err).Field)
					return
				}
				latin1 = append(latin1, byte(r))
			}
			value = string(latin1)
		}
		isSafelisted := announced(t, corstest.EngineStandard, h) == ""
		assert.Equal(t, reference(name, value), isSafelisted, "%s: %q", name, value)
	})
}

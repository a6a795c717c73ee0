package origins_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/origins"
	"example.com/cors/internal/test/fixture"
)

func TestParse(t *testing.T) {
	for _, want := range []origins.Pattern{
		{"https://a.example", "https", "", "a.example", ""},
		{"http://[::1]:8080", "http", "", "[::1]", ":8080"},
		{"http://localhost:*", "http", "", "localhost", ":*"},
		{"https://*.a.example:*", "https", "*", "a.example", ":*"},
		{"https://shop-*.a.example.:8443", "https", "shop-*", "a.example.", ":8443"},
		{"https://*--shop.a.example", "https", "*--shop", "a.example", ""},
		{"moz-extension://*", "moz-extension", "*", "", ""},
		{"app://.", "app", "", ".", ""},
	} {
		got, err := origins.Parse(want.Text)
		require.NoError(t, err, want.Text)
		assert.Equal(t, want, got)
		assert.Equal(t, want.Text == "moz-extension://*", got.AnyHost(), want.Text)
	}
	// What is wrong with other patterns is tested with the policies of internal/rules.
	got, err := origins.Parse("https://a.example/x")
	assert.Equal(t, origins.Error("an origin ends after host and port: no path, query or slash"), err)
	assert.Zero(t, got)
}

func TestParseNormalizes(t *testing.T) {
	for s, want := range map[string]origins.Pattern{
		" HTTPS://A.Example:443/\n":  {"https://a.example", "https", "", "a.example", ""},
		"https://*.A.example:443":    {"https://*.a.example", "https", "*", "a.example", ""},
		"Http://Shop-*.a.example:80": {"http://shop-*.a.example", "http", "shop-*", "a.example", ""},
		"http://Localhost:*/":        {"http://localhost:*", "http", "", "localhost", ":*"},
		"https://a.example:80/":      {"https://a.example:80", "https", "", "a.example", ":80"},
		"APP://Host:443/":            {"app://Host:443", "app", "", "Host", ":443"},
		"Moz-Extension://*/":         {"moz-extension://*", "moz-extension", "*", "", ""},
		"http://[2001:DB8::1]:80":    {"http://[2001:db8::1]", "http", "", "[2001:db8::1]", ""},
	} {
		got, err := origins.Parse(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got, s)
	}
	for _, s := range []string{
		"https://\u212A.example", "https://\u017F.example", "http\u017F://a.example", "app://\u212A",
	} {
		_, err := origins.Parse(s)
		assert.Error(t, err, "letters beyond ASCII have no other case here: %q", s)
	}
}

// Schemes one edit away from https and http are mistakes. Those that people use are not.
func TestMisspeltSchemes(t *testing.T) {
	for _, right := range []string{"https", "http"} {
		misspelt := make(map[string]bool)
		for i := range len(right) + 1 {
			for b := byte('a'); b <= 'z'; b++ {
				misspelt[right[:i]+string(b)+right[i:]] = true
				if i < len(right) {
					misspelt[right[:i]+string(b)+right[i+1:]] = true
				}
			}
			if i < len(right) {
				misspelt[right[:i]+right[i+1:]] = true
			}
			if i+1 < len(right) {
				misspelt[right[:i]+right[i+1:i+2]+right[i:i+1]+right[i+2:]] = true
			}
		}
		delete(misspelt, "https")
		delete(misspelt, "http")
		assert.Greater(t, len(misspelt), 200)
		for scheme := range misspelt {
			_, err := origins.Parse(scheme + "://a.example")
			assert.Error(t, err, scheme)
			fix := origins.Suggest(strings.ToUpper(scheme) + "://a.example")
			assert.Contains(t, []string{"https://a.example", "http://a.example"}, fix, scheme)
			if right == "https" {
				assert.Equal(t, "https://a.example", fix, scheme)
			}
		}
	}
	for _, scheme := range []string{
		"capacitor", "ionic", "tauri", "app", "chrome-extension", "vscode-webview", "hyper", "ipfs", "gemini",
		"htcpcp", "ht",
		"httpsss", "hhttpss", "htp-s", "tp",
	} {
		_, err := origins.Parse(scheme + "://a")
		assert.NoError(t, err, scheme)
	}
}

func TestParseOrigin(t *testing.T) {
	for _, s := range []string{
		"https://a.example", "http://localhost:3000", "http://[::1]:8080", "app://.",
		"moz-extension://2C127FA4-62C7", fixture.LongestOrigin,
	} {
		o, err := origins.ParseOrigin(s)
		require.NoError(t, err, s)
		assert.Equal(t, s, o.Text)
		assert.Empty(t, o.Wildcard)
	}
	for _, s := range []string{
		"", "null", "file://", "app://", "app://a b", "https://A.example", "Https://a.example",
		"Moz-Extension://a", "https://*.a.example",
		"moz-extension://*", "http://localhost:*", "https://a.example/", "https://a.example:443",
	} {
		_, err := origins.ParseOrigin(s)
		assert.Error(t, err, s)
	}
	_, err := origins.ParseOrigin("s" + fixture.LongestOrigin)
	assert.Equal(t, origins.Error("too long"), err)
}

// What is wrong with the origin of a client is logged, without what may follow.
func TestErrorsOfOrigins(t *testing.T) {
	const (
		upperCase = "upper-case letters, where browsers send lower case"
		noScheme  = "not a scheme"
	)
	for s, want := range map[string]string{
		"":                      "empty",
		",https://a.example":    "several origins in one string",
		" https://a.example":    "white space or a control character",
		"https://a.example\x7f": "white space or a control character",
		"A://a":                 upperCase,
		"Z://a":                 upperCase,
		"aA://a":                upperCase,
		"aZ://a":                upperCase,
		"@://a":                 noScheme,
		"[://a":                 noScheme,
		"a@://a":                noScheme,
		"a[://a":                noScheme,
		"https://A.example":     upperCase,
		"https://aZ.example":    upperCase,
		"https://[.example":     "the bracket is not closed",
		"https://" + strings.Repeat("a.", 127) + "a": "a host has at most 253 bytes",
	} {
		_, err := origins.ParseOrigin(s)
		require.Error(t, err, "%.40q", s)
		wrong, _, _ := strings.Cut(err.Error(), "; ")
		assert.Equal(t, want, wrong, "%.40q", s)
	}
	longest := "https://" + strings.Repeat("a.", 127) // with a dot at the end, which does not count
	_, err := origins.ParseOrigin(longest)
	assert.NoError(t, err)
}

// Clients send what they like. To look at it allocates nothing, but for a few bytes in
// two rare cases: an extension's host in upper case is lowered, and net/netip makes an
// error for an IP address that is none.
func TestClientTextAllocatesNothing(t *testing.T) {
	texts := []string{
		"", "null", "file://", "*", ":", "://", "https://", "https://a.example", "https://b.example", "HTTPS://A.EXAMPLE",
		"https://A.example", "https://x.a.example", "https://shop-1.a.example", "https://*.a.example", "https://a,b",
		"https://a b",
		"a.example", "ws://a.example", "data://a", "*://a", "1http://a.example", "ht_tp://a.example", "https://u@a.example",
		"https://^a$", "https://a.example/", "https://a:b:c", "https://a.example:", "https://a.example:443",
		"http://localhost:65535", "http://localhost:65536", "https://ä.example", "https://a..example",
		"https://a%41.example",
		"http://127.0.0.1", "http://[::1]:8080", "http://[::1", "http://[0::1]", "http://[::ffff:1.2.3.4]",
		"moz-extension://2c127fa4-62c7", "moz-extension://x:1", fixture.LongestOrigin, "s" + fixture.LongestOrigin,
		"https://" + strings.Repeat("a", 64) + ".a.example", "https://" + strings.Repeat("a.", 123) + "a.example",
		strings.Repeat("a", 1<<20), "https://" + strings.Repeat("a.", 1<<19), "https://[" + strings.Repeat(":", 1<<19),
	}
	set := setOf(t, "https://a.example", "https://*.a.example", "https://shop-*.a.example", "http://*.a.example",
		"http://localhost:*", "https://*.b.example:*", "moz-extension://*")
	allocations := func(s string) float64 {
		return testing.AllocsPerRun(5, func() {
			if !origins.IsOpaque(s) {
				_, _ = origins.ParseOrigin(s)
			}
			set.Match(s)
			_ = origins.IsHost(s, "a.example", false)
		})
	}
	for _, s := range texts {
		assert.Zero(t, allocations(s), "%.60q", s)
	}
	for _, s := range []string{
		"moz-extension://" + strings.Repeat("A", 63), "app://" + strings.Repeat("A.", 126) + "a", "https://127.1",
		"https://0x7f000001", "https://" + strings.Repeat("1.", 126) + "1", "http://[" + strings.Repeat(":", 251) + "]",
	} {
		assert.LessOrEqual(t, allocations(s), 4.0, "%.60q", s)
	}
}

func TestIsOpaque(t *testing.T) {
	assert.True(t, origins.IsOpaque("null"))
	assert.True(t, origins.IsOpaque("file://"))
	longest := strings.Repeat("s", 64) + "://"
	assert.True(t, origins.IsOpaque(longest))
	assert.False(t, origins.IsOpaque("s"+longest))
	assert.True(t, origins.IsOpaque("qrc://"))
	for _, s := range []string{
		"", "NULL", "file:///", "file://a", "https://a.example", "https://", "http://", "://", "App://",
		"data://", "a b://",
		strings.Repeat("s", 65) + "://",
	} {
		assert.False(t, origins.IsOpaque(s), s)
	}
}

func TestSuggest(t *testing.T) {
	// More are tested with the policies of internal/rules.
	assert.Equal(t, "https://a.example", origins.Suggest(" HTTPS://a.example:443/path "))
	assert.Equal(t, "https://*.a.com", origins.Suggest("*a.com"))
	assert.Empty(t, origins.Suggest("https://a.example,https://b.example"))
}

func TestDifferences(t *testing.T) {
	for _, tc := range []struct {
		origin, pattern string
		want            string
	}{
		{"https://a.example", "https://a.example", ""},
		{"http://a.example", "https://a.example", "the scheme differs"},
		{"https://a.example:1", "https://a.example", "the port differs"},
		{"https://a.example:1", "https://a.example:*", ""},
		{"http://b.example:1", "https://a.example", "the scheme differs, the host differs, the port differs"},
		{"https://x.a.example", "https://a.example", "subdomains are not allowed"},
		{"https://a.example", "https://*.a.example", "only subdomains are allowed"},
		{"https://xa.example", "https://*.a.example", "the host differs"},
		{"https://x.y.a.example", "https://*.a.example", ""},
		{"https://pre-1.a.example", "https://pre-*.a.example", ""},
		{"https://pre-.a.example", "https://pre-*.a.example", "the first label differs"},
		{"https://pre-1.b.a.example", "https://pre-*.a.example", "the first label differs"},
		{"https://1-post.a.example", "https://*-post.a.example", ""},
		{"https://1-pos.a.example", "https://*-post.a.example", "the first label differs"},
		{"http://localhost:1", "http://127.0.0.1:1", "localhost and 127.0.0.1 are different hosts to browsers"},
		{"http://0.0.0.0", "http://[::1]:*", "0.0.0.0 and [::1] are different hosts to browsers"},
		{"https://a.example.", "https://a.example", "the dot at the end of the host differs"},
		{"https://a.example", "https://a.example.", "the dot at the end of the host differs"},
		{"https://b.a.example.", "https://*.a.example", "the dot at the end of the host differs"},
		{"https://a.example.", "https://*.a.example", "the dot at the end of the host differs, only subdomains are allowed"},
		{"https://b.a.example.", "https://*.a.example.", ""},
		{"http://localhost.", "http://127.0.0.1",
			"the dot at the end of the host differs, localhost and 127.0.0.1 are different hosts to browsers"},
		{"http://localhost", "http://a.example", "the host differs"},
		{"http://a.example", "http://localhost", "the host differs"},
	} {
		o, err := origins.ParseOrigin(tc.origin)
		require.NoError(t, err)
		p, err := origins.Parse(tc.pattern)
		require.NoError(t, err)
		assert.Equal(t, tc.want, strings.Join(origins.Differences(o, p), ", "), "%s of %s", tc.origin, tc.pattern)
		assert.Equal(t, tc.want == "", setOf(t, tc.pattern).Match(tc.origin), "what does not match differs: %s", tc.origin)
	}
}

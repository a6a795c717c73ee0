package matcher_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/internal/test/fixture"
	"example.com/cors/internal/test/matcher"
)

func TestMatch(t *testing.T) {
	deep := strings.Repeat("a.", 115)
	tests := []struct {
		pattern string
		yes, no []string
	}{
		{
			"https://a.example",
			[]string{"https://a.example"},
			[]string{
				"http://a.example", "https://a.example:8080", "https://b.example", "https://a.example.", "https://a.examplex",
				"https://x.a.example",
			},
		},
		{
			"https://a.example:8080",
			[]string{"https://a.example:8080"},
			[]string{"https://a.example", "https://a.example:808", "https://a.example:80800"},
		},
		{
			"http://localhost:*",
			[]string{
				"http://localhost", "http://localhost:1", "http://localhost:3000", "http://localhost:8099", "http://localhost:443",
				"http://localhost:65535",
			},
			[]string{
				"http://localhost:", "http://localhost:0", "http://localhost:080", "http://localhost:80", "http://localhost:65536",
				"http://localhost:x", "https://localhost", "http://localhost.:1", "http://localhost:1:1", "http://localhost:*",
				"http://x.localhost",
			},
		},
		{
			"http://[::1]:*",
			[]string{"http://[::1]", "http://[::1]:8080"},
			[]string{"http://[::1]:", "http://::1:8080", "http://[::2]:8080"},
		},
		{
			"http://[::1]:8080",
			[]string{"http://[::1]:8080"},
			[]string{"http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]"},
		},
		{
			"http://[::ffff:0:1]",
			[]string{"http://[::ffff:0:1]"},
			nil,
		},
		{
			"https://*.a.example",
			[]string{
				"https://x.a.example", "https://x.y.a.example", "https://x_y.a.example", "https://-.a.example",
				"https://" + deep + "a.example", "https://xn--4ca.a.example", "https://" + strings.Repeat("a", 63) + ".a.example",
				"https://" + strings.Repeat("a.", 122) + "a.example",
			},
			[]string{
				"https://a.example", "https://evila.example", "https://x.evila.example", "https://x.evil-a.example",
				"https://x.a.example.evil", "https://x..a.example", "https://.a.example", "https://.x.a.example",
				"https://-.a.example:8080", "http://x.a.example", "http://xyz.a.example", "https://x.a.example.",
				"https://X.a.example", "https://x.a.Example", "https://x!.a.example", "https://*.a.example",
				"https://" + strings.Repeat("a", 64) + ".a.example", "https://" + deep + "aaaaaaaaaaaaaaa.a.example",
				"https://" + strings.Repeat("a.", 121) + "aa.a.example", "https://x.a.example/",
				"https://" + strings.Repeat(".", 200) + "a.example",
			},
		},
		{
			"https://*.a.example.",
			[]string{"https://x.a.example."},
			[]string{"https://x.a.example"},
		},
		{
			"https://*.a.example:8080",
			[]string{"https://x.a.example:8080"},
			[]string{"https://x.a.example", "https://x.a.example:8081", "https://a.example:8080"},
		},
		{
			"https://*.a.example:*",
			[]string{"https://x.a.example:8080", "https://x.a.example"},
			[]string{"https://x.a.example:443", "https://x.a.example:", "https://a.example:8080", "https://x.b.example"},
		},
		{
			"https://shop-*.a.example",
			[]string{"https://shop-1.a.example", "https://shop-a-b.a.example"},
			[]string{
				"https://shop-.a.example", "https://shop.a.example", "https://shop-1.b.a.example", "https://b.shop-1.a.example",
				"https://shop-1!.a.example", "https://xshop-1.a.example",
			},
		},
		{
			"https://*--shop.a.example",
			[]string{"https://x--shop.a.example", "https://x-y--shop.a.example"},
			[]string{"https://--shop.a.example", "https://shop.a.example", "https://x.y--shop.a.example", "https://x--shop.b.example"},
		},
		{
			"https://a*z.a.example:*",
			[]string{"https://a1z.a.example", "https://abcz.a.example:8080"},
			[]string{"https://az.a.example", "https://a.z.a.example", "https://a1z.a.example:0"},
		},
		{
			"capacitor://localhost",
			[]string{"capacitor://localhost"},
			[]string{"http://localhost", "capacitor://localhost:80"},
		},
		{
			"app://.",
			[]string{"app://."},
			[]string{"app://..", "app://./index.html", "app://", "http://."},
		},
		{
			"https://*-team.github.io",
			[]string{"https://x-team.github.io"},
			[]string{"https://x.team.github.io"},
		},
		{
			"https://*_team.github.io",
			[]string{"https://x_team.github.io"},
			nil,
		},
		{
			"https://*site.shop.example",
			[]string{"https://mysite.shop.example"},
			[]string{"https://site.shop.example"},
		},
		{
			"https://foo_bar.example",
			[]string{"https://foo_bar.example"},
			[]string{"https://foo-bar.example"},
		},
		{
			"moz-extension://*",
			[]string{
				"moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc", "moz-extension://2C127FA4-62C7-7E4F-90E5-472B45EECFDC",
				"moz-extension://a.b", "moz-extension://[::1]",
			},
			[]string{
				"moz-extension://", "moz-extension://*", "moz-extension://a:1", "moz-extension://a/b", "moz-extension://a..b",
				"https://2c127fa4-62c7-7e4f-90e5-472b45eecfdc", "chrome-extension://a", "moz-extensions://a", "moz-extension://a b",
				"moz-extension://" + strings.Repeat("a.", 130),
			},
		},
		{
			"https://example.com.",
			[]string{"https://example.com."},
			[]string{"https://example.com"},
		},
	}
	for _, tc := range tests {
		t.Run(tc.pattern, func(t *testing.T) {
			alone, err := cors.NewOriginMatcher(tc.pattern)
			require.NoError(t, err)
			among, err := cors.NewOriginMatcher(tc.pattern, "https://other.invalid", "https://*.deep.other.invalid", "https://pre-*.a.invalid")
			require.NoError(t, err)
			for _, origin := range tc.yes {
				assert.True(t, alone.Match(origin), origin)
				assert.True(t, among.Match(origin), "%s, among other patterns", origin)
			}
			for _, origin := range append(tc.no, "null", "", tc.pattern+"/") {
				assert.False(t, alone.Match(origin), origin)
				assert.False(t, among.Match(origin), "%s, among other patterns", origin)
			}
		})
	}
	assert.False(t, new(cors.OriginMatcher).Match("https://a.example"), "the zero value matches nothing")
}

func TestPatternsAreKeptApart(t *testing.T) {
	m, err := cors.NewOriginMatcher(
		"https://*.a.example",
		"http://*.a.example:8080",
		"https://pre-*.b.example",
		"https://*-post.b.example",
		"https://pre-*-post.b.example",
		"https://*.c.b.example:*",
		"https://old-*.b.example",
		"https://longer-than-others-*.d.example",
		"https://x-*.d.example",
		"https://*.e.example",
		"http://*.e.example",
	)
	require.NoError(t, err)
	for origin, want := range map[string]bool{
		"https://x.a.example":          true,
		"http://x.a.example":           false,
		"http://x.a.example:8080":      true,
		"https://x.a.example:8080":     false,
		"https://pre-x.b.example":      true,
		"https://old-x.b.example":      true,
		"https://new-x.b.example":      false,
		"https://x-post.b.example":     true,
		"https://x-pos.b.example":      false,
		"https://pre--post.b.example":  true, // by the shorter prefix
		"https://pre-x-post.b.example": true,
		"https://x.c.b.example:1":      true,
		"https://pre-x.c.b.example":    true,
		"https://pre-x.d.b.example":    false,
		"https://x-1.d.example":        true, // though it is too short for the other pattern
		"https://x.e.example":          true,
		"http://x.e.example":           true,
	} {
		assert.Equal(t, want, m.Match(origin), origin)
	}
}

func TestTheLongestPatternMayComeFirst(t *testing.T) {
	m, err := cors.NewOriginMatcher("https://longer.a.example", "https://a.example")
	require.NoError(t, err)
	assert.True(t, m.Match("https://longer.a.example"))
	assert.True(t, m.Match("https://a.example"))
}

func TestNewOriginMatcherListsProblems(t *testing.T) {
	_, err := cors.NewOriginMatcher("*", "https://ok.example", "foo.com")
	var bad *cors.OptionsError
	require.ErrorAs(t, err, &bad)
	require.Len(t, bad.Problems, 2)
	everyone, noScheme := bad.Problems[0], bad.Problems[1]
	assert.Equal(t, "patterns", everyone.Field)
	assert.Equal(t, "*", everyone.Value)
	assert.Equal(t, cors.ReasonUnsafe, everyone.Reason)
	assert.Equal(t, "patterns", noScheme.Field)
	assert.Equal(t, "foo.com", noScheme.Value)
	assert.Equal(t, cors.ReasonMalformed, noScheme.Reason)
	assert.Equal(t, "https://foo.com", noScheme.Fix)
	assert.Equal(t, `patterns: "foo.com": no scheme; did you mean "https://foo.com"?`, noScheme.String())

	_, err = cors.NewOriginMatcher()
	require.ErrorAs(t, err, &bad)
	require.Len(t, bad.Problems, 1)
	assert.Equal(t, "patterns", bad.Problems[0].Field)
	assert.Empty(t, bad.Problems[0].Value)
	assert.Equal(t, cors.ReasonMissing, bad.Problems[0].Reason)
}

func TestCheckOrigin(t *testing.T) {
	m, err := cors.NewOriginMatcher("https://a.example", "https://*.b.example")
	require.NoError(t, err)
	const withoutTLS, withTLS = false, true
	longestHost := strings.Repeat("a", len(fixture.LongestOrigin)-len("https://"))
	tests := []struct {
		name   string
		origin []string
		host   string
		tls    bool
		want   bool
	}{
		{"no Origin", nil, "api.example", withTLS, true},
		{"a listed origin", []string{"https://a.example"}, "api.example", withTLS, true},
		{"a subdomain", []string{"https://x.b.example"}, "api.example", withTLS, true},
		{"an unknown origin", []string{"https://evil.example"}, "api.example", withTLS, false},
		{"own host", []string{"https://api.example"}, "api.example", withTLS, true},
		{"own host in capitals", []string{"https://api.example"}, "API.example", withTLS, true},
		{"own host and port", []string{"https://api.example:8443"}, "api.example:8443", withTLS, true},
		{"own host with another port", []string{"https://api.example:8443"}, "api.example", withTLS, false},
		{"own host of the greatest length", []string{"https://" + longestHost}, longestHost, withTLS, true},
		{"own host that is longer", []string{"https://a" + longestHost}, "a" + longestHost, withTLS, false},
		{"own host without TLS", []string{"http://api.example"}, "api.example", withoutTLS, true},
		{"own host behind a TLS proxy", []string{"https://api.example"}, "api.example", withoutTLS, true},
		{"own host, page without TLS", []string{"http://api.example"}, "api.example", withTLS, false},
		{"own host with another scheme", []string{"ftp://api.example"}, "api.example", withoutTLS, false},
		{"empty Origin", []string{""}, "api.example", withTLS, false},
		{"neither has a host", []string{"https://"}, "", withTLS, false},
		{"null", []string{"null"}, "null", withTLS, false},
		{"two lines of Origin", []string{"https://a.example", "https://a.example"}, "api.example", withTLS, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			target := "http://x/"
			if tc.tls {
				target = "https://x/"
			}
			r := httptest.NewRequest("GET", target, nil)
			r.Host = tc.host
			if tc.origin != nil {
				r.Header["Origin"] = tc.origin
			}
			assert.Equal(t, tc.want, m.CheckOrigin(r))
		})
	}
}

// FuzzOriginMatcher compares the matcher with regular expressions that are made of
// the same patterns.
func FuzzOriginMatcher(f *testing.F) {
	patterns := []string{
		"https://a.example", "https://*.a.example", "http://localhost:*", "https://shop-*.a.example:8080",
		"https://*--x.b.a.example:*", "http://[::1]:*", "moz-extension://*",
	}
	origins := []string{
		"https://a.example", "https://x.a.example", "http://localhost:3000", "https://shop-1.a.example:8080",
		"https://y--x.b.a.example", "http://[::1]:1", "null", "https://x..a.example", "moz-extension://2C127FA4-62c7",
	}
	for _, pattern := range patterns {
		for _, origin := range origins {
			f.Add(pattern, origin)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, origin string) {
		patterns := []string{pattern, "https://*.other.example", "https://other.example", "ftps://pre-*.other.example:*"}
		m, err := cors.NewOriginMatcher(patterns...)
		if err != nil {
			return
		}
		for _, candidate := range []string{
			origin, pattern, strings.ReplaceAll(pattern, "*", origin), strings.Replace(pattern, "*", origin, 1),
		} {
			want := false
			for _, p := range patterns {
				want = want || matcher.Describes(p, candidate)
			}
			if got := m.Match(candidate); got != want {
				t.Errorf("pattern %q, origin %q: matched %t, want %t", pattern, candidate, got, want)
			}
		}
	})
}

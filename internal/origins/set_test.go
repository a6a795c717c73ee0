package origins_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/origins"
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
			[]string{"https://--shop.a.example", "https://shop.a.example", "https://x.y--shop.a.example",
				"https://x--shop.b.example"},
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
				"moz-extension://a.b", "moz-extension://[::1]", "moz-extension://7", "moz-extension://1.2",
				"moz-extension://0x",
				"moz-extension://A.7.",
			},
			[]string{
				"moz-extension://", "moz-extension://*", "moz-extension://a:1", "moz-extension://a/b", "moz-extension://a..b",
				"https://2c127fa4-62c7-7e4f-90e5-472b45eecfdc", "chrome-extension://a", "moz-extensions://a",
				"moz-extension://a b", "moz-extension://\u212A", "moz-extension://\u017F",
				"moz-extension://" + strings.Repeat("a.", 130),
			},
		},
		{
			"ionic://*.a.Example",
			[]string{"ionic://X.a.Example", "ionic://7.y.a.Example"},
			[]string{"ionic://x.a.example", "ionic://a.Example", "ionic://\u212A.a.Example"},
		},
		{
			"ionic://pr-*.a.example",
			[]string{"ionic://pr-X.a.example"},
			[]string{"ionic://PR-x.a.example"},
		},
		{
			"app://127.1",
			[]string{"app://127.1"},
			[]string{"app://127.0.0.1"},
		},
		{
			"https://example.com.",
			[]string{"https://example.com."},
			[]string{"https://example.com"},
		},
	}
	for _, tc := range tests {
		t.Run(tc.pattern, func(t *testing.T) {
			alone := setOf(t, tc.pattern)
			among := setOf(t, tc.pattern, "https://other.invalid", "https://*.deep.other.invalid", "https://pre-*.a.invalid")
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
	assert.False(t, new(origins.Set).Match("https://a.example"), "the zero value matches nothing")
}

func setOf(t *testing.T, patterns ...string) *origins.Set {
	t.Helper()
	var s origins.Set
	for _, pattern := range patterns {
		p, err := origins.Parse(pattern)
		require.NoError(t, err, pattern)
		s.Add(p)
	}
	return &s
}

func TestPatternsAreKeptApart(t *testing.T) {
	s := setOf(t,
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
		"ionic://pre-*.e.example",
		"ionic://*-post.e.example",
		"moz-extension://*",
		"app://*",
	)
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
		"ionic://pre-x.e.example":      true,
		"ionic://x-post.e.example":     true,
		"ionic://x.e.example":          false,
		"https://e.example":            false,
		"http://.e.example":            false,
		"ftp://x.e.example":            false,
		"moz-extension://x":            true,
		"app://x":                      true,
		"app://.":                      true,
		"apps://x":                     false,
	} {
		assert.Equal(t, want, s.Match(origin), origin)
	}
}

func TestTheLongestPatternMayComeFirst(t *testing.T) {
	s := setOf(t, "https://longer.a.example", "https://a.example")
	assert.True(t, s.Match("https://longer.a.example"))
	assert.True(t, s.Match("https://a.example"))
}

// The patterns of many schemes on one domain are found as those of many domains are.
// BenchmarkMatch measures what that costs: each scheme was once looked at in turn.
func TestManySchemesOnOneDomain(t *testing.T) {
	const n = 10_000
	var s origins.Set
	for i := range n {
		for _, pattern := range []string{"s%d://*.a.example", "s%d://pre-*.b.example", "s%d://*.c.example:*", "s%d://*"} {
			p, err := origins.Parse(fmt.Sprintf(pattern, i))
			require.NoError(t, err)
			s.Add(p)
		}
	}
	for _, i := range []int{0, 1, n / 2, n - 1} {
		for _, origin := range []string{"s%d://x.a.example", "s%d://pre-x.b.example", "s%d://x.c.example:1", "s%d://x"} {
			assert.True(t, s.Match(fmt.Sprintf(origin, i)), origin, i)
		}
	}
	assert.False(t, s.Match(fmt.Sprintf("s%d://x.a.example", n)))
	assert.False(t, s.Match("s1://a.example:1"))
}

// BenchmarkMatch compares many schemes on one domain with many domains.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		for rep, pattern := range map[string]string{"schemes": "s%d://*.a.example", "domains": "https://*.a%d.example"} {
			s := origins.NewSet(n)
			for i := range n {
				p, err := origins.Parse(fmt.Sprintf(pattern, i))
				require.NoError(b, err)
				s.Add(p)
			}
			origin := strings.Replace(fmt.Sprintf(pattern, n-1), "*", "x", 1)
			b.Run(fmt.Sprintf("n=%d/rep=%s", n, rep), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s.Match(origin)
				}
			})
		}
	}
}

// FuzzSet compares a set with regular expressions that are made of
// the same patterns.
func FuzzSet(f *testing.F) {
	patterns := []string{
		"https://a.example", "https://*.a.example", "http://localhost:*", "https://shop-*.a.example:8080",
		"https://*--x.b.a.example:*", "http://[::1]:*", "moz-extension://*", " HTTPS://*.A.example:443/ ", "APP://X.*:1/",
		"app://*.Host",
	}
	seeds := []string{
		"https://a.example", "https://x.a.example", "http://localhost:3000", "https://shop-1.a.example:8080",
		"https://y--x.b.a.example", "http://[::1]:1", "null", "https://x..a.example", "moz-extension://2C127FA4-62c7",
	}
	for _, pattern := range patterns {
		for _, origin := range seeds {
			f.Add(pattern, origin)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, origin string) {
		patterns := []string{pattern, "https://*.other.example", "https://other.example", "ftps://pre-*.other.example:*"}
		if _, err := origins.Parse(pattern); err != nil {
			return
		}
		s := setOf(t, patterns...)
		for _, candidate := range []string{
			origin, pattern, normal(pattern), strings.ReplaceAll(pattern, "*", origin), strings.Replace(pattern,
				"*", origin, 1),
			strings.ReplaceAll(normal(pattern), "*", origin), strings.Replace(normal(pattern), "*", origin, 1),
		} {
			want := false
			for _, p := range patterns {
				want = want || describes(p, candidate)
			}
			if got := s.Match(candidate); got != want {
				t.Errorf("pattern %q, origin %q: matched %t, want %t", pattern, candidate, got, want)
			}
		}
	})
}

package rules_test

import (
	"errors"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/internal/rules"
	"example.com/cors/internal/test/fixture"
)

func TestBadPolicies(t *testing.T) {
	for _, tc := range badPolicies() {
		t.Run(tc.field+" "+tc.value, func(t *testing.T) {
			err := tc.opts.Validate()
			var bad *cors.OptionsError
			require.ErrorAs(t, err, &bad)
			require.Len(t, bad.Problems, 1, "%v", err)
			p := bad.Problems[0]
			assert.Equal(t, tc.field, p.Field)
			assert.Equal(t, tc.value, p.Value)
			assert.Contains(t, p.Detail, tc.detail)
			assert.Equal(t, tc.fix, p.Fix)
			assert.Equal(t, "cors: "+p.String(), err.Error())
			assert.NotContains(t, err.Error(), "\n")
			assert.False(t, strings.HasSuffix(err.Error(), "."), "an error has no full stop: %s", err)
			assert.Equal(t, any(err), panicOf(func() { cors.New(tc.opts) }))
			if p.Fix != "" {
				assert.NoError(t, repair(t, tc.opts, p).Validate(), "the fix of %s", p)
			}
		})
	}
}

// No message names a way out that leads to the next error: "*" is refused where allowed
// origins are trusted, and a matcher has no AllowOriginFunc.
func TestWaysOutAreOpen(t *testing.T) {
	for _, tc := range badPolicies() {
		if tc.field != "AllowedOrigins" || tc.value == "" || len(tc.opts.AllowedOrigins) > 1 {
			continue
		}
		if _, err := cors.NewOriginMatcher(tc.value); err != nil {
			assert.NotContains(t, err.Error(), "AllowOriginFunc")
			assert.NotContains(t, err.Error(), "every origin")
		}
		for _, o := range []cors.Options{{AllowCredentials: true}, {RefuseCrossOriginWrites: true}} {
			if o.AllowedOrigins = tc.opts.AllowedOrigins; strings.TrimSpace(tc.value) != "*" {
				assert.NotContains(t, o.Validate().Error(), "every origin")
			}
		}
	}
	for value, want := range map[string]string{
		"any": "a word and no origin, so it has no scheme; list origins, or decide in code of your own",
		"https://*": `no domain follows the wildcard; code of your own can allow all of one scheme, ` +
			`and ":*" behind a host stands for any port`,
		".*": "regular expressions are not supported; code of your own " +
			"can allow origins by what they have in common",
		"*://*/*": "the scheme cannot be a wildcard; write one pattern for each scheme, " +
			"or decide in code of your own, which can allow all of them",
		"https://*/*": `no domain follows the wildcard; code of your own can allow all of one scheme, ` +
			`and ":*" behind a host stands for any port`,
		"https://": "no host; write that of the page behind the scheme",
		"*.*":      "no domain, but wildcards alone; code of your own can allow origins by what they have in common",
	} {
		_, err := cors.NewOriginMatcher(value)
		assert.EqualError(t, err, `cors: patterns: "`+value+`": `+want)
		for _, o := range []cors.Options{{AllowCredentials: true}, {RefuseCrossOriginWrites: true}} {
			o.AllowedOrigins = []string{value}
			var bad *cors.OptionsError
			require.ErrorAs(t, o.Validate(), &bad)
			assert.Equal(t, strings.Replace(want, "code of your own", "AllowOriginFunc", 1), bad.Problems[0].Detail)
		}
		everybody := cors.Options{AllowedOrigins: []string{value}}
		assert.ErrorContains(t, everybody.Validate(), `; "*" alone allows every origin`)
	}
}

// panicOf returns the value that f panics with, or nil.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// repair returns o with the fix of p in place of its value.
func repair(t *testing.T, o cors.Options, p cors.Problem) cors.Options {
	t.Helper()
	replace := func(list []string) []string {
		list = slices.Clone(list)
		i := slices.Index(list, p.Value)
		require.GreaterOrEqual(t, i, 0, "%s has no %q", p.Field, p.Value)
		list[i] = p.Fix
		return list
	}
	var err error
	switch p.Field {
	case "AllowedOrigins":
		o.AllowedOrigins = replace(o.AllowedOrigins)
	case "AllowOriginVary":
		o.AllowOriginVary = replace(o.AllowOriginVary)
	case "AllowedMethods":
		o.AllowedMethods = replace(o.AllowedMethods)
	case "AllowedHeaders":
		o.AllowedHeaders = replace(o.AllowedHeaders)
	case "ExposedHeaders":
		o.ExposedHeaders = replace(o.ExposedHeaders)
	case "MaxAge":
		o.MaxAge, err = time.ParseDuration(p.Fix)
	case "OptionsSuccessStatus":
		o.OptionsSuccessStatus, err = strconv.Atoi(p.Fix)
	default:
		require.Failf(t, "unexpected fix", "%s", p)
	}
	require.NoError(t, err)
	return o
}

func TestErrorTextIsBounded(t *testing.T) {
	megabytes := cors.Options{AllowedOrigins: []string{strings.Repeat("x\n", 1<<20)}}.Validate()
	require.Error(t, megabytes)
	assert.Less(t, len(megabytes.Error()), 1000)
	assert.NotContains(t, megabytes.Error(), "\n")

	line := []string{strings.Repeat("x", 1<<20) + ": y"}
	withFix := cors.Options{AllowedOrigins: []string{"*"}, AllowedHeaders: line}.Validate()
	require.Error(t, withFix)
	assert.Less(t, len(withFix.Error()), 1000)

	longest := strings.Repeat("x", 300) // that is not cut
	assert.ErrorContains(t, cors.Options{AllowedOrigins: []string{longest}}.Validate(), `"`+longest+`": `)
	assert.ErrorContains(t, cors.Options{AllowedOrigins: []string{longest + "x"}}.Validate(), `"`+longest+`"…: `)
}

func TestGoodPolicies(t *testing.T) {
	for _, o := range []cors.Options{
		{AllowedOrigins: []string{"*"}},
		{AllowedOrigins: []string{"*", "*", " * "}},
		{AllowedOrigins: []string{"https://a.example", "*", "http://127.0.0.1:80"}, MaxAge: 7 * 24 * time.Hour},
		{AllowedOrigins: []string{"null", " Null/ ", "file://*", "file://", "app://", "*"}}, // whose pages "*" allows, too
		{AllowedOrigins: []string{"*"}, MaxAge: math.MaxInt64 / time.Second * time.Second},
		{AllowedOrigins: []string{"https://a.example", "https://a.example"}},
		{AllowOriginFunc: allowAll, AllowCredentials: true},

		// Loopback needs no TLS.
		{AllowCredentials: true, AllowedOrigins: []string{
			"http://localhost:3000", "http://127.0.0.1:*", "http://[::1]", "http://app.localhost", "http://*.localhost:8080",
		}},
		{AllowCredentials: true, AllowedOrigins: []string{"http://example.com"}, DangerouslyAllowInsecureOrigins: true},

		// A wildcard right under a public suffix is dangerous with credentials alone.
		{AllowedOrigins: []string{"https://*.github.io", "https://shop-*.vercel.app", "http://example.com", "app://*"}},
		{AllowCredentials: true, AllowedOrigins: []string{"https://*.github.io", "https://*.com"},
			DangerouslyAllowPublicSuffixes: true},
		{AllowCredentials: true, AllowedOrigins: []string{
			"https://github.io", "https://*.me.github.io", "https://*.example.co.uk", "https://*.internal",
			"https://*.svc.cluster.local", "https://pr-*.fastly.net", "https://pr-*.windows.net", "https://pr*.fastly.net",
			"https://shop-*.example.com", "https://s2-*.amazonaws.com",
		}},
		{RefuseCrossOriginWrites: true, DangerouslyAllowPublicSuffixes: true, AllowedOrigins: []string{"https://*.com"}},
		{RefuseCrossOriginWrites: true, DangerouslyAllowInsecureOrigins: true,
			AllowedOrigins: []string{"http://a.example"}},

		{AllowCredentials: true, AllowedOrigins: []string{
			"capacitor://localhost", "ionic://localhost", "tauri://localhost", "vscode-webview://0a1b2c",
			"safari-web-extension://BE98AE6B-0D1A", "App://X.example:8080", "app://-", "app://.", "app://127",
			"app://[::1]",
			"chrome-extension://abcdefghijklmnopabcdefghijklmnop", "moz-extension://6b3c2f1e-0000-4000-8000-000000000001",
		}},
		{AllowedOrigins: []string{
			"https://foo_bar.example", "https://example.com.", "https://xn--exmple-cua.com", "https://a-.example",
			"https://1.example", "https://18.xxx", "https://1.2.3.xxx", "https://1.2.x", "https://1-2.3.4.x.example",
			"https://x.1.2.y", "https://1.2.3.4.x", "https://1.2.3.4a",
			"https://a.0x1z",
		}},

		// Every part at its longest.
		{AllowedOrigins: []string{"https://" + strings.Repeat("a", 63) + ".example",
			"https://" + strings.Repeat("a.", 126) + "a"}},
		{AllowedOrigins: []string{
			"app://localhost", "zed://localhost", "web+az-09.x://localhost",
			fixture.LongestOrigin, strings.Repeat("s", 64) + "://*." + strings.Repeat("a.", 126) + ":*",
		}},
		with(func(o *cors.Options) { o.AllowedMethods = []string{strings.Repeat("M", 64)} }),

		with(func(o *cors.Options) { o.AllowedMethods = []string{"*", "PUT", "PROPFIND", "purge-all", "Custom"} }),
		with(func(o *cors.Options) {
			o.AllowedHeaders = []string{"*", "authorization", "X-HTTP-Method-Override", "Content-Type", "Accept"}
		}),
		with(func(o *cors.Options) {
			o.ExposedHeaders = []string{"*", "Authorization", "Location", "Range", "accept", "Date"}
		}),
		with(func(o *cors.Options) { o.MaxAge = time.Second }),
		with(func(o *cors.Options) { o.MaxAge = 24 * time.Hour }),
		with(func(o *cors.Options) { o.MaxAge = 25 * time.Hour }),
		with(func(o *cors.Options) { o.MaxAge = -time.Nanosecond }),
		with(func(o *cors.Options) { o.OptionsSuccessStatus = 299 }),
	} {
		assert.NoError(t, o.Validate())
		assert.NotPanics(t, func() { cors.New(o) })
	}
}

// Beside "*" null is no problem of its own, unless "*" is one.
func TestNullBesideEveryOrigin(t *testing.T) {
	list := []string{"*", "null"}
	for _, o := range []cors.Options{
		{AllowedOrigins: list, AllowCredentials: true},
		{AllowedOrigins: list, RefuseCrossOriginWrites: true},
		{AllowedOrigins: list[1:]},
		{AllowedOrigins: []string{"*", "null", "nul"}},
		{AllowedOrigins: []string{"*", "null*"}},
		{AllowedOrigins: []string{"*", "file://*/*"}},
	} {
		var bad *cors.OptionsError
		require.ErrorAs(t, o.Validate(), &bad)
		assert.True(t, slices.ContainsFunc(bad.Problems, func(p cors.Problem) bool {
			return p.Value == o.AllowedOrigins[len(o.AllowedOrigins)-1]
		}), "%v", bad)
	}
}

// FuzzValidate checks that New panics if and only if Validate returns an error,
// that each proposed fix is accepted, and that an accepted origin is one by the
// URL parser.
func FuzzValidate(f *testing.F) {
	for _, tc := range badPolicies() {
		f.Add(tc.value, "PUT", "X-Foo", int64(time.Minute), 204, tc.opts.AllowCredentials)
		f.Add("https://a.example", tc.value, tc.value, int64(tc.opts.MaxAge), tc.opts.OptionsSuccessStatus, true)
	}
	f.Fuzz(func(t *testing.T, origin, method, header string, maxAge int64, status int, credentials bool) {
		opts := cors.Options{
			AllowedOrigins:       []string{origin},
			AllowedMethods:       []string{method},
			AllowedHeaders:       []string{header},
			ExposedHeaders:       []string{header},
			MaxAge:               time.Duration(maxAge),
			OptionsSuccessStatus: status,
			AllowCredentials:     credentials,
		}
		err := opts.Validate()
		if value := panicOf(func() { cors.New(opts) }); (err == nil) != (value == nil) {
			t.Fatalf("Validate says %v, New panics with %v", err, value)
		}
		var bad *cors.OptionsError
		if errors.As(err, &bad) {
			for _, p := range bad.Problems {
				if p.Fix != "" && isRefused(repair(t, opts, p), p.Field, p.Fix) {
					t.Errorf("the fix of %s is refused", p)
				}
			}
			return
		}
		if strings.Contains(origin, "*") {
			return
		}
		spelled, ok := asBrowsersSpell(origin)
		if !ok {
			t.Fatalf("%q is accepted and is no origin", origin)
		}
		res := fixture.Serve(cors.New(opts)(fixture.Nothing), fixture.Request("GET", "Origin: "+spelled))
		if got := res.Header().Get("Access-Control-Allow-Origin"); got != spelled {
			t.Errorf("%q is accepted and does not allow %q: %q", origin, spelled, got)
		}
	})
}

// isRefused reports whether opts have a problem with the value of the field.
func isRefused(opts cors.Options, field, value string) bool {
	var bad *cors.OptionsError
	return errors.As(opts.Validate(), &bad) && slices.ContainsFunc(bad.Problems, func(p cors.Problem) bool {
		return p.Field == field && p.Value == value
	})
}

// asBrowsersSpell returns the origin of the pages at s, a URL of a scheme and a host
// alone. It has it from the URL parser.
func asBrowsersSpell(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" && u.Path != "/" ||
		u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		port := u.Port()
		if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
			u.Host = u.Host[:strings.LastIndex(u.Host, ":")]
		}
		u.Host = strings.ToLower(u.Host)
	}
	return u.Scheme + "://" + u.Host, true
}

// The apostrophe may stand in a token. Two of them are quotes with nothing between.
func TestQuotesAroundNothing(t *testing.T) {
	_, err := rules.CheckMethod("''")
	assert.Error(t, err)
	_, err = rules.CheckAllowedHeader("''")
	assert.Error(t, err)
	name, err := rules.CheckAllowedHeader("'")
	assert.NoError(t, err)
	assert.Equal(t, "'", name)
}

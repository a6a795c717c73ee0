package rules_test

import (
	"errors"
	"flag"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/internal/test/fixture"
)

var values = flag.Int("values", 20_000, "random values whose fixes are judged")

// A Fix is accepted in the value's place, under the same options. It names no page that
// the value does not name.
func TestFixesNameNoOtherPage(t *testing.T) {
	const seed = 19
	r := rand.New(rand.NewPCG(seed, 0))
	fixed := make(map[string]bool)
	for range *values {
		value := randomValue(r)
		opts := cors.Options{
			AllowedOrigins:                  []string{value},
			AllowCredentials:                r.IntN(3) == 0,
			RefuseCrossOriginWrites:         r.IntN(3) == 0,
			DangerouslyAllowInsecureOrigins: r.IntN(3) == 0,
			DangerouslyAllowPublicSuffixes:  r.IntN(3) == 0,
		}
		var bad *cors.OptionsError
		if !errors.As(opts.Validate(), &bad) {
			continue
		}
		p := bad.Problems[0]
		if p.Field != "AllowedOrigins" || p.Fix == "" {
			continue
		}
		fixed[p.Fix] = true
		assert.Equal(t, value, p.Value)
		if err := repair(t, opts, p).Validate(); err != nil {
			t.Errorf("the fix of %s is refused: %v", p, err)
		}
		if !names(value, p.Fix) {
			t.Errorf("the fix names other pages: %s", p)
		}
	}
	assert.Greater(t, len(fixed), min(*values, 20_000)/100, "different fixes")
}

// randomValue returns what an operator might have written, or mistyped.
func randomValue(r *rand.Rand) string {
	pick := func(choices ...string) string { return choices[r.IntN(len(choices))] }
	host := pick("example.com", "Example.COM", "*.example.com", ".example.com", "*example.com", "my*app.com",
		"shop-*.a.app",
		"*--shop.a.app", "a.*.com", "localhost", "127.0.0.1", "192.168.0.7", "10.0.0.0", "192.168.1.*", "[::1]", "::1",
		"[0:0::1]", "[2001:DB8::1]", "my?app.com", "my#app.com", "a.example,b.example", "a b.example",
		"github.io", "*.github.io",
		"nas", "*", "", "null", "xn--exmple-cua.com", "exämple.com", "\u212Aelvin.example", "www.*",
		`\.example\.com`, "-", ".",
		"user@example.com", "good.example@evil.example", "$HOST", "{host}", "example.com.",
		"http", "https", "127.1", "X.y.Z")
	value := pick("", "", "https://", "https://", "http://", "HTTPS://", "//", "://", "https:/",
		"https//", "https:", "http:",
		"https://https://", "https://http://", "http://http://", "wss://", "ws://", "htps://", "htttp://",
		"hhttps://", "Httpss://",
		"ftp://", "file://", "data:", "app://", "App://", "moz-extension://", "^https://", "https?://",
		"*://", "blob:https://", "Origin: http://", "URL=https://") +
		pick("", "", "", "", "user@", "user:secret@", "a.example@", "@") + host +
		pick("", "", "", "", ":443", ":80", ":8080", ":08080", ":0", ":", ":*", ":65536", ":http", ":8080:80") +
		pick("", "", "", "/", "/app", "//", "/*", "/8", "/16", "?", "?x=1", "?x", "?.com", "#",
			"#top", "#.com", "/a?b#c", "$", ".*")
	value = pick("", "", "", "", " ", `"`, "'", "[", "/", "^") + value +
		pick("", "", "", "", " ", `"`, "'", "]", "/", "$", ",")
	for range max(0, r.IntN(6)-3) { // a slip of the finger or two
		if value == "" {
			break
		}
		i := r.IntN(len(value))
		switch r.IntN(4) {
		case 0:
			value = value[:i] + value[i+1:]
		case 1:
			value = value[:i] + string(rune(32+r.IntN(95))) + value[i:]
		case 2:
			value = value[:i] + string(rune(32+r.IntN(95))) + value[i+1:]
		case 3:
			if j := r.IntN(len(value)); j > i {
				value = value[:i] + value[j:j+1] + value[i+1:j] + value[i:i+1] + value[j+1:]
			}
		}
	}
	return value
}

// A Fix of a method or a header is accepted, too, and is one of the names that stand in
// the value.
func TestFixesOfNames(t *testing.T) {
	const seed = 20
	r := rand.New(rand.NewPCG(seed, 0))
	parts := []string{"put", "X-Foo", "Cookie", "ETag", "*", "x", ":", "|", ";", ",", "'", `"`, "`", " ", "\t", "\n", "[",
		"]"}
	fixed := make(map[string]bool)
	for range *values {
		var value string
		for range 1 + r.IntN(6) {
			value += parts[r.IntN(len(parts))]
		}
		opts := cors.Options{
			AllowOriginFunc:  allowAll,
			AllowOriginVary:  []string{value},
			AllowedMethods:   []string{value},
			AllowedHeaders:   []string{value},
			ExposedHeaders:   []string{value},
			AllowCredentials: r.IntN(2) == 0,
		}
		var bad *cors.OptionsError
		if !errors.As(opts.Validate(), &bad) {
			continue
		}
		for _, p := range bad.Problems {
			if p.Fix == "" {
				continue
			}
			fixed[p.Fix] = true
			if isRefused(repair(t, opts, p), p.Field, p.Fix) {
				t.Errorf("the fix of %s is refused", p)
			}
			if !strings.Contains(strings.ToUpper(value), strings.ToUpper(p.Fix)) {
				t.Errorf("the fix is another name: %s", p)
			}
		}
	}
	assert.Greater(t, len(fixed), min(*values, 20_000)/1000, "different fixes")
}

var (
	// Schemes at the start of a value, of which there may be several, and what follows.
	leadingScheme = regexp.MustCompile(`^(?:([^\s/:@]*)://|(?i:(https?))[:/])[:/]*(.*)$`)

	// A host, a port, and a path that belongs to neither.
	hostAndRest = regexp.MustCompile(
		`^(?:[^.*@/?#]*@)?(\.|\*)?(\[[^\]]*\]|[^*@/?#:,;|\s\\"'` + "`" + `]*)(:(?:[0-9]*|\*))?` +
			`(?:/(.*)|\?(?:[A-Za-z0-9_-]+=.*)?|#[A-Za-z0-9_-]*)?$`)

	leadingName = regexp.MustCompile(`^([A-Za-z0-9_-]+)[:=] *((?i:https?)://.*)$`)

	fixParts = regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://(\*\.|\*)?(\[[^\]]*\]|[^:/*]*)(:(?:[0-9]+|\*))?$`)
)

// names reports whether value names every page that fix names. It reads value like a
// person who knows how it may be misspelt, and shares nothing with what made the fix.
func names(value, fix string) bool {
	want := fixParts.FindStringSubmatch(fix)
	if want == nil {
		return false
	}
	const around = " \t\r\n\"'`“”‘’«»,;"
	value = strings.Trim(value, around)
	if m := leadingName.FindStringSubmatch(value); m != nil && edits(strings.ToLower(m[1]), "https") > 1 {
		value = m[2]
	}
	s := strings.TrimPrefix(value, "//")
	for {
		m := leadingScheme.FindStringSubmatch(s)
		if m == nil {
			break
		}
		if !namesScheme(strings.ToLower(m[1]+m[2]), want[1]) {
			return false
		}
		s = m[3]
	}
	if s == strings.TrimPrefix(value, "//") && want[1] != "https" && want[1] != "http" {
		return false // no scheme is named
	}
	s = strings.TrimSpace(strings.TrimRight(s, "/")) // a space before the last slash
	got := hostAndRest.FindStringSubmatch(s)
	if got == nil {
		return false
	}
	wildcard, host, port := got[1] != "", strings.TrimPrefix(got[2], "."), got[3]
	if got[1] == "." && got[2] == "" {
		wildcard, host = false, "." // as some applications send
	}
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		fixed, err := netip.ParseAddr(strings.Trim(want[3], "[]"))
		network := regexp.MustCompile(`^[0-9.]+$`).MatchString(got[4])
		return err == nil && !wildcard && addr == fixed && samePort(port, want[4], want[1]) && !network
	}
	fixedHost := want[3]
	if got[1] == "*" && !strings.HasPrefix(got[2], ".") && want[2] == "*." && !strings.Contains(want[3], ".") {
		return false // https://*com
	}
	if want[1] == "https" || want[1] == "http" {
		host = strings.ToLower(host)
	}
	return wildcard == (want[2] != "") && host == fixedHost && samePort(port, want[4], want[1])
}

// namesScheme reports whether scheme, "" for none, may be meant as fixed.
func namesScheme(scheme, fixed string) bool {
	switch {
	case scheme == fixed:
		return true
	case fixed != "https" && fixed != "http":
		return false
	}
	return scheme == "" || scheme == "wss" && fixed == "https" || scheme == "ws" && fixed == "http" ||
		edits(scheme, fixed) == 1
}

// edits counts the letters that are added, left out, replaced, or exchanged with their
// neighbour between a and b.
func edits(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// samePort reports whether two ports with their colons are one, with a page's scheme.
func samePort(a, b, scheme string) bool {
	number := func(port string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(port, ":"))
		switch {
		case port == ":*":
			return -1
		case err == nil:
			return n
		case scheme == "https":
			return 443
		case scheme == "http":
			return 80
		}
		return -2
	}
	return number(a) == number(b)
}

// entries are elements of AllowedOrigins that people write, each with those of pages
// that its author means.
var entries = map[string][]string{
	"*":                             pages,
	" * ":                           pages,
	"https://a.example":             {"https://a.example"},
	"HTTPS://A.Example/":            {"https://a.example"},
	"https://a.example:443":         {"https://a.example"},
	"a.example":                     {"https://a.example", "http://a.example"},
	"http://a.example":              {"http://a.example"},
	"http://a.example/app":          {"http://a.example"},
	"https://a.example/app":         {"https://a.example"},
	"htps://a.example":              {"https://a.example"},
	"wss://a.example":               {"https://a.example"},
	"https://*.a.example":           {"https://x.a.example", "https://xy.a.example"},
	"*.a.example":                   {"https://x.a.example", "http://x.a.example", "https://xy.a.example"},
	"https://x*.a.example":          {"https://xy.a.example"},
	"https://my*app.com":            {"https://my1app.com"},
	"https://*app.com":              {"https://my1app.com", "https://x.app.com", "https://my1.app.com"},
	"https://*.github.io":           {"https://strangers.github.io"},
	"localhost":                     {"http://localhost"},
	"http://localhost:80":           {"http://localhost"},
	"http://localhost:*":            {"http://localhost", "http://localhost:3000"},
	"127.0.0.1:3000":                {"http://127.0.0.1:3000"},
	"http://192.168.1.*":            {"http://192.168.1.7"},
	"null":                          {"null"},
	"file://*":                      {"file://"},
	"moz-extension://*":             {"moz-extension://strangers"},
	"https://*":                     nil,
	"":                              nil,
	"true":                          nil,
	"https://a.example,https://b.c": {"https://a.example"},
	`^https://a\.example$`:          {"https://a.example"},
	"https://b.example@a.example":   nil,
}

var pages = []string{
	"https://a.example", "http://a.example", "https://x.a.example", "http://x.a.example", "https://xy.a.example",
	"https://my1app.com", "https://x.app.com", "https://my1.app.com", "https://strangers.github.io",
	"https://evil.example",
	"http://localhost", "http://localhost:3000", "https://localhost", "http://127.0.0.1:3000", "https://127.0.0.1:3000",
	"http://192.168.1.7", "null", "file://", "moz-extension://strangers", "https://b.example", "https://app.com",
}

// Programs take every Fix, and drop what has none. That closes nothing that was open, and
// opens nothing that was closed.
func TestTakingEveryFix(t *testing.T) {
	const seed = 2
	r := rand.New(rand.NewPCG(seed, 0))
	all := slices.Sorted(maps.Keys(entries))
	mended := 0
	for range 1000 {
		var opts cors.Options
		for range 1 + r.IntN(5) {
			opts.AllowedOrigins = append(opts.AllowedOrigins, all[r.IntN(len(all))])
		}
		opts.AllowCredentials = r.IntN(2) == 0
		opts.RefuseCrossOriginWrites = r.IntN(3) == 0
		opts.DangerouslyAllowInsecureOrigins = r.IntN(4) == 0
		opts.DangerouslyAllowPublicSuffixes = r.IntN(4) == 0
		if takeFixes(t, opts, func(value, page string) bool { return slices.Contains(entries[value], page) }, pages) {
			mended++
		}
	}
	assert.Greater(t, mended, 200)

	for _, p := range programs(t) {
		asked := slices.Concat(pages, p.Origins)
		opts := p.options()
		opts.AllowedHeaders, opts.ExposedHeaders = nil, nil // it is about origins
		takeFixes(t, opts, func(value, page string) bool {
			glob := "^" + strings.ReplaceAll(regexp.QuoteMeta(value), `\*`, ".*") + "$"
			return value == "*" || regexp.MustCompile(glob).MatchString(page) || "http://"+value == page
		}, asked)
	}
}

// takeFixes takes the fixes, and compares what opts have open before and after. Before
// is what each value has open alone. It reports whether the outcome is a policy.
func takeFixes(t *testing.T, opts cors.Options, means func(value, page string) bool, pages []string) bool {
	t.Helper()
	allows := func(h http.Handler, page string) bool {
		return fixture.Serve(h, fixture.Get(page)).Header().Get("Access-Control-Allow-Origin") != ""
	}
	after := opts
	after.AllowedOrigins = slices.Clone(opts.AllowedOrigins)
	var bad *cors.OptionsError
	if errors.As(opts.Validate(), &bad) {
		for _, p := range bad.Problems {
			if p.Field != "AllowedOrigins" {
				continue
			}
			i := slices.Index(after.AllowedOrigins, p.Value)
			require.GreaterOrEqual(t, i, 0)
			if p.Fix != "" {
				after.AllowedOrigins[i] = p.Fix
			} else {
				after.AllowedOrigins = slices.Delete(after.AllowedOrigins, i, i+1)
			}
		}
	}
	if after.Validate() != nil {
		everyone := slices.ContainsFunc(after.AllowedOrigins, func(s string) bool { return strings.TrimSpace(s) == "*" })
		assert.True(t, len(after.AllowedOrigins) == 0 || everyone && after.RefuseCrossOriginWrites,
			"%q becomes %q: %v", opts.AllowedOrigins, after.AllowedOrigins, after.Validate())
		return false
	}
	var before []http.Handler
	for _, value := range opts.AllowedOrigins {
		alone := opts
		alone.AllowedOrigins = []string{value}
		if alone.Validate() == nil {
			before = append(before, cors.New(alone)(fixture.Nothing))
		}
	}
	mended := cors.New(after)(fixture.Nothing)
	for _, page := range pages {
		was := slices.ContainsFunc(before, func(h http.Handler) bool { return allows(h, page) })
		meant := slices.ContainsFunc(opts.AllowedOrigins, func(value string) bool { return means(value, page) })
		is := allows(mended, page)
		assert.False(t, was && !is, "%q becomes %q, and closes %s", opts.AllowedOrigins, after.AllowedOrigins, page)
		assert.False(t, is && !meant, "%q becomes %q, and opens %s", opts.AllowedOrigins, after.AllowedOrigins, page)
	}
	return true
}

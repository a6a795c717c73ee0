package publicsuffix_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/publicsuffix"
)

func TestIs(t *testing.T) {
	long := strings.Repeat("a", 1<<16)
	cases := map[string]bool{
		"com":                                  true,
		"aaa":                                  true, // the first name of the list
		"xn--zfr164b":                          true, // the last top-level one
		"co.uk":                                true,
		"uk":                                   true,
		"github.io":                            true,
		"vercel.app":                           true,
		"netlify.app":                          true,
		"s3.amazonaws.com":                     true,
		"s3.dualstack.us-east-1.amazonaws.com": true,
		"xn--55qx5d.xn--j6w193g":               true, // 公司.香港
		"xn--p1ai":                             true, // рф

		"example.com":           false,
		"example.co.uk":         false,
		"octocat.github.io":     false,
		"thub.io":               false,
		"my-github.io":          false,
		"github.io.example.com": false,
		"amazonaws.com":         false,
		"公司.香港":                 false, // the list is in Punycode

		// A wildcard takes one label, no fewer and no more.
		"ck":                              false,
		"foo.ck":                          true,
		"foo.foo.ck":                      false,
		"www.ck":                          false,
		"foo.www.ck":                      false,
		"kawasaki.jp":                     false,
		"foo.kawasaki.jp":                 true,
		"city.kawasaki.jp":                false,
		"foo.city.kawasaki.jp":            false,
		"city.jp":                         false,
		"compute.amazonaws.com":           false,
		"eu-west-1.compute.amazonaws.com": true,

		// So does one that stands far from its domain in the table.
		"001.test.code-builder-stg.platform.salesforce.com":         false,
		"any.001.test.code-builder-stg.platform.salesforce.com":     true,
		"any.any.001.test.code-builder-stg.platform.salesforce.com": false,
		"any.002.test.code-builder-stg.platform.salesforce.com":     false,
		"test.code-builder-stg.platform.salesforce.com":             false,
		"001.test.code-builder-stg.platform":                        false,
		"user.party.eus":                                            true,
		"user.party":                                                false,
		"any.party.eus":                                             false,
		"party.eus":                                                 false,

		// The implied rule "*" does not count.
		"internal":          false,
		"localhost":         false,
		"svc.cluster.local": false,
		"cluster.local":     false,
		"local":             false,
		"0":                 false, // before the first name
		"zzz":               false, // after the last
		"foo.zzz":           false,
		"127.0.0.1":         false,

		// Not written as an origin has it.
		"":                                  false,
		".":                                 false,
		"..":                                false,
		".com":                              false,
		"com.":                              false,
		"co.uk.":                            false,
		"co..uk":                            false,
		".ck":                               false,
		"foo.ck.":                           false,
		"COM":                               false,
		"Co.uk":                             false,
		"co.UK":                             false,
		" com":                              false,
		"com ":                              false,
		"aaa aarp":                          false,
		"com:ac":                            false,
		"com\n":                             false,
		"*":                                 false,
		long:                                false,
		long + ".com":                       false,
		strings.Repeat("a.", 1<<15) + "com": false,
	}
	for domain, want := range cases {
		t.Run(name(domain), func(t *testing.T) {
			assert.Equal(t, want, publicsuffix.Is(domain))
		})
	}
}

// Take a domain out of IsOpen when the list has it.
func TestIsOpen(t *testing.T) {
	for _, domain := range []string{
		"app.github.dev", "cloudapp.azure.com", "westeurope.cloudapp.azure.com", "codesandbox.io", "devtunnels.ms",
		"use.devtunnels.ms", "github.dev", "gitpod.io", "ws-eu1.gitpod.io", "glitch.me", "gradio.live", "lhr.life",
		"loca.lt", "localhost.run", "nip.io", "pinggy.link", "preview.app.github.dev", "replit.dev", "serveo.net",
		"sslip.io", "stackblitz.io", "v0.app", "webcontainer.io", "z6.web.core.windows.net",
	} {
		assert.True(t, publicsuffix.IsOpen(domain), domain)
		assert.False(t, publicsuffix.Is(domain), domain)
		assert.False(t, publicsuffix.IsOpen("a.b."+domain), domain)
	}
	assert.True(t, publicsuffix.IsOpen("vercel.app"))
	assert.False(t, publicsuffix.IsOpen("example.com"))
	assert.False(t, publicsuffix.IsOpen("my.github.dev"))
	assert.False(t, publicsuffix.IsOpen(""))
}

func TestRegistrable(t *testing.T) {
	for host, want := range map[string]string{
		"example.com":             "example.com",
		"www.example.com":         "example.com",
		"a.b.c.example.com":       "example.com",
		"example.co.uk":           "example.co.uk",
		"www.example.co.uk":       "example.co.uk",
		"octocat.github.io":       "octocat.github.io",
		"pages.octocat.github.io": "octocat.github.io",
		"com":                     "",
		"co.uk":                   "",
		"github.io":               "",

		// Wildcards and exceptions.
		"ck":                   "",
		"foo.ck":               "",
		"bar.foo.ck":           "bar.foo.ck",
		"www.ck":               "www.ck",
		"a.www.ck":             "www.ck",
		"kawasaki.jp":          "kawasaki.jp",
		"foo.kawasaki.jp":      "",
		"a.foo.kawasaki.jp":    "a.foo.kawasaki.jp",
		"city.kawasaki.jp":     "city.kawasaki.jp",
		"foo.city.kawasaki.jp": "city.kawasaki.jp",

		// A top-level domain that is not in the list.
		"localhost":         "",
		"app.localhost":     "app.localhost",
		"api.app.localhost": "app.localhost",
		"a.b.internal":      "b.internal",

		"":              "",
		".":             "",
		".com":          "",
		".example.com":  "",
		"example.com.":  "",
		"example..com":  "",
		"a..internal":   "",
		"..example.com": "",
	} {
		t.Run(name(host), func(t *testing.T) {
			assert.Equal(t, want, publicsuffix.Registrable(host))
		})
	}
}

func TestBelow(t *testing.T) {
	cases := map[string]string{
		"ck":                    "*.ck",
		"kawasaki.jp":           "*.kawasaki.jp",
		"compute.amazonaws.com": "*.compute.amazonaws.com",
		"party.eus":             "user.party.eus",

		// No rule right below these, but further down.
		"salesforce.com":          "*.001.test.code-builder-stg.platform.salesforce.com",
		"platform.salesforce.com": "*.001.test.code-builder-stg.platform.salesforce.com",
		"amazonwebservices.eu":    "auth.cognito-idp.eusc-de-east-1.on.amazonwebservices.eu",
		"cognito-idp.eusc-de-east-1.on.amazonwebservices.eu": "auth.cognito-idp.eusc-de-east-1.on.amazonwebservices.eu",
		"com.cy": "j.scaleforce.com.cy",
		"eus":    "user.party.eus",
		"edu":    "git-pages.rit.edu",

		"alesforce.com":                     "",
		"xplatform.salesforce.com":          "",
		"latform.salesforce.com":            "",
		"001.test.salesforce.com":           "",
		"arty.eus":                          "",
		".eus":                              "",
		"eus.":                              "",
		"github.io":                         "",
		"example.com":                       "",
		"foo.ck":                            "",
		"www.ck":                            "",
		"city.kawasaki.jp":                  "",
		"example.amazonaws.com":             "",
		"mazonaws.com":                      "",
		"xamazonaws.com":                    "",
		"internal":                          "",
		"zzz":                               "",
		"0":                                 "",
		"":                                  "",
		".":                                 "",
		"com.":                              "",
		".com":                              "",
		"com:":                              "",
		"AMAZONAWS.com":                     "",
		strings.Repeat("a", 1<<16) + ".com": "",
	}
	for domain, want := range cases {
		t.Run(name(domain), func(t *testing.T) {
			assert.Equal(t, want, publicsuffix.Below(domain))
		})
	}
}

// Where there are several rules below a domain, any of them will do.
func TestBelowOfSeveral(t *testing.T) {
	rules := slices.Collect(publicsuffix.Rules())
	for _, domain := range []string{
		"com", "uk", "amazonaws.com", "amazonaws.com.cn", "eu-west-1.amazonaws.com", "cloud9.eu-west-1.amazonaws.com",
	} {
		rule := publicsuffix.Below(domain)
		assert.Contains(t, rules, rule, domain)
		assert.True(t, strings.HasSuffix(rule, "."+domain), "%q below %q", rule, domain)
	}
}

// What the table yields is what the generator read.
func TestRules(t *testing.T) {
	rules := slices.Sorted(publicsuffix.Rules())
	wildcards, exceptions := 0, 0
	for _, rule := range rules {
		switch rule[0] {
		case '*':
			wildcards++
		case '!':
			exceptions++
		}
	}
	assert.Len(t, rules, goldenRules)
	assert.Equal(t, goldenWildcards, wildcards)
	assert.Equal(t, goldenExceptions, exceptions)
	sum := sha256.Sum256([]byte(strings.Join(rules, "\n") + "\n"))
	assert.Equal(t, goldenChecksum, hex.EncodeToString(sum[:]))

	for rule := range publicsuffix.Rules() {
		assert.Equal(t, "aaa", rule)
		break // must stop the walk
	}
}

func TestEveryRule(t *testing.T) {
	for rule := range publicsuffix.Rules() {
		domain, exception := strings.CutPrefix(rule, "!")
		domain = strings.Replace(domain, "*", "any", 1)
		if exception {
			assert.False(t, publicsuffix.Is(domain), rule)
			continue
		}
		assert.True(t, publicsuffix.Is(domain), rule)
		assert.False(t, publicsuffix.Is(domain+"."), rule)
		assert.False(t, publicsuffix.Is("."+domain), rule)
		for _, above, _ := strings.Cut(rule, "."); above != ""; _, above, _ = strings.Cut(above, ".") {
			assert.NotEmpty(t, publicsuffix.Below(above), "%s above %s", above, rule)
		}
	}
}

func TestVersionBeginsWithADate(t *testing.T) {
	require.GreaterOrEqual(t, len(publicsuffix.Version), 8)
	_, err := time.Parse("20060102", publicsuffix.Version[:8])
	assert.NoError(t, err)
}

func TestLookupAllocatesNothing(t *testing.T) {
	domain := strings.Repeat("a", 63) + ".github.io"
	assert.Zero(t, testing.AllocsPerRun(10, func() { publicsuffix.Is(domain) }))
	assert.Zero(t, testing.AllocsPerRun(10, func() { publicsuffix.Below(domain) }))
	assert.Zero(t, testing.AllocsPerRun(10, func() { publicsuffix.Registrable(domain) }))
}

func TestOneBelow(t *testing.T) {
	for domain, want := range map[string][]string{
		"ck":                    {"*"}, // and an exception, which is none
		"compute.amazonaws.com": {"*"},
		"windows.net":           {"servicebus"}, // but not blob.core, which is two labels
		"example.com":           nil,
		"internal":              nil,
	} {
		got := slices.Sorted(publicsuffix.OneBelow(domain))
		assert.Equal(t, want, got, domain)
	}
	fastly := slices.Collect(publicsuffix.OneBelow("fastly.net"))
	assert.Contains(t, fastly, "map")
	assert.NotContains(t, fastly, "prod", "a.prod.fastly.net is a public suffix, and prod.fastly.net is none")
	for label := range publicsuffix.OneBelow("uk") { // a caller may stop
		assert.NotEmpty(t, label)
		break
	}
}

// reference answers from maps of whole rules, and knows nothing of the table.
type reference struct {
	rules []string
	has   map[string]bool
	below map[string][]string // by domain, what Below may answer

	oneBelow map[string][]string // by domain, what OneBelow yields, sorted
}

func newReference() reference {
	ref := reference{has: map[string]bool{}, below: map[string][]string{}, oneBelow: map[string][]string{}}
	for rule := range publicsuffix.Rules() {
		ref.rules = append(ref.rules, rule)
		ref.has[rule] = true
		if strings.HasPrefix(rule, "!") {
			continue
		}
		labels := strings.Split(rule, ".")
		for i := 1; i < len(labels); i++ {
			above := strings.Join(labels[i:], ".")
			ref.below[above] = append(ref.below[above], rule)
		}
		above := strings.Join(labels[1:], ".")
		ref.oneBelow[above] = append(ref.oneBelow[above], labels[0])
	}
	for _, labels := range ref.oneBelow {
		slices.Sort(labels)
	}
	return ref
}

// is reports whether domain is a public suffix.
func (ref reference) is(domain string) bool {
	labels := strings.Split(domain, ".")
	return !slices.Contains(labels, "") && ref.suffix(labels) == len(labels)
}

// registrable adds a label to the public suffix.
func (ref reference) registrable(host string) string {
	labels := strings.Split(host, ".")
	n := max(ref.suffix(labels), 1) + 1 // the rule "*" is implied
	if slices.Contains(labels, "") || n > len(labels) {
		return ""
	}
	return strings.Join(labels[len(labels)-n:], ".")
}

// suffix follows the list's formal algorithm: of the rules that match, an exception
// prevails, else the one with the most labels; the public suffix is what the
// prevailing rule matches, less its first label if it is an exception. It returns
// the number of labels, 0 if no rule matches.
func (ref reference) suffix(labels []string) int {
	suffix := 0
	for n := 1; n <= len(labels); n++ {
		tail := labels[len(labels)-n:]
		plain := strings.Join(tail, ".")
		wildcard := strings.Join(append([]string{"*"}, tail[1:]...), ".")
		if ref.has["!"+plain] {
			suffix = n - 1
			break
		}
		if ref.has[plain] || ref.has[wildcard] {
			suffix = n
		}
	}
	return suffix
}

// Every tail of a rule, cut inside of labels as well: "thub.io" for "github.io".
func TestEveryTail(t *testing.T) {
	ref := newReference()
	asked := map[string]bool{}
	var wrongIs, wrongBelow, wrongOneBelow, wrongRegistrable []string
	for _, rule := range ref.rules {
		for i := range rule {
			tail := rule[i:]
			if asked[tail] {
				continue
			}
			asked[tail] = true
			if publicsuffix.Is(tail) != ref.is(tail) {
				wrongIs = append(wrongIs, tail)
			}
			if !ref.isBelow(publicsuffix.Below(tail), tail) {
				wrongBelow = append(wrongBelow, tail)
			}
			if got := slices.Sorted(publicsuffix.OneBelow(tail)); !slices.Equal(got, ref.oneBelow[tail]) {
				wrongOneBelow = append(wrongOneBelow, tail)
			}
			if i > 0 && rule[i-1] != '.' {
				continue // only whole labels below
			}
			for _, host := range []string{tail, "a." + tail, "a.b." + tail} {
				if publicsuffix.Registrable(host) != ref.registrable(host) {
					wrongRegistrable = append(wrongRegistrable, host)
				}
			}
		}
	}
	assert.Empty(t, wrongIs)
	assert.Empty(t, wrongBelow)
	assert.Empty(t, wrongOneBelow)
	assert.Empty(t, wrongRegistrable)
}

// isBelow reports whether Below may answer with rule, which is "" if there is no
// rule below domain.
func (ref reference) isBelow(rule, domain string) bool {
	want := ref.below[domain]
	if len(want) == 0 {
		return rule == ""
	}
	return slices.Contains(want, rule)
}

// domains returns hosts to ask about: one as given, one that ends in the
// rightmost labels of a rule, and one that has them below it.
func (ref reference) domains(domain string, rule uint16, cut uint8) []string {
	labels := strings.Split(strings.TrimPrefix(ref.rules[int(rule)%len(ref.rules)], "!"), ".")
	tail := strings.Join(labels[int(cut)%len(labels):], ".")
	return []string{domain, tail, domain + tail, domain + "." + tail, tail + domain}
}

func addSeeds(f *testing.F, ref reference) {
	f.Helper()
	domains := []string{
		"", ".", "*", "!www", "any", "com", "ck", "any.ck", "www.ck", "github.io", "octocat.github.io",
		"amazonaws.com", "compute.amazonaws.com", "city.kawasaki.jp", "any.kawasaki.jp", "a b", "a:b", "a\nb",
	}
	for i, domain := range domains {
		f.Add(domain, uint16(i*len(ref.rules)/len(domains)), uint8(i%4))
	}
	for i, rule := range ref.rules {
		if strings.HasPrefix(rule, "!") || strings.HasPrefix(rule, "*") {
			f.Add("any", uint16(i), uint8(0))
			f.Add("any", uint16(i), uint8(1))
		}
	}
}

func FuzzIs(f *testing.F) {
	ref := newReference()
	addSeeds(f, ref)
	f.Fuzz(func(t *testing.T, domain string, rule uint16, cut uint8) {
		for _, d := range ref.domains(domain, rule, cut) {
			assert.Equal(t, ref.is(d), publicsuffix.Is(d), "%q", d)
		}
	})
}

func FuzzBelow(f *testing.F) {
	ref := newReference()
	addSeeds(f, ref)
	f.Fuzz(func(t *testing.T, domain string, rule uint16, cut uint8) {
		for _, d := range ref.domains(domain, rule, cut) {
			got := publicsuffix.Below(d)
			assert.True(t, ref.isBelow(got, d), "%q below %q", got, d)
		}
	})
}

func FuzzOneBelow(f *testing.F) {
	ref := newReference()
	addSeeds(f, ref)
	f.Fuzz(func(t *testing.T, domain string, rule uint16, cut uint8) {
		for _, d := range ref.domains(domain, rule, cut) {
			assert.ElementsMatch(t, ref.oneBelow[d], slices.Collect(publicsuffix.OneBelow(d)), "%q", d)
		}
	})
}

func BenchmarkIs(b *testing.B) {
	for _, domain := range []string{
		"com", "co.uk", "example.com", "octocat.github.io", "any.compute.amazonaws.com", "internal",
	} {
		b.Run("domain="+domain, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				publicsuffix.Is(domain)
			}
		})
	}
}

func BenchmarkBelow(b *testing.B) {
	for _, domain := range []string{"amazonaws.com", "example.com", "example.co.uk", "internal"} {
		b.Run("domain="+domain, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				publicsuffix.Below(domain)
			}
		})
	}
}

// name keeps the names of subtests short.
func name(domain string) string {
	return fmt.Sprintf("%.40q", domain)
}

package main

import (
	"fmt"
	"go/format"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small is a list with one of everything.
const small = `// A comment.

// ===BEGIN ICANN DOMAINS===
uk
co.uk
*.ck	what follows a space is no part of the rule
!www.ck
b.ck.uk
香港
公司.香港
// ===END ICANN DOMAINS===
// ===BEGIN PRIVATE DOMAINS===

// GitHub, Inc.
github.io
a.very.deep.example
*.x-y.uk
// ===END PRIVATE DOMAINS===
`

func TestRead(t *testing.T) {
	l, err := read(strings.NewReader(small))
	require.NoError(t, err)
	assert.Equal(t, []string{"uk", "co.uk", "*.ck", "!www.ck", "b.ck.uk", "xn--j6w193g", "xn--55qx5d.xn--j6w193g"},
		l.icann)
	assert.Equal(t, []string{"github.io", "a.very.deep.example", "*.x-y.uk"}, l.private)
}

func TestReadRefuses(t *testing.T) {
	cases := map[string]struct{ icann, private, err string }{
		"no ICANN domains":      {"", "b", "missing"},
		"no private domains":    {"a", "", "missing"},
		"upper case":            {"a\nA.b", "b", `line 3: "A.b": upper case`},
		"upper case, not ASCII": {"Ä", "b", "upper case"},
		"empty label":           {"a..b", "b", "no label"},
		"trailing dot":          {"a.", "b", "no label"},
		"exception alone":       {"!", "b", "no label"},
		"odd character":         {"a:b", "b", "no label"},
		"hyphen at the end":     {"a-", "b", "no label"},
		"too long":              {strings.Repeat("a", 64), "b", "no label"},
		"too long in Punycode":  {strings.Repeat("ä", 60), "b", "no label"},
		"wildcard inside":       {"a.*.b", "b", "no label"},
		"wildcard at the top":   {"*", "b", "at the top"},
		"partial wildcard":      {"a*.b", "b", "no label"},
		"excepted wildcard":     {"*.a\n!*.a", "b", "no label"},
		"twice":                 {"a", "a", `"a": twice`},
		"exception to nothing":  {"a\n!b.a", "b", "no wildcard"},
		"rule and exception":    {"*.a\n!b.a\nb.a", "b", "as well as"},
		"below an exception":    {"*.a\n!b.a\nc.d.b.a", "b", `"c.d.b.a": below the exception "!b.a"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := read(strings.NewReader("// ===BEGIN ICANN DOMAINS===\n" + tc.icann +
				"\n// ===END ICANN DOMAINS===\n// ===BEGIN PRIVATE DOMAINS===\n" + tc.private +
				"\n// ===END PRIVATE DOMAINS===\n"))
			assert.ErrorContains(t, err, tc.err)
		})
	}
	_, err := read(strings.NewReader("stray\n" + small))
	assert.ErrorContains(t, err, `line 1: "stray": neither`)
	_, err = read(strings.NewReader(small + "stray\n"))
	assert.ErrorContains(t, err, `"stray": neither`)
}

func TestTable(t *testing.T) {
	l, err := read(strings.NewReader(small))
	require.NoError(t, err)
	assert.Equal(t, `:uk xn--j6w193g
ck:* !www
example:a.very.deep
io:github
uk:*.x-y b.ck co
xn--j6w193g:xn--55qx5d
`, table(l.rules()))
}

func TestTableFoldsLoneRules(t *testing.T) {
	cases := map[string]struct {
		rules []string
		want  string
	}{
		"into a line with others":        {[]string{"b.a", "*.c.a"}, "a:*.c b\n"},
		"over several levels":            {[]string{"b.a", "f.e.d.c.a"}, "a:b f.e.d.c\n"},
		"not to the top":                 {[]string{"b", "c.a"}, ":b\na:c\n"},
		"not several":                    {[]string{"b.a", "c.d.a", "e.d.a"}, "a:b\nd.a:c e\n"},
		"beside another one folded":      {[]string{"d.c.b.a", "f.e.b.a"}, "b.a:d.c f.e\n"},
		"beside a domain's own rule":     {[]string{"b.a", "c.b.a"}, "a:b c.b\n"},
		"a wildcard with its exceptions": {[]string{"*.b.a", "!c.b.a", "d.a"}, "a:d\nb.a:* !c\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, table(tc.rules))
		})
	}
}

// A domain comes right before what lies below it, also where another has a
// hyphen, which is less than a dot.
func TestTableSortsByLabel(t *testing.T) {
	var rules []string
	for _, parent := range []string{"ab", "b-c.a", "c.b.a", "b.a", "a"} {
		rules = append(rules, "x."+parent, "y."+parent) // two of them stay below their parent
	}
	assert.Equal(t, "a:x y\nb.a:x y\nc.b.a:x y\nb-c.a:x y\nab:x y\n", table(rules))
}

func TestOutputIsFormatted(t *testing.T) {
	l, err := read(strings.NewReader(small))
	require.NoError(t, err)
	for name, got := range map[string][]byte{"list.go": l.source("20260102.1"), "golden_test.go": l.golden()} {
		want, err := format.Source(got)
		require.NoError(t, err, name)
		assert.Equal(t, string(want), string(got), name)
	}
	assert.Contains(t, string(l.source("20260102.1")), `const Version = "20260102.1"`)
	golden := string(l.golden())
	assert.Contains(t, golden, "goldenRules      = 10\n")
	assert.Contains(t, golden, "goldenWildcards  = 2\n")
	assert.Contains(t, golden, "goldenExceptions = 1\n")
}

func TestGenerate(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("small.dat", []byte(small), 0o644))
	require.NoError(t, generate("small.dat", "20260102.1"))

	l, err := read(strings.NewReader(small))
	require.NoError(t, err)
	for name, want := range map[string][]byte{"list.go": l.source("20260102.1"), "golden_test.go": l.golden()} {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), name)
	}
}

func TestGenerateRefuses(t *testing.T) {
	cases := map[string]struct{ list, version, err string }{
		"a table too large": {sized(maxTable + 1), "20260102.1", "a table of 93001 bytes, and 93000 is the most"},
		"no version":        {small, "", "needs a -version"},
		"a bad list":        {"stray\n", "20260102.1", `other.dat: line 1: "stray"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, os.WriteFile("other.dat", []byte(tc.list), 0o644))
			assert.ErrorContains(t, generate("other.dat", tc.version), tc.err)
			assert.NoFileExists(t, "list.go")
			assert.NoFileExists(t, "golden_test.go")
		})
	}
	assert.ErrorContains(t, generate("nowhere.dat", "20260102.1"), "nowhere.dat")
}

func TestGenerateLargest(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("other.dat", []byte(sized(maxTable)), 0o644))
	assert.NoError(t, generate("other.dat", "20260102.1"))
}

// sized returns a list whose table has that many bytes.
func sized(bytes int) string {
	numbers := bytes/len(" 12345") - 1
	rest := bytes - numbers*len(" 12345") - len(": \n") + 1
	var list strings.Builder
	fmt.Fprintf(&list, "// ===BEGIN ICANN DOMAINS===\n%s\n// ===BEGIN PRIVATE DOMAINS===\n", strings.Repeat("a", rest))
	for i := range numbers {
		fmt.Fprintf(&list, "%d\n", 10000+i)
	}
	return list.String()
}

// The samples are those of RFC 3492, section 7.1, and names of the list.
func TestPunycode(t *testing.T) {
	cases := map[string]string{
		"ليهمابتكلموشعربي؟":            "xn--egbpdaj6bu4bxfgehfvwxn",
		"他们为什么不说中文":                    "xn--ihqwcrb4cv8a8dqg056pqjye",
		"他們爲什麽不說中文":                    "xn--ihqwctvzc91f659drss3x8bo0yb",
		"pročprostěnemluvíčesky":       "xn--proprostnemluvesky-uyb24dma41a",
		"почемужеонинеговорятпорусски": "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l",
		"3年b組金八先生":                     "xn--3b-ww4c5e180e575a65lsy2b",
		"そのスピードで":                      "xn--d9juau41awczczp",
		"bücher":                       "xn--bcher-kva",
		"香港":                           "xn--j6w193g",
		"இலங்கை":                       "xn--xkc2al3hye2a",
		"møre-og-romsdal":              "xn--mre-og-romsdal-qqb",
		"ascii-only":                   "ascii-only",
		"":                             "",
	}
	for label, want := range cases {
		t.Run(label, func(t *testing.T) {
			assert.Equal(t, want, punycode(label))
		})
	}
}

package origins_test

import (
	"flag"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/internal/origins"
)

var texts = flag.Int("texts", 20_000, "random texts whose kinds are compared")

// A kind is found by an expression, unless another one excepts it.
type kind struct {
	detail string // how its error begins
	is     *regexp.Regexp
	not    *regexp.Regexp
}

// kinds are an independent reference: what people write where a pattern belongs, by
// regular expressions. A network with a slash is apart.
var kinds = []kind{
	{"an invisible character", expression(`[\x{feff}\x{ad}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}]`), never},
	{"any page can make its origin null", expression(`^(?i:null)/?$`), never},
	{"a word and no origin", expression(`^(?i:true|false|yes|no|on|off|none|any|all|undefined|nil|self|` +
		`same-origin)$`), never},
	{"a placeholder", expression(`\$[{(]?[A-Za-z_]|\{\{|#\{|\{[A-Za-z_][\w.-]*\}|<[^<>]*>|%[A-Za-z_]+%|` +
		`^[A-Z][A-Z0-9]*_[A-Z0-9_]*$|(?::/|\\)/YOUR_|%!`), never},
	{"a comment", expression(`[ \t]#`), never},
	{"slashes with", expression(`:\\/\\/`), never}, // unless what kindOf makes of it is the next
	{anything, expression(`^(?:[\^/()$]|\\/)*(?:https\?:\\?/\\?/)?(?:[\^/()$]|\\/)*\.[*+](?:[\^/()$]|\\/)*$`), never},
	{"regular expressions", expression(`^[~^]|\^|\$$|[()]|` + // anchors and groups
		`\\[.\-/:dswDSWbB+*?$^\\()|\[\]{}]|\[\^?[a-z0-9]-[a-z0-9]|` + // escapes and classes
		`\.[+?]|\.\*[^.:/]|://\.\*|^\.\*|[*\])][+?]|[\])]\*|[a-z0-9\])]\{[0-9]+,?[0-9]*\}|[a-z]\?:|` + // repetitions
		`^(?:re|regex|regexp):|^/[^/]*[.:*][^/]*/[dgimsuvy]*$|^/https?:.*/[dgimsuvy]*$`), never},
	{"a list in one string", expression(`(?s)^- |^\[.*\]$|^\{.*\}$|^\[["']`),
		expression(`^\[[0-9a-fA-F:.]+(?:%.*)?\]$`)},
	{"quotes", expression("[\"'`“”‘’«»]"), never},
	{"a comma or semicolon", expression(`^[,; \t\r\n]*[^,;| \t\r\n]+[,; \t\r\n]*$`), expression(`^[^,;]*$`)},
	{"not one port", expression(`^(?:|[^\[:][^:]*):(?:[\d*,.\-\[\]{}]*[*.\-\[\]{}][\d*,.\-\[\]{}]*|[\d,]*,\d[\d,]*)/?$`),
		expression(`^[^:]*:\*/?$`)}, // of what follows the scheme
	{"several origins in one string; ", expression(`[,;|]`), never},
	{"several origins in one string, with white space",
		expression(`(?s)(?:^|\s)` + originOrHost + `\s(?:.*\s)?` + originOrHost + `(?:\s|$)`), never},
	{"a name before", expression(`^[\w-]+[:=]\s*(?i:https?)://`), expression(`^(?i:https?)[:=]`)},
	{"white space in the text", expression(`[ \t\r\n]`), never},
	{anyScheme, expression(`^[A-Za-z]*\*[A-Za-z*]*://[*:/]+$`), never},
	{"the scheme cannot be a wildcard", expression(`^[A-Za-z]*\*[A-Za-z*]*://.`), never},
	{"no domain follows the wildcard", expression(`^https?://\*/\*$`), never},
	{"a network", expression(`^(?:https?://)?(?:` +
		`\d{1,3}(?:\.\d{1,3}){0,2}\.(?:[*xX]|\d{0,3}\*\d{0,3}|\d{1,3}-\d{1,3})(?:\.[\d*xX-]+)*(?::[\d*]*)?/?$|` +
		`(?:\d{1,3}\.){1,3}(?::[\d*]*)?/?$|` + // its beginning alone
		`\[?[[:xdigit:]]{1,4}:[[:xdigit:]:]*\*\]?(?::[\d*]*)?/?$|` +
		`\d+(?:\.\d+)*\.?/\d{1,3}(?:\.\d{1,3}){0,3}(?::[\d*]*)?$)`), never},
	{"no domain, but wildcards alone", expression(`^[.:/?]*\*[*.:/?]*[0-9]*$`), never},
	{"an e-mail address", expression(`^[^:/]*(?::[^/:]*)?@[^/]*$`), never},
	{"a path", expression(`^\.{0,2}/(?:[^/]|$)|^[A-Za-z]:\\`), never},
}

// anything begins what is said of a regular expression that every origin matches.
const anything = "regular expressions are not supported; AllowOriginFunc"

// anyScheme begins what is said of a wildcard that stands for each part of a URL.
const anyScheme = "the scheme cannot be a wildcard; write one pattern for each scheme, " +
	"or decide in AllowOriginFunc, which can allow all"

const originOrHost = `(?:\S*://\S*[^\s:/]\S*|\*?\.?[\w-]+\.\S*|\*?\.?[\w-]+:\S*[^\s:/]\S*|\*[:/]*)`

var (
	expression  = regexp.MustCompile
	never       = expression(`[^\s\S]`)
	slashedIPv6 = expression(`^(?:https?://)?(.*)/\d{1,3}(?:\.\d{1,3}){0,3}(?::[\d*]*)?$`)
)

// kindOf returns how the error of the kind of s begins, or "" if s is of none.
func kindOf(s string) string {
	for _, k := range kinds {
		text := s
		if _, rest, ok := strings.Cut(s, "://"); ok && k.detail == "not one port" {
			text = rest
		}
		if k.detail == "slashes with" && k.is.MatchString(s) {
			plain := strings.ReplaceAll(s, `\/`, "/")
			if strings.HasPrefix(s, "/") || strings.ContainsAny(plain, `\+?|`) ||
				kindOf(plain) == "regular expressions" {
				continue
			}
		}
		if k.is.MatchString(text) && !k.not.MatchString(text) {
			return k.detail
		}
		if k.detail == "a network" {
			if m := slashedIPv6.FindStringSubmatch(s); m != nil {
				if _, err := netip.ParseAddr(strings.Trim(m[1], "[]")); err == nil {
					return k.detail
				}
			}
		}
	}
	return ""
}

// differences are where the rules are simpler than the reference, on purpose: the kind of
// the texts that have the expression.
var differences = []struct {
	is     *regexp.Regexp
	detail string
}{
	// A repetition behind a capital, with several commas, or where there are other braces; a
	// group without its bracket; a class of capitals, or without an end.
	{expression(`[A-Z]\{[0-9]|\{[0-9,]*,[0-9]*,|(?s:\{.*\{)|\?:|\[[A-Z]-|\[[a-z0-9]-(?:[^a-z0-9]|$)`),
		"regular expressions"},
	// An expression in slashes that is but a scheme, or has a line feed.
	{expression(`^/https?:`), "a path"},
	{expression(`^/https?:`), "quotes"},
	{expression(`^/https?:`), "white space in the text"},
	{expression(`^\\?/https?:`), "slashes with"},
	{expression(`(?s)^/https?:.*\n`), "regular expressions"},
	// A "*" between others, and white space beyond ASCII.
	{expression(`\S\s+\*\s|[\v\x{a0}]`), "several origins in one string, with white space"},
	// Nothing behind the scheme, and a line feed.
	{expression(`^[A-Za-z]*\*[A-Za-z*]*://(?:\n|$)`), "the scheme cannot be a wildcard"},
	// What is no address in any case: a number too long, too many of them or none between two
	// dots, a range without an end, a dot at the end, x and a number or "*", a "*" within an IPv6
	// address, an IPv6 address as a mask.
	{expression(`^[^*]*(?:\d{4}|\.\.|[xX][\d*]|\.:|(?:\d+\.){4}|[xX-][\dxX]*\.?[/:]*$|` +
		`[*-].*[*-]|/[^/]*::|\*[^\]]|\*\][^:/]|/[\d.]+/$)`), "a network"},
	{expression(`^\.{3,}/|^(?s:.):\\`), "a path"},
}

// Texts whose pieces are those of patterns, and of what is written in their place.
func TestKinds(t *testing.T) {
	const seed = 23
	r := rand.New(rand.NewPCG(seed, 0))
	found := make(map[string]bool)
	for range *texts {
		s := randomText(r)
		want := kindOf(s)
		found[want] = true
		if isKind(s, want) {
			continue
		}
		differs := false
		for _, d := range differences {
			differs = differs || d.is.MatchString(s) && isKind(s, d.detail)
		}
		assert.True(t, differs, "%q is %q: %v", s, want, origins.CheckKind(s))
	}
	assert.Len(t, found, len(kinds)+1, "all kinds, and none")
}

// isKind reports whether detail is what CheckKind says of s, or the beginning of that.
func isKind(s, detail string) bool {
	err := origins.CheckKind(s)
	if detail == "" || err == nil {
		return detail == "" && err == nil
	}
	return strings.HasPrefix(err.Error(), detail)
}

func TestKindsAtTheirBounds(t *testing.T) {
	for s, want := range map[string]string{
		"null/":                "any page can make its origin null",
		"OFF":                  "a word and no origin",
		"offs":                 "",
		"#{host}":              "a placeholder",
		"{a-1.b}":              "a placeholder",
		"{1a}":                 "a list in one string",
		"%A_b%":                "a placeholder",
		"a%C3%A4":              "",
		"%%A%":                 "a placeholder",
		"a>b<c":                "",
		"a$b":                  "a placeholder",
		"a$1":                  "",
		"re:a":                 "regular expressions",
		"regexp:a":             "regular expressions",
		`a\-b`:                 "regular expressions",
		`a\}`:                  "regular expressions",
		`a\x`:                  "",
		"[a-z].example":        "regular expressions",
		"[0-9].example":        "regular expressions",
		"[*-a.example]":        "a list in one string",
		"[a].example":          "",
		"a.*b":                 "regular expressions",
		"a.*.b":                "",
		"a.*":                  "",
		"[a]*":                 "regular expressions",
		"*+":                   "regular expressions",
		"a{2}":                 "regular expressions",
		"a{2,}":                "regular expressions",
		"-{2}":                 "",
		"/a:/dgimsuvy":         "regular expressions",
		"/https://a.example/i": "regular expressions",
		"/http/":               "a path",
		"/a/b.c/":              "a path",
		"/a.b":                 "a path",
		"a.b/":                 "",
		`["a`:                  "a list in one string",
		"['a":                  "a list in one string",
		"[::1%a b]":            "white space in the text",
		"[]":                   "a list in one string",
		"[a]":                  "",
		"]":                    "",
		"[g]":                  "a list in one string",
		"[::1":                 "",
		"{a b":                 "white space in the text",
		"a b}":                 "white space in the text",
		"a b":                  "white space in the text",
		"a .b":                 "white space in the text",
		"a .b.":                "white space in the text",
		"a *.b.c":              "white space in the text",
		"a b:":                 "white space in the text",
		"a é://":               "white space in the text",
		" a.example":           "white space in the text",
		"a /b.c":               "white space in the text",
		"a *":                  "white space in the text",
		"a.b c.d":              "several origins in one string, with white space",
		"a.b *.c.d x":          "several origins in one string, with white space",
		"x a:1 b://c/":         "several origins in one string, with white space",
		"a.b *":                "several origins in one string, with white space",
		"* é://x":              "several origins in one string, with white space",
		"a.b c:":               "white space in the text",
		"a.b c://":             "white space in the text",
		"a.b *c":               "white space in the text",
		"ab":                   "",
		"a\u00adb":             "an invisible character",
		"a\u200db":             "", // it stands in names of some scripts
		"a:1,2":                "not one port",
		"a:1,":                 "a comma or semicolon",
		"a,b;":                 "several origins in one string; ",
		";a.b,":                "a comma or semicolon",
		"a.b|":                 "several origins in one string; ",
		"a b,":                 "several origins in one string; ",
		",":                    "several origins in one string; ",
		`https:\/\/a.b`:        "slashes with",
		`["https:\/\/a.b"]`:    "slashes with",
		`a\/b`:                 "regular expressions",
		`https:\/\/a\.b`:       "regular expressions",
		`https:\/\/a+.b`:       "regular expressions",
		`https:\/\/a|b`:        "regular expressions",
		`https:\/\/a?.b`:       "regular expressions",
		`/https:\/\/a.b/`:      "regular expressions",
		"a:1-2/":               "not one port",
		"a://b:[*]":            "not one port",
		"z:*":                  "",
		"a:12":                 "",
		"[::1]:1-2":            "",
		"[a:*]":                "a list in one string",
		"$(a":                  "a placeholder",
		"$(1":                  "regular expressions",
		"a*b://c":              "the scheme cannot be a wildcard",
		"a1*://c":              "",
		"*://*/*":              anyScheme,
		"http*://*:*":          anyScheme,
		"*://*.a":              "the scheme cannot be a wildcard",
		"https://*/*":          "no domain follows the wildcard",
		"https://*/a":          "",
		"app://*/*":            "",
		"a://*":                "",
		"10.0.0.0/":            "",
		"fe80::/128":           "a network",
		"10.0.0.0/2024":        "",
		"10.0.0.0/a":           "",
		"10.0.0.0/8:80":        "a network",
		"10.0.0.0/8:*":         "a network",
		"10.0.0.0/8:a":         "",
		"10.0.0.0/a:80":        "",
		"a/8":                  "",
		"app://10.0.0.0/8":     "",
		"10.1.2.":              "a network",
		"10.1.2.3.":            "",
		"10.1.2.3":             "",
		"10.x":                 "a network",
		"10.1x":                "",
		"10.1-2.x":             "a network",
		"10.1*a":               "",
		"10.*:80":              "a network",
		"10.*:a":               "",
		"10*":                  "",
		"10.0.0.1*":            "a network",
		"app://10.0.0.1*":      "",
		"::1*":                 "",
		"same-origin":          "a word and no origin",
		"A_B":                  "a placeholder",
		"AB":                   "",
		"A_b":                  "",
		"_A":                   "",
		"a.b #c":               "a comment",
		"a.b\t# (c)":           "a comment",
		"a.b#c":                "",
		".*":                   anything,
		".+":                   anything,
		"^.*$":                 anything,
		"^https?://.+$":        anything,
		`/^https?:\/\/(.*)$/`:  anything,
		".*.*":                 "regular expressions",
		"*.*":                  "no domain, but wildcards alone",
		"^https?://$":          "regular expressions",
		"https://.*":           "regular expressions",
		".*a":                  "regular expressions",
		"- a":                  "a list in one string",
		`- "a"`:                "a list in one string",
		"-a b":                 "white space in the text",
		`/app:\/\//`:           "regular expressions",
		".10.*":                "",
		"abcd:*":               "a network",
		"abcde:*":              "",
		"abcd:":                "",
		"abcg:*":               "",
		"abcd:g*":              "",
		"[fe80::*]:80":         "a network",
		"?*:/.9":               "no domain, but wildcards alone",
		"?*:/.9a":              "",
		"*9*":                  "",
		"?.9":                  "",
		"?*":                   "no domain, but wildcards alone",
		"a:b@c":                "an e-mail address",
		"a:b:c@d":              "",
		"a@b/c":                "",
		"/":                    "a path",
		"../a":                 "a path",
		"//a":                  "",
		`C:\Users`:             "a path",
		`CC:\Users`:            "",

		strings.Repeat("a", 326) + "$": "regular expressions", // the longest origin there is
		strings.Repeat("a", 327) + "$": "",
	} {
		assert.True(t, isKind(s, want), "%q is %q: %v", s, want, origins.CheckKind(s))
		if len(s) < 327 && s != "10.0.0.0/2024" {
			assert.Equal(t, want, kindOf(s), "%q", s)
		}
	}
	for s, want := range map[string]string{ // which the reference does not find
		"https://[A-Z].example":    "regular expressions",
		"X{2}.example":             "regular expressions",
		"http*://":                 "the scheme cannot be a wildcard",
		"a.example\u00a0b.example": "several origins in one string, with white space",
		"10.0.0.0/255.0":           "",
		"fe80::/ffff::":            "a network",
		"fal\u017fe":               "",
	} {
		assert.True(t, isKind(s, want), "%q is %q: %v", s, want, origins.CheckKind(s))
		assert.NotEqual(t, want, kindOf(s), "%q", s)
	}
}

var pieces = append(strings.Fields(`
	https:// https:\/\/ http:// app:// :// // / / . . . * * : : - ? + @ # % $ ~ ^ ( ) [ ] [ ] { } { } \ \
	| , ; " ' < > = _ a b z example.com a.example shop-a localhost 10 192 0 255 1-9 x X fe80 fe80:: ::1 db8 ffff 127.0.0.1
	10.0.0.0 8 16 80 8080 255.0.0.0 8 [a-z] [0-9]+ [^.]+ .* .+ .? \. \/ \w+ {1,3} {2} {name} {{host}} ${ORIGIN} $HOST
	%HOST% <host> #{x} https?:// https: http null true NONE re: regex: regexp: /i /gi user@ *. *- .. ../ ./ C:\ [" ['
	$(host) YOUR_ %! URL=https:// Origin: ,8081 -8080 “ ” ü [::1] [fe80:: *:// http*:// https://*/*`), "\u200b")

func randomText(r *rand.Rand) (s string) {
	for range 1 + r.IntN(6) {
		if r.IntN(12) == 0 {
			s += string(" \t\n"[r.IntN(3)])
		}
		s += pieces[r.IntN(len(pieces))]
	}
	return s
}

package origins

import (
	"net/netip"
	"regexp"
	"strings"
	"sync"
)

// A kind is something that people write where a pattern belongs.
type kind struct {
	is    func(s string) bool
	error Error
}

// kinds are looked at in this order: a regular expression may have commas, and a list
// may have quotes.
var kinds = []kind{
	{matches(`^(?i:null)/?$`), ErrNull},
	{matches(`^(?i:true|false|yes|no|on|off|none|any|all)$`), "a word and no origin, so it has no scheme; " +
		`list origins, write "*" for every one, or decide in AllowOriginFunc`},
	{matches(`\$\{?[A-Za-z_]|\{\{|#\{|\{[A-Za-z_][\w.-]*\}|<[^<>]*>|%[A-Za-z_]+%`),
		"a placeholder that nothing replaced; " +
			"put the origin in its place before it comes here"},
	{isRegexp, errRegexp},
	{isBracketed, "a list in one string; decode it, and write each origin as an element of its own"},
	{matches("[\"'`“”‘’«»]"), "quotes in the text; write the origin without them"},
	{matches(`[,;|]`), errSeveral},
	{matches(`[^\s]\s+(?:[^\s]*://|\*?\.?[\w-]+[.:]|\*$)`),
		"several origins in one string, with white space between; write each as an element of its own"},
	{matches(`^[A-Za-z]*\*[A-Za-z*]*://.`), errWildcardScheme},
	{isNetwork, "a network, which no pattern stands for; " +
		"compare the address in AllowOriginFunc, with netip.Prefix.Contains"},
	{matches(`^[.:/?]*\*[*.:/?]*[0-9]*$`),
		`no domain, but wildcards alone; "*" allows every origin, and AllowOriginFunc can ` +
			"allow some by what they have in common"},
	{matches(`^[^:/]*(?::[^/:]*)?@[^/]*$`), "an e-mail address, and no scheme; " +
		"write the origin of a page, such as https://example.com"},
	{matches(`^\.{0,2}/(?:[^/]|$)|^[A-Za-z]:\\`), "a path, and no scheme; " +
		"write the origin of a page, such as https://example.com"},
}

// ErrNull is the error of Parse for "null".
const ErrNull = Error("any page can make its origin null, by a sandboxed frame; " +
	"if you must allow it, do so in AllowOriginFunc")

const errRegexp = Error("regular expressions are not supported; decide in AllowOriginFunc, or write a pattern: " +
	`"*." stands for one or more labels, "*" for part of the first`)

// matches returns a function that looks for an expression. It is compiled when it is
// first needed: a program whose patterns are good needs none.
func matches(expression string) func(string) bool {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
	return func(s string) bool { return compiled().MatchString(s) }
}

// checkKind says what s, which is no pattern, is instead, if it is of a known kind.
func checkKind(s string) error {
	if len(s) > maxOrigin {
		return nil
	}
	for _, k := range kinds {
		if k.is(s) {
			return k.error
		}
	}
	return nil
}

// isRegexp finds what regular expressions have, and neither origins nor patterns. A
// text between slashes may be a path as well, if it has no special characters.
var isRegexp = matches(`^[~^]|\^|\$$|[()]|` + // anchors and groups
	`\\[.\-/:dswDSWbB+*?$^\\()|\[\]{}]|\[\^?[a-z0-9]-[a-z0-9]|` + // escapes and classes
	`\.[+?]|\.\*[^.:/]|://\.\*|^\.\*|[*\])][+?]|[\])]\*|[a-z0-9\])]\{[0-9]+,?[0-9]*\}|[a-z]\?:|` + // repetitions
	`^(?:re|regex|regexp):|^/[^/]*[.:*][^/]*/[dgimsuvy]*$|^/https?:.*/[dgimsuvy]*$`)

// isBracketed reports whether s is a list in JSON, as Go prints it, or in braces. An
// IPv6 address is none.
func isBracketed(s string) bool { return brackets(s) && !bracketedAddress(s) }

var (
	brackets         = matches(`(?s)^\[.*\]$|^\{.*\}$|^\[["']`)
	bracketedAddress = matches(`^\[[0-9a-fA-F:.]*(?:%.*)?\]$`)
)

// isNetwork reports whether s stands for the addresses of a network.
func isNetwork(s string) bool {
	if scheme, rest, ok := strings.Cut(s, "://"); ok && isWeb(scheme) {
		s = rest
	}
	host, bits, ok := strings.Cut(s, "/")
	if ok && networkBits(bits) {
		_, err := netip.ParseAddr(strings.Trim(host, "[]"))
		return err == nil || networkStart(host)
	}
	return networkPattern(s)
}

var (
	networkBits    = matches(`^[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}$`)
	networkStart   = matches(`^[0-9]+(?:\.[0-9]+)*\.?$`)
	networkPattern = matches(
		`^\d{1,3}(?:\.\d{1,3}){0,2}\.(?:[*xX]|\d{0,3}\*\d{0,3}|\d{1,3}-\d{1,3})(?:\.[\d*xX-]+)*(?::[\d*]*)?/?$|` +
			`^(?:\d{1,3}\.){1,3}(?::[\d*]*)?/?$|` + // its beginning alone
			`^\[?[[:xdigit:]]{1,4}:[[:xdigit:]:]*\*\]?(?::[\d*]*)?/?$`)
)

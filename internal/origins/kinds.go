package origins

import (
	"net/netip"
	"slices"
	"strings"

	"example.com/cors/internal/fetch"
)

// A kind is something that people write where a pattern belongs.
type kind struct {
	is    func(s string) bool
	error Error
}

// kinds are looked at in this order: a regular expression may have commas, and a list
// may have quotes.
var kinds = []kind{
	{isInvisible, "an invisible character in the text; write the origin without it"},
	{isNull, ErrNull},
	{isWord, errWord},
	{isPlaceholder, "a placeholder that nothing replaced; put the origin in its place before it comes here"},
	{isCommented, "a comment in the text; write the origin alone"},
	{isEscaped, `slashes with "\" before them, as in JSON; ` +
		"decode the text, and write each origin as an element of its own"},
	{isAnything, errAnything},
	{isRegexp, errRegexp},
	{isBracketed, "a list in one string; decode it, and write each origin as an element of its own"},
	{isQuoted, "quotes in the text; write the origin without them"},
	{isSeparated, "a comma or semicolon around the origin; write the origin alone"},
	{isPorts, `not one port; write an origin for each, or ":*" behind the host, which stands for any port`},
	{isJoined, errSeveral},
	{isSpaced, "several origins in one string, with white space between; write each as an element of its own"},
	{isNamed, "a name before the origin; write the origin alone"},
	{hasSpace, "white space in the text; write the origin alone"},
	{isAnyScheme, errAnyScheme},
	{isWildcardScheme, errWildcardScheme},
	{isAnyPage, errNoDomain},
	{isAnyPort, errNetwork + `; ":*" behind an address stands for any port`},
	{isNetwork, errNetwork},
	{isWildcards, errWildcards},
	{isEmail, "an e-mail address, and no scheme; write the origin of a page, such as https://example.com"},
	{isPath, "a path, and no scheme; write the origin of a page, such as https://example.com"},
}

// ErrNull is the error of Parse for "null".
const ErrNull = Error("any page can make its origin null, by a sandboxed frame; " +
	"if you must allow it, do so in AllowOriginFunc")

const errRegexp = Error("regular expressions are not supported; decide in AllowOriginFunc, or write a pattern: " +
	`"*." stands for one or more labels, "*" for part of the first`)

const errAnything = Error("regular expressions are not supported; " +
	"AllowOriginFunc can allow origins by what they have in common")

const (
	errWord      = Error("a word and no origin, so it has no scheme; list origins, or decide in AllowOriginFunc")
	errWildcards = Error("no domain, but wildcards alone; " +
		"AllowOriginFunc can allow origins by what they have in common")
)

const errAnyScheme = errWildcardScheme + ", which can allow all of them"

const errNetwork = Error("a network, which no pattern stands for; " +
	"compare the address in AllowOriginFunc, with netip.Prefix.Contains")

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

// Sets of bytes, for strings.Trim and others. The kinds ask them rather than regular
// expressions, which would add 250 kB to a program.
const (
	digits  = "0123456789"
	hex     = digits + "abcdefABCDEF"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	letters = "abcdefghijklmnopqrstuvwxyz" + upper
	names   = letters + "_"
)

// startsWith reports whether s begins with a byte of set.
func startsWith(s, set string) bool { return strings.IndexAny(s, set) == 0 }

// consistsOf reports whether s has no other bytes than those of set.
func consistsOf(s, set string) bool { return strings.Trim(s, set) == "" }

// hasPair reports whether a byte of first stands right before one of second.
func hasPair(s, first, second string) bool {
	for i := range len(s) {
		if strings.Contains(first, s[i:i+1]) && startsWith(s[i+1:], second) {
			return true
		}
	}
	return false
}

// encloses reports whether open and end stand in s with a text between that begins with a
// byte of first, and has none but those of set.
func encloses(s, open, first, set, end string) bool {
	for _, rest, ok := strings.Cut(s, open); ok; _, rest, ok = strings.Cut(rest, open) {
		if startsWith(rest, first) && strings.HasPrefix(strings.TrimLeft(rest, set), end) {
			return true
		}
	}
	return false
}

// invisible are characters that come along when text is copied. No origin has one: some of
// them browsers ignore in a name.
const invisible = "\ufeff\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"

func isInvisible(s string) bool { return strings.ContainsAny(s, invisible) }

// visible returns s without its invisible characters.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(invisible, r) {
			return -1
		}
		return r
	}, s)
}

func isNull(s string) bool { return equalFold(strings.TrimSuffix(s, "/"), "null") }

func isWord(s string) bool {
	words := []string{"true", "false", "yes", "no", "on", "off", "none", "any", "all",
		"undefined", "nil", "self", "same-origin"}
	return slices.Contains(words, fetch.ByteLowercase(s))
}

// isPlaceholder finds $NAME, ${NAME}, $(command), {{name}}, #{name}, {name}, <name>, %NAME%,
// THE_NAME, https://YOUR_NAME, and what fmt writes for a name that it lacks, such as %!s(MISSING).
func isPlaceholder(s string) bool {
	_, afterLess, _ := strings.Cut(s, "<")
	return encloses(s, "$", names, "", "") || encloses(s, "${", names, "", "") ||
		encloses(s, "$(", names, "", "") ||
		strings.Contains(s, "{{") || strings.Contains(s, "#{") || encloses(s, "{", names, names+digits+".-", "}") ||
		strings.Contains(afterLess, ">") || encloses(s, "%", names, names, "%") ||
		startsWith(s, upper) && strings.Contains(s, "_") && consistsOf(s, upper+digits+"_") ||
		strings.Contains(s, "://"+yourName) || strings.Contains(s, `\/`+yourName) || strings.Contains(s, "%!")
}

// yourName begins a host that instructions leave to their reader, such as YOUR_SERVER_IP.
const yourName = "YOUR_"

// isCommented finds what stands behind a value in a file of settings, and came along.
func isCommented(s string) bool { return hasPair(s, " \t", "#") }

// isEscaped finds https:\/\/a.example, alone or in a list, unless it is a regular expression.
func isEscaped(s string) bool {
	plain := strings.ReplaceAll(s, `\/`, "/")
	return strings.Contains(s, `:\/\/`) && !strings.HasPrefix(s, "/") &&
		!strings.ContainsAny(plain, `\+?|`) && !isRegexp(plain)
}

// isAnything finds a regular expression that every origin matches, such as .* and ^https?://.+$.
func isAnything(s string) bool {
	const around = "^/()$"
	s = strings.TrimLeft(strings.ReplaceAll(s, `\/`, "/"), around)
	rest := strings.Trim(strings.TrimPrefix(s, "https?://"), around)
	return rest == ".*" || rest == ".+"
}

// isRegexp finds what regular expressions have, and neither origins nor patterns.
func isRegexp(s string) bool {
	return strings.HasPrefix(s, "~") || strings.HasSuffix(s, "$") || strings.ContainsAny(s, "^()") ||
		strings.HasPrefix(s, "re:") || strings.HasPrefix(s, "regex:") || strings.HasPrefix(s, "regexp:") ||
		hasPair(s, `\`, `.-/:dswDSWbB+*?$\|[]{}`) || hasClass(s) || hasRepetition(s) || isBetweenSlashes(s)
}

// hasClass finds a class of characters, such as [a-z].
func hasClass(s string) bool {
	for _, class := range strings.Split(s, "[")[1:] {
		if startsWith(class, letters+digits) && startsWith(class[1:], "-") {
			return true
		}
	}
	return false
}

// hasRepetition finds what says how often something may stand. A "*" behind a dot is a
// wildcard in place of a label, unless more of that label follows, or none comes before.
func hasRepetition(s string) bool {
	for _, rest := range strings.Split(s, ".*")[1:] {
		if rest != "" && !startsWith(rest, ".:/") {
			return true
		}
	}
	return strings.HasPrefix(s, ".*") || strings.Contains(s, "://.*") || strings.Contains(s, "]*") ||
		hasPair(s, ".*]", "+?") || strings.Contains(s, "?:") ||
		hasPair(s, letters+digits+"]", "{") && encloses(s, "{", digits, digits+",", "}")
}

// isBetweenSlashes finds /expression/flags. It may be a path as well, if it has no
// special characters.
func isBetweenSlashes(s string) bool {
	inner, opened := strings.CutPrefix(strings.TrimRight(s, "dgimsuvy"), "/")
	inner, closed := strings.CutSuffix(inner, "/")
	scheme, rest, _ := strings.Cut(inner, "://")
	return opened && closed && (isWeb(scheme) && rest != "" ||
		!strings.Contains(inner, "/") && strings.ContainsAny(inner, ".:*"))
}

// isPorts finds host:3000-3010, host:[8080,8081] and host:30*.
func isPorts(s string) bool {
	_, rest, ok := strings.Cut(s, "://")
	if !ok {
		rest = s
	}
	host, port, _ := strings.Cut(strings.TrimSuffix(rest, "/"), ":")
	return !strings.HasPrefix(host, "[") && port != "*" &&
		consistsOf(port, digits+"*,.-[]{}") && !consistsOf(strings.TrimRight(port, ","), digits)
}

// isBracketed finds a list in JSON, in YAML, as Go prints it, or in braces. An IPv6 address is
// none.
func isBracketed(s string) bool {
	if strings.HasPrefix(s, "- ") || strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") ||
		strings.HasPrefix(s, `["`) || strings.HasPrefix(s, "['") {
		return true
	}
	inner, closed := strings.CutSuffix(s, "]")
	address, _, _ := strings.Cut(inner, "%")
	return strings.HasPrefix(s, "[") && closed && (address == "[" || !consistsOf(address[1:], hex+":."))
}

func isQuoted(s string) bool { return strings.ContainsAny(s, "\"'`“”‘’«»") }

// isSeparated finds one origin with what stands between the elements of a list.
func isSeparated(s string) bool {
	inner := strings.Trim(s, ",; \t\r\n")
	return isJoined(s) && inner != "" && !isJoined(inner) && !hasSpace(inner)
}

func isJoined(s string) bool { return strings.ContainsAny(s, ",;|") }

// isSpaced finds origins or hosts with white space between.
func isSpaced(s string) bool {
	n := 0
	for field := range strings.FieldsSeq(s) {
		field = strings.TrimRight(field, ":/") // an origin ends in neither, and a label in a colon
		host := strings.TrimPrefix(strings.TrimPrefix(field, "*"), ".")
		behind := strings.TrimLeft(host, names+digits+"-")
		if field == "*" || strings.Contains(field, "://") || behind != host && startsWith(behind, ".:") {
			n++
		}
	}
	return n > 1
}

func isNamed(s string) bool { return cutName(s) != s }

func hasSpace(s string) bool { return strings.ContainsAny(s, " \t\r\n") }

// isWildcardScheme finds *:// and http*://.
func isWildcardScheme(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	return ok && strings.Contains(scheme, "*") && consistsOf(scheme, letters+"*")
}

// cutWeb returns s without the https:// or http:// that it begins with.
func cutWeb(s string) string {
	if scheme, rest, ok := strings.Cut(s, "://"); ok && isWeb(scheme) {
		return rest
	}
	return s
}

// isAnyPort finds 10.0.0.1*, which may stand for any port of an address.
func isAnyPort(s string) bool {
	addr, ok := strings.CutSuffix(cutWeb(s), "*")
	return ok && isAddr(addr) && !strings.Contains(addr, ":")
}

// isAnyScheme finds *://*, with any port or path.
func isAnyScheme(s string) bool {
	_, rest, _ := strings.Cut(s, "://")
	return isWildcardScheme(s) && consistsOf(rest, "*:/")
}

// isAnyPage finds https://*/*, as browser extensions write it.
func isAnyPage(s string) bool {
	scheme, rest, _ := strings.Cut(s, "://")
	return isWeb(scheme) && rest == "*/*"
}

// isNetwork finds the addresses of a network, as 10.0.0.0/8, 10.0.*, 10.0. or fe80::*.
func isNetwork(s string) bool {
	s = strings.TrimSuffix(cutWeb(s), "/")
	if addr, bits, ok := strings.Cut(s, "/"); ok {
		mask, port, _ := strings.Cut(bits, ":")
		isRange := isMask(bits) || isMask(mask) && consistsOf(port, digits+"*")
		return isRange && (isAddr(strings.Trim(addr, "[]")) || startsWith(addr, digits) && consistsOf(addr, digits+"."))
	}
	if group, rest, _ := strings.Cut(strings.TrimPrefix(s, "["), ":"); startsWith(group, hex) && consistsOf(group, hex) {
		return len(group) <= len("ffff") && strings.Contains(rest, "*") && consistsOf(rest, hex+":*]")
	}
	host, port, _ := strings.Cut(s, ":")
	return consistsOf(port, digits+"*") && isIPv4Network(host)
}

// isMask finds the 8 and the 255.0.0.0 of a network.
func isMask(s string) bool {
	return isAddr(s) || s != "" && len(s) <= len("128") && consistsOf(s, digits)
}

func isAddr(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isIPv4Network finds 10.0. and 10.0.*, 10.0.x, 10.0.0-255, with more such numbers behind.
func isIPv4Network(s string) bool {
	rest := strings.TrimLeft(s, digits+".")
	start := s[:len(s)-len(rest)]
	if !startsWith(start, digits) || !strings.Contains(start, ".") {
		return false
	}
	if strings.HasSuffix(start, ".") && startsWith(rest, "xX") || startsWith(rest, "*-") {
		return consistsOf(rest, digits+".*xX-")
	}
	return rest == "" && strings.HasSuffix(s, ".") && strings.Count(s, ".") <= 3
}

// isIPv4Range finds 10.0.0.x and 10.0.0.1-9, which have the form of a domain.
func isIPv4Range(host string) bool {
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label != "x" && (!startsWith(label, digits) || !consistsOf(label, digits+"-")) {
			return false
		}
	}
	return len(labels) == 4
}

func isWildcards(s string) bool {
	return strings.Contains(s, "*") && consistsOf(strings.TrimRight(s, digits), "*.:/?")
}

func isEmail(s string) bool {
	user, _, ok := strings.Cut(s, "@")
	return ok && !strings.Contains(s, "/") && strings.Count(user, ":") <= 1
}

// isPath finds /path, ./path, ../path and C:\path.
func isPath(s string) bool {
	path, ok := strings.CutPrefix(strings.TrimLeft(s, "."), "/")
	return ok && !strings.HasPrefix(path, "/") || strings.Index(s, `:\`) == 1
}

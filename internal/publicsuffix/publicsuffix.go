// Package publicsuffix knows the domains under which strangers get names of
// their own: "com", "co.uk", "github.io". It holds the Public Suffix List
// (https://publicsuffix.org/list/), both the part of ICANN's registries and the
// private part: an origin pattern such as https://*.co.uk lets strangers in just
// as https://*.github.io does.
//
// The list is a constant, searched where it lies: nothing is unpacked or built
// when a program starts, nor kept later. All functions are safe for concurrent
// use.
//
// Domains are given as browsers write them in an origin: lower-case ASCII, with
// Punycode for other scripts, and no trailing dot.
package publicsuffix

import (
	"cmp"
	"iter"
	"strings"
)

//go:generate go run ./gen

// Is reports whether domain is a public suffix: whether a rule of the list
// matches all of its labels, and no exception takes it out again. "foo.ck" is one
// by the rule "*.ck"; "www.ck" is not, for there is an exception "!www.ck".
//
// The rule "*" that the list implies for unknown top-level domains does not
// count: "internal" and "localhost" are not public suffixes.
//
// Source: https://github.com/publicsuffix/list/wiki/Format#formal-algorithm
func Is(domain string) bool {
	is, _ := lookup(domain)
	return is
}

// IsOpen reports whether strangers get names right under domain: whether it is a public
// suffix, or one of the domains that give names to everybody and are not on the list. To
// browsers, two names under one of the latter are the same site.
func IsOpen(domain string) bool {
	switch domain {
	case "app.github.dev", "cloudapp.azure.com", "codesandbox.io", "devtunnels.ms", "github.dev", "gitpod.io",
		"glitch.me", "gradio.live", "lhr.life", "loca.lt", "localhost.run", "nip.io", "pinggy.link",
		"preview.app.github.dev", "replit.dev", "serveo.net", "sslip.io", "stackblitz.io", "v0.app", "webcontainer.io":
		return true
	}
	switch _, parent, _ := strings.Cut(domain, "."); parent {
	case "cloudapp.azure.com", "devtunnels.ms", "gitpod.io", "web.core.windows.net": // whose names have a region
		return true
	}
	return Is(domain)
}

// Registrable returns the registrable domain of host: the longest public suffix
// that host ends in, and one more label. It is "example.co.uk" for
// "www.example.co.uk". Unlike Is, it counts the last label of an unknown domain as
// a public suffix: the registrable domain of "a.b.internal" is "b.internal". It
// returns "" if host is a public suffix, has a single label or an empty label. Do
// not ask about IP addresses.
//
// Browsers take two hosts for the same site if their registrable domains are equal
// (https://url.spec.whatwg.org/#host-registrable-domain).
func Registrable(host string) string {
	if strings.HasPrefix(host, ".") || strings.HasSuffix(host, ".") || strings.Contains(host, "..") {
		return ""
	}
	registrable := ""
	for domain := host; domain != ""; {
		is, exception := lookup(domain)
		if exception {
			return domain
		}
		_, parent, found := strings.Cut(domain, ".")
		if is || !found {
			return registrable
		}
		registrable, domain = domain, parent
	}
	return ""
}

// lookup reports whether domain is a public suffix, and whether an exception says
// that it is none.
func lookup(domain string) (is, exception bool) {
	below, rules := above(domain)
	label, _, _ := strings.Cut(below, ".")
	if label == "" {
		return false, false
	}
	for rule := ""; rules != ""; {
		rule, rules, _ = strings.Cut(rules, " ")
		if except, ok := strings.CutPrefix(rule, "!"); ok && except == below {
			return false, true
		}
		rest, wildcard := strings.CutPrefix(rule, "*")
		is = is || rule == below || wildcard && rest == below[len(label):]
	}
	return is, false
}

// Below returns a rule for public suffixes that lie properly below domain:
// "*.compute.amazonaws.com" for "amazonaws.com", "*.ck" for "ck". It returns "" if
// the list has none, and for "". Where there is one, https://*.domain lets strangers
// in even though domain is not a public suffix itself.
func Below(domain string) string {
	if domain == "" {
		return ""
	}
	parent, rules := seek(domain)
	if left, ok := strings.CutSuffix(parent, domain); ok && (left == "" || strings.HasSuffix(left, ".")) {
		first, _, _ := strings.Cut(rules, " ") // never an exception: these stand behind their wildcard
		return first + "." + parent
	}
	below, rules := above(domain)
	for rule := ""; rules != ""; {
		rule, rules, _ = strings.Cut(rules, " ")
		if left, ok := strings.CutSuffix(rule, below); ok && strings.HasSuffix(left, ".") {
			return rule + strings.TrimPrefix(domain, below)
		}
	}
	return ""
}

// OneBelow yields the labels that make rules for public suffixes of domain: "compute"
// is not one for "amazonaws.com", though "*.compute.amazonaws.com" is a rule, and "s3"
// is. It is "*" where every label does, and leaves exceptions out.
func OneBelow(domain string) iter.Seq[string] {
	return func(yield func(string) bool) {
		parent, rules := seek(domain)
		end := ""
		if parent != domain {
			var below string
			below, rules = above(domain)
			end = "." + below
		}
		for rule := range strings.SplitSeq(rules, " ") {
			label, ok := strings.CutSuffix(rule, end)
			if ok && label != "" && label[0] != '!' && !strings.Contains(label, ".") && !yield(label) {
				return
			}
		}
	}
}

// Rules yields every rule of the list, written as the list does but in Punycode:
// "co.uk", "*.ck", "!www.ck". Its order is that of the table.
func Rules() iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(table) {
			parent, rules, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
			for rule := range strings.SplitSeq(rules, " ") {
				if parent != "" {
					rule += "." + parent
				}
				if !yield(rule) {
					return
				}
			}
		}
	}
}

// above finds the line of the nearest domain above domain that has one, or else
// of the top level. No other line has a rule for domain, and only one of domain's
// own or further down has another for what lies below. It returns the part of
// domain before that nearest one, and the rules.
func above(domain string) (below, rules string) {
	for i := range len(domain) - 1 {
		if domain[i] != '.' {
			continue
		}
		if parent, rules := seek(domain[i+1:]); parent == domain[i+1:] {
			return domain[:i], rules
		}
	}
	_, rules = seek("")
	return domain, rules
}

// seek returns the first line of the table whose parent is domain or comes after
// it, split in that parent and its rules. Past the last line both are empty.
func seek(domain string) (parent, rules string) {
	low, high := 0, len(table) // both always the start of a line, or the end
	for low < high {
		middle := low + (high-low)/2
		start := low + strings.LastIndexByte(table[low:middle], '\n') + 1
		line, _, _ := strings.Cut(table[start:], "\n")
		name, _, _ := strings.Cut(line, ":")
		if compare(name, domain) < 0 {
			low = start + len(line) + 1
		} else {
			high = start
		}
	}
	line, _, _ := strings.Cut(table[low:], "\n")
	parent, rules, _ = strings.Cut(line, ":")
	return parent, rules
}

// compare orders domains by their labels, the rightmost first. So a domain comes
// right before everything below it.
func compare(a, b string) int {
	for a != "" && b != "" {
		i, j := strings.LastIndexByte(a, '.'), strings.LastIndexByte(b, '.')
		if c := strings.Compare(a[i+1:], b[j+1:]); c != 0 {
			return c
		}
		a, b = a[:max(i, 0)], b[:max(j, 0)]
	}
	return cmp.Compare(len(a), len(b))
}

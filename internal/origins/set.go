package origins

import (
	"slices"
	"strings"

	"example.com/cors/internal/fetch"
)

// A Set matches origins with patterns. What it costs is bounded for any origin, and
// does not grow with the number of patterns. It grows a little with the number of
// different lengths: of the domains after a wildcard, and of the texts around one.
//
// The zero value matches nothing. Once the last pattern is added, a Set is safe for
// concurrent use.
type Set struct {
	exact   index               // patterns of one port, or of none
	anyPort index               // patterns whose port is ":*", without it
	anyHost map[string]struct{} // schemes whose hosts all match
	longest int                 // bytes of the longest origin worth looking at
}

// NewSet returns a set with room for n patterns.
func NewSet(n int) Set { return Set{exact: index{whole: make(map[string]struct{}, n)}} }

// Add adds a pattern.
func (s *Set) Add(p Pattern) {
	if p.Wildcard == "" && p.Port != anyPort {
		s.longest = max(s.longest, len(p.Text))
	} else {
		s.longest = maxOrigin
	}
	switch {
	case p.AnyHost():
		put(&s.anyHost, p.Scheme, struct{}{})
	case p.Port == anyPort:
		p.Text, p.Port = strings.TrimSuffix(p.Text, anyPort), ""
		s.anyPort.add(p)
	default:
		s.exact.add(p)
	}
}

// Match reports whether origin matches a pattern of the set.
func (s *Set) Match(origin string) bool {
	if len(origin) > s.longest {
		return false
	}
	return s.exact.match(origin) ||
		!s.anyPort.isEmpty() && s.matchAnyPort(origin) ||
		s.anyHost != nil && s.matchAnyHost(origin)
}

func (s *Set) matchAnyPort(origin string) bool {
	rest, ok := withoutPort(origin)
	return ok && s.anyPort.match(rest)
}

func (s *Set) matchAnyHost(origin string) bool {
	scheme, host, _ := strings.Cut(origin, "://")
	_, ok := s.anyHost[scheme]
	return ok && checkAppHost(host) == nil
}

// An index finds the patterns that an origin may match with few look-ups.
type index struct {
	whole map[string]struct{} // patterns without a wildcard

	// Patterns with a wildcard are found by what follows it. An origin that matches one
	// ends in its tail, with a dot before. So each length of a tail is looked up once.
	// Nearly always the patterns of one tail have one scheme. Those that do not are kept
	// in others, from their second scheme on.
	byTail  map[string]*wildcards
	others  map[schemeTail]*wildcards
	lengths []int // of the tails, ascending, each once
}

type schemeTail struct{ scheme, tail string }

func (x *index) isEmpty() bool { return x.whole == nil && x.byTail == nil }

func (x *index) add(p Pattern) {
	if p.Wildcard == "" {
		put(&x.whole, p.Text, struct{}{})
		return
	}
	tail := p.Host + p.Port
	if at, found := slices.BinarySearch(x.lengths, len(tail)); !found {
		x.lengths = slices.Insert(x.lengths, at, len(tail))
	}
	x.wildcardsOf(p, tail).add(p.Wildcard)
}

// wildcardsOf returns the wildcards of p's scheme and tail, at first an empty set.
func (x *index) wildcardsOf(p Pattern, tail string) *wildcards {
	scheme := p.Scheme + "://"
	first := x.byTail[tail]
	if first != nil && first.scheme == scheme {
		return first
	}
	other := schemeTail{p.Scheme, tail}
	if w := x.others[other]; w != nil {
		return w
	}
	w := &wildcards{
		scheme: scheme,
		web:    isWeb(p.Scheme),
		room:   maxHost - len(".") - len(strings.TrimSuffix(p.Host, ".")),
	}
	if first == nil {
		put(&x.byTail, tail, w)
	} else {
		put(&x.others, other, w)
	}
	return w
}

func (x *index) match(origin string) bool {
	if _, ok := x.whole[origin]; ok {
		return true
	}
	for _, n := range x.lengths {
		dot := len(origin) - n - 1
		if dot < 0 {
			return false
		}
		if origin[dot] == '.' && x.matchTail(origin[:dot], origin[dot+1:]) {
			return true
		}
	}
	return false
}

// matchTail reports whether a pattern with the tail matches. Start is what stands
// before it, without the dot.
func (x *index) matchTail(start, tail string) bool {
	w := x.byTail[tail]
	if w == nil {
		return false
	}
	labels, ok := strings.CutPrefix(start, w.scheme)
	if !ok {
		scheme, rest, _ := strings.Cut(start, "://")
		w, labels = x.others[schemeTail{scheme, tail}], rest
	}
	return w != nil && w.match(labels)
}

// wildcards are those of the patterns with one scheme and tail.
type wildcards struct {
	scheme  string // with "://"
	room    int    // bytes that a host may have before the tail and its dot
	web     bool   // whether it is the scheme of a page on the web
	any     bool   // whether "*" is one: one or more labels
	affixes map[affix]struct{}
	lengths []affixLen // of the affixes, each once
}

// An affix is what stands around a wildcard within a label.
type affix struct{ prefix, suffix string }

type affixLen struct{ prefix, suffix int }

func (w *wildcards) add(wildcard string) {
	if wildcard == "*" {
		w.any = true
		return
	}
	prefix, suffix, _ := strings.Cut(wildcard, "*")
	put(&w.affixes, affix{prefix, suffix}, struct{}{})
	if n := (affixLen{len(prefix), len(suffix)}); !slices.Contains(w.lengths, n) {
		w.lengths = append(w.lengths, n)
	}
}

// match reports whether one of the wildcards may stand for s.
func (w *wildcards) match(s string) bool {
	if len(s) > w.room {
		return false
	}
	labels := s
	if !w.web {
		labels = fetch.ByteLowercase(s) // they may be in upper case
	}
	if w.any && areLabels(labels) {
		return true
	}
	if w.lengths == nil || !isLabel(labels) {
		return false
	}
	for _, n := range w.lengths {
		if len(s) <= n.prefix+n.suffix {
			continue
		}
		if _, ok := w.affixes[affix{s[:n.prefix], s[len(s)-n.suffix:]}]; ok {
			return true
		}
	}
	return false
}

// put sets m[key], and makes m if there is none.
func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = value
}

package headers

import (
	"slices"
	"strings"
)

// A NameSet is the elements of a header value, in order and without repetition.
type NameSet struct {
	elements []string
	seen     map[string]struct{}
}

// NewNameSet returns a set of names.
func NewNameSet(names ...string) *NameSet {
	s := &NameSet{seen: make(map[string]struct{})}
	for _, name := range names {
		s.Add(name)
	}
	return s
}

// Add adds name, unless it is there.
func (s *NameSet) Add(name string) {
	if !s.Has(name) {
		s.seen[name] = struct{}{}
		s.elements = append(s.elements, name)
	}
}

// With returns a set of the names of s, and then of other.
func (s *NameSet) With(other *NameSet) *NameSet {
	return NewNameSet(slices.Concat(s.elements, other.elements)...)
}

// Has reports whether name is in the set.
func (s *NameSet) Has(name string) bool {
	_, ok := s.seen[name]
	return ok
}

// Names returns the names, in order. They are not to be changed.
func (s *NameSet) Names() []string { return s.elements }

// Without returns a set of the names for which leaveOut is false.
func (s *NameSet) Without(leaveOut func(name string) bool) *NameSet {
	rest := NewNameSet()
	for _, name := range s.elements {
		if !leaveOut(name) {
			rest.Add(name)
		}
	}
	return rest
}

// String returns the value of a header that lists the names.
func (s *NameSet) String() string { return strings.Join(s.elements, ", ") }

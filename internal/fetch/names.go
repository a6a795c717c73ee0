package fetch

import "strings"

// The headers of CORS (https://fetch.spec.whatwg.org/#http-requests and
// https://fetch.spec.whatwg.org/#http-responses), and Vary.
const (
	Origin           = "Origin"
	RequestMethod    = "Access-Control-Request-Method"
	RequestHeaders   = "Access-Control-Request-Headers"
	AllowOrigin      = "Access-Control-Allow-Origin"
	AllowCredentials = "Access-Control-Allow-Credentials"
	AllowMethods     = "Access-Control-Allow-Methods"
	AllowHeaders     = "Access-Control-Allow-Headers"
	ExposeHeaders    = "Access-Control-Expose-Headers"
	MaxAge           = "Access-Control-Max-Age"
	Vary             = "Vary"
)

// PreflightVary is what every answer to OPTIONS depends on: whether the request
// is a preflight, and which. OPTIONS is not cacheable (RFC 9110, section 9.3.7),
// but some caches can be told to keep it.
const PreflightVary = Origin + ", " + RequestMethod + ", " + RequestHeaders

// MaxAnnounced is how many bytes of the header names that a preflight announces
// are looked at.
const MaxAnnounced = 4096

// AnnouncedMethod returns the method that a preflight with the headers h asks
// about, or "" if h is not that of a preflight.
func AnnouncedMethod(h map[string][]string) string {
	if lines := h[RequestMethod]; len(lines) > 0 {
		return lines[0]
	}
	return ""
}

// IsEchoable reports whether lines are a list of header names that a response
// may send back. Gateways may have split what a browser sent as one line.
func IsEchoable(lines []string) bool {
	const maxLines = 16
	if len(lines) > maxLines {
		return false
	}
	rest := MaxAnnounced
	for _, line := range lines {
		if rest -= 1 + len(line); rest < 0 {
			return false
		}
		for i := range len(line) {
			if b := line[i]; !IsTokenByte(b) && b != ',' && b != ' ' && b != '\t' {
				return false
			}
		}
	}
	return true
}

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

// With adds the names of other, and returns s.
func (s *NameSet) With(other *NameSet) *NameSet {
	for _, name := range other.elements {
		s.Add(name)
	}
	return s
}

// Has reports whether name is in the set.
func (s *NameSet) Has(name string) bool {
	_, ok := s.seen[name]
	return ok
}

// String returns the value of a header that lists the names.
func (s *NameSet) String() string { return strings.Join(s.elements, ", ") }

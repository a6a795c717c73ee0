package origin

import "strings"

// Differences says in words how the origin o differs from the pattern p.
func Differences(o, p Pattern) (differences []string) {
	if o.Scheme != p.Scheme {
		differences = append(differences, "the scheme differs")
	}
	below := strings.HasSuffix(o.Host, "."+p.Host)
	switch {
	case !p.Wild && below:
		differences = append(differences, "subdomains are not allowed")
	case !p.Wild && o.Host != p.Host:
		differences = append(differences, "the host differs")
	case p.Wild && o.Host == p.Host:
		differences = append(differences, "only subdomains are allowed")
	case p.Wild && !below:
		differences = append(differences, "the host differs")
	case p.Wild && p.Affix != (Affix{}) && !p.Affix.Surrounds(strings.TrimSuffix(o.Host, "."+p.Host)):
		differences = append(differences, "the first label differs")
	}
	if o.Port != p.Port && p.Port != AnyPort {
		differences = append(differences, "the port differs")
	}
	return differences
}

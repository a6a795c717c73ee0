package origins

import "strings"

// Differences says in words how the origin o differs from the pattern p, which is not
// one for every host.
func Differences(o, p Pattern) (differences []string) {
	if o.Scheme != p.Scheme {
		differences = append(differences, "the scheme differs")
	}
	below := strings.HasSuffix(o.Host, "."+p.Host)
	switch {
	case p.Wildcard == "" && o.Host == p.Host:
	case p.Wildcard == "" && below:
		differences = append(differences, "subdomains are not allowed")
	case p.Wildcard == "":
		differences = append(differences, hostDifference(o.Host, p.Host))
	case o.Host == p.Host:
		differences = append(differences, "only subdomains are allowed")
	case !below:
		differences = append(differences, "the host differs")
	case !p.Covers(strings.TrimSuffix(o.Host, "."+p.Host)):
		differences = append(differences, "the first label differs")
	}
	if o.Port != p.Port && p.Port != anyPort {
		differences = append(differences, "the port differs")
	}
	return differences
}

// hostDifference says how two hosts differ. People mix some of them up.
func hostDifference(a, b string) string {
	switch {
	case strings.TrimSuffix(a, ".") == strings.TrimSuffix(b, "."):
		return "the dot at the end of the host differs"
	case IsOwnMachine(a) && IsOwnMachine(b):
		return a + " and " + b + " are different hosts to browsers"
	}
	return "the host differs"
}

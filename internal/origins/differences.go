package origins

import "strings"

// Differences says in words how the origin o differs from the pattern p, which is not
// one for every host.
func Differences(o, p Pattern) (differences []string) {
	if o.Scheme != p.Scheme {
		differences = append(differences, "the scheme differs")
	}
	host, dot := strings.CutSuffix(o.Host, ".")
	listed, listedDot := strings.CutSuffix(p.Host, ".")
	if dot != listedDot {
		differences = append(differences, "the dot at the end of the host differs")
	}
	labels, below := strings.CutSuffix(host, "."+listed)
	switch {
	case p.Wildcard == "" && host == listed:
	case p.Wildcard == "" && below:
		differences = append(differences, "subdomains are not allowed")
	case p.Wildcard == "":
		differences = append(differences, hostDifference(host, listed))
	case host == listed:
		differences = append(differences, "only subdomains are allowed")
	case !below:
		differences = append(differences, "the host differs")
	case !p.Covers(labels):
		differences = append(differences, "the first label differs")
	}
	if o.Port != p.Port && p.Port != anyPort {
		differences = append(differences, "the port differs")
	}
	return differences
}

// hostDifference says how two hosts differ. People mix up those of their own machine.
func hostDifference(a, b string) string {
	if IsOwnMachine(a) && IsOwnMachine(b) {
		return a + " and " + b + " are different hosts to browsers"
	}
	return "the host differs"
}

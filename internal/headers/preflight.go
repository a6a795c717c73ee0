package headers

import (
	"net/http"

	"example.com/cors/internal/fetch"
)

// PreflightVary is what every answer to OPTIONS depends on: whether the request
// is a preflight, and which. OPTIONS is not cacheable (RFC 9110, section 9.3.7),
// but some caches can be told to keep it.
const PreflightVary = fetch.Origin + ", " + fetch.RequestMethod + ", " + fetch.RequestHeaders

const (
	// MaxMethod is the length of the longest method that a policy may list or a
	// preflight may announce, in bytes.
	MaxMethod = 64

	// MaxAnnounced is how many bytes of the header names that a preflight announces
	// are looked at.
	MaxAnnounced = 4096
)

// AnnouncedMethod returns the method that a preflight with the headers h asks
// about, or "" if h is not that of a preflight.
func AnnouncedMethod(h http.Header) string {
	if lines := h[fetch.RequestMethod]; len(lines) > 0 {
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
			if b := line[i]; !fetch.IsTokenByte(b) && b != ',' && b != ' ' && b != '\t' {
				return false
			}
		}
	}
	return true
}

package main

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"example.com/cors/cmd/corscheck/internal/paste"
)

// What people type, and what they mean.

// unknownFlag says which flag was meant, where one is near.
func unknownFlag(arg string) error {
	name := strings.TrimLeft(arg, "-")
	name, _, _ = strings.Cut(name, "=")
	best, distance := "", len(name)/3+1
	for _, f := range allFlags {
		for candidate := range strings.FieldsSeq(f.names) {
			// Of flags of one letter, only the case may be wrong.
			near := len(candidate) == 1 && len(name) == 1 && strings.EqualFold(candidate, name)
			if d := editDistance(strings.ToLower(name), candidate); near || len(candidate) > 1 && d < distance {
				best, distance = candidate, d
			}
		}
	}
	if best == "" {
		return usagef("%s is not a flag of corscheck", quote(arg))
	}
	return usagef("%s is not a flag of corscheck; did you mean -%s?", quote(arg), best)
}

// meansLong reports whether letters behind one dash are not letters for themselves,
// but one of our own flags, misspelt: -orgin is no -o rgin.
func meansLong(letters string) bool {
	if len(letters) < len("audit")-1 || strings.Trim(strings.ToLower(letters), "abcdefghijklmnopqrstuvwxyz-") != "" {
		return false
	}
	return slices.ContainsFunc(ownFlags, func(f flag) bool {
		for name := range strings.FieldsSeq(f.names) {
			if len(name) >= len("audit") && editDistance(strings.ToLower(letters), name) <= 1 {
				return true
			}
		}
		return false
	})
}

// editDistance counts the letters that have to be put in, taken out, replaced or
// swapped to turn a into b. Words of more than 40 letters are far from any flag and
// any header of CORS.
func editDistance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return max(len(a), len(b))
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// commandWord knows the words that other tools take without a dash.
func commandWord(arg string) error {
	switch lower := strings.ToLower(arg); lower {
	case "audit", "help", "version", "json", "verbose", "credentials", "insecure":
		return usagef("%s is not a URL; did you mean -%s?", quote(arg), lower)
	case "get", "head", "post", "put", "patch", "delete", "options":
		return usagef("%s is not a URL; did you mean -X %s?", quote(arg), strings.ToUpper(arg))
	}
	return nil
}

// checkMethod catches what does not stand behind -X by intention.
func checkMethod(value string) error {
	switch {
	case strings.Contains(value, "://") || strings.HasPrefix(value, "localhost:"):
		return usagef("-X names the method, and %s is a URL: write -X PUT, or leave -X out", quote(value))
	case strings.HasPrefix(value, "-"):
		return usagef("-X names the method, and %s is a flag: write -X PUT, or leave -X out", quote(value))
	}
	return nil
}

// checkProxy knows -x, curl's flag for a proxy, where -X was meant.
func checkProxy(value string) error {
	if isMethod(strings.ToUpper(value)) {
		return usagef("-x is curl's flag for a proxy; did you mean -X %s?", strings.ToUpper(value))
	}
	return nil
}

// placeholder is a host of which a part is a variable, or is left out: $API, %API%, {{host}}, <your-project>, ****.
var placeholder = regexp.MustCompile(`^(?:[A-Za-z]+://)?[^/?#]*(?:\$|%[A-Za-z_]\w{2,}%|\{\{|<|\*\*)`)

// completeURL gives a URL of the own machine its scheme, and a host its Punycode.
// Where more than one thing may be meant, it says which are.
func completeURL(ref string) (string, error) {
	scheme, rest, found := strings.Cut(ref, ":")
	lower := strings.ToLower(scheme)
	switch {
	case placeholder.MatchString(ref):
		return "", usagef("the URL %s has a placeholder for its host: write out what it stands for", quote(ref))
	case found && (lower == "ws" || lower == "wss"):
		return "", usagef("the URL %s is of a WebSocket: browsers apply no CORS there, and let every page connect. "+
			"The server must check Origin itself; to check the server's other URLs, write %s",
			quote(ref), quote("http"+strings.TrimPrefix(lower, "ws")+":"+rest))
	case found && (lower == "http" || lower == "https"):
		if host, ok := strings.CutPrefix(rest, "//"); ok && !strings.HasPrefix(host, "/") {
			return ref, nil
		}
		host := strings.TrimLeft(rest, `/\`)
		if host == "" || strings.HasPrefix(rest, "///") {
			return "", usagef("the URL %s: no host", quote(ref))
		}
		return "", usagef("the URL %s lacks a slash; did you mean %s?", quote(ref), quote(lower+"://"+host))
	case strings.HasPrefix(ref, "http//") || strings.HasPrefix(ref, "https//"):
		scheme, host, _ := strings.Cut(ref, "//")
		return "", usagef("the URL %s lacks a colon; did you mean %s?", quote(ref), quote(scheme+"://"+host))
	case found && strings.HasPrefix(rest, "//"):
		if editDistance(lower, "https") <= 2 || editDistance(lower, "http") <= 1 {
			meant := "https:"
			if editDistance(lower, "http") < editDistance(lower, "https") {
				meant = "http:"
			}
			return "", usagef("the URL %s begins with %s; did you mean %s?", quote(ref), quote(scheme), quote(meant+rest))
		}
		return "", usagef("the URL %s begins with %s: only http and https are under CORS", quote(ref), quote(scheme))
	case strings.HasPrefix(ref, "//"):
		return "", usagef("the URL %s has no scheme; did you mean %s?", quote(ref), quote("https:"+ref))
	}
	u, err := url.Parse("http://" + ref)
	switch {
	case strings.HasPrefix(ref, "/"):
		return "", usagef("%s is not a URL, it has no host: write it out, as in %s",
			quote(ref), quote("https://api.example.com"+ref))
	case err != nil || u.Host == "" || strings.ContainsAny(ref, " \t\n"):
		return "", usagef("%s is not a URL", quote(ref))
	case isLoopback(u.Hostname()):
		return "http://" + ref, nil
	}
	meant, _ := inASCII(likelyScheme(u.Hostname()) + ref)
	return "", usagef("the URL %s has no scheme; did you mean %s?", quote(ref), quote(meant))
}

// likelyScheme is that of a server whose URL was written without: in the own
// network few have certificates.
func likelyScheme(host string) string {
	if isLocal(host) || !strings.Contains(host, ".") && !strings.Contains(host, ":") {
		return "http://"
	}
	return "https://"
}

// inASCII replaces the host of a URL or of an origin that is not ASCII. The second
// result is false if that cannot be done here.
func inASCII(ref string) (string, bool) {
	scheme, rest, found := strings.Cut(ref, "://")
	if !found || isASCII(rest) {
		return ref, true
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	host, after := rest[:end], rest[end:]
	if isASCII(host) {
		return ref, true
	}
	name, port, hasPort := strings.Cut(host, ":")
	ascii := toASCII(name)
	if ascii == "" {
		return ref, false
	}
	if hasPort {
		ascii += ":" + port
	}
	return scheme + "://" + ascii + after, true
}

// checkOrigin says which origin was meant, where the one that was named is none.
func checkOrigin(value string) error {
	const rule = "no page has this origin: browsers write scheme://host[:port], lower case, without a default port"
	lower := strings.ToLower(value)
	scheme, host, found := strings.Cut(value, "://")
	meant := ""
	switch {
	case value == "null":
		return nil
	case strings.Contains(value, "*"):
		return usagef("-origin %s: a page has one origin: name it, as in -origin https://app.example.com", quote(value))
	case strings.HasPrefix(lower, "file:"):
		return usagef("-origin %s: a page from a file has the origin null; did you mean -origin null?", quote(value))
	case strings.ContainsAny(value, ", ;"):
		return usagef("-origin %s: name one origin, and check the others in further runs", quote(value))
	case strings.HasPrefix(lower, "ws://"), strings.HasPrefix(lower, "wss://"):
		meant = "http" + lower[len("ws"):]
	case !isASCII(value):
		ascii, ok := inASCII(value)
		if !found || !ok {
			return usagef("-origin %s: %s, and the host in Punycode (xn--…)", quote(value), rule)
		}
		meant = paste.OriginOf(ascii)
	case found && strings.ContainsAny(host, "/?#"), found && host != strings.ToLower(host) && isWeb(scheme):
		meant = paste.OriginOf(value)
	case found:
		return nil // corstest's to judge
	case strings.HasPrefix(lower, "http:") || strings.HasPrefix(lower, "https:"):
		scheme, rest, _ := strings.Cut(lower, ":")
		meant = paste.OriginOf(scheme + "://" + strings.TrimLeft(rest, `/\`))
	case strings.HasPrefix(lower, "http//") || strings.HasPrefix(lower, "https//"):
		meant = paste.OriginOf(strings.Replace(lower, "//", "://", 1))
	default:
		if u, err := url.Parse("http://" + value); err == nil && u.Host != "" && value != "" {
			meant = paste.OriginOf(likelyScheme(u.Hostname()) + value)
		}
	}
	if meant == "" {
		return usagef("-origin %s: %s", quote(value), rule)
	}
	return usagef("-origin %s: %s; did you mean %s?", quote(value), rule, quote(meant))
}

func isWeb(scheme string) bool {
	return slices.Contains([]string{"http", "https"}, strings.ToLower(scheme))
}

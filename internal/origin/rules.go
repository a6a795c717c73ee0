package origin

import (
	"fmt"
	"strings"

	"example.com/cors/internal/flaw"
	"example.com/cors/internal/publicsuffix"
)

// Rules are the options of a policy that decide which patterns are safe.
type Rules struct {
	Credentials         bool // requests carry cookies
	AllowInsecure       bool // http:// origins all the same
	AllowPublicSuffixes bool // wildcards right under a public suffix all the same
}

// Check parses a pattern other than "*" and judges it by the rules. The fix is a
// pattern that is accepted in its place, or "" if none is evident.
func (r Rules) Check(s string) (p Pattern, f flaw.Flaw, fix string) {
	if s == "null" && r.Credentials {
		return Pattern{}, opaque, ""
	}
	p, f = ParsePattern(s)
	if f.Reason != "" {
		return Pattern{}, f, r.safe(Suggest(s))
	}
	if !r.Credentials {
		return p, flaw.Flaw{}, ""
	}
	if p.Scheme == "http" && !isLoopback(p.Host) && !r.AllowInsecure {
		return Pattern{}, insecure, r.safe(Suggest("https" + strings.TrimPrefix(s, "http")))
	}
	if p.AnyHost {
		return Pattern{}, anyExtension, ""
	}
	if p.Wild && !r.AllowPublicSuffixes {
		if suffix := registrableBelow(p); suffix != "" {
			return Pattern{}, flaw.Unsafe(fmt.Sprintf("with AllowCredentials it lets strangers in: everybody can register a name under %s, a public suffix; "+
				"list your own hosts (DangerouslyAllowPublicSuffixes permits it)", suffix)), ""
		}
	}
	return p, flaw.Flaw{}, ""
}

var opaque = flaw.Forbidden("any page can make its origin null, by a sandboxed frame; it cannot be allowed with AllowCredentials")

var insecure = flaw.Unsafe("with AllowCredentials, a page without TLS lets anyone who controls the network act as the user (DangerouslyAllowInsecureOrigins permits it)")

var anyExtension = flaw.Unsafe("with AllowCredentials, every extension or app of this scheme that the user installed can act as the user; let yours in by AllowOriginFunc, or give it a token")

// safe returns fix, or what is to be written in its place: a pattern that is
// spelled right may still be unsafe.
func (r Rules) safe(fix string) string {
	if fix == "" {
		return ""
	}
	if _, f, next := r.Check(fix); f.Reason != "" {
		return next
	}
	return fix
}

// registrableBelow returns the public suffix under which the wildcard of p can
// stand for a name that a stranger registers: p's domain, or one below it. It
// returns "" if there is none.
func registrableBelow(p Pattern) string {
	domain := strings.TrimSuffix(p.Host, ".")
	if publicsuffix.Is(domain) {
		return domain
	}
	return publicsuffix.Below(domain)
}

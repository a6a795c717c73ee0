package rules

import (
	"fmt"
	"strings"

	"example.com/cors/internal/origins"
	"example.com/cors/internal/publicsuffix"
)

// Origins are the options of a policy that decide which patterns are safe.
type Origins struct {
	Credentials         bool // requests carry cookies
	AllowInsecure       bool // http:// origins all the same
	AllowPublicSuffixes bool // wildcards right under a public suffix all the same
}

// Check parses a pattern other than "*" and judges it. A fix is itself accepted.
func (o Origins) Check(s string) (origins.Pattern, error) {
	if s == "null" && o.Credentials {
		return origins.Pattern{}, Error{Detail: "any page can make its origin null, by a sandboxed frame; " +
			"it cannot be allowed with AllowCredentials"}
	}
	p, err := origins.Parse(s)
	if err != nil {
		return origins.Pattern{}, Error{err.Error(), o.safe(origins.Suggest(s))}
	}
	if !o.Credentials {
		return p, nil
	}
	if p.Scheme == "http" && !origins.IsLoopback(p.Host) && !o.AllowInsecure {
		return origins.Pattern{}, Error{
			"with AllowCredentials, a page without TLS lets anyone who controls the network act as the user " +
				"(DangerouslyAllowInsecureOrigins permits it)",
			o.safe(origins.Suggest("https" + strings.TrimPrefix(s, "http"))),
		}
	}
	if p.AnyHost() {
		return origins.Pattern{}, Error{Detail: "with AllowCredentials, every extension or app of this scheme " +
			"that the user installed can act as the user; let yours in by AllowOriginFunc, or give it a token"}
	}
	if p.Wildcard != "" && !o.AllowPublicSuffixes {
		if suffix := registrableBelow(p); suffix != "" {
			return origins.Pattern{}, Error{Detail: fmt.Sprintf("with AllowCredentials it lets strangers in: "+
				"everybody can register a name under %s, a public suffix; "+
				"list your own hosts (DangerouslyAllowPublicSuffixes permits it)", suffix)}
		}
	}
	return p, nil
}

// safe returns fix, or what is to be written in its place: a pattern that is
// spelled right may still be unsafe.
func (o Origins) safe(fix string) string {
	if fix == "" {
		return ""
	}
	if _, err := o.Check(fix); err != nil {
		return AsError(err).Fix
	}
	return fix
}

// registrableBelow returns the public suffix under which the wildcard of p can
// stand for a name that a stranger registers: p's domain, or one below it. It
// returns "" if there is none.
func registrableBelow(p origins.Pattern) string {
	domain := strings.TrimSuffix(p.Host, ".")
	if publicsuffix.Is(domain) {
		return domain
	}
	return publicsuffix.Below(domain)
}

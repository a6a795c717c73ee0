package rules

import (
	"fmt"
	"strings"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/origins"
	"example.com/cors/internal/publicsuffix"
)

// Origins are the options of a policy that decide which patterns are safe.
type Origins struct {
	Credentials         bool // requests carry cookies, and pages read the responses
	RefuseWrites        bool // only pages of allowed origins may write, and they do so with cookies
	AllowInsecure       bool // even so, http:// origins are good
	AllowPublicSuffixes bool // even so, wildcards right under a public suffix are good
	Matcher             bool // they are a list without a policy, and so without AllowOriginFunc
}

// Trust reports whether an allowed origin can act as the user.
func (o Origins) Trust() bool { return o.Credentials || o.RefuseWrites }

// because returns the clause that says why an origin is dangerous. It names the field
// that lets an allowed one act as the user.
func (o Origins) because(danger string) string {
	if o.Credentials {
		return "with AllowCredentials, " + danger
	}
	return "with RefuseCrossOriginWrites, an allowed origin may then write with cookies: " + danger
}

// Check parses a pattern other than "*" and judges it. Its Error's Fix passes Check.
func (o Origins) Check(s string) (origins.Pattern, error) {
	p, err := origins.Parse(s)
	switch {
	case err == origins.ErrNull && o.Trust():
		field := "AllowCredentials"
		if !o.Credentials {
			field = "RefuseCrossOriginWrites"
		}
		return origins.Pattern{}, Error{Detail: "it cannot be allowed with " + field +
			": any page can make its origin null, by a sandboxed frame, and then act as the user"}
	case o.Trust() && origins.IsShared(err): // AllowOriginFunc is not asked about it
		return origins.Pattern{}, Error{Detail: "serve such a page from a host of its own, and list that; " +
			o.because("every page with this origin can act as the user")}
	case err != nil:
		suggestion := origins.Suggest(s)
		fix := o.safe(suggestion)
		if fix == "" && err == origins.ErrNoScheme {
			err = o.bareName(suggestion)
		}
		return origins.Pattern{}, Error{o.detail(err), fix}
	case !o.Trust():
		return p, nil
	}
	if err := o.checkTrusted(p); err != nil {
		return origins.Pattern{}, err
	}
	return p, nil
}

// detail says what Parse's err says, with the ways out that are open here.
func (o Origins) detail(err error) string {
	text := err.Error()
	switch {
	case o.Matcher:
		return strings.ReplaceAll(text, "AllowOriginFunc", "code of your own")
	case origins.MayMeanEvery(err) && !o.Trust():
		return text + `; "*" alone allows every origin`
	}
	return text
}

// bareName says what to write for a name without a scheme. The name with one is unsafe, or
// not evident.
func (o Origins) bareName(suggestion string) error {
	if p, err := origins.Parse(suggestion); err == nil && openDomain(p) != "" {
		return origins.ErrNoScheme + "; " + origins.Error(o.checkTrusted(p).Error())
	}
	return origins.ErrNoScheme + "; write that of the page before it, such as https://"
}

// checkTrusted says what is unsafe about a pattern whose origins can act as the user.
func (o Origins) checkTrusted(p origins.Pattern) error {
	if p.Scheme == "http" && !origins.IsLoopback(p.Host) && !o.AllowInsecure {
		remedy := "serve this page over https, and list it so; "
		if origins.IsOwnMachine(p.Host) { // where https is seldom had
			remedy = "open this page at localhost, and list that; "
		}
		return Error{Detail: remedy + o.because("anyone who controls "+
			"the network can change a page without TLS, and act as the user (DangerouslyAllowInsecureOrigins permits it)")}
	}
	if p.AnyHost() {
		return Error{Detail: "let yours in by AllowOriginFunc, or give it a token; " +
			o.because("every extension or app of this scheme that the user installed can act as the user")}
	}
	if suffix := openDomain(p); suffix != "" && !o.AllowPublicSuffixes {
		return Error{Detail: "list your own hosts; " + o.because(fmt.Sprintf("it lets strangers in, since everybody can "+
			"get a name under %s (DangerouslyAllowPublicSuffixes permits it)", suffix))}
	}
	return nil
}

// safe returns fix, or "" if that is not accepted: a pattern that is spelled right may
// still be unsafe.
func (o Origins) safe(fix string) string {
	if fix == "" {
		return ""
	}
	if _, err := o.Check(fix); err != nil {
		return ""
	}
	return fix
}

// openDomain returns the domain under which the wildcard of p can stand for a name that a
// stranger gets: p's own, or one below it that the wildcard reaches. It returns "" if
// there is none.
func openDomain(p origins.Pattern) string {
	domain := fetch.ByteLowercase(strings.TrimSuffix(p.Host, "."))
	switch {
	case p.Wildcard == "":
		return ""
	case publicsuffix.IsOpen(domain):
		return domain
	case p.Wildcard == "*":
		return publicsuffix.Below(domain)
	}
	for label := range publicsuffix.OneBelow(domain) {
		if label == "*" || p.Covers(label) { // which is one label
			return label + "." + domain
		}
	}
	return ""
}

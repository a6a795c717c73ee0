package main

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"example.com/cors/internal/publicsuffix"
)

// A stranger is an origin that the policy is not meant for, and that bad
// comparisons let in.
type stranger struct {
	id     string // of the finding that it proves
	origin string
	of     string // the host whose name it borrows, or that strangers share
	such   string // an origin that shows the danger better, "" for origin itself
	with   string // the header that is invented for it, "" for none
	both   bool   // asked in both ways, with GET and in a preflight, before others are asked at all

	read  *exchange
	write *exchange // the preflight; each is nil if it was not sent, or if the server broke off
}

func (s stranger) granted() grant { return max(s.read.granted(), s.write.granted()) }

// proof is the exchange that grants the most.
func (s stranger) proof() *exchange {
	if s.write.granted() > s.read.granted() {
		return s.write
	}
	return s.read
}

// A crowd collects strangers, each origin once.
type crowd struct {
	strangers []stranger
	tried     map[string]bool
}

// add adds an origin of http or https. The host is an IPv6 address without brackets.
func (c *crowd) add(id, of, scheme, host, port string) *stranger {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	origin := scheme + "://" + host
	if port != "" {
		origin += ":" + port
	}
	return c.addOrigin(id, of, origin)
}

func (c *crowd) addOrigin(id, of, origin string) *stranger {
	if c.tried[origin] {
		return &stranger{}
	}
	c.tried[origin] = true
	c.strangers = append(c.strangers, stranger{id: id, origin: origin, of: of})
	return &c.strangers[len(c.strangers)-1]
}

// newStrangers returns the origins to try, derived from the origin of the policy
// and from the server's own host. What holes are most often made of comes first: an
// audit may have no requests left for the last ones.
func (a *audit) newStrangers() []stranger {
	c := &crowd{tried: map[string]bool{a.call.origin: true}}
	scheme, hostport, _ := strings.Cut(a.call.origin, "://")
	host, port := splitPort(hostport)
	c.add("any-origin", "", "https", a.random+".example", "")
	c.addOrigin("null-origin", "", "null")
	a.addInvented(c)
	a.addNames(c, scheme, host, port)
	if scheme == "https" && !isLoopback(host) {
		c.add("insecure-scheme", host, "http", host, port)
	}
	c.addPort(scheme, host, port)
	a.addParts(c, scheme, host, port)
	c.add("prefix-match", "localhost", "http", "localhost."+a.random+".example", "")
	c.add("prefix-match", "127.0.0.1", "http", "127.0.0.1."+a.random+".example", "")
	const most = 6 // Of the platforms, these first.
	a.addPlatforms(c, platforms[:most], host)
	a.addExtensions(c)
	c.addNetworks(host, port)
	if server, serverPort := splitPort(a.plan.target.Host); server != host {
		a.addNames(c, a.plan.target.Scheme, server, serverPort)
	}
	a.addPlatforms(c, platforms[most:], "")
	c.addOrigin("any-extension", "safari-web-extension", "safari-web-extension://"+strings.ToUpper(extensionID))
	c.addPort("http", "localhost", "")
	c.add("prefix-match", "localhost", "https", "localhost."+a.random+".example", "")
	if port != "" {
		c.add("any-origin", "", scheme, a.random+".example", port)
	}
	c.markBoth("any-origin", "null-origin", "prefix-match", "suffix-match", "unescaped-dot")
	return c.strangers
}

// markBoth marks the first of each kind.
func (c *crowd) markBoth(ids ...string) {
	for _, id := range ids {
		if i := slices.IndexFunc(c.strangers, func(s stranger) bool { return s.id == id }); i >= 0 {
			c.strangers[i].both = true
		}
	}
}

// addInvented adds what a stranger's page can have the visitor's browser do: send a
// cookie, or Authorization. Some servers echo the origin then, and only then.
func (a *audit) addInvented(c *crowd) {
	for _, l := range standIns {
		if !a.carries(l.name) {
			c.strangers = append(c.strangers, stranger{id: "any-origin", origin: "https://" + a.random + ".example",
				with: l.name})
		}
	}
}

// addPort adds another port of a host.
func (c *crowd) addPort(scheme, host, port string) {
	other := "49321"
	if port == other {
		other = "49322"
	}
	c.add("any-port", host, scheme, host, other)
	if longer, err := strconv.ParseUint(port+"1", 10, 16); err == nil && port != "" {
		c.add("any-port", host, scheme, host, strconv.FormatUint(longer, 10))
	}
}

// addNames adds the origins whose host resembles another.
func (a *audit) addNames(c *crowd, scheme, host, port string) {
	c.addUnlessIPv6("prefix-match", host, scheme, host+"."+a.random+".example", port)
	if isAddress(host) {
		return
	}
	owned := site(host)
	_, parent, _ := strings.Cut(host, ".")
	if parent != "" {
		c.add("any-subdomain", parent, scheme, a.random+"."+parent, port)
	}
	c.add("any-subdomain", host, scheme, a.random+"."+host, port)
	c.add("suffix-match", owned, scheme, a.random+owned, port)
	c.add("suffix-match", host, scheme, a.random+host, port)
	for _, name := range dotless(host) {
		c.add("unescaped-dot", host, scheme, name, port)
	}
}

func (c *crowd) addUnlessIPv6(id, of, scheme, host, port string) {
	if !strings.Contains(host, ":") {
		c.add(id, of, scheme, host, port)
	}
}

// addParts adds the origins that have a part of the policy's own: what rules let in that
// look at a part of the host, or look the origin up in the text of a list.
func (a *audit) addParts(c *crowd, scheme, host, port string) {
	if isAddress(host) {
		if len(port) > 1 {
			c.add("substring-match", host, scheme, host, port[:len(port)-1])
		}
		return
	}
	end, such := cutEnd(host)
	s := c.add("substring-match", host, scheme, end, "")
	if such != "" {
		s.such = scheme + "://" + such
	}
	owned := site(host)
	name, suffix, found := strings.Cut(owned, ".")
	if !found {
		return
	}
	if start := strings.TrimLeft(owned[1:], "-"); len(name) > 1 && !strings.HasPrefix(start, ".") {
		c.add("substring-match", host, scheme, start, port)
	}
	before := strings.TrimSuffix(host, owned)
	if name, isBelow := strings.CutSuffix(before, "."); isBelow {
		c.add("suffix-match", owned, scheme, name+"-"+owned, port)
	}
	other := "bid"
	if suffix == other {
		other = "win"
	}
	c.add("domain-wildcard", host, scheme, before+a.random+"."+suffix, port)
	c.add("domain-wildcard", host, scheme, before+name+"."+other, port)
	if strings.Contains(suffix, ".") {
		c.add("any-subdomain", suffix, scheme, a.random+"."+suffix, port)
	}
	first, parent, _ := strings.Cut(host, ".")
	if isPublic(parent) { // anybody can have a name beside the policy's own
		c.add("domain-wildcard", host, scheme, first+"-"+a.random+"."+parent, port)
		c.add("domain-wildcard", host, scheme, a.random+"-"+first+"."+parent, port)
	}
	c.add("prefix-match", first, scheme, first+"."+a.random+".example", port)
	if owned != host {
		c.add("prefix-match", owned, scheme, owned+"."+a.random+".example", port)
	}
}

// cutEnd returns a host without its end: no owner has that name, and only who looks the
// origin up in a text lets it in. The second result is a name that one can own, to show
// the danger; "" if there is none.
func cutEnd(host string) (end, such string) {
	from := len(host)
	for i := len(host) - 1; i > 0; i-- {
		_, top, found := cutLast(host[:i])
		if !found {
			break
		}
		if publicsuffix.Is(top) && publicsuffix.Registrable(host[:i]) != "" {
			from, such = i, host[:i]
			break
		}
	}
	for i := from - 1; i > 0; i-- {
		if last := host[i-1]; last != '.' && last != '-' {
			return host[:i], such
		}
	}
	return host, "" // of one letter
}

// cutLast cuts a name at its last dot.
func cutLast(name string) (before, after string, found bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// dotless returns the host with an x in place of a dot, as a regular expression with a dot
// would match it. The names that somebody else can register come first; of the last dot
// there is none.
func dotless(host string) []string {
	var others, own []string
	for i := range strings.LastIndexByte(host, '.') {
		if host[i] != '.' {
			continue
		}
		name := host[:i] + "x" + host[i+1:]
		if site(name) != site(host) {
			others = append(others, name)
		} else {
			own = append(own, name)
		}
	}
	const most = 3
	all := slices.Concat(others, own)
	return all[:min(len(all), most)]
}

// platforms are where anybody gets a host within a minute, the most used ones first. The
// Public Suffix List has many of them, and many more.
var platforms = []string{
	"vercel.app", "netlify.app", "github.dev", "pages.dev", "github.io", "app.github.dev",
	"web.app", "herokuapp.com", "ngrok-free.app", "onrender.com", "workers.dev", "gitpod.io",
	"azurestaticapps.net", "lovable.app",
}

// addPlatforms adds a host of each platform. Where the previews of a project are named
// after it, there is one with such a name.
func (a *audit) addPlatforms(c *crowd, names []string, host string) {
	for _, platform := range names {
		name := a.random
		if platform == "app.github.dev" {
			name += "-3000" // the port is part of the name there
		}
		c.add("any-platform-host", platform, "https", name+"."+platform, "")
	}
	if host == "" || isAddress(host) {
		return
	}
	if project, _, found := strings.Cut(site(host), "."); found {
		c.add("any-platform-host", "vercel.app", "https", project+"-"+a.random+".vercel.app", "")
		c.add("any-platform-host", "vercel.app", "https", a.random+"-"+project+".vercel.app", "")
		if !strings.HasSuffix(host, ".netlify.app") { // There such names are the project's own deploys.
			c.add("any-platform-host", "netlify.app", "https", a.random+"--"+project+".netlify.app", "")
		}
	}
}

// extensionID is one as Firefox and Safari make them up.
const extensionID = "2c127fa4-62c7-7e4f-90e5-472b45eecfdc"

// addExtensions adds origins of extensions, each spelled as its browser does.
func (a *audit) addExtensions(c *crowd) {
	letters := strings.Map(func(r rune) rune { return 'a' + r%16 }, strings.Repeat(a.random, 32))
	c.addOrigin("any-extension", "chrome-extension", "chrome-extension://"+letters[:32])
	c.addOrigin("any-extension", "moz-extension", "moz-extension://"+extensionID)
}

// addNetworks adds addresses of local networks, with a port as servers of developers
// have it, and without. If the policy's own is one, another of its network comes first.
func (c *crowd) addNetworks(host, port string) {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is4() && addr.IsPrivate() {
		network, last, _ := cutLast(host)
		neighbour := "222"
		if last == neighbour {
			neighbour = "223"
		}
		c.add("lan-origin", network+".", "http", network+"."+neighbour, port)
	}
	c.add("lan-origin", "192.168.1.", "http", "192.168.1.221", "3000")
	c.add("lan-origin", "192.168.1.", "http", "192.168.1.221", "")
	c.add("lan-origin", "192.168.0.", "http", "192.168.0.221", "3000")
	c.add("lan-origin", "10.0.0.", "http", "10.0.0.221", "3000")
	c.add("lan-origin", "172.16.0.", "http", "172.16.0.221", "")
}

// follow returns what to ask as well if s was let in: a rule for a network that looks only
// at how the origin begins lets in a name on the internet.
func (a *audit) follow(s stranger) []stranger {
	if s.id != "lan-origin" || s.granted() == nothing {
		return nil
	}
	_, port := splitPort(strings.TrimPrefix(s.origin, "http://"))
	origin := "http://" + s.of + a.random + ".example"
	if port != "" {
		origin += ":" + port
	}
	return []stranger{{id: "prefix-match", origin: origin, of: s.of}}
}

// implies reports whether what s proves includes what t proves.
func (s stranger) implies(t stranger) bool {
	switch {
	case s.granted() < t.granted() || t.granted() == nothing:
		return false
	case s.origin == t.origin:
		return s.with == "" && t.with != "" // what it gets anyway
	}
	host := hostOf(t.origin)
	if t.id == "any-platform-host" && (s.id == "domain-wildcard" || s.id == "any-subdomain") {
		_, suffix, _ := strings.Cut(site(hostOf(s.origin)), ".") // all names there are let in
		return strings.HasSuffix(host, "."+suffix)
	}
	isPart := (t.id == "domain-wildcard" || t.id == "substring-match") && s.isAbout(t)
	switch s.id {
	case "any-origin":
		return true
	case "any-subdomain":
		return strings.HasSuffix(host, "."+s.of) && (t.id != "any-subdomain" || len(s.of) < len(t.of)) &&
			t.id != "insecure-scheme" && t.id != "any-port"
	case "suffix-match":
		if s.hasHyphen() {
			return false // It may have that name by another rule.
		}
		return isPart || strings.HasSuffix(host, s.of) && (t.id == "any-subdomain" || t.id == "unescaped-dot")
	case "domain-wildcard":
		return t.id == "substring-match"
	case "unescaped-dot":
		return t.hasHyphen() && t.of == site(s.of)
	case "any-port":
		return t.id == "substring-match" && host == s.of
	case "prefix-match":
		isLonger := t.id == "lan-origin" || t.id == "unescaped-dot" || t.hasHyphen()
		return isPart || t.id == "any-port" && t.of == s.of || isLonger && strings.HasPrefix(host, s.of)
	}
	return false
}

// hasHyphen reports whether s has a hyphen where the host that it resembles has a dot.
func (s stranger) hasHyphen() bool {
	return s.id == "suffix-match" && strings.HasSuffix(s.origin, "-"+s.of)
}

// isAbout reports whether s borrows its name from the same host as t, or from a part of it.
func (s stranger) isAbout(t stranger) bool {
	return s.of == t.of || strings.HasSuffix(t.of, "."+s.of) || strings.HasPrefix(t.of, s.of+".")
}

package main

import (
	"net/netip"
	"strings"
)

// A stranger is an origin that the policy is not meant for, and that bad
// comparisons let in.
type stranger struct {
	id     string // of the finding that it proves
	origin string
	of     string // the host whose name it borrows
	read   *exchange
	write  *exchange // the preflight; both are nil if the server broke off
}

func (s stranger) granted() grant { return max(s.read.granted(), s.write.granted()) }

// proof is the exchange that grants the most.
func (s stranger) proof() *exchange {
	if s.write.granted() > s.read.granted() {
		return s.write
	}
	return s.read
}

// newStrangers returns the origins to try, derived from the origin of the policy
// and from the server's own host.
func (a *audit) newStrangers() []stranger {
	scheme, hostport, _ := strings.Cut(a.call.origin, "://")
	strangers := []stranger{
		{id: "any-origin", origin: "https://" + a.random + ".example"},
		{id: "null-origin", origin: "null"},
	}
	tried := map[string]bool{a.call.origin: true}
	add := func(id, of, scheme, host, port string) {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		origin := scheme + "://" + host
		if port != "" {
			origin += ":" + port
		}
		if !tried[origin] {
			tried[origin] = true
			strangers = append(strangers, stranger{id: id, origin: origin, of: of})
		}
	}
	host, port := splitPort(hostport)
	a.addNames(add, scheme, host, port)
	if scheme == "https" && !isLoopback(host) {
		add("insecure-scheme", host, "http", host, port)
	}
	other := "49321"
	if port == other {
		other = "49322"
	}
	add("any-port", host, scheme, host, other)
	if server, serverPort := splitPort(a.plan.target.Host); server != host {
		a.addNames(add, a.plan.target.Scheme, server, serverPort)
	}
	return strangers
}

// addNames adds the origins whose host resembles another.
func (a *audit) addNames(add func(id, of, scheme, host, port string), scheme, host, port string) {
	if _, err := netip.ParseAddr(host); err == nil {
		if !strings.Contains(host, ":") {
			add("prefix-match", host, scheme, host+"."+a.random+".example", port)
		}
		return
	}
	owned := site(host)
	_, parent, _ := strings.Cut(host, ".")
	if parent != "" {
		add("any-subdomain", parent, scheme, a.random+"."+parent, port)
	}
	add("any-subdomain", host, scheme, a.random+"."+host, port)
	add("prefix-match", host, scheme, host+"."+a.random+".example", port)
	add("suffix-match", owned, scheme, a.random+owned, port)
	add("suffix-match", host, scheme, a.random+host, port)
	// A dot that stands for any character: each but those of the public suffix.
	suffix := strings.Count(owned, ".")
	labels := strings.Split(host, ".")
	for i := range len(labels) - 1 - suffix {
		name := strings.Join(labels[:i+1], ".") + "x" + strings.Join(labels[i+1:], ".")
		if i < 2 {
			add("unescaped-dot", host, scheme, name, port)
		}
	}
}

// implies reports whether what s proves includes what t proves.
func (s stranger) implies(t stranger) bool {
	if s.origin == t.origin || s.granted() < t.granted() || t.granted() == nothing {
		return false
	}
	host := hostOf(t.origin)
	switch s.id {
	case "any-origin":
		return true
	case "any-subdomain":
		return strings.HasSuffix(host, "."+s.of) && (t.id != "any-subdomain" || len(s.of) < len(t.of)) && t.id != "insecure-scheme" && t.id != "any-port"
	case "suffix-match":
		return strings.HasSuffix(host, s.of) && (t.id == "any-subdomain" || t.id == "unescaped-dot")
	case "prefix-match":
		return t.id == "any-port" && t.of == s.of
	}
	return false
}

package main

import (
	"cmp"
	"net"
	"net/netip"
	"strings"

	"example.com/cors/internal/origins"
	"example.com/cors/internal/publicsuffix"
)

// isLoopback reports whether host, as it stands in a URL, is the own machine.
func isLoopback(host string) bool { return origins.IsLoopback(strings.ToLower(host)) }

// isNear reports whether a host, as it stands in a URL, is on the visitor's network: a
// private address or a name for the own link.
func isNear(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap()
		return addr.IsPrivate() || addr.IsLinkLocalUnicast()
	}
	return strings.HasSuffix(strings.ToLower(host), ".local")
}

// isLocal reports whether a host is on the visitor's own machine or network.
func isLocal(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap()
		return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified()
	}
	return isLoopback(host) || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") ||
		strings.HasSuffix(host, ".home.arpa")
}

// site returns the part of a host that its owner registered; hosts with the same
// one are the same site.
func site(host string) string {
	if isAddress(host) {
		return host
	}
	return cmp.Or(publicsuffix.Registrable(host), host)
}

// isAddress reports whether a host is an IP address, without brackets.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// hostOf returns the host of an origin, an IPv6 address without its brackets.
func hostOf(origin string) string {
	_, hostport, _ := strings.Cut(origin, "://")
	host, _ := splitPort(hostport)
	return host
}

func splitPort(hostport string) (host, port string) {
	if host, port, err := net.SplitHostPort(hostport); err == nil {
		return host, port
	}
	return strings.Trim(hostport, "[]"), ""
}

// isPublic reports whether strangers can get names right under domain.
func isPublic(domain string) bool {
	return publicsuffix.IsOpen(domain) || publicsuffix.Below(domain) != ""
}

// Command lan serves a device in a home or an office: pages of any address of its own
// network may call it, whatever their port.
//
// No pattern stands for a network. AllowOriginFunc takes the host of the origin for an
// address, and asks netip. Such pages come over plain http, so whoever is in the network
// can change them: there are no cookies here, and no writes without a token.
package main

import (
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"example.com/cors"
)

var networks = []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("fd12:3456:789a::/48")}

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins:  []string{"http://nas.local"},
		AllowOriginFunc: func(_ *http.Request, origin string) bool { return isNear(origin) },
		AllowedMethods:  []string{"PUT"},
		AllowedHeaders:  []string{"Authorization"},
	})
	return allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "lights") }))
}

// isNear reports whether origin is http at an address of the networks. It is well
// formed: AllowOriginFunc is asked about no other.
func isNear(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

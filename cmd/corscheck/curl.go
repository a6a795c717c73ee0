package main

import (
	"net/http"
	"strings"

	"example.com/cors/internal/fetch"
)

// The browsers' developer tools copy every header of a request. Those that a
// script did not set have no part in CORS and are left out.

// isSetByBrowser reports whether a copied header, its name in lower case, is one
// that the browser added to the call.
func isSetByBrowser(name, value string) bool {
	switch name {
	case "user-agent":
		return strings.HasPrefix(value, "Mozilla/") // An SDK's is the script's own.
	case "accept-language", "priority", "purpose", "upgrade-insecure-requests", "x-client-data":
		return true
	case "cache-control", "pragma":
		// What the open developer tools add under "Disable cache".
		return value == "no-cache"
	}
	return fetch.IsForbiddenRequestHeader(name)
}

// dropRevalidation leaves out the headers by which a browser's cache asks whether
// what it has is still good.
func (p *parser) dropRevalidation() {
	if method := strings.ToUpper(p.call.method); method == http.MethodGet || method == http.MethodHead {
		p.call.header.Del("If-None-Match")
		p.call.header.Del("If-Modified-Since")
	}
}

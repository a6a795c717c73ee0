package main

import (
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"
)

// A policy is what every library is asked to enforce, each in its own words. All
// policies allow the same methods and headers and differ in their origins.
type policy struct {
	name        string
	origins     []string // in the spelling that the libraries agree on
	credentials bool
	exposed     []string

	allowed, refused string // ordinary origins

	// The longest origins with the most dots that a client can send; "" if the
	// policy allows, or refuses, none.
	worstAllowed, worstRefused string
}

// No library caps the answers of this age, and the three engines keep it.
const maxAge = 10 * time.Minute

var (
	// Safelisted methods need no mention with this library, but do with others.
	methods        = []string{http.MethodPut, http.MethodPatch, http.MethodDelete}
	methodsInFull  = append([]string{http.MethodGet, http.MethodHead, http.MethodPost}, methods...)
	allowedHeaders = []string{"Authorization", "Content-Type"}
)

// policies yields them in the order in which they are measured. Each is made when
// it is its turn: the garbage collector would go through the 100 000 origins of
// one again and again while another is measured.
func policies() iter.Seq[policy] {
	return func(yield func(policy) bool) {
		ok := yield(policy{
			name:         "any",
			origins:      []string{"*"},
			allowed:      "https://app.example.com",
			worstAllowed: longestOrigin("example.com"),
		}) && yield(policy{
			name:         "credentialed",
			origins:      []string{"https://app.example.com"},
			credentials:  true,
			exposed:      []string{"Etag", "X-Request-Id"},
			allowed:      "https://app.example.com",
			refused:      "https://app.example.net",
			worstRefused: longestOrigin("example.com"),
		})
		for _, n := range []int{1, 10, 1000, 100_000} {
			ok = ok && yield(exactOrigins(n))
		}
		for _, n := range []int{1, 1000} {
			ok = ok && yield(subdomains(n))
		}
	}
}

func exactOrigins(n int) policy {
	p := policy{name: fmt.Sprintf("origins-%d", n), origins: make([]string, n)}
	for i := range p.origins {
		p.origins[i] = fmt.Sprintf("https://app-%05d.example.com", i)
	}
	// From the middle: lists that are searched from the front find it halfway.
	p.allowed = p.origins[n/2]
	p.refused = "https://app-00000.example.net"
	p.worstRefused = longestOrigin("example.com")
	return p
}

func subdomains(n int) policy {
	p := policy{name: fmt.Sprintf("subdomains-%d", n), origins: make([]string, n)}
	for i := range p.origins {
		p.origins[i] = fmt.Sprintf("https://*.shop-%05d.example.com", i)
	}
	domain := fmt.Sprintf("shop-%05d.example.com", n/2)
	p.allowed = "https://www." + domain
	p.refused = "https://www.shop-00000.example.net"
	p.worstAllowed = longestOrigin(domain)
	p.worstRefused = longestOrigin("shop-00000.example.net")
	return p
}

// longestOrigin returns an origin under domain whose host has the 253 bytes that
// a host has at most (RFC 1035, section 2.3.4), and as many dots as fit.
func longestOrigin(domain string) string {
	labels := (253 - len(domain)) / 2
	host := strings.Repeat("a.", labels) + domain
	if len(host) < 253 {
		host = "a" + host
	}
	return "https://" + host
}

// A request is one kind of request that is measured.
type request struct {
	name      string
	method    string
	origin    func(policy) string // nil: the request has no Origin
	announced http.Header         // of a preflight
	refused   bool
}

var (
	allowedOrigin      = func(p policy) string { return p.allowed }
	refusedOrigin      = func(p policy) string { return p.refused }
	worstAllowedOrigin = func(p policy) string { return p.worstAllowed }
	worstRefusedOrigin = func(p policy) string { return p.worstRefused }
)

// requests are in the order in which they are measured.
func requests() []request {
	announced := http.Header{
		"Access-Control-Request-Method":  {http.MethodPut},
		"Access-Control-Request-Headers": {"authorization,content-type"},
	}
	hostile := announced.Clone()
	hostile["Access-Control-Request-Headers"] = []string{strings.Repeat(",", 64<<10)}
	return []request{
		{name: "no-origin", method: http.MethodGet},
		{name: "actual", method: http.MethodGet, origin: allowedOrigin},
		{name: "actual-refused", method: http.MethodGet, origin: refusedOrigin, refused: true},
		{name: "actual-worst", method: http.MethodGet, origin: worstAllowedOrigin},
		{name: "actual-worst-refused", method: http.MethodGet, origin: worstRefusedOrigin, refused: true},
		{name: "preflight", method: http.MethodOptions, origin: allowedOrigin, announced: announced},
		{name: "preflight-refused", method: http.MethodOptions, origin: refusedOrigin, announced: announced, refused: true},
		{name: "preflight-hostile", method: http.MethodOptions, origin: allowedOrigin, announced: hostile},
	}
}

// exists reports whether the policy has an origin for the request.
func (q request) exists(p policy) bool { return q.origin == nil || q.origin(p) != "" }

// to returns the request as a server hands it to a handler: among the headers
// that Chromium sends with a cross-origin fetch, for it matters how many there
// are to look through.
func (q request) to(p policy) *http.Request {
	h := http.Header{
		"Accept":             {"*/*"},
		"Accept-Encoding":    {"gzip, deflate, br, zstd"},
		"Accept-Language":    {"en-US,en;q=0.9"},
		"Sec-Ch-Ua":          {`"Chromium";v="156", "Not/A)Brand";v="24"`},
		"Sec-Ch-Ua-Mobile":   {"?0"},
		"Sec-Ch-Ua-Platform": {`"Linux"`},
		"Sec-Fetch-Dest":     {"empty"},
		"Sec-Fetch-Mode":     {"cors"},
		"Sec-Fetch-Site":     {"cross-site"},
		"User-Agent": {
			"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
		},
	}
	if q.origin != nil {
		h["Origin"] = []string{q.origin(p)}
		h["Referer"] = []string{q.origin(p) + "/"}
	}
	for name, lines := range q.announced {
		h[name] = lines
	}
	r, err := http.NewRequest(q.method, "https://api.example/users", nil)
	if err != nil {
		panic(err)
	}
	r.Header = h
	r.RequestURI = "/users"
	return r
}

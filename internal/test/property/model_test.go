package property_test

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

// A call is a request of a page.
type call struct {
	corstest.Request
	unsafe []string // names of the headers that need permission
}

func randomCall(random *rand.Rand) call {
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	c := call{Request: corstest.Request{
		Origin: pick(
			"https://a.example", "https://b.example", "https://x.b.example", "https://x.y.b.example",
			"https://pre-1.c.example", "https://pre-.c.example", "http://localhost:3000", "http://localhost",
			"https://a.example:8443", "http://a.example", "https://evil.example", "null",
		),
		Method: pick("GET", "GET", "HEAD", "POST", "PUT", "put", "PATCH", "patch", "DELETE", "QUERY", "OPTIONS",
			"Custom"),
		URL:         "https://api.example/x",
		Header:      http.Header{},
		Credentials: random.IntN(2) == 0,
	}}
	// Where a policy lists no methods, the standard lets a page with an upload
	// listener use any. No engine does so, and corstest goes by the standard.
	c.UploadListener = fetch.IsSafelistedMethod(c.Method) && random.IntN(5) == 0
	for _, h := range []struct {
		name, value string
		unsafe      bool
	}{
		{"X-A", "1", true},
		{"X-B", "2", true},
		{"Authorization", "Bearer x", true},
		{"Content-Type", "application/json", true},
		{"Content-Type", "text/plain", false},
		{"Accept", "application/json", false},
		{"Accept", strings.Repeat("a", 129), true},
		{"Accept-Language", "de", false},
		{"Range", "bytes=0-", false},
		{"Range", "bytes=-5", true},
	} {
		if random.IntN(8) == 0 && c.Header[h.name] == nil {
			c.Header.Set(h.name, h.value)
			if h.unsafe {
				c.unsafe = append(c.unsafe, h.name)
			}
		}
	}
	return c
}

// A policy is options, and the origins that they mean.
type policy struct {
	opts   cors.Options
	allows map[string]bool // "*" for every origin
}

// meanings are patterns of origins, each with the origins of random calls that it
// matches.
var meanings = map[string][]string{
	"https://a.example":       {"https://a.example"},
	"https://*.b.example":     {"https://x.b.example", "https://x.y.b.example"},
	"https://pre-*.c.example": {"https://pre-1.c.example"},
	"http://localhost:*":      {"http://localhost:3000", "http://localhost"},
}

// randomPolicy returns a valid policy.
func randomPolicy(random *rand.Rand) policy {
	subset := func(list ...string) (chosen []string) {
		for _, s := range list {
			if random.IntN(3) == 0 {
				chosen = append(chosen, s)
			}
		}
		return chosen
	}
	for {
		p := policy{opts: cors.Options{
			AllowedMethods:       subset("GET", "PUT", "PATCH", "DELETE", "QUERY", "OPTIONS", "Custom", "*"),
			AllowedHeaders:       subset("X-A", "x-b", "authorization", "Content-Type", "Accept", "Range", "*"),
			ExposedHeaders:       subset("X-R", "etag", "*"),
			AllowCredentials:     random.IntN(2) == 0,
			MaxAge:               time.Duration(random.IntN(5)-1) * time.Hour,
			OptionsSuccessStatus: random.IntN(2) * 200,
		}, allows: make(map[string]bool)}
		p.opts.AllowedOrigins = subset(slices.Sorted(maps.Keys(meanings))...)
		for _, pattern := range p.opts.AllowedOrigins {
			for _, origin := range meanings[pattern] {
				p.allows[origin] = true
			}
		}
		switch random.IntN(4) {
		case 0:
			p.opts.AllowedOrigins, p.opts.AllowCredentials = []string{"*"}, false
			p.allows["*"] = true
		case 1:
			p.opts.AllowOriginFunc = func(_ *http.Request, origin string) bool {
				return origin == "https://b.example" || origin == "null"
			}
			p.allows["https://b.example"] = true
			p.allows["null"] = !p.opts.AllowCredentials
		}
		if p.opts.Validate() == nil {
			return p
		}
	}
}

// A verdict is what comes of a call.
type verdict struct {
	readable   bool
	ran        bool // the handler
	preflights int
	visible    string // names of the response headers that the script may read
}

// probes are the response headers whose visibility is looked at.
var probes = []string{"Cache-Control", "Etag", "Set-Cookie", "X-R", "X-S"}

// verdict works out from the options alone what must come of a call.
func (p policy) verdict(c call) verdict {
	method := c.Method
	if method == "put" {
		method = "PUT"
	}
	safelisted := method == "GET" || method == "HEAD" || method == "POST"
	needsPreflight := !safelisted || len(c.unsafe) > 0 || c.UploadListener
	origin := (p.allows["*"] || p.allows[c.Origin]) && (p.opts.AllowCredentials || !c.Credentials)
	covers := func(list []string, name string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return s == "*" || strings.EqualFold(s, name) })
	}
	permitted := safelisted || slices.Contains(p.opts.AllowedMethods, method) ||
		slices.Contains(p.opts.AllowedMethods, "*")
	for _, name := range c.unsafe {
		permitted = permitted && covers(p.opts.AllowedHeaders, name)
	}
	v := verdict{readable: origin, ran: true}
	if needsPreflight {
		v.preflights = 1
		v.ran = origin && permitted
		v.readable = v.ran
	}
	if v.readable {
		var visible []string
		for _, name := range probes {
			if name == "Cache-Control" || name != "Set-Cookie" && covers(p.opts.ExposedHeaders, name) {
				visible = append(visible, name)
			}
		}
		v.visible = strings.Join(visible, " ")
	}
	return v
}

package rules_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"example.com/cors"
	"example.com/cors/corstest"
)

// FuzzGoodPoliciesMatch checks that nothing in an accepted policy is dead: for each
// element there is a call that a browser can make, and the browser lets it through
// because of that element.
func FuzzGoodPoliciesMatch(f *testing.F) {
	f.Add("https://*.a.example:*", "PATCH", "X-Foo", "Etag", true)
	f.Add("https://shop-*.example.app", "*", "*", "X-Bar", true)
	f.Add("moz-extension://*", "QUERY", "Content-Type", "*", false)
	f.Add("*", "patch ", "X-*", "X-*", false)
	for _, tc := range badPolicies() {
		f.Add(tc.value, tc.value, tc.value, tc.value, tc.opts.AllowCredentials)
	}
	f.Fuzz(func(t *testing.T, origin, method, header, exposed string, credentials bool) {
		opts := cors.Options{
			AllowedOrigins:   []string{origin},
			AllowedMethods:   []string{method},
			AllowedHeaders:   []string{header},
			ExposedHeaders:   []string{exposed},
			AllowCredentials: credentials,
		}
		if opts.Validate() != nil {
			return
		}
		if setByBrowsers.MatchString(header) {
			return // for no call has it
		}
		method, header, exposed = strings.TrimSpace(method), strings.TrimSpace(header), strings.TrimSpace(exposed)
		name := strings.Replace(exposed, "*", "X-Exposed", 1)
		h := cors.New(opts)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(name, "x") }))
		call := corstest.Request{
			Origin:      sample(origin),
			Method:      strings.Replace(method, "*", "FOO", 1),
			URL:         "https://api.of-nobody.example/",
			Header:      http.Header{strings.Replace(header, "*", "X-Foo", 1): {"x"}},
			Credentials: credentials,
		}
		res, err := corstest.Fetch(h, call)
		if err != nil {
			t.Fatalf("%+v cannot match: %v", opts, err)
		}
		if res.Header.Get(name) != "x" {
			t.Errorf("%+v does not expose %s: %v", opts, name, res.Header)
		}
	})
}

// setByBrowsers finds the request headers that scripts cannot set. They do not stand in
// the answer, and do no harm (https://fetch.spec.whatwg.org/#forbidden-request-header).
var setByBrowsers = regexp.MustCompile(`^\s*(?i:` +
	`accept-(?:charset|encoding)|access-control-request-(?:headers|method)|` +
	`connection|content-length|date|dnt|expect|host|keep-alive|origin|referer|te|trailer|` +
	`transfer-encoding|upgrade|via|` +
	`proxy-.*|sec-.*)\s*$`)

// sample returns an origin that pattern is to match.
func sample(pattern string) string {
	if pattern = strings.TrimSpace(pattern); pattern == "*" {
		return "https://a.example"
	}
	pattern = strings.TrimSuffix(pattern, "/")
	s := strings.TrimSuffix(pattern, ":*")
	if s != pattern {
		s += ":8099"
	}
	s, _ = asBrowsersSpell(strings.Replace(s, "*", "x", 1))
	return s
}

package policies_test

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors"
)

// A badPolicy has exactly one problem.
type badPolicy struct {
	opts   cors.Options
	field  string
	value  string
	reason cors.Reason
	detail string // a part of it
	fix    string
}

// fixes are bad values that have the same problem. Each stands with the value that
// Validate proposes instead, "" for none.
type fixes map[string]string

// each returns a policy for each bad value, in the order of the values.
func (f fixes) each(field string, reason cors.Reason, detail string, opts func(value string) cors.Options) (bad []badPolicy) {
	for _, value := range slices.Sorted(maps.Keys(f)) {
		bad = append(bad, badPolicy{opts(value), field, value, reason, detail, f[value]})
	}
	return bad
}

func origins(reason cors.Reason, detail string, f fixes) []badPolicy {
	return f.each("AllowedOrigins", reason, detail, func(value string) cors.Options {
		return cors.Options{AllowedOrigins: []string{value}}
	})
}

func credentialed(reason cors.Reason, detail string, f fixes) []badPolicy {
	return f.each("AllowedOrigins", reason, detail, func(value string) cors.Options {
		return cors.Options{AllowedOrigins: []string{value}, AllowCredentials: true}
	})
}

func varyHeaders(reason cors.Reason, detail string, f fixes) []badPolicy {
	return f.each("AllowOriginVary", reason, detail, func(value string) cors.Options {
		return cors.Options{AllowOriginFunc: allowAll, AllowOriginVary: []string{value}}
	})
}

func methods(reason cors.Reason, detail string, f fixes) []badPolicy {
	return f.each("AllowedMethods", reason, detail, func(value string) cors.Options {
		return with(func(o *cors.Options) { o.AllowedMethods = []string{value} })
	})
}

func requestHeaders(reason cors.Reason, detail string, f fixes) []badPolicy {
	return f.each("AllowedHeaders", reason, detail, func(value string) cors.Options {
		return with(func(o *cors.Options) { o.AllowedHeaders = []string{value} })
	})
}

func exposedHeaders(reason cors.Reason, detail string, f fixes) []badPolicy {
	return f.each("ExposedHeaders", reason, detail, func(value string) cors.Options {
		return with(func(o *cors.Options) { o.ExposedHeaders = []string{value} })
	})
}

func credentialedExposedHeaders(reason cors.Reason, detail string, f fixes) []badPolicy {
	return f.each("ExposedHeaders", reason, detail, func(value string) cors.Options {
		return with(func(o *cors.Options) { o.ExposedHeaders, o.AllowCredentials = []string{value}, true })
	})
}

func maxAge(reason cors.Reason, detail string, value time.Duration, fix string) []badPolicy {
	opts := with(func(o *cors.Options) { o.MaxAge = value })
	return []badPolicy{{opts, "MaxAge", value.String(), reason, detail, fix}}
}

func successStatus(value int) []badPolicy {
	opts := with(func(o *cors.Options) { o.OptionsSuccessStatus = value })
	return []badPolicy{{opts, "OptionsSuccessStatus", strconv.Itoa(value), cors.ReasonOutOfRange, "200 to 299", "204"}}
}

// with returns options that are valid but for what set does to them.
func with(set func(o *cors.Options)) cors.Options {
	o := cors.Options{AllowedOrigins: []string{"https://a.example"}}
	set(&o)
	return o
}

func allowAll(*http.Request, string) bool { return true }

const (
	missing    = cors.ReasonMissing
	malformed  = cors.ReasonMalformed
	forbidden  = cors.ReasonForbidden
	conflict   = cors.ReasonConflict
	outOfRange = cors.ReasonOutOfRange
	unsafe     = cors.ReasonUnsafe
)

// What Validate says in several places.
const (
	noOrigin       = "no origin is allowed"
	noScheme       = "no scheme"
	noPath         = "no path, query or slash"
	missingDot     = "evilexample.com"
	emptyElement   = "empty"
	severalHeaders = "several headers"
	notAName       = "not the name"
	deadWildcard   = "only where it stands alone"
	noLongerSent   = "no browser sends or reads it"
	onlyTheName    = "only the name of the header, without white space or colon"
)

// privateNetwork are the headers of Private Network Access, which browsers gave up.
var privateNetwork = fixes{
	"Access-Control-Request-Private-Network": "",
	"Access-Control-Allow-Private-Network":   "",
	"access-control-request-local-network":   "",
	"Access-Control-Allow-Local-Network":     "",
}

// badPolicies returns the catalogue.
func badPolicies() []badPolicy {
	return slices.Concat(
		[]badPolicy{
			{cors.Options{}, "AllowedOrigins", "", missing, noOrigin, ""},
			{cors.Options{AllowedOrigins: []string{}, AllowCredentials: true}, "AllowedOrigins", "", missing, noOrigin, ""},
		},

		origins(malformed, "empty", fixes{
			"":                     "",
			"https://.example.com": "https://*.example.com",
		}),
		origins(malformed, "white space", fixes{
			" ":                                   "",
			"https://a.example https://b.example": "",
			" https://example.com":                "https://example.com",
			"https://example.com\n":               "https://example.com",
			"https://exa mple.com":                "",
		}),
		origins(malformed, noPath, fixes{
			"https://example.com/":         "https://example.com",
			"https://example.com/app":      "https://example.com",
			"https://example.com?x=1":      "https://example.com",
			"https://example.com#top":      "https://example.com",
			"https://https://example.com/": "https://example.com",
			"https://http://example.com":   "http://example.com",
		}),
		origins(malformed, "user name", fixes{
			"https://user:secret@example.com":   "https://example.com",
			"https://@example.com":              "https://example.com",
			`https://example.com\@evil.example`: "",
		}),
		origins(malformed, noScheme, fixes{
			"example.com":            "https://example.com",
			"example.com:8080":       "https://example.com:8080",
			"//example.com":          "https://example.com",
			"localhost:3000":         "http://localhost:3000",
			"127.0.0.1:3000/":        "http://127.0.0.1:3000",
			"[::1]:3000":             "http://[::1]:3000",
			"::1":                    "",
			"*.example.com":          "https://*.example.com",
			".example.com":           "https://*.example.com",
			"*example.com":           "https://*.example.com",
			"https//example.com":     "https://example.com",
			"https:/example.com":     "https://example.com",
			"http:/localhost:3000":   "http://localhost:3000",
			"http:example.com":       "http://example.com",
			"example.com:80":         "http://example.com",
			"192.168.0.1:80":         "http://192.168.0.1",
			"https.example.com":      "https://https.example.com",
			"null/":                  "",
			"mailto:ada@example.com": "",
			"@example.com":           "",
			"NULL":                   "",
		}),
		origins(malformed, "upper-case", fixes{
			"HTTPS://example.com":   "https://example.com",
			"Https://example.com":   "https://example.com",
			"hTTPS://example.com":   "https://example.com",
			"aApp://example.com":    "aapp://example.com",
			"zeD-Z://example.com":   "zed-z://example.com",
			"apZ://example.com":     "apz://example.com",
			"HTTPS://Example.com":   "https://example.com",
			"https://Example.com":   "https://example.com",
			"https://A.example.com": "https://a.example.com",
			"https://Z.example.com": "https://z.example.com",
			"https://*.Example.com": "https://*.example.com",
			"App://example.com":     "app://example.com",
			"Zed://example.com":     "zed://example.com",
		}),
		origins(malformed, "default port", fixes{
			"https://example.com:443": "https://example.com",
			"http://localhost:80":     "http://localhost",
		}),
		origins(malformed, "port is empty", fixes{"https://example.com:": "https://example.com"}),
		origins(malformed, "1 to 65535 without leading zeros", fixes{
			"https://example.com:0":      "https://example.com",
			"https://example.com:65536":  "",
			"https://example.com:123456": "",
			"https://example.com:08080":  "https://example.com:8080",
			"https://example.com:http":   "",
			"https://example.com:80*":    "",
		}),
		origins(malformed, "regular expressions", fixes{
			"https://example.com:+80":   "",
			`https://.*\.example\.com$`: "",
			`https://(a|b).example`:     "",
		}),
		origins(malformed, "several origins", fixes{
			"https://a.example,https://b.example":   "",
			"https://a.example/,https://b.example/": "",
			",https://a.example":                    "",
		}),
		origins(malformed, "control character", fixes{"https://exam\x00ple.com": ""}),
		origins(malformed, "no host", fixes{
			"https://":      "",
			"https://:8080": "",
		}),
		origins(malformed, "not a scheme", fixes{
			"://example.com":                           "https://example.com",
			"1http://example.com":                      "",
			"ht_tp://example.com":                      "",
			strings.Repeat("s", 65) + "://example.com": "",
			`^https://.*\.example\.com$`:               "",
		}),
		origins(malformed, "scheme cannot be a wildcard", fixes{"*://example.com": ""}),
		origins(malformed, "no domain follows", fixes{
			"https://*":      "",
			"https://*:*":    "",
			"https://*.":     "",
			"https://shop-*": "",
		}),
		origins(malformed, "matches every host of this scheme", fixes{
			"moz-extension://a*":     "",
			"moz-extension://*.":     "",
			"moz-extension://*:*":    "",
			"moz-extension://*:8080": "",
		}),
		origins(malformed, "first label only", fixes{
			"https://a.*.com":   "",
			"https://example.*": "",
		}),
		origins(malformed, "more than one wildcard", fixes{
			"https://*a*.example.com": "",
			"https://*.*.example.com": "",
			"https://**.example.com":  "",
		}),
		origins(malformed, "label of the host is empty", fixes{
			"https://*..example.com":                           "",
			"https://" + strings.Repeat("a", 63) + "..example": "",
			"https://example..com":                             "",
			"https://example.com..":                            "",
			"https://.":                                        "",
			"http://.":                                         "",
			"app://..":                                         "",
		}),
		origins(malformed, "Punycode", fixes{
			"https://*ü.example.com": "",
			"https://exämple.com":    "",
			"https://a\x80b.example": "", // the first byte that is not ASCII, not UTF-8 either
			"https://例え.jp":          "",
		}),
		origins(malformed, "no subdomains", fixes{
			"https://*.127.0.0.1": "",
			"https://*.[::1]":     "",
		}),
		origins(malformed, "IPv4", fixes{
			"https://*.0.0.1":   "",
			"http://0x7f.0.0.1": "",
			"http://0x7f000001": "",
			"http://example.0x": "",
			"http://example.9":  "",
			"http://2130706433": "",
			"http://127.1":      "",
			"http://127.0.0.01": "",
			"http://127.0.0.1.": "",
			"http://256.0.0.1":  "",
		}),
		origins(malformed, "a character that no host has", fixes{"https://exa%6Dple.com": ""}),
		origins(malformed, "63 bytes", fixes{
			"https://" + strings.Repeat("a", 64) + ".example":  "",
			"https://*" + strings.Repeat("a", 63) + ".example": "",
		}),
		origins(malformed, "253 bytes", fixes{
			"https://" + strings.Repeat("a.", 126) + "aa":   "",
			"https://*." + strings.Repeat("a.", 125) + "aa": "",
		}),
		origins(forbidden, "AllowOriginFunc", fixes{"null": ""}),
		origins(unsafe, missingDot, fixes{
			"https://*example.com":        "https://*.example.com",
			"https://*example.co.uk:8443": "https://*.example.co.uk:8443",
			"https://*example.com.":       "https://*.example.com.",
		}),
		origins(forbidden, "browsers send null", fixes{
			"file://":      "",
			"file:///home": "",
			"data://x":     "",
		}),
		origins(malformed, "WebSocket", fixes{
			"ws://localhost:3000": "http://localhost:3000",
			"wss://example.com":   "https://example.com",
		}),
		origins(malformed, "too many colons", fixes{
			"http://::1":      "",
			"http://::1:8080": "",
		}),
		origins(malformed, "bracket", fixes{"http://[::1": ""}),
		origins(malformed, "not an IPv6 address", fixes{
			"http://[]":             "",
			"http://[127.0.0.1]":    "",
			"http://[fe80::1%eth0]": "",
		}),
		origins(malformed, "canonical", fixes{
			"http://[0:0:0:0:0:0:0:1]:8080": "http://[::1]:8080",
			"http://[2001:DB8::1]":          "http://[2001:db8::1]",
			"http://[::ffff:127.0.0.1]":     "http://[::ffff:7f00:1]",
		}),

		credentialed(unsafe, missingDot, fixes{"https://*example.com": "https://*.example.com"}),
		credentialed(conflict, "AllowCredentials", fixes{"*": ""}),
		credentialed(unsafe, "TLS", fixes{
			"http://example.com":           "https://example.com",
			"http://example.com:8080":      "https://example.com:8080",
			"http://example.com:443":       "https://example.com",
			"http://*.example.com":         "https://*.example.com",
			"http://192.168.0.1":           "https://192.168.0.1",
			"http://[2001:db8::1]":         "https://[2001:db8::1]",
			"http://localhost.example.com": "https://localhost.example.com",
			"http://*.github.io":           "",
		}),
		credentialed(forbidden, "cannot be allowed with AllowCredentials", fixes{"null": ""}),
		credentialed(malformed, noPath, fixes{"http://Example.com/": "https://example.com"}),
		credentialed(unsafe, "under com", fixes{"https://*.com": ""}),
		credentialed(unsafe, "under co.uk", fixes{"https://*.co.uk": ""}),
		credentialed(unsafe, "under github.io", fixes{
			"https://*.github.io":      "",
			"https://*.github.io.":     "",
			"https://*.github.io:8443": "",
		}),
		credentialed(unsafe, "under vercel.app", fixes{"https://shop-*.vercel.app": ""}),
		credentialed(unsafe, "under", fixes{"https://*.ck": ""}),
		credentialed(unsafe, "under foo.ck", fixes{"https://*.foo.ck": ""}),
		credentialed(unsafe, "amazonaws.com", fixes{
			"https://*.amazonaws.com":   "",
			"https://s3*.amazonaws.com": "",
		}),
		credentialed(malformed, noScheme, fixes{"*.github.io": ""}),
		credentialed(unsafe, "let yours in by AllowOriginFunc", fixes{
			"moz-extension://*":        "",
			"safari-web-extension://*": "",
			"capacitor://*":            "",
		}),

		[]badPolicy{
			{cors.Options{AllowedOrigins: []string{"https://a.example", "*"}}, "AllowedOrigins", "*", conflict, "the other elements", ""},
			{cors.Options{AllowedOrigins: []string{"*"}, AllowOriginFunc: allowAll}, "AllowOriginFunc", "", conflict, "never called", ""},
			{with(func(o *cors.Options) { o.AllowOriginVary = []string{"Host"} }), "AllowOriginVary", "", conflict, "no AllowOriginFunc", ""},
			{cors.Options{AllowedOrigins: []string{"*"}, RefuseCrossOriginWrites: true}, "RefuseCrossOriginWrites", "", conflict, "every page write", ""},
		},
		varyHeaders(malformed, "cache", fixes{"*": ""}),
		varyHeaders(malformed, notAName, fixes{"X Y": ""}),
		varyHeaders(malformed, deadWildcard, fixes{"X-*": ""}),
		varyHeaders(forbidden, noLongerSent, fixes{"Access-Control-Request-Private-Network": ""}),
		varyHeaders(malformed, onlyTheName, fixes{"Cookie ": "Cookie"}),

		methods(malformed, "case-sensitive", fixes{
			"get":    "GET",
			"patch":  "PATCH",
			"Delete": "DELETE",
		}),
		methods(malformed, "white space", fixes{
			" PUT": "PUT",
			"put ": "PUT",
		}),
		methods(forbidden, "no browser", fixes{
			"CONNECT": "",
			"trace":   "",
			" TRACK":  "",
		}),
		methods(malformed, deadWildcard, fixes{
			"P*":   "",
			"GET*": "",
			"**":   "",
			" *T":  "",
		}),
		methods(malformed, "several methods", fixes{"GET,POST": ""}),
		methods(malformed, "not a method", fixes{
			"GET POST": "",
			" ":        "",
			"GET/1":    "",
			"MÉTHODE":  "",
		}),
		methods(malformed, emptyElement, fixes{"": ""}),
		methods(outOfRange, "64 bytes", fixes{strings.Repeat("M", 65): ""}),

		requestHeaders(malformed, emptyElement, fixes{"": ""}),
		requestHeaders(forbidden, "AllowCredentials", fixes{
			"Cookie":  "",
			"cookie2": "",
		}),
		requestHeaders(forbidden, "the browser itself", fixes{
			"Origin":                        "",
			"HOST":                          "",
			"Sec-Fetch-Mode":                "",
			"Proxy-Authorization":           "",
			"Access-Control-Request-Method": "",
		}),
		requestHeaders(malformed, deadWildcard, fixes{
			"X-*":          "",
			"Mcp-Param-*":  "",
			"x-amz-meta-*": "",
			"*-Token":      "",
		}),
		requestHeaders(forbidden, noLongerSent, privateNetwork),
		requestHeaders(forbidden, "by itself", fixes{
			"Access-Control-Allow-Origin":  "",
			"Access-Control-Allow-Headers": "",
		}),
		requestHeaders(forbidden, "neither set nor read", fixes{"Set-Cookie": ""}),
		requestHeaders(forbidden, "ExposedHeaders", fixes{"ETag": ""}),
		requestHeaders(malformed, notAName, fixes{
			"X Foo": "",
			"X-Föö": "",
		}),
		requestHeaders(malformed, onlyTheName, fixes{
			"X-Foo:":  "X-Foo",
			" X-Foo":  "X-Foo",
			" Cookie": "",
			"X-*:":    "",
		}),
		requestHeaders(malformed, severalHeaders, fixes{"X-Foo, X-Bar": ""}),

		exposedHeaders(malformed, emptyElement, fixes{"": ""}),
		exposedHeaders(forbidden, "no browser", fixes{
			"Set-Cookie":  "",
			"set-cookie2": "",
		}),
		exposedHeaders(forbidden, "AllowedHeaders", fixes{"If-None-Match": ""}),
		exposedHeaders(malformed, deadWildcard, fixes{"X-*": ""}),
		exposedHeaders(forbidden, noLongerSent, privateNetwork),
		exposedHeaders(malformed, onlyTheName, fixes{
			"X-Foo\r\n":   "X-Foo",
			"Set-Cookie:": "",
		}),
		exposedHeaders(malformed, severalHeaders, fixes{"X-Foo,X-Bar": ""}),
		credentialedExposedHeaders(conflict, "AllowCredentials", fixes{"*": ""}),
		// Its fix was "*", which is no better.
		credentialedExposedHeaders(malformed, onlyTheName, fixes{"* ": ""}),

		maxAge(outOfRange, "nanoseconds", 600, "10m0s"),
		maxAge(outOfRange, "nanoseconds", 86400, "24h0m0s"),
		maxAge(outOfRange, "nanoseconds", 86401, "1s"),
		maxAge(outOfRange, "less than a second", 500*time.Millisecond, "1s"),
		maxAge(malformed, "whole seconds", 1500*time.Millisecond, "1s"),
		maxAge(outOfRange, "24 hours", 25*time.Hour, "24h0m0s"),
		successStatus(199),
		successStatus(300),
		successStatus(302),
		successStatus(-1),
	)
}

package rules_test

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
	detail string // a part of it
	fix    string
}

// fixes are bad values that have the same problem. Each stands with the value that
// Validate proposes instead, "" for none.
type fixes map[string]string

// each returns a policy for each bad value, in the order of the values.
func (f fixes) each(field string, detail string, opts func(value string) cors.Options) (bad []badPolicy) {
	for _, value := range slices.Sorted(maps.Keys(f)) {
		bad = append(bad, badPolicy{opts(value), field, value, detail, f[value]})
	}
	return bad
}

func origins(detail string, f fixes) []badPolicy {
	return f.each("AllowedOrigins", detail, func(value string) cors.Options {
		return cors.Options{AllowedOrigins: []string{value}}
	})
}

func credentialed(detail string, f fixes) []badPolicy {
	return f.each("AllowedOrigins", detail, func(value string) cors.Options {
		return cors.Options{AllowedOrigins: []string{value}, AllowCredentials: true}
	})
}

// trusted are values that are bad wherever an allowed origin can act as the user.
func trusted(detail string, f fixes) []badPolicy {
	return append(credentialed(detail, f), f.each("AllowedOrigins", detail, func(value string) cors.Options {
		return cors.Options{AllowedOrigins: []string{value}, RefuseCrossOriginWrites: true}
	})...)
}

func varyHeaders(detail string, f fixes) []badPolicy {
	return f.each("AllowOriginVary", detail, func(value string) cors.Options {
		return cors.Options{AllowOriginFunc: allowAll, AllowOriginVary: []string{value}}
	})
}

func methods(detail string, f fixes) []badPolicy {
	return f.each("AllowedMethods", detail, func(value string) cors.Options {
		return with(func(o *cors.Options) { o.AllowedMethods = []string{value} })
	})
}

func requestHeaders(detail string, f fixes) []badPolicy {
	return f.each("AllowedHeaders", detail, func(value string) cors.Options {
		return with(func(o *cors.Options) { o.AllowedHeaders = []string{value} })
	})
}

func exposedHeaders(detail string, f fixes) []badPolicy {
	return f.each("ExposedHeaders", detail, func(value string) cors.Options {
		return with(func(o *cors.Options) { o.ExposedHeaders = []string{value} })
	})
}

func credentialedExposedHeaders(detail string, f fixes) []badPolicy {
	return f.each("ExposedHeaders", detail, func(value string) cors.Options {
		return with(func(o *cors.Options) { o.ExposedHeaders, o.AllowCredentials = []string{value}, true })
	})
}

func maxAge(detail string, value time.Duration, fix string) []badPolicy {
	opts := with(func(o *cors.Options) { o.MaxAge = value })
	return []badPolicy{{opts, "MaxAge", value.String(), detail, fix}}
}

func successStatus(value int) []badPolicy {
	opts := with(func(o *cors.Options) { o.OptionsSuccessStatus = value })
	return []badPolicy{{opts, "OptionsSuccessStatus", strconv.Itoa(value), "200 to 299", "204"}}
}

// with returns options that are valid but for what set does to them.
func with(set func(o *cors.Options)) cors.Options {
	o := cors.Options{AllowedOrigins: []string{"https://a.example"}}
	set(&o)
	return o
}

func allowAll(*http.Request, string) bool { return true }

// What Validate says in several places.
const (
	noOrigin       = "no origin is allowed"
	noScheme       = "no scheme"
	noPath         = "no path, query or slash"
	missingDot     = "evilexample.com"
	emptyElement   = "empty; leave this element out: a variable that is not set yields one"
	severalHeaders = "several headers"
	notAName       = "not the name"
	deadWildcard   = `browsers know no wildcard but "*" alone`
	orAllHeaders   = `list each header by its name, or write "*" for all: `
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
			{cors.Options{}, "AllowedOrigins", "", noOrigin, ""},
			{cors.Options{AllowedOrigins: []string{}, AllowCredentials: true}, "AllowedOrigins", "", noOrigin, ""},
		},

		origins(emptyElement, fixes{
			"":       "",
			" ":      "",
			"\t\r\n": "",
		}),
		origins("label of the host is empty", fixes{"https://.example.com": "https://*.example.com"}),
		origins("several origins in one string, with white space between", fixes{
			"https://a.example https://b.example":     "",
			"https://a.example and https://b.example": "",
			"a.example *": "",
		}),
		origins("a comma or semicolon around the origin", fixes{
			",https://a.example":     "https://a.example",
			"https://a.example,":     "https://a.example",
			"http://localhost:8080;": "http://localhost:8080",
			"http://localhost:*,":    "http://localhost:*",
			"example.com, ":          "https://example.com",
			"null,":                  "",
			"*,":                     "",
			"; https://a.example":    "https://a.example",
		}),
		origins("a name before the origin", fixes{
			"Origin: https://example.com":         "https://example.com",
			"CORS_ORIGIN=http://localhost:3000":   "http://localhost:3000",
			"blob:https://example.com/0-1":        "https://example.com",
			"a-1:HTTPS://Example.com/":            "https://example.com",
			"x=https://example.com":               "https://example.com",
			"Origin: https://*":                   "",
			"Origin: https://shop-*.example.com/": "", // a text before the wildcard
		}),
		origins("as in JSON; decode the text", fixes{
			`https:\/\/a.example`:     "",
			`["https:\/\/a.example"]`: "",
		}),
		origins("a comment in the text", fixes{
			"http://localhost:3000 # dev":                "",
			"* # all of them (or several, with commas)":  "",
			"https://a.example\t# not https://b.example": "",
		}),
		origins("white space in the text; write the origin alone", fixes{
			"Access-Control-Allow-Origin: *": "",
			"# https://example.com":          "",
			"not https://example.com":        "",
			"https ://example.com":           "",
			"https://example.com /":          "",
			"https:// example.com":           "",
		}),
		origins(noPath, fixes{
			"https://example.com//":          "https://example.com",
			"https://example.com/app":        "https://example.com",
			"https://example.com/*":          "https://example.com",
			"https://example.com/YOUR_PAGE":  "https://example.com",
			"HTTPS://Example.com:443/app/":   "https://example.com",
			"App://Example.com/app":          "app://Example.com",
			"https://example.com?x=1":        "https://example.com",
			"https://example.com?":           "https://example.com",
			"https://example.com#top":        "https://example.com",
			"https://example.com/#top":       "https://example.com",
			"https:///example.com":           "https://example.com",
			"http:////localhost:3000":        "http://localhost:3000",
			"https:////":                     "",
			"app://./index.html":             "app://.",
			"app:///index.html":              "",
			"https://https://example.com/":   "https://example.com",
			"http://http://example.com":      "http://example.com",
			"https://http://example.com":     "", // either may be meant
			"http://https://example.com":     "",
			"https://exampl?.com":            "", // the "?" may stand for any letter
			"https://my?app.example.com?x=1": "",
			"https://my#app.example.com":     "",
			"https://shop-*.example.app/x":   "", // a text before the wildcard
		}),
		origins("user name", fixes{
			"https://user:secret@example.com":   "https://example.com",
			"https://@example.com":              "https://example.com",
			`https://example.com\@evil.example`: "",
			"https://example.com@evil.example":  "", // either may be meant
			"https://a@b@example.com":           "",
		}),
		origins(noScheme, fixes{
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
			"https.//example.com":    "",
			"mailto:ada@example.com": "",
			"ada@example.com":        "",
			"@example.com":           "",
			"localhost":              "http://localhost",
			"Localhost":              "http://localhost",
			"127.0.0.1":              "http://127.0.0.1",
			"192.168.0.1":            "http://192.168.0.1",
			"203.0.113.7":            "https://203.0.113.7",
			"nas:8080":               "https://nas:8080",
			"0.0.0.0:3000":           "http://0.0.0.0:3000",
			"[::]:3000":              "http://[::]:3000",
			"localhost:443":          "https://localhost",
			"192.168.0.1:443":        "https://192.168.0.1",
			"nas":                    "", // a word
			"data:":                  "",
			"example.com:":           "",
			"*--shop.example.app":    "https://*--shop.example.app",
			"shop-*.example.app":     "", // a text before the wildcard
			"www.*":                  "",
		}),
		origins(noScheme+"; write that of the page before it, such as https://", fixes{
			"app":                     "",
			"chrome-extension:abcdef": "",
			"fe80::1":                 "",
			"bücher.example":          "",
		}),
		origins("a path, and no scheme", fixes{
			"/":               "",
			"/api":            "",
			"./origins.json":  "",
			"../etc":          "",
			`C:\origins.json`: "",
		}),
		trusted("write https or http", fixes{"htp://example.com": ""}),
		origins("misspelt", fixes{
			"htps://example.com":       "https://example.com",
			"hhttps://example.com":     "https://example.com",
			"httpss://example.com":     "https://example.com",
			"HTTSP://Example.com/":     "https://example.com",
			"htttp://example.com:8080": "http://example.com:8080",
			"ttp://example.com":        "http://example.com",
			"htpt://example.com":       "http://example.com",
			"shttp://example.com":      "http://example.com",
			"htp://localhost:3000":     "http://localhost:3000",
			"htps://*.example.com":     "https://*.example.com",
			"https.://example.com":     "https://example.com",
		}),
		origins("port is empty", fixes{"https://example.com:": "https://example.com"}),
		origins("1 to 65535 without leading zeros", fixes{
			"https://example.com:0":      "", // no page has it
			"https://example.com:0443":   "https://example.com",
			"https://example.com:65536":  "",
			"https://example.com:123456": "",
			"https://example.com:08080":  "https://example.com:8080",
			"https://example.com:http":   "",
			"https://example.com:+80":    "",
		}),
		origins("regular expressions", fixes{
			`https://.*\.example\.com$`: "",
			`https://(a|b).example`:     "",

			`^https://.*\.example\.com$`:       "",
			"^https://example.com$":            "",
			"https://example.com$":             "",
			`/https:\/\/example\.com/i`:        "",
			"/example.com/":                    "",
			"/localhost:.*/gi":                 "",
			"https?://example.com":             "",
			"http[s]?://example.com":           "",
			"~^https://example.com":            "",
			"~*example.com":                    "",
			".*":                               "",
			".+":                               "",
			"^.*$":                             "",
			"^https?://.*$":                    "",
			`/chrome-extension:\/\//`:          "",
			"https://.*.example.com":           "",
			`https://\w+\.example\.com`:        "",
			`.*\.example\.com`:                 "",
			`example\.com`:                     "",
			"https://[a-z]+.example.com":       "",
			"https://[^.]+.example.com":        "",
			"http://localhost:[0-9]{4}":        "",
			"(https://a.example|b.example)":    "",
			"https://www.?example.com":         "",
			"regex:https://example.com":        "",
			"https://a{1,3}.example":           "",
			"^https://a.example,https://b.ex$": "",
		}),
		origins("quotes", fixes{
			`"https://example.com"`:  "https://example.com",
			"'https://Example.com/'": "https://example.com",
			"`example.com`":          "https://example.com",
			"“https://example.com”":  "https://example.com",
			`"https://example.com`:   "",
			`https://"example.com"`:  "",
			`"*"`:                    "",
			`"null"`:                 "",
			`""`:                     "",
		}),
		origins(`":*" behind the host, which stands for any port`, fixes{
			"https://example.com:3000-3010":     "",
			"https://example.com:{3000..3010}":  "",
			"https://*.example.com:[8080,8081]": "",
			"https://*.example.com:[*]":         "",
			"http://localhost:3000,3001":        "",
			"http://localhost:30*":              "",
			"https://example.com:80*":           "",
			"localhost:3*":                      "",
		}),
		origins("an invisible character", fixes{
			"\ufeffhttps://example.com":       "https://example.com",
			"https://example.com\u200b":       "https://example.com",
			"https://exam\u00adple.com":       "https://example.com",
			"\u2060example.com\u200e":         "https://example.com",
			"\ufeffnull":                      "",
			"\ufeff*":                         "",
			"\u202ahttps://example.com\u202c": "https://example.com",
		}),
		origins("a list in one string", fixes{
			`["https://a.example","https://b.example"]`:  "",
			`["https://a.example"]`:                      "",
			"[https://a.example https://b.example]":      "",
			"- https://a.example":                        "",
			`- "https://a.example"`:                      "",
			"- 'https://a.example'\n- https://b.example": "",
			"[*]":                                   "",
			"[]":                                    "",
			"[ ]":                                   "",
			"{https://a.example,https://b.example}": "",
		}),
		origins("a placeholder that nothing replaced", fixes{
			"$ORIGIN":                         "",
			"CLIENT_URL":                      "",
			"http://YOUR_SERVER_IP":           "",
			"http://127.0.0.1:%!d(string=80)": "",
			"chrome-extension://YOUR_ID":      "",
			"${ORIGIN}":                       "",
			"${ORIGIN:-*}":                    "",
			"https://${HOST}":                 "",
			"{{ .Origin }}":                   "",
			"https://{{host}}:8080":           "",
			"<origin>":                        "",
			"https://<your-domain>":           "",
			"%ORIGIN%":                        "",
			"http://$(hostname)":              "",
			"https://{tenant}.a.test":         "",
		}),
		origins("a word and no origin", fixes{
			"true":  "",
			"false": "",
			"TRUE":  "",
			"none":  "",
			"all":   "",

			"undefined": "",
			"nil":       "",
			"self":      "",

			"same-origin": "",
		}),
		origins("netip.Prefix.Contains", fixes{
			"10.0.0.0/8":              "",
			"http://10.0.0.0/8":       "",
			"https://192.168.0.0/16":  "",
			"10.0.0.0/255.0.0.0":      "",
			"10/8":                    "",
			"fe80::/10":               "",
			"http://[fe80::]/10":      "",
			"http://192.168.1.*":      "",
			"http://192.168.1.*:8080": "",
			"http://192.168.1.*:*/":   "",
			"192.168.*":               "",
			"192.168.*.*":             "",
			"10.*":                    "",
			"192.168.1.x":             "",
			"192.168.1.0-255":         "",
			"192.168.1.1*":            "",
			"http://192.168.1.x":      "", // these have the form of a domain
			"http://99.0.0.x":         "",
			"http://10.0.X.X:8080/":   "",
			"https://192.168.1.0-255": "",
			"http://10.0-5.0.1-9":     "",
			"192.168.1.0/24:*":        "",
			"http://10.0.0.0/8:3000":  "",
			"http://[fe80::]/10:80":   "",
			"192.168.":                "",
			"http://192.168.1.":       "",
			"fe80::*":                 "",
		}),
		origins(`":*" behind an address stands for any port`, fixes{
			"http://192.168.1.58*":  "",
			"http://192.168.1.58*/": "",
			"192.168.1.58*":         "",
		}),
		origins("several origins", fixes{
			"https://a.example,https://b.example":   "",
			"https://a.example/,https://b.example/": "",
			"https://a.example;https://b.example":   "",
			"https://a.example|https://b.example":   "",
		}),
		origins("control character", fixes{"https://exam\x00ple.com": ""}),
		origins("no host", fixes{
			"https://":      "",
			"https://:8080": "",
		}),
		origins("not a scheme", fixes{
			"://example.com":                           "https://example.com",
			"1http://example.com":                      "http://example.com",
			"https:://example.com":                     "https://example.com",
			"=https://example.com":                     "https://example.com",
			"==https://example.com":                    "",
			"=htps://example.com":                      "",
			"+HTTP://example.com":                      "http://example.com",
			"ht_tp://example.com":                      "http://example.com",
			strings.Repeat("s", 65) + "://example.com": "",
		}),
		origins("scheme cannot be a wildcard; write one pattern for each scheme, or decide in AllowOriginFunc", fixes{
			"*://example.com":     "",
			"http*://example.com": "",
			"*s://example.com":    "",
			"*://*":               "",
		}),
		origins("wildcards alone", fixes{
			"*.*":    "",
			"**":     "",
			"*.":     "",
			"*:*":    "",
			"*:3000": "",
			"*/*":    "",
			"//*":    "",
		}),
		origins("AllowOriginFunc can allow all of one scheme", fixes{
			"https://*":      "",
			"http://*":       "",
			"HTTPS://*/":     "",
			"https://*:*":    "",
			"https://*.":     "",
			"https://shop-*": "",
		}),
		origins(`":*" behind a host stands for any port`, fixes{
			"http://localhost*":  "",
			"http://localhost*/": "",
		}),
		origins("matches every host of this scheme", fixes{
			"moz-extension://a*":     "",
			"moz-extension://*.":     "",
			"moz-extension://*:*":    "",
			"moz-extension://*:8080": "",
		}),
		origins("list the hosts, or decide in AllowOriginFunc: the wildcard may stand in the first label only", fixes{
			"https://a.*.com":      "",
			"https://example.*":    "",
			"https://example.com*": "",
		}),
		origins("list the hosts, or decide in AllowOriginFunc: more than one wildcard", fixes{
			"https://*a*.example.com": "",
			"https://*.*.example.com": "",
			"https://**.example.com":  "",
		}),
		origins("label of the host is empty", fixes{
			"https://*..example.com":                           "",
			"https://" + strings.Repeat("a", 63) + "..example": "",
			"https://example..com":                             "",
			"https://example.com..":                            "",
			"https://.":                                        "",
			"http://.":                                         "",
			"app://..":                                         "",
		}),
		origins("Punycode", fixes{
			"https://*ü.example.com": "",
			"https://exämple.com":    "",
			"https://a\x80b.example": "", // the first byte that is not ASCII, not UTF-8 either
			"https://例え.jp":          "",
		}),
		origins("no subdomains", fixes{
			"https://*.127.0.0.1":   "",
			"https://*.[::1]":       "",
			"https://*.192.168.1.x": "",
		}),
		origins("IPv4", fixes{
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
		origins("a character that no host has", fixes{"https://exa%6Dple.com": ""}),
		origins("63 bytes", fixes{
			"https://" + strings.Repeat("a", 64) + ".example":  "",
			"https://*" + strings.Repeat("a", 63) + ".example": "",
		}),
		origins("253 bytes", fixes{
			"https://" + strings.Repeat("a.", 126) + "aa":   "",
			"https://*." + strings.Repeat("a.", 125) + "aa": "",
		}),
		origins("AllowOriginFunc", fixes{
			"null":   "",
			" null ": "",
			"null/":  "",
			"NULL":   "",
		}),
		origins(missingDot, fixes{
			"https://*example.com":        "https://*.example.com",
			"https://*example.co.uk:8443": "https://*.example.co.uk:8443",
			"https://*example.com.":       "https://*.example.com.",
			"https://my*app.com":          "", // a text before the wildcard
		}),
		origins("browsers send null", fixes{
			"file://":      "",
			"file:///":     "",
			"file:///home": "",
			"file://*":     "",
			"data://x":     "",
		}),
		origins("WebSocket", fixes{
			"ws://localhost:3000": "http://localhost:3000",
			"wss://example.com":   "https://example.com",
		}),
		origins("browsers send this for every page of the scheme", fixes{
			"app://":     "",
			"content://": "",
			"qrc:///":    "",
		}),
		origins("too many colons", fixes{
			"http://a.example:8080:80":  "", // the last was cut off once, as the default port
			"https://[::1]:8080:443":    "",
			"https://a.example:443:443": "",
			"https://a.example:8080:":   "",
			"http://::1":                "",
			"http://::1:8080":           "",
		}),
		origins("bracket", fixes{"http://[::1": ""}),
		origins("not an IPv6 address", fixes{
			"http://[]":             "",
			"http://[127.0.0.1]":    "",
			"http://[fe80::1%eth0]": "",
		}),
		origins("canonical", fixes{
			"http://[0:0:0:0:0:0:0:1]:8080": "http://[::1]:8080",
			"http://[2001:DB8:0::1]":        "http://[2001:db8::1]",
			"http://[::ffff:127.0.0.1]":     "http://[::ffff:7f00:1]",
			"http://[::ffff:10.1.2.3]":      "http://[::ffff:a01:203]",
		}),

		credentialed(missingDot, fixes{"https://*example.com": "https://*.example.com"}),
		credentialed("list the origins that you trust, or leave AllowCredentials out", fixes{
			"*":   "",
			" * ": "",
		}),
		trusted("TLS", fixes{
			"http://example.com":           "",
			"http://example.com:8080":      "",
			"http://*.example.com":         "",
			"http://192.168.0.1":           "",
			"http://[2001:db8::1]":         "",
			"http://localhost.example.com": "",
			"http://*.github.io":           "",
			"http://Example.com/":          "",
		}),
		trusted("open this page at localhost", fixes{
			"http://0.0.0.0:3000": "",
			"http://0.0.0.0":      "",
		}),
		trusted("cannot be allowed with", fixes{
			"null":  "",
			"Null/": "",
		}),
		// AllowOriginFunc is not asked about them.
		trusted("serve such a page from a host of its own", fixes{
			"file://*":     "",
			"file:///home": "",
			"File://":      "",
			"app://":       "",
			"qrc:///":      "",
			"data://x":     "",
		}),
		trusted(noPath, fixes{
			"http://Example.com/app":    "", // its fix would be refused
			"http://localhost:3000/app": "http://localhost:3000",
		}),
		trusted("which begins with http or https; write that", fixes{"ws://example.com": ""}),
		trusted(noScheme+"; write that of the page before it", fixes{
			"example.com:80": "",
			"192.168.0.1":    "",
		}),
		trusted("under com", fixes{"https://*.com": ""}),
		trusted("under co.uk", fixes{"https://*.co.uk": ""}),
		trusted("under github.io", fixes{
			"https://*.github.io":      "",
			"https://*.github.io.":     "",
			"https://*.github.io:8443": "",
		}),
		trusted("under vercel.app", fixes{"https://shop-*.vercel.app": ""}),
		trusted("everybody can get a name under github.dev (", fixes{"https://*.github.dev": ""}), // not on the list
		trusted("under ws-eu1.gitpod.io", fixes{"https://3000-*.ws-eu1.gitpod.io": ""}),
		trusted("under", fixes{"https://*.ck": ""}),
		trusted("under *.ck", fixes{"https://shop-*.ck": ""}),
		trusted("under map.fastly.net", fixes{"https://m*.fastly.net": ""}),
		trusted("under foo.ck", fixes{"https://*.foo.ck": ""}),
		trusted("amazonaws.com", fixes{
			"https://*.amazonaws.com":   "",
			"https://s3*.amazonaws.com": "",
		}),
		trusted(noScheme+"; list your own hosts", fixes{
			"*.github.io":      "",
			".github.io":       "",
			"*.github.io:8443": "",
		}),
		trusted("let yours in by AllowOriginFunc", fixes{
			"moz-extension://*":        "",
			"safari-web-extension://*": "",
			"capacitor://*":            "",
		}),

		[]badPolicy{
			{cors.Options{AllowedOrigins: []string{"*", "https://a.example,https://b.example"}}, "AllowedOrigins",
				"https://a.example,https://b.example", "several origins", ""},
			{cors.Options{AllowedOrigins: []string{"*"}, AllowOriginFunc: allowAll}, "AllowOriginFunc", "", "never called", ""},
			{with(func(o *cors.Options) { o.AllowOriginVary = []string{"Host"} }), "AllowOriginVary", "",
				"no AllowOriginFunc", ""},
			{cors.Options{AllowedOrigins: []string{" * "}, AllowOriginFunc: allowAll},
				"AllowOriginFunc", "", "never called", ""},
			{cors.Options{AllowedOrigins: []string{"*"}, RefuseCrossOriginWrites: true}, "RefuseCrossOriginWrites", "",
				"every page write", ""},
		},
		varyHeaders("cache", fixes{"*": ""}),
		varyHeaders(notAName, fixes{"X Y": ""}),
		varyHeaders("by its name: browsers know", fixes{"X-*": ""}),
		varyHeaders(noLongerSent, fixes{"Access-Control-Request-Private-Network": ""}),
		varyHeaders(onlyTheName, fixes{"Cookie:": "Cookie"}),

		methods("case-sensitive", fixes{
			"get":    "GET",
			"patch":  "PATCH",
			"Delete": "DELETE",
			"put ":   "PUT",
		}),
		methods("no browser", fixes{
			"CONNECT": "",
			"trace":   "",
			" TRACK":  "",
		}),
		methods(deadWildcard, fixes{
			"P*":   "",
			"GET*": "",
			"**":   "",
			" *T":  "",
			"ALL":  "",
			"any":  "",
		}),
		methods("several methods", fixes{
			"GET,POST":       "",
			"GET;POST":       "",
			"GET|POST":       "",
			`["GET","POST"]`: "",
			`"GET";"POST"`:   "",
			`"GET|"`:         "",
		}),
		methods("quotes or commas", fixes{
			"PUT,":     "PUT",
			"put; ":    "PUT",
			"'PUT' , ": "PUT",
			"', PUT'":  "PUT",
			`"PUT"`:    "PUT",
			"'put'":    "PUT",
			`"' put'"`: "PUT",
		}),
		methods("not a method", fixes{
			"GET POST": "",
			"GET/1":    "",
			"MÉTHODE":  "",
		}),
		methods(emptyElement, fixes{
			"":  "",
			" ": "",
		}),
		methods("64 bytes", fixes{strings.Repeat("M", 65): ""}),

		requestHeaders(emptyElement, fixes{
			"":  "",
			" ": "",
		}),
		requestHeaders("AllowCredentials", fixes{
			"Cookie":  "",
			"cookie2": "",
			" Cookie": "",
		}),
		requestHeaders(orAllHeaders+deadWildcard, fixes{
			".*":           "",
			"X-*":          "",
			"Mcp-Param-*":  "",
			"x-amz-meta-*": "",
			"*-Token":      "",
			"any":          "",
		}),
		requestHeaders("neither set nor read", fixes{"Set-Cookie": ""}),
		requestHeaders("ExposedHeaders", fixes{
			"ETag":     "",
			"location": "",
		}),
		requestHeaders(notAName, fixes{
			"X(Foo)": "",
			"X Foo":  "",
			"X-Föö":  "",
			":":      "",
		}),
		requestHeaders(onlyTheName, fixes{
			"X-Foo:":  "X-Foo",
			"Cookie:": "",
			"X-*:":    "",

			`"X-Foo":`: "X-Foo",
		}),
		requestHeaders("a header with its value", fixes{
			"Content-Type: application/json":                    "Content-Type",
			"Authorization: Bearer abc":                         "Authorization",
			"Accept:application/json":                           "Accept",
			"'X-Foo': 'bar'":                                    "X-Foo",
			`"X-Foo: bar"`:                                      "X-Foo",
			"Cookie: a=b":                                       "",
			"Set-Cookie: a=b; Path=/":                           "",
			"Content-Type: multipart/form-data; boundary=\"x\"": "Content-Type",
		}),
		requestHeaders("quotes or commas", fixes{
			"Content-Type,":  "Content-Type",
			";X-Foo ,":       "X-Foo",
			"Cookie,":        "", // which is refused
			`"Content-Type"`: "Content-Type",
			"'X-Foo'":        "X-Foo",
			`"'X-Foo'"`:      "X-Foo",
		}),
		requestHeaders(severalHeaders, fixes{
			"X-Foo, X-Bar":      "",
			"X-Foo;X-Bar":       "",
			`["X-Foo","X-Bar"]`: "",
			"A: 1\r\nB: 2":      "",
			"X-Foo|X-Bar:":      "",
			"|:":                "",
		}),

		exposedHeaders(emptyElement, fixes{"": ""}),
		exposedHeaders("no browser", fixes{
			"Set-Cookie":  "",
			"set-cookie2": "",
		}),
		exposedHeaders("AllowedHeaders", fixes{
			"If-None-Match": "",
			"User-Agent":    "",
		}),
		exposedHeaders("remove this request header, which only browsers set", fixes{
			"Cookie":          "", // an error in AllowedHeaders
			"Origin":          "",
			" accept-charset": "",
		}),
		exposedHeaders(orAllHeaders+deadWildcard, fixes{
			"X-*": "",
			".*":  "",
		}),
		exposedHeaders(noLongerSent, privateNetwork),
		exposedHeaders(onlyTheName, fixes{
			"X-Foo :":     "X-Foo",
			"Set-Cookie:": "",
		}),
		exposedHeaders(severalHeaders, fixes{"X-Foo,X-Bar": ""}),
		credentialedExposedHeaders("AllowCredentials", fixes{
			"*":  "",
			"* ": "",
		}),
		credentialedExposedHeaders("by its name: browsers know", fixes{".*": ""}), // "*" is no way out
		// Its fix was "*", which is no better.
		credentialedExposedHeaders(onlyTheName, fixes{"*:": ""}),

		maxAge("nanoseconds", 600, "10m0s"),
		maxAge("nanoseconds", 86400, "24h0m0s"),
		maxAge("nanoseconds", 604800, "168h0m0s"),
		maxAge("nanoseconds", 31536000, "8760h0m0s"),
		maxAge("nanoseconds", 1, "1s"),
		maxAge("nanoseconds", 999_999_999, "277777h46m39s"),
		maxAge("less than a second", 500*time.Millisecond, "1s"),
		maxAge("whole seconds", 1500*time.Millisecond, "1s"),
		successStatus(199),
		successStatus(300),
		successStatus(302),
		successStatus(-1),
	)
}

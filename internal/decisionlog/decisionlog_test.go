package decisionlog_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/internal/test/fixture"
)

const (
	page  = "https://a.example"
	other = "https://b.example"
)

var (
	request   = fixture.Request   // ("POST", "Origin: https://a.example")
	get       = fixture.Get       // (origin)
	preflight = fixture.Preflight // (origin, method, headers...)
)

// What becomes of a request that is not refused.
const (
	silent  = "silent"
	granted = "granted"
)

// What the log says about an origin that is not allowed.
const (
	schemeDiffers  = "the scheme differs"
	hostDiffers    = "the host differs"
	portDiffers    = "the port differs"
	labelDiffers   = "the first label differs"
	onlySubdomains = "only subdomains are allowed"
	noSubdomains   = "subdomains are not allowed"
	unknownHost    = "no allowed origin has this host or a domain above it"
	opaqueOrigin   = "the origin is opaque: a sandboxed frame, a file, or a redirect between origins"
	opaqueForm     = opaqueOrigin + ", or a form on a page with the Referrer-Policy no-referrer"
	noHost         = "the origin has no host: browsers send it for every page of this scheme"
	notAsked       = ", AllowOriginFunc is not asked about it, since strangers can have this origin"
	dotDiffers     = "the dot at the end of the host differs"
	cookiesRefused = "set AllowCredentials, or have the page send no cookies: " +
		"the request has some, and then browsers hide the response"
	notAnOrigin       = "not an origin: "
	tooLongOrigin     = notAnOrigin + "too long"
	originWithoutEnd  = notAnOrigin + "an origin ends after host and port: no path, query or slash"
	originWithoutHead = notAnOrigin + "no scheme"
	severalOrigins    = "more than one Origin header"
	deniedByFunc      = "AllowOriginFunc denies it"
)

// What the log says about a preflight that the browser refuses.
const (
	cannotRepeatHeaders = "the announced headers are too many to be echoed, or malformed; list them instead of *"
	caseSensitive       = "; methods are case-sensitive"
)

func notListedMethod(name string) string { return "the method " + name + " is not in AllowedMethods" }
func randomHost(remedy string) string {
	return "the host of an extension differs in each installation of this browser; " + remedy +
		"decide in AllowOriginFunc"
}
func notListedHeader(name string) string { return "the header " + name + " is not in AllowedHeaders" }
func notListedHeaders(names string) string {
	return "the headers " + names + " are not in AllowedHeaders"
}
func hostsDiffer(a, b string) string     { return a + " and " + b + " are different hosts to browsers" }
func tooLongMethod(name string) string   { return "the method " + name + " is too long" }
func malformedMethod(name string) string { return "the method " + name + " is not a method" }

func TestRecords(t *testing.T) {
	list := cors.Options{
		AllowedOrigins: []string{
			page, "https://*.sub.example", "https://shop-*.preview.example", "http://localhost:3000", "http://localhost:5173",
			"https://port.example:8443", "https://www.apex.example", "https://*.any.example:*", "https://a*z.label.example",
		},
		AllowedMethods: []string{"PATCH"},
		AllowedHeaders: []string{"X-Foo"},
	}
	var crowd cors.Options // nine patterns of one host
	for port := range 9 {
		crowd.AllowedOrigins = append(crowd.AllowedOrigins, fmt.Sprintf("https://crowd.example:%d", 9001+port))
	}
	setByBrowsers := cors.Options{AllowedOrigins: []string{page}, AllowedHeaders: []string{"Origin", "Content-Length"}}
	wildcards := cors.Options{
		AllowedOrigins: []string{page}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"}, AllowCredentials: true,
	}
	wildcardsWithoutCredentials := wildcards
	wildcardsWithoutCredentials.AllowCredentials = false
	denying := cors.Options{AllowOriginFunc: func(*http.Request, string) bool { return false }}
	denyingWithCredentials := denying
	denyingWithCredentials.AllowCredentials = true
	denyingWrites := denying
	denyingWrites.RefuseCrossOriginWrites = true
	refusing := cors.Options{AllowedOrigins: []string{page}, RefuseCrossOriginWrites: true}
	lower := cors.Options{AllowedOrigins: []string{page}, AllowedMethods: []string{"purge-all"}}
	own := cors.Options{AllowedOrigins: []string{
		"http://127.0.0.1:5173", "http://[::1]:4000", "http://localhost:8000", "https://dot.example",
		"https://dots.example."}}
	everybody := cors.Options{AllowedOrigins: []string{"*"}}
	fetchWith := func(lines ...string) *http.Request {
		return request("GET",
			append([]string{"Origin: " + page, "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site"}, lines...)...)
	}

	longMethod := strings.Repeat("M", 64)
	listed := func(n int) string { return strings.Repeat("x-foo,", n) } // header names

	for _, tc := range []struct {
		name    string
		opts    cors.Options
		request *http.Request
		reason  string
		nearest string // allowed pattern
	}{
		{"no Origin", list, request("GET"), silent, ""},
		{"same origin", list, request("POST", "Origin: https://api.example"), silent, ""},
		{"same host, but http", list, request("POST", "Origin: http://api.example"), unknownHost, ""},
		{"an allowed origin", list, get(page), granted, ""},
		{"every origin", cors.Options{AllowedOrigins: []string{"*"}}, get(page), granted, ""},

		{"a fetch", list, fetchWith(), granted, ""},
		{"cookies", list, fetchWith("Cookie: a=b"), cookiesRefused, ""},
		{"cookies, where every origin is allowed", everybody, fetchWith("Cookie: a=b"),
			"list the origins and " + cookiesRefused, ""},
		{"cookies that are allowed", wildcards, fetchWith("Cookie: a=b"), granted, ""},
		{"cookies of an origin that is not allowed", list,
			request("GET", "Origin: http://a.example", "Sec-Fetch-Mode: cors", "Cookie: a=b"), schemeDiffers, page},
		{"cookies with a form", list,
			request("POST", "Origin: "+page, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site", "Cookie: a=b"), granted,
			""},
		{"cookies of a browser that tells no mode", list, request("GET", "Origin: "+page, "Cookie: a=b"), granted, ""},
		{"cookies of the own page", list,
			request("POST", "Origin: "+page, "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-origin", "Cookie: a=b"), granted,
			""},
		{"same origin behind a proxy", list,
			request("POST", "Origin: https://public.example", "Sec-Fetch-Site: same-origin"), silent, ""},
		{"a neighbour of the same site", list,
			request("POST", "Origin: https://public.example", "Sec-Fetch-Site: same-site"), unknownHost, ""},

		{"localhost for 127.0.0.1", own, get("http://localhost:5173"), hostsDiffer("localhost", "127.0.0.1"),
			"http://127.0.0.1:5173"},
		{"127.0.0.1 for [::1]", own, get("http://127.0.0.1:4000"), hostsDiffer("127.0.0.1", "[::1]"), "http://[::1]:4000"},
		{"[::1] for localhost", own, get("http://[::1]:8000"), hostsDiffer("[::1]", "localhost"), "http://localhost:8000"},
		{"0.0.0.0 for localhost", own, get("http://0.0.0.0:8000"), hostsDiffer("0.0.0.0", "localhost"),
			"http://localhost:8000"},
		{"127.0.0.1 on another port", own, get("http://127.0.0.1:9999"), portDiffers, "http://127.0.0.1:5173"},
		{"localhost with https", own, get("https://localhost:5173"),
			schemeDiffers + " and " + hostsDiffer("localhost", "127.0.0.1"), "http://127.0.0.1:5173"},
		{"a dot at the end", own, get("https://dot.example."), dotDiffers, "https://dot.example"},
		{"a dot at the end of a subdomain", list, get("https://x.sub.example."), dotDiffers, "https://*.sub.example"},
		{"a dot at the end, and a label that the wildcard does not match", list, get("https://blog.preview.example."),
			dotDiffers + " and " + labelDiffers, "https://shop-*.preview.example"},
		{"a dot at the end of what only has subdomains", list, get("https://sub.example."),
			dotDiffers + " and " + onlySubdomains, "https://*.sub.example"},
		{"a dot at the end of a subdomain that is not allowed", list, get("https://x.a.example."),
			dotDiffers + " and " + noSubdomains, page},
		{"no dot at the end", own, get("https://dots.example"), dotDiffers, "https://dots.example."},

		{"scheme", list, get("http://a.example"), schemeDiffers, page},
		{"port", list, get("https://a.example:8080"), portDiffers, page},
		{"scheme and port", list, get("http://a.example:8080"), schemeDiffers + " and " + portDiffers, page},
		{"the nearest of two", list, get("https://localhost:5173"), schemeDiffers, "http://localhost:5173"},
		{"the first of two that are equally near", list, get("http://localhost:9999"), portDiffers, "http://localhost:3000"},
		{"domain of subdomains", list, get("https://sub.example"), onlySubdomains, "https://*.sub.example"},
		{"subdomain with another scheme", list, get("http://x.y.sub.example"), schemeDiffers, "https://*.sub.example"},
		{"subdomain with a port", list, get("http://x.any.example:1"), schemeDiffers, "https://*.any.example:*"},
		{"subdomain", list, get("https://x.a.example"), noSubdomains, page},
		{"subdomain of eight labels", list, get("http://h.g.f.e.d.c.b.a.sub.example"), schemeDiffers,
			"https://*.sub.example"},
		{"subdomain of more", list, get("http://i.h.g.f.e.d.c.b.a.sub.example"), unknownHost, ""},
		{"first label", list, get("https://blog-1.preview.example"), labelDiffers, "https://shop-*.preview.example"},
		{"first label with nothing for the wildcard", list, get("https://az.label.example"), labelDiffers,
			"https://a*z.label.example"},
		{"first label with something for the wildcard", list, get("http://abz.label.example"), schemeDiffers,
			"https://a*z.label.example"},
		{"www", list, get("https://apex.example"), hostDiffers, "https://www.apex.example"},
		{"domain above a wildcard's", cors.Options{AllowedOrigins: []string{"https://*.www.a.example"}},
			get("http://a.example"), schemeDiffers + " and " + hostDiffers, "https://*.www.a.example"},
		{"the last pattern of a host that is compared", crowd, get("http://crowd.example:9008"), schemeDiffers,
			"https://crowd.example:9008"},
		{"the first that is not", crowd, get("http://crowd.example:9009"), schemeDiffers + " and " + portDiffers,
			"https://crowd.example:9001"},
		{"unknown host", list, get("https://evil.invalid"), unknownHost, ""},
		{"the longest origin", list, get(fixture.LongestOrigin), unknownHost, ""},
		{"a longer origin", list, get("s" + fixture.LongestOrigin), tooLongOrigin, ""},
		{"the longest Origin that is not cut", list, get("!~" + strings.Repeat("x", 126)), originWithoutHead, ""},
		{"slash", list, get(page + "/"), originWithoutEnd, ""},
		{"several origins in one line", list, get(page + "," + other), notAnOrigin + "several origins in one string", ""},
		{"a byte that no host has", list, get("https://(a).example"), notAnOrigin + "a character that no host has", ""},
		{"a file with its path", list, get("file:///tmp"), notAnOrigin + "browsers send null or file:// for files", ""},
		{"a scheme without origins", list, get("blob://a.example"), notAnOrigin + "browsers send null for this scheme", ""},
		{"a scheme of WebSockets", list, get("wss://a.example"), notAnOrigin + "with WebSocket handshakes browsers send " +
			"the origin of the page, which begins with http or https", ""},
		{"null", list, get("null"), opaqueForm, ""},
		{"null of a script", list, request("POST", "Origin: null", "Sec-Fetch-Mode: cors"), opaqueOrigin, ""},
		{"null, with a function", denying, get("null"), opaqueForm + "; AllowOriginFunc denies it", ""},
		{"null, with a function and credentials", denyingWithCredentials, get("null"),
			opaqueForm + "; with AllowCredentials" + notAsked, ""},
		{"null, with a function and writes that are refused", denyingWrites, get("null"),
			opaqueForm + "; with RefuseCrossOriginWrites" + notAsked, ""},
		{"null in a preflight", list, preflight("null", "PUT"), opaqueOrigin, ""},
		{"file", list, get("file://"), noHost, ""},
		{"the pages of an application", denying, get("qrc://"), noHost + "; AllowOriginFunc denies it", ""},
		{"the pages of an application, with credentials", denyingWithCredentials, get("qrc://"),
			noHost + "; with AllowCredentials" + notAsked, ""},
		{"two lines of Origin", list, request("GET", "Origin: "+page, "Origin: "+page), severalOrigins, ""},
		{"AllowOriginFunc", denying, get(other), deniedByFunc, ""},
		{"extension whose host is random", list, get("moz-extension://2c127fa4"), randomHost("allow moz-extension://*, or "),
			""},
		{"extension whose host is upper-case", list, get("safari-web-extension://2C127FA4"),
			randomHost("allow safari-web-extension://*, or "), ""},
		{"extension whose host is random, with credentials", wildcards, get("moz-extension://2c127fa4"), randomHost(""), ""},
		{"extension whose host is random, where writes are refused", refusing, get("moz-extension://2c127fa4"),
			randomHost(""), ""},
		{"extension whose host is fixed", list, get("chrome-extension://abcdef"), unknownHost, ""},
		{"allowed extension", cors.Options{AllowedOrigins: []string{"moz-extension://*"}}, get("moz-extension://2c127fa4"),
			granted, ""},
		{"host with two dots at its end, beside an allowed scheme", cors.Options{AllowedOrigins: []string{"app://*"}},
			get("foo://a.."), unknownHost, ""},

		{"preflight", list, preflight(page, "PATCH", "x-foo, , X-FOO"), granted, ""},
		{"preflight of an origin that is not allowed", list, preflight("http://a.example", "PUT"), schemeDiffers, page},
		{"method", list, preflight(page, "PUT"), notListedMethod("PUT"), ""},
		{"method in lower case", list, preflight(page, "patch"), notListedMethod("patch") + caseSensitive, ""},
		{"method in upper case", lower, preflight(page, "PURGE-ALL"), notListedMethod("PURGE-ALL") + caseSensitive, ""},
		{"method of another length", lower, preflight(page, "PURGE-AL"), notListedMethod("PURGE-AL"), ""},
		{"safelisted method", list, preflight(page, "POST", "x-foo"), granted, ""},
		{"the longest method", list, preflight(page, longMethod), notListedMethod(longMethod), ""},
		{"a longer method", list, preflight(page, longMethod+"M"), tooLongMethod(longMethod + "M"), ""},
		{"header", list, preflight(page, "GET", "x-foo", "x-foo,x-bar"), notListedHeader("x-bar"), ""},
		{"headers, each once", list, preflight(page, "GET", "x-b,x-foo", "x-a, X-B,x-a"), notListedHeaders("x-b, x-a"), ""},
		{"method and header", list, preflight(page, "PUT", "x-bar"),
			notListedMethod("PUT") + ", and " + notListedHeader("x-bar"), ""},
		{"as many headers as a record names", list, preflight(page, "GET", "a,b,c,d,e,f,g,h"),
			notListedHeaders("a, b, c, d, e, f, g, h"), ""},
		{"more headers", list, preflight(page, "GET", "a,b,c,d,e,f,g,h,i,j,k"),
			notListedHeaders("a, b, c, d, e, f, g, h and more"), ""},

		// The first 4096 bytes of the announced headers are compared.
		{"header before the end", list, preflight(page, "GET", "x-bar,"+listed(1000)), notListedHeader("x-bar"), ""},
		{"the last header", list, preflight(page, "GET", listed(681)+"x-foobar-"), notListedHeader("x-foobar-"), ""},
		{"header that is cut off", list, preflight(page, "GET", listed(682)+"x-bar"), granted, ""},
		{"header in a line after the last that fits", list, preflight(page, "GET", listed(682)+"   ", "x-bar"), granted, ""},
		{"header in a line after one that does not fit", list, preflight(page, "GET", listed(1000), "x-bar"), granted, ""},
		{"header after the end", list, preflight(page, "GET", listed(1000)+"x-bar"), granted, ""},

		{"headers that the policy lists and the answer leaves out", setByBrowsers,
			preflight(page, "GET", "origin,content-length"), granted, ""},
		{"wildcards", wildcards, preflight(page, "FOO", "x-bar"), granted, ""},
		{"a method too long to repeat", wildcards, preflight(page, longMethod+"M"), tooLongMethod(longMethod + "M"), ""},
		{"not a method", wildcards, preflight(page, "F(O"), malformedMethod("F(O"), ""},
		{"headers too long to repeat", wildcards, preflight(page, "FOO", strings.Repeat("x", 4096)), cannotRepeatHeaders,
			""},
		{"wildcards that repeat nothing", wildcardsWithoutCredentials,
			preflight(page, longMethod+"M", strings.Repeat("x", 4096)), granted, ""},
	} {
		kind, sent := "CORS request", ""
		if tc.request.Method == "OPTIONS" {
			kind = "CORS preflight"
		}
		if lines := tc.request.Header["Origin"]; lines != nil {
			sent = lines[0]
		}
		if len(sent) > 128 {
			sent = sent[:128] + "…"
		}
		info, debug := "", ""
		about := fmt.Sprintf(" origin=%s method=%s path=/users", sent, tc.request.Method)
		switch tc.reason {
		case silent:
		case granted:
			debug = "DEBUG " + kind + " granted" + about + "\n"
		default:
			info = "INFO " + kind + " refused" + about + " reason=" + tc.reason
			if tc.nearest != "" {
				info += " allowed=" + tc.nearest
			}
			info += "\n"
		}
		for level, want := range map[slog.Level]string{slog.LevelDebug: info + debug, slog.LevelInfo: info,
			slog.LevelWarn: ""} {
			t.Run(tc.name+" "+level.String(), func(t *testing.T) {
				assert.Equal(t, want, logOf(t, tc.opts, level, tc.request))
			})
		}
	}
}

// logOf returns what is logged about r.
func logOf(t *testing.T, opts cors.Options, level slog.Level, r *http.Request) string {
	t.Helper()
	log := fixture.Log{Level: level}
	opts.Logger = slog.New(&log)
	fixture.Serve(cors.New(opts)(fixture.Nothing), r)
	return log.String()
}

// What a hostile preflight announces costs a bounded record.
func TestManyMissingHeaders(t *testing.T) {
	names := make([]string, 2000)
	for i := range names {
		names[i] = fmt.Sprintf("x-%d", i)
	}
	for _, lines := range [][]string{
		names, {strings.Join(names, ",")}, {strings.Repeat("\x01", 5000)}, slices.Repeat([]string{","}, 9000),
	} {
		log := logOf(t, cors.Options{AllowedOrigins: []string{page}}, slog.LevelInfo, preflight(page, "PUT", lines...))
		assert.Less(t, len(log), 2000)
		assert.Equal(t, 1, strings.Count(log, "\n"))
	}
}

// A write that is refused is one record, not two.
func TestRefusedWrites(t *testing.T) {
	opts := cors.Options{AllowedOrigins: []string{page}, RefuseCrossOriginWrites: true}
	const about, noOrigin = "INFO CORS write refused origin=%s method=POST path=/users reason=%s\n",
		"no Origin header, and Sec-Fetch-Site says that a page of another origin sent the request"
	for _, tc := range []struct {
		name    string
		request *http.Request
		want    string
	}{
		{"scheme", request("POST", "Origin: http://a.example"),
			fmt.Sprintf(about, "http://a.example", schemeDiffers+" allowed="+page)},
		{"null", request("POST", "Origin: null"), fmt.Sprintf(about, "null", opaqueForm)},
		{"no Origin", request("POST", "Sec-Fetch-Site: cross-site"), fmt.Sprintf(about, `""`, noOrigin)},
		{"same origin", request("POST", "Origin: https://api.example", "Sec-Fetch-Site: same-origin"), ""},
		{"no browser", request("POST"), ""},
		{"read", get(other), "INFO CORS request refused origin=https://b.example method=GET path=/users reason=" +
			unknownHost + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, logOf(t, opts, slog.LevelDebug, tc.request))
			assert.Empty(t, logOf(t, opts, slog.LevelWarn, tc.request))
		})
	}
}

// The log once took such an Origin for a pattern, and said that its host is unknown.
func TestWildcardOriginIsMalformed(t *testing.T) {
	opts := cors.Options{AllowedOrigins: []string{page, "https://*.b.example"}}
	for _, origin := range []string{
		"https://*.a.example", "https://*.b.example", "https://pre-*.a.example", "https://*.evil.example",
		"http://localhost:*", "app://*.a",
	} {
		log := logOf(t, opts, slog.LevelInfo, get(origin))
		assert.Contains(t, log, " origin="+origin+" ")
		assert.Contains(t, log, " reason="+notAnOrigin)
		assert.NotContains(t, log, " allowed=")
	}
}

func TestLoggedClientTextIsBoundedAndQuoted(t *testing.T) {
	const megabyte = 1 << 20
	hostile := strings.Repeat("\n\x1b[31mé,", megabyte/8)
	r := preflight(hostile, hostile, hostile)
	r.URL.Path = "/" + hostile
	opts := cors.Options{AllowedOrigins: []string{page}}
	log := logOf(t, opts, slog.LevelInfo, r)
	r.Header["Origin"] = []string{page}
	log += logOf(t, opts, slog.LevelInfo, r)
	r.Header["Access-Control-Request-Method"] = []string{"GET"}
	r.Header["Access-Control-Request-Headers"] = []string{"x\"\x00" + strings.Repeat("y", 4000)}
	log += logOf(t, opts, slog.LevelInfo, r)

	lines := strings.Split(strings.TrimSuffix(log, "\n"), "\n")
	require.Len(t, lines, 3, "%q", log)
	for _, line := range lines {
		assert.Less(t, len(line), 2500)
		assert.Regexp(t, "^[ -~…]+$", line, "nothing that a terminal acts upon")
	}

	for path, want := range map[string]string{
		"/!~": "/!~", `/a"b`: `"/a\"b"`, `/a\b`: `"/a\\b"`, "/a b": `"/a b"`, "": `""`,
	} {
		r := get("http://a.example")
		r.URL.Path = path
		assert.Contains(t, logOf(t, opts, slog.LevelInfo, r), " path="+want+" ", "quoted unless it is plain")
	}
}

package conformance_test

import (
	"fmt"
	"net/http"
	"strings"
)

// A reply is what a raw server answers: a status, 0 for the usual one, and the
// lines of its header. In the lines PAGE, API, OTHER, APP, SIBLING and STRANGER
// stand for origins and CASE for the path of the case; a short name stands for that
// of a CORS header.
type reply struct {
	status int
	lines  []string
}

var short = map[string]string{
	"Origin":      "Access-Control-Allow-Origin",
	"Credentials": "Access-Control-Allow-Credentials",
	"Methods":     "Access-Control-Allow-Methods",
	"Headers":     "Access-Control-Allow-Headers",
	"Max-Age":     "Access-Control-Max-Age",
	"Expose":      "Access-Control-Expose-Headers",
}

// allow is a reply that names the page's origin, and has more lines.
func allow(lines ...string) reply { return reply{lines: append([]string{"Origin: PAGE"}, lines...)} }

// deny is a reply without CORS headers but for the lines.
func deny(lines ...string) reply { return reply{lines: lines} }

func (r reply) with(status int) reply {
	r.status = status
	return r
}

func (r reply) write(w http.ResponseWriter, o origins, base string, usual int) {
	for _, line := range r.lines {
		name, value, _ := strings.Cut(line, ": ")
		if full := short[name]; full != "" {
			name = full
		}
		value = strings.NewReplacer(
			"PAGE", o.page, "API", o.api, "OTHER", o.other, "CASE", base,
			"APP", at(app, o.page), "SIBLING", at(sibling, o.api), "STRANGER", at(stranger, o.api),
		).Replace(value)
		w.Header().Add(name, value)
	}
	if r.status != 0 {
		usual = r.status
	}
	if usual == http.StatusSwitchingProtocols {
		w.Header().Set("Connection", "close") // some engines wait for more than a header
	}
	w.WriteHeader(usual)
}

// raw is a server that answers every preflight, and every other request, alike.
func raw(preflight, actual reply) server {
	return paths(map[string]reply{"preflight": preflight, "": actual})
}

// paths is a server whose answers differ by path. The answer to preflights of a
// path is under "preflight " and the path.
func paths(replies map[string]reply) server {
	return func(o origins) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			i := strings.LastIndexByte(r.URL.Path, '/')
			base, path := r.URL.Path[:i], r.URL.Path[i+1:]
			if isPreflight(r) {
				replies[strings.TrimSpace("preflight "+path)].write(w, o, base, http.StatusNoContent)
				return
			}
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("X-One", "1")
			w.Header().Set("X-Two", "2")
			replies[path].write(w, o, base, http.StatusOK)
			_, _ = w.Write([]byte("hello"))
		})
	}
}

// fetch is a call with the headers of the lines.
func fetch(method string, lines ...string) call {
	c := call{method: method}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		c.header = append(c.header, [2]string{name, value})
	}
	if method == "POST" || method == "PUT" || method == "PATCH" {
		c.body = "hello"
		if len(lines) == 0 || !strings.HasPrefix(lines[0], "Content-Type") {
			// What fetch would add by itself, and corstest would not.
			c.header = append(c.header, [2]string{"Content-Type", "text/plain;charset=UTF-8"})
		}
	}
	return c
}

func (c call) include() call {
	c.credentials = true
	return c
}

func (c call) listening() call {
	c.upload = true
	return c
}

// caching has fetch's option "cache".
func (c call) caching(mode string) call {
	c.cache = mode
	return c
}

func (c call) atHome() call {
	c.home = true
	return c
}

// to sends the call to another host of the API's server.
func (c call) to(host string) call {
	c.host = host
	return c
}

func (c call) in(mode string) call {
	c.mode = mode
	return c
}

// arriving says how many requests a beacon or form makes, with redirects.
func (c call) arriving(n int) call {
	c.arrivals = n
	return c
}

func one(c call) []call { return []call{c} }

// originValues are values of Access-Control-Allow-Origin; a "|" separates lines.
var originValues = []string{
	"", "PAGE", "*", "null", "https://a.example", "PAGE/", "http://127.0.0.1", "PAGE, PAGE", "PAGE|PAGE", "*|*",
	"*, PAGE", "PAGE, *",
	"  PAGE  ", `"PAGE"`, "PAGE;", "HTTP://127.0.0.1:1", "https://*", "true", "PAGE null",
}

// lines spells a header out, whose value may be several lines; "" is no line.
func lines(name, value string) (all []string) {
	if value == "" {
		return nil
	}
	for _, v := range strings.Split(value, "|") {
		all = append(all, name+": "+v)
	}
	return all
}

// checkCases are about the CORS check of the response itself.
func checkCases() (cases []testCase) {
	for _, value := range originValues {
		for _, credentials := range []bool{false, true} {
			c := fetch("GET")
			c.credentials = credentials
			cases = append(cases, testCase{
				name: fmt.Sprintf("check: origin %q, credentials %v", value, credentials), calls: one(c),
				server: raw(reply{}, deny(append(lines("Origin", value), "Credentials: true")...)),
			})
		}
	}
	for _, value := range []string{
		"", "true", "True", "TRUE", "true, true", "true|true", "1", " true ", "false", "*", "true;", "true|false",
	} {
		cases = append(cases, testCase{
			name: fmt.Sprintf("check: credentials %q", value), calls: one(fetch("GET").include()),
			server: raw(reply{}, allow(lines("Credentials", value)...)),
		})
	}
	return append(cases,
		testCase{name: "check: no credentials needed none", calls: one(fetch("GET")), server: raw(reply{}, allow())},
		testCase{name: "check: empty origin", calls: one(fetch("GET")), server: raw(reply{}, deny("Origin: "))},
		testCase{
			name: "check: empty credentials", calls: one(fetch("GET").include()), server: raw(reply{}, allow("Credentials: ")),
		},
	)
}

// preflightCases are about the answer to a preflight, step by step.
func preflightCases() (cases []testCase) {
	put := one(fetch("PUT"))
	add := func(name string, calls []call, preflight reply) {
		cases = append(cases, testCase{
			name: "preflight: " + name, calls: calls, server: raw(preflight, allow("Credentials: true")),
		})
	}
	// 1. The CORS check.
	for _, value := range originValues {
		add(fmt.Sprintf("origin %q", value), put, deny(append(lines("Origin", value), "Methods: PUT")...))
	}
	for _, value := range []string{"", "PAGE", "*", "PAGE|PAGE"} {
		add(fmt.Sprintf("origin %q, credentials", value), one(fetch("PUT").include()),
			deny(append(lines("Origin", value), "Methods: PUT", "Credentials: true")...))
	}
	for _, value := range []string{"", "true", "TRUE", "true|true", "false"} {
		add(fmt.Sprintf("credentials %q", value), one(fetch("PUT").include()),
			allow(append(lines("Credentials", value), "Methods: PUT")...))
	}
	// 2. The status.
	for _, status := range []int{
		200, 201, 202, 204, 205, 206, 226, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 418, 500, 503,
	} {
		add(fmt.Sprint("status ", status), put, allow("Methods: PUT").with(status))
	}
	for _, status := range []int{301, 302, 307, 308} {
		add(fmt.Sprintf("status %d with a place to go", status), put,
			allow("Methods: PUT", "Location: APICASE/next").with(status))
	}
	// 3 and 4. The list of methods.
	for _, value := range []string{
		"", "PUT", "put", "Put", "*", "PUT,DELETE", "DELETE , PUT", ",PUT,,", "PUT;DELETE", `"PUT"`, "PUT DELETE",
		"DELETE|PUT", "  PUT  ", "GET", "GET, P(T", "PUT, *", "PU", "PUTS", "*PUT",
	} {
		add(fmt.Sprintf("methods %q for PUT", value), put, allow(lines("Methods", value)...))
	}
	for _, value := range []string{"*", "PUT", "*, PUT", "PUT, *", "*|PUT"} {
		add(fmt.Sprintf("methods %q for PUT with credentials", value), one(fetch("PUT").include()),
			allow(append(lines("Methods", value), "Credentials: true")...))
	}
	add("empty methods", put, allow("Methods: "))
	add("malformed methods for GET", one(fetch("GET", "X-A: 1")), allow("Methods: GET POST", "Headers: X-A"))
	add("other methods for GET", one(fetch("GET", "X-A: 1")), allow("Methods: PUT", "Headers: X-A"))
	add("other methods for POST", one(fetch("POST", "X-A: 1")), allow("Methods: PUT", "Headers: X-A"))
	add("other methods for HEAD", one(fetch("HEAD", "X-A: 1")), allow("Methods: PUT", "Headers: X-A"))
	// 5. Authorization.
	add("authorization under *", one(fetch("GET", "Authorization: x")), allow("Headers: *"))
	add("authorization under *, PUT", one(fetch("PUT", "Content-Type: text/plain", "Authorization: x")),
		allow("Methods: PUT", "Headers: *"))
	add("authorization under * with credentials", one(fetch("GET", "Authorization: x").include()),
		allow("Headers: *", "Credentials: true"))
	add("authorization beside *", one(fetch("GET", "Authorization: x")), allow("Headers: *, Authorization"))
	add("authorization and more beside *", one(fetch("GET", "Authorization: x", "X-A: 1")),
		allow("Headers: *, Authorization"))
	add("authorization by name", one(fetch("GET", "Authorization: x")), allow("Headers: authorization"))
	add("authorization not named", one(fetch("GET", "Authorization: x")), allow("Headers: X-A"))
	// 6. The list of headers.
	for _, value := range []string{
		"", "X-A", "x-a", "X-a", "*", "X-B", "X-B, X-A", "X-B|X-A", ",X-A,,", "X-A;X-B", `"X-A"`, "X A",
		"X-A, X(B", "  X-A  ", "*, X-B", "X-*", "X-AA",
	} {
		add(fmt.Sprintf("headers %q for X-A", value), one(fetch("GET", "X-A: 1")), allow(lines("Headers", value)...))
	}
	for _, value := range []string{"*", "X-A", "*, X-A"} {
		add(fmt.Sprintf("headers %q for X-A with credentials", value), one(fetch("GET", "X-A: 1").include()),
			allow(append(lines("Headers", value), "Credentials: true")...))
	}
	add("malformed headers for PUT", put, allow("Methods: PUT", "Headers: X A"))
	add("two headers of which one", one(fetch("GET", "X-A: 1", "X-B: 1")), allow("Headers: X-A"))
	add("two headers of which both", one(fetch("GET", "X-B: 1", "X-A: 1")), allow("Headers: X-A, X-B"))
	add("many headers", one(fetch("GET", "X-E: 1", "X-D: 1", "X-C: 1", "X-B: 1", "X-A: 1", "A: 1", "Z: 1")),
		allow("Headers: *"))
	add("a header of strange bytes", one(fetch("GET", "!#$%&'*+-.^_`|~: 1")), allow("Headers: !#$%&'*+-.^_`|~"))
	// What only the next request is judged by.
	add("exposed headers", put, allow("Methods: PUT", "Expose: X-One"))
	cases = append(cases,
		testCase{name: "preflight: passed, then no origin", calls: put, server: raw(allow("Methods: PUT"), deny())},
		testCase{
			name: "preflight: passed, then another origin", calls: put,
			server: raw(allow("Methods: PUT"), deny("Origin: https://a.example")),
		},
		testCase{
			name: "preflight: passed, then no credentials", calls: one(fetch("PUT").include()),
			server: raw(allow("Methods: PUT", "Credentials: true"), allow()),
		},
		testCase{
			name: "preflight: none needed, none asked", calls: one(fetch("POST")), server: raw(deny().with(500), allow()),
		},
	)
	return cases
}

// requestCases are about what browsers take for safelisted, and what for methods.
func requestCases() (cases []testCase) {
	everything := raw(allow("Methods: PUT, PATCH, DELETE, OPTIONS, QUERY, PURGE, patch, query",
		"Headers: Accept, Accept-Language, Content-Language, Content-Type, Range, Cookie, Origin, "+
			"X-Http-Method-Override, X-Http-Method, Authorization, Dpr, Save-Data, Downlink, If-None-Match, Cache-Control, "+
			"User-Agent, Accept-Charset, Sec-Foo, Date"),
		allow())
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, header := range []string{
		"Accept: text/html", "Accept: " + long(128), "Accept: " + long(129), "Accept: a\tb", "Accept: a:b", "Accept: a(b",
		"Accept: a\"b", "Accept: a<b>", "Accept: a?b", "Accept: a@b", "Accept: [a]", "Accept: a\\b", "Accept: {a}",
		"Accept: ",
		"Accept-Language: de", "Accept-Language: " + long(128), "Accept-Language: " + long(129),
		"Accept-Language: de;q=0.5, en", "Accept-Language: de_DE", "Accept-Language: a&b", "Accept-Language: a/b",
		"Content-Language: de", "Content-Language: " + long(129), "Content-Language: \"de\"",
		"Range: bytes=0-", "Range: bytes=0-10", "Range: bytes=10-10", "Range: bytes=10-0", "Range: bytes=-5",
		"Range: bytes=0-1,3-4", "Range: bytes = 0-1", "Range: items=0-1", "Range: bytes=00-10", "Range: bytes=0-" + long(1),
		"Range: bytes=18446744073709551615-18446744073709551616",
		"If-None-Match: x", "Cache-Control: no-cache", "Dpr: 1", "Save-Data: on", "Downlink: 1", "User-Agent: x",
		"Cookie: a=b", "Origin: https://a.example", "Host: a.example", "Sec-Foo: 1", "Proxy-Foo: 1", "Accept-Charset: x",
		"Date: x", "X-Http-Method-Override: TRACE", "X-Http-Method-Override: GET", "X-Http-Method: a, track",
	} {
		name := header
		if len(name) > 60 {
			name = fmt.Sprintf("%.30s… of %d bytes", header, len(header))
		}
		cases = append(cases, testCase{
			name: fmt.Sprintf("request: %q", name), calls: one(fetch("GET", header)), server: everything,
		})
	}
	for _, value := range []string{
		"text/plain", "TEXT/PLAIN", "text/plain;charset=utf-8", " text/plain", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x", "application/json", "text/html", "text/plain, application/json",
		"text/plain; charset=\"utf-8\"", "text/plain; a=(b)", "text", "text/plain;" + long(118),
		"application/x-www-form-urlencoded ;charset=utf-8",
	} {
		cases = append(cases, testCase{
			name:  fmt.Sprintf("request: content type %.40q", value),
			calls: one(fetch("POST", "Content-Type: "+value)), server: everything,
		})
	}
	for _, n := range []int{7, 9} {
		var many []string
		for range n {
			many = append(many, "Accept-Language: "+long(100))
		}
		cases = append(cases, testCase{
			name: fmt.Sprintf("request: Accept-Language %d times", n), calls: one(fetch("GET", many...)), server: everything,
		})
	}
	for _, method := range []string{
		"GET", "get", "HEAD", "head", "POST", "post", "PUT", "put", "PATCH", "patch", "Patch", "DELETE", "delete", "OPTIONS",
		"options", "QUERY", "query", "PURGE", "CONNECT", "TRACE", "track", "COPY",
	} {
		cases = append(cases, testCase{name: "request: method " + method, calls: one(fetch(method)), server: everything})
	}
	for _, method := range []string{"QUERY", "query", "Query"} {
		for _, contentType := range []string{"text/plain", "application/json"} {
			c := fetch(method, "Content-Type: "+contentType)
			c.body = "hello"
			for _, methods := range []string{"", "QUERY", "query", "*", "POST"} {
				cases = append(cases, testCase{
					name: fmt.Sprintf("request: %s of %s, methods %q", method, contentType, methods), calls: one(c),
					server: raw(allow(append(lines("Methods", methods), "Headers: Content-Type")...), allow()),
				})
			}
		}
	}
	upload := fetch("POST").listening()
	return append(cases,
		testCase{name: "request: upload", calls: one(upload), server: raw(allow(), allow())},
		testCase{name: "request: upload of nothing", calls: one(fetch("GET").listening()), server: raw(allow(), allow())},
		testCase{name: "request: upload, refused", calls: one(upload), server: raw(deny(), allow())},
		testCase{
			name: "request: upload, with credentials", calls: one(upload.include()),
			server: raw(allow("Credentials: true"), allow("Credentials: true")),
		},
		testCase{name: "request: upload, other methods", calls: one(upload), server: raw(allow("Methods: PUT"), allow())},
		testCase{
			name: "request: upload of JSON", calls: one(fetch("POST", "Content-Type: application/json").listening()),
			server: raw(allow("Headers: content-type"), allow()),
		},
	)
}

// responseCases are about what of a response the script may read.
func responseCases() (cases []testCase) {
	for _, value := range []string{
		"", "X-One", "x-one", "X-One, X-Two", "X-One|X-Two", "*", "*, X-One", ",X-One,", "X-One X-Two", `"X-One"`,
		"X-One; X-Two", "Set-Cookie", "X-Three", "Content-Length",
	} {
		for _, credentials := range []bool{false, true} {
			c := fetch("GET")
			c.credentials = credentials
			cases = append(cases, testCase{
				name: fmt.Sprintf("response: exposed %q, credentials %v", value, credentials), calls: one(c),
				server: raw(reply{},
					allow(append(lines("Expose", value), "Credentials: true", "Set-Cookie: a=b; Path=/nowhere")...)),
			})
		}
	}
	for _, header := range []string{
		"Cache-Control: max-age=1", "Content-Language: de", "Expires: Wed, 21 Oct 2015 07:28:00 GMT",
		"Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT", "Pragma: no-cache", `ETag: "1"`,
	} {
		cases = append(cases, testCase{
			name: "response: " + header, calls: one(fetch("GET")), server: raw(reply{}, allow(header)),
		})
	}
	for _, status := range []int{
		200, 201, 203, 204, 206, 226, 299, 300, 400, 401, 403, 404, 405, 410, 418, 429, 500, 503,
	} {
		cases = append(cases,
			testCase{
				name: fmt.Sprintf("response: status %d", status), calls: one(fetch("GET")),
				server: raw(reply{}, allow().with(status)),
			},
			testCase{
				name: fmt.Sprintf("response: status %d without origin", status), calls: one(fetch("GET")),
				server: raw(reply{}, deny().with(status)),
			},
		)
	}
	return cases
}

// cacheCases are about the cache of preflights.
func cacheCases() (cases []testCase) {
	fresh := "Cache-Control: no-store" // so that no response itself is kept
	add := func(name string, preflight reply, calls ...call) {
		cases = append(cases, testCase{
			name: "cache: " + name, calls: calls, server: raw(preflight, allow("Credentials: true", fresh)),
		})
	}
	put, patch := fetch("PUT"), fetch("PATCH")
	a, b := fetch("GET", "X-A: 1"), fetch("GET", "X-B: 1")
	for _, age := range []string{
		"", "0", "600", "-1", "abc", "1.5", "+600", "600, 600", "600|600", "0|600",
		"99999999999999999999999", " 600 ", "0600", "1e3", "600;",
	} {
		add(fmt.Sprintf("max-age %q", age), allow(append(lines("Max-Age", age), "Methods: PUT")...), put, put)
	}
	add("empty max-age", allow("Max-Age: ", "Methods: PUT"), put, put)
	add("across methods", allow("Max-Age: 600", "Methods: PUT, PATCH"), put, patch, put)
	add("across headers", allow("Max-Age: 600", "Headers: X-A, X-B"), a, b, a)
	add("across methods and headers", allow("Max-Age: 600", "Methods: PUT, PATCH", "Headers: X-A"), put, a,
		fetch("PATCH", "Content-Type: text/plain", "X-A: 1"))
	add("only what was asked for", allow("Max-Age: 600", "Methods: PUT"), put, put, patch)
	add("any method", allow("Max-Age: 600", "Methods: *"), put, patch)
	add("any header", allow("Max-Age: 600", "Headers: *"), a, b)
	add("any header, authorization", allow("Max-Age: 600", "Headers: *, Authorization"), a,
		fetch("GET", "Authorization: x"))
	add("credentials, then none", allow("Max-Age: 600", "Methods: PUT", "Credentials: true"), put.include(), put)
	add("no credentials, then some", allow("Max-Age: 600", "Methods: PUT", "Credentials: true"), put, put.include())
	add("refused in between", allow("Max-Age: 600", "Methods: PUT"), put,
		fetch("PUT", "Content-Type: text/plain", "X-A: 1"), put)
	add("GET after PUT", allow("Max-Age: 600", "Methods: PUT", "Headers: X-A"), put, a)
	add("HEAD after PUT", allow("Max-Age: 600", "Methods: PUT", "Headers: X-A"), put, fetch("HEAD", "X-A: 1"))
	add("POST after PUT", allow("Max-Age: 600", "Methods: PUT", "Headers: X-A"), put,
		fetch("POST", "Content-Type: text/plain", "X-A: 1"))
	add("upload twice", allow("Max-Age: 600", "Methods: POST"), fetch("POST").listening(), fetch("POST").listening())
	add("upload after PUT", allow("Max-Age: 600", "Methods: PUT"), put, fetch("POST").listening())
	add("names in another case", allow("Max-Age: 600", "Headers: X-a"), fetch("GET", "x-A: 1"), fetch("GET", "X-A: 1"))
	cases = append(cases, testCase{
		name: "cache: the request fails", calls: []call{put, put},
		server: raw(allow("Max-Age: 600", "Methods: PUT"), deny(fresh)),
	})
	return cases
}

// redirectCases are about redirects of the request itself.
func redirectCases() (cases []testCase) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			cases = append(cases, testCase{
				name: fmt.Sprintf("redirect: %s, %d", method, status), calls: one(fetch(method)),
				server: paths(map[string]reply{
					"preflight": allow("Methods: PUT"), "": allow("Location: next").with(status),
					"preflight next": allow("Methods: PUT"), "next": allow(),
				}),
			})
		}
	}
	// The API sends the browser on to path "next", there or elsewhere.
	add := func(name string, c call, first, next reply) {
		granting := []string{"Methods: PUT", "Headers: X-A, Authorization", "Credentials: true"}
		cases = append(cases, testCase{name: "redirect: " + name, calls: one(c), server: paths(map[string]reply{
			"preflight": allow(granting...), "": first,
			"preflight next": deny(append(lines("Origin", next.origin()), granting...)...), "next": next,
		})})
	}
	get, put, custom := fetch("GET"), fetch("PUT"), fetch("GET", "X-A: 1", "Authorization: x")
	to := func(where string) reply { return allow("Location: "+where+"CASE/next", "Credentials: true").with(307) }
	add("without origin", get, deny("Location: next").with(302), allow())
	add("to no origin", get, to(""), deny())
	add("to nowhere", get, allow().with(302), deny())
	add("with a password", get, allow("Location: http://u:p@127.0.0.1:1/").with(302), deny())
	add("to another scheme", get, allow("Location: data:,x").with(302), deny())
	add("two places", get, allow("Location: next", "Location: next").with(302), allow())
	for name, c := range map[string]call{"GET": get, "PUT": put, "X-A": custom, "GET with cookies": get.include()} {
		for _, value := range []string{"PAGE", "null", "*"} {
			next := deny("Origin: "+value, "Credentials: true")
			add(fmt.Sprintf("%s elsewhere, origin %q", name, value), c, to("OTHER"), next)
			add(fmt.Sprintf("%s home, origin %q", name, value), c, to("PAGE"), next)
			add(fmt.Sprintf("%s there, origin %q", name, value), c, to("API"), next)
		}
		away := c
		away.home = true
		for _, value := range []string{"PAGE", "null"} {
			add(fmt.Sprintf("%s from home, origin %q", name, value), away, to("API"),
				deny("Origin: "+value, "Credentials: true"))
		}
	}
	return cases
}

// origin is what a reply has for Access-Control-Allow-Origin.
func (r reply) origin() string {
	for _, line := range r.lines {
		if value, ok := strings.CutPrefix(line, "Origin: "); ok {
			return value
		}
	}
	return ""
}

// pageCases are about the page: of the same origin, or of none.
func pageCases() (cases []testCase) {
	for _, value := range []string{"null", "*", "PAGE", "", "NULL"} {
		cases = append(cases,
			testCase{
				name: fmt.Sprintf("frame: origin %q", value), frame: true, calls: one(fetch("GET")),
				server: raw(reply{}, deny(lines("Origin", value)...)),
			},
			testCase{
				name: fmt.Sprintf("frame: preflight, origin %q", value), frame: true, calls: one(fetch("PUT")),
				server: raw(deny(append(lines("Origin", value), "Methods: PUT")...), deny(lines("Origin", value)...)),
			},
		)
	}
	for _, c := range []call{
		fetch("GET"), fetch("HEAD"), fetch("POST"), fetch("PUT"), fetch("PATCH"), fetch("DELETE"), fetch("OPTIONS"),
		fetch("GET", "X-A: 1", "Authorization: x"), fetch("GET").include(), fetch("POST").listening(),
		fetch("PUT", "Content-Type: application/json").include(),
	} {
		cases = append(cases, testCase{
			name:  fmt.Sprintf("home: %s %v credentials %v upload %v", c.method, c.header, c.credentials, c.upload),
			calls: one(c.atHome()), server: raw(reply{}, deny("Set-Cookie: a=b; Path=/nowhere", "ETag: 1")),
		})
	}
	for _, c := range []call{fetch("GET"), fetch("POST"), fetch("PUT"), fetch("GET", "X-A: 1")} {
		cases = append(cases,
			testCase{
				name: fmt.Sprintf("cookies: %s %v, sent", c.method, c.header), calls: one(c.include()),
				server: raw(allow("Methods: PUT", "Headers: X-A", "Credentials: true"), allow("Credentials: true")),
			},
			testCase{
				name: fmt.Sprintf("cookies: %s %v, not sent", c.method, c.header), calls: one(c),
				server: raw(allow("Methods: PUT", "Headers: X-A", "Credentials: true"), allow("Credentials: true")),
			},
		)
	}
	return cases
}

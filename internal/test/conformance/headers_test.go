package conformance_test

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// conditional are the headers that make a request conditional.
var conditional = []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"}

// cacheModeCases are about conditional requests and fetch's option "cache", for which
// some engines pass by the cache of preflights.
func cacheModeCases() (cases []testCase) {
	answer := allow("Max-Age: 600", "Methods: PUT",
		"Headers: X-A, X-If-Match, Cache-Control, Pragma, "+strings.Join(conditional, ", "), "Credentials: true")
	fresh := allow("Credentials: true", "Cache-Control: no-store")
	add := func(name string, calls ...call) {
		cases = append(cases, testCase{
			name: "cache mode: " + name, calls: calls, server: raw(answer, fresh), shows: []string{"Cache-Control", "Pragma"},
		})
	}
	a, match := fetch("GET", "X-A: 1"), fetch("GET", `If-Match: "a"`)
	for _, name := range conditional {
		c := fetch("GET", name+`: "a"`)
		add(name+" three times", c, c, c)
		c = fetch("PUT", "Content-Type: text/plain", name+`: "a"`)
		add("PUT "+name+" twice", c, c)
	}
	add("conditional in another case", fetch("GET", "iF-mATCH: 1"), fetch("GET", "iF-mATCH: 1"))
	add("conditional without value", fetch("GET", "If-Match: "), fetch("GET", "If-Match: "))
	add("conditional twice over", fetch("GET", "If-Match: 1", "If-Range: 1"), fetch("GET", "If-Match: 1", "If-Range: 1"))
	add("not conditional", fetch("GET", "X-If-Match: 1"), fetch("GET", "X-If-Match: 1"))
	add("conditional with credentials", match.include(), match.include())
	add("conditional among others", a, match, a, match, fetch("PUT"), a)
	add("conditional first", match, a, match)
	add("conditional at home", match.atHome(), match.atHome())
	add("conditional with an upload listener", fetch("POST", "Content-Type: text/plain", "If-Match: 1").listening(),
		fetch("POST", "Content-Type: text/plain", "If-Match: 1").listening())
	add("conditional with Cache-Control", fetch("GET", "If-Match: 1", "Cache-Control: max-age=5"))
	add("conditional with Pragma", fetch("GET", "If-Match: 1", "Pragma: x"))
	for _, mode := range []string{"default", "no-store", "reload", "no-cache", "force-cache"} {
		add(mode, a.caching(mode), a.caching(mode), a)
		add(mode+" PUT", fetch("PUT").caching(mode), fetch("PUT").caching(mode))
		add(mode+" conditional", match.caching(mode), match.caching(mode))
		add(mode+" in between", a, a.caching(mode), a)
		add(mode+" without preflight", fetch("GET").caching(mode))
		add(mode+" at home", fetch("GET").caching(mode).atHome())
		add(mode+" without CORS", fetch("GET").caching(mode).in("no-cors"))
		add(mode+" with Cache-Control and Pragma", fetch("GET", "Cache-Control: max-age=5", "Pragma: x").caching(mode))
		add(mode+" with Cache-Control", fetch("GET", "Cache-Control: max-age=5").caching(mode))
		add(mode+" with Pragma", fetch("GET", "Pragma: x").caching(mode))
	}
	add("only-if-cached", a.caching("only-if-cached"))
	add("upload, then PUT", fetch("POST").listening(), fetch("PUT").caching("no-store"))
	kept := paths(map[string]reply{
		"preflight": deny("Origin: *", "Methods: PUT, DELETE", "Max-Age: 600"),
		"":          deny("Origin: *", "Cache-Control: no-store"),
	})
	cases = append(cases, testCase{
		name: "cache mode: default, the origin is null", frame: true, server: kept,
		calls: []call{fetch("PUT"), fetch("PUT"), fetch("DELETE")},
	})
	for _, c := range []call{
		match, fetch("PUT", "Content-Type: text/plain", "If-Match: 1"), a.caching("no-store"), a.caching("no-cache"),
	} {
		cases = append(cases, testCase{
			name:  fmt.Sprintf("cache mode: %s %v %s redirected", c.method, c.header, c.cache),
			calls: []call{c, c}, shows: []string{"Cache-Control", "Pragma"},
			server: paths(map[string]reply{
				"preflight": answer, "": allow("Location: next", "Cache-Control: no-store").with(307),
				"preflight next": answer, "next": fresh,
			}),
		})
	}
	return cases
}

// byteCases are about what browsers make of a header's value, and which they
// safelist.
func byteCases() (cases []testCase) {
	everything := raw(allow("Methods: PUT",
		"Headers: X-A, Accept, Accept-Language, Content-Language, Content-Type, Range, User-Agent",
		"Headers: DPR, Device-Memory, Downlink, RTT, Width, Viewport-Width, Save-Data, ECT",
	), allow())
	add := func(name string, c call, shows ...string) {
		cases = append(cases, testCase{name: "bytes: " + name, calls: one(c), server: everything, shows: shows})
	}
	e := func(n int) string { return strings.Repeat("é", n) }
	for _, value := range []string{
		"é", "ÿ", "Ā", "a€", "😀", "aéb", "\u0085", "\u00a0a", "a\nb", "a\rb", "a\r\nb", "a\x00b", "a\tb", " a ", "\ta\t",
		"\r\na\r\n", "", " ", "aé€", "\u2028",
	} {
		add(fmt.Sprintf("X-A %q", value), fetch("GET", "X-A: "+value))
		add(fmt.Sprintf("Accept %q", value), fetch("GET", "Accept: "+value))
	}
	for _, value := range []string{"é", "a b", " a\t b\t", "\u0080\u00ff"} {
		add(fmt.Sprintf("X-A %q on the wire", value), fetch("GET", "X-A: "+value), "X-A")
	}
	for _, value := range []string{e(64), e(65), e(128), e(129), e(127) + "a", e(127) + "aa"} {
		add(fmt.Sprintf("Accept of %d characters, %d bytes in UTF-8", utf8.RuneCountInString(value), len(value)),
			fetch("GET", "Accept: "+value))
	}
	add("Accept-Language é", fetch("GET", "Accept-Language: é"))
	add("Content-Language é", fetch("GET", "Content-Language: é"))
	for _, value := range []string{
		"text/plain;é", "étext/plain", "text/plainé", "text/plain;\u00a0", "text/plain;a=Ā", "text/plain;a=b,c",
		"text/plain;,", "text/plain;a,text/html", "\ttext/plain\t;a=b", "text/plain;" + e(116), "text/plain;" + e(117),
		"text/plain;" + e(118),
	} {
		name := value
		if len(name) > 60 {
			name = fmt.Sprintf("text/plain of %d characters", utf8.RuneCountInString(value))
		}
		add("Content-Type "+name, fetch("POST", "Content-Type: "+value))
	}
	for _, name := range []string{"X-É", "X A", "X-A:", "X-A ", " X-A", "X-Ā", "", "X-\u212a"} {
		c := fetch("GET")
		c.header = [][2]string{{name, "1"}}
		add(fmt.Sprintf("name %q", name), c)
	}
	for _, method := range []string{"PÜT", "PU T", "PUT ", "pUt", "po\u017ft", "Ā"} {
		c := fetch("GET")
		c.method = method
		add(fmt.Sprintf("method %q", method), c)
	}
	// Several of one name.
	for _, name := range []string{"Accept", "Accept-Language", "X-A"} {
		add(name+" twice", fetch("GET", name+": a", name+": b"), name)
	}
	for _, values := range [][2]string{
		{"text/plain", "text/plain"}, {"text/plain;a=b", "application/json"}, {"application/json", "text/plain"},
	} {
		add(fmt.Sprintf("Content-Type %q", values), fetch("POST", "Content-Type: "+values[0], "Content-Type: "+values[1]))
	}
	add("Range twice", fetch("GET", "Range: bytes=0-1", "Range: bytes=0-1"))
	// Ranges.
	for _, value := range []string{
		"bytes=0-1", "Bytes=0-1", "BYTES=0-", "bytes=00-01", "bytes=5-0", "bytes=5-00", "bytes=0-0", "bytes=-5",
		"bytes =0-1", "bytes= 0-1", "bytes=0 -1", "bytes=0- 1",
		"bytes=9223372036854775806-", "bytes=9223372036854775807-", "bytes=0-9223372036854775806",
		"bytes=0-9223372036854775807", "bytes=0-9223372036854775808",
		"bytes=18446744073709551615-", "bytes=18446744073709551616-", "bytes=0-18446744073709551615",
		"bytes=0-18446744073709551616",
		"bytes=00000000000000000000000000-1", "bytes=4294967296-", "bytes=1-2;", "bytes=1-2-3", "bytes=0x1-2", "bytes=+1-2",
		"bytes=1-+2", "bytes=", "bytes=-", "items=0-1",
	} {
		add("Range "+value, fetch("GET", "Range: "+value))
	}
	for _, value := range []string{"bytes=0-1", "Bytes=00-01", "bytes=007-", "bytes= 1 - 2", "bytes=0-1,3-4"} {
		add("Range "+value+" on the wire", fetch("GET", "Range: "+value), "Range")
	}
	add("Range Bytes=00-01 in a POST", fetch("POST", "Content-Type: text/plain", "Range: Bytes=00-01"), "Range")
	// What Chromium takes for its own.
	for _, line := range []string{
		"DPR: 2", "DPR: 1.5", "DPR: .5", "DPR: 1.", "DPR: .", "DPR: ", "DPR: -1", "DPR: 1e3", "DPR: x", "DPR: 1,2",
		"Device-Memory: 0.5", "Device-Memory: x", "Downlink: 1.5", "Downlink: x",
		"RTT: 100", "RTT: 1.5", "RTT: x", "Width: 10", "Width: 1.5", "Width: ", "Viewport-Width: 10", "Viewport-Width: x",
		"Save-Data: on", "Save-Data: ON", "Save-Data: off", "ECT: 4g", "ECT: slow-2g", "ECT: 5g", "ECT: 4G",
	} {
		add(line, fetch("GET", line))
		add(line+" without CORS", fetch("GET", line).in("no-cors"))
	}
	add("User-Agent x", fetch("GET", "User-Agent: x"))
	add("User-Agent of several words", fetch("GET", "User-Agent: sdk/1.0 (a; b)"))
	add("User-Agent in a PUT", fetch("PUT", "Content-Type: text/plain", "User-Agent: x"))
	add("User-Agent at home", fetch("GET", "User-Agent: x").atHome())
	add("User-Agent with an upload listener", fetch("POST", "Content-Type: text/plain", "User-Agent: x").listening())
	cases = append(cases, testCase{
		name: "bytes: User-Agent that is not allowed", calls: one(fetch("GET", "User-Agent: x")),
		server: raw(allow("Headers: X-A"), allow()),
	})
	return cases
}

// takenCases are about responses that browsers do not take, or take otherwise than
// they are written.
func takenCases() (cases []testCase) {
	add := func(name string, c call, preflight, actual reply) {
		cases = append(cases, testCase{name: "taken: " + name, calls: one(c), server: raw(preflight, actual)})
	}
	get, put := fetch("GET"), fetch("PUT")
	granted := allow("Methods: PUT")
	// These are POSTs, which no browser sends again when a connection ends.
	for _, status := range []int{101, 407} {
		name := fmt.Sprintf("status %d", status)
		add(name, fetch("POST"), granted, allow().with(status))
		add(name+" after a preflight", fetch("POST", "Content-Type: text/plain", "X-A: 1"),
			allow("Headers: X-A"), allow().with(status))
		add(name+" without CORS", fetch("POST").in("no-cors"), granted, allow().with(status))
		add(name+" of a preflight", put, granted.with(status), allow())
	}
	for _, status := range []int{204, 205, 206, 304, 599, 600, 999} {
		add(fmt.Sprint("status ", status), get, granted, allow().with(status))
	}
	long := func(size int) string { return "X-Long: " + strings.Repeat("a", size) }
	for _, size := range []int{50_000, 250_000, 270_000, 380_000, 400_000} {
		add(fmt.Sprintf("a header of %d bytes", size), get, granted, allow(long(size)))
	}
	for _, size := range []int{50_000, 270_000, 400_000} {
		add(fmt.Sprintf("a header of %d bytes for a preflight", size), put, allow("Methods: PUT", long(size)), allow())
	}
	add("a header of 270000 bytes without CORS", get.in("no-cors"), granted, allow(long(270_000)))
	for _, size := range []int{50_000, 250_000, 400_000} {
		many := allow()
		for i := range size / 1000 {
			many.lines = append(many.lines, fmt.Sprintf("X-%03d: %s", i, strings.Repeat("a", 991)))
		}
		add(fmt.Sprintf("headers of %d bytes", size), get, granted, many)
	}
	for _, control := range []string{
		"\x00", "\x01", "\x08", "\t", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f", "\u0080", "\u00a0", "\u00ff",
	} {
		add(fmt.Sprintf("X-Other with %q", control), get, granted, allow("X-Other: a"+control+"b"))
		add(fmt.Sprintf("X-One with %q", control), get, granted, allow("X-Other: "+control))
		add(fmt.Sprintf("origin with %q", control), get, granted, deny("Origin: PAGE"+control))
		add(fmt.Sprintf("origin after %q", control), get, granted, deny("Origin: "+control+"PAGE"))
		add(fmt.Sprintf("wildcard with %q", control), get, granted, deny("Origin: *"+control))
		add(fmt.Sprintf("credentials with %q", control), get.include(), granted, allow("Credentials: true"+control))
		add(fmt.Sprintf("methods with %q", control), put, allow("Methods: PUT"+control), allow())
		add(fmt.Sprintf("methods before %q", control), put, allow("Methods: PUT,"+control), allow())
		add(fmt.Sprintf("preflight with %q", control), put, allow("Methods: PUT", "X-Other: "+control), allow())
		add(fmt.Sprintf("exposed with %q", control), get, granted, allow("Expose: X-One"+control))
		add(fmt.Sprintf("max-age with %q", control), put, allow("Methods: PUT", "Max-Age: 600"+control), allow())
	}
	// Lists of exposed headers with a mistake.
	for _, value := range []string{
		"*, @", "@, *", "@", "X-One, @", "@, X-One", "*, X-One, @", "X-One, *, @", "*, X-One X-Two", "X-One X-Two, *",
		"* @", "*, *, @", "*,@", "*,,@", ",*, @", "*|@", "@|*", "X-One|*|@", `*, "X-One"`,
		`"X-One", *`, "*;", "**", "**, @", "*, é", "X-One;, X-Two", "*, X-One;", "X-Two, X One, X-One", "X-*, @",
		"*, @, X-One", "*, X(One", "*, [", "*, X-One/",
	} {
		for _, credentials := range []bool{false, true} {
			c := get
			c.credentials = credentials
			add(fmt.Sprintf("exposed %q, credentials %v", value, credentials), c, granted,
				allow(append(lines("Expose", value), "Credentials: true")...))
		}
	}
	// The same mistakes in a preflight.
	for _, value := range []string{
		"*, @", "@, *", "PUT, @", "@, PUT", "PUT, P T", "* @", "PUT|@", `PUT, "PUT"`, "PUT, é",
	} {
		add(fmt.Sprintf("methods %q", value), put, allow(lines("Methods", value)...), allow())
		header := strings.ReplaceAll(value, "PUT", "X-A")
		add(fmt.Sprintf("headers %q", header), fetch("GET", "X-A: 1"), allow(lines("Headers", header)...), allow())
	}
	return cases
}

// redirectedCases are about where redirects lead, and what is sent there.
func redirectedCases() (cases []testCase) {
	granting := []string{
		"Methods: PUT, PATCH, DELETE", "Headers: X-A, X-B, Authorization, Content-Type, Content-Language", "Max-Age: 600",
		"Credentials: true",
	}
	add := func(name string, first, next reply, calls ...call) {
		granted := deny(append(lines("Origin", next.origin()), granting...)...)
		cases = append(cases, testCase{
			name: "redirected: " + name, calls: calls, closely: true,
			server: paths(map[string]reply{
				"preflight": allow(granting...), "": first, "preflight next": granted, "next": next,
			}),
		})
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, where := range []string{"", " ", "\t", "#", "#a"} {
			add(fmt.Sprintf("%d to %q", status, where), allow("Location: "+where, "Cache-Control: no-store").with(status),
				allow(), fetch("GET"))
		}
		add(fmt.Sprintf("POST, %d to nowhere", status), allow("Location: ").with(status), allow(), fetch("POST"))
		add(fmt.Sprintf("PUT, %d to nowhere", status), allow("Location: ").with(status), allow(), fetch("PUT"))
		add(fmt.Sprintf("%d to nowhere without CORS", status), deny("Location: ").with(status), allow(),
			fetch("GET").in("no-cors"))
		add(fmt.Sprintf("%d to nowhere at home", status), deny("Location: ").with(status), allow(), fetch("GET").atHome())
		for _, lines := range [][]string{
			{"Location: next", "Location: next"}, {"Location: next", "Location: other"}, {"Location: next", "Location: "},
			{"Location: ", "Location: next"}, {"Location: ", "Location: "},
		} {
			add(fmt.Sprintf("%d to %q", status, lines), allow(lines...).with(status), allow(), fetch("GET"))
		}
		// What was preflighted once.
		for _, c := range []call{
			fetch("POST"),
			fetch("POST").listening(),
			fetch("POST", "Content-Type: application/json"),
			fetch("POST", "Content-Type: application/json", "X-A: 1"),
			fetch("POST", "Content-Type: text/plain", "X-A: 1"),
			fetch("POST", "Content-Type: text/plain", "Content-Language: de_DE"),
			fetch("PUT"),
			fetch("PUT", "Content-Type: application/json"),
			fetch("PATCH"),
			fetch("GET", "X-A: 1"),
			fetch("GET", "Authorization: x"),
			fetch("HEAD", "X-A: 1"),
		} {
			name := fmt.Sprintf("%s %v upload %v, %d", c.method, c.header, c.upload, status)
			add(name, allow("Location: next").with(status), allow(), c)
			add(name+" elsewhere", allow("Location: OTHERCASE/next").with(status), deny("Origin: *"), c)
			add(name+" from home", deny("Location: APICASE/next").with(status), deny("Origin: *"), c.atHome())
			add(name+" twice", allow("Location: next", "Cache-Control: no-store").with(status),
				allow("Cache-Control: no-store"), c, c)
		}
	}
	for _, status := range []int{303, 307} {
		next := allow("Location: next").with(status)
		add(fmt.Sprintf("DELETE, %d", status), next, allow(), fetch("DELETE"))
		elsewhere := allow("Location: OTHERCASE/next").with(status)
		add(fmt.Sprintf("DELETE, %d elsewhere", status), elsewhere, deny("Origin: *"), fetch("DELETE"))
		back := deny("Location: APICASE/next").with(status)
		add(fmt.Sprintf("DELETE, %d from home", status), back, deny("Origin: *"), fetch("DELETE").atHome())
	}
	for _, value := range []string{"PAGE", "null", "*", "", "https://a.example"} {
		cases = append(cases, testCase{
			name: fmt.Sprintf("redirected: PUT home, preflight with origin %q", value), calls: one(fetch("PUT")),
			server: paths(map[string]reply{
				"preflight": allow("Methods: PUT"), "": allow("Location: PAGECASE/next").with(307),
				"preflight next": deny(append(lines("Origin", value), "Methods: PUT")...), "next": deny("Origin: *"),
			}),
		})
	}
	add("elsewhere, twice", allow("Location: OTHERCASE/next", "Cache-Control: no-store").with(307),
		deny("Origin: *", "Cache-Control: no-store"), fetch("PUT"), fetch("PUT"))
	return cases
}

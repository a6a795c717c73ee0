package conformance_test

import "fmt"

// Hosts that browsers resolve to the loopback address by themselves.
const (
	app      = "app.site.localhost"
	sibling  = "api.site.localhost" // the same site as app
	parent   = "site.localhost"     // the same site as both
	stranger = "api.else.localhost"
)

// hosts are served through a proxy: by plain HTTP, and over TLS.
var hosts = []string{
	"app.site.example", "api.site.example", "other.example", "a.github.io", "b.github.io", "x.a.github.io",
}

// siteCases are about what counts as one site, and what as trustworthy.
func siteCases() (cases []testCase) {
	everybody := raw(deny("Methods: PUT", "Origin: *"), deny("Origin: *"))
	for _, pair := range [][2]string{
		{"https://app.site.example", "https://app.site.example"},
		{"https://app.site.example", "https://api.site.example"},
		{"https://app.site.example", "https://other.example"},
		{"https://a.github.io", "https://b.github.io"},
		{"https://a.github.io", "https://x.a.github.io"},
		{"http://app.site.example", "https://app.site.example"},
		{"http://app.site.example", "https://api.site.example"},
		{"http://app.site.example", "http://app.site.example"},
		{"http://app.site.example", "http://api.site.example"},
		{"", "https://other.example"},
		{"", "http://other.example"},
		{"https://app.site.example", "localhost"},
	} {
		for _, c := range []call{fetch("GET"), fetch("PUT"), fetch("POST").in("no-cors")} {
			cases = append(cases, testCase{
				name: fmt.Sprintf("site: page %q, %s to %q %s", pair[0], c.method, pair[1], c.mode),
				host: pair[0], calls: one(c.to(pair[1])), server: everybody,
			})
		}
	}
	return cases
}

// metadataCases are about Sec-Fetch-Site, Sec-Fetch-Mode and Sec-Fetch-Dest.
func metadataCases() (cases []testCase) {
	granting := []string{"Methods: PUT", "Origin: *"}
	everybody := raw(deny(granting...), deny("Origin: *"))
	get, put, post := fetch("GET"), fetch("PUT"), fetch("POST")
	for _, page := range []string{"", app, parent} {
		for _, c := range []call{get, put, get.in("no-cors"), post.in("no-cors"), post.in("beacon")} {
			for _, host := range []string{"", app, sibling, parent, stranger, "localhost"} {
				cases = append(cases, testCase{
					name: fmt.Sprintf("metadata: page %q, %s to %q %s", page, c.method, host, c.mode),
					host: page, calls: one(c.to(host)), server: everybody,
				})
			}
			cases = append(cases, testCase{
				name: fmt.Sprintf("metadata: page %q, %s home %s", page, c.method, c.mode),
				host: page, calls: one(c.atHome().to(page)), server: everybody,
			})
		}
	}
	for _, c := range []call{get, put, post.in("no-cors"), post.in("beacon")} {
		cases = append(cases, testCase{
			name: fmt.Sprintf("metadata: frame, %s %s", c.method, c.mode), frame: true, calls: one(c), server: everybody,
		})
	}
	// The farthest URL on the way decides.
	for _, way := range []struct {
		page, host, to string
		home           bool
	}{
		{"", "", "API", false},
		{"", "", "OTHER", false},
		{"", "", "PAGE", false},
		{"", "", "STRANGER", false},
		{"", "", "PAGE", true},
		{"", "", "API", true},
		{"", stranger, "PAGE", false},
		{"", stranger, "API", false},
		{app, sibling, "SIBLING", false},
		{app, sibling, "APP", false},
		{app, sibling, "STRANGER", false},
		{app, app, "APP", true},
		{app, app, "SIBLING", true},
		{app, stranger, "APP", false},
		{app, stranger, "SIBLING", false},
	} {
		for _, c := range []call{get, put, post.in("no-cors")} {
			from := fmt.Sprintf("%q", way.host)
			if c.home = way.home; c.home {
				from = "home"
			}
			cases = append(cases, testCase{
				name: fmt.Sprintf("metadata: page %q, %s from %s to %s %s", way.page, c.method, from, way.to, c.mode),
				host: way.page, calls: one(c.to(way.host)), closely: true,
				server: paths(map[string]reply{
					"preflight": deny(granting...), "": deny("Origin: *", "Location: "+way.to+"CASE/next").with(307),
					"preflight next": deny(granting...), "next": deny("Origin: *"),
				}),
			})
		}
	}
	return cases
}

// writeCases are about what a page sends without permission, and reads nothing of.
func writeCases() (cases []testCase) {
	add := func(name string, c call, server server) {
		cases = append(cases, testCase{
			name: fmt.Sprintf("write: %s %s", c.mode, name), calls: one(c), server: server, closely: true,
		})
	}
	refusing := raw(deny().with(403), deny())
	for _, method := range []string{"GET", "HEAD", "POST", "post", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"} {
		add(method, fetch(method).in("no-cors"), refusing)
		add(method+" with cookies", fetch(method).in("no-cors").include(), refusing)
	}
	for _, line := range []string{
		"X-A: 1", "Authorization: x", "Range: bytes=0-", "Accept: text/html", "Accept-Language: de_DE", "Cookie: a=b",
		"Content-Type: text/plain",
		"Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=x",
		"Content-Type: application/json",
	} {
		add("POST "+line, fetch("POST", line).in("no-cors"), refusing)
		add("POST home "+line, fetch("POST", line).in("no-cors").atHome(), refusing)
	}
	for _, status := range []int{204, 401, 404, 500} {
		add(fmt.Sprintf("POST, status %d", status), fetch("POST").in("no-cors"), raw(reply{}, deny().with(status)))
	}
	add("GET that CORS allows", fetch("GET").in("no-cors"), raw(reply{}, deny("Origin: *", "Expose: *")))
	add("GET home", fetch("GET").in("no-cors").atHome(), refusing)

	form := func(method, enctype string) call {
		c := fetch(method)
		if method == "POST" {
			c = fetch(method, "Content-Type: "+enctype)
		}
		return c.in("form").arriving(1)
	}
	done := raw(deny().with(403), deny().with(204)) // so that the page stays
	const urlencoded = "application/x-www-form-urlencoded"
	for _, enctype := range []string{urlencoded, "multipart/form-data", "text/plain"} {
		add("POST "+enctype, form("POST", enctype), done)
	}
	for _, c := range []call{form("GET", ""), form("POST", urlencoded)} {
		add(c.method+" elsewhere", c.to(stranger), done)
		add(c.method+" home", c.atHome(), done)
	}
	add("GET", form("GET", ""), done)
	for _, contentType := range []string{"text/plain", urlencoded, "application/json"} {
		c := fetch("POST", "Content-Type: "+contentType).in("beacon")
		add("POST "+contentType, c, refusing)
		add("POST home "+contentType, c.atHome(), refusing)
	}
	// Redirects need no permission either.
	for _, status := range []int{302, 307} {
		for _, to := range []string{"API", "PAGE", "OTHER", "STRANGER"} {
			hop := func(last int) server {
				return paths(map[string]reply{"": deny("Location: " + to + "CASE/next").with(status), "next": deny().with(last)})
			}
			name := fmt.Sprintf("POST, %d to %s", status, to)
			add(name, fetch("POST").in("no-cors"), hop(200))
			add(name, form("POST", urlencoded).arriving(2), hop(204))
			add(name, fetch("POST").in("beacon").arriving(2), hop(200))
		}
		for _, c := range []call{
			fetch("POST").in("no-cors"), form("POST", urlencoded).arriving(2), fetch("POST").in("beacon").arriving(2),
		} {
			add(fmt.Sprintf("POST home, %d to API", status), c.atHome(),
				paths(map[string]reply{"": deny("Location: APICASE/next").with(status), "next": deny().with(204)}))
		}
	}
	return cases
}

package main

// startingPolicy is what the form begins with.
func startingPolicy(o origins) policy {
	return policy{
		"AllowedOrigins": o.Page,
		"AllowedMethods": "PUT\nPATCH\nDELETE",
		"AllowedHeaders": "Content-Type\nAuthorization\nX-Tenant",
	}
}

// homePolicy is the policy of an API that is called without a browser.
func homePolicy(o origins) policy {
	return startingPolicy(o).with("ExposedHeaders", "ETag").with("MaxAge", "10m")
}

// A chapter is some of the tour's examples, under a heading.
type chapter struct {
	Title string `json:"title"`
	Rows  []row  `json:"rows"`
}

// A row is one example of the tour: a policy, calls of the API, and what should come
// of them. A mistake in it is one of the call, or a policy that is too narrow: a policy
// that cors.New refuses would not get as far as a browser.
type row struct {
	Title      string `json:"title"`
	Policy     policy `json:"policy,omitempty"`  // nil for the starting policy
	Calls      []call `json:"calls"`             // one after the other; all but the last are let through
	Blocked    bool   `json:"blocked,omitempty"` // the last one
	Header     string `json:"header,omitempty"`  // the response header that the page reads, "" for the body
	Got        string `json:"got,omitempty"`     // what it reads; "" if that does not matter
	Preflights int    `json:"preflights,omitempty"`
	Why        string `json:"why"`
}

// tour returns the examples, in the order of a lesson.
func tour(o origins) []chapter {
	const asForm, asJSON = "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/json"
	start := startingPolicy(o)
	exposing := start.with("ExposedHeaders", "ETag")
	read := []call{{Path: "/notes"}}
	return []chapter{
		{"What an origin is", []row{
			{
				Title: "Read", Calls: read, Got: "GET of 0 bytes",
				Why: "This page is on one port and the API on another, so they have two origins. " +
					"The response names the origin of this page, so the page may read it.",
			},
			{
				Title: "Another page's API", Policy: policy{"AllowedOrigins": "https://partner.example"},
				Calls: read, Blocked: true,
				Why: "The policy allows https://partner.example alone. The handler runs, but this page learns nothing.",
			},
			{
				Title: "An API for everybody", Policy: policy{"AllowedOrigins": "*"}, Calls: read,
				Why: "\"*\" allows every origin. It is right for what is public.",
			},
		}},
		{"Simple calls", []row{
			{
				Title: "Send a form", Got: "POST of 3 bytes",
				Calls: []call{{Method: "POST", Path: "/notes", Headers: asForm, Body: "a=1"}},
				Why: "Any page can send a form, so browsers send it at once. CORS does not keep strangers from " +
					"sending it. It keeps them from reading the response.",
			},
			{
				Title: "An error", Calls: []call{{Path: "/missing"}}, Got: "404 page not found",
				Why: "The middleware is around the whole route, so pages can read errors too.",
			},
		}},
		{"Preflight", []row{
			{
				Title: "Send JSON", Got: "POST of 2 bytes", Preflights: 1,
				Calls: []call{{Method: "POST", Path: "/notes", Headers: asJSON, Body: "{}"}},
				Why: "No form can send JSON, so the browser asks first, by an OPTIONS request. That is a preflight. " +
					"AllowedHeaders has Content-Type, so the answer is yes.",
			},
		}},
		{"Headers", []row{
			{
				Title: "A header that is allowed", Calls: []call{{Path: "/notes", Headers: "X-Tenant: 7"}}, Preflights: 1,
				Why: "AllowedHeaders has X-Tenant.",
			},
			{
				Title: "A header that is not", Calls: []call{{Path: "/notes", Headers: "X-Debug: 1"}},
				Blocked: true, Preflights: 1,
				Why: "AllowedHeaders does not have X-Debug. The middleware's log says so in one line.",
			},
			{
				Title: "A token", Calls: []call{{Path: "/notes", Headers: "Authorization: Bearer t0ken"}}, Preflights: 1,
				Why: "AllowedHeaders has Authorization. AllowCredentials is not needed, because the page sets " +
					"this header itself.",
			},
			{
				Title: "A response header that is exposed", Policy: exposing, Calls: read, Header: "ETag", Got: `"v7"`,
				Why: "A page may read a few basic response headers. ExposedHeaders adds ETag to them.",
			},
			{
				Title: "A response header that is not", Policy: exposing, Calls: read, Header: "X-Cost", Got: "null",
				Why: "The server sends X-Cost too, and the browser hides it from the page.",
			},
		}},
		{"Methods", []row{
			{
				Title: "Replace", Got: "PUT of 2 bytes", Preflights: 1,
				Calls: []call{{Method: "PUT", Path: "/notes", Headers: asJSON, Body: "{}"}},
				Why:   "AllowedMethods has PUT.",
			},
			{
				Title: "patch in lower case", Calls: []call{{Method: "patch", Path: "/notes"}},
				Blocked: true, Preflights: 1,
				Why: "Browsers change some methods to upper case, but not this one. AllowedMethods has PATCH, not patch.",
			},
			{
				Title: "A method that is not allowed", Calls: []call{{Method: "PURGE", Path: "/notes"}},
				Blocked: true, Preflights: 1,
				Why: "The answer to the preflight does not list PURGE. The browser never sends it.",
			},
		}},
		{"Credentials", []row{
			{
				Title: "Cookies", Policy: policy{"AllowedOrigins": o.Page, "AllowCredentials": "true"},
				Calls: []call{{Path: "/me", Cookies: "include"}, {Path: "/me", Cookies: "include"}},
				Got:   "welcome back, Ada",
				Why: "The policy has AllowCredentials, so the browser keeps the cookie of the first response and " +
					"sends it with the second request.",
			},
			{
				Title: "Cookies, with every origin allowed", Policy: policy{"AllowedOrigins": "*"},
				Calls: []call{{Path: "/notes", Cookies: "include"}}, Blocked: true,
				Why: "For a call with cookies, browsers do not accept \"*\". " +
					"cors.New refuses to combine it with AllowCredentials.",
			},
		}},
		{"Caching", []row{
			{
				Title: "Replace, change, delete", Policy: start.with("MaxAge", "10m"),
				Calls: []call{
					{Method: "PUT", Path: "/notes", Headers: asJSON, Body: "{}"},
					{Method: "PATCH", Path: "/notes", Headers: asJSON, Body: "{}"},
					{Method: "DELETE", Path: "/notes"},
				},
				Got: "DELETE of 0 bytes", Preflights: 1,
				Why: "One preflight for all three: its answer lists every method, and MaxAge lets the browser keep it.",
			},
		}},
		{"Redirects", []row{
			{
				Title: "A redirect", Calls: []call{{Path: "/old-notes"}}, Got: "GET of 0 bytes",
				Why: "The redirect and the page it leads to both carry the headers.",
			},
		}},
		{"Pitfalls", []row{
			{
				Title: "A route without CORS", Calls: []call{{Path: "/private"}}, Blocked: true,
				Why: "The response has no Access-Control header, so the page may not read it. " +
					"Most CORS errors begin like this.",
			},
			{
				Title: "A pattern with a method", Calls: []call{{Method: "PUT", Path: "/hidden/7"}},
				Blocked: true, Preflights: 1,
				Why: "mux.Handle(\"PUT /hidden/{id}\", allow(h)) never sees the preflight, an OPTIONS request: " +
					"ServeMux answers 405.",
			},
			{
				Title: "The same with RoutePreflights", Calls: []call{{Method: "PUT", Path: "/routed/7"}}, Preflights: 1,
				Why: "cors.RoutePreflights(mux) hands the preflight to the policy of the route that it asks about.",
			},
		}},
	}
}

package main

// A row is one line of the page's table: calls of the API, and what should come
// of them.
type row struct {
	Title      string
	Calls      []call // one after the other; all but the last are let through
	Blocked    bool   // the last one
	Header     string // the response header that the page reads, "" for the body
	Got        string // what it reads; "" if that does not matter
	Preflights int
	Why        string
}

// A call is what the page gives to fetch.
type call struct {
	Path string
	Init options
}

// An options is the second argument of fetch.
type options struct {
	Method      string            `json:"method,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	Body        string            `json:"body,omitempty"`
	Credentials string            `json:"credentials,omitempty"`
}

var (
	asForm = map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	asJSON = map[string]string{"Content-Type": "application/json"}
)

var rows = []row{
	{
		Title: "Read", Calls: []call{{Path: "/notes"}}, Got: "GET of 0 bytes",
		Why: "A plain GET is sent at once. The response names this page's origin, so the page may read it.",
	},
	{
		Title: "Send a form", Calls: []call{{"/notes", options{Method: "POST", Headers: asForm, Body: "a=1"}}}, Got: "POST of 3 bytes",
		Why: "Any page on the web can send a form, so no browser asks before. CORS does not keep strangers from sending this, only from reading the answer.",
	},
	{
		Title: "Send JSON", Calls: []call{{"/notes", options{Method: "POST", Headers: asJSON, Body: "{}"}}}, Got: "POST of 2 bytes", Preflights: 1,
		Why: "No form sends JSON, so the browser asks first, by a preflight. AllowedHeaders has Content-Type.",
	},
	{
		Title: "Replace", Calls: []call{{"/notes", options{Method: "PUT", Headers: asJSON, Body: "{}"}}}, Got: "PUT of 2 bytes", Preflights: 1,
		Why: "AllowedMethods has PUT.",
	},
	{
		Title: "Replace, change, delete",
		Calls: []call{
			{"/notes", options{Method: "PUT", Headers: asJSON, Body: "{}"}},
			{"/notes", options{Method: "PATCH", Headers: asJSON, Body: "{}"}},
			{"/notes", options{Method: "DELETE"}},
		},
		Got: "DELETE of 0 bytes", Preflights: 1,
		Why: "One preflight for all three: its answer lists every method, and MaxAge lets the browser keep it.",
	},
	{
		Title: "patch, in lower case", Calls: []call{{"/notes", options{Method: "patch"}}}, Blocked: true, Preflights: 1,
		Why: "Browsers write some methods in upper case by themselves, and PATCH is not one of them. patch is not in AllowedMethods.",
	},
	{
		Title: "A method that is not allowed", Calls: []call{{"/notes", options{Method: "PURGE"}}}, Blocked: true, Preflights: 1,
		Why: "The preflight's answer does not list it. PURGE itself is never sent.",
	},
	{
		Title: "A header that is allowed", Calls: []call{{"/notes", options{Headers: map[string]string{"X-Tenant": "7"}}}}, Preflights: 1,
		Why: "AllowedHeaders has X-Tenant.",
	},
	{
		Title: "A header that is not", Calls: []call{{"/notes", options{Headers: map[string]string{"X-Debug": "1"}}}}, Blocked: true, Preflights: 1,
		Why: "X-Debug is missing in AllowedHeaders. The terminal says so in one line.",
	},
	{
		Title: "A token", Calls: []call{{"/notes", options{Headers: map[string]string{"Authorization": "Bearer t0ken"}}}}, Preflights: 1,
		Why: "A header like any other: AllowedHeaders has Authorization. AllowCredentials is not needed, for the page sets the header itself.",
	},
	{
		Title: "Cookies",
		Calls: []call{{"/me", options{Credentials: "include"}}, {"/me", options{Credentials: "include"}}}, Got: "welcome back, Ada",
		Why: "The policy of this route has AllowCredentials, so the browser keeps the cookie of the first response and sends it with the second request.",
	},
	{
		Title: "Cookies, where everybody is allowed", Calls: []call{{"/time", options{Credentials: "include"}}}, Blocked: true,
		Why: "AllowedOrigins is \"*\", and browsers do not take that for an answer to a request with cookies. cors.New refuses to combine the two.",
	},
	{
		Title: "No cookies, where everybody is allowed", Calls: []call{{Path: "/time"}},
		Why: "The same route. \"*\" is right for what is public.",
	},
	{
		Title: "A response header that is exposed", Calls: []call{{Path: "/notes"}}, Header: "ETag", Got: `"v7"`,
		Why: "ExposedHeaders has ETag.",
	},
	{
		Title: "A response header that is not", Calls: []call{{Path: "/notes"}}, Header: "X-Cost", Got: "null",
		Why: "The page may read the response, but not this header, which is there all the same.",
	},
	{
		Title: "An error", Calls: []call{{Path: "/missing"}}, Got: "404 page not found",
		Why: "The middleware stands around the whole route, so that pages can read errors as well.",
	},
	{
		Title: "A redirect", Calls: []call{{Path: "/old-notes"}}, Got: "GET of 0 bytes",
		Why: "The redirect and where it leads both carry the headers.",
	},
	{
		Title: "Somebody else's route", Calls: []call{{Path: "/partner"}}, Blocked: true,
		Why: "The policy allows https://partner.example alone. The handler ran, but this page learns nothing.",
	},
	{
		Title: "A route without CORS", Calls: []call{{Path: "/private"}}, Blocked: true,
		Why: "The response has no Access-Control header, so the page may not read it. Most CORS errors begin like this.",
	},
	{
		Title: "A pattern with a method", Calls: []call{{"/hidden/7", options{Method: "PUT"}}}, Blocked: true, Preflights: 1,
		Why: "mux.Handle(\"PUT /hidden/{id}\", allow(h)) never sees the preflight, an OPTIONS request: ServeMux answers 405.",
	},
	{
		Title: "The same with RoutePreflights", Calls: []call{{"/routed/7", options{Method: "PUT"}}}, Preflights: 1,
		Why: "cors.RoutePreflights(mux) hands the preflight to the policy of the route that it asks about.",
	},
}

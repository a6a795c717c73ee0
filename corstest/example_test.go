package corstest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"example.com/cors"
	"example.com/cors/corstest"
)

// Test a handler that sets CORS headers by hand, and see what browsers make of
// them. A test would call t.Error where this prints.
func Example() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		fmt.Fprintln(w, "hello")
	})

	r := corstest.Request{Origin: "https://app.example", URL: "https://api.example/greeting"}
	res, err := corstest.Fetch(handler, r)
	fmt.Println(res.Response.Status, err)
	fmt.Println("readable:", slices.Sorted(maps.Keys(res.Header)))

	r.Credentials = true
	_, err = corstest.Fetch(handler, r)
	fmt.Println(strings.NewReplacer("blocked: ", "blocked:\n", ", since", ",\nsince").Replace(err.Error()))
	// Output:
	// 200 OK <nil>
	// readable: [Content-Length Content-Type]
	// corstest: GET https://api.example/greeting from origin https://app.example is blocked:
	// CORS check: Access-Control-Allow-Origin is "*"; it must be "https://app.example",
	// since "*" does not cover a request with credentials
}

// Test a whole server, a mux behind the middleware, with the calls of its front
// end.
func ExampleFetch() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("PUT /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	server := cors.New(cors.Options{
		AllowedOrigins: []string{"https://app.example"},
		AllowedMethods: []string{"PUT"},
		AllowedHeaders: []string{"Content-Type"},
	})(mux)

	for _, r := range []corstest.Request{
		{URL: "/users"},
		{
			URL: "/users/7", Method: "PUT",
			Header: http.Header{"Content-Type": {"application/json"}}, Body: strings.NewReader("{}"),
		},
		{URL: "/nothing"},
	} {
		r.Origin = "https://app.example"
		res, err := corstest.Fetch(server, r)
		fmt.Println(r.URL, res.Response.Status, err)
	}
	// Output:
	// /users 200 OK <nil>
	// /users/7 204 No Content <nil>
	// /nothing 404 Not Found <nil>
}

// Find out why a call fails. Here the middleware is inside the mux, and the pattern
// has a method, so the preflight never reaches the middleware.
func ExampleBlockedError() {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"https://app.example"},
		AllowedMethods: []string{"DELETE"},
	})
	mux := http.NewServeMux()
	mux.Handle("DELETE /users/{id}", allow(http.NotFoundHandler()))

	res, err := corstest.Fetch(mux, corstest.Request{Origin: "https://app.example", Method: "DELETE", URL: "/users/7"})
	var blocked *corstest.BlockedError
	if errors.As(err, &blocked) {
		fmt.Println("step:", blocked.Step)
		fmt.Println("header:", blocked.Header)
		fmt.Println("detail:", strings.Replace(blocked.Detail, ": perhaps", ":\nperhaps", 1))
	}
	fmt.Println("preflight:", res.Preflight.Status)
	fmt.Println("sent:", res.Response != nil)
	// Output:
	// step: preflight CORS check
	// header: Access-Control-Allow-Origin
	// detail: is absent; it must be "https://app.example" (the status is 405 Method Not Allowed:
	// perhaps the response came from outside the CORS layer)
	// preflight: 405 Method Not Allowed
	// sent: false
}

// Count the preflights of a page. This server lets browsers keep its answers for an
// hour. One engine keeps them for less, and asks again half an hour later.
func ExampleBrowser() {
	server := cors.New(cors.Options{
		AllowedOrigins: []string{"https://app.example"},
		AllowedMethods: []string{"PUT", "PATCH", "DELETE"},
		AllowedHeaders: []string{"Content-Type", "X-Request-Id"},
		MaxAge:         time.Hour,
	})(http.NotFoundHandler())

	for engine := corstest.EngineStandard; engine <= corstest.EngineWebKit; engine++ {
		now := time.Now()
		browser := corstest.Browser{Handler: server, Engine: engine, Now: func() time.Time { return now }}
		preflights := 0
		for range 2 {
			for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
				res, err := browser.Fetch(context.Background(), corstest.Request{
					Origin: "https://app.example",
					Method: method,
					URL:    "/users/7",
					Header: http.Header{"X-Request-Id": {"1"}},
				})
				if err != nil {
					fmt.Println(err)
				}
				if res.Preflight != nil {
					preflights++
				}
			}
			now = now.Add(30 * time.Minute)
		}
		fmt.Println(engine, preflights)
	}
	// Output:
	// Standard 1
	// Chromium 1
	// Firefox 1
	// WebKit 2
}

// Play the browser against a live server, through its listener and everything in
// front of the handler. The server need not be written in Go.
func ExampleBrowser_transport() {
	server := httptest.NewServer(cors.New(cors.Options{
		AllowedOrigins: []string{"https://app.example"},
	})(http.NotFoundHandler()))
	defer server.Close()
	browser := corstest.Browser{Transport: server.Client().Transport}

	for _, origin := range []string{"https://app.example", "https://other.example"} {
		res, err := browser.Fetch(context.Background(), corstest.Request{Origin: origin, URL: server.URL + "/users/7"})
		var blocked *corstest.BlockedError
		var unreachable *corstest.TransportError
		switch {
		case errors.As(err, &blocked):
			fmt.Println(origin, "is blocked:", blocked.Step)
		case errors.As(err, &unreachable):
			fmt.Println("no answer:", unreachable.Err)
		case err == nil:
			fmt.Println(origin, "may read:", res.Response.Status)
		}
	}
	// Output:
	// https://app.example may read: 404 Not Found
	// https://other.example is blocked: CORS check
}

// Test a protection against cross-site request forgery. CORS does not stop the form
// of a foreign page: it hides only the response.
func ExampleModeNavigate() {
	pay := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "paid")
	})
	protected := http.NewCrossOriginProtection().Handler(pay)

	form := corstest.Request{
		Mode:   corstest.ModeNavigate,
		Method: "POST",
		URL:    "https://bank.example/pay",
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
	for _, origin := range []string{"https://bank.example", "https://evil.example"} {
		form.Origin, form.Body = origin, strings.NewReader("to=mallory")
		res, err := corstest.Fetch(protected, form)
		if err != nil {
			fmt.Println(err)
			continue
		}
		site := res.Response.Request.Header.Get("Sec-Fetch-Site")
		fmt.Println(origin, site, res.Response.Status)
	}
	// Output:
	// https://bank.example same-origin 200 OK
	// https://evil.example cross-site 403 Forbidden
}

package cors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"example.com/cors"
)

// hello stands for an application.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })

// show sends a request with an Origin header and prints what CORS made of it.
func show(h http.Handler, method, target, origin string) {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Origin", origin)
	if method == http.MethodOptions {
		r.Header.Set("Access-Control-Request-Method", http.MethodPut)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Printf("%s %s from %s: %d, allowed %q\n", method, target, origin, w.Code,
		w.Header().Get("Access-Control-Allow-Origin"))
}

// A page on http://localhost:3000 calls an API: wrap the API's whole mux.
func Example() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `["ada"]`) })
	mux.HandleFunc("PUT /users", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusCreated) })

	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT"},
		AllowedHeaders: []string{"Content-Type"},
		MaxAge:         10 * time.Minute,
	})
	api := allow(mux) // http.ListenAndServe("localhost:5000", api)

	show(api, "GET", "/users", "http://localhost:3000")
	show(api, "OPTIONS", "/users", "http://localhost:3000")
	show(api, "PUT", "/users", "http://localhost:3000")
	show(api, "OPTIONS", "/users", "https://evil.example")
	// Output:
	// GET /users from http://localhost:3000: 200, allowed "http://localhost:3000"
	// OPTIONS /users from http://localhost:3000: 204, allowed "http://localhost:3000"
	// PUT /users from http://localhost:3000: 201, allowed "http://localhost:3000"
	// OPTIONS /users from https://evil.example: 403, allowed ""
}

// The shortest policy: the pages of one origin may read what the API answers.
func ExampleNew() {
	allow := cors.New(cors.Options{AllowedOrigins: []string{"https://example.com"}})
	show(allow(hello), "GET", "/", "https://example.com")
	show(allow(hello), "GET", "/", "https://evil.example")
	// Output:
	// GET / from https://example.com: 200, allowed "https://example.com"
	// GET / from https://evil.example: 200, allowed ""
}

// With cookies, the origins have to be named, and each of them be trusted.
func ExampleNew_credentials() {
	allow := cors.New(cors.Options{
		AllowedOrigins:   []string{"https://app.example.com", "https://*.admin.example.com"},
		AllowCredentials: true,
	})
	r := httptest.NewRequest("GET", "/me", nil)
	r.Header.Set("Origin", "https://eu.admin.example.com")
	w := httptest.NewRecorder()
	allow(hello).ServeHTTP(w, r)
	fmt.Println(w.Header().Get("Access-Control-Allow-Origin"))
	fmt.Println(w.Header().Get("Access-Control-Allow-Credentials"))
	fmt.Println(w.Header().Get("Vary"))
	// Output:
	// https://eu.admin.example.com
	// true
	// Origin
}

// A database knows the origins of each tenant. The look-up takes the request's
// context, so that it ends with the request.
func ExampleNew_dynamicOrigins() {
	isOriginOf := func(ctx context.Context, tenant, origin string) (bool, error) {
		return tenant == "acme" && origin == "https://acme.example", ctx.Err()
	}
	allow := cors.New(cors.Options{
		AllowOriginFunc: func(r *http.Request, origin string) bool {
			ok, err := isOriginOf(r.Context(), r.Host, origin)
			return err == nil && ok
		},
		AllowOriginVary: []string{"Host"},
	})
	show(allow(hello), "GET", "http://acme/", "https://acme.example")
	show(allow(hello), "GET", "http://other/", "https://acme.example")
	// Output:
	// GET http://acme/ from https://acme.example: 200, allowed "https://acme.example"
	// GET http://other/ from https://acme.example: 200, allowed ""
}

// A policy comes from a file or the environment: what is wrong with it is found
// out at once, and reported where it was written.
func ExampleOptions_Validate() {
	const file = `{
		"allowedOrigins": ["https://example.com/en", "app.example.com", "http://shop.example.com"],
		"allowedMethods": ["patch"],
		"maxAgeSeconds":  600
	}`
	var config struct {
		AllowedOrigins []string
		AllowedMethods []string
		MaxAgeSeconds  int
	}
	if err := json.NewDecoder(strings.NewReader(file)).Decode(&config); err != nil {
		fmt.Println(err)
		return
	}
	opts := cors.Options{
		AllowedOrigins:   config.AllowedOrigins,
		AllowedMethods:   config.AllowedMethods,
		MaxAge:           time.Duration(config.MaxAgeSeconds) * time.Second,
		AllowCredentials: true,
	}
	var bad *cors.OptionsError
	if errors.As(opts.Validate(), &bad) {
		for _, p := range bad.Problems {
			if p.Fix != "" {
				fmt.Printf("%s: write %q instead of %q\n", p.Field, p.Fix, p.Value)
			} else {
				fmt.Printf("%s: %q is refused\n", p.Field, p.Value) // p.Detail says why
			}
		}
	}
	// Output:
	// AllowedOrigins: write "https://example.com" instead of "https://example.com/en"
	// AllowedOrigins: write "https://app.example.com" instead of "app.example.com"
	// AllowedOrigins: "http://shop.example.com" is refused
	// AllowedMethods: write "PATCH" instead of "patch"
}

// Each route has its own policy. The mux would answer the preflights of routes
// with a method by itself, so RoutePreflights stands before it.
func ExampleRoutePreflights() {
	public := cors.New(cors.Options{AllowedOrigins: []string{"*"}})
	private := cors.New(cors.Options{
		AllowedOrigins:   []string{"https://app.example.com"},
		AllowedMethods:   []string{"PUT"},
		AllowCredentials: true,
	})
	mux := http.NewServeMux()
	mux.Handle("GET /users", public(hello))
	mux.Handle("PUT /users", private(hello))
	mux.Handle("PUT /internal", hello)
	h := cors.RoutePreflights(mux)

	show(h, "GET", "/users", "https://any.example")
	show(h, "OPTIONS", "/users", "https://app.example.com")
	show(h, "OPTIONS", "/users", "https://any.example")
	show(h, "OPTIONS", "/internal", "https://app.example.com")
	// Output:
	// GET /users from https://any.example: 200, allowed "*"
	// OPTIONS /users from https://app.example.com: 204, allowed "https://app.example.com"
	// OPTIONS /users from https://any.example: 403, allowed ""
	// OPTIONS /internal from https://app.example.com: 405, allowed ""
}

// Each policy gets a logger that names it, so that a line says whose it is.
func ExampleOptions_logger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "policy" || a.Key == "reason" {
				return a
			}
			return slog.Attr{} // to keep this example short
		},
	}))
	public := cors.New(cors.Options{AllowedOrigins: []string{"*"}, Logger: logger.With("policy", "public")})
	admin := cors.New(cors.Options{
		AllowedOrigins: []string{"https://admin.example.com"},
		Logger:         logger.With("policy", "admin"),
	})
	mux := http.NewServeMux()
	mux.Handle("/", public(hello))
	mux.Handle("/admin/", admin(hello))

	r := httptest.NewRequest("GET", "/admin/", nil)
	r.Header.Set("Origin", "http://admin.example.com")
	mux.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// policy=admin reason="the scheme differs"
}

// The policy changes while the server runs: a request sees the old one or the
// new one, and never a mixture.
func ExampleNew_hotSwap() {
	var current atomic.Pointer[http.Handler]
	apply := func(opts cors.Options) error {
		if err := opts.Validate(); err != nil {
			return err // and the old policy stays
		}
		h := cors.New(opts)(hello)
		current.Store(&h)
		return nil
	}
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*current.Load()).ServeHTTP(w, r) })

	fmt.Println(apply(cors.Options{AllowedOrigins: []string{"https://old.example"}}))
	show(server, "GET", "/", "https://new.example")
	fmt.Println(apply(cors.Options{AllowedOrigins: []string{"https://new.example"}}))
	show(server, "GET", "/", "https://new.example")
	fmt.Println(apply(cors.Options{AllowedOrigins: []string{"new.example"}}))
	show(server, "GET", "/", "https://new.example")
	// Output:
	// <nil>
	// GET / from https://new.example: 200, allowed ""
	// <nil>
	// GET / from https://new.example: 200, allowed "https://new.example"
	// cors: AllowedOrigins: "new.example": no scheme; did you mean "https://new.example"?
	// GET / from https://new.example: 200, allowed "https://new.example"
}

// An upgrader of WebSocket connections has a function that judges the handshake.
func ExampleOriginMatcher_CheckOrigin() {
	origins, err := cors.NewOriginMatcher("https://app.example.com", "https://*.staging.example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	upgrader := struct{ CheckOrigin func(r *http.Request) bool }{origins.CheckOrigin} // websocket.Upgrader, say

	for _, origin := range []string{"https://app.example.com", "https://pr-7.staging.example.com",
		"https://api.example.com", "https://evil.example"} {
		r := httptest.NewRequest("GET", "https://api.example.com/live", nil)
		r.Header.Set("Origin", origin)
		fmt.Println(origin, upgrader.CheckOrigin(r))
	}
	// Output:
	// https://app.example.com true
	// https://pr-7.staging.example.com true
	// https://api.example.com true
	// https://evil.example false
}

// A server on localhost checks the Host of each request. A page of evil.example can
// point that name at 127.0.0.1. Its requests are then same-origin, and no check of
// the origin helps.
func ExampleOriginMatcher_CheckOrigin_localServer() {
	names := map[string]bool{"localhost:5000": true, "127.0.0.1:5000": true, "[::1]:5000": true}
	onlyMyNames := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !names[r.Host] {
				http.Error(w, "this server has another name", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	allow := cors.New(cors.Options{AllowedOrigins: []string{"http://localhost:3000"}})
	h := onlyMyNames(allow(hello)) // outside: the page of a stranger need not read why

	show(h, "GET", "http://localhost:5000/", "http://localhost:3000")
	show(h, "GET", "http://evil.example:5000/", "http://evil.example:5000")
	// Output:
	// GET http://localhost:5000/ from http://localhost:3000: 200, allowed "http://localhost:3000"
	// GET http://evil.example:5000/ from http://evil.example:5000: 403, allowed ""
}

// The server behind a reverse proxy has a CORS layer of its own, which would
// double every header.
func ExampleStripUpstream() {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		fmt.Fprint(w, "hello")
	}))
	defer upstream.Close()
	target, _ := url.Parse(upstream.URL)

	proxy := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: cors.StripUpstream,
	}
	allow := cors.New(cors.Options{AllowedOrigins: []string{"https://app.example.com"}})

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Origin", "https://app.example.com")
	w := httptest.NewRecorder()
	allow(proxy).ServeHTTP(w, r)
	fmt.Println(w.Header()["Access-Control-Allow-Origin"], w.Body)
	// Output: [https://app.example.com] hello
}

// The pages that may read may also write, and no others. Without the option, a form
// on any page posts to the server, with the cookies of its visitor.
func ExampleOptions_refuseCrossOriginWrites() {
	allow := cors.New(cors.Options{
		AllowedOrigins:          []string{"https://app.example.com"},
		AllowCredentials:        true,
		RefuseCrossOriginWrites: true,
	})
	h := allow(hello)

	show(h, "POST", "https://api.example.com/transfer", "https://app.example.com")
	show(h, "POST", "https://api.example.com/transfer", "https://api.example.com") // the server's own page
	show(h, "POST", "https://api.example.com/transfer", "https://evil.example")
	show(h, "GET", "https://api.example.com/balance", "https://evil.example") // the browser keeps the answer
	// Output:
	// POST https://api.example.com/transfer from https://app.example.com: 200, allowed "https://app.example.com"
	// POST https://api.example.com/transfer from https://api.example.com: 200, allowed ""
	// POST https://api.example.com/transfer from https://evil.example: 403, allowed ""
	// GET https://api.example.com/balance from https://evil.example: 200, allowed ""
}

// Some pages may read and not write: use [http.CrossOriginProtection] by itself, and
// trust the origins that may write. Place it inside, so that the pages can read why
// they are refused.
func ExampleNew_crossOriginProtection() {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin("https://app.example.com"); err != nil {
		fmt.Println(err)
		return
	}
	allow := cors.New(cors.Options{AllowedOrigins: []string{"https://app.example.com", "https://reader.example.com"}})
	h := allow(protection.Handler(hello))

	show(h, "POST", "/transfer", "https://app.example.com")
	show(h, "POST", "/transfer", "https://reader.example.com")
	show(h, "POST", "/transfer", "https://evil.example")
	show(h, "GET", "/balance", "https://reader.example.com")
	// Output:
	// POST /transfer from https://app.example.com: 200, allowed "https://app.example.com"
	// POST /transfer from https://reader.example.com: 403, allowed "https://reader.example.com"
	// POST /transfer from https://evil.example: 403, allowed ""
	// GET /balance from https://reader.example.com: 200, allowed "https://reader.example.com"
}

package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"example.com/cors"
)

// An api is the server on the other origin. It counts the preflights that each
// of its URLs gets.
type api struct {
	http.Handler
	mu    sync.Mutex
	count map[string]int
}

const maxCounted = 10_000 // URLs; after that, counting starts anew
const maxURL = 1000       // bytes of a URL that is counted

// newAPI returns an API whose policies allow the page at origin, or not.
func newAPI(origin string, logger *slog.Logger) *api {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{origin},
		AllowedMethods: []string{"PUT", "PATCH", "DELETE"},
		AllowedHeaders: []string{"Content-Type", "Authorization", "X-Tenant"},
		ExposedHeaders: []string{"ETag"},
		MaxAge:         10 * time.Minute,
		Logger:         logger,
	})
	withCookies := cors.New(cors.Options{
		AllowedOrigins:                  []string{origin},
		AllowCredentials:                true,
		Logger:                          logger,
		DangerouslyAllowInsecureOrigins: true, // for -page with another host; there is nothing to steal here
	})
	everybody := cors.New(cors.Options{AllowedOrigins: []string{"*"}, Logger: logger})
	partner := cors.New(cors.Options{AllowedOrigins: []string{"https://partner.example"}, Logger: logger})

	mux := http.NewServeMux()
	mux.Handle("/notes", allow(http.HandlerFunc(notes)))
	mux.Handle("/old-notes", allow(http.RedirectHandler("/notes", http.StatusFound)))
	mux.Handle("/missing", allow(http.NotFoundHandler()))
	mux.Handle("/me", withCookies(http.HandlerFunc(me)))
	mux.Handle("/time", everybody(http.HandlerFunc(now)))
	mux.Handle("/partner", partner(http.HandlerFunc(notes)))
	mux.Handle("/private", http.HandlerFunc(notes)) // no CORS at all

	// The same route twice: a pattern with a method, which hides preflights from the
	// policy behind it, and the remedy.
	mux.Handle("PUT /hidden/{id}", allow(http.HandlerFunc(notes)))
	routed := http.NewServeMux()
	routed.Handle("PUT /routed/{id}", allow(http.HandlerFunc(notes)))
	mux.Handle("/routed/", cors.RoutePreflights(routed))

	a := &api{count: make(map[string]int)}
	a.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			a.mu.Lock()
			if len(a.count) == maxCounted {
				clear(a.count)
			}
			if url := r.URL.String(); len(url) <= maxURL { // the page's own are short
				a.count[url]++
			}
			a.mu.Unlock()
		}
		w.Header().Set("Cache-Control", "no-store") // so that each call is a request
		mux.ServeHTTP(w, r)
	})
	return a
}

// preflights returns how many preflights url got, a path with its query.
func (a *api) preflights(url string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count[url]
}

func notes(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"v7"`)
	w.Header().Set("X-Cost", "3")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	fmt.Fprintf(w, "%s of %d bytes", r.Method, len(body))
}

// me greets whoever was here before, by a cookie.
func me(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("visitor"); err == nil {
		fmt.Fprintf(w, "welcome back, %.20s", c.Value)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "visitor", Value: "Ada", Path: "/me", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	fmt.Fprint(w, "welcome")
}

func now(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, "it is "+time.Now().UTC().Format(time.TimeOnly))
}

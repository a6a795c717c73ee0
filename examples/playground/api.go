package main

import (
	"fmt"
	"io"
	"net/http"
	"path"
)

// A route is a path of the API that the form offers.
type route struct{ Path, Label string }

var routes = []route{
	{"/notes", "notes: any method; ETag and X-Cost in the response"},
	{"/me", "a session: the first response sets a cookie"},
	{"/missing", "an error: 404"},
	{"/old-notes", "a redirect to /notes"},
	{"/away", "a redirect to another origin"},
	{"/private", "a route without CORS"},
	{"/hidden/7", "PUT only, the method in the mux pattern"},
	{"/routed/7", "the same behind RoutePreflights"},
}

// newAPI returns an API with the policy of allow. Redirects to another origin go to
// elsewhere, where the same API listens.
//
// In a program of your own, wrap the whole mux: allow(mux). This one wraps route by
// route, because it shows two mistakes as well: a route that was left out, /private,
// and a pattern that hides preflights, /hidden/7.
func newAPI(allow func(http.Handler) http.Handler, elsewhere string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/notes", allow(http.HandlerFunc(notes)))
	mux.Handle("/me", allow(http.HandlerFunc(me)))
	mux.Handle("/missing", allow(http.NotFoundHandler()))
	mux.Handle("/old-notes", allow(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "notes") // relative: the API may stand below a prefix
		w.WriteHeader(http.StatusFound)
	})))
	mux.Handle("/away", allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", elsewhere+path.Join(path.Dir(r.RequestURI), "notes"))
		w.WriteHeader(http.StatusFound)
	})))
	mux.Handle("/private", http.HandlerFunc(notes))

	// The same route twice, without the remedy and with it.
	mux.Handle("PUT /hidden/{id}", allow(http.HandlerFunc(notes)))
	mux.Handle("/routed/", newRouted(allow))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store") // so that each call is a request
		mux.ServeHTTP(w, r)
	})
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
	// Without a Path the browser takes the folder of the URL, which is this visitor's.
	http.SetCookie(w, &http.Cookie{Name: "visitor", Value: "Ada", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	fmt.Fprint(w, "welcome")
}

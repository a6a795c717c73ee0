// Command chi is an API for a page on http://localhost:3000, with chi.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
	"github.com/go-chi/chi/v5"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	r := chi.NewRouter()
	// At the root, or in a Route: in a Group or With it would see no preflight.
	r.Use(cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type"},
	}))
	r.Route("/users/{id}", func(r chi.Router) {
		r.Get("/", user)
		r.Put("/", user)
		r.Delete("/", user)
	})
	return r
}

func user(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s", r.Method, chi.URLParam(r, "id"))
}

// Command servemux is an API for a page on http://localhost:3000, with one
// policy for all routes of a ServeMux.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type"},
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", user)
	mux.HandleFunc("PUT /users/{id}", user)
	mux.HandleFunc("DELETE /users/{id}", user)
	return allow(mux)
}

func user(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s", r.Method, r.PathValue("id"))
}

// Command alice is an API for a page on http://localhost:3000, with a chain of justinas/alice.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
	"github.com/justinas/alice"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type"},
	})
	mux := http.NewServeMux()
	mux.HandleFunc("/users/{id}", user)
	return alice.New(allow, authenticated).Then(mux) // preflights carry no Authorization
}

func authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer x" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func user(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s", r.Method, r.PathValue("id"))
}

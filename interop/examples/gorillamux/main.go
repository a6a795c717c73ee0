// Command gorillamux is an API for a page on http://localhost:3000, with gorilla/mux.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
	"github.com/gorilla/mux"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type"},
	})
	r := mux.NewRouter()
	r.HandleFunc("/users/{id}", user).Methods("GET", "PUT", "DELETE")
	return allow(r) // r.Use(allow) would see no preflight: none of the routes matches
}

func user(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s", r.Method, mux.Vars(r)["id"])
}

// Command routepreflights is an API for a page on http://localhost:3000, with
// policies that differ by route of a ServeMux.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	pages := []string{"http://localhost:3000"}
	headers := []string{"Authorization", "Content-Type"}
	read := cors.New(cors.Options{AllowedOrigins: pages, AllowedHeaders: headers})
	write := cors.New(cors.Options{
		AllowedOrigins: pages, AllowedHeaders: headers, AllowedMethods: []string{"PUT", "DELETE"},
	})
	mux := http.NewServeMux()
	mux.Handle("GET /users/{id}", read(http.HandlerFunc(user)))
	mux.Handle("PUT /users/{id}", write(http.HandlerFunc(user)))
	mux.Handle("DELETE /users/{id}", write(http.HandlerFunc(user)))
	return cors.RoutePreflights(mux) // without it, ServeMux answers preflights with 405
}

func user(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s", r.Method, r.PathValue("id"))
}

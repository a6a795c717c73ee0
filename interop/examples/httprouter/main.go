// Command httprouter is an API for a page on http://localhost:3000, with httprouter.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
	"github.com/julienschmidt/httprouter"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type"},
	})
	r := httprouter.New()
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		r.Handle(method, "/users/:id", user)
	}
	return allow(r)
}

func user(w http.ResponseWriter, r *http.Request, ps httprouter.Params) {
	fmt.Fprintf(w, "%s %s", r.Method, ps.ByName("id"))
}

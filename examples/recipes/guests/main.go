// Command guests lets its own pages call with cookies, and every other page read what
// anybody may read.
//
// That is two policies, and the origin of the request chooses. So each answer depends on
// Origin, also one to a page that is no guest: Vary has to say so, which the open policy
// alone does not.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	users := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "guest"
		if c, err := r.Cookie("session"); err == nil && c.Value == "1" {
			name = "ada"
		}
		fmt.Fprint(w, r.Method, " by ", name)
	})
	own := cors.New(cors.Options{
		AllowedOrigins:   []string{"https://app.example.com"},
		AllowedMethods:   []string{"PUT"},
		AllowCredentials: true,
	})
	everybody := cors.New(cors.Options{AllowedOrigins: []string{"*"}})
	return choose("https://app.example.com", own(users), everybody(users))
}

// choose hands the requests of pages of an origin to own, and all others to everybody.
func choose(origin string, own, everybody http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lines := r.Header["Origin"]; len(lines) == 1 && lines[0] == origin {
			own.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Origin")
		everybody.ServeHTTP(w, r)
	})
}

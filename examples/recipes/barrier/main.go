// Command barrier answers 403 to the pages of other origins, as gin-contrib/cors does, and
// many a layer that was written by hand.
//
// CORS stops no request: it keeps pages from reading the answers. Where the server was
// never meant to run for foreign pages at all, such as one without a login in a company's
// network, two barriers take the place of the old one. RefuseCrossOriginWrites refuses
// what foreign pages send, forms included. The middleware below refuses what they read,
// with an error page of your own.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	origins := []string{"https://app.example.com"}
	allow := cors.New(cors.Options{AllowedOrigins: origins, RefuseCrossOriginWrites: true})
	allowed, err := cors.NewOriginMatcher(origins...)
	if err != nil {
		log.Fatal(err)
	}
	refused := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "this API is for https://app.example.com", http.StatusForbidden)
	})
	users := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method, " users") })
	return allow(refuseForeign(allowed, refused, users))
}

// refuseForeign answers with refused to the requests of pages of other origins, if they
// have an Origin. Images, scripts and links have none, as with the old barrier. It stands
// inside the CORS layer, which sets Vary.
func refuseForeign(allowed *cors.OriginMatcher, refused, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowed.CheckOrigin(r) { // true without Origin, and for the server's own pages
			refused.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

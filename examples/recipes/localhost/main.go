// Command localhost is a server for the pages of one origin that listens on this
// machine alone, and that DNS rebinding does not reach.
//
// A page of http://rebound.example can have its own name lead to 127.0.0.1 after it is
// loaded. To the browser it then calls its own origin, and may read all answers. It
// sends no Origin with a GET, and its own with other requests, where it equals Host:
// neither CORS nor cors.OriginMatcher.CheckOrigin can tell. The server can: the page's
// requests have Host: rebound.example, and the server does not have that name.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"

	"example.com/cors"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT"},
		// Any page that the user visits can send forms to localhost.
		RefuseCrossOriginWrites: true,
	})
	mux := http.NewServeMux()
	mux.HandleFunc("/notes", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method, " notes") })
	return onlyNames(allow(mux), "localhost", "127.0.0.1", "::1")
}

// onlyNames refuses requests for a Host whose name is not in names, with any port. It
// goes around everything else, WebSocket handshakes included. A server in a local
// network needs the names and addresses that it has there.
func onlyNames(next http.Handler, names ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil { // no port
			name = strings.TrimSuffix(strings.TrimPrefix(r.Host, "["), "]")
		}
		if !slices.Contains(names, strings.ToLower(name)) {
			http.Error(w, "this server does not have the name in Host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Command websocket opens WebSockets for the pages of a list, and for no others.
//
// WebSockets are not under CORS: every page can open one, with the cookies that the
// browser has. The server has to look at Origin itself. OriginMatcher.CheckOrigin also
// lets in pages whose origin has the server's own host, as Host names it: right for most,
// and too much where Host is not to be believed, or where the server's own pages are
// other people's. Then ask for the list alone.
package main

import (
	"fmt"
	"log"
	"net/http"

	"example.com/cors"
)

func main() {
	allowed, err := cors.NewOriginMatcher("https://app.example.com", "https://*.example.org")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:5000", handler(listed(allowed))))
}

// listed is what the CheckOrigin of an upgrader takes. A request without Origin is that of
// a program: a browser always sends one with a handshake. Return false for it if no
// program is to connect.
func listed(allowed *cors.OriginMatcher) func(*http.Request) bool {
	return func(r *http.Request) bool {
		lines := r.Header["Origin"]
		return len(lines) == 0 || len(lines) == 1 && allowed.Match(lines[0])
	}
}

// handler stands for one that upgrades the connection.
func handler(checkOrigin func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !checkOrigin(r) {
			http.Error(w, "this page may not open a WebSocket here", http.StatusForbidden)
			return
		}
		fmt.Fprint(w, "upgraded")
	})
}

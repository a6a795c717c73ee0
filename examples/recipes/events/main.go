// Command events streams to pages of another origin, with server-sent events and with
// the body of a fetch.
//
// There is nothing to set for it: the middleware passes the ResponseWriter on, so that
// Flush works, and the headers are sent before the first event. An EventSource sends
// no preflight, not even when it comes back with Last-Event-ID. A script that sends
// Last-Event-ID with fetch does, and needs it in AllowedHeaders.
package main

import (
	"fmt"
	"log"
	"net/http"
	"strconv"

	"example.com/cors"
)

func main() {
	log.Fatal(http.ListenAndServe("localhost:5000", handler("http://localhost:3000")))
}

// handler serves pages of origin.
func handler(origin string) http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins:   []string{origin},
		AllowedHeaders:   []string{"Last-Event-ID"},
		AllowCredentials: true, // for new EventSource(url, {withCredentials: true})
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", events)
	return allow(mux)
}

// events sends the numbers from the one after Last-Event-ID to the next even one, and
// ends the response, as a server does that is restarted. The browser then connects
// again by itself.
func events(w http.ResponseWriter, r *http.Request) {
	last, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprint(w, "retry: 100\n\n")
	control := http.NewResponseController(w)
	for id := last + 1; ; id++ {
		fmt.Fprintf(w, "id: %d\ndata: event %d\n\n", id, id)
		if err := control.Flush(); err != nil || id%2 == 0 {
			return
		}
	}
}

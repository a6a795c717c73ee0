// Command dryrun tries a stricter policy in production before it is enforced: one
// policy answers, and another only logs what it would have refused.
package main

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"

	"example.com/cors"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler(slog.Default()))) }

func handler(logger *slog.Logger) http.Handler {
	enforced := cors.New(cors.Options{
		AllowedOrigins: []string{"https://*.example.com"},
		AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"*"},
	})
	planned := cors.Options{
		AllowedOrigins: []string{"https://app.example.com"},
		AllowedMethods: []string{"PUT"},
		AllowedHeaders: []string{"Content-Type"},
		Logger:         logger.With("policy", "planned"),
		// Writes of other pages are logged too, and pass.
		RefuseCrossOriginWrites: true,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/users", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method, " users") })
	return dryRun(planned, enforced(mux))
}

// dryRun shows each request to the policy of opts, discards its answer, and passes
// the request on. What the policy would refuse is in its Logger's records, at Info.
func dryRun(opts cors.Options, next http.Handler) http.Handler {
	opts.OptionsPassthrough = false // the policy gets no say in what runs
	shadow := cors.New(opts)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shadow.ServeHTTP(discard{}, r)
		next.ServeHTTP(w, r)
	})
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{}

func (discard) Header() http.Header         { return make(http.Header) }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

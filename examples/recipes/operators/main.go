// Command operators takes its origins from an environment variable, and starts whatever
// is in it:
//
//	APP_CORS_ORIGINS=https://app.example.com,https://*.example.org
//
// A bad entry is left out, and the log names the variable, the entry, and what to write
// instead. An empty variable means that no page of another origin can read anything.
// That is what a program wants that runs at other people's; one that you run yourself
// had better stop, as the program in config does.
package main

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"example.com/cors"
)

func main() {
	const name = "APP_CORS_ORIGINS"
	log.Fatal(http.ListenAndServe("localhost:5000", handler(name, os.Getenv(name), slog.Default())))
}

func handler(name, value string, logger *slog.Logger) http.Handler {
	users := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "users") })
	return layer(cors.Options{AllowedHeaders: []string{"Content-Type"}}, name, value, logger)(users)
}

// layer returns the CORS layer for the origins in value, which the operator wrote in the
// variable. Each entry is judged by itself, with the other fields of opts.
func layer(opts cors.Options, name, value string, logger *slog.Logger) func(http.Handler) http.Handler {
	var origins []string
	for _, entry := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		opts.AllowedOrigins = []string{entry}
		var bad *cors.OptionsError
		if errors.As(opts.Validate(), &bad) {
			for _, p := range bad.Problems {
				logger.Warn("an origin is left out", "variable", name, "entry", entry, "reason", p.Detail, "write", p.Fix)
			}
			continue
		}
		origins = append(origins, entry)
	}
	if len(origins) == 0 {
		return func(next http.Handler) http.Handler { return next }
	}
	opts.AllowedOrigins = origins
	return cors.New(opts)
}

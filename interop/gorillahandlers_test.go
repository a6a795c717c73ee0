package interop_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/handlers"

	"example.com/cors"
)

// Each option of gorilla/handlers' CORS, and its counterpart here.
func TestMigrationFromGorilla(t *testing.T) {
	const pattern = "https://*.app.example"
	listed, all := []string{page}, []string{"*"}
	theirMethods := handlers.AllowedMethods([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
	methods := []string{"PUT", "PATCH", "DELETE"}
	gorilla := func(opts ...handlers.CORSOption) http.Handler {
		return handlers.CORS(append(opts, theirMethods)...)(greeting)
	}
	theirs := handlers.AllowedOrigins(listed)
	// They answer with the method that was asked for, and with 200.
	differ := func(maxAge string) map[string][2]string {
		return map[string][2]string{
			"a session": {"preflights: PUT PATCH DELETE", "preflights: PUT"},
			"a preflight's answer": {
				`status 200, max-age "` + maxAge + `", handler ran: false`,
				`status 204, max-age "` + maxAge + `", handler ran: false`,
			},
		}
	}
	for _, m := range []migration{
		{
			name: "AllowedOrigins", theirs: gorilla(theirs),
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods}, differ: differ(""),
		},
		{
			// Theirs compares whole origins: the pattern matches no page there.
			name: "AllowedOrigins with a pattern", theirs: gorilla(handlers.AllowedOrigins(append(listed, pattern))),
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods}, differ: differ(""),
		},
		{
			name: "AllowedOrigins left out", theirs: gorilla(),
			ours: cors.Options{AllowedOrigins: all, AllowedMethods: methods}, differ: differ(""),
		},
		{name: "AllowedOriginValidator", theirs: gorilla(handlers.AllowedOriginValidator(func(origin string) bool {
			return origin == page
		})),
			ours: cors.Options{
				AllowOriginFunc: func(_ *http.Request, origin string) bool { return origin == page }, AllowedMethods: methods,
			}, differ: differ("")},
		{
			name: "AllowedMethods left out", theirs: handlers.CORS(theirs)(greeting),
			ours: cors.Options{AllowedOrigins: listed},
		},
		{name: "AllowedHeaders", theirs: gorilla(theirs, handlers.AllowedHeaders([]string{"X-Token", "Content-Type"})),
			ours: cors.Options{
				AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: []string{"X-Token", "Content-Type"},
			}, differ: differ("")},
		{name: "ExposedHeaders", theirs: gorilla(theirs, handlers.ExposedHeaders([]string{"ETag", "x-request-id"})),
			ours: cors.Options{
				AllowedOrigins: listed, AllowedMethods: methods, ExposedHeaders: []string{"ETag", "x-request-id"},
			}, differ: differ("")},
		{name: "AllowCredentials", theirs: gorilla(theirs, handlers.AllowCredentials()),
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowCredentials: true}, differ: differ("")},
		{name: "MaxAge", theirs: gorilla(theirs, handlers.MaxAge(600)),
			ours:   cors.Options{AllowedOrigins: listed, AllowedMethods: methods, MaxAge: 10 * time.Minute},
			differ: differ("600")},
		{name: "MaxAge above ten minutes", theirs: gorilla(theirs, handlers.MaxAge(3600)),
			ours:   cors.Options{AllowedOrigins: listed, AllowedMethods: methods, MaxAge: 10 * time.Minute},
			differ: differ("600")},
		{name: "OptionStatusCode", theirs: gorilla(theirs, handlers.OptionStatusCode(204)),
			ours:   cors.Options{AllowedOrigins: listed, AllowedMethods: methods, OptionsSuccessStatus: 204},
			differ: map[string][2]string{"a session": {"preflights: PUT PATCH DELETE", "preflights: PUT"}}},
		// Without headers on preflights; the handler has to set them itself.
		{
			name: "IgnoreOptions", theirs: handlers.CORS(theirs, handlers.IgnoreOptions())(greeting),
			ours: cors.Options{AllowedOrigins: listed, OptionsPassthrough: true},
		},
	} {
		t.Run(m.name, m.check)
	}
}

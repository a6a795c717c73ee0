package interop_test

import (
	"net/http"
	"testing"
	"time"

	chicors "github.com/go-chi/cors"
	"github.com/stretchr/testify/assert"

	"example.com/cors"
)

// Each option of go-chi/cors, and its counterpart here.
func TestMigrationFromChi(t *testing.T) {
	chi := func(o chicors.Options) http.Handler { return chicors.Handler(o)(greeting) }
	listed, all := []string{page}, []string{"*"}
	defaults := []string{"Content-Type"} // of go-chi/cors's, the one that needs mention here
	options := []string{"OPTIONS"}       // which go-chi/cors always allows
	theirMethods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
	methods := []string{"PUT", "PATCH", "DELETE", "OPTIONS"}
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
	// Only the open policy lets pages without an origin of their own read, as in a sandbox.
	opaque := map[string][2]string{"frame: JSON": {"not sent", "read"}, "frame: OPTIONS": {"not sent", "read"}}
	for _, kind := range []string{"GET", "HEAD", "form"} {
		opaque["frame: "+kind] = [2]string{"sent, not read", "read"}
	}
	for _, m := range []migration{
		{
			name: "AllowedOrigins", theirs: chi(chicors.Options{AllowedOrigins: listed}),
			ours: cors.Options{AllowedOrigins: listed, AllowedHeaders: defaults, AllowedMethods: options},
		},
		{name: "AllowedOrigins with a wildcard", theirs: chi(chicors.Options{
			AllowedOrigins: []string{"https://*.app.example"},
		}),
			ours: cors.Options{
				AllowedOrigins: []string{"https://*.app.example"}, AllowedHeaders: defaults, AllowedMethods: options,
			}},
		{
			name: "AllowedOrigins left out", theirs: chi(chicors.Options{}),
			ours: cors.Options{AllowedOrigins: all, AllowedHeaders: defaults, AllowedMethods: options},
		},
		// As in the README of go-chi/cors. All pages but "null" may read.
		{
			name: "AllowedOrigins of two schemes", theirs: chi(chicors.Options{
				AllowedOrigins: []string{"https://*", "http://*"},
			}),
			ours:   cors.Options{AllowedOrigins: all, AllowedHeaders: defaults, AllowedMethods: options},
			differ: opaque,
		},
		{name: "AllowOriginFunc", theirs: chi(chicors.Options{
			AllowOriginFunc: func(_ *http.Request, origin string) bool { return origin == page },
		}),
			ours: cors.Options{
				AllowOriginFunc: func(_ *http.Request, origin string) bool { return origin == page },
				AllowedHeaders:  defaults, AllowedMethods: options,
			}},
		{name: "AllowedMethods", theirs: chi(chicors.Options{AllowedOrigins: listed, AllowedMethods: theirMethods}),
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: defaults}, differ: differ("")},
		{name: "AllowedHeaders", theirs: chi(chicors.Options{
			AllowedOrigins: listed, AllowedMethods: theirMethods, AllowedHeaders: []string{"X-Token"},
		}),
			ours:   cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: []string{"X-Token"}},
			differ: differ("")},
		{name: "AllowedHeaders *", theirs: chi(chicors.Options{
			AllowedOrigins: listed, AllowedMethods: theirMethods, AllowedHeaders: all,
		}),
			ours: cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all}, differ: differ("")},
		{name: "ExposedHeaders", theirs: chi(chicors.Options{
			AllowedOrigins: listed, AllowedMethods: theirMethods, ExposedHeaders: []string{"ETag", "x-request-id"},
		}),
			ours: cors.Options{
				AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: defaults,
				ExposedHeaders: []string{"ETag", "x-request-id"},
			}, differ: differ("")},
		{name: "AllowCredentials", theirs: chi(chicors.Options{
			AllowedOrigins: listed, AllowedMethods: theirMethods, AllowCredentials: true,
		}),
			ours: cors.Options{
				AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: defaults, AllowCredentials: true,
			}, differ: differ("")},
		{name: "MaxAge", theirs: chi(chicors.Options{AllowedOrigins: listed, AllowedMethods: theirMethods, MaxAge: 600}),
			ours: cors.Options{
				AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: defaults, MaxAge: 10 * time.Minute,
			}, differ: differ("600")},
		{name: "OptionsPassthrough", theirs: chi(chicors.Options{
			AllowedOrigins: listed, AllowedMethods: theirMethods, OptionsPassthrough: true,
		}),
			ours: cors.Options{
				AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: defaults, OptionsPassthrough: true,
			},
			differ: map[string][2]string{"a session": {"preflights: PUT PATCH DELETE", "preflights: PUT"}}},
		{
			name: "AllowAll", theirs: chicors.AllowAll().Handler(greeting),
			ours: cors.Options{AllowedOrigins: all, AllowedMethods: methods, AllowedHeaders: all}, differ: differ(""),
		},
	} {
		t.Run(m.name, m.check)
	}
	// A method in lower case works there, and is an error here.
	assert.ErrorContains(t, cors.Options{AllowedOrigins: listed, AllowedMethods: []string{"put"}}.Validate(), `"PUT"`)
}

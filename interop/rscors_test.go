package interop_test

import (
	"bytes"
	"log"
	"log/slog"
	"net/http"
	"testing"
	"time"

	rscors "github.com/rs/cors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/internal/test/fixture"
)

// Each option of rs/cors, and its counterpart here.
func TestMigrationFromRSCors(t *testing.T) {
	rs := func(o rscors.Options) http.Handler { return rscors.New(o).Handler(greeting) }
	listed := []string{page}
	all := []string{"*"}
	defaults := []string{"Accept", "Content-Type", "X-Requested-With"} // rs/cors's default AllowedHeaders
	options := []string{"OPTIONS"}                                     // which rs/cors always allows
	// Their methods, all of them, and ours, without those that need no mention.
	theirMethods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
	methods := []string{"PUT", "PATCH", "DELETE", "OPTIONS"}
	// They answer with the method that was asked for, so that browsers ask again for
	// the next. We answer with all.
	fewerPreflights := map[string][2]string{"a session": {"preflights: PUT PATCH DELETE", "preflights: PUT"}}
	for _, m := range []migration{
		{
			name:   "AllowedOrigins",
			theirs: rs(rscors.Options{AllowedOrigins: listed}),
			ours:   cors.Options{AllowedOrigins: listed, AllowedHeaders: defaults, AllowedMethods: options},
		},
		{
			name:   "AllowedOrigins with a wildcard",
			theirs: rs(rscors.Options{AllowedOrigins: []string{"https://*.app.example"}}),
			ours: cors.Options{
				AllowedOrigins: []string{"https://*.app.example"}, AllowedHeaders: defaults, AllowedMethods: options,
			},
		},
		{
			name:   "AllowedOrigins left out",
			theirs: rs(rscors.Options{}),
			ours:   cors.Options{AllowedOrigins: all, AllowedHeaders: defaults, AllowedMethods: options},
		},
		{
			name:   "AllowedOrigins *",
			theirs: rs(rscors.Options{AllowedOrigins: all}),
			ours:   cors.Options{AllowedOrigins: all, AllowedHeaders: defaults, AllowedMethods: options},
		},
		{
			name:   "AllowOriginFunc",
			theirs: rs(rscors.Options{AllowOriginFunc: func(origin string) bool { return origin == page }}),
			ours: cors.Options{
				AllowOriginFunc: func(_ *http.Request, origin string) bool { return origin == page },
				AllowedHeaders:  defaults,
				AllowedMethods:  options,
			},
		},
		{
			name: "AllowOriginRequestFunc",
			theirs: rs(rscors.Options{
				//lint:ignore SA1019 people have it
				AllowOriginRequestFunc: func(r *http.Request, origin string) bool {
					return r.Host == "api.example" && origin == page
				},
			}),
			ours: cors.Options{
				AllowOriginFunc: func(r *http.Request, origin string) bool { return r.Host == "api.example" && origin == page },
				AllowedHeaders:  defaults,
				AllowedMethods:  options,
			},
		},
		{
			name: "AllowOriginVaryRequestFunc",
			theirs: rs(rscors.Options{AllowOriginVaryRequestFunc: func(r *http.Request, origin string) (bool, []string) {
				return origin == page && r.Header.Get("X-Tenant") == "", []string{"X-Tenant"}
			}}),
			ours: cors.Options{
				AllowOriginFunc: func(r *http.Request, origin string) bool {
					return origin == page && r.Header.Get("X-Tenant") == ""
				},
				AllowOriginVary: []string{"X-Tenant"}, AllowedHeaders: defaults, AllowedMethods: options,
			},
		},
		{
			name:   "AllowedMethods",
			theirs: rs(rscors.Options{AllowedOrigins: listed, AllowedMethods: theirMethods}),
			ours:   cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: defaults},
			differ: fewerPreflights,
		},
		{
			name: "AllowedHeaders",
			theirs: rs(rscors.Options{
				AllowedOrigins: listed, AllowedHeaders: []string{"X-Token", "Authorization"}, AllowedMethods: theirMethods,
			}),
			ours: cors.Options{
				AllowedOrigins: listed, AllowedHeaders: []string{"X-Token", "Authorization"}, AllowedMethods: methods,
			},
			differ: fewerPreflights,
		},
		{
			name:   "AllowedHeaders *",
			theirs: rs(rscors.Options{AllowedOrigins: listed, AllowedHeaders: all}),
			ours:   cors.Options{AllowedOrigins: listed, AllowedHeaders: all, AllowedMethods: options},
		},
		{
			name:   "AllowedHeaders * with AllowCredentials",
			theirs: rs(rscors.Options{AllowedOrigins: listed, AllowedHeaders: all, AllowCredentials: true}),
			ours:   cors.Options{AllowedOrigins: listed, AllowedHeaders: all, AllowCredentials: true, AllowedMethods: options},
		},
		{
			name:   "ExposedHeaders",
			theirs: rs(rscors.Options{AllowedOrigins: listed, ExposedHeaders: []string{"ETag", "x-request-id"}}),
			ours: cors.Options{
				AllowedOrigins: listed, ExposedHeaders: []string{"ETag", "x-request-id"},
				AllowedHeaders: defaults, AllowedMethods: options,
			},
		},
		{
			name:   "MaxAge",
			theirs: rs(rscors.Options{AllowedOrigins: listed, MaxAge: 600, AllowedMethods: theirMethods}),
			ours: cors.Options{
				AllowedOrigins: listed, MaxAge: 600 * time.Second, AllowedMethods: methods, AllowedHeaders: defaults,
			},
			differ: fewerPreflights,
		},
		{
			name:   "MaxAge negative",
			theirs: rs(rscors.Options{AllowedOrigins: listed, MaxAge: -1, AllowedMethods: theirMethods}),
			ours:   cors.Options{AllowedOrigins: listed, MaxAge: -1, AllowedMethods: methods, AllowedHeaders: defaults},
		},
		{
			name:   "AllowCredentials",
			theirs: rs(rscors.Options{AllowedOrigins: listed, AllowCredentials: true, AllowedMethods: theirMethods}),
			ours: cors.Options{
				AllowedOrigins: listed, AllowCredentials: true, AllowedMethods: methods, AllowedHeaders: defaults,
			},
			differ: fewerPreflights,
		},
		{
			name:   "AllowPrivateNetwork",
			theirs: rs(rscors.Options{AllowedOrigins: listed, AllowPrivateNetwork: true}),
			ours:   cors.Options{AllowedOrigins: listed, AllowedHeaders: defaults, AllowedMethods: options},
		},
		{
			name:   "OptionsPassthrough",
			theirs: rs(rscors.Options{AllowedOrigins: listed, OptionsPassthrough: true}),
			ours: cors.Options{
				AllowedOrigins: listed, OptionsPassthrough: true, AllowedHeaders: defaults, AllowedMethods: options,
			},
		},
		{
			name:   "OptionsSuccessStatus",
			theirs: rs(rscors.Options{AllowedOrigins: listed, OptionsSuccessStatus: 200}),
			ours: cors.Options{
				AllowedOrigins: listed, OptionsSuccessStatus: 200, AllowedHeaders: defaults, AllowedMethods: options,
			},
		},
		{
			name:   "AllowAll",
			theirs: rscors.AllowAll().Handler(greeting),
			ours:   cors.Options{AllowedOrigins: all, AllowedMethods: methods, AllowedHeaders: all},
			differ: fewerPreflights,
		},
		{
			name:   "Default",
			theirs: rscors.Default().Handler(greeting),
			ours:   cors.Options{AllowedOrigins: all, AllowedHeaders: defaults, AllowedMethods: options},
		},
		{
			name:   "HandlerFunc",
			theirs: wrapFunc(rscors.New(rscors.Options{AllowedOrigins: listed}).HandlerFunc),
			ours:   cors.Options{AllowedOrigins: listed, AllowedHeaders: defaults, AllowedMethods: options},
		},
		{
			name: "ServeHTTP",
			theirs: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rscors.New(rscors.Options{AllowedOrigins: listed}).ServeHTTP(w, r, greeting.ServeHTTP)
			}),
			ours: cors.Options{AllowedOrigins: listed, AllowedHeaders: defaults, AllowedMethods: options},
		},
	} {
		t.Run(m.name, m.check)
	}
}

// wrapFunc calls what a method that stands before the handler leaves to it.
func wrapFunc(before http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before(w, r)
		greeting(w, r)
	})
}

// What differs on purpose.
func TestMigrationFromRSCorsDifferences(t *testing.T) {
	rs := func(o rscors.Options) http.Handler { return rscors.New(o).Handler(greeting) }
	defaults := []string{"Accept", "Content-Type", "X-Requested-With"}
	migration{
		name:   "OPTIONS has to be listed here",
		theirs: rs(rscors.Options{AllowedOrigins: []string{page}}),
		ours:   cors.Options{AllowedOrigins: []string{page}, AllowedHeaders: defaults},
		differ: map[string][2]string{"page: OPTIONS": {"read", "not sent"}},
	}.check(t)
	migration{
		name:   "GET, HEAD and POST have to be listed there",
		theirs: rs(rscors.Options{AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT"}}),
		ours: cors.Options{
			AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT", "OPTIONS"}, AllowedHeaders: defaults,
		},
		differ: map[string][2]string{
			"page: GET": {"sent, not read", "read"}, "page: HEAD": {"sent, not read", "read"},
			"page: form": {"sent, not read", "read"},
			"page: JSON": {"not sent", "read"}, "page: X-Requested-With": {"not sent", "read"},
		},
	}.check(t)

	// Theirs start, and allow nobody, or more than was meant. Ours say so.
	for want, o := range map[string]rscors.Options{
		"https://app.example/users":  {AllowedOrigins: []string{"https://app.example/users"}},
		"app.example":                {AllowedOrigins: []string{"app.example"}},
		"https://app*":               {AllowedOrigins: []string{"https://app*"}},
		"https://*app.example/*":     {AllowedOrigins: []string{"https://*app.example/*"}},
		"leave AllowCredentials out": {AllowedOrigins: []string{"*"}, AllowCredentials: true},
	} {
		rs(o)
		err := cors.Options{AllowedOrigins: o.AllowedOrigins, AllowCredentials: o.AllowCredentials}.Validate()
		assert.ErrorContains(t, err, want)
	}
	assert.ErrorContains(t, cors.Options{}.Validate(), "no origin is allowed", "theirs allows every origin then")
	assert.ErrorContains(t, cors.Options{AllowedOrigins: []string{page}, MaxAge: 600}.Validate(), "10m0s",
		"theirs counts seconds")
}

// What browsers do not tell apart.
func TestMigrationFromRSCorsOnTheWire(t *testing.T) {
	ask := func(h http.Handler) *http.Response {
		r := fixture.Preflight(page, "PUT")
		r.Header.Set("Access-Control-Request-Private-Network", "true")
		return fixture.Serve(h, r).Result()
	}
	both := func(theirs rscors.Options, ours cors.Options) (a, b *http.Response) {
		theirs.AllowedOrigins, ours.AllowedOrigins = []string{page}, []string{page}
		theirs.AllowedMethods, ours.AllowedMethods = []string{"PUT"}, []string{"PUT"}
		return ask(rscors.New(theirs).Handler(greeting)), ask(cors.New(ours)(greeting))
	}
	for seconds, want := range map[int]string{0: "", 600: "600", -1: "0"} {
		a, b := both(rscors.Options{MaxAge: seconds}, cors.Options{MaxAge: time.Duration(seconds) * time.Second})
		assert.Equal(t, want, a.Header.Get("Access-Control-Max-Age"))
		assert.Equal(t, want, b.Header.Get("Access-Control-Max-Age"))
	}
	for _, status := range []int{0, 200, 204} {
		a, b := both(rscors.Options{OptionsSuccessStatus: status}, cors.Options{OptionsSuccessStatus: status})
		assert.Equal(t, a.StatusCode, b.StatusCode)
	}
	for _, passthrough := range []bool{false, true} {
		a, b := both(rscors.Options{OptionsPassthrough: passthrough}, cors.Options{OptionsPassthrough: passthrough})
		assert.Equal(t, passthrough, a.Header.Get("X-Ran") != "")
		assert.Equal(t, passthrough, b.Header.Get("X-Ran") != "")
	}
	a, b := both(rscors.Options{AllowPrivateNetwork: true}, cors.Options{})
	assert.Equal(t, "true", a.Header.Get("Access-Control-Allow-Private-Network"))
	assert.Empty(t, b.Header.Get("Access-Control-Allow-Private-Network"), "no browser asks for it any more")

	var theirLog, ourLog bytes.Buffer
	r := fixture.Get(stranger)
	c := rscors.New(rscors.Options{AllowedOrigins: []string{page}, Debug: true, Logger: log.New(&theirLog, "", 0)})
	fixture.Serve(c.Handler(greeting), r)
	logger := slog.New(slog.NewTextHandler(&ourLog, nil))
	fixture.Serve(cors.New(cors.Options{AllowedOrigins: []string{page}, Logger: logger})(greeting), r)
	assert.Contains(t, theirLog.String(), stranger)
	assert.Contains(t, ourLog.String(), stranger)

	m, err := cors.NewOriginMatcher(page)
	require.NoError(t, err)
	for origin, want := range map[string]bool{page: true, stranger: false, "null": false} {
		r.Header.Set("Origin", origin)
		assert.Equal(t, want, c.OriginAllowed(r), origin)
		assert.Equal(t, want, m.CheckOrigin(r), origin)
	}
	// Those who do not come from another origin pass CheckOrigin, which is for
	// WebSockets.
	r.Header.Set("Origin", "https://api.example")
	assert.False(t, c.OriginAllowed(r))
	assert.True(t, m.CheckOrigin(r))
	r.Header.Del("Origin")
	assert.False(t, c.OriginAllowed(r))
	assert.True(t, m.CheckOrigin(r))
}

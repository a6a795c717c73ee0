package main

import (
	"net/http"
	"slices"
	"sync"

	gincors "github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	chicors "github.com/go-chi/cors"
	"github.com/gorilla/handlers"
	rscors "github.com/rs/cors"

	"example.com/cors"
)

// A lib is one way to apply a policy. The package github.com/jub0bs/cors, which
// belongs here by its merits, is missing: the module proxy that this repository
// is built behind does not serve it.
type lib struct {
	name string

	// wrap puts the policy before next, for requests of kind q, at which no library
	// looks.
	wrap func(p policy, q request, next http.Handler) http.Handler
}

// libs are in the order in which they are measured.
func libs() []lib {
	return []lib{
		{"none", func(_ policy, _ request, next http.Handler) http.Handler { return next }},
		{"hand", byHand},
		{"shared", byHandShared},
		{"cors", ofPolicy(func(p policy) func(http.Handler) http.Handler {
			return cors.New(cors.Options{
				AllowedOrigins:   p.origins,
				AllowedMethods:   methods,
				AllowedHeaders:   allowedHeaders,
				ExposedHeaders:   p.exposed,
				AllowCredentials: p.credentials,
				MaxAge:           maxAge,
			})
		})},
		{"rs", ofPolicy(func(p policy) func(http.Handler) http.Handler {
			return rscors.New(rscors.Options{
				AllowedOrigins:   p.origins,
				AllowedMethods:   methodsInFull,
				AllowedHeaders:   allowedHeaders,
				ExposedHeaders:   p.exposed,
				AllowCredentials: p.credentials,
				MaxAge:           int(maxAge.Seconds()),
			}).Handler
		})},
		{"chi", ofPolicy(func(p policy) func(http.Handler) http.Handler {
			return chicors.Handler(chicors.Options{
				AllowedOrigins:   p.origins,
				AllowedMethods:   methodsInFull,
				AllowedHeaders:   allowedHeaders,
				ExposedHeaders:   p.exposed,
				AllowCredentials: p.credentials,
				MaxAge:           int(maxAge.Seconds()),
			})
		})},
		{"gorilla", ofPolicy(func(p policy) func(http.Handler) http.Handler {
			opts := []handlers.CORSOption{
				handlers.AllowedOrigins(p.origins),
				handlers.AllowedMethods(methodsInFull),
				handlers.AllowedHeaders(allowedHeaders),
				handlers.ExposedHeaders(p.exposed),
				handlers.MaxAge(int(maxAge.Seconds())),
			}
			if p.credentials {
				opts = append(opts, handlers.AllowCredentials())
			}
			return handlers.CORS(opts...)
		})},
		// The middleware of gin works within gin alone; what gin itself costs is
		// measured too.
		{"gin", func(_ policy, _ request, next http.Handler) http.Handler { return ginEngine(next) }},
		{"gin-contrib", ofPolicy(func(p policy) func(http.Handler) http.Handler {
			middleware := gincors.New(gincors.Config{
				AllowOrigins:     p.origins,
				AllowWildcard:    true,
				AllowMethods:     methodsInFull,
				AllowHeaders:     allowedHeaders,
				ExposeHeaders:    p.exposed,
				AllowCredentials: p.credentials,
				MaxAge:           maxAge,
			})
			return func(next http.Handler) http.Handler { return ginEngine(next, middleware) }
		})},
	}
}

// isLibrary reports whether l can be expected to enforce a policy.
func (l lib) isLibrary() bool {
	return !slices.Contains([]string{"none", "hand", "shared", "gin"}, l.name)
}

// libNamed returns the one of libs that has the name.
func libNamed(name string) lib {
	all := libs()
	return all[slices.IndexFunc(all, func(l lib) bool { return l.name == name })]
}

// ofPolicy builds the middleware once per policy, when it is first needed.
func ofPolicy(build func(policy) func(http.Handler) http.Handler) func(policy, request, http.Handler) http.Handler {
	var mu sync.Mutex
	var last string
	var middleware func(http.Handler) http.Handler
	return func(p policy, _ request, next http.Handler) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		if last != p.name {
			last, middleware = p.name, build(p)
		}
		return middleware(next)
	}
}

func ginEngine(next http.Handler, middleware ...gin.HandlerFunc) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.Use(middleware...)
	e.Any("/*path", gin.WrapH(next))
	return e
}

// byHand assigns the headers that this library would, and decides nothing: the
// floor for whoever shares no slice between responses.
func byHand(p policy, q request, next http.Handler) http.Handler {
	const (
		actualVary    = "Origin"
		preflightVary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
		methods       = "PUT, PATCH, DELETE"
		headers       = "Authorization, Content-Type"
		maxAge        = "600"
	)
	origin := func(r *http.Request) string { return r.Header["Origin"][0] }
	if p.name == "any" {
		origin = func(*http.Request) string { return "*" }
	}
	preflight := q.announced != nil
	switch {
	case !preflight && p.name == "any":
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Access-Control-Allow-Origin"] = []string{"*"}
			next.ServeHTTP(w, r)
		})
	case !preflight && (q.origin == nil || q.refused):
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Vary"] = []string{actualVary}
			next.ServeHTTP(w, r)
		})
	case !preflight && p.credentials:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h, v := w.Header(), [...]string{actualVary, origin(r), "true", "Etag, X-Request-Id"}
			h["Vary"] = v[0:1:1]
			h["Access-Control-Allow-Origin"] = v[1:2:2]
			h["Access-Control-Allow-Credentials"] = v[2:3:3]
			h["Access-Control-Expose-Headers"] = v[3:4:4]
			next.ServeHTTP(w, r)
		})
	case !preflight:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h, v := w.Header(), [...]string{actualVary, origin(r)}
			h["Vary"] = v[0:1:1]
			h["Access-Control-Allow-Origin"] = v[1:2:2]
			next.ServeHTTP(w, r)
		})
	case q.refused:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Vary"] = []string{preflightVary}
			w.WriteHeader(http.StatusForbidden)
		})
	case p.credentials:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h, v := w.Header(), [...]string{preflightVary, origin(r), "true", methods, headers, maxAge}
			h["Vary"] = v[0:1:1]
			h["Access-Control-Allow-Origin"] = v[1:2:2]
			h["Access-Control-Allow-Credentials"] = v[2:3:3]
			h["Access-Control-Allow-Methods"] = v[3:4:4]
			h["Access-Control-Allow-Headers"] = v[4:5:5]
			h["Access-Control-Max-Age"] = v[5:6:6]
			w.WriteHeader(http.StatusNoContent)
		})
	default:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h, v := w.Header(), [...]string{preflightVary, origin(r), methods, headers, maxAge}
			h["Vary"] = v[0:1:1]
			h["Access-Control-Allow-Origin"] = v[1:2:2]
			h["Access-Control-Allow-Methods"] = v[2:3:3]
			h["Access-Control-Allow-Headers"] = v[3:4:4]
			h["Access-Control-Max-Age"] = v[4:5:5]
			w.WriteHeader(http.StatusNoContent)
		})
	}
}

// byHandShared assigns the same headers and allocates nothing: the lines are those
// of every response, so that who changes one changes all. Several packages share
// some of theirs. The difference to byHand is what keeping them apart costs.
func byHandShared(p policy, q request, next http.Handler) http.Handler {
	w := &discard{header: make(http.Header)}
	byHand(p, q, noop{}).ServeHTTP(w, q.to(p))
	type field struct {
		name  string
		lines []string
	}
	var fields []field
	for name, lines := range w.header {
		fields = append(fields, field{name, lines})
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		for _, f := range fields {
			h[f.name] = f.lines
		}
		if w.status != 0 {
			rw.WriteHeader(w.status)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

package interop_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/julienschmidt/httprouter"
	"github.com/justinas/alice"
	labstack "github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"

	"example.com/cors"
	"example.com/cors/corstest"
)

// A routing is a router with GET and PUT of /users/{id}, and the middleware
// somewhere.
type routing struct {
	name    string
	handler http.Handler

	// What a page learns of a GET, of a PUT, of a PATCH, for which there is no route,
	// and of a path without any.
	get, put, patch, nowhere string
}

const unanswered = "blocked: preflight CORS check" // by the middleware, at least
const unreadable = "blocked: CORS check"

func checkRoutings(t *testing.T, routings []routing) {
	t.Helper()
	for _, tc := range routings {
		t.Run(tc.name, func(t *testing.T) {
			wantOutcomes(t, serve(t, tc.handler), map[string]string{
				"GET /users/7": tc.get, "PUT /users/7": tc.put, "PATCH /users/7": tc.patch, "GET /nowhere": tc.nowhere,
			})
		})
	}
}

var user = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method) })

func TestServeMux(t *testing.T) {
	byMethod := func(wrap func(http.Handler) http.Handler) *http.ServeMux {
		m := http.NewServeMux()
		m.Handle("GET /users/{id}", wrap(user))
		m.Handle("PUT /users/{id}", wrap(user))
		return m
	}
	bare := func(h http.Handler) http.Handler { return h }
	byPath := http.NewServeMux()
	byPath.Handle("/users/{id}", allow(user))
	outer := http.NewServeMux()
	outer.Handle("/api/", allow(http.StripPrefix("/api", byMethod(bare))))
	inner := http.NewServeMux()
	inner.Handle("/api/", http.StripPrefix("/api", byMethod(allow)))
	routedInside := http.NewServeMux()
	routedInside.Handle("/api/", http.StripPrefix("/api", cors.RoutePreflights(byMethod(allow))))

	checkRoutings(t, []routing{
		{"around the mux", allow(byMethod(bare)), "200 GET", "200 PUT", "405 Method Not Allowed", "404 404 page not found"},
		// The preflight is an OPTIONS, which no pattern with another method matches.
		{"on routes with a method", byMethod(allow), "200 GET", unanswered, unanswered, unreadable},
		{"on routes with a method, RoutePreflights", cors.RoutePreflights(byMethod(allow)), "200 GET", "200 PUT", unanswered, unreadable},
		{"on a route without a method", byPath, "200 GET", "200 PUT", "200 PATCH", unreadable},
	})
	under := func(h http.Handler) http.Handler { // the paths of the calls, put under /api
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/api" + r.URL.Path
			h.ServeHTTP(w, r)
		})
	}
	checkRoutings(t, []routing{
		{"around a nested mux", under(outer), "200 GET", "200 PUT", "405 Method Not Allowed", "404 404 page not found"},
		{"in a nested mux, on routes with a method", under(inner), "200 GET", unanswered, unanswered, unreadable},
		// RoutePreflights belongs to the mux whose patterns have methods.
		{"RoutePreflights of a nested mux", under(routedInside), "200 GET", "200 PUT", unanswered, unreadable},
		{"RoutePreflights of the outer mux alone", under(cors.RoutePreflights(inner)), "200 GET", unanswered, unanswered, unreadable},
	})
}

// Each route has a policy of its own, and an OPTIONS runs none that has not.
func TestRoutePreflights(t *testing.T) {
	ran := 0
	m := http.NewServeMux()
	m.Handle("GET /public", cors.New(cors.Options{AllowedOrigins: []string{"*"}})(user))
	m.Handle("PUT /users/{id}", allow(user))
	m.Handle("DELETE /tree/", allow(user))
	m.Handle("POST /pay", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran++ }))
	h := serve(t, cors.RoutePreflights(m))
	call := func(origin, method, path string) string {
		res, err := corstest.Fetch(h, corstest.Request{Origin: origin, Method: method, URL: path})
		if err != nil {
			return "blocked"
		}
		return res.Response.Status
	}
	assert.Equal(t, "200 OK", call(page, "GET", "/public"))
	assert.Equal(t, "200 OK", call(stranger, "GET", "/public"))
	assert.Equal(t, "200 OK", call(page, "PUT", "/users/7"))
	assert.Equal(t, "blocked", call(stranger, "PUT", "/users/7"))
	assert.Equal(t, "blocked", call(page, "DELETE", "/users/7"))
	assert.Equal(t, "200 OK", call(page, "DELETE", "/tree/x"))
	r := corstest.Request{Origin: page, Method: "POST", URL: "/pay", Header: http.Header{"X-A": {"1"}}}
	_, err := corstest.Fetch(h, r)
	assert.Error(t, err)
	assert.Zero(t, ran, "the preflight ran an application's handler")
}

func TestChi(t *testing.T) {
	routes := func(r chi.Router) {
		r.Method("GET", "/users/{id}", user)
		r.Method("PUT", "/users/{id}", user)
	}
	build := func(f func(r chi.Router)) http.Handler {
		r := chi.NewRouter()
		f(r)
		return r
	}
	checkRoutings(t, []routing{
		{"Use at the root", build(func(r chi.Router) { r.Use(allow); routes(r) }), "200 GET", "200 PUT", "405", "404 404 page not found"},
		{"around the router", allow(build(routes)), "200 GET", "200 PUT", "405", "404 404 page not found"},
		// The middleware of these runs once a route is found, and none is for OPTIONS.
		{"Use in a Group", build(func(r chi.Router) { r.Group(func(r chi.Router) { r.Use(allow); routes(r) }) }), "200 GET", unanswered, unanswered, unreadable},
		{"With", build(func(r chi.Router) { routes(r.With(allow)) }), "200 GET", unanswered, unanswered, unreadable},
		// A Route is a router of its own, whose middleware runs before it looks.
		{"Use in a Route", build(func(r chi.Router) {
			r.Route("/users", func(r chi.Router) {
				r.Use(allow)
				r.Method("GET", "/{id}", user)
				r.Method("PUT", "/{id}", user)
			})
		}), "200 GET", "200 PUT", "405", unreadable},
	})
}

func TestGorillaMux(t *testing.T) {
	build := func(use ...mux.MiddlewareFunc) *mux.Router {
		r := mux.NewRouter()
		r.Use(use...)
		r.Handle("/users/{id}", user).Methods("GET")
		r.Handle("/users/{id}", user).Methods("PUT")
		return r
	}
	withOptions := build(allow)
	withOptions.Methods("OPTIONS").HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	checkRoutings(t, []routing{
		{"around the router", allow(build()), "200 GET", "200 PUT", "405", "404 404 page not found"},
		// Use runs only where a route matches, method included.
		{"Use", build(allow), "200 GET", unanswered, unanswered, unreadable},
		// With a route that matches every OPTIONS, preflights pass; errors still cannot be
		// read.
		{"Use, and a route for OPTIONS", withOptions, "200 GET", "200 PUT", unreadable, unreadable},
	})
}

func TestEcho(t *testing.T) {
	build := func(with func(e *labstack.Echo)) http.Handler {
		e := labstack.New()
		with(e)
		h := labstack.WrapHandler(user)
		e.GET("/users/:id", h)
		e.PUT("/users/:id", h)
		return e
	}
	const methodNotAllowed, notFound = `405 {"message":"Method Not Allowed"}`, `404 {"message":"Not Found"}`
	group := labstack.New()
	g := group.Group("/users", labstack.WrapMiddleware(allow))
	g.GET("/:id", labstack.WrapHandler(user))
	g.PUT("/:id", labstack.WrapHandler(user))
	checkRoutings(t, []routing{
		{"around echo", allow(build(func(*labstack.Echo) {})), "200 GET", "200 PUT", methodNotAllowed, notFound},
		{"Use", build(func(e *labstack.Echo) { e.Use(labstack.WrapMiddleware(allow)) }), "200 GET", "200 PUT", methodNotAllowed, notFound},
		{"Pre", build(func(e *labstack.Echo) { e.Pre(labstack.WrapMiddleware(allow)) }), "200 GET", "200 PUT", methodNotAllowed, notFound},
		// A group with middleware answers for every path below it.
		{"Group", group, "200 GET", "200 PUT", notFound, unreadable},
	})
}

// Gin's middleware has a signature of its own. Around the engine none is needed.
func TestGin(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	build := func(use ...gin.HandlerFunc) http.Handler {
		g := gin.New()
		g.Use(use...)
		g.GET("/users/:id", gin.WrapH(user))
		g.PUT("/users/:id", gin.WrapH(user))
		return g
	}
	// What people write: the response of the middleware is complete, and the chain
	// goes on all the same unless it is told not to.
	adapter := func(c *gin.Context) {
		passed := false
		allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
	group := gin.New()
	g := group.Group("/users", adapter)
	g.GET("/:id", gin.WrapH(user))
	g.PUT("/:id", gin.WrapH(user))
	checkRoutings(t, []routing{
		{"around the engine", allow(build()), "200 GET", "200 PUT", "404 404 page not found", "404 404 page not found"},
		{"Use, with an adapter", build(adapter), "200 GET", "200 PUT", "404 404 page not found", "404 404 page not found"},
		{"a group, with an adapter", group, "200 GET", unanswered, unanswered, unreadable},
	})
}

func TestHTTPRouter(t *testing.T) {
	build := func(wrap func(http.Handler) http.Handler) *httprouter.Router {
		r := httprouter.New()
		r.Handler("GET", "/users/:id", wrap(user))
		r.Handler("PUT", "/users/:id", wrap(user))
		return r
	}
	bare := func(h http.Handler) http.Handler { return h }
	global := build(allow)
	global.GlobalOPTIONS = allow(http.NotFoundHandler())
	checkRoutings(t, []routing{
		{"around the router", allow(build(bare)), "200 GET", "200 PUT", "405 Method Not Allowed", "404 404 page not found"},
		// The router answers every OPTIONS by itself, with a list of methods.
		{"on the routes", build(allow), "200 GET", unanswered, unanswered, unreadable},
		// GlobalOPTIONS is the place for preflights, if all routes have one policy.
		{"on the routes, and GlobalOPTIONS", global, "200 GET", "200 PUT", unreadable, unreadable},
	})
}

// In a chain, what answers by itself comes after.
func TestAlice(t *testing.T) {
	authenticated := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	m := http.NewServeMux()
	m.Handle("/users/{id}", user)
	const readable = "401 who are you?"
	checkRoutings(t, []routing{
		{"before authentication", alice.New(allow, authenticated).Then(m), readable, readable, readable, readable},
		// Preflights carry no Authorization.
		{"after authentication", alice.New(authenticated, allow).Then(m), unreadable, unanswered, unanswered, unreadable},
	})
	for name, h := range map[string]http.Handler{"before": alice.New(allow, authenticated).Then(m), "after": alice.New(authenticated, allow).Then(m)} {
		r := corstest.Request{Origin: page, Method: "PUT", URL: "/users/7", Header: http.Header{"Authorization": {"Bearer x"}}}
		want := map[string]string{"before": "200 PUT", "after": unanswered}[name]
		assert.Equal(t, want, outcome(t, serve(t, h), r), name)
	}
}

package interop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/julienschmidt/httprouter"
	"github.com/justinas/alice"
	labstack "github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
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
		{
			"on routes with a method, RoutePreflights", cors.RoutePreflights(byMethod(allow)),
			"200 GET", "200 PUT", unanswered, unreadable,
		},
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
		{
			"RoutePreflights of the outer mux alone", under(cors.RoutePreflights(inner)),
			"200 GET", unanswered, unanswered, unreadable,
		},
	})
}

// Each route has a policy of its own, and an OPTIONS runs nothing else.
func TestRoutePreflights(t *testing.T) {
	paid := 0
	m := http.NewServeMux()
	m.Handle("GET /public", cors.New(cors.Options{AllowedOrigins: []string{"*"}, AllowedHeaders: []string{"X-A"}})(user))
	m.Handle("PUT /users/{id}", allow(user))
	m.Handle("POST /pay", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { paid++ }))
	h := serve(t, cors.RoutePreflights(m))

	// An X-A makes the browser ask first, whatever the method.
	call := func(origin, method, path string) string {
		r := corstest.Request{Origin: origin, Method: method, URL: path, Header: http.Header{"X-A": {"1"}}}
		res, err := corstest.Fetch(h, r)
		if assert.NotNil(t, res.Preflight, "%s %s", method, path) && err != nil {
			return fmt.Sprintf("%d, blocked", res.Preflight.StatusCode)
		}
		return res.Response.Status
	}
	for _, tc := range []struct{ origin, method, path, want string }{
		{page, "GET", "/public", "200 OK"},
		{stranger, "GET", "/public", "200 OK"},
		{page, "PUT", "/users/7", "204, blocked"}, // its policy has no X-A
		{stranger, "PUT", "/users/7", "403, blocked"},
		{page, "DELETE", "/users/7", "405, blocked"},
		{page, "GET", "/nowhere", "404, blocked"},
		{page, "POST", "/pay", "405, blocked"},
	} {
		assert.Equal(t, tc.want, call(tc.origin, tc.method, tc.path), "%s %s of %s", tc.method, tc.path, tc.origin)
	}
	wantOutcomes(t, h, map[string]string{"PUT /users/7": "200 PUT"})
	assert.Zero(t, paid, "a preflight ran an application's handler")
	// What needs no preflight reaches it: CORS keeps nobody from writing.
	assert.Equal(t, unreadable, outcome(t, h, corstest.Request{Origin: stranger, Method: "POST", URL: "/pay"}))
	assert.Equal(t, 1, paid)
}

func TestChi(t *testing.T) {
	routes := func(r chi.Router) {
		r.Method("GET", "/users/{id}", user)
		r.Method("PUT", "/users/{id}", user)
	}
	usersBelow := func(r chi.Router) {
		r.Method("GET", "/{id}", user)
		r.Method("PUT", "/{id}", user)
	}
	build := func(f func(r chi.Router)) http.Handler {
		r := chi.NewRouter()
		f(r)
		return r
	}
	checkRoutings(t, []routing{
		{
			"Use at the root", build(func(r chi.Router) { r.Use(allow); routes(r) }), "200 GET",
			"200 PUT", "405", "404 404 page not found",
		},
		{"around the router", allow(build(routes)), "200 GET", "200 PUT", "405", "404 404 page not found"},
		// The middleware of these runs once a route is found, and none is for OPTIONS.
		{
			"Use in a Group", build(func(r chi.Router) { r.Group(func(r chi.Router) { r.Use(allow); routes(r) }) }),
			"200 GET", unanswered, unanswered, unreadable,
		},
		{"With", build(func(r chi.Router) { routes(r.With(allow)) }), "200 GET", unanswered, unanswered, unreadable},
		{"With in a Route", build(func(r chi.Router) {
			r.Route("/users/{id}", func(r chi.Router) {
				r.With(allow).Method("GET", "/", user)
				r.With(allow).Method("PUT", "/", user)
			})
		}), "200 GET", unanswered, unanswered, unreadable},
		// A route for OPTIONS in the group lets preflights pass. Errors still cannot be
		// read.
		{"Use in a Group, and a route for OPTIONS", build(func(r chi.Router) {
			r.Group(func(r chi.Router) { r.Use(allow); routes(r); r.Options("/*", http.NotFound) })
		}), "200 GET", "200 PUT", unreadable, unreadable},
		{"Use in a Group, on a route for every method", build(func(r chi.Router) {
			r.Group(func(r chi.Router) { r.Use(allow); r.Handle("/users/{id}", user) })
		}), "200 GET", "200 PUT", "200 PATCH", unreadable},
		// A Route is a router of its own, whose middleware runs before it looks. So is
		// what is mounted.
		{"Use in a Route", build(func(r chi.Router) {
			r.Route("/users", func(r chi.Router) {
				r.Use(allow)
				usersBelow(r)
			})
		}), "200 GET", "200 PUT", "405", unreadable},
		{"Use in what is mounted", build(func(r chi.Router) {
			r.Mount("/users", build(func(r chi.Router) { r.Use(allow); usersBelow(r) }))
		}), "200 GET", "200 PUT", "405", unreadable},
		{"Use in a Group, around a Route", build(func(r chi.Router) {
			r.Group(func(r chi.Router) { r.Use(allow); r.Route("/users", usersBelow) })
		}), "200 GET", "200 PUT", "405", unreadable},
	})
}

func newGorilla(use ...mux.MiddlewareFunc) *mux.Router {
	r := mux.NewRouter()
	r.Use(use...)
	r.Handle("/users/{id}", user).Methods("GET")
	r.Handle("/users/{id}", user).Methods("PUT")
	return r
}

func TestGorillaMux(t *testing.T) {
	withOptions := newGorilla(allow)
	withOptions.Methods("OPTIONS").HandlerFunc(http.NotFound)
	shared := mux.NewRouter()
	shared.Use(allow)
	shared.Handle("/users/{id}", user).Methods("GET", "PUT", "OPTIONS")
	subrouter := mux.NewRouter()
	below := subrouter.PathPrefix("/users").Subrouter()
	below.Use(allow)
	below.Handle("/{id}", user).Methods("GET", "PUT")
	prefix := mux.NewRouter()
	prefix.PathPrefix("/users").Handler(allow(newGorilla()))
	checkRoutings(t, []routing{
		{"around the router", allow(newGorilla()), "200 GET", "200 PUT", "405", "404 404 page not found"},
		// Use runs only where a route matches, method included.
		{"Use", newGorilla(allow), "200 GET", unanswered, unanswered, unreadable},
		{"Use in a Subrouter", subrouter, "200 GET", unanswered, unanswered, unreadable},
		// For a policy of some paths only, wrap a router of their own.
		{"around a router under a PathPrefix", prefix, "200 GET", "200 PUT", "405", unreadable},
		// With a route that matches every OPTIONS, preflights pass; errors still cannot be
		// read.
		{"Use, and a route for OPTIONS", withOptions, "200 GET", "200 PUT", unreadable, unreadable},
		{"Use, and OPTIONS among the methods", shared, "200 GET", "200 PUT", unreadable, unreadable},
	})
	// OPTIONS among the methods also runs the application on an OPTIONS that is no
	// preflight.
	w := httptest.NewRecorder()
	serve(t, shared).ServeHTTP(w, httptest.NewRequest("OPTIONS", "/users/7", nil))
	assert.Equal(t, "OPTIONS", w.Body.String())
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
	grouped := func(with func(g *labstack.Group)) http.Handler {
		e := labstack.New()
		with(e.Group("/users"))
		return e
	}
	usersBelow := func(g *labstack.Group, m ...labstack.MiddlewareFunc) {
		g.GET("/:id", labstack.WrapHandler(user), m...)
		g.PUT("/:id", labstack.WrapHandler(user), m...)
	}
	checkRoutings(t, []routing{
		{"around echo", allow(build(func(*labstack.Echo) {})), "200 GET", "200 PUT", methodNotAllowed, notFound},
		{
			"Use", build(func(e *labstack.Echo) { e.Use(labstack.WrapMiddleware(allow)) }), "200 GET",
			"200 PUT", methodNotAllowed, notFound,
		},
		{
			"Pre", build(func(e *labstack.Echo) { e.Pre(labstack.WrapMiddleware(allow)) }), "200 GET",
			"200 PUT", methodNotAllowed, notFound,
		},
		// A group with middleware answers for every path below it.
		{
			"Use in a Group", grouped(func(g *labstack.Group) { g.Use(labstack.WrapMiddleware(allow)); usersBelow(g) }),
			"200 GET", "200 PUT", notFound, unreadable,
		},
		// But its middleware is for the routes that come later: here preflights pass, and
		// the routes' own responses cannot be read.
		{
			"Use in a Group, after its routes",
			grouped(func(g *labstack.Group) { usersBelow(g); g.Use(labstack.WrapMiddleware(allow)) }),
			unreadable, unreadable, notFound, unreadable,
		},
		{
			"on routes", grouped(func(g *labstack.Group) { usersBelow(g, labstack.WrapMiddleware(allow)) }),
			"200 GET", unanswered, unanswered, unreadable,
		},
	})
}

func newGin(use ...gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.Use(use...)
	g.GET("/users/:id", gin.WrapH(user))
	g.PUT("/users/:id", gin.WrapH(user))
	g.NoRoute(func(c *gin.Context) { c.String(http.StatusNotFound, "nothing here") })
	return g
}

// ginMiddleware adapts m to gin, whose middleware has a signature of its own. Unless
// it is told not to, the chain goes on after a complete response.
func ginMiddleware(m func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		m(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

// Around the engine gin needs no adapter. What people write as one fails somewhere.
func TestGin(t *testing.T) {
	const overwritten = "blocked: preflight status"
	group := gin.New()
	g := group.Group("/users", ginMiddleware(allow))
	g.GET("/:id", gin.WrapH(user))
	g.PUT("/:id", gin.WrapH(user))
	checkRoutings(t, []routing{
		{"around the engine", allow(newGin()), "200 GET", "200 PUT", "404 nothing here", "404 nothing here"},
		{"Use, with an adapter", newGin(ginMiddleware(allow)), "200 GET", "200 PUT", "404 nothing here", "404 nothing here"},
		// No OPTIONS has a route in the group.
		{"a group, with an adapter", group, "200 GET", unanswered, unanswered, unreadable},
		// WrapH does not end the chain: NoRoute turns the answer to the preflight into 404.
		{
			"Use, with WrapH", newGin(gin.WrapH(allow(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))),
			"200 GET", overwritten, overwritten, "404 nothing here",
		},
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
	silent, silentGlobal, withOptions := build(bare), build(allow), build(allow)
	silent.HandleOPTIONS, silentGlobal.HandleOPTIONS = false, false
	silentGlobal.GlobalOPTIONS = allow(http.NotFoundHandler())
	withOptions.Handler("OPTIONS", "/*path", allow(http.NotFoundHandler()))
	checkRoutings(t, []routing{
		{"around the router", allow(build(bare)), "200 GET", "200 PUT", "405 Method Not Allowed", "404 404 page not found"},
		// The router answers every OPTIONS by itself, with a list of methods.
		{"on the routes", build(allow), "200 GET", unanswered, unanswered, unreadable},
		// GlobalOPTIONS is the place for preflights, if all routes have one policy.
		{"on the routes, and GlobalOPTIONS", global, "200 GET", "200 PUT", unreadable, unreadable},
		{"on the routes, and a route for OPTIONS", withOptions, "200 GET", "200 PUT", unreadable, unreadable},
		// HandleOPTIONS is what calls GlobalOPTIONS. Around the router neither matters.
		{
			"around the router, without HandleOPTIONS", allow(silent), "200 GET", "200 PUT",
			"405 Method Not Allowed", "404 404 page not found",
		},
		{
			"on the routes, and GlobalOPTIONS, without HandleOPTIONS", silentGlobal,
			"200 GET", unanswered, unanswered, unreadable,
		},
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
	for name, h := range map[string]http.Handler{
		"before": alice.New(allow, authenticated).Then(m), "after": alice.New(authenticated, allow).Then(m),
	} {
		r := corstest.Request{
			Origin: page, Method: "PUT", URL: "/users/7", Header: http.Header{"Authorization": {"Bearer x"}},
		}
		want := map[string]string{"before": "200 PUT", "after": unanswered}[name]
		assert.Equal(t, want, outcome(t, serve(t, h), r), name)
	}
}

// Routers redirect by themselves to a path with or without a last slash, or to one
// without doubled slashes. A page can follow only what has CORS headers.
func TestRedirectsOfRouters(t *testing.T) {
	tree := func(wrap func(http.Handler) http.Handler) *http.ServeMux {
		m := http.NewServeMux()
		m.Handle("GET /tree/", wrap(user))
		m.Handle("PUT /tree/", wrap(user))
		return m
	}
	bare := func(h http.Handler) http.Handler { return h }
	slashes := func(wrap func(http.Handler) http.Handler) *httprouter.Router {
		r := httprouter.New()
		r.Handler("GET", "/users/:id", wrap(user))
		r.Handler("PUT", "/users/:id", wrap(user))
		return r
	}
	global := slashes(allow)
	global.GlobalOPTIONS = allow(http.NotFoundHandler())
	strict := newGorilla()
	strict.StrictSlash(true).Handle("/tree/", user)
	strictUse := newGorilla(allow)
	strictUse.StrictSlash(true).Handle("/tree/", user)

	for _, tc := range []struct {
		name           string
		handler        http.Handler
		path, get, put string
	}{
		{"around ServeMux", allow(tree(bare)), "/tree", "200 GET", "200 PUT"},
		{"around ServeMux", allow(tree(bare)), "/tree//x", "200 GET", "200 PUT"},
		// The redirect is ServeMux's own. Pages have to call /tree/.
		{"RoutePreflights", cors.RoutePreflights(tree(allow)), "/tree", unreadable, unanswered},
		{"RoutePreflights", cors.RoutePreflights(tree(allow)), "/tree//x", unreadable, unanswered},
		{"RoutePreflights", cors.RoutePreflights(tree(allow)), "/tree/", "200 GET", "200 PUT"},
		{"around gorilla/mux", allow(strict), "/tree", "200 GET", "200 PUT"},
		// A redirect of StrictSlash is a route, and Use sees it.
		{"Use of gorilla/mux", strictUse, "/tree", "200 GET", "200 PUT"},
		{"around gin", allow(newGin()), "/users/7/", "200 GET", "200 PUT"},
		// This is why gin is better wrapped: no middleware of its own sees its redirects.
		{"Use of gin, with an adapter", newGin(ginMiddleware(allow)), "/users/7/", unreadable, unreadable},
		{"around httprouter", allow(slashes(bare)), "/users/7/", "200 GET", "200 PUT"},
		{"on httprouter's routes, and GlobalOPTIONS", global, "/users/7/", unreadable, unanswered},
	} {
		t.Run(tc.name+" "+tc.path, func(t *testing.T) {
			wantOutcomes(t, serve(t, tc.handler), map[string]string{"GET " + tc.path: tc.get, "PUT " + tc.path: tc.put})
		})
	}
}

// Browsers agree, with one place that works and one that does not for each router.
func TestRoutersInBrowsers(t *testing.T) {
	live.RunCalls(t, func(origin string) string {
		policy := cors.New(cors.Options{AllowedOrigins: []string{origin}, AllowedMethods: []string{"PUT"}})
		routes := http.NewServeMux()
		routes.Handle("PUT /users/{id}", policy(user))
		routes.Handle("PUT /tree/", policy(user))
		root, group := chi.NewRouter(), chi.NewRouter()
		root.Use(policy)
		root.Method("PUT", "/users/{id}", user)
		group.With(policy).Method("PUT", "/users/{id}", user)

		calls := make(map[string]string)
		for name, h := range map[string]http.Handler{
			"ServeMux":                        routes,
			"RoutePreflights":                 cors.RoutePreflights(routes),
			"chi, Use at the root":            root,
			"chi, With":                       group,
			"around gorilla/mux":              policy(newGorilla()),
			"gorilla/mux, Use":                newGorilla(policy),
			"around gin, redirected":          policy(newGin()),
			"gin with an adapter, redirected": newGin(ginMiddleware(policy)),
		} {
			calls[name] = serve(t, h).server.String() + "/users/7"
			if strings.HasSuffix(name, "redirected") {
				calls[name] += "/"
			}
		}
		calls["RoutePreflights, redirected"] = serve(t, cors.RoutePreflights(routes)).server.String() + "/tree"
		urls, err := json.Marshal(calls)
		require.NoError(t, err)
		return `Object.fromEntries(Object.entries(` + string(urls) + `).map(([name, url]) => [name, async () => {
			const r = await fetch(url, {method: "PUT"});
			return r.status + " " + await r.text();
		}]))`
	}, map[string]string{
		"ServeMux":                        "blocked",
		"RoutePreflights":                 "200 PUT",
		"RoutePreflights, redirected":     "blocked",
		"chi, Use at the root":            "200 PUT",
		"chi, With":                       "blocked",
		"around gorilla/mux":              "200 PUT",
		"gorilla/mux, Use":                "blocked",
		"around gin, redirected":          "200 PUT",
		"gin with an adapter, redirected": "blocked",
	})
}

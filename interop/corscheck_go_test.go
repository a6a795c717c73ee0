package interop_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gincors "github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	chicors "github.com/go-chi/cors"
	"github.com/gorilla/handlers"
	rscors "github.com/rs/cors"
	"github.com/stretchr/testify/require"

	"example.com/cors"
)

// The policies that the Go middlewares are given, each in its own words.
var (
	checkedMethods = []string{"GET", "HEAD", "POST", "PUT", "DELETE"}
	checkedHeaders = []string{"Authorization", "Content-Type", "X-Token"}
)

// userAPI is the API of the servers, without CORS.
var userAPI = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/crash":
		http.Error(w, "crash", http.StatusInternalServerError)
	case r.URL.Path != "/users/7":
		http.NotFound(w, r)
	case slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete}, r.Method):
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":7}`))
	default:
		w.Header().Set("Allow", "GET, HEAD, PUT, DELETE")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
})

// goServers are the servers that run in the test's own process.
func goServers() []checkedServer {
	return []checkedServer{
		{
			name: "this library",
			start: inProcess("", func(page string) map[string]http.Handler {
				ours := cors.Options{
					AllowedOrigins: []string{checkedOrigin, page}, AllowedMethods: checkedMethods, AllowedHeaders: checkedHeaders,
					AllowCredentials: true, MaxAge: 10 * time.Minute,
				}
				with := func(change func(*cors.Options)) http.Handler {
					o := ours
					change(&o)
					return cors.New(o)(userAPI)
				}
				perRoute := http.NewServeMux()
				perRoute.Handle("GET /users/7", cors.New(ours)(userAPI))
				return map[string]http.Handler{
					"listed": cors.New(ours)(userAPI),
					"open": with(func(o *cors.Options) {
						o.AllowedOrigins, o.AllowCredentials = []string{"*"}, false
					}),
					"subdomains": with(func(o *cors.Options) { o.AllowedOrigins = []string{"https://*.example.com"} }),
					"any port":   with(func(o *cors.Options) { o.AllowedOrigins = []string{"https://app.example.com:*"} }),
					"func": with(func(o *cors.Options) {
						o.AllowedOrigins, o.AllowOriginFunc = nil, func(_ *http.Request, origin string) bool {
							return strings.HasSuffix(origin, "example.com")
						}
					}),
					"per route": perRoute,
				}
			}),
			configurations: []configuration{
				{name: "listed", shown: "Listed origins, `AllowCredentials`", listed: true},
				{name: "open", shown: "`\"*\"`", findings: "any-origin info"},
				{name: "subdomains", shown: "`\"https://*.example.com\"`, `AllowCredentials`", findings: "any-subdomain info"},
				{name: "any port", shown: "`\"https://app.example.com:*\"`, `AllowCredentials`", findings: "any-port low"},
				{
					name: "func", shown: "`AllowOriginFunc` with `strings.HasSuffix(origin, \"example.com\")`, `AllowCredentials`",
					findings: "suffix-match high, insecure-scheme medium", know: "List the origins, or compare them whole.",
				},
				{
					name: "per route", shown: "Around the handler of the pattern `GET /users/7`",
					findings: "preflight-fails medium, errors-unreadable low",
					know:     "Put it around the mux, or use `RoutePreflights`.",
				},
			},
		},
		{
			name: "rs/cors",
			start: inProcess("github.com/rs/cors", func(page string) map[string]http.Handler {
				theirs := rscors.Options{
					AllowedOrigins: []string{checkedOrigin, page}, AllowedMethods: checkedMethods, AllowedHeaders: checkedHeaders,
					AllowCredentials: true, MaxAge: 600,
				}
				with := func(change func(*rscors.Options)) http.Handler {
					o := theirs
					change(&o)
					return rscors.New(o).Handler(userAPI)
				}
				return map[string]http.Handler{
					"listed":           rscors.New(theirs).Handler(userAPI),
					"AllowAll":         rscors.AllowAll().Handler(userAPI),
					"star credentials": with(func(o *rscors.Options) { o.AllowedOrigins = []string{"*"} }),
					"func":             with(func(o *rscors.Options) { o.AllowOriginFunc = func(string) bool { return true } }),
					"wildcard":         with(func(o *rscors.Options) { o.AllowedOrigins = []string{"https://app.example.*"} }),
					"no dot":           with(func(o *rscors.Options) { o.AllowedOrigins = []string{"https://*example.com"} }),
				}
			}),
			configurations: []configuration{
				{
					name: "listed", shown: "Listed origins, `AllowCredentials`", findings: "preflight-uncached info",
					know: "Answers each preflight with the one method that it asks for.", listed: true,
				},
				{name: "AllowAll", shown: "`AllowAll()`", findings: "any-origin info, preflight-uncached info"},
				{
					name: "star credentials", shown: "`\"*\"`, `AllowCredentials`",
					findings: "ineffective medium, any-origin info, preflight-uncached info", know: "List the origins.",
				},
				{
					name: "func", shown: "`AllowOriginFunc` that returns true, `AllowCredentials`",
					findings: "any-origin high, preflight-uncached info", know: "Compare the origin with a list.",
				},
				{
					name: "wildcard", shown: "`\"https://app.example.*\"`, `AllowCredentials`",
					findings: "prefix-match high, preflight-uncached info", know: "The `*` stands for dots too.",
				},
				{
					name: "no dot", shown: "`\"https://*example.com\"`, `AllowCredentials`",
					findings: "suffix-match high, preflight-uncached info", know: "Write the dot after the `*`.",
				},
			},
		},
		{
			name: "go-chi/cors",
			start: inProcess("github.com/go-chi/cors", func(page string) map[string]http.Handler {
				theirs := chicors.Options{
					AllowedOrigins: []string{checkedOrigin, page}, AllowedMethods: checkedMethods, AllowedHeaders: checkedHeaders,
					AllowCredentials: true, MaxAge: 600,
				}
				with := func(origins ...string) http.Handler {
					o := theirs
					o.AllowedOrigins = origins
					return chicors.Handler(o)(userAPI)
				}
				return map[string]http.Handler{
					"listed":           chicors.Handler(theirs)(userAPI),
					"AllowAll":         chicors.AllowAll().Handler(userAPI),
					"both schemes":     with("https://*", "http://*"),
					"star credentials": with("*"),
					"public suffix":    with("https://*.vercel.app"),
				}
			}),
			configurations: []configuration{
				{
					name: "listed", shown: "Listed origins, `AllowCredentials`", findings: "preflight-uncached info",
					know: "Answers each preflight with the one method that it asks for.", listed: true,
				},
				{name: "AllowAll", shown: "`AllowAll()`", findings: "any-origin info, preflight-uncached info"},
				{
					name: "both schemes", shown: "`\"https://*\", \"http://*\"`, `AllowCredentials`",
					findings: "any-origin high, preflight-uncached info", know: "Its README has these origins, without credentials.",
				},
				{
					name: "star credentials", shown: "`\"*\"`, `AllowCredentials`",
					findings: "ineffective medium, any-origin info, preflight-uncached info", know: "List the origins.",
				},
				{
					name: "public suffix", shown: "`\"https://*.vercel.app\"`, `AllowCredentials`, for https://shop.vercel.app",
					findings: "any-subdomain high, preflight-uncached info",
					know:     "Anybody can have a host there. Name yours.", origin: "https://shop.vercel.app",
				},
			},
		},
		{
			name: "gorilla/handlers",
			start: inProcess("github.com/gorilla/handlers", func(page string) map[string]http.Handler {
				theirs := func(o ...handlers.CORSOption) http.Handler {
					return handlers.CORS(append(o, handlers.AllowedMethods(checkedMethods), handlers.AllowedHeaders(checkedHeaders),
						handlers.MaxAge(600))...)(userAPI)
				}
				listed := theirs(handlers.AllowedOrigins([]string{checkedOrigin, page}), handlers.AllowCredentials())
				return map[string]http.Handler{
					"listed":           varyByOrigin(listed),
					"stock":            listed,
					"defaults":         handlers.CORS()(userAPI),
					"star credentials": theirs(handlers.AllowedOrigins([]string{"*"}), handlers.AllowCredentials()),
					"validator": theirs(handlers.AllowedOriginValidator(func(string) bool { return true }),
						handlers.AllowCredentials()),
				}
			}),
			configurations: []configuration{
				{
					name: "listed", shown: "Listed origins, `AllowCredentials`, `Vary: Origin` added around it",
					findings: "preflight-uncached info",
					know:     "Answers each preflight with the one method that it asks for.", listed: true,
				},
				{
					name: "stock", shown: "Listed origins, `AllowCredentials`",
					findings: "vary-missing medium, preflight-uncached info",
					know:     "Add `Vary: Origin` around it. It has no Vary where Origin is missing or not listed.", listed: true,
				},
				{
					name: "defaults", shown: "`CORS()`", findings: "vary-missing medium, any-origin info, preflight-uncached info",
					know: "It sends `*` only to requests with Origin, and has no Vary: a cache may keep the answer without it.",
				},
				{
					name: "star credentials", shown: "`\"*\"`, `AllowCredentials`",
					findings: "vary-missing medium, ineffective medium, any-origin info, preflight-uncached info",
					know:     "List the origins.",
				},
				{
					name: "validator", shown: "`AllowedOriginValidator` that returns true, `AllowCredentials`",
					findings: "any-origin high, vary-missing medium, preflight-uncached info",
					know:     "Compare the origin with a list. With a validator it never sends Vary.",
				},
			},
		},
		{
			name: "gin-contrib/cors",
			start: inProcess("github.com/gin-contrib/cors", func(page string) map[string]http.Handler {
				gin.SetMode(gin.ReleaseMode)
				theirs := func(change func(*gincors.Config)) http.Handler {
					c := gincors.Config{
						AllowMethods: checkedMethods, AllowHeaders: checkedHeaders, AllowCredentials: true, MaxAge: 10 * time.Minute,
					}
					change(&c)
					engine := gin.New()
					engine.Use(gincors.New(c))
					engine.NoRoute(gin.WrapH(userAPI))
					for _, method := range []string{"GET", "PUT", "DELETE"} {
						engine.Handle(method, "/users/7", gin.WrapH(userAPI))
					}
					return engine
				}
				listed := theirs(func(c *gincors.Config) { c.AllowOrigins = []string{checkedOrigin, page} })
				return map[string]http.Handler{
					"listed": varyByOrigin(listed),
					"stock":  listed,
					"all":    theirs(func(c *gincors.Config) { c.AllowAllOrigins, c.AllowCredentials = true, false }),
					"private network": varyByOrigin(theirs(func(c *gincors.Config) {
						c.AllowOrigins, c.AllowPrivateNetwork = []string{checkedOrigin}, true
					})),
					"all credentials": theirs(func(c *gincors.Config) { c.AllowAllOrigins = true }),
					"wildcard": theirs(func(c *gincors.Config) {
						c.AllowOrigins, c.AllowWildcard = []string{"https://app.example.*"}, true
					}),
					"regexp": theirs(func(c *gincors.Config) { c.AllowOrigins = []string{checkedOrigin, "/https://.*example.com/"} }),
				}
			}),
			configurations: []configuration{
				{
					name: "listed", shown: "Listed origins, `AllowCredentials`, `Vary: Origin` added around it",
					know: "It answers requests from other origins with 403.", listed: true,
				},
				{
					name: "stock", shown: "Listed origins, `AllowCredentials`", findings: "vary-missing medium",
					know: "Add `Vary: Origin` around it. It has no Vary where Origin is missing or not listed.", listed: true,
				},
				{
					name: "all", shown: "`AllowAllOrigins`", findings: "vary-missing medium, any-origin info",
					know: "It sends `*` only to requests with Origin, and has no Vary: a cache may keep the answer without it.",
				},
				{name: "private network", shown: "`AllowPrivateNetwork`", findings: "obsolete info"},
				{
					name: "all credentials", shown: "`AllowAllOrigins`, `AllowCredentials`",
					findings: "vary-missing medium, ineffective medium, any-origin info", know: "List the origins.",
				},
				{
					name: "wildcard", shown: "`\"https://app.example.*\"`, `AllowWildcard`, `AllowCredentials`",
					findings: "prefix-match high, vary-missing medium", know: "The `*` stands for dots too.",
				},
				{
					name: "regexp", shown: "`\"/https://.*example.com/\"`, `AllowCredentials`",
					findings: "prefix-match high, suffix-match high, vary-missing medium",
					know:     "A regular expression needs `^`, `$` and `\\.`",
				},
			},
		},
	}
}

// varyByOrigin is what some middlewares need around them.
func varyByOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Origin")
		next.ServeHTTP(w, r)
	})
}

// inProcess returns what starts the handlers that are made for the origin of the
// page. The version is that of a module.
func inProcess(module string, make func(page string) map[string]http.Handler) func(testing.TB, string) (fleet, error) {
	return func(t testing.TB, page string) (fleet, error) {
		t.Helper()
		f := fleet{hosts: map[string]string{}}
		if module != "" {
			goMod, err := os.ReadFile("go.mod")
			require.NoError(t, err)
			version := regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(module) + ` v(\S+)`).FindSubmatch(goMod)
			require.NotNil(t, version, "%s in go.mod", module)
			f.version = string(version[1])
		}
		for name, h := range make(page) {
			f.hosts[name] = serve(t, h).server.Host
		}
		return f, nil
	}
}

package interop_test

import (
	"net/http"
	"testing"
	"time"

	gincors "github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"

	"example.com/cors"
)

// Each option of gin-contrib/cors, and its counterpart here.
func TestMigrationFromGin(t *testing.T) {
	listed, all := []string{page}, []string{"*"}
	methods := []string{"PUT", "PATCH", "DELETE"} // gin-contrib/cors takes every OPTIONS for a preflight
	headers := []string{"X-Token", "Content-Type"}
	gin.SetMode(gin.ReleaseMode)
	theirs := func(change func(*gincors.Config)) http.Handler {
		c := gincors.Config{
			AllowOrigins: listed, AllowMethods: append([]string{"GET", "HEAD", "POST"}, methods...), AllowHeaders: headers,
		}
		change(&c)
		e := gin.New()
		e.Use(gincors.New(c))
		e.NoRoute(gin.WrapH(greeting))
		return e
	}
	ours := func(change func(*cors.Options)) cors.Options {
		o := cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: headers}
		change(&o)
		return o
	}
	for _, m := range []migration{
		{name: "AllowOrigins", theirs: theirs(func(*gincors.Config) {}), ours: ours(func(*cors.Options) {})},
		{
			name: "AllowAllOrigins", theirs: theirs(func(c *gincors.Config) { c.AllowAllOrigins, c.AllowOrigins = true, nil }),
			ours: ours(func(o *cors.Options) { o.AllowedOrigins = all }),
		},
		{name: "AllowWildcard", theirs: theirs(func(c *gincors.Config) {
			c.AllowWildcard, c.AllowOrigins = true, []string{"https://*.app.example"}
		}),
			ours: ours(func(o *cors.Options) { o.AllowedOrigins = []string{"https://*.app.example"} })},
		{name: "AllowOriginFunc", theirs: theirs(func(c *gincors.Config) {
			c.AllowOrigins, c.AllowOriginFunc = nil, func(origin string) bool { return origin == page }
		}), ours: ours(func(o *cors.Options) {
			o.AllowedOrigins, o.AllowOriginFunc = nil, func(_ *http.Request, origin string) bool { return origin == page }
		})},
		{name: "AllowOriginWithContextFunc", theirs: theirs(func(c *gincors.Config) {
			c.AllowOrigins, c.AllowOriginWithContextFunc = nil, func(_ *gin.Context,
				origin string) bool {
				return origin == page
			}
		}), ours: ours(func(o *cors.Options) {
			o.AllowedOrigins, o.AllowOriginFunc = nil, func(_ *http.Request, origin string) bool { return origin == page }
		})},
		{
			name: "AllowHeaders", theirs: theirs(func(c *gincors.Config) { c.AllowHeaders = []string{"Authorization"} }),
			ours: ours(func(o *cors.Options) { o.AllowedHeaders = []string{"Authorization"} }),
		},
		{
			name: "AllowMethods", theirs: theirs(func(c *gincors.Config) { c.AllowMethods = []string{"PUT"} }),
			ours: ours(func(o *cors.Options) { o.AllowedMethods = []string{"PUT"} }),
		},
		{name: "ExposeHeaders", theirs: theirs(func(c *gincors.Config) {
			c.ExposeHeaders = []string{"ETag", "x-request-id"}
		}),
			ours: ours(func(o *cors.Options) { o.ExposedHeaders = []string{"ETag", "x-request-id"} })},
		{
			name: "AllowCredentials", theirs: theirs(func(c *gincors.Config) { c.AllowCredentials = true }),
			ours: ours(func(o *cors.Options) { o.AllowCredentials = true }),
		},
		{
			name: "MaxAge", theirs: theirs(func(c *gincors.Config) { c.MaxAge = 10 * time.Minute }),
			ours: ours(func(o *cors.Options) { o.MaxAge = 10 * time.Minute }),
		},
		{
			name:   "AllowPrivateNetwork",
			theirs: theirs(func(c *gincors.Config) { c.AllowPrivateNetwork = true }), ours: ours(func(*cors.Options) {}),
		},
		{name: "CustomSchemas", theirs: theirs(func(c *gincors.Config) {
			c.CustomSchemas, c.AllowOrigins = []string{"tauri://"}, []string{"tauri://localhost"}
		}), ours: ours(func(o *cors.Options) { o.AllowedOrigins = []string{"tauri://localhost"} })},
		{name: "AllowBrowserExtensions", theirs: theirs(func(c *gincors.Config) {
			c.AllowBrowserExtensions, c.AllowOrigins = true, []string{"chrome-extension://abcdef"}
		}), ours: ours(func(o *cors.Options) { o.AllowedOrigins = []string{"chrome-extension://abcdef"} })},
		{
			name: "OptionsResponseStatusCode", theirs: theirs(func(c *gincors.Config) { c.OptionsResponseStatusCode = 200 }),
			ours: ours(func(o *cors.Options) { o.OptionsSuccessStatus = 200 }),
		},
		{
			name: "AllowWildcard left out", theirs: theirs(func(c *gincors.Config) {
				c.AllowOrigins = []string{page, "https://*.app.example"}
			}),
			ours: ours(func(*cors.Options) {}), // without the pattern, which matches no page there
		},
	} {
		t.Run(m.name, m.check)
	}

	everyOPTIONS := make(map[string][2]string) // theirs answers each itself
	for call, r := range migrationCalls() {
		if r.Method == http.MethodOptions {
			everyOPTIONS[call] = [2]string{"read, though the handler did not run", "not sent"}
		}
	}
	e := gin.New()
	e.Use(gincors.Default())
	e.NoRoute(gin.WrapH(greeting))
	migration{theirs: e, differ: everyOPTIONS, ours: cors.Options{
		AllowedOrigins: all, AllowedMethods: methods, AllowedHeaders: []string{"Content-Type"}, MaxAge: 12 * time.Hour,
	}}.check(t)
}

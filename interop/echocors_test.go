package interop_test

import (
	"net/http"
	"testing"
	"time"

	echo4 "github.com/labstack/echo/v4"
	middleware4 "github.com/labstack/echo/v4/middleware"
	echo5 "github.com/labstack/echo/v5"
	middleware5 "github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"

	"example.com/cors"
)

// Each option of echo's CORS middleware, and its counterpart here.
func TestMigrationFromEcho(t *testing.T) {
	listed, all := []string{page}, []string{"*"}
	methods := []string{"PUT", "PATCH", "DELETE"} // theirs, if none are given
	allowed := func(origin string) bool { return origin == page }
	theirs := func(c middleware4.CORSConfig) http.Handler {
		e := echo4.New()
		e.Use(middleware4.CORSWithConfig(c))
		e.Any("/*", echo4.WrapHandler(greeting))
		return e
	}
	theirs5 := func(c middleware5.CORSConfig) http.Handler {
		e := echo5.New()
		e.Use(middleware5.CORSWithConfig(c))
		e.Any("/*", echo5.WrapHandler(greeting))
		return e
	}
	usual := cors.Options{AllowedOrigins: listed, AllowedMethods: methods, AllowedHeaders: all}
	ours := func(change func(*cors.Options)) cors.Options {
		o := usual
		change(&o)
		return o
	}
	tokens := ours(func(o *cors.Options) {
		o.AllowedMethods, o.AllowedHeaders = []string{"PUT"}, []string{"X-Token"}
		o.ExposedHeaders, o.AllowCredentials, o.MaxAge = []string{"ETag"}, true, 10*time.Minute
	})
	open := ours(func(o *cors.Options) { o.AllowedOrigins = all })
	byFunc := ours(func(o *cors.Options) {
		o.AllowedOrigins, o.AllowOriginFunc = nil, func(_ *http.Request, origin string) bool { return allowed(origin) }
	})
	for _, m := range []migration{
		{name: "4, AllowOrigins", theirs: theirs(middleware4.CORSConfig{AllowOrigins: listed}), ours: usual},
		{name: "4, nothing", theirs: theirs(middleware4.CORSConfig{}), ours: open},
		{name: "4, wildcard", theirs: theirs(middleware4.CORSConfig{AllowOrigins: []string{"https://*.app.example"}}),
			ours: ours(func(o *cors.Options) { o.AllowedOrigins = []string{"https://*.app.example"} })},
		{name: "4, AllowOriginFunc", theirs: theirs(middleware4.CORSConfig{
			AllowOriginFunc: func(origin string) (bool, error) { return allowed(origin), nil },
		}), ours: byFunc},
		{name: "4, the others", theirs: theirs(middleware4.CORSConfig{
			AllowOrigins: listed, AllowMethods: []string{"PUT"}, AllowHeaders: []string{"X-Token"},
			ExposeHeaders: []string{"ETag"}, AllowCredentials: true, MaxAge: 600,
		}), ours: tokens},
		{name: "5, AllowOrigins", theirs: theirs5(middleware5.CORSConfig{AllowOrigins: listed}), ours: usual},
		// Theirs compares whole origins: the pattern matches no page there.
		{name: "5, wildcard", theirs: theirs5(middleware5.CORSConfig{
			AllowOrigins: append(listed, "https://*.app.example"),
		}), ours: usual},
		{name: "5, *", theirs: theirs5(middleware5.CORSConfig{AllowOrigins: all}), ours: open},
		{name: "5, UnsafeAllowOriginFunc", theirs: theirs5(middleware5.CORSConfig{
			UnsafeAllowOriginFunc: func(_ *echo5.Context, origin string) (string, bool, error) {
				return origin, allowed(origin), nil
			},
		}), ours: byFunc},
		{name: "5, the others", theirs: theirs5(middleware5.CORSConfig{
			AllowOrigins: listed, AllowMethods: []string{"PUT"}, AllowHeaders: []string{"X-Token"},
			ExposeHeaders: []string{"ETag"}, AllowCredentials: true, MaxAge: 600,
		}), ours: tokens},
	} {
		t.Run(m.name, m.check)
	}
	for _, origin := range []string{"https://app?.example", "https://app.*.example"} {
		assert.Error(t, cors.Options{AllowedOrigins: []string{origin}}.Validate(), "echo 4 takes %s", origin)
	}
}

// Command ginchain has the CORS layer in the middle of gin's chain: after what logs, and
// before what asks who calls.
//
// Around the engine, as in the example gin, no adapter is needed, and nothing is missed.
// In the chain two things are:
//
//   - gin answers some requests outside every chain, such as the redirect from /users/7/
//     to /users/7. Those answers carry no CORS headers.
//   - The chain of a group runs for its routes alone, and a preflight has no route: use
//     the adapter on the engine, never on a group or a route.
package main

import (
	"log"
	"net/http"

	"example.com/cors"
	"github.com/gin-gonic/gin"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type"},
	})
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.Use(gin.Recovery(), adapt(allow), authenticate)
	g.Match([]string{"GET", "PUT", "DELETE"}, "/users/:id", user)
	return g
}

// adapt makes m a middleware of gin. The rest of the chain runs where m calls its
// handler, and is left out where m does not: a preflight is answered by m alone.
func adapt(m func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

func authenticate(c *gin.Context) {
	if c.GetHeader("Authorization") == "" {
		c.AbortWithStatus(http.StatusUnauthorized)
	}
}

func user(c *gin.Context) {
	c.String(http.StatusOK, "%s %s", c.Request.Method, c.Param("id"))
}

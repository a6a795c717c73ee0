// Command gin is an API for a page on http://localhost:3000, with gin.
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
	g.Match([]string{"GET", "PUT", "DELETE"}, "/users/:id", user)
	return allow(g) // around the engine: no adapter is needed
}

func user(c *gin.Context) {
	c.String(http.StatusOK, "%s %s", c.Request.Method, c.Param("id"))
}

// Command echo5 is an API for a page on http://localhost:3000, with echo 5.
package main

import (
	"log"
	"net/http"

	"example.com/cors"
	"github.com/labstack/echo/v5"
)

func main() { log.Fatal(http.ListenAndServe("localhost:5000", handler())) }

func handler() http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{"http://localhost:3000"},
		AllowedMethods: []string{"PUT", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type"},
	})
	e := echo.New()
	e.Use(echo.WrapMiddleware(allow))
	e.Match([]string{"GET", "PUT", "DELETE"}, "/users/:id", user)
	return e
}

func user(c *echo.Context) error {
	return c.String(http.StatusOK, c.Request().Method+" "+c.Param("id"))
}

package main

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/interop/internal/exampletest"
)

const page = "http://localhost:3000"

func TestHandler(t *testing.T) { exampletest.Check(t, handler()) }

// The page can read that it is not signed in: the layer is outside what asks.
func TestAuthentication(t *testing.T) {
	res, err := corstest.Fetch(handler(), corstest.Request{Origin: page, URL: "http://localhost:5000/users/7"})
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, res.Response.StatusCode)
}

// What the adapter cannot do. If gin learns it, the comment above can go.
func TestLimits(t *testing.T) {
	token := http.Header{"Authorization": {"Bearer x"}}
	slash := corstest.Request{Origin: page, URL: "http://localhost:5000/users/7/", Header: token}
	_, err := corstest.Fetch(handler(), slash)
	var blocked *corstest.BlockedError
	require.ErrorAs(t, err, &blocked, "a redirect of gin's own")
	assert.Equal(t, corstest.StepCheck, blocked.Step)

	g := gin.New()
	users := g.Group("/users")
	users.Use(adapt(cors.New(cors.Options{AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT"}})))
	users.PUT("/:id", user)
	_, err = corstest.Fetch(g, corstest.Request{Origin: page, Method: "PUT", URL: "http://localhost:5000/users/7"})
	require.ErrorAs(t, err, &blocked, "a preflight has no route in a group")
	assert.Equal(t, corstest.StepPreflightCheck, blocked.Step)
}

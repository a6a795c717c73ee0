package main

import (
	"net/http"
	"net/url"
	"strings"

	"example.com/cors/internal/fetch"
)

// An exchange is one request and the response to it.
type exchange struct {
	preflight bool
	method    string
	url       *url.URL
	request   http.Header
	status    int
	response  http.Header
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header["Access-Control-Request-Method"] != nil
}

// A grant is what an answer lets an origin do.
type grant int

const (
	nothing  grant = iota
	plain          // without credentials
	withUser       // with the visitor's cookies
)

// granted returns what an answer grants the origin that asked.
func (x *exchange) granted() grant {
	if x == nil {
		return nothing
	}
	value := strings.Join(x.response[fetch.AllowOrigin], ", ")
	switch {
	case value == "*":
		return plain
	case value == "" || value != x.request.Get("Origin"):
		return nothing
	case strings.Join(x.response[fetch.AllowCredentials], ", ") == "true":
		return withUser
	}
	return plain
}

func isRedirect(x *exchange) bool {
	return 300 <= x.status && x.status <= 399 && x.response["Location"] != nil
}

func isNginx(x *exchange) bool { return strings.HasPrefix(x.response.Get("Server"), "nginx") }

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
	body      string // the beginning of an answer that may say why
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

// location returns where x redirects to, nil if it does not.
func (x *exchange) location() *url.URL {
	if !isRedirect(x) {
		return nil
	}
	to, err := x.url.Parse(x.response.Get("Location"))
	if err != nil {
		return nil
	}
	return to
}

// sameButSpelling reports whether two URLs differ by a slash at the end, by scheme and
// port, or by www alone.
func sameButSpelling(a, b *url.URL) bool {
	host := func(u *url.URL) string { return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.") }
	path := func(u *url.URL) string { return strings.TrimSuffix(u.Path, "/") }
	return host(a) == host(b) && path(a) == path(b)
}

// isHTML reports whether the answer is a page for people.
func isHTML(x *exchange) bool {
	return strings.HasPrefix(strings.ToLower(x.response.Get("Content-Type")), "text/html")
}

func isNginx(x *exchange) bool { return strings.HasPrefix(x.response.Get("Server"), "nginx") }

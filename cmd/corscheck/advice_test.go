package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/fetch"
)

// A1: the lines change what is wrong, and keep the rest.
func TestAdviceKeepsWhatIsRight(t *testing.T) {
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf("X-Header-%d", i))
	}
	header := func(lines ...string) http.Header {
		h := make(http.Header)
		for _, l := range lines {
			name, value, _ := strings.Cut(l, ": ")
			h.Set(name, value)
		}
		return h
	}
	for _, tc := range []struct {
		name   string
		server http.Handler
		args   []string
		want   http.Header
	}{
		{"* stays where the method is missing", policy{allow: always("*"), preflight: replace(fetch.AllowMethods,
			"GET, POST")}, put,
			header(fetch.AllowOrigin+": *", fetch.AllowMethods+": GET, POST, PUT", fetch.AllowHeaders+": "+
				"Content-Type")},
		{"* stays where the header is missing", policy{allow: always("*")}, []string{"-H", "X-Tenant: 1"},
			header(fetch.AllowOrigin+": *", fetch.AllowMethods+": PUT, DELETE", fetch.AllowHeaders+": "+
				"Content-Type, X-Tenant")},
		{"* stays where the call's answer lost it", lost(policy{allow: always("*")}, onPUT, 200), put,
			header(fetch.AllowOrigin + ": *")},
		{"* goes where there are cookies", policy{allow: always("*")}, putWithCookies,
			header(fetch.AllowOrigin+": "+page, fetch.AllowCredentials+": true", fetch.AllowMethods+": PUT, DELETE",
				fetch.AllowHeaders+": Content-Type", "Vary: Origin")},
		{"GET and POST stay", policy{allow: only(page), preflight: replace(fetch.AllowMethods, "GET,POST, OPTIONS")},
			put,
			header(fetch.AllowOrigin+": "+page, fetch.AllowMethods+": GET, POST, OPTIONS, PUT",
				fetch.AllowHeaders+": Content-Type", "Vary: Origin")},
		{"all headers stay", policy{allow: only(page), preflight: replace(fetch.AllowHeaders, strings.Join(many,
			","))}, put,
			header(fetch.AllowOrigin+": "+page, fetch.AllowMethods+": PUT, DELETE", fetch.AllowHeaders+": "+
				""+strings.Join(many, ", ")+", Content-Type", "Vary: Origin")},
		{"a list in several lines is one", policy{allow: only(page), preflight: []string{fetch.AllowHeaders + ": X-A",
			fetch.AllowHeaders + ": x-b, content-type"}}, []string{"-H", "X-C: 1"},
			header(fetch.AllowOrigin+": "+page, fetch.AllowMethods+": PUT, DELETE", fetch.AllowHeaders+": "+
				"Content-Type, X-A, x-b, X-C", "Vary: Origin")},
		{"names in quotes are meant", policy{allow: only(page), preflight: replace(fetch.AllowMethods,
			`"GET, PATCH"`)}, put,
			header(fetch.AllowOrigin+": "+page, fetch.AllowMethods+": GET, PATCH, PUT", fetch.AllowHeaders+": "+
				"Content-Type", "Vary: Origin")},
		{"methods in lower case are meant", policy{allow: only(page), preflight: replace(fetch.AllowMethods,
			"get, put")}, put,
			header(fetch.AllowOrigin+": "+page, fetch.AllowMethods+": GET, PUT", fetch.AllowHeaders+": Content-Type",
				"Vary: Origin")},
		{"* in a list stays", policy{allow: always("*"), preflight: replace(fetch.AllowHeaders, "*")}, []string{"-X",
			"PATCH"},
			header(fetch.AllowOrigin+": *", fetch.AllowMethods+": PUT, DELETE, PATCH", fetch.AllowHeaders+": *")},
		{"* in a list stays beside what cookies need", policy{allow: only(page), lines: withCookies,
			preflight: replace(fetch.AllowHeaders, "*")}, putWithCookies,
			header(fetch.AllowOrigin+": "+page, fetch.AllowCredentials+": true", fetch.AllowMethods+": PUT, DELETE",
				fetch.AllowHeaders+": *, Content-Type", "Vary: Origin")},
		{"* in quotes is meant", policy{allow: always(`"*"`)}, get, header(fetch.AllowOrigin + ": *")},
		{"* twice in one line is meant", policy{allow: always("*, *")}, get, header(fetch.AllowOrigin + ": *")},
		{"* beside an origin is not", policy{allow: always("*, https://www.example.com")}, get,
			header(fetch.AllowOrigin+": "+page, "Vary: Origin")},
		{"a comma is no *", policy{allow: always(",")}, get, header(fetch.AllowOrigin+": "+page, "Vary: Origin")},
		{"* stays where OPTIONS has no route", before(policy{allow: always("*")}, says(onOptions, 405)), put,
			header(fetch.AllowOrigin+": *", fetch.AllowMethods+": PUT", fetch.AllowHeaders+": Content-Type")},
		{"* goes there for cookies", before(policy{allow: always("*")}, says(onOptions, 405)), putWithCookies,
			header(fetch.AllowOrigin+": "+page, fetch.AllowCredentials+": true", fetch.AllowMethods+": PUT",
				fetch.AllowHeaders+": Content-Type", "Vary: Origin")},
		{"* for GET is none where the preflight names an origin", before(policy{allow: always("*")}, says(onOptions, 200,
			fetch.AllowOrigin+": https://www.example.com")), put,
			header(fetch.AllowOrigin+": "+page, fetch.AllowMethods+": PUT", fetch.AllowHeaders+": Content-Type",
				"Vary: Origin")},
		{"lists stay where another preflight tells them", layer{origin: page, refuse: refusesWith(403, ""),
			app: application(405)}, []string{"-X", "DELETE", "-H", "X-Tenant: 1"},
			header(fetch.AllowOrigin+": "+page, fetch.AllowMethods+": GET, PUT, DELETE", fetch.AllowHeaders+": "+
				"Content-Type, X-Tenant", "Vary: Origin")},
		{"after a doubled *", policy{allow: always("*"), lines: []string{fetch.AllowOrigin + ": *"}}, get,
			header(fetch.AllowOrigin + ": *")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var o jsonOutcome
			runJSON(t, &o, append(append([]string{"-origin", page}, tc.args...), serve(t, tc.server))...)
			require.False(t, o.Allowed)
			assert.Equal(t, tc.want, o.Fix.Header)
		})
	}
}

// A1: what replaces a layer lists what that one lists, though the call does not need it.
func TestAdviceKeepsTheLists(t *testing.T) {
	server := lost(policy{allow: only(page)}, isGET, 500, "Server: uvicorn")
	var o jsonOutcome
	runJSON(t, &o, "-origin", page, serve(t, server))
	assert.Equal(t, "fastapi", o.Fix.For)
	assert.Contains(t, o.Fix.Text, `"DELETE"`)
	assert.Contains(t, o.Fix.Text, `"Content-Type"`)
	assert.Equal(t, http.Header{fetch.AllowOrigin: {page}, "Vary": {"Origin"}}, o.Fix.Header)
	assert.NotContains(t, o.Fix.Options, "AllowedMethods")

	runJSON(t, &o, "-no-probe", "-for", "fastapi", "-origin", page, serve(t, server))
	assert.NotContains(t, o.Fix.Text, `"DELETE"`) // which nobody was asked for
}

func TestAdviceAfterADoubledHeader(t *testing.T) {
	for name, server := range map[string]http.Handler{
		"in two lines": policy{allow: only(page), lines: []string{fetch.AllowOrigin + ": " + page}},
		"in one":       policy{allow: always(page + ", " + page)},
	} {
		_, text := runText(t, false, "-origin", page, serve(t, server))
		assert.Contains(t, text, "\nRemove one of the two layers. The other answers GET /users/7 with these lines",
			name)
		assert.NotContains(t, text, "\nAnswer GET", name)
	}
}

// No lines where none helps, or where they would let strangers in.
func TestNoAdvice(t *testing.T) {
	for name, args := range map[string][]string{
		"null":            {"-origin", "null", serve(t, policy{})},
		"a login":         {"-origin", page, serve(t, says2(302, "Location: /login"))},
		"no preflight":    {"-origin", page, "-X", "OPTIONS", serve(t, policy{})},
		"mixed content":   {"-origin", page, "http://api.example.com/"},
		"what is allowed": {"-origin", page, serve(t, good)},
	} {
		t.Run(name, func(t *testing.T) {
			var o jsonOutcome
			runJSON(t, &o, args...)
			assert.Empty(t, o.Fix.Header)
			assert.Empty(t, o.Fix.Options)
			_, text := runText(t, false, args...)
			assert.NotContains(t, text, "with these lines")
		})
	}
}

// A3: the note on the local network stands where it can matter, and never before a cause.
func TestLocalNetworkIsNoCause(t *testing.T) {
	for _, tc := range []struct {
		name  string
		args  []string
		notes string
	}{
		{"a blocked call", append(put, "-origin", page, serve(t, policy{})), "origin-not-listed"},
		{"a page on the own machine", []string{"-origin", "http://localhost:3000", serve(t, policy{allow: echo})}, ""},
		{"a public page that is let in", []string{"-origin", page, serve(t, good)}, "local-network"},
		{"a server behind a proxy on the own machine", []string{"-origin", "http://app.example.com", "--proxy",
			strings.TrimSuffix(serve(t, policy{allow: echo}), "/users/7"), "http://api.example.com"}, ""},
		{"with another note", []string{"-origin", page, "-d", "a=1", serve(t, before(good, says(onOptions, 500)))},
			"upload-progress local-network"},
	} {
		var o jsonOutcome
		runJSON(t, &o, tc.args...)
		assert.Equal(t, tc.notes, hintIDs(t, o.Hints), tc.name)
	}
}

// B9: what an image or a script needs is said, and plumbing is nobody's to expose.
func TestResourcePolicy(t *testing.T) {
	answer := func(lines ...string) string {
		return serve(t, policy{allow: only(page), actual: append(replace("Content-Type", "image/png"), lines...)})
	}
	cause, o := causeOf(t, "-origin", page, answer("Cross-Origin-Resource-Policy: same-origin"))
	assert.Equal(t, "resource-policy", cause)
	assert.Contains(t, o.Hints[0].Detail, "attribute crossorigin")
	cause, _ = causeOf(t, "-origin", page, "-H", "Accept: image/avif,image/*", serve(t, policy{allow: only(page),
		actual: []string{"Cross-Origin-Resource-Policy: same-site"}}))
	assert.Equal(t, "resource-policy", cause, "what asks for an image")
	cause, _ = causeOf(t, "-origin", page, answer("Cross-Origin-Resource-Policy: cross-origin"))
	assert.Empty(t, cause)
	cause, _ = causeOf(t, "-origin", "http://127.0.0.1:1", serve(t, policy{allow: echo,
		actual: append(replace("Content-Type", "image/png"), "Cross-Origin-Resource-Policy: same-site")}))
	assert.Empty(t, cause, "the same site")
	cause, _ = causeOf(t, "-origin", page, serve(t, policy{allow: only(page),
		actual: []string{"Cross-Origin-Resource-Policy: same-origin"}}))
	assert.Empty(t, cause, "JSON, which no element loads")

	plumbing := []string{
		"Cross-Origin-Resource-Policy: same-origin", "Cross-Origin-Opener-Policy: same-origin",
		"Cross-Origin-Embedder-Policy: require-corp", "Timing-Allow-Origin: *",
		"NEL: {}", "Report-To: {}", "Reporting-Endpoints: a", "Accept-Ranges: bytes", "Content-Encoding: br",
		"Permissions-Policy: a", "Referrer-Policy: no-referrer", "CF-Ray: 1", "X-Cache: MISS", "Age: 0",
	}
	_, text := runText(t, false, "-origin", page, answer(plumbing...))
	assert.NotContains(t, text, "It cannot read")
	_, text = runText(t, false, "-origin", page, answer("X-Total-Count: 3", "ETag: 1"))
	assert.Contains(t, strings.Join(strings.Fields(text), " "), "It cannot read Etag, X-Total-Count:")
}

// A2: the advice is in the words of the server's stack, if the server names it or -for does.
func TestAdviceForAStack(t *testing.T) {
	named := func(header string) http.Handler {
		return policy{allow: only("https://www.example.com"), lines: []string{header},
			actual: []string{fetch.ExposeHeaders + ": X-Total-Count"}}
	}
	for _, tc := range []struct {
		name   string
		server http.Handler
		args   []string
		stack  string
	}{
		{"the server names it", named("Server: nginx/1.22.1"), nil, "nginx"},
		{"the application goes before the proxy", policy{lines: []string{"Server: nginx", "X-Powered-By: Express"}},
			nil, "express"},
		{"-for goes before both", named("Server: nginx/1.22.1"), []string{"-for", "Caddy"}, "caddy"},
		{"-for alone", policy{}, []string{"-for", "go"}, "go"},
		{"nobody names it", policy{}, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url := serve(t, tc.server)
			args := append(append(append([]string{"-origin", page}, tc.args...), put...), url)
			var o jsonOutcome
			runJSON(t, &o, args...)
			assert.Equal(t, tc.stack, o.Fix.For)
			_, text := runText(t, false, args...)
			const which = "\n-for NAME says this in the words of a stack: go, express, nginx, flask, php …; -for " +
				"'?' lists all.\n"
			if tc.stack == "" {
				assert.Empty(t, o.Fix.Text+o.Fix.Where)
				assert.Contains(t, text, which)
				return
			}
			assert.NotContains(t, text, which)
			assert.Contains(t, o.Fix.Text, page)
			assert.Contains(t, o.Fix.Text, "PUT")
			assert.NotEmpty(t, o.Fix.Where)
			first, _, _ := strings.Cut(o.Fix.Text, "\n")
			assert.Contains(t, text, ":\n\n"+first+"\n", "at the margin, ready to paste")
			assert.Equal(t, tc.args == nil, strings.Contains(text, ", which the server names:\n"))
		})
	}

	// What the server allows besides stays.
	var o jsonOutcome
	runJSON(t, &o, append(put, "-for", "go", "-origin", page, serve(t, policy{
		allow: always("https://www.example.com"), preflight: replace(fetch.AllowMethods, "PATCH"),
	}))...)
	for _, kept := range []string{"https://www.example.com", page, "PATCH", "PUT", "Content-Type", "MaxAge"} {
		assert.Contains(t, o.Fix.Text, kept)
	}
	runJSON(t, &o, append(put, "-for", "go", "-origin", page, serve(t, policy{allow: always("*"),
		preflight: replace(fetch.AllowMethods, "GET")}))...)
	assert.Contains(t, o.Fix.Text, `"*"`)
	assert.NotContains(t, o.Fix.Text, page)
	assert.Equal(t, exitOK, runJSON(t, &o, "-for", "go", "-origin", page, serve(t, good)))
	assert.Empty(t, o.Fix.For, "nothing is to change")
}

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCallRequest(t *testing.T) {
	r, problems := call{
		Method: " PUT ", Path: "/notes", Headers: "Content-Type: application/json\nX-A:b:c",
		Body: "{}", Cookies: "include", Page: "ip",
	}.request(local)
	assert.Empty(t, problems)
	assert.Equal(t,
		request{
			"/notes", options{"PUT", [][2]string{{"Content-Type", "application/json"}, {"X-A", "b:c"}}, "{}", "include"},
		},
		r)
}

// What no browser sends is said beside its field.
func TestCallProblems(t *testing.T) {
	const forbidden = "browsers forbid scripts to set this header"
	for name, tc := range map[string]struct {
		call          call
		field, detail string
		fix           string
	}{
		"method":      {call{Method: "TRACE"}, "method", "browsers forbid scripts to use this method", "GET"},
		"no method":   {call{Method: "A B"}, "method", "not a token", "GET"},
		"body of GET": {call{Body: "a"}, "body", "a request with this method has no body", ""},
		"no colon":    {call{Headers: "X-A 7"}, "headers", "a header is a name, a colon and a value", "X-A: 7"},
		"name alone":  {call{Headers: "X-A"}, "headers", "a header is a name, a colon and a value", "X-A: 1"},
		"no name":     {call{Headers: ": a"}, "headers", "not a token", ""},
		"forbidden":   {call{Headers: "Cookie: a=b"}, "headers", forbidden, ""},
		"not ASCII":   {call{Headers: "X-A: ü"}, "headers", "write the header in ASCII", ""},
		"control":     {call{Headers: "X-A: \x00"}, "headers", "write the header in ASCII", ""},
		"twice": {
			call{Headers: "X-A: 1\nx-a: 2"}, "headers", "this header is there already; join the values by a comma", "",
		},
		"no such path":    {call{Path: "/secret"}, "path", "the API has no such path", "/notes"},
		"no such page":    {call{Page: "evil"}, "page", "no such page", "this"},
		"no such cookies": {call{Cookies: "omit"}, "cookies", "not a mode of fetch", "include"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.call.Path == "" {
				tc.call.Path = "/notes"
			}
			_, problems := tc.call.request(local)
			require.Len(t, problems, 1)
			assert.Equal(t, tc.field, problems[0].Field)
			assert.Equal(t, tc.detail, problems[0].Detail)
			assert.Equal(t, tc.fix, problems[0].Fix)
		})
	}
}

func TestCallCode(t *testing.T) {
	r, problems := call{Path: "/notes"}.request(local)
	require.Empty(t, problems)
	assert.Equal(t,
		"const res = await fetch(\"http://localhost:5000/notes\");\nconsole.log(res.status, await res.text());\n",
		r.code("http://localhost:5000/notes"))
	r, problems = call{
		Path: "/notes", Method: "PUT", Headers: "X-A: </script>\"", Body: "a\nb", Cookies: "include",
	}.request(local)
	require.Empty(t, problems)
	assert.Equal(t, `const res = await fetch("http://localhost:5000/notes", {
  method: "PUT",
  headers: {"X-A": "</script>\""},
  body: "a\nb",
  credentials: "include",
});
console.log(res.status, await res.text());
`, r.code("http://localhost:5000/notes"))
}

// The page says before a call what a preflight would ask for.
func TestCallAnnounces(t *testing.T) {
	for name, tc := range map[string]struct {
		call call
		want *announcement
	}{
		"GET":    {call{}, nil},
		"text":   {call{Method: "POST", Body: "a"}, nil},
		"PUT":    {call{Method: "put", Body: "a"}, &announcement{"PUT", nil}},
		"header": {call{Headers: "X-B: 1\nX-A: 1\nAccept: text/html"}, &announcement{"GET", []string{"x-a", "x-b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.call.Path = "/notes"
			r, problems := tc.call.request(local)
			require.Empty(t, problems)
			got := r.announces(local.Page, local.API+"/notes")
			if tc.want != nil && tc.want.Headers == nil {
				tc.want.Headers = []string{}
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

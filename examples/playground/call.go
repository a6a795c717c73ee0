package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"example.com/cors"
	"example.com/cors/corstest"
)

// A call is what the form holds of a call of the API: the text of each field.
type call struct {
	Method  string `json:"method,omitempty"`
	Path    string `json:"path,omitempty"`
	Headers string `json:"headers,omitempty"` // one a line, "Name: value"
	Body    string `json:"body,omitempty"`
	Cookies string `json:"cookies,omitempty"` // "include", or "" for fetch's default
	Page    string `json:"page,omitempty"`    // a key of origins.page, "" for "this"
}

// A request is what the calling page gives to fetch.
type request struct {
	Path string  `json:"path"`
	Init options `json:"init"`
}

// An options is the second argument of fetch.
type options struct {
	Method      string      `json:"method,omitempty"`
	Headers     [][2]string `json:"headers,omitempty"`
	Body        string      `json:"body,omitempty"`
	Credentials string      `json:"credentials,omitempty"`
}

// request returns what c asks fetch to do, or what is wrong with it: what no
// browser sends at all.
func (c call) request(o origins) (request, []cors.Problem) {
	var problems []cors.Problem
	report := func(field, value, detail, fix string) {
		problems = append(problems, cors.Problem{Field: field, Value: value, Detail: detail, Fix: fix})
	}
	r := request{c.Path, options{Method: strings.TrimSpace(c.Method), Body: c.Body, Credentials: c.Cookies}}
	if !slices.ContainsFunc(routes, func(r route) bool { return r.Path == c.Path }) {
		report("path", c.Path, "the API has no such path", routes[0].Path)
	}
	if o.page(c.Page) == "" {
		report("page", c.Page, "no such page", "this")
	}
	if c.Cookies != "" && c.Cookies != "include" {
		report("cookies", c.Cookies, "not a mode of fetch", "include")
	}
	bounded := func(field, text string) string {
		if len(text) > maxText {
			problems = append(problems, tooLong(field, text))
			return ""
		}
		return text
	}
	r.Init.Method = bounded("method", r.Init.Method)
	c.Headers = bounded("headers", c.Headers)
	r.Init.Body = bounded("body", r.Init.Body)
	seen := make(map[string]bool)
	for _, line := range splitLines(c.Headers) {
		name, value, found := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !found:
			name, value, _ = strings.Cut(name, " ")
			fix := name + ": " + cmp.Or(strings.TrimSpace(value), "1")
			report("headers", line, "a header is a name, a colon and a value", fix)
			continue
		case strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' }):
			report("headers", line, "write the header in ASCII", "")
			continue
		case seen[strings.ToLower(name)]:
			report("headers", line, "this header is there already; join the values by a comma", "")
			continue
		}
		seen[strings.ToLower(name)] = true
		r.Init.Headers = append(r.Init.Headers, [2]string{name, value})
		if detail := unsendable(corstest.Request{Header: http.Header{name: {value}}}); detail != "" {
			report("headers", line, detail, "")
		}
	}
	if detail := unsendable(corstest.Request{Method: r.Init.Method}); detail != "" {
		report("method", c.Method, detail, "GET")
	} else if r.Init.Body != "" {
		if detail := unsendable(corstest.Request{Method: r.Init.Method, Body: r.body()}); detail != "" {
			report("body", "", detail, "")
		}
	}
	return r, problems
}

// unsendable says why no browser sends r, "" if browsers do.
func unsendable(r corstest.Request) string {
	_, err := corstest.Fetch(http.NotFoundHandler(), r)
	var u *corstest.UnsendableError
	if errors.As(err, &u) {
		return u.Detail
	}
	return ""
}

// simulate returns r as corstest takes it, sent by a page of the given origin.
func (r request) simulate(page, url string) corstest.Request {
	h := make(http.Header)
	for _, f := range r.Init.Headers {
		h[f[0]] = []string{f[1]}
	}
	q := corstest.Request{
		Origin: page, Method: r.Init.Method, URL: url, Header: h,
		Credentials: r.Init.Credentials == "include",
	}
	if r.Init.Body != "" {
		q.Body = r.body()
		isType := func(f [2]string) bool { return strings.EqualFold(f[0], "Content-Type") }
		if !slices.ContainsFunc(r.Init.Headers, isType) {
			h.Set("Content-Type", "text/plain;charset=UTF-8") // fetch does so with a string
		}
	}
	return q
}

func (r request) body() io.Reader { return strings.NewReader(r.Init.Body) }

// An announcement is what a preflight asks for.
type announcement struct {
	Method  string   `json:"method"`
	Headers []string `json:"headers"`
}

// announces returns what the preflight of r asks for, nil if r needs none.
func (r request) announces(page, url string) (a *announcement) {
	_, _ = corstest.Fetch(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if a == nil {
			a = announcementIn(r)
		}
	}), r.simulate(page, url))
	return a
}

// announcementIn returns what r asks for, nil if it is no preflight.
func announcementIn(r *http.Request) *announcement {
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || method == "" {
		return nil
	}
	list := r.Header.Get("Access-Control-Request-Headers")
	return &announcement{method, strings.FieldsFunc(list, func(c rune) bool { return c == ',' })}
}

// code returns r as JavaScript.
func (r request) code(url string) string {
	var init []string
	add := func(name, value string) { init = append(init, fmt.Sprintf("  %s: %s,\n", name, value)) }
	if r.Init.Method != "" && r.Init.Method != "GET" {
		add("method", quoteJS(r.Init.Method))
	}
	if len(r.Init.Headers) > 0 {
		var headers []string
		for _, f := range r.Init.Headers {
			headers = append(headers, quoteJS(f[0])+": "+quoteJS(f[1]))
		}
		list := "{" + strings.Join(headers, ", ") + "}"
		if len(list) > 48 {
			list = "{\n    " + strings.Join(headers, ",\n    ") + ",\n  }"
		}
		add("headers", list)
	}
	if r.Init.Body != "" {
		add("body", quoteJS(r.Init.Body))
	}
	if r.Init.Credentials != "" {
		add("credentials", quoteJS(r.Init.Credentials))
	}
	argument := ""
	if len(init) > 0 {
		argument = ", {\n" + strings.Join(init, "") + "}"
	}
	return "const res = await fetch(" + quoteJS(url) + argument + ");\n" +
		"console.log(res.status, await res.text());\n"
}

// quoteJS returns s as a string of JavaScript.
func quoteJS(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

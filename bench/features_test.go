package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	chicors "github.com/go-chi/cors"
	"github.com/gorilla/handlers"
	rscors "github.com/rs/cors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/fixture"
)

// A setup is a policy in no library's words.
type setup struct {
	origins, methods, headers []string
	credentials               bool
	decide                    func(origin string) bool
	status                    int  // of the answer to a preflight
	passthrough               bool // the handler runs on preflights
}

// A contender is a library of docs/comparison.md that can be run here. Its policy
// may fail to build. github.com/jub0bs/cors is missing: the module proxy that this
// repository is built behind does not serve it. Its column is made by hand: add it to
// a copy of this module, with a replace line for a checkout.
type contender struct {
	name, module string
	build        func(setup) (func(http.Handler) http.Handler, error)
}

var contenders = []contender{
	{"this library", "example.com/cors", func(s setup) (func(http.Handler) http.Handler, error) {
		o := cors.Options{
			AllowedOrigins: s.origins, AllowedMethods: s.methods, AllowedHeaders: s.headers, AllowCredentials: s.credentials,
			OptionsSuccessStatus: s.status, OptionsPassthrough: s.passthrough,
		}
		if s.decide != nil {
			o.AllowOriginFunc = func(_ *http.Request, origin string) bool { return s.decide(origin) }
		}
		if err := o.Validate(); err != nil {
			return nil, err
		}
		return cors.New(o), nil
	}},
	{"rs/cors", "github.com/rs/cors", func(s setup) (func(http.Handler) http.Handler, error) {
		return rscors.New(rscors.Options{
			AllowedOrigins: s.origins, AllowedMethods: s.methods, AllowedHeaders: s.headers, AllowCredentials: s.credentials,
			AllowOriginFunc: s.decide, OptionsSuccessStatus: s.status, OptionsPassthrough: s.passthrough,
		}).Handler, nil
	}},
	{"go-chi/cors", "github.com/go-chi/cors", func(s setup) (func(http.Handler) http.Handler, error) {
		if s.status != 0 {
			return nil, errors.New("no such option")
		}
		o := chicors.Options{
			AllowedOrigins: s.origins, AllowedMethods: s.methods, AllowedHeaders: s.headers, AllowCredentials: s.credentials,
			OptionsPassthrough: s.passthrough,
		}
		if s.decide != nil {
			o.AllowOriginFunc = func(_ *http.Request, origin string) bool { return s.decide(origin) }
		}
		return chicors.Handler(o), nil
	}},
	{"gorilla/handlers", "github.com/gorilla/handlers", func(s setup) (func(http.Handler) http.Handler, error) {
		opts := []handlers.CORSOption{handlers.AllowedOrigins(s.origins), handlers.AllowedHeaders(s.headers)}
		if s.methods != nil {
			opts = append(opts, handlers.AllowedMethods(s.methods))
		}
		if s.credentials {
			opts = append(opts, handlers.AllowCredentials())
		}
		if s.decide != nil {
			opts = append(opts, handlers.AllowedOriginValidator(s.decide))
		}
		if s.status != 0 {
			opts = append(opts, handlers.OptionStatusCode(s.status))
		}
		if s.passthrough {
			opts = append(opts, handlers.IgnoreOptions())
		}
		return handlers.CORS(opts...), nil
	}},
}

const (
	featurePage = "https://app.example.com"
	featureAPI  = "https://api.example.net/users"
)

var listed = setup{
	origins: []string{featurePage}, methods: methodsInFull, headers: []string{"Content-Type", "Authorization"},
}

// programs are policies of public programs, moved here as they are. All of them mean what
// they say, and let in nobody whom they do not name.
var programs = []setup{
	{
		origins: []string{featurePage}, methods: []string{"POST", "HEAD", "PATCH", "OPTIONS", "GET", "DELETE"},
		headers: []string{
			"Authorization", "Origin", "X-Requested-With", "X-Request-ID", "X-HTTP-Method-Override", "Content-Type",
			"Upload-Length", "Tus-Resumable",
		},
	},
	{
		origins: []string{featurePage}, methods: []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"},
		headers: []string{"Origin", "Content-Length", "Content-Type"},
	},
	{
		origins: []string{"https://explorer.example/"},
		headers: []string{"Origin", "Accept", "Content-Type", "X-Requested-With", "X-Server-Time"},
	},
	{
		origins: []string{featurePage}, methods: []string{"GET", "POST", "OPTIONS"},
		headers: []string{"Accept", "Authorization", "Content-Type", "Origin"},
	},
	{origins: []string{"*", "http://127.0.0.1:80", "https://webui.example"}},
	{origins: []string{
		"http://localhost", "http://localhost:*", "http://127.0.0.1:*", "http://0.0.0.0:*", "app://*", "tauri://*",
		"vscode-webview://*",
	}},
	{origins: []string{"*"}, headers: []string{
		"Origin", "X-Requested-With", "Content-Type", "Accept", "Authorization", "Access-Control-Request-Method",
		"Access-Control-Request-Headers", "Access-Control-Allow-Origin", "Access-Control-Allow-Headers",
	}},
}

// features find out what a library does, by the heading of a row in
// docs/comparison.md. A bool stands for yes or no.
var features = []struct {
	row string
	of  func(t *testing.T, c contender) any
}{
	{"refuses to start: no origins at all", refuses(setup{})},
	{"refuses to start: `*` with credentials", refuses(setup{origins: []string{"*"}, credentials: true})},
	{
		"refuses to start: an origin that no browser sends, such as `example.com`",
		refuses(setup{origins: []string{"example.com"}}),
	},
	{
		"refuses to start: `https://*.github.io` with credentials",
		refuses(setup{origins: []string{"https://*.github.io"}, credentials: true}),
	},
	{
		"refuses to start: a method that browsers forbid, such as `TRACE`",
		refuses(setup{origins: []string{featurePage}, methods: []string{"TRACE"}}),
	},
	{"policies of 7 public programs that start unchanged", func(_ *testing.T, c contender) any {
		n := 0
		for _, s := range programs {
			if _, err := c.build(s); err == nil {
				n++
			}
		}
		return n
	}},
	{"names every mistake at once, and the right spelling", func(t *testing.T, c contender) any {
		_, err := c.build(setup{origins: []string{"example.com"}, methods: []string{"patch"}})
		return err != nil && strings.Contains(err.Error(), `"https://example.com"`) &&
			strings.Contains(err.Error(), `"PATCH"`)
	}},
	{
		"subdomains: `https://*.example.com`",
		matches("https://*.example.com", "https://a.example.com", "https://example.com"),
	},
	{
		"part of a label: `https://shop-*.example.com`",
		matches("https://shop-*.example.com", "https://shop-7.example.com", "https://shop.example.com"),
	},
	{
		"a `*` further right: `https://app.*.example.com`",
		matches("https://app.*.example.com", "https://app.eu.example.com", "https://app.example.com"),
	},
	{"any port: `http://localhost:*`", matches("http://localhost:*", "http://localhost:3000", "https://localhost:3000")},
	{"`https://shop-*.example.com` stays within the label", func(t *testing.T, c contender) any {
		h, err := c.handler(setup{origins: []string{"https://shop-*.example.com"}})
		return err == nil && reads(h, "https://shop-7.example.com") && !reads(h, "https://shop-7.evil.example.com")
	}},
	{"a function decides", func(t *testing.T, c contender) any {
		h, err := c.handler(setup{decide: func(origin string) bool { return origin == featurePage }})
		return err == nil && reads(h, featurePage) && !reads(h, "https://evil.example")
	}},
	{"a list and a function together", func(t *testing.T, c contender) any {
		h, err := c.handler(setup{
			origins: []string{featurePage}, decide: func(origin string) bool { return origin == "https://other.example" },
		})
		return err == nil && reads(h, featurePage) && reads(h, "https://other.example")
	}},
	{"GET, HEAD and POST need no mention", func(t *testing.T, c contender) any {
		h, err := c.handler(setup{
			origins: []string{featurePage}, methods: []string{"PUT"}, headers: []string{"Content-Type"},
		})
		require.NoError(t, err)
		_, err = corstest.Fetch(h, corstest.Request{
			Origin: featurePage, Method: "POST", URL: featureAPI, Header: http.Header{"Content-Type": {"application/json"}},
		})
		return err == nil && reads(h, featurePage)
	}},
	{"status of a preflight from another origin", func(t *testing.T, c contender) any {
		return preflightAnswer(t, c, listed, "https://evil.example").Code
	}},
	{"one preflight per URL serves all methods", func(t *testing.T, c contender) any {
		h, err := c.handler(listed)
		require.NoError(t, err)
		b := corstest.Browser{Handler: h}
		preflights := 0
		for _, method := range methods {
			res, err := b.Fetch(t.Context(), corstest.Request{Origin: featurePage, Method: method, URL: featureAPI})
			require.NoError(t, err)
			if res.Preflight != nil {
				preflights++
			}
		}
		return preflights == 1
	}},
	{"`Vary: Origin` also without Origin", func(t *testing.T, c contender) any {
		h, err := c.handler(listed)
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, featureAPI, nil))
		return varies(w)
	}},
	{"`Vary` on preflights, for caches that keep them", func(t *testing.T, c contender) any {
		return varies(preflightAnswer(t, c, listed, featurePage))
	}},
	{"a handler that overwrites header values changes no other response", func(t *testing.T, c contender) any {
		var restore []func() // values may belong to the whole package
		defer func() {
			for _, f := range restore {
				f()
			}
		}()
		h, err := c.wrap(listed, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, lines := range w.Header() {
				old := slices.Clone(lines)
				restore = append(restore, func() { copy(lines, old) })
				for i := range lines {
					lines[i] = "overwritten"
				}
			}
		}))
		require.NoError(t, err)
		h.ServeHTTP(httptest.NewRecorder(), corsRequest(http.MethodGet, featurePage))
		require.NotEmpty(t, restore)
		h, err = c.handler(listed)
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, corsRequest(http.MethodGet, featurePage))
		for _, lines := range w.Header() {
			if slices.Contains(lines, "overwritten") {
				return false
			}
		}
		return true
	}},
	{"64 kB of commas in a preflight cost below 1 kB", func(t *testing.T, c contender) any {
		h, err := c.handler(listed)
		require.NoError(t, err)
		r := corsRequest(http.MethodOptions, featurePage)
		r.Header.Set("Access-Control-Request-Headers", strings.Repeat(",", 64<<10))
		_, bytes := fixture.Allocations(h, r)
		return bytes < 1000
	}},
	{"the status of the answer can be chosen", func(t *testing.T, c contender) any {
		s := listed
		s.status = 200
		if _, err := c.build(s); err != nil {
			return false
		}
		ok := preflightAnswer(t, c, s, featurePage).Code
		s.status = 204
		return ok == 200 && preflightAnswer(t, c, s, featurePage).Code == 204
	}},
	{"the handler can run on preflights, after their headers are set", func(t *testing.T, c contender) any {
		s := listed
		s.passthrough = true
		w := preflightAnswer(t, c, s, featurePage)
		return w.Header().Get("X-Ran") != "" && w.Header().Get("Access-Control-Allow-Origin") != ""
	}},
	{"reasons in the server's log", func(t *testing.T, c contender) any {
		var out strings.Builder
		var h http.Handler
		switch c.name {
		case "this library":
			h = cors.New(cors.Options{
				AllowedOrigins: []string{featurePage}, Logger: slog.New(slog.NewTextHandler(&out, nil)),
			})(greet)
		case "rs/cors":
			h = rscors.New(rscors.Options{AllowedOrigins: []string{featurePage}, Logger: log.New(&out, "", 0)}).Handler(greet)
		case "go-chi/cors":
			m := chicors.New(chicors.Options{AllowedOrigins: []string{featurePage}})
			m.Log = log.New(&out, "", 0)
			h = m.Handler(greet)
		default:
			return false // no function of the package takes a logger
		}
		h.ServeHTTP(httptest.NewRecorder(), corsRequest(http.MethodGet, "https://evil.example"))
		return strings.Contains(out.String(), "https://evil.example")
	}},
	{"policies by route on a ServeMux with methods", func(t *testing.T, c contender) any {
		m, err := c.build(listed)
		require.NoError(t, err)
		mux := http.NewServeMux()
		mux.Handle("PUT /users", m(greet))
		var h http.Handler = mux
		if c.name == "this library" {
			h = cors.RoutePreflights(mux)
		}
		_, err = corstest.Fetch(h, corstest.Request{Origin: featurePage, Method: "PUT", URL: featureAPI})
		return err == nil
	}},
	{"can be used as negroni middleware", func(t *testing.T, c contender) any {
		type negroni interface {
			ServeHTTP(http.ResponseWriter, *http.Request, http.HandlerFunc)
		}
		var v any
		switch c.name {
		case "rs/cors":
			v = rscors.New(rscors.Options{})
		case "go-chi/cors":
			v = chicors.New(chicors.Options{})
		}
		_, ok := v.(negroni)
		return ok
	}},
	{"modules it needs", func(t *testing.T, c contender) any {
		output, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", c.module).Output()
		require.NoError(t, err)
		modules := slices.Compact(slices.Sorted(slices.Values(strings.Fields(string(output)))))
		return len(modules) - 1 // less its own
	}},
	{"Go it needs", func(t *testing.T, c contender) any {
		output, err := exec.Command("go", "list", "-m", "-f", "{{.GoVersion}}", c.module).Output()
		require.NoError(t, err)
		return strings.TrimSuffix(strings.TrimSpace(string(output)), ".0")
	}},
}

// greet is the handler of all contenders.
var greet = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Ran", "yes")
	_, _ = io.WriteString(w, "hello")
})

func (c contender) wrap(s setup, next http.Handler) (http.Handler, error) {
	m, err := c.build(s)
	if err != nil {
		return nil, err
	}
	return m(next), nil
}

func (c contender) handler(s setup) (http.Handler, error) { return c.wrap(s, greet) }

func refuses(s setup) func(*testing.T, contender) any {
	return func(t *testing.T, c contender) any {
		_, err := c.build(s)
		return err != nil
	}
}

// matches tells whether a pattern lets one origin read, and another not.
func matches(pattern, yes, no string) func(*testing.T, contender) any {
	return func(t *testing.T, c contender) any {
		h, err := c.handler(setup{origins: []string{pattern}})
		return err == nil && reads(h, yes) && !reads(h, no)
	}
}

func reads(h http.Handler, origin string) bool {
	_, err := corstest.Fetch(h, corstest.Request{Origin: origin, URL: featureAPI})
	return err == nil
}

func corsRequest(method, origin string) *http.Request {
	r := httptest.NewRequest(method, featureAPI, nil)
	r.Header.Set("Origin", origin)
	if method == http.MethodOptions {
		r.Header.Set("Access-Control-Request-Method", "PUT")
		r.Header.Set("Access-Control-Request-Headers", "content-type")
	}
	return r
}

func preflightAnswer(t *testing.T, c contender, s setup, origin string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := c.handler(s)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, corsRequest(http.MethodOptions, origin))
	return w
}

func varies(w *httptest.ResponseRecorder) bool {
	return strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Origin")
}

// comparison returns the cells of the table in docs/comparison.md by row and
// library, and the versions in its heading.
func comparison(t *testing.T) (cells map[string]map[string]string, heading string) {
	t.Helper()
	content, err := os.ReadFile("../docs/comparison.md")
	require.NoError(t, err)
	cells = map[string]map[string]string{}
	var names []string
	for line := range strings.Lines(string(content)) {
		if names != nil && !strings.HasPrefix(line, "|") {
			break // the other tables are not of features
		}
		row, isRow := strings.CutPrefix(line, "| ")
		if !isRow {
			continue
		}
		columns := strings.Split(strings.TrimSuffix(strings.TrimSpace(row), " |"), " | ")
		if names == nil {
			heading = line
			for _, title := range columns[1:] {
				name, _, _ := strings.Cut(strings.Trim(title, "*"), " v")
				names = append(names, name)
			}
			continue
		}
		require.Len(t, columns, len(names)+1, line)
		require.NotContains(t, cells, columns[0], "two rows have the same heading")
		cells[columns[0]] = map[string]string{}
		for i, name := range names {
			cells[columns[0]][name] = strings.TrimSpace(columns[i+1])
		}
	}
	return cells, heading
}

// Every cell of docs/comparison.md says what the library does, but for those of
// jub0bs/cors, which cannot be run here. A cell may go on after a comma.
func TestComparison(t *testing.T) {
	table, heading := comparison(t)
	for _, c := range contenders[1:] {
		version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", c.module).Output()
		require.NoError(t, err)
		assert.Contains(t, heading, c.name+" "+strings.TrimSpace(string(version)))
	}
	for _, f := range features {
		t.Run(f.row, func(t *testing.T) {
			require.Contains(t, table, f.row)
			for _, c := range contenders {
				want := fmt.Sprint(f.of(t, c))
				switch want {
				case "true":
					want = "yes"
				case "false":
					want = "no"
				}
				says, _, _ := strings.Cut(table[f.row][c.name], ",")
				assert.Equal(t, want, says, c.name)
			}
			assert.NotEmpty(t, table[f.row]["jub0bs/cors"])
			delete(table, f.row)
		})
	}
	assert.Empty(t, table, "rows that nothing checks")
}

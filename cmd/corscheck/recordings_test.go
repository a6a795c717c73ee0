package main

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testdata/answers.txt has what 19 server stacks answered to 512 calls in November 2026,
// and whether Chromium 156 and Firefox 153 let the calls through. Each stack was set up
// once as it should be and several times as tutorials have it.

// The calls of the recordings, by their names there.
var recordedCalls = map[string][]string{
	"get":            nil,
	"get+cred":       {"-credentials"},
	"get+auth":       {"-H", "Authorization: Bearer x"},
	"put-json":       {"-X", "PUT", "-H", "Content-Type: application/json", "-d", "{}"},
	"put-json+cred":  {"-X", "PUT", "-H", "Content-Type: application/json", "-d", "{}", "-credentials"},
	"post-json":      {"-X", "POST", "-H", "Content-Type: application/json", "-d", `{"query":"{a}"}`},
	"post-json+cred": {"-X", "POST", "-H", "Content-Type: application/json", "-d", `{"query":"{a}"}`, "-credentials"},
}

// A recording is a call, and what came of it.
type recording struct {
	of      string // the stack and its configuration
	call    string
	path    string
	allowed map[string]bool // by engine
	answers []recordedAnswer
}

type recordedAnswer struct {
	request string // "preflight OPTIONS", "GET"
	status  int
	header  http.Header
}

func readRecordings(t *testing.T) (all []recording) {
	t.Helper()
	text, err := os.ReadFile("testdata/answers.txt")
	require.NoError(t, err)
	of := ""
	for l := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
		switch indent := len(l) - len(strings.TrimLeft(l, " ")); {
		case strings.HasPrefix(l, "# "):
			of = l[2:]
		case indent == 0:
			words := strings.Fields(l)
			r := recording{of: of, call: words[0], path: words[1], allowed: make(map[string]bool)}
			for _, said := range words[2:] {
				engine, allowed, _ := strings.Cut(said, "=")
				r.allowed[engine] = allowed == "yes"
			}
			all = append(all, r)
		case indent == 2:
			i := strings.LastIndex(l, " ")
			status, err := strconv.Atoi(l[i+1:])
			require.NoError(t, err, l)
			last := &all[len(all)-1]
			last.answers = append(last.answers, recordedAnswer{strings.TrimSpace(l[:i]), status, make(http.Header)})
		default:
			last := &all[len(all)-1]
			name, value, _ := strings.Cut(strings.TrimSpace(l), ": ")
			last.answers[len(last.answers)-1].header.Add(name, value)
		}
	}
	return all
}

// replay answers as the server did then: each request of a kind gets the next answer to it.
func (r recording) replay(t *testing.T) http.Handler {
	left := slices.Clone(r.answers)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		kind := req.Method
		if isPreflight(req) {
			kind = "preflight " + kind
		}
		i := slices.IndexFunc(left, func(a recordedAnswer) bool { return a.request == kind })
		if !assert.GreaterOrEqual(t, i, 0, "%s is not in the recording", kind) {
			return
		}
		a := left[i]
		left = slices.Delete(left, i, i+1)
		for name, values := range a.header {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
	})
}

// kinds are what a truth may be about: all calls, those with cookies, and so on.
func (r recording) kinds() []string {
	kind, with, _ := strings.Cut(r.call, "+")
	kind, _, _ = strings.Cut(kind, "-")
	if with == "auth" {
		kind = "auth"
	}
	kinds := []string{"all", kind}
	if with == "cred" {
		kinds = append(kinds, "cred")
	}
	return kinds
}

// The truth about each configuration, read from its words: what is wrong with it for all
// calls, for those by get, put or post, for those with a token (auth) or with cookies (cred).
// It is the id of a note, or the header
// that the verdict names, both shortened. | stands between names for
// the same thing: a layer that is not there and a router that answers in its place; the
// error of an application that has no CORS either.
//
// Some words leave room. "referer-based echo": the server has a list of a kind, which no
// page is on. "output before header()", "Tomcat refuses to start app": the layer is written,
// and was never there. "no CORS config" of a bucket that has no object 7 either.
// In Next.js the routes failed: 500, and 400 to OPTIONS, whatever their CORS.
var truths = map[string]string{
	"fastify + @fastify/cors | default register(cors)": "cred=wildcard " +
		"put=Allow-Methods",
	"fastify + @fastify/cors | origin:true " +
		"credentials": "put=Allow-Methods",
	"fastify + @fastify/cors | origin:* credentials": "cred=wildcard " +
		"put=Allow-Methods",
	"fastify + @fastify/cors | regex /example\\.com/ " +
		"credentials": "put=Allow-Methods",
	"fastify + @fastify/cors | cors in child plugin " +
		"(encapsulated)": "all=not-covered|no-cors-layer put=Allow-Methods",
	"fastify + @fastify/cors | no cors":               none,
	"fastify + @fastify/cors | trailing slash origin": "all=malformed-origin",
	"koa + @koa/cors | default cors()":                "cred=wildcard",
	"koa + @koa/cors | auth before cors":              "all=login-before-cors",
	"koa + @koa/cors | ctx.set * only in " +
		"handler": "cred=wildcard " + unrouted,
	"hono | default cors()":  "cred=wildcard",
	"hono | * + credentials": "cred=wildcard",
	"hono | cors after routes": "all=not-covered|no-cors-layer " +
		"cred=Allow-Credentials",
	"hono | use(/api) only (path mismatch)":             none,
	"NestJS | no enableCors":                            none,
	"NestJS | enableCors()":                             "cred=wildcard",
	"NestJS | origin string list 'a, b'":                "all=malformed-origin",
	"NestJS | localhost:3000 only (forgot prod origin)": "all=origin-not-listed",
	"graphql-yoga | cors:false":                         none,
	"node http | tutorial: ACAO * set on everything, no OPTIONS case → " +
		"404": "cred=wildcard " + unrouted,
	"node http | Access-Control-Allow-Origin: https://app.example.com/ (slash)": "all=malformed-origin",
	"node http | ACAO app.example.com (no scheme)":                              "all=malformed-origin",
	"node http | ACAO \"https://app.example.com\" with quotes":                  "all=malformed-origin",
	"node http | ACAO https://*.example.com":                                    "all=malformed-origin",
	"node http | ACAH missing content-type spelled " +
		"Content_Type": "cred=wildcard put=Allow-Headers " +
		"auth=Allow-Headers",
	"node http | typo Access-Control-Allow-Orgin": "all=misspelt-header",
	"node http | 500 in handler without headers": "all=error-before-cors " +
		"put=wildcard",
	"node http | includes(example.com) cred": lists,
	"node http | referer-based echo":         "all=origin-not-listed",
	"node http | redirect http trailing slash": "cred=wildcard " +
		"put=redirected auth=redirected",
	"node http | Max-Age, localhost any port startsWith http://localhost cred": lists,
	"node http | http echo of lowercased/regex /.*/":                           lists,
	"webpack-dev-server | default":                                             none,
	"webpack-dev-server | headers ACAO *":                                      "cred=wildcard " + lists,
	"webpack-dev-server | headers * + credentials": "cred=wildcard " +
		"put=Allow-Methods",
	"vite dev 8.3.8 | default":   "all=origin-not-listed",
	"vite dev 8.3.8 | cors:true": "cred=wildcard",
	"s3rver | no CORS config":    "get=no-cors-layer|error-before-cors put=cors-refused auth=cors-refused",
	"s3rver | good":              "cred=wildcard",
	"s3rver | tutorial: only GET": "cred=wildcard " +
		"put=cors-refused auth=cors-refused",
	"flask + flask-cors 3.0.10 | CORS(app)":                                          "cred=Allow-Credentials",
	"flask + flask-cors 3.0.10 | no CORS":                                            none,
	"flask + flask-cors 3.0.10 | resources r\"/api/*\" with wrong prefix r\"/v1/*\"": none,
	"flask + flask-cors 3.0.10 | after_request tutorial (*)":                         "cred=wildcard",
	"flask + flask-cors 3.0.10 | CORS(app) + after_request add " +
		"(duplicate)": "cred=wildcard put=Allow-Methods",
	"flask + flask-cors 3.0.10 | @cross_origin on " +
		"route": "cred=Allow-Credentials",
	"flask + flask-cors 3.0.10 | before_request login + " +
		"CORS": "cred=Allow-Credentials put=login-before-cors auth=login-before-cors",
	"flask + flask-cors 3.0.10 | header in handler only (Flask " +
		"auto-OPTIONS)": "cred=wildcard " + unrouted,
	"flask + flask-cors 3.0.10 | CORS(app) + exception " +
		"500": "cred=Allow-Credentials",
	"aiohttp + aiohttp-cors 0.7 | forgot cors.add(PUT)": "put=cors-refused",
	"aiohttp + aiohttp-cors 0.7 | no cors":              none,
	"python http.server | python -m http.server":        none,
	"python http.server | end_headers tutorial " +
		"(*)": "cred=wildcard " + unrouted,
	"python http.server | end_headers + do_OPTIONS": "cred=wildcard " +
		"auth=Allow-Headers",
	"ruby sinatra | before filter only (no " +
		"OPTIONS)": "cred=wildcard " + unrouted,
	"php -S | header ACAO * only": "cred=wildcard " + lists,
	"php -S | echo HTTP_ORIGIN + credentials, no " +
		"Vary": "auth=Allow-Headers",
	"php -S | good": "auth=Allow-Headers",
	"php -S | in_array list, methods GET,POST,OPTIONS (SO " +
		"answer)": "cred=Allow-Credentials put=Allow-Methods",
	"php -S | preg_match('/example.com/') cred": lists,
	"php -S | strpos(origin,'https://app.example.com')===0 " +
		"cred": "auth=Allow-Headers",
	"php -S | output before header()": none,
	"Apache 2.4 | Header set ACAO *":  "cred=wildcard " + lists,
	"Apache 2.4 | SO SetEnvIf http(s)?://(www\\.)?(app.example.com|…)$": "cred=Allow-Credentials " +
		"" + lists,
	"Apache 2.4 | good (SetEnvIf, always, rewrite 204, " +
		"proxy)": "auth=Allow-Headers",
	"Apache 2.4 | rewrite R=200 + Header set without " +
		"always": "cred=wildcard " + unrouted,
	"Apache 2.4 | Header set + Header always set " +
		"(duplicate)": "all=duplicate-header cred=wildcard",
	"Apache 2.4 | SetEnvIf Origin ^(.*)$ echo + credentials": lists,
	"Apache 2.4 | Basic auth in front":                       "all=login-before-cors",
	"Apache 2.4 | Header add before PHP that has " +
		"CORS": "all=duplicate-header cred=wildcard",
	"HAProxy 2.6 | http-response set-header " +
		"*": "cred=wildcard " + unrouted,
	"HAProxy 2.6 | capture origin echo + credentials": unrouted,
	"HAProxy 2.6 | good (http-request return)":        "auth=Allow-Headers",
	"HAProxy 2.6 | -m end example.com, cred":          unrouted,
	"HAProxy 2.6 | backend down (503)":                "all=error-before-cors",
	"Tomcat 10 CorsFilter | good":                     "auth=cors-refused",
	"Tomcat 10 CorsFilter | cors.allowed.origins * , methods w/o " +
		"PUT": "cred=wildcard put=cors-refused auth=cors-refused",
	"Tomcat 10 CorsFilter | * + support.credentials (Tomcat refuses to start " +
		"app)": "all=error-before-cors",
	"Tomcat 10 CorsFilter | no filter": none,
	"Next.js route handler | no CORS":  "all=error-before-cors|no-cors-layer",
	"Next.js route handler | next.config headers() block of the Vercel guide (* + " +
		"credentials)": "cred=wildcard " + unrouted,
	"Next.js route handler | OPTIONS export; PUT forgot " +
		"headers": "all=error-before-cors",
}

const (
	none     = "get=no-cors-layer put=" + unroutedNames + " post=" + unroutedNames + " auth=" + unroutedNames
	unrouted = "put=options-not-routed auth=options-not-routed"
	lists    = "put=Allow-Methods auth=Allow-Headers"

	unroutedNames = "options-not-routed|no-cors-layer"
)

// truth returns the names of what is wrong.
func (r recording) truth() (names []string) {
	for _, f := range strings.Fields(truths[r.of]) {
		kind, list, _ := strings.Cut(f, "=")
		if slices.Contains(r.kinds(), kind) {
			names = append(names, strings.Split(list, "|")...)
		}
	}
	return names
}

// The verdicts are those of the browsers. No note blames what the configuration does not
// have, and nearly all name what is wrong with it, alone or as one of two: a recording
// cannot answer what was not asked.
func TestRecordings(t *testing.T) {
	recordings := readRecordings(t)
	require.Len(t, recordings, 512)
	for of := range truths {
		assert.True(t, slices.ContainsFunc(recordings, func(r recording) bool {
			return r.of == of &&
				!r.allowed["chromium"]
		}), of)
	}
	blocked, named, alone := 0, 0, 0
	for _, r := range recordings {
		t.Run(strings.ReplaceAll(r.of+" | "+r.call, "/", "∕"), func(t *testing.T) {
			url := strings.TrimSuffix(serve(t, r.replay(t)), "/users/7") + r.path
			var o jsonOutcome
			runJSON(t, &o, append(append([]string{"-no-probe", "-origin", page}, recordedCalls[r.call]...), url)...)
			assert.Len(t, o.Exchanges, len(r.answers))
			for engine, allowed := range r.allowed {
				assert.Equal(t, allowed, o.Engines[engine].Allowed, engine)
			}
			if r.allowed["chromium"] {
				return
			}
			blocked++
			truth := r.truth()
			require.NotEmpty(t, truth)
			found, certain := r.named(o)
			for _, names := range found {
				assert.True(t, slices.ContainsFunc(names, func(n string) bool { return slices.Contains(truth, n) }),
					"it blames %q, and the truth is %q", names, truth)
			}
			if len(found) > 0 && slices.ContainsFunc(found, func(names []string) bool {
				return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(truth, n) })
			}) {
				named++
				if certain {
					alone++
				}
			} else {
				t.Logf("nothing names %q: %+v", truth, o.Engines["chromium"])
			}
		})
	}
	t.Logf("%d calls, %d blocked: the cause of %d is named, of %d alone", len(recordings), blocked, named, alone)
	assert.Equal(t, 300, blocked)
	assert.GreaterOrEqual(t, named*100, blocked*95)
}

// named returns what the outcome blames, and whether each is blamed alone. A header that is
// there, or that a granted preflight lacks, is its own cause.
func (r recording) named(o jsonOutcome) (found [][]string, certain bool) {
	certain = true
	for _, n := range o.Hints {
		if n.ID == "local-network" || n.ID == "same-site-cookies" {
			continue
		}
		names := []string{strings.TrimSuffix(n.ID, "-with-credentials")}
		if n.Or != "" {
			names, certain = append(names, n.Or), false
		}
		found = append(found, names)
	}
	switch v := o.Engines["chromium"]; {
	case v.Header != "" && v.Header != "Access-Control-Allow-Origin" && found == nil:
		found = append(found, []string{strings.TrimPrefix(v.Header, "Access-Control-")})
	}
	return found, certain
}

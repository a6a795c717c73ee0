package corstest_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A hop is where a chain of redirects arrives, and what it answers. A status of 0
// ends the chain with 200.
type hop struct {
	url    string
	status int
	allow  string // Access-Control-Allow-Origin; "" means the Origin of the request
}

// follow runs a call along hops that allow every preflight and logs what each
// got: "https://b.example/0 PUT from https://a.example", with "+authorization" and
// the like for headers that the hop got.
func follow(t *testing.T, hops []hop, r corstest.Request) (log []string, res *corstest.Result, err error) {
	t.Helper()
	return followIn(t, corstest.EngineStandard, hops, r)
}

func followIn(
	t *testing.T, engine corstest.Engine, hops []hop, r corstest.Request,
) (log []string, res *corstest.Result, err error) {
	t.Helper()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		url := "http://" + r.Host + r.URL.Path
		if r.TLS != nil {
			url = "https://" + r.Host + r.URL.Path
		}
		i, err := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		require.NoError(t, err)
		method := r.Method
		m := r.Header.Get("Access-Control-Request-Method")
		if m != "" {
			method = strings.TrimSpace("preflight " + m + " " + r.Header.Get("Access-Control-Request-Headers"))
		}
		line := fmt.Sprintf("%s %s from %s", url, method, r.Header.Get("Origin"))
		for _, name := range []string{
			"Authorization", "Content-Encoding", "Content-Type", "Content-Language", "Content-Length", "Content-Location",
			"Cookie", "X-A",
		} {
			isLengthOfBody := name == "Content-Length" && r.Method != "GET" && r.Method != "HEAD"
			if r.Header[name] != nil && !isLengthOfBody {
				line += " +" + strings.ToLower(name)
			}
		}
		if body, _ := io.ReadAll(r.Body); len(body) > 0 {
			line += " " + string(body)
		}
		log = append(log, line)
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		if m != "" {
			w.Header().Set("Access-Control-Allow-Methods", "PUT, DELETE")
			w.Header().Set("Access-Control-Allow-Headers",
				"Authorization, Content-Encoding, Content-Location, Content-Type, X-A")
			return
		}
		if hops[i].allow != "" {
			w.Header().Set("Access-Control-Allow-Origin", hops[i].allow)
		}
		if hops[i].status != 0 {
			if i+1 < len(hops) {
				w.Header().Set("Location", hops[i+1].url)
			}
			w.WriteHeader(hops[i].status)
		}
	})
	r.URL = hops[0].url
	if r.Origin == "" {
		r.Origin = origin
	}
	b := corstest.Browser{Handler: h, Engine: engine}
	res, err = b.Fetch(t.Context(), r)
	return log, res, err
}

func TestRedirects(t *testing.T) {
	post := func(names ...string) corstest.Request {
		return corstest.Request{Method: "POST", Header: header(names...), Body: strings.NewReader("body")}
	}
	for name, tc := range map[string]struct {
		hops    []hop
		request corstest.Request
		log     []string
		step    corstest.Step
		detail  string
	}{
		"within the server's origin": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "/1"}},
			log:  []string{"https://b.example/0 GET from https://a.example", "https://b.example/1 GET from https://a.example"},
		},
		"the check comes first": {
			hops: []hop{{url: "https://b.example/0", status: 302, allow: "null"}, {url: "/1"}},
			log:  []string{"https://b.example/0 GET from https://a.example"},
			step: corstest.StepCheck, detail: `is "null"; it must be "https://a.example"`,
		},
		"preflight for each hop": {
			hops:    []hop{{url: "https://b.example/0", status: 307}, {url: "/1"}},
			request: corstest.Request{Method: "PUT", Header: header("X-A")},
			log: []string{
				"https://b.example/0 preflight PUT x-a from https://a.example",
				"https://b.example/0 PUT from https://a.example +x-a",
				"https://b.example/1 preflight PUT x-a from https://a.example",
				"https://b.example/1 PUT from https://a.example +x-a",
			},
		},
		"to a third origin": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "https://c.example/1", status: 302}, {url: "/2"}},
			log: []string{
				"https://b.example/0 GET from https://a.example", "https://c.example/1 GET from null",
				"https://c.example/2 GET from null",
			},
		},
		"to a third origin that does not take null": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "https://c.example/1", allow: origin}},
			log:  []string{"https://b.example/0 GET from https://a.example", "https://c.example/1 GET from null"},
			step: corstest.StepCheck, detail: `is "https://a.example"; it must be "null"`,
		},
		"to another port": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "https://b.example:8443/1"}},
			log:  []string{"https://b.example/0 GET from https://a.example", "https://b.example:8443/1 GET from null"},
		},
		"back home": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "https://a.example/1"}},
			log:  []string{"https://b.example/0 GET from https://a.example", "https://a.example/1 GET from null"},
		},
		"away from home": {
			hops: []hop{{url: "https://a.example/0", status: 302, allow: "nobody"}, {url: "https://b.example/1"}},
			log:  []string{"https://a.example/0 GET from ", "https://b.example/1 GET from https://a.example"},
		},
		"away from home and back": {
			hops: []hop{
				{url: "https://a.example/0", status: 302}, {url: "https://b.example/1", status: 302},
				{url: "https://a.example/2", allow: "nobody"},
			},
			log: []string{
				"https://a.example/0 GET from ", "https://b.example/1 GET from https://a.example",
				"https://a.example/2 GET from null",
			},
			step: corstest.StepCheck, detail: `is "nobody"; it must be "null"`,
		},
		"at home": {
			hops: []hop{{url: "https://a.example/0", status: 302, allow: "nobody"}, {url: "/1", allow: "nobody"}},
			log:  []string{"https://a.example/0 GET from ", "https://a.example/1 GET from "},
		},
		"a preflight on the way": {
			hops:    []hop{{url: "https://a.example/0", status: 308}, {url: "https://b.example/1"}},
			request: corstest.Request{Method: "DELETE"},
			log: []string{
				"https://a.example/0 DELETE from https://a.example",
				"https://b.example/1 preflight DELETE from https://a.example", "https://b.example/1 DELETE from https://a.example",
			},
		},
		"Authorization stays": {
			hops:    []hop{{url: "https://b.example/0", status: 302}, {url: "/1"}},
			request: corstest.Request{Header: header("Authorization")},
			log: []string{
				"https://b.example/0 preflight GET authorization from https://a.example",
				"https://b.example/0 GET from https://a.example +authorization",
				"https://b.example/1 preflight GET authorization from https://a.example",
				"https://b.example/1 GET from https://a.example +authorization",
			},
		},
		"Authorization goes": {
			hops:    []hop{{url: "https://b.example/0", status: 302}, {url: "https://c.example/1"}},
			request: corstest.Request{Header: header("Authorization")},
			log: []string{
				"https://b.example/0 preflight GET authorization from https://a.example",
				"https://b.example/0 GET from https://a.example +authorization",
				"https://c.example/1 GET from null",
			},
		},
		"cookies stay with their host": {
			hops: []hop{
				{url: "https://b.example/0", status: 302}, {url: "https://c.example/1", status: 302},
				{url: "https://b.example/2"},
			},
			request: corstest.Request{Credentials: true, Cookies: []*http.Cookie{{Name: "a", Value: "b"}}},
			log: []string{
				"https://b.example/0 GET from https://a.example +cookie", "https://c.example/1 GET from null",
				"https://b.example/2 GET from null +cookie",
			},
		},
		"301 of POST": {
			hops: []hop{{url: "https://b.example/0", status: 301}, {url: "/1"}}, request: post("Content-Type",
				"Content-Encoding", "Content-Language", "Content-Location", "X-A"),
			log: []string{
				"https://b.example/0 preflight POST content-encoding,content-location,content-type,x-a from https://a.example",
				"https://b.example/0 POST from https://a.example +content-encoding +content-type +content-language " +
					"+content-location +x-a body",
				"https://b.example/1 preflight GET x-a from https://a.example",
				"https://b.example/1 GET from https://a.example +x-a",
			},
		},
		"302 of POST": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "/1"}}, request: post(),
			log: []string{
				"https://b.example/0 POST from https://a.example body", "https://b.example/1 GET from https://a.example",
			},
		},
		"303 of POST": {
			hops: []hop{{url: "https://b.example/0", status: 303}, {url: "/1"}}, request: post(),
			log: []string{
				"https://b.example/0 POST from https://a.example body", "https://b.example/1 GET from https://a.example",
			},
		},
		"307 of POST": {
			hops: []hop{{url: "https://b.example/0", status: 307}, {url: "/1"}}, request: post(),
			log: []string{
				"https://b.example/0 POST from https://a.example body", "https://b.example/1 POST from https://a.example body",
			},
		},
		"308 of POST": {
			hops: []hop{{url: "https://b.example/0", status: 308}, {url: "/1"}}, request: post(),
			log: []string{
				"https://b.example/0 POST from https://a.example body", "https://b.example/1 POST from https://a.example body",
			},
		},
		"302 of PUT": {
			hops: []hop{{url: "https://a.example/0", status: 302}, {url: "/1"}}, request: corstest.Request{Method: "PUT"},
			log: []string{"https://a.example/0 PUT from https://a.example", "https://a.example/1 PUT from https://a.example"},
		},
		"303 of PUT": {
			hops: []hop{{url: "https://a.example/0", status: 303}, {url: "/1"}}, request: corstest.Request{Method: "PUT"},
			log: []string{"https://a.example/0 PUT from https://a.example", "https://a.example/1 GET from "},
		},
		"303 of HEAD": {
			hops: []hop{{url: "https://a.example/0", status: 303}, {url: "/1"}}, request: corstest.Request{Method: "HEAD"},
			log: []string{"https://a.example/0 HEAD from ", "https://a.example/1 HEAD from "},
		},
		"300 is none": {
			hops: []hop{{url: "https://b.example/0", status: 300}, {url: "/1"}},
			log:  []string{"https://b.example/0 GET from https://a.example"},
		},
		"no Location": {
			hops: []hop{{url: "https://b.example/0", status: 302}},
			log:  []string{"https://b.example/0 GET from https://a.example"},
		},
		"no URL": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "https://b b/1"}},
			log:  []string{"https://b.example/0 GET from https://a.example"},
			step: corstest.StepRedirect, detail: `is "https://b b/1": not a URL`,
		},
		"other scheme": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "data:,hello"}},
			log:  []string{"https://b.example/0 GET from https://a.example"},
			step: corstest.StepRedirect, detail: `is "data:,hello": the scheme must be http or https`,
		},
		"password": {
			hops: []hop{{url: "https://b.example/0", status: 302}, {url: "https://u:p@b.example/1"}},
			log:  []string{"https://b.example/0 GET from https://a.example"},
			step: corstest.StepRedirect, detail: `is "https://u:p@b.example/1": a user name or password is not allowed here`,
		},
		"password elsewhere": {
			hops: []hop{{url: "https://a.example/0", status: 302}, {url: "https://u:p@b.example/1"}},
			log:  []string{"https://a.example/0 GET from "},
			step: corstest.StepRedirect, detail: `is "https://u:p@b.example/1": a user name or password is not allowed here`,
		},
		"password at home": {
			hops: []hop{{url: "https://a.example/0", status: 302}, {url: "https://u:p@a.example/1"}},
			log:  []string{"https://a.example/0 GET from ", "https://a.example/1 GET from "},
		},
		"opaque origin": {
			request: corstest.Request{Origin: "null"},
			hops:    []hop{{url: "https://b.example/0", status: 302}, {url: "/1"}},
			log:     []string{"https://b.example/0 GET from null", "https://b.example/1 GET from null"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			log, res, err := follow(t, tc.hops, tc.request)
			assert.Equal(t, tc.log, log)
			require.NotNil(t, res.Response)
			assert.Len(t, res.Exchanges, len(log))
			if tc.step == "" {
				require.NoError(t, err)
				assert.Equal(t, log[len(log)-1][:strings.Index(log[len(log)-1], " ")], res.Response.Request.URL.String())
				return
			}
			blocked := requireBlocked(t, err)
			assert.Equal(t, tc.step, blocked.Step)
			assert.Equal(t, tc.detail, blocked.Detail)
			if tc.step == corstest.StepRedirect {
				assert.Equal(t, "Location", blocked.Header)
			}
		})
	}
}

func TestTwoLocations(t *testing.T) {
	s := allowing("", "")
	s.status = 302
	s.response["Location"] = []string{"/1", "/2"}
	_, err := corstest.Fetch(s, corstest.Request{Origin: origin})
	blocked := requireBlocked(t, err)
	assert.Equal(t, corstest.StepRedirect, blocked.Step)
	assert.Equal(t, `is "/1, /2": browsers follow one only`, blocked.Detail)
	assert.Equal(t, []string{"GET"}, s.log)
}

func TestTwentyRedirects(t *testing.T) {
	chain := func(n int) []hop {
		hops := []hop{{url: "https://b.example/0"}}
		for i := range n {
			hops[i].status = 302
			hops = append(hops, hop{url: fmt.Sprintf("/%d", i+1)})
		}
		return hops
	}
	log, _, err := follow(t, chain(20), corstest.Request{})
	require.NoError(t, err)
	assert.Len(t, log, 21)

	log, _, err = follow(t, chain(21), corstest.Request{})
	blocked := requireBlocked(t, err)
	assert.Equal(t, corstest.StepRedirect, blocked.Step)
	assert.Equal(t, `is "/21": browsers follow at most 20 redirects`, blocked.Detail)
	assert.Len(t, log, 21)
}

// A redirect that fails ends the answers for the URL it comes from, one that
// fails at its target those for the target.
func TestRedirectsAndTheCache(t *testing.T) {
	for name, tc := range map[string]struct {
		location string
		forgets  bool
	}{
		"bad Location": {"data:,", true},
		"bad target":   {"/b", false},
	} {
		t.Run(name, func(t *testing.T) {
			redirect := false
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/b" && r.Method != "OPTIONS" {
					return
				}
				w.Header().Set("Access-Control-Allow-Origin", origin)
				w.Header().Set("Access-Control-Allow-Methods", "PUT")
				if redirect && r.Method != "OPTIONS" {
					w.Header().Set("Location", tc.location)
					w.WriteHeader(307)
				}
			})
			b := corstest.Browser{Handler: h}
			r := corstest.Request{Origin: origin, Method: "PUT", URL: "/a"}
			_, err := b.Fetch(t.Context(), r)
			require.NoError(t, err)
			redirect = true
			_, err = b.Fetch(t.Context(), r)
			require.Error(t, err)
			redirect = false
			res, err := b.Fetch(t.Context(), r)
			require.NoError(t, err)
			assert.Equal(t, tc.forgets, res.Preflight != nil)
		})
	}
}

// Chromium and WebKit neither look up nor keep answers for an origin that redirects
// made null. Firefox asks with the origin of the page, and keeps them for that.
func TestTaintedOriginAndTheCache(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Methods", "PUT")
		if r.Host == "b.example" && r.Method != "OPTIONS" {
			w.Header().Set("Location", "https://c.example/")
			w.WriteHeader(307)
		}
	})
	for _, engine := range engines {
		t.Run(engine.String(), func(t *testing.T) {
			b := corstest.Browser{Handler: h, Engine: engine}
			r := corstest.Request{Origin: origin, Method: "PUT", URL: "https://b.example/"}
			_, err := b.Fetch(t.Context(), r)
			require.NoError(t, err)
			res, err := b.Fetch(t.Context(), r)
			require.NoError(t, err)
			asks := engine == corstest.EngineChromium || engine == corstest.EngineWebKit
			assert.Equal(t, asks, res.Preflight != nil)
			res, err = b.Fetch(t.Context(), corstest.Request{Origin: "null", Method: "PUT", URL: "https://c.example/"})
			require.NoError(t, err)
			asks = engine != corstest.EngineStandard
			assert.Equal(t, asks, res.Preflight != nil, "a page whose origin is null")
		})
	}
}

// Where an empty Location leads to differs.
func TestEmptyLocation(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, place := range []string{"", " ", "\t"} {
			for _, engine := range engines {
				s := allowing("", "")
				s.response["Location"] = []string{place}
				s.status = status
				b := corstest.Browser{Handler: s, Engine: engine}
				res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin})
				switch engine {
				case corstest.EngineChromium:
					require.NoError(t, err)
					assert.Equal(t, status, res.Response.StatusCode)
					assert.Len(t, s.log, 1)
				case corstest.EngineWebKit:
					blocked := requireBlocked(t, err)
					assert.Equal(t, corstest.StepRedirect, blocked.Step)
					assert.Equal(t, `is "": this browser does not follow it`, blocked.Detail)
					assert.Len(t, s.log, 1)
				default:
					assert.Equal(t, `is "": browsers follow at most 20 redirects`, requireBlocked(t, err).Detail)
					assert.Len(t, s.log, 21)
				}
			}
		}
	}
}

func TestSeveralLocations(t *testing.T) {
	type outcomes map[corstest.Engine]string // where the call ends, "" if it is blocked
	for places, want := range map[string]outcomes{
		"/1|/1":   {corstest.EngineChromium: "/1", corstest.EngineFirefox: "/1", corstest.EngineWebKit: "/1,%20/1"},
		"/1|/2":   {corstest.EngineWebKit: "/1,%20/2"},
		"/1|":     {corstest.EngineWebKit: "/1,"},
		"|/1":     {corstest.EngineWebKit: "/,%20/1"},
		"/1|/1|/": {corstest.EngineWebKit: "/1,%20/1,%20/"},
	} {
		for _, engine := range engines {
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Access-Control-Allow-Origin", "*")
				if r.URL.Path == "/" {
					w.Header()["Location"] = strings.Split(places, "|")
					w.WriteHeader(302)
				}
			})
			b := corstest.Browser{Handler: h, Engine: engine}
			res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin})
			if want[engine] == "" {
				assert.Equal(t, corstest.StepRedirect, requireBlocked(t, err).Step, "%s: %s", engine, places)
				continue
			}
			require.NoError(t, err, "%s: %s", engine, places)
			assert.Equal(t, want[engine], res.Response.Request.URL.EscapedPath(), "%s: %s", engine, places)
		}
	}
}

// What was preflighted before a redirect is preflighted again by Firefox and WebKit,
// though it has become a request that needs none. WebKit announces what it no longer
// sends.
func TestPreflightAgain(t *testing.T) {
	type preflights map[corstest.Engine]string // of the second hop; the standard's where an engine has none
	again := func(firefox, webkit string) preflights {
		return preflights{corstest.EngineFirefox: firefox, corstest.EngineWebKit: webkit}
	}
	const there, elsewhere = "https://b.example/1", "https://c.example/1"
	json := corstest.Request{Method: "POST", Header: header("Content-Type")}
	for name, tc := range map[string]struct {
		from    string
		request corstest.Request
		status  int
		to      string
		want    preflights
	}{
		"301 of a POST of JSON":   {"https://b.example/0", json, 301, there, again("GET", "GET content-type")},
		"302 of a POST of JSON":   {"https://b.example/0", json, 302, there, again("GET", "GET content-type")},
		"303 of a POST of JSON":   {"https://b.example/0", json, 303, there, again("GET", "GET content-type")},
		"303 from the page's own": {"https://a.example/0", json, 303, there, again("GET", "GET content-type")},
		"303 of a PUT":            {"https://b.example/0", corstest.Request{Method: "PUT"}, 303, there, again("GET", "GET")},
		"303 of a PUT from home":  {"https://a.example/0", corstest.Request{Method: "PUT"}, 303, there, nil},
		"302 of a POST":           {"https://b.example/0", corstest.Request{Method: "POST"}, 302, there, nil},
		"Authorization elsewhere": {
			"https://b.example/0", corstest.Request{Header: header("Authorization")}, 302, elsewhere,
			again("GET", "GET authorization"),
		},
		"Authorization and X-A": {
			"https://b.example/0", corstest.Request{Header: header("Authorization", "X-A")}, 302, elsewhere,
			preflights{corstest.EngineStandard: "GET x-a", corstest.EngineWebKit: "GET authorization,x-a"},
		},
		"302 of a GET": {
			"https://b.example/0", corstest.Request{Header: header("X-A")}, 302, there,
			preflights{corstest.EngineStandard: "GET x-a"},
		},
		"307 of a POST of JSON": {
			"https://b.example/0", json, 307, there, preflights{corstest.EngineStandard: "POST content-type"},
		},
	} {
		for _, engine := range engines {
			t.Run(name+"/"+engine.String(), func(t *testing.T) {
				log, _, err := followIn(t, engine, []hop{{url: tc.from, status: tc.status}, {url: tc.to}}, tc.request)
				require.NoError(t, err)
				got := ""
				for _, line := range log {
					if rest, ok := strings.CutPrefix(line, tc.to+" preflight "); ok {
						got, _, _ = strings.Cut(rest, " from ")
					}
				}
				want, ok := tc.want[engine]
				if !ok {
					want = tc.want[corstest.EngineStandard]
				}
				assert.Equal(t, want, got, log)
			})
		}
	}
}

// After a redirect to another origin, Firefox asks with the origin of the page, and
// then sends null. At the page's own server it does not mind what the answer allows.
func TestPreflightFromPage(t *testing.T) {
	run := func(engine corstest.Engine, next, allowed, then string) (origins []string, err error) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Allow-Methods", "PUT")
			switch {
			case r.URL.Path == "/" && r.Method == "PUT":
				w.Header().Set("Location", next)
				w.WriteHeader(307)
			case r.URL.Path == "/next":
				origins = append(origins, r.Header.Get("Origin"))
				w.Header().Set("Access-Control-Allow-Origin", then)
				if r.Method == "OPTIONS" {
					w.Header().Set("Access-Control-Allow-Origin", allowed)
				}
			}
		})
		b := corstest.Browser{Handler: h, Engine: engine}
		_, err = b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: "PUT"})
		return origins, err
	}
	for _, engine := range engines {
		asked := "null"
		if engine == corstest.EngineFirefox {
			asked = origin
		}
		for _, next := range []string{"https://c.example/next", origin + "/next"} {
			origins, err := run(engine, next, asked, "null")
			require.NoError(t, err)
			assert.Equal(t, []string{asked, "null"}, origins)

			_, err = run(engine, next, asked, origin)
			blocked := requireBlocked(t, err)
			assert.Equal(t, corstest.StepCheck, blocked.Step)
			assert.Equal(t, "null", blocked.Origin)

			origins, err = run(engine, next, "https://other.example", "null")
			if engine == corstest.EngineFirefox && next == origin+"/next" {
				require.NoError(t, err)
				continue
			}
			blocked = requireBlocked(t, err)
			assert.Equal(t, corstest.StepPreflightCheck, blocked.Step)
			assert.Equal(t, asked, blocked.Origin)
			assert.Len(t, origins, 1)
		}
	}
}

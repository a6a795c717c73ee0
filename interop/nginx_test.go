package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

// nginxConfig has nginx in front of an API, in three ways.
//
// The first server is what people write. The second has Origin in the key of the
// cache, for the sake of versions before 1.23 (TestNginxAndTwoLinesOfVary).
//
// The third caches OPTIONS as well. proxy_cache_methods takes GET, HEAD and POST
// only (TestNginxCachesNoOPTIONSByItself), so that it takes two hops: it passes
// OPTIONS on as GET, with the method in a header, and the fourth server, which has
// the cache, makes an OPTIONS of it again when it has to ask the API.
const nginxConfig = `
daemon off;
{{user}}
pid nginx.pid;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	proxy_cache_path cache keys_zone=api:1m;
	proxy_cache_valid any 10m;
	map $request_method $passed_on {
		OPTIONS GET;
		default $request_method;
	}
	server {
		listen {{plain}};
		location / {
			proxy_pass http://{{api}};
			proxy_cache api;
			add_header X-Cache-Status $upstream_cache_status always;
		}
	}
	server {
		listen {{keyed}};
		location / {
			proxy_pass http://{{api}};
			proxy_cache api;
			proxy_cache_key "keyed $request_uri $http_origin";
			add_header X-Cache-Status $upstream_cache_status always;
		}
	}
	server {
		listen {{options}};
		location / {
			proxy_pass http://{{hop}};
			proxy_method $passed_on;
			proxy_set_header X-Method $request_method;
		}
	}
	server {
		listen {{hop}};
		location / {
			proxy_pass http://{{api}};
			proxy_set_header X-Method "";
			proxy_method $http_x_method;
			proxy_cache api;
			proxy_cache_key "$http_x_method $request_uri";
			proxy_cache_convert_head off;
			add_header X-Cache-Status $upstream_cache_status always;
		}
	}
}
`

// findNginx returns the path of nginx.
func findNginx() (program string, err error) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if program, err = exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("nginx is not installed")
}

func nginxProgram(t testing.TB) string {
	t.Helper()
	program, err := findNginx()
	if err != nil {
		unavailable(t, "nginx", err.Error())
	}
	return program
}

// startNginx starts nginx in front of api, and returns its three faces: "plain",
// "keyed" and "options".
func startNginx(t testing.TB, api http.Handler) map[string]*wire {
	t.Helper()
	hosts := runNginx(t, nginxConfig, []string{"plain", "keyed", "options", "hop"}, "{{api}}", serve(t, api).server.Host)
	faces := make(map[string]*wire)
	for name, host := range hosts {
		transport := new(http.Transport)
		t.Cleanup(transport.CloseIdleConnections)
		faces[name] = &wire{
			client: &http.Client{Transport: transport, Timeout: time.Minute},
			server: &url.URL{Scheme: "http", Host: host},
			proto:  1,
		}
	}
	return faces
}

// runNginx starts nginx, and returns the host of each server, by name. In config,
// {{name}} stands for the host, and {{user}} for a directive that nginx needs.
// Further pairs to replace may follow.
func runNginx(t testing.TB, config string, servers []string, replace ...string) map[string]string {
	t.Helper()
	program := nginxProgram(t)
	dir := t.TempDir()
	user := "" // of the processes that serve; by default one who may not read dir
	if os.Getuid() == 0 {
		user = "user root;"
	}
	replace = append(replace, "{{user}}", user)

	// nginx takes over sockets that are open already, as it does from its elder
	// when it is upgraded. So no port is lost between choosing and using it.
	cmd := exec.Command(program, "-p", dir, "-e", "stderr", "-c", filepath.Join(dir, "nginx.conf"))
	inherit := "NGINX="
	hosts := make(map[string]string)
	for i, name := range servers {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		f, err := l.(*net.TCPListener).File()
		require.NoError(t, err)
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		inherit += fmt.Sprintf("%d;", 3+i)
		hosts[name] = l.Addr().String()
		replace = append(replace, "{{"+name+"}}", hosts[name])
	}
	config = strings.NewReplacer(replace...).Replace(config)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o600))
	var output bytes.Buffer
	cmd.Env = append(os.Environ(), inherit)
	cmd.Stdout, cmd.Stderr = &output, &output
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nginx wrote:\n%s", &output)
		}
	})
	live.Start(t, cmd)
	return hosts
}

// A cachedAPI is what nginx stands in front of. It counts the requests that a cache
// could have answered.
type cachedAPI struct {
	http.Handler
	asked atomic.Int64
}

func newCachedAPI() *cachedAPI {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		fmt.Fprint(w, r.Method)
	})
	mux := http.NewServeMux()
	mux.Handle("/listed/", cors.New(cors.Options{
		AllowedOrigins:   []string{page, secondPage},
		AllowedMethods:   []string{http.MethodPut, http.MethodOptions},
		AllowedHeaders:   []string{"Content-Type"},
		AllowCredentials: true,
	})(answer))
	mux.Handle("/open/", cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodPut, http.MethodOptions},
		AllowedHeaders: []string{"Content-Type"},
	})(answer))
	// A handler with a line of its own, as compressing middleware adds it.
	mux.Handle("/twice/", allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		answer(w, r)
	})))
	// What many people write by hand.
	mux.HandleFunc("/unvaried/", func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin == page || origin == secondPage {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
		answer(w, r)
	})
	api := new(cachedAPI)
	api.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			api.asked.Add(1)
		}
		mux.ServeHTTP(w, r)
	})
	return api
}

const secondPage = "https://admin.example"

// A party is one of those whose requests meet in the cache.
type party struct {
	name string
	call corstest.Request // less the URL
	want string           // see said
}

// visit has the party call url twice over, and returns what the responses said and
// where they came from.
func (p party) visit(t testing.TB, h http.Handler, url string) (got string, from []string) {
	t.Helper()
	call := p.call
	call.URL = url
	res, err := corstest.Fetch(h, call)
	verdict := "readable"
	if err != nil {
		var blocked *corstest.BlockedError
		require.ErrorAs(t, err, &blocked)
		verdict = "blocked: " + string(blocked.Step)
	}
	for _, x := range res.Exchanges {
		if x.Request.Method != http.MethodPut {
			got += said(x.Response) + "\n"
			from = append(from, x.Response.Header.Get("X-Cache-Status"))
		}
	}
	return got + verdict, from
}

// said tells all that a response says of CORS and to caches.
func said(res *http.Response) string {
	s := fmt.Sprint(res.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		if name == "Vary" || strings.HasPrefix(name, "Access-Control-") {
			s += fmt.Sprintf("; %s: %s", name, strings.Join(res.Header[name], " | "))
		}
	}
	return s
}

// wantInEveryOrder has the parties call a URL one after the other, then all of them
// again, for each order on a URL of its own. Each has to get its own answer, from
// the cache the second time; for that the API may be asked so many times.
func wantInEveryOrder(t *testing.T, face *wire, api *cachedAPI, path string, parties []party, asked int64) {
	t.Helper()
	for _, order := range permutations(parties) {
		names := make([]string, len(order))
		for i, p := range order {
			names[i] = p.name
		}
		url := path + strings.Join(names, ",")
		before := api.asked.Load()
		for round := range 2 {
			for _, p := range order {
				got, from := p.visit(t, face, url)
				assert.Equal(t, p.want, got, "what %s gets in round %d of %v", p.name, round+1, names)
				if round == 1 {
					assert.Subset(t, []string{"HIT"}, from, "%s in round 2 of %v", p.name, names)
				}
			}
		}
		assert.Equal(t, asked, api.asked.Load()-before, "how often the API was asked for %v", names)
		if t.Failed() {
			return // more orders would say the same
		}
	}
}

// permutations returns all orders of elements.
func permutations[E any](elements []E) [][]E {
	if len(elements) == 0 {
		return [][]E{nil}
	}
	var all [][]E
	for i, first := range elements {
		for _, rest := range permutations(slices.Delete(slices.Clone(elements), i, i+1)) {
			all = append(all, append([]E{first}, rest...))
		}
	}
	return all
}

// The policy of listed origins: a cache keeps one answer for each of them, one for
// each stranger, and one for those that are no web pages. There is nothing to set up
// in the cache, which only has to honour Vary.
func TestNginxKeepsOriginsApart(t *testing.T) {
	api := newCachedAPI()
	faces := startNginx(t, api)
	for _, face := range []string{"plain", "options"} {
		t.Run(face, func(t *testing.T) {
			wantInEveryOrder(t, faces[face], api, "/listed/", []party{
				{
					"page", corstest.Request{Origin: page, Credentials: true},
					"200; Access-Control-Allow-Credentials: true; Access-Control-Allow-Origin: https://app.example; Vary: " +
						"Origin\nreadable",
				},
				{
					"second", corstest.Request{Origin: secondPage, Credentials: true},
					"200; Access-Control-Allow-Credentials: true; Access-Control-Allow-Origin: https://admin.example; Vary: " +
						"Origin\nreadable",
				},
				{"stranger", corstest.Request{Origin: stranger}, "200; Vary: Origin\nblocked: CORS check"},
				{"none", corstest.Request{}, "200; Vary: Origin\nreadable"},
			}, 4)
		})
	}
}

// The open policy: one answer for everybody.
func TestNginxCachesTheOpenPolicyOnce(t *testing.T) {
	const everybody = "200; Access-Control-Allow-Origin: *\nreadable"
	api := newCachedAPI()
	faces := startNginx(t, api)
	for _, face := range []string{"plain", "options"} {
		t.Run(face, func(t *testing.T) {
			wantInEveryOrder(t, faces[face], api, "/open/", []party{
				{"page", corstest.Request{Origin: page}, everybody},
				{"second", corstest.Request{Origin: secondPage}, everybody},
				{"sandboxed", corstest.Request{Origin: "null"}, everybody},
				{"none", corstest.Request{}, everybody},
			}, 1)
		})
	}
}

// The counter-proof: without Vary, all get the answer to whoever came first.
func TestNginxMixesUpWhatDoesNotVary(t *testing.T) {
	api := newCachedAPI()
	plain := startNginx(t, api)["plain"]
	parties := []party{
		{name: "page", call: corstest.Request{Origin: page}},
		{name: "second", call: corstest.Request{Origin: secondPage}},
		{name: "none", call: corstest.Request{}},
	}
	for _, order := range permutations(parties) {
		first := order[0]
		url := "/unvaried/" + order[0].name + "," + order[1].name
		for _, p := range order {
			want := "blocked: CORS check"
			if p.name == first.name || p.name == "none" {
				want = "readable"
			}
			got, _ := p.visit(t, plain, url)
			_, verdict, _ := strings.Cut(got, "\n")
			assert.Equal(t, want, verdict, "%s after %s", p.name, first.name)
		}
	}
	assert.EqualValues(t, 6, api.asked.Load(), "one answer for all, in each of the orders")
}

// put is a call that takes a preflight.
func put(origin string, credentials bool) corstest.Request {
	return corstest.Request{
		Origin:      origin,
		Method:      http.MethodPut,
		Header:      http.Header{"Content-Type": {"application/json"}},
		Credentials: credentials,
	}
}

// What the answers to it say.
const (
	preflightVary   = "; Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\n"
	listedPreflight = "204; Access-Control-Allow-Credentials: true; Access-Control-Allow-Headers: Content-Type; " +
		"Access-Control-Allow-Methods: PUT, OPTIONS; Access-Control-Allow-Origin: "
	openPreflight = "204; Access-Control-Allow-Headers: Content-Type; Access-Control-Allow-Methods: PUT, OPTIONS; " +
		"Access-Control-Allow-Origin: *" + preflightVary
)

// With a cache that keeps answers to OPTIONS, a preflight is answered from it only
// if it came from the same origin and asked the same question.
func TestNginxKeepsPreflightsApart(t *testing.T) {
	api := newCachedAPI()
	options := startNginx(t, api)["options"]

	t.Run("listed", func(t *testing.T) {
		wantInEveryOrder(t, options, api, "/listed/", []party{
			{"page", put(page, true), listedPreflight + page + preflightVary + "readable"},
			{"second", put(secondPage, true), listedPreflight + secondPage + preflightVary + "readable"},
			{"stranger", put(stranger, false), "403" + preflightVary + "blocked: preflight CORS check"},
		}, 3)
	})
	t.Run("open", func(t *testing.T) {
		wantInEveryOrder(t, options, api, "/open/", []party{
			{"page", put(page, false), openPreflight + "readable"},
			{"second", put(secondPage, false), openPreflight + "readable"},
			{"stranger", put(stranger, false), openPreflight + "readable"},
		}, 3)
	})
}

// Before 1.23, nginx looks only at the last of several lines of Vary. Ours is not
// the last if the handler inside adds one, as most that compress do. Debian 12 has
// 1.22. Origin in the key of the cache helps, whatever the version.
func TestNginxAndTwoLinesOfVary(t *testing.T) {
	api := newCachedAPI()
	faces := startNginx(t, api)
	parties := []party{
		{
			"page", corstest.Request{Origin: page},
			"200; Access-Control-Allow-Origin: https://app.example; Access-Control-Expose-Headers: X-Request-Id; Vary: " +
				"Origin | Accept-Encoding\nreadable",
		},
		{"stranger", corstest.Request{Origin: stranger}, "200; Vary: Origin | Accept-Encoding\nblocked: CORS check"},
		{"none", corstest.Request{}, "200; Vary: Origin | Accept-Encoding\nreadable"},
	}
	t.Run("keyed", func(t *testing.T) {
		wantInEveryOrder(t, faces["keyed"], api, "/twice/", parties, 3)
	})
	t.Run("plain", func(t *testing.T) {
		if !nginxOlderThan(t, 1, 23) {
			wantInEveryOrder(t, faces["plain"], api, "/twice/", parties, 3)
			return
		}
		none, ours := parties[2], parties[0]
		got, _ := none.visit(t, faces["plain"], "/twice/")
		assert.Equal(t, none.want, got)
		got, from := ours.visit(t, faces["plain"], "/twice/")
		assert.Equal(t, "200; Vary: Origin | Accept-Encoding\nblocked: CORS check", got)
		assert.Equal(t, []string{"HIT"}, from)
	})
}

func nginxOlderThan(t testing.TB, major, minor int) bool {
	t.Helper()
	output, err := exec.Command(nginxProgram(t), "-v").CombinedOutput()
	require.NoError(t, err)
	var has [2]int
	_, err = fmt.Sscanf(string(output), "nginx version: nginx/%d.%d", &has[0], &has[1])
	require.NoError(t, err, "%s", output)
	return slices.Compare(has[:], []int{major, minor}) < 0
}

// What nginx answers by itself has no CORS headers, whatever the API would have said:
// a page cannot tell a body that is too large for nginx (1 MB, if nothing is set up)
// from a network that is down. So its limits have to be wider than the API's own.
func TestNginxAnswersByItself(t *testing.T) {
	plain := startNginx(t, allow(http.MaxBytesHandler(echo, 1<<10)))["plain"]
	for size, want := range map[int]string{
		10:      "200 PUT " + strings.Repeat("a", 10),
		1 << 12: "413 too large",
		2 << 20: "blocked: CORS check",
	} {
		call := corstest.Request{Origin: page, Method: http.MethodPut, Body: strings.NewReader(strings.Repeat("a", size))}
		assert.Equal(t, want, outcome(t, plain, call), "%d bytes", size)
	}
}

// This is why nginxConfig is longer than one would like.
func TestNginxCachesNoOPTIONSByItself(t *testing.T) {
	program := nginxProgram(t)
	config := filepath.Join(t.TempDir(), "nginx.conf")
	require.NoError(t, os.WriteFile(config, []byte("events {} http { proxy_cache_methods OPTIONS; }"), 0o600))
	output, err := exec.Command(program, "-t", "-e", "stderr", "-c", config).CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(output), `invalid value "OPTIONS"`)
}

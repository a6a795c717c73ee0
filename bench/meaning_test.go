package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/corstest"
)

// A probe is a call that a browser makes to find out whether a library means the
// policy, and what has to come of it.
type probe struct {
	what     string
	req      corstest.Request
	readable bool // the script may read the response
	handled  bool // the handler has run
}

// probes returns the calls that a library must pass before it is measured on
// requests of kind q.
func (q request) probes(p policy) []probe {
	call := func(method, origin string, header ...string) corstest.Request {
		r := corstest.Request{
			Origin:      origin,
			Method:      method,
			URL:         "https://api.example/users",
			Header:      http.Header{},
			Credentials: p.credentials,
		}
		for _, name := range header {
			r.Header[name] = []string{"application/json"}
		}
		return r
	}
	actual := func(what, origin string, readable bool) probe {
		return probe{what, call(http.MethodGet, origin), readable, true}
	}
	preflighted := func(what, method, origin string, allowed bool, header ...string) probe {
		return probe{what, call(method, origin, header...), allowed, allowed}
	}
	refusals := func() []probe {
		origins := []string{p.refused, p.worstRefused}
		for _, origin := range []string{p.origins[0], p.origins[len(p.origins)-1]} {
			origin = strings.Replace(origin, "*", "www", 1)
			origins = append(origins,
				strings.Replace(origin, "https", "http", 1),
				origin+":8443",
				origin+".example.net",
				strings.Replace(origin, "example.com", "example.org", 1),
				strings.Replace(origin, "example.com", "notexample.com", 1),
				strings.Replace(origin, ".example.com", "-example.com", 1),
				"null")
			if strings.Contains(p.origins[0], "*.") {
				origins = append(origins, strings.Replace(origin, "www.", "", 1))
			} else {
				origins = append(origins, strings.Replace(origin, "https://", "https://www.", 1))
			}
		}
		var probes []probe
		for _, origin := range slices.Compact(slices.Sorted(slices.Values(origins))) {
			probes = append(probes, actual("GET from "+origin, origin, false))
		}
		return probes
	}

	var probes []probe
	switch q.name {
	case "no-origin":
		probes = append(probes, actual("same-origin GET", "", true))
	case "actual":
		probes = append(probes, actual("GET", p.allowed, true))
		for _, origin := range []string{p.origins[0], p.origins[len(p.origins)-1]} {
			switch host, wild := strings.CutPrefix(origin, "https://*."); {
			case origin == "*":
				origin = "https://any.example"
			case wild:
				origin = "https://a.b." + host
			}
			probes = append(probes, actual("GET from "+origin, origin, true))
		}
		if !p.credentials {
			r := call(http.MethodGet, p.allowed)
			r.Credentials = true
			probes = append(probes, probe{"GET with credentials", r, false, true})
		}
	case "actual-refused":
		probes = refusals()
	case "actual-worst":
		probes = append(probes, actual("GET", p.worstAllowed, true))
	case "actual-worst-refused":
		probes = append(probes, actual("GET", p.worstRefused, false))
	case "preflight", "preflight-hostile":
		for _, method := range methods {
			probes = append(probes, preflighted(method, method, p.allowed, true, allowedHeaders...))
		}
		probes = append(probes,
			preflighted("POST of JSON", http.MethodPost, p.allowed, true, "Content-Type"),
			preflighted("an unlisted method", "PURGE", p.allowed, false),
			preflighted("an unlisted header", http.MethodPut, p.allowed, false, "X-Unlisted"))
	case "preflight-refused":
		probes = append(probes, preflighted("PUT", http.MethodPut, p.refused, false, allowedHeaders...))
	}
	return probes
}

// misunderstood returns the first thing that l does otherwise than the policy
// says, on requests of kind q or such as decide who may send them; "" if there is
// none. Then l is left out of that row.
func misunderstood(p policy, q request, l lib) string {
	if !l.isLibrary() {
		return ""
	}
	handled := false
	h := l.wrap(p, q, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		handled = true
		w.Header().Set("Etag", `"1"`)
		w.Header().Set("X-Request-Id", "1")
		w.Header().Set("X-Secret", "1")
		_, _ = io.WriteString(w, "hello")
	}))
	for _, probe := range q.probes(p) {
		handled = false
		res, err := corstest.Fetch(h, probe.req)
		var blocked *corstest.BlockedError
		switch {
		case err != nil && !errors.As(err, &blocked):
			panic(err) // a probe that browsers cannot send
		case probe.readable && err != nil:
			return fmt.Sprintf("%s: %v", probe.what, err)
		case !probe.readable && err == nil:
			return probe.what + ": allowed"
		case handled && !probe.handled:
			return probe.what + ": the handler runs"
		case !handled && probe.handled:
			return probe.what + ": the handler does not run"
		}
		if probe.readable && probe.req.Origin != "" {
			for _, name := range []string{"Etag", "X-Request-Id", "X-Secret"} {
				if _, readable := res.Header[name]; readable != slices.Contains(p.exposed, name) {
					return fmt.Sprintf("%s: the script can read %s: %v", probe.what, name, readable)
				}
			}
		}
	}
	return ""
}

// The table names what is left out by the lines that this test logs.
func TestMeaning(t *testing.T) {
	for p := range policies() {
		t.Run(p.name, func(t *testing.T) {
			libs := libs()
			for _, q := range requests() {
				if !q.exists(p) {
					continue
				}
				assert.NotEmpty(t, q.probes(p), "nothing tells what %s means", q.name)
				for _, l := range libs {
					reason := misunderstood(p, q, l)
					if l.name == "cors" || l.name == "rs" && p.name == "credentialed" {
						assert.Empty(t, reason, "%s, %s: the table compares these two", l.name, q.name)
					}
					if reason != "" {
						t.Logf("%s lib=%s policy=%s req=%s: %s", leftOutMark, l.name, p.name, q.name, reason)
					}
				}
			}
		})
	}
}

// A check that passes whatever it is given would leave nothing out.
func TestMeaningIsChecked(t *testing.T) {
	for p := range policies() {
		for _, q := range requests() {
			if !q.exists(p) || q.name == "no-origin" {
				continue
			}
			t.Run(p.name+"/"+q.name, func(t *testing.T) {
				wrong := lib{"nobody", func(_ policy, _ request, next http.Handler) http.Handler { return next }}
				if q.refused {
					wrong = lib{"everybody", func(_ policy, _ request, next http.Handler) http.Handler {
						return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							w.Header().Set("Access-Control-Allow-Origin", cmp.Or(r.Header.Get("Origin"), "*"))
							w.Header().Set("Access-Control-Allow-Credentials", "true")
							w.Header().Set("Access-Control-Allow-Methods", "PUT")
							w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
							if r.Method != http.MethodOptions {
								next.ServeHTTP(w, r)
							}
						})
					}}
				}
				assert.NotEmpty(t, misunderstood(p, q, wrong))
			})
		}
	}
}

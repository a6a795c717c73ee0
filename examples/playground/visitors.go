package main

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/cors/corstest"
)

const (
	maxVisitors   = 100
	visitorLife   = time.Hour // without a call
	maxRecordings = 50        // of one call, redirects included
	maxCalls      = 1000      // that corstest remembers the preflights of
)

// Visitors are the pages that are open, each known by a token that only it knows.
type visitors struct {
	mu  sync.Mutex
	now func() time.Time
	all map[string]*visitor
}

func newVisitors() *visitors {
	return &visitors{now: time.Now, all: make(map[string]*visitor)}
}

// get returns the visitor with the token, nil if there is none.
func (vs *visitors) get(token string) *visitor {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v := vs.all[token]
	if v != nil {
		v.seen = vs.now()
	}
	return v
}

// enter returns the visitor with the token, a new one if there is none. It removes
// visitors that were silent for an hour and, if there are too many, the one that was
// silent for longest. They can come back: a page sends its policy before each call.
func (vs *visitors) enter(token string) *visitor {
	if v := vs.get(token); v != nil {
		return v
	}
	vs.mu.Lock()
	defer vs.mu.Unlock()
	now := vs.now()
	maps.DeleteFunc(vs.all, func(_ string, v *visitor) bool { return now.Sub(v.seen) > visitorLife })
	if len(vs.all) >= maxVisitors {
		oldest := ""
		for t, v := range vs.all {
			if oldest == "" || v.seen.Before(vs.all[oldest].seen) {
				oldest = t
			}
		}
		delete(vs.all, oldest)
	}
	// It does not begin at 1: a visitor that comes back must get new URLs.
	v := &visitor{seen: now, epoch: int(now.UnixMilli())}
	vs.all[token] = v
	return v
}

// A visitor has an API with a policy of its own.
type visitor struct {
	seen time.Time // guarded by visitors.mu

	// api is the API with the policy of the moment. A policy never changes: a new one
	// is a new handler, and requests under way end with the old one.
	api atomic.Pointer[http.Handler]

	mu       sync.Mutex
	policy   policy
	epoch    int                 // counts the policies
	calls    int                 // under this policy
	browsers []*corstest.Browser // which make the same calls as the real one
	wire     []*recording        // of the call under way
}

// adopt puts p in force, with the API that build makes for it, unless it is in force
// already. It returns a number for the URLs of the calls under p. A new policy gets a
// new number, and so does a fresh one. A browser then has no answer to a preflight
// from before.
func (v *visitor) adopt(p policy, fresh bool, build func() http.Handler) (epoch int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if api := v.api.Load(); api == nil || fresh || v.calls >= maxCalls || !maps.Equal(p, v.policy) {
		h := build()
		v.api.Store(&h)
		v.policy, v.calls = p, 0
		v.epoch++
		v.browsers = nil
		for _, e := range engines {
			v.browsers = append(v.browsers, &corstest.Browser{Handler: v, Engine: e})
		}
	}
	v.wire = nil
	return v.epoch
}

// conversation returns the exchanges since the last adopt, the policy, the simulated
// browsers, and the number for their URLs.
func (v *visitor) conversation() (wire []exchange, p policy, browsers []*corstest.Browser, epoch int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls++
	wire = []exchange{}
	for _, r := range v.wire {
		wire = append(wire, r.exchange())
	}
	return wire, v.policy, v.browsers, v.epoch
}

// ServeHTTP serves a URL /v/token/epoch/path without recording it.
func (v *visitor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api := v.api.Load()
	if api == nil {
		http.NotFound(w, r)
		return
	}
	http.StripPrefix(prefix(r.URL.Path), *api).ServeHTTP(w, r)
}

// serveRecorded does the same for a real browser.
func (v *visitor) serveRecorded(w http.ResponseWriter, r *http.Request) {
	api := v.api.Load()
	if api == nil {
		http.NotFound(w, r)
		return
	}
	rec := new(recording)
	v.mu.Lock()
	if len(v.wire) < maxRecordings {
		v.wire = append(v.wire, rec)
	}
	v.mu.Unlock()
	http.StripPrefix(prefix(r.URL.Path), rec.around(*api)).ServeHTTP(w, r)
}

// prefix returns "/v/token/epoch" of such a path.
func prefix(path string) string {
	parts := strings.SplitN(path, "/", 5)
	return strings.Join(parts[:min(4, len(parts))], "/")
}

// serveAPI returns the API of all visitors. Each has its own below a prefix; home
// serves every other path, for curl.
func serveAPI(vs *visitors, home http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		new(recording).around(home).ServeHTTP(w, r)
	})
	mux.HandleFunc("/v/{token}/{epoch}/", func(w http.ResponseWriter, r *http.Request) {
		v := vs.get(r.PathValue("token"))
		if v == nil {
			http.NotFound(w, r)
			return
		}
		v.serveRecorded(w, r)
	})
	return mux
}

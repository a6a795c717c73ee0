package main

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
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
	v := &visitor{seen: now, now: vs.now, epoch: int(now.UnixMilli())}
	vs.all[token] = v
	return v
}

// A visitor has an API with a policy of its own.
type visitor struct {
	seen time.Time // guarded by visitors.mu
	now  func() time.Time

	api swap // the API with the policy of the moment

	mu       sync.Mutex
	turn     int                 // of the newest run that was seen
	policy   policy              // nil before the first
	epoch    int                 // counts the policies
	calls    int                 // under this policy
	browsers []*corstest.Browser // which make the same calls as the real one
	wire     []*recording        // of the call under way
	missed   int                 // exchanges of it that are not in wire
	began    time.Time           // of it, at the API
}

// adopt puts p in force, with the API that build makes for it, unless it is in force
// already. It returns a number for the URLs of the calls under p. A new policy gets a
// new number, and so does a fresh one. A browser then has no answer to a preflight
// from before.
//
// The page counts what it runs. A turn may come late, after one that was begun later
// and took its place. It changes nothing, and the number is 0.
func (v *visitor) adopt(turn int, p policy, fresh bool, build func() http.Handler) (epoch int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if turn < v.turn {
		return 0
	}
	v.turn = turn
	if v.policy == nil || fresh || v.calls >= maxCalls || !maps.Equal(p, v.policy) {
		v.api.set(build())
		v.policy, v.calls = p, 0
		v.epoch++
		v.browsers = nil
		for _, e := range engines {
			v.browsers = append(v.browsers, &corstest.Browser{Handler: v, Engine: e, Now: v.begin})
		}
	}
	v.wire, v.missed, v.began = nil, 0, v.now()
	return v.epoch
}

// begin returns when the call under way reached the API. That is the time by which
// simulated browsers forget preflights, however late they are asked.
func (v *visitor) begin() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.began
}

// A conversation is what was on the wire since the last adopt, and who was there.
type conversation struct {
	wire     []exchange
	missed   int // exchanges that are not in wire
	policy   policy
	browsers []*corstest.Browser // simulated
	epoch    int                 // the number for their URLs
}

// conversation returns that of the call that ends.
func (v *visitor) conversation() conversation {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls++
	c := conversation{[]exchange{}, v.missed, v.policy, v.browsers, v.epoch}
	for _, r := range v.wire {
		c.wire = append(c.wire, r.exchange())
	}
	return c
}

// ServeHTTP serves a URL /v/token/epoch/path without recording it.
func (v *visitor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.StripPrefix(prefix(r.URL.Path), &v.api).ServeHTTP(w, r)
}

// serveRecorded does the same for a real browser. What a call of another epoch says is
// not recorded: the page has given that call up, and made a new one.
func (v *visitor) serveRecorded(w http.ResponseWriter, r *http.Request) {
	rec := new(recording)
	v.mu.Lock()
	switch {
	case r.PathValue("epoch") != strconv.Itoa(v.epoch):
	case len(v.wire) == 0:
		v.wire, v.began = append(v.wire, rec), v.now()
	case len(v.wire) < maxRecordings:
		v.wire = append(v.wire, rec)
	default:
		v.missed++
	}
	v.mu.Unlock()
	http.StripPrefix(prefix(r.URL.Path), rec.around(&v.api)).ServeHTTP(w, r)
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

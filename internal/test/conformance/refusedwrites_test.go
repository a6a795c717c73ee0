package conformance_test

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors"
	"example.com/cors/internal/test/live"
)

//go:embed writes.html
var writesHTML []byte

// Pages of four origins write to an API in four ways. The writes of the allowed
// page arrive, and no others.
func TestWritesInBrowsers(t *testing.T) {
	pages := []string{"allowed", "foreign", "sibling", "null"}
	ways := []string{"no-cors", "fetch", "beacon", "form"}
	for _, b := range live.Browsers(t) {
		t.Run(b.Name, func(t *testing.T) {
			pageServer := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write(writesHTML)
			}))
			other := serve(t, pageServer.Config.Handler)
			origins := map[string]string{
				"allowed": strings.Replace(pageServer.URL, "127.0.0.1", "localhost", 1),
				"foreign": strings.Replace(other.URL, "127.0.0.1", "localhost", 1), // of another site
				"sibling": other.URL,                                               // of the API's site: another port
				"null":    pageServer.URL,
			}
			api, sent, arrived := serveAPI(t, origins["allowed"], len(pages)*len(ways))

			var frames strings.Builder
			for _, from := range pages {
				src := origins[from] + "/?" + url.Values{"api": {api.URL}, "from": {from}}.Encode()
				sandbox := ""
				if from == "null" {
					sandbox = ` sandbox="allow-scripts allow-forms"`
				}
				fmt.Fprintf(&frames, "<iframe src=%q%s></iframe>", src, sandbox)
			}
			top := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte("<!doctype html><title>Writes</title>" + frames.String()))
			}))
			live.Await(b.Open(t, top.URL), sent)

			for _, from := range pages {
				for _, how := range ways {
					assert.Equal(t, from == "allowed", arrived(from+"/"+how), "%s by the %s page", how, from)
				}
			}
		})
	}
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// serveAPI serves an API that a page of the allowed origin may call. The channel
// is closed when it has answered n different writes. Arrived says whether a write,
// as "page/way", reached the handler.
func serveAPI(t *testing.T, allowed string, n int) (api *httptest.Server, sent chan struct{},
	arrived func(string) bool) {
	var mu sync.Mutex
	answered, reached := make(map[string]bool), make(map[string]bool)
	key := func(r *http.Request) string { return r.FormValue("from") + "/" + r.FormValue("how") }
	inside := cors.New(cors.Options{AllowedOrigins: []string{allowed}, RefuseCrossOriginWrites: true})(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			reached[key(r)] = true
		}))
	sent = make(chan struct{})
	api = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside.ServeHTTP(w, r)
		if r.URL.Path != "/write" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if k := key(r); !answered[k] {
			if answered[k] = true; len(answered) == n {
				close(sent)
			}
		}
	}))
	return api, sent, func(k string) bool {
		mu.Lock()
		defer mu.Unlock()
		return reached[k]
	}
}

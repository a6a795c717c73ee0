package corstest_test

import (
	"net/http"
	"strings"
	"testing"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cacheHeaders tells of Cache-Control and Pragma in what the server got.
func cacheHeaders(s *server) (log []string) {
	for i, r := range s.requests {
		line := s.log[i]
		for _, name := range []string{"Cache-Control", "Pragma"} {
			if lines := r.Header[name]; lines != nil {
				line += " " + strings.ToLower(name) + "=" + strings.Join(lines, "|")
			}
		}
		log = append(log, line)
	}
	return log
}

// A conditional request passes by the cache of preflights in Chromium and Firefox,
// whatever the max-age.
func TestConditionalRequests(t *testing.T) {
	for _, name := range []string{"If-Match", "If-None-Match", "if-modified-since", "If-Unmodified-Since", "If-Range"} {
		for _, engine := range engines {
			t.Run(name+"/"+engine.String(), func(t *testing.T) {
				s := allowing("", name+", X-A")
				b := corstest.Browser{Handler: s, Engine: engine}
				call := func(h http.Header) {
					_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Header: h})
					require.NoError(t, err)
				}
				call(header(name))
				call(header(name))
				call(header("X-A"))
				call(header(name))

				ask := "preflight GET " + strings.ToLower(name)
				noStore, noCache := " cache-control=no-cache pragma=no-cache", " cache-control=max-age=0"
				assert.Equal(t, map[corstest.Engine][]string{
					corstest.EngineStandard: {ask, "GET" + noStore, "GET" + noStore, "GET", "GET" + noStore},
					corstest.EngineWebKit:   {ask, "GET" + noStore, "GET" + noStore, "GET", "GET" + noStore},
					corstest.EngineChromium: {
						ask + noCache, "GET" + noCache, ask + noCache, "GET" + noCache, "GET", ask + noCache, "GET" + noCache,
					},
					corstest.EngineFirefox: {
						ask + noStore, "GET" + noStore, ask + noStore, "GET" + noStore, "GET", ask + noStore, "GET" + noStore,
					},
				}[engine], cacheHeaders(s))
			})
		}
	}
}

// Firefox leaves an XMLHttpRequest as it is.
func TestConditionalUpload(t *testing.T) {
	for engine, want := range map[corstest.Engine]int{
		corstest.EngineStandard: 1, corstest.EngineChromium: 2, corstest.EngineFirefox: 1, corstest.EngineWebKit: 1,
	} {
		s := allowing("POST", "If-Match")
		b := corstest.Browser{Handler: s, Engine: engine}
		for range 2 {
			_, err := b.Fetch(t.Context(), corstest.Request{
				Origin: origin, Method: "POST", Header: header("If-Match"), UploadListener: true,
			})
			require.NoError(t, err)
		}
		assert.Equal(t, want, strings.Count(strings.Join(s.log, "\n"), "preflight"), engine)
	}
}

func TestCacheModes(t *testing.T) {
	type modes map[corstest.CacheMode]string // what the request tells of the mode
	headers := modes{
		"":                           "",
		corstest.CacheModeDefault:    "",
		corstest.CacheModeNoStore:    " cache-control=no-cache pragma=no-cache",
		corstest.CacheModeReload:     " cache-control=no-cache pragma=no-cache",
		corstest.CacheModeNoCache:    " cache-control=max-age=0",
		corstest.CacheModeForceCache: "",
	}
	asks := map[corstest.Engine][]corstest.CacheMode{
		corstest.EngineChromium: {corstest.CacheModeNoStore, corstest.CacheModeReload, corstest.CacheModeNoCache},
		corstest.EngineFirefox:  {corstest.CacheModeNoStore, corstest.CacheModeReload},
	}
	for mode, sent := range headers {
		for _, engine := range engines {
			t.Run(string(mode)+"/"+engine.String(), func(t *testing.T) {
				s := allowing("PUT", "X-A")
				b := corstest.Browser{Handler: s, Engine: engine}
				for range 2 {
					_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: "PUT", CacheMode: mode})
					require.NoError(t, err)
				}
				asked := ""
				if engine == corstest.EngineChromium || engine == corstest.EngineFirefox {
					asked = sent
				}
				want := []string{"preflight PUT" + asked, "PUT" + sent, "PUT" + sent}
				for _, m := range asks[engine] {
					if m == mode {
						want = []string{"preflight PUT" + asked, "PUT" + sent, "preflight PUT" + asked, "PUT" + sent}
					}
				}
				assert.Equal(t, want, cacheHeaders(s))
			})
		}
	}
}

// What the script sets stays, and is announced. What the browser adds is not.
func TestCacheModeAndOwnHeaders(t *testing.T) {
	for name, want := range map[string]string{
		"Cache-Control": "GET cache-control=1 pragma=no-cache",
		"Pragma":        "GET cache-control=no-cache pragma=1",
	} {
		s := allowing("", name)
		_, err := corstest.Fetch(s, corstest.Request{
			Origin: origin, Header: header(name), CacheMode: corstest.CacheModeReload,
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"preflight GET " + strings.ToLower(name), want}, cacheHeaders(s))
	}
}

// An explicit mode is kept, though the request is conditional.
func TestCacheModeOfConditionalRequest(t *testing.T) {
	for _, engine := range engines {
		s := allowing("", "If-Match")
		b := corstest.Browser{Handler: s, Engine: engine}
		for range 2 {
			_, err := b.Fetch(t.Context(), corstest.Request{
				Origin: origin, Header: header("If-Match"), CacheMode: corstest.CacheModeForceCache,
			})
			require.NoError(t, err)
		}
		assert.Equal(t, []string{"preflight GET if-match", "GET", "GET"}, cacheHeaders(s), engine)
	}
}

// Chromium keeps no answer that it got in mode no-store. The older one stays.
func TestAnswersOfNoStore(t *testing.T) {
	modes := []corstest.CacheMode{corstest.CacheModeNoStore, corstest.CacheModeReload, corstest.CacheModeNoCache}
	for _, engine := range engines {
		for _, mode := range modes {
			count := func(modes ...corstest.CacheMode) int {
				s := allowing("PUT", "")
				b := corstest.Browser{Handler: s, Engine: engine}
				for _, m := range modes {
					_, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, Method: "PUT", CacheMode: m})
					require.NoError(t, err)
				}
				return strings.Count(strings.Join(s.log, "\n"), "preflight")
			}
			asks := engine == corstest.EngineChromium ||
				engine == corstest.EngineFirefox && mode != corstest.CacheModeNoCache
			want := map[bool]int{false: 1, true: 2}
			assert.Equal(t, want[asks], count("", mode, ""), "%s: %s", engine, mode)
			keepsNothing := engine == corstest.EngineChromium && mode == corstest.CacheModeNoStore
			assert.Equal(t, want[keepsNothing], count(mode, ""), "%s: %s", engine, mode)
		}
	}
}

//go:build darwin || linux

package servertest_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"example.com/cors"
	"example.com/cors/internal/test/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	megabyte = 1 << 20
	legible  = 8 << 10 // of a hostile header; the rest faults when it is read
)

// guarded returns a megabyte of which all but the first bytes cannot be read, so
// that whoever looks at more of it is found out. Package syscall can protect memory on
// Linux and macOS alone. Nothing else here is unsafe.
func guarded(t *testing.T, fill string) string {
	t.Helper()
	const access = syscall.PROT_READ | syscall.PROT_WRITE
	memory, err := syscall.Mmap(-1, 0, megabyte, access, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, syscall.Munmap(memory)) })
	for i := range memory {
		memory[i] = fill[i%len(fill)]
	}
	require.NoError(t, syscall.Mprotect(memory[legible:], syscall.PROT_NONE))
	return unsafe.String(&memory[0], len(memory))
}

// Whatever a client sends, a bounded part of it is looked at, and a bounded
// number of bytes allocated for it.
func TestHostileHeadersAreNotRead(t *testing.T) {
	large := everything() // enough of each for maps to be hashed
	for i := range 20 {
		large.AllowedOrigins = append(large.AllowedOrigins,
			fmt.Sprintf("https://%d.example.net", i), fmt.Sprintf("https://*.%d.example.net", i))
		large.AllowedMethods = append(large.AllowedMethods, fmt.Sprintf("METHOD-%d", i))
		large.AllowedHeaders = append(large.AllowedHeaders, fmt.Sprintf("X-%d", i))
	}
	wildcards := everything()
	wildcards.AllowedMethods, wildcards.AllowedHeaders = []string{"*"}, []string{"*"}
	ports := everything()
	ports.AllowedOrigins = []string{"https://a.example", "http://localhost:*", "https://pre-*.a.example"}
	asks := cors.Options{AllowOriginFunc: func(_ *http.Request, origin string) bool { return len(origin) > 1000 }}
	passes := everything()
	passes.OptionsPassthrough = true
	policies := map[string]cors.Options{
		"list":      everything(),
		"large":     large,
		"wildcards": wildcards,
		"ports":     ports,
		"asks":      asks,
		"passes":    passes,
		"everyone":  {AllowedOrigins: []string{"*"}},
	}

	matcher, err := cors.NewOriginMatcher(everything().AllowedOrigins...)
	require.NoError(t, err)
	reader := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
	handlers := make(map[string]http.Handler)
	for name, opts := range policies {
		handlers[name] = cors.New(opts)(fixture.Nothing)
		opts.Logger = reader
		handlers[name+", logged"] = cors.New(opts)(fixture.Nothing)
		mux := http.NewServeMux()
		for _, method := range append(large.AllowedMethods, "GET") {
			mux.Handle(method+" /", handlers[name])
		}
		handlers[name+", routed"] = cors.RoutePreflights(mux)
	}
	handlers["CheckOrigin"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { matcher.CheckOrigin(r) })

	fields := []string{
		"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Method", "Path and Host", "Cookie",
	}
	for _, fill := range []string{",", ".", "a", "x-foo,", "https://x.a.example:", "*", " ", "\n", "[", "a."} {
		huge := guarded(t, fill)
		for name, h := range handlers {
			for _, field := range fields {
				for _, method := range []string{"OPTIONS", "GET"} {
					if strings.HasSuffix(name, "routed") && (field == "Method" || field == "Path and Host") {
						continue // a mux has to read these
					}
					r := fixture.Preflight(page, "PUT", "x-foo")
					r.Method = method
					r.TLS = nil // then http may be the server's own scheme, too
					switch field {
					case "Method":
						r.Method = huge
					case "Path and Host":
						r.URL.Path, r.Host = huge, huge
						r.Header.Set("Origin", "https://evil.example")
					default:
						r.Header[field] = []string{huge}
					}
					what := fmt.Sprintf("%s: %s full of %q in a %s", name, field, fill, method)
					n, fault := cost(h, r)
					require.Nil(t, fault, what)
					assert.Less(t, n, uint64(16<<10), "bytes allocated for "+what)
				}
			}
		}
	}
}

// cost returns how many bytes h allocates for r, and the fault if it reads what
// it should not.
func cost(h http.Handler, r *http.Request) (bytes uint64, fault any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() }()
	w := fixture.Discard{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	h.ServeHTTP(w, r)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, nil
}

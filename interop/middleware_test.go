package interop_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"example.com/cors"
	"example.com/cors/corstest"
)

// echo is an API that tells what it was asked.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	w.Header().Set("X-Request-Id", "7")
	fmt.Fprintf(w, "%s %s", r.Method, body)
})

// http.TimeoutHandler gives the handler inside an empty header, and puts what it
// finds there in place of what was set outside: Vary as a whole.
func TestTimeoutHandlerAndVary(t *testing.T) {
	timeout := func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Hour, "too slow") }
	varied := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", "Accept-Encoding")
			next.ServeHTTP(w, r)
		})
	}
	for name, tc := range map[string]struct {
		h    http.Handler
		want []string
	}{
		"outside": {allow(varied(timeout(echo))), []string{"Origin", "Accept-Encoding"}},
		"inside":  {allow(timeout(varied(echo))), []string{"Accept-Encoding"}}, // a cache would mix up the origins
	} {
		t.Run(name, func(t *testing.T) {
			res, err := corstest.Fetch(tc.h, corstest.Request{Origin: page})
			require.NoError(t, err)
			assert.Equal(t, tc.want, res.Response.Header.Values("Vary"))
		})
	}
}

// http.TimeoutHandler throws away the headers of a handler that is too slow, and
// those of a middleware inside it. So it belongs inside.
func TestTimeoutHandler(t *testing.T) {
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	timeout := func(next http.Handler) http.Handler {
		patient := http.TimeoutHandler(next, time.Hour, "too slow")
		hasty := http.TimeoutHandler(next, time.Nanosecond, "too slow")
		mux := http.NewServeMux()
		mux.Handle("/fast", patient)
		mux.Handle("/slow", hasty)
		mux.Handle("OPTIONS /slow", patient) // the browser's preflight is in time
		return mux
	}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-released
		}
		echo(w, r)
	})

	t.Run("inside", func(t *testing.T) {
		wantOutcomes(t, serve(t, allow(timeout(api))), map[string]string{
			"GET /fast": "200 GET",
			"PUT /fast": "200 PUT",
			"GET /slow": "503 too slow",
			"PUT /slow": "503 too slow",
		})
	})
	t.Run("outside", func(t *testing.T) {
		wantOutcomes(t, serve(t, timeout(allow(api))), map[string]string{
			"GET /fast": "200 GET",
			"PUT /fast": "200 PUT",
			"GET /slow": "blocked: CORS check", // the page learns nothing
			"PUT /slow": "blocked: CORS check",
		})
	})
}

// http.MaxBytesHandler answers nothing by itself: the handler that reads too much
// does, within the middleware. Either order works.
func TestMaxBytesHandler(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"inside":  allow(http.MaxBytesHandler(echo, 5)),
		"outside": http.MaxBytesHandler(allow(echo), 5),
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, h)
			for body, want := range map[string]string{
				"short":    "200 PUT short",
				"too long": "413 too large",
			} {
				assert.Equal(t, want,
					outcome(t, server, corstest.Request{Origin: page, Method: "PUT", Body: strings.NewReader(body)}))
				assert.Equal(t, "blocked: preflight CORS check",
					outcome(t, server, corstest.Request{Origin: stranger, Method: "PUT", Body: strings.NewReader(body)}))
			}
		})
	}
}

// Compression works in either order. Both add to Vary, and neither may replace what
// the other has added.
func TestGzip(t *testing.T) {
	long := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, strings.Repeat(r.Method+" ", 2000))
	})
	compress := func(next http.Handler) http.Handler { return gzhttp.GzipHandler(next) }
	for name, h := range map[string]http.Handler{
		"inside":  allow(compress(long)),
		"outside": compress(allow(long)),
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, h)
			wantOutcomes(t, server, map[string]string{
				"GET /": strings.TrimSpace("200 " + strings.Repeat("GET ", 2000)),
				"PUT /": strings.TrimSpace("200 " + strings.Repeat("PUT ", 2000)),
			})

			// The response as the server sent it; above, the client has uncompressed it.
			r, err := http.NewRequest(http.MethodGet, server.server.String(), nil)
			require.NoError(t, err)
			r.Header.Set("Accept-Encoding", "gzip")
			r.Header.Set("Origin", page)
			res, err := server.client.Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			assert.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
			assert.Equal(t, []string{page}, res.Header["Access-Control-Allow-Origin"])
			assert.Equal(t, 1, count(res.Header, "Vary", "Origin"))
			assert.Equal(t, 1, count(res.Header, "Vary", "Accept-Encoding"))
			plain, err := gzip.NewReader(res.Body)
			require.NoError(t, err)
			body, err := io.ReadAll(plain)
			require.NoError(t, err)
			assert.Equal(t, strings.Repeat("GET ", 2000), string(body))
		})
	}
}

// Tracing works in either order. Outside, as is usual for what measures, it sees
// preflights and refusals too; inside it sees what the handler sees.
func TestOpenTelemetry(t *testing.T) {
	for _, tc := range []struct {
		name  string
		stack func(trace func(http.Handler) http.Handler) http.Handler
		want  []string
	}{
		{
			"outside", func(trace func(http.Handler) http.Handler) http.Handler { return trace(allow(echo)) },
			[]string{"GET", "OPTIONS", "PUT", "OPTIONS"},
		},
		{
			"inside",
			func(trace func(http.Handler) http.Handler) http.Handler { return allow(trace(echo)) }, []string{"GET", "PUT"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spans := new(spans)
			server := serve(t, tc.stack(otelhttp.NewMiddleware("api", otelhttp.WithTracerProvider(spans),
				otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method }))))
			assert.Equal(t, "200 GET", outcome(t, server, corstest.Request{Origin: page}))
			assert.Equal(t, "200 PUT", outcome(t, server, corstest.Request{Origin: page, Method: "PUT"}))
			assert.Equal(t, "blocked: preflight CORS check",
				outcome(t, server, corstest.Request{Origin: stranger, Method: "PUT"}))
			assert.Equal(t, tc.want, spans.names)
		})
	}
}

// A page that is traced itself sends the headers of Trace Context (and Baggage). They
// are not safelisted: a policy without them blocks calls that were fine before tracing.
func TestOpenTelemetryFromPages(t *testing.T) {
	const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	call := corstest.Request{Origin: page, Header: http.Header{"traceparent": {"00-" + traceID + "-00f067aa0ba902b7-01"}}}
	api := otelhttp.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, trace.SpanContextFromContext(r.Context()).TraceID())
	}), "api", otelhttp.WithTracerProvider(new(spans)), otelhttp.WithPropagators(propagation.TraceContext{}))

	assert.Equal(t, "blocked: preflight headers", outcome(t, serve(t, allow(api)), call))

	policy := cors.New(cors.Options{
		AllowedOrigins: []string{page},
		AllowedHeaders: []string{"Traceparent", "Tracestate", "Baggage"},
	})
	assert.Equal(t, "200 "+traceID, outcome(t, serve(t, policy(api)), call))
}

// spans is a TracerProvider that keeps the names of spans.
type spans struct {
	noop.TracerProvider
	mu    sync.Mutex
	names []string
}

func (s *spans) Tracer(string, ...trace.TracerOption) trace.Tracer { return tracer{spans: s} }

type tracer struct {
	noop.Tracer
	spans *spans
}

func (t tracer) Start(ctx context.Context, name string, _ ...trace.SpanStartOption) (context.Context, trace.Span) {
	t.spans.mu.Lock()
	defer t.spans.mu.Unlock()
	t.spans.names = append(t.spans.names, name)
	return t.Tracer.Start(ctx, name)
}

// http.CrossOriginProtection refuses what CORS does not: writes of strangers. It lets
// OPTIONS pass, and so preflights, in either order. But in front of the middleware its
// own refusals have no CORS headers, and inside it refuses the allowed page as well
// until it is told of it. What works is inside, with the allowed origins trusted.
func TestCrossOriginProtection(t *testing.T) {
	for _, tc := range []struct {
		name    string
		trusted bool
		stack   func(protect func(http.Handler) http.Handler) http.Handler
		want    map[string]string // of calls of the page
		form    string            // of a stranger's POST
	}{
		{
			name:  "in front",
			stack: func(protect func(http.Handler) http.Handler) http.Handler { return protect(allow(echo)) },
			want:  map[string]string{"GET /": "200 GET", "PUT /": "blocked: CORS check", "POST /": "blocked: CORS check"},
			form:  "403 cross-origin request detected from Sec-Fetch-Site header",
		},
		{
			name:  "inside",
			stack: func(protect func(http.Handler) http.Handler) http.Handler { return allow(protect(echo)) },
			want: map[string]string{
				"GET /":  "200 GET",
				"PUT /":  "403 cross-origin request detected from Sec-Fetch-Site header",
				"POST /": "403 cross-origin request detected from Sec-Fetch-Site header",
			},
			form: "403 cross-origin request detected from Sec-Fetch-Site header",
		},
		{
			name:    "inside, page trusted",
			trusted: true,
			stack:   func(protect func(http.Handler) http.Handler) http.Handler { return allow(protect(echo)) },
			want:    map[string]string{"GET /": "200 GET", "PUT /": "200 PUT", "POST /": "200 POST"},
			form:    "403 cross-origin request detected from Sec-Fetch-Site header",
		},
		{
			name:    "in front, page trusted",
			trusted: true,
			stack:   func(protect func(http.Handler) http.Handler) http.Handler { return protect(allow(echo)) },
			want:    map[string]string{"GET /": "200 GET", "PUT /": "200 PUT", "POST /": "200 POST"},
			form:    "403 cross-origin request detected from Sec-Fetch-Site header",
		},
		{
			// Why it takes both: to this package, a stranger's form is none of CORS's
			// business.
			name:  "absent",
			stack: func(func(http.Handler) http.Handler) http.Handler { return allow(echo) },
			want:  map[string]string{"GET /": "200 GET", "PUT /": "200 PUT", "POST /": "200 POST"},
			form:  "200 POST",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			protection := http.NewCrossOriginProtection()
			if tc.trusted {
				require.NoError(t, protection.AddTrustedOrigin(page))
			}
			server := crossSite{serve(t, tc.stack(protection.Handler))}
			wantOutcomes(t, server, tc.want)
			assert.Equal(t, tc.form, postForm(t, server))
		})
	}
}

// RefuseCrossOriginWrites asks http.CrossOriginProtection, and also lets in the origins
// of the policy, by its patterns.
func TestRefuseCrossOriginWrites(t *testing.T) {
	policy := cors.New(cors.Options{
		AllowedOrigins:          []string{page, "https://*.app.example"},
		AllowedMethods:          []string{http.MethodPut},
		RefuseCrossOriginWrites: true,
	})
	server := crossSite{serve(t, policy(echo))}
	for _, origin := range []string{page, "https://pr-7.app.example"} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost} {
			assert.Equal(t, "200 "+method, outcome(t, server, corstest.Request{Origin: origin, Method: method}))
		}
	}
	assert.Equal(t, "blocked: preflight CORS check",
		outcome(t, server, corstest.Request{Origin: stranger, Method: "PUT"}))
	assert.Equal(t, "403 Forbidden: a page of another origin sent this request.", postForm(t, server))
}

// crossSite adds the header by which browsers tell a server that a page of another
// site calls it. Scripts cannot set it, and corstest leaves it out.
type crossSite struct{ next http.Handler }

func (c crossSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	c.next.ServeHTTP(w, r)
}

// postForm sends what a form on a stranger's page would, and returns what the page's
// visitor sees: forms have no part in CORS.
func postForm(t testing.TB, h http.Handler) string {
	t.Helper()
	res, _ := corstest.Fetch(h, corstest.Request{
		Origin: stranger,
		Method: "POST",
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	})
	body, err := io.ReadAll(res.Response.Body)
	require.NoError(t, err)
	return strings.TrimSpace(fmt.Sprintf("%d %s", res.Response.StatusCode, body))
}

// Over HTTP/2, with TLS, all is as it is over HTTP/1.1.
func TestHTTP2(t *testing.T) {
	server := serveTLS(t, allow(echo))
	wantOutcomes(t, server, map[string]string{
		"GET /":    "200 GET",
		"POST /":   "200 POST",
		"PUT /":    "200 PUT",
		"DELETE /": "200 DELETE",
	})
	res, err := corstest.Fetch(server, corstest.Request{
		Origin: page,
		Method: "PUT",
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer t"}},
		Body:   strings.NewReader("{}"),
	})
	require.NoError(t, err)
	assert.Equal(t, "204; Access-Control-Allow-Headers: Authorization, Content-Type; Access-Control-Allow-Methods: "+
		"PUT, PATCH, DELETE; Access-Control-Allow-Origin: https://app.example"+
		strings.TrimSuffix(preflightVary, "\n"), said(res.Preflight))
	assert.Equal(t,
		"200; Access-Control-Allow-Origin: https://app.example; Access-Control-Expose-Headers: X-Request-Id; Vary: Origin",
		said(res.Response))
	assert.Equal(t, []string{"7"}, res.Header["X-Request-Id"])
}

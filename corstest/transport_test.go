package corstest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start serves h until the test ends, with HTTP/2 if secure.
func start(t *testing.T, h http.Handler, secure bool) (*httptest.Server, *corstest.Browser) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv, &corstest.Browser{Transport: srv.Client().Transport}
}

func requireTransportError(t *testing.T, err error) *corstest.TransportError {
	t.Helper()
	var failed *corstest.TransportError
	require.ErrorAs(t, err, &failed)
	var blocked *corstest.BlockedError
	require.False(t, errors.As(err, &blocked), "it is no refusal")
	return failed
}

// A roundTripper is a function that is a http.RoundTripper.
type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A live server gets what a handler gets, and its answers are judged the same way.
func TestLiveServerGetsWhatAHandlerGets(t *testing.T) {
	type arrival struct {
		method, uri, body string
		header            http.Header
	}
	for name, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			var arrived []arrival
			policy := cors.New(cors.Options{
				AllowedOrigins:   []string{origin},
				AllowedMethods:   []string{"PUT", "PATCH"},
				AllowedHeaders:   []string{"Content-Type", "Authorization", "X-A", "User-Agent"},
				ExposedHeaders:   []string{"X-B"},
				AllowCredentials: true,
			})
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				arrived = append(arrived, arrival{r.Method, r.RequestURI, string(body), r.Header})
				policy(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-B", r.Proto)
					http.SetCookie(w, &http.Cookie{Name: "kept", Value: "no"})
					_, _ = io.WriteString(w, "hello")
				})).ServeHTTP(w, r)
			})
			srv, live := start(t, h, secure)
			simulated := &corstest.Browser{Handler: h}
			for _, r := range []corstest.Request{
				{Origin: origin, URL: "/a%2Fb//c?x=1&y"},
				{URL: "/same-origin"},
				{
					Origin: origin, Method: "PUT", URL: "/json",
					Header: http.Header{"Content-Type": {"application/json"}, "X-A": {"1", "2"}, "authorization": {"Bearer t"}},
				},
				{Origin: origin, Method: "POST", URL: "/empty"},
				{Origin: origin, Method: "PATCH", URL: "/"},
				{Origin: origin, URL: "/", Header: http.Header{"User-Agent": {"the script's"}}},
				{
					Origin: origin, URL: "/", Credentials: true,
					Cookies: []*http.Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
				},
				{Origin: "https://evil.example", URL: "/"},
				{Origin: "https://evil.example", URL: "/", Method: "DELETE"},
			} {
				r.URL = srv.URL + r.URL
				run := func(b *corstest.Browser) ([]arrival, *corstest.Result, error) {
					arrived = nil
					if r.Method == "PUT" || r.Method == "PATCH" {
						r.Body = strings.NewReader("{}")
					}
					res, err := b.Fetch(t.Context(), r)
					return arrived, res, err
				}
				wanted, want, wantErr := run(simulated)
				got, res, err := run(live)
				for i := range got {
					assert.Equal(t, []string{"identity"}, got[i].header["Accept-Encoding"])
					got[i].header.Del("Accept-Encoding")
				}
				assert.Equal(t, wanted, got)
				assert.Equal(t, wantErr, err)
				require.Len(t, res.Exchanges, len(want.Exchanges))
				if want.Header["X-B"] != nil {
					want.Header["X-B"] = []string{name}
				}
				res.Header.Del("Date")
				assert.Equal(t, want.Header, res.Header)
				for i, x := range res.Exchanges {
					assert.Equal(t, []string{"identity"}, x.Request.Header["Accept-Encoding"])
					assert.Same(t, x.Request, x.Response.Request)
					assert.Equal(t, name, x.Response.Proto)
					body, err := io.ReadAll(x.Response.Body)
					require.NoError(t, err)
					wantBody, err := io.ReadAll(want.Exchanges[i].Response.Body)
					require.NoError(t, err)
					assert.Equal(t, string(wantBody), string(body))
				}
			}
		})
	}
}

func TestLiveRedirects(t *testing.T) {
	elsewhere, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "null")
		_, _ = io.WriteString(w, "from "+r.Header.Get("Origin"))
	}), false)
	srv, b := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		if r.URL.Path == "/endless" {
			http.Redirect(w, r, "/endless", http.StatusFound)
			return
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	}), false)

	res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, URL: srv.URL})
	require.NoError(t, err)
	require.Len(t, res.Exchanges, 2)
	assert.Equal(t, http.StatusFound, res.Exchanges[0].Response.StatusCode)
	body, err := io.ReadAll(res.Response.Body)
	require.NoError(t, err)
	assert.Equal(t, "from null", string(body))

	res, err = b.Fetch(t.Context(), corstest.Request{Origin: origin, URL: srv.URL + "/endless"})
	assert.Equal(t, corstest.StepRedirect, requireBlocked(t, err).Step)
	assert.Len(t, res.Exchanges, 21)
}

func TestInformationalResponsesAreSkipped(t *testing.T) {
	for name, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			srv, b := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Link", "</style.css>")
				w.WriteHeader(http.StatusEarlyHints)
				w.Header().Set("Access-Control-Allow-Origin", "*")
				w.WriteHeader(http.StatusAccepted)
			}), secure)
			res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, URL: srv.URL})
			require.NoError(t, err)
			assert.Equal(t, http.StatusAccepted, res.Response.StatusCode)
		})
	}
}

// Only a bounded part of a body is read, and Fetch returns although the server has
// not finished.
func TestLiveBodies(t *testing.T) {
	const kept = 256 << 10
	chunk := []byte(strings.Repeat("x", 32<<10))
	for name, tc := range map[string]struct {
		handler func(w http.ResponseWriter, r *http.Request)
		kept    int
		err     string
	}{
		"empty": {func(http.ResponseWriter, *http.Request) {}, 0, ""},
		"exactly what is kept": {func(w http.ResponseWriter, r *http.Request) {
			for range kept / len(chunk) {
				_, _ = w.Write(chunk)
			}
		}, kept, ""},
		"one byte more": {func(w http.ResponseWriter, r *http.Request) {
			for range kept / len(chunk) {
				_, _ = w.Write(chunk)
			}
			_, _ = w.Write(chunk[:1])
		}, kept, "corstest: the body is longer than the 262144 bytes that are kept"},
		"a gigabyte": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(1<<30))
			for written := 0; written < 1<<30; written += len(chunk) {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, kept, "corstest: the body is longer than the 262144 bytes that are kept"},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, kept, "corstest: the body is longer than the 262144 bytes that are kept"},
		"silent stream": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "data: hello\n\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, 13, "corstest: the body did not end within 1s, and the rest is dropped"},
		"broken off": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "hello")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, 5, "any"},
	} {
		for proto, secure := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
			t.Run(name+"/"+proto, func(t *testing.T) {
				srv, b := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Access-Control-Allow-Origin", origin)
					tc.handler(w, r)
				}), secure)
				res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, URL: srv.URL})
				require.NoError(t, err, "the verdict does not depend on the body")
				body, err := io.ReadAll(res.Response.Body)
				assert.Len(t, body, tc.kept)
				switch tc.err {
				case "":
					assert.NoError(t, err)
				case "any":
					assert.Error(t, err)
				default:
					assert.EqualError(t, err, tc.err)
				}
			})
		}
	}
}

// The servers of TestTransportErrors return their URL and what can reach it.
func TestTransportErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		server func(t *testing.T) (string, http.RoundTripper)
		target any // what errors.As finds
	}{
		"connection refused": {func(t *testing.T) (string, http.RoundTripper) {
			return "http://" + live.FreeAddress(t), &http.Transport{}
		}, new(*net.OpError)},
		"no such host": {func(t *testing.T) (string, http.RoundTripper) {
			return "https://api.example", roundTripper(func(*http.Request) (*http.Response, error) {
				return nil, &net.DNSError{Err: "no such host", Name: "api.example", IsNotFound: true}
			})
		}, new(*net.DNSError)},
		"unknown certificate": {func(t *testing.T) (string, http.RoundTripper) {
			srv, _ := start(t, http.NotFoundHandler(), true)
			return srv.URL, &http.Transport{}
		}, new(*tls.CertificateVerificationError)},
		"http to a TLS server": {func(t *testing.T) (string, http.RoundTripper) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { _ = listener.Close() })
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Read(make([]byte, 1024))
					_, _ = io.WriteString(conn, "\x15\x03\x01\x00\x02\x02\x46")
					_ = conn.Close()
				}
			}()
			return "http://" + listener.Addr().String(), &http.Transport{}
		}, nil},
		"closes at once": {func(t *testing.T) (string, http.RoundTripper) {
			srv, b := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
				false)
			return srv.URL, b.Transport
		}, nil},
		"closes at once, HTTP/2": {func(t *testing.T) (string, http.RoundTripper) {
			srv, b := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), true)
			return srv.URL, b.Transport
		}, nil},
		"10 000 headers": {func(t *testing.T) (string, http.RoundTripper) {
			srv, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for i := range 10_000 {
					w.Header().Set("X-"+strconv.Itoa(i), "1")
				}
			}), false)
			return srv.URL, &http.Transport{MaxResponseHeaderBytes: 64 << 10}
		}, nil},
		"nothing at all": {func(t *testing.T) (string, http.RoundTripper) {
			return "https://api.example", roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil })
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			url, rt := tc.server(t)
			b := corstest.Browser{Transport: rt}

			res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin, URL: url + "/x"})
			failed := requireTransportError(t, err)
			assert.False(t, failed.Preflight)
			assert.Equal(t, "GET", failed.Method)
			assert.Equal(t, url+"/x", failed.URL)
			assert.Error(t, failed.Err)
			if tc.target != nil {
				assert.ErrorAs(t, err, tc.target)
			}
			assert.Nil(t, res.Response)
			assert.Nil(t, res.Header)
			require.Len(t, res.Exchanges, 1)
			assert.Nil(t, res.Exchanges[0].Response)

			res, err = b.Fetch(t.Context(), corstest.Request{Origin: origin, URL: url + "/x", Method: "PUT"})
			failed = requireTransportError(t, err)
			assert.True(t, failed.Preflight)
			assert.Equal(t, "OPTIONS", failed.Method)
			assert.Nil(t, res.Preflight)
			require.Len(t, res.Exchanges, 1, "the request itself is not sent")
			assert.True(t, res.Exchanges[0].Preflight)
		})
	}
}

// Whoever made the response, its body is closed.
func TestBodyIsClosed(t *testing.T) {
	var body closer
	transport := roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: &body}, nil
	})
	b := corstest.Browser{Transport: transport}
	_, err := b.Fetch(t.Context(), corstest.Request{})
	require.NoError(t, err)
	assert.True(t, body.closed)
}

// A closer is an empty body that tells whether it was closed.
type closer struct{ closed bool }

func (*closer) Read([]byte) (int, error) { return 0, io.EOF }

func (c *closer) Close() error {
	c.closed = true
	return nil
}

// A server that hangs is given up when the context ends.
func TestContextEndsTheWait(t *testing.T) {
	arrived := make(chan struct{}, 1)
	srv, b := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}), false)
	ctx, cancel := context.WithCancelCause(t.Context())
	tired := errors.New("tired")
	go func() { <-arrived; cancel(tired) }()
	_, err := b.Fetch(ctx, corstest.Request{Origin: origin, URL: srv.URL})
	requireTransportError(t, err)
	assert.ErrorIs(t, err, tired)

	ctx, cancelDeadline := context.WithTimeout(t.Context(), 1)
	defer cancelDeadline()
	_, err = b.Fetch(ctx, corstest.Request{Origin: origin, URL: srv.URL})
	requireTransportError(t, err)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

// When the context ends after the header, the verdict stands; the body is cut.
func TestContextCutsTheBody(t *testing.T) {
	srv, b := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}), false)
	ctx, cancel := context.WithCancelCause(t.Context())
	tired := errors.New("tired")
	live := b.Transport
	b.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		res, err := live.RoundTrip(r)
		cancel(tired)
		return res, err
	})
	res, err := b.Fetch(ctx, corstest.Request{Origin: origin, URL: srv.URL})
	require.NoError(t, err)
	_, err = io.ReadAll(res.Response.Body)
	assert.ErrorIs(t, err, tired)
}

func TestContextReachesTheHandler(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	var values []any
	b := corstest.Browser{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values = append(values, r.Context().Value(key{}))
		allowing("PUT", "").ServeHTTP(w, r)
	})}
	_, err := b.Fetch(ctx, corstest.Request{Origin: origin, Method: "PUT"})
	require.NoError(t, err)
	assert.Equal(t, []any{"value", "value"}, values)
}

// RoundTrippers of tests often leave the Body nil.
func TestResponseWithoutBody(t *testing.T) {
	b := corstest.Browser{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Access-Control-Allow-Origin": {"*"}}}, nil
	})}
	res, err := b.Fetch(t.Context(), corstest.Request{Origin: origin})
	require.NoError(t, err)
	body, err := io.ReadAll(res.Response.Body)
	require.NoError(t, err)
	assert.Empty(t, body)
}

// A preflight that fails makes a browser forget the answers for its URL, as any
// failed preflight does.
func TestTransportErrorEmptiesTheCache(t *testing.T) {
	srv, b := start(t, allowing("PUT, PATCH", ""), false)
	live, down := b.Transport, false
	b.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if down {
			return nil, errors.New("down")
		}
		return live.RoundTrip(r)
	})
	put := corstest.Request{Origin: origin, URL: srv.URL, Method: "PUT"}
	_, err := b.Fetch(t.Context(), put)
	require.NoError(t, err)
	down = true
	_, err = b.Fetch(t.Context(), corstest.Request{Origin: origin, URL: srv.URL, Method: "DELETE"})
	assert.EqualError(t, requireTransportError(t, err),
		"corstest: OPTIONS "+srv.URL+"/: no response to the preflight: down")
	down = false
	res, err := b.Fetch(t.Context(), put)
	require.NoError(t, err)
	assert.NotNil(t, res.Preflight, "it asks again")
	down = true
	_, err = b.Fetch(t.Context(), put)
	assert.EqualError(t, requireTransportError(t, err), "corstest: PUT "+srv.URL+"/: no response to the request: down")
	down = false
	res, err = b.Fetch(t.Context(), put)
	require.NoError(t, err)
	assert.NotNil(t, res.Preflight, "it asks again")
}

// A transport may send the body again, as net/http does if a connection ends too early.
func TestTransportReadsTheBodyAnew(t *testing.T) {
	b := corstest.Browser{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		for range 2 {
			body, err := r.GetBody()
			require.NoError(t, err)
			text, err := io.ReadAll(body)
			require.NoError(t, err)
			assert.Equal(t, "a=1", string(text))
		}
		return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}}, nil
	})}
	_, err := b.Fetch(t.Context(), corstest.Request{Method: "POST", Body: strings.NewReader("a=1")})
	require.NoError(t, err)
}

func TestNeitherHandlerNorTransport(t *testing.T) {
	assert.PanicsWithValue(t, "corstest: a Browser needs a Handler or a Transport", func() {
		_, _ = new(corstest.Browser).Fetch(t.Context(), corstest.Request{})
	})
}

package corstest_test

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func write(t *testing.T, w http.ResponseWriter, s string) {
	_, err := io.WriteString(w, s)
	assert.NoError(t, err)
}

// What handlers write must come out as it does from net/http's server.
func TestResponsesAreThoseOfAServer(t *testing.T) {
	for name, handler := range map[string]func(w http.ResponseWriter, r *http.Request){
		"nothing":   func(http.ResponseWriter, *http.Request) {},
		"body":      func(w http.ResponseWriter, r *http.Request) { write(t, w, "<html>hello") },
		"bytes":     func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("hello")) },
		"two parts": func(w http.ResponseWriter, r *http.Request) { write(t, w, "hello, "); write(t, w, "world") },
		"no bytes":  func(w http.ResponseWriter, r *http.Request) { write(t, w, "") },
		"404":       http.NotFound,
		"error":     func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusConflict) },
		"299":       func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(299) },
		"999":       func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(999) },
		"second status is ignored": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(201)
			w.WriteHeader(500)
		},
		"header after the status is ignored": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-A", "1")
			w.WriteHeader(200)
			w.Header().Set("X-A", "2")
			w.Header().Set("X-B", "2")
		},
		"header after the body is ignored": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-A", "1")
			write(t, w, "hello")
			w.Header().Set("X-A", "2")
		},
		"early hints": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</style.css>")
			w.WriteHeader(103)
			w.Header().Set("X-A", "1")
			w.WriteHeader(202)
		},
		"interim responses": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(100)
			w.WriteHeader(199)
			w.WriteHeader(202)
		},
		"Content-Type set": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			write(t, w, "{}")
		},
		"Content-Type suppressed": func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			write(t, w, "hello")
		},
		"Content-Encoding": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "x-test")
			write(t, w, "hello")
		},
		"Content-Length set": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			write(t, w, "hello")
		},
		"Content-Length of HEAD": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			if r.Method != "HEAD" {
				write(t, w, "hello")
			}
		},
		"Content-Length 0": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "0")
			_, err := io.WriteString(w, "hello")
			assert.ErrorIs(t, err, http.ErrContentLength)
		},
		"Content-Length suppressed": func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Length"] = nil
			write(t, w, "hello")
		},
		"Content-Length malformed": func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "HEAD" { // whose response is malformed then
				w.Header().Set("Content-Length", "five")
			}
			write(t, w, "hello")
		},
		"Content-Length exceeded": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			write(t, w, "hello")
			_, err := io.WriteString(w, "!")
			assert.ErrorIs(t, err, http.ErrContentLength)
		},
		"2048 bytes": func(w http.ResponseWriter, r *http.Request) { write(t, w, strings.Repeat("x", 2048)) },
		"2049 bytes": func(w http.ResponseWriter, r *http.Request) { write(t, w, strings.Repeat("x", 2049)) },
		"2049 bytes twice": func(w http.ResponseWriter, r *http.Request) {
			write(t, w, "<html>")
			write(t, w, strings.Repeat("x", 2043))
		},
		"flushed": func(w http.ResponseWriter, r *http.Request) { write(t, w, "hello"); w.(http.Flusher).Flush() },
		"flushed twice": func(w http.ResponseWriter, r *http.Request) {
			write(t, w, "hello")
			assert.NoError(t, http.NewResponseController(w).Flush())
			write(t, w, "<html>")
			assert.NoError(t, http.NewResponseController(w).Flush())
		},
		"header after a flush is ignored": func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			w.Header().Set("X-A", "1")
			write(t, w, "hello")
		},
		"Transfer-Encoding": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Transfer-Encoding", "chunked")
			write(t, w, "hello")
		},
		"flushed at once": func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); write(t, w, "hello") },
		"trailer": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-T")
			write(t, w, "hello")
			w.Header().Set("X-T", "1")
		},
		"late trailer": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(http.TrailerPrefix+"X-T", "1")
			write(t, w, "hello")
		},
		"204": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(204)
			_, err := io.WriteString(w, "hello")
			assert.ErrorIs(t, err, http.ErrBodyNotAllowed)
		},
		"304": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Etag", `"x"`)
			w.WriteHeader(304)
		},
		"names and values": func(w http.ResponseWriter, r *http.Request) {
			w.Header()["x-lower"] = []string{"1"}
			w.Header()["X-Lines"] = []string{"1", "2"}
			w.Header()["X-Spaces"] = []string{"\t 1 2 "}
			w.Header()["X-Break"] = []string{"1\r\nX-Injected: 2"}
			w.Header()["X Y"] = []string{"no token"}
			w.Header()["X-None"] = nil
			w.Header()["X-Empty"] = []string{""}
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/there", http.StatusFound)
			}
		},
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				srv := httptest.NewUnstartedServer(http.HandlerFunc(handler))
				srv.Config.ErrorLog = log.New(io.Discard, "", 0)
				srv.Start()
				defer srv.Close()
				r, err := http.NewRequest(method, srv.URL, nil)
				require.NoError(t, err)
				r.Header.Set("Accept-Encoding", "identity")
				want, err := srv.Client().Do(r)
				require.NoError(t, err)
				defer want.Body.Close()
				wantBody, err := io.ReadAll(want.Body)
				require.NoError(t, err)
				want.Header.Del("Date")

				res, err := corstest.Fetch(http.HandlerFunc(handler), corstest.Request{Method: method})
				require.NoError(t, err)
				body, err := io.ReadAll(res.Response.Body)
				require.NoError(t, err)
				want.Header.Del("Trailer")
				res.Response.Header.Del("Trailer")
				assert.Equal(t, want.Header, res.Response.Header)
				assert.Equal(t, want.StatusCode, res.Response.StatusCode)
				assert.Equal(t, string(wantBody), string(body))
				assert.Equal(t, want.Proto, res.Response.Proto)
				if want.ContentLength > 0 || res.Response.ContentLength > 0 {
					assert.Equal(t, want.ContentLength, res.Response.ContentLength)
				}
			})
		}
	}
}

func TestInvalidStatus(t *testing.T) {
	for _, status := range []int{0, 99, 1000, -1} {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		assert.Panics(t, func() { _, _ = corstest.Fetch(h, corstest.Request{}) }, status)
	}
}

func TestUnsupported(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _, err := http.NewResponseController(w).Hijack()
		assert.ErrorIs(t, err, errors.ErrUnsupported)
	})
	_, err := corstest.Fetch(h, corstest.Request{})
	require.NoError(t, err)
}

// What handlers get must look as it does from net/http's server, which here reads
// the same requests from the wire.
func TestRequestsAreThoseOfAServer(t *testing.T) {
	for name, tc := range map[string]struct {
		request corstest.Request
		wire    string
	}{
		"GET": {
			corstest.Request{URL: "/a%2Fb//c?x=1&y"},
			"GET /a%2Fb//c?x=1&y HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\nOrigin: https://a.example\r\nMETADATA\r\n",
		},
		"POST": {
			corstest.Request{
				Method: "POST", Body: strings.NewReader("hello"), Header: http.Header{"Content-Type": {"text/plain"}},
			},
			"POST / HTTP/1.1\r\nhost: HOST\r\naccept: */*\r\norigin: https://a.example\r\ncontent-type: " +
				"text/plain\r\ncontent-length: 5\r\nMETADATA\r\nhello",
		},
		"empty query": {
			corstest.Request{URL: "/x?"},
			"GET /x? HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\nOrigin: https://a.example\r\nMETADATA\r\n",
		},
		"empty POST": {
			corstest.Request{Method: "POST"},
			"POST / HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\nOrigin: https://a.example\r\nContent-Length: 0\r\nMETADATA\r\n",
		},
		"lines": {
			corstest.Request{Header: http.Header{"ACCEPT": {"a", "b"}}, URL: "//x"},
			"GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nAccept: a\r\nAccept: b\r\n\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []*http.Request
			var bodies []string
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				seen, bodies = append(seen, r), append(bodies, string(body))
				w.Header().Set("Access-Control-Allow-Origin", "*")
			})
			srv := httptest.NewServer(h)
			defer srv.Close()
			if !strings.HasPrefix(tc.request.URL, "//") {
				tc.request.URL = srv.URL + tc.request.URL
			} else {
				tc.request.URL = "http:" + tc.request.URL
			}
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			wire := strings.NewReplacer(
				"HOST", srv.Listener.Addr().String(),
				"METADATA", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n",
			).Replace(tc.wire)
			_, err = io.WriteString(conn, wire)
			require.NoError(t, err)
			_, err = http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)

			tc.request.Origin = origin
			_, err = corstest.Fetch(h, tc.request)
			require.NoError(t, err)
			require.Len(t, seen, 2)
			want, got := seen[0], seen[1]
			assert.Equal(t, want.Method, got.Method)
			assert.Equal(t, want.URL, got.URL)
			assert.Equal(t, want.RequestURI, got.RequestURI)
			assert.Equal(t, want.Host, got.Host)
			assert.Equal(t, want.Header, got.Header)
			assert.Equal(t, want.ContentLength, got.ContentLength)
			assert.Equal(t, want.TransferEncoding, got.TransferEncoding)
			assert.Equal(t, want.Proto, got.Proto)
			assert.Equal(t, want.ProtoMajor, got.ProtoMajor)
			assert.Equal(t, want.ProtoMinor, got.ProtoMinor)
			assert.Equal(t, want.TLS, got.TLS)
			assert.Equal(t, bodies[0], bodies[1])
			_, _, err = net.SplitHostPort(got.RemoteAddr)
			assert.NoError(t, err)
		})
	}
}

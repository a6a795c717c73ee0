package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/fetch"
)

// listen has a raw server take each connection.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/"
}

// writeAll writes s again and again, until the client has enough.
func writeAll(w io.Writer, s string, times int) {
	for range times {
		if _, err := io.WriteString(w, s); err != nil {
			return
		}
	}
}

// Chromium takes such a name, so the note cannot say that no browser does.
func TestSpaceBeforeTheColon(t *testing.T) {
	url := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin : *\r\nContent-Length: 0\r\n\r\n")
	})
	cause, o := causeOf(t, "-origin", page, url)
	assert.Equal(t, "misspelt-header", cause)
	assert.Contains(t, o.Hints[0].Detail, "Take the space out")
	assert.True(t, o.Engines["chromium"].Allowed)
	assert.False(t, o.Engines["firefox"].Allowed)
}

// Servers that answer nothing sound cost a bounded time and memory, and get one
// clear line or a verdict.
func TestHostileServers(t *testing.T) {
	granted := "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: " + page + "\r\n"
	reads := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }
	hang := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	const silent = "the server did not answer within 500ms. Set another limit with -m"
	for _, tc := range []struct {
		name    string
		url     string
		failure string // "" for a verdict
		allowed bool
	}{
		{"hangs", listen(t, hang), silent, false},
		{"closes at once", listen(t, func(net.Conn) {}), "the server closed the connection without an answer", false},
		{"closes after the request", listen(t, reads), "the server closed the connection without an answer", false},
		{"stops within the header", listen(t, func(conn net.Conn) {
			reads(conn)
			writeAll(conn, granted,
				1)
			hang(conn)
		}), silent, false},
		{"ends within the header", listen(t, func(conn net.Conn) { reads(conn); writeAll(conn, granted, 1) }),
			"the server closed the connection without an answer", false},
		{"speaks another protocol", listen(t, func(conn net.Conn) {
			writeAll(conn, "220 mail.example ESMTP\r\n",
				1)
			hang(conn)
		}),
			"the server does not speak HTTP", false},
		{"sends informational answers for ever", listen(t, func(conn net.Conn) {
			reads(conn)
			writeAll(conn,
				"HTTP/1.1 103 Early Hints\r\n\r\n", 1<<20)
		}),
			"the header of the answer is longer than 1 MB", false},
		{"sends a header that does not end", listen(t, func(conn net.Conn) {
			reads(conn)
			writeAll(conn, granted, 1)
			writeAll(conn, "X-A: "+strings.Repeat("a", 1000)+"\r\n", 1<<20)
		}),
			"the header of the answer is longer than 1 MB", false},
		{"sends 10 000 headers", serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for i := range 10_000 {
				w.Header().Set(fmt.Sprintf("X-Header-%d", i), strings.Repeat("v", 50))
			}
			good.ServeHTTP(w, r)
		})), "", false}, // Chromium takes 256 KiB, Firefox 384
		{"sends 1 GB", serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			good.ServeHTTP(w, r)
			writeAll(w, strings.Repeat("a", 1<<20), 1<<10)
		})), "", true},
		{"streams for ever", serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			good.ServeHTTP(w, r)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})), "", true},
		{"redirects for ever", serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(fetch.AllowOrigin, page)
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		})), "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, mode := range []string{"-v", "-audit"} {
				if mode == "-audit" && tc.failure == "" {
					continue // which needs many requests, and says nothing else
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				var stdout, stderr bytes.Buffer
				limit := "60"
				if tc.failure == silent {
					limit = "0.5"
				}
				status := run([]string{mode, "-m", limit, "-origin", page, tc.url}, nil, &stdout, &stderr, false)
				runtime.ReadMemStats(&after)
				assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20), "%s: bytes allocated", mode)
				if tc.failure == "" {
					assert.Equal(t, map[bool]int{true: exitOK, false: exitFailed}[tc.allowed], status)
					assert.Empty(t, stderr.String())
					continue
				}
				assert.Equal(t, exitUnknown, status)
				assert.Empty(t, stdout.String())
				assert.Contains(t, stderr.String(), "corscheck: no answer to GET "+tc.url+": "+tc.failure)
				assert.Equal(t, 1, strings.Count(stderr.String(), "\n"))
			}
		})
	}
}

// A server may answer the preflight and then no more.
func TestFailureAfterThePreflight(t *testing.T) {
	url := serve(t, before(good, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodOptions {
			panic(http.ErrAbortHandler)
		}
		return false
	}))
	var e jsonError
	assert.Equal(t, exitUnknown, runJSON(t, &e, append(put, "-origin", page, url)...))
	assert.Equal(t, "no answer to PUT "+url+": the server closed the connection without an answer", e.Error)
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(good)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitUnknown, run([]string{"-origin", page, s.URL}, nil, &stdout, &stderr, false))
	assert.Equal(t, "corscheck: no answer to GET "+s.URL+"/: the certificate is signed by nobody that this "+
		"machine trusts. "+
		"Browsers refuse it as well, and show the page the same error as for CORS; no header helps. Check anyway "+
		"with -k\n", stderr.String())

	var o jsonOutcome
	assert.Equal(t, exitOK, runJSON(t, &o, "-k", "-origin", page, s.URL), "over HTTP/2")

	stderr.Reset()
	plain := httptest.NewServer(good)
	t.Cleanup(plain.Close)
	assert.Equal(t, exitUnknown, run([]string{"-origin", page, strings.Replace(plain.URL, "http:", "https:", 1)}, nil,
		&stdout, &stderr, false))
	assert.Contains(t, stderr.String(), "the server does not speak TLS on this port. Should the URL begin with "+
		"http://?")
}

// The failures of TLS and of HTTP are in words for people, each with what to do.
func TestFailuresInWords(t *testing.T) {
	tlsServer := func(change func(*httptest.Server)) string {
		s := httptest.NewUnstartedServer(good)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = &tls.Config{}
		change(s)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL
	}
	answers := func(text string) string {
		return listen(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 4096))
			writeAll(conn, text, 1)
		})
	}
	wantsCertificate := func(version uint16) string {
		return tlsServer(func(s *httptest.Server) {
			s.TLS.ClientAuth, s.TLS.MaxVersion = tls.RequireAnyClientCert, version
		})
	}
	for _, tc := range []struct{ name, url, want string }{
		{"mTLS", wantsCertificate(tls.VersionTLS13), "the server wants a certificate of its client (mTLS), and " +
			"got none."},
		{"mTLS with TLS 1.2", wantsCertificate(tls.VersionTLS12), "the server wants a certificate of its client " +
			"(mTLS), and got none."},
		{"TLS 1.1", tlsServer(func(s *httptest.Server) {
			s.TLS.MinVersion, s.TLS.MaxVersion = tls.VersionTLS10,
				tls.VersionTLS11
		}),
			"the server speaks no TLS that browsers take: they want 1.2 or newer."},
		{"an HTTP/2 stream that is broken off", tlsServer(func(s *httptest.Server) {
			s.EnableHTTP2 = true
			s.Config.Handler = http.HandlerFunc(func(http.ResponseWriter,
				*http.Request) {
				panic(http.ErrAbortHandler)
			})
		}), "the server broke off the HTTP/2 stream without an answer (INTERNAL_ERROR)"},
		{"an HTTP/2 header without end", tlsServer(func(s *httptest.Server) {
			s.EnableHTTP2 = true
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for i := range 3000 {
					w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("a", 1000))
				}
			})
		}), "the server broke the rules of HTTP/2, or its header is longer than 1 MB (PROTOCOL_ERROR)"},
		{"a control character in a header", answers("HTTP/1.1 200 OK\r\nX-Bell: a\ab\r\n\r\n"),
			`the header "X-Bell" of the answer has a control character in it`},
		{"a header without colon", answers("HTTP/1.1 200 OK\r\nhello\r\n\r\n"), "a header line of the answer is " +
			"malformed"},
		{"two lengths", answers("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "the " +
			"answer has two lines of Content-Length that differ."},
		{"no status", answers("HTTP/1.1 abc\r\n\r\n"), "the server does not speak HTTP"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, exitUnknown, run([]string{"-k", "-origin", page, tc.url}, nil, &stdout, &stderr, false))
			assert.Contains(t, stderr.String(), ": "+tc.want)
			assert.NotContains(t, stderr.String(), "net/http")
			assert.Equal(t, 1, strings.Count(stderr.String(), "\n"))
		})
	}
}

func TestRefusedConnection(t *testing.T) {
	url := closedServer(t)
	var e jsonError
	assert.Equal(t, exitUnknown, runJSON(t, &e, "-origin", page, url))
	assert.Equal(t, "no answer to GET "+url+": the connection was refused. Is the server running, and on this port?",
		e.Error)
}

func TestExplainNetwork(t *testing.T) {
	c := &client{limit: 10 * time.Second}
	for _, tc := range []struct {
		err      error
		id, want string
	}{
		{&net.DNSError{Name: "api.exmaple.com", IsNotFound: true}, "dns",
			`the host "api.exmaple.com" has no address (DNS). Check its spelling`},
		{&net.DNSError{Name: "a.example", Err: "i/o timeout", IsTimeout: true}, "dns",
			`the name server did not answer for the host "a.example" (DNS)`},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), "timeout", "the server did not answer within 10s. " +
			"Set another limit with -m"},
		{tls.AlertError(40), "tls", "TLS failed: tls: handshake failure. Browsers refuse it as well, and show the page " +
			"the same error as for CORS; no header helps."},
		{errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR"), "http2",
			"the server broke off the HTTP/2 stream without an answer (NO_ERROR)"},
		{errors.New("stream error: stream ID 1; CANCEL; received from peer"), "http2",
			"the server broke off the HTTP/2 stream without an answer"},
		{errors.New("http: server closed idle connection"), "closed",
			"the server closed the connection without an answer"},
		{errors.New("proxyconnect tcp: dial tcp: connection failed"), "proxy",
			"the proxy of the environment (HTTPS_PROXY) did not connect: connection failed"},
		{errors.New("something\nelse"), "network", "something\nelse"},
	} {
		id, text := c.explainNetwork(tc.err)
		assert.Equal(t, tc.id, id)
		assert.Equal(t, tc.want, text)
	}
}

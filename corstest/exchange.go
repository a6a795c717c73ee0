package corstest

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// remoteAddr is from the block that RFC 5737 sets aside for documentation.
const remoteAddr = "192.0.2.1:1234"

// exchange sends one request, either to a live server or to the handler, which
// gets it in the form that net/http's server gives it. The error is that of the
// transport.
func (b *Browser) exchange(
	ctx context.Context, method string, u *url.URL, h http.Header, body []byte, hasBody bool,
) (Exchange, error) {
	if hasBody || method == http.MethodPost || method == http.MethodPut {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if b.Transport != nil && h["Accept-Encoding"] == nil {
		// Otherwise net/http asks for gzip, unpacks it, and changes the header.
		h.Set("Accept-Encoding", "identity")
	}
	// A handler may change what it is given, so the result gets its own copy.
	sent := newRequest(method, u, h.Clone(), body)
	sent.Host = u.Host
	x := Exchange{Request: sent}
	if b.Transport != nil {
		var err error
		x.Response, err = b.roundTrip(ctx, sent, body)
		return x, err
	}
	given := newRequest(method, requestTarget(u), h, body)
	given.Host = u.Host
	given.RequestURI = u.RequestURI()
	given.RemoteAddr = remoteAddr
	if u.Scheme == "https" {
		given.TLS = &tls.ConnectionState{
			Version:           tls.VersionTLS13,
			HandshakeComplete: true,
			ServerName:        u.Hostname(),
		}
	}
	rec := recorder{method: method, header: make(http.Header)}
	if b.serve(ctx, &rec, given) {
		x.Response = rec.response(sent)
	}
	return x, nil
}

// newRequest returns a request without what only a server adds.
func newRequest(method string, u *url.URL, h http.Header, body []byte) *http.Request {
	return &http.Request{
		Method:        method,
		URL:           u,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        h,
		Body:          newBody(body),
		ContentLength: int64(len(body)),
	}
}

// newBody returns a fresh reader of the same bytes.
func newBody(body []byte) io.ReadCloser {
	if len(body) == 0 {
		return http.NoBody
	}
	return io.NopCloser(bytes.NewReader(body))
}

// requestTarget returns the part of a URL that servers see.
func requestTarget(u *url.URL) *url.URL {
	return &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery}
}

// serve runs the handler, and reports whether it returned without breaking off.
// The request's context ends with the handler, as it does on a server.
func (b *Browser) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) (served bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() {
		if served {
			return
		}
		// recover returns nil if the handler called runtime.Goexit, as FailNow of a
		// test does. The goroutine then ends.
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
	}()
	b.Handler.ServeHTTP(w, r.WithContext(ctx))
	return true
}

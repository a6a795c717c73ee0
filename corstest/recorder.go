package corstest

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"example.com/cors/internal/fetch"
)

// A recorder is a ResponseWriter that turns what a handler writes into the
// response that net/http's server would send, without Date and Connection. Unlike
// httptest's recorder it skips interim responses, and it adds Content-Length and
// Content-Type, which scripts may read.
type recorder struct {
	method  string
	header  http.Header // the handler's own
	status  int         // 0 until the header is written
	written http.Header // what the header was then
	length  int64       // the declared Content-Length, -1 if there is none
	body    bytes.Buffer
	sealed  bool // the header is complete and on its way
}

// bufferSize is how much net/http holds back to see whether it is the whole body.
const bufferSize = 2048

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("corstest: invalid status %d", status))
	}
	if status <= 199 && status != http.StatusSwitchingProtocols {
		return // An interim response, such as Early Hints.
	}
	w.status = status
	w.written = w.header.Clone()
	w.length = -1
	if n, err := strconv.ParseInt(w.written.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.length = n
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case len(p) == 0:
		return 0, nil
	case !hasBody(w.status):
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && int64(w.body.Len()+len(p)) > w.length:
		return 0, http.ErrContentLength
	}
	w.body.Write(p)
	if w.body.Len() > bufferSize {
		w.seal(false)
	}
	return len(p), nil
}

// Flush makes a recorder a [http.Flusher].
func (w *recorder) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.seal(false)
}

// seal completes the header. done says that the whole body is known.
func (w *recorder) seal(done bool) {
	if w.sealed {
		return
	}
	w.sealed = true
	h := w.written
	chunked := h["Transfer-Encoding"] != nil
	for name := range h {
		chunked = chunked || name == "Trailer" || strings.HasPrefix(name, http.TrailerPrefix)
	}
	_, typed := h["Content-Type"]
	_, measured := h["Content-Length"]
	if w.length < 0 {
		h.Del("Content-Length") // It was malformed.
	}
	switch {
	case w.status == http.StatusNotModified:
		h.Del("Content-Length")
		h.Del("Content-Type")
	case !hasBody(w.status):
		h.Del("Content-Length")
	case w.body.Len() > 0 && !typed && h.Get("Content-Encoding") == "" && h["Transfer-Encoding"] == nil:
		h.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	if done && !chunked && !measured && hasBody(w.status) && (w.method != http.MethodHead || w.body.Len() > 0) {
		h.Set("Content-Length", strconv.Itoa(w.body.Len()))
	}
	h.Del("Transfer-Encoding")
}

// response returns the response to r, once the handler is done.
func (w *recorder) response(r *http.Request) *http.Response {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.seal(true)
	res := &http.Response{
		Status:        strings.TrimSpace(fmt.Sprintf("%03d %s", w.status, http.StatusText(w.status))),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        wireHeader(w.written),
		Body:          http.NoBody,
		ContentLength: -1,
		Request:       r,
	}
	if n, err := strconv.ParseInt(res.Header.Get("Content-Length"), 10, 64); err == nil {
		res.ContentLength = n
	}
	if w.method != http.MethodHead {
		res.Body = newBody(w.body.Bytes())
	}
	return res
}

var newlineToSpace = strings.NewReplacer("\n", " ", "\r", " ")

// wireHeader returns h as it arrives: names that are no tokens do not leave the
// server, values lose line breaks and the space around them.
func wireHeader(h http.Header) http.Header {
	wire := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if !fetch.IsToken(name) {
			continue
		}
		for _, value := range h[name] {
			wire.Add(name, strings.Trim(newlineToSpace.Replace(value), " \t"))
		}
	}
	return wire
}

// hasBody reports whether a response with this status has one
// (RFC 9110, section 6.4.1).
func hasBody(status int) bool {
	return status > 199 && status != http.StatusNoContent && status != http.StatusNotModified
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// An exchange is a request to the API and the response to it, as the API saw them.
type exchange struct {
	Preflight bool   `json:"preflight"`
	Method    string `json:"method"`
	Host      string `json:"host"`
	Path      string `json:"path"`
	Status    int    `json:"status"` // 0 until the response begins
	Request   header `json:"request"`
	Response  header `json:"response"`
	Log       string `json:"log"` // the lines of the middleware
}

// A header is some of the fields of one: those that matter here, up to a bound.
type header struct {
	Fields [][2]string `json:"fields"`
	Missed int         `json:"missed"` // how many more there are
}

// A recording is an exchange under way.
type recording struct {
	mu sync.Mutex
	x  exchange
}

// exchange returns what is recorded so far.
func (r *recording) exchange() exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.x
}

// around returns a handler that records the one request it is given, and what h
// answers.
func (r *recording) around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		r.x = exchange{
			Preflight: q.Method == http.MethodOptions && q.Header.Get("Access-Control-Request-Method") != "",
			Method:    clip(q.Method),
			Host:      clip(q.Host),
			Path:      clip(q.URL.Path),
			Request:   fieldsOf(q.Header),
			Response:  header{Fields: [][2]string{}},
		}
		r.mu.Unlock()
		t := &tap{ResponseWriter: w, recording: r}
		h.ServeHTTP(t, q.WithContext(context.WithValue(q.Context(), recordingKey{}, r)))
		if !t.began {
			t.WriteHeader(http.StatusOK)
		}
	})
}

// A tap records the beginning of a response.
type tap struct {
	http.ResponseWriter
	recording *recording
	began     bool
}

func (t *tap) WriteHeader(status int) {
	if !t.began {
		t.began = true
		t.recording.mu.Lock()
		t.recording.x.Status, t.recording.x.Response = status, fieldsOf(t.Header())
		t.recording.mu.Unlock()
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *tap) Write(p []byte) (int, error) {
	if !t.began {
		t.WriteHeader(http.StatusOK)
	}
	return t.ResponseWriter.Write(p)
}

// Headers that browsers add to every request, and the one that this API adds to
// every response.
var noise = []string{
	"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Content-Length", "Dnt", "Pragma",
	"Priority", "Referer", "Te", "Upgrade-Insecure-Requests", "User-Agent",
}

const (
	maxFields = 40
	maxValue  = 300 // bytes of a name or value
)

// fieldsOf returns the headers in h that are not noise, sorted and bounded.
func fieldsOf(h http.Header) header {
	shown := header{Fields: [][2]string{}}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if slices.Contains(noise, name) || strings.HasPrefix(name, "Sec-") {
			continue
		}
		for _, value := range h[name] {
			if len(shown.Fields) == maxFields {
				shown.Missed++
				continue
			}
			shown.Fields = append(shown.Fields, [2]string{clip(name), clip(value)})
		}
	}
	return shown
}

// clip cuts a long text, and says how long it was.
func clip(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:maxValue], ""), len(s))
}

// shorten leaves the middle out of a long sentence. What is missing from a list stands at
// its end.
func shorten(s string) string {
	const half = 80 // bytes
	if len(s) <= 2*half {
		return s
	}
	begin, end := strings.ToValidUTF8(s[:half], ""), strings.ToValidUTF8(s[len(s)-half:], "")
	return fmt.Sprintf("%s … (%d bytes) … %s", begin, len(s), end)
}

type recordingKey struct{}

// A recordingHandler writes the middleware's log to the terminal, and to the
// recording of the request that a line is about. It is silent about requests that are
// not recorded: those that only corstest makes.
type recordingHandler struct {
	terminal io.Writer
	line     *line
	text     slog.Handler // writes to line
}

// A line is a buffer that is filled and emptied under one lock.
type line struct {
	sync.Mutex
	bytes.Buffer
}

func newLogger(terminal io.Writer) *slog.Logger {
	l := new(line)
	return slog.New(recordingHandler{terminal, l, slog.NewTextHandler(l, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})})
}

func (h recordingHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	return ctx.Value(recordingKey{}) != nil
}

func (h recordingHandler) Handle(ctx context.Context, record slog.Record) error {
	h.line.Lock()
	defer h.line.Unlock()
	h.line.Reset()
	if err := h.text.Handle(ctx, record); err != nil {
		return err
	}
	if r, ok := ctx.Value(recordingKey{}).(*recording); ok {
		r.mu.Lock()
		r.x.Log += h.line.String()
		r.mu.Unlock()
	}
	_, err := h.terminal.Write(h.line.Bytes())
	return err
}

func (h recordingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return recordingHandler{h.terminal, h.line, h.text.WithAttrs(attrs)}
}

func (h recordingHandler) WithGroup(name string) slog.Handler {
	return recordingHandler{h.terminal, h.line, h.text.WithGroup(name)}
}

// Command files lets pages of another origin download, show and upload files.
//
//   - The name of a download stands in Content-Disposition, and a file's version in ETag.
//     A script reads neither unless they are exposed.
//   - An upload whose progress the page watches, or whose body is a stream, is
//     preflighted even where a plain POST is not. The CORS layer answers OPTIONS anyway:
//     there is nothing to set, unless something in front of it stops OPTIONS.
//   - If-Match makes a change conditional, so that nobody overwrites what somebody else
//     wrote. It is one of the headers that cost a preflight each time, whatever MaxAge
//     says: Chromium and Firefox do not use their cache for conditional requests.
//   - An <img> is no call with CORS. Cross-Origin-Resource-Policy decides about it, and
//     Timing-Allow-Origin whether the page may know how long a load took.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"example.com/cors"
)

func main() {
	log.Fatal(http.ListenAndServe("localhost:5000", handler("http://localhost:3000")))
}

// handler serves pages of origin.
func handler(origin string) http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins: []string{origin},
		AllowedMethods: []string{"PUT"},
		AllowedHeaders: []string{"Content-Type", "If-Match"},
		ExposedHeaders: []string{"Content-Disposition", "ETag"},
	})
	f := &files{content: make(map[string]string)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /files/{name}", f.download)
	mux.HandleFunc("POST /files/{name}", f.upload)
	mux.HandleFunc("PUT /files/{name}", f.upload)
	return allow(beside(mux))
}

// beside adds what browsers ask of a response besides CORS. Every page may show the files.
// Those that may read them also learn how long the load took.
func beside(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		if origin := w.Header().Get("Access-Control-Allow-Origin"); origin != "" {
			w.Header().Set("Timing-Allow-Origin", origin)
		}
		next.ServeHTTP(w, r)
	})
}

type files struct {
	mu      sync.Mutex
	content map[string]string
}

func (f *files) download(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	f.mu.Lock()
	content, found := f.content[name]
	f.mu.Unlock()
	if !found {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("ETag", version(content))
	http.ServeContent(w, r, name, time.Time{}, strings.NewReader(content))
}

func (f *files) upload(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	name := r.PathValue("name")
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := r.Header.Get("If-Match"); want != "" && want != version(f.content[name]) {
		http.Error(w, "somebody else changed it", http.StatusPreconditionFailed)
		return
	}
	f.content[name] = string(body)
	w.Header().Set("ETag", version(string(body)))
	w.WriteHeader(http.StatusNoContent)
}

func version(content string) string { return fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(content))) }

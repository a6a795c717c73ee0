// Command cookies keeps a session in a cookie for pages of another site.
//
// AllowCredentials lets such a page send and read with cookies. Whether the browser
// has a cookie to send is not up to CORS:
//
//   - a cookie without SameSite=None is not sent to another site, and with it needs
//     Secure, and so HTTPS;
//   - many browsers, and users by their settings, block third-party cookies all the same.
//     Partitioned asks for a cookie that is good under one site of the pages only, which
//     most of them keep. The session begun under one site is not there under another;
//   - fetch needs credentials: "include", when it signs in as well.
//
// The surest way is to have no other site: serve the page from app.example.com and the
// API from api.example.com. That is another origin, which takes CORS, but the same site,
// and SameSite=Lax will do. Where that cannot be, a token in Authorization works in all
// browsers.
package main

import (
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"sync"

	"example.com/cors"
)

func main() {
	// Behind a proxy that has the certificate.
	log.Fatal(http.ListenAndServe("localhost:5000", handler("https://app.example")))
}

// handler serves pages of origin.
func handler(origin string) http.Handler {
	allow := cors.New(cors.Options{
		AllowedOrigins:   []string{origin},
		AllowedHeaders:   []string{"Content-Type"},
		AllowCredentials: true,
	})
	s := &sessions{users: make(map[string]string)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session", s.signIn)
	mux.HandleFunc("GET /me", s.me)
	return allow(mux)
}

// Sessions are users by session ID.
type sessions struct {
	mu    sync.Mutex
	users map[string]string
}

func (s *sessions) signIn(w http.ResponseWriter, r *http.Request) {
	id := rand.Text()
	s.mu.Lock()
	s.users[id] = "ada" // whose password was right
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name:        "__Host-session", // the prefix: only this host can set it, over HTTPS
		Value:       id,
		Path:        "/",
		HttpOnly:    true,
		Secure:      true,
		SameSite:    http.SameSiteNoneMode,
		Partitioned: true,
	})
	w.WriteHeader(http.StatusNoContent)
}

func (s *sessions) me(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("__Host-session")
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || s.users[cookie.Value] == "" {
		http.Error(w, "no session", http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, s.users[cookie.Value])
}

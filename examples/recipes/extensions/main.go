// Command extensions lets in a browser extension whose origin nobody knows beforehand:
// Firefox gives each installation of an extension a random UUID as its host, as in
// moz-extension://0b5fbd46-6f3c-4f8e-9d29-1f6a4f0d2a11. An extension of Chromium has
// the same origin everywhere: list it, "chrome-extension://" and its ID.
//
// Its user pairs it. The site shows a signed-in user a code; the user enters it in the
// extension; the extension posts it to /pair. From then on, this one installation may
// call the API with the user's cookies. Other extensions of the same browser may not.
//
// Where the API takes a token instead of cookies, pairing is not needed: the token says
// who calls, so the policy may allow every origin, without AllowCredentials. This is
// also the way for Safari, where the UUID of an extension is reported to change.
package main

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync"

	"example.com/cors"
)

func main() {
	p := newPairing()
	fmt.Println("The code of ada:", p.code("ada"))
	log.Fatal(http.ListenAndServe("localhost:5000", handler(p)))
}

func handler(p *pairing) http.Handler {
	pair := cors.New(cors.Options{
		// Any extension may try: what it needs is the code, and no cookies count.
		AllowOriginFunc: func(_ *http.Request, origin string) bool {
			return strings.HasPrefix(origin, "moz-extension://")
		},
		RefuseCrossOriginWrites: true,
	})
	paired := cors.New(cors.Options{
		AllowedOrigins:          []string{"https://app.example.com"},
		AllowOriginFunc:         func(_ *http.Request, origin string) bool { return p.has(origin) },
		AllowedMethods:          []string{"PUT"},
		AllowCredentials:        true,
		RefuseCrossOriginWrites: true,
	})
	token := cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedHeaders: []string{"Authorization"},
	})
	mux := http.NewServeMux()
	mux.Handle("/pair", pair(http.HandlerFunc(p.pair)))
	mux.Handle("/token/notes", token(http.HandlerFunc(withToken)))
	mux.Handle("/notes",
		paired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "notes") })))
	return mux
}

// withToken answers those who have the token, whatever their origin.
func withToken(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer secret")) != 1 {
		http.Error(w, "no token", http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, "notes")
}

// A pairing knows the extensions that users have paired. A real one is a table in a
// database, where a user can also take an extension out.
type pairing struct {
	mu      sync.Mutex
	codes   map[string]string // users by code
	origins map[string]string // users by origin
}

func newPairing() *pairing {
	return &pairing{codes: make(map[string]string), origins: make(map[string]string)}
}

// code returns a code that pairs one extension with user.
func (p *pairing) code(user string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := rand.Text()
	p.codes[code] = user
	return code
}

// pair handles the request of an extension that its user has given a code. The policy
// refuses pages; other clients have no Origin to pair. The browser sets Origin, so an
// extension cannot claim another's.
func (p *pairing) pair(w http.ResponseWriter, r *http.Request) {
	origin, code := r.Header.Get("Origin"), r.PostFormValue("code")
	p.mu.Lock()
	defer p.mu.Unlock()
	user, ok := p.codes[code]
	if r.Method != http.MethodPost || !strings.HasPrefix(origin, "moz-extension://") || !ok {
		http.Error(w, "no such code", http.StatusForbidden)
		return
	}
	delete(p.codes, code)
	p.origins[origin] = user
	fmt.Fprint(w, "paired with ", user)
}

func (p *pairing) has(origin string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.origins[origin]
	return ok
}

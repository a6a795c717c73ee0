// A server of users on net/http.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	// @here import
)

func login(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, password, _ := r.BasicAuth(); name != "ada" || password != "secret" {
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func user(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"id":7}`)
}

func main() {
	router := http.NewServeMux()
	router.HandleFunc("GET /users/7", user)
	router.HandleFunc("PUT /users/7", user)
	router.HandleFunc("DELETE /users/7", user)
	router.HandleFunc("GET /crash", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "crash", http.StatusInternalServerError)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	var mux http.Handler = router
	// @here inside
	mux = login(mux) // @only login
	// @here cors
	log.Fatal(http.Serve(listener, mux))
}

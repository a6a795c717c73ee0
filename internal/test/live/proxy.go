package live

import (
	"io"
	"net"
	"net/http"
)

// Proxy returns a browser's proxy that keeps all hosts on this machine. It has plain
// serve the requests without TLS, whatever their host. It connects all others to the
// address of one server that has a certificate.
func Proxy(plain http.Handler, secure string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			plain.ServeHTTP(w, r)
			return
		}
		server, err := net.Dial("tcp", secure)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer server.Close()
		client, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(server, buffered)
			_ = server.Close()
		}()
		_, _ = io.Copy(client, server)
	})
}

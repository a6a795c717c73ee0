package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// A network is how the server is reached, with curl's flags.
type network struct {
	ca, cert, key string // files
	proxy         string
	direct        bool              // no proxy
	socket        string            // a Unix socket
	hosts         map[string]string // where connections to host:port go

	roots       *x509.CertPool
	certificate *tls.Certificate
	proxyURL    *url.URL
}

// resolve takes HOST:PORT:ADDRESS, of several addresses the first.
func (n *network) resolve(value string) error {
	host, rest, _ := strings.Cut(strings.TrimLeft(value, "+"), ":")
	port, address, found := strings.Cut(rest, ":")
	address, _, _ = strings.Cut(address, ",")
	if strings.HasPrefix(value, "-") || !found || host == "" || port == "" || address == "" {
		return usagef("--resolve %s: write HOST:PORT:ADDRESS", quote(value))
	}
	n.connect(host+":"+port, net.JoinHostPort(strings.Trim(address, "[]"), port))
	return nil
}

// connectTo takes HOST1:PORT1:HOST2:PORT2. What is empty is the same as before.
func (n *network) connectTo(value string) error {
	parts := strings.Split(value, ":")
	if len(parts) != 4 {
		return usagef("--connect-to %s: write HOST1:PORT1:HOST2:PORT2", quote(value))
	}
	n.connect(parts[0]+":"+parts[1], parts[2]+":"+parts[3])
	return nil
}

func (n *network) connect(from, to string) {
	if n.hosts == nil {
		n.hosts = make(map[string]string)
	}
	n.hosts[strings.ToLower(from)] = to
}

// load reads the files that were named.
func (n *network) load() error {
	if n.ca != "" {
		data, err := os.ReadFile(n.ca)
		if err != nil {
			return usagef("--cacert: %v", err)
		}
		if n.roots = x509.NewCertPool(); !n.roots.AppendCertsFromPEM(data) {
			return usagef("--cacert %s: no certificate is in the file", quote(n.ca))
		}
	}
	if n.cert != "" {
		certificate, err := tls.LoadX509KeyPair(n.cert, cmp.Or(n.key, n.cert))
		if err != nil {
			return usagef("--cert: %v", err)
		}
		n.certificate = &certificate
	}
	if n.proxy != "" {
		address := n.proxy
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			return usagef("--proxy %s: write http://HOST:PORT or socks5://HOST:PORT", quote(n.proxy))
		}
		n.proxyURL = u
	}
	return nil
}

// apply has a transport reach the server so.
func (n *network) apply(t *http.Transport) {
	if n.roots != nil {
		t.TLSClientConfig.RootCAs = n.roots
	}
	switch {
	case n.direct:
		t.Proxy = nil
	case n.proxyURL != nil:
		t.Proxy = http.ProxyURL(n.proxyURL)
	}
	if n.hosts == nil && n.socket == "" {
		return
	}
	var dialer net.Dialer
	t.DialContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
		if n.socket != "" {
			return dialer.DialContext(ctx, "unix", n.socket)
		}
		return dialer.DialContext(ctx, kind, n.place(address))
	}
}

// place returns where a connection to host:port goes.
func (n *network) place(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	for _, from := range []string{host + ":" + port, "*:" + port, host + ":", ":" + port, ":"} {
		to, ok := n.hosts[strings.ToLower(from)]
		if !ok {
			continue
		}
		// An IPv6 address has brackets and colons of its own.
		i := strings.LastIndexByte(to, ':')
		return net.JoinHostPort(cmp.Or(strings.Trim(to[:i], "[]"), host), cmp.Or(to[i+1:], port))
	}
	return address
}

// fill takes from a paste what no flag says.
func (n *network) fill(from *network) {
	if n.proxy == "" && !n.direct {
		n.proxy, n.direct = from.proxy, from.direct
	}
	if n.hosts == nil {
		n.hosts = from.hosts
	}
}

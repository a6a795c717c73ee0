package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCURLFlags(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	data := file("data.json", "{\"a\": 1}")
	headers := file("headers", "X-A: 1\n\n# a comment\nOrigin: "+page+"\nX-B;\n")
	type told struct {
		method, url, origin, from, body string
		header                          http.Header
		credentials                     bool
	}
	type fields = http.Header
	form := fields{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, tc := range []struct {
		name string
		args []string
		want told
	}{
		{"--json", []string{"--json", "{}"}, told{method: "POST", body: "{}", header: fields{
			"Content-Type": {"application/json"},
			"Accept":       {"application/json"}}}},
		{"--json, with a type", []string{"-H", "Content-Type: a/b", "--json", "{}"}, told{method: "POST", body: "{}",
			header: fields{"Content-Type": {"a/b"}, "Accept": {"application/json"}}}},
		{"the standard input", []string{"-d", "@-"}, told{method: "POST", body: "typed", header: form}},
		{"a file of headers", []string{"-H", "@" + headers}, told{header: fields{"X-A": {"1"}, "X-B": {""}},
			from: "Origin"}},
		{"an upload", []string{"-T", data}, told{
			method: "PUT", body: `{"a": 1}`, header: fields{"Content-Type": {"application/octet-stream"}},
		}},
		{"an upload into a folder", []string{"-T", data, "-H", "Content-Type: a/b"}, told{method: "PUT", body: `{"a": ` +
			`1}`, header: fields{"Content-Type": {"a/b"}}}},
		{"an upload of the standard input", []string{"-T", "."}, told{method: "PUT", body: "typed",
			header: fields{"Content-Type": {"application/octet-stream"}}}},
		{"data to encode, of a file", []string{"--data-urlencode", "x@" + data}, told{
			method: "POST", body: "x=%7B%22a%22%3A+1%7D",
			header: form}},
		{"data to encode, without a name", []string{"--data-urlencode", "a b", "--data-urlencode", "=@"}, told{
			method: "POST", body: "a+b&%40",
			header: form}},
		{"a query", []string{"--url-query", "a=b c", "--url-query", "+d=%20"}, told{url: api + "?a=b+c&d=%20"}},
		{"a User-Agent", []string{"-A", "sdk/1"}, told{header: fields{"User-Agent": {"sdk/1"}}}},
		{"a browser's User-Agent", []string{"-A", "Mozilla/5.0"}, told{}},
		{"a Referer", []string{"-e", page + "/x?y;auto"}, told{from: "Referer"}},
		{"a range", []string{"-r", "0-1"}, told{header: fields{"Range": {"bytes=0-1"}}}},
		{"a token", []string{"--oauth2-bearer", "t"}, told{header: fields{"Authorization": {"Bearer t"}}}},
		{"a certificate is a credential", []string{"--cert", data, "--key", data}, told{credentials: true}},
		{"what browsers add", []string{"-H", "authority: api.example.com", "-H", "Alt-Used: api.example.com", "-H",
			"Save-Data: on", "-H", "X-Requested-With: com.example.my_app", "-H", "X-A: 1"}, told{header: fields{"X-A": {"1"}}}},
		{"what scripts say of themselves", []string{"-H", "X-Requested-With: XMLHttpRequest"},
			told{header: fields{"X-Requested-With": {"XMLHttpRequest"}}}},
		{"what takes back another flag", []string{"--no-location", "--no-compressed", "--no-insecure"}, told{}},
		{"what newer curls have", []string{"--retry-connrefused", "--trace-time", "--aws-sigv4", "a:b", "--no-clobber"},
			told{}},
		{"what changes nothing", []string{"-D", "x", "-o", "y", "--max-redirs", "3", "--retry", "2", "-sSLifOJ",
			"--http2", "--tlsv1.2"}, told{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args := append([]string{"curl", api}, tc.args...)
			if tc.want.from == "" {
				args = append(args, "-origin", page)
			}
			p := newParser(strings.NewReader("typed"))
			_, err := p.parse(args)
			require.NoError(t, err)
			if tc.want.credentials {
				p.flags.network = network{} // the file is no certificate
			}
			require.NoError(t, p.finish())
			if tc.want.method == "" {
				tc.want.method = "GET"
			}
			if tc.want.url == "" {
				tc.want.url = api
			}
			if tc.want.header == nil {
				tc.want.header = fields{}
			}
			tc.want.origin = page
			c := p.call
			assert.Equal(t, tc.want, told{c.method, c.url, c.origin, c.originFrom, c.body, c.header, c.credentials})
		})
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	for flag, value := range map[string]string{
		"-d": "@none/c", "--data-urlencode": "a b@none/c", "-H": "@none/c", "-T": "none/c", "-F": "a=@none/c",
	} {
		_, err := parseWith(nil, "curl", api, flag, value)
		require.ErrorContains(t, err, "none/c", flag)
		assert.ErrorContains(t, err, flag+": ")
	}
	_, err := parseWith(strings.NewReader("@other\n"), "curl", api, "-H", "@-")
	assert.ErrorContains(t, err, `-H "@-": a file of headers names no other file`)
	_, err = parseWith(strings.NewReader("X-A 1\n"), "curl", api, "-H", "@-")
	assert.ErrorContains(t, err, "has no colon")
}

// How the server is reached, where no server shows it.
func TestProxies(t *testing.T) {
	for _, tc := range []struct {
		args   []string
		proxy  string
		direct bool
	}{
		{[]string{"--socks5", "127.0.0.1:9"}, "socks5://127.0.0.1:9", false},
		{[]string{"--socks5-hostname", "127.0.0.1:9"}, "socks5://127.0.0.1:9", false},
		{[]string{"--noproxy", "*"}, "", true},
		{[]string{"--noproxy", "a.example"}, "", false},
	} {
		c, err := parseWith(nil, append([]string{"curl", api, "-H", "Origin: " + page}, tc.args...)...)
		require.NoError(t, err, tc.args)
		assert.Equal(t, tc.proxy, c.flags.network.proxy, tc.args)
		assert.Equal(t, tc.direct, c.flags.network.direct, tc.args)
		to := &http.Transport{Proxy: http.ProxyFromEnvironment}
		c.flags.network.apply(to)
		if assert.Equal(t, tc.direct, to.Proxy == nil, tc.args); tc.proxy != "" {
			u, err := to.Proxy(&http.Request{})
			require.NoError(t, err)
			assert.Equal(t, tc.proxy, u.String())
		}
	}
}

func TestMultipart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txt")
	require.NoError(t, os.WriteFile(file, []byte("content;\r\n"), 0o600))
	c, err := parse([]string{"curl", api, "-origin", page, "-F", "a=1;2", "-F", "f=@" + file + ";type=a/b;filename=\"x " +
		"y\"", "-F", "g=<" + file,
		"-F", "h=@" + file, "--form-string", "i=@no;type=x", "-F", "j=\"v\";type=a/b", "--form-string", "k=\"v\""})
	require.NoError(t, err)
	assert.Equal(t, "POST", c.call.method)
	kind, parameters, err := mime.ParseMediaType(c.call.header.Get("Content-Type"))
	require.NoError(t, err)
	assert.Equal(t, "multipart/form-data", kind)
	r := multipart.NewReader(strings.NewReader(c.call.body), parameters["boundary"])
	for _, want := range [][]string{
		{"a", "", "", "1;2"}, {"f", "x y", "a/b", "content;\r\n"}, {"g", "", "", "content;\r\n"},
		{"h", "a.txt", "text/plain; charset=utf-8", "content;\r\n"}, {"i", "", "", "@no;type=x"},
		{"j", "", "a/b", "v"}, {"k", "", "", `"v"`},
	} {
		part, err := r.NextPart()
		require.NoError(t, err)
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		assert.Equal(t, want, []string{part.FormName(), part.FileName(), part.Header.Get("Content-Type"), string(content)})
	}
	_, err = r.NextPart()
	assert.ErrorIs(t, err, io.EOF)

	// Browsers send no preflight for it.
	p, err := newPlan(&c.call)
	require.NoError(t, err)
	assert.False(t, p.preflight)
}

// Each of these reaches a server that is not where the URL says.
func TestReach(t *testing.T) {
	var hosts []string
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Host)
		policy{allow: always("*")}.ServeHTTP(w, r)
	})
	s := httptest.NewServer(server)
	defer s.Close()
	port := s.URL[strings.LastIndexByte(s.URL, ':')+1:]
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	unix := &http.Server{Handler: server}
	go func() { _ = unix.Serve(l) }()
	defer unix.Close()
	for _, args := range [][]string{
		{"--resolve", "api.example.com:" + port + ":127.0.0.1", "http://api.example.com:" + port},
		{"--connect-to", "api.example.com:80:127.0.0.1:" + port, "http://api.example.com"},
		{"--connect-to", "::127.0.0.1:" + port, "http://api.example.com"},
		{"--unix-socket", socket, "http://api.example.com"},
		{"-x", "127.0.0.1:" + port, "http://api.example.com"},
		{"--proxy", s.URL, "http://api.example.com"},
	} {
		hosts = nil
		var stdout, stderr strings.Builder
		// The page is on http: from an https page the call would be mixed content.
		status := run(append([]string{"-origin", "http://app.example.com"}, args...), nil, &stdout, &stderr, false)
		assert.Equal(t, exitOK, status, "%s: %s", args, &stderr)
		assert.Equal(t, []string{strings.TrimPrefix(args[2], "http://")}, hosts, args)
	}
}

// certificate makes a certificate, and returns the file with it and its key.
func certificate(t *testing.T) (file string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "client.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	data = append(data, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	require.NoError(t, os.WriteFile(file, data, 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(data))
	return file, pool
}

// The certificate of the browser's user is a credential: it goes with the call, and
// with no preflight. That of the server is trusted if --cacert says so.
func TestCertificates(t *testing.T) {
	client, pool := certificate(t)
	var seen []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := r.Method
		if len(r.TLS.PeerCertificates) > 0 {
			line += " with certificate"
		}
		seen = append(seen, line)
		policy{allow: only(page), lines: withCookies}.ServeHTTP(w, r)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}
	s.StartTLS()
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: s.Certificate().Raw}), 0o600))
	check := func(args ...string) int {
		seen = nil
		var stdout, stderr strings.Builder
		return run(append(append([]string{"-origin", page}, put...), append(args, s.URL)...), nil, &stdout, &stderr, false)
	}
	assert.Equal(t, exitUnknown, check(), "nobody signed the server's certificate")
	assert.Equal(t, exitOK, check("--cacert", ca))
	assert.Equal(t, []string{"OPTIONS", "PUT"}, seen)
	assert.Equal(t, exitOK, check("--cacert", ca, "--cert", client))
	assert.Equal(t, []string{"OPTIONS", "PUT with certificate"}, seen)
	both, err := os.ReadFile(client)
	require.NoError(t, err)
	block, key := pem.Decode(both)
	apart := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(apart, "cert"), pem.EncodeToMemory(block), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(apart, "key"), key, 0o600))
	assert.Equal(t, exitOK,
		check("--cacert", ca, "--cert", filepath.Join(apart, "cert"), "--key", filepath.Join(apart, "key")))
	assert.Equal(t, []string{"OPTIONS", "PUT with certificate"}, seen)
	assert.Equal(t, exitOK, check("--cacert", ca, "--cert", client, "-credentials=omit"))
	assert.Equal(t, []string{"OPTIONS", "PUT"}, seen)
}

// Where a connection goes, with curl's rules.
func TestPlace(t *testing.T) {
	var n network
	require.NoError(t, n.resolve("a.example:443:127.0.0.1,127.0.0.2"))
	require.NoError(t, n.resolve("b.example:443:[::1]"))
	require.NoError(t, n.connectTo("c.example:443::8443"))
	require.NoError(t, n.connectTo("d.example::e.example:"))
	require.NoError(t, n.resolve("*:9:127.0.0.9"))
	for address, want := range map[string]string{
		"A.example:443": "127.0.0.1:443", "a.example:80": "a.example:80", "b.example:443": "[::1]:443",
		"c.example:443": "c.example:8443", "d.example:1": "e.example:1", "x.example:9": "127.0.0.9:9", "[::2]:5": "[::2]:5",
	} {
		assert.Equal(t, want, n.place(address), address)
	}
}

package main

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// userAgent names the tool to whoever reads the server's log.
const userAgent = "corscheck (example.com/cors)"

// maxHeader bounds the header of a response, in bytes.
const maxHeader = 1 << 20

// A client sends requests, and says why one got no answer.
type client struct {
	transport *http.Transport
	certified *http.Transport // with the certificate of the browser's user; nil if there is none
	limit     time.Duration
	remote    string // the address of the server, "" if unknown
	wanted    bool   // the server asked for a certificate of the client
	attempts  int    // how often a request went out
}

func newClient(f *flags) *client {
	c := &client{limit: f.limit}
	c.transport = &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{
			InsecureSkipVerify: f.insecure,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				c.wanted = true
				return &tls.Certificate{}, nil
			},
		},
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
	f.network.apply(c.transport)
	if certificate := f.network.certificate; certificate != nil {
		c.certified = c.transport.Clone()
		own := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
		c.certified.TLSClientConfig.GetClientCertificate = own
	}
	return c
}

func (c *client) close() {
	c.transport.CloseIdleConnections()
	if c.certified != nil {
		c.certified.CloseIdleConnections()
	}
}

// certify has a request sent with the certificate of the browser's user: it is a
// credential, so that it goes with no preflight.
func (c *client) certify(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), certifiedKey{}, c.certified))
}

type certifiedKey struct{}

// send sends r, and reads the beginning of an answer in which a reason may stand. The
// rest of a body is left alone: no step looks at it, and it may have no end. A request
// that writes is sent once: on a connection of its own, net/http never repeats one.
func (c *client) send(r *http.Request) (*exchange, error) {
	transport := c.transport
	if certified, _ := r.Context().Value(certifiedKey{}).(*http.Transport); certified != nil {
		transport = certified
	}
	if !isSafe(r.Method) {
		transport.CloseIdleConnections()
	}
	proxy := transport.Proxy
	r = r.WithContext(c.trace(r.Context(), proxy == nil || isDirect(proxy, r)))
	dress(r)
	res, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	x := &exchange{
		preflight: isPreflight(r), method: r.Method, url: r.URL, request: r.Header,
		status: res.StatusCode, response: res.Header,
	}
	if x.granted() == nothing || x.status >= 300 {
		x.body = beginning(res)
	}
	return x, nil
}

func isDirect(proxy func(*http.Request) (*url.URL, error), r *http.Request) bool {
	u, _ := proxy(r)
	return u == nil
}

// The bounds on what is read of a body.
const (
	maxWords = 1 << 10
	bodyWait = time.Second
)

// beginning returns the first kilobyte of a body, or what comes of it within a second.
func beginning(res *http.Response) string {
	if res.StatusCode == http.StatusSwitchingProtocols {
		return ""
	}
	timer := time.AfterFunc(bodyWait, func() { _ = res.Body.Close() })
	defer timer.Stop()
	var body io.Reader = io.LimitReader(res.Body, 16*maxWords)
	if strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return ""
		}
		body = unpacked
	}
	text, _ := io.ReadAll(io.LimitReader(body, maxWords)) // What came before an error counts.
	return string(text)
}

// isSafe reports whether a request with the method writes nothing (RFC 9110, section 9.2.1).
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// dress adds what is not the call's own: the name of the tool, and that a browser
// takes compressed answers, for some servers lose Vary where they compress.
func dress(r *http.Request) {
	if r.Header["User-Agent"] == nil {
		r.Header.Set("User-Agent", userAgent)
	}
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
}

// trace counts the attempts, and takes down the address at the other end of a connection
// that is direct.
func (c *client) trace(ctx context.Context, direct bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			c.attempts++
			if host, _, err := net.SplitHostPort(info.Conn.RemoteAddr().String()); err == nil && direct {
				c.remote = host
			}
		},
	})
}

// sendCounted sends r, and adds to sent how often it went out: net/http repeats a safe
// request if an old connection breaks, but never on a new one. So the last of most requests
// gets a new one.
func (c *client) sendCounted(r *http.Request, sent *int, most int) (*exchange, error) {
	if *sent == most-1 {
		c.close()
	}
	before := c.attempts
	x, err := c.send(r)
	*sent += max(1, c.attempts-before)
	return x, err
}

// explainFailure says why there was no answer, and what to do. Scripts see the
// same "Failed to fetch" as for a call that CORS blocks.
func (c *client) explainFailure(method, url string, err error) error {
	id, text := c.explainNetwork(err)
	return &networkError{fmt.Sprintf("no answer to %s %s: %s", method, url, text), id, err}
}

// A networkError is an error in words for people.
type networkError struct {
	text  string
	id    string // for programs
	cause error
}

func (e *networkError) Error() string { return e.text }
func (e *networkError) Unwrap() error { return e.cause }

// errorID tells programs what kind of error there is.
func errorID(err error) string {
	var (
		usage   usageError
		network *networkError
	)
	switch {
	case errors.As(err, &usage):
		return "usage"
	case errors.As(err, &network):
		return network.id
	case errors.Is(err, errLate):
		return "limit"
	}
	return "internal"
}

// explainNetwork returns an id for programs, and a text for people.
func (c *client) explainNetwork(err error) (id, text string) {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		verify    *tls.CertificateVerificationError
	)
	const looksLikeCORS = " Browsers refuse it as well, and show the page the same error as for CORS; no header helps."
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", fmt.Sprintf("the server did not answer within %v. Set another limit with -m", c.limit)
	case errors.As(err, &dns) && !dns.IsNotFound:
		return "dns", fmt.Sprintf("the name server did not answer for the host %s (DNS)", quote(dns.Name))
	case errors.As(err, &dns):
		return "dns", fmt.Sprintf("the host %s has no address (DNS). Check its spelling", quote(dns.Name))
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection-refused", "the connection was refused. Is the server running, and on this port?"
	case errors.As(err, &record):
		return "no-tls", "the server does not speak TLS on this port. Should the URL begin with http://?"
	case errors.As(err, &authority):
		return "certificate", "the certificate is signed by nobody that this machine trusts." + looksLikeCORS +
			" Check anyway with -k"
	case errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verify):
		return "certificate", fmt.Sprintf("the certificate is not valid: %v.%s Check anyway with -k",
			err, looksLikeCORS)
	case strings.Contains(err.Error(), "tls: ") && c.wanted:
		return "client-certificate", "the server wants a certificate of its client (mTLS), and got none. " +
			"Browsers send none with a preflight: let OPTIONS pass without one"
	case strings.Contains(err.Error(), "tls: protocol version not supported"),
		strings.Contains(err.Error(), "tls: server selected unsupported protocol version"):
		return "tls", "the server speaks no TLS that browsers take: they want 1.2 or newer." + looksLikeCORS
	case errors.As(err, &alert), strings.HasPrefix(err.Error(), "remote error: tls: "):
		return "tls", fmt.Sprintf("TLS failed: %s.%s",
			strings.TrimPrefix(err.Error(), "remote error: "), looksLikeCORS)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE):
		return "closed", "the server closed the connection without an answer"
	}
	return explainText(err.Error())
}

// explainText explains errors that net/http has no type for.
func explainText(text string) (id, words string) {
	switch {
	case strings.Contains(text, "server closed idle connection"): // before the request was written
		return "closed", "the server closed the connection without an answer"
	case strings.Contains(text, "stream error: "), strings.Contains(text, "http2: server sent GOAWAY"),
		strings.Contains(text, "http2: client connection"):
		return "http2", "the server broke off the HTTP/2 stream without an answer" + http2Code(text)
	case strings.HasPrefix(text, "connection error: "):
		return "http2", "the server broke the rules of HTTP/2, or its header is longer than 1 MB" + http2Code(text)
	case strings.Contains(text, "malformed MIME header"):
		if m := headerLine.FindStringSubmatch(text); m != nil {
			return "malformed-answer", fmt.Sprintf("the header %s of the answer has a control character in it, "+
				"which is not allowed. Chromium takes it, and this tool cannot: take it out", quote(m[1]))
		}
		return "malformed-answer", "a header line of the answer is malformed: " +
			text[strings.Index(text, "malformed MIME header"):]
	case strings.Contains(text, "multiple Content-Length"):
		return "malformed-answer", "the answer has two lines of Content-Length that differ. Browsers refuse it as well"
	case strings.Contains(text, "malformed HTTP"),
		strings.Contains(text, "readLoopPeekFail"): // if it speaks first
		return "no-http", "the server does not speak HTTP"
	case strings.Contains(text, "response headers exceeded"), strings.Contains(text, "response header list larger"):
		return "header-too-long", fmt.Sprintf("the header of the answer is longer than %d MB", maxHeader>>20)
	case strings.HasPrefix(text, "proxyconnect "):
		return "proxy", "the proxy of the environment (HTTPS_PROXY) did not connect: " +
			text[strings.LastIndex(text, ": ")+2:]
	}
	return "network", strings.TrimPrefix(text, "net/http: HTTP/1.x transport connection broken: ")
}

var headerLine = regexp.MustCompile(`malformed MIME header line: "?([^": ]+):`)

// http2Code returns the error code of HTTP/2 in a text (RFC 9113, section 7), in brackets.
func http2Code(text string) string {
	if code := http2ErrorCode.FindString(text); code != "" {
		return " (" + code + ")"
	}
	return ""
}

var http2ErrorCode = regexp.MustCompile(`\b[A-Z0-9_]{8,}\b`)

// Package corstest plays the browser's half of CORS against an [http.Handler]:
// it sends what a browser would send when a script of some origin calls a URL,
// judges the responses as a browser would, and says whether the script may read
// the answer or which step, and which header, kept it from doing so.
//
//	res, err := corstest.Fetch(handler, corstest.Request{
//		Origin: "https://app.example",
//		Method: "PUT",
//		URL:    "https://api.example/users/7",
//		Header: http.Header{"Content-Type": {"application/json"}},
//		Body:   strings.NewReader(`{"name":"Ada"}`),
//	})
//
// An err that is a [*BlockedError] is a refusal by the browser. One that is an
// [*UnsendableError] means that no script could send the request at all. Nothing
// here knows which CORS middleware the handler has, if any: the responses alone
// decide.
//
// [Fetch] is a browser that has just been started. A [Browser] remembers the
// answers to preflights, as the Fetch standard has it or as one of the engines
// does. With a [Browser.Transport] it calls a live server, written in any language.
//
// # What is not simulated
//
// Requests carry what CORS is about, and Accept, Content-Length and cookies;
// User-Agent, Referer, Accept-Encoding, Accept-Language and the Sec-Fetch headers
// are left out, and so is the Date of responses. There is no HTTP cache, no
// network, no TLS handshake, no mixed-content rule and no permission prompt, and
// every request is of the kind that fetch and XMLHttpRequest send: neither a form's
// nor a WebSocket's. URLs are taken as written: without "." and ".." in the path,
// and with hosts in the form that browsers give them, 127.0.0.1 rather than 127.1.
package corstest

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// A Request is a call that a script makes, with fetch or an XMLHttpRequest. The
// zero value is a GET of https://api.example/ by a page of the same origin.
type Request struct {
	// Origin is that of the page, serialized as browsers do: "https://a.example",
	// "http://localhost:3000". It is "null" for an opaque origin, say that of a
	// sandboxed frame. If it is empty or the URL's own, the call is same-origin
	// and CORS has no part in it.
	Origin string

	// Method is the name that the script wrote; "" means GET. Browsers
	// upper-case some names and not others: "put" is sent as PUT, "patch" as patch.
	Method string

	// URL is absolute, or a reference such as "/users?page=2", which is resolved
	// against https://api.example/. Its host is the Host of the requests; every
	// host is served by the one handler.
	URL string

	// Header has the headers that the script sets, in any case. Several values of
	// one name are several headers, each of which is judged by itself. An
	// Authorization header is one like any other, whatever Credentials says.
	Header http.Header

	// Credentials is true for fetch's credentials mode "include" and for an
	// XMLHttpRequest's withCredentials; false is fetch's default, "same-origin".
	Credentials bool

	// Cookies are those that the browser holds for the host of URL. They are sent
	// if Credentials is true or the call is same-origin, and never with a
	// preflight. Cookies that responses set are not kept.
	Cookies []*http.Cookie

	// Body is sent with the request; nil means none. It is read to its end before
	// anything is sent, and brings no Content-Type of its own: say
	// "text/plain;charset=UTF-8" in Header for what fetch does with a string.
	Body io.Reader

	// UploadListener is true if the script listens for the progress of the upload
	// or streams the body, both of which demand a preflight.
	UploadListener bool
}

// A Result is what came of a [Request].
type Result struct {
	// Preflight is the answer to the last preflight; nil if none was sent, be it
	// that none was needed or that the cache knew the answer.
	Preflight *http.Response

	// Response is the last response to the request itself, redirects included.
	// It is nil if a preflight failed, so that the request was never sent, and if
	// the request got no response.
	Response *http.Response

	// Header has what the script may read of the headers of Response: all but
	// cookies if the call is same-origin, else the safelisted ones and what
	// Access-Control-Expose-Headers adds. It is nil if the call was blocked.
	Header http.Header

	// Exchanges has everything that was sent, in order. Only redirects make it
	// longer than a preflight and a request.
	Exchanges []Exchange
}

// An Exchange is one HTTP request of a browser and the response to it.
type Exchange struct {
	// Preflight is true if the request is a preflight.
	Preflight bool

	// Request is a copy of what the handler or the transport was given, its URL
	// absolute.
	Request *http.Request

	// Response is nil if the handler gave none, but panicked with
	// [http.ErrAbortHandler], or if the transport failed. Its body can be read
	// once, and need not be closed. See [Browser.Transport] for what is kept of it.
	Response *http.Response
}

// Fetch makes one call with a new [Browser] that keeps to the standard and has
// an empty preflight cache. See [Browser.Fetch].
func Fetch(h http.Handler, r Request) (*Result, error) {
	b := Browser{Handler: h}
	return b.Fetch(r)
}

// A Browser makes calls, one after the other or at once, and remembers the
// answers to its preflights. Set Handler or Transport; all other fields may be
// zero. Do not change a field while calls are under way. Apart from that, a
// Browser is safe for concurrent use.
type Browser struct {
	// Handler serves every request, on the goroutine that calls Fetch. It is not
	// used if Transport is set.
	Handler http.Handler

	// Transport, if not nil, sends every request to a live server, at the host of
	// its URL. Use the Transport of [net/http/httptest.Server.Client] for a server
	// of a test, and an [http.Transport] for others; set its
	// MaxResponseHeaderBytes for servers that you do not trust.
	//
	// The requests carry the headers of the simulated browser and
	// "Accept-Encoding: identity", but none that net/http adds by itself, such as
	// User-Agent. No cookies are kept, and each redirect is a request of its own.
	// Informational (1xx) responses are skipped.
	//
	// Of each response body the first 256 KiB are kept, as far as they arrive in
	// the first second after the header. Reading on returns an error. So endless
	// streams do no harm, and nothing stays open when Fetch returns. Bound the
	// wait for the header with the context of [Browser.FetchContext].
	//
	// If Transport returns an error, Fetch returns it in a [*TransportError].
	Transport http.RoundTripper

	// Engine says whose behaviour to follow where engines depart from the
	// standard, and how long answers are kept at most.
	Engine Engine

	// Now is the clock of the preflight cache; nil means time.Now.
	Now func() time.Time

	mu    sync.Mutex
	cache preflightCache
}

// Fetch sends what a browser would send for r, and judges the responses
// (https://fetch.spec.whatwg.org/#http-fetch). Redirects of the request are
// followed, up to 20 of them; those of a preflight block it.
//
// The error is nil if the script may read the response, whatever its status. It
// is a [*BlockedError] if the browser keeps the response from the script, and a
// [*TransportError] if Transport got no response. In both cases the Result says
// what was sent. Otherwise the Result is nil and nothing was sent: the error is an
// [*UnsendableError] for a request that no script can make, or what reading the
// body returned.
//
// A handler that panics does so through Fetch, but for [http.ErrAbortHandler],
// which is a connection broken off and blocks the call.
func (b *Browser) Fetch(r Request) (*Result, error) {
	return b.FetchContext(context.Background(), r)
}

// FetchContext is like [Browser.Fetch], with a context for all requests of the
// call. Handler sees it as the parent of their contexts. With Transport, the call
// fails with a [*TransportError] when ctx ends before the header of a response
// has arrived.
func (b *Browser) FetchContext(ctx context.Context, r Request) (*Result, error) {
	if b.Handler == nil && b.Transport == nil {
		panic("corstest: a Browser needs a Handler or a Transport")
	}
	c, err := b.newCall(ctx, r)
	if err != nil {
		return nil, err
	}
	return &c.result, c.fetch()
}

func (b *Browser) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}

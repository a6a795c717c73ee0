// Package corstest plays the browser in tests of CORS. It sends an [http.Handler]
// what a browser sends when a script calls a URL, judges the responses as a
// browser does, and says whether the script may read the answer. If not, it names
// the step that failed and the header to blame.
//
//	res, err := corstest.Fetch(handler, corstest.Request{
//		Origin: "https://app.example",
//		Method: "PUT",
//		URL:    "https://api.example/users/7",
//		Header: http.Header{"Content-Type": {"application/json"}},
//		Body:   strings.NewReader(`{"name":"Ada"}`),
//	})
//
// If err is a [*BlockedError], the browser refuses. If it is an
// [*UnsendableError], no script can send the request at all. The package judges
// by the responses alone: it works with any CORS middleware, and with none.
//
// [Fetch] is a browser that was just started. A [Browser] remembers the answers to
// preflights, as the Fetch standard says or as one of the engines does. With a
// [Browser.Transport] it calls a live server, written in any language.
//
// Requests carry the Sec-Fetch headers of Fetch Metadata
// (https://www.w3.org/TR/fetch-metadata/). So, with a [Mode] other than CORS, the
// package also tests protections against cross-site request forgery, such as
// [http.CrossOriginProtection]. It knows the Public Suffix List.
//
// # What is not simulated
//
// Requests have no User-Agent, Referer, Accept-Encoding, Accept-Language,
// Upgrade-Insecure-Requests or Sec-Fetch-User, and the responses of a Handler have no
// Date. The page has the default referrer policy. There is no HTTP cache, no
// mixed-content rule, no SameSite rule for cookies and no
// Cross-Origin-Resource-Policy. There are no requests of images, scripts, frames or
// WebSockets.
//
// Local Network Access is not simulated. Chromium, since version 142, asks its user
// before a page of a public site may call a private or loopback address, such as
// 192.168.0.1 or localhost. If the user refuses, the call fails and the console
// speaks of CORS, but no response header helps.
//
// Write URLs in their normal form: without "." and ".." in the path, and with hosts
// as browsers write them, 127.0.0.1 rather than 127.1.
package corstest

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// A Request is a call that a script makes with fetch or XMLHttpRequest. The zero
// value is a GET of https://api.example/ by a page of the same origin.
type Request struct {
	// Origin is the origin of the page, written as browsers write it:
	// "https://a.example", "http://localhost:3000". Use "null" for an opaque
	// origin, such as that of a sandboxed frame. If Origin is empty or the origin
	// of URL, the call is same-origin and CORS does not apply.
	Origin string

	// Mode is the way in which the page makes the call; "" means [ModeCORS]. Use
	// [ModeNoCORS] or [ModeNavigate] for what a page can send without permission.
	Mode Mode

	// Method is the method as the script wrote it; "" means GET. Browsers
	// upper-case only some names: they send "put" as PUT, but "patch" as patch.
	Method string

	// URL is absolute, or relative to https://api.example/, as "/users?page=2" is.
	// Its host becomes the Host of the requests. A Handler serves every host.
	URL string

	// Header holds the headers that the script sets, with names in any case. Several
	// values of one name are several headers. By the standard each is judged by
	// itself; the engines join them with commas. Authorization is an ordinary header,
	// independent of Credentials.
	//
	// A value is what the script writes: a string in UTF-8. Browsers strip the space
	// around it and send one byte for each character: é becomes 0xe9. A character
	// beyond U+00FF leads to an [*UnsendableError]. A value that is not UTF-8 is taken
	// for the bytes themselves.
	Header http.Header

	// Credentials is true for fetch with credentials "include", for XMLHttpRequest
	// with withCredentials, and for sendBeacon. False is fetch's default,
	// "same-origin".
	Credentials bool

	// Cookies are the cookies that the browser has for the host of URL, and that
	// their SameSite attribute lets it send. They are sent if Credentials is true or
	// the call is same-origin, and never with a preflight. Cookies that responses
	// set are not kept.
	Cookies []*http.Cookie

	// Body is the body of the request; nil means none. Fetch reads it to its end
	// before it sends anything. Set Content-Type in Header yourself: for a string,
	// fetch uses "text/plain;charset=UTF-8".
	Body io.Reader

	// UploadListener makes browsers send a preflight whatever the request. Set it if the
	// script listens for the progress of the upload of an XMLHttpRequest, as with
	// upload.onprogress. Set it as well if the body given to fetch is a ReadableStream,
	// which Chromium alone can send, over HTTP/2.
	UploadListener bool

	// CacheMode is the option "cache" of fetch; "" means [CacheModeDefault].
	CacheMode CacheMode
}

// A Result says what came of a [Request].
type Result struct {
	// Preflight is the response to the last preflight. It is nil if no preflight
	// was sent: none was needed, or the cache had the answer.
	Preflight *http.Response

	// Response is the last response to the request itself, after redirects. It is
	// nil if the request was not sent, because a preflight failed, or if it got no
	// response.
	Response *http.Response

	// Header holds the headers of Response that the script may read. In a
	// same-origin call these are all headers but cookies. Otherwise they are the
	// safelisted ones and those that Access-Control-Expose-Headers lists. Header is
	// nil if the script may read nothing: the call was blocked, or its Mode does
	// not let the page read the response.
	Header http.Header

	// Exchanges holds everything that was sent, in order. It is longer than one
	// preflight and one request only if there were redirects.
	Exchanges []Exchange
}

// An Exchange is one HTTP request of a browser and the response to it.
type Exchange struct {
	// Preflight is true if the request is a preflight.
	Preflight bool

	// Request is a copy of what was sent, with an absolute URL.
	Request *http.Request

	// Response is nil if the handler panicked with [http.ErrAbortHandler] or the
	// transport failed. Its body can be read once and need not be closed. See
	// [Browser.Transport] for how much of it is kept.
	Response *http.Response
}

// Fetch makes one call with a new [Browser] that follows the standard. See
// [Browser.Fetch].
func Fetch(h http.Handler, r Request) (*Result, error) {
	b := Browser{Handler: h}
	return b.Fetch(context.Background(), r)
}

// A Browser makes calls and remembers the answers to its preflights. Set Handler
// or Transport; all other fields may be zero. A Browser is safe for concurrent use
// as long as nobody changes its fields.
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
	// "Accept-Encoding: identity". They have none of those that net/http adds by
	// itself, such as User-Agent. No cookies are kept, and each redirect is a
	// request of its own. Informational (1xx) responses are skipped.
	//
	// Fetch keeps the first 256 KiB of each response body, and waits for them for
	// one second after the header. Reading further returns an error. So endless
	// streams do no harm, and nothing stays open when Fetch returns. Bound the
	// wait for the header with the context that Fetch takes.
	//
	// An [http.Transport] neither sends nor takes control characters in the values of
	// headers. Browsers do, so use another RoundTripper to test that.
	//
	// If Transport returns an error, Fetch returns it in a [*TransportError].
	Transport http.RoundTripper

	// Engine says which browser to play where browsers depart from the standard.
	// It also sets how long answers to preflights are kept at most.
	Engine Engine

	// Now is the clock of the preflight cache; nil means time.Now.
	Now func() time.Time

	mu    sync.Mutex
	cache preflightCache
}

// Fetch sends what a browser would send for r, and judges the responses
// (https://fetch.spec.whatwg.org/#http-fetch). It follows up to 20 redirects of
// the request. A redirect of a preflight blocks the call.
//
// A Handler gets contexts derived from ctx. With Transport, ctx bounds all requests
// of the call: it fails with a [*TransportError] if ctx ends before the header of a
// response arrives.
//
// The error is nil if the script may read the response, whatever its status, and
// if the Mode does not let it read any response. It is a [*BlockedError] if the
// browser hides the response from the script, and a [*TransportError] if Transport
// got no response. In both cases the Result says what was sent. For any other error
// the Result is nil, and nothing was sent: an [*UnsendableError] means that no
// script can make the request; all else is an error of reading the body.
//
// A panic of the handler goes through Fetch to its caller. Only
// [http.ErrAbortHandler] does not: it breaks off the connection, which blocks the
// call.
func (b *Browser) Fetch(ctx context.Context, r Request) (*Result, error) {
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

package corstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// The bounds on the body of a response from a live server.
const (
	maxLiveBody = 256 << 10
	maxBodyWait = time.Second
)

var (
	errLongBody = fmt.Errorf("corstest: the body is longer than the %d bytes that are kept", maxLiveBody)
	errSlowBody = fmt.Errorf("corstest: the body did not end within %v, and the rest is dropped", maxBodyWait)
)

// A TransportError reports that [Browser.Transport] got no response: the server
// could not be reached, or it did not answer with HTTP. A page would see the
// same failure as for a blocked call, but the cause is not CORS.
type TransportError struct {
	Preflight bool   // the request was a preflight
	Method    string // the method of that request: OPTIONS for a preflight
	URL       string // the URL of that request
	Err       error  // what the transport returned
}

// Error names the request and gives the error of the transport.
func (e *TransportError) Error() string {
	request := "request"
	if e.Preflight {
		request = "preflight"
	}
	return fmt.Sprintf("corstest: %s %s: no response to the %s: %v", e.Method, e.URL, request, e.Err)
}

// Unwrap returns the error of the transport.
func (e *TransportError) Unwrap() error { return e.Err }

// roundTrip sends one request to a live server. sent is left as it is, and
// becomes the Request of the response. Nothing stays open when roundTrip returns.
func (b *Browser) roundTrip(ctx context.Context, sent *http.Request, body []byte) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := sent.Clone(ctx)
	out.Body = newBody(body)
	out.GetBody = func() (io.ReadCloser, error) { return newBody(body), nil }
	if out.Header["User-Agent"] == nil {
		out.Header["User-Agent"] = nil // Without this, net/http adds one of its own.
	}
	res, err := b.Transport.RoundTrip(out)
	switch {
	case err != nil:
		return nil, err
	case res == nil:
		return nil, errors.New("the RoundTripper returned neither a response nor an error")
	case res.Body == nil:
		res.Body = http.NoBody
	}
	defer func(live io.Closer) { _ = live.Close() }(res.Body)
	if res.StatusCode == http.StatusSwitchingProtocols {
		res.Body = http.NoBody // what follows is in another protocol
	}
	timer := time.AfterFunc(maxBodyWait, func() { cancel(errSlowBody) })
	defer timer.Stop()
	kept, err := io.ReadAll(io.LimitReader(res.Body, maxLiveBody+1))
	switch {
	case len(kept) > maxLiveBody:
		kept, err = kept[:maxLiveBody], errLongBody
	case err != nil && context.Cause(ctx) == errSlowBody:
		err = errSlowBody
	}
	res.Body = newBody(kept)
	if err != nil {
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(kept), failingReader{err}))
	}
	res.Request = sent
	return res, nil
}

// A failingReader has nothing but an error.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

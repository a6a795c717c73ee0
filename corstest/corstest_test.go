package corstest_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	origin = "https://a.example"
	api    = "https://api.example"
)

// A server answers whatever a test wants and logs what it was asked.
type server struct {
	preflight       http.Header // of the answers to preflights
	preflightStatus int         // 0 means 204
	response        http.Header // of all other responses
	status          int         // 0 means 200
	log             []string    // "preflight PUT x-a,x-b" or "PUT"
	requests        []*http.Request
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, r)
	header, status := s.response, s.status
	if m := r.Header["Access-Control-Request-Method"]; r.Method == "OPTIONS" && m != nil {
		header, status = s.preflight, s.preflightStatus
		if status == 0 {
			status = 204
		}
		names := strings.Join(r.Header["Access-Control-Request-Headers"], "|")
		s.log = append(s.log, strings.TrimSpace("preflight "+m[0]+" "+names))
	} else {
		s.log = append(s.log, r.Method)
	}
	for name, lines := range header {
		w.Header()[name] = lines
	}
	if status != 0 {
		w.WriteHeader(status)
	}
}

// allowing returns a server that allows a.example and the lists that are not "".
func allowing(methods, headers string) *server {
	s := &server{
		preflight: http.Header{
			"Access-Control-Allow-Origin":      {origin},
			"Access-Control-Allow-Credentials": {"true"},
			"Access-Control-Max-Age":           {"600"},
		},
		response: http.Header{
			"Access-Control-Allow-Origin":      {origin},
			"Access-Control-Allow-Credentials": {"true"},
		},
	}
	if methods != "" {
		s.preflight.Set("Access-Control-Allow-Methods", methods)
	}
	if headers != "" {
		s.preflight.Set("Access-Control-Allow-Headers", headers)
	}
	return s
}

// header returns a header with a "1" under each name.
func header(names ...string) http.Header {
	h := make(http.Header)
	for _, name := range names {
		h[name] = []string{"1"}
	}
	return h
}

func requireBlocked(t *testing.T, err error) *corstest.BlockedError {
	t.Helper()
	var blocked *corstest.BlockedError
	require.ErrorAs(t, err, &blocked)
	return blocked
}

func requireUnsendable(t *testing.T, err error) *corstest.UnsendableError {
	t.Helper()
	var unsendable *corstest.UnsendableError
	require.ErrorAs(t, err, &unsendable)
	return unsendable
}

func TestPreflightAndRequestAsSent(t *testing.T) {
	s := allowing("PUT", "Content-Type, X-B, X-A, Authorization")
	s.response["Content-Type"] = []string{"application/json"}
	res, err := corstest.Fetch(s, corstest.Request{
		Origin: origin,
		Method: "put",
		URL:    "/users/7?x=1#fragment",
		Header: http.Header{
			"x-b":           {"2"},
			"X-A":           {" 1 ", "one"},
			"Content-Type":  {"application/json"},
			"AUTHORIZATION": {"Bearer t"},
		},
		Cookies: []*http.Cookie{{Name: "session", Value: "s"}},
		Body:    strings.NewReader("{}"),
	})
	require.NoError(t, err)
	require.Len(t, s.requests, 2)
	require.Len(t, res.Exchanges, 2)

	preflight := s.requests[0]
	assert.Equal(t, "OPTIONS", preflight.Method)
	assert.Equal(t, "/users/7?x=1", preflight.RequestURI)
	assert.Equal(t, "api.example", preflight.Host)
	assert.Equal(t, http.Header{
		"Accept":                         {"*/*"},
		"Origin":                         {origin},
		"Access-Control-Request-Method":  {"PUT"},
		"Access-Control-Request-Headers": {"authorization,content-type,x-a,x-b"},
		"Sec-Fetch-Dest":                 {"empty"},
		"Sec-Fetch-Mode":                 {"cors"},
		"Sec-Fetch-Site":                 {"cross-site"},
	}, preflight.Header)
	assert.Zero(t, preflight.ContentLength)

	request := s.requests[1]
	assert.Equal(t, "PUT", request.Method)
	assert.Equal(t, &url.URL{Path: "/users/7", RawQuery: "x=1"}, request.URL)
	assert.NotEmpty(t, request.RemoteAddr)
	assert.True(t, request.TLS.HandshakeComplete)
	assert.Equal(t, "api.example", request.TLS.ServerName)
	assert.Equal(t, http.Header{
		"Accept":         {"*/*"},
		"Authorization":  {"Bearer t"},
		"Content-Length": {"2"},
		"Content-Type":   {"application/json"},
		"Origin":         {origin},
		"Sec-Fetch-Dest": {"empty"},
		"Sec-Fetch-Mode": {"cors"},
		"Sec-Fetch-Site": {"cross-site"},
		"X-A":            {"1", "one"},
		"X-B":            {"2"},
	}, request.Header)
	assert.Equal(t, int64(2), request.ContentLength)
	body, err := io.ReadAll(request.Body)
	require.NoError(t, err)
	assert.Equal(t, "{}", string(body))

	assert.Equal(t, 204, res.Preflight.StatusCode)
	assert.Equal(t, 200, res.Response.StatusCode)
	assert.Equal(t, "200 OK", res.Response.Status)
	for i, x := range res.Exchanges {
		assert.Equal(t, i == 0, x.Preflight)
		assert.Equal(t, api+"/users/7?x=1", x.Request.URL.String())
		assert.Equal(t, s.requests[i].Header, x.Request.Header)
		assert.Same(t, x.Request, x.Response.Request)
	}
	assert.Same(t, res.Preflight, res.Exchanges[0].Response)
	assert.Same(t, res.Response, res.Exchanges[1].Response)
}

func TestExchangesAreCopies(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		r.Header.Set("X-A", "changed")
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("X-B", "1")
		_, err = io.WriteString(w, "hello")
		require.NoError(t, err)
		w.Header().Set("X-B", "changed")
	})
	res, err := corstest.Fetch(h, corstest.Request{Origin: origin, Method: "POST", Body: strings.NewReader("body")})
	require.NoError(t, err)
	assert.Empty(t, res.Exchanges[0].Request.Header["X-A"])
	assert.Equal(t, "1", res.Response.Header.Get("X-B"))
	body, err := io.ReadAll(res.Exchanges[0].Request.Body)
	require.NoError(t, err)
	assert.Equal(t, "body", string(body))
	body, err = io.ReadAll(res.Response.Body)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(body))
	res.Header["Content-Length"][0] = "changed"
	assert.Equal(t, "5", res.Response.Header.Get("Content-Length"))
}

func TestURLs(t *testing.T) {
	for ref, want := range map[string]struct{ host, uri string }{
		"":                              {"api.example", "/"},
		"/":                             {"api.example", "/"},
		"users":                         {"api.example", "/users"},
		"?q":                            {"api.example", "/?q"},
		"/a/../b/./c":                   {"api.example", "/b/c"},
		"/a%2Fb":                        {"api.example", "/a%2Fb"},
		"/a b?c=ü":                      {"api.example", "/a%20b?c=%C3%BC"},
		`/?À "'<>&~%zz[]{|}?/=` + "`+":  {"api.example", "/?%C3%80%20%22%27%3C%3E&~%zz[]{|}?/=`+"},
		"//other.example/x":             {"other.example", "/x"},
		"https://x.example":             {"x.example", "/"},
		"https://x.example?":            {"x.example", "/?"},
		"https://X.Example:443/":        {"x.example", "/"},
		"http://x.example:80/":          {"x.example", "/"},
		"http://x.example:443/":         {"x.example:443", "/"},
		"http://x.example:/":            {"x.example", "/"},
		"http://localhost:05000/":       {"localhost:5000", "/"},
		" https://x.example/\n":         {"x.example", "/"},
		"http://[::1]:8080/":            {"[::1]:8080", "/"},
		"http://[0:0:0:0:0:0:0:1]/":     {"[::1]", "/"},
		"http://[::FFFF:192.0.2.1]/":    {"[::ffff:c000:201]", "/"},
		"https://foo_bar.example./":     {"foo_bar.example.", "/"},
		"https://x.example/a/b/../../c": {"x.example", "/c"},
	} {
		t.Run(ref, func(t *testing.T) {
			s := allowing("", "")
			_, err := corstest.Fetch(s, corstest.Request{Origin: origin, URL: ref})
			require.NoError(t, err)
			assert.Equal(t, want.host, s.requests[0].Host)
			assert.Equal(t, want.uri, s.requests[0].RequestURI)
			assert.Equal(t, strings.Contains(ref, "http:"), s.requests[0].TLS == nil)
		})
	}
}

func TestSameOrigin(t *testing.T) {
	for name, tc := range map[string]struct {
		request corstest.Request
		origin  []string
	}{
		"GET":           {corstest.Request{}, nil},
		"HEAD":          {corstest.Request{Method: "HEAD"}, nil},
		"POST":          {corstest.Request{Method: "POST"}, []string{api}},
		"PUT":           {corstest.Request{Method: "PUT"}, []string{api}},
		"custom header": {corstest.Request{Header: header("X-A")}, nil},
		"upload":        {corstest.Request{Method: "POST", UploadListener: true}, []string{api}},
		"credentials":   {corstest.Request{Credentials: true}, nil},
		"spelled out":   {corstest.Request{Origin: "https://api.example", URL: "https://API.example:443/"}, nil},
		"with port": {
			corstest.Request{Method: "PUT", Origin: "http://localhost:5000", URL: "http://localhost:5000/"},
			[]string{"http://localhost:5000"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{response: http.Header{"X-B": {"1"}, "Set-Cookie": {"a=b"}, "Set-Cookie2": {"a=b"}}}
			tc.request.Cookies = []*http.Cookie{{Name: "session", Value: "s"}}
			res, err := corstest.Fetch(s, tc.request)
			require.NoError(t, err)
			assert.Nil(t, res.Preflight)
			require.Len(t, s.requests, 1)
			assert.Equal(t, tc.origin, s.requests[0].Header["Origin"])
			assert.Equal(t, []string{"session=s"}, s.requests[0].Header["Cookie"])
			assert.Equal(t, "1", res.Header.Get("X-B"), "everything is readable")
			assert.NotContains(t, res.Header, "Set-Cookie")
			assert.NotContains(t, res.Header, "Set-Cookie2")
		})
	}
}

func TestCrossOrigin(t *testing.T) {
	for name, tc := range map[string]struct{ origin, url string }{
		"host":      {"https://a.example", "https://b.example/"},
		"scheme":    {"http://a.example", "https://a.example/"},
		"port":      {"http://a.example:8080", "http://a.example/"},
		"subdomain": {"https://a.example", "https://x.a.example/"},
		"opaque":    {"null", "https://a.example/"},
		"app":       {"capacitor://localhost", "https://localhost/"},
		"dot":       {"https://a.example.", "https://a.example/"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{response: http.Header{"Access-Control-Allow-Origin": {tc.origin}}}
			_, err := corstest.Fetch(s, corstest.Request{Origin: tc.origin, URL: tc.url})
			require.NoError(t, err)
			assert.Equal(t, []string{tc.origin}, s.requests[0].Header["Origin"])

			s.response = nil
			_, err = corstest.Fetch(s, corstest.Request{Origin: tc.origin, URL: tc.url})
			assert.Equal(t, corstest.StepCheck, requireBlocked(t, err).Step)
		})
	}
}

func TestCookies(t *testing.T) {
	r := corstest.Request{
		Origin:  origin,
		Method:  "PUT",
		Cookies: []*http.Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
	}
	for _, credentials := range []bool{false, true} {
		s := allowing("PUT", "")
		r.Credentials = credentials
		_, err := corstest.Fetch(s, r)
		require.NoError(t, err)
		require.Len(t, s.requests, 2)
		assert.Nil(t, s.requests[0].Header["Cookie"], "preflights never carry cookies")
		if credentials {
			assert.Equal(t, []string{"a=1; b=2"}, s.requests[1].Header["Cookie"])
		} else {
			assert.Nil(t, s.requests[1].Header["Cookie"])
		}
	}
}

func TestMethods(t *testing.T) {
	for written, sent := range map[string]string{
		"": "GET", "get": "GET", "head": "HEAD", "Post": "POST", "put": "PUT", "delete": "DELETE", "options": "OPTIONS",
		"patch": "patch", "Patch": "Patch", "PATCH": "PATCH", "query": "query", "chicken": "chicken",
	} {
		t.Run(written, func(t *testing.T) {
			s := allowing(sent, "")
			_, err := corstest.Fetch(s, corstest.Request{Origin: origin, Method: written})
			require.NoError(t, err)
			last := s.requests[len(s.requests)-1]
			assert.Equal(t, sent, last.Method)
			safelisted := sent == "GET" || sent == "HEAD" || sent == "POST"
			if safelisted {
				assert.Equal(t, []string{sent}, s.log)
			} else {
				assert.Equal(t, []string{"preflight " + sent, sent}, s.log)
				assert.NotContains(t, s.requests[0].Header, "Access-Control-Request-Headers")
			}
			wantLength := ""
			if sent == "POST" || sent == "PUT" {
				wantLength = "0"
			}
			assert.Equal(t, wantLength, last.Header.Get("Content-Length"))
		})
	}
}

const noSuchOrigin = "no page has this origin: browsers write scheme://host[:port], lower case, without a default port"

func TestUnsendable(t *testing.T) {
	forbiddenHeader := "browsers forbid scripts to set this header"
	tests := map[string]struct {
		request       corstest.Request
		field, detail string
	}{
		"CONNECT": {
			corstest.Request{Method: "CONNECT"}, "Method", "browsers forbid scripts to use this method",
		},
		"trace": {
			corstest.Request{Method: "trace"}, "Method", "browsers forbid scripts to use this method",
		},
		"Track": {
			corstest.Request{Method: "Track"}, "Method", "browsers forbid scripts to use this method",
		},
		"method": {corstest.Request{Method: "P T"}, "Method", "not a token"},
		"GET with body": {
			corstest.Request{Body: strings.NewReader("")}, "Body", "a request with this method has no body",
		},
		"HEAD with body": {
			corstest.Request{Method: "head", Body: strings.NewReader("")}, "Body", "a request with this method has no body",
		},
		"name":       {corstest.Request{Header: header("X A")}, "Header", "not a token"},
		"empty name": {corstest.Request{Header: header("")}, "Header", "not a token"},
		"value": {
			corstest.Request{Header: http.Header{"X-A": {"a\r\nb"}}}, "Header", "the value has a line break or NUL",
		},
		"NUL": {
			corstest.Request{Header: http.Header{"X-A": {"a\x00b"}}}, "Header", "the value has a line break or NUL",
		},
		"cache mode": {
			corstest.Request{CacheMode: "only-if-cached"}, "CacheMode",
			`the cache mode must be "default", "no-store", "reload", "no-cache" or "force-cache"`,
		},
		"cache mode of a form": {
			corstest.Request{Mode: corstest.ModeNavigate, CacheMode: corstest.CacheModeReload}, "CacheMode",
			"only a script that calls fetch sets one",
		},
		"URL":        {corstest.Request{URL: "https://a b/"}, "URL", "not a URL"},
		"scheme":     {corstest.Request{URL: "ftp://a.example/"}, "URL", "the scheme must be http or https"},
		"no host":    {corstest.Request{URL: "https:///x"}, "URL", "no host"},
		"opaque URL": {corstest.Request{URL: "https:x"}, "URL", "no host"},
		"Unicode host": {
			corstest.Request{URL: "https://bücher.example/"}, "URL", "the host must be written in ASCII, as Punycode",
		},
		"raw byte host": {
			corstest.Request{URL: "https://\x80.example/"}, "URL", "the host must be written in ASCII, as Punycode",
		},
		"IPv6 zone": {corstest.Request{URL: "https://[fe80::1%25eth0]/"}, "URL", "not an IPv6 address"},
		"port":      {corstest.Request{URL: "https://a.example:65536/"}, "URL", "the port is out of range"},
		"userinfo": {
			corstest.Request{URL: "https://u:p@a.example/"}, "URL", "scripts cannot put a user name or password into a URL",
		},
		"override TRACE": {
			corstest.Request{Header: http.Header{"X-HTTP-Method": {"TRACE"}}}, "Header", forbiddenHeader,
		},
		"override track": {
			corstest.Request{Header: http.Header{"x-http-method-override": {"GET, track"}}}, "Header", forbiddenHeader,
		},
		"override third": {
			corstest.Request{Header: http.Header{"X-Method-Override": {`"a,\"b", connect`}}}, "Header", forbiddenHeader,
		},
		"origin case": {
			corstest.Request{Origin: "HTTPS://A.EXAMPLE"}, "Origin", noSuchOrigin + `; did you mean "https://a.example"?`,
		},
		"origin port": {
			corstest.Request{Origin: "https://a.example:443"}, "Origin", noSuchOrigin + `; did you mean "https://a.example"?`,
		},
		"origin slash": {
			corstest.Request{Origin: "http://localhost:3000/"}, "Origin",
			noSuchOrigin + `; did you mean "http://localhost:3000"?`,
		},
		"origin list": {
			corstest.Request{Origin: "https://a.example, https://b.example"}, "Origin", noSuchOrigin,
		},
		"origin host":             {corstest.Request{Origin: "a.example"}, "Origin", noSuchOrigin},
		"origin scheme":           {corstest.Request{Origin: "1s://a.example"}, "Origin", noSuchOrigin},
		"origin no host":          {corstest.Request{Origin: "https://"}, "Origin", noSuchOrigin},
		"origin only dot":         {corstest.Request{Origin: "https://:8080"}, "Origin", noSuchOrigin},
		"origin NULL":             {corstest.Request{Origin: "NULL"}, "Origin", noSuchOrigin},
		"origin zeros":            {corstest.Request{Origin: "https://a.example:08443"}, "Origin", noSuchOrigin},
		"origin big port":         {corstest.Request{Origin: "https://a.example:65536"}, "Origin", noSuchOrigin},
		"origin IPv4 in brackets": {corstest.Request{Origin: "http://[127.0.0.1]"}, "Origin", noSuchOrigin},
		"origin with a zone":      {corstest.Request{Origin: "http://[fe80::1%eth0]"}, "Origin", noSuchOrigin},
		"origin IPv6":             {corstest.Request{Origin: "http://[0:0:0:0:0:0:0:1]:8080"}, "Origin", noSuchOrigin},
		"origin Unicode":          {corstest.Request{Origin: "https://bücher.example"}, "Origin", noSuchOrigin},
		"origin bare":             {corstest.Request{Origin: "://a.example"}, "Origin", noSuchOrigin},
		"origin space":            {corstest.Request{Origin: "https://a b.example"}, "Origin", noSuchOrigin},
		"origin tab":              {corstest.Request{Origin: "https://a\tb.example"}, "Origin", noSuchOrigin},
		"origin DEL":              {corstest.Request{Origin: "https://a\x7fb.example"}, "Origin", noSuchOrigin},
		"origin A": {
			corstest.Request{Origin: "https://bA.example"}, "Origin", noSuchOrigin + `; did you mean "https://ba.example"?`,
		},
		"origin Z": {
			corstest.Request{Origin: "https://bZ.example"}, "Origin", noSuchOrigin + `; did you mean "https://bz.example"?`,
		},
		"origin hash": {
			corstest.Request{Origin: "https://a#b.example"}, "Origin", noSuchOrigin + `; did you mean "https://a"?`,
		},
		"origin path": {
			corstest.Request{Origin: "https://a.example/b"}, "Origin", noSuchOrigin + `; did you mean "https://a.example"?`,
		},
		"origin userinfo": {
			corstest.Request{Origin: "https://u@a.example"}, "Origin", noSuchOrigin + `; did you mean "https://a.example"?`,
		},
	}
	for _, name := range []string{
		"Accept-Charset", "accept-encoding", "Access-Control-Request-Headers", "Access-Control-Request-Method", "Connection",
		"Content-Length", "COOKIE", "Cookie2", "Date", "DNT", "Expect", "Host", "Keep-Alive", "Origin", "Referer",
		"Set-Cookie", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "Proxy-Authorization", "Sec-Fetch-Mode",
		"sec-x",
	} {
		tests["header "+name] = struct {
			request       corstest.Request
			field, detail string
		}{corstest.Request{Header: header(name)}, "Header", forbiddenHeader}
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := &server{}
			res, err := corstest.Fetch(s, tc.request)
			assert.Nil(t, res)
			unsendable := requireUnsendable(t, err)
			assert.Equal(t, tc.field, unsendable.Field)
			assert.Equal(t, tc.detail, unsendable.Detail)
			assert.Empty(t, s.log, "nothing is sent")
		})
	}
}

func TestSendableHeaders(t *testing.T) {
	for name, value := range map[string]string{
		"X-HTTP-Method":          "PATCH",
		"X-HTTP-Method-Override": `"x,TRACE,y"`,
		"X-Method-Override":      "TRACER, get",
		"User-Agent":             "me",
		"Authorization":          "Bearer x",
		"Secret":                 "x",
		"Proxy":                  "x",
	} {
		t.Run(name, func(t *testing.T) {
			s := allowing("", name)
			_, err := corstest.Fetch(s, corstest.Request{Origin: origin, Header: http.Header{name: {value}}})
			require.NoError(t, err)
			assert.Equal(t, []string{"preflight GET " + strings.ToLower(name), "GET"}, s.log)
			assert.Equal(t, value, s.requests[1].Header.Get(name))
		})
	}
	t.Run("no value", func(t *testing.T) {
		s := allowing("", "")
		_, err := corstest.Fetch(s, corstest.Request{Origin: origin, Header: http.Header{"X-A": nil}})
		require.NoError(t, err)
		assert.Equal(t, []string{"GET"}, s.log)
	})
}

func TestOrigins(t *testing.T) {
	for _, o := range []string{
		"http://localhost:3000", "http://127.0.0.1", "http://[::1]:8080", "https://[::ffff:c000:201]",
		"https://foo_bar.example",
		"https://a.example.", "https://xn--bcher-kva.example", "chrome-extension://abcdefgh",
		"safari-web-extension://2AB33852-5B1F", "null", "https://a.example:80",
		"a+b-c.d2://x", "z://x", "https://[2001:db8::1]", "capacitor://localhost:8080",
	} {
		t.Run(o, func(t *testing.T) {
			s := &server{response: http.Header{"Access-Control-Allow-Origin": {o}}}
			_, err := corstest.Fetch(s, corstest.Request{Origin: o})
			require.NoError(t, err)
			assert.Equal(t, []string{o}, s.requests[0].Header["Origin"])
		})
	}
}

func TestBodyThatCannotBeRead(t *testing.T) {
	broken := errors.New("broken")
	s := &server{}
	res, err := corstest.Fetch(s, corstest.Request{Method: "POST", Body: iotest.ErrReader(broken)})
	assert.ErrorIs(t, err, broken)
	assert.Nil(t, res)
	assert.Empty(t, s.log)
}

// A real server ends the request's context with the handler.
func TestContext(t *testing.T) {
	var ended func() error
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ended = r.Context().Err
		assert.NoError(t, ended())
		assert.NotNil(t, r.Context().Done())
	})
	_, err := corstest.Fetch(h, corstest.Request{})
	require.NoError(t, err)
	assert.Error(t, ended())
}

func TestPanics(t *testing.T) {
	panics := func(with any, preflight bool) http.Handler {
		s := allowing("PUT", "")
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if (r.Method == "OPTIONS") == preflight {
				panic(with)
			}
			s.ServeHTTP(w, r)
		})
	}
	r := corstest.Request{Origin: origin, Method: "PUT"}

	assert.PanicsWithValue(t, "oops", func() { _, _ = corstest.Fetch(panics("oops", false), r) })

	res, err := corstest.Fetch(panics(http.ErrAbortHandler, true), r)
	assert.Equal(t, corstest.StepPreflightRequest, requireBlocked(t, err).Step)
	assert.Nil(t, res.Preflight)
	require.Len(t, res.Exchanges, 1)
	assert.True(t, res.Exchanges[0].Preflight)
	assert.Nil(t, res.Exchanges[0].Response)

	res, err = corstest.Fetch(panics(http.ErrAbortHandler, false), r)
	assert.Equal(t, corstest.StepRequest, requireBlocked(t, err).Step)
	assert.NotNil(t, res.Preflight)
	assert.Nil(t, res.Response)
	assert.Nil(t, res.Header)
	assert.Len(t, res.Exchanges, 2)
}

// FailNow of a test calls Goexit, which must not turn into a panic.
func TestGoexit(t *testing.T) {
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() })
	var wg sync.WaitGroup
	returned, panicked := false, any(nil)
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer func() { panicked = recover() }()
		_, _ = corstest.Fetch(h, corstest.Request{})
		returned = true
	}()
	wg.Wait()
	assert.False(t, returned)
	assert.Nil(t, panicked)
}

func TestReadableHeaders(t *testing.T) {
	safelisted := http.Header{
		"Cache-Control":    {"no-store"},
		"Content-Language": {"en"},
		"Content-Length":   {"0"},
		"Content-Type":     {"text/plain"},
		"Expires":          {"0"},
		"Last-Modified":    {"never"},
		"Pragma":           {"x"},
	}
	for name, tc := range map[string]struct {
		expose      []string
		credentials bool
		also        []string
	}{
		"nothing":        {nil, false, nil},
		"one":            {[]string{"X-A"}, false, []string{"X-A"}},
		"any case":       {[]string{"x-a"}, false, []string{"X-A"}},
		"several":        {[]string{"X-A, X-B"}, false, []string{"X-A", "X-B"}},
		"lines":          {[]string{"X-A", "X-B"}, false, []string{"X-A", "X-B"}},
		"empty elements": {[]string{",, X-A ,\t, X-B,"}, false, []string{"X-A", "X-B"}},
		"empty":          {[]string{""}, false, nil},
		"absent header":  {[]string{"X-C"}, false, nil},
		"cookies":        {[]string{"Set-Cookie, Set-Cookie2"}, false, nil},
		"malformed":      {[]string{"X-A, X B"}, false, nil},
		"malformed line": {[]string{"X-A", "X B"}, false, nil},
		"wildcard": {
			[]string{"*"}, false,
			[]string{
				"X-A", "X-B", "*", "Access-Control-Allow-Credentials", "Access-Control-Allow-Origin",
				"Access-Control-Expose-Headers",
			},
		},
		"wildcard among": {
			[]string{"X-A, *"}, false,
			[]string{
				"X-A", "X-B", "*", "Access-Control-Allow-Credentials", "Access-Control-Allow-Origin",
				"Access-Control-Expose-Headers",
			},
		},
		"malformed wildcard":   {[]string{"*, X B"}, false, nil},
		"credentialed":         {[]string{"X-A"}, true, []string{"X-A"}},
		"credentialed literal": {[]string{"*"}, true, []string{"*"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := allowing("", "")
			for name, lines := range safelisted {
				s.response[name] = lines
			}
			for _, name := range []string{"X-A", "X-B", "*", "Set-Cookie", "Set-Cookie2"} {
				s.response[name] = []string{"1"}
			}
			if tc.expose != nil {
				s.response["Access-Control-Expose-Headers"] = tc.expose
			}
			want := safelisted.Clone()
			for _, name := range tc.also {
				want[name] = s.response[name]
			}
			res, err := corstest.Fetch(s, corstest.Request{Origin: origin, Credentials: tc.credentials})
			require.NoError(t, err)
			assert.Equal(t, want, res.Header)
		})
	}
}

func TestEveryStatusIsReadable(t *testing.T) {
	for _, status := range []int{200, 204, 304, 400, 401, 403, 404, 405, 407, 500, 599, 302 /* without Location */} {
		s := allowing("", "")
		s.status = status
		res, err := corstest.Fetch(s, corstest.Request{Origin: origin})
		require.NoError(t, err, status)
		assert.Equal(t, status, res.Response.StatusCode)
	}
}

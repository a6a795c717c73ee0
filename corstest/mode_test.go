package corstest_test

import (
	"net/http"
	"strings"
	"testing"

	"example.com/cors"
	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const urlencoded = "application/x-www-form-urlencoded"

// A write needs no permission, and its response is hidden without an error.
func TestWritesAreSentWithoutPermission(t *testing.T) {
	cookies := []*http.Cookie{{Name: "session", Value: "s"}}
	for name, tc := range map[string]struct {
		request  corstest.Request
		metadata string
		origin   []string
		accept   string
		cookies  bool
	}{
		"no-cors": {
			corstest.Request{
				Mode: corstest.ModeNoCORS, Origin: origin, Method: "post", Header: http.Header{"Content-Type": {"text/plain"}},
			},
			"cross-site no-cors empty", []string{origin}, "*/*", false,
		},
		"no-cors GET": {
			corstest.Request{Mode: corstest.ModeNoCORS, Origin: origin},
			"cross-site no-cors empty", nil, "*/*", false,
		},
		"no-cors HEAD": {
			corstest.Request{
				Mode: corstest.ModeNoCORS, Origin: origin, Method: "HEAD",
				Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"de", "en"}},
			},
			"cross-site no-cors empty", nil, "text/html", false,
		},
		"beacon": {
			corstest.Request{Mode: corstest.ModeNoCORS, Origin: origin, Method: "POST", Credentials: true},
			"cross-site no-cors empty", []string{origin}, "*/*", true,
		},
		"opaque origin": {
			corstest.Request{Mode: corstest.ModeNoCORS, Origin: "null", Method: "POST"},
			"cross-site no-cors empty", []string{"null"}, "*/*", false,
		},
		"form": {
			corstest.Request{
				Mode: corstest.ModeNavigate, Origin: origin, Method: "POST", Header: http.Header{"content-type": {urlencoded}},
			},
			"cross-site navigate document", []string{origin},
			"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true,
		},
		"form of the page itself": {
			corstest.Request{Mode: corstest.ModeNavigate, Origin: api, Method: "POST"},
			"same-origin navigate document", []string{api}, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
			true,
		},
		"link": {
			corstest.Request{Mode: corstest.ModeNavigate, Origin: origin},
			"cross-site navigate document", nil, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true,
		},
		"typed URL": {
			corstest.Request{Mode: corstest.ModeNavigate},
			"none navigate document", nil, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true,
		},
		"https page to plain http": {
			corstest.Request{Mode: corstest.ModeNavigate, Origin: origin, Method: "POST", URL: "http://api.example/"},
			"", []string{"null"}, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true,
		},
		"https page to plain localhost": {
			corstest.Request{Mode: corstest.ModeNoCORS, Origin: origin, Method: "POST", URL: "http://localhost/"},
			"cross-site no-cors empty", []string{"null"}, "*/*", false,
		},
		"plain http page to plain http": {
			corstest.Request{Mode: corstest.ModeNoCORS, Origin: "http://a.example", Method: "POST", URL: "http://api.example/"},
			"", []string{"http://a.example"}, "*/*", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{status: 403, response: http.Header{"Access-Control-Allow-Origin": {"*"}}}
			tc.request.Cookies = cookies
			res, err := corstest.Fetch(s, tc.request)
			require.NoError(t, err)
			assert.Nil(t, res.Header, "nothing is readable, whatever the server allows")
			assert.Nil(t, res.Preflight)
			assert.Equal(t, 403, res.Response.StatusCode)
			require.Len(t, s.requests, 1)
			r := s.requests[0]
			assert.Equal(t, tc.metadata, metadata(r))
			assert.Equal(t, tc.origin, r.Header["Origin"])
			assert.Equal(t, tc.accept, r.Header.Get("Accept"))
			_, err = r.Cookie("session")
			assert.Equal(t, tc.cookies, err == nil)
		})
	}
}

func TestResponseWithinTheOriginIsReadable(t *testing.T) {
	s := &server{response: http.Header{"X-A": {"1"}}}
	res, err := corstest.Fetch(s, corstest.Request{Mode: corstest.ModeNoCORS, Method: "POST"})
	require.NoError(t, err)
	assert.Equal(t, []string{"1"}, res.Header["X-A"])
}

func TestWritesFollowRedirects(t *testing.T) {
	const other = "https://other.example"
	for name, tc := range map[string]struct {
		mode     corstest.Mode
		page     string
		status   int
		location string
		sent     []string // method, host and Origin
		chromium string   // the last, if it differs
		readable bool
	}{
		"to itself": {
			corstest.ModeNoCORS, origin, 307, "/", []string{"POST api.example " + origin, "POST api.example " + origin}, "",
			false,
		},
		"elsewhere": {
			corstest.ModeNoCORS, origin, 308, other, []string{"POST api.example " + origin, "POST other.example null"}, "",
			false,
		},
		"becomes a GET": {
			corstest.ModeNoCORS, origin, 302, other, []string{"POST api.example " + origin, "GET other.example "}, "", false,
		},
		"home": {
			corstest.ModeNoCORS, origin, 307, origin, []string{"POST api.example " + origin, "POST a.example null"}, "", false,
		},
		"from home": {
			corstest.ModeNoCORS, api, 307, other, []string{"POST api.example " + api, "POST other.example " + api},
			"POST other.example null", false,
		},
		"at home": {
			corstest.ModeNoCORS, api, 307, "/", []string{"POST api.example " + api, "POST api.example " + api}, "", true,
		},
		"form elsewhere": {
			corstest.ModeNavigate, origin, 307, other, []string{"POST api.example " + origin, "POST other.example null"}, "",
			false,
		},
		"form from home": {
			corstest.ModeNavigate, api, 307, other, []string{"POST api.example " + api, "POST other.example " + api},
			"POST other.example null", false,
		},
		"form with a GET": {
			corstest.ModeNavigate, origin, 303, other, []string{"POST api.example " + origin, "GET other.example "}, "", false,
		},
		"with a password": {
			corstest.ModeNoCORS, origin, 307, "https://u:p@other.example",
			[]string{"POST api.example " + origin, "POST other.example null"}, "", false,
		},
		"with one at home": {
			corstest.ModeNavigate, api, 307, "https://u:p@api.example",
			[]string{"POST api.example " + api, "POST api.example " + api}, "", false,
		},
		"downgrade of form": {
			corstest.ModeNavigate, origin, 307, "http://api.example",
			[]string{"POST api.example " + origin, "POST api.example null"}, "", false,
		},
	} {
		for _, engine := range []corstest.Engine{corstest.EngineStandard, corstest.EngineChromium} {
			t.Run(name+"/"+engine.String(), func(t *testing.T) {
				var sent []string
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					sent = append(sent, r.Method+" "+r.Host+" "+r.Header.Get("Origin"))
					if len(sent) == 1 {
						http.Redirect(w, r, tc.location, tc.status)
					}
				})
				b := corstest.Browser{Handler: h, Engine: engine}
				res, err := b.Fetch(t.Context(), corstest.Request{Mode: tc.mode, Origin: tc.page, Method: "POST"})
				require.NoError(t, err)
				want := tc.sent
				if engine == corstest.EngineChromium && tc.chromium != "" {
					want = []string{tc.sent[0], tc.chromium}
				}
				assert.Equal(t, want, sent)
				assert.Equal(t, tc.readable, res.Header != nil)
			})
		}
	}
}

// A network error is one in every mode.
func TestWriteWithoutResponse(t *testing.T) {
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := corstest.Fetch(h, corstest.Request{Mode: corstest.ModeNoCORS, Origin: origin, Method: "POST"})
	assert.Equal(t, corstest.StepRequest, requireBlocked(t, err).Step)
}

func TestWritesThatNoPageCanSend(t *testing.T) {
	const dropped = `browsers drop this header or value in mode "no-cors"`
	const formsSend = "a form sends Content-Type alone, with a POST: application/x-www-form-urlencoded, " +
		"multipart/form-data or text/plain"
	noCORS := corstest.Request{Mode: corstest.ModeNoCORS, Origin: origin, Method: "POST"}
	form := corstest.Request{Mode: corstest.ModeNavigate, Origin: origin, Method: "POST"}
	with := func(r corstest.Request, name string, values ...string) corstest.Request {
		r.Header = http.Header{name: values}
		return r
	}
	method := func(r corstest.Request, method string) corstest.Request {
		r.Method = method
		return r
	}
	long := strings.Repeat("a", 129)
	listening, typed := noCORS, form
	listening.UploadListener, typed.Origin = true, ""
	for name, tc := range map[string]struct {
		request              corstest.Request
		field, value, detail string
	}{
		"mode": {
			corstest.Request{Mode: "same-origin"}, "Mode", "same-origin", `the mode must be "cors", "no-cors" or "navigate"`,
		},
		"no-cors PUT": {method(noCORS, "put"), "Method", "put", `no page can use this method in mode "no-cors"`},
		"no-cors QUERY": {
			method(noCORS, "QUERY"), "Method", "QUERY", `no page can use this method in mode "no-cors"`,
		},
		"no-cors OPTIONS": {
			method(noCORS, "OPTIONS"), "Method", "OPTIONS", `no page can use this method in mode "no-cors"`,
		},
		"no-cors header":        {with(noCORS, "x-a", "1"), "Header", "X-A", dropped},
		"no-cors Authorization": {with(noCORS, "Authorization", "1"), "Header", "Authorization", dropped},
		"no-cors Range":         {with(noCORS, "Range", "bytes=0-"), "Header", "Range", dropped},
		"no-cors JSON":          {with(noCORS, "Content-Type", "application/json"), "Header", "Content-Type", dropped},
		"no-cors Accept":        {with(noCORS, "Accept", "a:b"), "Header", "Accept", dropped},
		"no-cors long":          {with(noCORS, "Accept", long), "Header", "Accept", dropped},
		"no-cors long together": {with(noCORS, "Accept", long[:64], long[:64]), "Header", "Accept", dropped},
		"no-cors forbidden": {
			with(noCORS, "Cookie", "1"), "Header", "Cookie", "browsers forbid scripts to set this header",
		},
		"no-cors upload": {listening, "UploadListener", "true", `there is none in mode "no-cors"`},
		"form PUT":       {method(form, "PUT"), "Method", "PUT", `no page can use this method in mode "navigate"`},
		"form HEAD":      {method(form, "HEAD"), "Method", "HEAD", `no page can use this method in mode "navigate"`},
		"form JSON":      {with(form, "Content-Type", "application/json"), "Header", "Content-Type", formsSend},
		"form with two types": {
			with(form, "Content-Type", "text/plain;a=b", "text/plain"), "Header", "Content-Type", formsSend,
		},
		"form header": {with(form, "X-A", "1"), "Header", "X-A", formsSend},
		"form Accept": {with(form, "Accept", "text/html"), "Header", "Accept", formsSend},
		"GET form with a type": {
			with(method(form, "GET"), "Content-Type", urlencoded), "Header", "Content-Type", formsSend,
		},
		"typed POST": {
			typed, "Method", "POST", "a navigation without a page is a GET; set Origin to that of a page",
		},
		"navigation with origin": {
			corstest.Request{Mode: corstest.ModeNavigate, Origin: "a.example"}, "Origin", "a.example", noSuchOrigin,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{}
			res, err := corstest.Fetch(s, tc.request)
			assert.Nil(t, res)
			assert.Equal(t, &corstest.UnsendableError{Field: tc.field, Value: tc.value, Detail: tc.detail}, err)
			assert.Empty(t, s.log, "nothing is sent")
		})
	}
}

// What net/http's own protection against forged writes makes of them.
func TestCrossOriginProtection(t *testing.T) {
	protection := http.NewCrossOriginProtection()
	require.NoError(t, protection.AddTrustedOrigin("https://trusted.example"))
	policy := cors.New(cors.Options{AllowedOrigins: []string{"https://trusted.example"}})
	h := policy(protection.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})))
	for page, want := range map[string]int{
		api: 204, "https://trusted.example": 204, "https://evil.example": 403, "https://sub.api.example": 403,
		"http://api.example": 403, "null": 403,
	} {
		for _, r := range []corstest.Request{
			{Mode: corstest.ModeNavigate, Header: http.Header{"Content-Type": {urlencoded}}},
			{Mode: corstest.ModeNoCORS, Header: http.Header{"Content-Type": {"text/plain"}}},
			{Mode: corstest.ModeNoCORS, Credentials: true},
		} {
			r.Origin, r.Method = page, "POST"
			res, err := corstest.Fetch(h, r)
			require.NoError(t, err)
			assert.Equal(t, want, res.Response.StatusCode, "%s from %s", r.Mode, page)
		}
	}
}

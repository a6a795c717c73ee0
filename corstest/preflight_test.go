package corstest_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"example.com/cors"
	"example.com/cors/corstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each step of the preflight and of the response's CORS check, failing alone and
// passing narrowly. The server allows all but what a case changes.
func TestSteps(t *testing.T) {
	const (
		allowOrigin      = "Access-Control-Allow-Origin"
		allowCredentials = "Access-Control-Allow-Credentials"
		allowMethods     = "Access-Control-Allow-Methods"
		allowHeaders     = "Access-Control-Allow-Headers"
	)
	put := corstest.Request{Origin: origin, Method: "PUT"}
	putIncluding := corstest.Request{Origin: origin, Method: "PUT", Credentials: true}
	get := corstest.Request{Origin: origin}
	getIncluding := corstest.Request{Origin: origin, Credentials: true}
	with := func(r corstest.Request, names ...string) corstest.Request {
		r.Header = header(names...)
		return r
	}
	upload := corstest.Request{Origin: origin, Method: "POST", UploadListener: true}

	for name, tc := range map[string]struct {
		request         corstest.Request
		preflight       http.Header // replaces lines; an empty slice deletes them
		preflightStatus int
		response        http.Header
		step            corstest.Step // "" means that the call passes
		header, detail  string
	}{
		"all well":              {request: put},
		"all well, credentials": {request: putIncluding},

		// Step 1.
		"1: absent": {
			request: put, preflight: http.Header{allowOrigin: {}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is absent; it must be "https://a.example"`,
		},
		"1: absent, and a status": {
			request: put, preflight: http.Header{allowOrigin: {}}, preflightStatus: 405,
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is absent; it must be "https://a.example" (the status is 405 Method Not Allowed: perhaps ` +
				`the response came from outside the CORS layer)`,
		},
		"1: absent, and forbidden": {
			request: put, preflight: http.Header{allowOrigin: {}}, preflightStatus: 403,
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is absent; it must be "https://a.example" (the status is 403 Forbidden: the CORS layer ` +
				`refused the origin, or the response came from outside it)`,
		},
		"1: empty": {
			request: put, preflight: http.Header{allowOrigin: {""}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is ""; it must be "https://a.example"`,
		},
		"1: wildcard":        {request: put, preflight: http.Header{allowOrigin: {"*"}}},
		"1: wildcard spaced": {request: put, preflight: http.Header{allowOrigin: {" *\t"}}},
		"1: wildcard with credentials": {
			request: putIncluding, preflight: http.Header{allowOrigin: {"*"}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "*"; it must be "https://a.example", since "*" does not cover a request with credentials`,
		},
		"1: other": {
			request: put, preflight: http.Header{allowOrigin: {"https://b.example"}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "https://b.example"; it must be "https://a.example"`,
		},
		"1: case": {
			request: put, preflight: http.Header{allowOrigin: {"https://A.example"}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "https://A.example"; it must be "https://a.example", byte for byte`,
		},
		"1: slash": {
			request: put, preflight: http.Header{allowOrigin: {"https://a.example/"}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "https://a.example/"; it must be "https://a.example", byte for byte`,
		},
		"1: list": {
			request: put, preflight: http.Header{allowOrigin: {"https://a.example, https://b.example"}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "https://a.example, https://b.example"; it must be "https://a.example", and nothing ` +
				`else: a list of origins is not possible`,
		},
		"1: twice": {
			request: put, preflight: http.Header{allowOrigin: {origin, origin}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "https://a.example, https://a.example"; it must be "https://a.example", on one line: ` +
				`there are 2, perhaps of two CORS layers`,
		},
		"1: wildcard twice": {
			request: put, preflight: http.Header{allowOrigin: {"*", "*"}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "*, *"; it must be "https://a.example", on one line: there are 2, perhaps of two CORS layers`,
		},
		"1: not so long": {
			request: put, preflight: http.Header{allowOrigin: {strings.Repeat("x", 200)}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "` + strings.Repeat("x", 200) + `"; it must be "https://a.example"`,
		},
		"1: long": {
			request: put, preflight: http.Header{allowOrigin: {strings.Repeat("x", 201)}},
			step: corstest.StepPreflightCheck, header: allowOrigin,
			detail: `is "` + strings.Repeat("x", 200) + `"…; it must be "https://a.example"`,
		},
		"1: null": {
			request: corstest.Request{Origin: "null", Method: "PUT"}, preflight: http.Header{allowOrigin: {"null"}},
			response: http.Header{allowOrigin: {"null"}},
		},
		"1: no credentials": {
			request: putIncluding, preflight: http.Header{allowCredentials: {}},
			step: corstest.StepPreflightCheck, header: allowCredentials,
			detail: `is absent; for a request with credentials it must be "true"`,
		},
		"1: no credentials needed": {request: put, preflight: http.Header{allowCredentials: {}}},
		"1: True": {
			request: putIncluding, preflight: http.Header{allowCredentials: {"True"}},
			step: corstest.StepPreflightCheck, header: allowCredentials,
			detail: `is "True"; for a request with credentials it must be exactly "true"`,
		},
		"1: true twice": {
			request: putIncluding, preflight: http.Header{allowCredentials: {"true", "true"}},
			step: corstest.StepPreflightCheck, header: allowCredentials,
			detail: `is "true, true"; for a request with credentials it must be exactly "true"`,
		},

		// Step 2.
		"2: 200": {request: put, preflightStatus: 200},
		"2: 299": {request: put, preflightStatus: 299},
		"2: 300": {
			request: put, preflightStatus: 300,
			step: corstest.StepPreflightStatus, detail: "the status is 300 Multiple Choices; it must be one of 200 to 299",
		},
		"2: 304": {
			request: put, preflightStatus: 304,
			step: corstest.StepPreflightStatus, detail: "the status is 304 Not Modified; it must be one of 200 to 299",
		},
		"2: 403": {
			request: put, preflightStatus: 403,
			step: corstest.StepPreflightStatus, detail: "the status is 403 Forbidden; it must be one of 200 to 299",
		},
		"2: redirect": {
			request: put, preflightStatus: 307, preflight: http.Header{"Location": {"/there/"}},
			step: corstest.StepPreflightStatus,
			detail: `the status is 307 Temporary Redirect; it must be one of 200 to 299, and the redirect to ` +
				`"/there/" is not followed`,
		},

		// Step 3.
		"3: methods": {
			request: put, preflight: http.Header{allowMethods: {"PUT GET"}},
			step: corstest.StepPreflightLists, header: allowMethods,
			detail: `is "PUT GET"; it must be names separated by commas`,
		},
		"3: methods, even if safelisted": {
			request: with(get, "X-A"), preflight: http.Header{allowMethods: {"PUT GET"}},
			step: corstest.StepPreflightLists, header: allowMethods,
			detail: `is "PUT GET"; it must be names separated by commas`,
		},
		"3: methods, one line of two": {
			request: put, preflight: http.Header{allowMethods: {"PUT", "a/b"}},
			step: corstest.StepPreflightLists, header: allowMethods,
			detail: `is "PUT, a/b"; it must be names separated by commas`,
		},
		"3: headers, even if none is sent": {
			request: put, preflight: http.Header{allowHeaders: {"X-A; X-B"}},
			step: corstest.StepPreflightLists, header: allowHeaders,
			detail: `is "X-A; X-B"; it must be names separated by commas`,
		},
		"3: empty lists": {
			request: with(get, "X-A"), preflight: http.Header{allowMethods: {""}, allowHeaders: {",x-a,, ,"}},
		},
		"3: lines": {
			request: with(put, "X-A", "X-B"), preflight: http.Header{
				allowMethods: {"GET", "PUT"}, allowHeaders: {"X-A", "X-B"},
			},
		},

		// Step 4.
		"4: absent": {
			request: put, preflight: http.Header{allowMethods: {}},
			step: corstest.StepPreflightMethod, header: allowMethods,
			detail: `is absent; it must list "PUT"`,
		},
		"4: unlisted": {
			request: put, preflight: http.Header{allowMethods: {"GET, POST"}},
			step: corstest.StepPreflightMethod, header: allowMethods,
			detail: `is "GET, POST"; it must list "PUT"`,
		},
		"4: patch": {
			request: corstest.Request{Origin: origin, Method: "patch"}, preflight: http.Header{allowMethods: {"PATCH"}},
			step: corstest.StepPreflightMethod, header: allowMethods,
			detail: `is "PATCH"; it must list "patch", in the same case: the script wrote it that way, and ` +
				`browsers upper-case only DELETE, GET, HEAD, OPTIONS, POST and PUT`,
		},
		"4: put": {request: corstest.Request{Origin: origin, Method: "put"}},
		"4: lower-case list": {
			request: put, preflight: http.Header{allowMethods: {"put"}},
			step: corstest.StepPreflightMethod, header: allowMethods,
			detail: `is "put"; it must list "PUT", in upper case: browsers compare methods letter by letter`,
		},
		"4: safelisted": {
			request: with(corstest.Request{Origin: origin, Method: "HEAD"}, "X-A"), preflight: http.Header{allowMethods: {}},
		},
		"4: upload": {request: upload, preflight: http.Header{allowMethods: {}, allowHeaders: {}}},
		"4: uploaded PUT": {
			request:   corstest.Request{Origin: origin, Method: "PUT", UploadListener: true},
			preflight: http.Header{allowMethods: {}},
		},
		"4: wildcard":       {request: put, preflight: http.Header{allowMethods: {"*"}}},
		"4: wildcard among": {request: put, preflight: http.Header{allowMethods: {"GET, *"}}},
		"4: wildcard with credentials": {
			request: putIncluding, preflight: http.Header{allowMethods: {"*"}},
			step: corstest.StepPreflightMethod, header: allowMethods,
			detail: `is "*"; it must list "PUT", since "*" is no wildcard for a request with credentials`,
		},
		"4: literal wildcard with credentials": {
			request: corstest.Request{
				Origin: origin, Method: "*", Credentials: true,
			}, preflight: http.Header{allowMethods: {"*"}},
		},
		"4: OPTIONS": {
			request: corstest.Request{Origin: origin, Method: "OPTIONS"},
			step:    corstest.StepPreflightMethod, header: allowMethods,
			detail: `is "PUT"; it must list "OPTIONS"`,
		},

		// Step 5.
		"5: listed": {request: with(get, "Authorization"), preflight: http.Header{allowHeaders: {"authorization"}}},
		"5: listed and more": {
			request: with(get, "Authorization", "X-Z"), preflight: http.Header{allowHeaders: {"*, AUTHORIZATION"}},
		},
		"5: wildcard": {
			request: with(get, "Authorization"), preflight: http.Header{allowHeaders: {"*"}},
			step: corstest.StepPreflightAuthorization, header: allowHeaders,
			detail: `is "*"; it must list "authorization", which "*" does not cover`,
		},
		"5: wildcard with credentials": {
			request: with(getIncluding, "Authorization"), preflight: http.Header{allowHeaders: {"*"}},
			step: corstest.StepPreflightAuthorization, header: allowHeaders,
			detail: `is "*"; it must list "authorization", since "*" is no wildcard for a request with credentials`,
		},
		"5: unlisted": {
			request: with(get, "Authorization"),
			step:    corstest.StepPreflightAuthorization, header: allowHeaders,
			detail: `is "X-A, X-B"; it must list "authorization"`,
		},

		// Step 6.
		"6: listed in any case": {request: with(put, "x-a"), preflight: http.Header{allowHeaders: {"X-A"}}},
		"6: absent": {
			request: with(get, "X-A"), preflight: http.Header{allowHeaders: {}},
			step: corstest.StepPreflightHeaders, header: allowHeaders,
			detail: `is absent; it must list "x-a"`,
		},
		"6: some": {
			request: with(get, "X-Z", "X-A", "X-Y"),
			step:    corstest.StepPreflightHeaders, header: allowHeaders,
			detail: `is "X-A, X-B"; it must list "x-y" and "x-z"`,
		},
		"6: wildcard": {request: with(get, "X-Z"), preflight: http.Header{allowHeaders: {"*"}}},
		"6: wildcard with credentials": {
			request: with(getIncluding, "X-Z"), preflight: http.Header{allowHeaders: {"*"}},
			step: corstest.StepPreflightHeaders, header: allowHeaders,
			detail: `is "*"; it must list "x-z", since "*" is no wildcard for a request with credentials`,
		},
		"6: JSON": {
			request: corstest.Request{
				Origin: origin, Method: "POST", Header: http.Header{"Content-Type": {"application/json"}},
			},
			step: corstest.StepPreflightHeaders, header: allowHeaders,
			detail: `is "X-A, X-B"; it must list "content-type"`,
		},

		// The check of the response itself.
		"response: absent": {
			request: get, response: http.Header{allowOrigin: {}},
			step: corstest.StepCheck, header: allowOrigin,
			detail: `is absent; it must be "https://a.example"`,
		},
		"response: absent after a preflight": {
			request: put, response: http.Header{allowOrigin: {}},
			step: corstest.StepCheck, header: allowOrigin,
			detail: `is absent; it must be "https://a.example"`,
		},
		"response: wildcard": {request: get, response: http.Header{allowOrigin: {"*"}}},
		"response: wildcard with credentials": {
			request: getIncluding, response: http.Header{allowOrigin: {"*"}},
			step: corstest.StepCheck, header: allowOrigin,
			detail: `is "*"; it must be "https://a.example", since "*" does not cover a request with credentials`,
		},
		"response: twice": {
			request: get, response: http.Header{allowOrigin: {origin, origin}},
			step: corstest.StepCheck, header: allowOrigin,
			detail: `is "https://a.example, https://a.example"; it must be "https://a.example", on one line: ` +
				`there are 2, perhaps of two CORS layers`,
		},
		"response: no credentials": {
			request: getIncluding, response: http.Header{allowCredentials: {}},
			step: corstest.StepCheck, header: allowCredentials,
			detail: `is absent; for a request with credentials it must be "true"`,
		},
		"response: no credentials needed": {request: get, response: http.Header{allowCredentials: {}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := allowing("PUT", "X-A, X-B")
			s.preflightStatus = tc.preflightStatus
			change := func(h, by http.Header) {
				for name, lines := range by {
					if h[name] = lines; len(lines) == 0 {
						delete(h, name)
					}
				}
			}
			change(s.preflight, tc.preflight)
			change(s.response, tc.response)
			res, err := corstest.Fetch(s, tc.request)
			if tc.step == "" {
				require.NoError(t, err)
				assert.Equal(t, 200, res.Response.StatusCode)
				return
			}
			blocked := requireBlocked(t, err)
			assert.Equal(t, tc.step, blocked.Step)
			assert.Equal(t, tc.header, blocked.Header)
			assert.Equal(t, tc.detail, blocked.Detail)
			assert.Equal(t, tc.request.Origin, blocked.Origin)
			assert.Equal(t, "https://api.example/", blocked.URL)
			assert.Nil(t, res.Header, "the script reads nothing")

			reached := tc.step == corstest.StepCheck
			assert.Equal(t, reached, res.Response != nil)
			assert.Equal(t, reached, !strings.HasPrefix(s.log[len(s.log)-1], "preflight"))
		})
	}
}

func TestUploadListener(t *testing.T) {
	s := allowing("", "")
	b := corstest.Browser{Handler: s}
	r := corstest.Request{Origin: origin, Method: "POST", UploadListener: true}
	for range 2 {
		_, err := b.Fetch(t.Context(), r)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"preflight POST", "POST", "POST"}, s.log, "the answer is cached though it lists no methods")

	// With a list, only what it names is cached.
	s = allowing("PUT", "")
	b.Handler = s
	r.URL = "/other"
	for range 2 {
		_, err := b.Fetch(t.Context(), r)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"preflight POST", "POST", "preflight POST", "POST"}, s.log)
}

// FuzzAllowMethods compares what lists allow with a reference that knows the
// grammar of RFC 9110 as a regular expression.
func FuzzAllowMethods(f *testing.F) {
	for _, value := range []string{
		"", "PUT", "GET,PUT", " , PUT\t,,", "put", "*", "GET, *", "PUT GET", `"PUT"`, "PUT;", "PUT,é", "*,\x00",
	} {
		f.Add(value, false)
		f.Add(value, true)
	}
	const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	list := regexp.MustCompile(`^([ \t]*(` + token + `)?[ \t]*,)*[ \t]*(` + token + `)?[ \t]*$`)
	put := regexp.MustCompile(`(^|[ \t,])PUT([ \t,]|$)`)
	wildcard := regexp.MustCompile(`(^|[ \t,])\*([ \t,]|$)`)
	f.Fuzz(func(t *testing.T, value string, credentials bool) {
		if strings.ContainsAny(value, "\r\n") {
			t.Skip("no header value")
		}
		_, err := corstest.Fetch(allowing(value, ""), corstest.Request{
			Origin: origin, Method: "PUT", Credentials: credentials,
		})
		switch {
		case strings.Contains(value, "\x00"):
			assert.Equal(t, corstest.StepPreflightRequest, requireBlocked(t, err).Step)
		case !list.MatchString(value):
			assert.Equal(t, corstest.StepPreflightLists, requireBlocked(t, err).Step)
		case put.MatchString(value) || !credentials && wildcard.MatchString(value):
			assert.NoError(t, err)
		default:
			assert.Equal(t, corstest.StepPreflightMethod, requireBlocked(t, err).Step)
		}
	})
}

// QUERY (RFC 10008) is a safe method with a body. To browsers it is a method like
// PATCH: never safelisted, and never upper-cased.
func TestQuery(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		_, _ = io.WriteString(w, r.Method+" "+string(body))
	})
	policy := cors.New(cors.Options{
		AllowedOrigins: []string{origin}, AllowedMethods: []string{"QUERY"}, AllowedHeaders: []string{"Content-Type"},
	})
	post := cors.New(cors.Options{AllowedOrigins: []string{origin}, AllowedHeaders: []string{"Content-Type"}})
	query := func(method, contentType string) corstest.Request {
		return corstest.Request{
			Origin: origin, Method: method, Header: http.Header{"Content-Type": {contentType}}, Body: strings.NewReader("?"),
		}
	}
	for _, engine := range engines {
		t.Run(engine.String(), func(t *testing.T) {
			for _, contentType := range []string{"text/plain", "application/json"} {
				b := corstest.Browser{Handler: policy(handler), Engine: engine}
				res, err := b.Fetch(t.Context(), query("QUERY", contentType))
				require.NoError(t, err)
				require.NotNil(t, res.Preflight)
				assert.Equal(t, "QUERY", res.Exchanges[0].Request.Header.Get("Access-Control-Request-Method"))
				body, err := io.ReadAll(res.Response.Body)
				require.NoError(t, err)
				assert.Equal(t, "QUERY ?", string(body))

				b = corstest.Browser{Handler: policy(handler), Engine: engine}
				res, err = b.Fetch(t.Context(), query("query", contentType))
				assert.Equal(t, corstest.StepPreflightMethod, requireBlocked(t, err).Step, "it is another method")
				assert.Equal(t, "query", res.Exchanges[0].Request.Header.Get("Access-Control-Request-Method"))

				b = corstest.Browser{Handler: post(handler), Engine: engine}
				_, err = b.Fetch(t.Context(), query("QUERY", contentType))
				assert.Equal(t, corstest.StepPreflightMethod, requireBlocked(t, err).Step, "it is not safelisted")
			}
		})
	}
}

package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
)

func rows(o origins) (all []row) {
	for _, c := range tour(o) {
		all = append(all, c.Rows...)
	}
	return all
}

// apiFor returns the API with the policy, which is the starting policy if p is nil.
func apiFor(t *testing.T, p policy) http.Handler {
	t.Helper()
	if p == nil {
		p = startingPolicy(local)
	}
	o, problems := p.options()
	require.Empty(t, problems)
	return newAPI(cors.New(o), local.Elsewhere)
}

// What the tour expects is what a browser does by the Fetch standard.
func TestTour(t *testing.T) {
	all := rows(local)
	require.Len(t, all, 21)
	for _, row := range all {
		t.Run(row.Title, func(t *testing.T) {
			b := corstest.Browser{Handler: apiFor(t, row.Policy)}
			var cookies []*http.Cookie
			blocked, got, preflights := false, "", 0
			for _, c := range row.Calls {
				require.False(t, blocked, "only the last call may be blocked")
				r, problems := c.request(local)
				require.Empty(t, problems)
				q := r.simulate(local.Page, local.API+c.Path)
				q.Cookies = cookies
				res, err := b.Fetch(t.Context(), q)
				require.NotNil(t, res)
				for _, x := range res.Exchanges {
					if x.Preflight {
						preflights++
					}
				}
				if err != nil {
					blocked, got = true, ""
					continue
				}
				cookies = res.Response.Cookies()
				body, err := io.ReadAll(res.Response.Body)
				require.NoError(t, err)
				got = strings.TrimSpace(string(body))
				if row.Header != "" {
					got = "null"
					if res.Header.Get(row.Header) != "" {
						got = res.Header.Get(row.Header)
					}
					assert.NotEmpty(t, res.Response.Header.Get(row.Header), "the header is sent in any case")
				}
			}
			assert.Equal(t, row.Blocked, blocked)
			assert.Equal(t, row.Preflights, preflights)
			if row.Got != "" {
				assert.Equal(t, row.Got, got)
			}
		})
	}
}

// A scene is a policy and a call by chance.
type scene struct {
	Policy policy `json:"policy"`
	Call   call   `json:"call"`
	Fresh  bool   `json:"fresh"`
}

// scenes returns n of them, all with valid policies and calls that browsers send, the
// same for each seed.
func scenes(o origins, seed uint64, n int) (list []scene) {
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	var p policy
	for len(list) < n {
		if p == nil || random.IntN(3) == 0 {
			p = policy{
				"AllowedOrigins": pick(o.Page, o.Page+"\n"+o.Other, o.Page+"\n"+o.Other+"\n"+o.IP, "*",
					"https://partner.example", "http://localhost:*"),
				"AllowedMethods":          pick("", "PUT", "PUT\nPATCH\nDELETE", "*"),
				"AllowedHeaders":          pick("", "Content-Type", "Content-Type\nAuthorization\nX-Tenant", "*"),
				"ExposedHeaders":          pick("", "ETag", "ETag\nX-Cost\nVary", "*"),
				"AllowCredentials":        pick("", "true"),
				"MaxAge":                  pick("10m", "1h", "-1s"),
				"OptionsPassthrough":      pick("", "", "", "true"),
				"OptionsSuccessStatus":    pick("", "200"),
				"RefuseCrossOriginWrites": pick("", "", "true"),
			}
		}
		c := call{
			Page:   pick("this", "this", "port", "ip", "null"),
			Method: pick("GET", "HEAD", "POST", "PUT", "patch", "PATCH", "DELETE", "OPTIONS", "QUERY"),
			Path:   routes[random.IntN(len(routes))].Path,
			Headers: pick("", "", "Content-Type: application/json", "Content-Type: text/plain", "Authorization: Bearer t",
				"X-Tenant: 7", "X-Debug: 1\nX-Tenant: 7", "Accept: "+strings.Repeat("a", 129), "ETag: 1",
				"User-Agent: mine", "DPR: 2", "Range: bytes=0-18446744073709551616"),
			Body:    pick("", "{}"),
			Cookies: pick("", "include"),
		}
		_, policyProblems := p.options()
		_, callProblems := c.request(o)
		if len(policyProblems) > 0 {
			p = nil
		} else if len(callProblems) == 0 {
			list = append(list, scene{p, c, random.IntN(4) == 0})
		}
	}
	return list
}

// A caller that follows the advice gets through, in every engine. There is advice for
// every refusal, and its policies are valid.
func TestAdvice(t *testing.T) {
	advised := make(map[corstest.Step]int)
	for i, s := range scenes(local, 1, 2000) {
		e := engines[i%len(engines)]
		first := fmt.Sprintf("%v: %+v", e, s)
		for changes := 0; ; changes++ {
			require.Less(t, changes, 10, first)
			r, problems := s.Call.request(local)
			require.Empty(t, problems, first)
			v := judge(&corstest.Browser{Handler: apiFor(t, s.Policy), Engine: e}, s.Policy, s.Call, r, local,
				local.API+s.Call.Path)
			if v.Allowed {
				break
			}
			advised[corstest.Step(v.Step)]++
			require.NotNil(t, v.Advice, "%s, now %+v: %+v", first, s, v)
			require.NotEmpty(t, v.Advice.Text)
			require.NotEmpty(t, v.Advice.Changes, "%s: %s", first, v.Advice.Text)
			if v.Advice.Form == "policy" {
				s.Policy = s.Policy.changed(v.Advice.Changes)
			} else {
				s.Call = s.Call.changed(t, v.Advice.Changes)
			}
		}
	}
	for _, step := range []corstest.Step{
		corstest.StepPreflightCheck, corstest.StepPreflightStatus, corstest.StepPreflightMethod,
		corstest.StepPreflightHeaders, corstest.StepCheck,
	} {
		assert.Positive(t, advised[step], string(step))
	}
}

// Only what corstest does not simulate is a departure: any other difference is a bug that
// the page has to show as one.
func TestDeparture(t *testing.T) {
	none := ""
	for name, tc := range map[string]struct {
		engine corstest.Engine
		call   call
		want   string
	}{
		"DELETE, redirected": {corstest.EngineWebKit, call{Path: "/away", Method: "delete"}, "WebKitGTK makes a GET of"},
		"DELETE":             {corstest.EngineWebKit, call{Path: "/notes", Method: "DELETE"}, none},
		"PUT, redirected":    {corstest.EngineWebKit, call{Path: "/away", Method: "PUT"}, none},
		"a signed range": {
			corstest.EngineWebKit, call{Path: "/notes", Headers: "X-Debug: 1\nrange: bytes=+1-2"}, "no preflight for a Range",
		},
		"a range": {corstest.EngineWebKit, call{Path: "/notes", Headers: "Range: bytes=1-2"}, none},
		"a plus":  {corstest.EngineWebKit, call{Path: "/notes", Headers: "X-Debug: +"}, none},
		"another engine": {
			corstest.EngineFirefox, call{Path: "/away", Method: "DELETE", Headers: "Range: bytes=+1-2"}, none,
		},
		"User-Agent": {corstest.EngineChromium, call{Path: "/notes", Headers: "User-Agent: mine"}, none},
	} {
		t.Run(name, func(t *testing.T) {
			r, problems := tc.call.request(local)
			require.Empty(t, problems)
			got := departure(tc.engine, r)
			assert.Contains(t, got, tc.want)
			assert.Equal(t, tc.want == none, got == "", got)
		})
	}
}

// changed returns c with the changes made.
func (c call) changed(t *testing.T, changes []change) call {
	t.Helper()
	fields := map[string]*string{"path": &c.Path, "method": &c.Method, "page": &c.Page, "headers": &c.Headers}
	for _, x := range changes {
		require.Contains(t, fields, x.Field)
		*fields[x.Field] = x.apply(*fields[x.Field])
	}
	return c
}

// A change is of what it names, whatever else stands there by then.
func TestChange(t *testing.T) {
	for name, tc := range map[string]struct {
		change     change
		text, want string
	}{
		"set":           {change{Set: "PUT"}, "put", "PUT"},
		"clear":         {change{}, "true", ""},
		"add":           {change{Add: []string{"c"}}, "a\n\n b ", "a\nb\nc"},
		"add, is there": {change{Add: []string{"b", "c"}}, "a\nb", "a\nb\nc"},
		"add to none":   {change{Add: []string{"a"}}, "", "a"},
		"remove":        {change{Remove: []string{"*"}}, "*\na", "a"},
		"replace":       {change{Remove: []string{"*"}, Add: []string{"b"}}, "*\na", "a\nb"},
		"a header":      {change{Remove: []string{"ETag"}}, "etag: 1\nX-ETag: 2", "X-ETag: 2"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, tc.change.apply(tc.text)) })
	}
}

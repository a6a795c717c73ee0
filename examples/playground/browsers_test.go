package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

//go:embed testdata/session.js
var sessionJS string

// A session is what testdata/session.js reports.
type session struct {
	First            struct{ Call, Code string }
	Problems         []string
	Described        string
	Unsent           string
	Focus            string
	Fixed            []string
	Code             string
	Announces        string
	Blocked          string
	Wire             []string
	Blame, Log       string
	Engines          []string
	FocusAfterAdvice string
	Allowed          string
	Meanings         []string
	Again            []string
	Forgotten        int
	Pages            map[string]string
	Link             string
	Reloaded         struct {
		Link, Method, Page, Headers, Origins, Verdict string
		Frames                                        int
	}
	AfterReload string
	Summary     string
	Rows        []struct {
		Title      string
		Blocked    bool
		Preflights int
		Got        string
	}
	Lesson      []string
	Differences []string
	Walk        []struct {
		Difference, Departure string
		I                     int
		Scene, Observed, Own  json.RawMessage
		Wire                  []string
	}
	Walked int
	Attack struct {
		Hacked, Scripts, Images int
		InWire                  bool
		Verdict                 string
	}
	Violations []string
}

// The page works in each engine: a policy with mistakes, their fixes, a call, what
// came of it, the link, a reload; the tour; calls by chance; script in every field.
func TestSession(t *testing.T) {
	for _, b := range live.Browsers(t) {
		t.Run(b.Name, func(t *testing.T) {
			var s session
			v := newVenue(t, func(o origins) string {
				given, err := json.Marshal(map[string]any{"page": o.Page, "list": scenes(o, 2, 150)})
				require.NoError(t, err)
				return fmt.Sprintf("const scenes = %s;\n%s", given, sessionJS)
			})
			v.report(t, b.Open(t, v.Page), &s)
			name := map[string]string{"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}[b.Name]

			assert.Equal(t, "Nothing yetRun the call, or take an example of the tour.", s.First.Call)
			assert.Contains(t, s.First.Code, "cors.New(cors.Options{")
			require.Len(t, s.Problems, 3)
			assert.Regexp(t, "^example.com: .+ Use https://example.com$", s.Problems[0])
			assert.Regexp(t, "^put: .+ Use PUT$", s.Problems[1])
			assert.Equal(t, "600: a number without a unit. Use 10m0s", s.Problems[2])
			assert.Equal(t, "AllowedMethods-hint AllowedMethods-problems true", s.Described)
			assert.Equal(t, "Not sentCorrect the marked fields first.", s.Unsent)
			assert.Equal(t, "MaxAge", s.Focus)
			assert.Equal(t, []string{"https://example.com\n" + v.Page, "PUT\nPATCH", "10m0s"}, s.Fixed)
			assert.Contains(t, s.Code, `AllowedMethods: []string{"PUT", "PATCH"},`)

			assert.Equal(t, "The browser asks first: a preflight for PUT, x-tenant.", s.Announces)
			const reason = `Access-Control-Allow-Headers is absent; it must list "x-tenant".`
			assert.Equal(t, "✕ "+name+" blocks the call"+reason+" 1 preflight.", s.Blocked)
			require.Len(t, s.Wire, 5)
			assert.Equal(t, []string{"fetch PUT /notes", "OPTIONS /notes", "204", "PUT /notes is never sent."}, s.Wire[:4])
			assert.Regexp(t, "^✕ TypeError", s.Wire[4])
			assert.Equal(t, "Stopped here: "+reason, s.Blame)
			assert.Contains(t, s.Log, `level=INFO msg="CORS preflight refused" origin=`+v.Page)
			assert.Equal(t, []string{
				"This browser|✕ blocked|1 preflight|seen",
				"Chromium|✕ blocked|1 preflight|simulated: stops at preflight headers",
				"Firefox|✕ blocked|1 preflight|simulated: stops at preflight headers",
				"WebKit|✕ blocked|1 preflight|simulated: stops at preflight headers",
			}, s.Engines)
			assert.Equal(t, "run", s.FocusAfterAdvice)
			assert.Equal(t, "✓ "+name+" lets the page read itStatus 200, “PUT of 0 bytes”. 1 preflight.", s.Allowed)
			assert.Subset(t, s.Meanings, []string{
				"Origin", "Access-Control-Request-Method", "Access-Control-Allow-Origin", "Access-Control-Max-Age", "Vary",
			})
			if b.Name != "firefox" { // which may forget early in a session
				const kept = "No preflight: the browser has kept the answer to an earlier one, in its preflight cache."
				assert.Equal(t, []string{"fetch PUT /notes", kept, "PUT /notes", "200", "✓ 200"}, s.Again)
			}
			assert.Equal(t, 6, s.Forgotten, "a preflight, its answer, a request, its answer, and the page's part")
			assert.Equal(t, map[string]string{"this": v.Page, "port": v.Other, "ip": v.IP, "null": "null"}, s.Pages)

			link, err := url.ParseQuery(s.Link[1:])
			require.NoError(t, err)
			assert.Equal(t, url.Values{
				"AllowedOrigins": {"https://example.com\n" + v.Page}, "AllowedMethods": {"PUT\nPATCH"},
				"AllowedHeaders": {"X-Tenant"}, "MaxAge": {"10m0s"},
				"page": {"port"}, "method": {"PUT"}, "path": {"/notes"}, "headers": {"X-Tenant: 7"},
			}, link)
			assert.Equal(t, s.Link, s.Reloaded.Link)
			assert.Equal(t, "PUT", s.Reloaded.Method)
			assert.Equal(t, "port", s.Reloaded.Page)
			assert.Equal(t, "X-Tenant: 7", s.Reloaded.Headers)
			assert.Equal(t, "https://example.com\n"+v.Page, s.Reloaded.Origins)
			assert.Contains(t, s.Reloaded.Verdict, "Nothing yet", "opening a link runs nothing")
			assert.Zero(t, s.Reloaded.Frames, "nor does it prepare a call")
			assert.Contains(t, s.AfterReload, name+" blocks the call")

			all := rows(v.origins)
			assert.Equal(t, fmt.Sprintf("done: %d of %[1]d as expected", len(all)), s.Summary)
			assert.Contains(t, v.output.String(), fmt.Sprintf("\nThe page says %q.\n", s.Summary))
			require.Len(t, s.Rows, len(all))
			for i, row := range all {
				assert.Equal(t, row.Title, s.Rows[i].Title)
				assert.Equal(t, row.Blocked, s.Rows[i].Blocked, row.Title)
				assert.Equal(t, row.Preflights, s.Rows[i].Preflights, row.Title)
				if row.Got != "" {
					assert.Equal(t, row.Got, s.Rows[i].Got, row.Title)
				}
			}
			require.Len(t, s.Lesson, 4)
			assert.Contains(t, s.Lesson[0], "welcome back, Ada")
			assert.Contains(t, s.Lesson[1], "The policy has AllowCredentials")
			assert.Equal(t, "Before it: GET /me Leave out", s.Lesson[2])
			assert.Equal(t, "true", s.Lesson[3])

			const bug, forgot = "note bug: This is a bug to rep", "note : The browser sent a p"
			assert.Equal(t, []string{"", bug, bug, bug, forgot, "note : corstest differs her"}, s.Differences)
			assert.Equal(t, 150, s.Walked)
			for _, d := range s.Walk {
				if d.Departure == "" {
					t.Errorf("call %d: %s\n%s\n%s\n%s\n%v", d.I, d.Difference, d.Scene, d.Observed, d.Own, d.Wire)
				}
			}
			t.Logf("%d of the calls by chance are listed departures", len(s.Walk))

			assert.Zero(t, s.Attack.Hacked, "script ran")
			assert.Zero(t, s.Attack.Scripts)
			assert.Zero(t, s.Attack.Images)
			assert.True(t, s.Attack.InWire, "it is shown as text")
			assert.Contains(t, s.Attack.Verdict, "lets the page read it")
			assert.Empty(t, s.Violations, "the page keeps to its own Content-Security-Policy")
		})
	}
}

package interop_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	gincors "github.com/gin-contrib/cors"
	chicors "github.com/go-chi/cors"
	"github.com/gorilla/handlers"
	middleware4 "github.com/labstack/echo/v4/middleware"
	middleware5 "github.com/labstack/echo/v5/middleware"
	rscors "github.com/rs/cors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
)

// A migration is a policy in the words of another package and its counterpart
// here.
type migration struct {
	name   string
	theirs http.Handler // around greeting
	ours   cors.Options
	// What browsers do otherwise, by call: theirs, and ours.
	differ map[string][2]string
}

// greeting is the handler of all migrations. It has headers to expose.
var greeting = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"1"`)
	w.Header().Set("X-Request-Id", "7")
	w.Header().Set("X-Ran", "yes")
})

// migrationCalls are what pages try.
func migrationCalls() map[string]corstest.Request {
	kinds := map[string]corstest.Request{
		"GET":              {},
		"HEAD":             {Method: "HEAD"},
		"form":             {Method: "POST", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
		"JSON":             {Method: "POST", Header: http.Header{"Content-Type": {"application/json"}}},
		"PUT":              {Method: "PUT"},
		"PATCH":            {Method: "PATCH"},
		"patch":            {Method: "patch"},
		"DELETE":           {Method: "DELETE"},
		"OPTIONS":          {Method: "OPTIONS"},
		"X-Token":          {Header: http.Header{"X-Token": {"1"}}},
		"X-Requested-With": {Header: http.Header{"X-Requested-With": {"1"}}},
		"Authorization":    {Header: http.Header{"Authorization": {"Bearer x"}}},
		"two headers":      {Method: "PUT", Header: http.Header{"X-Token": {"1"}, "Content-Type": {"application/json"}}},
		"GET with cookies": {Credentials: true},
		"PUT with cookies": {Method: "PUT", Credentials: true},
	}
	calls := make(map[string]corstest.Request)
	for who, origin := range map[string]string{
		"page":      page,
		"subdomain": "https://a.b.app.example",
		"stranger":  stranger,
		"lookalike": "https://app.example.evil.example",
		"frame":     "null",
		"plain":     "http://app.example",
	} {
		for kind, r := range kinds {
			r.Origin, r.URL = origin, "/greeting"
			calls[who+": "+kind] = r
		}
	}
	return calls
}

// check compares what browsers do with either, call by call, and over a session.
func (m migration) check(t *testing.T) {
	t.Helper()
	ours := cors.New(m.ours)(greeting)
	got := make(map[string][2]string)
	note := func(call, theirs, ours string) {
		if theirs != ours {
			got[call] = [2]string{theirs, ours}
		}
	}
	calls := migrationCalls()
	for name, r := range calls {
		note(name, verdict(t, m.theirs, r), verdict(t, ours, r))
	}
	note("a session", session(t, m.theirs), session(t, ours))
	note("a preflight's answer", preflightAnswer(t, m.theirs), preflightAnswer(t, ours))
	want := m.differ
	if want == nil {
		want = map[string][2]string{}
	}
	assert.Equal(t, want, got)
}

// docs/migrating.md has a row for each option of the other packages, and names no
// option of this one that does not exist.
func TestMigrationTables(t *testing.T) {
	page, err := os.ReadFile("../docs/migrating.md")
	require.NoError(t, err)
	fields := func(of reflect.Type) (names []string) {
		for _, f := range reflect.VisibleFields(of) {
			names = append(names, f.Name)
		}
		return names
	}
	ours := fields(reflect.TypeFor[cors.Options]())
	for name, options := range map[string][]string{
		"rs/cors":     fields(reflect.TypeFor[rscors.Options]()),
		"go-chi/cors": fields(reflect.TypeFor[chicors.Options]()),
		"gorilla/handlers": {"AllowedOrigins", "AllowedOriginValidator", "AllowedMethods", "AllowedHeaders",
			"ExposedHeaders", "AllowCredentials", "MaxAge", "OptionStatusCode", "IgnoreOptions"},
		"gin-contrib/cors": fields(reflect.TypeFor[gincors.Config]()),
		"echo": append(fields(reflect.TypeFor[middleware4.CORSConfig]()),
			fields(reflect.TypeFor[middleware5.CORSConfig]())...),
		"jub0bs/cors": {"Origins", "Credentialed", "Methods", "RequestHeaders", "MaxAgeInSeconds", "ResponseHeaders",
			"DangerouslyTolerateInsecureOrigins", "DangerouslyTolerateSubdomainsOfPublicSuffixes"},
		"Express's cors": {
			"origin", "methods", "allowedHeaders", "exposedHeaders", "credentials", "maxAge",
			"preflightContinue", "optionsSuccessStatus",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, table, found := strings.Cut(string(page), "\n## From "+name+"\n")
			require.True(t, found)
			table, _, _ = strings.Cut(table, "\n## ")
			for _, option := range options {
				assert.Regexp(t, "(?m)^[|][^|]*`"+option+"[`:(]", table)
			}
			for _, m := range regexp.MustCompile("(?m)^[|][^|]*[|] `([A-Z][A-Za-z]+)[`:]").FindAllStringSubmatch(table, -1) {
				if m[1] != "OptionsError" { // the only type that stands for an option
					assert.Contains(t, ours, m[1])
				}
			}
		})
	}
}

// A list without POST keeps JSON away with three packages, and not with this one.
func TestMigrationOfListsWithoutPOST(t *testing.T) {
	post := migrationCalls()["page: JSON"]
	listed, get, json := []string{page}, []string{"GET"}, []string{"Content-Type"}
	for name, theirs := range map[string]http.Handler{
		"rs/cors": rscors.New(rscors.Options{
			AllowedOrigins: listed, AllowedMethods: get, AllowedHeaders: json,
		}).Handler(greeting),
		"go-chi/cors": chicors.Handler(chicors.Options{
			AllowedOrigins: listed, AllowedMethods: get, AllowedHeaders: json,
		})(greeting),
		"gorilla/handlers": handlers.CORS(
			handlers.AllowedOrigins(listed), handlers.AllowedMethods(get), handlers.AllowedHeaders(json),
		)(greeting),
	} {
		assert.Equal(t, "not sent", verdict(t, theirs, post), name)
	}
	ours := cors.Options{AllowedOrigins: listed, AllowedMethods: get, AllowedHeaders: json}
	assert.Equal(t, "read", verdict(t, cors.New(ours)(greeting), post))
}

// verdict is "read", with the names of the exposed headers, or how far a call got,
// and whether the handler had a part in it.
func verdict(t *testing.T, h http.Handler, r corstest.Request) string {
	t.Helper()
	res, err := corstest.Fetch(h, r)
	if err != nil {
		var blocked *corstest.BlockedError
		require.ErrorAs(t, err, &blocked)
		if res.Response == nil {
			return "not sent"
		}
		return "sent, not read"
	}
	if res.Response.Header.Get("X-Ran") == "" {
		return "read, though the handler did not run"
	}
	exposed := slices.DeleteFunc(slices.Sorted(maps.Keys(res.Header)), func(name string) bool {
		return !slices.Contains([]string{"Etag", "X-Request-Id", "X-Ran"}, name)
	})
	return strings.TrimSpace("read " + strings.Join(exposed, " "))
}

// preflightAnswer tells what a preflight is answered with that the verdicts do not show.
func preflightAnswer(t *testing.T, h http.Handler) string {
	t.Helper()
	res, err := corstest.Fetch(h, corstest.Request{Origin: page, Method: "PUT", URL: "/greeting"})
	if err != nil {
		return "refused"
	}
	a := res.Preflight
	return fmt.Sprintf("status %d, max-age %q, handler ran: %t", a.StatusCode, a.Header.Get("Access-Control-Max-Age"),
		a.Header.Get("X-Ran") != "")
}

// session tells which preflights a page pays for that uses several methods on one
// URL, as far as the first refusal.
func session(t *testing.T, h http.Handler) string {
	t.Helper()
	b := corstest.Browser{Handler: h}
	var preflights []string
	for _, method := range []string{"PUT", "PATCH", "DELETE", "PUT"} {
		res, err := b.Fetch(t.Context(), corstest.Request{Origin: page, Method: method, URL: "/greeting"})
		if err != nil {
			return "refused"
		}
		if res.Preflight != nil {
			preflights = append(preflights, method)
		}
	}
	return "preflights: " + strings.Join(preflights, " ")
}

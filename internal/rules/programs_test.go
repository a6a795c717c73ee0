package rules_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/fixture"
)

// A program is a policy as a public program ships it, and what is right for it.
type program struct {
	Program       string
	Origins       []string
	Methods       []string
	Headers       []string
	Exposed       []string
	Credentials   bool
	MaxAgeSeconds int
	Right         string
}

func programs(t *testing.T) (all []program) {
	t.Helper()
	file, err := os.ReadFile("testdata/programs.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(file, &all))
	require.NotEmpty(t, all)
	return all
}

func (p program) options() cors.Options {
	o := cors.Options{
		AllowedOrigins: p.Origins,
		AllowedMethods: p.Methods,
		AllowedHeaders: p.Headers,
		ExposedHeaders: p.Exposed,
		MaxAge:         time.Duration(p.MaxAgeSeconds) * time.Second,

		AllowCredentials: p.Credentials,
	}
	if p.Origins == nil {
		o.AllowedOrigins = []string{"https://a.example"}
	}
	return o
}

func TestPrograms(t *testing.T) {
	problem := func(t *testing.T, err error, i int) cors.Problem {
		t.Helper()
		var bad *cors.OptionsError
		require.ErrorAs(t, err, &bad)
		require.Greater(t, len(bad.Problems), i)
		return bad.Problems[i]
	}
	sends := func(t *testing.T, o cors.Options, origin, want string) {
		t.Helper()
		res := fixture.Serve(cors.New(o)(fixture.Nothing), fixture.Get(origin))
		assert.Equal(t, want, res.Header().Get("Access-Control-Allow-Origin"))
	}
	writes := func(t *testing.T, o cors.Options, origin string) { // with the headers that are listed
		t.Helper()
		page := corstest.Request{Method: "POST", Origin: origin, Header: http.Header{}, Credentials: o.AllowCredentials}
		for name, value := range map[string]string{"Content-Type": "application/json", "Authorization": "Bearer x"} {
			if listed := strings.Join(o.AllowedHeaders, " "); strings.Contains(listed, name) || listed == "*" {
				page.Header.Set(name, value)
			}
		}
		_, err := corstest.Fetch(cors.New(o)(fixture.Nothing), page)
		assert.NoError(t, err)
	}
	for _, p := range programs(t) {
		t.Run(p.Program, func(t *testing.T) {
			o := p.options()
			err := o.Validate()
			switch p.Right {
			case "starts":
				require.NoError(t, err)
				for _, pattern := range o.AllowedOrigins {
					if !strings.Contains(pattern, "*") {
						origin := strings.TrimSuffix(strings.TrimSuffix(pattern, "/"), ":80")
						sends(t, o, origin, origin)
						writes(t, o, origin)
					}
				}
			case "starts, and allows every origin":
				require.NoError(t, err)
				sends(t, o, "https://other.example", "*")
				writes(t, o, "https://other.example")
			case "refused: remove what scripts cannot use":
				for i, value := range []string{"Cookie", "Set-Cookie"} {
					assert.Equal(t, value, problem(t, err, i).Value)
					assert.Contains(t, problem(t, err, i).Detail, "remove this")
					assert.Empty(t, problem(t, err, i).Fix)
				}
				isCookie := func(name string) bool { return strings.HasSuffix(name, "Cookie") }
				o.AllowedHeaders = slices.DeleteFunc(o.AllowedHeaders, isCookie)
				o.ExposedHeaders = slices.DeleteFunc(o.ExposedHeaders, isCookie)
				require.NoError(t, o.Validate())
				writes(t, o, "https://a.shop.example")
			case "refused: AllowOriginFunc":
				for i := range p.Origins {
					assert.Contains(t, problem(t, err, i).Detail, "AllowOriginFunc")
					assert.Empty(t, problem(t, err, i).Fix)
				}
			case "refused, Fix http://localhost":
				assert.Equal(t, "http://localhost", problem(t, err, 0).Fix)
			case "the first refused: AllowOriginFunc; the second starts as http://nas":
				first := problem(t, err, 0)
				assert.Equal(t, p.Origins[0], first.Value)
				assert.Contains(t, first.Detail, "AllowOriginFunc")
				var bad *cors.OptionsError
				require.True(t, errors.As(err, &bad) && len(bad.Problems) == 1)
				o.AllowedOrigins = o.AllowedOrigins[1:]
				require.NoError(t, o.Validate())
				sends(t, o, "http://nas", "http://nas")
			default:
				t.Errorf("nobody checks that it %s", p.Right)
			}
		})
	}
}

package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"example.com/cors"
)

// wrapped is a server behind the middleware.
func wrapped(policy func(page string) cors.Options) server {
	return func(o origins) http.Handler {
		return cors.New(policy(o.page))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-One", "1")
			w.Header().Set("X-Two", "2")
			_, _ = w.Write([]byte("hello"))
		}))
	}
}

// policyCases are calls to servers behind the middleware.
func policyCases() (cases []testCase) {
	policies := []struct {
		name   string
		policy func(page string) cors.Options
	}{
		{"origin", func(page string) cors.Options { return cors.Options{AllowedOrigins: []string{page}} }},
		{"any port", func(string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{"http://127.0.0.1:*"}, AllowedMethods: []string{"PUT"}, ExposedHeaders: []string{"X-One"},
			}
		}},
		{"another", func(string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{"http://127.0.0.1", "http://localhost:*"},
				AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"},
			}
		}},
		{"open", func(string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{"*"}, AllowedMethods: []string{"PUT", "PATCH"},
				AllowedHeaders: []string{"X-A"}, ExposedHeaders: []string{"*"},
			}
		}},
		{"open to everything", func(string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{"*"}, AllowedMethods: []string{"*"}, AllowedHeaders: []string{"*"},
				ExposedHeaders: []string{"*"}, MaxAge: time.Hour,
			}
		}},
		{"spelled otherwise", func(page string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{" " + strings.ToUpper(page) + "/ "}, AllowedMethods: []string{"PUT "},
				AllowedHeaders: []string{"Origin", "Content-Length", "Sec-Fetch-Mode", " content-type", "x-a", "Host"},
				ExposedHeaders: []string{"Range", "x-one"}, MaxAge: 7 * 24 * time.Hour,
			}
		}},
		{"open among others", func(page string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{page, " * ", "http://127.0.0.1:80"}, AllowedMethods: []string{"PUT"},
				AllowedHeaders: []string{"Accept-Encoding"},
			}
		}},
		{"lists", func(page string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{page}, AllowedMethods: []string{"PUT", "PATCH", "DELETE", "OPTIONS"},
				AllowedHeaders: []string{"Content-Type", "X-A", "Authorization"},
				ExposedHeaders: []string{"X-One"}, MaxAge: 10 * time.Minute,
			}
		}},
		{"credentials", func(page string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{page}, AllowCredentials: true, AllowedMethods: []string{"PUT", "PATCH"},
				AllowedHeaders: []string{"X-A"}, ExposedHeaders: []string{"X-Two"}, MaxAge: -1,
			}
		}},
		{"credentials and everything", func(page string) cors.Options {
			return cors.Options{
				AllowedOrigins: []string{page}, AllowCredentials: true, AllowedMethods: []string{"*"},
				AllowedHeaders: []string{"*"}, MaxAge: 10 * time.Minute,
			}
		}},
		{"passthrough", func(page string) cors.Options {
			return cors.Options{AllowedOrigins: []string{page}, OptionsPassthrough: true, AllowedMethods: []string{"PUT"}}
		}},
		{"status 200", func(page string) cors.Options {
			return cors.Options{AllowedOrigins: []string{page}, OptionsSuccessStatus: 200, AllowedMethods: []string{"PUT"}}
		}},
		{"func", func(page string) cors.Options {
			return cors.Options{
				AllowOriginFunc: func(_ *http.Request, origin string) bool { return origin == page || origin == "null" },
				AllowedMethods:  []string{"PUT"},
			}
		}},
		{"func that denies", func(string) cors.Options {
			return cors.Options{
				AllowOriginFunc: func(*http.Request, string) bool { return false }, AllowedMethods: []string{"PUT"},
			}
		}},
	}
	calls := map[string][]call{
		"GET":            one(fetch("GET")),
		"GET twice":      {fetch("GET"), fetch("GET").include()},
		"JSON":           one(fetch("POST", "Content-Type: application/json")),
		"PUT":            one(fetch("PUT")),
		"methods":        {fetch("PUT"), fetch("PATCH"), fetch("DELETE")},
		"patch":          one(fetch("patch")),
		"OPTIONS":        one(fetch("OPTIONS")),
		"X-A":            one(fetch("GET", "X-A: 1")),
		"X-A and X-B":    one(fetch("PUT", "Content-Type: text/plain", "X-A: 1", "X-B: 1")),
		"Authorization":  one(fetch("GET", "Authorization: x")),
		"with cookies":   one(fetch("PUT", "Content-Type: text/plain", "X-A: 1").include()),
		"cookie headers": one(fetch("GET", "Authorization: x", "X-B: 1").include()),
		"upload":         one(fetch("POST").listening()),
	}
	for _, p := range policies {
		for name, calls := range calls {
			cases = append(cases, testCase{
				name: fmt.Sprintf("policy %s: %s", p.name, name), calls: calls, server: wrapped(p.policy),
			})
		}
		cases = append(cases, testCase{
			name: fmt.Sprintf("policy %s: frame", p.name), frame: true,
			calls: []call{fetch("GET"), fetch("PUT")}, server: wrapped(p.policy),
		})
	}
	return cases
}

const generated = "generated "

// generatedCases are calls and answers put together at random, the same in each
// run.
func generatedCases() (cases []testCase) {
	random := rand.New(rand.NewPCG(20261123, 7))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	// Mostly what lets a call pass, so that all steps are reached.
	origin := func() []string {
		return lines("Origin",
			pick("PAGE", "PAGE", "PAGE", "PAGE", "PAGE", "*", "*", "*", "", "null", "https://a.example", "PAGE, PAGE"))
	}
	credentials := func() []string { return lines("Credentials", pick("true", "true", "true", "", "TRUE")) }
	expose := func() []string { return lines("Expose", pick("", "X-One", "*", "x-two, X-ONE", "X-One|X-Two", "?")) }
	for i := range 200 {
		var preflight, actual []string
		preflight = append(preflight, origin()...)
		preflight = append(preflight, credentials()...)
		preflight = append(preflight,
			lines("Methods",
				pick("", "PUT", "PUT, PATCH, DELETE", "*", "PUT, *", "patch", "PATCH|DELETE|PUT", "PUT;", "put"))...)
		preflight = append(preflight,
			lines("Headers",
				pick("", "X-A", "X-A, X-B", "*", "*, Authorization", "authorization, x-a", "x-b|x-a|content-type", "X A",
					"content-type"))...)
		preflight = append(preflight, lines("Max-Age", pick("", "600", "0", "-1", "x"))...)
		actual = append(actual, origin()...)
		actual = append(actual, credentials()...)
		actual = append(actual, expose()...)
		actual = append(actual, "Cache-Control: no-store")
		var calls []call
		for range 1 + random.IntN(2) {
			var header []string
			for _, line := range []string{"X-A: 1", "X-B: 1", "Authorization: x", "Accept: text/html", "Range: bytes=1-"} {
				if random.IntN(5) == 0 {
					header = append(header, line)
				}
			}
			method := pick("GET", "HEAD", "POST", "PUT", "PATCH", "patch", "put", "DELETE", "OPTIONS")
			if method == "POST" || method == "PUT" || method == "PATCH" {
				header = append([]string{"Content-Type: " + pick("text/plain", "application/json")}, header...)
			}
			c := fetch(method, header...)
			c.credentials = random.IntN(3) == 0
			calls = append(calls, c)
		}
		status := 0
		if random.IntN(12) == 0 {
			status = []int{200, 299, 301, 403, 500}[random.IntN(5)]
		}
		cases = append(cases, testCase{
			name:   fmt.Sprintf("%s%d", generated, i),
			calls:  calls,
			server: raw(deny(preflight...).with(status), deny(actual...)),
		})
	}
	return cases
}

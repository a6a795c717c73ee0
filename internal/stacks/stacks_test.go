package stacks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile are values from the answers of servers that want to get into a configuration.
var hostile = []string{
	`X"`, `X'`, "X`", `X\`, "X\nadd_header X 1", "X\r", "X\x00", "X;", "X{", "X}",
	"X$host", "$(id)", "%{ENV}e", "%[src]", "X #", "X#", "#{id}", "X,Y", "X Y",
	"<X>", "X&amp;", "]]>", "X/", "X)",
	"-X", ".X", "é", "X\u202e", "", strings.Repeat("X", 65), "X|Y", "X~", "X^Y",
	"X!", "X+Y", "{args.0}", "${X}", "'''", `"""`,
}

// What a server lists is in the advice whole, but for what could end a string or a
// line of a configuration: that is left out, and told.
func TestHostileLists(t *testing.T) {
	clean := Change{
		Origins: []string{"https://app.example.com"}, Methods: []string{"PUT", "M-SEARCH"},
		Headers: []string{"X-Token", "X_Y.Z"}, Exposed: []string{"X-Id"}, Credentials: true, MaxAge: time.Minute,
	}
	for _, name := range Names() {
		want, err := For(name, clean)
		require.NoError(t, err)
		assert.Empty(t, want.LeftOut)
		for _, value := range hostile {
			c := clean
			c.Methods = append([]string{value}, clean.Methods...)
			c.Headers = append([]string{"X-Token", value}, clean.Headers...)
			c.Exposed = append(slices.Clone(clean.Exposed), value)
			got, err := For(name, c)
			require.NoError(t, err)
			assert.Equal(t, want.Text, got.Text, "%s, with %q", name, value)
			assert.Equal(t, []string{value, value, value}, got.LeftOut, "%s", name)
		}
	}
}

// FuzzFor has a second opinion about what may be in a text: with a name of plain
// characters only, the text is the same but for that name.
func FuzzFor(f *testing.F) {
	for _, value := range hostile {
		f.Add(value)
	}
	f.Add("PATCH")
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range Names() {
			c := Change{Origins: []string{"https://app.example.com"}, Methods: []string{"PUT"}, Headers: []string{"X-A"}}
			without, err := For(name, c)
			require.NoError(t, err)
			c.Methods, c.Headers, c.Exposed = append(c.Methods, value), append(c.Headers, value), append(c.Exposed, value)
			with, err := For(name, c)
			require.NoError(t, err)
			for _, b := range []byte(with.Text) {
				require.True(t, ' ' <= b && b <= '~' || b == '\n' || b == '\t', "%s: the byte %q", name, b)
			}
			const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-._"
			plain := value != "" && strings.Trim(strings.ToLower(value), alphabet) == ""
			if !plain && value != "*" {
				assert.Equal(t, without.Text, with.Text, "%s", name)
				assert.Len(t, with.LeftOut, 3, "%s", name)
			}
			_, err = For(name, Change{Origins: []string{value}})
			for _, c := range "\"'`\\\n\r\x00;{}$%#<>&() ,|" {
				if strings.ContainsRune(value, c) {
					assert.Error(t, err, "%s: an origin with %q", name, c)
				}
			}
		}
	})
}

func TestOrigins(t *testing.T) {
	long := "https://" + strings.Repeat("a", 300)
	for origin, want := range map[string]string{
		"https://app.example.com":                            "",
		"http://localhost:3000":                              "",
		"http://[::1]:3000":                                  "",
		"http://127.0.0.1":                                   "",
		"https://my_app.example.com":                         "",
		"chrome-extension://abcdefghijklmnopabcdefghijklmno": "",
		"capacitor://localhost":                              "",
		"*":                                                  "",
		"null":                                               "null is the origin of every sandboxed page",
		"":                                                   `"" is no origin`,
		"https://app.example.com/":                           "is no origin",
		"https://App.example.com":                            "is no origin",
		"app.example.com":                                    "is no origin",
		"https://*.example.com":                              "is no origin",
		"https://app.example.com:":                           "is no origin",
		"https://app.example.com\n":                          "is no origin",
		"https://a' 'b":                                      "is no origin",
		"https://[app.example.com]":                          "is no origin",
		"http://[::1":                                        "is no origin",
		"http://[1.2.3.4]":                                   "is no origin",
		"https://ex\u00e4mple.com":                           "is no origin",
		long:                                                 "is no origin",
	} {
		_, err := For("nginx", Change{Origins: []string{origin}})
		if want == "" {
			assert.NoError(t, err, origin)
		} else {
			assert.ErrorContains(t, err, want, origin)
			assert.Less(t, len(err.Error()), 300)
		}
	}
	_, err := For("nginx", Change{})
	assert.ErrorContains(t, err, "no origin")
	_, err = For("nginx", Change{Origins: []string{"*"}, Credentials: true})
	assert.ErrorContains(t, err, "with credentials")
	_, err = For("nginx", Change{Origins: []string{"https://app.example.com", "*"}})
	assert.ErrorContains(t, err, "stands alone")
	_, err = For("iis\n", Change{Origins: []string{"*"}})
	assert.ErrorContains(t, err, `"iis\n" is not among the stacks: go, express, fastify`)
}

// Each stack has all that is to be allowed, and "*" where it was.
func TestLists(t *testing.T) {
	var headers []string
	for i := range 60 {
		headers = append(headers, fmt.Sprintf("X-Header-%d", i))
	}
	for _, name := range Names() {
		a, err := For(name, Change{
			Origins: []string{"https://app.example.com", "https://app.example.com", "https://b.example.com"},
			Methods: []string{"PATCH", "PATCH", "GET"}, Headers: append(headers, "x-header-0"),
			Exposed: []string{"X-Id"}, MaxAge: 7 * time.Minute,
		})
		require.NoError(t, err)
		assert.Empty(t, a.LeftOut)
		text := strings.ReplaceAll(a.Text, `\`, "")
		for _, want := range append(headers, "https://b.example.com", "X-Id") {
			assert.Contains(t, strings.ToLower(text), strings.ToLower(want), "%s", name)
		}
		assert.Contains(t, text, "420", "%s: the maximum age", name)
		assert.Equal(t, 1, strings.Count(strings.ToLower(text), "x-header-0"), "%s: each header once", name)
		assert.Equal(t, 1, strings.Count(text, "https://app.example.com"), "%s: each origin once", name)
		assert.NotContains(t, strings.ToLower(text), "credentials", "%s", name)

		open, err := For(name, Change{
			Origins: []string{"*"}, Methods: []string{"*"}, Headers: []string{"*", "Authorization"},
		})
		require.NoError(t, err)
		if name == "tomcat" {
			assert.Equal(t, []string{"*"}, open.LeftOut)
			assert.Contains(t, open.Text, "<param-value>Authorization,Content-Type</param-value>")
		} else {
			assert.Empty(t, open.LeftOut, "%s", name)
		}
		assert.NotContains(t, open.Text, "Vary", "%s: the answer is the same for everybody", name)

		// With credentials, "*" is a name like others, which no page asks for.
		listed, err := For(name, Change{
			Origins: []string{"https://app.example.com"}, Methods: []string{"*", "PUT"}, Headers: []string{"*"},
			Credentials: true,
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"*", "*"}, listed.LeftOut, "%s", name)
		assert.NotRegexp(t, `Allow-(Methods|Headers)\W+\*|headers.*"\*"|methods.*"\*"|:any`, listed.Text, "%s", name)
	}
	endless := make([]string, 1000)
	for i := range endless {
		endless[i] = fmt.Sprintf("X-Header-%d", i)
	}
	a, err := For("nginx", Change{Origins: []string{"*"}, Headers: endless})
	require.NoError(t, err)
	assert.Less(t, len(a.Text), 4000, "nginx takes no longer lines")
	assert.Equal(t, 1000, strings.Count(a.Text, "X-Header")+len(a.LeftOut))
}

// Advice says where it goes, and says another thing where a layer is to be completed.
func TestWhere(t *testing.T) {
	c := Change{Origins: []string{"https://app.example.com"}}
	for _, name := range Names() {
		a, err := For(name, c)
		require.NoError(t, err)
		assert.Equal(t, name, a.Name)
		assert.NotEmpty(t, a.Title)
		assert.Regexp(t, `^[A-Z].*\.$`, a.Where, "%s", name)
		c.Layer = true
		completed, err := For(name, c)
		require.NoError(t, err)
		assert.NotEqual(t, a.Where, completed.Where, "%s", name)
		assert.Contains(t, completed.Where, "the place of", "%s", name)
		c.Layer = false
	}
}

// Django adds to the list that its settings have.
func TestDjangoCompletes(t *testing.T) {
	a, err := For("django", Change{
		Origins: []string{"https://app.example.com"}, Headers: []string{"Authorization", "X-Token"},
		Methods: []string{"PURGE"}, Layer: true,
	})
	require.NoError(t, err)
	assert.Equal(t, `from corsheaders.defaults import default_headers, default_methods

CORS_ALLOWED_ORIGINS = [*CORS_ALLOWED_ORIGINS, "https://app.example.com"]
CORS_ALLOW_METHODS = [*default_methods, "PURGE"]
CORS_ALLOW_HEADERS = [*default_headers, "x-token"]`, a.Text)
}

func TestDetect(t *testing.T) {
	// The headers of a response, one a line.
	for header, want := range map[string]string{
		"":                               "",
		"Server: nginx/1.22.1":           "nginx",
		"Server: nginx":                  "nginx",
		"Server: openresty/1.25.3.1":     "nginx",
		"Server: Apache/2.4.67 (Debian)": "apache",
		"Server: Apache":                 "apache",
		"Server: Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips PHP/5.4.16":                    "apache",
		"Server: Apache/2.4.67 (Debian)\nX-Powered-By: PHP/8.2.29":                        "php",
		"Server: Apache-Coyote/1.1":                                                       "tomcat",
		"X-Powered-By: Servlet/3.1 JSP/2.3 (Apache Tomcat/8.5.4 Java/Oracle Corporation)": "tomcat",
		"X-Powered-By: Servlet/3.1\nServer: nginx":                                        "",
		"Server: ApacheTrafficServer/9.2":                                                 "",
		"Server: Caddy":                                                                   "caddy",
		"Via: 1.1 Caddy":                                                                  "caddy",
		"Server: Caddy\nServer: uvicorn":                                                  "fastapi",
		"X-Powered-By: Express":                                                           "express",
		"Server: nginx\nX-Powered-By: Express":                                            "express",
		"Server: cloudflare\nX-Powered-By: Express":                                       "express",
		"Server: cloudflare":                                                              "",
		"Server: nginx\nX-Powered-By: PHP/8.2.10\nX-Powered-By: PleskLin":                 "php",
		"X-Powered-By: PHP/8.2.10, PleskLin":                                              "php",
		"Server: nginx\nX-Powered-By: PleskLin":                                           "nginx",
		"Server: Microsoft-IIS/10.0\nX-Powered-By: PHP/8.1.0\nX-Powered-By: ASP.NET":      "php",
		"Server: nginx\nX-Powered-By: ASP.NET":                                            "",
		"Server: nginx\nX-Powered-By: Next.js":                                            "",
		"Server: gunicorn\nSet-Cookie: csrftoken=x; Path=/":                               "django",
		"Set-Cookie: xcsrftoken=x\nServer: nginx":                                         "nginx",
		"Server: Cowboy\nX-Runtime: 0.012345":                                             "rack",
		"Server: nginx\nX-Powered-By: Phusion Passenger 6\nX-Runtime: 0.012345":           "rack",
		"Server: nginx\nX-Runtime: 12ms":                                                  "nginx",
		"Server: nginx\nX-Runtime: 0.01":                                                  "nginx",
		"X-Powered-By: PHP/8.2.29":                                                        "php",
		"Server: Werkzeug/2.2.2 Python/3.11.2":                                            "flask",
		"Server: uvicorn":                                                                 "fastapi",
		"Server: WSGIServer/0.2 CPython/3.11.2":                                           "django",
		"Server: gunicorn":                                                                "",
		"Server: nginx\nServer: gunicorn/20.1.0":                                          "",
		"Server: Puma 6.4.2":                                                              "rack",
		"Server: WEBrick/1.8.1 (Ruby/3.1.2/2022-04-12)":                                   "rack",
		"X-Rack-Cors: miss; no-origin":                                                    "rack",
		"Server: nginx/1.22.1 + Phusion Passenger(R) 6.0.17\nX-Powered-By: Phusion Passenger(R) 6.0.17": "",
		"Server: nginx\nSet-Cookie: a=b\nSet-Cookie: PHPSESSID=1; path=/":                               "php",
		"Set-Cookie: connect.sid=s%3A1; Path=/":                                                         "express",
		"Server: nginx\nSet-Cookie: x=1; note=PHPSESSID=1":                                              "nginx",
		"Server: nginx\nSet-Cookie: JSESSIONID=1A; Path=/; HttpOnly":                                    "",
		"Server: Apache-Coyote/1.1\nSet-Cookie: JSESSIONID=1A; Path=/":                                  "tomcat",
		"Server: nginx\nSet-Cookie: .AspNetCore.Antiforgery.x=1":                                        "",
		"Server: nginx\nSet-Cookie: ASP.NET_SessionId=1":                                                "",
		"Server: nginx\nX-AspNet-Version: 4.0.30319":                                                    "",
		"X-Powered-By: Express\nX-Powered-By: PHP/8.2":                                                  "",
		"Via: 1.1 HAProxy":                                           "haproxy",
		"Server: nginx\nServer: Apache/2.4.67":                       "",
		"Server: nginxy/1.0":                                         "",
		"Server: my nginx":                                           "",
		"Server: Microsoft-IIS/10.0":                                 "",
		"Server: LiteSpeed\nX-Powered-By: PHP/8.2.10":                "php",
		"Server: AmazonS3\nVia: 1.1 abc.cloudfront.net (CloudFront)": "",
	} {
		h := make(http.Header)
		for line := range strings.Lines(header) {
			name, value, _ := strings.Cut(line, ": ")
			h.Add(name, strings.TrimSpace(value))
		}
		got, ok := Detect(h)
		assert.Equal(t, want, got, header)
		assert.Equal(t, want != "", ok, header)
		assert.True(t, got == "" || slices.Contains(Names(), got), header)
	}
	_, ok := Detect(http.Header{"Server": append(slices.Repeat([]string{"x"}, 1000), "nginx")})
	assert.False(t, ok, "a bounded number of values is looked at")
}

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/cmd/corscheck/internal/paste"
)

// chromiumCopies returns what Chromium copied of some calls, by form.
func chromiumCopies(t *testing.T) (copies []map[string]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("internal", "paste", "testdata", "chromium.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &copies))
	return copies
}

// H1, H3: a call is the same, whatever form it was copied in.
func TestChromiumForms(t *testing.T) {
	type told struct {
		method, url, origin, from, body string
		header                          http.Header
		preflightOnly                   bool
	}
	secret := http.Header{"Authorization": {"Bearer SECRET"}, "Content-Type": {"application/json"}}
	asJSON := http.Header{"Content-Type": {"application/json"}}
	announced := http.Header{"Accept": {"*/*"}, "Authorization": {`"announced"`}, "Content-Type": {"application/json"}}
	const put = `{"a":"it's \"q\"\n100%"}`
	want := map[string]told{
		"PUT https://api.example.com/api/users/7?q=a%20b":     {"PUT", "", page, "Referer", put, secret, false},
		"OPTIONS https://api.example.com/api/users/7?q=a%20b": {"PUT", "", page, "Origin", "", announced, true},
		"GET https://api.example.com/api/plain": {"GET", "", page, "Origin", "", http.Header{"Accept": {"*/*"}},
			false},
		"PUT http://api.example.com/api/users/7": {"PUT", "", page, "", "{}", asJSON, false},
		"GET https://api.example.com/selfsigned": {"GET", "", "http://app.example.com", "Referer",
			"", http.Header{}, false},
		"PUT https://api.example.com/selfsigned": {"PUT", "", "http://app.example.com", "Referer",
			"", http.Header{}, false},
	}
	for _, forms := range chromiumCopies(t) {
		for _, form := range []string{"bash", "cmd", "fetch", "nodefetch", "ps"} {
			t.Run(forms["of"]+"/"+form, func(t *testing.T) {
				w, ok := want[forms["of"]]
				require.True(t, ok)
				_, w.url, _ = strings.Cut(forms["of"], " ")
				args := []string{"-"}
				if w.from == "" { // the page sends no Referer, and nothing tells it
					_, err := parseWith(strings.NewReader(forms[form]), args...)
					require.ErrorContains(t, err, "add -origin https://app.example.com")
					args = append(args, "-origin", page)
				}
				isFetch := form == "fetch" || form == "nodefetch"
				switch {
				case isFetch && w.preflightOnly: // these forms lose what a preflight asks
					w.method, w.preflightOnly, w.header = "OPTIONS", false, http.Header{"Accept": {"*/*"}}
				}
				switch {
				case form == "fetch" && w.from != "":
					w.from = "referrer"
				case form == "nodefetch" && w.from != "":
					w.from = "Referer"
				}
				c, err := parseWith(strings.NewReader(forms[form]), args...)
				require.NoError(t, err)
				assert.Equal(t, w, told{
					c.call.method, c.call.url, c.call.origin, c.call.originFrom, c.call.body, c.call.header,
					c.flags.preflightOnly,
				})
				include := form == "fetch" && forms["of"] == "PUT https://api.example.com/api/users/7?q=a%20b"
				assert.Equal(t, include, c.call.credentials)
				assert.Equal(t, !include, c.call.credentialsUnknown)

				again, err := parseWith(nil, append([]string{forms[form]}, args[1:]...)...)
				require.NoError(t, err)
				assert.Equal(t, c, again, "as one argument")
			})
		}
	}
}

// Flags beside a paste overrule it, whatever they say.
func TestFlagsBesidePaste(t *testing.T) {
	const text = `curl 'https://api.example.com/users/7' -X 'PUT' -H 'Origin: https://app.example.com' ` +
		`-H 'Content-Type: application/json' -H 'X-A: 1' -b 'a=1' --data-raw '{}'`
	for _, tc := range []struct {
		name   string
		args   []string
		change func(c *command)
	}{
		{"nothing", nil, func(*command) {}},
		{"a method", []string{"-X", "PATCH"}, func(c *command) { c.call.method = "PATCH" }},
		{"a method without body", []string{"-X", "GET"}, func(c *command) {
			c.call.method, c.call.body, c.call.hasBody = "GET", "", false
			c.call.header.Del("Content-Type")
		}},
		{"a body", []string{"-d", "[]"}, func(c *command) { c.call.body = "[]" }},
		{"a header", []string{"-H", "x-a: 2", "-H", "X-B: 3"}, func(c *command) {
			c.call.header.Set("X-A", "2")
			c.call.header.Set("X-B", "3")
		}},
		{"an origin", []string{"-origin", "https://other.example"}, func(c *command) {
			c.call.origin, c.call.originFrom = "https://other.example", ""
		}},
		{"an origin as header", []string{"-H", "Origin: https://other.example"}, func(c *command) {
			c.call.origin = "https://other.example"
		}},
		{"a URL", []string{"-url", "https://staging.example/"}, func(c *command) {
			c.call.url = "https://staging.example/"
		}},
		{"cookies", []string{"-b", "b=2"}, func(c *command) { c.call.cookie = "b=2" }},
		{"no cookies", []string{"-credentials=omit"}, func(c *command) { c.call.cookie, c.call.credentials = "", false }},
		{"any certificate", []string{"-k"}, func(c *command) { c.flags.insecure = true }},
		{"no call", []string{"-preflight-only"}, func(c *command) { c.flags.preflightOnly = true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want, err := parse([]string{text})
			require.NoError(t, err)
			tc.change(want)
			for i, args := range [][]string{append(tc.args, "-"), append([]string{"-"}, tc.args...)} {
				got, err := parseWith(strings.NewReader(text), args...)
				require.NoError(t, err)
				if tc.name == "an origin as header" {
					got.call.originFrom = want.call.originFrom
				}
				assert.Equal(t, want, got, i)
			}
		})
	}
}

// A paste is text: it runs nothing, opens no file, and what it asks of corscheck
// itself does not count.
func TestPasteOpensNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("secret"), 0o600))
	for _, flag := range []string{"-d @", "--data-binary @", "--data-urlencode a@", "-H @", "-T ", "-F a=@",
		"-F 'a=<", "--cacert ", "-E ", "--key "} {
		text := "curl https://api.example.com -H 'Origin: https://app.example.com' " + flag + file
		if strings.Contains(flag, "'") {
			text += "'"
		}
		_, err := parseWith(strings.NewReader(text), "-")
		require.ErrorContains(t, err, "a paste opens no file", flag)
	}
	_, err := parseWith(strings.NewReader(`curl https://api.example.com -F 'a=<"`+file+`";type=a/b'`), "-")
	require.ErrorContains(t, err, `add -F "a=<`+file+`" beside it`)
	c, err := parseWith(strings.NewReader("curl https://api.example.com -H 'Origin: https://app.example.com' "+
		"-H \"X-A: $(touch "+file+".new) `id` $HOME\" -audit -preflight-only -engine chromium"), "-")
	require.NoError(t, err)
	assert.NoFileExists(t, file+".new")
	assert.Equal(t, "$(touch "+file+".new) `id` $HOME", c.call.header.Get("X-A"))
	assert.False(t, c.flags.audit)
	assert.Equal(t, allEngines, c.flags.engines)
}

// runPaste runs the command with a paste, and returns what it writes and what the
// server saw.
func runPaste(t *testing.T, text string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(append(args, "-"), strings.NewReader(text), &out, &errs, false)
	return status, out.String(), errs.String()
}

// spaced is what was written, on one line.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// H2: what the form does not tell about cookies is played both ways, and nothing is
// sent twice.
func TestPastedCredentials(t *testing.T) {
	curl := func(url string) string {
		return "curl '" + url + "' \\\n -X 'PUT' \\\n -H 'Origin: " + page + "' \\\n -H 'Content-Type: " +
			"application/json' \\\n --data-raw '{}'"
	}
	fetch := func(credentials string) func(string) string {
		return func(url string) string {
			return `fetch("` + url + `", {"headers": {"content-type": "application/json"}, "referrer": "` + page +
				`/x", "body": "{}", "method": "PUT", "mode": "cors", "credentials": "` + credentials + `"});`
		}
	}
	for _, tc := range []struct {
		name string
		text func(url string) string
		args []string
		note bool
		exit int
	}{
		{"cURL", curl, nil, true, exitOK},
		{"cURL, and the user knows", curl, []string{"-credentials=omit"}, false, exitOK},
		{"cURL, and the user knows better", curl, []string{"-credentials"}, false, exitFailed},
		{"cURL with a cookie", func(url string) string { return curl(url) + " -b 'a=b'" }, nil, false, exitFailed},
		{"fetch that the tools wrote", fetch("omit"), nil, true, exitOK},
		{"fetch by hand", fetch("same-origin"), nil, false, exitOK},
		{"fetch with cookies", fetch("include"), nil, false, exitFailed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &sink{Handler: policy{allow: always("*")}}
			url := serve(t, s)
			status, stdout, stderr := runPaste(t, tc.text(url), append(tc.args, "-no-probe", "-json")...)
			assert.Empty(t, stderr)
			assert.Equal(t, tc.exit, status)
			var o jsonOutcome
			require.NoError(t, json.Unmarshal([]byte(stdout), &o))
			var ids []string
			for _, n := range o.Hints {
				ids = append(ids, n.ID)
			}
			assert.Equal(t, tc.note, strings.Contains(strings.Join(ids, " "), "credentials-unknown"), ids)
			want := []string{"OPTIONS /users/7"}
			if tc.exit == exitOK {
				want = append(want, "PUT /users/7 {}")
			}
			assert.Equal(t, want, s.seen, "each once")
		})
	}
}

// har returns a HAR with failed calls, each "METHOD path".
func har(url string, calls ...string) string {
	var entries []string
	for _, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		body := ""
		if method != "GET" {
			body = `, "postData": {"mimeType": "application/json", "text": "{}"}`
		}
		if strings.HasPrefix(path, "/form") {
			body = strings.Replace(body, "application/json", "text/plain", 1)
		}
		entries = append(entries, `{"request": {"method": "`+method+`", "url": "`+url+path+
			`", "headers": [{"name": "Origin", "value": "`+page+`"}]`+body+`}, "response": {"status": 0}, `+
			`"_resourceType": "fetch"}`)
	}
	return `{"log": {"entries": [` + strings.Join(entries, ", ") + `]}}`
}

func TestHARCalls(t *testing.T) {
	s := &sink{Handler: policy{allow: only(page)}}
	url := strings.TrimSuffix(serve(t, s), "/users/7")
	file := filepath.Join(t.TempDir(), "a.example_Archive [26-11-26 15-17-59].HAR") // as Firefox names it
	require.NoError(t, os.WriteFile(file, []byte(har(url, "PUT /a", "GET /b", "POST /form")), 0o600))
	check := func(args ...string) (status int, stdout, stderr string, seen []string) {
		s.seen = nil
		var out, errs bytes.Buffer
		status = run(append([]string{file, "-no-probe"}, args...), nil, &out, &errs, false)
		return status, spaced(out.String()), errs.String(), s.seen
	}

	status, stdout, stderr, seen := check()
	assert.Equal(t, exitOK, status, stderr)
	assert.Equal(t, []string{"OPTIONS /a"}, seen, "a call that writes is not sent")
	assert.Contains(t, stdout, "PUT "+url+"/a, from a page of "+page+" (as Origin says)")
	assert.Contains(t, stdout, "One of 3 calls. Check another with -entry:")
	assert.Contains(t, stdout, " 2 GET "+url+"/b no answer")
	assert.Contains(t, stdout, " 3 POST "+url+"/form no answer")
	assert.NotContains(t, stdout, " 1 PUT "+url+"/a no answer")
	assert.Contains(t, stdout,
		"PUT is not sent, because it writes, and may not be all of the call. Add -send to have it sent.")

	_, _, _, seen = check("-send")
	assert.Equal(t, []string{"OPTIONS /a", "PUT /a {}"}, seen)
	_, stdout, _, seen = check("-entry", "2")
	assert.Equal(t, []string{"GET /b"}, seen)
	assert.Contains(t, stdout, " 1 PUT "+url+"/a no answer")
	status, _, stderr, seen = check("-entry", "3")
	assert.Equal(t, exitUnknown, status)
	assert.Empty(t, seen)
	assert.Contains(t, stderr, "POST "+url+"/form writes, and browsers send it without a preflight, so nothing was "+
		"sent: add -send to have it sent\n")
	_, _, _, seen = check("-entry", "3", "-send")
	assert.Equal(t, []string{"POST /form {}"}, seen)
	status, _, stderr, _ = check("-entry", "4")
	assert.Equal(t, exitUnknown, status)
	assert.Contains(t, stderr, "-entry 4: there are 3 calls")

	_, stdout, _, _ = check("-json")
	var o jsonOutcome
	require.NoError(t, json.Unmarshal([]byte(stdout), &o))
	assert.Equal(t, []other{{2, "GET", url + "/b", "no answer"}, {3, "POST", url + "/form", "no answer"}}, o.Others)
	assert.Equal(t, "Origin", o.From)
}

// The file that a browser exported: its page is https, and its API http.
func TestChromiumHARFile(t *testing.T) {
	file := filepath.Join("internal", "paste", "testdata", "chromium.har")
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitFailed, run([]string{file}, nil, &stdout, &stderr, false), stderr.String())
	text := spaced(stdout.String())
	assert.Contains(t, text,
		"PUT http://api.example.com/api/users/7, from a page of https://app.example.com (as the page in the "+
			"HAR says)")
	assert.Contains(t, text, "mixed content")
	assert.Contains(t, text, " 2 GET http://api.example.com/api/users/7 no answer")
}

func TestConsoleLine(t *testing.T) {
	const blocked = " from origin '" + page + "' has been blocked by CORS policy: "
	for _, tc := range []struct {
		name, line string
		server     http.Handler
		args       []string
		seen       []string
		exit       int
		says       []string
	}{
		{"no header", "Access to fetch at 'URL'" + blocked + "No 'Access-Control-Allow-Origin' header is " +
			"present on the requested resource.",
			before(nil, says(onAll, 200)), nil, []string{"GET /users/7"}, exitFailed,
			[]string{"(as the console's line says)", "The browser said: Access to fetch at",
				"The console's line does not tell the method, the headers and whether there were cookies."}},
		{"a method", "Access to fetch at 'URL'" + blocked + "Method PUT is not allowed by " +
			"Access-Control-Allow-Methods in preflight response.",
			policy{allow: only(page), preflight: replace("Access-Control-Allow-Methods", "GET")}, nil, []string{"OPTIONS " +
				"/users/7 PUT"}, exitFailed,
			[]string{"PUT ", "Access-Control-Allow-Methods"}},
		{"a method, mended", "Access to fetch at 'URL'" + blocked + "Method PUT is not allowed by " +
			"Access-Control-Allow-Methods in preflight response.",
			good, nil, []string{"OPTIONS /users/7 PUT"}, exitOK, []string{"PUT is not sent, because it writes"}},
		{"a header", "Access to fetch at 'URL'" + blocked + "Request header field x-foo is not allowed by " +
			"Access-Control-Allow-Headers in preflight response.",
			policy{allow: only(page), preflight: replace("Access-Control-Allow-Headers", "x-bar")}, nil,
			[]string{"OPTIONS /users/7 GET x-foo"}, exitFailed,
			[]string{"Access-Control-Allow-Headers", "x-foo", "does not tell the method, other headers"}},
		{"credentials", "Access to fetch at 'URL'" + blocked + "The value of the " +
			"'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the " +
			"request's credentials mode is 'include'.",
			policy{allow: always("*")}, nil, []string{"GET /users/7"}, exitFailed, []string{"with credentials"}},
		{"a preflight, of what is not told", "Access to fetch at 'URL'" + blocked + "Response to preflight " +
			"request doesn't pass access control check: It does not have HTTP ok status.",
			policy{allow: only(page), preflightStatus: 500}, nil, []string{"OPTIONS /users/7 GET"}, exitFailed,
			[]string{"500"}},
		{"the method beside it", "Access to fetch at 'URL'" + blocked + "Response to preflight request " +
			"doesn't pass access control check: It does not have HTTP ok status.\nPUT URL net::ERR_FAILED",
			policy{allow: only(page), preflightStatus: 500}, nil, []string{"OPTIONS /users/7 PUT"}, exitFailed,
			[]string{"PUT"}},
		{"a write whose preflight failed, of headers that are not told", "Access to fetch at 'URL'" + blocked +
			"Response to preflight request doesn't pass access control check: It does not have HTTP ok status.\n" +
			"POST URL net::ERR_FAILED",
			policy{allow: only(page), preflightStatus: 500}, nil, []string{"OPTIONS /users/7 POST"}, exitFailed,
			[]string{"500"}},
		{"the local network", "Access to fetch at 'URL'" + blocked + "Permission was denied for this request to access " +
			"the `loopback` address space.", good, nil, []string{"GET /users/7"}, exitOK,
			[]string{"The browser blocked it by Local Network Access", "the visitor's permission"}},
		{"an image", "Access to image at 'URL'" + blocked + "No 'Access-Control-Allow-Origin' header is " +
			"present on the requested resource.",
			good, nil, []string{"GET /users/7"}, exitOK, []string{"The console's line does not tell whether " +
				"there were cookies."}},
		{"no-cors", "fetch('URL', {mode: 'no-cors', referrer: '" + page + "'})", good, nil, []string{"GET /users/7"}, exitOK,
			[]string{`The copied call has the mode "no-cors"`}},
		{"flags beside it", "Access to fetch at 'URL'" + blocked + "No 'Access-Control-Allow-Origin' header " +
			"is present on the requested resource.",
			good, []string{"-X", "DELETE", "-send"}, []string{"OPTIONS /users/7 DELETE", "DELETE /users/7"},
			exitOK, []string{"DELETE"}},
		{"Firefox",
			"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at " +
				"URL. (Reason: header ‘x-foo’ is not allowed according to header ‘Access-Control-Allow-Headers’ " +
				"from CORS preflight response).",
			good, []string{"-origin", page}, []string{"OPTIONS /users/7 GET x-foo"}, exitFailed, []string{`it ` +
				`must list "x-foo"`}},
		{"Safari", "[Error] Origin " + page + " is not allowed by Access-Control-Allow-Origin. Status code: " +
			"403\n[Error] Fetch API cannot load URL due to access control checks.",
			before(nil, says(onAll, 403)), nil, []string{"GET /users/7"}, exitFailed, []string{"(as the " +
				"console's line says)", "403"}},
		{"Safari, the URL as a flag", "Origin " + page + " is not allowed by Access-Control-Allow-Origin. Status code: 403",
			before(nil, says(onAll, 403)), []string{"URL"}, []string{"GET /users/7"}, exitFailed, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var seen []string
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				line := r.Method + " " + r.URL.Path
				for _, name := range []string{"Access-Control-Request-Method", "Access-Control-Request-Headers"} {
					if value := r.Header.Get(name); value != "" {
						line += " " + value
					}
				}
				seen = append(seen, line)
				tc.server.ServeHTTP(w, r)
			}))
			args := append([]string{"-no-probe"}, tc.args...)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "URL", url)
			}
			status, stdout, stderr := runPaste(t, strings.ReplaceAll(tc.line, "URL", url), args...)
			assert.Equal(t, tc.exit, status, stderr+stdout)
			assert.Equal(t, tc.seen, seen)
			text := spaced(stdout)
			for _, s := range tc.says {
				assert.Contains(t, text, s)
			}
		})
	}
}

// What is not told, and has to be, is asked for in one line.
func TestPasteMisses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"Firefox",
			"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at " +
				"https://api.example.com/. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status " +
				"code: 200.",
			"this line of the console does not name the page: add -origin https://app.example.com"},
		{"Safari", "Origin https://app.example.com is not allowed by Access-Control-Allow-Origin.",
			`this line of the console does not name the URL: paste the line after it too, which begins with ` +
				`"Fetch API cannot load" or "XMLHttpRequest cannot load", or add the URL`},
		{"Chromium, cut", "from origin 'https://app.example.com' has been blocked by CORS policy: No " +
			"'Access-Control-Allow-Origin' header is present", `the line is cut: copy it from "Access to" on, or add the URL`},
		{"Firefox, with a URL that it shortened",
			"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at " +
				"https://api.example.com/error?from=http%3A%2F…%2Findex.html. (Reason: CORS header " +
				"‘Access-Control-Allow-Origin’ missing).",
			`the console shortened the URL, to "https://api.example.com/error?from=http%3A%2F…%2Findex.html": copy the ` +
				`call as cURL`},
		{"a HAR",
			`{"log": {"entries": [{"request": {"method": "GET", "url": "https://api.example.com"}, ` +
				`"response": {"status": 0}, "_resourceType": "fetch"}]}}`,
			"the HAR does not name the page that made this call: add -origin https://app.example.com"},
		{"a HAR without failures",
			`{"log": {"entries": [{"request": {"method": "GET", "url": "https://api.example.com", ` +
				`"headers": [{"name": "Origin", "value": "https://app.example.com"}]}, ` +
				`"response": {"status": 200, "headers": [{"name": "Access-Control-Allow-Origin", "value": "*"}]}}]}}`,
			"no call to another origin failed in the HAR; -entry N checks one of these: 1: GET https://api.example.com"},
		{"a navigation", `fetch("https://api.example.com", {"referrer": "https://app.example.com/", "mode": "navigate"})`,
			"the copied call is a page that the user went to, not a call of a script: copy one of the type fetch or xhr"},
		{"a navigation as cURL",
			"curl 'https://api.example.com' -H 'Referer: https://app.example.com/' -H 'Sec-Fetch-Mode: " +
				"navigate'",
			"the copied call is a page that the user went to, not a call of a script: copy one of the type fetch or xhr"},
		{"a body that only the script knows",
			`fetch("https://api.example.com", {"method": "POST", body: form, "referrer": ` +
				`"https://app.example.com/"})`,
			"the body is an expression, which only the page's script knows: give it with -d"},
		{"nothing", "",
			"the paste is empty: paste a call copied as cURL (bash, cmd), fetch, fetch (Node.js) or " +
				"PowerShell, a HAR, or the line in the console of Chromium, Firefox or Safari"},
		{"anything", "hello",
			"the paste is not recognized: paste a call copied as cURL (bash, cmd), fetch, fetch (Node.js) or " +
				"PowerShell, a HAR, or the line in the console of Chromium, Firefox or Safari"},
		{"a body that the shell hands over", "curl https://api.example.com -d @- <<E\n{}\nE",
			"the paste takes a part of the call from its standard input, which a paste does not have: " +
				"write it out, as in -d '{…}'"},
		{"a cut cURL", "curl 'https://api", "the copy ends inside quotes: its end is missing, copy it again as a whole"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, stdout, stderr := runPaste(t, tc.text)
			assert.Equal(t, exitUnknown, status)
			assert.Empty(t, stdout)
			assert.Equal(t, "corscheck: "+tc.want+"\nTry corscheck -help.\n", stderr)
		})
	}
}

// A WebView of Android writes the origin of a page from a file as it is.
func TestPastedOriginOfFile(t *testing.T) {
	const line = "Access to fetch at 'https://api.example.com/7' from origin 'file://' has been blocked by CORS " +
		"policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
	for _, text := range []string{line, "curl 'https://api.example.com/7' -H 'Origin: file://'"} {
		c, err := parseWith(strings.NewReader(text), "-")
		require.NoError(t, err)
		assert.Equal(t, "file://", c.call.origin)
	}
	_, err := parseWith(strings.NewReader(line), "-origin", "file://", "-")
	require.ErrorContains(t, err, "did you mean -origin null?")
}

// Firefox does not name the method that is refused.
func TestMethodThatIsNotNamed(t *testing.T) {
	s := &sink{Handler: policy{allow: only(page), preflight: replace("Access-Control-Allow-Methods", "GET")}}
	line := "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at " + serve(t,
		s) +
		". (Reason: Did not find method in CORS header ‘Access-Control-Allow-Methods’)."
	status, _, stderr := runPaste(t, line, "-origin", page)
	assert.Equal(t, exitUnknown, status)
	assert.Empty(t, s.seen)
	assert.Contains(t, stderr, "this line of the console says that the method is refused, and does not name it: "+
		"add it, as in -X PUT")
	status, stdout, _ := runPaste(t, line, "-origin", page, "-X", "PUT", "-no-probe")
	assert.Equal(t, exitFailed, status)
	assert.Equal(t, []string{"OPTIONS /users/7"}, s.seen)
	assert.Contains(t, spaced(stdout), `it must list "PUT"`)
}

// Secrets of a paste are masked like those of flags.
// Of many calls a report names some, each as curl would make it.
func TestManyPastedCalls(t *testing.T) {
	url := serve(t, good)
	text := "curl " + url + " -H 'Origin: " + page + "'\n" +
		strings.Repeat("curl "+url+" -d a=1 -H 'Origin: "+page+"'\n", 12)
	var stdout, stderr strings.Builder
	run([]string{"-"}, strings.NewReader(text), &stdout, &stderr, false)
	assert.Empty(t, stderr.String())
	assert.Contains(t, stdout.String(), "One of 13 calls. Check another with -entry:\n    2  POST "+url+"\n")
	assert.Contains(t, stdout.String(), "\n   11  POST "+url+"\n   … 2 more\n")
}

// What lines of a console do not tell, besides the method and the headers.
func TestComplaints(t *testing.T) {
	for said, c := range map[string]paste.Complaint{
		"The browser got no answer at all.":                           {NoAnswer: true},
		"The browser blocked it by Cross-Origin-Resource-Policy, for": {Policy: true, Element: true},
	} {
		p := newParser(nil)
		p.complain(&c)
		require.Len(t, p.call.untold, 2)
		assert.Contains(t, p.call.untold[1], said)
	}
}

func TestPastedSecrets(t *testing.T) {
	url := serve(t, policy{})
	text := "curl '" + url + "?token=QUERYSECRET' -H 'Referer: " + page + "/' -H 'Authorization: Bearer " +
		"TOPSECRET' -H 'X-Api-Key: KEYSECRET' -b 'session=COOKIESECRET'"
	other := "\ncurl '" + url + "?api_key=OTHERSECRET' -H 'Referer: " + page + "/'"
	for _, args := range [][]string{nil, {"-v"}, {"-json"}} {
		_, stdout, stderr := runPaste(t, text+other, args...)
		assert.NotContains(t, stdout+stderr, "SECRET", args)
		assert.Contains(t, stdout, "Referer")
	}
}

// What only the preflight of a HAR tells of a header is its name: the call waits for
// its value.
func TestHARWithoutSecrets(t *testing.T) {
	s := &sink{Handler: policy{allow: only(page)}}
	url := serve(t, s)
	text := `{"log": {"entries": [{"request": {"method": "GET", "url": "` + url + `", "headers": []}, "response": ` +
		`{"status": 0}}, {"request": {"method": "OPTIONS", "url": "` + url + `", "headers": [{"name": "Origin", ` +
		`"value": "` + page + `"}, {"name": "Access-Control-Request-Method", "value": "GET"}, {"name": ` +
		`"Access-Control-Request-Headers", "value": "authorization"}]}, "response": {"status": 403}}]}}`
	_, stdout, stderr := runPaste(t, text, "-no-probe")
	assert.Empty(t, stderr)
	assert.Equal(t, []string{"OPTIONS /users/7"}, s.seen)
	assert.Contains(t, spaced(stdout), "(as Origin says)")
	assert.Contains(t, spaced(stdout),
		"The HAR does not tell the value of authorization, which a preflight in it announces")
}

func TestLineOfTheConsoleThatWrites(t *testing.T) {
	line := "Access to fetch at 'https://api.example.com/x' from origin '" + page + "' has been blocked by CORS " +
		"policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
	var stderr strings.Builder
	status := run([]string{"-X", "POST", "-"}, strings.NewReader(line), io.Discard, &stderr, false)
	assert.Equal(t, exitUnknown, status)
	assert.Contains(t, stderr.String(), "POST https://api.example.com/x writes, and browsers send it without a "+
		"preflight, so nothing was sent: add -send to have it sent. If the script sets headers, such as a "+
		"Content-Type of JSON, name them with -H instead: then there is a preflight to check\n")
}

func TestCutLine(t *testing.T) {
	type cut struct{ cut, sure bool }
	for _, c := range []struct {
		system string
		length int
		want   cut
	}{
		{"linux", 4094, cut{}},
		{"linux", 4095, cut{true, true}},
		{"linux", 4096, cut{true, false}}, // not by the terminal: it lets none be longer
		{"windows", 4094, cut{}},
		{"windows", 4095, cut{true, false}},
		{"darwin", 1022, cut{}},
		{"darwin", 1023, cut{true, false}},
	} {
		line := strings.Repeat("x", c.length)
		for _, text := range []string{line, line + "\ny", "y\n" + line + "\n"} {
			var got cut
			got.cut, got.sure = cutLine(text, c.system)
			assert.Equal(t, c.want, got, "%s, %d", c.system, c.length)
		}
	}

	const (
		whole = "curl 'https://api.example.com/x' -H 'Origin: " + page + "'"
		told  = "a terminal cuts a line after some thousand characters"
	)
	for _, c := range []struct {
		text string
		cut  cut
		want string // "" for no error
	}{
		{whole, cut{}, ""},
		{whole, cut{true, false}, ""},
		{whole, cut{true, true}, told}, // cut between two words
		{whole[:len(whole)-1], cut{}, "ends inside quotes"},
		{whole[:len(whole)-1], cut{true, false}, told},
	} {
		p := newParser(nil)
		p.text, p.cut, p.surelyCut = c.text, c.cut.cut, c.cut.sure
		err := p.takePaste()
		if c.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, c.want)
	}
}

package paste

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Chromium's own copies. What they say of one call has to be the same in each form,
// as far as the form tells it.
func TestChromiumCopies(t *testing.T) {
	data, err := os.ReadFile("testdata/chromium.json")
	require.NoError(t, err)
	var copies []map[string]string
	require.NoError(t, json.Unmarshal(data, &copies))
	require.Len(t, copies, 6)
	bodies := map[string]string{
		"PUT https://api.example.com/api/users/7?q=a%20b": `{"a":"it's \"q\"\n100%"}`,
		"PUT http://api.example.com/api/users/7":          "{}",
	}
	for _, call := range copies {
		method, address, _ := strings.Cut(call["of"], " ")
		for key, form := range map[string]Form{
			"bash": CurlBash, "cmd": CurlCmd, "fetch": Fetch, "nodefetch": NodeFetch, "ps": PowerShell,
		} {
			t.Run(call["of"]+"/"+key, func(t *testing.T) {
				p, err := Parse(call[key])
				require.NoError(t, err)
				require.Len(t, p.Calls, 1)
				got := p.Calls[0]
				if form == NodeFetch && !strings.Contains(call[key], "Referer") {
					form = Fetch // nothing tells them apart
				}
				assert.Equal(t, form, p.Form)
				if form == CurlBash || form == CurlCmd {
					assert.Equal(t, []string{"--url", address}, got.Args[:2])
					if method != "GET" {
						assert.Equal(t, []string{"-X", method}, got.Args[2:4])
					}
					if body := bodies[call["of"]]; body != "" {
						assert.Equal(t, []string{"--data-raw", body}, got.Args[len(got.Args)-2:])
					}
					assert.Contains(t, got.Args, `User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 `+
						`(KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36`)
					if strings.Contains(call["bash"], "sec-ch-ua:") {
						assert.Contains(t, got.Args, `sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"`)
					}
					return
				}
				assert.Equal(t, address, got.URL)
				if form != PowerShell || method != "GET" {
					assert.Equal(t, method, got.Method)
				}
				assert.Equal(t, bodies[call["of"]], got.Body)
				page := "https://app.example.com"
				switch {
				case strings.Contains(address, "selfsigned"):
					page = "http://app.example.com"
				case strings.Contains(call["bash"], "Referer;"):
					page = "" // the page's policy sends none
				}
				assert.Equal(t, page, got.Origin.Value)
				if form == Fetch && strings.Contains(call[key], "mode") {
					assert.Equal(t, "cors", got.Mode)
					assert.NotEmpty(t, got.Credentials)
				} else {
					assert.Empty(t, got.Credentials)
				}
			})
		}
	}
}

func TestShells(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		form       Form
		want       []string
	}{
		{"one line", `curl https://a.example -X PUT`, CurlBash, []string{"https://a.example", "-X", "PUT"}},
		{"double quotes", `curl "https://a.example" -H "X: \"q\" \$5 \\ \x"`, CurlBash, []string{"https://a.example",
			"-H", `X: "q" $5 \ \x`}},
		{"quotes beside each other", `curl 'it'\''s'"y"z`, CurlBash, []string{"it'syz"}},
		{"an empty word", `curl '' ""`, CurlBash, []string{"", ""}},
		{"ANSI-C", `curl $'\a\b\e\E\f\n\r\t\v\\\'\"\?\101\x4a\x4\u00e9\U0001f600\cA\q'`, CurlBash,
			[]string{"\a\b\x1b\x1b\f\n\r\t\v\\'\"?AJ\x04é😀\x01\\q"}},
		{"halves of UTF-16", `curl $'\ud83d\ude00 \ud83d x'`, CurlBash, []string{"😀 \ufffd x"}},
		{"bytes of UTF-8", `curl $'\xc3\xa9'`, CurlBash, []string{"é"}},
		{"bytes of Latin-1", `curl $'caf\xe9'`, CurlBash, []string{"café"}},
		{"lines that go on", "curl \\\n  'a' \\\n-b\\\nc", CurlBash, []string{"a", "-bc"}},
		{"spaces behind the backslash", "curl 'a' \\  \n-k", CurlBash, []string{"a", "-k"}},
		{"a lost backslash", "curl 'a'\n-H 'Origin: https://o.example'\n -k", CurlBash, []string{"a", "-H",
			"Origin: https://o.example", "-k"}},
		{"a terminal's prompts", "$ curl 'a' \\\n> -k", CurlBash, []string{"a", "-k"}},
		{"a line break in a body", "curl a -d 'x\ny'", CurlBash, []string{"a", "-d", "x\ny"}},
		{"CR LF", "curl 'a' \\\r\n-k\r\n", CurlBash, []string{"a", "-k"}},
		{"a comment", "curl a#b # -k\n", CurlBash, []string{"a#b"}},
		{"a redirection", "curl a -k > out.json 2>&1", CurlBash, []string{"a", "-k"}},
		{"a pipe", "curl a -k | jq .", CurlBash, []string{"a", "-k"}},
		{"a URL without quotes", "curl https://a.example/?a=1&b=2;c -k", CurlBash, []string{"https://a.example/?a=1&b=2;c",
			"-k"}},
		{"nothing is expanded", "curl a -H \"X: $HOME $(cat \"x y\") `id`\" *.txt $(id)", CurlBash,
			[]string{"a", "-H", "X: $HOME $(cat \"x y\") `id`", "*.txt", "$(id)"}},
		{"no-break spaces", "curl\u00a0'a'\u00a0-k", CurlBash, []string{"a", "-k"}},
		{"a path", "/usr/bin/curl a", CurlBash, []string{"a"}},
		{"quotes of Markdown", "`curl a -k`", CurlBash, []string{"a", "-k"}},
		{"a fence of Markdown", "```sh\ncurl a -k\n```", CurlBash, []string{"a", "-k"}},
		{"a byte order mark", "\ufeffcurl a", CurlBash, []string{"a"}},
		{"NUL", "curl a\x00b \x00-d c", CurlBash, []string{"ab", "-d", "c"}},
		{"UTF-16 of the other order", "\xfe\xff\x00c\x00u\x00r\x00l\x00 \x00a", CurlBash, []string{"a"}},
		{"quotes of a language", `curl $"a" -H $'x: \xg\ug'`, CurlBash, []string{"a", "-H", `x: \xg\ug`}},
		{"a line that goes on within quotes", "curl \"a\\\nb\"", CurlBash, []string{"ab"}},
		{"cmd with a pipe and a redirection", "curl ^\"a^\" -k >out 2>&1 | more", CurlCmd, []string{"a", "-k"}},
		{"cmd with a URL without quotes", "curl.exe https://a.example/?a=1&b=2 -k", CurlCmd,
			[]string{"https://a.example/?a=1&b=2", "-k"}},
		{"cmd with spaces behind the caret", "curl ^\"a^\" ^  \n  -k", CurlCmd, []string{"a", "-k"}},
		{"PowerShell with a comment", "curl.exe 'a' `\n -k # all", CurlPowerShell, []string{"a", "-k"}},
		{"PowerShell, double quotes", "curl.exe \"a\" `\n -H \"x: y\"", CurlPowerShell, []string{"a", "-H", "x: y"}},
		{"typography within words", "curl a -d '“x”' -H 'a: –' b—c d”", CurlBash,
			[]string{"a", "-d", "“x”", "-H", "a: –", "b—c", "d”"}},
		{"NUL in PowerShell", "curl.exe 'a' `\n\x00-d 'b'", CurlPowerShell, []string{"a", "-d", "b"}},
		{"UTF-16", "\xff\xfec\x00u\x00r\x00l\x00 \x00\xe9\x00", CurlBash, []string{"é"}},
		{"prose before it", "This fails:\n\n  curl 'a' -k", CurlBash, []string{"a", "-k"}},

		{"a body that speaks of PowerShell", `curl 'a' -d 'use -Method Put -Uri x'`, CurlBash, []string{"a", "-d",
			"use -Method Put -Uri x"}},
		{"prose below it", "curl 'a' -k\n\nI don't know.", CurlBash, []string{"a", "-k"}},
		{"its output below it", "$ curl 'a' \\\n -k\nHTTP/1.1 403\nit's forbidden", CurlBash, []string{"a", "-k"}},
		{"lines that were joined", `curl 'a' \   -X 'PUT' \   -k`, CurlBash, []string{"a", "-X", "PUT", "-k"}},
		{"a space in a word", `curl a\ b \ -k`, CurlBash, []string{"a b", "-k"}},
		{"a quoted mail", "> curl 'a' \\\n>   -d 'x\n>\n> y'", CurlBash, []string{"a", "-d", "x\n\ny"}},
		{"a mail quoted twice", "> > curl 'a' \\\n> >   -k", CurlBash, []string{"a", "-k"}},
		{"a fence between prose", "It doesn't work:\n\n```sh\ncurl 'a' -k\n```\n\nIt's odd.", CurlBash,
			[]string{"a", "-k"}},
		{"a fence in a quoted mail", "> See:\n> ~~~\n> curl 'a' -k\n> ~~~\n> I'm lost.", CurlBash, []string{"a", "-k"}},
		{"the second fence", "```\nGET /\n```\nor\n```\ncurl 'a' -k\n```", CurlBash, []string{"a", "-k"}},
		{"code in a line", "- I don't see why `curl 'a' -k` fails", CurlBash, []string{"a", "-k"}},
		{"a prompt of bash", "me@laptop:~/src$ curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"a prompt of root", "root@f00:/# curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"a prompt of zsh", "me@mac app % curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"a prompt of the same theme, outside of a repository", "➜  ~ curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"the same, clean", "➜  app git:(main) curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"of a shell's history", "  501  curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"in a container", "docker exec -it web curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"in a service", "$ docker compose exec web curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"below a title, above a transcript", "**The OPTIONS call**\n\n```\ncurl 'http://a.example/?x=1' -H 'Origin: " +
			"http://b.example' -H 'Referer: http://b.example/' -H 'Connection: keep-alive' -H " +
			"'Access-Control-Request-Headers: x'\n*   Trying ::1...\n> OPTIONS / HTTP/1.1\n> Host: a.example\n```",
			CurlBash, []string{"http://a.example/?x=1", "-H", "Origin: http://b.example", "-H",
				"Referer: http://b.example/", "-H", "Connection: keep-alive", "-H", "Access-Control-Request-Headers: x"}},
		{"above another command", "curl ^\"a^\" ^\n  -k\n  it says {\"code\":401}\nInvoke-WebRequest -Uri \"b\" `\n" +
			"-Method \"POST\"", CurlCmd, []string{"a", "-k"}},
		{"a prompt of a theme", "➜  app git:(main) ✗ curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"a list", "1. curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"words before it", "A=b c= time curl 'a' -k", CurlBash, []string{"a", "-k"}},
		{"in a variable", "id=7\nx=$(curl \"https://a.example/$id\" -k)\necho \"it's $x\"", CurlBash,
			[]string{"https://a.example/$id", "-k"}},
		{"in quotes", "x=\"$(curl https://a.example/f(1) -k)\"\necho", CurlBash, []string{"https://a.example/f(1)", "-k"}},
		{"in backticks, in quotes", "x=\"`curl -k 'https://a.example'`\"", CurlBash, []string{"-k", "https://a.example"}},
		{"in fish", "set x (curl https://a.example -k)", CurlBash, []string{"https://a.example", "-k"}},
		{"in a condition", "if ! curl -k https://a.example > /dev/null; then exit; fi", CurlBash,
			[]string{"-k", "https://a.example"}},
		{"behind another command", "cd /tmp && curl \\\n -k https://a.example", CurlBash,
			[]string{"-k", "https://a.example"}},
		{"in a trace", "+ curl -k https://a.example", CurlBash, []string{"-k", "https://a.example"}},
		{"in a Makefile", "\t@curl -k 'https://a.example'", CurlBash, []string{"-k", "https://a.example"}},
		{"in a workflow", "  - run: curl -k \"https://a.example\"", CurlBash, []string{"-k", "https://a.example"}},
		{"in an image", "docker run x/curl -k https://a.example", CurlBash, []string{"-k", "https://a.example"}},
		{"behind what is none", "I ran curl -v, and then x; curl -k https://a.example", CurlBash,
			[]string{"-k", "https://a.example"}},
		{"in Jira", "{noformat}curl 'a' -k{noformat}", CurlBash, []string{"a", "-k"}},
		{"in Jira, between prose", "It's this:\n{code:title=a|bash}\ncurl 'a' \\\n -k{code}\nOdd.", CurlBash,
			[]string{"a", "-k"}},
		{"in HTML", "curl &#39;https://a.example?a&amp;b&#39; -H &quot;x: y&quot;", CurlBash,
			[]string{"https://a.example?a&b", "-H", "x: y"}},
		{"escapes of HTML within quotes", "curl 'a' -d '&quot;'", CurlBash, []string{"a", "-d", "&quot;"}},
		{"links of a chat", "curl '<https://a.example/x|a.example/x>' -H 'Origin: <https://o.example>'", CurlBash,
			[]string{"https://a.example/x", "-H", "Origin: https://o.example"}},
		{"links of Markdown", "curl '[https://a.example](https://a.example/)' -k", CurlBash,
			[]string{"https://a.example", "-k"}},
		{"links of Jira", "curl '[https://a.example|https://a.example]' -k", CurlBash, []string{"https://a.example", "-k"}},
		{"links in a body", "curl 'https://a.example' -d '<https://b.example|b>'", CurlBash,
			[]string{"https://a.example", "-d", "<https://b.example|b>"}},
		{"numbers before the lines", "1 curl 'a' \\\n2   -d 'x\n3\n4 3'", CurlBash, []string{"a", "-d", "x\n\n3"}},
		{"numbers of an editor", "  9: curl 'a' \\\n 10:   -k", CurlBash, []string{"a", "-k"}},
		{"numbers of a pager", "   1 │ curl 'a' \\\n   2 │   -k", CurlBash, []string{"a", "-k"}},
		{"numbers of a body", "curl 'a' -d '\n1 x\n2 y'", CurlBash, []string{"a", "-d", "\n1 x\n2 y"}},
		{"a no-break space behind the backslash", "curl 'a' \\\u00a0\n-k", CurlBash, []string{"a", "-k"}},

		{"cmd with joined lines", "curl ^\"a^\" ^  -X ^\"PUT^\" ^  -k", CurlCmd, []string{"a", "-X", "PUT", "-k"}},
		{"cmd of Chromium until 2023",
			"curl \"a?b=^%^20c^&d\" ^\n  -H \"X-A: ^\\^\"q^\\^\"\" ^\n  -H \"X-B: 1\" ^\n" +
				"  --data-raw ^\"^{^\\^\"x^\\^\":^\n\n1^}^\" ^\n  --compressed",
			CurlCmd, []string{"a?b=%20c&d", "-H", `X-A: "q"`, "-H", "X-B: 1", "--data-raw", "{\"x\":\n1}", "--compressed"}},
		{"cmd of Chromium", "curl ^\"a^%^20b^\" ^\n  -d ^\"^{^\\^\"x^\\^\":^\\^\"c:^\\^\\d^\\^\"^}^\n\ny^\"", CurlCmd,
			[]string{"a%20b", "-d", "{\"x\":\"c:\\d\"}\ny"}},
		{"cmd of Firefox", "curl.exe ^\"a^\" ^\r\n  -d ^\"^{^\\^\"x^\\^\":^\\^\"c:^\\^\\d^\\^\"^}\"^\r\n\r\n\"y^\"", CurlCmd,
			[]string{"a", "-d", "{\"x\":\"c:\\d\"}\ny"}},
		{"cmd by hand", `C:\> curl.exe -d "{\"a\":\"b\\\"c\"}" "https://a.example/?a=1&b=2"`, CurlCmd,
			[]string{"-d", `{"a":"b\"c"}`, "https://a.example/?a=1&b=2"}},
		{"cmd with doubled quotes", `curl "a" -d "{""a"":""b c""}"`, CurlCmd, []string{"a", "-d", `{"a":"b c"}`}},
		{"cmd of old browsers", "curl \"a\"%\"20b\" ^\n-d \"x\"^\n\n\"y\"", CurlCmd, []string{"a%20b", "-d", "x\ny"}},
		{"cmd keeps backslashes", `curl.exe "a" -d "c:\d\\e" -o "f\\"`, CurlCmd, []string{"a", "-d", `c:\d\\e`, "-o", `f\`}},

		{"PowerShell", "PS C:\\x> curl.exe 'a' `\n>> -H \"X: `\"y`\" `$z\" -d '{\\\"a\\\":''b''}'", CurlPowerShell,
			[]string{"a", "-H", `X: "y" $z`, "-d", `{"a":'b'}`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Parse(tc.text)
			require.NoError(t, err)
			require.Len(t, p.Calls, 1)
			assert.Equal(t, tc.form, p.Form)
			assert.Equal(t, tc.want, p.Calls[0].Args)
		})
	}
}

// The developer tools copy all calls of the list at once.
func TestManyCalls(t *testing.T) {
	for name, text := range map[string]string{
		"bash": "curl 'https://a.example/1' \\\n  -k ;\ncurl 'https://a.example/2' -k ;\ncurl " +
			"'https://a.example/3' -k",
		"cmd": "curl ^\"https://a.example/1^\" ^\n  -k &\r\ncurl ^\"https://a.example/2^\" -k " +
			"&\r\ncurl ^\"https://a.example/3^\" -k",
		"fetch": "fetch(\"https://a.example/1\", {\n  \"mode\": \"cors\"\n}); " +
			";\nfetch(\"https://a.example/2\"); ;\nfetch(\"https://a.example/3\");",
		"PowerShell": "Invoke-WebRequest -Uri \"https://a.example/1\" `\n-Method " +
			"\"PUT\";\r\nInvoke-WebRequest -Uri \"https://a.example/2\";\r\niwr https://a.example/3",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(text)
			require.NoError(t, err)
			require.Len(t, p.Calls, 3)
			for i, c := range p.Calls {
				want := "https://a.example/" + string(rune('1'+i))
				if c.Args != nil {
					assert.Equal(t, []string{want, "-k"}, c.Args)
				} else {
					assert.Equal(t, want, c.URL)
				}
			}
		})
	}
}

func TestFetchByHand(t *testing.T) {
	call := func(change func(*Call)) Call {
		c := Call{URL: "https://a.example"}
		if change != nil {
			change(&c)
		}
		return c
	}
	for _, tc := range []struct {
		name, text string
		want       Call
	}{
		{"the URL alone", `fetch("https://a.example")`, call(nil)},
		{"escapes", `fetch('https:\/\/a\x2eexam\u0070l\u{65}')`, call(nil)},
		{"a constant", "const base = 'https://a';\nconst url = base + '.example';\nfetch(url)", call(nil)},
		{"a constant that is set twice", "let m = 'PUT';\nlet url = `https://a.example`;\nfetch(url, {method: m})",
			call(func(c *Call) { c.Method = "PUT" })},
		{"a URL object", `fetch(new URL("/", "https://a.example/b"))`, call(func(c *Call) { c.URL += "/" })},
		{"a Request", `await fetch(new Request("https://a.example", {method: "PUT"}))`,
			call(func(c *Call) { c.Method = "PUT" })},
		{"JSON",
			`fetch("https://a.example", {method: 'POST', body: JSON.stringify({a: [1, "x", null, true], ` +
				`'b': -2.5}), headers: {'Content-Type': 'application/json'}})`,
			call(func(c *Call) {
				c.Method, c.Body, c.HasBody = "POST", `{"a":[1,"x",null,true],"b":-2.5}`, true
				c.Header = []Field{{"Content-Type", "application/json"}}
			})},
		{"headers that are added", "const h = new Headers();\nh.append('A', '1');\nh.set('B', b);\nx.append('C', '2');\n" +
			"const o = {headers: h, method: 'PUT'};\nfetch('https://a.example', o)", call(func(c *Call) {
			c.Method, c.Header = "PUT", []Field{{"A", "1"}, {"B", "b"}}
			c.Notes = []string{"The value of B is an expression, and is sent as it is written."}
		})},
		{"members that are set", "const o = {method: 'GET', headers: {}};\nconst h = {'A': '1', 'B': '2'};\n" +
			"h[\"A\"] = '3';\nh.C = v;\no.method = 'PUT';\no.headers = h;\nif (h.D == '4') {}\n" +
			"fetch('https://a.example', o)", call(func(c *Call) {
			c.Method, c.Header = "PUT", []Field{{"B", "2"}, {"A", "3"}, {"C", "v"}}
			c.Notes = []string{"The value of C is an expression, and is sent as it is written."}
		})},
		{"constants in a template", "const host = 'a', top = 1;\nconst id = 1234567;\n" +
			"fetch(`https://${host}.example/${ id }`)", call(func(c *Call) { c.URL += "/1234567" })},
		{"a number that is added", "const base = 'https://a.example';\nfetch(base + '/' + 1234567)",
			call(func(c *Call) { c.URL += "/1234567" })},
		{"numbers in JSON", "fetch('https://a.example', {method: 'POST', body: JSON.stringify([20261126, 0.5, -0, 1e21])})",
			call(func(c *Call) {
				c.Method, c.Body, c.HasBody = "POST", "[20261126,0.5,0,1e+21]", true
				c.Header = []Field{{"Content-Type", "text/plain;charset=UTF-8"}}
			})},
		{"a form that grows", "const p = new URLSearchParams({a: 1});\np.append('b', 'c d');\n" +
			"fetch('https://a.example', {method: 'POST', body: p})", call(func(c *Call) {
			c.Method, c.Body, c.HasBody = "POST", "a=1&b=c+d", true
			c.Header = []Field{{"Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"}}
		})},
		{"a form that only the program knows", "const p = new URLSearchParams();\np.append('b', c);\n" +
			"fetch('https://a.example', {method: 'POST', body: p})", call(func(c *Call) {
			c.Method, c.HasBody, c.BodyUnknown = "POST", true, true
		})},
		{"quoted", "> fetch('https://a.example',\n>   {method: 'PUT'})", call(func(c *Call) { c.Method = "PUT" })},
		{"in a fence", "I'm lost:\n```js\nfetch('https://a.example')\n```", call(nil)},
		{"a program with backticks", "try {\n  await fetch(`https://a.example`)\n} catch { log(`Failed to fetch`) }",
			call(nil)},
		{"a text", `fetch("https://a.example", {method: 'POST', body: "x" + 'y'})`, call(func(c *Call) {
			c.Method, c.Body, c.HasBody = "POST", "xy", true
			c.Header = []Field{{"Content-Type", "text/plain;charset=UTF-8"}}
		})},
		{"a form", `fetch("https://a.example", {method: 'POST', body: new URLSearchParams({a: "b c", d: 1})})`,
			call(func(c *Call) {
				c.Method, c.Body, c.HasBody = "POST", "a=b+c&d=1", true
				c.Header = []Field{{"Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"}}
			})},
		{"a body that only the program knows", `fetch("https://a.example", {method: 'POST', body: form.get(")}") })`,
			call(func(c *Call) { c.Method, c.HasBody, c.BodyUnknown = "POST", true, true })},
		{"a header that only the program knows",
			"fetch('https://a.example', {headers: {Authorization: `Bearer ${user['t}']}`, 'X-A': id}})",
			call(func(c *Call) {
				c.Header = []Field{{"Authorization", "Bearer ${user['t}']}"}, {"X-A", "id"}}
				c.Notes = []string{
					"The value of Authorization is an expression, and is sent as it is written.",
					"The value of X-A is an expression, and is sent as it is written.",
				}
			})},
		{"headers that only the program knows",
			`fetch('https://a.example', {headers: {...common, a: "b"}, signal: c.signal, method() {}})`,
			call(func(c *Call) {
				c.Header = []Field{{"a", "b"}}
				c.Notes = []string{`Some headers are an expression, "common": name them with -H.`}
			})},
		{"an own page",
			`fetch("https://a.example", {referrer: "about:client", mode: "no-cors", credentials: ` +
				`"same-origin",})`,
			call(func(c *Call) { c.Mode, c.Credentials = "no-cors", SameOrigin })},
		{"TypeScript", `const r: Response = await fetch("https://a.example", {method: "PUT" as const} as RequestInit)`,
			call(func(c *Call) { c.Method = "PUT" })},
		{"headers in pairs", `fetch("https://a.example", {headers: [["A", "1"], ["B", b]]})`, call(func(c *Call) {
			c.Header = []Field{{"A", "1"}, {"B", "b"}}
			c.Notes = []string{"The value of B is an expression, and is sent as it is written."}
		})},
		{"a header whose name is computed", `fetch("https://a.example", {headers: {[name]: "1", a: "2"}})`,
			call(func(c *Call) {
				c.Header = []Field{{"a", "2"}}
				c.Notes = []string{`Some headers are an expression, "[…]": name them with -H.`}
			})},
		{"headers that are no texts", `fetch("https://a.example", {headers: {"a": true, "b": null, "c": 2.5}})`,
			call(func(c *Call) { c.Header = []Field{{"a", "true"}, {"b", "null"}, {"c", "2.5"}} })},
		{"a member that is named like its variable", "const method = 'PUT';\nfetch('https://a.example', {method})",
			call(func(c *Call) { c.Method = "PUT" })},
		{"neither headers nor a body", `fetch("https://a.example", {method: "POST", headers: null, body: undefined}, )`,
			call(func(c *Call) { c.Method = "POST" })},
		{"an encoded part", `fetch("https://a.example/" + encodeURIComponent("a b/é"))`,
			call(func(c *Call) { c.URL += "/a%20b%2F%C3%A9" })},
		{"a URL that is made a text", `fetch(String(new URL("https://a.example")))`, call(nil)},
		{"a Request with options of its own beside it",
			`fetch(new Request("https://a.example", {method: "PUT"}), {method: "DELETE"})`,
			call(func(c *Call) { c.Method = "DELETE" })},
		{"a form of a text", `fetch("https://a.example", {method: "PUT", body: new URLSearchParams("?a=b%20c&d")})`,
			call(func(c *Call) {
				c.Method, c.Body, c.HasBody = "PUT", "a=b+c&d=", true
				c.Header = []Field{{"Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"}}
			})},
		{"a form with a member that the program knows",
			`fetch("https://a.example", {method: "PUT", body: new URLSearchParams({a: b})})`,
			call(func(c *Call) { c.Method, c.HasBody, c.BodyUnknown = "PUT", true, true })},
		{"JSON with markup", `fetch("https://a.example", {method: "PUT", body: JSON.stringify({"<a>": "b&c>"})})`,
			call(func(c *Call) {
				c.Method, c.Body, c.HasBody = "PUT", `{"<a>":"b&c>"}`, true
				c.Header = []Field{{"Content-Type", "text/plain;charset=UTF-8"}}
			})},
		{"JSON with a member without a name", `fetch("https://a.example", {method: "PUT", body: JSON.stringify({"": 1})})`,
			call(func(c *Call) {
				c.Method, c.Body, c.HasBody = "PUT", `{"":1}`, true
				c.Header = []Field{{"Content-Type", "text/plain;charset=UTF-8"}}
			})},
		{"JSON with a member that the program knows",
			`fetch("https://a.example", {method: "PUT", body: JSON.stringify({a: [b]})})`,
			call(func(c *Call) { c.Method, c.HasBody, c.BodyUnknown = "PUT", true, true })},
		{"JSON with members that the program knows",
			`fetch("https://a.example", {method: "PUT", body: JSON.stringify({a: 1, ...more})})`,
			call(func(c *Call) { c.Method, c.HasBody, c.BodyUnknown = "PUT", true, true })},
		{"comments, and spaces that are not", "/* fetch(url) */ fetch(/* the API */ 'https://a.example', // mine\n" +
			"\u00a0{method: 'PUT' /* all */})", call(func(c *Call) { c.Method = "PUT" })},
		{"a text over two lines", "fetch('https://a.\\\nexample')", call(nil)},
		{"Node.js with a cookie", `fetch("https://a.example", {"headers": {"cookie": "a=b"}})`, call(func(c *Call) {
			c.Header, c.Credentials = []Field{{"cookie", "a=b"}}, Include
		})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Parse(tc.text)
			require.NoError(t, err)
			require.Len(t, p.Calls, 1)
			assert.Equal(t, tc.want, p.Calls[0])
		})
	}
}

func TestPowerShellByHand(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       Call
	}{
		{"short", `irm https://a.example -Method put -SkipCertificateCheck`, Call{URL: "https://a.example",
			Method: "PUT", Insecure: true}},
		{"curl is a short name", `curl -Uri "https://a.example" -Method Put`, Call{URL: "https://a.example", Method: "PUT"}},
		{"curl is a short name, without -Uri", `curl https://a.example -Headers @{"X-A"="1"}`,
			Call{URL: "https://a.example", Header: []Field{{"X-A", "1"}}}},
		{"what a pipeline makes", "$b = @{a = 1} | ConvertTo-Json\nirm https://a.example -Method Post -Body $b",
			Call{URL: "https://a.example", Method: "POST", HasBody: true, BodyUnknown: true}},
		{"variables",
			"$h = @{ Authorization = 'Bearer it''s'; \"X-A\" = \"`\"1`\"\" }\n$u = 'https://a.example'\n$r " +
				"= Invoke-RestMethod -Uri \"$u/x\" -Headers $h",
			Call{URL: "https://a.example/x", Header: []Field{{"Authorization", "Bearer it's"}, {"X-A", `"1"`}}}},
		{"Postman's", "$h = New-Object \"System.Collections.Generic.Dictionary[[String],[String]]\"\n" +
			"$h.Add(\"X-A\", \"1\")\n$other.Add(\"X-B\", \"2\")\nInvoke-RestMethod 'https://a.example' -Headers $h",
			Call{URL: "https://a.example", Header: []Field{{"X-A", "1"}}}},
		{"a here-string",
			"$b = @\"\n{\"a\":`\"b`\"}\nx\n\"@\nInvoke-WebRequest https://a.example -Body $b -Method Post " +
				"-ContentType 'a/b' | Select-Object -Expand Content",
			Call{URL: "https://a.example", Method: "POST", Body: "{\"a\":\"b\"}\nx", HasBody: true,
				Header: []Field{{"Content-Type", "a/b"}}}},
		{"a form", `iwr https://a.example -Method:Post -Body @{a = "b c"}`,
			Call{URL: "https://a.example", Method: "POST", Body: "a=b+c", HasBody: true, Header: []Field{{"Content-Type",
				"application/x-www-form-urlencoded"}}}},
		{"bytes that are no text", `iwr https://a.example -Method Post -Body ([System.Convert]::FromBase64String("YQ=="))`,
			Call{URL: "https://a.example", Method: "POST", HasBody: true, BodyUnknown: true}},
		{"a here-string with a variable", "$v = 'x'\n$b = @\"\n$v `$v $(id) $w\n\"@\niwr https://a.example -Body $b",
			Call{URL: "https://a.example", Body: "x $v $(id) $w", HasBody: true}},
		{"characters by number", "iwr \"https://a.example/$([char]0x61)$([char]98)$([char] 99)$([char]x)\"",
			Call{URL: "https://a.example/abc$([char]x)"}},
		{"a terminal's prompts",
			"PS C:\\> Invoke-WebRequest -Uri \"https://a.example\" `\n>> -Headers @{\n>> \"A\"=\"b\"\n>> }\n>>",
			Call{URL: "https://a.example", Header: []Field{{"A", "b"}}}},
		{"no-break spaces alone", "$h\u00a0=\u00a0@{\n\u00a0\u00a0\"A\"=\"b\u00a0c\"\n}\n\u00a0Invoke-WebRequest" +
			"\u00a0-Uri\u00a0\"https://a.example\"\u00a0-Headers\u00a0$h",
			Call{URL: "https://a.example", Header: []Field{{"A", "b c"}}}},
		{"no-break spaces in a word", "iwr https://a.example -Headers @{\"A\"=\"b\u00a0c\"}",
			Call{URL: "https://a.example", Header: []Field{{"A", "b\u00a0c"}}}},
		{"other members", "$session.Proxy = \"x\"\n$session.Headers.Add(\"a\", \"b\")\niwr https://a.example",
			Call{URL: "https://a.example"}},
		{"JSON that only the program makes",
			`iwr https://a.example -Method Post -Body ($x | ConvertTo-Json) -ContentType "application/json"`,
			Call{URL: "https://a.example", Method: "POST", HasBody: true, BodyUnknown: true, Header: []Field{{"Content-Type",
				"application/json"}}}},
		{"nothing is expanded", `iwr https://a.example -Headers @{ "A"="Bearer $env:T $(rm x) $y" }`,
			Call{URL: "https://a.example", Header: []Field{{"A", "Bearer $env:T $(rm x) $y"}}}},
		{"a comment, a pipe and a switch with a value", "# my call\n$r = iwr https://a.example `\n" +
			"  -UseBasicParsing:$true -Method Patch # all\n$r | Select-Object Status",
			Call{URL: "https://a.example", Method: "PATCH"}},
		{"a type before a value", "$h = [ordered]@{A = [int]7}\n$u = [string]\"https://a.example\"\niwr $u -Headers $h",
			Call{URL: "https://a.example", Header: []Field{{"A", "7"}}}},
		{"a member of a variable", "iwr https://a.example -Headers @{A = $user.Name; B = $list[0]}",
			Call{URL: "https://a.example", Header: []Field{{"A", "$user.Name"}, {"B", "$list[0]"}}}},
		{"escapes", "iwr https://a.example -Headers @{A = \"`t`\"`u{e9}`$\"; B = a`b}",
			Call{URL: "https://a.example", Header: []Field{{"A", "\t\"é$"}, {"B", "a\b"}}}},
		{"a form with files", `iwr https://a.example -Method Post -Form @{file = Get-Item x}`,
			Call{URL: "https://a.example", Method: "POST", HasBody: true, BodyUnknown: true,
				Header: []Field{{"Content-Type", "multipart/form-data; boundary=x"}}}},
		{"a file", `iwr https://a.example -Method Put -InFile x`,
			Call{URL: "https://a.example", Method: "PUT", HasBody: true, BodyUnknown: true}},
		{"the user's own login", `iwr https://a.example -UseDefaultCredentials`,
			Call{URL: "https://a.example", Credentials: Include}},
		{"cookies", "$session.Cookies.Add((New-Object System.Net.Cookie(\"a\", \"1\", \"/\", \"a.example\")))\n" +
			"$session.Cookies.Add((New-Object System.Net.Cookie('b', '2')))\niwr https://a.example",
			Call{URL: "https://a.example", Credentials: Include, Header: []Field{{"Cookie", "a=1; b=2"}}}},
		{"a method of PowerShell's own", `iwr https://a.example -CustomMethod Purge`,
			Call{URL: "https://a.example", Method: "Purge"}},
		{"the default method", `iwr https://a.example -Method Default`, Call{URL: "https://a.example"}},
		{"HTTP/2",
			"iwr -Uri \"https://a.example/p\" -Headers " +
				"@{\n\"authority\"=\"a.example\"\n\"method\"=\"GET\"\n\"path\"=\"/p\"\n\"scheme\"=\"https\"\n\"x\"=\"y\"\n}",
			Call{URL: "https://a.example/p", Header: []Field{{"x", "y"}}}},
		{"a prompt", "PS C:\\Users\\me> iwr https://a.example", Call{URL: "https://a.example"}},
		{"a here-string of single quotes", "$b = @'\n$a `t\n'@\niwr https://a.example -Body $b",
			Call{URL: "https://a.example", Body: "$a `t", HasBody: true}},
		{"an empty here-string", "$b = @'\n'@\niwr https://a.example -Body $b",
			Call{URL: "https://a.example", HasBody: true}},
		{"a variable in braces", "${u} = 'https://a.example'\niwr \"${u}/x\"", Call{URL: "https://a.example/x"}},
		{"a table with a comment and a sum", "iwr https://a.example -Headers @{ # all\n'A' = 'Bearer ' + $t\nB = 1 }",
			Call{URL: "https://a.example", Header: []Field{{"A", "Bearer "}, {"B", "1"}}}},
		{"a User-Agent beside it", "iwr https://a.example\u00a0-UserAgent sdk/2",
			Call{URL: "https://a.example", Header: []Field{{"User-Agent", "sdk/2"}}}},
		{"a User-Agent", "$session.UserAgent = \"sdk/1\"\niwr https://a.example", Call{URL: "https://a.example",
			Header: []Field{{"User-Agent", "sdk/1"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Parse(tc.text)
			require.NoError(t, err)
			require.Len(t, p.Calls, 1)
			assert.Equal(t, PowerShell, p.Form)
			assert.Equal(t, tc.want, p.Calls[0])
		})
	}
}

// Each is one line, and says what to do.
func TestNotUsable(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", "  \n\u200b ",
			"the paste is empty: paste a call copied as cURL (bash, cmd), fetch, fetch (Node.js) or " +
				"PowerShell, a HAR, or the line in the console of Chromium, Firefox or Safari"},
		{"a ZIP archive", "PK\x03\x04\x14\x00",
			"that is packed, as ZIP or gzip: unpack it, and give the file that is in it"},
		{"a gzip file", "\x1f\x8b\x08\x08",
			"that is packed, as ZIP or gzip: unpack it, and give the file that is in it"},
		{"prose", "it does not work",
			"the paste is not recognized: paste a call copied as cURL (bash, cmd), fetch, fetch (Node.js) or " +
				"PowerShell, a HAR, or the line in the console of Chromium, Firefox or Safari"},
		{"JSON", `{"a": 1}`,
			"the paste is not recognized: paste a call copied as cURL (bash, cmd), fetch, fetch (Node.js) or " +
				"PowerShell, a HAR, or the line in the console of Chromium, Firefox or Safari"},
		{"the promise's error", "Uncaught (in promise) TypeError: Failed to fetch",
			`this line names no call: copy the line of the console that begins with "Access to …", ` +
				`"Cross-Origin Request Blocked" or "Origin …", or the call itself as cURL or fetch`},
		{"a cut cURL", "curl 'https://a.example' -H 'Origin: https://",
			"the copy ends inside quotes: its end is missing, copy it again as a whole"},
		{"a cut cURL, double quotes", `curl "https://a.example`,
			"the copy ends inside quotes: its end is missing, copy it again as a whole"},
		{"a cut cURL, ANSI-C", `curl $'https://a.example\`,
			"the copy ends inside quotes: its end is missing, copy it again as a whole"},
		{"a cURL cut at a line's end", "curl 'https://a.example' \\\n",
			"the copy ends where another line should follow: its end is missing, copy it again as a whole"},
		{"a cut cmd", "curl ^\"https://a.example^\" -d ^\"x",
			"the copy ends inside quotes: its end is missing, copy it again as a whole"},
		{"a cmd cut at a line's end", "curl ^\"https://a.example^\" ^\n",
			"the copy ends where another line should follow: its end is missing, copy it again as a whole"},
		{"the word curl", "curl", "nothing stands after the word curl: copy it again as a whole"},
		{"curly quotes", "curl “https://a.example” -H ‘a: b’",
			"its quotes are curly: a program between the browser and here changed them; copy it again, " +
				"straight from the browser"},
		{"long dashes", "curl 'https://a.example' —request PUT",
			"its dashes are long: a program between the browser and here changed them; copy it again, " +
				"straight from the browser"},
		{"curly quotes in cmd", "curl ^\"https://a.example^\" -H “a: b”",
			"its quotes are curly: a program between the browser and here changed them; copy it again, " +
				"straight from the browser"},
		{"long dashes in cmd", "curl ^\"https://a.example^\" –H ^\"a: b^\"",
			"its dashes are long: a program between the browser and here changed them; copy it again, " +
				"straight from the browser"},
		{"curly quotes in PowerShell", "iwr “https://a.example”",
			"its quotes are curly: a program between the browser and here changed them; copy it again, " +
				"straight from the browser"},
		{"curly quotes around a header's name", "fetch('https://a.example', {headers: {“a”: 'b'}})",
			"its quotes are curly: a program between the browser and here changed them; copy it again, " +
				"straight from the browser"},
		{"PowerShell with a second statement in a table", "iwr https://a.example -Headers @{a = 'b' | x}",
			"the PowerShell command is not whole, or its quotes do not match: copy it again as a whole"},
		{"headers that are a PowerShell variable", "iwr https://a.example -Headers $common",
			`the headers are a variable, "$common": write them out, as in @{…}`},
		{"pairs that are none", "fetch('https://a.example', {headers: [['a']]})",
			"the fetch(…) is not whole, or its quotes and brackets do not match: copy it again as a whole"},
		{"an object for a URL", "fetch({a: 1})",
			`the URL is an expression, "an object": write out what it is when the page runs`},
		{"parameters in a variable", "$p = @{Uri = 'https://a.example'}\nInvoke-RestMethod @p",
			`the parameters stand in a variable, "@p": write them out, as in -Uri … -Method …`},
		{"a copy without backslashes that is cut", "curl 'https://a.example'\n-H 'Origin: https://",
			"the copy ends inside quotes: its end is missing, copy it again as a whole"},
		{"the last of two is cut", "curl 'https://a.example'\ncurl 'https://b.",
			"the copy ends inside quotes: its end is missing, copy it again as a whole"},
		{"a mail that ends in a quote", "> it's odd\nno curl here",
			"the paste is not recognized: paste a call copied as cURL (bash, cmd), fetch, fetch (Node.js) or " +
				"PowerShell, a HAR, or the line in the console of Chromium, Firefox or Safari"},
		{"curly quotes in fetch", "fetch(“https://a.example”)",
			"its quotes are curly: a program between the browser and here changed them; copy it again, " +
				"straight from the browser"},
		{"a cut fetch", `fetch("https://a.example", {"headers": {"a": "b"`,
			"the fetch(…) is not whole, or its quotes and brackets do not match: copy it again as a whole"},
		{"a fetch cut in quotes", `fetch("https://a.exam`,
			"the copy ends inside quotes: its end is missing, copy it again as a whole"},
		{"a fetch without URL", `fetch("")`, "the URL of fetch is empty"},
		{"a URL alone", "https://a.example/x?y\n", `this is a URL alone: name it without "-", and the page that ` +
			"calls it, as in corscheck -origin https://app.example.com URL"},
		{"curl in prose", "I ran curl -v, and it works", ErrUnknown.Error()},
		{"curl in a text", "run(\"curl -k https://a.example\")", ErrUnknown.Error()},
		{"a URL that is set twice", "const u = 'https://a.example';\n{ const u = 'https://b.example'; fetch(u) }",
			`the URL is an expression, "u": write out what it is when the page runs`},
		{"a URL that is a call", `fetch(base("x") + "/y")`,
			`the URL is an expression, "base(\"x\") + \"/y\"": write out what it is when the page runs`},
		{"a template of which a part is unknown", "const a = 'b';\nfetch(`https://${a}.example/${id}`)",
			"the URL is an expression, \"`https://${a}.example/${id}`\": write out what it is when the page runs"},
		{"a template of which a part is no text", "const a = {b: 'c'};\nfetch(`https://${a}.example`)",
			"the URL is an expression, \"`https://${a}.example`\": write out what it is when the page runs"},
		{"a template with an expression", "const a = 'b';\nfetch(`https://${a + 1}.example`)",
			"the URL is an expression, \"`https://${a + 1}.example`\": write out what it is when the page runs"},
		{"a URL with an operator", `fetch("https://a.example" || other)`,
			`the URL is an expression, "\"https://a.example\" || other": write out what it is when the page runs`},
		{"a cut template", "fetch(`https://a${`b",
			"the copy ends inside quotes: its end is missing, copy it again as a whole"},
		{"a URL that is a variable", `fetch(url)`,
			`the URL is an expression, "url": write out what it is when the page runs`},
		{"a URL with an expression", "fetch(`${base}/x`)",
			"the URL is an expression, \"`${base}/x`\": write out what it is when the page runs"},
		{"a method that is a variable", `fetch("https://a.example", {method})`,
			`the method is an expression, "method": write out what it is`},
		{"headers that are a variable", `fetch("https://a.example", {headers: auth()})`,
			`the headers are an expression, "auth()": write them out, as in {"Content-Type": ` +
				`"application/json"}`},
		{"options that are a variable", `fetch("https://a.example", options)`,
			`the second argument of fetch is an expression, "options": write it out, as in {method: "PUT"}`},
		{"credentials of no kind", `fetch("https://a.example", {credentials: "yes"})`,
			`credentials is "yes": browsers know include, omit and same-origin`},
		{"deep brackets", "fetch(" + strings.Repeat("[", 1e5), "the brackets stand too deep in each other"},
		{"a PowerShell variable", "iwr $url", `the URL is a variable, "$url": write out what it holds`},
		{"PowerShell without its call", "$session = New-Object x\n$session.UserAgent = \"a\"",
			"the PowerShell text makes no call: copy the lines with Invoke-WebRequest too"},
		{"a cut PowerShell", "Invoke-WebRequest -Uri \"https://a.example\" `\n-Headers @{\n\"a\"=\"b\"\n",
			"the PowerShell command is not whole, or its quotes do not match: copy it again as a whole"},
		{"PowerShell without URL", "Invoke-WebRequest -Method \"PUT\"",
			"the PowerShell command has no -Uri: copy it again as a whole"},
		{"a cut HAR", `{"log": {"entries": [{"request": {"url": "https://`, "the HAR is cut off: export it again"},
		{"a broken HAR", `{"log": {"entries": [}}`, "the HAR is no JSON from byte 22 on: export it again"},
		{"a HAR of the wrong shape", `{"log": {"entries": 5}}`,
			"the HAR is not as it should be: log.entries is a number. Export it again"},
		{"an empty HAR", `{"log": {"entries": []}}`,
			"the HAR has no entries: keep the network panel open while the call is made, and export again"},
		{"a HAR without calls",
			`{"log": {"entries": [{"_resourceType": "document", "request": {"url": "https://a.example"}}]}}`,
			"the one entry of the HAR is no call to another origin: keep the network panel open while the call is made, " +
				"and export again"},
		{"a HAR of a page", `{"log": {"entries": [{"_resourceType": "document", "request": {"url": "https://a.example"}}, ` +
			`{"_resourceType": "image", "request": {"url": "https://b.example"}}]}}`,
			"none of the 2 entries of the HAR is a call to another origin: keep the network panel open while the call " +
				"is made, and export again"},
		{"the page's own policy",
			"Refused to connect to 'https://a.example' because it violates the following Content Security " +
				"Policy directive",
			"this is the page's own Content-Security-Policy, not CORS: add the URL to connect-src in it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse(tc.text)
			require.EqualError(t, err, tc.want)
		})
	}
	_, err := Parse(strings.Repeat("a", MaxSize+1))
	require.EqualError(t, err, "that is more than 64 MB")
}

// What is turned away as headers is told what to copy instead, and is no line of a console.
func TestHeaders(t *testing.T) {
	for name, text := range map[string]string{
		"the panel":                 "General\nRequest URL: https://a.example/7\nRequest Method: OPTIONS\nStatus Code: 403",
		"the panel, in two columns": "Request URL\nhttps://api.example.com/7\nRequest Method\nOPTIONS\nStatus Code\n403",
		"its source": "OPTIONS /7?{} HTTP/1.1\nHost: api.example.com\nReferer: https://app.example.com/\n" +
			"Accept: */*\nAccess-Control-Request-Method: GET",
		"HTTP/2":                  ":authority: api.example.com\n:method: OPTIONS\n:path: /7",
		"a transcript":            "> OPTIONS /7 HTTP/1.1\n> Host: api.example.com\n>\n\n< HTTP/1.1 401 Unauthorized",
		"an answer":               "HTTP/2 403\nserver: nginx\ncontent-length: 20",
		"headers of a request":    "Accept: */*\nOrigin: https://app.example.com\nUser-Agent: x",
		"headers of an answer":    "location: https://a.example/ \nserver: nginx\naccess-control-allow-origin: *",
		"the same, as it is sent": "Location: https://a.example/\nServer: nginx\nAccess-Control-Allow-Origin: *",
		"with a host alone":       "Referer: https://a.example/x\nHost: api.example.com\nAccept: */*",
	} {
		_, err := Parse(text)
		require.EqualError(t, err, "these are headers, which do not tell the whole of a call: in the developer tools, "+
			"under Network, right-click the call and choose Copy as cURL", name)
	}
}

// The page of a fetch may stand in a line of the console beside it.
func TestOriginBesideFetch(t *testing.T) {
	const code = "fetch('https://api.example.com/7', {method: 'PUT'})\n"
	const line = "Access to fetch at 'https://api.example.com/7' from origin 'http://localhost:3000' has been blocked " +
		"by CORS policy: It does not have HTTP ok status."
	for text, want := range map[string]Origin{
		code + line: {"http://localhost:3000", "the console's line"},
		code + strings.Replace(line, "/7'", "/8'", 1): {},
		code + "Access to it fails":                   {},
		strings.Replace(code, "PUT'", "PUT', referrer: 'https://app.example.com/'", 1) + line: {
			"https://app.example.com", "referrer",
		},
	} {
		p, err := Parse(text)
		require.NoError(t, err)
		assert.Equal(t, Fetch, p.Form)
		assert.Equal(t, want, p.Calls[0].Origin, text)
		assert.Equal(t, "PUT", p.Calls[0].Method)
	}
}

func TestOriginOf(t *testing.T) {
	for page, want := range map[string]string{
		"https://App.Example.com:443/a?b": "https://app.example.com",
		"http://a.example:80":             "http://a.example",
		"http://a.example:8080/":          "http://a.example:8080",
		"https://[::1]:3000/x":            "https://[::1]:3000",
		"https://u:p@a.example/%zz":       "https://a.example",
		"file:///home/x.html":             "null",
		"data:text/html,x":                "null",
		"blob:https://a.example/1-2":      "https://a.example",
		"chrome-extension://abc/x.html":   "chrome-extension://abc",
		"about:client":                    "",
		"":                                "",
		"no url":                          "",
		"https://":                        "",
		"a.example":                       "",
	} {
		assert.Equal(t, want, OriginOf(page), page)
	}
}

// Hostile text must not take long: what has no end is looked for once. If a piece cost
// the square of its number, this test would take minutes.
func TestHostileText(t *testing.T) {
	const size = 1 << 17
	for _, piece := range map[string]string{
		"backslashes": `\ `, "substitutions": "$(", "quotes": `"`, "apostrophes": "'", "carets": "^ ", "caret quotes": `^"`,
		"fetch": "fetch(", "objects": "fetch('a',{a:{", "templates": "`${", "comments": "/*", "slashes": "//",
		"console": "Access to a at 'https://a.example/",
		"Firefox": "https://a.example/ (a: ", "PowerShell": "$a=\"$($([char]", "tables": "@{", "here": "@\"\n",
		"network":   "GET https://a ",
		"variables": "const a = [", "another shell": "$x\n", "statements": "$a=1;",
		"Safari": "Origin x is not allowed by Access-Control-Allow-Origin ",
		"braces": "{", "lines": "x\n",
		"fences": "```\n", "code": "`x`\n", "members": "a.b = '", "additions": "a.append(", "cmd": ` "a^&`,
		"older lines": "Failed to load https://a ", "methods": "a “b” ", "output": "it's\n", "dashes": " —a",
	} {
		for _, start := range []string{"", "curl ", "curl ^\"a^\" ", "curl.exe 'a' `\n", "fetch('a', ",
			"Invoke-WebRequest ", "{\"log\":{\"entries\":["} {
			_, _ = Parse(start + strings.Repeat(piece, size/len(piece)))
		}
	}
	_, _ = Parse("curl " + strings.Repeat("x", 8*size) + "(" + strings.Repeat(")", 8*size))
	_, _ = Parse(strings.Repeat(">", size) + "x" + strings.Repeat("\n", size) + ">")
}

// Whatever the text is, there is a call or an error of one line.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"curl 'https://a.example' \\\n -H $'a: \\'\\u00e9' --data-raw \"x\"", "curl ^\"a^%^20^\" ^\n -d ^\"^\\^\"^\n\n^\"",
		"curl.exe 'a''b' `\n -d \"`\"\"",
		"await fetch(`a`, {headers: new Headers([['a', \"b\"]]), body: JSON.stringify({a: 1})});",
		"$session.UserAgent = \"a\"\nInvoke-WebRequest -Uri \"https://a$([char]233)\" -Headers " +
			"@{\n\"a\"=\"b\"\n} -Body ([System.Text.Encoding]::UTF8.GetBytes(\"x\"))",
		`{"log":{"pages":[{"id":"p","title":"https://a.example/"}],"entries":[{"pageref":"p",` +
			`"request":{"method":"PUT","url":"https://b.example"},"response":{"status":0}}]}}`,
		"Access to fetch at 'https://a.example/' (redirected from 'https://b.example') from origin 'null' " +
			"has been blocked by CORS policy: Method PUT is not allowed by Access-Control-Allow-Methods",
		"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at " +
			"https://a.example. (Reason: header ‘x’ is not allowed according to header " +
			"‘Access-Control-Allow-Headers’)",
		"[Error] Origin https://a.example is not allowed by Access-Control-Allow-Origin. Status code: " +
			"200\n[Error] Fetch API cannot load https://b.example due to access control checks.",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotEmpty(t, p.Calls)
		require.NotEmpty(t, p.Form)
		for _, c := range p.Calls {
			if c.Args != nil {
				assert.Empty(t, c.URL)
			} else if p.Form != Console {
				assert.NotEmpty(t, c.URL)
			}
			if p.Form == Console {
				require.NotNil(t, c.Complaint)
			}
			if utf8.ValidString(text) {
				for _, a := range c.Args {
					assert.True(t, utf8.ValidString(a), "%q", a)
				}
			}
		}
	})
}

// PowerShell sends PATCH for patch. A browser's copy tells what the script asked for.
func TestMethodInPowerShell(t *testing.T) {
	for text, want := range map[string]string{
		"Invoke-WebRequest -UseBasicParsing -Uri \"https://api.example.com/\" `\n-Method \"patch\"": "patch",
		"Invoke-WebRequest -UseBasicParsing -Uri \"https://api.example.com/\" `\n-Method \"Put\"":   "PUT",
		"Invoke-WebRequest -Uri \"https://api.example.com/\" -Method patch":                         "PATCH",
	} {
		p, err := Parse(text)
		require.NoError(t, err)
		assert.Equal(t, want, p.Calls[0].Method, text)
	}
}

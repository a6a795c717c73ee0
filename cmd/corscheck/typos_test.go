package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// H4: each mistake gets one line that says what was meant, and nothing is sent.
func TestDidYouMean(t *testing.T) {
	const rule = ": no page has this origin: browsers write scheme://host[:port], lower case, without a default port"
	origin := func(value string) []string { return []string{"-origin", value, api} }
	url := func(value string) []string { return []string{"-origin", page, value} }
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"a misspelt flag", []string{"--orgin", page, api}, `"--orgin" is not a flag of corscheck; did you mean -origin?`},
		{"letters swapped", []string{"-oirgin", page, api}, `"-oirgin" is not a flag of corscheck; did you mean -origin?`},
		{"a flag with a value", []string{"--orgin=" + page, api},
			`"--orgin=https://app.example.com" is not a flag of corscheck; did you mean -origin?`},
		{"a dash left out", []string{"-preflightonly", api},
			`"-preflightonly" is not a flag of corscheck; did you mean -preflight-only?`},
		{"the plural", []string{"--headers", "X-A: 1", api},
			`"--headers" is not a flag of corscheck; did you mean -header?`},
		{"the singular", []string{"-credential", api},
			`"-credential" is not a flag of corscheck; did you mean -credentials?`},
		{"upper case", []string{"-ORIGIN", page, api}, `"-ORIGIN" is not a flag of corscheck; did you mean -origin?`},
		{"a letter in the wrong case", []string{"-B", "a=1", api}, `"-B" is not a flag of corscheck; did you mean -b?`},
		{"nothing near", []string{"--zzzzzz", api}, `"--zzzzzz" is not a flag of corscheck`},
		{"-x for -X", []string{"-x", "PUT", "-origin", page, api}, "-x is curl's flag for a proxy; did you mean -X PUT?"},
		{"-x for -X, in small letters", []string{"-xdelete", "-origin", page, api},
			"-x is curl's flag for a proxy; did you mean -X DELETE?"},
		{"a variable for a host", []string{"-origin", page, "$API/users/7"},
			`the URL "$API/users/7" has a placeholder for its host: write out what it stands for`},
		{"a template for a host", []string{"-origin", page, "https://{{host}}/users/7"},
			`the URL "https://{{host}}/users/7" has a placeholder for its host: write out what it stands for`},
		{"a name in brackets for a host", []string{"-origin", page, "https://<project>.example/users/7"},
			`the URL "https://<project>.example/users/7" has a placeholder for its host: write out what it stands for`},
		{"stars for a host", []string{"-origin", page, "http://****/users/7"},
			`the URL "http://****/users/7" has a placeholder for its host: write out what it stands for`},
		{"a variable of cmd for a host", []string{"-origin", page, "https://%API%/users/7"},
			`the URL "https://%API%/users/7" has a placeholder for its host: write out what it stands for`},
		{"-X without method", []string{"-X", api, "-origin", page},
			`-X names the method, and "https://api.example.com/users/7" is a URL: write -X PUT, or leave -X out`},
		{"-X before a flag", []string{"-X", "-origin", page, api},
			`-X names the method, and "-origin" is a flag: write -X PUT, or leave -X out`},
		{"the word audit", []string{"audit", "-origin", page, api}, `"audit" is not a URL; did you mean -audit?`},
		{"a method as a word", []string{"put", api}, `"put" is not a URL; did you mean -X PUT?`},

		{"one slash", url("http:/api.example.com"),
			`the URL "http:/api.example.com" lacks a slash; did you mean "http://api.example.com"?`},
		{"no slash", url("https:api.example.com/x"),
			`the URL "https:api.example.com/x" lacks a slash; did you mean "https://api.example.com/x"?`},
		{"no colon", url("https//api.example.com"),
			`the URL "https//api.example.com" lacks a colon; did you mean "https://api.example.com"?`},
		{"no scheme, but slashes", url("//api.example.com/x"),
			`the URL "//api.example.com/x" has no scheme; did you mean "https://api.example.com/x"?`},
		{"a misspelt scheme", url("htps://api.example.com"),
			`the URL "htps://api.example.com" begins with "htps"; did you mean "https://api.example.com"?`},
		{"another misspelt scheme", url("htp://api.example.com"),
			`the URL "htp://api.example.com" begins with "htp"; did you mean "http://api.example.com"?`},
		{"a WebSocket", url("wss://api.example.com/x"),
			`the URL "wss://api.example.com/x" is of a WebSocket: browsers apply no CORS there, and let ` +
				`every page connect. ` +
				`The server must check Origin itself; to check the server's other URLs, write "https://api.example.com/x"`},
		{"an address of the LAN", url("192.168.1.7:8080/x"),
			`the URL "192.168.1.7:8080/x" has no scheme; did you mean "http://192.168.1.7:8080/x"?`},
		{"an IPv6 address of the LAN", url("[fd00::1]:8080"),
			`the URL "[fd00::1]:8080" has no scheme; did you mean "http://[fd00::1]:8080"?`},
		{"a name of the LAN", url("printer.local/x"),
			`the URL "printer.local/x" has no scheme; did you mean "http://printer.local/x"?`},
		{"a host that is not ASCII", url("bücher.example/x"),
			`the URL "bücher.example/x" has no scheme; did you mean "https://xn--bcher-kva.example/x"?`},
		{"a name without dots", url("nas:8080"), `the URL "nas:8080" has no scheme; did you mean "http://nas:8080"?`},
		{"an address of the internet", url("192.0.2.1/x"),
			`the URL "192.0.2.1/x" has no scheme; did you mean "https://192.0.2.1/x"?`},
		{"an international name", url("https://BÜCHER.example:8443/é"),
			`the URL "https://BÜCHER.example:8443/é": browsers write the host in Punycode; did you mean ` +
				`"https://xn--bcher-kva.example:8443/é"?`},
		{"an international name that needs tables", url("https://ｗｗｗ.example/"),
			`the URL "https://ｗｗｗ.example/": write the host in Punycode (xn--…), as browsers send it`},
		{"no URL at all", url("what is this"),
			`"what is this" is neither a URL nor a call that is recognized: paste a call copied as cURL (bash, ` +
				`cmd), fetch, fetch (Node.js) or PowerShell, a HAR, or the line in the console of Chromium, ` +
				`Firefox or Safari`},
		{"a HAR that is not there, as Firefox names it", []string{"a.example_Archive [26-11-26 15-17-59].har"},
			`open a.example_Archive [26-11-26 15-17-59].har: no such file or directory`},
		{"a HAR that is not there", []string{"nowhere.har"}, `open nowhere.har: no such file or directory`},
		{"a capture that is not there", []string{"Nowhere.JSON"}, `open Nowhere.JSON: no such file or directory`},
		{"a call that is not there", []string{"nowhere.txt"}, `open nowhere.txt: no such file or directory`},
		{"a folder's file that is not there", []string{"./nowhere/call"},
			`open ./nowhere/call: no such file or directory`},
		{"a URL that ends like a file", url("api.example.com/x.json"),
			`the URL "api.example.com/x.json" has no scheme; did you mean "https://api.example.com/x.json"?`},
		{"-entry without a paste", []string{"-entry", "2", "-origin", page, api},
			"-entry picks a call of a paste or a HAR, and there is none"},
		{"-entry of nothing", []string{"-entry", "0", api}, `-entry "0": give the number of a call, from 1`},

		{"an origin without scheme", origin("localhost:3000"), `-origin "localhost:3000"` + rule + `; did ` +
			`you mean "http://localhost:3000"?`},
		{"an origin of the LAN without scheme", origin("192.168.1.7"), `-origin "192.168.1.7"` + rule + `; ` +
			`did you mean "http://192.168.1.7"?`},
		{"an origin without scheme, elsewhere", origin("App.example.com/x"), `-origin "App.example.com/x"` + rule + `; ` +
			`did you mean "https://app.example.com"?`},
		{"an origin with one slash", origin("http:/localhost:3000"), `-origin "http:/localhost:3000"` + rule + `; ` +
			`did you mean "http://localhost:3000"?`},
		{"an origin without colon", origin("https//app.example.com"), `-origin "https//app.example.com"` + rule + `; ` +
			`did you mean "https://app.example.com"?`},
		{"a page's URL as origin", origin("https://app.example.com/a?b#c"),
			`-origin "https://app.example.com/a?b#c"` + rule + `; did you mean "https://app.example.com"?`},
		{"an origin in upper case, with its port", origin("HTTPS://App.Example.com:443"),
			`-origin "HTTPS://App.Example.com:443"` + rule + `; did you mean "https://app.example.com"?`},
		{"an origin of a WebSocket", origin("wss://app.example.com"), `-origin "wss://app.example.com"` + rule + `; ` +
			`did you mean "https://app.example.com"?`},
		{"an international origin", origin("https://bücher.example"), `-origin "https://bücher.example"` + rule + `; ` +
			`did you mean "https://xn--bcher-kva.example"?`},
		{"an international origin that takes tables", origin("https://ｗｗｗ.example"),
			`-origin "https://ｗｗｗ.example"` + rule + `, and the host in Punycode (xn--…)`},
		{"an international host without scheme", origin("bücher.example"),
			`-origin "bücher.example"` + rule + `, and the host in Punycode (xn--…)`},
		{"an origin that is none at all", origin("%"), `-origin "%"` + rule},
		{"a file", origin("file:///home/me/index.html"),
			`-origin "file:///home/me/index.html": a page from a file has the origin null; did you mean ` +
				`-origin null?`},
		{"any origin", origin("*"), `-origin "*": a page has one origin: name it, as in -origin https://app.example.com`},
		{"a pattern", origin("https://*.example.com"),
			`-origin "https://*.example.com": a page has one origin: name it, as in -origin https://app.example.com`},
		{"a pattern without a scheme", origin("*.example.com"),
			`-origin "*.example.com": a page has one origin: name it, as in -origin https://app.example.com`},
		{"two origins", origin("https://a.example,https://b.example"),
			`-origin "https://a.example,https://b.example": name one origin, and check the others in ` +
				`further runs`},
		{"two that differ", []string{"-origin", page, "-H", "Origin: https://b.example", api},
			`-origin "https://app.example.com" and -H "Origin: https://b.example" name two pages: leave one ` +
				`of them out`},

		{"--next", []string{"curl", api, "--next", api}, "--next begins another call: check one at a time"},
		{"a file of flags", []string{"curl", "-K", "x", api},
			"-K names a file with flags, which is not read: write them out"},
		{"-F and -d", []string{"-d", "a", "-F", "b=c", api}, "-F and -d are two bodies: leave one of them out"},
		{"a part without name", []string{"-F", "b", api}, `-F "b": write a part of a form as name=value or name=@file`},
		{"--resolve of no kind", []string{"--resolve", "a.example", api}, `--resolve "a.example": write HOST:PORT:ADDRESS`},
		{"--connect-to of no kind", []string{"--connect-to", "a:b", api},
			`--connect-to "a:b": write HOST1:PORT1:HOST2:PORT2`},
		{"a certificate that is none", []string{"-origin", page, "--cacert", "typos.go", api},
			`--cacert "typos.go": no certificate is in the file`},
		{"a proxy that is none", []string{"-origin", page, "--proxy", "://", api},
			`--proxy "://": write http://HOST:PORT or socks5://HOST:PORT`},
		{"the standard input twice", []string{"-d", "@-", "-d", "@-", api}, "-d: the standard input is used already"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, exitUnknown, run(tc.args, strings.NewReader(""), &stdout, &stderr, false))
			assert.Empty(t, stdout.String())
			assert.Equal(t, "corscheck: "+tc.want+"\nTry corscheck -help.\n", stderr.String())
		})
	}
}

func TestWordsForHelp(t *testing.T) {
	for arg, want := range map[string]string{"help": "Usage:\n", "-h": "Usage:\n", "version": "corscheck ",
		"-version": "corscheck ", "--version": "corscheck ", "-V": "corscheck "} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitOK, run([]string{arg}, nil, &stdout, &stderr, false))
		assert.Empty(t, stderr.String())
		assert.True(t, strings.HasPrefix(stdout.String(), want), stdout.String())
	}
}

// What has one meaning is taken as it is meant.
func TestOneMeaning(t *testing.T) {
	for _, args := range [][]string{
		{"-origin", " " + page + " ", "  " + api + "\n"},
		{"--origin", page, "--url", api},
		{"-origin", page, "-H", "Origin: " + page, api},
		{"-H", "Origin: " + page, api},
	} {
		c, err := parse(args)
		assert.NoError(t, err)
		assert.Equal(t, []string{page, api, ""}, []string{c.call.origin, c.call.url, c.call.originFrom})
	}
}

func TestEditDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"a", ""}: 1, {"origin", "orgin"}: 1, {"origin", "oirgin"}: 1, {"origin", "origins"}: 1, {"origin",
			"orignx"}: 2,
		{"abc", "xyz"}: 3, {strings.Repeat("a", 1000), "b"}: 1000,
	} {
		assert.Equal(t, want, editDistance(pair[0], pair[1]), pair)
		assert.Equal(t, want, editDistance(pair[1], pair[0]), pair)
	}
}

package paste

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded returns the lines that the browsers of the tests printed, by engine and
// case.
func recorded(t *testing.T) (cases []string, lines map[string][]string) {
	t.Helper()
	data, err := os.ReadFile("testdata/console.txt")
	require.NoError(t, err)
	lines = make(map[string][]string)
	for line := range strings.Lines(string(data)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		require.Len(t, fields, 3)
		key := fields[0] + " " + fields[1]
		if lines[key] == nil {
			cases = append(cases, key)
		}
		lines[key] = append(lines[key], fields[2])
	}
	return cases, lines
}

// The cases of which a line tells no call, and what it says instead.
var noCall = map[string]string{
	"csp/connect-src":        "Content-Security-Policy",
	"mode-same-origin/fetch": "",
	"scheme/localhost":       "http://",
	"scheme/file":            "",

	// Chromium tells the URL beside the line, in a column that is not copied.
	"chromium redirect-location/data":    "names no call",
	"chromium redirect-location/invalid": "names no call",
	"chromium redirect-location/two":     "names no call",
	"chromium redirect-loop/endless":     "names no call",
	"chromium redirect-error/fetch":      "names no call",
	"chromium no-response/GET":           "names no call",
	"chromium no-response/no host":       "names no call",
	"chromium corp/no-cors":              "names no call",
	"chromium corp/image":                "names no call",
}

func TestRecordedConsoles(t *testing.T) {
	cases, lines := recorded(t)
	require.Greater(t, len(cases), 100)
	for _, name := range cases {
		engine, kind, _ := strings.Cut(name, " ")
		t.Run(name, func(t *testing.T) {
			text := strings.Join(lines[name], "\n")
			p, err := Parse(text)
			if want, ok := noCall[name]; ok {
				require.ErrorContains(t, err, want)
				return
			}
			if want, ok := noCall[kind]; ok {
				require.ErrorContains(t, err, want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, Console, p.Form)
			c := p.Calls[0]
			assert.Contains(t, text, c.URL)
			assert.Equal(t, map[string]string{"chromium": "Chromium", "firefox": "Firefox", "webkit": "Safari"}[engine],
				c.Complaint.Browser)
			if !strings.Contains(kind, "redirect") {
				assert.Len(t, p.Calls, 1)
			}

			// What the case is, each line has to tell, but for what that browser leaves out.
			wantOrigin := "https://app.example.com"
			switch {
			case strings.HasPrefix(kind, "null-origin/frame"):
				wantOrigin = "null"
			case kind == "The local network":
				wantOrigin = "http://127.0.0.1:18081"
			}
			switch engine {
			case "chromium":
				assert.Equal(t, wantOrigin, c.Origin.Value)
			case "firefox":
				assert.Empty(t, c.Origin.Value)
			case "webkit":
				if strings.Contains(text, "Origin "+wantOrigin) {
					assert.Equal(t, wantOrigin, c.Origin.Value)
				}
			}
			if !strings.Contains(kind, "wildcard") {
				assert.Equal(t, strings.HasPrefix(kind, "header/"), c.Complaint.Header != "", c.Complaint.Header)
			}
			switch {
			case kind == "header/Authorization":
				assert.Equal(t, "authorization", strings.ToLower(c.Complaint.Header))
			case strings.HasPrefix(kind, "method/") && engine != "firefox":
				assert.Equal(t, "PUT", c.Method)
			case kind == "method-case/patch" && engine != "firefox":
				assert.Equal(t, "patch", c.Method)
			}
			if strings.Contains(kind, "credentials/") && !strings.HasPrefix(kind, "wildcard-credentials/methods") {
				assert.Equal(t, Include, c.Credentials)
			}
			if strings.HasPrefix(kind, "preflight-status") || strings.HasPrefix(kind, "method") || strings.HasPrefix(kind,
				"header") {
				assert.True(t, c.Complaint.Preflight)
			}
			assert.Equal(t, strings.HasPrefix(kind, "corp/"), c.Complaint.Policy)
		})
	}
}

func TestConsoleLines(t *testing.T) {
	chromium := "Access to fetch at 'https://api.example.com/users/7' from origin 'https://app.example.com' " +
		"has been blocked by CORS policy: "
	firefox := "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource " +
		"at https://api.example.com/users/7. "
	type told struct {
		url, origin, method, header string
		credentials                 Credentials
		preflight                   bool
		status                      int
	}
	const address, page = "https://api.example.com/users/7", "https://app.example.com"
	for _, tc := range []struct {
		name, text string
		want       []told
	}{
		{"a file before it", "app.js:12 " + chromium + "No 'Access-Control-Allow-Origin' header is present " +
			"on the requested resource.",
			[]told{{url: address, origin: page}}},
		{"wrapped", strings.ReplaceAll(chromium, " ", "\n   ") + "Method\n PUT is not allowed\nby " +
			"Access-Control-Allow-Methods in preflight response.",
			[]told{{url: address, origin: page, method: "PUT", preflight: true}}},
		{"Chromium's log", `[17200:17200:1126/172034.331064:INFO:CONSOLE(7)] "` + chromium + `Request ` +
			`header field x-foo is not allowed by Access-Control-Allow-Headers in preflight response.", ` +
			`source: https://app.example.com/ (7)`,
			[]told{{url: address, origin: page, header: "x-foo", preflight: true}}},
		{"typographic quotes", strings.NewReplacer("'", "’").Replace(chromium) + "It does not have HTTP ok " +
			"status.", []told{{url: address, origin: page}}},
		{"the method beside it", "index.html:1 " + chromium + "Response to preflight request doesn't pass " +
			"access control check: It does not have HTTP ok status.\napp.js:3  PUT " +
			"https://api.example.com/users/7 net::ERR_FAILED",
			[]told{{url: address, origin: page, method: "PUT", preflight: true}}},
		{"redirected",
			"Access to XMLHttpRequest at 'https://b.example/' (redirected from " +
				"'https://api.example.com/users/7') from origin 'https://app.example.com' has been blocked by " +
				"CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
			[]told{{url: address, origin: page}}},
		{"a font",
			"Access to font at 'https://api.example.com/users/7' from origin 'https://app.example.com' has " +
				"been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the " +
				"requested resource.",
			[]told{{url: address, origin: page, method: "GET"}}},
		{"an apostrophe in the URL",
			"Access to fetch at 'https://api.example.com/it's' from origin 'null' has been blocked by CORS " +
				"policy: No 'Access-Control-Allow-Origin' header is present",
			[]told{{url: "https://api.example.com/it's", origin: "null"}}},
		{"three calls, one of them again", chromium + "It does not have HTTP ok status.\n" + chromium + "It " +
			"does not have HTTP ok status.\n" +
			"Access to fetch at 'https://api.example.com/8' from origin 'https://app.example.com' has been " +
			"blocked by CORS policy: Method DELETE is not allowed by Access-Control-Allow-Methods in " +
			"preflight response.\n" +
			chromium + "The value of the 'Access-Control-Allow-Credentials' header in the response is '' " +
			"which must be 'true' when the request's credentials mode is 'include'.",
			[]told{
				{url: address, origin: page},
				{url: "https://api.example.com/8", origin: page, method: "DELETE", preflight: true},
				{url: address, origin: page, credentials: Include},
			}},
		{"the network's line alone",
			"GET https://api.example.com/users/7 net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin 200 (OK)",
			[]told{{url: address, method: "GET", status: 200}}},
		{"Firefox, straight quotes", firefox + "(Reason: CORS header 'Access-Control-Allow-Origin' " +
			"missing). Status code: 500.", []told{{url: address, status: 500}}},
		{"Firefox, with its second line", firefox + "(Reason: header ‘x-foo’ is not allowed according to " +
			"header ‘Access-Control-Allow-Headers’ from CORS preflight response).\n\n" +
			firefox + "(Reason: CORS request did not succeed). Status code: (null).", []told{{url: address,
			header: "x-foo", preflight: true}}},
		{"an older Firefox", firefox + "(Reason: missing token ‘x-foo’ in CORS header " +
			"‘Access-Control-Allow-Headers’ from CORS preflight channel).", []told{{url: address, header: "x-foo",
			preflight: true}}},
		{"Firefox, with the network's line",
			"XHRPUT https://api.example.com/users/7 [HTTP/1.1 403 Forbidden 12ms]\n" + firefox + "(Reason: " +
				"CORS preflight response did not succeed). Status code: 403.",
			[]told{{url: address, method: "PUT", preflight: true, status: 403}}},
		{"Firefox in German",
			"Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet das " +
				"Lesen der externen Ressource auf https://api.example.com/users/7. (Grund: CORS-Kopfzeile " +
				"'Access-Control-Allow-Origin' fehlt). Statuscode: 200.",
			[]told{{url: address, status: 200}}},
		{"a URL and a log before it", `{"level":"SEVERE","message":"https://app.example.com/ - ` + chromium +
			`No 'Access-Control-Allow-Origin' header is present on the requested resource."}`,
			[]told{{url: address, origin: page}}},
		{"quoted in a mail", "> " + strings.ReplaceAll(chromium, " from ", "\n> from ") + "Method PUT\n> is not " +
			"allowed by Access-Control-Allow-Methods in preflight response.",
			[]told{{url: address, origin: page, method: "PUT", preflight: true}}},
		{"Chromium until 66", "Failed to load https://api.example.com/users/7: Response to preflight request doesn't " +
			"pass access control check: No 'Access-Control-Allow-Origin' header is present on the requested " +
			"resource. Origin 'https://app.example.com' is therefore not allowed access. The response had HTTP " +
			"status code 404.", []told{{url: address, origin: page, preflight: true, status: 404}}},
		{"Chromium until 57, with cookies", "XMLHttpRequest cannot load https://api.example.com/users/7. A wildcard " +
			"'*' cannot be used in the 'Access-Control-Allow-Origin' header when the credentials flag is true. " +
			"Origin 'https://app.example.com' is therefore not allowed access.",
			[]told{{url: address, origin: page, credentials: Include}}},
		{"Safari until 10", "XMLHttpRequest cannot load https://api.example.com/users/7. Origin " +
			"https://app.example.com is not allowed by Access-Control-Allow-Origin.",
			[]told{{url: address, origin: page}}},
		{"the network's line of an answer", "app.js:3 PUT https://api.example.com/users/7 401 (Unauthorized)",
			[]told{{url: address, method: "PUT", status: 401}}},
		{"Firefox, with the network's line without spaces", "XHRPUThttps://api.example.com/users/7\nCORS Failed\n" +
			firefox + "(Reason: Did not find method in CORS header ‘Access-Control-Allow-Methods’).",
			[]told{{url: address, method: "PUT", preflight: true}}},
		{"Firefox in German, with cookies",
			"Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet das " +
				"Lesen der externen Ressource auf https://api.example.com/users/7. (Grund: Anmeldedaten werden " +
				"nicht unterstützt, wenn die CORS-Kopfzeile 'Access-Control-Allow-Origin' den Wert '*' hat).",
			[]told{{url: address, credentials: Include}}},
		{"Firefox without a word before its reason",
			"Zablokowano żądanie do zasobu innego pochodzenia: zasady „Same Origin Policy” nie pozwalają wczytywać " +
				"zdalnych zasobów z „https://api.example.com/users/7” (nagłówek „x-foo” jest niedozwolony według " +
				"nagłówka „Access-Control-Allow-Headers”).",
			[]told{{url: address, header: "x-foo", preflight: true}}},
		{"Firefox in French",
			"Blocage d’une requête multiorigine (Cross-Origin Request) : la politique « Same Origin » ne " +
				"permet pas de consulter la ressource distante située sur https://api.example.com/users/7. " +
				"Raison : l’en-tête CORS « Access-Control-Allow-Origin » est manquant. Code d’état : 200.",
			[]told{{url: address, status: 200}}},
		{"Firefox in Japanese",
			"クロスオリジン要求をブロックしました: 同一生成元ポリシーにより、https://api.example.com/users/7 にあるリモートリソースの読み込みは拒否されます (理由: " +
				"CORS ヘッダー ‘Access-Control-Allow-Origin’ が足りない)。",
			[]told{{url: address}}},
		{"Safari, both lines",
			"[Error] Origin https://app.example.com is not allowed by Access-Control-Allow-Origin. Status " +
				"code: 403\n[Error] Fetch API cannot load https://api.example.com/users/7 due to access control " +
				"checks.\n[Error] Failed to load resource: Origin https://app.example.com is not allowed by " +
				"Access-Control-Allow-Origin. Status code: 403 (7, line 0)",
			[]told{{url: address, origin: page, status: 403}}},
		{"Safari, two calls",
			"Method PUT is not allowed by Access-Control-Allow-Methods.\nFetch API cannot load " +
				"https://api.example.com/users/7 due to access control checks.\n" +
				"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin. Status code: " +
				"200\nXMLHttpRequest cannot load https://api.example.com/8 due to access control checks.",
			[]told{
				{url: address, origin: page, method: "PUT", preflight: true},
				{url: "https://api.example.com/8", origin: page, status: 200},
			}},
		{"Safari and Firefox, of one call each",
			"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin.\n" +
				"Fetch API cannot load https://api.example.com/8 due to access control checks.\n" +
				firefox + "(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200.",
			[]told{{url: "https://api.example.com/8", origin: page}, {url: address, status: 200}}},
		{"Safari, the page in one of two",
			"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin.\n" +
				"Fetch API cannot load https://api.example.com/8 due to access control checks.\n" +
				"Preflight response is not successful. Status code: 404\n" +
				"Fetch API cannot load https://api.example.com/users/7 due to access control checks.",
			[]told{{url: "https://api.example.com/8", origin: page}, {url: address, origin: page,
				preflight: true, status: 404}}},
		{"Safari, two pages", "Origin https://app.example.com is not allowed by Access-Control-Allow-Origin.\n" +
			"Fetch API cannot load https://api.example.com/8 due to access control checks.\n" +
			"Origin https://b.example is not allowed by Access-Control-Allow-Origin.\n" +
			"Fetch API cannot load https://api.example.com/9 due to access control checks.\n" +
			"Preflight response is not successful. Status code: 404\n" +
			"Fetch API cannot load https://api.example.com/users/7 due to access control checks.",
			[]told{{url: "https://api.example.com/8", origin: page}, {
				url: "https://api.example.com/9", origin: "https://b.example",
			},
				{url: address, preflight: true, status: 404}}},
		{"Safari, the reason behind the address",
			"Fetch API cannot load https://api.example.com/users/7 due to access control checks.\n" +
				"Failed to load resource: Method PUT is not allowed by Access-Control-Allow-Methods.",
			[]told{{url: address, method: "PUT", preflight: true}}},
		{"Safari, the reason alone",
			"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin. Status code: 403",
			[]told{{origin: page, status: 403}}},
		{"the line of the preflight beside it", chromium + "Response to preflight request doesn't pass access control " +
			"check: It does not have HTTP ok status.\nOPTIONS https://api.example.com/users/7 net::ERR_FAILED 405",
			[]told{{url: address, origin: page, preflight: true}}},
		{"Safari, the address alone",
			"XMLHttpRequest cannot load https://api.example.com/users/7 due to access control checks.",
			[]told{{url: address}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Parse(tc.text)
			require.NoError(t, err)
			assert.Equal(t, Console, p.Form)
			var got []told
			for _, c := range p.Calls {
				if c.Origin.Value != "" {
					assert.Equal(t, "the console's line", c.Origin.From)
				}
				assert.NotEmpty(t, c.Complaint.Text)
				got = append(got, told{c.URL, c.Origin.Value, c.Method, c.Complaint.Header, c.Credentials,
					c.Complaint.Preflight, c.Complaint.Status})
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

// Firefox names no method that it refuses, in any language, but a list that is none.
func TestFirefoxMethods(t *testing.T) {
	for reason, want := range map[string]bool{
		"(Reason: Did not find method in CORS header ‘Access-Control-Allow-Methods’).":           true,
		"(Grund: Methode in CORS-Kopfzeile 'Access-Control-Allow-Methods' nicht gefunden).":      true,
		"(Reason: invalid token ‘a b’ in CORS header ‘Access-Control-Allow-Methods’).":           false,
		"(Reason: CORS header ‘Access-Control-Allow-Origin’ missing).":                           false,
		"(Reason: invalid token ‘a b’ in CORS header ‘Access-Control-Allow-Headers’).":           false,
		"(Grund: ungültiger Wert 'a' in der CORS-Kopfzeile 'Access-Control-Allow-Methods').":     false,
		"(Reason: header ‘x’ is not allowed according to header ‘Access-Control-Allow-Headers’)": false,
	} {
		p, err := Parse("Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource " +
			"at https://api.example.com/. " + reason)
		require.NoError(t, err)
		assert.Equal(t, want, p.Calls[0].Complaint.NoMethod, reason)
	}
}

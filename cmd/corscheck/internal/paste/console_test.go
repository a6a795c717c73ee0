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

// heard is what a line of a console tells of a call.
type heard struct {
	url, origin, method, header string
	credentials                 Credentials
	preflight                   bool
	status                      int
}

// assertHeard asserts that a text is of a console, and tells of the calls.
func assertHeard(t *testing.T, text string, want []heard) {
	t.Helper()
	p, err := Parse(text)
	require.NoError(t, err)
	assert.Equal(t, Console, p.Form)
	var got []heard
	for _, c := range p.Calls {
		if c.Origin.Value != "" {
			assert.Equal(t, "the console's line", c.Origin.From)
		}
		assert.NotEmpty(t, c.Complaint.Text)
		got = append(got, heard{c.URL, c.Origin.Value, c.Method, c.Complaint.Header, c.Credentials,
			c.Complaint.Preflight, c.Complaint.Status})
	}
	assert.Equal(t, want, got)
}

func TestConsoleLines(t *testing.T) {
	chromium := "Access to fetch at 'https://api.example.com/users/7' from origin 'https://app.example.com' " +
		"has been blocked by CORS policy: "
	firefox := "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource " +
		"at https://api.example.com/users/7. "
	const address, page = "https://api.example.com/users/7", "https://app.example.com"
	for _, tc := range []struct {
		name, text string
		want       []heard
	}{
		{"a file before it", "app.js:12 " + chromium + "No 'Access-Control-Allow-Origin' header is present " +
			"on the requested resource.",
			[]heard{{url: address, origin: page}}},
		{"wrapped", strings.ReplaceAll(chromium, " ", "\n   ") + "Method\n PUT is not allowed\nby " +
			"Access-Control-Allow-Methods in preflight response.",
			[]heard{{url: address, origin: page, method: "PUT", preflight: true}}},
		{"Chromium's log", `[17200:17200:1126/172034.331064:INFO:CONSOLE(7)] "` + chromium + `Request ` +
			`header field x-foo is not allowed by Access-Control-Allow-Headers in preflight response.", ` +
			`source: https://app.example.com/ (7)`,
			[]heard{{url: address, origin: page, header: "x-foo", preflight: true}}},
		{"typographic quotes", strings.NewReplacer("'", "’").Replace(chromium) + "It does not have HTTP ok " +
			"status.", []heard{{url: address, origin: page}}},
		{"the method beside it", "index.html:1 " + chromium + "Response to preflight request doesn't pass " +
			"access control check: It does not have HTTP ok status.\napp.js:3  PUT " +
			"https://api.example.com/users/7 net::ERR_FAILED",
			[]heard{{url: address, origin: page, method: "PUT", preflight: true}}},
		{"redirected",
			"Access to XMLHttpRequest at 'https://b.example/' (redirected from " +
				"'https://api.example.com/users/7') from origin 'https://app.example.com' has been blocked by " +
				"CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
			[]heard{{url: address, origin: page}}},
		{"a font",
			"Access to font at 'https://api.example.com/users/7' from origin 'https://app.example.com' has " +
				"been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the " +
				"requested resource.",
			[]heard{{url: address, origin: page, method: "GET"}}},
		{"an apostrophe in the URL",
			"Access to fetch at 'https://api.example.com/it's' from origin 'null' has been blocked by CORS " +
				"policy: No 'Access-Control-Allow-Origin' header is present",
			[]heard{{url: "https://api.example.com/it's", origin: "null"}}},
		{"three calls, one of them again", chromium + "It does not have HTTP ok status.\n" + chromium + "It " +
			"does not have HTTP ok status.\n" +
			"Access to fetch at 'https://api.example.com/8' from origin 'https://app.example.com' has been " +
			"blocked by CORS policy: Method DELETE is not allowed by Access-Control-Allow-Methods in " +
			"preflight response.\n" +
			chromium + "The value of the 'Access-Control-Allow-Credentials' header in the response is '' " +
			"which must be 'true' when the request's credentials mode is 'include'.",
			[]heard{
				{url: address, origin: page},
				{url: "https://api.example.com/8", origin: page, method: "DELETE", preflight: true},
				{url: address, origin: page, credentials: Include},
			}},
		{"the network's line alone",
			"GET https://api.example.com/users/7 net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin 200 (OK)",
			[]heard{{url: address, method: "GET", status: 200}}},
		{"Firefox, straight quotes", firefox + "(Reason: CORS header 'Access-Control-Allow-Origin' " +
			"missing). Status code: 500.", []heard{{url: address, status: 500}}},
		{"Firefox, with its second line", firefox + "(Reason: header ‘x-foo’ is not allowed according to " +
			"header ‘Access-Control-Allow-Headers’ from CORS preflight response).\n\n" +
			firefox + "(Reason: CORS request did not succeed). Status code: (null).", []heard{{url: address,
			header: "x-foo", preflight: true}}},
		{"an older Firefox", firefox + "(Reason: missing token ‘x-foo’ in CORS header " +
			"‘Access-Control-Allow-Headers’ from CORS preflight channel).", []heard{{url: address, header: "x-foo",
			preflight: true}}},
		{"Firefox, with the network's line",
			"XHRPUT https://api.example.com/users/7 [HTTP/1.1 403 Forbidden 12ms]\n" + firefox + "(Reason: " +
				"CORS preflight response did not succeed). Status code: 403.",
			[]heard{{url: address, method: "PUT", preflight: true, status: 403}}},
		{"Firefox in German",
			"Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet das " +
				"Lesen der externen Ressource auf https://api.example.com/users/7. (Grund: CORS-Kopfzeile " +
				"'Access-Control-Allow-Origin' fehlt). Statuscode: 200.",
			[]heard{{url: address, status: 200}}},
		{"a URL and a log before it", `{"level":"SEVERE","message":"https://app.example.com/ - ` + chromium +
			`No 'Access-Control-Allow-Origin' header is present on the requested resource."}`,
			[]heard{{url: address, origin: page}}},
		{"quoted in a mail", "> " + strings.ReplaceAll(chromium, " from ", "\n> from ") + "Method PUT\n> is not " +
			"allowed by Access-Control-Allow-Methods in preflight response.",
			[]heard{{url: address, origin: page, method: "PUT", preflight: true}}},
		{"Chromium until 66", "Failed to load https://api.example.com/users/7: Response to preflight request doesn't " +
			"pass access control check: No 'Access-Control-Allow-Origin' header is present on the requested " +
			"resource. Origin 'https://app.example.com' is therefore not allowed access. The response had HTTP " +
			"status code 404.", []heard{{url: address, origin: page, preflight: true, status: 404}}},
		{"Chromium until 57, with cookies", "XMLHttpRequest cannot load https://api.example.com/users/7. A wildcard " +
			"'*' cannot be used in the 'Access-Control-Allow-Origin' header when the credentials flag is true. " +
			"Origin 'https://app.example.com' is therefore not allowed access.",
			[]heard{{url: address, origin: page, credentials: Include}}},
		{"Safari until 10", "XMLHttpRequest cannot load https://api.example.com/users/7. Origin " +
			"https://app.example.com is not allowed by Access-Control-Allow-Origin.",
			[]heard{{url: address, origin: page}}},
		{"the network's line of an answer", "app.js:3 PUT https://api.example.com/users/7 401 (Unauthorized)",
			[]heard{{url: address, method: "PUT", status: 401}}},
		{"Firefox, with the network's line without spaces", "XHRPUThttps://api.example.com/users/7\nCORS Failed\n" +
			firefox + "(Reason: Did not find method in CORS header ‘Access-Control-Allow-Methods’).",
			[]heard{{url: address, method: "PUT", preflight: true}}},
		{"Firefox in German, with cookies",
			"Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet das " +
				"Lesen der externen Ressource auf https://api.example.com/users/7. (Grund: Anmeldedaten werden " +
				"nicht unterstützt, wenn die CORS-Kopfzeile 'Access-Control-Allow-Origin' den Wert '*' hat).",
			[]heard{{url: address, credentials: Include}}},
		{"Firefox without a word before its reason",
			"Zablokowano żądanie do zasobu innego pochodzenia: zasady „Same Origin Policy” nie pozwalają wczytywać " +
				"zdalnych zasobów z „https://api.example.com/users/7” (nagłówek „x-foo” jest niedozwolony według " +
				"nagłówka „Access-Control-Allow-Headers”).",
			[]heard{{url: address, header: "x-foo", preflight: true}}},
		{"Firefox in French",
			"Blocage d’une requête multiorigine (Cross-Origin Request) : la politique « Same Origin » ne " +
				"permet pas de consulter la ressource distante située sur https://api.example.com/users/7. " +
				"Raison : l’en-tête CORS « Access-Control-Allow-Origin » est manquant. Code d’état : 200.",
			[]heard{{url: address, status: 200}}},
		{"Firefox in Japanese",
			"クロスオリジン要求をブロックしました: 同一生成元ポリシーにより、https://api.example.com/users/7 にあるリモートリソースの読み込みは拒否されます (理由: " +
				"CORS ヘッダー ‘Access-Control-Allow-Origin’ が足りない)。",
			[]heard{{url: address}}},
		{"Safari, both lines",
			"[Error] Origin https://app.example.com is not allowed by Access-Control-Allow-Origin. Status " +
				"code: 403\n[Error] Fetch API cannot load https://api.example.com/users/7 due to access control " +
				"checks.\n[Error] Failed to load resource: Origin https://app.example.com is not allowed by " +
				"Access-Control-Allow-Origin. Status code: 403 (7, line 0)",
			[]heard{{url: address, origin: page, status: 403}}},
		{"Safari, two calls",
			"Method PUT is not allowed by Access-Control-Allow-Methods.\nFetch API cannot load " +
				"https://api.example.com/users/7 due to access control checks.\n" +
				"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin. Status code: " +
				"200\nXMLHttpRequest cannot load https://api.example.com/8 due to access control checks.",
			[]heard{
				{url: address, origin: page, method: "PUT", preflight: true},
				{url: "https://api.example.com/8", origin: page, status: 200},
			}},
		{"Safari and Firefox, of one call each",
			"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin.\n" +
				"Fetch API cannot load https://api.example.com/8 due to access control checks.\n" +
				firefox + "(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200.",
			[]heard{{url: "https://api.example.com/8", origin: page}, {url: address, status: 200}}},
		{"Safari, the page in one of two",
			"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin.\n" +
				"Fetch API cannot load https://api.example.com/8 due to access control checks.\n" +
				"Preflight response is not successful. Status code: 404\n" +
				"Fetch API cannot load https://api.example.com/users/7 due to access control checks.",
			[]heard{{url: "https://api.example.com/8", origin: page}, {url: address, origin: page,
				preflight: true, status: 404}}},
		{"Safari, two pages", "Origin https://app.example.com is not allowed by Access-Control-Allow-Origin.\n" +
			"Fetch API cannot load https://api.example.com/8 due to access control checks.\n" +
			"Origin https://b.example is not allowed by Access-Control-Allow-Origin.\n" +
			"Fetch API cannot load https://api.example.com/9 due to access control checks.\n" +
			"Preflight response is not successful. Status code: 404\n" +
			"Fetch API cannot load https://api.example.com/users/7 due to access control checks.",
			[]heard{{url: "https://api.example.com/8", origin: page}, {
				url: "https://api.example.com/9", origin: "https://b.example",
			},
				{url: address, preflight: true, status: 404}}},
		{"Safari, the reason behind the address",
			"Fetch API cannot load https://api.example.com/users/7 due to access control checks.\n" +
				"Failed to load resource: Method PUT is not allowed by Access-Control-Allow-Methods.",
			[]heard{{url: address, method: "PUT", preflight: true}}},
		{"Safari, the reason alone",
			"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin. Status code: 403",
			[]heard{{origin: page, status: 403}}},
		{"the line of the preflight beside it", chromium + "Response to preflight request doesn't pass access control " +
			"check: It does not have HTTP ok status.\nOPTIONS https://api.example.com/users/7 net::ERR_FAILED 405",
			[]heard{{url: address, origin: page, preflight: true}}},
		{"Safari, the address alone",
			"XMLHttpRequest cannot load https://api.example.com/users/7 due to access control checks.",
			[]heard{{url: address}}},
	} {
		t.Run(tc.name, func(t *testing.T) { assertHeard(t, tc.text, tc.want) })
	}
}

// What people write into issues: older lines, cut ones, and what editors, chat programs and
// hands make of them.
func TestConsoleLinesInTheWild(t *testing.T) {
	const (
		address, page = "https://api.example.com/users/7", "https://app.example.com"
		missing       = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
		quotedPlaces  = "Access to fetch at 'https://api.example.com/users/7' from origin 'https://app.example.com'"
	)
	for _, tc := range []struct {
		name, text string
		want       []heard
	}{
		{"Chromium until 66, a header, without the page", "(index):1 Failed to load https://api.example.com/users/7: " +
			"Request header field x-foo is not allowed by Access-Control-Allow-Headers in preflight response.\n" +
			"Prices.js:89 Error: Network Error\n    at createError (createError.js:16)\n" +
			"(index):1 Failed to load https://api.example.com/8: Request header field x-foo is not allowed by " +
			"Access-Control-Allow-Headers in preflight response.",
			[]heard{{url: address, header: "x-foo", preflight: true},
				{url: "https://api.example.com/8", header: "x-foo", preflight: true}}},
		{"the same, a status", "Failed to load https://api.example.com/users/7: Response for preflight has invalid HTTP " +
			"status code 404.", []heard{{url: address, preflight: true, status: 404}}},
		{"Chromium until 57, a redirected preflight", "XMLHttpRequest cannot load https://api.example.com/users/7. " +
			"Response for preflight is invalid (redirect)", []heard{{url: address, preflight: true}}},
		{"the same, a redirect after a preflight", "XMLHttpRequest cannot load https://api.example.com/users/7. Redirect " +
			"from 'https://api.example.com/users/7' to 'https://api.example.com/users/7/' has been blocked by CORS " +
			"policy: Request requires preflight, which is disallowed for cross-origin redirect.",
			[]heard{{url: address}}},
		{"the same, older", "XMLHttpRequest cannot load https://api.example.com/users/7. The request was redirected to " +
			"'https://api.example.com/login', which is disallowed for cross-origin requests that require preflight.",
			[]heard{{url: address}}},
		{"the same, a method", "XMLHttpRequest cannot load https://api.example.com/users/7. Method PUT is not allowed by " +
			"Access-Control-Allow-Methods in preflight response.", []heard{{url: address, method: "PUT", preflight: true}}},
		{"the same, in quotes", "XMLHttpRequest cannot load 'https://api.example.com/users/7'. No " +
			"'Access-Control-Allow-Origin' header is present. Origin 'https://app.example.com' is therefore not allowed " +
			"access.", []heard{{url: address, origin: page}}},
		{"the same, in quotes, without the page", "XMLHttpRequest cannot load \"https://api.example.com/users/7\". " +
			"Response for preflight is invalid (redirect)", []heard{{url: address, preflight: true}}},
		{"a call that was logged", "XHR failed loading: PUT \"https://api.example.com/users/7\".\n" + quotedPlaces +
			" has been blocked by CORS policy: It does not have HTTP ok status.",
			[]heard{{url: address, origin: page, method: "PUT"}}},
		{"Safari until 10, cookies", "XMLHttpRequest cannot load https://api.example.com/users/7. Cannot use wildcard in " +
			"Access-Control-Allow-Origin when credentials flag is true.", []heard{{url: address, credentials: Include}}},
		{"Safari until 10, two lines", "[Error] Failed to load resource: Preflight response is not successful\n" +
			"[Error] XMLHttpRequest cannot load https://api.example.com/users/7. Preflight response is not successful",
			[]heard{{url: address, preflight: true}}},
		{"Safari, the reason behind its address", "1. XMLHttpRequest cannot load https://api.example.com/users/7 due to " +
			"access control checks.\n2. Request header field API-KEY is not allowed by Access-Control-Allow-Headers.",
			[]heard{{url: address, header: "API-KEY", preflight: true}}},
		{"Safari, a reason of another call behind one that has its own", "Preflight response is not successful\n" +
			"Fetch API cannot load https://api.example.com/users/7 due to access control checks.\n" +
			"Method PUT is not allowed by Access-Control-Allow-Methods.", []heard{{url: address, preflight: true}}},
		{"Safari, a word in place of the page", "[Error] Origin XXXXX is not allowed by Access-Control-Allow-Origin.\n" +
			"[Error] XMLHttpRequest cannot load https://api.example.com/users/7 due to access control checks.",
			[]heard{{url: address}}},
		{"Edge until 18", "SEC7120: [CORS] The origin 'https://app.example.com' did not find 'https://app.example.com' in " +
			"the Access-Control-Allow-Origin response header for cross-origin  resource at " +
			"'https://api.example.com/users/7'.", []heard{{url: address, origin: page}}},
		{"another file between", quotedPlaces + " has been blocked by CORS policy: search?q=a:1 \nRequest header " +
			"field x-foo is not allowed by Access-Control-Allow-Headers in preflight response. ",
			[]heard{{url: address, origin: page, header: "x-foo", preflight: true}}},
		{"a slash behind the page", strings.Replace(quotedPlaces, page, page+"/", 1) +
			" has been blocked by CORS policy: " + missing, []heard{{url: address, origin: page}}},
		{"a file", strings.Replace(quotedPlaces, page, "file://", 1) + " has been blocked by CORS policy: " + missing,
			[]heard{{url: address, origin: "file://"}}},
		{"links in Markdown", strings.NewReplacer(address, "["+address+"]("+address+")", page, "["+page+"]("+page+")").
			Replace(quotedPlaces) + " has been blocked by CORS policy: " + missing, []heard{{url: address, origin: page}}},
		{"links of a chat", strings.NewReplacer(address, "<"+address+"|api.example.com>", page, "<"+page+">").
			Replace(quotedPlaces) + " has been blocked by CORS policy: " + missing, []heard{{url: address, origin: page}}},
		{"HTML", strings.NewReplacer("'", "&#39;", "7'", "7?a=1&amp;b=2&#39;").Replace(quotedPlaces +
			" has been blocked by CORS policy: " + missing), []heard{{url: address + "?a=1&b=2", origin: page}}},
		{"other escapes of HTML", strings.ReplaceAll(quotedPlaces+" has been blocked by CORS policy: "+missing, "'",
			"&quot;"), []heard{{url: address, origin: page}}},
		{"and others", strings.ReplaceAll(quotedPlaces+" has been blocked by CORS policy: "+missing, "'", "&#x27;"),
			[]heard{{url: address, origin: page}}},
		{"without quotes", strings.ReplaceAll(quotedPlaces, "'", "") + " has been blocked by CORS policy: " + missing,
			[]heard{{url: address, origin: page}}},
		{"cut in front", "from origin 'https://app.example.com' has been blocked by CORS policy: " + missing,
			[]heard{{origin: page}}},
		{"cut still more", "...... has been blocked by CORS policy: Response to preflight request doesn't pass access " +
			"control check: " + missing, []heard{{preflight: true}}},
		{"Firefox until 35", "[JavaScript Warning: \"Cross-Origin Request Blocked: The Same Origin Policy disallows " +
			"reading the remote resource at https://api.example.com/users/7. This can be fixed by moving the resource " +
			"to the same domain or enabling CORS.\" {file: \"https://app.example.com/\" line: 0}]", []heard{{url: address}}},
		{"Firefox in Chinese", "已拦截跨源请求：同源策略禁止读取位于 https://api.example.com/users/7 的远程资源。" +
			"（原因：CORS 头缺少 'Access-Control-Allow-Origin'）。状态码：403。", []heard{{url: address, status: 403}}},
		{"Firefox in Korean", "교차 출처 요청 차단: 동일 출처 정책으로 인해 https://api.example.com/users/7에 있는 원격 " +
			"리소스를 차단하였습니다. (원인: ‘Access-Control-Allow-Origin’ CORS 헤더가 없음). 상태 코드: 200.",
			[]heard{{url: address, status: 200}}},
		{"Firefox in Spanish", "Solicitud desde otro origen bloqueada: la política de mismo origen impide leer el recurso " +
			"remoto en https://api.example.com/users/7 (razón: falta la cabecera CORS 'Access-Control-Allow-Origin'). " +
			"Código de estado: 200.", []heard{{url: address, status: 200}}},
	} {
		t.Run(tc.name, func(t *testing.T) { assertHeard(t, tc.text, tc.want) })
	}
}

// A line that names no call is told for what it is, and no part of an address is taken for
// one.
func TestConsoleLinesWithoutCall(t *testing.T) {
	for text, want := range map[string]string{
		"POST https://api.example.com/track net::ERR_BLOCKED_BY_CLIENT": "an extension of this browser blocked the call",
		"XMLHttpRequest cannot load file:///C:/a.json. Cross origin requests are only supported for protocol schemes: " +
			"http, data, chrome.": "this is the URL, not CORS",
		"Blocage d’une requête multiorigines (Cross-Origin Request) : la politique « Same Origin » ne permet pas de " +
			"consulter la ressource distante située sur file:///a. Raison : la requête CORS n’utilise pas http.": "begins " +
			"with neither http:// nor https://",
		"SEC7120: Origin http://localhost:3000 not found in Access-Control-Allow-Origin header.": ErrUnknown.Error(),
		"Error at https://api.example.com/latest/: CORS is off, see Access-Control-Allow-Origin": ErrUnknown.Error(),
	} {
		_, err := Parse(text)
		require.ErrorContains(t, err, want, text)
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

// A line that names no URL steps back for a call that stands below it.
func TestConsoleLineAboveACall(t *testing.T) {
	for text, want := range map[string]Form{
		"It says \"has been blocked by CORS policy: No\". I sent:\n\ncurl https://api.example.com/7 -X PUT": CurlBash,
		"Origin https://app.example.com is not allowed by Access-Control-Allow-Origin, for\n```js\n" +
			"fetch('https://api.example.com/7')\n```": Fetch,
		"As https://docs.example.com/ says: CORS is on.\n\n```\ncurl https://api.example.com/7\n```":      CurlBash,
		"Aynı Köken İlkesi, https://api.example.com/7 (Sebep: CORS ‘Access-Control-Allow-Origin’ eksik).": Console,
		"blocked by CORS policy: as `has been blocked by CORS policy: No` says":                           Console,
	} {
		p, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, p.Form, text)
	}
}

// What Firefox complains of is known in the languages in which it puts the words in another order.
func TestFirefoxLanguages(t *testing.T) {
	type told struct {
		header      string
		noMethod    bool
		credentials Credentials
		preflight   bool
	}
	const address = "https://api.example.com/users/7"
	var (
		header, method = told{header: "x-foo", preflight: true}, told{noMethod: true, preflight: true}
		preflight      = told{preflight: true}
		cookies        = told{credentials: Include}
	)
	for language, tc := range map[string]struct {
		before, behind string
		reasons        map[string]told
	}{
		"Turkish": {"Aynı Köken İlkesi, ", " üzerindeki uzak kaynağın okunmasına izin vermiyor. (Sebep: ", map[string]told{
			"CORS üst bilgisi ‘Access-Control-Allow-Origin’ eksik":                   {},
			"CORS üst bilgisi ‘Access-Control-Allow-Origin’ değeri ‘*’ ise":          cookies,
			"CORS üst bilgisi ‘Access-Control-Allow-Methods’ta metot bulunamadı":     method,
			"CORS üst bilgisi ‘Access-Control-Allow-Methods’ta geçersiz ‘a b’":       preflight,
			"CORS üst bilgisi ‘Access-Control-Allow-Headers’ta geçersiz ‘a b’":       preflight,
			"‘Access-Control-Allow-Headers’ CORS üst bilgisine göre ‘x-foo’ üst":     header,
			"‘Access-Control-Allow-Headers’ CORS üst bilgisi, ‘*’ ve `authorization": preflight,
		}},
		"Korean": {"동일 출처 정책으로 인해 ", "에 있는 원격 리소스를 차단했습니다. (원인: ", map[string]told{
			"‘Access-Control-Allow-Origin’ CORS 헤더가 ‘https://b.example’와 일치하지 않음":      {},
			"CORS 헤더 ‘Access-Control-Allow-Credentials’이 ‘true’이어야 함":                  cookies,
			"CORS 헤더 ‘Access-Control-Allow-Methods’의 메서드가 없음":                          method,
			"CORS 헤더 ‘Access-Control-Allow-Methods’에 유효하지 않은 토큰 ‘a b’":                 preflight,
			"CORS 사전 점검 응답이 성공하지 못함":                                                   preflight,
			"CORS 사전 점검 응답의 헤더 ‘Access-Control-Allow-Headers’에 따라 헤더 ‘x-foo’가 허용되지 않음": header,
		}},
		"Chinese": {"同源策略禁止读取位于 ", " 的远程资源。（原因：", map[string]told{
			"CORS 头 'Access-Control-Allow-Origin' 不匹配 'https://b.example'":       {},
			"找不到 CORS 头中的 'Access-Control-Allow-Methods'":                        method,
			"CORS 头 'Access-Control-Allow-Methods' 中的令牌 'a b' 无效":                preflight,
			"CORS 头 'Access-Control-Allow-Headers' 中的令牌 'a b' 无效":                preflight,
			"CORS 预检通道未成功":                                                       preflight,
			"来自 CORS 预检通道的 CORS 头 'Access-Control-Allow-Headers' 的令牌 'x-foo' 无效": header,
		}},
		"French": {"ne permet pas de consulter la ressource distante située sur ", ". Raison : ", map[string]told{
			"l’en-tête CORS « Access-Control-Allow-Origin » est manquant":                               {},
			"échec de la réponse de pré-vérification des requêtes CORS":                                 preflight,
			"méthode manquante dans l’en-tête « Access-Control-Allow-Methods »":                         method,
			"jeton « a b » invalide dans l’en-tête CORS « Access-Control-Allow-Methods »":               preflight,
			"jeton « a b » invalide dans l’en-tête CORS « Access-Control-Allow-Headers »":               preflight,
			"l’en-tête « x-foo » n’est pas autorisé d’après l’en-tête « Access-Control-Allow-Headers »": header,
		}},
		"Portuguese": {"não permite a leitura do recurso remoto em ", " (motivo: ", map[string]told{
			"falha na requisição CORS":                                                            {},
			"falha na resposta de comprovação (preflight) do CORS":                                preflight,
			"não encontrado no cabeçalho 'Access-Control-Allow-Methods' do CORS":                  method,
			"header ‘x-foo’ não permitido, de acordo com o header ‘Access-Control-Allow-Headers’": header,
		}},
		"Japanese": {"同一生成元ポリシーにより、", " にあるリモートリソースの読み込みは拒否されます (理由: ", map[string]told{
			"CORS ヘッダー ‘Access-Control-Allow-Origin’ が ‘*’ である場合":          cookies,
			"CORS プリフライトチャンネルが継承されていない":                                    preflight,
			"CORS ヘッダー ‘Access-Control-Allow-Methods’ にメソッドが見つからない":        method,
			"CORS ヘッダー ‘Access-Control-Allow-Methods’ に不正なトークン ‘a b’":      preflight,
			"CORS ヘッダー ‘Access-Control-Allow-Headers’ にトークン ‘x-foo’ が足りない": header,
		}},
	} {
		for reason, want := range tc.reasons {
			p, err := Parse(tc.before + address + tc.behind + reason + ").")
			require.NoError(t, err, "%s: %s", language, reason)
			c := p.Calls[0]
			got := told{c.Complaint.Header, c.Complaint.NoMethod, c.Credentials, c.Complaint.Preflight}
			assert.Equal(t, want, got, "%s: %s", language, reason)
			assert.Equal(t, address, c.URL, language)
		}
	}
}

// What the report repeats of a line ends where the next line begins.
func TestComplaintText(t *testing.T) {
	const said = "Access to fetch at 'https://api.example.com/7' from origin 'https://app.example.com' has been " +
		"blocked by CORS policy: It does not have HTTP ok status."
	for _, behind := range []string{"", "\nzone.js:2 DELETE https://api.example.com/7 net::ERR_FAILED",
		"\n PUT https://api.example.com/7 401 (Unauthorized)", "\nUncaught (in promise) TypeError: Failed to fetch"} {
		p, err := Parse("app:1 " + said + behind)
		require.NoError(t, err)
		assert.Equal(t, said, p.Calls[0].Complaint.Text)
	}
	p, err := Parse("XHRPUThttps://api.example.com/7\nPUT https://api.example.com/7 net::ERR_FAILED")
	require.NoError(t, err)
	assert.Equal(t, "PUT https://api.example.com/7 net::ERR_FAILED", p.Calls[0].Complaint.Text)
}

package main

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/internal/fetch"
)

func TestSecretNames(t *testing.T) {
	for _, name := range strings.Fields("Authorization X-Api-Key X-Auth-Token api_key apikey apiKey access_token " +
		"accessToken id_token refresh-token " +
		"X-CSRF-Token csrf sessionid session_id PHPSESSID JSESSIONID X-Amz-Security-Token X-Amz-Signature " +
		"X-Goog-Credential Ocp-Apim-Subscription-Key " +
		"X-Functions-Key key sig secret client_secret password user_password pwd jwt X-Hub-Signature " +
		"AWSAccessKeyId token sid Private-Key Set-Cookie Cookie Proxy-Authorization") {
		assert.True(t, isSecretHeader(name), name)
	}
	for _, name := range strings.Fields("Author authors Accept Content-Type X-Monkey keyboard design signal " +
		"assign page q id user lang cursor X-Total-Count " +
		"Www-Authenticate Access-Control-Allow-Headers Access-Control-Allow-Origin Location Vary Etag " +
		"Access-Control-Allow-Credentials access-control-allow-credentials Access-Control-Allow-Credential " +
		"X-Request-Id sort passenger tokenizer") {
		assert.False(t, isSecretHeader(name), name)
	}
}

// A4: no secret is printed, in whatever form and wherever a server puts it, without -v -v.
func TestSecretsAreMasked(t *testing.T) {
	const secret = "s3cr3t-4a5b6c"
	leaky := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Auth-Token", secret)
		h.Add("Set-Cookie", "session="+secret+"; Path=/; HttpOnly")
		h.Set("X-Debug", "got "+r.Header.Get("Authorization")+" and "+r.URL.RawQuery)
		h.Set(fetch.ExposeHeaders, "X-Auth-Token")
		switch r.URL.Path {
		case "/moved":
			h.Set("Location", "/users/7?access_token="+secret+"&page=2")
			w.WriteHeader(302)
		case "/refused":
			w.WriteHeader(403)
			_, _ = w.Write([]byte("CORS: origin not allowed for token " + secret))
		default:
			h.Set(fetch.AllowOrigin, page)
			h.Set(fetch.AllowCredentials, "true")
			h.Set(fetch.AllowHeaders, "Authorization, X-Api-Key")
		}
	})
	base := strings.TrimSuffix(serve(t, leaky), "/users/7")
	own := []string{"-H", "Authorization: Bearer " + secret, "-H", "X-Api-Key: " + secret, "-b", "session=" + secret}
	closed := listen(t, func(net.Conn) {})
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"headers, both ways", append(own, base+"/users/7")},
		{"a query", []string{base + "/users/7?api_key=" + secret + "&page=2#access_token=" + secret}},
		{"a query that the server repeats", append(own, base+"/users/7?q=1&sig="+secret)},
		{"a redirect", append(own, base+"/moved")},
		{"words of a refusal", append(own, base+"/refused")},
		{"a GET that is refused", []string{base + "/refused?token=" + secret}},
		{"an error", []string{closed + "?token=" + secret}},
		{"an error whose sentence goes on", []string{closed + "?token=" + secret + ".x"}},
		{"a bad URL", []string{"https://user:" + secret + "@api.example.com/"}},
		{"two URLs", []string{"https://a.example/?token=" + secret, "https://b.example/?token=" + secret}},
		{"an audit", append([]string{"-audit"}, append(own, base+"/users/7?token="+secret)...)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, form := range [][]string{nil, {"-v"}, {"-json"}, {"-json", "-v"}} {
				var stdout, stderr bytes.Buffer
				run(append(append(form, "-origin", page), tc.args...), nil, &stdout, &stderr, false)
				assert.NotContains(t, stdout.String()+stderr.String(), secret, "%v", form)
				assert.NotEmpty(t, stdout.String()+stderr.String())
			}
			if strings.Contains(strings.Join(tc.args, " "), "page=2") {
				var stdout, stderr bytes.Buffer
				run(append([]string{"-origin", page}, tc.args...), nil, &stdout, &stderr, false)
				assert.Contains(t, stdout.String(), "api_key=…&page=2", "the rest of a query is no secret")
			}
		})
	}
	var stdout, stderr bytes.Buffer
	run(append([]string{"-v", "-v", "-origin", page}, append(own, base+"/users/7")...), nil, &stdout, &stderr, false)
	assert.Contains(t, stdout.String(), "> Authorization: Bearer "+secret)
	assert.Contains(t, stdout.String(), "< Set-Cookie: session="+secret+"; Path=/")
	stdout.Reset()
	run(append([]string{"-v", "-origin", page}, append(own, base+"/users/7")...), nil, &stdout, &stderr, false)
	assert.Contains(t, stdout.String(), "< Set-Cookie: session=…; Path=/; HttpOnly", "what is no secret of a "+
		"cookie is shown")
}

func TestMaskOfASentence(t *testing.T) {
	m := newMask(&flags{}, &call{})
	for text, want := range map[string]string{
		"no answer to GET http://a/?token=abc: refused":           "no answer to GET http://a/?token=…: refused",
		"redirects to /x?api_key=a.b.c. Have it":                  "redirects to /x?api_key=…. Have it",
		"see (http://a/?sig=a%2Fb) and http://a/?q=1&sig=2#sid=3": "see (http://a/?sig=…) and http://a/?q=1&sig=…#sid=…",
		"https://user:pass@host/ and nobody@host":                 "https://…@host/ and nobody@host",
		"a=b; token=secret is no query, and ?page=2&token= is " +
			"empty": "a=b; token=secret is no query, and ?page=2&token= is empty",
	} {
		assert.Equal(t, want, m.text(text))
	}
	assert.Equal(t, "?token=abc", newMask(&flags{verbose: 2}, &call{}).text("?token=abc"))
}

// JSON passes on nothing that a terminal or an editor acts on and does not show.
func TestJSONIsVisible(t *testing.T) {
	const invisible = "\u009b31m\u202e\u2066\u200b\u200d\ufeff\u00ad\u2028\U000e0041"
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(fetch.AllowOrigin, "*"+invisible)
		w.Header().Set("X-Emoji", "é 世界 🙂")
	}))
	var stdout, stderr bytes.Buffer
	run([]string{"-json", "-origin", page, url}, nil, &stdout, &stderr, false)
	for _, r := range invisible {
		if r != '3' && r != '1' && r != 'm' {
			assert.NotContains(t, stdout.String(), string(r), "%U", r)
		}
	}
	assert.Contains(t, stdout.String(), `\u009b31m\u202e\u2066\u200b\u200d\ufeff\u00ad\u2028\udb40\udc41`)
	assert.Contains(t, stdout.String(), "é 世界 🙂")
	var o jsonOutcome
	runJSON(t, &o, "-origin", page, url)
	assert.Equal(t, "*"+invisible, o.Exchanges[0].Response.Header.Get(fetch.AllowOrigin), "it is the same text")
}

func TestLongValuesAreCut(t *testing.T) {
	url := serve(t, policy{allow: only(page), actual: []string{"X-Long: " + strings.Repeat("a", 90_000)}})
	for _, form := range []string{"-v", "-json"} {
		var stdout, stderr bytes.Buffer
		run([]string{form, "-origin", page, url}, nil, &stdout, &stderr, false)
		assert.Less(t, stdout.Len(), 10_000, form)
		assert.Contains(t, stdout.String(), "aaa…")
	}
	var stdout, stderr bytes.Buffer
	run([]string{"-v", "-v", "-origin", page, url}, nil, &stdout, &stderr, false)
	assert.Greater(t, stdout.Len(), 90_000)
}

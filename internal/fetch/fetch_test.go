package fetch_test

import (
	"regexp"
	"strings"
	"testing"

	"example.com/cors/internal/fetch"
	"github.com/stretchr/testify/assert"
)

func TestIsToken(t *testing.T) {
	token := regexp.MustCompile("^[0-9A-Za-z!#$%&'*+.^_`|~-]+$")
	for b := range 256 {
		s := "a" + string([]byte{byte(b)})
		assert.Equal(t, token.MatchString(s), fetch.IsToken(s), "%q", s)
	}
	assert.False(t, fetch.IsToken(""))
}

func TestMethods(t *testing.T) {
	for _, method := range []string{"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"} {
		assert.Equal(t, method, fetch.NormalizeMethod(strings.ToLower(method)))
		assert.False(t, fetch.IsForbiddenMethod(method))
		safelisted := method == "GET" || method == "HEAD" || method == "POST"
		assert.Equal(t, safelisted, fetch.IsSafelistedMethod(method), method)
	}
	for _, method := range []string{"patch", "PATCH", "query", "Foo", "po\u017ft", ""} {
		assert.Equal(t, method, fetch.NormalizeMethod(method))
	}
	for _, method := range []string{"CONNECT", "connect", "Trace", "TRACK"} {
		assert.True(t, fetch.IsForbiddenMethod(method), method)
	}
	assert.False(t, fetch.IsSafelistedMethod("get"), "safelisted methods are case-sensitive")
}

func TestHeaders(t *testing.T) {
	for _, name := range []string{
		"Cookie", "ORIGIN", "host", "Sec-Fetch-Mode", "proxy-authorization", "Date", "Via", "TE",
	} {
		assert.True(t, fetch.IsForbiddenRequestHeader(name), name)
	}
	for _, name := range []string{"Authorization", "Content-Type", "X-HTTP-Method", "Secret", "Proxy", "User-Agent"} {
		assert.False(t, fetch.IsForbiddenRequestHeader(name), name)
	}
	assert.True(t, fetch.IsForbiddenResponseHeader("SET-COOKIE"))
	assert.True(t, fetch.IsForbiddenResponseHeader("Set-Cookie2"))
	assert.False(t, fetch.IsForbiddenResponseHeader("Location"))
}

// Letters beyond ASCII have no other case: strings.ToLower makes k of the Kelvin sign.
func TestByteCase(t *testing.T) {
	for r := rune(0); r < 0x2200; r++ {
		s := "a" + string(r) + "Z"
		lower, upper := string(r), string(r)
		if r < 0x80 {
			lower, upper = strings.ToLower(lower), strings.ToUpper(upper)
		}
		assert.Equal(t, "a"+lower+"z", fetch.ByteLowercase(s))
		assert.Equal(t, "A"+upper+"Z", fetch.ByteUppercase(s))
	}
}

package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/internal/rules"
)

func TestError(t *testing.T) {
	assert.EqualError(t, rules.Error{Detail: "no scheme"}, "no scheme")
	withFix := rules.Error{Detail: "no scheme", Fix: "https://a.example"}
	assert.EqualError(t, withFix, `no scheme; did you mean "https://a.example"?`)
	assert.Equal(t, withFix, rules.AsError(withFix))
	assert.Equal(t, rules.Error{Detail: "other"}, rules.AsError(errors.New("other")))
}

func TestQuote(t *testing.T) {
	assert.Equal(t, `"a\nb"`, rules.Quote("a\nb"))
	longest := strings.Repeat("x", 300)
	assert.Equal(t, `"`+longest+`"`, rules.Quote(longest))
	assert.Equal(t, `"`+longest+`"…`, rules.Quote(longest+"x"))
}

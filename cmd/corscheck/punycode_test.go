package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The vectors are those of RFC 3492, section 7.1, and hosts that browsers show so.
func TestPunycode(t *testing.T) {
	for label, want := range map[string]string{
		"ليهمابتكلموشعربي؟":            "egbpdaj6bu4bxfgehfvwxn",
		"他们为什么不说中文":                    "ihqwcrb4cv8a8dqg056pqjye",
		"他們爲什麽不說中文":                    "ihqwctvzc91f659drss3x8bo0yb",
		"למההםפשוטלאמדבריםעברית":       "4dbcagdahymbxekheh6e0a7fei0b",
		"почемужеонинеговорятпорусски": "b1abfaaepdrnnbgefbadotcwatmq2g4l",
		"ひとつ屋根の下2":                     "2-u9tlzr9756bt3uc0v",
		"bücher":                       "bcher-kva",
		"münchen-ost":                  "mnchen-ost-9db",
		"ü":                            "tda",
		"😀":                            "e28h",
	} {
		assert.Equal(t, want, punycode([]rune(label)), label)
	}
}

func TestToASCII(t *testing.T) {
	for host, want := range map[string]string{
		"Bücher.example":       "xn--bcher-kva.example",
		"api.BÜCHER.Example":   "api.xn--bcher-kva.example",
		"例え。テスト":               "xn--r8jz45g.xn--zckzah",
		"plain.example":        "plain.example",
		"ไทย.example":          "xn--o3cw4h.example",
		"हिन्दी.example":       "xn--j2bd4cyah0f.example",
		"bu\u0308cher.example": "", // two characters for one: needs normalization
		"ｗｗｗ.example":          "",
		"\xff.example":         "",
		"天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往秋收冬藏": "", // too long, once it is encoded
		strings.Repeat("ü", 60):  "",
		strings.Repeat("ü", 100): "",
	} {
		assert.Equal(t, want, toASCII(host), host)
	}
}

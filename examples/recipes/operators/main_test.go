package main

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/corstest"
)

func TestOperators(t *testing.T) {
	const app, other = "https://app.example.com", "https://other.example"
	for name, tc := range map[string]struct {
		value      string
		app, other bool   // who may read
		logged     string // a part of the warning; none if empty
	}{
		"a list":             {"https://app.example.com, https://*.example.org", true, false, ""},
		"nothing":            {"", false, false, ""},
		"white space":        {" , ", false, false, ""},
		"everybody":          {"*", true, true, ""},
		"everybody and more": {"https://app.example.com,*", true, true, ""},
		"other spelling":     {"HTTPS://App.example.com:443/", true, false, ""},
		"one bad entry": {
			"https://app.example.com,other.example", true, false,
			`variable=APP_CORS_ORIGINS entry=other.example reason="no scheme" write=https://other.example`,
		},
		"bad entries alone": {
			"https://app.example.com/path", false, false, "variable=APP_CORS_ORIGINS entry=https://app.example.com/path",
		},
		"beside everybody": {"*,nonsense", true, true, "entry=nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			var records bytes.Buffer
			h := handler("APP_CORS_ORIGINS", tc.value, slog.New(slog.NewTextHandler(&records, nil)))
			for origin, want := range map[string]bool{app: tc.app, other: tc.other} {
				_, err := corstest.Fetch(h, corstest.Request{Origin: origin})
				assert.Equal(t, want, err == nil, origin)
			}
			if tc.logged == "" {
				assert.Empty(t, records.String())
			}
			assert.Contains(t, records.String(), tc.logged)
		})
	}
}

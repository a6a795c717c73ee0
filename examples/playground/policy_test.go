package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
)

var local = originsAt("3000", "3001", "5000")

// The form has every field of cors.Options, in its order, but for those that hold no text.
func TestFieldsAreThoseOfOptions(t *testing.T) {
	var want, got []string
	for i := range reflect.TypeFor[cors.Options]().NumField() {
		want = append(want, reflect.TypeFor[cors.Options]().Field(i).Name)
	}
	want = slices.DeleteFunc(want, func(name string) bool {
		return slices.Contains([]string{"AllowOriginFunc", "AllowOriginVary", "Logger"}, name)
	})
	for _, f := range fields {
		got = append(got, f.Name)
	}
	assert.Equal(t, want, got)
}

func TestPolicyOptions(t *testing.T) {
	o, problems := policy{
		"AllowedOrigins":                  " https://a.example \r\n\nhttps://b.example",
		"AllowedMethods":                  "PUT",
		"AllowedHeaders":                  "X-A\nX-B",
		"ExposedHeaders":                  "ETag",
		"AllowCredentials":                "true",
		"MaxAge":                          "1h30m",
		"OptionsPassthrough":              "true",
		"OptionsSuccessStatus":            "200",
		"DangerouslyAllowInsecureOrigins": "true",
		"DangerouslyAllowPublicSuffixes":  "true",
		"RefuseCrossOriginWrites":         "true",
		"Logger":                          "no field of the form",
	}.options()
	assert.Empty(t, problems)
	assert.Equal(t, cors.Options{
		AllowedOrigins:                  []string{"https://a.example", "https://b.example"},
		AllowedMethods:                  []string{"PUT"},
		AllowedHeaders:                  []string{"X-A", "X-B"},
		ExposedHeaders:                  []string{"ETag"},
		AllowCredentials:                true,
		MaxAge:                          90 * time.Minute,
		OptionsPassthrough:              true,
		OptionsSuccessStatus:            200,
		DangerouslyAllowInsecureOrigins: true,
		DangerouslyAllowPublicSuffixes:  true,
		RefuseCrossOriginWrites:         true,
	}, o)
}

// Each problem stands beside a field of the form, and its fix is accepted there.
func TestPolicyProblems(t *testing.T) {
	for name, tc := range map[string]struct{ field, text, fix string }{
		"origin with a path": {"AllowedOrigins", "https://a.example/x", "https://a.example"},
		"no scheme":          {"AllowedOrigins", "a.example", "https://a.example"},
		"no origin":          {"AllowedOrigins", "", ""},
		"lower case":         {"AllowedMethods", "patch", "PATCH"},
		"colon":              {"AllowedHeaders", "X-A:", "X-A"},
		"cookie":             {"ExposedHeaders", "Set-Cookie", ""},
		"no unit":            {"MaxAge", "600", "10m0s"},
		"no duration":        {"MaxAge", "long", ""},
		"no number":          {"OptionsSuccessStatus", "OK", "204"},
		"no ok status":       {"OptionsSuccessStatus", "404", "204"},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy{"AllowedOrigins": "*"}.with(tc.field, tc.text)
			_, problems := p.options()
			require.Len(t, problems, 1)
			assert.Equal(t, tc.field, problems[0].Field)
			assert.Equal(t, tc.text, problems[0].Value)
			assert.Equal(t, tc.fix, problems[0].Fix)
			if tc.fix != "" {
				_, problems = p.with(tc.field, tc.fix).options()
				assert.Empty(t, problems)
			}
		})
	}
}

func TestPolicyWith(t *testing.T) {
	p := policy{"AllowedMethods": "PUT", "MaxAge": "1s"}
	changes := []change{addLines("AllowedMethods", "PATCH")}
	assert.Equal(t, policy{"AllowedMethods": "PUT\nPATCH", "MaxAge": "1s"}, p.changed(changes))
	assert.Equal(t, policy{"AllowedMethods": "PUT", "MaxAge": "1s"}, p, "the policy itself is unchanged")
}

// The code that people copy is a program that compiles, in gofmt's form, and says the
// same as the form.
func TestPolicyCode(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for name, p := range map[string]policy{
		"start":   startingPolicy(local),
		"open":    {"AllowedOrigins": "*"},
		"hours":   {"AllowedOrigins": "*", "MaxAge": "2h"},
		"seconds": {"AllowedOrigins": "*", "MaxAge": "90s"},
		"never":   {"AllowedOrigins": "*", "MaxAge": "-1ns"},
		"long":    {"AllowedOrigins": "https://one.example\nhttps://two.example\nhttps://three.example"},
		"all": {
			"AllowedOrigins": "https://a.example\nhttp://b.example", "AllowCredentials": "true",
			"OptionsPassthrough": "true", "OptionsSuccessStatus": "200",
			"DangerouslyAllowInsecureOrigins": "true", "DangerouslyAllowPublicSuffixes": "true",
			"RefuseCrossOriginWrites": "true"},
	} {
		o, problems := p.options()
		require.Empty(t, problems)
		source := code(o, local.API)
		for field, text := range p {
			assert.Contains(t, source, field)
			if field != "MaxAge" && text != "true" {
				for _, line := range splitLines(text) {
					assert.Contains(t, source, line)
				}
			}
		}
		set := regexp.MustCompile(`(?m)^\t\t[A-Z]\w*: `).FindAllString(source, -1)
		assert.Len(t, set, len(p), "no more fields than the policy has")
		file := filepath.Join(dir, name+".go")
		require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
		files = append(files, file)
	}
	if output, err := exec.Command("gofmt", "-l", dir).CombinedOutput(); assert.NoError(t, err) {
		assert.Empty(t, string(output))
	}
	for _, file := range files {
		output, err := exec.Command("go", "vet", file).CombinedOutput()
		assert.NoError(t, err, string(output))
	}
	o, _ := policy{"AllowedOrigins": "*", "MaxAge": "90s"}.options()
	assert.Contains(t, code(o, local.API), "MaxAge:         90 * time.Second,")
	assert.Contains(t, code(o, local.API), `ListenAndServe("localhost:5000", allow(mux))`)
}

// Every header of CORS, and of the API, is explained.
func TestMeanings(t *testing.T) {
	for _, name := range []string{
		"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Access-Control-Allow-Origin",
		"Access-Control-Allow-Credentials",
		"Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Expose-Headers",
		"Access-Control-Max-Age", "Vary",
		"Cookie", "Set-Cookie", "Location", "Etag", "X-Cost", "Allow", "Content-Type", "Authorization",
	} {
		assert.Contains(t, meanings, strings.ToLower(name))
	}
	for _, name := range slices.Sorted(maps.Keys(meanings)) {
		assert.Equal(t, strings.ToLower(name), name)
		assert.True(t, strings.HasSuffix(meanings[name], "."), "a sentence: %s", meanings[name])
	}
}

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors"
)

var want = cors.Options{
	AllowedOrigins:   []string{"https://app.example.com", "https://*.example.org"},
	AllowedMethods:   []string{"PUT", "DELETE"},
	AllowedHeaders:   []string{"Content-Type", "Authorization"},
	ExposedHeaders:   []string{"ETag"},
	AllowCredentials: true,
	MaxAge:           10 * time.Minute,
}

func TestEnvironment(t *testing.T) {
	opts, err := load("", env(map[string]string{
		"CORS_ALLOWED_ORIGINS":   "https://app.example.com, https://*.example.org",
		"CORS_ALLOWED_METHODS":   "PUT,DELETE",
		"CORS_ALLOWED_HEADERS":   "Content-Type Authorization",
		"CORS_EXPOSED_HEADERS":   "ETag",
		"CORS_ALLOW_CREDENTIALS": "true",
		"CORS_MAX_AGE":           "10m",
	}))
	require.NoError(t, err)
	assert.Equal(t, want, opts)
}

func TestJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.json")
	require.NoError(t, os.WriteFile(file, []byte(`{
		"allowedOrigins": ["https://app.example.com", "https://*.example.org"],
		"allowedMethods": ["PUT", "DELETE"],
		"allowedHeaders": ["Content-Type", "Authorization"],
		"exposedHeaders": ["ETag"],
		"allowCredentials": true,
		"maxAge": "10m"
	}`), 0o600))
	opts, err := load(file, env(nil))
	require.NoError(t, err)
	assert.Equal(t, want, opts)
}

// Every problem is reported at once, with the name that the operator wrote and the
// remedy where there is one.
func TestProblems(t *testing.T) {
	_, err := load("", env(map[string]string{
		"CORS_ALLOWED_ORIGINS":   "https://example.com/app,app.example.com",
		"CORS_ALLOWED_METHODS":   "patch",
		"CORS_ALLOW_CREDENTIALS": "yes",
		"CORS_MAX_AGE":           "600",
	}))
	require.Error(t, err)
	for _, line := range []string{
		`CORS_ALLOWED_ORIGINS: "https://example.com/app": `, `; write "https://example.com"`,
		`CORS_ALLOWED_ORIGINS: "app.example.com": no scheme; write "https://app.example.com"`,
		`CORS_ALLOWED_METHODS: "patch": `, `; write "PATCH"`,
		`CORS_ALLOW_CREDENTIALS: "yes" is neither true nor false`,
		`CORS_MAX_AGE: "600" is no duration with a unit`,
	} {
		assert.ErrorContains(t, err, line)
	}

	_, err = load("", env(nil))
	assert.ErrorContains(t, err, "CORS_ALLOWED_ORIGINS: ", "nothing set allows nobody")

	for name, tc := range map[string]struct{ policy, want string }{
		"conflict":    {`{"allowedOrigins": ["*"], "allowCredentials": true}`, `allowedOrigins: "*": `},
		"unknown key": {`{"allowedOrigin": ["https://app.example.com"]}`, `policy: json: unknown field "allowedOrigin"`},
		"wrong type":  {`{"allowedOrigins": "https://app.example.com"}`, "policy: json: cannot unmarshal string"},
		"no unit":     {`{"allowedOrigins": ["*"], "maxAge": "600"}`, `maxAge: "600" is no duration with a unit`},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "policy.json")
			require.NoError(t, os.WriteFile(file, []byte(tc.policy), 0o600))
			_, err := load(file, env(nil))
			assert.ErrorContains(t, err, tc.want)
		})
	}
	_, err = load(filepath.Join(t.TempDir(), "absent.json"), env(nil))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func env(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
)

// Each call succeeds, as the policy in force has it, and the log says what the planned
// one would have refused.
func TestDryRun(t *testing.T) {
	for name, tc := range map[string]struct {
		request corstest.Request
		logged  string // a part of the record; none if empty
	}{
		"allowed by both": {corstest.Request{Origin: "https://app.example.com"}, ""},
		"allowed, written": {
			corstest.Request{
				Origin: "https://app.example.com", Method: "PUT", Header: http.Header{"Content-Type": {"application/json"}},
			},
			"",
		},
		"origin": {
			corstest.Request{Origin: "https://old.example.com"}, "origin=https://old.example.com method=GET path=/users",
		},
		"method": {corstest.Request{Origin: "https://app.example.com", Method: "DELETE"}, "DELETE"},
		"header": {corstest.Request{Origin: "https://app.example.com", Header: http.Header{"X-Debug": {"1"}}}, "x-debug"},
	} {
		t.Run(name, func(t *testing.T) {
			var records bytes.Buffer
			tc.request.URL = "https://api.example/users"
			res, err := corstest.Fetch(handler(slog.New(slog.NewTextHandler(&records, nil))), tc.request)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Response.Body)
			require.NoError(t, err)
			assert.Equal(t, res.Response.Request.Method+" users", string(body))
			assert.Len(t, res.Response.Header["Access-Control-Allow-Origin"], 1, "one policy answers")
			assert.Equal(t, []string{"Origin"}, res.Response.Header["Vary"])

			if tc.logged == "" {
				assert.Empty(t, records.String())
				return
			}
			assert.Contains(t, records.String(), "policy=planned")
			assert.Contains(t, records.String(), tc.logged)
		})
	}
}

// The planned policy would refuse a stranger's form, and says so; the form passes.
func TestForm(t *testing.T) {
	var records bytes.Buffer
	r := httptest.NewRequest(http.MethodPost, "https://api.example/users", nil)
	r.Header.Set("Origin", "https://shop.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	handler(slog.New(slog.NewTextHandler(&records, nil))).ServeHTTP(w, r)
	assert.Equal(t, "POST users", w.Body.String())
	assert.Contains(t, records.String(), `msg="CORS write refused" policy=planned origin=https://shop.example`)
}

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

const page = "https://app.example"

func TestFiles(t *testing.T) {
	h := handler(page)
	call := func(r corstest.Request, body string) (*corstest.Result, error) {
		r.Origin, r.URL = page, "/files/Grüße.svg"
		if body != "" {
			r.Body = strings.NewReader(body)
		}
		return corstest.Fetch(h, r)
	}
	res, err := call(corstest.Request{Method: "POST", UploadListener: true}, "one")
	require.NoError(t, err)
	require.NotNil(t, res.Preflight, "because of the listener alone")
	first := res.Header.Get("ETag")
	require.NotEmpty(t, first)

	res, err = call(corstest.Request{}, "")
	require.NoError(t, err)
	assert.Equal(t, first, res.Header.Get("ETag"))
	assert.Equal(t, "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.svg", res.Header.Get("Content-Disposition"))

	for _, tc := range []struct {
		match string
		want  int
	}{{first, http.StatusNoContent}, {first, http.StatusPreconditionFailed}} {
		res, err = call(corstest.Request{Method: "PUT", Header: http.Header{"If-Match": {tc.match}}}, "two")
		require.NoError(t, err)
		assert.Equal(t, tc.want, res.Response.StatusCode)
	}
}

func TestBeside(t *testing.T) {
	for origin, timing := range map[string]string{page: page, "https://evil.example": "", "": ""} {
		r := httptest.NewRequest(http.MethodGet, "https://api.example/files/none", nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		handler(page).ServeHTTP(w, r)
		assert.Equal(t, "cross-origin", w.Header().Get("Cross-Origin-Resource-Policy"))
		assert.Equal(t, timing, w.Header().Get("Timing-Allow-Origin"), "origin %q", origin)
	}
}

// A page watches its upload, reads the name of a download and its timing, and shows the
// file as an image. A page of another site may show it as well.
func TestPages(t *testing.T) {
	live.RunCalls(t, func(origin string) string {
		api := httptest.NewServer(handler(origin))
		t.Cleanup(api.Close)
		otherSite := strings.Replace(api.URL, "127.0.0.1", "localhost", 1)
		return strings.ReplaceAll(`(() => {
			const url = "API/files/picture.svg";
			return {
				"upload": () => new Promise((resolve, reject) => {
					const x = new XMLHttpRequest();
					let progress = "no progress";
					x.upload.onprogress = () => { progress = "progress"; };
					x.onload = () => resolve(progress + " " + x.status);
					x.onerror = reject;
					x.open("POST", url);
					x.send("<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>");
				}),
				"download": async () => (await fetch(url)).headers.get("Content-Disposition"),
				"timing": async () => {
					while (!performance.getEntriesByName(url).some((e) => e.requestStart > 0)) { // it comes after the answer
						await new Promise((resolve) => setTimeout(resolve, 10));
					}
					return true;
				},
				"image": () => new Promise((resolve) => {
					const image = new Image();
					image.onload = () => resolve("shown");
					image.onerror = () => resolve("blocked");
					image.src = url;
				}),
			};
		})()`, "API", otherSite)
	}, map[string]string{
		"upload": "progress 204", "download": "attachment; filename=picture.svg", "timing": "true", "image": "shown",
	})
}

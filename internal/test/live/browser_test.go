package live_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

// A page runs, reports, and starts with an empty profile each time; nothing of the
// browser stays behind.
func TestPageReports(t *testing.T) {
	reports := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<script>
				const before = localStorage.length;
				localStorage.setItem("a", "b");
				fetch("/report", {method: "POST", body: "stored before: " + before});
			</script>`)
		case "/report":
			body, _ := io.ReadAll(r.Body)
			reports <- string(body)
		}
	}))
	t.Cleanup(server.Close)
	for _, b := range live.Browsers(t) {
		for run := range 2 {
			t.Run(fmt.Sprint(b.Name, run), func(t *testing.T) {
				tmp, err := os.MkdirTemp("", "") // shorter than t.TempDir
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, os.RemoveAll(tmp)) })
				t.Setenv("TMPDIR", tmp)
				t.Run("open", func(t *testing.T) {
					assert.Equal(t, "stored before: 0", live.Await(b.Open(t, server.URL), reports))
				})
				left, err := os.ReadDir(tmp)
				require.NoError(t, err)
				assert.Empty(t, left)
			})
		}
	}
}

// A browser that ends by itself does not keep the test waiting.
func TestBrowserThatEnds(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the fake browser is a shell script")
	}
	bin := t.TempDir()
	const script = "#!/bin/sh\necho no such display >&2\nexit 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "chromium"), []byte(script), 0o755))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("CORSTEST_BROWSERS", "chromium")
	browsers := live.Browsers(t)
	require.Len(t, browsers, 1)
	f := &fake{TB: t}
	f.run(func() { live.Await(browsers[0].Open(f, "about:blank"), make(chan int)) })
	assert.Contains(t, f.fatal, "chromium ended before its page reported anything; it wrote:\nno such display")
}

func TestBrowsers(t *testing.T) {
	for name, tc := range map[string]struct {
		want, path     string
		skipped, fatal string
	}{
		"none wanted": {want: "none", skipped: "no browser is wanted: CORSTEST_BROWSERS=none"},
		"unknown": {
			want:  "netscape",
			fatal: `CORSTEST_BROWSERS: "netscape" names a browser that is none of chromium, firefox and webkit`,
		},
		"wanted, missing": {
			want: "firefox", path: "/nowhere",
			fatal: "CORSTEST_BROWSERS asks for firefox: found none of firefox-esr, firefox",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CORSTEST_BROWSERS", tc.want)
			if tc.path != "" {
				t.Setenv("PATH", tc.path)
			}
			f := &fake{TB: t}
			f.run(func() { live.Browsers(f) })
			assert.Equal(t, tc.skipped, f.skipped)
			assert.Equal(t, tc.fatal, f.fatal)
		})
	}
}

// A fake is a test that may fail or skip without the real one doing so.
type fake struct {
	testing.TB
	skipped, fatal string
}

func (f *fake) run(test func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		test()
	}()
	<-done
}

func (f *fake) Skip(args ...any) {
	f.skipped = fmt.Sprint(args...)
	runtime.Goexit()
}

func (f *fake) Fatalf(format string, args ...any) {
	f.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

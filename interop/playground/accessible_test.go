package playground_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// axe installs axe-core, and returns its script.
func axe(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile("../axe/" + name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	install.Dir = dir
	if output, err := install.CombinedOutput(); err != nil {
		if strings.Contains(os.Getenv("INTEROP_REQUIRE"), "node") {
			t.Fatalf("INTEROP_REQUIRE asks for node: npm ci: %v: %.300s", err, output)
		}
		t.Skip(err)
	}
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err)
	return string(script)
}

// axe-core finds no violation, whatever the page shows: in each state, on a laptop and
// on a phone, in both themes.
func accessible(t *testing.T, p *person) {
	script := axe(t)
	inspect := func(t *testing.T, state string) {
		t.Helper()
		if !ask[bool](t, p.driver, `return "axe" in window;`) {
			ask[any](t, p.driver, script)
		}
		for theme, options := range map[string]string{"light": "{}", "dark": `{runOnly: ["color-contrast"]}`} {
			width := ask[[]int](t, p.driver, `return [innerWidth, innerHeight];`)
			p.window(t, width[0], width[1], "prefers-color-scheme", theme)
			var found struct {
				Violations []string
				Rules      int
			}
			p.do(t, "POST", "/execute/async", map[string]any{"args": []any{}, "script": `
				const done = arguments[0];
				axe.run(document, ` + options + `).then(r => done({rules: r.passes.length,
					violations: r.violations.flatMap(v => v.nodes.map(n => [v.id, n.target, n.failureSummary].join(": ")))}));`,
			}, &found)
			assert.Empty(t, found.Violations, "%s, %s", state, theme)
			assert.Positive(t, found.Rules)
			p.window(t, width[0], width[1])
		}
	}
	for _, size := range [][2]int{{1280, 800}, {360, 640}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p.visit(t, size[0], size[1])
			inspect(t, "nothing yet")
			p.write(t, "headers", "X-Debug: 1")
			p.hold(t, keyCtrl, keyEnter)
			p.done(t)
			ask[any](t, p.driver, `for (const e of all("details")) e.open = true;`)
			inspect(t, "blocked")
			p.write(t, "AllowedHeaders", "X-Mine")
			p.settle(t)
			inspect(t, "of an earlier policy")
			p.write(t, "AllowedOrigins", "example.com")
			p.write(t, "headers", "Cookie")
			p.settle(t)
			p.hold(t, keyCtrl, keyEnter)
			p.until(t, `text("verdict").includes("Not sent")`)
			inspect(t, "with problems")
			p.write(t, "AllowedOrigins", "*")
			p.write(t, "headers", "")
			p.settle(t)
			p.hold(t, keyCtrl, keyEnter)
			p.done(t)
			inspect(t, "let through")
			p.reach(t, "#run-all")
			p.press(t, keyEnter)
			p.until(t, `text("summary").startsWith("done")`)
			p.settle(t)
			inspect(t, "the tour")
			p.signal(t, syscall.SIGSTOP)
			p.reach(t, "#run")
			p.press(t, keyEnter)
			p.until(t, `state() === "running"`)
			inspect(t, "running")
			p.signal(t, syscall.SIGKILL)
			p.until(t, `state() === "failed"`)
			inspect(t, "not reached")
		})
	}
}

var folder = flag.String("pictures", "", "write pictures of the page into this `folder`, to be looked at")

// pictures takes pictures to look at, if somebody asks for them.
func pictures(t *testing.T, p *person) {
	if *folder == "" {
		t.Skip("-pictures is not set")
	}
	for _, size := range [][2]int{{360, 640}, {768, 1024}, {1280, 800}, {1440, 900}, {1920, 1080}} {
		p.visit(t, size[0], size[1])
		for _, theme := range []string{"light", "dark"} {
			take := func(what string) {
				name := fmt.Sprintf("%d-%s-%s.png", size[0], theme, what)
				require.NoError(t, os.WriteFile(filepath.Join(*folder, name), p.picture(t), 0o600))
			}
			p.window(t, size[0], size[1], "prefers-color-scheme", theme)
			p.open(t, "about:blank")
			p.open(t, p.page)
			p.settle(t)
			take("0-begin")
			p.reach(t, "#next")
			p.press(t, keyEnter)
			p.done(t)
			take("1-read")
			for range 7 {
				p.press(t, keyEnter)
				p.done(t)
			}
			take("2-blocked")
			p.reach(t, "#method")
			p.write(t, "method", "PUT")
			p.settle(t)
			take("3-earlier")
			p.write(t, "method", "A B")
			p.write(t, "AllowedOrigins", "example.com")
			p.settle(t)
			p.hold(t, keyCtrl, keyEnter)
			p.settle(t)
			take("4-problems")
			if !ask[bool](t, p.driver, `return $("tour-fold").open;`) {
				p.reach(t, "#tour summary")
				p.press(t, keyEnter)
			}
			p.reach(t, "#run-all")
			p.press(t, keyEnter)
			p.until(t, `text("summary").startsWith("done")`)
			p.settle(t)
			take("5-tour")
			p.signal(t, syscall.SIGSTOP)
			p.reach(t, "#next")
			p.press(t, keyEnter)
			take("6-running")
			p.signal(t, syscall.SIGCONT)
			p.settle(t)
		}
		p.signal(t, syscall.SIGKILL)
		p.reach(t, "#run")
		p.press(t, keyEnter)
		p.until(t, `state() === "failed"`)
		require.NoError(t, os.WriteFile(filepath.Join(*folder, fmt.Sprintf("%d-7-gone.png", size[0])), p.picture(t), 0o600))
	}
}

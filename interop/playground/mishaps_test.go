package playground_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What goes wrong around the page loses nothing, and the page says what it does not know.
func TestMishaps(t *testing.T) {
	p := newPerson(t)
	t.Run("fast keys", func(t *testing.T) { fastKeys(t, p) })
	t.Run("odd links", func(t *testing.T) { oddLinks(t, p) })
	t.Run("silent server", func(t *testing.T) { silentServer(t, p) })
	t.Run("storage", func(t *testing.T) { storage(t, p) })
	t.Run("two tabs", func(t *testing.T) { twoTabs(t, p) })
	t.Run("print", func(t *testing.T) { printed(t, p) })
}

// Browsers bound how often a page may change its URL. What is typed faster than that is
// kept all the same, and there is room left for steps.
func fastKeys(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	p.write(t, "method", "")
	p.reach(t, "#body")
	p.write(t, "body", strings.Repeat("0123456789", 40))
	typed := p.forms(t)
	p.click(t, "[data-copy=link]")
	link := ask[string](t, p.driver, `
		window.copied = "";
		Object.defineProperty(navigator, "clipboard", {value: {writeText: async text => { copied = text; }}});
		one("[data-copy=link]").click();
		return copied;`)
	assert.Contains(t, link, strings.Repeat("0123456789", 40), "a link holds what the fields hold")
	p.reload(t)
	p.settle(t)
	assert.Equal(t, typed, p.forms(t))

	p.reach(t, "#body")
	p.write(t, "body", strings.Repeat("abcdefghij", 30))
	typed = p.forms(t)
	p.choose(t, 2)
	p.choose(t, 3)
	third := p.forms(t)
	p.back(t)
	assert.Equal(t, "https://partner.example", p.forms(t)["AllowedOrigins"])
	p.back(t)
	assert.Equal(t, typed, p.forms(t))
	p.forward(t)
	p.forward(t)
	assert.Equal(t, third, p.forms(t))

	// A draft is of its own step, not of another one with the same URL.
	p.reach(t, "#body")
	p.write(t, "body", strings.Repeat("abcdefghij", 30))
	p.choose(t, 2)
	p.choose(t, 3)
	p.choose(t, 4)
	p.back(t)
	assert.Equal(t, third, p.forms(t))
}

// hash opens the page with a fragment, as a link does.
func (p *person) hash(t *testing.T, hash string) {
	t.Helper()
	p.open(t, "about:blank")
	p.open(t, p.page+"/"+hash)
	p.settle(t)
}

// What a link holds and the page cannot take is named. So is what cannot be sent.
func oddLinks(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	first := p.forms(t)
	for hash, want := range map[string]string{
		"#AllowedOrigins=https%3A%2F%2Fmine.example&AllowedMeth":   "Check path, AllowedMeth.",
		"#AllowedOrigins=*&path=/gone":                             "Check path.",
		"#AllowedOrigins=*&path=/notes&page=nowhere":               "Check page.",
		"#AllowedOrigins=*&path=/notes&AllowAll=true":              "Check AllowAll.",
		"#AllowedOrigins=*&path=/notes&before={":                   "Check before.",
		"#AllowedOrigins=*&path=/notes&method=PUT&cookies=include": "",
	} {
		p.hash(t, hash)
		assert.Equal(t, strings.HasPrefix(hash, "#AllowedOrigins=https"), p.forms(t)["AllowedOrigins"] != "*", hash)
		if want == "" {
			assert.Empty(t, p.toast(t), hash)
			continue
		}
		assert.Contains(t, p.toast(t), want, hash)
	}
	p.hash(t, `#AllowedOrigins=*&path=/notes&before=[{"path":"/gone"}]`)
	p.click(t, "#run")
	p.until(t, `text("verdict").includes("A call before it cannot be sent. Leave it out")`)
	assert.Empty(t, p.text(t, "path-problems"), "the field is right")
	p.press(t, keyEnter) // the focus is on it
	assert.Empty(t, p.text(t, "before"))
	p.press(t, keyEnter)
	p.until(t, `state() === "done" && text("verdict").includes("lets the page read it")`)

	// A link in the address bar is a step, too.
	p.hash(t, "")
	ask[any](t, p.driver, `location.hash = "#AllowedOrigins=*&path=/me";`)
	p.until(t, `$("path").value === "/me"`)
	p.back(t)
	assert.Equal(t, first, p.forms(t))

	// This is an example's state, and has been run: the lesson is there.
	p.click(t, "#run")
	p.done(t)
	p.choose(t, 1)
	p.choose(t, 2)
	p.done(t)
	p.back(t)
	assert.Contains(t, p.text(t, "lesson-text"), "they have two origins")
}

// While the playground is silent, or gone, the page claims nothing of what was edited
// since.
func silentServer(t *testing.T, p *person) {
	unknown := `one("#policy-code.stale") && one("#call-code.stale") && !text("announces") &&
		!text("AllowedOrigins-problems") && text("policy-state").startsWith("Not checked")`
	p.visit(t, 1280, 800)
	p.write(t, "AllowedOrigins", "example.com")
	p.settle(t)
	require.Equal(t, "https://example.com", ask[string](t, p.driver, `return one(".fix code").textContent;`))

	// A check that finds the same leaves the focus where it is.
	ask[any](t, p.driver, `window.fix = one(".fix"); fix.focus(); checked = ""; dispatchEvent(new Event("focus"));`)
	p.until(t, `checked === fragment()`)
	assert.True(t, ask[bool](t, p.driver, `return document.activeElement === fix && fix.isConnected;`))

	p.signal(t, syscall.SIGSTOP)
	p.write(t, "AllowedOrigins", "https://example.com")
	p.until(t, unknown)
	assert.NotEqual(t, "failed", p.state(t))
	p.signal(t, syscall.SIGCONT)
	p.until(t, `text("policy-state") === "Valid" && !one("code.stale") && text("announces")`)

	p.write(t, "AllowedOrigins", "example.com")
	p.settle(t)
	p.signal(t, syscall.SIGKILL)
	<-p.ended
	p.write(t, "AllowedOrigins", "https://example.com")
	p.until(t, `state() === "failed" && `+unknown)
	p.args = portsOf(t, p)
	p.start(t)
	p.until(t, `state() === "none" && text("policy-state") === "Valid" && !one("code.stale")`)
}

// The tour goes on whatever becomes of the storage.
func storage(t *testing.T, p *person) {
	for name, script := range map[string]string{
		"off": `for (const name of ["localStorage", "sessionStorage"]) {
			Object.defineProperty(window, name, {get() { throw new DOMException("denied", "SecurityError"); }});
		}`,
		"full":   `Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };`,
		"number": `localStorage.setItem("cors playground", "5"); sessionStorage.setItem("drafts", "5");`,
		"text":   `localStorage.setItem("cors playground", '"a"'); sessionStorage.setItem("drafts", "{");`,
	} {
		t.Run(name, func(t *testing.T) {
			p.visit(t, 1280, 800)
			var added struct{ Identifier string }
			p.chrome(t, "Page.addScriptToEvaluateOnNewDocument", map[string]any{
				"source": `window.errors = []; addEventListener("error", e => errors.push(e.message));` + script,
			}, &added)
			defer p.chrome(t, "Page.removeScriptToEvaluateOnNewDocument", map[string]any{"identifier": added.Identifier}, nil)
			p.reload(t)
			p.settle(t)
			p.click(t, "#next")
			p.done(t)
			assert.Equal(t, "1 of 21 done", p.text(t, "summary"))
			p.click(t, "#start-over")
			assert.Equal(t, "21 examples", p.text(t, "summary"))
			assert.Empty(t, ask[[]string](t, p.driver, `return errors;`))
		})
	}
}

// Two tabs share the progress of the tour, and nothing else.
func twoTabs(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	to := func(tab string) {
		t.Helper()
		p.do(t, "POST", "/window", map[string]any{"handle": tab}, nil)
	}
	var one string
	var other struct{ Handle string }
	p.do(t, "GET", "/window", nil, &one)
	p.do(t, "POST", "/window/new", map[string]any{"type": "tab"}, &other)
	require.NotEmpty(t, other.Handle)
	defer func() {
		to(other.Handle)
		p.do(t, "DELETE", "/window", nil, nil)
		to(one)
	}()
	to(other.Handle)
	p.window(t, 1280, 800)
	p.open(t, p.page)
	p.settle(t)
	to(one)
	p.choose(t, 1)
	p.done(t)
	first := p.forms(t)
	to(other.Handle)
	p.choose(t, 2)
	p.done(t)
	p.until(t, `text("summary") === "2 of 21 done"`)
	to(one)
	assert.Equal(t, first, p.forms(t))
	assert.Contains(t, p.text(t, "verdict"), "lets the page read it")
	p.progress(t, "2 of 21 done")
	p.reach(t, "#start-over")
	p.press(t, keyEnter)
	to(other.Handle)
	p.until(t, `text("summary") === "21 examples"`)
}

// On paper nothing covers the text.
func printed(t *testing.T, p *person) {
	p.visit(t, 800, 1100)
	p.chrome(t, "Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	defer p.chrome(t, "Emulation.setEmulatedMedia", map[string]any{"media": ""}, nil)
	assert.Equal(t, "static", ask[string](t, p.driver, `return getComputedStyle($("bar")).position;`))
}

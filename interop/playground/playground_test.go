// Package playground_test plays a person at the playground: with keys, a mouse and a
// finger, at the sizes of a laptop and of a phone.
package playground_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

// A person has a browser, and a playground to open in it.
type person struct {
	*driver
	program string // the playground, built
	cmd     *exec.Cmd
	ended   <-chan struct{}
	args    []string
	page    string // URL
}

// visit starts a playground of its own, on free ports, and opens it.
func (p *person) visit(t *testing.T, width, height int) {
	t.Helper()
	p.args = []string{"-page", "localhost:0", "-other", "localhost:0", "-api", "localhost:0"}
	p.start(t)
	p.window(t, width, height)
	p.open(t, p.page)
	p.settle(t)
}

// start starts the playground.
func (p *person) start(t *testing.T) {
	t.Helper()
	out := new(live.Output)
	p.cmd = exec.Command(p.program, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.ended = live.Start(t, p.cmd)
	p.page = out.Await(t, `Open this in a browser: (\S+)`)[1]
}

func (p *person) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(s))
}

// settle waits until the page has been checked and nothing runs.
func (p *person) settle(t *testing.T) {
	t.Helper()
	p.until(t, `text("policy-state") && state() !== "running" && checked === fragment()`)
}

// done waits until what came of a call is shown.
func (p *person) done(t *testing.T) {
	t.Helper()
	p.until(t, `state() === "done"`)
}

func (p *person) state(t *testing.T) string {
	t.Helper()
	return ask[string](t, p.driver, "return state();")
}

func (p *person) text(t *testing.T, id string) string {
	t.Helper()
	return ask[string](t, p.driver, "return text(arguments[0]);", id)
}

// toast returns what the toast said last.
func (p *person) toast(t *testing.T) string {
	t.Helper()
	return ask[string](t, p.driver, "return toasted();")
}

// forms returns the values of all fields, those that are empty left out.
func (p *person) forms(t *testing.T) map[string]string {
	t.Helper()
	return ask[map[string]string](t, p.driver, `
		return Object.fromEntries(all("form [name]").map(e =>
			[e.name, e.type === "checkbox" ? (e.checked ? "on" : "") : e.value]).filter(([, value]) => value));`)
}

// with returns a copy of the forms in which a field has a value.
func with(forms map[string]string, field, value string) map[string]string {
	changed := map[string]string{field: value}
	for name, v := range forms {
		if name != field {
			changed[name] = v
		}
	}
	if value == "" {
		delete(changed, field)
	}
	return changed
}

// titles returns those of the examples.
func (p *person) titles(t *testing.T) []string {
	t.Helper()
	return ask[[]string](t, p.driver, `return all(".example").map(b => b.children[1].textContent);`)
}

// example returns a selector of an example, by its number from 1. It is scrolled into
// view, as far as the tour's own panel scrolls.
func (p *person) example(t *testing.T, n int) string {
	t.Helper()
	ask[any](t, p.driver, `const e = all(".example")[arguments[0] - 1];
		all("[data-chosen]").forEach(e => delete e.dataset.chosen);
		e.dataset.chosen = "";
		if (seen(e)) e.scrollIntoView({block: "nearest"});`, n)
	return "[data-chosen]"
}

// choose clicks an example.
func (p *person) choose(t *testing.T, n int) { t.Helper(); p.click(t, p.example(t, n)) }

// onScreen says which elements are not to be seen as a whole.
func (p *person) onScreen(t *testing.T, selectors ...string) (missing []string) {
	t.Helper()
	for _, s := range selectors {
		if why := ask[string](t, p.driver, "return seen(one(arguments[0]));", s); why != "" {
			missing = append(missing, s+": "+why)
		}
	}
	return missing
}

// scrolls says how far the page itself can be scrolled.
func (p *person) scrolls(t *testing.T) int {
	t.Helper()
	return ask[int](t, p.driver, `return document.scrollingElement.scrollHeight - innerHeight
		+ Math.max(0, document.scrollingElement.scrollWidth - innerWidth);`)
}

// newPerson starts a browser.
func newPerson(t *testing.T) *person {
	t.Helper()
	t.Parallel()
	return &person{driver: newDriver(t), program: build(t)}
}

// build returns the path of the playground's program, which is built once.
func build(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		built.path = filepath.Join(built.dir, "playground")
		cmd := exec.Command("go", "build", "-o", built.path, "./examples/playground")
		cmd.Dir = "../.."
		if output, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, output)
		}
	})
	require.NoError(t, built.err)
	return built.path
}

var built struct {
	once      sync.Once
	dir, path string
	err       error
}

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if built.dir, err = os.MkdirTemp("", "playground"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(built.dir)
	os.Exit(code)
}

// The parts of each of these tests have one browser, and a playground each.

func TestLayout(t *testing.T) {
	p := newPerson(t)
	t.Run("one screen", func(t *testing.T) { oneScreen(t, p) })
	t.Run("folded fields", func(t *testing.T) { foldedFields(t, p) })
	t.Run("forced colours", func(t *testing.T) { forcedColours(t, p) })
	t.Run("no script", func(t *testing.T) { noScript(t, p) })
	t.Run("pictures", func(t *testing.T) { pictures(t, p) })
}

func TestTour(t *testing.T) {
	p := newPerson(t)
	t.Run("tabs", func(t *testing.T) { tabs(t, p) })
	t.Run("by keyboard", func(t *testing.T) { tourByKeyboard(t, p) })
	t.Run("by touch", func(t *testing.T) { tourByTouch(t, p) })
	t.Run("run all", func(t *testing.T) { runAll(t, p) })
}

func TestStates(t *testing.T) {
	p := newPerson(t)
	t.Run("nothing is lost", func(t *testing.T) { nothingIsLost(t, p) })
	t.Run("one thing is changed", func(t *testing.T) { oneThingIsChanged(t, p) })
	t.Run("what is shown is true", func(t *testing.T) { whatIsShownIsTrue(t, p) })
	t.Run("newest call", func(t *testing.T) { newestCall(t, p) })
	t.Run("copies", func(t *testing.T) { copies(t, p) })
	t.Run("limits", func(t *testing.T) { limits(t, p) })
}

func TestThousandCalls(t *testing.T) { aThousandCalls(t, newPerson(t)) }

func TestAccessible(t *testing.T) { accessible(t, newPerson(t)) }

// Where one edits, Run, and the verdict with the header to blame are on one screen,
// before a run and after it, and the page does not scroll.
func oneScreen(t *testing.T, p *person) {
	for _, size := range [][2]int{{1280, 800}, {1440, 900}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p.visit(t, size[0], size[1])
			inView := func(field, when string) {
				t.Helper()
				assert.Empty(t, p.onScreen(t, "#"+field, "#run", "#verdict", "#next"), "%s: %s", field, when)
				assert.Zero(t, p.scrolls(t), "%s: %s", field, when)
			}
			// Each field is edited, and the call is one that is blocked.
			for _, field := range ask[[]string](t, p.driver, `return all("form [name]").map(e => e.name);`) {
				if ask[bool](t, p.driver, `return $("more").contains($(arguments[0])) && !$("more").open;`, field) {
					p.click(t, "#more summary")
				}
				p.reach(t, "#"+field)
				inView(field, "before")
				kind := ask[string](t, p.driver, "return $(arguments[0]).type;", field)
				p.write1(t, field, kind)
				p.settle(t)
				inView(field, "edited")
				p.hold(t, keyCtrl, keyEnter)
				p.settle(t)
				inView(field, "after")
			}
			p.visit(t, size[0], size[1])
			p.write(t, "headers", "X-Debug: 1")
			for range 2 {
				p.click(t, "#run")
				p.done(t)
				inView("headers", "blocked")
				assert.Contains(t, p.text(t, "verdict"), "Access-Control-Allow-Headers")
				assert.Empty(t, p.onScreen(t, "#advice button"))
			}

			// What an example writes, and what "Change the policy" does, is seen, though the
			// keyboard has gone through all of the policy on its way.
			p.visit(t, size[0], size[1])
			p.reach(t, "#next")
			p.press(t, keyEnter)
			p.done(t)
			assert.Empty(t, p.onScreen(t, "#AllowedOrigins", "#AllowedHeaders", "#method", "#run", "#verdict"))
			p.choose(t, 8)
			p.done(t)
			p.reach(t, "#advice button")
			p.press(t, keyEnter)
			p.settle(t)
			assert.Contains(t, p.forms(t)["AllowedHeaders"], "X-Debug")
			assert.Empty(t, p.onScreen(t, "#AllowedHeaders", "#run", "#verdict"))

			p.visit(t, size[0], size[1])
			p.write(t, "headers", "X-Debug: 1")
			p.click(t, "#run")
			p.done(t)

			// A run that ends as the last one moves nothing.
			ask[any](t, p.driver, `window.shift = 0;
				new PerformanceObserver(list => list.getEntries().forEach(e => shift += e.value))
					.observe({type: "layout-shift"});`)
			p.click(t, "#run")
			p.done(t)
			assert.Zero(t, ask[float64](t, p.driver, `return shift;`))

			// Nor does the tour move under the pointer.
			where := `return one("[data-chosen]").getBoundingClientRect().top;`
			p.example(t, 3)
			before := ask[float64](t, p.driver, where)
			p.click(t, "[data-chosen]")
			p.done(t)
			assert.Equal(t, before, ask[float64](t, p.driver, where))
		})
	}
}

// write1 edits a field of some kind.
func (p *person) write1(t *testing.T, field, kind string) {
	t.Helper()
	switch {
	case kind == "checkbox":
		p.press(t, keySpace)
		p.press(t, keySpace)
	case kind == "select-one":
		p.press(t, "\uE015\uE013") // down, up
	case field == "method":
		p.write(t, field, "PUT")
	default:
		p.press(t, keyEnd+"x\uE003") // and Backspace
	}
}

// The keyboard reaches everything, in the order in which it stands, and shows where it
// is.
func tabs(t *testing.T, p *person) {
	for _, size := range [][2]int{{1280, 800}, {640, 400}, {360, 640}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p.visit(t, size[0], size[1])
			p.write(t, "headers", "X-Debug: 1")
			p.hold(t, keyCtrl, keyEnter)
			p.done(t)
			ask[any](t, p.driver, `
				if (!$("tour-fold").open) $("tour-fold").open = true;
				$("more").open = true;
				window.scrollTo(0, 0);
				all("a, button, input, select, textarea, summary, [tabindex='0']").forEach((e, i) => e.dataset.stop = i);
				begin();`)
			want := ask[[]string](t, p.driver, `return all("[data-stop]")
				.filter(e => e.tabIndex >= 0 && (e.checkVisibility() || e.className === "skip")).map(e => e.dataset.stop);`)
			assert.Greater(t, len(want), 50)
			var got []string
			for range want {
				p.press(t, keyTab)
				stop := ask[struct{ Stop, Name, Not, Ring string }](t, p.driver, `
					const e = document.activeElement, s = getComputedStyle(e);
					return {stop: e.dataset.stop, name: e.id || e.textContent.slice(0, 30),
						not: seen(e.type === "checkbox" ? e.labels[0] : e),
						ring: s.outlineStyle === "none" || s.outlineWidth === "0px" ? "no ring" : ""};`)
				got = append(got, stop.Stop)
				if !strings.Contains(stop.Not, "has no size") && !isTall(stop.Name) {
					assert.Empty(t, stop.Not, stop.Name)
				}
				assert.Empty(t, stop.Ring, stop.Name)
			}
			assert.Equal(t, want, got)
			for i := len(want); i > 1 && size[0] == 1280; i-- { // and back
				p.hold(t, keyShift, keyTab)
				stop := ask[struct{ Name, Not string }](t, p.driver, `
					const e = document.activeElement;
					return {name: e.id || e.textContent.slice(0, 30), not: seen(e.type === "checkbox" ? e.labels[0] : e)};`)
				if !strings.Contains(stop.Not, "has no size") && !isTall(stop.Name) {
					assert.Empty(t, stop.Not, "back to %s", stop.Name)
				}
			}
			assert.True(t, ask[bool](t, p.driver, `
				const box = e => e.getBoundingClientRect(), panels = all("main > *");
				const follows = (a, b) => box(a).top <= box(b).top + 1 || box(a).right <= box(b).left;
				return panels.every((e, i) => !i || follows(panels[i - 1], e));`),
				"the panels stand in the order of the keyboard")

			// To what to change it is a step from what happened.
			if size[0] == 1280 {
				p.choose(t, 8)
				p.done(t)
				p.press(t, keyTab)
				assert.Equal(t, "Change the policy", ask[string](t, p.driver, `return document.activeElement.textContent;`))
			}
		})
	}
}

// isTall says whether a stop may be taller than its panel: code does not fit in a small
// one.
func isTall(name string) bool {
	return strings.HasPrefix(name, "package main") || strings.HasPrefix(name, "const res")
}

// lesson checks what is shown of an example that has just been run.
func (p *person) lesson(t *testing.T, n int, title string) {
	t.Helper()
	p.until(t, `state() === "done" && text("lesson-text").startsWith(arguments[0])`,
		fmt.Sprintf("%d of 21: %s. ", n, title))
	assert.Greater(t, len(p.text(t, "lesson-text")), len(title)+30, "the lesson stands beside what happened")
	assert.Empty(t, p.onScreen(t, "#tour summary", "#verdict", "#next"), title)
	current := `return all(".example").findIndex(b => b.ariaCurrent === "true");`
	assert.Equal(t, n-1, ask[int](t, p.driver, current))
	assert.NotContains(t, p.text(t, "details"), "bug to report")
}

// progress checks that the tour knows how far it is, and still does after a reload.
func (p *person) progress(t *testing.T, want string) {
	t.Helper()
	summary := `text("summary") === arguments[0]`
	p.until(t, summary, want) // another tab may have done the last one
	p.reload(t)
	p.settle(t)
	assert.Equal(t, want, p.text(t, "summary"))
	assert.Equal(t, "none", p.state(t), "a reload runs nothing")
}

// Enter walks the tour, once the keyboard is at its beginning.
func tourByKeyboard(t *testing.T, p *person) {
	for _, size := range [][2]int{{1280, 800}, {640, 400}} { // a laptop, and the same at 200 %
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p.visit(t, size[0], size[1])
			titles := p.titles(t)
			require.Len(t, titles, 21)
			p.reach(t, "#next")
			for i, title := range titles {
				p.press(t, keyEnter)
				p.lesson(t, i+1, title)
				assert.Equal(t, "next", ask[string](t, p.driver, `return document.activeElement.id;`))
				if i+1 < len(titles) {
					assert.Equal(t, "Next example: "+titles[i+1], p.text(t, "next"))
				}
			}
			assert.Equal(t, "Start the tour again", p.text(t, "next"))
			p.progress(t, "21 of 21 done")
			assert.Contains(t, p.text(t, "lesson-text"), "21 of 21: ", "the place in the tour survives, too")
			if size[0] == 640 {
				p.reach(t, "#tour summary")
				p.press(t, keyEnter)
			}
			p.reach(t, "#start-over")
			p.press(t, keyEnter)
			p.progress(t, "21 examples")
		})
	}
}

// On a phone a finger walks the tour, and needs not to scroll.
func tourByTouch(t *testing.T, p *person) {
	p.visit(t, 360, 640)
	titles := p.titles(t)
	p.tap(t, "#tour summary")
	p.tap(t, p.example(t, 1))
	for i, title := range titles {
		if i > 0 {
			p.tap(t, "#next")
		}
		p.lesson(t, i+1, title)
	}
	p.tap(t, "#tour summary")
	assert.Empty(t, p.onScreen(t, "#run-all"), "the list of the tour is one step away")
	p.tap(t, p.example(t, 20)) // far down in the list
	p.lesson(t, 20, titles[19])
	p.progress(t, "21 of 21 done")
	wide := `return document.scrollingElement.scrollWidth;`
	assert.LessOrEqual(t, ask[int](t, p.driver, wide), 360, "nothing is wider than the phone")

	// The bar at the bottom runs what one edits, and says what came of it.
	p.reach(t, "#headers")
	p.write(t, "headers", "X-Debug: 1")
	assert.Empty(t, p.onScreen(t, "#headers", "#run", "#glance"))
	p.tap(t, "#run")
	p.done(t)
	assert.Empty(t, p.onScreen(t, "#headers", "#run", "#glance"))
	assert.Contains(t, p.text(t, "glance"), "blocks the call: Access-Control-Allow-")
	assert.True(t, ask[bool](t, p.driver, `return $("glance").scrollHeight <= $("glance").clientHeight;`), "none is cut")
	before := p.forms(t)
	p.tap(t, "#glance")
	assert.Empty(t, p.onScreen(t, "#verdict"))
	assert.Equal(t, before, p.forms(t))
}

// "Run all" ends in the panel, and what is blocked as it should be looks like what is let
// through as it should be.
func runAll(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	titles := p.titles(t)
	p.signal(t, syscall.SIGSTOP) // so that it cannot end before one looks
	p.click(t, "#run-all")
	assert.Equal(t, "running", p.state(t))
	assert.Contains(t, p.text(t, "verdict"), "1 of 21, "+titles[0])
	p.signal(t, syscall.SIGCONT)
	p.done(t)
	assert.Equal(t, "✓ 21 of 21 as expected7 of them are blocked, as they should be.", p.text(t, "verdict"))
	assert.Equal(t, "done: 21 of 21 as expected", p.text(t, "summary"))
	type row struct{ Title, Said, Color, Mark string }
	rows := ask[[]row](t, p.driver, `
		const marks = all(".example .mark");
		return all("#details tbody tr").map((tr, i) => ({
			title: tr.cells[0].textContent, said: tr.cells[1].textContent, color: getComputedStyle(tr.cells[1]).color,
			mark: getComputedStyle(marks[i], "::before").content + getComputedStyle(marks[i]).color}));`)
	require.Len(t, rows, 21)
	said := make(map[string]int)
	for i, r := range rows {
		assert.Equal(t, titles[i], r.Title)
		assert.Equal(t, rows[0].Color, r.Color, r.Title)
		assert.Equal(t, rows[0].Mark, r.Mark, r.Title)
		said[r.Said]++
	}
	assert.Equal(t, map[string]int{"✓ let through, as it should be": 14, "✓ blocked, as it should be": 7}, said)
	assert.Zero(t, p.scrolls(t))
	p.reload(t)
	p.settle(t)
	p.progress(t, "21 of 21 done")
}

// Back undoes an example, a fix and a change, Forward redoes it, and a reload keeps what
// is there. The links of the page lose nothing.
func nothingIsLost(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	first := p.forms(t)
	p.choose(t, 2)
	p.back(t)
	assert.Equal(t, first, p.forms(t), "nobody has touched it")
	p.settle(t)
	p.write(t, "AllowedOrigins", "https://mine.example\n*")
	p.write(t, "headers", "X-Mine: 1")
	own := p.forms(t)
	p.choose(t, 2) // at once, before anything is checked
	p.done(t)
	second := p.forms(t)
	assert.Equal(t, "https://partner.example", second["AllowedOrigins"])
	p.click(t, "#next")
	p.done(t)
	third := p.forms(t)

	p.back(t)
	assert.Equal(t, second, p.forms(t))
	assert.Equal(t, "done", p.state(t), "what came of it is known still")
	assert.Contains(t, p.text(t, "lesson-text"), "2 of 21: ")
	p.back(t)
	assert.Equal(t, own, p.forms(t))
	assert.Equal(t, "stale", p.state(t))
	p.reload(t)
	p.settle(t)
	assert.Equal(t, own, p.forms(t))
	p.forward(t)
	assert.Equal(t, second, p.forms(t))
	p.forward(t)
	p.settle(t)
	assert.Equal(t, third, p.forms(t))
	assert.Contains(t, p.text(t, "lesson-text"), "3 of 21: ")

	// What is typed is kept at once.
	p.write(t, "AllowedMethods", "PUT\nPATCH")
	typed := p.forms(t)
	p.reload(t)
	assert.Equal(t, typed, p.forms(t))
	p.settle(t)

	// A fix, and leaving out what comes before a call.
	p.write(t, "AllowedOrigins", "example.com")
	p.settle(t) // a fix of what was half typed may stand there before
	mistake := p.forms(t)
	p.click(t, ".fix")
	assert.Equal(t, with(mistake, "AllowedOrigins", "https://example.com"), p.forms(t))
	p.back(t)
	assert.Equal(t, mistake, p.forms(t))
	p.choose(t, 15)
	p.done(t)
	assert.Contains(t, p.text(t, "before"), "GET /me")
	p.click(t, "#before button")
	assert.Empty(t, p.text(t, "before"))
	p.back(t)
	assert.Contains(t, p.text(t, "before"), "GET /me")

	// The links at the top of the page, and a place in it.
	before := p.forms(t)
	for range 2 {
		ask[any](t, p.driver, `begin();`)
		p.press(t, keyTab)
		p.press(t, keyEnter)
		assert.Equal(t, "outcome", ask[string](t, p.driver, `return document.activeElement.id;`))
	}
	p.reload(t)
	assert.Equal(t, before, p.forms(t))
	ask[any](t, p.driver, `location.hash = "#policy";`)
	assert.Equal(t, before, p.forms(t))
}

// "Change the policy" and "Change the call" change what they name, in what is there by
// then.
func oneThingIsChanged(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	p.write(t, "headers", "X-Debug: 1")
	p.settle(t) // so that nothing moves under the pointer
	p.click(t, "#run")
	p.done(t)
	assert.Contains(t, p.text(t, "advice"), "Add to AllowedHeaders: X-Debug.")
	p.write(t, "AllowedOrigins", "https://mine.example")
	p.write(t, "AllowedHeaders", "X-Mine")
	p.write(t, "method", "PUT")
	p.write(t, "body", "mine")
	mine := p.forms(t)
	p.click(t, "#advice button")
	changed := with(mine, "AllowedHeaders", "X-Mine\nX-Debug")
	assert.Equal(t, changed, p.forms(t))
	assert.Equal(t, "run", ask[string](t, p.driver, `return document.activeElement.id;`))
	p.click(t, "#advice button")
	assert.Equal(t, changed, p.forms(t), "a second time there is nothing to change")
	assert.Contains(t, p.toast(t), "changed already")
	p.back(t)
	assert.Equal(t, mine, p.forms(t))
	p.forward(t)
	assert.Equal(t, changed, p.forms(t))
	p.reload(t)
	p.settle(t)
	assert.Equal(t, changed, p.forms(t))

	p.visit(t, 1280, 800)
	p.write(t, "method", "patch")
	p.write(t, "headers", "X-Tenant: 1")
	p.settle(t) // so that nothing moves under the pointer
	p.click(t, "#run")
	p.done(t)
	assert.Contains(t, p.text(t, "advice"), "Change the call")
	p.write(t, "AllowedOrigins", "https://mine.example")
	p.write(t, "headers", "X-Mine: 1")
	mine = p.forms(t)
	p.click(t, "#advice button")
	assert.Equal(t, with(mine, "method", "PATCH"), p.forms(t))
	p.back(t)
	assert.Equal(t, mine, p.forms(t))
}

// What is shown is of what the forms hold, or says what it is of; and it says when the
// playground does not answer, until it does.
func whatIsShownIsTrue(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	assert.Equal(t, "none", p.state(t))
	assert.Contains(t, p.text(t, "verdict"), "Nothing yet")

	// It runs: the playground is slow, so slow that it stands.
	p.signal(t, syscall.SIGSTOP)
	p.click(t, "#run")
	assert.Equal(t, "running", p.state(t))
	assert.Contains(t, p.text(t, "verdict"), "Running: GET /notes")
	assert.Contains(t, p.text(t, "verdict"), "Waiting for the playground")
	assert.Equal(t, "true", ask[string](t, p.driver, `return $("outcome").ariaBusy;`))
	p.signal(t, syscall.SIGCONT)
	p.done(t)
	good := p.text(t, "verdict")
	assert.Contains(t, good, "lets the page read it")

	// It is of an earlier policy, or of an earlier call, and says of what.
	color := `return getComputedStyle(one("#verdict .big")).color;`
	bright := ask[string](t, p.driver, color)
	origins := p.forms(t)["AllowedOrigins"]
	p.write(t, "AllowedOrigins", "https://partner.example")
	assert.Equal(t, "stale", p.state(t))
	assert.Contains(t, p.text(t, "verdict"),
		"Of an earlier policy. Changed since: AllowedOrigins. Run the call again."+good)
	assert.NotEqual(t, bright, ask[string](t, p.driver, color), "it is dimmed")
	p.write(t, "method", "PUT")
	assert.Contains(t, p.text(t, "verdict"), "Of an earlier policy and call. Changed since: AllowedOrigins, method.")
	p.write(t, "AllowedOrigins", origins)
	assert.Contains(t, p.text(t, "verdict"), "Of an earlier call. Changed since: method.")
	p.write(t, "method", "GET")
	assert.Equal(t, "done", p.state(t), "it is of this again")
	assert.Equal(t, bright, ask[string](t, p.driver, color))

	// The playground is gone. The page notices by itself, here when its window is looked
	// at again, and keeps saying so.
	p.signal(t, syscall.SIGKILL)
	<-p.ended
	p.write(t, "body", "a")
	p.write(t, "body", "")
	gone := `state() === "failed" && text("verdict").includes("The playground does not answer")`
	p.until(t, gone)
	p.click(t, "#run")
	p.until(t, gone)
	assert.NotContains(t, p.text(t, "verdict"), "lets the page read it")
	ask[any](t, p.driver, `window.then = Date.now();`)
	p.until(t, "Date.now() - window.then > 4500")
	assert.True(t, ask[bool](t, p.driver, "return "+gone+";"), "it says so as long as it is true")
	p.args = portsOf(t, p)
	p.start(t)
	p.until(t, `state() !== "failed"`)
	assert.Contains(t, p.text(t, "verdict"), "The playground answers again. Run the call.")
	p.click(t, "#run")
	p.done(t)
	assert.Equal(t, good, p.text(t, "verdict"))

	// A policy that New would refuse is not run.
	p.write(t, "AllowedOrigins", "example.com")
	p.click(t, "#run")
	p.until(t, `text("verdict").includes("Not sent")`)
	assert.Equal(t, "AllowedOrigins", ask[string](t, p.driver, `return document.activeElement.id;`))
	p.write(t, "AllowedOrigins", "*")
	assert.Equal(t, "stale", p.state(t))
}

// portsOf returns the arguments that start a playground where this one was.
func portsOf(t *testing.T, p *person) []string {
	t.Helper()
	o := ask[map[string]string](t, p.driver, `return data.origins;`)
	port := func(name string) string { return o[name][strings.LastIndex(o[name], ":"):] }
	return []string{"-page", port("page"), "-other", port("other"), "-api", port("api")}
}

// No click is swallowed: of many, the newest one wins.
func newestCall(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	titles := p.titles(t)
	ask[any](t, p.driver, `window.said = "";
		new MutationObserver(() => said += text("verdict")).observe($("verdict"), {childList: true});`)
	p.signal(t, syscall.SIGSTOP)
	p.click(t, "#run")
	p.click(t, "#run-all")
	p.choose(t, 1)
	p.choose(t, 8)
	p.choose(t, 2)
	assert.Equal(t, "running", p.state(t))
	p.signal(t, syscall.SIGCONT)
	p.lesson(t, 2, titles[1])
	assert.Contains(t, p.text(t, "verdict"), "blocks the call")
	wire := `return all(".wire .label").map(e => e.textContent).join();`
	assert.Equal(t, "fetch GET /notes,GET /notes,200,✕ TypeError: Failed to fetch", ask[string](t, p.driver, wire))

	// While all run, one is opened: it takes the place of the rest.
	p.signal(t, syscall.SIGSTOP)
	p.click(t, "#run-all")
	assert.Contains(t, p.text(t, "verdict"), "1 of 21, ")
	p.choose(t, 3)
	p.signal(t, syscall.SIGCONT)
	p.lesson(t, 3, titles[2])
	ask[any](t, p.driver, `window.then = Date.now();`)
	p.until(t, "Date.now() - window.then > 300")
	p.lesson(t, 3, titles[2])

	p.click(t, "#run-all")
	p.choose(t, 4)
	p.lesson(t, 4, titles[3])
	ask[any](t, p.driver, `window.then = Date.now();`)
	p.until(t, "Date.now() - window.then > 1000")
	p.lesson(t, 4, titles[3])

	// Two clicks in a row are one call that counts. It gets a URL of its own, by which the
	// server knows it from the other.
	p.choose(t, 6)
	p.done(t)
	p.signal(t, syscall.SIGSTOP)
	p.click(t, "#run")
	p.click(t, "#run")
	assert.True(t, ask[bool](t, p.driver, `return newURL;`))
	p.signal(t, syscall.SIGCONT)
	p.lesson(t, 6, titles[5])
	assert.Equal(t, "fetch POST /notes,OPTIONS /notes,204,POST /notes,200,✓ 200", ask[string](t, p.driver, wire))
	assert.NotContains(t, ask[string](t, p.driver, `return said;`), "failed", "what has ended says nothing")
}

// What is copied is what the form holds, or nothing.
func copies(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	goCode, script := "[data-copy=policy-code]", "[data-copy=call-code]"
	p.write(t, "AllowedOrigins", "https://a.example")
	p.click(t, goCode) // at once, before it is checked
	p.until(t, `toasted()`)
	assert.Contains(t, p.text(t, "policy-code"), "https://a.example")
	assert.Regexp(t, "^Copied the policy in Go|^Selected", p.toast(t))

	p.write(t, "AllowedOrigins", "a.example")
	p.settle(t)
	assert.Equal(t, "true", ask[string](t, p.driver, `return one(arguments[0]).ariaDisabled;`, goCode))
	stale := ask[string](t, p.driver, `return one("#policy .stale-code").innerText;`)
	assert.Equal(t, "Of the last policy that was valid.", stale)
	p.click(t, goCode)
	p.until(t, `toasted().startsWith("Not copied")`)
	p.click(t, script)
	p.until(t, `toasted().match(/^Copied the call|^Selected/)`)
	p.signal(t, syscall.SIGSTOP) // so that the answer cannot move the button away
	p.write(t, "headers", "Cookie: a=b")
	p.click(t, script) // at once again
	p.signal(t, syscall.SIGCONT)
	p.until(t, `toasted().startsWith("Not copied")`)
}

// The fields that a beginner needs come first. The others unfold by themselves if there
// is something in them.
func foldedFields(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	open := `return $("more").open;`
	assert.Equal(t, []string{"AllowedOrigins", "AllowedMethods", "AllowedHeaders", "AllowCredentials"},
		ask[[]string](t, p.driver, `return all("#policy-form [name]").slice(0, 4).map(e => e.name);`))
	assert.False(t, ask[bool](t, p.driver, open))
	p.choose(t, 10) // ExposedHeaders
	p.done(t)
	assert.True(t, ask[bool](t, p.driver, open))
	p.choose(t, 8)
	p.done(t)
	assert.False(t, ask[bool](t, p.driver, open))
	p.back(t)
	assert.True(t, ask[bool](t, p.driver, open))
	p.forward(t)
	p.click(t, "#more summary")
	p.reach(t, "#MaxAge")
	p.write(t, "MaxAge", "600")
	p.settle(t)
	p.reload(t)
	p.settle(t)
	assert.True(t, ask[bool](t, p.driver, open), "there is a problem in it")
}

// Nothing ends without a word, and nothing is so long that the rest is lost.
func limits(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	go60 := strings.TrimSpace(strings.Repeat("example.com\n", 60))
	open := func(fields string, args ...any) {
		p.open(t, "about:blank")
		args = append([]any{p.page}, args...)
		ask[any](t, p.driver, `location.href = arguments[0] + "#" + new URLSearchParams(`+fields+`);`, args...)
		p.until(t, `location.href !== "about:blank" && document.readyState === "complete"`)
		p.settle(t)
	}
	open(`{AllowedOrigins: arguments[1], path: "/notes"}`, go60)
	count := ask[int](t, p.driver, `return parseInt(text("policy-state"));`)
	assert.GreaterOrEqual(t, count, 60)
	shown := ask[int](t, p.driver, `return all("#AllowedOrigins-problems p").length - 1;`)
	assert.Contains(t, p.text(t, "AllowedOrigins-problems"), fmt.Sprintf("And %d more in this field.", count-shown))

	long := strings.Repeat("a", 1900)
	open(`{AllowedOrigins: arguments[1], path: "/notes", headers: "X-" + arguments[1] + ": 1"}`, long)
	assert.Contains(t, p.text(t, "AllowedOrigins-problems"), "… (1900 characters)")
	assert.Less(t, len(p.text(t, "AllowedOrigins-problems")), 700)
	open(`{AllowedOrigins: "*", path: "/notes", headers: "X-B: " + arguments[1], method: arguments[1]}`, long)
	assert.Less(t, len(p.text(t, "announces")), 300)
	p.click(t, "#run")
	p.done(t)
	assert.Less(t, len(p.text(t, "outcome")), 2500)
	assert.Empty(t, p.onScreen(t, "#verdict", "#run"))
	many := make([]string, 60)
	for i := range many {
		many[i] = fmt.Sprintf("X-%d: 1", i)
	}
	open(`{AllowedOrigins: "*", path: "/notes", AllowedHeaders: "*", headers: arguments[1]}`, strings.Join(many, "\n"))
	p.click(t, "#run")
	p.done(t)
	assert.Contains(t, p.text(t, "details"), "and 21 more") // Origin is one as well
	long = strings.Repeat("a", 900)
	open(`{AllowedOrigins: "*", path: "/notes", headers: "X-" + arguments[1] + ": 1"}`, long)
	p.click(t, "#run")
	p.done(t)
	assert.Empty(t, p.onScreen(t, "#verdict", "#next", "#advice button", "#run", "#headers"))
	assert.Zero(t, p.scrolls(t))
	assert.Empty(t, ask[[]string](t, p.driver, `return [...all("p, section"), $("advice")]
		.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1).map(e => e.id || e.textContent);`))
	assert.GreaterOrEqual(t, ask[int](t, p.driver, `return $("headers").clientHeight;`), 24, "a line is whole")
	for i := range many {
		many[i] = fmt.Sprintf("X-Allowed-%d", i)
	}
	open(`{AllowedOrigins: "*", path: "/notes", AllowedHeaders: arguments[1], headers: "X-Debug: 1"}`,
		strings.Join(many, "\n"))
	p.click(t, "#run")
	p.done(t)
	assert.Contains(t, p.text(t, "verdict"), `must list "x-debug"`, "what is missing stands at the end")

	open(`{AllowedOrigins: "*", path: "/notes", headers: "X-A: " + "a".repeat(3000)}`)
	assert.Contains(t, p.text(t, "headers-problems"), "3005 bytes are too many: a field here takes 2000")
	open(`{AllowedOrigins: "*", path: "/notes", before: JSON.stringify(Array(25).fill({path: "/me"}))}`)
	assert.Contains(t, p.toast(t), "25 calls before its last one. Only the first 20 are taken.")

	// Code breaks between the elements of a list, and none of it is cut.
	open(`{AllowedOrigins: "https://one.example\nhttps://two.example\nhttps://three.example", path: "/notes"}`)
	assert.Contains(t, p.text(t, "policy-code"), "\n\t\t\t\"https://two.example\",\n")
	assert.True(t, ask[bool](t, p.driver, `return all("pre").every(e => e.scrollWidth <= e.clientWidth);`))
}

// A thousand calls leave the page as it was.
func aThousandCalls(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	counters := func() (c struct{ Documents, Nodes, JSEventListeners int }) {
		p.chrome(t, "HeapProfiler.collectGarbage", map[string]any{}, nil)
		p.chrome(t, "Memory.getDOMCounters", map[string]any{}, &c)
		return c
	}
	// run makes calls from each page.
	run := func(calls int) {
		ask[any](t, p.driver, `
			window.timers = new Set();
			if (!window.real) {
				window.real = [setTimeout.bind(window), clearTimeout.bind(window)];
				window.setTimeout = (f, ...rest) => {
					const id = real[0]((...a) => { timers.delete(id); f(...a); }, ...rest);
					timers.add(id);
					return id;
				};
				window.clearTimeout = id => { timers.delete(id); real[1](id); };
			}
			window.ended = false;
			(async () => {
				for (const o of $("page").options) {
					o.selected = true;
					$("page").dispatchEvent(new Event("input", {bubbles: true}));
					for (let i = 0; i < arguments[0] / 4; i++) await $("run").onclick();
				}
				ended = true;
			})();`, calls)
		p.until(t, "ended")
		p.until(t, `checked === fragment() && !timers.size`) // no timer is left
	}
	run(40)
	frames := ask[int](t, p.driver, `return all("iframe").length;`)
	assert.Equal(t, 4, frames, "one for each page")
	size, before := ask[int](t, p.driver, `return all("*").length;`), counters()
	for range 10 {
		run(100)
	}
	assert.Equal(t, frames, ask[int](t, p.driver, `return all("iframe").length;`))
	assert.Equal(t, size, ask[int](t, p.driver, `return all("*").length;`))
	assert.Zero(t, ask[int](t, p.driver, `return answers.size;`))
	after := counters()
	assert.Equal(t, before.Documents, after.Documents)
	assert.LessOrEqual(t, after.JSEventListeners, before.JSEventListeners+5)
	assert.LessOrEqual(t, after.Nodes, before.Nodes+before.Nodes/10)
}

// Where the system has the say over colours, arrows keep their heads, and what is chosen
// is marked.
func forcedColours(t *testing.T, p *person) {
	p.visit(t, 1280, 800)
	p.window(t, 1280, 800, "forced-colors", "active")
	p.choose(t, 2)
	p.done(t)
	head := ask[struct{ Clip, Border, Ground, Current, Other string }](t, p.driver, `
		const s = getComputedStyle(one(".arrow"), "::after");
		const edge = e => getComputedStyle(e).borderTopColor;
		return {clip: s.clipPath, border: s.borderTopWidth, ground: s.backgroundColor,
			current: edge(one(".example[aria-current]")),
			other: edge(one(".example:not([aria-current])"))};`)
	assert.Contains(t, head.Clip, "polygon")
	assert.Equal(t, "0px", head.Border)
	assert.NotEqual(t, "rgba(0, 0, 0, 0)", head.Ground)
	assert.NotEqual(t, head.Other, head.Current)
}

// Without script the page says what to do.
func noScript(t *testing.T, p *person) {
	p.visit(t, 360, 640)
	p.chrome(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	defer p.chrome(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": false}, nil)
	p.reload(t)
	type rect struct{ Not, Text string }
	r := ask[rect](t, p.driver, `const e = one("noscript p"); return {not: seen(e), text: e.textContent};`)
	assert.Empty(t, r.Not)
	assert.Contains(t, r.Text, "Turn it on")
}

package playground_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/cors/internal/test/live"
)

// A driver plays a person at a browser: it presses keys, moves a mouse and touches the
// screen, by WebDriver (https://www.w3.org/TR/webdriver2/). What it asks of the page by
// script are questions; it changes nothing so.
type driver struct {
	session string // URL
	client  *http.Client
}

// patience is how long the tests wait for what must come. It is for machines that have
// much else to do: nothing here may depend on how fast one is.
const patience = 3 * time.Minute

// newDriver starts a Chromium. It skips t where there is none, or no chromedriver,
// unless the environment asks for them.
func newDriver(t *testing.T) *driver {
	t.Helper()
	if browsers := live.Browsers(t); browsers[0].Name != "chromium" {
		t.Skip("Chromium is not installed, or not wanted")
	}
	path, err := exec.LookPath("chromedriver")
	if err != nil {
		if strings.Contains(os.Getenv("INTEROP_REQUIRE"), "chromedriver") {
			t.Fatalf("INTEROP_REQUIRE asks for chromedriver: %v", err)
		}
		t.Skip(err)
	}
	port := ""
	for try := 0; port == "" && try < 10; try++ {
		// It asks for a free port on [::1], takes the same one on 127.0.0.1, and ends if
		// that is in use.
		out := new(live.Output)
		cmd := exec.Command(path, "--port=0")
		cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir()) // the browser's profile is in it
		cmd.Stdout, cmd.Stderr = out, out
		live.Start(t, cmd)
		port = out.Await(t, `started successfully on port (\d+)|port not available`)[1]
	}
	require.NotEmpty(t, port, "chromedriver finds no port")

	d := &driver{"http://127.0.0.1:" + port + "/session", &http.Client{Timeout: patience}}
	chrome := map[string]any{"args": []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"}}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if binary, err := exec.LookPath(name); err == nil {
			chrome["binary"] = binary
			break
		}
	}
	always := map[string]any{"browserName": "chrome", "goog:chromeOptions": chrome}
	var s struct{ SessionID string }
	d.do(t, "POST", "", map[string]any{"capabilities": map[string]any{"alwaysMatch": always}}, &s)
	d.session += "/" + s.SessionID
	t.Cleanup(func() { d.do(t, "DELETE", "", nil, nil) })
	d.chrome(t, "Page.enable", map[string]any{}, nil)
	d.chrome(t, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": listening}, nil)
	return d
}

// do sends a command, and decodes its result into a value unless that is nil.
func (d *driver) do(t *testing.T, method, path string, body, into any) {
	t.Helper()
	var b bytes.Buffer
	if method == "POST" {
		if body == nil {
			body = map[string]any{}
		}
		require.NoError(t, json.NewEncoder(&b).Encode(body))
	}
	r, err := http.NewRequest(method, d.session+path, &b)
	require.NoError(t, err)
	res, err := d.client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, "%s %s: %.600s", method, path, answer)
	if into != nil {
		require.NoError(t, json.Unmarshal(answer, &struct{ Value any }{into}))
	}
}

// ask returns what the body of a function of JavaScript returns.
func ask[T any](t *testing.T, d *driver, script string, args ...any) (v T) {
	t.Helper()
	if args == nil {
		args = []any{}
	}
	d.do(t, "POST", "/execute/sync", map[string]any{"script": questions + script, "args": args}, &v)
	return v
}

// listening keeps what each page says in its toast: that is gone after 8 seconds.
const listening = `
	window.toasts = [""];
	new MutationObserver(() => {
		const said = document.getElementById("toast")?.textContent;
		if (said && said !== toasts.at(-1)) toasts.push(said);
	}).observe(document, {childList: true, subtree: true});
`

// questions are functions that scripts of ask may use.
const questions = `
const $ = id => document.getElementById(id);
const one = selector => document.querySelector(selector), all = selector => [...document.querySelectorAll(selector)];
const text = id => $(id).textContent;
const state = () => document.body.dataset.state;
const toasted = () => toasts.at(-1); // the newest
// seen says whether all of an element, or as much of it as fits, is on the screen: in
// the window and in each panel that scrolls, and covered by nothing.
const seen = e => {
  const r = e.getBoundingClientRect();
  if (!r.width || !r.height) return "has no size";
  const within = ({left, top, right, bottom}, what) =>
    r.left < left - 1 || r.right > right + 1 || r.top < top - 1 || r.bottom > bottom + 1
      ? what + " " + JSON.stringify([r.left, r.top, r.right, r.bottom].map(Math.round)) : "";
  let out = within({left: 0, top: 0, right: innerWidth, bottom: innerHeight}, "outside the window");
  for (let p = e.parentElement; p && p !== document.body && !out; p = p.parentElement) {
    if (getComputedStyle(p).overflowY === "visible") continue;
    out = within(p.getBoundingClientRect(), "scrolled out of " + (p.id || p.tagName));
  }
  if (out) return out;
  const top = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
  return e.contains(top) || top?.contains(e) ? "" : "covered by " + (top?.id || top?.tagName);
};
// begin puts the focus before the first element.
const begin = () => {
  getSelection().removeAllRanges();
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
};
`

// chrome sends a command of the DevTools protocol.
func (d *driver) chrome(t *testing.T, command string, params map[string]any, into any) {
	t.Helper()
	d.do(t, "POST", "/goog/cdp/execute", map[string]any{"cmd": command, "params": params}, into)
}

// window gives the page a size, and a theme.
func (d *driver) window(t *testing.T, width, height int, features ...string) {
	t.Helper()
	d.chrome(t, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
	}, nil)
	media := []map[string]string{
		{"name": "prefers-color-scheme", "value": "light"}, {"name": "forced-colors", "value": "none"},
	}
	for i := 0; i < len(features); i += 2 {
		media = append(media, map[string]string{"name": features[i], "value": features[i+1]})
	}
	d.chrome(t, "Emulation.setEmulatedMedia", map[string]any{"features": media}, nil)
}

func (d *driver) open(t *testing.T, url string) {
	t.Helper()
	d.do(t, "POST", "/url", map[string]any{"url": url}, nil)
}

// until waits for a condition of the page.
func (d *driver) until(t *testing.T, condition string, args ...any) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		if ask[bool](t, d, "return !!("+condition+");", args...) {
			return
		}
	}
	require.Fail(t, "not reached: "+condition, "the page says: %s", ask[string](t, d, "return text('outcome');"))
}

// Keys that are no characters (https://www.w3.org/TR/webdriver2/#keyboard-actions).
const (
	keyTab   = "\uE004"
	keyEnter = "\uE007"
	keyShift = "\uE008"
	keyCtrl  = "\uE009"
	keyEnd   = "\uE010"
	keySpace = " "
)

type action map[string]any

func (d *driver) perform(t *testing.T, source action, actions ...action) {
	t.Helper()
	source["actions"] = actions
	d.do(t, "POST", "/actions", map[string]any{"actions": []action{source}}, nil)
}

// press presses keys one after the other.
func (d *driver) press(t *testing.T, keys string) {
	t.Helper()
	var actions []action
	for _, k := range keys {
		actions = append(actions, action{"type": "keyDown", "value": string(k)}, action{"type": "keyUp", "value": string(k)})
	}
	d.perform(t, action{"type": "key", "id": "keys"}, actions...)
}

// hold presses a key while another one is down.
func (d *driver) hold(t *testing.T, modifier, key string) {
	t.Helper()
	d.perform(t, action{"type": "key", "id": "keys"}, action{"type": "keyDown", "value": modifier},
		action{"type": "keyDown", "value": key}, action{"type": "keyUp", "value": key},
		action{"type": "keyUp", "value": modifier})
}

// point presses the middle of an element, which must be on the screen, with a mouse or a
// finger ("touch").
func (d *driver) point(t *testing.T, pointer, selector string) {
	t.Helper()
	type place struct {
		X, Y float64
		Not  string
	}
	p := ask[place](t, d, `
		const e = one(arguments[0]);
		if (!e) return {not: "is not there"};
		const r = e.getBoundingClientRect();
		return {x: Math.floor(r.left + r.width / 2), y: Math.floor(r.top + r.height / 2), not: seen(e)};`, selector)
	require.Empty(t, p.Not, "%s cannot be pressed", selector)
	d.perform(t, action{"type": "pointer", "id": pointer, "parameters": action{"pointerType": pointer}},
		action{"type": "pointerMove", "x": p.X, "y": p.Y, "duration": 0},
		action{"type": "pointerDown", "button": 0}, action{"type": "pointerUp", "button": 0})
}

func (d *driver) click(t *testing.T, selector string) { t.Helper(); d.point(t, "mouse", selector) }
func (d *driver) tap(t *testing.T, selector string)   { t.Helper(); d.point(t, "touch", selector) }

// write replaces the text of a field.
func (d *driver) write(t *testing.T, id, text string) {
	t.Helper()
	if ask[string](t, d, "return document.activeElement.id;") != id {
		d.reach(t, "#"+id)
	}
	d.hold(t, keyCtrl, "a")
	d.press(t, "\uE017"+strings.ReplaceAll(text, "\n", keyEnter)) // Delete first
	require.Equal(t, text, ask[string](t, d, "return $(arguments[0]).value;", id))
}

// reach presses Tab until an element has the focus.
func (d *driver) reach(t *testing.T, selector string) {
	t.Helper()
	for range 200 {
		d.press(t, keyTab)
		if ask[bool](t, d, "return document.activeElement.matches(arguments[0]);", selector) {
			return
		}
	}
	require.Fail(t, "Tab does not reach it", selector)
}

func (d *driver) back(t *testing.T)    { t.Helper(); d.travel(t, "/back") }
func (d *driver) forward(t *testing.T) { t.Helper(); d.travel(t, "/forward") }
func (d *driver) reload(t *testing.T)  { t.Helper(); d.do(t, "POST", "/refresh", nil, nil) }

// travel goes to another step of the history, and waits until the page is there.
func (d *driver) travel(t *testing.T, command string) {
	t.Helper()
	from := ask[string](t, d, `return place();`)
	d.do(t, "POST", command, nil, nil)
	d.until(t, `document.readyState === "complete" && place() !== arguments[0]`, from)
}

// picture returns a PNG of the window.
func (d *driver) picture(t *testing.T) []byte {
	t.Helper()
	var encoded string
	d.do(t, "GET", "/screenshot", nil, &encoded)
	png, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	return png
}

// Package live runs real programs for tests, and leaves none of them behind. Among
// them are the web browsers that are installed. A browser gets a profile of its own.
// A page makes calls in it, and reports what it could read.
//
// No driver stands between: a page reports by a POST to the server that the test
// has it from.
package live

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long a page may take: browsers are slow on a busy machine.
const patience = 5 * time.Minute

// A Browser is one that is installed.
type Browser struct {
	Name string // the engine: "chromium", "firefox" or "webkit"

	// Proxy is the address (host:port) of an HTTP proxy for all hosts but those of
	// the loopback interface; "" means none. So a test can serve any host name.
	Proxy string

	// Public is the address (host:port) of a server that Chromium is to take for one on
	// the internet; "" means none. The other engines do not know it.
	Public string

	// Certificate is the DER form of a certificate of those hosts that no authority
	// has signed. The browser accepts it for Hosts.
	Certificate []byte
	Hosts       []string

	listens bool   // its console is wanted
	program string // path
	display string // path of Xvfb, for an engine that does not run without a display
}

// engines are in the order in which they are used.
var engines = []struct {
	name     string
	programs []string // names on the PATH, or patterns of paths
	windowed bool
}{
	{"chromium", []string{"chromium", "chromium-browser", "google-chrome"}, false},
	{"firefox", []string{"firefox-esr", "firefox"}, false},
	{"webkit", []string{
		"MiniBrowser", "/usr/lib/*/webkit2gtk-4.*/MiniBrowser", "/usr/libexec/webkit2gtk-4.*/MiniBrowser",
	}, true},
}

// Browsers returns the browsers that t is to run in, at least one. The environment
// variable CORSTEST_BROWSERS says which: a list such as "chromium,firefox,webkit", of
// which a missing one fails t; "none", which skips t; or, if it is unset or empty,
// all that are found, and t is skipped if there is none.
func Browsers(t testing.TB) []Browser {
	t.Helper()
	want := os.Getenv("CORSTEST_BROWSERS")
	if want == "none" {
		t.Skip("no browser is wanted: CORSTEST_BROWSERS=none")
	}
	names := strings.FieldsFunc(want, func(r rune) bool { return r == ',' || r == ' ' })
	var found []Browser
	for _, e := range engines {
		required := slices.Contains(names, e.name)
		if len(names) > 0 && !required {
			continue
		}
		b, err := find(e.name, e.programs, e.windowed)
		if err == nil {
			found = append(found, b)
		} else if required {
			t.Fatalf("CORSTEST_BROWSERS asks for %s: %v", e.name, err)
		}
	}
	if len(found) < len(names) {
		t.Fatalf("CORSTEST_BROWSERS: %q names a browser that is none of chromium, firefox and webkit", want)
	}
	if len(found) == 0 {
		t.Skip("no browser is installed: looked for Chromium, Firefox, and WebKitGTK's MiniBrowser with Xvfb")
	}
	return found
}

func find(name string, programs []string, windowed bool) (Browser, error) {
	b := Browser{Name: name}
	for _, p := range programs {
		if paths, _ := filepath.Glob(p); len(paths) > 0 {
			p = paths[0]
		}
		if path, err := exec.LookPath(p); err == nil {
			b.program = path
			break
		}
	}
	if b.program == "" {
		return b, fmt.Errorf("found none of %s", strings.Join(programs, ", "))
	}
	if windowed {
		path, err := exec.LookPath("Xvfb")
		if err != nil {
			return b, fmt.Errorf("found %s, but not Xvfb, which it needs", b.program)
		}
		b.display = path
	}
	return b, nil
}

// A Page is one that a browser has open.
type Page struct {
	t       testing.TB
	name    string
	profile string          // the directory of all that the browser keeps
	ended   <-chan struct{} // closed when the browser has ended
	output  *Output
	pipe    *pipe // to Chromium, if its console is wanted
}

// Open starts the browser on the page at url, with an empty profile. It is ended,
// and all that it wrote is removed, when t ends.
func (b Browser) Open(t testing.TB, url string) *Page {
	t.Helper()
	dir, err := os.MkdirTemp("", "cors") // short: Chromium has a socket in it, and a socket's path is limited
	if err != nil {
		t.Fatal(err)
	}
	// Some of a browser's processes outlive the first for a moment, and still write.
	t.Cleanup(func() {
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if os.RemoveAll(dir) == nil {
				return
			}
		}
	})
	env := append(os.Environ(),
		"HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir, "XDG_DATA_HOME="+dir, "TMPDIR="+dir,
		"NO_AT_BRIDGE=1", "MOZ_CRASHREPORTER_DISABLE=1")
	var args []string
	switch b.Name {
	case "chromium":
		args = []string{
			"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync",
			"--disable-dev-shm-usage", "--user-data-dir=" + dir,
		}
		if b.Proxy != "" {
			args = append(args, "--proxy-server=http://"+b.Proxy)
		}
		if b.Certificate != nil {
			args = append(args, "--ignore-certificate-errors")
		}
		if b.Public != "" {
			args = append(args, "--ip-address-space-overrides="+b.Public+"=public")
		}
	case "firefox":
		prefs := firefoxPrefs
		if host, port, err := net.SplitHostPort(b.Proxy); err == nil {
			prefs += fmt.Sprintf(firefoxProxyPrefs, host, port)
		}
		if b.listens {
			prefs += firefoxConsolePrefs
		}
		write(t, filepath.Join(dir, "user.js"), prefs)
		write(t, filepath.Join(dir, "cert_override.txt"), b.certificateOverrides())
		args = []string{"--headless", "--no-remote", "--profile", dir}
	case "webkit":
		env = append(env, "DISPLAY="+startDisplay(t, b.display))
		if !b.listens { // a private window has no console
			args = []string{"--private"}
		}
		if b.Proxy != "" {
			args = append(args, "--proxy=http://"+b.Proxy,
				"--ignore-host=localhost", "--ignore-host=*.localhost", "--ignore-host=127.0.0.1")
		}
		if b.Certificate != nil {
			args = append(args, "--ignore-tls-errors")
		}
	}
	p := &Page{t: t, name: b.Name, profile: dir, output: new(Output)}
	if b.listens {
		args = append(args, consoleArgs[b.Name]...)
	}
	args = append(args, url)
	cmd := exec.Command(b.program, args...)
	if b.listens && b.Name == "chromium" {
		cmd.ExtraFiles = p.openPipe(t)
	}
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = p.output, p.output
	p.ended = Start(t, cmd)
	return p
}

// firefoxPrefs keep Firefox from opening pages of its own, and from calling home.
const firefoxPrefs = `
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
`

const firefoxProxyPrefs = `
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "%[1]s");
user_pref("network.proxy.http_port", %[2]s);
user_pref("network.proxy.ssl", "%[1]s");
user_pref("network.proxy.ssl_port", %[2]s);
`

// certificateOverrides are the lines of Firefox's file of exceptions for
// certificates.
func (b Browser) certificateOverrides() string {
	const sha256OID = "OID.2.16.840.1.101.3.4.2.1"
	sum := sha256.Sum256(b.Certificate)
	fingerprint := strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
	var lines strings.Builder
	for _, host := range b.Hosts {
		fmt.Fprintf(&lines, "%s:443:\t%s\t%s\t\n", host, sha256OID, fingerprint)
	}
	return lines.String()
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Await returns what the page reports, when the test's server puts it in the
// channel. It fails the test if the browser ends before or takes too long.
func Await[T any](p *Page, reports <-chan T) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case r := <-reports:
		return r
	case <-p.ended:
		p.t.Fatalf("%s ended before its page reported anything; it wrote:\n%s", p.name, p.output)
	case <-ctx.Done():
		p.t.Fatalf("%s: its page reported nothing in %v; it wrote:\n%s", p.name, patience, p.output)
	}
	panic("not reached: Fatalf ends the goroutine")
}

// startDisplay starts an X server without a screen, and returns its name.
func startDisplay(t testing.TB, xvfb string) string {
	t.Helper()
	out := new(Output)
	cmd := exec.Command(xvfb, "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp")
	cmd.Stdout = out // Xvfb chooses a number that is free, and writes it here
	ended := Start(t, cmd)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if number, whole := strings.CutSuffix(out.String(), "\n"); whole {
			return ":" + number
		}
		select {
		case <-ended:
			t.Fatalf("%s ended before it had a display", xvfb)
		default:
		}
	}
	t.Fatalf("%s: no display in %v", xvfb, patience)
	return ""
}

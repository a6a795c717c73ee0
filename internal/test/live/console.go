package live

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Listen returns b with its console turned on, for [Page.Console].
func (b Browser) Listen() Browser {
	b.listens = true
	return b
}

// A Message is a line of the console.
type Message struct {
	Text string
	URL  string // what the message is about, where the engine tells it apart from Text
}

// consoleArgs are what makes the engine tell its console.
var consoleArgs = map[string][]string{
	"chromium": {"--remote-debugging-pipe"},
	"firefox":  {"--marionette", "--remote-allow-system-access"},
	"webkit":   {"--enable-write-console-messages-to-stdout=true"},
}

// firefoxConsolePrefs have Firefox choose a free port for Marionette, the protocol of
// its automation, and write it to its profile.
const firefoxConsolePrefs = `
user_pref("marionette.port", 0);
user_pref("remote.prefs.recommended", false);
`

// Console returns what the console has said so far. The browser must [Browser.Listen].
// WebKit writes its console to its output, in order; the others are asked for it.
// Firefox's has the messages of the browser itself as well, and none of console.log.
func (p *Page) Console() []Message {
	p.t.Helper()
	var messages []Message
	var err error
	switch p.name {
	case "chromium":
		messages, err = p.pipe.console()
	case "firefox":
		messages, err = firefoxConsole(p.profile)
	case "webkit":
		for _, m := range webkitLine.FindAllStringSubmatch(p.output.String(), -1) {
			messages = append(messages, Message{Text: m[1]})
		}
	}
	if err != nil {
		p.t.Fatalf("%s's console: %v", p.name, err)
	}
	return messages
}

// AwaitConsole returns what the console has said once that is enough. It may be behind the
// page. Where it is never enough, the test is to say what is missing: after a minute this
// returns what there is.
func (p *Page) AwaitConsole(enough func([]Message) bool) []Message {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if said := p.Console(); enough(said) || time.Now().After(end) {
			return said
		}
	}
}

var webkitLine = regexp.MustCompile(`(?m)^(?:\S* )?CONSOLE (?:[A-Z]+ )?(?:LOG|ERROR|WARN(?:ING)?|INFO|DEBUG) (.*)\n`)

// A pipe speaks Chromium's protocol: messages of JSON, each with a NUL after it.
type pipe struct {
	in   *bufio.Reader
	out  io.Writer
	last int
}

// openPipe makes the pipe, and returns the files that Chromium has of it: 3, from which
// it reads, and 4, to which it writes.
func (p *Page) openPipe(t testing.TB) []*os.File {
	t.Helper()
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, f := range []*os.File{theirIn, ourOut, ourIn, theirOut} {
			_ = f.Close()
		}
	})
	_ = ourIn.SetReadDeadline(time.Now().Add(2 * patience))
	p.pipe = &pipe{in: bufio.NewReader(ourIn), out: ourOut}
	return []*os.File{theirIn, theirOut}
}

// console asks for the log of the page and of its frames, which Chromium keeps from its beginning.
func (p *pipe) console() (messages []Message, err error) {
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	if _, err := p.call("", "Target.getTargets", nil, &targets); err != nil {
		return nil, err
	}
	for _, target := range targets.TargetInfos {
		if target.Type != "page" && target.Type != "iframe" { // a frame may have a process of its own
			continue
		}
		var session struct{ SessionID string }
		params := map[string]any{"targetId": target.TargetID, "flatten": true}
		if _, err := p.call("", "Target.attachToTarget", params, &session); err != nil {
			return nil, err
		}
		log, err := p.call(session.SessionID, "Log.enable", nil, nil)
		if err != nil {
			return nil, err
		}
		messages = append(messages, log...)
	}
	return messages, nil
}

// call makes a call, and returns what the log says before its answer.
func (p *pipe) call(session, method string, params map[string]any, result any) (log []Message, err error) {
	p.last++
	call := map[string]any{"id": p.last, "method": method, "params": params}
	if session != "" {
		call["sessionId"] = session
	}
	if params == nil {
		delete(call, "params")
	}
	message, err := json.Marshal(call)
	if err != nil {
		return nil, err
	}
	if _, err := p.out.Write(append(message, 0)); err != nil {
		return nil, err
	}
	for {
		line, err := p.in.ReadBytes(0)
		if err != nil {
			return nil, err
		}
		var answer struct {
			ID     int
			Method string
			Result json.RawMessage
			Error  json.RawMessage
			Params struct{ Entry Message }
		}
		if err := json.Unmarshal(line[:len(line)-1], &answer); err != nil {
			return nil, err
		}
		switch {
		case answer.Method == "Log.entryAdded":
			log = append(log, answer.Params.Entry)
		case answer.ID == p.last && answer.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, answer.Error)
		case answer.ID == p.last:
			if result != nil {
				err = json.Unmarshal(answer.Result, result)
			}
			return log, err
		}
	}
}

// firefoxConsole asks the Firefox with the profile what its console service has. That
// has the messages of all pages, and of the browser itself.
func firefoxConsole(profile string) (messages []Message, err error) {
	var port string
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		content, err := os.ReadFile(filepath.Join(profile, "MarionetteActivePort"))
		if port = strings.TrimSpace(string(content)); err == nil && port != "" {
			break
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("no port of Marionette in %v", patience)
		}
	}
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	m := &marionette{conn: conn, in: bufio.NewReader(conn)}
	if _, err := m.read(); err != nil { // its greeting
		return nil, err
	}
	if _, err := m.call("WebDriver:NewSession", map[string]any{}); err != nil {
		return nil, err
	}
	defer m.call("WebDriver:DeleteSession", map[string]any{}) //nolint:errcheck // the browser ends soon
	if _, err := m.call("Marionette:SetContext", map[string]any{"value": "chrome"}); err != nil {
		return nil, err
	}
	const script = `return Services.console.getMessageArray().map(
		(m) => m instanceof Ci.nsIScriptError ? m.errorMessage : m.message)`
	result, err := m.call("WebDriver:ExecuteScript", map[string]any{"script": script, "args": []any{}})
	if err != nil {
		return nil, err
	}
	var answer struct{ Value []string }
	if err := json.Unmarshal(result, &answer); err != nil {
		return nil, err
	}
	for _, text := range answer.Value {
		messages = append(messages, Message{Text: text})
	}
	return messages, nil
}

// marionette speaks Firefox's protocol: messages of JSON after their length and a
// colon.
type marionette struct {
	conn net.Conn
	in   *bufio.Reader
	last int
}

func (m *marionette) call(command string, params map[string]any) (json.RawMessage, error) {
	m.last++
	message, err := json.Marshal([]any{0, m.last, command, params})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(message), message); err != nil {
		return nil, err
	}
	answer, err := m.read()
	if err != nil {
		return nil, err
	}
	var parts [4]json.RawMessage // 1, the number of the call, its error or null, its result
	if err := json.Unmarshal(answer, &parts); err != nil {
		return nil, err
	}
	if string(parts[2]) != "null" {
		return nil, fmt.Errorf("%s: %s", command, parts[2])
	}
	return parts[3], nil
}

func (m *marionette) read() ([]byte, error) {
	length, err := m.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, err
	}
	message := make([]byte, n)
	_, err = io.ReadFull(m.in, message)
	return message, err
}

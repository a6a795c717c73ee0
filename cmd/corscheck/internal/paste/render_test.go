package paste

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The renderers write a call as browsers do. They were written from what browsers
// copy, apart from the code that they test.

// A sent is a call as the browser sent it.
type sent struct {
	method, url string
	header      []Field
	body        string
	hasBody     bool
}

func units(s string) []uint16 { return utf16.Encode([]rune(s)) }

// ansi quotes as bash's $'…'. escape says which characters stand as numbers, and
// how.
func ansi(s string, bang string, escape func(unit uint16) string) string {
	var b strings.Builder
	b.WriteString("$'")
	for _, u := range units(s) {
		switch {
		case u == '\\':
			b.WriteString(`\\`)
		case u == '\'':
			b.WriteString(`\'`)
		case u == '\n':
			b.WriteString(`\n`)
		case u == '\r':
			b.WriteString(`\r`)
		case u == '!':
			b.WriteString(bang)
		case escape(u) != "":
			b.WriteString(escape(u))
		default:
			b.WriteRune(rune(u))
		}
	}
	return b.String() + "'"
}

var (
	plainToChromium = regexp.MustCompile(`^[^\x00-\x1f\x7f-\x9f!']*$`)
	plainToOthers   = regexp.MustCompile(`^[\x20-\x7e]*$`)
)

func chromiumBash(s string) string {
	if plainToChromium.MatchString(s) {
		return "'" + s + "'"
	}
	// Characters beyond the controls stand for themselves, so that halves of UTF-16
	// must not be split here.
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x20 && r != '\n' && r != '\r', r >= 0x7f && r <= 0x9f:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r > 0xff:
			b.WriteRune(r)
		default:
			quoted := ansi(string(r), `\u0021`, func(uint16) string { return "" })
			b.WriteString(quoted[2 : len(quoted)-1])
		}
	}
	return "$'" + b.String() + "'"
}

func firefoxBash(s string) string {
	if plainToOthers.MatchString(s) && !strings.ContainsAny(s, "!'") {
		return "'" + s + "'"
	}
	return ansi(s, `\041`, func(u uint16) string {
		switch {
		case u >= 0x20 && u < 0x7f:
			return ""
		case u < 256:
			return fmt.Sprintf(`\x%02x`, u)
		}
		return fmt.Sprintf(`\u%04x`, u)
	})
}

var notSafeInCmd = regexp.MustCompile(`[^a-zA-Z0-9\s_\-:=+~'/.',?;()*` + "`" + `]`)

func carets(s string) string {
	s = notSafeInCmd.ReplaceAllString(s, "^$0")
	return regexp.MustCompile(`%([a-zA-Z0-9_])`).ReplaceAllString(s, "%^$1")
}

func chromiumCmd(s string) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	s = carets(strings.ReplaceAll(s, `"`, `\"`))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return `^"` + strings.ReplaceAll(s, "\n", "^\n\n") + `^"`
}

func firefoxCmd(s string) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	s = carets(strings.ReplaceAll(s, `"`, `\"`))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return `^"` + strings.ReplaceAll(s, "\n", "\"^\r\n\r\n\"") + `^"`
}

func powerShellExe(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `"`, `\"`), "'", "''") + "'"
}

// curlLine renders a cURL command.
func (c sent) curlLine(word string, quote func(string) string, join string) string {
	parts := []string{word + " " + quote(c.url)}
	if c.method != "GET" {
		parts = append(parts, "-X "+quote(c.method))
	}
	for _, f := range c.header {
		if f.Value == "" {
			parts = append(parts, "-H "+quote(f.Name+";"))
			continue
		}
		parts = append(parts, "-H "+quote(f.Name+": "+f.Value))
	}
	if c.hasBody {
		parts = append(parts, "--data-raw "+quote(c.body))
	}
	return strings.Join(parts, join)
}

// words are the arguments that curl has to get.
func (c sent) words() []string {
	words := []string{c.url}
	if c.method != "GET" {
		words = append(words, "-X", c.method)
	}
	for _, f := range c.header {
		if f.Value == "" {
			words = append(words, "-H", f.Name+";")
			continue
		}
		words = append(words, "-H", f.Name+": "+f.Value)
	}
	if c.hasBody {
		words = append(words, "--data-raw", c.body)
	}
	return words
}

func mustJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func (c sent) fetch(before, after string) string {
	var b strings.Builder
	b.WriteString(before + "fetch(" + mustJSON(c.url) + ", {\n")
	if len(c.header) > 0 {
		b.WriteString("  \"headers\": {\n")
		for i, f := range c.header {
			comma := ","
			if i == len(c.header)-1 {
				comma = ""
			}
			b.WriteString("    " + mustJSON(f.Name) + ": " + mustJSON(f.Value) + comma + "\n")
		}
		b.WriteString("  },\n")
	}
	b.WriteString("  \"referrer\": \"https://app.example.com/\",\n")
	if c.hasBody {
		b.WriteString("  \"body\": " + mustJSON(c.body) + ",\n")
	} else {
		b.WriteString("  \"body\": null,\n")
	}
	b.WriteString("  \"method\": " + mustJSON(c.method) + ",\n  \"mode\": \"cors\",\n  \"credentials\": " +
		"\"include\"\n})" + after)
	return b.String()
}

// byHand writes the same call as people write it: single quotes, no quotes around
// names, comments, commas at the end.
func (c sent) byHand() string {
	single := func(s string) string {
		quoted := mustJSON(s)
		inner := strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
		return "'" + strings.ReplaceAll(inner, "'", `\'`) + "'"
	}
	var b strings.Builder
	b.WriteString("// it's ours\nconst res = await window.fetch(" + single(c.url) + ", {\n" +
		"  method: `" + c.method + "`, /* the method */\n")
	b.WriteString("  headers: new Headers([")
	for _, f := range c.header {
		b.WriteString("[" + single(f.Name) + ", " + single(f.Value) + "],")
	}
	b.WriteString("]),\n  referrer: 'https://app.example.com/page?x', credentials: 'include',\n")
	if c.hasBody {
		b.WriteString("  body: " + single(c.body) + ",\n")
	}
	b.WriteString("}).then(r => r.json());\nconsole.log('fetch( is not a call');\n")
	return b.String()
}

func (c sent) powerShell() string {
	quote := func(s string) string {
		var b strings.Builder
		b.WriteByte('"')
		for _, u := range units(s) {
			switch {
			case u == '`' || u == '$' || u == '"':
				b.WriteString("`" + string(rune(u)))
			case u < 0x20 || u > 0x7e:
				fmt.Fprintf(&b, "$([char]%d)", u)
			default:
				b.WriteByte(byte(u))
			}
		}
		return b.String() + `"`
	}
	var b strings.Builder
	b.WriteString("$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n")
	b.WriteString("$session.UserAgent = \"Mozilla/5.0 (X11)\"\n")
	b.WriteString("$session.Cookies.Add((New-Object System.Net.Cookie(\"a\", \"b$([char]233)\", \"/\", " +
		"\"api.example.com\")))\n")
	b.WriteString("Invoke-WebRequest -UseBasicParsing -Uri " + quote(c.url) + " `\n")
	if c.method != "GET" {
		b.WriteString("-Method " + quote(c.method) + " `\n")
	}
	b.WriteString("-WebSession $session `\n-Headers @{\n")
	contentType := ""
	for i, f := range c.header {
		if f.Name == "Content-Type" {
			contentType = f.Value
			continue
		}
		indent := "  "
		if i == 0 {
			indent = ""
		}
		b.WriteString(indent + quote(f.Name) + "=" + quote(f.Value) + "\n")
	}
	b.WriteString("}")
	if contentType != "" {
		b.WriteString(" `\n-ContentType " + quote(contentType))
	}
	if c.hasBody && plainToOthers.MatchString(c.body) {
		b.WriteString(" `\n-Body " + quote(c.body))
	} else if c.hasBody {
		b.WriteString(" `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(" + quote(c.body) + "))")
	}
	return b.String()
}

func (c sent) har() string {
	type nv struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	headers := []nv{{"Origin", "https://app.example.com"}}
	for _, f := range c.header {
		headers = append(headers, nv(f))
	}
	request := map[string]any{"method": c.method, "url": c.url, "headers": headers}
	if c.hasBody {
		request["postData"] = map[string]any{"mimeType": "text/plain", "text": c.body}
	}
	return mustJSON(map[string]any{"log": map[string]any{"version": "1.2", "pages": []any{}, "entries": []any{
		map[string]any{"request": request, "response": map[string]any{"status": 0, "headers": []any{}},
			"_resourceType": "fetch"},
	}}})
}

// pieces are what hurts in one form or another.
var pieces = []string{
	"a", "Z", "7", " ", "  ", `"`, `'`, `\`, `\\`, `\"`, `^`, `%`, `%20`, `%PATH%`, "$HOME", "$(rm)", "`", "`n",
	"!", "&", "|", ";", "<", ">",
	"(", ")", "{", "}", "[", "]", "#", "~", "*", "?", "@", ",", "é", "ÿ", "Ā", "中", "😀", "\u00a0", "\u2028", "“",
	"’", "n", "u0041", "x41", "^\"",
	"//", "/*", "*/", "${x}", "curl ", "fetch(", "Access to fetch", "-H",
}

// breaks can stand in bodies, and in no header.
var breaks = []string{"\n", "\t", "\r", "\x01", "\x7f", "\u0085"}

func text(r *rand.Rand, most int, more ...string) string {
	all := append(append([]string{}, pieces...), more...)
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteString(all[r.IntN(len(all))])
	}
	return b.String()
}

func randomCall(r *rand.Rand) sent {
	c := sent{
		method: []string{"GET", "PUT", "POST", "PATCH", "DELETE", "purge"}[r.IntN(6)],
		url: "https://api.example.com/" + regexp.MustCompile(`[^a-zA-Z0-9%&?=;,'()!*~$^|]`).ReplaceAllString(text(r,
			6), ""),
	}
	seen := make(map[string]bool)
	for range r.IntN(4) {
		name := []string{"X-A", "Accept", "Authorization", "Content-Type", "X-Empty", "x_y", "If-Match"}[r.IntN(7)]
		if !seen[name] {
			seen[name] = true
			value := strings.TrimSpace(text(r, 6))
			if name == "Content-Type" {
				value = "a/" + value // PowerShell has no empty one
			}
			c.header = append(c.header, Field{name, value})
		}
	}
	if r.IntN(2) == 0 {
		c.body, c.hasBody = text(r, 12, breaks...), true
	}
	return c
}

func TestRoundTrip(t *testing.T) {
	const cases = 3000
	for seed := range uint64(cases) {
		c := randomCall(rand.New(rand.NewPCG(seed, 1)))
		for name, form := range map[string]struct {
			text string
			form Form
		}{
			"Chromium, bash":  {c.curlLine("curl", chromiumBash, " \\\n  "), CurlBash},
			"Firefox, bash":   {c.curlLine("curl", firefoxBash, " \\\n  "), CurlBash},
			"one line":        {"  $ " + c.curlLine("curl", firefoxBash, " ") + "\n", CurlBash},
			"Chromium, cmd":   {c.curlLine("curl", chromiumCmd, " ^\n  "), CurlCmd},
			"cmd, with CR LF": {strings.ReplaceAll(c.curlLine("curl", chromiumCmd, " ^\n  "), "\n", "\r\n"), CurlCmd},
			"Firefox, cmd":    {c.curlLine("curl.exe", firefoxCmd, " ^\r\n  "), CurlCmd},
			"PowerShell":      {c.curlLine("curl.exe", powerShellExe, " `\n  "), CurlPowerShell},
		} {
			want := c.words()
			last := len(want) - 1
			switch form.form {
			case CurlCmd:
				// A line break is one character there, whatever it was.
				if c.hasBody {
					want[last] = strings.ReplaceAll(want[last], "\r\n", "\n")
					if strings.Contains(name, "CR") && strings.Contains(want[last], "\r") {
						continue
					}
				}
			case CurlPowerShell:
				if strings.Contains(strings.Join(want, " "), `\`) {
					continue
				}
			}
			if c.hasBody && form.form != CurlBash && strings.Contains(want[last], "\r\n") {
				continue
			}
			p, err := Parse(form.text)
			require.NoError(t, err, "%s, seed %d\n%s", name, seed, form.text)
			require.Equal(t, form.form, p.Form, "%s, seed %d\n%s", name, seed, form.text)
			require.Len(t, p.Calls, 1, "%s, seed %d\n%s", name, seed, form.text)
			require.Equal(t, want, p.Calls[0].Args, "%s, seed %d\n%s", name, seed, form.text)
		}
		for name, form := range map[string]struct {
			text string
			form Form
		}{
			"fetch":         {c.fetch("", ";"), Fetch},
			"Firefox fetch": {c.fetch("await ", ";"), Fetch},
			"by hand":       {c.byHand(), Fetch},
			"PowerShell":    {c.powerShell(), PowerShell},
			"HAR":           {c.har(), HAR},
		} {
			p, err := Parse(form.text)
			require.NoError(t, err, "%s, seed %d\n%s", name, seed, form.text)
			require.Equal(t, form.form, p.Form, "%s, seed %d\n%s", name, seed, form.text)
			require.Len(t, p.Calls, 1, "%s, seed %d\n%s", name, seed, form.text)
			got := p.Calls[0]
			for _, f := range c.header {
				value, ok := got.field(f.Name)
				require.True(t, ok, "%s, seed %d: %s\n%s", name, seed, f.Name, form.text)
				require.Equal(t, f.Value, value, "%s, seed %d: %s\n%s", name, seed, f.Name, form.text)
			}
			method := c.method
			if form.form == PowerShell && method == "GET" {
				method = ""
			}
			assert.Equal(t, []any{method, c.url, c.hasBody}, []any{got.Method, got.URL, got.HasBody},
				"%s, seed %d\n%s", name, seed, form.text)
			require.Equal(t, c.body, got.Body, "%s, seed %d\n%s", name, seed, form.text)
			if form.form != PowerShell {
				assert.Equal(t, "https://app.example.com", got.Origin.Value)
			}
			if form.form != HAR {
				assert.Equal(t, Include, got.Credentials)
			}
			if form.form == PowerShell {
				cookie, _ := got.field("Cookie")
				assert.Equal(t, "a=bé", cookie)
			}
		}
	}
}

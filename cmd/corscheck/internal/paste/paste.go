// Package paste reads what people have in hand when a call fails: a call that the
// developer tools of a browser copied, in any of their forms, the line in the
// browser's console, a HAR file. It reads text and nothing else: it runs nothing,
// opens no file and asks nobody.
package paste

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"example.com/cors/internal/fetch"
)

// MaxSize bounds a paste, in bytes. HAR files are the largest.
const MaxSize = 64 << 20

// A Form is one of the forms that are recognized. Its text is what people call it.
type Form string

// The forms.
const (
	CurlBash       Form = "cURL (bash)"
	CurlCmd        Form = "cURL (cmd)"
	CurlPowerShell Form = "curl.exe (PowerShell)"
	Fetch          Form = "fetch"
	NodeFetch      Form = "fetch (Node.js)"
	PowerShell     Form = "PowerShell"
	HAR            Form = "HAR"
	Console        Form = "console"
)

// Known lists what is recognized, for an error.
const Known = "a call copied as cURL (bash, cmd), fetch, fetch (Node.js) or PowerShell, a HAR, " +
	"or the line in the console of Chromium, Firefox or Safari"

// ErrUnknown is returned for text that is none of the forms.
var ErrUnknown = errors.New("the paste is not recognized: paste " + Known)

// A Paste is what the text tells.
type Paste struct {
	Form  Form
	Calls []Call // in the order of the text, never empty

	vague bool // the text may be no console's line
}

// A Call is what the text tells of one call. What it does not tell is the zero
// value, and never a guess.
type Call struct {
	// Args are the arguments of curl, without the word itself. The rest is empty
	// then: what curl's flags mean is not the business of this package.
	Args []string

	URL         string
	Method      string
	Header      []Field // every header of the copy, Origin and Cookie too
	Body        string
	HasBody     bool
	BodyUnknown bool // there is one, but only the running program knows it
	Credentials Credentials
	Insecure    bool // the copy accepts any TLS certificate

	Origin Origin
	Mode   string   // of fetch: "cors", "no-cors", "navigate" …; "" if not told
	Notes  []string // what the text does not tell, in sentences

	Announced []string // headers whose names a preflight tells, and nothing their values

	Complaint *Complaint // of a line of the console
	Entry     *Entry     // of a HAR

	bodyType string // the Content-Type that fetch gives the body by itself
}

// A Field is a header.
type Field struct{ Name, Value string }

// An Origin is that of the page which calls.
type Origin struct {
	Value string
	From  string // where it stands, in words that follow "from"
}

// Credentials is the credentials mode of a call.
type Credentials string

// The modes.
const (
	Unknown    Credentials = ""
	Include    Credentials = "include"
	Omit       Credentials = "omit"
	SameOrigin Credentials = "same-origin"
)

// Parse reads a paste. The error is one line without a dot at its end.
func Parse(text string) (*Paste, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("that is more than %d MB", MaxSize>>20)
	}
	if strings.HasPrefix(text, "PK\x03\x04") || strings.HasPrefix(text, "\x1f\x8b") {
		return nil, errors.New("that is packed, as ZIP or gzip: unpack it, and give the file that is in it")
	}
	text = normalize(text)
	if text == "" {
		return nil, errors.New("the paste is empty: paste " + Known)
	}
	p, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(p.Calls) == 0 {
		return nil, ErrUnknown
	}
	for i := range p.Calls {
		p.Calls[i].findOrigin()
	}
	p.addOrigins(text)
	return p, nil
}

// addOrigins takes the page of a call from a line of the console beside it: a fetch in a page's own code
// does not tell it.
func (p *Paste) addOrigins(text string) {
	if p.Form != Fetch || !strings.Contains(text, "Access to ") {
		return
	}
	line, err := parseConsole(text)
	if err != nil || line == nil {
		return
	}
	for i := range p.Calls {
		for _, c := range line.Calls {
			if p.Calls[i].Origin.Value == "" && p.Calls[i].URL == c.URL {
				p.Calls[i].Origin = c.Origin
			}
		}
	}
}

// parse goes by how the text begins, and then by what is in it.
func parse(text string) (*Paste, error) {
	command := dropPrompt(text)
	if text[0] == '{' {
		if p, err := parseHAR(text); !errors.Is(err, ErrUnknown) {
			return p, err
		}
	}
	switch {
	case isCurl(command):
		return parseCurl(command)
	case powerShellIn(command)(command):
		return parsePowerShell(command)
	case startsFetch(text):
		return parseFetch(text)
	}
	line, err := parseConsole(text)
	if err != nil || line.namesURL() && !line.vague {
		return line, err
	}
	for _, inner := range quotedCode(text) {
		if p, err := parse(inner); err == nil && p.namesURL() {
			return p, nil
		}
	}
	if rest := lineOf(text, isCurl); rest != "" {
		return parseCurl(rest)
	}
	if rest := lineOf(text, powerShellIn(text)); rest != "" {
		return parsePowerShell(rest)
	}
	if findFetch(text, 0) >= 0 {
		return parseFetch(text)
	}
	if p := parseCurlWithin(text); p != nil {
		return p, nil
	}
	if line != nil {
		return line, nil
	}
	return nil, hintFor(text)
}

// namesURL reports whether the first call can be made: curl's arguments may name a URL.
func (p *Paste) namesURL() bool {
	return p != nil && len(p.Calls) > 0 && (p.Calls[0].URL != "" || p.Calls[0].Args != nil)
}

var (
	codeBlock  = regexp.MustCompile("(?ms)^[ \t]*(?:```|~~~)[^\n`]*\n(.*?)(?:^[ \t]*(?:```|~~~)|\\z)")
	codeInLine = regexp.MustCompile("`([^`\n]+)`")
	codeInJira = regexp.MustCompile(`(?s)\{(?:code|noformat)(?::[^}\n]*)?\}(.*?)\{(?:code|noformat)\}`)
)

// quotedCode returns what a text marks as code, in Markdown or as Jira does.
func quotedCode(text string) (blocks []string) {
	for _, pattern := range []*regexp.Regexp{codeBlock, codeInLine, codeInJira} {
		const most = 20
		for _, g := range pattern.FindAllStringSubmatch(text, most) {
			if inner := strings.TrimFunc(g[1], isBlank); inner != "" {
				blocks = append(blocks, inner)
			}
		}
	}
	return blocks
}

// lineOf returns text from the first line on which is accepts, "" if there is none. It asks
// about one end of the text after the other.
func lineOf(text string, is func(string) bool) string {
	for rest := text; rest != ""; {
		if command := dropPrompt(rest); is(command) {
			return command
		}
		_, after, found := strings.Cut(rest, "\n")
		if !found {
			return ""
		}
		rest = after
	}
	return ""
}

// normalize takes off what clipboards, pipes and chat programs put around a text.
func normalize(text string) string {
	text = decodeUTF16(text)
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\x00", "") // which the readers take for the end
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	if !strings.ContainsAny(text, `"'`) && escapedQuote.MatchString(text) {
		text = html.UnescapeString(text)
	}
	if i := strings.Index(text, "http"); i > 0 && (text[i-1] == '<' || text[i-1] == '[') {
		text = unwrapLinks(text) // a body may have such links of its own, behind the URL
	}
	text = strings.TrimFunc(dropLineNumbers(dropQuoteMarks(text)), isBlank)
	if fence, rest, found := strings.Cut(text, "\n"); found && strings.HasPrefix(fence, "```") {
		text = strings.TrimFunc(strings.TrimSuffix(strings.TrimFunc(rest, isBlank), "```"), isBlank)
	}
	if len(text) > 1 && text[0] == '`' && text[len(text)-1] == '`' && strings.Count(text, "`") == 2 {
		text = strings.TrimFunc(text[1:len(text)-1], isBlank)
	}
	return text
}

// dropQuoteMarks takes off the "> " that mail and issue trackers put before each line
// of what they quote.
func dropQuoteMarks(text string) string {
	lines := strings.Split(text, "\n")
	const most = 20 // times that it was quoted: each costs a look at the whole text
	for range most {
		for i, line := range lines {
			marked := strings.HasPrefix(strings.TrimLeft(line, " "), ">")
			if !marked && strings.TrimFunc(line, isBlank) != "" || i == 0 && !marked {
				return strings.Join(lines, "\n")
			}
		}
		for i, line := range lines {
			_, line, _ = strings.Cut(line, ">")
			lines[i] = strings.TrimPrefix(line, " ")
		}
	}
	return strings.Join(lines, "\n")
}

var escapedQuote = regexp.MustCompile(`&(?:#39|#x27|apos|quot);`)

// lineNumber is what editors and pagers show before a line.
var lineNumber = regexp.MustCompile(`^ *(\d+)(?: *[:|│] ?| +|\t|$)`)

// dropLineNumbers takes off the numbers of the lines, where all have one.
func dropLineNumbers(text string) string {
	lines := strings.Split(text, "\n")
	before := 0
	for i, line := range lines {
		g := lineNumber.FindStringSubmatch(line)
		if g == nil {
			return text
		}
		n, _ := strconv.Atoi(g[1])
		if i > 0 && n != before+1 {
			return text
		}
		lines[i], before = line[len(g[0]):], n
	}
	return strings.Join(lines, "\n")
}

// isBlank reports whether r is not seen: a space of some kind, or of no width.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x200b && r <= 0x200f || r == 0x2060 || r == 0xfeff
}

// decodeUTF16 turns what Windows pipes and saves into UTF-8.
func decodeUTF16(text string) string {
	if len(text) < 2 {
		return text
	}
	low, high := 0, 1
	switch text[:2] {
	case "\xff\xfe":
	case "\xfe\xff":
		low, high = 1, 0
	default:
		return text
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, uint16(text[i+low])|uint16(text[i+high])<<8)
	}
	return string(utf16.Decode(units))
}

// shellPrompt is a prompt, or what else may stand before the word curl.
var shellPrompt = regexp.MustCompile(`^((?:[^'"]{0,100}?[$#%>❯✗✔➜»λ*-] +|➜ +\S+ +(?:git:\S+ +)?|\d+[.)]? +)?` +
	`(?:(?:time|sudo|[A-Za-z_]+=\S*|docker(?:[ -]compose)? exec(?: -\S+)* \S+) +)*)curl(?:\.exe)?\s`)

// dropPrompt takes the prompt of a shell off the front of text.
func dropPrompt(text string) string {
	text = strings.TrimLeft(text, " \t")
	line, _, _ := strings.Cut(text, "\n")
	if g := shellPrompt.FindStringSubmatch(line); g != nil {
		return text[len(g[1]):]
	}
	if rest, ok := strings.CutPrefix(text, "$ "); ok {
		return strings.TrimLeft(rest, " ")
	}
	// PS C:\Users\me> and C:\Users\me>
	if strings.HasPrefix(line, "PS ") || len(line) > 2 && line[1] == ':' && line[2] == '\\' {
		if i := strings.IndexByte(line, '>'); i > 0 {
			return strings.TrimLeft(text[i+1:], " ")
		}
	}
	return text
}

// headLine is what the panel Headers of developer tools shows, what curl -v prints, and the head of a
// message.
var headLine = regexp.MustCompile(`(?mi)^[<>*\s]*(?:Request (?:URL|Method)\b|:(?:authority|method|path):|` +
	`HTTP/[\d.]+ \d{3}|[A-Z]{3,7} \S+ HTTP/\d|(?:host|origin|access-control-[a-z-]+): *\S)`)

// hintFor says what to copy instead, where the text is a line that tells nothing.
func hintFor(text string) error {
	const (
		policy    = "this is the page's own Content-Security-Policy, not CORS: add the URL to connect-src in it"
		mode      = `this is the mode of the call, not CORS: leave mode: "same-origin" out of the page's script`
		extension = "an extension of this browser blocked the call, such as one against advertisements, and not CORS: " +
			"switch it off for this page"
		scheme = "this is the URL, not CORS: it has to begin with http:// or https://"
	)
	for _, hint := range []struct{ sign, remedy string }{
		{"Content Security Policy", policy}, {"Content-Security-Policy", policy},
		{`Request mode is "same-origin"`, mode}, {"may not load data from", mode},
		{"ERR_BLOCKED_BY_CLIENT", extension},
		{"is not supported.", scheme}, {"only supported for", scheme}, {"Not allowed to load local resource", scheme},
	} {
		if strings.Contains(text, hint.sign) {
			return errors.New(hint.remedy)
		}
	}
	if strings.HasPrefix(OriginOf(text), "http") && !strings.ContainsAny(text, " \n") {
		return errors.New(`this is a URL alone: name it without "-", and the page that calls it, ` +
			"as in corscheck -origin https://app.example.com URL")
	}
	if headLine.MatchString(text) {
		return errors.New("these are headers, which do not tell the whole of a call: in the developer tools, under " +
			"Network, right-click the call and choose Copy as cURL")
	}
	for _, vague := range []string{
		"Failed to fetch", "NetworkError when attempting", "Load failed", "Network Error", "net::ERR_",
	} {
		if strings.Contains(text, vague) {
			return errors.New("this line names no call: copy the line of the console that begins with " +
				`"Access to …", "Cross-Origin Request Blocked" or "Origin …", or the call itself as cURL or fetch`)
		}
	}
	return ErrUnknown
}

// findOrigin takes the origin from the headers, where there are some: Origin
// itself, else the page in Referer.
func (c *Call) findOrigin() {
	if value, ok := c.field("Origin"); ok && value != "" {
		c.Origin = Origin{value, "Origin"}
		return
	}
	if c.Origin.Value != "" {
		return
	}
	if value, ok := c.field("Referer"); ok {
		if origin := OriginOf(value); origin != "" {
			c.Origin = Origin{origin, "Referer"}
		}
	}
}

// field returns the first header with the name.
func (c *Call) field(name string) (string, bool) {
	for _, f := range c.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}

// OriginOf returns the origin of the page at a URL, as browsers write it, "" if
// the URL tells none. What stands behind the host may be anything: browsers take
// URLs that net/url does not.
func OriginOf(page string) string {
	scheme, rest, found := strings.Cut(strings.TrimSpace(page), ":")
	scheme = lower(scheme)
	if !found || scheme == "" || strings.ContainsAny(scheme, " /?#\"'") {
		return ""
	}
	switch scheme {
	case "file", "data":
		return "null"
	case "blob":
		return OriginOf(rest)
	}
	host, found := strings.CutPrefix(rest, "//")
	if i := strings.IndexAny(host, `/?#\`); i >= 0 {
		host = host[:i]
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	switch scheme {
	case "http":
		host = lower(strings.TrimSuffix(strings.TrimSuffix(host, ":80"), ":"))
	case "https":
		host = lower(strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":"))
	}
	if !found || host == "" || strings.ContainsFunc(host, unicode.IsSpace) {
		return ""
	}
	return scheme + "://" + host
}

// lower turns the letters of ASCII into small ones. It keeps the length, even of text
// that is no UTF-8.
func lower(s string) string { return fetch.ByteLowercase(s) }

// repair mends what was built of bytes and of characters: bytes that are no UTF-8
// are characters up to U+00FF, as the browsers' "\xe9" means it.
func repair(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			r = rune(s[i])
		}
		b.WriteRune(r)
		i += size
	}
	return b.String()
}

// utf16Builder joins characters that are written as halves of UTF-16.
type utf16Builder struct {
	strings.Builder
	high rune // the first half, 0 if there is none
}

// unit adds a UTF-16 code unit, or a whole character.
func (b *utf16Builder) unit(r rune) {
	if b.high != 0 {
		joined := utf16.DecodeRune(b.high, r)
		b.high = 0
		b.Builder.WriteRune(joined) // U+FFFD for a half alone
		if joined != unicode.ReplacementChar {
			return
		}
	}
	if utf16.IsSurrogate(r) && r < 0xdc00 {
		b.high = r
		return
	}
	b.Builder.WriteRune(r)
}

func (b *utf16Builder) flush() {
	if b.high != 0 {
		b.high = 0
		b.Builder.WriteRune(unicode.ReplacementChar)
	}
}

func (b *utf16Builder) WriteByte(c byte) error {
	b.flush()
	return b.Builder.WriteByte(c)
}

func (b *utf16Builder) WriteString(s string) (int, error) {
	b.flush()
	return b.Builder.WriteString(s)
}

func (b *utf16Builder) String() string {
	b.flush()
	return b.Builder.String()
}

func (b *utf16Builder) Reset() {
	b.high = 0
	b.Builder.Reset()
}

package paste

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var errPowerShell = errors.New("the PowerShell command is not whole, or its quotes do not match: " +
	"copy it again as a whole")

// psCmdlets are the commands that make a call, and what they are abbreviated to.
var psCmdlets = []string{"invoke-webrequest", "invoke-restmethod", "iwr", "irm"}

// powerShellIn returns a function that reports whether an end of text begins as PowerShell
// does that makes a call, now or soon. It is to be asked about longer ends first, and then
// looks for the calls in the text once.
func powerShellIn(text string) func(end string) bool {
	const soon = 1 << 16 // bytes
	call := -1           // where one is
	return func(end string) bool {
		if slices.Contains(psCmdlets, lower(firstWord(end))) {
			return true
		}
		if !strings.HasPrefix(end, "$") {
			return false
		}
		at := len(text) - len(end)
		if call < at {
			call = len(text) + soon
			if found := psCall.FindStringIndex(end); found != nil {
				call = at + found[0]
			}
		}
		return call < at+soon || strings.HasPrefix(lower(firstWord(end)), "$session")
	}
}

var psCall = regexp.MustCompile(`(?i)(?:^|[\n;=|(])[ \x{a0}]*(?:Invoke-WebRequest|Invoke-RestMethod|iwr|irm)[ \x{a0}]`)

var (
	// A parameter that curl does not have, in lower case.
	psParameter = regexp.MustCompile(` -(?:uri|method|usebasicparsing) | -headers @`)
	psQuoted    = regexp.MustCompile(`'[^']*'|"[^"]*"`)
)

// psLooksLikeCmdlet reports whether the word curl is PowerShell's own short name for
// Invoke-WebRequest.
func psLooksLikeCmdlet(text string) bool {
	start := lower(text[:min(len(text), 1<<16)])
	return !strings.HasPrefix(start, "curl.exe") && psParameter.MatchString(psQuoted.ReplaceAllString(start, ""))
}

// firstWord returns the beginning of text up to a blank, of a long one a part.
func firstWord(text string) string {
	const most = 256 // bytes: each statement of a program may ask
	text = text[:min(len(text), most)]
	if i := strings.IndexAny(text, " \t\n`\u00a0"); i >= 0 {
		return text[:i]
	}
	return text
}

// A psReader reads PowerShell as far as copied calls use it.
type psReader struct {
	text      string
	at        int
	variables map[string]any
	agent     string  // $session.UserAgent
	cookies   []Field // $session.Cookies
}

// psPrompt is what the terminal writes before the lines that go on.
var psPrompt = regexp.MustCompile(`(?m)^>>(?: |$)`)

func newPSReader(text string) *psReader {
	text = psPrompt.ReplaceAllString(text, "")
	if before := text[:max(strings.IndexAny(text, `"'`), 0)]; strings.Contains(before, "\u00a0") {
		// A program put them in place of all others.
		text = strings.ReplaceAll(text, "\u00a0", " ")
	}
	return &psReader{text: text, variables: make(map[string]any)}
}

// What a value is, besides a string.
type (
	psTable   []Field
	psUnknown string // what the running program alone knows, as it is written
)

func parsePowerShell(text string) (*Paste, error) {
	r := newPSReader(text)
	p := &Paste{Form: PowerShell}
	for {
		r.blank()
		if r.at >= len(r.text) {
			break
		}
		call, err := r.statement()
		if err != nil {
			return nil, err
		}
		if call != nil {
			p.Calls = append(p.Calls, *call)
		}
	}
	if len(p.Calls) == 0 {
		return nil, errors.New("the PowerShell text makes no call: copy the lines with Invoke-WebRequest too")
	}
	return p, nil
}

// splitPowerShell splits text into commands and these into words, for curl.exe.
func splitPowerShell(text string) (commands [][]string, err error) {
	r := newPSReader(text)
	for r.at < len(r.text) {
		r.blank()
		var words []string
		for {
			r.space()
			if r.atEnd() {
				break
			}
			if r.peek() == '#' {
				r.at += lineEnd(r.text[r.at:])
				continue
			}
			value, err := r.value(true)
			if err != nil {
				return nil, err
			}
			// What PowerShell hands on has its quotes escaped for the program.
			words = append(words, strings.ReplaceAll(psText(value), `\"`, `"`))
		}
		if len(words) > 0 {
			commands = append(commands, words)
		}
	}
	return commands, nil
}

func (r *psReader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *psReader) rest() string { return r.text[r.at:] }

// space skips spaces, and line breaks behind a backtick.
func (r *psReader) space() {
	for r.at < len(r.text) {
		switch rest := r.rest(); {
		case rest[0] == ' ', rest[0] == '\t':
			r.at++
		case rest[0] == '`' && strings.HasPrefix(strings.TrimLeft(rest[1:], " \t"), "\n"):
			r.at += lineEnd(rest) + 1
		case strings.HasPrefix(rest, "\u00a0"):
			r.at += len("\u00a0")
		default:
			return
		}
	}
}

// blank skips what may stand between statements.
func (r *psReader) blank() {
	for {
		before := r.at
		r.space()
		switch r.peek() {
		case '\n', ';', '&', '|', ')', '}':
			r.at++
		case '#':
			r.at += lineEnd(r.rest())
		}
		if r.at == before {
			return
		}
	}
}

// atEnd reports whether a statement ends here.
func (r *psReader) atEnd() bool {
	switch r.peek() {
	case 0, '\n', ';', '|', ')', '}':
		return true
	}
	return false
}

// skipStatement goes to the end of the line, over what stands in quotes.
func (r *psReader) skipStatement() error {
	for r.space(); !r.atEnd(); r.space() {
		if _, err := r.value(true); err != nil {
			return err
		}
	}
	return nil
}

// statement reads one statement. It returns the call that it makes, nil for none.
func (r *psReader) statement() (*Call, error) {
	if r.peek() == '$' {
		return r.assignment()
	}
	word := lower(firstWord(r.rest()))
	if slices.Contains(psCmdlets, word) || word == "curl" || word == "wget" {
		r.at += len(word)
		return r.invoke()
	}
	return nil, r.skipStatement()
}

// assignment reads $name = value, $name.UserAgent = value, $name.Cookies.Add(…).
func (r *psReader) assignment() (*Call, error) {
	name := r.variable()
	if member, ok := strings.CutPrefix(lower(r.word()), "."); ok {
		r.at += len(".") + len(member)
		r.space()
		switch {
		case member == "useragent" && r.peek() == '=':
			r.at++
			r.space()
			value, err := r.value(false)
			r.agent = psText(value)
			return nil, err
		case member == "cookies.add" && r.peek() == '(':
			values, err := r.stringsWithin()
			if len(values) > 1 {
				r.cookies = append(r.cookies, Field{values[0], values[1]})
			}
			return nil, err
		case member == "add" && r.peek() == '(':
			values, err := r.stringsWithin()
			if table, ok := r.variables[name].(psTable); ok && len(values) == 2 {
				r.variables[name] = append(table, Field{values[0], values[1]})
			}
			return nil, err
		}
		return nil, r.skipStatement()
	}
	r.space()
	if r.peek() != '=' {
		return nil, r.skipStatement()
	}
	r.at++
	r.space()
	word := lower(firstWord(r.rest()))
	if slices.Contains(psCmdlets, word) {
		return nil, nil // the statement goes on with the call
	}
	if strings.HasPrefix(word, "new-object") {
		if line := lower(r.rest()[:lineEnd(r.rest())]); strings.Contains(line, "dictionary") ||
			strings.Contains(line, "hashtable") {
			r.variables[name] = psTable{}
		}
		return nil, r.skipStatement()
	}
	value, err := r.value(false)
	if err == nil {
		r.variables[name] = value
		r.space()
		if !r.atEnd() || r.peek() == '|' { // an expression
			r.variables[name] = psUnknown("$" + name)
			err = r.skipStatement()
		}
	}
	return nil, err
}

// variable reads $name or ${name}, and returns the name in lower case.
func (r *psReader) variable() string {
	r.at++
	if r.peek() == '{' {
		end := strings.IndexByte(r.rest(), '}')
		if end < 0 || end > 256 {
			return ""
		}
		name := r.text[r.at+1 : r.at+end]
		r.at += end + 1
		return lower(name)
	}
	start := r.at
	for r.at < len(r.text) && (isIdentifier(r.text[r.at]) || r.text[r.at] == ':' && r.at > start) {
		r.at++
	}
	return lower(r.text[start:r.at])
}

func isIdentifier(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

// word returns the letters and dots that follow.
func (r *psReader) word() string {
	i := r.at
	for i < len(r.text) && (isIdentifier(r.text[i]) || r.text[i] == '.') {
		i++
	}
	return r.text[r.at:i]
}

// value reads one value. An argument may also be a word without quotes.
func (r *psReader) value(argument bool) (any, error) {
	switch rest := r.rest(); {
	case rest == "":
		return nil, errPowerShell
	case strings.HasPrefix(rest, "@\"\n"), strings.HasPrefix(rest, "@'\n"):
		return r.hereString()
	case rest[0] == '"':
		return r.expandable()
	case rest[0] == '\'':
		return r.verbatim()
	case strings.HasPrefix(rest, "@{"):
		r.at += len("@{")
		return r.table()
	case rest[0] == '(':
		return r.parentheses()
	case rest[0] == '[':
		// A type: [ordered]@{…}, [string]"…".
		end := strings.IndexByte(rest, ']')
		if end < 0 || end > 256 {
			return nil, errPowerShell
		}
		r.at += end + 1
		if next := r.peek(); next == '"' || next == '\'' || next == '@' || next == '(' || next == '$' || next == '[' {
			return r.value(argument)
		}
		return r.bare(), nil
	case rest[0] == '$' && len(rest) > 1 && (isIdentifier(rest[1]) || rest[1] == '{'):
		start := r.at
		name := r.variable()
		if next := r.peek(); next == '.' || next == '[' {
			r.bare()
			return psUnknown(r.text[start:r.at]), nil
		}
		if value, ok := r.variables[name]; ok {
			return value, nil
		}
		switch name {
		case "true", "false", "null":
			return name, nil
		}
		return psUnknown(r.text[start:r.at]), nil
	case isCurly(rest):
		return nil, errCurly
	default:
		return r.bare(), nil
	}
}

// bare reads a word without quotes. Quotes inside of it belong to it.
func (r *psReader) bare() any {
	var b utf16Builder
	for r.at < len(r.text) {
		switch c := r.peek(); {
		case strings.IndexByte(" \t\n;|(){}", c) >= 0, strings.HasPrefix(r.rest(), "\u00a0"):
			if b.Len() == 0 {
				r.at++ // always get on
			}
			return b.String()
		case c == '`' && r.at+1 < len(r.text):
			if r.text[r.at+1] == '\n' {
				return b.String()
			}
			r.escape(&b)
		default:
			_ = b.WriteByte(c)
			r.at++
		}
	}
	return b.String()
}

// escape reads what stands behind a backtick.
func (r *psReader) escape(b *utf16Builder) {
	c := r.text[r.at+1]
	r.at += 2
	if n := strings.IndexByte("0abefnrtv", c); n >= 0 {
		_ = b.WriteByte("\x00\a\b\x1b\f\n\r\t\v"[n])
		return
	}
	if c == 'u' && r.peek() == '{' {
		value, n := digits(r.text[r.at+1:], 16, 6)
		if n > 0 && r.at+1+n < len(r.text) && r.text[r.at+1+n] == '}' {
			b.unit(rune(min(value, utf8.MaxRune+1)))
			r.at += n + 2
			return
		}
	}
	_ = b.WriteByte(c)
}

// expandable reads a text between double quotes.
func (r *psReader) expandable() (any, error) {
	r.at++
	var b utf16Builder
	for r.at < len(r.text) {
		switch c := r.peek(); {
		case c == '"' && strings.HasPrefix(r.text[r.at+1:], `"`):
			_ = b.WriteByte('"')
			r.at += 2
		case c == '"':
			r.at++
			return b.String(), nil
		case c == '`' && r.at+1 < len(r.text):
			r.escape(&b)
		case c == '$':
			r.expand(&b)
		default:
			_ = b.WriteByte(c)
			r.at++
		}
	}
	return nil, errCutQuote
}

// expand reads a $ in a text: a character by its number, a variable that the text
// before has set. Anything else stays as it is written.
func (r *psReader) expand(b *utf16Builder) {
	rest := r.rest()
	if inner, ok := strings.CutPrefix(lower(rest[:min(len(rest), 64)]), "$([char]"); ok {
		skipped := len("$([char]")
		trimmed := strings.TrimLeft(inner, " ")
		skipped += len(inner) - len(trimmed)
		base := 10
		if hex, ok := strings.CutPrefix(trimmed, "0x"); ok {
			base, skipped, trimmed = 16, skipped+2, hex
		}
		value, n := digits(trimmed, base, 7)
		if n > 0 && strings.HasPrefix(trimmed[n:], ")") {
			b.unit(rune(min(value, utf8.MaxRune+1)))
			r.at += skipped + n + 1
			return
		}
	}
	if strings.HasPrefix(rest, "$(") {
		n := substitution(rest)
		_, _ = b.WriteString(rest[:n])
		r.at += n
		return
	}
	start := r.at
	if len(rest) > 1 && (isIdentifier(rest[1]) || rest[1] == '{') {
		name := r.variable()
		if value, ok := r.variables[name].(string); ok && r.at > start {
			_, _ = b.WriteString(value)
			return
		}
	}
	r.at = max(r.at, start+1)
	_, _ = b.WriteString(r.text[start:r.at])
}

// verbatim reads a text between single quotes.
func (r *psReader) verbatim() (any, error) {
	r.at++
	var b strings.Builder
	for {
		n := strings.IndexByte(r.rest(), '\'')
		if n < 0 {
			return nil, errCutQuote
		}
		b.WriteString(r.text[r.at : r.at+n])
		r.at += n + 1
		if r.peek() != '\'' {
			return b.String(), nil
		}
		b.WriteByte('\'')
		r.at++
	}
}

// hereString reads @"…"@ or @'…'@, which stand on lines of their own.
func (r *psReader) hereString() (any, error) {
	quote := r.text[r.at+1]
	r.at += len("@\"")
	end := strings.Index(r.rest(), "\n"+string(quote)+"@")
	if end < 0 {
		return nil, errCutQuote
	}
	content := r.text[r.at : r.at+end]
	r.at += end + len("\n\"@")
	if content == "" {
		return "", nil
	}
	content = content[1:] // the line break behind the quote
	if quote == '\'' {
		return content, nil
	}
	inner := &psReader{text: content, variables: r.variables}
	var b utf16Builder
	for inner.at < len(content) {
		switch c := inner.peek(); {
		case c == '`' && inner.at+1 < len(content):
			inner.escape(&b)
		case c == '$':
			inner.expand(&b)
		default:
			_ = b.WriteByte(c)
			inner.at++
		}
	}
	return b.String(), nil
}

// table reads what stands between @{ and }.
func (r *psReader) table() (any, error) {
	table := psTable{}
	for {
		for {
			before := r.at
			r.space()
			switch r.peek() {
			case '\n', ';', ',':
				r.at++
			case '#':
				r.at += lineEnd(r.rest())
			}
			if r.at == before {
				break
			}
		}
		if r.peek() == '}' {
			r.at++
			return table, nil
		}
		var name string
		if c := r.peek(); c == '"' || c == '\'' {
			value, err := r.value(false)
			if err != nil {
				return nil, err
			}
			name = psText(value)
		} else {
			start := r.at
			for r.at < len(r.text) && strings.IndexByte(" \t\n=;{}", r.text[r.at]) < 0 {
				r.at++
			}
			name = r.text[start:r.at]
		}
		r.space()
		if r.peek() != '=' || name == "" {
			return nil, errPowerShell
		}
		r.at++
		r.space()
		value, err := r.value(true)
		if err != nil {
			return nil, err
		}
		table = append(table, Field{name, psText(value)})
		// An expression goes on: "Bearer " + $token.
		for r.space(); !r.atEnd() && r.peek() != ','; r.space() {
			if _, err := r.value(true); err != nil {
				return nil, err
			}
		}
		if c := r.peek(); c == 0 || c == ')' || c == '|' {
			return nil, errPowerShell
		}
	}
}

// parentheses reads an expression. The bytes of a text are the text; everything
// else only the running program knows.
func (r *psReader) parentheses() (any, error) {
	start := r.at
	var last any
	values := 0
	bytesOf := false
	depth := 0
	for r.at < len(r.text) {
		switch c := r.peek(); {
		case c == '(':
			depth++
			r.at++
		case c == ')':
			depth--
			r.at++
			if depth == 0 {
				if _, isText := last.(string); isText && values == 1 && bytesOf {
					return last, nil
				}
				if values == 1 && !strings.ContainsAny(r.text[start:min(r.at, start+8)], "[$") && last != nil {
					return last, nil
				}
				return psUnknown(r.text[start:r.at]), nil
			}
		case c == '"', c == '\'', strings.HasPrefix(r.rest(), "@\"\n"), strings.HasPrefix(r.rest(), "@'\n"):
			value, err := r.value(false)
			if err != nil {
				return nil, err
			}
			last = value
			values++
		case c == '[':
			end := strings.IndexByte(r.rest(), ']')
			if end < 0 || end > 256 {
				return nil, errPowerShell
			}
			r.at += end + 1
			method := r.rest()
			if strings.HasPrefix(method, "::") {
				name := method[2:min(len(method), 32)]
				bytesOf = strings.HasPrefix(lower(name), "utf8.getbytes")
			}
		case c == '|', c == '+', c == '$', c == '-':
			values = 2 // an expression
			r.at++
		default:
			r.at++
		}
	}
	return nil, errPowerShell
}

// stringsWithin reads the texts between parentheses.
func (r *psReader) stringsWithin() (values []string, err error) {
	depth := 0
	for r.at < len(r.text) {
		switch r.peek() {
		case '(':
			depth++
			r.at++
		case ')':
			depth--
			r.at++
			if depth == 0 {
				return values, nil
			}
		case '"', '\'':
			value, err := r.value(false)
			if err != nil {
				return nil, err
			}
			values = append(values, psText(value))
		default:
			r.at++
		}
	}
	return nil, errPowerShell
}

func psText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case psUnknown:
		return string(v)
	}
	return ""
}

// The parameters of Invoke-WebRequest that matter, and those without a value.
var (
	psParameters = []string{
		"uri", "method", "custommethod", "headers", "contenttype", "body", "websession", "useragent", "form",
		"sessionvariable", "outfile", "infile", "timeoutsec", "proxy", "credential", "authentication", "token",
	}
	psSwitches = []string{
		"usebasicparsing", "skipcertificatecheck", "usedefaultcredentials", "disablekeepalive", "passthru",
		"skipheadervalidation", "skiphttperrorcheck", "allowunencryptedauthentication", "verbose", "debug",
		"preserveauthorizationonredirect", "allowinsecureredirect", "resume", "preservehttpmethodonredirect",
	}
)

// invoke reads the parameters of a call.
func (r *psReader) invoke() (*Call, error) {
	call := &Call{}
	agent := r.agent
	var body any
	for r.space(); !r.atEnd(); r.space() {
		if r.peek() == '#' {
			r.at += lineEnd(r.rest())
			continue
		}
		name := ""
		if r.peek() == '-' {
			r.at++
			name = lower(r.word())
			r.at += len(name)
			if r.peek() == ':' {
				r.at++
				if abbreviated(psSwitches, name) != "" {
					r.space()
					if _, err := r.value(true); err != nil {
						return nil, err
					}
				}
			}
		} else if r.peek() == '@' && len(r.rest()) > 1 && isIdentifier(r.rest()[1]) {
			return nil, fmt.Errorf("the parameters stand in a variable, %s: write them out, as in -Uri … -Method …",
				written(firstWord(r.rest())))
		} else {
			name = "uri"
		}
		if full := abbreviated(psSwitches, name); full != "" {
			switch full {
			case "skipcertificatecheck":
				call.Insecure = true
			case "usedefaultcredentials":
				call.Credentials = Include
			}
			continue
		}
		r.space()
		if r.atEnd() {
			return nil, errPowerShell
		}
		value, err := r.value(true)
		if err != nil {
			return nil, err
		}
		switch full := abbreviated(psParameters, name); full {
		case "uri":
			if _, unknown := value.(psUnknown); unknown {
				return nil, fmt.Errorf("the URL is a variable, %s: write out what it holds", written(psText(value)))
			}
			call.URL = psText(value)
		case "method", "custommethod":
			// Browsers copy the method of a script as it is, and CORS tells patch from PATCH.
			if call.Method = psText(value); call.Method != "patch" || !strings.Contains(r.text, psCopied) {
				call.Method = psMethod(call.Method)
			}
		case "headers":
			table, ok := value.(psTable)
			if !ok {
				return nil, fmt.Errorf("the headers are a variable, %s: write them out, as in @{…}", written(psText(value)))
			}
			call.Header = append(call.Header, table...)
		case "contenttype":
			call.Header = append(call.Header, Field{"Content-Type", psText(value)})
		case "useragent":
			agent = psText(value)
		case "body":
			body = value
		case "form":
			call.HasBody, call.BodyUnknown = true, true
			call.Header = append(call.Header, Field{"Content-Type", "multipart/form-data; boundary=x"})
		case "infile":
			call.HasBody, call.BodyUnknown = true, true
		}
	}
	if call.URL == "" {
		return nil, errors.New("the PowerShell command has no -Uri: copy it again as a whole")
	}
	call.dropHTTP2()
	if agent != "" {
		call.Header = append(call.Header, Field{"User-Agent", agent})
	}
	if len(r.cookies) > 0 {
		call.Header = append(call.Header, Field{"Cookie", cookieLine(r.cookies)})
		call.Credentials = Include
	}
	call.takeBody(body)
	return call, nil
}

// psCopied stands in each copy of a browser, and seldom in what people write.
const psCopied = `-UseBasicParsing -Uri "`

// psMethod turns PowerShell's own spelling, such as Put, into the method.
func psMethod(name string) string {
	switch upper := strings.ToUpper(name); upper {
	case "DEFAULT":
		return ""
	case "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "MERGE", "PATCH":
		return upper
	}
	return name
}

func (c *Call) takeBody(body any) {
	switch body := body.(type) {
	case nil:
	case string:
		c.Body, c.HasBody = body, true
	case psTable:
		form := url.Values{}
		for _, f := range body {
			form.Add(f.Name, f.Value)
		}
		c.Body, c.HasBody = form.Encode(), true
		if _, ok := c.field("Content-Type"); !ok {
			c.Header = append(c.Header, Field{"Content-Type", "application/x-www-form-urlencoded"})
		}
	default:
		c.HasBody, c.BodyUnknown = true, true
	}
}

// dropHTTP2 leaves out the parts of the request line that Chromium's developer
// tools list as headers, where all four are there.
func (c *Call) dropHTTP2() {
	names := []string{"authority", "method", "path", "scheme"}
	for _, name := range names {
		if _, ok := c.field(name); !ok {
			return
		}
	}
	kept := c.Header[:0]
	for _, f := range c.Header {
		if !slices.Contains(names, lower(f.Name)) {
			kept = append(kept, f)
		}
	}
	c.Header = kept
}

// abbreviated returns the name in names that begins with name, "" if there is none.
func abbreviated(names []string, name string) string {
	if name == "" {
		return ""
	}
	for _, full := range names {
		if strings.HasPrefix(full, name) {
			return full
		}
	}
	return ""
}

func cookieLine(cookies []Field) string {
	var b strings.Builder
	for i, c := range cookies {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.Name + "=" + c.Value)
	}
	return b.String()
}

package paste

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errFetch = errors.New("the fetch(…) is not whole, or its quotes and brackets do not match: " +
	"copy it again as a whole")

// startsFetch reports whether text begins with a call of fetch, perhaps with what
// programs write before it.
func startsFetch(text string) bool {
	at := findFetch(text, 0)
	if at < 0 || at > 256 {
		return false
	}
	before := text[:at]
	return !strings.Contains(before, "\n") || strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*")
}

// findFetch returns where the next fetch( begins, from i on, outside of texts and
// comments; -1 if there is none.
func findFetch(text string, i int) int {
	for i < len(text) {
		switch c := text[i]; {
		case c == '"', c == '\'':
			i = skipQuoted(text, i)
		case strings.HasPrefix(text[i:], "//") && (i == 0 || text[i-1] != ':'):
			i += lineEnd(text[i:])
		case strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i:], "*/")
			if n < 0 {
				return -1
			}
			i += n
		case isIdentifier(c):
			start := i
			for i < len(text) && isIdentifier(text[i]) {
				i++
			}
			if text[start:i] != "fetch" {
				continue
			}
			after := i
			for after < len(text) && (text[after] == ' ' || text[after] == '\n') {
				after++
			}
			if after < len(text) && text[after] == '(' {
				return start
			}
			i = after
		default:
			i++
		}
	}
	return -1
}

// skipQuoted returns where a text in quotes ends. One without an end ends with its
// line: it was an apostrophe.
func skipQuoted(text string, i int) int {
	quote := text[i]
	for i++; i < len(text) && text[i] != '\n'; i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		}
	}
	return min(i, len(text))
}

func parseFetch(text string) (*Paste, error) {
	p := &Paste{Form: Fetch}
	variables := declared(text)
	for at := findFetch(text, 0); at >= 0; {
		r := &jsReader{text: text, at: at + len("fetch"), variables: variables}
		r.blank()
		r.at++ // the parenthesis
		call, browser, err := r.call()
		if err != nil {
			return nil, err
		}
		_, referer := call.field("Referer")
		_, cookie := call.field("Cookie")
		if !browser && (referer || cookie) { // browsers let no script set these
			p.Form = NodeFetch
		}
		if cookie {
			call.Credentials = Include
		}
		p.Calls = append(p.Calls, *call)
		at = findFetch(text, r.at)
	}
	return p, nil
}

// declaration has a variable that is set in group 1, one that something is added to in 2,
// and one of which a member is set in 4, with the member's name in 5 or 6.
var declaration = regexp.MustCompile(`\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*|` +
	`\b([A-Za-z_$][\w$]*)\.(?:append|set)(\()|` +
	`\b([A-Za-z_$][\w$]*)(?:\.([A-Za-z_$][\w$]*)|\[\s*["']([^"'\n]+)["']\s*\])\s*=(?:\s|["'{])`)

// declared returns the variables that the text sets to literals, with what it adds to
// objects, Headers and URLSearchParams.
func declared(text string) map[string]any {
	const most = 100
	variables := make(map[string]any)
	for _, at := range declaration.FindAllStringSubmatchIndex(text, most) {
		group := func(n int) string { return text[max(at[2*n], 0):max(at[2*n+1], 0)] }
		end := min(len(text), at[1]+1<<16)
		r := &jsReader{text: text[:end], at: at[1], variables: variables}
		switch name := group(1) + group(2) + group(4); {
		case group(1) != "":
			value, err := r.value()
			if _, twice := variables[name]; err != nil || twice {
				value = jsUnknown(name)
			}
			variables[name] = value
		case variables[name] == nil:
		case group(2) != "":
			r.at = at[6]
			pair, err := r.arguments()
			variables[name] = added(variables[name], pair, err == nil, name)
		default:
			r.at = at[1] - 1 // the first character of the value
			if value, err := r.value(); err == nil {
				variables[name] = added(variables[name], jsList{group(5) + group(6), value}, true, name)
			}
		}
	}
	return variables
}

// added is what a variable holds once a pair was added to it.
func added(before any, pair jsList, known bool, name string) any {
	key, isText := "", false
	if known = known && len(pair) == 2; known {
		key, isText = pair[0].(string)
	}
	switch before := before.(type) {
	case jsObject:
		if isText {
			others := slices.DeleteFunc(slices.Clone(before), func(m jsMember) bool { return m.name == key })
			return append(others, jsMember{key, pair[1]})
		}
	case jsForm:
		if !isText {
			break
		}
		if value, ok := pair[1].(string); ok {
			return append(before[:len(before):len(before)], Field{key, value})
		}
	}
	return jsUnknown(name)
}

// A jsReader reads the literals of JavaScript. Everything else is an expression,
// which it can skip.
type jsReader struct {
	text      string
	at        int
	depth     int
	variables map[string]any // what the text set before
}

// What a value is, besides string, float64, bool and nil.
type (
	jsList    []any
	jsObject  []jsMember
	jsUnknown string   // an expression, as it is written
	jsForm    []Field  // of URLSearchParams
	jsMember  struct { // a member of an object, in order
		name  string
		value any
	}
)

// What stands in an object in place of a name: nobody gives a member a name with a NUL.
const (
	noName         = "\x00"
	requestMember  = noName + "Request"  // the arguments of new Request(…)
	spreadMember   = noName + "spread"   // ...headers
	computedMember = noName + "computed" // [name]: value
)

// maxDepth bounds how deep brackets stand in brackets.
const maxDepth = 64

// call reads the arguments of fetch. browser reports whether there is a member
// that Node.js does not know.
func (r *jsReader) call() (call *Call, browser bool, err error) {
	address, err := r.value()
	if err != nil {
		return nil, false, err
	}
	var options any
	r.blank()
	if r.peek() == ',' {
		r.at++
		r.blank()
		if r.peek() != ')' {
			if options, err = r.value(); err != nil {
				return nil, false, err
			}
			r.blank()
		}
		if r.peek() == ',' {
			r.at++
			r.blank()
		}
	}
	if r.peek() != ')' {
		return nil, false, errFetch
	}
	r.at++
	call = &Call{}
	// fetch(new Request("…", {…})) is the same call.
	if request, ok := address.(jsObject); ok && len(request) > 0 && request[0].name == requestMember {
		list, _ := request[0].value.(jsList)
		if len(list) > 0 {
			address = list[0]
		}
		if len(list) > 1 && options == nil {
			options = list[1]
		}
	}
	var ok bool
	if call.URL, ok = address.(string); !ok {
		return nil, false, fmt.Errorf("the URL is an expression, %s: write out what it is when the page runs",
			written(address))
	}
	if call.URL == "" {
		return nil, false, errors.New("the URL of fetch is empty")
	}
	switch options := options.(type) {
	case nil:
	case jsObject:
		for _, m := range options {
			known, err := call.setMember(m.name, m.value)
			if err != nil {
				return nil, false, err
			}
			browser = browser || known
		}
	default:
		return nil, false, fmt.Errorf("the second argument of fetch is an expression, %s: "+
			"write it out, as in {method: \"PUT\"}", written(options))
	}
	if _, ok := call.field("Content-Type"); !ok && call.bodyType != "" {
		call.Header = append(call.Header, Field{"Content-Type", call.bodyType}) // as fetch does
	}
	call.bodyType = ""
	return call, browser, nil
}

// setMember takes a member of fetch's second argument. browser reports whether it
// is one that only browsers know.
func (c *Call) setMember(name string, value any) (browser bool, err error) {
	text, isText := value.(string)
	switch name {
	case "method":
		if !isText {
			return false, fmt.Errorf("the method is an expression, %s: write out what it is", written(value))
		}
		c.Method = text
	case "headers":
		return false, c.setHeaders(value)
	case "body":
		switch body := value.(type) {
		case nil:
		case string:
			c.Body, c.HasBody = body, true
			c.bodyType = "text/plain;charset=UTF-8"
		case jsForm:
			c.Body, c.HasBody = encodeForm(body), true
			c.bodyType = "application/x-www-form-urlencoded;charset=UTF-8"
		default:
			c.HasBody, c.BodyUnknown = true, true
		}
	case "credentials":
		browser = true
		switch mode := Credentials(text); mode {
		case Include, Omit, SameOrigin:
			c.Credentials = mode
		default:
			return false, fmt.Errorf("credentials is %s: browsers know include, omit and same-origin", written(value))
		}
	case "mode":
		browser = true
		c.Mode = text
	case "referrer":
		browser = true
		if origin := OriginOf(text); origin != "" {
			c.Origin = Origin{origin, "referrer"}
		}
	case "cache", "redirect", "referrerPolicy", "integrity", "keepalive", "priority":
		browser = true
	}
	return browser, nil
}

// setHeaders takes an object, a list of pairs, or either in new Headers(…).
func (c *Call) setHeaders(value any) error {
	switch headers := value.(type) {
	case nil:
	case jsObject:
		for _, m := range headers {
			if m.name == spreadMember {
				c.Notes = append(c.Notes, "Some headers are an expression, "+written(m.value)+": name them with -H.")
				continue
			}
			c.Header = append(c.Header, Field{m.name, c.headerValue(m.name, m.value)})
		}
	case jsList:
		for _, pair := range headers {
			list, ok := pair.(jsList)
			if !ok || len(list) != 2 {
				return errFetch
			}
			name, ok := list[0].(string)
			if !ok {
				return errFetch
			}
			c.Header = append(c.Header, Field{name, c.headerValue(name, list[1])})
		}
	default:
		return fmt.Errorf("the headers are an expression, %s: "+
			"write them out, as in {\"Content-Type\": \"application/json\"}", written(value))
	}
	return nil
}

func (c *Call) headerValue(name string, value any) string {
	switch v := value.(type) {
	case string:
		return v
	case jsUnknown:
		c.Notes = append(c.Notes, "The value of "+name+" is an expression, and is sent as it is written.")
		return strings.Join(strings.Fields(strings.Trim(string(v), "`")), " ")
	default:
		return jsString(v)
	}
}

func encodeForm(form jsForm) string {
	parts := make([]string, 0, len(form))
	for _, f := range form {
		parts = append(parts, url.QueryEscape(f.Name)+"="+url.QueryEscape(f.Value))
	}
	return strings.Join(parts, "&")
}

// written is a value as a message names it.
func written(value any) string {
	text := ""
	switch v := value.(type) {
	case jsUnknown:
		text = string(v)
	case jsObject, jsList, jsForm:
		text = "an object"
	default:
		text = jsString(v)
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 40 {
		text = string(runes[:39]) + "…"
	}
	return strconv.Quote(text)
}

func (r *jsReader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *jsReader) rest() string { return r.text[r.at:] }

// blank skips spaces and comments.
func (r *jsReader) blank() {
	for r.at < len(r.text) {
		switch rest := r.rest(); {
		case strings.IndexByte(" \t\n\r", rest[0]) >= 0:
			r.at++
		case strings.HasPrefix(rest, "//"):
			r.at += lineEnd(rest)
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest, "*/")
			if n < 0 {
				r.at = len(r.text)
				return
			}
			r.at += n + len("*/")
		case strings.HasPrefix(rest, "\u00a0"):
			r.at += len("\u00a0")
		default:
			return
		}
	}
}

// value reads a value, with what is added to it. What is not a literal is an
// expression: a jsUnknown.
func (r *jsReader) value() (any, error) {
	if r.depth++; r.depth > maxDepth {
		return nil, errors.New("the brackets stand too deep in each other")
	}
	defer func() { r.depth-- }()
	r.blank()
	start := r.at
	value, err := r.operand()
	if err != nil {
		return nil, err
	}
	for {
		end := r.at
		r.blank()
		c := r.peek()
		switch {
		case c == '+':
			r.at++
			r.blank()
			more, err := r.operand()
			if err != nil {
				return nil, err
			}
			if _, ok := value.(string); ok && isPlain(more) {
				value = jsString(value) + jsString(more)
			} else {
				value = jsUnknown(r.text[start:r.at])
			}
			continue
		case strings.HasPrefix(r.rest(), "as ") || strings.HasPrefix(r.rest(), "satisfies "):
			// TypeScript's types say nothing of the value.
			if err := r.skip(); err != nil {
				return nil, err
			}
			return value, nil
		case c == 0, strings.IndexByte(",)]};:", c) >= 0:
			r.at = end
			return value, nil
		}
		// An operator, a call, an index: an expression.
		if err := r.skip(); err != nil {
			return nil, err
		}
		return jsUnknown(strings.TrimSpace(r.text[start:r.at])), nil
	}
}

// operand reads one literal, or one name with what hangs on it.
func (r *jsReader) operand() (any, error) {
	switch c := r.peek(); {
	case c == 0:
		return nil, errFetch
	case c == '"', c == '\'':
		return r.quoted()
	case c == '`':
		return r.template()
	case c == '{':
		return r.object()
	case c == '[':
		return r.list()
	case c >= '0' && c <= '9', c == '-', c == '.':
		start := r.at
		for r.at++; r.at < len(r.text) && (isIdentifier(r.text[r.at]) || r.text[r.at] == '.'); {
			r.at++
		}
		if f, err := strconv.ParseFloat(r.text[start:r.at], 64); err == nil {
			return f, nil
		}
		return jsUnknown(r.text[start:r.at]), nil
	case isCurly(r.rest()):
		return nil, errCurly
	case isIdentifier(c), c == '$', c == '(', c == '!':
		return r.name()
	}
	return nil, errFetch
}

// name reads an identifier, and the few calls whose result is known without
// running them.
func (r *jsReader) name() (any, error) {
	start := r.at
	word := r.word()
	if word == "new" || word == "await" {
		r.blank()
		word = r.word()
	}
	switch word {
	case "true", "false":
		return word == "true", nil
	case "null", "undefined":
		return nil, nil
	}
	if value, ok := r.variables[word]; ok {
		return value, nil
	}
	r.blank()
	if r.peek() == '(' {
		switch word {
		case "Headers", "URL", "URLSearchParams", "Request", "JSON.stringify", "encodeURIComponent", "String":
			arguments, err := r.arguments()
			if err != nil {
				return nil, err
			}
			if value := evaluate(word, arguments); value != nil {
				return value, nil
			}
			return jsUnknown(r.text[start:r.at]), nil
		}
	}
	if err := r.skip(); err != nil {
		return nil, err
	}
	return jsUnknown(strings.TrimSpace(r.text[start:r.at])), nil
}

// evaluate is what a call of word gives, nil if it cannot be known.
func evaluate(word string, arguments jsList) any {
	if len(arguments) == 0 {
		switch word {
		case "Headers":
			return jsObject{}
		case "URLSearchParams":
			return jsForm{}
		}
		return nil
	}
	first := arguments[0]
	text, isText := first.(string)
	switch word {
	case "Headers":
		return first
	case "Request":
		return jsObject{{requestMember, arguments}}
	case "String":
		if isText {
			return text
		}
	case "URL":
		base := ""
		if len(arguments) > 1 {
			base, _ = arguments[1].(string)
			if base == "" {
				return nil
			}
		}
		if !isText {
			return nil
		}
		if base == "" {
			return text
		}
		b, err := url.Parse(base)
		if err != nil {
			return nil
		}
		joined, err := b.Parse(text)
		if err != nil {
			return nil
		}
		return joined.String()
	case "encodeURIComponent":
		if isText {
			return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
		}
	case "JSON.stringify":
		if text, ok := jsJSON(first); ok {
			return text
		}
	case "URLSearchParams":
		switch v := first.(type) {
		case string:
			form := jsForm{}
			for part := range strings.SplitSeq(strings.TrimPrefix(v, "?"), "&") {
				name, value, _ := strings.Cut(part, "=")
				name, err1 := url.QueryUnescape(name)
				value, err2 := url.QueryUnescape(value)
				if err1 != nil || err2 != nil {
					return nil
				}
				form = append(form, Field{name, value})
			}
			return form
		case jsObject:
			form := jsForm{}
			for _, m := range v {
				switch m.value.(type) {
				case jsUnknown, jsObject, jsList:
					return nil
				}
				form = append(form, Field{m.name, jsString(m.value)})
			}
			return form
		}
	}
	return nil
}

// word reads a name with dots.
func (r *jsReader) word() string {
	start := r.at
	for r.at < len(r.text) && (isIdentifier(r.text[r.at]) || r.text[r.at] == '$' || r.text[r.at] == '.') {
		r.at++
	}
	return r.text[start:r.at]
}

// arguments reads what stands between parentheses.
func (r *jsReader) arguments() (values jsList, err error) {
	r.at++
	for {
		r.blank()
		if r.peek() == ')' {
			r.at++
			return values, nil
		}
		value, err := r.value()
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		r.blank()
		switch r.peek() {
		case ',':
			r.at++
		case ')':
		default:
			return nil, errFetch
		}
	}
}

// skip goes over an expression, to the comma or the bracket that ends it.
func (r *jsReader) skip() error {
	depth := 0
	for r.at < len(r.text) {
		r.blank()
		switch c := r.peek(); c {
		case 0:
		case '"', '\'':
			if _, err := r.quoted(); err != nil {
				return err
			}
			continue
		case '`':
			if _, err := r.template(); err != nil {
				return err
			}
			continue
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth == 0 {
				return nil
			}
			depth--
		case ',', ';':
			if depth == 0 {
				return nil
			}
		}
		r.at++
	}
	if depth > 0 {
		return errFetch
	}
	r.at = min(r.at, len(r.text))
	return nil
}

// quoted reads a text between quotes, with JavaScript's escapes.
func (r *jsReader) quoted() (any, error) {
	quote := r.peek()
	r.at++
	var b utf16Builder
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch c {
		case quote:
			r.at++
			return b.String(), nil
		case '\n':
			return nil, errCutQuote
		case '\\':
			if err := r.escape(&b); err != nil {
				return nil, err
			}
			continue
		}
		_ = b.WriteByte(c)
		r.at++
	}
	return nil, errCutQuote
}

// escape reads what a backslash begins.
func (r *jsReader) escape(b *utf16Builder) error {
	if r.at+1 >= len(r.text) {
		return errCutQuote
	}
	c := r.text[r.at+1]
	r.at += 2
	if n := strings.IndexByte("bfnrtv0", c); n >= 0 {
		_ = b.WriteByte("\b\f\n\r\t\v\x00"[n])
		return nil
	}
	rest := r.rest()
	switch c {
	case '\n':
	case 'x':
		value, n := digits(rest, 16, 2)
		if n != 2 {
			return errFetch
		}
		b.unit(rune(value))
		r.at += n
	case 'u':
		if inner, ok := strings.CutPrefix(rest, "{"); ok {
			value, n := digits(inner, 16, 8)
			if n == 0 || !strings.HasPrefix(inner[n:], "}") || value > utf8.MaxRune {
				return errFetch
			}
			b.unit(rune(value))
			r.at += n + len("{}")
			return nil
		}
		value, n := digits(rest, 16, 4)
		if n != 4 {
			return errFetch
		}
		b.unit(rune(value))
		r.at += n
	default:
		_ = b.WriteByte(c)
	}
	return nil
}

// template reads a text between backticks. With ${…} in it, it is an expression.
func (r *jsReader) template() (any, error) {
	start := r.at
	r.at++
	var b utf16Builder
	known := true
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '`':
			r.at++
			if !known {
				return jsUnknown(r.text[start:r.at]), nil
			}
			return b.String(), nil
		case c == '\\':
			if err := r.escape(&b); err != nil {
				return nil, err
			}
		case c == '$' && strings.HasPrefix(r.text[r.at+1:], "{"):
			r.at += len("${")
			if r.depth++; r.depth > maxDepth {
				return nil, errors.New("the brackets stand too deep in each other")
			}
			name, _, _ := strings.Cut(r.rest(), "}")
			value, isName := r.variables[strings.TrimSpace(name)] // else it is an expression
			err := r.skip()
			r.depth--
			if err != nil {
				return nil, err
			}
			if known = known && isName && isPlain(value); known {
				_, _ = b.WriteString(jsString(value))
			}
			if r.peek() != '}' {
				return nil, errFetch
			}
			r.at++
		default:
			_ = b.WriteByte(c)
			r.at++
		}
	}
	return nil, errCutQuote
}

// isPlain reports whether a value is known, and can be put into a text.
func isPlain(value any) bool {
	switch value.(type) {
	case string, float64:
		return true
	}
	return false
}

// list reads [ … ].
func (r *jsReader) list() (any, error) {
	r.at++
	list := jsList{}
	for {
		r.blank()
		if r.peek() == ']' {
			r.at++
			return list, nil
		}
		value, err := r.value()
		if err != nil {
			return nil, err
		}
		list = append(list, value)
		r.blank()
		switch r.peek() {
		case ',':
			r.at++
		case ']':
		default:
			return nil, errFetch
		}
	}
}

// object reads { … }.
func (r *jsReader) object() (any, error) {
	r.at++
	object := jsObject{}
	for {
		r.blank()
		c := r.peek()
		name := ""
		switch {
		case c == '}':
			r.at++
			return object, nil
		case strings.HasPrefix(r.rest(), "..."):
			r.at += len("...")
			value, err := r.value()
			if err != nil {
				return nil, err
			}
			object = append(object, jsMember{spreadMember, value})
		case c == '"', c == '\'':
			value, err := r.quoted()
			if err != nil {
				return nil, err
			}
			name = value.(string)
		case isCurly(r.rest()):
			return nil, errCurly
		case isIdentifier(c), c == '$':
			start := r.at
			for r.at < len(r.text) && (isIdentifier(r.text[r.at]) || r.text[r.at] == '$') {
				r.at++
			}
			name = r.text[start:r.at]
		case c == '[':
			if _, err := r.list(); err != nil {
				return nil, err
			}
			name = computedMember
		default:
			return nil, errFetch
		}
		r.blank()
		switch {
		case r.peek() == ':' && (name != "" || c == '"' || c == '\''):
			r.at++
			value, err := r.value()
			if err != nil {
				return nil, err
			}
			if name == computedMember {
				name, value = spreadMember, jsUnknown("[…]")
			}
			object = append(object, jsMember{name, value})
		case name != "" && (r.peek() == ',' || r.peek() == '}'):
			var value any = jsUnknown(name) // {method} is {method: method}
			if known, ok := r.variables[name]; ok {
				value = known
			}
			object = append(object, jsMember{name, value})
		case name != "" && r.peek() == '(':
			if err := r.skip(); err != nil { // a function
				return nil, err
			}
		}
		r.blank()
		switch r.peek() {
		case ',':
			r.at++
		case '}':
		default:
			return nil, errFetch
		}
	}
}

// jsString is what JavaScript's String gives.
func jsString(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return formatNumber(v)
	case jsUnknown:
		return string(v)
	}
	return ""
}

// jsJSON is what JSON.stringify gives, if it can be known.
func jsJSON(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "null", true
	case string:
		return quoteJSON(v), true
	case bool, float64:
		return jsString(v), true
	case jsList:
		parts := make([]string, 0, len(v))
		for _, member := range v {
			text, ok := jsJSON(member)
			if !ok {
				return "", false
			}
			parts = append(parts, text)
		}
		return "[" + strings.Join(parts, ",") + "]", true
	case jsObject:
		parts := make([]string, 0, len(v))
		for _, m := range v {
			text, ok := jsJSON(m.value)
			if !ok || strings.HasPrefix(m.name, noName) {
				return "", false
			}
			parts = append(parts, quoteJSON(m.name)+":"+text)
		}
		return "{" + strings.Join(parts, ",") + "}", true
	}
	return "", false
}

// quoteJSON writes a text as JSON.stringify does: markup is not escaped.
func quoteJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // of a text, which has no errors
	return strings.TrimSuffix(b.String(), "\n")
}

// formatNumber writes a number as JavaScript does.
func formatNumber(f float64) string {
	switch abs := math.Abs(f); {
	case f == 0:
		return "0" // also for -0
	case abs >= 1e-6 && abs < 1e21:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/cors/corstest"
	"example.com/cors/internal/fetch"
)

// width is how many columns a line of the report has at most. Lines that are to
// be pasted may be longer.
const width = 100

// A report is what people read.
type report struct {
	out      io.Writer
	verbose  bool
	terminal bool // colours and symbols are wanted
}

func newReport(out io.Writer, c *config, terminal bool) *report {
	return &report{out, c.verbose, terminal}
}

// The styles are those of ANSI terminals.
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	green  = "1;32"
	yellow = "1;33"
)

func (r *report) paint(style, text string) string {
	if !r.terminal || style == "" || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// symbol returns s on a terminal, and nothing elsewhere.
func (r *report) symbol(s string) string {
	if !r.terminal {
		return ""
	}
	return s + " "
}

func (r *report) line(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// text writes a paragraph, each line after the indent.
func (r *report) text(indent, style, text string) {
	for _, l := range wrap(clean(text), width-len(indent)) {
		r.line("%s%s", indent, r.paint(style, l))
	}
}

// outcome reports a call: the conversation, the verdicts, what to change.
func (r *report) outcome(o *outcome) {
	title := o.sendMethod + " " + o.target.String() + ", from a page of " + o.origin
	if o.credentials {
		title += ", with credentials"
	}
	r.text("", bold, title)
	r.conversation(o)
	r.verdicts(o)
	hints := o.hints()
	if len(hints) > 0 {
		r.line("")
	}
	for _, h := range hints {
		r.text("", "", "Note: "+h.Detail)
	}
	r.fix(o)
}

// conversation writes the exchanges, of many only the first and the last.
func (r *report) conversation(o *outcome) {
	const most = 4
	for i, x := range o.exchanges {
		if hidden := len(o.exchanges) - most; !r.verbose && hidden > 0 && i >= most-1 && i < len(o.exchanges)-1 {
			if i == most-1 {
				r.line("\n… %d more", hidden)
			}
			continue
		}
		r.exchange(i+1, x)
	}
}

func (r *report) exchange(n int, x exchange) {
	kind := ""
	if x.preflight {
		kind = "   (preflight)"
	}
	r.line("\n%s%s", r.paint(bold, cut(fmt.Sprintf("%d  %s %s", n, x.method, place(x.url)), width-len(kind))), kind)
	r.headers("   > ", x.request, requestHeaders)
	r.line("   %s", r.paint(statusStyle(x.status), "< "+statusLine(x.status)))
	r.headers("   < ", x.response, responseHeaders)
}

// place is a URL as far as the exchange before it does not tell.
func place(u *url.URL) string { return clean(u.String()) }

func statusStyle(status int) string {
	if status < 300 {
		return green
	}
	return yellow
}

// The headers that matter, in the order in which they are shown.
var (
	requestHeaders = []string{
		"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Authorization", "Content-Type", "Cookie",
	}
	responseHeaders = []string{
		fetch.AllowOrigin, fetch.AllowCredentials, fetch.AllowMethods, fetch.AllowHeaders, fetch.ExposeHeaders, fetch.MaxAge,
		"Vary", "Location", "Allow", "Www-Authenticate", "Content-Type",
	}
)

// headers writes those that matter, or all of them.
func (r *report) headers(mark string, h http.Header, names []string) {
	if r.verbose {
		names = keys(h)
	}
	for _, name := range names {
		for i, value := range h[name] {
			if name == "Cookie" || name == "Authorization" {
				value = "…" // no secrets on a screen that others see
			}
			text := clean(name + ": " + value)
			if !r.verbose {
				const most = 3
				if i == most {
					r.line("%s… %d more of %s", mark, len(h[name])-most, name)
				}
				if i >= most {
					continue
				}
				text = cut(text, width-len(mark))
			}
			r.line("%s%s", mark, text)
		}
	}
}

// verdicts writes one line for all engines that agree.
func (r *report) verdicts(o *outcome) {
	var done []string
	for _, v := range o.verdicts {
		reason := v.reason()
		if slices.Contains(done, reason) {
			continue
		}
		done = append(done, reason)
		var names []string
		for _, w := range o.verdicts {
			if w.reason() == reason {
				names = append(names, engineName(w.engine))
			}
		}
		who := strings.Join(names, ", ")
		if len(names) == len(allEngines) {
			who += " alike"
		}
		r.line("")
		if v.blocked == nil {
			r.text("", green, r.symbol("✓")+"ALLOWED by "+who)
			r.readable(o, v)
		} else {
			r.text("", red, r.symbol("✗")+"BLOCKED by "+who)
			if v.last != nil && v.last.preflight {
				reason += " " + o.sendMethod + " is not sent."
			}
			r.text("", "", reason)
		}
	}
}

func engineName(e corstest.Engine) string {
	if e == corstest.EngineStandard {
		return "the Fetch standard"
	}
	return e.String()
}

// reason says which header is to blame, "" if the call is allowed.
func (v verdict) reason() string {
	if v.blocked == nil {
		return ""
	}
	where := ""
	switch {
	case v.last == nil:
		return upperFirst(v.blocked.Detail) + "."
	case v.last.preflight:
		where = "the preflight"
	default:
		where = v.blocked.Method
	}
	what := strings.TrimSpace(v.blocked.Header + " " + v.blocked.Detail)
	return fmt.Sprintf("In the answer to %s, %s.", where, what)
}

// readable says what the page gets.
func (r *report) readable(o *outcome, v verdict) {
	if v.last == nil {
		return
	}
	if v.last.preflight {
		r.text("", "", "The preflight passes. "+o.sendMethod+" is not sent, because of -preflight-only.")
		return
	}
	var read, hidden []string
	for _, name := range keys(v.last.response) {
		switch {
		case v.header[name] != nil:
			read = append(read, name)
		case !isPlumbing(name):
			hidden = append(hidden, name)
		}
	}
	text := fmt.Sprintf("The page may read the answer, %s", statusLine(v.last.status))
	if read != nil {
		text += ", and of its headers " + enumerate(read)
	}
	text += "."
	if hidden != nil {
		text += " It cannot read " + enumerate(hidden) + ": list in Access-Control-Expose-Headers what it needs."
	}
	r.text("", "", text)
}

// isPlumbing reports whether pages have no use for a header.
func isPlumbing(name string) bool {
	switch name {
	case "Connection", "Date", "Keep-Alive", "Server", "Set-Cookie", "Strict-Transport-Security", "Transfer-Encoding", "Vary", "Via", "X-Powered-By", "Alt-Svc":
		return true
	}
	return strings.HasPrefix(name, "Access-Control-") || strings.HasPrefix(name, "X-Content-") || strings.HasPrefix(name, "X-Frame-") || strings.HasPrefix(name, "Content-Security-")
}

// enumerate joins names, of many only the first.
func enumerate(names []string) string {
	const most = 6
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// fix writes the header lines to paste, and the same as options of this library.
func (r *report) fix(o *outcome) {
	f := o.fix()
	if f.opts == nil {
		return
	}
	r.line("")
	path := o.target.EscapedPath()
	if f.preflight == nil {
		r.paste("Answer "+o.sendMethod+" "+path+" with these lines, errors included:", f.actual)
	} else {
		both := "OPTIONS and " + o.sendMethod
		if o.sendMethod == http.MethodOptions {
			both = http.MethodOptions
		}
		r.paste("Answer "+both+" "+path+" with these lines, errors included:", f.actual)
		if more := slices.DeleteFunc(slices.Clone(f.preflight), func(l line) bool { return slices.Contains(f.actual, l) }); len(more) > 0 {
			r.paste("Answer OPTIONS with a status from 200 to 299, and also with these:", more)
		}
	}
	r.line("")
	r.text("", bold, "In Go, with the package example.com/cors:")
	for l := range strings.SplitSeq(f.options(), "\n") {
		r.line("    %s", strings.ReplaceAll(l, "\t", "    "))
	}
}

func (r *report) paste(title string, lines []line) {
	r.text("", bold, title)
	for _, l := range lines {
		r.line("    %s", clean(l.String()))
	}
}

// audit reports findings, the worst first.
func (r *report) audit(a *audit) {
	r.text("", bold, fmt.Sprintf("Audit of %s, for pages of %s: %d requests", a.target, a.origin, a.sent))
	r.line("")
	counts := make(map[severity]int)
	for _, f := range a.findings {
		counts[f.Severity]++
		style := map[severity]string{high: red, medium: yellow, low: bold, info: dim}[f.Severity]
		r.line("%s %s", r.paint(style, fmt.Sprintf("%-6s", strings.ToUpper(f.Severity.String()))), r.paint(bold, f.ID))
		r.text("       ", "", f.Detail)
		for _, l := range f.Evidence {
			r.line("         %s", r.paint(dim, cut(clean(l), width-9)))
		}
		r.text("       ", "", "Remedy: "+f.Remedy)
		r.line("")
	}
	for _, h := range a.hints {
		r.text("", "", "Note: "+h.Detail)
		r.line("")
	}
	if len(a.findings) == 0 {
		r.line("%s", r.paint(green, r.symbol("✓")+"Nothing found."))
		return
	}
	var parts []string
	for s := high; s >= info; s-- {
		parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
	}
	r.line("%s", strings.Join(parts, ", "))
}

// wrap breaks text between words. A word that is longer than a line has a line of
// its own.
func wrap(text string, columns int) (lines []string) {
	current := ""
	for _, word := range strings.Fields(text) {
		switch {
		case current == "":
			current = word
		case utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > columns:
			lines = append(lines, current)
			current = word
		default:
			current += " " + word
		}
	}
	return append(lines, current)
}

// cut shortens text to a number of columns.
func cut(text string, columns int) string {
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	return string([]rune(text)[:columns-1]) + "…"
}

// clean takes out what could move a terminal's cursor, or change its colours.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}

// quote returns s in quotes, cut to a length that a line can hold.
func quote(s string) string { return fmt.Sprintf("%q", shorten(s)) }

func shorten(s string) string { return cut(s, 120) }

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

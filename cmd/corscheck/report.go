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
	verbose  int  // how many -v
	terminal bool // colours and symbols are wanted
	mask     *mask
}

func newReport(out io.Writer, f *flags, m *mask, terminal bool) *report {
	return &report{out, f.verbose, terminal, m}
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
	for _, l := range wrap(clean(r.mask.text(text)), width-len(indent)) {
		r.line("%s%s", indent, r.paint(style, l))
	}
}

// writeTo reports a call: the conversation, the verdicts, what to change.
func (o *outcome) writeTo(r *report) {
	title := o.plan.method + " " + o.plan.target.String() + ", from a page of " + o.call.origin
	if o.call.originFrom != "" {
		title += " (as " + o.call.originFrom + " says)"
	}
	if o.call.credentials {
		title += ", with credentials"
	}
	r.text("", bold, title)
	r.copied(o.call)
	r.conversation(o)
	r.questions(o)
	r.verdicts(o)
	notes := o.notes()
	if len(notes) > 0 {
		r.line("")
	}
	for _, n := range notes {
		r.text("", "", "Note: "+n.Detail)
	}
	r.fix(o)
}

// copied says what the copy of a call does not tell, and which calls it has besides.
func (r *report) copied(c *call) {
	if c.told != "" {
		r.text("", dim, cut("The browser said: "+c.told, 4*width))
	}
	for _, sentence := range c.untold {
		r.text("", dim, sentence)
	}
	if len(c.others) == 0 {
		return
	}
	const most = 10
	r.text("", dim, fmt.Sprintf("One of %d calls. Check another with -entry:", len(c.others)+1))
	for i, o := range c.others {
		if i == most {
			r.line("   … %d more", len(c.others)-most)
			break
		}
		line := fmt.Sprintf("%2d  %s %s", o.Entry, o.Method, o.URL)
		if o.Outcome != "" {
			line += "   " + o.Outcome
		}
		r.line("   %s", r.paint(dim, cut(clean(r.mask.text(line)), width-3)))
	}
}

// conversation writes the exchanges, of many only the first and the last.
func (r *report) conversation(o *outcome) {
	const most = 4
	for i, x := range o.exchanges {
		if hidden := len(o.exchanges) - most; r.verbose == 0 && hidden > 0 && i >= most-1 && i < len(o.exchanges)-1 {
			if i == most-1 {
				r.line("\n… %d more", hidden)
			}
			continue
		}
		r.exchange(i+1, x)
	}
}

func (r *report) exchange(n int, x *exchange) {
	kind := ""
	if x.preflight {
		kind = "   (preflight)"
	}
	r.line("\n%s%s", r.paint(bold, cut(fmt.Sprintf("%d  %s %s", n, x.method, r.place(x.url)), width-len(kind))), kind)
	r.headers("   > ", x.request, requestHeaders)
	r.line("   %s", r.paint(statusStyle(x.status), "< "+statusLine(x.status)))
	r.headers("   < ", x.response, append(slices.Clone(responseHeaders), misspeltIn(x)...))
}

// misspeltIn returns the names that were meant to be those of CORS.
func misspeltIn(x *exchange) (names []string) {
	for _, name := range keys(x.response) {
		if slices.ContainsFunc(corsHeaders, func(header string) bool { return isMisspelt(name, header) }) {
			names = append(names, name)
		}
	}
	return names
}

// questions writes what was asked besides, each in a line.
func (r *report) questions(o *outcome) {
	if o.evidence == nil || len(o.evidence.asked) == 0 {
		return
	}
	r.line("\n%s", r.paint(bold, "Asked besides, without cookies:"))
	for i, q := range o.evidence.asked {
		if r.verbose > 0 {
			r.line("\n%s", r.paint(bold, "?  "+q.says))
			r.exchange(len(o.exchanges)+i+1, q.answer)
			continue
		}
		r.line("   ? %s", cut(fmt.Sprintf("%-52s %s", q.says, describeAnswer(q.answer)), width-5))
	}
}

// describeAnswer says in few words what an answer allows.
func describeAnswer(x *exchange) string {
	lines := x.response[fetch.AllowOrigin]
	switch {
	case len(lines) > 0:
		return fmt.Sprintf("%d, allows %s", x.status, clean(shorten(strings.Join(lines, ", "))))
	case variesByOrigin(x):
		return fmt.Sprintf("%d, Vary: Origin", x.status)
	}
	return fmt.Sprintf("%d, nothing of CORS", x.status)
}

func (r *report) place(u *url.URL) string { return clean(r.mask.text(u.String())) }

func statusStyle(status int) string {
	if status < 300 {
		return green
	}
	return yellow
}

// The headers that matter, in the order in which they are shown.
var (
	requestHeaders = []string{
		"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Authorization", "Content-Type",
		"Cookie",
	}
	responseHeaders = []string{
		fetch.AllowOrigin, fetch.AllowCredentials, fetch.AllowMethods, fetch.AllowHeaders, fetch.ExposeHeaders,
		fetch.MaxAge, "Vary", "Location", "Allow", "Www-Authenticate", "Content-Type",
	}
)

// headers writes those that matter, or all of them.
func (r *report) headers(mark string, h http.Header, names []string) {
	if r.verbose > 0 {
		names = keys(h)
	}
	for _, name := range names {
		for i, value := range h[name] {
			text := clean(name + ": " + r.mask.value(name, value)) // no secrets on a screen that others see
			if r.verbose == 1 {
				text = cut(text, maxValue)
			}
			if r.verbose == 0 {
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

// verdicts writes one line for all engines that agree. The first says what browsers do.
func (r *report) verdicts(o *outcome) {
	var reasons []string
	if o.allowed() {
		reasons = append(reasons, "")
	} else if v := o.firstBlocked(); v != nil {
		reasons = append(reasons, v.reason())
	}
	for _, v := range o.verdicts {
		if reason := v.reason(); !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	for _, reason := range reasons {
		var names []string
		var first *verdict
		for i, v := range o.verdicts {
			if v.reason() != reason {
				continue
			}
			if first == nil {
				first = &o.verdicts[i]
			}
			names = append(names, engineName(v.engine))
			if v.asks {
				names[len(names)-1] += ", if its user permits it"
			}
		}
		who := strings.Join(names, ", ")
		if len(names) == len(allEngines) {
			who += " alike"
		}
		r.line("")
		switch {
		case first.blocked == nil:
			r.text("", green, r.symbol("✓")+"ALLOWED by "+who)
			r.readable(o, *first)
			continue
		case o.allowed():
			r.text("", yellow, r.symbol("✗")+"Blocked by "+who+" alone")
		default:
			r.text("", red, r.symbol("✗")+"BLOCKED by "+who)
		}
		if first.last != nil && first.last.preflight && first.blocked.Step != stepMixedContent && !o.allowed() {
			reason += " " + o.plan.method + " is not sent."
		}
		r.text("", "", reason)
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
	case v.last == nil || v.blocked.Step == stepMixedContent:
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
	if o.withheld && (v.last == nil || v.last.preflight) {
		preflight := "The preflight passes."
		if v.last == nil {
			preflight = "No preflight is needed."
		}
		why := "because of -preflight-only."
		if o.call.guarded && !isSafe(o.plan.method) {
			why = "because it writes, and may not be all of the call. Add -send to have it sent."
		}
		r.text("", "", preflight+" "+o.plan.method+" is not sent, "+why)
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

// isPlumbing reports whether pages have no use for a header: it is for browsers, caches and
// whoever looks after the server.
func isPlumbing(name string) bool {
	return plumbing[name] || slices.ContainsFunc([]string{
		"Access-Control-", "Content-Security-", "Cross-Origin-", "X-Content-", "X-Frame-", "X-Permitted-", "X-Dns-",
		"X-Xss-", "X-Download-", "Cf-", "X-Amz-Cf-", "X-Cache", "Proxy-", "Sec-",
	}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

var plumbing = func() map[string]bool {
	names := make(map[string]bool)
	for name := range set("accept-ranges age alt-svc cache-status connection content-encoding date expect-ct " +
		"keep-alive nel origin-agent-cluster p3p permissions-policy pragma referrer-policy report-to " +
		"reporting-endpoints server server-timing set-cookie strict-transport-security timing-allow-origin trailer " +
		"transfer-encoding upgrade vary via x-powered-by x-served-by x-timer x-robots-tag x-varnish x-aspnet-version " +
		"x-aspnetmvc-version x-ua-compatible") {
		names[http.CanonicalHeaderKey(name)] = true
	}
	return names
}()

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
	if f.actual == nil {
		return
	}
	r.line("")
	who := o.plan.method
	if f.preflight != nil && o.plan.method != http.MethodOptions {
		who = "OPTIONS and " + who
	}
	title := "Answer " + who + " " + o.place() + " with these lines, errors included:"
	if f.doubled {
		title = "Remove one of the two layers. The other answers " + strings.TrimPrefix(title, "Answer ")
	}
	r.paste(title, f.actual)
	more := slices.DeleteFunc(slices.Clone(f.preflight), func(l line) bool { return slices.Contains(f.actual, l) })
	if len(more) > 0 {
		r.paste("Answer OPTIONS with a status from 200 to 299, and also with these:", more)
	}
	r.line("")
	a := f.advice
	if a.Name == "" {
		r.text("", "", "-for NAME says this in the words of a stack: go, express, nginx, flask, php …; -for '?' "+
			"lists all.")
		return
	}
	title = "In " + a.Title
	if f.detected {
		title += ", which the server names"
	}
	r.text("", bold, title+":")
	r.line("")
	for l := range strings.SplitSeq(a.Text, "\n") {
		// At the margin: what is indented is no Python any more.
		r.line("%s", strings.TrimRight(clean(strings.ReplaceAll(l, "\t", "    ")), " "))
	}
	r.line("")
	r.text("", "", a.Where)
	if len(a.LeftOut) > 0 {
		r.text("", "", "Not written, because it may not belong into a configuration: "+enumerate(a.LeftOut)+".")
	}
}

// place is where the lines of a fix belong: the path of the URL that blocks the call, with its
// host if that is not the one that was called.
func (o *outcome) place() string {
	_, x := o.fault()
	if x.url.Host == o.plan.target.Host {
		return x.url.EscapedPath()
	}
	return x.url.Scheme + "://" + x.url.Host + x.url.EscapedPath()
}

func (r *report) paste(title string, lines []line) {
	r.text("", bold, title)
	for _, l := range lines {
		r.line("    %s", clean(l.String()))
	}
}

// writeTo reports findings, the worst first.
func (a *audit) writeTo(r *report) {
	r.text("", bold, fmt.Sprintf("Audit of %s, for pages of %s: %d requests", a.plan.target, a.call.origin, a.sent))
	r.line("")
	for _, f := range a.findings {
		style := map[severity]string{high: red, medium: yellow, low: bold, info: dim}[f.Severity]
		r.line("%s %s", r.paint(style, fmt.Sprintf("%-6s", strings.ToUpper(f.Severity.String()))), r.paint(bold, f.ID))
		r.text("       ", "", f.Detail)
		for _, l := range f.Evidence {
			r.line("         %s", r.paint(dim, cut(clean(r.mask.text(l)), width-9)))
		}
		r.text("       ", "", "Remedy: "+f.Remedy)
		r.line("")
	}
	for _, h := range a.notes {
		r.text("", "", "Note: "+h.Detail)
		r.line("")
	}
	r.tried(a)
	switch {
	case len(a.findings) > 0:
		r.line("%s", countsText(a.findings))
	case a.isCutShort():
		r.line("Nothing found so far.")
	default:
		r.line("%s", r.paint(green, r.symbol("✓")+"Nothing found."))
	}
}

func countsText(findings []finding) string {
	n := counts(findings)
	var parts []string
	for s := high; s >= info; s-- {
		parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
	}
	return strings.Join(parts, ", ")
}

// tried says which origins the server was asked with.
func (r *report) tried(a *audit) {
	origins := a.tried()
	if len(origins) == 0 {
		return
	}
	const most = 4
	text := fmt.Sprintf("Tried %d origins of strangers", len(origins))
	switch {
	case r.verbose > 0:
		text += ": " + strings.Join(origins, ", ")
	case len(origins) > most:
		text += fmt.Sprintf(": %s … (-v names all)", strings.Join(origins[:most], ", "))
	}
	if a.left > 0 {
		text += fmt.Sprintf("; for %d more there was no request left", a.left)
	}
	r.text("", dim, text+".")
	r.line("")
}

// writeTo reports one audit after the other, and then all in a line each.
func (all audits) writeTo(r *report) {
	for _, one := range all {
		if one.audit != nil {
			one.audit.writeTo(r)
		} else {
			r.text("", bold, "Audit of "+one.url)
			r.line("")
			r.text("", red, r.symbol("✗")+"Not audited: "+one.err.Error())
		}
		r.line("")
	}
	r.line("%s", r.paint(bold, fmt.Sprintf("%d URLs: %s; %d not audited", len(all), countsText(all.findings()),
		all.failed())))
	for _, one := range all {
		text := "not audited"
		switch {
		case one.audit != nil && len(one.audit.findings) > 0:
			text = countsText(one.audit.findings)
		case one.audit != nil && one.audit.isCutShort():
			text = "not audited to the end"
		case one.audit != nil:
			text = "nothing found"
		}
		r.line("  %s", cut(fmt.Sprintf("%-36s %s", text, clean(r.mask.text(one.url))), width-2))
	}
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

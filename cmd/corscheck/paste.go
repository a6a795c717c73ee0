package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"

	"example.com/cors/cmd/corscheck/internal/paste"
)

// looksPasted reports whether an argument is a call that was copied, and no URL.
// The error is that of a copy that is not whole.
func (p *parser) looksPasted(arg string) (bool, error) {
	isURL := strings.HasPrefix(arg, "http://") || strings.HasPrefix(arg, "https://")
	if p.copied || isURL || !strings.ContainsAny(arg, " \t\n({") || isFile(arg) || isHAR(arg) {
		return false, nil
	}
	switch _, err := paste.Parse(arg); {
	case errors.Is(err, paste.ErrUnknown):
		return false, usagef("%s is neither a URL nor a call that is recognized: paste %s", quote(arg), paste.Known)
	case err != nil:
		return false, pasteError(err)
	}
	return true, nil
}

func pasteError(err error) error { return usagef("%s", err) }

func (p *parser) setText(text string) error {
	if p.text != "" {
		return usagef("two calls are pasted: check one at a time")
	}
	p.text = text
	return nil
}

// namesFile reports whether an argument can only be meant as a file, be there one or
// not. Its dot would make a host of it.
func namesFile(arg string) bool {
	if strings.Contains(arg, "://") {
		return false
	}
	for _, start := range []string{"./", "../", "~/"} {
		if strings.HasPrefix(arg, start) {
			return true
		}
	}
	if isHAR(arg) {
		return true
	}
	switch strings.ToLower(path.Ext(arg)) {
	case ".json", ".txt", ".log", ".curl":
		return !strings.Contains(arg, "/")
	}
	return false
}

// isHAR reports whether an argument is the name of a HAR file, which may have spaces and brackets.
func isHAR(arg string) bool {
	return strings.EqualFold(path.Ext(arg), ".har") && !strings.Contains(arg, "://")
}

func isFile(name string) bool {
	if name == "" || name == "-" || strings.Contains(name, "://") {
		return false
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func (p *parser) openText(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return usagef("%v", err)
	}
	defer func() { _ = f.Close() }()
	return p.readText(f)
}

// readText reads a paste from the standard input, or from a file.
func (p *parser) readText(from io.Reader) error {
	if from == nil {
		return usagef("the standard input is used already")
	}
	terminal := false
	if f, ok := from.(*os.File); ok && f == os.Stdin {
		if terminal = isDevice(f); terminal {
			fmt.Fprintf(os.Stderr, "Paste the call, then press Enter and %s.\n", endOfInput())
		}
		p.stdin = nil
	}
	data, err := io.ReadAll(io.LimitReader(from, paste.MaxSize+1))
	if err != nil {
		return usagef("%v", err)
	}
	if terminal {
		p.cut, p.surelyCut = cutLine(string(data), runtime.GOOS)
	}
	if len(data) == 0 {
		data = []byte("\n") // so that the paste says that it is empty
	}
	return p.setText(string(data))
}

// isDevice reports whether a person may type into f.
func isDevice(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

func endOfInput() string {
	if runtime.GOOS == "windows" {
		return "Ctrl-Z, Enter"
	}
	return "Ctrl-D"
}

// cutLine reports whether a line is as long as the terminals of a system let one be:
// they drop the rest of it. It is sure where they let none be longer. The line may have
// been cut between two words, so that what is left of it is a call, but another one.
func cutLine(text, system string) (cut, sure bool) {
	longest := 4095
	if system == "darwin" {
		longest = 1023
	}
	for line := range strings.SplitSeq(text, "\n") {
		cut = cut || len(line) >= longest
		sure = sure || system == "linux" && len(line) == longest
	}
	return cut, sure
}

func (p *parser) setEntry(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return usagef("-entry %s: give the number of a call, from 1", quote(value))
	}
	p.entry = n
	return nil
}

// takePaste reads what was pasted, and takes from it what no flag says.
func (p *parser) takePaste() error {
	text, err := paste.Parse(p.text)
	if p.surelyCut || err != nil && p.cut {
		return usagef("a terminal cuts a line after some thousand characters, and one of these is cut: " +
			"save the call to a file, and run corscheck FILE")
	}
	if err != nil {
		return pasteError(err)
	}
	calls := make([]*parser, len(text.Calls))
	chosen := -1
	for i := range text.Calls {
		calls[i], err = readCall(text.Form, &text.Calls[i])
		switch {
		case err != nil && (i == p.entry-1 || len(calls) == 1):
			return err
		case err == nil && chosen < 0 && calls[i].isCrossOrigin():
			chosen = i
		case err != nil:
			calls[i] = nil
		}
	}
	if chosen < 0 {
		chosen = 0
	}
	switch {
	case p.entry > len(calls) && len(calls) == 1:
		return usagef("-entry %d: there is one call", p.entry)
	case p.entry > len(calls):
		return usagef("-entry %d: there are %d calls", p.entry, len(calls))
	case p.entry > 0:
		chosen = p.entry - 1
	case text.Calls[0].Entry != nil && !text.Calls[0].Entry.Failed:
		return p.noneFailed(calls, text.Calls)
	}
	if calls[chosen] == nil {
		_, err := readCall(text.Form, &text.Calls[chosen])
		return err
	}
	p.fill(calls[chosen])
	for i := range calls {
		if i != chosen && calls[i] != nil {
			p.call.others = append(p.call.others, summarize(i, calls[i], &text.Calls[i]))
		}
	}
	return p.missing(text.Form)
}

// noneFailed lists the calls of a HAR that has no failed one.
func (p *parser) noneFailed(calls []*parser, told []paste.Call) error {
	const most = 10
	var b strings.Builder
	for i, q := range calls {
		if i == most {
			fmt.Fprintf(&b, ", and %d more", len(calls)-most)
			break
		}
		if q != nil {
			o := summarize(i, q, &told[i])
			fmt.Fprintf(&b, ", %d: %s %s", o.Entry, o.Method, o.URL)
		}
	}
	return usagef("no call to another origin failed in the HAR; -entry N checks one of these: %s",
		strings.TrimPrefix(b.String(), ", "))
}

func summarize(i int, q *parser, told *paste.Call) other {
	o := other{Entry: i + 1, Method: cmp.Or(q.announced, q.call.method, "GET"), URL: q.call.url}
	if q.call.method == "" && q.call.hasBody {
		o.Method = "POST"
	}
	if told.Entry != nil {
		o.Outcome = told.Entry.Outcome
	}
	return o
}

// isCrossOrigin reports whether the page and the URL differ, as far as both are told.
func (p *parser) isCrossOrigin() bool {
	origin := cmp.Or(p.header, paste.OriginOf(p.referer))
	return origin != "" && origin != paste.OriginOf(p.call.url)
}

// readCall reads one call of a paste. Its headers go the same way as those of a
// curl command, whatever the form.
func readCall(form paste.Form, told *paste.Call) (*parser, error) {
	p := newParser(nil)
	p.copied, p.pasted = true, true
	c := &p.call
	c.untold = told.Notes
	if told.Args != nil {
		if _, err := p.parse(told.Args); err != nil {
			return nil, err
		}
		c.credentialsUnknown = c.cookie == ""
		return p, nil
	}
	if form == paste.Console && strings.Contains(told.URL, "…") {
		return nil, usagef("the console shortened the URL, to %s: copy the call as cURL", quote(told.URL))
	}
	p.globOff = true
	c.url, c.method = told.URL, told.Method
	p.flags.insecure = told.Insecure
	if told.HasBody {
		if err := p.addRawData(told.Body); err != nil {
			return nil, err
		}
	}
	for _, f := range told.Header {
		if err := p.addField(f.Name, strings.TrimSpace(f.Value)); err != nil {
			return nil, err
		}
	}
	if p.header == "" && paste.OriginOf(p.referer) == "" && told.Origin.Value != "" {
		p.header, c.originFrom = told.Origin.Value, told.Origin.From
	}
	c.credentials = c.credentials || told.Credentials == paste.Include
	// Developer tools write "omit" for every call that sent no cookie.
	c.credentialsUnknown = !c.credentials && told.Credentials != paste.SameOrigin
	if form == paste.Fetch && told.Credentials == paste.Include && c.header.Get("Authorization") != "" {
		c.untold = append(c.untold, `Developer tools write credentials: "include" for every call with Authorization. `+
			"If the script does not ask for cookies, add -credentials=omit.")
	}
	if len(told.Announced) > 0 {
		p.announce(strings.Join(told.Announced, ","))
		p.flags.preflightOnly = true
		c.untold = append(c.untold, fmt.Sprintf("The HAR does not tell the value of %s, which a preflight in it "+
			"announces: browsers leave secrets out of what they export. Name it with -H.", enumerateAnd(told.Announced)))
	}
	p.bodyUnknown = told.BodyUnknown
	c.guarded = form == paste.HAR || form == paste.Console
	p.mode = cmp.Or(told.Mode, p.mode)
	if form == paste.Fetch && strings.EqualFold(told.Method, "OPTIONS") && told.Mode == "cors" {
		c.untold = append(c.untold, "If this is the row of a preflight: as fetch it does not tell what the preflight "+
			"asks for. Copy the row of the call itself, or this row as cURL.")
	}
	if told.Complaint != nil {
		p.complain(told.Complaint)
	}
	return p, nil
}

// complain takes what a line of the console says of a call, and says what it does
// not.
func (p *parser) complain(c *paste.Complaint) {
	p.call.told = c.Text
	p.noMethod = c.NoMethod
	if c.Header != "" {
		// Its value is not known: the call itself is not sent.
		p.announce(c.Header)
		p.flags.preflightOnly = true
	}
	if m := p.call.method; c.Preflight && c.Method == "" && c.Header == "" && (m == "" || isSafe(m) || m == "POST") {
		p.call.upload = true // what makes a preflight without a method or a header of its own
		p.flags.preflightOnly = true
	}
	missing := []string{}
	if p.call.method == "" {
		missing = append(missing, "the method")
	}
	switch {
	case c.Element:
	case c.Header == "":
		missing = append(missing, "the headers")
	default:
		missing = append(missing, "other headers")
	}
	if p.call.credentials {
		missing = append(missing, "the cookies")
	} else {
		missing = append(missing, "whether there were cookies")
	}
	p.call.untold = append(p.call.untold, fmt.Sprintf("The console's line does not tell %s. "+
		"Name them with -X, -H and -credentials, or copy the call as cURL.", enumerateAnd(missing)))
	if strings.Contains(c.Text, "address space") {
		p.call.untold = append(p.call.untold, "The browser blocked it by Local Network Access: whether a page may reach "+
			"the visitor's own machine or network. No header decides that, but the visitor's permission, which only "+
			"pages on https can get.")
	}
	if c.NoAnswer {
		p.call.untold = append(p.call.untold, "The browser got no answer at all.")
	}
	if c.Policy {
		p.call.untold = append(p.call.untold, "The browser blocked it by Cross-Origin-Resource-Policy, for a call "+
			"without CORS. Checked is what it would be with CORS, as with the attribute crossorigin.")
	}
}

func enumerateAnd(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// fill takes from the paste what no flag says.
func (p *parser) fill(q *parser) {
	own, from := &p.call, &q.call
	p.copied, p.globOff, p.mode, p.noMethod = true, p.globOff || q.globOff, q.mode, q.noMethod
	own.url = cmp.Or(own.url, from.url)
	p.header, p.referer, own.originFrom = cmp.Or(p.header, q.header), cmp.Or(p.referer, q.referer), from.originFrom
	if p.origin != "" || p.header != q.header {
		own.originFrom = ""
	}
	methodNamed := own.method != "" || p.announced != ""
	if !methodNamed {
		own.method, p.announced = from.method, q.announced
		p.flags.preflightOnly = p.flags.preflightOnly || q.flags.preflightOnly && !p.send
	}
	switch noBody := methodNamed && isSafe(strings.ToUpper(own.method)); {
	case own.hasBody || p.query:
	case noBody && from.hasBody && !q.query:
		from.header.Del("Content-Type")
	default:
		own.body, own.hasBody, p.query, p.bodyUnknown = from.body, from.hasBody, q.query, q.bodyUnknown
	}
	p.moreQuery = append(q.moreQuery, p.moreQuery...)
	for name := range q.defaults {
		if p.defaults.Get(name) == "" && from.header.Get(name) == "" {
			p.setDefault(name, q.defaults.Get(name))
		}
	}
	for name, values := range from.header {
		if own.header[name] == nil {
			own.header[name] = values
		}
	}
	own.cookie = cmp.Or(own.cookie, from.cookie)
	if p.credentials == "" {
		own.credentials = own.credentials || from.credentials
		own.credentialsUnknown = from.credentialsUnknown && !own.credentials
	}
	if p.credentials == paste.Omit {
		own.credentials, own.cookie = false, ""
	}
	own.upload = own.upload || from.upload
	own.untold = append(own.untold, from.untold...)
	own.told = from.told
	own.guarded = from.guarded || p.bodyUnknown
	p.flags.insecure = p.flags.insecure || q.flags.insecure
	p.flags.network.fill(&q.flags.network)
}

// missing says what has to stand beside the paste, because it does not tell it.
func (p *parser) missing(form paste.Form) error {
	page := p.origin != "" || p.header != "" || paste.OriginOf(p.referer) != ""
	switch {
	case p.call.url == "" && strings.Contains(p.call.told, "blocked by CORS policy"):
		return usagef(`the line is cut: copy it from "Access to" on, or add the URL`)
	case p.call.url == "":
		return usagef("this line of the console does not name the URL: paste the line after it too, " +
			`which begins with "Fetch API cannot load" or "XMLHttpRequest cannot load", or add the URL`)
	case !page && form == paste.Console:
		return usagef("this line of the console does not name the page: add -origin https://app.example.com")
	case !page && form == paste.HAR:
		return usagef("the HAR does not name the page that made this call: add -origin https://app.example.com")
	case p.noMethod && p.call.method == "":
		return usagef("this line of the console says that the method is refused, and does not name it: add it, as in -X PUT")
	case p.bodyUnknown && p.send:
		return errBodyUnknown
	}
	return nil
}

const errBodyUnknown usageError = "the body is an expression, which only the page's script knows: give it with -d"

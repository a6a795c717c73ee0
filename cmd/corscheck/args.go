package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors/cmd/corscheck/internal/paste"
	"example.com/cors/corstest"
	"example.com/cors/internal/stacks"
)

// A usageError says what is wrong with the command line: -help helps with it.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

const (
	defaultLimit = 10 * time.Second
	maxLimit     = time.Hour
	maxBody      = 8 << 20
)

// flags are what the command line asks for besides the call.
type flags struct {
	insecure      bool
	limit         time.Duration
	engines       []corstest.Engine
	preflightOnly bool
	noProbe       bool
	stack         string // in whose words the advice is; "" for that which the server names
	audit         bool
	more          []string      // -audit: the URLs after the first
	whole         time.Duration // -M: the limit for all that an audit does, 0 for none
	failOn        severity
	json          bool
	verbose       int // how often -v was given
	help          bool
	version       bool
	stacks        bool // -for '?': list them
	network       network
}

// A parser reads the command line into flags and a call.
type parser struct {
	flags flags
	call  call
	stdin io.Reader

	copied    bool   // the arguments are those of a curl command
	pasted    bool   // they stand in a paste: they open no file
	query     bool   // -G: the body goes into the URL
	globOff   bool   // -g: brackets in the URL are not escaped
	announced string // the method that a copied preflight announces
	modal     []flag // the flags given that only the check has, or only the audit

	// Where the page may be named.
	origin  string // -origin
	header  string // the header Origin
	referer string // the header Referer

	credentials paste.Credentials // -credentials
	text        string            // what was pasted
	cut         bool              // the terminal may have cut it
	surelyCut   bool              // the terminal has cut it, whatever is left
	entry       int               // -entry
	send        bool              // -send

	defaults    http.Header // unless a flag sets another value
	moreQuery   []string    // --url-query
	isForm      bool        // the body was made of -F
	bodyUnknown bool        // only the page's script knows the body
	noMethod    bool        // the console complains of a method that it does not name
	mode        string      // of the copied call: "cors", "no-cors", "navigate" …
}

// A flag is one that the command line may have.
type flag struct {
	names   string // short ones and long ones
	hasArg  bool
	mayHave bool                                // a value, after =
	set     func(p *parser, value string) error // nil to ignore it
	curlOwn bool                                // only after the word curl
	only    string                              // "check" or "audit" if the other has no use for it
}

var ownFlags = []flag{
	{names: "origin", hasArg: true, set: func(p *parser, value string) error {
		p.origin = strings.TrimSpace(value)
		return nil
	}},
	{names: "X request", hasArg: true, set: (*parser).setMethod},
	{names: "H header", hasArg: true, set: (*parser).addHeader},
	{names: "d data data-ascii data-binary", hasArg: true, set: (*parser).addData},
	{names: "data-raw", hasArg: true, set: (*parser).addRawData},
	{names: "data-urlencode", hasArg: true, set: (*parser).addEncodedData},
	{names: "b cookie", hasArg: true, set: (*parser).setCookie},
	{names: "u user", hasArg: true, set: func(p *parser, value string) error {
		p.call.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(value)))
		return nil
	}},
	{names: "I head", set: func(p *parser, _ string) error { p.call.method = http.MethodHead; return nil }},
	{names: "G get", set: func(p *parser, _ string) error { p.query = true; return nil }},
	{names: "k insecure", set: func(p *parser, _ string) error { p.flags.insecure = true; return nil }},
	{names: "m max-time", hasArg: true, set: (*parser).setLimit},
	{names: "url", hasArg: true, set: (*parser).setURL},
	{names: "credentials", mayHave: true, set: (*parser).setCredentials},
	{names: "engine engines", hasArg: true, only: "check", set: (*parser).setEngines},
	{names: "preflight-only", only: "check", set: func(p *parser, _ string) error {
		p.flags.preflightOnly = true
		return nil
	}},
	{names: "no-probe", only: "check", set: func(p *parser, _ string) error { p.flags.noProbe = true; return nil }},
	{names: "for", hasArg: true, only: "check", set: (*parser).setStack},
	{names: "upload-progress", set: func(p *parser, _ string) error { p.call.upload = true; return nil }},
	{names: "entry", hasArg: true, set: (*parser).setEntry},
	{names: "send", only: "check", set: func(p *parser, _ string) error { p.send = true; return nil }},
	{names: "audit", set: func(p *parser, _ string) error { p.flags.audit = true; return nil }},
	{names: "M", hasArg: true, only: "audit", set: (*parser).setWholeLimit},
	{names: "fail-on", hasArg: true, only: "audit", set: (*parser).setFailOn},
	{names: "json", set: func(p *parser, _ string) error { p.flags.json = true; return nil }},
	{names: "v verbose", set: func(p *parser, _ string) error { p.flags.verbose++; return nil }},
	{names: "h help", set: func(p *parser, _ string) error { p.flags.help = true; return nil }},
	{names: "V version", set: func(p *parser, _ string) error { p.flags.version = true; return nil }},
}

var allFlags = append(ownFlags, curlFlags...)

// find returns the flag with the name. The same name may be a flag of ours and
// another one of curl's: after the word curl, two dashes mean curl's.
func find(name string, curlOwn bool) (flag, bool) {
	named := func(f flag) bool { return slices.Contains(strings.Fields(f.names), name) }
	i := slices.IndexFunc(allFlags, func(f flag) bool { return named(f) && f.curlOwn == curlOwn })
	if i < 0 && curlOwn {
		return find(name, false)
	}
	if i < 0 {
		return flag{}, false
	}
	return allFlags[i], true
}

// parseArgs reads the command line. The flags are never nil, so that an error can
// be reported in the form that was asked for.
func parseArgs(args []string, stdin io.Reader) (*flags, *call, error) {
	p := newParser(stdin)
	rest, err := p.parse(args)
	switch {
	case err != nil:
		p.flags.json = p.flags.json || slices.Contains(rest, "-json")
	case !p.flags.help && !p.flags.version && !p.flags.stacks:
		err = p.finish()
	}
	return &p.flags, &p.call, err
}

func newParser(stdin io.Reader) *parser {
	return &parser{
		flags: flags{limit: defaultLimit, failOn: medium},
		call:  call{header: make(http.Header)},
		stdin: stdin,
	}
}

// parse takes one argument after the other. With an error it returns those that
// are left.
func (p *parser) parse(args []string) (rest []string, err error) {
	for len(args) > 0 && err == nil {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			for ; len(args) > 0 && err == nil; args = args[1:] {
				err = p.setURL(args[0])
			}
		case len(arg) > 1 && arg[0] == '-':
			args, err = p.parseFlag(arg, args)
		case p.call.url == "" && !p.copied && strings.TrimSuffix(strings.ToLower(path.Base(arg)), ".exe") == "curl":
			p.copied = true
		case p.pasted:
			err = p.setURL(arg)
		default:
			err = p.operand(arg)
		}
	}
	return args, err
}

// parseFlag takes arg, and its value from rest if need be. It returns what is
// left of rest.
func (p *parser) parseFlag(arg string, rest []string) ([]string, error) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	long := strings.HasPrefix(arg, "--")
	if f, ok := find(name, p.copied && long); ok && (long || len(name) > 1 || !hasValue) {
		switch {
		case hasValue && !f.hasArg && !f.mayHave:
			return rest, usagef("%s takes no value", arg[:len(arg)-len(value)-1])
		case f.hasArg && !hasValue && len(rest) == 0:
			return rest, usagef("%s needs a value after it", arg)
		case f.hasArg && !hasValue:
			value, rest = rest[0], rest[1:]
		}
		return rest, f.apply(p, value)
	}
	if f, ok := find(strings.TrimPrefix(name, "no-"), false); ok && long && p.copied && !f.hasArg && !hasValue {
		return rest, nil // --no-location takes back --location
	}
	if long || !p.copied && meansLong(name) {
		return rest, unknownFlag(arg)
	}
	// Several flags of one letter, the last one perhaps with its value: -sk, -XPUT.
	for letters := arg[1:]; letters != ""; letters = letters[1:] {
		f, ok := find(letters[:1], false)
		switch {
		case !ok:
			return rest, unknownFlag(arg)
		case !f.hasArg:
			if err := f.apply(p, ""); err != nil {
				return rest, err
			}
			continue
		case len(letters) > 1:
			return rest, f.apply(p, letters[1:])
		case len(rest) == 0:
			return rest, usagef("-%s needs a value after it", letters)
		}
		return rest[1:], f.apply(p, rest[0])
	}
	return rest, nil
}

func (f flag) apply(p *parser, value string) error {
	if f.only != "" {
		p.modal = append(p.modal, f)
	}
	if f.set == nil {
		return nil
	}
	return f.set(p, value)
}

// operand takes an argument that is no flag: a URL, or something that was copied,
// or the name of a file with it.
func (p *parser) operand(arg string) error {
	arg = strings.TrimSpace(arg)
	switch isText, err := p.looksPasted(arg); {
	case err != nil:
		return err
	case isText:
		return p.setText(arg)
	case arg == "-":
		return p.readText(p.stdin)
	case namesFile(arg), isFile(arg):
		return p.openText(arg)
	}
	if p.call.url == "" {
		switch strings.ToLower(arg) {
		case "help":
			p.flags.help = true
			return nil
		case "version":
			p.flags.version = true
			return nil
		}
		if err := commandWord(arg); err != nil {
			return err
		}
	}
	return p.setURL(arg)
}

func (p *parser) setURL(value string) error {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return usagef("the URL is empty")
	case p.call.url == "":
		p.call.url = value
	default:
		p.flags.more = append(p.flags.more, value)
	}
	return nil
}

func (p *parser) setMethod(value string) error {
	p.call.method = value
	return checkMethod(value)
}

func (p *parser) setCredentials(value string) error {
	switch mode := paste.Credentials(cmp.Or(value, string(paste.Include))); mode {
	case paste.Include, paste.Omit:
		p.credentials = mode
		p.call.credentials = mode == paste.Include
		return nil
	}
	return usagef("-credentials=%s: write -credentials, or -credentials=omit", quote(value))
}

// addHeader takes a header as curl does: "Name: value", or "Name;" for an empty
// value. "Name:" keeps curl from sending a header, and means nothing here.
func (p *parser) addHeader(line string) error {
	if name, ok := strings.CutSuffix(line, ";"); ok && !strings.Contains(line, ":") {
		line = name + ": "
	} else if strings.HasSuffix(line, ":") && strings.Count(line, ":") == 1 {
		return nil
	}
	if p.copied && strings.HasPrefix(line, ":") {
		return nil // HTTP/2's own, such as :authority
	}
	if file, ok := strings.CutPrefix(line, "@"); ok {
		return p.addHeaders(file)
	}
	name, value, found := strings.Cut(line, ":")
	if !found {
		return usagef("-H %s has no colon: write a header as 'Name: value'", quote(line))
	}
	return p.addField(name, strings.TrimSpace(value))
}

func (p *parser) addField(name, value string) error {
	switch lower := strings.ToLower(name); {
	case lower == "origin":
		p.header = value
	case lower == "referer" && p.copied:
		p.referer = value
	case lower == "sec-fetch-mode" && p.copied:
		p.mode = value
	case lower == "cookie":
		return p.setCookie(value)
	case lower == "access-control-request-method":
		// The preflight itself was copied. What it asks about is the call.
		p.announced, p.flags.preflightOnly = value, true
	case lower == "access-control-request-headers":
		p.announce(value)
	case p.copied && isSetByBrowser(lower, value):
	default:
		p.call.header.Add(name, value)
	}
	return nil
}

// announce sets the headers that a copied preflight announces to values that need
// a preflight. The call itself is not sent then.
func (p *parser) announce(names string) {
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "" || p.call.header.Get(name) != "":
		case strings.EqualFold(name, "Content-Type"):
			p.call.header.Set(name, "application/json")
		default:
			p.call.header.Set(name, `"announced"`) // the quotes make it no safelisted value
		}
	}
}

// addData takes data, or the name of a file after an @.
func (p *parser) addData(value string) error {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return p.addRawData(value)
	}
	data, err := p.read("-d", name)
	if err != nil {
		return err
	}
	return p.addRawData(data)
}

// read returns what stands in a file that a flag names; "-" is the standard input.
func (p *parser) read(flag, name string) (string, error) {
	var from io.Reader
	switch {
	case p.pasted:
		return "", errNamesFile(name, flag+" "+quote("@"+name))
	case name == "-" && p.stdin == nil:
		return "", usagef("%s: the standard input is used already", flag)
	case name == "-":
		from, p.stdin = p.stdin, nil
	default:
		f, err := os.Open(name)
		if err != nil {
			return "", usagef("%s: %v", flag, err)
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	data, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	if err != nil {
		return "", usagef("%s: %v", flag, err)
	}
	return string(data), nil
}

func errNamesFile(name, beside string) error {
	if name == "-" {
		return usagef("the paste takes a part of the call from its standard input, which a paste does not have: " +
			"write it out, as in -d '{…}'")
	}
	return usagef("the paste names the file %s, and a paste opens no file: add %s beside it", quote(name), beside)
}

func (p *parser) addRawData(value string) error {
	if p.call.hasBody {
		value = p.call.body + "&" + value
	}
	if len(value) > maxBody {
		return usagef("-d: the body is longer than %d MB", maxBody>>20)
	}
	p.call.body, p.call.hasBody = value, true
	return nil
}

func (p *parser) addEncodedData(value string) error {
	name, content, found := strings.Cut(value, "=")
	if before, file, isFile := strings.Cut(value, "@"); isFile && !strings.Contains(before, "=") {
		data, err := p.read("--data-urlencode", file)
		if err != nil {
			return err
		}
		name, content, found = before, data, true
	}
	if !found {
		return p.addRawData(url.QueryEscape(value))
	}
	if name != "" {
		name += "="
	}
	return p.addRawData(name + url.QueryEscape(content))
}

func (p *parser) setCookie(value string) error {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return nil
	case !strings.Contains(value, "="):
		return usagef("-b %s: write cookies as 'name=value; name=value'; files of cookies are not read", quote(value))
	case strings.ContainsAny(value, "\r\n\x00"):
		return usagef("-b: the cookies have a line break or NUL in them")
	case p.call.cookie != "":
		value = p.call.cookie + "; " + value
	}
	p.call.cookie, p.call.credentials = value, p.credentials != paste.Omit
	return nil
}

func (p *parser) setLimit(value string) error {
	return setSeconds(&p.flags.limit, "-m", value)
}

func (p *parser) setWholeLimit(value string) error { return setSeconds(&p.flags.whole, "-M", value) }

func setSeconds(limit *time.Duration, name, value string) error {
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || !(seconds > 0) || seconds > maxLimit.Seconds() {
		return usagef("%s %s: give a number of seconds, from above 0 to %d", name, quote(value), int(maxLimit.Seconds()))
	}
	*limit = max(time.Duration(seconds*float64(time.Second)), time.Millisecond)
	return nil
}

var allEngines = []corstest.Engine{corstest.EngineStandard, corstest.EngineChromium, corstest.EngineFirefox,
	corstest.EngineWebKit}

func (p *parser) setEngines(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(allEngines, func(e corstest.Engine) bool { return strings.EqualFold(e.String(), name) })
		if i < 0 {
			return usagef("-engine %s: the engines are standard, chromium, firefox and webkit", quote(name))
		}
		if !slices.Contains(p.flags.engines, allEngines[i]) {
			p.flags.engines = append(p.flags.engines, allEngines[i])
		}
	}
	return nil
}

func (p *parser) setStack(value string) error {
	value = strings.ToLower(value)
	if value == "?" {
		p.flags.stacks = true
		return nil
	}
	if !slices.Contains(stacks.Names(), value) {
		return usagef("-for %s: the stacks are %s", quote(value), strings.Join(stacks.Names(), ", "))
	}
	p.flags.stack = value
	return nil
}

func (p *parser) setFailOn(value string) error {
	s, ok := parseSeverity(value)
	if !ok {
		return usagef("-fail-on %s: the severities are high, medium, low, info and none", quote(value))
	}
	p.flags.failOn = s
	return nil
}

// finish fills in what follows from the rest, and says what is missing.
func (p *parser) finish() error {
	if err := p.checkPart(); err != nil {
		return err
	}
	if p.text != "" {
		if err := p.takePaste(); err != nil {
			return err
		}
	} else if p.entry > 0 {
		return usagef("-entry picks a call of a paste or a HAR, and there is none")
	} else if p.copied {
		p.call.credentialsUnknown = p.call.cookie == "" && p.credentials == ""
	}
	if p.call.url == "" {
		return usagef("no URL: name the address that the page calls, or paste the call: corscheck -")
	}
	if err := p.checkMode(); err != nil {
		return err
	}
	if err := p.findOrigin(); err != nil {
		return err
	}
	if len(p.flags.engines) == 0 {
		p.flags.engines = allEngines
	}
	for _, ref := range p.urls() {
		if err := p.finishURL(ref); err != nil {
			return err
		}
	}
	if p.query {
		p.call.body, p.call.hasBody = "", false
	}
	for name, values := range p.defaults {
		if p.call.header[name] == nil {
			p.call.header[name] = values
		}
	}
	if p.call.hasBody {
		p.call.method = cmp.Or(p.call.method, http.MethodPost)
		if p.call.header.Get("Content-Type") == "" {
			p.call.header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
		}
	}
	p.call.method = cmp.Or(p.announced, p.call.method, http.MethodGet)
	if p.copied {
		p.dropRevalidation()
	}
	if err := p.flags.network.load(); err != nil {
		return err
	}
	return p.guard()
}

// checkPart refuses what would have no effect in a check, or in an audit.
func (p *parser) checkPart() error {
	if len(p.flags.more) > 0 && !p.flags.audit {
		return usagef("two URLs, %s and %s: check one at a time, and put quotes around what has spaces",
			quote(p.call.url), quote(p.flags.more[0]))
	}
	for _, f := range p.modal {
		name, _, _ := strings.Cut(f.names, " ")
		switch {
		case f.only == "check" && p.flags.audit:
			return usagef("-%s has no part in an audit: leave it out, or leave out -audit", name)
		case f.only == "audit" && !p.flags.audit:
			return usagef("-%s is for an audit alone: add -audit, or leave it out", name)
		}
	}
	return nil
}

// urls are all that were named.
func (p *parser) urls() []*string {
	all := []*string{&p.call.url}
	for i := range p.flags.more {
		all = append(all, &p.flags.more[i])
	}
	return all
}

// checkMode says of what no script called that it is something else.
func (p *parser) checkMode() error {
	switch {
	case p.mode == "navigate" && p.origin == "":
		return usagef("the copied call is a page that the user went to, not a call of a script: " +
			"copy one of the type fetch or xhr")
	case p.mode == "no-cors":
		p.call.untold = append(p.call.untold, `The copied call has the mode "no-cors": browsers hide its answer `+
			`from scripts, whatever the server says. Checked is the same call with the mode "cors".`)
	}
	return nil
}

// findOrigin takes the origin from where it stands, and says so in the call.
func (p *parser) findOrigin() error {
	origin := p.origin
	switch referred := paste.OriginOf(p.referer); {
	case origin != "" && p.header != "" && origin != p.header && !p.copied:
		return usagef("-origin %s and -H %s name two pages: leave one of them out",
			quote(origin), quote("Origin: "+p.header))
	case origin != "":
	case p.header != "":
		origin = p.header
		if p.copied {
			p.call.originFrom = cmp.Or(p.call.originFrom, "Origin")
		}
	case referred != "":
		origin, p.call.originFrom = referred, "Referer"
	case p.copied:
		return usagef("the copied call names no page, in Origin or in Referer: add -origin https://app.example.com")
	default:
		return usagef("no -origin: name the origin of the page that calls, as in -origin https://app.example.com")
	}
	p.call.origin = origin
	if p.origin == "" && origin == "file://" {
		return nil // a WebView of Android writes it, and other browsers null
	}
	return checkOrigin(origin)
}

func (p *parser) finishURL(to *string) error {
	if p.copied && !p.globOff {
		*to = globEscapes.Replace(*to)
	}
	ref, err := completeURL(*to)
	if err != nil {
		return err
	}
	ascii, ok := inASCII(ref)
	switch {
	case !ok:
		return usagef("the URL %s: write the host in Punycode (xn--…), as browsers send it", quote(ref))
	case ascii != ref && !p.copied:
		return usagef("the URL %s: browsers write the host in Punycode; did you mean %s?", quote(ref), quote(ascii))
	}
	more := slices.Clone(p.moreQuery)
	if p.call.hasBody && p.query {
		more = append(more, p.call.body)
	}
	for _, query := range more {
		separator := "?"
		if strings.Contains(ascii, "?") {
			separator = "&"
		}
		ascii += separator + query
	}
	*to = ascii
	return nil
}

// guard keeps calls that write from being sent where nobody asked for it: the
// paste may be any call, and not all of it may have been told.
func (p *parser) guard() error {
	if p.flags.audit { // which sends none that writes
		return nil
	}
	if !p.call.guarded && p.announced == "" || p.send && p.announced == "" {
		return nil
	}
	plan, err := newPlan(&p.call)
	if err != nil {
		return err
	}
	switch {
	case p.announced != "":
		p.call.upload = p.call.upload || !plan.preflight // what else makes a preflight of it
	case isSafe(plan.method):
	case plan.preflight:
		p.flags.preflightOnly = true
	case p.bodyUnknown:
		return errBodyUnknown
	default:
		hint := ""
		if p.call.told != "" {
			hint = ". If the script sets headers, such as a Content-Type of JSON, name them with -H instead: " +
				"then there is a preflight to check"
		}
		return usagef("%s %s writes, and browsers send it without a preflight, so nothing was sent: "+
			"add -send to have it sent%s", plan.method, p.call.url, hint)
	}
	return nil
}

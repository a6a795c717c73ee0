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

	"example.com/cors/corstest"
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
	audit         bool
	more          []string      // -audit: the URLs after the first
	whole         time.Duration // -M: the limit for all that an audit does, 0 for none
	failOn        severity
	json          bool
	verbose       int // how often -v was given
	help          bool
}

// A parser reads the command line into flags and a call.
type parser struct {
	flags flags
	call  call

	copied    bool   // the arguments are those of a curl command
	query     bool   // -G: the body goes into the URL
	announced string // the method that a copied preflight announces
	modal     []flag // the flags given that only the check has, or only the audit
}

// A flag is one that the command line may have.
type flag struct {
	names   string // short ones and long ones
	hasArg  bool
	set     func(p *parser, value string) error // nil to ignore it
	curlOwn bool                                // only after the word curl
	only    string                              // "check" or "audit" if the other has no use for it
}

var allFlags = []flag{
	{names: "origin", hasArg: true, set: (*parser).setOrigin},
	{names: "X request", hasArg: true, set: func(p *parser, value string) error { p.call.method = value; return nil }},
	{names: "H header", hasArg: true, set: (*parser).addHeader},
	{names: "d data data-ascii data-binary", hasArg: true, set: (*parser).addData},
	{names: "data-raw", hasArg: true, set: (*parser).addRawData},
	{names: "data-urlencode", hasArg: true, set: (*parser).addEncodedData},
	{names: "json", hasArg: true, curlOwn: true, set: func(p *parser, value string) error {
		p.call.header.Set("Content-Type", "application/json")
		return p.addData(value)
	}},
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
	{names: "credentials", set: func(p *parser, _ string) error { p.call.credentials = true; return nil }},
	{names: "engine engines", hasArg: true, only: "check", set: (*parser).setEngines},
	{names: "preflight-only", only: "check", set: func(p *parser, _ string) error { p.flags.preflightOnly = true; return nil }},
	{names: "no-probe", only: "check", set: func(p *parser, _ string) error { p.flags.noProbe = true; return nil }},
	{names: "upload-progress", only: "check", set: func(p *parser, _ string) error { p.call.upload = true; return nil }},
	{names: "audit", set: func(p *parser, _ string) error { p.flags.audit = true; return nil }},
	{names: "M", hasArg: true, only: "audit", set: (*parser).setWholeLimit},
	{names: "fail-on", hasArg: true, only: "audit", set: (*parser).setFailOn},
	{names: "json", set: func(p *parser, _ string) error { p.flags.json = true; return nil }},
	{names: "v verbose", set: func(p *parser, _ string) error { p.flags.verbose++; return nil }},
	{names: "h help", set: func(p *parser, _ string) error { p.flags.help = true; return nil }},

	// Flags of curl that change nothing here.
	{names: "compressed s silent S show-error L location location-trusted i include g globoff f fail fail-with-body N no-buffer"},
	{names: "0 http1.0 http1.1 http2 http2-prior-knowledge http3 path-as-is ssl-no-revoke tlsv1.2 tlsv1.3 4 ipv4 6 ipv6 # progress-bar"},
	{names: "A user-agent e referer o output w write-out c cookie-jar connect-timeout retry", hasArg: true},
}

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
func parseArgs(args []string) (*flags, *call, error) {
	p := &parser{
		flags: flags{limit: defaultLimit, failOn: medium},
		call:  call{header: make(http.Header)},
	}
	rest, err := p.parse(args)
	switch {
	case err != nil:
		p.flags.json = p.flags.json || slices.Contains(rest, "-json")
	case !p.flags.help:
		err = p.finish()
	}
	return &p.flags, &p.call, err
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
		case p.call.url == "" && !p.copied && strings.TrimSuffix(path.Base(arg), ".exe") == "curl":
			p.copied = true
		default:
			err = p.setURL(arg)
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
		case hasValue && !f.hasArg:
			return rest, usagef("%s takes no value", arg[:len(arg)-len(value)-1])
		case f.hasArg && !hasValue && len(rest) == 0:
			return rest, usagef("%s needs a value after it", arg)
		case f.hasArg && !hasValue:
			value, rest = rest[0], rest[1:]
		}
		return rest, f.apply(p, value)
	}
	if long {
		return rest, usagef("%s is not a flag of corscheck", quote(arg))
	}
	// Several flags of one letter, the last one perhaps with its value: -sk, -XPUT.
	for letters := arg[1:]; letters != ""; letters = letters[1:] {
		f, ok := find(letters[:1], false)
		switch {
		case !ok:
			return rest, usagef("%s is not a flag of corscheck", quote(arg))
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

func (p *parser) setURL(value string) error {
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

func (p *parser) setOrigin(value string) error {
	p.call.origin = value
	return nil
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
	name, value, found := strings.Cut(line, ":")
	if !found {
		return usagef("-H %s has no colon: write a header as 'Name: value'", quote(line))
	}
	value = strings.TrimSpace(value)
	switch lower := strings.ToLower(name); {
	case lower == "origin":
		return p.setOrigin(value)
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
	f, err := os.Open(name)
	if err != nil {
		return usagef("-d: %v", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxBody+1))
	if err != nil {
		return usagef("-d: %v", err)
	}
	return p.addRawData(string(data))
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
	p.call.cookie, p.call.credentials = value, true
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

var allEngines = []corstest.Engine{corstest.EngineStandard, corstest.EngineChromium, corstest.EngineFirefox, corstest.EngineWebKit}

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
	if err := p.checkMode(); err != nil {
		return err
	}
	switch {
	case p.call.url == "":
		return usagef("no URL: name the address that the page calls")
	case p.call.origin == "" && p.copied:
		return usagef("the copied call has no Origin header: copy a call of a script to another origin, or add -origin https://app.example.com")
	case p.call.origin == "":
		return usagef("no -origin: name the origin of the page that calls, as in -origin https://app.example.com")
	}
	if len(p.flags.engines) == 0 {
		p.flags.engines = allEngines
	}
	for _, ref := range p.urls() {
		if err := completeURL(ref); err != nil {
			return err
		}
	}
	if p.call.hasBody && p.query {
		for _, ref := range p.urls() {
			separator := "?"
			if strings.Contains(*ref, "?") {
				separator = "&"
			}
			*ref += separator + p.call.body
		}
		p.call.body, p.call.hasBody = "", false
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
	return nil
}

// checkMode refuses what would have no effect.
func (p *parser) checkMode() error {
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

// completeURL gives a URL of the own machine its scheme. That of others could be
// either.
func completeURL(ref *string) error {
	if scheme, _, found := strings.Cut(*ref, "://"); found {
		if lower := strings.ToLower(scheme); lower != "http" && lower != "https" {
			return usagef("the URL %s begins with %s: only http and https are under CORS", quote(*ref), quote(scheme))
		}
		return nil
	}
	u, err := url.Parse("http://" + *ref)
	if err != nil || u.Host == "" {
		return usagef("%s is not a URL", quote(*ref))
	}
	if !isLoopback(u.Hostname()) {
		return usagef("the URL %s has no scheme; did you mean %s?", quote(*ref), quote("https://"+*ref))
	}
	*ref = "http://" + *ref
	return nil
}

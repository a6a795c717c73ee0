package main

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors/corstest"
)

// errUsage is wrapped by the errors that -help helps with.
var errUsage = errors.New("bad usage")

// A usageError says what is wrong with the command line.
type usageError string

func (e usageError) Error() string      { return string(e) }
func (usageError) Is(target error) bool { return target == errUsage }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

const (
	defaultLimit = 10 * time.Second
	maxLimit     = time.Hour
	maxBody      = 8 << 20
)

// A config is what the command line asks for.
type config struct {
	url         string
	origin      string
	method      string      // as written
	announced   string      // the method that a copied preflight announces
	header      http.Header // what the page's script sets
	body        string
	hasBody     bool
	query       bool   // -G: the body goes into the URL
	cookie      string // of the Cookie header
	credentials bool

	insecure      bool
	limit         time.Duration
	engines       []corstest.Engine
	preflightOnly bool
	audit         bool
	failOn        severity
	json          bool
	verbose       bool
	help          bool

	copied bool // the flags are those of a curl command
}

// A flag is one that the command line may have.
type flag struct {
	names   string // short ones and long ones
	hasArg  bool
	set     func(c *config, value string) error // nil to ignore it
	curlOwn bool                                // only after the word curl
}

var flags = []flag{
	{names: "origin", hasArg: true, set: (*config).setOrigin},
	{names: "X request", hasArg: true, set: func(c *config, value string) error { c.method = value; return nil }},
	{names: "H header", hasArg: true, set: (*config).addHeader},
	{names: "d data data-ascii data-binary", hasArg: true, set: (*config).addData},
	{names: "data-raw", hasArg: true, set: (*config).addRawData},
	{names: "data-urlencode", hasArg: true, set: (*config).addEncodedData},
	{names: "json", hasArg: true, curlOwn: true, set: func(c *config, value string) error {
		c.header.Set("Content-Type", "application/json")
		return c.addData(value)
	}},
	{names: "b cookie", hasArg: true, set: (*config).setCookie},
	{names: "u user", hasArg: true, set: func(c *config, value string) error {
		c.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(value)))
		return nil
	}},
	{names: "I head", set: func(c *config, _ string) error { c.method = http.MethodHead; return nil }},
	{names: "G get", set: func(c *config, _ string) error { c.query = true; return nil }},
	{names: "k insecure", set: func(c *config, _ string) error { c.insecure = true; return nil }},
	{names: "m max-time", hasArg: true, set: (*config).setLimit},
	{names: "url", hasArg: true, set: (*config).setURL},
	{names: "credentials", set: func(c *config, _ string) error { c.credentials = true; return nil }},
	{names: "engine engines", hasArg: true, set: (*config).setEngines},
	{names: "preflight-only", set: func(c *config, _ string) error { c.preflightOnly = true; return nil }},
	{names: "audit", set: func(c *config, _ string) error { c.audit = true; return nil }},
	{names: "fail-on", hasArg: true, set: (*config).setFailOn},
	{names: "json", set: func(c *config, _ string) error { c.json = true; return nil }},
	{names: "v verbose", set: func(c *config, _ string) error { c.verbose = true; return nil }},
	{names: "h help", set: func(c *config, _ string) error { c.help = true; return nil }},

	// Flags of curl that change nothing here.
	{names: "compressed s silent S show-error L location location-trusted i include g globoff f fail fail-with-body N no-buffer"},
	{names: "0 http1.0 http1.1 http2 http2-prior-knowledge http3 path-as-is ssl-no-revoke tlsv1.2 tlsv1.3 4 ipv4 6 ipv6 # progress-bar"},
	{names: "A user-agent e referer o output w write-out c cookie-jar connect-timeout retry", hasArg: true},
}

// find returns the flag with the name. The same name may be a flag of ours and
// another one of curl's: after the word curl, two dashes mean curl's.
func find(name string, curlOwn bool) (flag, bool) {
	named := func(f flag) bool { return slices.Contains(strings.Fields(f.names), name) }
	i := slices.IndexFunc(flags, func(f flag) bool { return named(f) && f.curlOwn == curlOwn })
	if i < 0 && curlOwn {
		return find(name, false)
	}
	if i < 0 {
		return flag{}, false
	}
	return flags[i], true
}

// parseArgs reads the command line. The config is never nil, so that an error can
// be reported in the form that was asked for.
func parseArgs(args []string) (*config, error) {
	c := &config{header: make(http.Header), limit: defaultLimit, failOn: medium}
	var problem error
	for len(args) > 0 && problem == nil {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			for ; len(args) > 0 && problem == nil; args = args[1:] {
				problem = c.setURL(args[0])
			}
		case len(arg) > 1 && arg[0] == '-':
			args, problem = c.parseFlag(arg, args)
		case c.url == "" && !c.copied && strings.TrimSuffix(path.Base(arg), ".exe") == "curl":
			c.copied = true
		default:
			problem = c.setURL(arg)
		}
	}
	if problem != nil {
		c.json = c.json || slices.Contains(args, "-json")
		return c, problem
	}
	if c.help {
		return c, nil
	}
	return c, c.finish()
}

// parseFlag takes arg, and its value from rest if need be. It returns what is
// left of rest.
func (c *config) parseFlag(arg string, rest []string) ([]string, error) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	long := strings.HasPrefix(arg, "--")
	if f, ok := find(name, c.copied && long); ok && (long || len(name) > 1 || !hasValue) {
		switch {
		case hasValue && !f.hasArg:
			return rest, usagef("%s takes no value", arg[:len(arg)-len(value)-1])
		case f.hasArg && !hasValue && len(rest) == 0:
			return rest, usagef("%s needs a value after it", arg)
		case f.hasArg && !hasValue:
			value, rest = rest[0], rest[1:]
		}
		return rest, f.apply(c, value)
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
			if err := f.apply(c, ""); err != nil {
				return rest, err
			}
			continue
		case len(letters) > 1:
			return rest, f.apply(c, letters[1:])
		case len(rest) == 0:
			return rest, usagef("-%s needs a value after it", letters)
		}
		return rest[1:], f.apply(c, rest[0])
	}
	return rest, nil
}

func (f flag) apply(c *config, value string) error {
	if f.set == nil {
		return nil
	}
	return f.set(c, value)
}

func (c *config) setURL(value string) error {
	if c.url != "" {
		return usagef("two URLs, %s and %s: check one at a time, and put quotes around what has spaces", quote(c.url), quote(value))
	}
	if value == "" {
		return usagef("the URL is empty")
	}
	c.url = value
	return nil
}

func (c *config) setOrigin(value string) error {
	c.origin = value
	return nil
}

// addHeader takes a header as curl does: "Name: value", or "Name;" for an empty
// value. "Name:" keeps curl from sending a header, and means nothing here.
func (c *config) addHeader(line string) error {
	if name, ok := strings.CutSuffix(line, ";"); ok && !strings.Contains(line, ":") {
		line = name + ": "
	} else if strings.HasSuffix(line, ":") && strings.Count(line, ":") == 1 {
		return nil
	}
	if c.copied && strings.HasPrefix(line, ":") {
		return nil // HTTP/2's own, such as :authority
	}
	name, value, found := strings.Cut(line, ":")
	if !found {
		return usagef("-H %s has no colon: write a header as 'Name: value'", quote(line))
	}
	value = strings.TrimSpace(value)
	switch lower := strings.ToLower(name); {
	case lower == "origin":
		return c.setOrigin(value)
	case lower == "cookie":
		return c.setCookie(value)
	case lower == "access-control-request-method":
		// The preflight itself was copied. What it asks about is the call.
		c.announced, c.preflightOnly = value, true
	case lower == "access-control-request-headers":
		c.announce(value)
	case c.copied && isSetByBrowser(lower, value):
	default:
		c.header.Add(name, value)
	}
	return nil
}

// announce sets the headers that a copied preflight announces to values that need
// a preflight. The call itself is not sent then.
func (c *config) announce(names string) {
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "" || c.header.Get(name) != "":
		case strings.EqualFold(name, "Content-Type"):
			c.header.Set(name, "application/json")
		default:
			c.header.Set(name, `"announced"`) // the quotes make it no safelisted value
		}
	}
}

// addData takes data, or the name of a file after an @.
func (c *config) addData(value string) error {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return c.addRawData(value)
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
	return c.addRawData(string(data))
}

func (c *config) addRawData(value string) error {
	if c.hasBody {
		value = c.body + "&" + value
	}
	if len(value) > maxBody {
		return usagef("-d: the body is longer than %d MB", maxBody>>20)
	}
	c.body, c.hasBody = value, true
	return nil
}

func (c *config) addEncodedData(value string) error {
	name, content, found := strings.Cut(value, "=")
	if !found {
		return c.addRawData(url.QueryEscape(value))
	}
	if name != "" {
		name += "="
	}
	return c.addRawData(name + url.QueryEscape(content))
}

func (c *config) setCookie(value string) error {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return nil
	case !strings.Contains(value, "="):
		return usagef("-b %s: write cookies as 'name=value; name=value'; files of cookies are not read", quote(value))
	case strings.ContainsAny(value, "\r\n\x00"):
		return usagef("-b: the cookies have a line break or NUL in them")
	case c.cookie != "":
		value = c.cookie + "; " + value
	}
	c.cookie, c.credentials = value, true
	return nil
}

func (c *config) setLimit(value string) error {
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || !(seconds > 0) || seconds > maxLimit.Seconds() {
		return usagef("-m %s: give a number of seconds, from above 0 to %d", quote(value), int(maxLimit.Seconds()))
	}
	c.limit = max(time.Duration(seconds*float64(time.Second)), time.Millisecond)
	return nil
}

var allEngines = []corstest.Engine{corstest.EngineStandard, corstest.EngineChromium, corstest.EngineFirefox, corstest.EngineWebKit}

func (c *config) setEngines(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(allEngines, func(e corstest.Engine) bool { return strings.EqualFold(e.String(), name) })
		if i < 0 {
			return usagef("-engine %s: the engines are standard, chromium, firefox and webkit", quote(name))
		}
		if !slices.Contains(c.engines, allEngines[i]) {
			c.engines = append(c.engines, allEngines[i])
		}
	}
	return nil
}

func (c *config) setFailOn(value string) error {
	s, ok := parseSeverity(value)
	if !ok {
		return usagef("-fail-on %s: the severities are high, medium, low and none", quote(value))
	}
	c.failOn = s
	return nil
}

// finish fills in what follows from the rest, and says what is missing.
func (c *config) finish() error {
	switch {
	case c.url == "":
		return usagef("no URL: name the address that the page calls")
	case c.origin == "" && c.copied:
		return usagef("the copied call has no Origin header: copy a call of a script to another origin, or add -origin https://app.example.com")
	case c.origin == "":
		return usagef("no -origin: name the origin of the page that calls, as in -origin https://app.example.com")
	}
	if len(c.engines) == 0 {
		c.engines = allEngines
	}
	if err := c.completeURL(); err != nil {
		return err
	}
	if c.hasBody && c.query {
		separator := "?"
		if strings.Contains(c.url, "?") {
			separator = "&"
		}
		c.url, c.body, c.hasBody = c.url+separator+c.body, "", false
	}
	if c.hasBody {
		c.method = cmp.Or(c.method, http.MethodPost)
		if c.header.Get("Content-Type") == "" {
			c.header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
		}
	}
	c.method = cmp.Or(c.announced, c.method, http.MethodGet)
	if c.copied {
		c.dropRevalidation()
	}
	return nil
}

// completeURL gives a URL of the own machine its scheme. That of others could be
// either.
func (c *config) completeURL() error {
	if scheme, _, found := strings.Cut(c.url, "://"); found {
		if lower := strings.ToLower(scheme); lower != "http" && lower != "https" {
			return usagef("the URL %s begins with %s: only http and https are under CORS", quote(c.url), quote(scheme))
		}
		return nil
	}
	u, err := url.Parse("http://" + c.url)
	if err != nil || u.Host == "" {
		return usagef("%s is not a URL", quote(c.url))
	}
	if !isLoopback(u.Hostname()) {
		return usagef("the URL %s has no scheme; did you mean %s?", quote(c.url), quote("https://"+c.url))
	}
	c.url = "http://" + c.url
	return nil
}

// isLoopback reports whether host, as it stands in a URL, is the own machine.
func isLoopback(host string) bool {
	host = strings.ToLower(host)
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// request is the call as a script would make it.
func (c *config) request() corstest.Request {
	r := corstest.Request{
		Origin:      c.origin,
		Method:      c.method,
		URL:         c.url,
		Header:      c.header,
		Credentials: c.credentials,
	}
	if c.cookie != "" {
		r.Cookies = []*http.Cookie{{Name: "stand-in", Value: "1"}} // see wire
	}
	if c.hasBody {
		r.Body = strings.NewReader(c.body)
	}
	return r
}

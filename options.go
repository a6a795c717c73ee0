package cors

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors/internal/fetch"
	"example.com/cors/internal/publicsuffix"
)

// Options describe a CORS policy: which origins' pages may read responses, and
// what their requests may look like. Browsers enforce the policy; the options
// tell them about it.
//
// The zero value allows nobody and is an error: set AllowedOrigins or
// AllowOriginFunc. [New] copies what it needs, so that changing a slice
// afterwards changes no policy.
type Options struct {
	// AllowedOrigins lists the origins whose pages may read responses, as
	// patterns of the grammar described at [OriginMatcher]:
	//
	//	"https://example.com", "https://*.example.com", "http://localhost:3000"
	//
	// The single element "*" stands for every origin. It excludes
	// AllowCredentials, AllowOriginFunc and other elements.
	AllowedOrigins []string

	// AllowOriginFunc reports whether the page of an origin that AllowedOrigins
	// does not match may read the response to r, for instance because a database
	// says so. It is asked about well-formed origins only, and about "null" and
	// "file://" only without AllowCredentials. It may be called concurrently, for actual requests
	// and for preflights, and blocks the request; its panics are the caller's.
	//
	// Its word is final. One that returns true for everybody, together with
	// AllowCredentials, lets every web page act and read as its visitor: compare
	// whole origins, never substrings, prefixes or suffixes.
	AllowOriginFunc func(r *http.Request, origin string) bool

	// AllowOriginVary names the request headers, other than Origin, that
	// AllowOriginFunc looks at. They join Vary, so that caches keep the answers
	// apart. Browsers send no custom headers with a preflight.
	AllowOriginVary []string

	// AllowedMethods lists the methods that pages may use besides GET, HEAD and
	// POST, which need no mention: "PUT", "PATCH", "DELETE". Names are
	// case-sensitive. "*" stands for every method. The default is none.
	AllowedMethods []string

	// AllowedHeaders lists the request headers that pages may set besides the few
	// that browsers always let through. A JSON body takes "Content-Type", a token
	// "Authorization". Names are case-insensitive. "*" stands for every name,
	// Authorization included. The default is none.
	AllowedHeaders []string

	// ExposedHeaders lists the response headers that pages may read besides
	// Cache-Control, Content-Language, Content-Length, Content-Type, Expires,
	// Last-Modified and Pragma: "ETag", "X-Request-Id". Names are
	// case-insensitive. "*" stands for every name and excludes AllowCredentials.
	// No policy exposes Set-Cookie. The default is none.
	ExposedHeaders []string

	// AllowCredentials lets pages send requests with cookies, client certificates
	// and HTTP authentication, and read the responses. Then each allowed origin
	// can do whatever the user can: list only origins you would trust with that.
	// It is about what browsers attach by themselves; an Authorization header that
	// a script sets needs AllowedHeaders instead.
	AllowCredentials bool

	// MaxAge is how long browsers may keep the answer to a preflight, in whole
	// seconds up to 24 hours. Browsers cap it: Firefox at 24 hours, Chromium at 2
	// hours, WebKit at 10 minutes. At 0 no limit is sent, and browsers keep the
	// answer for 5 seconds; a negative value tells them not to keep it.
	MaxAge time.Duration

	// OptionsPassthrough runs the handler on preflights as well, after their CORS
	// headers are set; it then sends the status, which has to be 200 to 299 for
	// browsers to accept the preflight. On a preflight of an origin that is not
	// allowed it runs without CORS headers. By default the middleware answers
	// preflights by itself.
	OptionsPassthrough bool

	// OptionsSuccessStatus is the status that preflights of allowed origins are
	// answered with, 200 to 299. The default, 0, means 204 (No Content); some old
	// intermediaries want 200. OptionsPassthrough leaves it to the handler.
	OptionsSuccessStatus int

	// Logger, if not nil, is told what was refused and why, at [slog.LevelInfo],
	// and what was granted, at [slog.LevelDebug]. What clients sent appears in it
	// cut to a bounded length, and quoted if it is more than printable ASCII.
	Logger *slog.Logger

	// DangerouslyAllowInsecureOrigins permits http:// origins together with
	// AllowCredentials. Whoever controls the network between such a page and its
	// visitor can rewrite the page, and so act as the visitor. Origins on the
	// browser's own machine (localhost, 127.0.0.1, [::1]) do not need it.
	DangerouslyAllowInsecureOrigins bool

	// DangerouslyAllowPublicSuffixes permits, together with AllowCredentials,
	// patterns such as https://*.github.io, under which strangers can get a name
	// for themselves: those with a wildcard right under a public suffix
	// (https://publicsuffix.org), or with one below their domain.
	DangerouslyAllowPublicSuffixes bool
}

// Validate returns nil if o describes a policy that can work and keeps
// strangers out, and otherwise an [*OptionsError] with every problem, in the
// order of the fields. [New] panics with the same error: whoever takes a policy
// from a file or a tenant calls Validate first.
func (o Options) Validate() error {
	if _, problems := o.compile(); problems != nil {
		return &OptionsError{problems}
	}
	return nil
}

// An OptionsError says why a policy, or a list of patterns, is not accepted.
type OptionsError struct {
	Problems []Problem // at least one, in the order of the fields
}

// Error describes each problem on a line of its own.
func (e *OptionsError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("cors: " + p.String())
	}
	return b.String()
}

// A Problem is one thing that is wrong with an Options value.
type Problem struct {
	Field  string // the field of Options, such as "AllowedOrigins"
	Value  string // the offending value or list element, "" where there is none
	Reason Reason
	Detail string // what is wrong, a lower-case clause
	Fix    string // a value that would be accepted in Value's place, "" where none is evident
}

// String returns the problem as one line: the field, the value, what is wrong
// with it, and what to write instead where that is known.
func (p Problem) String() string {
	s := p.Field + ": "
	if p.Value != "" {
		s += quote(p.Value) + ": "
	}
	s += p.Detail
	if p.Fix != "" {
		s += "; did you mean " + quote(p.Fix) + "?"
	}
	return s
}

// quote returns s in quotes, cut to a length that a line can hold.
func quote(s string) string {
	const most = 300
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}

// A Reason is the kind of a [Problem], for programs that treat kinds
// differently. People read [Problem.Detail].
type Reason string

const (
	ReasonMissing    Reason = "missing"      // a policy that allows nobody
	ReasonMalformed  Reason = "malformed"    // not what the field is made of
	ReasonForbidden  Reason = "forbidden"    // no browser lets it through, or it is of the other direction
	ReasonConflict   Reason = "conflict"     // excluded by another field or element
	ReasonOutOfRange Reason = "out of range" // a number beyond its bounds
	ReasonUnsafe     Reason = "unsafe"       // lets strangers in
)

// A policy is what Options are compiled to. It never changes.
type policy struct {
	open        bool // every origin; the remaining origin fields are unused
	origins     *OriginMatcher
	originFunc  func(r *http.Request, origin string) bool
	credentials string // of Access-Control-Allow-Credentials

	// Header values, "" where the header is not sent.
	vary          string
	preflightVary string
	methods       string
	headers       string
	exposed       string
	maxAge        string

	// How many values the headers of a response have at most, the policy's own line
	// of Vary included; lines that are echoed come on top.
	actualValues    int
	preflightValues int

	echoMethod  bool // answer with the request's own method
	echoHeaders bool // answer with the request's own header names
	passthrough bool
	status      int

	log *decisionLog // nil if silent
}

const maxMaxAge = 24 * time.Hour // Firefox's cap, the highest

// compile returns the policy that o describes, or else what is wrong with o.
func (o Options) compile() (*policy, []Problem) {
	var problems []Problem
	report := func(field, value string, reason Reason, detail, fix string) {
		problems = append(problems, Problem{field, value, reason, detail, fix})
	}
	p := &policy{
		open:        slices.Contains(o.AllowedOrigins, "*"),
		originFunc:  o.AllowOriginFunc,
		passthrough: o.OptionsPassthrough,
		status:      o.OptionsSuccessStatus,
	}
	if o.AllowCredentials {
		p.credentials = "true"
	}

	// AllowedOrigins
	p.origins = newMatcher(len(o.AllowedOrigins))
	var patterns []pattern // for the logger
	others := slices.ContainsFunc(o.AllowedOrigins, func(value string) bool { return value != "*" })
	for _, value := range o.AllowedOrigins {
		switch parsed, problem := o.parseOrigin(value); {
		case value == "*" && o.AllowCredentials:
			report("AllowedOrigins", value, ReasonConflict, "every origin, strangers included, cannot be combined with AllowCredentials; list the origins that you trust", "")
		case value == "*" && others:
			report("AllowedOrigins", value, ReasonConflict, "it allows every origin, so that the other elements mean nothing; remove it or them", "")
		case value == "*":
		case problem.Reason != "":
			problems = append(problems, problem)
		default:
			p.origins.add(parsed)
			if o.Logger != nil {
				patterns = append(patterns, parsed)
			}
		}
	}
	if len(o.AllowedOrigins) == 0 && o.AllowOriginFunc == nil {
		report("AllowedOrigins", "", ReasonMissing, `no origin is allowed; list the origins of your pages, or "*" for every origin`, "")
	}

	// AllowOriginFunc, AllowOriginVary
	if p.open && o.AllowOriginFunc != nil {
		report("AllowOriginFunc", "", ReasonConflict, `it is never asked, for the "*" in AllowedOrigins allows every origin; remove one of them`, "")
	}
	if len(o.AllowOriginVary) > 0 && o.AllowOriginFunc == nil {
		report("AllowOriginVary", "", ReasonConflict, "there is no AllowOriginFunc to look at these headers; remove them", "")
	}
	vary := newList(headerOrigin)
	preflightVary := newList(headerOrigin, headerRequestMethod, headerRequestHeaders)
	for _, value := range o.AllowOriginVary {
		if f, fix := checkHeader(value, judgeVaryHeader); f.reason != "" {
			report("AllowOriginVary", value, f.reason, f.detail, fix)
			continue
		}
		vary.add(http.CanonicalHeaderKey(value))
		preflightVary.add(http.CanonicalHeaderKey(value))
	}
	p.preflightVary = preflightVary.String()
	if !p.open {
		p.vary = vary.String()
	}

	// AllowedMethods
	methods := newList()
	for _, value := range o.AllowedMethods {
		if f, fix := checkMethod(value); f.reason != "" {
			report("AllowedMethods", value, f.reason, f.detail, fix)
			continue
		}
		methods.add(value)
	}
	p.methods = methods.String()
	p.echoMethod = methods.has("*") && o.AllowCredentials

	// AllowedHeaders
	headers := newList()
	for _, value := range o.AllowedHeaders {
		if f, fix := checkHeader(value, judgeRequestHeader); f.reason != "" {
			report("AllowedHeaders", value, f.reason, f.detail, fix)
			continue
		}
		headers.add(http.CanonicalHeaderKey(value))
	}
	if headers.has("*") {
		headers.add("Authorization") // which the wildcard does not cover
	}
	p.headers = headers.String()
	p.echoHeaders = headers.has("*") && o.AllowCredentials

	// ExposedHeaders
	exposed := newList()
	judgeExposed := judgeResponseHeader
	if o.AllowCredentials {
		judgeExposed = judgeCredentialedResponseHeader
	}
	for _, value := range o.ExposedHeaders {
		if f, fix := checkHeader(value, judgeExposed); f.reason != "" {
			report("ExposedHeaders", value, f.reason, f.detail, fix)
			continue
		}
		exposed.add(http.CanonicalHeaderKey(value))
	}
	p.exposed = exposed.String()

	// MaxAge
	switch whole := o.MaxAge.Truncate(time.Second); {
	case o.MaxAge < 0:
		p.maxAge = "0"
	case o.MaxAge > maxMaxAge:
		report("MaxAge", o.MaxAge.String(), ReasonOutOfRange, "no browser keeps an answer for more than 24 hours", maxMaxAge.String())
	case 0 < o.MaxAge && o.MaxAge < time.Second:
		fix := time.Second
		if n := o.MaxAge * time.Second; o.MaxAge <= maxMaxAge/time.Second {
			fix = n // a number meant as seconds
		}
		report("MaxAge", o.MaxAge.String(), ReasonOutOfRange, "less than a second; a plain number counts nanoseconds, so write one with its unit, as in 10*time.Minute", fix.String())
	case o.MaxAge != whole:
		report("MaxAge", o.MaxAge.String(), ReasonMalformed, "the header counts whole seconds", whole.String())
	case o.MaxAge > 0:
		p.maxAge = strconv.Itoa(int(o.MaxAge / time.Second))
	}

	// OptionsSuccessStatus
	switch {
	case p.status == 0:
		p.status = http.StatusNoContent
	case p.status < 200 || p.status > 299:
		report("OptionsSuccessStatus", strconv.Itoa(p.status), ReasonOutOfRange, "browsers accept a preflight only with a status from 200 to 299", "204")
	}

	if problems != nil {
		return nil, problems
	}
	if o.Logger != nil {
		p.log = newDecisionLog(o.Logger, patterns, methods, headers, o.AllowOriginFunc != nil, o.AllowCredentials)
	}
	p.actualValues = 2 + countSet(p.credentials, p.exposed) // with Vary and the origin
	p.preflightValues = 2 + countSet(p.credentials, p.methods, p.headers, p.maxAge)
	return p, nil
}

// countSet returns how many of values are not empty.
func countSet(values ...string) (n int) {
	for _, value := range values {
		if value != "" {
			n++
		}
	}
	return n
}

// parseOrigin parses one element of AllowedOrigins other than "*", and judges it
// in the light of the other options. The problem's Reason is "" if there is none.
func (o Options) parseOrigin(value string) (pattern, Problem) {
	problem := func(reason Reason, detail, fix string) (pattern, Problem) {
		if fix != "" {
			// What is spelled right may still be unsafe.
			if _, next := o.parseOrigin(fix); next.Reason != "" {
				fix = next.Fix
			}
		}
		return pattern{}, Problem{"AllowedOrigins", value, reason, detail, fix}
	}
	parsed, flaw := parsePattern(value)
	if flaw.reason != "" {
		return problem(flaw.reason, flaw.detail, suggest(value))
	}
	if !o.AllowCredentials {
		return parsed, Problem{}
	}
	if parsed.scheme == "http" && !isLoopback(parsed.host) && !o.DangerouslyAllowInsecureOrigins {
		return problem(ReasonUnsafe, "with AllowCredentials, whoever controls the network can act as the user through a page without TLS (DangerouslyAllowInsecureOrigins lifts this)",
			suggest("https"+strings.TrimPrefix(value, "http")))
	}
	if parsed.wild && !o.DangerouslyAllowPublicSuffixes {
		if suffix := registrableBelow(parsed); suffix != "" {
			return problem(ReasonUnsafe, fmt.Sprintf("with AllowCredentials, and strangers can register names under %s, which is a public suffix; name the hosts that are yours (DangerouslyAllowPublicSuffixes lifts this)", suffix), "")
		}
	}
	return parsed, Problem{}
}

// registrableBelow returns the public suffix that the wildcard of p stands right
// under, or one below that domain, whose names it may match as well; or "".
func registrableBelow(p pattern) string {
	domain := strings.TrimSuffix(p.host, ".")
	if publicsuffix.Is(domain) {
		return domain
	}
	return publicsuffix.Below(domain)
}

// checkMethod tells what is wrong with an element of AllowedMethods.
func checkMethod(s string) (f flaw, fix string) {
	trimmed := strings.TrimSpace(s)
	if upper := strings.ToUpper(trimmed); isStandardMethod(upper) {
		trimmed = upper
	}
	switch {
	case s == "":
		return flaw{ReasonMalformed, "an element is empty; remove it"}, ""
	case fetch.IsForbiddenMethod(trimmed):
		return flaw{ReasonForbidden, "no browser lets a script use it; remove it"}, ""
	case strings.ContainsRune(s, ','):
		return flaw{ReasonMalformed, "several methods in one string; write each as an element of its own"}, ""
	case len(s) > maxMethod:
		return flaw{ReasonOutOfRange, "a method of more than 64 bytes"}, ""
	case !fetch.IsToken(trimmed):
		return flaw{ReasonMalformed, "not a method, which has no spaces and few special characters"}, ""
	case strings.TrimSpace(s) != s:
		return flaw{ReasonMalformed, "surrounding white space"}, trimmed
	case s != trimmed:
		return flaw{ReasonMalformed, "methods are case-sensitive, and this one is written in upper case"}, trimmed
	}
	return flaw{}, ""
}

// isStandardMethod reports whether s is one of the methods that people use with
// a well-known meaning, and which are a mistake in any other case.
func isStandardMethod(s string) bool {
	switch s {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "TRACK", "QUERY", "LINK", "UNLINK", "PURGE",
		"PROPFIND", "PROPPATCH", "MKCOL", "MKCALENDAR", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "ACL", "CHECKOUT", "MERGE":
		return true
	}
	return false
}

// checkHeader tells what is wrong with s as the name of a header, or else what
// judge says of that name.
func checkHeader(s string, judge func(name string) flaw) (f flaw, fix string) {
	switch trimmed := strings.Trim(s, " \t\r\n:"); {
	case s == "":
		return flaw{ReasonMalformed, "an element is empty; remove it"}, ""
	case strings.ContainsRune(s, ','):
		return flaw{ReasonMalformed, "several headers in one string; write each as an element of its own"}, ""
	case !fetch.IsToken(trimmed):
		return flaw{ReasonMalformed, "not the name of a header, which has no spaces and few special characters"}, ""
	case trimmed != s:
		if judge(trimmed) == (flaw{}) {
			fix = trimmed
		}
		return flaw{ReasonMalformed, "only the name of the header, without white space or colon"}, fix
	}
	return judge(s), ""
}

// judgeVaryHeader judges an element of AllowOriginVary.
func judgeVaryHeader(name string) flaw {
	if name == "*" {
		return flaw{ReasonMalformed, "it would keep every response out of every cache; name the headers"}
	}
	return flaw{}
}

// judgeRequestHeader judges an element of AllowedHeaders.
func judgeRequestHeader(name string) flaw {
	switch strings.ToLower(name) {
	case "cookie", "cookie2":
		return flaw{ReasonForbidden, "scripts cannot set it; for browsers to send cookies, set AllowCredentials and remove this"}
	case "set-cookie", "set-cookie2":
		return flaw{ReasonForbidden, "a response header, and one that scripts can neither set nor read; remove it"}
	case "access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
		"access-control-allow-headers", "access-control-expose-headers", "access-control-max-age":
		return flaw{ReasonForbidden, "a response header, which the middleware sends by itself; remove it here and wherever a script sends it"}
	case "accept-ranges", "age", "allow", "etag", "location", "retry-after", "server", "vary", "www-authenticate":
		return flaw{ReasonForbidden, "a response header; to let scripts read it, list it in ExposedHeaders"}
	}
	if fetch.IsForbiddenRequestHeader(name) {
		return flaw{ReasonForbidden, "only the browser itself can set it, and needs no permission; remove it"}
	}
	return flaw{}
}

// judgeResponseHeader judges an element of ExposedHeaders.
func judgeResponseHeader(name string) flaw {
	if fetch.IsForbiddenResponseHeader(name) {
		return flaw{ReasonForbidden, "no browser lets a script read it; remove it"}
	}
	switch strings.ToLower(name) {
	case "accept", "accept-charset", "accept-language", "access-control-request-headers", "access-control-request-method",
		"cookie", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "origin",
		"proxy-authorization", "range", "referer", "te", "user-agent":
		return flaw{ReasonForbidden, "a request header; what scripts may send is listed in AllowedHeaders"}
	}
	return flaw{}
}

// judgeCredentialedResponseHeader does so where there is AllowCredentials.
func judgeCredentialedResponseHeader(name string) flaw {
	if name == "*" {
		return flaw{ReasonConflict, `with AllowCredentials browsers take "*" for a header of that name; list the headers`}
	}
	return judgeResponseHeader(name)
}

// A list is the elements of a header value, in order and without repetition.
type list struct {
	elements []string
	seen     map[string]struct{}
}

func newList(elements ...string) *list {
	l := &list{seen: make(map[string]struct{})}
	for _, s := range elements {
		l.add(s)
	}
	return l
}

func (l *list) add(s string) {
	if !l.has(s) {
		l.seen[s] = struct{}{}
		l.elements = append(l.elements, s)
	}
}

func (l *list) has(s string) bool {
	_, ok := l.seen[s]
	return ok
}

func (l *list) String() string { return strings.Join(l.elements, ", ") }

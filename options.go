package cors

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors/internal/decisionlog"
	"example.com/cors/internal/fetch"
	"example.com/cors/internal/flaw"
	"example.com/cors/internal/origin"
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
	anyOrigin   bool // every origin; the remaining origin fields are unused
	origins     *OriginMatcher
	originFunc  func(r *http.Request, origin string) bool
	credentials string // of Access-Control-Allow-Credentials

	// Header values, "" where the header is not sent.
	actualVary    string
	preflightVary string
	methods       string
	headers       string
	exposed       string
	maxAge        string

	// How many values the headers of a response have at most, the policy's own line
	// of Vary included. Lines that are echoed come on top.
	actualValues    int
	preflightValues int

	echoMethod  bool // answer with the request's own method
	echoHeaders bool // answer with the request's own header names
	passthrough bool
	status      int

	log *decisionlog.Log // nil if silent
}

// compile returns the policy that o describes, or else what is wrong with o.
func (o Options) compile() (*policy, []Problem) {
	var found problems
	anyOrigin := slices.Contains(o.AllowedOrigins, "*")
	matcher, patterns := o.compileOrigins(&found)
	o.checkOriginFunc(&found, anyOrigin)
	vary := found.names("AllowOriginVary", o.AllowOriginVary, fetch.CheckVaryHeader)
	methods := found.names("AllowedMethods", o.AllowedMethods, fetch.CheckMethod)
	allowed := found.names("AllowedHeaders", o.AllowedHeaders, fetch.CheckRequestHeader)
	exposed := found.names("ExposedHeaders", o.ExposedHeaders, func(name string) (string, flaw.Flaw) {
		return fetch.CheckExposedHeader(name, o.AllowCredentials)
	})
	maxAge, f := fetch.CheckMaxAge(o.MaxAge)
	found.check("MaxAge", o.MaxAge.String(), f, maxAge.String())
	status := cmp.Or(o.OptionsSuccessStatus, http.StatusNoContent)
	if status < 200 || status > 299 {
		found.report("OptionsSuccessStatus", strconv.Itoa(status), ReasonOutOfRange, "browsers accept a preflight only with a status from 200 to 299", "204")
	}
	if found != nil {
		return nil, found
	}

	if allowed.Has("*") {
		allowed.Add("Authorization") // which the wildcard does not cover
	}
	p := &policy{
		anyOrigin:     anyOrigin,
		origins:       matcher,
		originFunc:    o.AllowOriginFunc,
		preflightVary: fetch.NewNameSet(fetch.Origin, fetch.RequestMethod, fetch.RequestHeaders).With(vary).String(),
		methods:       methods.String(),
		headers:       allowed.String(),
		exposed:       exposed.String(),
		echoMethod:    o.AllowCredentials && methods.Has("*"),
		echoHeaders:   o.AllowCredentials && allowed.Has("*"),
		passthrough:   o.OptionsPassthrough,
		status:        status,
	}
	if !anyOrigin {
		p.actualVary = fetch.NewNameSet(fetch.Origin).With(vary).String()
	}
	if o.AllowCredentials {
		p.credentials = "true"
	}
	if o.MaxAge != 0 {
		p.maxAge = strconv.Itoa(max(0, int(maxAge/time.Second)))
	}
	p.actualValues = 2 + countSet(p.credentials, p.exposed) // with Vary and the origin
	p.preflightValues = 2 + countSet(p.credentials, p.methods, p.headers, p.maxAge)
	if o.Logger != nil {
		p.log = decisionlog.New(o.Logger, decisionlog.Policy{
			Patterns: patterns, Methods: methods, Headers: allowed, AsksFunc: o.AllowOriginFunc != nil, Echoes: o.AllowCredentials})
	}
	return p, nil
}

// compileOrigins returns the matcher for AllowedOrigins and, for the logger, its
// patterns.
func (o Options) compileOrigins(found *problems) (m *OriginMatcher, patterns []origin.Pattern) {
	const field = "AllowedOrigins"
	if len(o.AllowedOrigins) == 0 && o.AllowOriginFunc == nil {
		found.report(field, "", ReasonMissing, `no origin is allowed; list the origins of your pages, or "*" for every origin`, "")
	}
	rules := origin.Rules{
		Credentials:         o.AllowCredentials,
		AllowInsecure:       o.DangerouslyAllowInsecureOrigins,
		AllowPublicSuffixes: o.DangerouslyAllowPublicSuffixes,
	}
	others := slices.ContainsFunc(o.AllowedOrigins, func(value string) bool { return value != "*" })
	m = newMatcher(len(o.AllowedOrigins))
	for _, value := range o.AllowedOrigins {
		if value == "*" {
			switch {
			case o.AllowCredentials:
				found.report(field, value, ReasonConflict, "every origin, strangers included, cannot be combined with AllowCredentials; list the origins that you trust", "")
			case others:
				found.report(field, value, ReasonConflict, "it allows every origin, so that the other elements mean nothing; remove it or them", "")
			}
			continue
		}
		pattern, f, fix := rules.Check(value)
		if f.Reason != "" {
			found.check(field, value, f, fix)
			continue
		}
		m.add(pattern)
		if o.Logger != nil {
			patterns = append(patterns, pattern)
		}
	}
	return m, patterns
}

// checkOriginFunc reports what excludes AllowOriginFunc or needs it.
func (o Options) checkOriginFunc(found *problems, anyOrigin bool) {
	if anyOrigin && o.AllowOriginFunc != nil {
		found.report("AllowOriginFunc", "", ReasonConflict, `it is never asked, for the "*" in AllowedOrigins allows every origin; remove one of them`, "")
	}
	if len(o.AllowOriginVary) > 0 && o.AllowOriginFunc == nil {
		found.report("AllowOriginVary", "", ReasonConflict, "there is no AllowOriginFunc to look at these headers; remove them", "")
	}
}

// problems are what is wrong with Options, nil for nothing.
type problems []Problem

func (found *problems) report(field, value string, reason Reason, detail, fix string) {
	*found = append(*found, Problem{field, value, reason, detail, fix})
}

// check reports f, if it is a flaw.
func (found *problems) check(field, value string, f flaw.Flaw, fix string) {
	if f.Reason != "" {
		found.report(field, value, Reason(f.Reason), f.Detail, fix)
	}
}

// names returns the set of values, as check spells them. It reports those that
// have a flaw, for which check returns the fix instead.
func (found *problems) names(field string, values []string, check func(name string) (string, flaw.Flaw)) *fetch.NameSet {
	set := fetch.NewNameSet()
	for _, value := range values {
		name, f := check(value)
		if found.check(field, value, f, name); f.Reason == "" {
			set.Add(name)
		}
	}
	return set
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

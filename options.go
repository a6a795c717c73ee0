package cors

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors/internal/decisionlog"
	"example.com/cors/internal/fetch"
	"example.com/cors/internal/headers"
	"example.com/cors/internal/origins"
	"example.com/cors/internal/rules"
)

// Options describe a CORS policy: which pages may read responses, and what their
// requests may look like. The server sends the policy and browsers enforce it.
//
// The zero value allows nobody, and New rejects it: set AllowedOrigins or
// AllowOriginFunc. [New] copies what it needs. Changing a slice afterwards changes
// no policy.
type Options struct {
	// AllowedOrigins lists the origins of the pages that may read responses, as
	// patterns that are described at [OriginMatcher]:
	//
	//	"https://example.com", "https://*.example.com", "http://localhost:3000"
	//
	// Other spellings with the same meaning, such as "HTTPS://Example.com:443/", are
	// normalized. "*" allows every origin, even beside others. It cannot be combined
	// with AllowCredentials, RefuseCrossOriginWrites or AllowOriginFunc.
	AllowedOrigins []string

	// AllowOriginFunc is called for origins that AllowedOrigins does not match, and
	// reports whether pages of origin may read the response to r. With
	// AllowCredentials, a function that returns true for everybody lets every page
	// act as its visitor. Compare whole origins, never substrings or suffixes.
	//
	// It is called for well-formed origins only, and for "null", "file://" and schemes
	// without a host, such as "qrc://", only without AllowCredentials and
	// RefuseCrossOriginWrites. It may be called concurrently, for preflights as well.
	// It blocks the request, and its panics are not recovered.
	AllowOriginFunc func(r *http.Request, origin string) bool

	// AllowOriginVary lists the request headers, other than Origin, that
	// AllowOriginFunc looks at. They are added to Vary so that caches store the
	// responses separately. Browsers send no custom headers with a preflight.
	AllowOriginVary []string

	// AllowedMethods lists the methods that pages may use: "PUT", "PATCH",
	// "DELETE". GET, HEAD and POST are always allowed. Names are case-sensitive.
	// "*" allows every method, even with AllowCredentials.
	AllowedMethods []string

	// AllowedHeaders lists the request headers that pages may set. Pages that send
	// JSON need "Content-Type", and those that send a token need "Authorization".
	// Browsers always allow a few others, such as Accept. Names are case-insensitive.
	// "*" allows every header, Authorization included, even with AllowCredentials.
	// Names that only browsers set, such as "Origin", need no permission and are left
	// out of the answer. "Cookie" is an error: set AllowCredentials instead.
	AllowedHeaders []string

	// ExposedHeaders lists the response headers that pages may read: "ETag",
	// "X-Request-Id". They may always read Cache-Control, Content-Language,
	// Content-Length, Content-Type, Expires, Last-Modified and Pragma, and never
	// Set-Cookie. Names are case-insensitive. "*" exposes every header. It cannot
	// be combined with AllowCredentials.
	ExposedHeaders []string

	// AllowCredentials lets pages send requests with cookies, client certificates
	// and HTTP authentication, and read the responses. Each allowed origin can then
	// do whatever the user can. List only origins you trust that far. AllowedOrigins
	// may contain neither "*" nor every host of a scheme, such as "moz-extension://*".
	// For http origins and for patterns right under a public suffix, see the two fields
	// that begin with Dangerously.
	//
	// It concerns credentials the browser attaches itself. An Authorization header
	// that a script sets needs AllowedHeaders instead.
	AllowCredentials bool

	// MaxAge is how long browsers may keep the answer to a preflight, in whole
	// seconds. It has no upper limit, but browsers have: Firefox keeps the answer for
	// at most 24 hours, Chromium for 2 hours, WebKit for 10 minutes. Zero sends no
	// maximum age, and browsers then keep the answer for 5 seconds. A negative value
	// tells them not to keep it.
	MaxAge time.Duration

	// OptionsPassthrough also runs the handler on preflights, after their CORS
	// headers are set. The handler must send a 2xx status. On a preflight of an
	// origin that is not allowed it runs without CORS headers.
	OptionsPassthrough bool

	// OptionsSuccessStatus is the status of the answer to a preflight of an allowed
	// origin, 200 to 299. The default, 0, means 204 (No Content). Some old proxies
	// need 200. With OptionsPassthrough it is not used.
	OptionsSuccessStatus int

	// Logger, if non-nil, receives a record for each refusal, with its reason, at
	// [slog.LevelInfo], and for each grant at [slog.LevelDebug]. What only the browser
	// refuses, such as a header that is not in AllowedHeaders, is a refusal too. Text of
	// a client is cut to a bounded length, and quoted unless it is plain. If there are
	// several policies, give each a logger that names it:
	// logger.With("policy", "public").
	Logger *slog.Logger

	// DangerouslyAllowInsecureOrigins permits http:// origins together with
	// AllowCredentials or RefuseCrossOriginWrites. Anyone who controls the network
	// between such a page and its visitor can change the page, and so act as the
	// visitor. Origins on the browser's own machine (localhost, 127.0.0.1, [::1]) do
	// not need it.
	DangerouslyAllowInsecureOrigins bool

	// DangerouslyAllowPublicSuffixes permits patterns such as https://*.github.io
	// together with AllowCredentials or RefuseCrossOriginWrites. Everybody can register
	// a name under a public suffix such as github.io (https://publicsuffix.org), and
	// under some domains that are not on that list, such as github.dev.
	DangerouslyAllowPublicSuffixes bool

	// RefuseCrossOriginWrites rejects writes from pages that are not allowed. A
	// request with a method other than GET, HEAD or OPTIONS gets 403, and the
	// handler does not run, unless its origin is allowed or
	// [http.CrossOriginProtection] passes it, as it passes the server's own pages
	// and clients other than browsers. An allowed origin may then write with the
	// user's cookies, even without AllowCredentials. So the rules of AllowCredentials
	// for AllowedOrigins hold here as well.
	//
	// Browsers tell an https server, or one on localhost, where a request comes
	// from (Sec-Fetch-Site), also through a proxy. For plain http, and for browsers
	// from before 2023, a proxy must keep the client's Host header.
	RefuseCrossOriginWrites bool
}

// Validate returns an [*OptionsError] that lists every problem of o, in the order
// of the fields, or nil if there is none. [New] panics with the same error. Call
// Validate before New for policies that are not fixed in code.
func (o Options) Validate() error {
	if _, problems := o.compile(); problems != nil {
		return &OptionsError{problems}
	}
	return nil
}

// An OptionsError says why a policy, or a list of patterns, is rejected.
type OptionsError struct {
	Problems []Problem // at least one, in the order of the fields
}

// Error returns one line for each problem.
func (e *OptionsError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = "cors: " + p.String()
	}
	return strings.Join(lines, "\n")
}

// A Problem is one thing that is wrong with an Options value, or with a list of
// patterns.
type Problem struct {
	Field  string // of Options, such as "AllowedOrigins", or "patterns" for NewOriginMatcher
	Value  string // the bad value or list element, "" if there is none
	Detail string // what is wrong and what to do, a lower-case clause
	Fix    string // accepted in Value's place, and names no other page; "" if none is evident
}

// String returns the problem as one line: the field, the value, what is wrong
// with it, and what to write instead if that is known.
func (p Problem) String() string {
	s := p.Field + ": "
	if p.Value != "" {
		s += rules.Quote(p.Value) + ": "
	}
	return s + rules.Error{Detail: p.Detail, Fix: p.Fix}.Error()
}

// compile returns the policy that o describes, or else what is wrong with o.
func (o Options) compile() (*policy, []Problem) {
	var found problems
	anyOrigin := slices.ContainsFunc(o.AllowedOrigins, isEveryOrigin)
	matcher, patterns := o.compileOrigins(&found, anyOrigin)
	o.checkOriginFunc(&found, anyOrigin)
	vary := found.names("AllowOriginVary", o.AllowOriginVary, rules.CheckVaryHeader)
	methods := found.names("AllowedMethods", o.AllowedMethods, rules.CheckMethod)
	allowed := found.names("AllowedHeaders", o.AllowedHeaders, rules.CheckAllowedHeader)
	exposed := found.names("ExposedHeaders", o.ExposedHeaders, func(name string) (string, error) {
		return rules.CheckExposedHeader(name, o.AllowCredentials)
	})
	if err := rules.CheckMaxAge(o.MaxAge); err != nil {
		found.add("MaxAge", o.MaxAge.String(), err)
	}
	status := cmp.Or(o.OptionsSuccessStatus, http.StatusNoContent)
	if err := rules.CheckStatus(status); err != nil {
		found.add("OptionsSuccessStatus", strconv.Itoa(status), err)
	}
	if anyOrigin && o.RefuseCrossOriginWrites {
		found.add("RefuseCrossOriginWrites", "", errors.New(
			`list the origins of your pages instead of the "*" in AllowedOrigins, which lets every page write`))
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
		asksOpaque:    !o.rule().Trust(),
		preflightVary: headers.NewNameSet(fetch.Origin, fetch.RequestMethod, fetch.RequestHeaders).With(vary).String(),
		methods:       methods.String(),
		exposed:       exposed.String(),
		echoMethod:    o.AllowCredentials && methods.Has("*"),
		echoHeaders:   o.AllowCredentials && allowed.Has("*"),
		passthrough:   o.OptionsPassthrough,
		status:        status,
	}
	if !anyOrigin {
		p.actualVary = headers.NewNameSet(fetch.Origin).With(vary).String()
	}
	if !p.echoHeaders {
		p.headers = allowed.Without(fetch.IsForbiddenRequestHeader).String() // these need no permission
	}
	if o.AllowCredentials {
		p.credentials = "true"
	}
	if o.MaxAge != 0 {
		p.maxAge = strconv.FormatInt(max(0, int64(o.MaxAge/time.Second)), 10)
	}
	p.actualValues = 1 + headers.Count(p.credentials, p.exposed) // with the origin
	p.preflightValues = 1 + headers.Count(p.credentials, p.methods, p.headers, p.maxAge)
	if o.RefuseCrossOriginWrites {
		p.writes = http.NewCrossOriginProtection()
	}
	if o.Logger != nil {
		p.log = decisionlog.New(o.Logger, decisionlog.Config{
			AnyOrigin:   anyOrigin,
			Patterns:    patterns,
			Methods:     methods,
			Headers:     allowed,
			Credentials: o.AllowCredentials,
			AsksFunc:    o.AllowOriginFunc != nil,
			AsksOpaque:  p.asksOpaque,
		})
	}
	return p, nil
}

// compileOrigins returns the matcher for AllowedOrigins and its patterns, which it
// keeps only for a Logger. With anyOrigin "*" is among them.
func (o Options) compileOrigins(found *problems, anyOrigin bool) (m *OriginMatcher, patterns []origins.Pattern) {
	const field = "AllowedOrigins"
	if len(o.AllowedOrigins) == 0 && o.AllowOriginFunc == nil {
		found.add(field, "", errors.New(
			`list the origins of your pages, or "*" for every origin: no origin is allowed`))
	}
	rule := o.rule()
	m = newMatcher(len(o.AllowedOrigins))
	for _, value := range o.AllowedOrigins {
		if isEveryOrigin(value) {
			if o.AllowCredentials {
				found.add(field, value, errors.New("list the origins that you trust, or leave AllowCredentials out, "+
					"which changes nothing for the pages that work today: "+
					`from a server that allows "*", browsers let no page read the response to a request with credentials`))
			}
			continue
		}
		if anyOrigin && !rule.Trust() && origins.NamesOpaque(value) {
			continue // "*" allows these, too
		}
		pattern, err := rule.Check(value)
		if err != nil {
			found.add(field, value, err)
			continue
		}
		m.set.Add(pattern)
		if o.Logger != nil {
			patterns = append(patterns, pattern)
		}
	}
	return m, patterns
}

// rule returns what decides which patterns are safe.
func (o Options) rule() rules.Origins {
	return rules.Origins{
		Credentials:         o.AllowCredentials,
		RefuseWrites:        o.RefuseCrossOriginWrites,
		AllowInsecure:       o.DangerouslyAllowInsecureOrigins,
		AllowPublicSuffixes: o.DangerouslyAllowPublicSuffixes,
	}
}

// checkOriginFunc adds what is wrong with AllowOriginFunc, and with AllowOriginVary, which
// needs it.
func (o Options) checkOriginFunc(found *problems, anyOrigin bool) {
	if anyOrigin && o.AllowOriginFunc != nil {
		found.add("AllowOriginFunc", "", errors.New(
			`remove this, or the "*" in AllowedOrigins, which allows every origin: this is never called`))
	}
	if len(o.AllowOriginVary) > 0 && o.AllowOriginFunc == nil {
		found.add("AllowOriginVary", "", errors.New(
			"remove these headers: there is no AllowOriginFunc to look at them"))
	}
}

// names returns the set of values, as check spells them. It adds a problem for each
// that check refuses.
func (found *problems) names(field string, values []string, check func(string) (string, error)) *headers.NameSet {
	set := headers.NewNameSet()
	for _, value := range values {
		name, err := check(value)
		if err != nil {
			found.add(field, value, err)
			continue
		}
		set.Add(name)
	}
	return set
}

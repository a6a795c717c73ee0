package corstest

import (
	"fmt"
	"strings"
)

// A Step is a point at which a browser may block a call.
type Step string

// The steps, in the order in which browsers take them.
const (
	// StepPreflightRequest means that the preflight got no response, or one that the
	// browser does not take: its header has a NUL, is too long for the [Engine], or the
	// engine refuses its status.
	StepPreflightRequest Step = "preflight request"
	// StepPreflightCheck means that Access-Control-Allow-Origin or
	// Access-Control-Allow-Credentials of the response to the preflight does not
	// allow the origin (https://fetch.spec.whatwg.org/#cors-check).
	StepPreflightCheck Step = "preflight CORS check"
	// StepPreflightStatus means that the response to the preflight has a status
	// outside 200 to 299.
	StepPreflightStatus Step = "preflight status"
	// StepPreflightLists means that Access-Control-Allow-Methods or
	// Access-Control-Allow-Headers is malformed.
	StepPreflightLists Step = "preflight lists"
	// StepPreflightMethod means that the method is not allowed.
	StepPreflightMethod Step = "preflight method"
	// StepPreflightAuthorization means that the Authorization header is not allowed
	// by its name.
	StepPreflightAuthorization Step = "preflight Authorization"
	// StepPreflightHeaders means that another header is not allowed.
	StepPreflightHeaders Step = "preflight headers"
	// StepRequest means that the request itself got no response, or one that the
	// browser does not take.
	StepRequest Step = "request"
	// StepCheck means that Access-Control-Allow-Origin or
	// Access-Control-Allow-Credentials of the response does not allow the origin.
	StepCheck Step = "CORS check"
	// StepRedirect means that browsers do not follow the redirect.
	StepRedirect Step = "redirect"
)

func (s Step) isOfPreflight() bool {
	return s != StepRequest && s != StepCheck && s != StepRedirect
}

// A BlockedError reports that a browser hides a response from the script. The
// script learns only that the call failed. The error says what the browser's
// console would say, and more.
type BlockedError struct {
	Step   Step
	Header string // the response header to blame, or ""
	Detail string // what is wrong with it, and what was needed

	Origin string // the Origin of the request; "null" after some redirects
	Method string // the method as sent
	URL    string // the URL of the request that failed
}

// Error names the call, the step and the header to blame. It says what the header
// was and what it should be.
func (e *BlockedError) Error() string {
	blame := e.Detail
	if e.Header != "" {
		blame = e.Header + " " + e.Detail
	}
	return fmt.Sprintf("corstest: %s %s from origin %s is blocked: %s: %s", e.Method, e.URL, e.Origin, e.Step, blame)
}

// An UnsendableError reports a [Request] that no script can make. Browsers throw
// an exception for most of these. They silently drop a header that is forbidden.
type UnsendableError struct {
	Field  string // the field of Request
	Value  string // the bad value, or the name of the bad header
	Detail string // what is wrong, in one clause
}

// Error names the field and its value, and says what is wrong.
func (e *UnsendableError) Error() string {
	return fmt.Sprintf("corstest: %s: %q: %s", e.Field, e.Value, e.Detail)
}

// quote quotes lines of a response header as the one value that browsers take
// them for, and keeps long ones short.
func quote(lines []string) string {
	const limit = 200
	s := strings.Join(lines, ", ")
	if len(s) > limit {
		return fmt.Sprintf("%q…", s[:limit])
	}
	return fmt.Sprintf("%q", s)
}

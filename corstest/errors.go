package corstest

import (
	"fmt"
	"strings"
)

// A Step is a point at which browsers block a call.
type Step string

// The steps, in the order in which they are taken.
const (
	// StepPreflightRequest: the preflight got no response.
	StepPreflightRequest Step = "preflight request"
	// StepPreflightCheck: Access-Control-Allow-Origin or -Credentials of the
	// preflight's response (https://fetch.spec.whatwg.org/#cors-check).
	StepPreflightCheck Step = "preflight CORS check"
	// StepPreflightStatus: the status of the preflight's response is not one of
	// 200 to 299.
	StepPreflightStatus Step = "preflight status"
	// StepPreflightLists: Access-Control-Allow-Methods or -Headers is malformed.
	StepPreflightLists Step = "preflight lists"
	// StepPreflightMethod: the method is not allowed.
	StepPreflightMethod Step = "preflight method"
	// StepPreflightAuthorization: the Authorization header is not allowed by name.
	StepPreflightAuthorization Step = "preflight Authorization"
	// StepPreflightHeaders: another header is not allowed.
	StepPreflightHeaders Step = "preflight headers"
	// StepRequest: the request itself got no response.
	StepRequest Step = "request"
	// StepCheck: Access-Control-Allow-Origin or -Credentials of the response.
	StepCheck Step = "CORS check"
	// StepRedirect: the response redirects to where browsers do not go.
	StepRedirect Step = "redirect"
)

// A BlockedError reports that a browser keeps a response from the script. The
// script itself learns nothing but that the call failed; this is what the
// browser's console would say, and more.
type BlockedError struct {
	Step   Step
	Header string // the response header to blame, "" where it is none
	Detail string // what is wrong with it, and what was needed

	Origin string // the Origin of the request, "null" after some redirects
	Method string // the method as sent
	URL    string // the URL that the step was about
}

// Error names the call, the step, and the header with what it said and what was
// needed.
func (e *BlockedError) Error() string {
	blame := e.Detail
	if e.Header != "" {
		blame = e.Header + " " + e.Detail
	}
	return fmt.Sprintf("corstest: %s %s from origin %s is blocked: %s: %s", e.Method, e.URL, e.Origin, e.Step, blame)
}

// An UnsendableError reports a [Request] that no script can make. Browsers throw
// an exception for some of these and silently leave the header out for others.
type UnsendableError struct {
	Field  string // the field of Request
	Value  string // the offending value, or the name of the header
	Detail string // one clause: what is wrong
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

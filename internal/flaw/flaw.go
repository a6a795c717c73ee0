// Package flaw describes what is wrong with one value that a developer wrote in
// a policy. It is what the packages that judge such values return.
package flaw

import "strconv"

// A Flaw is why a value is not accepted. The zero value means that the value is
// fine. Both parts are constants, so that judging what a client sends allocates
// nothing.
type Flaw struct {
	Reason string // the value of a constant cors.Reason…, "" if there is no flaw
	Detail string // what is wrong, a lower-case clause
}

// The reasons that are found by looking at one value.
const (
	malformed  = "malformed"
	forbidden  = "forbidden"
	conflict   = "conflict"
	outOfRange = "out of range"
	unsafe     = "unsafe"
)

// Malformed returns the flaw of a value that is not what its field is made of.
func Malformed(detail string) Flaw { return Flaw{malformed, detail} }

// Forbidden returns the flaw of a value that browsers never allow.
func Forbidden(detail string) Flaw { return Flaw{forbidden, detail} }

// Conflict returns the flaw of a value that another option excludes.
func Conflict(detail string) Flaw { return Flaw{conflict, detail} }

// OutOfRange returns the flaw of a value that is too large or too small.
func OutOfRange(detail string) Flaw { return Flaw{outOfRange, detail} }

// Unsafe returns the flaw of a value that lets strangers in.
func Unsafe(detail string) Flaw { return Flaw{unsafe, detail} }

// Quote returns a value in quotes, as an error text shows it. A long one is cut.
func Quote(value string) string {
	const most = 300
	if len(value) > most {
		return strconv.Quote(value[:most]) + "…"
	}
	return strconv.Quote(value)
}

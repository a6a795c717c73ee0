// Package rules judges the values that a policy lists, one at a time: patterns of
// origins, methods, names of headers, durations and statuses. For a bad value it
// returns an [Error].
package rules

import (
	"errors"
	"strconv"
	"time"
)

// An Error says what is wrong with a value that a developer wrote.
type Error struct {
	Detail string // what is wrong and what to do, a lower-case clause
	Fix    string // a value to write instead, "" if none is evident
}

func (e Error) Error() string {
	if e.Fix == "" {
		return e.Detail
	}
	return e.Detail + "; did you mean " + Quote(e.Fix) + "?"
}

// AsError returns what err says. It has no Fix if err is not an Error.
func AsError(err error) Error {
	var e Error
	if !errors.As(err, &e) {
		e.Detail = err.Error()
	}
	return e
}

// Quote returns a value in quotes, as an error text shows it. A long one is cut.
func Quote(value string) string {
	const most = 300
	if len(value) > most {
		return strconv.Quote(value[:most]) + "…"
	}
	return strconv.Quote(value)
}

// CheckMaxAge judges d as the time for which browsers may keep a preflight's answer.
func CheckMaxAge(d time.Duration) error {
	const tooShort = "write the number with its unit, as in 10*time.Minute: " +
		"a plain one counts nanoseconds, and this is less than a second"
	switch whole := d.Truncate(time.Second); {
	case 0 < d && d < time.Second && d%time.Millisecond == 0:
		return Error{tooShort, time.Second.String()}
	case 0 < d && d < time.Second: // a number that was meant as seconds
		return Error{tooShort, (d * time.Second).String()}
	case d > 0 && d != whole:
		return Error{"the header counts whole seconds", whole.String()}
	}
	return nil
}

// CheckStatus judges status as that of the answer to a preflight.
func CheckStatus(status int) error {
	if status < 200 || status > 299 {
		return Error{"browsers accept a preflight only with a status from 200 to 299", "204"}
	}
	return nil
}

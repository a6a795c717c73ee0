// Corscheck plays the browser against a live server: it says whether the page
// of an origin may make a call, which header is to blame if not, and what the
// server has to answer instead. With -audit it says what a server's policy lets
// in that nobody meant. The server may be written in any language.
//
//	corscheck -origin https://app.example.com -X PUT -H 'Content-Type: application/json' -d '{}' https://api.example.com/users/7
//	corscheck curl 'https://api.example.com/users/7' -H 'Origin: https://app.example.com'
//	corscheck -audit -origin https://app.example.com https://api.example.com/users/7
//
// The README beside this file describes the flags, the exit status and the
// output for programs (-json).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
)

const usage = `Usage:

  corscheck -origin ORIGIN [flags] URL     may a page of ORIGIN make this call?
  corscheck curl 'URL' -H '…' …            the same, for what "Copy as cURL" copied
  corscheck -audit -origin ORIGIN URL …    what does the server's policy let in?

The call, with flags as in curl:
  -origin ORIGIN     the origin of the page that calls, such as https://app.example.com
  -X METHOD          the method; GET by default, POST with -d
  -H 'NAME: VALUE'   a header that the page's script sets; may be repeated
  -d DATA            the body; @FILE reads it from a file
  -b 'NAME=VALUE'    cookies; implies -credentials
  -credentials       the call carries cookies, as with fetch's credentials: "include"
  -I                 the method is HEAD
  -k                 accept any TLS certificate
  -m SECONDS         the limit for the check, or for each request of the audit; 10 by default

The check:
  -engine LIST       some of standard,chromium,firefox,webkit; all by default
  -preflight-only    do not send the call itself
  -upload-progress   the script listens for the progress of its upload: then there is a preflight
  -no-probe          if the call is blocked, do not ask the server further questions

The audit:
  -audit             send GET requests and preflights with the origins of strangers
  -fail-on SEVERITY  exit with 1 from here upwards: high, medium (the default), low, info; or none
  -M SECONDS         the limit for the whole, all URLs together; none by default

The output:
  -json              one JSON object for programs
  -v                 all headers of every exchange; -v -v does not hide secrets

A call that needs a preflight is sent only if the preflight passes, as in a browser. A POST of a
form needs none, and is sent. A call that writes is sent once at most. If the call is blocked,
up to 8 GETs and preflights without cookies ask for the cause.
The audit sends at most 60 requests to a URL, one after the other, and none that writes.
Audit only servers that you are responsible for.

Exit status: 0 if all is well; 1 if a browser blocks the call, or the audit found something of the
severity of -fail-on or above; 2 if the check could not be made.
`

const (
	exitOK      = 0
	exitFailed  = 1
	exitUnknown = 2
)

func main() {
	log.SetOutput(io.Discard) // net/http writes there what run reports in its own words
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, isTerminal(os.Stdout)))
}

// A result is what came of a run: an outcome, an audit or several.
type result interface {
	json(m *mask) any
	writeTo(r *report)
	exit(f *flags) int // the exit status
}

// run is the program without the process. terminal says whether stdout may have
// colours. It returns the exit status.
func run(args []string, stdout, stderr io.Writer, terminal bool) int {
	out := &output{w: stdout}
	status := runTo(out, stderr, args, terminal)
	if out.err != nil {
		fmt.Fprintln(stderr, "corscheck: the result could not be written:", out.err)
		return exitUnknown
	}
	return status
}

func runTo(stdout, stderr io.Writer, args []string, terminal bool) int {
	f, c, err := parseArgs(args)
	if err == nil && f.help {
		fmt.Fprint(stdout, usage)
		return exitOK
	}
	all := *c
	all.url = strings.Join(append([]string{c.url}, f.more...), " ")
	m := newMask(f, &all)
	var found result
	if err == nil {
		found, err = examine(context.Background(), f, c, m, stderr)
	}
	if err == nil && f.json {
		err = writeJSON(stdout, found.json(m))
	} else if err == nil {
		found.writeTo(newReport(stdout, f, m, terminal))
	}
	if err != nil {
		return fail(stdout, stderr, f, m, err)
	}
	return found.exit(f)
}

// examine does what f asks for with the call c. Who waits at a terminal sees on stderr how
// far it is.
func examine(ctx context.Context, f *flags, c *call, m *mask, stderr io.Writer) (result, error) {
	if !f.audit {
		return check(ctx, f, c)
	}
	p := newProgress(stderr, m)
	defer p.erase()
	return auditAll(ctx, f, c, p.show)
}

// fail reports why there is no result.
func fail(stdout, stderr io.Writer, f *flags, m *mask, err error) int {
	if f.json {
		_ = writeJSON(stdout, newJSONError(m, err))
	}
	fmt.Fprintln(stderr, "corscheck:", clean(m.text(err.Error())))
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(stderr, "Try corscheck -help.")
	}
	return exitUnknown
}

// An output remembers that something could not be written, as on a full disk.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	o.err = err
	return n, err
}

// isTerminal reports whether colours written to f reach a person who wants them
// (https://no-color.org).
func isTerminal(f *os.File) bool { return os.Getenv("NO_COLOR") == "" && isScreen(f) }

// isScreen reports whether what is written to f can be erased again.
func isScreen(f *os.File) bool {
	if os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

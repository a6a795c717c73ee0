// Corscheck plays the browser against a live server: it says whether the page
// of an origin may make a call, which header is to blame if not, and what the
// server has to answer instead. With -audit it says what a server's policy lets
// in that nobody meant. The server may be written in any language.
//
//	corscheck -origin https://app.example.com -X PUT -H 'Content-Type: application/json' -d '{}' \
//	    https://api.example.com/users/7
//	corscheck curl 'https://api.example.com/users/7' -H 'Origin: https://app.example.com'
//	corscheck -audit -origin https://app.example.com https://api.example.com/users/7
//
// Flags are listed by -help. docs/corscheck.md is the guide; it also describes the
// output for programs (-json).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strings"

	"example.com/cors/internal/stacks"
)

const usage = `Usage:

  corscheck -origin ORIGIN [flags] URL     may a page of ORIGIN make this call?
  corscheck -                              the same, for what you paste: a call that the browser
                                           copied, a HAR, or the line in its console
  corscheck curl 'URL' -H '…' …            the same, for what "Copy as cURL" copied
  corscheck FILE.har                       the same, for the first call in it that failed
  corscheck -audit -origin ORIGIN URL …    what does the server's policy let in?

The call, with flags as in curl:
  -origin ORIGIN     the origin of the page that calls, such as https://app.example.com
  -X METHOD          the method; GET by default, POST with -d; -I for HEAD
  -H 'NAME: VALUE'   a header that the page's script sets; may be repeated
  -d DATA            the body; @FILE reads it from a file
  -b 'NAME=VALUE'    cookies; implies -credentials
  -credentials       the call carries cookies, as with fetch's credentials: "include"; =omit: not
  -upload-progress   the script listens for the progress of its upload: then there is a preflight
  -k                 accept any TLS certificate
  -m SECONDS         the limit for the check, or for each request of the audit; 10 by default

The check:
  -engine LIST       some of standard,chromium,firefox,webkit; all by default
  -for NAME          the advice in the words of a stack: go, express, nginx …; -for '?' lists them
  -preflight-only    do not send the call itself
  -no-probe          do not ask for the cause of a blocked call, with 8 GETs and preflights at most
  -entry N           the call with this number, of a paste or a HAR with several
  -send              send a call that writes also if it is from a HAR or a console's line

The audit, of servers that you are responsible for:
  -audit             send at most 60 GETs and preflights to each URL, with the origins of strangers
  -fail-on SEVERITY  exit with 1 from here upwards: high, medium (the default), low, info; or none
  -M SECONDS         the limit for the whole, all URLs together; none by default

The output:
  -json              one JSON object for programs
  -v                 all headers of every exchange; -v -v does not hide secrets

A call is sent if its preflight passes, or if it needs none, as in a browser; one that writes once.
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
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, isTerminal(os.Stdout)))
}

// A result is what came of a run: an outcome, an audit or several.
type result interface {
	json(m *mask) any
	writeTo(r *report)
	exit(f *flags) int // the exit status
}

// run is the program without the process. terminal says whether stdout may have
// colours. It returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, terminal bool) int {
	out := &output{w: stdout}
	status := runTo(out, stderr, args, stdin, terminal)
	if out.err != nil {
		fmt.Fprintln(stderr, "corscheck: the result could not be written:", out.err)
		return exitUnknown
	}
	return status
}

func runTo(stdout, stderr io.Writer, args []string, stdin io.Reader, terminal bool) int {
	f, c, err := parseArgs(args, stdin)
	switch {
	case err != nil:
	case f.help:
		fmt.Fprint(stdout, usage)
		return exitOK
	case f.version:
		fmt.Fprintln(stdout, "corscheck", version())
		return exitOK
	case f.stacks:
		fmt.Fprintln(stdout, strings.Join(stacks.Names(), "\n"))
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

// version is that of the module that the program was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
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

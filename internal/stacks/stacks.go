// Package stacks says in the words of a server's stack what the server has to allow:
// lines to paste, and where they go.
//
// Each stack is offered because a test of the module interop starts the real server
// without the lines, puts them where the advice says, and starts it again.
package stacks

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Change is what a server has to allow. Its lists are whole: what the server allows
// already is in them, for the advice replaces what is there.
type Change struct {
	// Origins are whole origins, as browsers send them; or "*" alone, which cannot be
	// combined with Credentials. The origin null is everybody's, and is refused.
	Origins []string

	// Methods need not have GET, HEAD and POST, which pages may always use. "*" stands
	// for every method.
	Methods []string

	Headers     []string      // that requests may have; "*" stands for all but Authorization
	Exposed     []string      // the headers of responses that pages may read
	Credentials bool          // cookies and the like
	MaxAge      time.Duration // of the answer to a preflight; 0 leaves it to the stack

	// Layer says that the server has a CORS layer already, which is to be completed.
	Layer bool
}

// An Advice is a change in the words of one stack.
type Advice struct {
	Name  string // of the stack, as in [Names]
	Title string // of the stack, as people write it
	Text  string // to paste: ASCII, without a newline at its end
	Where string // where it goes, in a few sentences

	// LeftOut are values of the change that Text does not have: see [For].
	LeftOut []string
}

// A stack knows how to write a change that is clean: see [Change.clean].
type stack struct {
	name, title string
	text        func(c Change) string
	where       string // of lines that are new
	complete    string // what to do instead if there is a layer; "" means replacement
	namesOnly   bool   // the stack has no "*" for headers
}

var all = []stack{
	goStack, express, fastify, koa, nginx, apache, caddy, haproxy, flask, fastapi, django, rack, php, tomcat,
}

// Names returns the names of all stacks.
func Names() []string {
	var names []string
	for _, s := range all {
		names = append(names, s.name)
	}
	return names
}

// For returns the change in the words of a stack.
//
// Methods and headers come from the answers of servers, and what they have is pasted
// into configurations: names of other characters than letters, digits, "-", "_" and "."
// are left out, and so are names behind the first few thousand bytes of a list, and "*"
// where it has no meaning: with credentials, or in the stack. It is an error if there is no
// such stack, or an origin cannot be allowed.
func For(name string, c Change) (Advice, error) {
	i := slices.IndexFunc(all, func(s stack) bool { return s.name == name })
	if i < 0 {
		names := strings.Join(Names(), ", ")
		return Advice{}, fmt.Errorf("%.200s is not among the stacks: %s", strconv.QuoteToASCII(name), names)
	}
	s := all[i]
	c, leftOut, err := c.clean()
	if err != nil {
		return Advice{}, err
	}
	if s.namesOnly && c.anyHeader() {
		c.Headers = unique(append(without(c.Headers, []string{"*"}), "Content-Type"))
		leftOut = append(leftOut, "*")
	}
	where := s.where
	if c.Layer {
		where = s.complete
		if where == "" {
			where = "Put this in the place of the CORS layer that is there, and keep the origins that it lists. " + s.where
		}
	}
	return Advice{s.name, s.title, s.text(c), where, leftOut}, nil
}

// maxList bounds a list in bytes: a line of a configuration is not endless.
const maxList = 3000

// clean returns c with nothing in it that could end a string of any stack, each name
// once. What is left out is told.
func (c Change) clean() (clean Change, leftOut []string, err error) {
	if err := checkOrigins(c.Origins, c.Credentials); err != nil {
		return c, nil, err
	}
	names := func(list []string, spell func(string) string) (kept []string) {
		size := 0
		for _, name := range list {
			spelled := spell(name)
			switch wild := name == "*"; {
			case wild && c.Credentials, !wild && !isName(name), size+len(name) > maxList:
				leftOut = append(leftOut, name)
			case !slices.Contains(kept, spelled):
				kept = append(kept, spelled)
				size += len(name)
			}
		}
		return kept
	}
	c.Origins = unique(c.Origins)
	c.Methods = names(c.Methods, func(name string) string { return name })
	c.Headers = names(c.Headers, http.CanonicalHeaderKey)
	c.Exposed = names(c.Exposed, http.CanonicalHeaderKey)
	return c, leftOut, nil
}

func without(list, known []string) []string {
	var rest []string
	for _, s := range list {
		if !slices.Contains(known, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

func unique(list []string) (kept []string) {
	for _, s := range list {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// isName reports whether a method or a header may stand in a configuration. The
// standard has more characters: $ and ' are among them.
func isName(s string) bool { return nameRule.MatchString(s) }

var (
	nameRule   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	originRule = regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)
)

const maxOrigin = 300 // more than the longest host with its scheme and port

func checkOrigins(origins []string, credentials bool) error {
	if len(origins) == 0 {
		return errors.New("there is no origin to allow")
	}
	size := 0
	for _, origin := range origins {
		size += len(origin)
		switch {
		case origin == "*" && credentials:
			return errors.New(`"*" lets nobody in with credentials: list the origins`)
		case origin == "*" && len(origins) > 1:
			return errors.New(`"*" stands alone: leave out the other origins`)
		case origin == "*":
		case origin == "null":
			return errors.New("null is the origin of every sandboxed page, also of strangers: serve the page from a web server")
		case len(origin) > maxOrigin || !isOrigin(origin):
			written := strconv.QuoteToASCII(origin)
			return fmt.Errorf("%.200s is no origin as browsers send it, such as https://app.example.com", written)
		}
	}
	if size > 100*maxOrigin {
		return fmt.Errorf("%d origins are too many to list", len(origins))
	}
	return nil
}

func isOrigin(s string) bool {
	m := originRule.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	if strings.HasPrefix(m[2], "[") {
		addr, err := netip.ParseAddr(strings.Trim(m[2], "[]"))
		return err == nil && addr.Is6()
	}
	return true
}

// anyOrigin reports whether every page is let in.
func (c Change) anyOrigin() bool { return c.Origins[0] == "*" }

// safelisted are the methods that pages may always use
// (https://fetch.spec.whatwg.org/#cors-safelisted-method).
var safelisted = []string{http.MethodGet, http.MethodHead, http.MethodPost}

// methods returns the methods of c with those that pages may always use: most layers
// want them listed, since a preflight may ask for them.
func (c Change) methods() []string {
	if slices.Contains(c.Methods, "*") {
		return unique(append([]string{"*"}, c.named()...))
	}
	return unique(slices.Concat(safelisted, c.Methods))
}

// everyMethod is for stacks that know no "*".
func (c Change) everyMethod() []string {
	if !slices.Contains(c.Methods, "*") {
		return c.methods()
	}
	common := append(slices.Clone(safelisted), http.MethodPut, http.MethodPatch, http.MethodDelete)
	return unique(append(common, c.named()...))
}

// named returns the methods of c without "*".
func (c Change) named() []string { return without(c.Methods, []string{"*"}) }

func (c Change) anyHeader() bool { return slices.Contains(c.Headers, "*") }

func (c Change) seconds() string {
	return strconv.FormatInt(int64(c.MaxAge/time.Second), 10)
}

// A field is one name of a configuration, with its value.
type field struct{ name, value string }

// headerLines are those that a page needs besides Access-Control-Allow-Origin, for
// stacks that are told the lines themselves.
func (c Change) headerLines() (lines []field) {
	if c.Credentials {
		lines = append(lines, field{"Access-Control-Allow-Credentials", "true"})
	}
	lines = append(lines, field{"Access-Control-Allow-Methods", strings.Join(c.methods(), ", ")})
	if c.Headers != nil {
		lines = append(lines, field{"Access-Control-Allow-Headers", strings.Join(c.Headers, ", ")})
	}
	if c.Exposed != nil {
		lines = append(lines, field{"Access-Control-Expose-Headers", strings.Join(c.Exposed, ", ")})
	}
	if c.MaxAge != 0 {
		lines = append(lines, field{"Access-Control-Max-Age", c.seconds()})
	}
	return lines
}

// A text is put together line by line.
type text struct{ strings.Builder }

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

func (t *text) String() string { return strings.TrimSuffix(t.Builder.String(), "\n") }

// quoted writes a list such as "a", "b". No value has a character that a string of any
// stack would need escaped: see [Change.clean].
func quoted(quote string, list []string) string {
	return quote + strings.Join(list, quote+", "+quote) + quote
}

package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"regexp"
	"strings"

	"example.com/cors"
)

// origins are those that take part, as browsers spell them.
type origins struct {
	Page      string `json:"page"`  // of the playground itself
	Other     string `json:"other"` // another port
	IP        string `json:"ip"`    // the page's server by its address
	API       string `json:"api"`   // of the API
	Elsewhere string `json:"-"`     // the API by its address
}

// page returns the origin of the page that a call comes from, "" if there is none.
func (o origins) page(name string) string {
	switch name {
	case "this", "":
		return o.Page
	case "port":
		return o.Other
	case "ip":
		return o.IP
	case "null":
		return "null" // a sandboxed frame
	}
	return ""
}

//go:embed page/index.html
var indexHTML string

//go:embed page/style.css
var styleCSS string

//go:embed page/script.js
var scriptJS string

//go:embed page/frame.html
var frameHTML string

//go:embed page/frame.js
var frameJS string

// servers returns the handlers of the page, of the page on another port, and of the
// API.
func servers(o origins, out io.Writer) (page, other, api http.Handler) {
	p := &pages{origins: o, out: out, visitors: newVisitors(), newAPI: func(opts cors.Options) http.Handler {
		opts.Logger = newLogger(out)
		return newAPI(cors.New(opts), o.Elsewhere)
	}}
	home, problems := homePolicy(o).options()
	if len(problems) > 0 {
		panic(&cors.OptionsError{Problems: problems})
	}
	frame := p.document(frameHTML, "", frameJS, o,
		fmt.Sprintf("connect-src %s %s; frame-ancestors %s", o.API, o.Elsewhere, o.Page))
	elsewhere := http.NewServeMux()
	elsewhere.Handle("GET /frame", frame)
	elsewhere.Handle("GET /{$}", http.RedirectHandler(o.Page, http.StatusFound))

	mux := http.NewServeMux()
	mux.Handle("GET /frame", frame)
	mux.Handle("GET /{$}", p.document(indexHTML, styleCSS, scriptJS, p.index(), fmt.Sprintf(
		"connect-src 'self'; frame-src 'self' %s %s; img-src data:; frame-ancestors 'none'", o.Other, o.IP)))
	mux.HandleFunc("POST /check/{token}", p.check)
	mux.HandleFunc("POST /outcome/{token}", p.outcome)
	mux.HandleFunc("POST /done", p.done)
	page = byHost(o, http.NewCrossOriginProtection().Handler(mux), elsewhere)
	return page, elsewhere, serveAPI(p.visitors, p.newAPI(home))
}

// byHost serves page at its own origin alone, and elsewhere at the address. It refuses
// other host names, because anybody can point a name at this machine.
func byHost(o origins, page, elsewhere http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch "http://" + r.Host {
		case o.Page:
			page.ServeHTTP(w, r)
		case o.IP:
			elsewhere.ServeHTTP(w, r)
		default:
			http.Error(w, "open "+o.Page, http.StatusMisdirectedRequest)
		}
	})
}

// Pages are the server of the playground's page.
type pages struct {
	origins  origins
	out      io.Writer
	visitors *visitors
	newAPI   func(cors.Options) http.Handler
}

// An index is what the page is made of.
type index struct {
	Origins  origins           `json:"origins"`
	Fields   []field           `json:"-"`
	Routes   []route           `json:"-"`
	Chapters []chapter         `json:"chapters"`
	Meanings map[string]string `json:"meanings"`
	Start    policy            `json:"start"`
}

func (p *pages) index() index {
	return index{p.origins, fields, routes, tour(p.origins), meanings, startingPolicy(p.origins)}
}

// document returns a handler of a page that is one response: style and script are in
// it, and the only ones that its Content-Security-Policy lets in.
func (p *pages) document(html, style, script string, data any, policy string) http.Handler {
	html, style, script = compact(html), compactCSS.Replace(compact(style)), compactJS.Replace(compact(script))
	var b bytes.Buffer
	err := template.Must(template.New("").Parse(html)).Execute(&b, struct {
		Style, Script template.HTML
		Data          any
	}{
		template.HTML("<style>" + style + "</style>"), template.HTML("<script>" + script + "</script>"), data,
	})
	if err != nil {
		panic(err) // the page and its data are the program's own
	}
	body := b.Bytes()
	policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'; %s", hash(style), hash(script), policy)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write(body)
	})
}

// compact returns source without indentation, blank lines, comments that are lines of
// their own, and the comments of JavaScript that end a line.
func compact(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		line = comments.ReplaceAllString(strings.TrimSpace(line), "$1")
		if line != "" && !strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "/*") {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

var comments = regexp.MustCompile(`([;,{]) // .*$`)

var compactCSS = strings.NewReplacer( // the longer ones first
	";\n}\n", "}", "; }\n", "}", ";\n}", "}", "; }", "}", "}\n", "}", " }", "}", " { ", "{", " {\n", "{", "{\n", "{",
	" > ", ">", ": ", ":", "; ", ";", ";\n", ";", ", ", ",", ",\n", ",",
)

// compactJS changes code alone: no text in the scripts has one of these.
var compactJS = strings.NewReplacer(
	" => ", "=>", ") {", "){", " === ", "===", " !== ", "!==", " && ", "&&", " || ", "||", " ?? ", "??",
	" = ", "=", " + ", "+", "if (", "if(",
)

// hash is the source of an inline style or script
// (https://www.w3.org/TR/CSP3/#grammardef-hash-source).
func hash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// A state is what the forms hold.
type state struct {
	Policy policy `json:"policy"`
	Call   call   `json:"call"`
	Run    bool   `json:"run"`   // put the policy in force, for the call that comes next
	Turn   int    `json:"turn"`  // counts the runs
	Fresh  bool   `json:"fresh"` // begin without cached preflights
	Epoch  int    `json:"epoch"` // of the call whose outcome is asked for
}

// A checked is the server's answer to a state.
type checked struct {
	Policy    problems      `json:"policy"`
	Call      problems      `json:"call"`
	Code      string        `json:"code"`     // of the policy, in Go; "" if there are problems
	CallCode  string        `json:"callCode"` // in JavaScript
	Request   request       `json:"request"`
	Announces *announcement `json:"announces"` // by a preflight, null if none is needed

	URL   string `json:"url"` // to call, "" if there are problems or no call is to come
	Epoch int    `json:"epoch"`
}

// Problems are those of a form, for the page.
type problems struct {
	Count  int            `json:"count"`
	List   []problem      `json:"list"`
	Missed map[string]int `json:"missed"` // how many more there are, by field
}

// A problem is a [cors.Problem] for the page.
type problem struct {
	Field  string `json:"field"`
	Value  string `json:"value"`
	Detail string `json:"detail"`
	Fix    string `json:"fix"`
}

const maxProblems = 10 // of one field

func forPage(list []cors.Problem) problems {
	shown := problems{len(list), []problem{}, map[string]int{}}
	of := make(map[string]int)
	for _, p := range list {
		if of[p.Field]++; of[p.Field] > maxProblems {
			shown.Missed[p.Field]++
			continue
		}
		shown.List = append(shown.List, problem{p.Field, p.Value, p.Detail, p.Fix})
	}
	return shown
}

const replaced = "a newer call has taken the place of this one"

// check says what is wrong with a state. If nothing is, and a call is to come, the
// policy takes effect.
func (p *pages) check(w http.ResponseWriter, r *http.Request) {
	token, s, ok := p.read(w, r)
	if !ok {
		return
	}
	opts, policyProblems := s.Policy.options()
	q, callProblems := s.Call.request(p.origins)
	c := checked{Policy: forPage(policyProblems), Call: forPage(callProblems), Request: q}
	if len(callProblems) == 0 {
		c.CallCode = q.code(p.origins.API + s.Call.Path)
		c.Announces = q.announces(p.origins.page(s.Call.Page), p.origins.API+s.Call.Path)
	}
	if len(policyProblems) == 0 {
		c.Code = code(opts, p.origins.API)
	}
	if s.Run && len(policyProblems)+len(callProblems) == 0 {
		build := func() http.Handler { return p.newAPI(opts) }
		c.Epoch = p.visitors.enter(token).adopt(s.Turn, s.Policy, s.Fresh, build)
		if c.Epoch == 0 {
			http.Error(w, replaced, http.StatusConflict)
			return
		}
		c.URL = p.url(token, c.Epoch, s.Call.Path)
	}
	reply(w, c)
}

// url returns the URL of a visitor's API.
func (p *pages) url(token string, epoch int, path string) string {
	return fmt.Sprintf("%s/v/%s/%d%s", p.origins.API, token, epoch, path)
}

// An outcome is what came of a call.
type outcome struct {
	Exchanges []exchange `json:"exchanges"`
	Missed    int        `json:"missed"` // how many more exchanges there were
	Verdicts  []verdict  `json:"verdicts"`
}

// outcome returns what was on the wire since the last check, and what corstest makes of
// the same call.
func (p *pages) outcome(w http.ResponseWriter, r *http.Request) {
	token, s, ok := p.read(w, r)
	if !ok {
		return
	}
	q, problems := s.Call.request(p.origins)
	v := p.visitors.get(token)
	if v == nil || len(problems) > 0 {
		http.Error(w, "check the policy and the call first", http.StatusConflict)
		return
	}
	c := v.conversation()
	if c.epoch != s.Epoch {
		http.Error(w, replaced, http.StatusConflict)
		return
	}
	o := outcome{Exchanges: c.wire, Missed: c.missed}
	for _, b := range c.browsers {
		o.Verdicts = append(o.Verdicts, judge(b, c.policy, s.Call, q, p.origins, p.url(token, c.epoch, s.Call.Path)))
	}
	reply(w, o)
}

// done prints the summary of the tour.
func (p *pages) done(w http.ResponseWriter, r *http.Request) {
	var summary string
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&summary); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(p.out, "\nThe page says %q.\n\n", summary)
}

const maxState = 64 << 10 // bytes of JSON

var tokens = regexp.MustCompile(`^[0-9a-f]{32}$`)

// read returns what a visitor sent; ok is false if that was refused.
func (p *pages) read(w http.ResponseWriter, r *http.Request) (token string, s state, ok bool) {
	token = r.PathValue("token")
	if !tokens.MatchString(token) {
		http.Error(w, "a token has 32 hexadecimal digits", http.StatusBadRequest)
		return "", s, false
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxState)).Decode(&s)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(w, fmt.Sprintf("the policy and the call are longer than %d kB together", maxState>>10),
			http.StatusRequestEntityTooLarge)
		return "", s, false
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return "", s, false
	}
	return token, s, true
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v)
}

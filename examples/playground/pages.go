package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"regexp"

	"example.com/cors"
)

// origins are those that take part, as browsers spell them.
type origins struct {
	Page      string `json:"page"`      // of the playground itself
	Other     string `json:"other"`     // another port
	IP        string `json:"ip"`        // the page's server by its address
	API       string `json:"api"`       // of the API
	Elsewhere string `json:"elsewhere"` // the API by its address
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
	home, problems := startingPolicy(o).options()
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
	mux.Handle("GET /{$}", p.document(indexHTML, styleCSS, scriptJS, p.index(),
		fmt.Sprintf("connect-src 'self'; frame-src 'self' %s %s; img-src data:; frame-ancestors 'none'", o.Other, o.IP)))
	mux.HandleFunc("POST /check/{token}", p.check)
	mux.HandleFunc("POST /outcome/{token}", p.outcome)
	mux.HandleFunc("POST /done", p.done)
	return byHost(o, http.NewCrossOriginProtection().Handler(mux), elsewhere), elsewhere, serveAPI(p.visitors, p.newAPI(home))
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
	var b bytes.Buffer
	template.Must(template.New("").Parse(html)).Execute(&b, struct {
		Style, Script template.HTML
		Data          any
	}{
		template.HTML("<style>" + style + "</style>"), template.HTML("<script>" + script + "</script>"), data,
	})
	body := b.Bytes()
	policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; %s",
		hash(style), hash(script), policy)
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
	Fresh  bool   `json:"fresh"` // begin without cached preflights
}

// A checked is the server's answer to a state.
type checked struct {
	PolicyProblems []problem     `json:"policyProblems"`
	CallProblems   []problem     `json:"callProblems"`
	PolicyCode     string        `json:"policyCode"`
	CallCode       string        `json:"callCode"`
	Request        request       `json:"request"`
	URL            string        `json:"url"`       // to call; "" if there are problems
	Announces      *announcement `json:"announces"` // by a preflight, null if none is needed
}

// A problem is a [cors.Problem] for the page.
type problem struct {
	Field  string `json:"field"`
	Value  string `json:"value"`
	Detail string `json:"detail"`
	Fix    string `json:"fix"`
}

func forPage(problems []cors.Problem) []problem {
	list := []problem{}
	for _, p := range problems[:min(len(problems), 20)] {
		list = append(list, problem{p.Field, p.Value, p.Detail, p.Fix})
	}
	return list
}

// check says what is wrong with a state. If nothing is, the policy takes effect.
func (p *pages) check(w http.ResponseWriter, r *http.Request) {
	token, s, ok := p.read(w, r)
	if !ok {
		return
	}
	opts, policyProblems := s.Policy.options()
	q, callProblems := s.Call.request(p.origins)
	c := checked{PolicyProblems: forPage(policyProblems), CallProblems: forPage(callProblems), Request: q}
	if len(callProblems) == 0 {
		c.CallCode = q.code(p.origins.API + s.Call.Path)
		c.Announces = q.announces(p.origins.page(s.Call.Page), p.origins.API+s.Call.Path)
	}
	if len(policyProblems) == 0 {
		c.PolicyCode = code(opts, p.origins.API)
		epoch := p.visitors.enter(token).adopt(s.Policy, s.Fresh, func() http.Handler { return p.newAPI(opts) })
		if len(callProblems) == 0 {
			c.URL = fmt.Sprintf("%s/v/%s/%d%s", p.origins.API, token, epoch, s.Call.Path)
		}
	}
	reply(w, c)
}

// An outcome is what came of a call.
type outcome struct {
	Exchanges []exchange `json:"exchanges"`
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
	wire, inForce, browsers, epoch := v.conversation()
	o := outcome{Exchanges: wire}
	for _, b := range browsers {
		url := fmt.Sprintf("%s/v/%s/%d%s", p.origins.API, token, epoch, s.Call.Path)
		o.Verdicts = append(o.Verdicts, judge(b, inForce, s.Call, q, p.origins, url))
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

var tokens = regexp.MustCompile(`^[0-9a-f]{32}$`)

// read returns what a visitor sent; ok is false if that was refused.
func (p *pages) read(w http.ResponseWriter, r *http.Request) (token string, s state, ok bool) {
	token = r.PathValue("token")
	if !tokens.MatchString(token) {
		http.Error(w, "a token has 32 hexadecimal digits", http.StatusBadRequest)
		return "", s, false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 32<<10)).Decode(&s); err != nil {
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

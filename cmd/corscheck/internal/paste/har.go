package paste

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// An Entry is what a HAR tells of a call besides the call.
type Entry struct {
	Failed  bool
	Outcome string // the status, or what went wrong, in a few words
	Started string // when, as the file has it
}

// The members of a HAR that matter (http://www.softwareishard.com/blog/har-12-spec/).
// Those with an underscore are the browsers' own.
type (
	harFile struct {
		Log *harLog `json:"log"`
	}
	harLog struct {
		Pages []struct {
			ID    string `json:"id"`
			Title string `json:"title"`
		} `json:"pages"`
		Entries []harEntry `json:"entries"`
	}
	harEntry struct {
		Started  string      `json:"startedDateTime"`
		PageRef  string      `json:"pageref"`
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`

		ResourceType string          `json:"_resourceType"`
		Error        string          `json:"_error"`
		Blocked      json.RawMessage `json:"_blockedReason"`
		Initiator    json.RawMessage `json:"_initiator"`
	}
	harRequest struct {
		Method  string      `json:"method"`
		URL     string      `json:"url"`
		Headers []harHeader `json:"headers"`
		Cookies []struct {
			Name string `json:"name"`
		} `json:"cookies"`
		PostData *struct {
			MimeType string `json:"mimeType"`
			Text     string `json:"text"`
			Params   []struct {
				Name     string `json:"name"`
				Value    string `json:"value"`
				FileName string `json:"fileName"`
			} `json:"params"`
		} `json:"postData"`
	}
	harResponse struct {
		Status     float64     `json:"status"`
		StatusText string      `json:"statusText"`
		Headers    []harHeader `json:"headers"`
		Error      string      `json:"_error"`
	}
	harHeader struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// parseHAR returns the cross-origin calls of a HAR that failed, or, if none did,
// those that did not.
func parseHAR(text string) (*Paste, error) {
	var file harFile
	d := json.NewDecoder(strings.NewReader(text))
	err := d.Decode(&file)
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && syntax.Offset >= int64(len(text)):
		return nil, errors.New("the HAR is cut off: export it again")
	case errors.As(err, &syntax) && looksLikeHAR(text):
		return nil, fmt.Errorf("the HAR is no JSON from byte %d on: export it again", syntax.Offset)
	case errors.As(err, &shape) && looksLikeHAR(text):
		return nil, fmt.Errorf("the HAR is not as it should be: %s is a %s. Export it again", shape.Field, shape.Value)
	case err != nil:
		return nil, ErrUnknown
	case file.Log == nil:
		var e harEntry
		if err := json.Unmarshal([]byte(text), &e); err != nil || e.Request.URL == "" {
			return nil, ErrUnknown
		}
		file.Log = &harLog{Entries: []harEntry{e}} // one entry, without what stands around it
	}
	var failed, passed []Call
	x := newHARIndex(file.Log)
	for i := range file.Log.Entries {
		e := &file.Log.Entries[i]
		x.see(e)
		if !e.isCall() {
			continue
		}
		c := e.call(x)
		c.findOrigin()
		switch target := OriginOf(c.URL); {
		case target == "" || target == "null" || !strings.HasPrefix(target, "http"):
			continue
		case c.Origin.Value == target:
			continue
		case e.isPreflight():
			// What it announces is a call of its own, unless that stands in the file.
			if x.hasCallOf(e) {
				continue
			}
		}
		e.judge(&c)
		if c.Entry.Failed {
			failed = append(failed, c)
		} else {
			passed = append(passed, c)
		}
	}
	switch {
	case len(failed) > 0:
		return &Paste{Form: HAR, Calls: failed}, nil
	case len(passed) > 0:
		return &Paste{Form: HAR, Calls: passed}, nil
	case len(file.Log.Entries) == 0:
		return nil, errors.New("the HAR has no entries: " + keepOpen)
	case len(file.Log.Entries) == 1:
		return nil, errors.New("the one entry of the HAR is no call to another origin: " + keepOpen)
	}
	return nil, fmt.Errorf("none of the %d entries of the HAR is a call to another origin: "+keepOpen,
		len(file.Log.Entries))
}

const keepOpen = "keep the network panel open while the call is made, and export again"

func looksLikeHAR(text string) bool {
	start := text[:min(len(text), 1<<16)]
	return strings.Contains(start, `"log"`)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (e *harEntry) header(name string) (string, bool) { return headerOf(e.Request.Headers, name) }

func headerOf(headers []harHeader, name string) (string, bool) {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value, true
		}
	}
	return "", false
}

func (e *harEntry) isPreflight() bool {
	_, announced := e.header("Access-Control-Request-Method")
	return strings.EqualFold(e.Request.Method, "OPTIONS") && (announced || e.ResourceType == "preflight")
}

// isCall reports whether a page, and not the user, made the request, and in a way
// that is under CORS.
func (e *harEntry) isCall() bool {
	if mode, ok := e.header("Sec-Fetch-Mode"); ok {
		return mode == "cors"
	}
	if upgrade, _ := e.header("Upgrade"); strings.EqualFold(upgrade, "websocket") {
		return false
	}
	if _, ok := e.header("Origin"); ok && e.ResourceType != "document" && e.ResourceType != "websocket" {
		return true
	}
	switch e.ResourceType {
	case "document", "image", "media", "stylesheet", "script", "websocket", "manifest", "ping", "texttrack",
		"csp-violation-report":
		return false
	case "":
		// Firefox and Safari do not tell what it was.
		accept, _ := e.header("Accept")
		return !strings.HasPrefix(accept, "text/html")
	}
	return true // fetch, xhr, font, preflight, eventsource, other
}

// A harIndex finds what belongs together in a HAR without reading that again for each call.
type harIndex struct {
	pages      map[string]string       // the origins of the pages whose titles are URLs, by ID
	documents  map[string]string       // the origin of the last document so far, by the page's ID
	calls      map[string]bool         // the calls, by method and URL, and by URL alone
	preflights map[string]harPreflight // by what they ask for
}

// A harPreflight is what the preflights of a call tell of it.
type harPreflight struct {
	origin    string
	announced string // the names of headers, "" if not all announce the same
}

func newHARIndex(log *harLog) *harIndex {
	x := &harIndex{
		pages:      make(map[string]string),
		documents:  make(map[string]string),
		calls:      make(map[string]bool),
		preflights: make(map[string]harPreflight),
	}
	for _, p := range log.Pages {
		if origin := OriginOf(p.Title); p.ID != "" && strings.Contains(origin, "://") {
			x.pages[p.ID] = origin
		}
	}
	for i := range log.Entries {
		e := &log.Entries[i]
		if !e.isPreflight() {
			x.calls[e.Request.URL], x.calls[e.key()] = true, true
			continue
		}
		var p harPreflight
		p.origin, _ = e.header("Origin")
		p.announced, _ = e.header("Access-Control-Request-Headers")
		if before, ok := x.preflights[e.key()]; ok && before.announced != p.announced {
			p.announced = ""
		}
		x.preflights[e.key()] = p
	}
	return x
}

// key is the same for a call and for its preflight.
func (e *harEntry) key() string {
	method := e.Request.Method
	if e.isPreflight() {
		method, _ = e.header("Access-Control-Request-Method")
	}
	return strings.ToUpper(method) + " " + e.Request.URL
}

func (e *harEntry) isNavigation() bool {
	mode, _ := e.header("Sec-Fetch-Mode")
	return mode == "navigate"
}

// see takes note of e if it is a document: what follows is called by its page.
func (x *harIndex) see(e *harEntry) {
	if e.ResourceType != "document" && !e.isNavigation() {
		return
	}
	if dest, ok := e.header("Sec-Fetch-Dest"); ok && dest != "document" {
		return // a frame
	}
	x.documents[e.PageRef] = OriginOf(e.Request.URL)
}

// page returns the origin of the page that made the entry: the page's title, where
// it is a URL, else the document before it.
func (x *harIndex) page(e *harEntry) string {
	return cmp.Or(x.pages[e.PageRef], x.documents[e.PageRef])
}

// hasCallOf reports whether the call that a preflight asks for is in the log too.
func (x *harIndex) hasCallOf(preflight *harEntry) bool {
	if method, _ := preflight.header("Access-Control-Request-Method"); method == "" {
		return x.calls[preflight.Request.URL]
	}
	return x.calls[preflight.key()]
}

func (e *harEntry) call(x *harIndex) Call {
	c := Call{URL: e.Request.URL, Method: e.Request.Method, Entry: &Entry{Started: e.Started}}
	for _, h := range e.Request.Headers {
		if !strings.HasPrefix(h.Name, ":") { // HTTP/2's own, such as :authority
			c.Header = append(c.Header, Field(h))
		}
	}
	if !e.isPreflight() {
		c.takePreflight(x.preflights[e.key()])
	}
	if post := e.Request.PostData; post != nil && !e.isPreflight() {
		c.Body, c.HasBody = post.Text, true
		if post.Text == "" && len(post.Params) > 0 {
			form := url.Values{}
			for _, p := range post.Params {
				form.Add(p.Name, p.Value)
			}
			c.Body = form.Encode()
			if strings.HasPrefix(lower(post.MimeType), "multipart/") {
				c.Body, c.BodyUnknown = "", true
			}
		}
		if _, ok := c.field("Content-Type"); !ok && post.MimeType != "" {
			c.Header = append(c.Header, Field{"Content-Type", post.MimeType})
		}
	}
	if _, ok := c.field("Cookie"); ok || len(e.Request.Cookies) > 0 {
		c.Credentials = Include
	}
	if page := x.page(e); page != "" {
		c.Origin = Origin{page, "the page in the HAR"}
	}
	return c
}

// takePreflight takes from the preflight what the call's own entry lacks: browsers
// leave Origin out of a call that they did not send, and secrets out of an export.
func (c *Call) takePreflight(p harPreflight) {
	if _, ok := c.field("Origin"); !ok && p.origin != "" {
		c.Header = append(c.Header, Field{"Origin", p.origin})
	}
	for name := range strings.SplitSeq(p.announced, ",") {
		name = strings.TrimSpace(name)
		if _, ok := c.field(name); !ok && name != "" {
			c.Announced = append(c.Announced, name)
		}
	}
}

// judge says what came of an entry. An answer that the browser did not hand to the
// page is a failure too, whatever its status.
func (e *harEntry) judge(c *Call) {
	status := int(e.Response.Status)
	reason := cmp.Or(e.Error, e.Response.Error)
	blocked := strings.Trim(string(e.Blocked), `" `)
	if blocked == "csp" || strings.Contains(reason, "BLOCKED_BY_CSP") {
		c.Notes = append(c.Notes, "The browser blocked it by the page's own Content-Security-Policy: "+
			"add the URL to connect-src in it.")
	}
	switch {
	case status <= 0 && reason != "":
		c.Entry.Failed, c.Entry.Outcome = true, oneLine(reason)
	case status <= 0:
		c.Entry.Failed, c.Entry.Outcome = true, "no answer"
	case reason != "" || blocked != "" && blocked != "null" && blocked != "0" && blocked != "false":
		c.Entry.Failed, c.Entry.Outcome = true, fmt.Sprintf("%d, blocked", status)
	case !e.passes(c.Origin.Value, c.Credentials == Include):
		c.Entry.Failed, c.Entry.Outcome = true, fmt.Sprintf("%d, not for this origin", status)
	default:
		c.Entry.Outcome = fmt.Sprint(status)
	}
}

// passes reports whether the recorded answer lets a page of origin read it.
func (e *harEntry) passes(origin string, credentials bool) bool {
	if origin == "" {
		return true
	}
	allowed, _ := headerOf(e.Response.Headers, "Access-Control-Allow-Origin")
	allowed = strings.TrimSpace(allowed)
	if !credentials {
		return allowed == "*" || allowed == origin
	}
	withCookies, _ := headerOf(e.Response.Headers, "Access-Control-Allow-Credentials")
	return allowed == origin && strings.TrimSpace(withCookies) == "true"
}

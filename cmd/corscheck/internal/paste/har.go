package paste

import (
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

func (h harHeader) field() Field { return Field(h) }

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
	case err != nil, file.Log == nil:
		return nil, ErrUnknown
	}
	var failed, passed []Call
	for i := range file.Log.Entries {
		e := &file.Log.Entries[i]
		if !e.isCall() {
			continue
		}
		c := e.call(file.Log, i)
		c.findOrigin()
		switch target := OriginOf(c.URL); {
		case target == "" || target == "null" || !strings.HasPrefix(target, "http"):
			continue
		case c.Origin.Value == target:
			continue
		case e.isPreflight():
			// What it announces is a call of its own, unless that stands in the file.
			if file.Log.hasCallOf(e) {
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
	if _, ok := e.header("Origin"); ok && e.ResourceType != "document" && e.ResourceType != "websocket" {
		return true
	}
	switch e.ResourceType {
	case "document", "image", "media", "stylesheet", "script", "websocket", "manifest", "ping", "texttrack",
		"csp-violation-report":
		return false
	case "":
		// Firefox and Safari do not tell what it was.
		if accept, ok := e.header("Accept"); ok && strings.HasPrefix(accept, "text/html") {
			return false
		}
		return true
	}
	return true // fetch, xhr, font, preflight, eventsource, other
}

// hasCallOf reports whether the call that a preflight asks for is in the log too.
func (l *harLog) hasCallOf(preflight *harEntry) bool {
	method, _ := preflight.header("Access-Control-Request-Method")
	for i := range l.Entries {
		e := &l.Entries[i]
		if e.Request.URL == preflight.Request.URL && !e.isPreflight() &&
			(method == "" || strings.EqualFold(e.Request.Method, method)) {
			return true
		}
	}
	return false
}

func (e *harEntry) call(log *harLog, index int) Call {
	c := Call{URL: e.Request.URL, Method: e.Request.Method, Entry: &Entry{Started: e.Started}}
	for _, h := range e.Request.Headers {
		c.Header = append(c.Header, h.field())
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
	if page := log.page(e, index); page != "" {
		c.Origin = Origin{page, "the page in the HAR"}
	}
	return c
}

// page returns the origin of the page that made the entry: the page's title, where
// it is a URL, what the browser says of the initiator, the document before it.
func (l *harLog) page(e *harEntry, index int) string {
	for _, p := range l.Pages {
		if p.ID == e.PageRef && e.PageRef != "" {
			if origin := OriginOf(p.Title); strings.Contains(origin, "://") {
				return origin
			}
		}
	}
	for i := index - 1; i >= 0; i-- {
		d := &l.Entries[i]
		if d.ResourceType != "document" && !isNavigation(d) {
			continue
		}
		if dest, ok := d.header("Sec-Fetch-Dest"); ok && dest != "document" {
			continue // a frame
		}
		if d.PageRef == e.PageRef {
			return OriginOf(d.Request.URL)
		}
	}
	return ""
}

func isNavigation(e *harEntry) bool {
	mode, _ := e.header("Sec-Fetch-Mode")
	return mode == "navigate"
}

// judge says what came of an entry. An answer that the browser did not hand to the
// page is a failure too, whatever its status.
func (e *harEntry) judge(c *Call) {
	status := int(e.Response.Status)
	reason := e.Error
	if reason == "" {
		reason = e.Response.Error
	}
	blocked := strings.Trim(string(e.Blocked), `" `)
	switch {
	case status <= 0 && reason != "":
		c.Entry.Failed, c.Entry.Outcome = true, oneLine(reason)
	case status <= 0:
		c.Entry.Failed, c.Entry.Outcome = true, "no answer"
	case reason != "" || blocked != "" && blocked != "null" && blocked != "0" && blocked != "false":
		c.Entry.Failed, c.Entry.Outcome = true, fmt.Sprintf("%d, blocked", status)
	case !e.passes(c.Origin.Value):
		c.Entry.Failed, c.Entry.Outcome = true, fmt.Sprintf("%d, not for this origin", status)
	default:
		c.Entry.Outcome = fmt.Sprint(status)
	}
}

// passes reports whether the recorded answer lets a page of origin read it.
func (e *harEntry) passes(origin string) bool {
	if origin == "" {
		return true
	}
	allowed, _ := headerOf(e.Response.Headers, "Access-Control-Allow-Origin")
	allowed = strings.TrimSpace(allowed)
	return allowed == "*" || allowed == origin
}

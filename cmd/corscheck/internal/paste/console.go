package paste

import (
	"cmp"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Complaint is what a line of the console says of a call that was blocked.
type Complaint struct {
	Browser   string // "Chromium", "Firefox", "Safari"
	Text      string // the line, on one line
	Preflight bool   // it was the preflight that was refused
	Element   bool   // an image, a font or a script was loaded, not a call of a script
	NoAnswer  bool   // there was no answer at all
	Policy    bool   // not CORS, but Cross-Origin-Resource-Policy
	Method    string // the method that was refused
	Header    string // the request header that was refused
	NoMethod  bool   // a method was refused, and the line does not name it
	Status    int    // of the answer, 0 if the line does not tell
}

// quotes are all that browsers, and what people paste through, use.
const (
	quotes = `'"‘’“”` + "`"
	quoted = `[` + quotes + `](\S+?)[` + quotes + `]` // a URL may have an apostrophe
	// What people retype, or take from a page, may have lost its quotes.
	perhaps    = `[` + quotes + `]?(\S+?)[` + quotes + `]?`
	olderStart = `(?:Failed to load|(?:XMLHttpRequest|Fetch API) cannot load) ` +
		`[` + quotes + `]?(https?://\S+?)[` + quotes + `]?[.:]? `
	methods = `GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS`
	// What Firefox names, and no list of headers: there is no quote before it, or it is a request's.
	quotedHeader = `[` + quotes + `«„] ?Access-Control-(?:Allow|Expose)-`
)

var (
	// Chromium: the whole of CORS in one message.
	chromiumLine = regexp.MustCompile(`Access to ([A-Za-z][A-Za-z ]{0,40}?) at ` + perhaps +
		`(?: \(redirected from ` + perhaps + `\))?` +
		` from origin ` + perhaps + ` has been blocked by CORS policy` +
		`(?:: (?:\S{1,40} )?(?:Method \S+ is not allowed by Access-Control-Allow-Methods|` +
		`Request header field \S+ is not allowed by Access-Control-Allow-Headers))?`) // Safari's own words
	chromiumCut = regexp.MustCompile(`(?:from origin ` + perhaps + ` )?has been blocked by CORS policy: `)
	// Edge, until it became a Chromium.
	edgeLine = regexp.MustCompile(`The origin ` + quoted + ` did not find \S+ in the Access-Control-Allow-Origin ` +
		`response header for cross-origin +resource at ` + quoted)
	chromiumMixed = regexp.MustCompile(`Mixed Content: The page at ` + quoted + ` was loaded over HTTPS, ` +
		`but requested an insecure [A-Za-z ]{1,40} ` + quoted)
	// Chromium until 66, and Safari of that time.
	olderLine = regexp.MustCompile(olderStart + `[^.:].{0,400}? Origin ` + quoted +
		` is therefore not allowed access`)
	// The same where they do not name the page.
	olderBare = regexp.MustCompile(olderStart + `(?:Response (?:for|to) preflight|` +
		`Request header field \S+ is not allowed by|Method \S+ is not allowed by|` +
		`The request was redirected to|Redirect from|Preflight response is not|` +
		`Credentials flag is|Cannot use wildcard|A wildcard|Access-Control-Allow-Origin cannot contain)`)
	olderSafari = regexp.MustCompile(`(?:XMLHttpRequest|Fetch API) cannot load (https?://\S+?)\. ` +
		`Origin (\S+) is not allowed by Access-Control-Allow-Origin\b`)
	// The line beside it: the method, and how it ended. Firefox's may stand without spaces.
	networkLine = regexp.MustCompile(`(?:\b|XHR)(` + methods + `) ?"?(https?://\S+)` +
		`(?: net::ERR_([A-Za-z_.]+)(?: (\d{3}))?| (\d{3}) \()?`)

	// Firefox, in all its languages: the address, and the reason in parentheses.
	firefoxLine = regexp.MustCompile(`Cross-Origin Request (?:Blocked|Warning): ` +
		`The Same Origin Policy (?:disallows|will disallow) reading the remote resource at ` +
		perhaps + `(?: soon)?\.? (?:\(Reason: |This can be fixed by )`)
	// The address ends where a space or a letter of another script begins: what is
	// right of it may be a word with a colon, and part of it never.
	firefoxAny = regexp.MustCompile(`[` + quotes + `«»„]?` +
		`((?:https?|file)://[!#-&*-_a-~…]+)[` + quotes + `«»]?\.?(?:\s|[^\x00-\x7f])[^()（）:：]{0,60}` +
		`(?:[(（]?[^()（）\s:：` + quotes + `]{2,20} ?[:：] ?[^()（）/:：]{0,100}(?:\([^()]{1,20}\)[^()（）/:：]{0,40})?` +
		`(?:CORS\b|` + quotedHeader + `)|` +
		`[(（][^()（）:：/]{0,100}` + quotedHeader + `)`)
	firefoxPolicy = regexp.MustCompile(`The resource at ` + quoted +
		` was blocked due to its Cross-Origin-Resource-Policy header`)
	firefoxMixed = regexp.MustCompile(`Blocked loading mixed active content [` + quotes + `](\S+?)[` + quotes + `]`)

	// Safari: a reason and an address, on lines of their own.
	safariOrigin = regexp.MustCompile(`Origin (\S+) is not allowed by Access-Control-Allow-Origin\b`)
	safariReason = regexp.MustCompile(`Preflight response is not successful|` +
		`Request header field \S+ is not allowed by Access-Control-Allow-Headers|` +
		`Method \S+ is not allowed by Access-Control-Allow-Methods|` +
		`Credentials flag is true, but Access-Control-Allow-Credentials is not|` +
		`Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true|` +
		`Header Access-Control-Allow-\S+ has an invalid value|` +
		`Access-Control-Allow-Origin cannot contain more than one origin`)
	safariAddress = regexp.MustCompile(`(?:(?:Fetch API|XMLHttpRequest|EventSource|Beacon API|Ping) cannot load|` +
		`Cannot load [a-z]+) ` +
		`(\S+?)\.? due to access control checks`)
	safariDenied = regexp.MustCompile(`Cross-origin redirection to (\S+) ` +
		`denied by Cross-Origin Resource Sharing policy: ` +
		`(?:Origin (\S+) is not allowed by Access-Control-Allow-Origin)?`)
	safariPolicy = regexp.MustCompile(`Cancelled load to (\S+) because it violates ` +
		`the resource's Cross-Origin-Resource-Policy`)
	safariMixed = regexp.MustCompile(`The page at (\S+) (?:requested|was not allowed to (?:display|run)) ` +
		`insecure content from (\S+?)\.? `)

	methodRefused = regexp.MustCompile(`Method (\S+) is not allowed by Access-Control-Allow-Methods`)
	headerRefused = regexp.MustCompile(`[Rr]equest header field (\S+) is not allowed by Access-Control-Allow-Headers`)
	headerMissing = regexp.MustCompile(`(?:header|token|[^\s(] ) ?[` + quotes + `«„] ?([!#$%&*+.^_|~0-9A-Za-z-]+)` +
		` ?[` + quotes + `»“] [^()]{0,120}?[` + quotes + `«„]? ?Access-Control-Allow-Headers`)
	// In some languages the header stands behind the list. What is no token there is on the list.
	headerBehind = regexp.MustCompile(`Access-Control-Allow-Headers ?[` + quotes + `»“][^()` + quotes + `]{0,40}?[` +
		quotes + `«„] ?([A-Za-z][!#$%&*+.^_|~0-9A-Za-z-]*) ?[` + quotes + `»“]`)
	methodNamed = regexp.MustCompile(`[^\s(] [` + quotes + `«„][^()` + quotes + `«»„]+[` + quotes + `»“] ` +
		`[^()]{0,120}?[` + quotes + `«„]? ?Access-Control-Allow-Methods|Access-Control-Allow-Methods ?[` + quotes +
		`»“][^()` + quotes + `]{0,40}?[` + quotes + `«„][^()` + quotes + `]{1,80}[` + quotes + `»“]`)
	wildcardRefused = regexp.MustCompile(`Access-Control-Allow-Origin[` + quotes + `»“]?[^()]{0,30}? ?` +
		`[` + quotes + `«„] ?\* ?[` + quotes + `»“]`)
	// What Firefox calls a preflight where it has a word of its own.
	preflightWord   = regexp.MustCompile(`预检|預檢|사전 점검|プリフライト|pré-vérification|verificación previa|pré-conexão`)
	redirectRefused = regexp.MustCompile(`require(?:s|d)? preflight\b`)
	statusCode      = regexp.MustCompile(`Status code: ?(\d{3})|[Cc]ode[^:()]{0,20}: ?(\d{3})\b|` +
		`HTTP status code (\d{3})\b`)
	firefoxStatus = regexp.MustCompile(`[:：] ?(\d{3})(?:[\s.。]|$)`) // in any language
)

// A message is one line of a console.
type message struct {
	start, end int // in the text
	call       Call
	kind       kind
	vague      bool // prose that names a URL and CORS may look the same
	failedLoad bool // Safari: the same reason once more, in "Failed to load resource"
}

type kind int

const (
	whole   kind = iota // a line that tells all that there is
	reason              // Safari: why
	address             // Safari: which URL
)

// parseConsole reads lines of a console, with whatever stands around them. It
// returns nil if there is none.
func parseConsole(text string) (*Paste, error) {
	text = oneLine(unwrapLinks(text))
	messages := findMessages(text)
	for i := range messages {
		m := &messages[i]
		end := len(text)
		if i+1 < len(messages) {
			end = messages[i+1].start
		}
		m.explain(text[m.start:end])
		m.failedLoad = strings.HasSuffix(text[:m.start], "Failed to load resource: ")
	}
	p := &Paste{Form: Console, Calls: takeNetwork(pairUp(messages), text)}
	p.vague = len(messages) > 0 && !slices.ContainsFunc(messages, func(m message) bool { return !m.vague })
	if len(p.Calls) == 0 {
		return nil, nil
	}
	if u := p.Calls[0].URL; u != "" && !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
		return nil, fmt.Errorf("the page called %s, which begins with neither http:// nor https://: "+
			"that is what the browser refuses", written(u))
	}
	return p, nil
}

var (
	markdownLink = regexp.MustCompile(`\[((?:https?|file)://[^\]\s]+)\]\((?:https?|file)://[^)\s]+\)`)
	jiraLink     = regexp.MustCompile(`\[((?:https?|file)://[^\]|\s]+)\|[^\]\s]*\]`)
	angledLink   = regexp.MustCompile(`<((?:https?|file)://[^<>|\s]+)(?:\|[^<>]*)?>`)
)

// unwrapLinks takes off what editors and chat programs make of an address, and the
// escapes of HTML.
func unwrapLinks(text string) string {
	if strings.Contains(text, "&#39;") || strings.Contains(text, "&#x27;") || strings.Contains(text, "&quot;") {
		text = html.UnescapeString(text)
	}
	for _, link := range []*regexp.Regexp{markdownLink, jiraLink, angledLink} {
		text = link.ReplaceAllString(text, "$1")
	}
	return text
}

// findMessages returns the messages in the order of the text.
func findMessages(text string) []message {
	var found []message
	add := func(pattern *regexp.Regexp, browser string, k kind, fill func(c *Call, groups []string)) {
		for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
			groups := make([]string, len(at)/2)
			for i := range groups {
				if at[2*i] >= 0 {
					groups[i] = text[at[2*i]:at[2*i+1]]
				}
			}
			m := message{start: at[0], end: at[1], kind: k}
			m.call.Complaint = &Complaint{Browser: browser}
			m.vague = pattern == firefoxAny
			fill(&m.call, groups)
			found = append(found, m)
		}
	}
	none := func(*Call, []string) {}
	origin := func(c *Call, value string) {
		if scheme, host, found := strings.Cut(value, "://"); found {
			value = scheme + "://" + strings.TrimSuffix(host, "/") // by hand: no browser writes it
		} else if value != "null" {
			return // a word that stands in its place
		}
		c.Origin = Origin{value, "the console's line"}
	}

	add(chromiumLine, "Chromium", whole, func(c *Call, g []string) {
		c.URL = g[2]
		if g[3] != "" {
			c.URL = g[3]
			c.Notes = append(c.Notes, "It was redirected to "+g[2]+".")
		}
		origin(c, g[4])
		switch what := lower(g[1]); what {
		case "fetch", "xmlhttprequest", "resource", "internal resource":
		default:
			c.Method, c.Complaint.Element = "GET", true
		}
	})
	add(chromiumCut, "Chromium", reason, func(c *Call, g []string) { origin(c, g[1]) })
	add(edgeLine, "Edge", whole, func(c *Call, g []string) {
		c.URL = g[2]
		origin(c, g[1])
	})
	add(chromiumMixed, "Chromium", whole, func(c *Call, g []string) {
		c.URL = g[2]
		origin(c, OriginOf(g[1]))
	})
	older := func(c *Call, g []string) {
		c.URL = g[1]
		origin(c, strings.Trim(g[2], quotes))
	}
	add(olderLine, "Chromium", whole, older)
	add(olderSafari, "Safari", whole, older)
	address1 := func(c *Call, g []string) { c.URL = g[1] }
	add(olderBare, "Safari", whole, address1)
	add(firefoxLine, "Firefox", whole, address1)
	add(firefoxMixed, "Firefox", whole, address1)
	add(firefoxAny, "Firefox", whole, func(c *Call, g []string) { c.URL = strings.TrimSuffix(g[1], ".") })
	add(safariOrigin, "Safari", reason, func(c *Call, g []string) { origin(c, strings.Trim(g[1], quotes)) })
	add(safariReason, "Safari", reason, none)
	add(safariAddress, "Safari", address, address1)
	add(safariDenied, "Safari", reason, func(c *Call, g []string) {
		c.Notes = append(c.Notes, "It was redirected to "+g[1]+".")
		if g[2] != "" && g[2] != "null" { // null is what two redirects between origins make of any page
			origin(c, g[2])
		}
	})
	policy := func(c *Call, g []string) {
		c.URL, c.Method = g[1], "GET"
		c.Complaint.Policy, c.Complaint.Element = true, true
	}
	add(safariPolicy, "Safari", whole, policy)
	add(firefoxPolicy, "Firefox", whole, policy)
	add(safariMixed, "Safari", whole, func(c *Call, g []string) {
		c.URL = g[2]
		origin(c, OriginOf(g[1]))
	})

	// What begins first counts, and at one place what is first above.
	slices.SortStableFunc(found, func(a, b message) int { return a.start - b.start })
	kept := found[:0]
	for _, m := range found {
		if n := len(kept); n == 0 || m.start >= kept[n-1].end {
			kept = append(kept, m)
		}
	}
	return kept
}

// explain reads what the message, with what follows it, complains of.
func (m *message) explain(text string) {
	c := m.call.Complaint
	c.Text = firstSentences(text)
	if g := methodRefused.FindStringSubmatch(text); g != nil {
		c.Method, c.Preflight = g[1], true
		m.call.Method = g[1]
	}
	switch g := headerRefused.FindStringSubmatch(text); {
	case g != nil:
		c.Header, c.Preflight = g[1], true
	case c.Browser == "Firefox":
		if g := headerMissing.FindStringSubmatch(text); g != nil {
			c.Header, c.Preflight = g[1], true
		} else if g := headerBehind.FindStringSubmatch(text); g != nil {
			c.Header, c.Preflight = g[1], true
		}
		c.NoMethod = strings.Contains(text, "Access-Control-Allow-Methods") && !methodNamed.MatchString(text)
		if wildcardRefused.MatchString(text) {
			m.call.Credentials = Include
		}
		c.Preflight = c.Preflight || preflightWord.MatchString(text)
		if strings.Contains(text, "Access-Control-Allow-Methods") || strings.Contains(text, "Access-Control-Allow-Headers") {
			c.Preflight = true
		}
	}
	// A redirect that an older Chromium refused is one of the call, after its preflight.
	if words := lower(text); strings.Contains(words, "preflight") && !redirectRefused.MatchString(words) {
		c.Preflight = true
	}
	for _, sign := range []string{
		"credentials mode is 'include'", "Credentials flag is true", "credentials flag is true",
		"Credential is not supported", "Access-Control-Allow-Credentials",
	} {
		if strings.Contains(plainQuotes(text), sign) {
			m.call.Credentials = Include
		}
	}
	if g := statusCode.FindStringSubmatch(text); g != nil {
		c.Status, _ = strconv.Atoi(g[1] + g[2] + g[3])
	} else if g := firefoxStatus.FindStringSubmatch(text); g != nil && c.Browser == "Firefox" {
		c.Status, _ = strconv.Atoi(g[1])
	}
	c.NoAnswer = strings.Contains(text, "CORS request did not succeed") || strings.Contains(text, "CORSDidNotSucceed")
}

// plainQuotes replaces typographic quotes.
func plainQuotes(text string) string {
	return strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`, "`", "'").Replace(text)
}

// nextLine is where the network's line begins, behind a message, with the file before it.
var nextLine = regexp.MustCompile(` (?:\S+:\d+ )?(?:` + methods + `) https?://`)

// firstSentences is a message as far as a report needs it.
func firstSentences(text string) string {
	for _, end := range []string{" net::ERR_", `", source: `, " [Error]", " Uncaught ", " Failed to load resource"} {
		text, _, _ = strings.Cut(text, end)
	}
	if at := nextLine.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	const most = 300
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return strings.TrimRight(text, ` "`)
}

// pairUp joins the reasons and the addresses of Safari, which come on lines of
// their own: the reason, then the address, then perhaps the reason once more.
func pairUp(messages []message) (calls []Call) {
	var pending *Call
	origins := make(map[string]bool)
	last := -1 // the call of the last address
	for i := range messages {
		m := &messages[i]
		if m.call.Origin.Value != "" && m.kind == reason {
			origins[m.call.Origin.Value] = true
		}
		switch m.kind {
		case whole:
			calls = append(calls, m.call)
		case reason:
			if m.failedLoad && last >= 0 {
				calls[last].join(&m.call)
				continue
			}
			pending = &m.call
		case address:
			if pending != nil {
				m.call.join(pending)
				pending = nil
			}
			last = len(calls)
			calls = append(calls, m.call)
		}
	}
	switch {
	case pending == nil:
	case len(calls) == 0:
		calls = append(calls, *pending)
	case last >= 0 && calls[last].Complaint.tellsNothing():
		calls[last].join(pending) // it stands behind its address
	}
	for i := range calls {
		if c := &calls[i]; c.Origin.Value == "" && c.Complaint.Browser == "Safari" && len(origins) == 1 {
			for origin := range origins {
				c.Origin = Origin{origin, "the console's line"}
			}
		}
	}
	return distinct(calls)
}

// tellsNothing reports whether a line names a call, and no reason.
func (c *Complaint) tellsNothing() bool {
	return !c.Preflight && c.Method == "" && c.Header == "" && c.Status == 0
}

// join takes from a reason what the call does not tell.
func (c *Call) join(reason *Call) {
	if c.Origin.Value == "" {
		c.Origin = reason.Origin
	}
	c.Method = cmp.Or(c.Method, reason.Method)
	c.Notes = append(c.Notes, reason.Notes...)
	c.Credentials = cmp.Or(c.Credentials, reason.Credentials)
	if !c.Complaint.Preflight && c.Complaint.Status == 0 {
		text := c.Complaint.Text
		*c.Complaint = *reason.Complaint
		c.Complaint.Text = cmp.Or(reason.Complaint.Text, text)
	}
}

// distinct leaves out what was said twice: pages try again, and Firefox says after
// every reason that there was no answer.
func distinct(calls []Call) []Call {
	type key struct {
		url, origin, method, header string
		credentials                 Credentials
		preflight                   bool
	}
	seen := make(map[key]bool)
	known := make(map[string]bool)
	kept := calls[:0]
	for _, c := range calls {
		k := key{c.URL, c.Origin.Value, c.Complaint.Method, c.Complaint.Header, c.Credentials, c.Complaint.Preflight}
		tellsNothing := c.Complaint.NoAnswer || k == key{url: c.URL}
		if seen[k] || tellsNothing && known[c.URL] {
			continue
		}
		seen[k], known[c.URL] = true, true
		kept = append(kept, c)
	}
	return kept
}

// takeNetwork reads the lines of the network that stand between the others. They
// tell the method; without others they are all that there is.
func takeNetwork(calls []Call, text string) []Call {
	var alone []Call
	byURL := make(map[string]string)
	for _, g := range networkLine.FindAllStringSubmatch(text, -1) {
		method, address, failure := g[1], strings.TrimRight(g[2], quotes+".,;"), g[3]
		if method == "OPTIONS" {
			continue
		}
		if _, ok := byURL[address]; !ok {
			byURL[address] = method
		}
		if failure+g[5] != "" && failure != "BLOCKED_BY_CLIENT" { // that was an extension
			status, _ := strconv.Atoi(g[4] + g[5])
			alone = append(alone, Call{URL: address, Method: method, Complaint: &Complaint{
				Browser: "Chromium", Text: g[0], Status: status,
				NoAnswer: status == 0 && failure != "FAILED" && !strings.HasPrefix(failure, "BLOCKED"),
				Policy:   strings.HasPrefix(failure, "BLOCKED_BY_RESPONSE"),
			}})
		}
	}
	if len(calls) == 0 {
		return distinct(alone)
	}
	for i := range calls {
		if calls[i].Method == "" {
			calls[i].Method = byURL[calls[i].URL]
		}
	}
	return calls
}

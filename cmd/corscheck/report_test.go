package main

import (
	"bytes"
	goflag "flag"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/fetch"
)

// runText runs the command, and returns its exit status and what people read. The
// server's address is that of the documents.
func runText(t *testing.T, terminal bool, args ...string) (int, string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(args, nil, &stdout, &stderr, terminal)
	require.Empty(t, stderr.String())
	return status, documented(stdout.String())
}

var (
	liveAddress     = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	metadataMembers = regexp.MustCompile(`(?s)\n *"Sec-Fetch-\w+": \[.*?\],`) // has no part in CORS
	randomName      = regexp.MustCompile(`https://([a-z]{9})\.example\b`)
	triedOrigins    = regexp.MustCompile(`(?s)("tried": \[\n(?:[^\n]*\n){3}).*?(\n *\])`) // too many to show
)

func documented(text string) string {
	text = liveAddress.ReplaceAllString(text, "localhost:5000")
	text = strings.ReplaceAll(text, "127.0.0.1", "localhost")
	text = metadataMembers.ReplaceAllString(text, "")
	if m := randomName.FindStringSubmatch(text); m != nil { // the first origin that is tried
		text = strings.ReplaceAll(text, m[1], "random")
	}
	return triedOrigins.ReplaceAllString(text, "${1}    …${2}")
}

// Every report fits 100 columns, but for what is to be pasted; that of an ordinary
// call fits a screen.
func TestReportFits(t *testing.T) {
	for _, tc := range broken {
		t.Run(tc.name, func(t *testing.T) {
			url := serve(t, tc.server)
			_, call := runText(t, false, append(append([]string{"-origin", page}, tc.call...), url)...)
			_, audit := runText(t, false, "-audit", "-origin", page, url)
			_, colours := runText(t, true, append(append([]string{"-origin", page}, tc.call...), url)...)
			for line := range strings.Lines(call + audit) {
				assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
				assert.NotContains(t, line, "\x1b")
				assert.Equal(t, strings.TrimRight(line, " \n"), strings.TrimSuffix(line, "\n"), "no white space "+
					"at the end")
			}
			assert.LessOrEqual(t, strings.Count(call, "\n"), 44)
			_, noted := runText(t, false, append(append([]string{"-origin", page}, tc.call...), url, "-origin",
				"http://localhost:3000")...)
			for _, text := range []string{call, noted, audit} {
				assert.NotContains(t, text, "\n\n\n")
				assert.NotEqual(t, "\n\n", text[len(text)-2:])
			}
			assert.Contains(t, colours, "\x1b[")
			plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(colours, "")
			assert.Equal(t, call, strings.NewReplacer("✓ ", "", "✗ ", "").Replace(plain))
		})
	}
}

// What a server sends cannot move the cursor, change colours or fill the screen.
func TestReportIsClean(t *testing.T) {
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(fetch.AllowOrigin, strings.Repeat("https://long.example ", 40))
		w.Header().Set("Vary", "\u009b31mred\u202e")
		for range 100 {
			w.Header().Add(fetch.ExposeHeaders, "X-A")
		}
	}))
	_, text := runText(t, false, "-origin", page, url)
	assert.NotContains(t, text, "\u009b")
	assert.NotContains(t, text, "\u202e")
	assert.Contains(t, text, "   < … 97 more of Access-Control-Expose-Headers\n")
	assert.Less(t, strings.Count(text, "\n"), 40)
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), width+1)
	}
}

func TestReportShowsNoSecrets(t *testing.T) {
	url := serve(t, policy{allow: only(page), lines: withCookies, preflight: replace(fetch.AllowHeaders,
		"Authorization")})
	for _, args := range [][]string{nil, {"-v"}} {
		_, text := runText(t, false, append(args, "-origin", page, "-b", "session=secret", "-H", "Authorization: "+
			"secret", url)...)
		assert.NotContains(t, text, "secret")
		assert.Contains(t, text, "   > Cookie: …\n")
		assert.Contains(t, text, "   > Authorization: …\n")
	}
}

func TestVerbose(t *testing.T) {
	url := serve(t, policy{allow: only(page), actual: []string{"X-Anything: 1"}})
	_, text := runText(t, false, "-origin", page, url)
	assert.NotContains(t, text, "X-Anything: 1")
	_, text = runText(t, false, "-v", "-origin", page, url)
	assert.Contains(t, text, "   < X-Anything: 1\n")
	assert.Contains(t, text, "   > User-Agent: "+userAgent+"\n")
}

// What only the report says: no server is asked, or no more than a preflight sent.
func TestReportOfWhatIsNotSent(t *testing.T) {
	_, text := runText(t, false, "-origin", page, "http://api.example.com/")
	assert.Equal(t, `GET http://api.example.com/, from a page of https://app.example.com

BLOCKED by the Fetch standard, Chromium, Firefox, WebKit alike
The page is on https, and browsers let it call no http URL, http://api.example.com/.

Note: This is mixed content, not CORS: no header helps. Serve the API over https.
`, text)
	_, text = runText(t, false, append(put, "-preflight-only", "-origin", page, serve(t, good))...)
	assert.Contains(t, text, "\nThe preflight passes. PUT is not sent, because of -preflight-only.\n")

	// Chromium sends a client hint without a preflight.
	var stdout, stderr bytes.Buffer
	hint := []string{"-preflight-only", "-H", "DPR: 2", "-origin", page, serve(t, good)}
	assert.Equal(t, exitUnknown, run(append([]string{"-engine", "chromium"}, hint...), nil, &stdout, &stderr, false))
	assert.Empty(t, stdout.String(), "nothing is allowed that was not asked")
	assert.Contains(t, stderr.String(), "browsers send no preflight for this call, so there is nothing to check")
	_, text = runText(t, false, hint...)
	assert.Contains(t, text, "\nALLOWED by Chromium\n"+
		"No preflight is needed. GET is not sent, because of -preflight-only.\n")
}

// The lines belong to the server that blocks the call, and a name that was meant is shown.
func TestReportOfTheServerThatBlocks(t *testing.T) {
	api := serve(t, says2(200, "Access-Control-Allow-Orign: *"))
	own := serve(t, http.RedirectHandler(api+"/a%20b", http.StatusFound))
	page := strings.TrimSuffix(own, "/users/7")
	var stdout, stderr strings.Builder
	assert.Equal(t, exitFailed, run([]string{"-origin", page, own}, nil, &stdout, &stderr, false))
	assert.Empty(t, stderr.String())
	assert.Contains(t, stdout.String(), "\n   < Access-Control-Allow-Orign: *\n")
	assert.Contains(t, stdout.String(), "Answer GET "+api+"/a%20b with these lines, errors included:")
	stdout.Reset()
	run([]string{"-origin", "https://app.example.com", api}, nil, &stdout, &stderr, false)
	assert.Contains(t, stdout.String(), "Answer GET /users/7 with these lines, errors included:")
}

func TestReportOfAnAudit(t *testing.T) {
	_, text := runText(t, true, "-audit", "-origin", page, serve(t, good))
	assert.Contains(t, text, "✓ Nothing found.")
	_, text = runText(t, true, "-audit", "-origin", "https://www.example.com", serve(t, good))
	assert.Contains(t, text, "The server lets pages of https://www.example.com in nowhere")
	assert.Regexp(t, `\nTried \d+ origins of strangers: https://random\.example, null,\n.* … \(-v names all\)\.\n\n`,
		uncoloured(text))
	_, text = runText(t, false, "-v", "-audit", "-origin", page, serve(t, good))
	for _, origin := range []string{
		"null", "http://app.example.com", "https://app.example.c", "https://xample.com", "http://192.168.1.221",
	} {
		assert.Regexp(t, `\s`+regexp.QuoteMeta(origin)+`[,.]\s`, text)
	}
}

func uncoloured(text string) string {
	return regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(text, "")
}

func TestManyRedirectsAreShort(t *testing.T) {
	status, text := runText(t, false, "-origin", page, serve(t, http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		w.Header().Set(fetch.AllowOrigin, page)
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	})))
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, text, "\n… 17 more\n\n21  GET ")
	assert.Contains(t, text, "browsers follow at most 20")
	assert.Less(t, strings.Count(text, "\n"), 50)
}

func TestColoursAreForTerminals(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // no file, as a terminal is none
	require.NoError(t, err)
	t.Cleanup(func() { _ = device.Close() })

	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	assert.False(t, isTerminal(file))
	assert.True(t, isTerminal(device))
	t.Setenv("TERM", "dumb")
	assert.False(t, isTerminal(device))
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	assert.False(t, isTerminal(device))
}

// sample is what the guide shows: a router without a route for OPTIONS.
var sample = policy{allow: only(page), preflightStatus: http.StatusMethodNotAllowed, lines: []string{"Vary:"},
	preflight: []string{fetch.AllowMethods + ":", fetch.AllowHeaders + ":", fetch.MaxAge + ":",
		fetch.AllowOrigin + ":", "Allow: GET, PUT"}}

var update = goflag.Bool("update", false, "write what the command prints into the guide")

// guide is the document of the command.
const guide = "../../docs/corscheck.md"

// The guide shows what the command prints. With -update, it is made to.
func TestDocuments(t *testing.T) {
	url := serve(t, sample)
	call := append(append([]string{"-credentials", "-origin", page}, put...), strings.TrimPrefix(url, "http://"))
	_, text := runText(t, false, call...)
	assertShows(t, guide, text)

	_, text = runText(t, false, "-audit", "-origin", page,
		serve(t, policy{allow: matching("^https://app.example.com"), lines: withCookies}))
	assertShows(t, guide, text)

	var stdout, stderr bytes.Buffer
	run(append([]string{"-json", "-no-probe", "-engine", "chromium"}, call...), nil, &stdout, &stderr, false)
	assertShowsParts(t, "`-json` writes one object", documented(stdout.String()))
	stdout.Reset()
	run([]string{"-json", "-audit", "-origin", page, serve(t, policy{allow: only(page),
		preflight: replace(fetch.MaxAge, "10m")})},
		nil, &stdout, &stderr, false)
	assertShowsParts(t, "An audit has these instead", documented(stdout.String()))

	content, err := os.ReadFile(guide)
	require.NoError(t, err)
	for _, id := range noteIDs(t) {
		assert.True(t, strings.Contains(string(content), "| `"+id+"` |"), "%s explains %s", guide, id)
	}
}

// noteIDs are those in the sources.
func noteIDs(t *testing.T) (ids []string) {
	t.Helper()
	for _, r := range noteRules {
		if r.id != causesRule {
			ids = append(ids, r.id)
		}
	}
	sources, err := os.ReadFile("causes.go")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(
		`(?:one|either)\("([a-z-]+)"(?:, "([a-z-]+)", ")?|ID: "([a-z-]+)"`).FindAllStringSubmatch(string(sources),
		-1) {
		for _, id := range m[1:] {
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	require.Contains(t, ids, "origin-not-listed")
	return ids
}

// assertShowsParts compares the block that follows a sentence of the guide with text. A
// line with … stands for lines that are left out.
func assertShowsParts(t *testing.T, sentence, text string) {
	t.Helper()
	content, err := os.ReadFile(guide)
	require.NoError(t, err)
	_, block, found := strings.Cut(string(content), sentence)
	require.True(t, found, sentence)
	_, block, _ = strings.Cut(block, "\n    {\n")
	block, _, _ = strings.Cut("\n    {\n"+block, "\n\n")
	rest := "\n" + text
	for _, part := range regexp.MustCompile(`(?m)^ +…$`).Split(block, -1) {
		part = strings.ReplaceAll(strings.TrimRight(part, "\n"), "\n    ", "\n")
		_, rest, found = strings.Cut(rest, part)
		require.True(t, found, "%s\nis not in this, or not in this place:\n%s", part, text)
	}
}

// assertShows looks for text in a document, after its indent.
func assertShows(t *testing.T, file, text string) {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			line = "    " + line
		}
		b.WriteString(line)
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	document, indented := string(content), b.String()
	if strings.Contains(document, "\n"+indented) {
		return
	}
	if !*update {
		assert.Fail(t, "a document does not show what the command prints: -update writes it", "%s:\n%s", file,
			indented)
		return
	}
	first, _, _ := strings.Cut(indented, "\n")
	if first == "    {" { // an object: its first members tell it from another
		first = strings.Join(strings.SplitN(indented, "\n", 6)[:5], "\n")
	}
	start := strings.Index(document, "\n"+first+"\n")
	require.GreaterOrEqual(t, start, 0, "%s has no %q", file, first)
	start++
	end := start
	for line := range strings.Lines(document[start:]) {
		if line != "\n" && !strings.HasPrefix(line, "    ") {
			break
		}
		end += len(line)
	}
	require.NoError(t, os.WriteFile(file, []byte(document[:start]+indented+"\n"+document[end:]), 0o600))
}

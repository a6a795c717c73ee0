package paste

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	errCutQuote = errors.New("the copy ends inside quotes: its end is missing, copy it again as a whole")
	errCutLine  = errors.New("the copy ends where another line should follow: " +
		"its end is missing, copy it again as a whole")
	errDash = errors.New("its dashes are long: a program between the browser and here changed them; " +
		"copy it again, straight from the browser")
	errCurly = errors.New("its quotes are curly: a program between the browser and here changed them; " +
		"copy it again, straight from the browser")
)

// isCurl reports whether text begins with the word curl.
func isCurl(text string) bool {
	word := text
	if i := strings.IndexAny(text, " \t\n\u00a0\\^`"); i >= 0 {
		word = text[:i]
	}
	if i := strings.LastIndexAny(word, `/\`); i >= 0 && !strings.ContainsAny(word, "()\"'?=,") {
		word = word[i+1:] // /usr/bin/curl
	}
	return strings.TrimSuffix(lower(word), ".exe") == "curl"
}

// parseCurl reads one curl command after the other. What stands below it may be
// anything, its output or prose: an apostrophe there is no quote.
func parseCurl(text string) (*Paste, error) {
	p, err := parseCommands(text)
	if !errors.Is(err, errCutQuote) {
		return p, err
	}
	const most = 100 // lines
	end := 0
	for range most {
		n := strings.IndexByte(text[end:], '\n')
		if n < 0 {
			break
		}
		end += n + 1
		next := dropPrompt(text[end:])
		if strings.HasPrefix(next, "-") || isCurl(next) {
			continue
		}
		if whole, err := parseCommands(text[:end]); err == nil {
			return whole, nil
		}
	}
	return nil, err
}

// curlWithin is the word curl, with what may follow it, inside of a line: behind another command, or in $(…).
var curlWithin = regexp.MustCompile("[\\s;&|(@=/`](curl(?:\\.exe)?[ \t]+(?:[-'\"^$\\\\]|https?:))")

// parseCurlWithin reads a curl command that a line of a script begins with something else, nil if there is none.
func parseCurlWithin(text string) *Paste {
	const most = 20
	isURL := func(arg string) bool { return strings.Contains(arg, "://") }
	for _, at := range curlWithin.FindAllStringSubmatchIndex(text, most) {
		p, err := parseCurl(text[at[2]:])
		if err == nil && slices.ContainsFunc(p.Calls[0].Args, isURL) {
			return p
		}
	}
	return nil
}

func parseCommands(text string) (*Paste, error) {
	form := curlForm(text)
	if form == CurlPowerShell && psLooksLikeCmdlet(text) {
		return parsePowerShell(text)
	}
	split := splitBash
	switch form {
	case CurlCmd:
		split = splitCmd
	case CurlPowerShell:
		split = splitPowerShell
	}
	commands, err := split(text)
	if err != nil {
		return nil, err
	}
	p := &Paste{Form: form}
	other := false // another command stands between
	for _, words := range commands {
		if last := len(p.Calls) - 1; last >= 0 && !other && strings.HasPrefix(words[0], "-") {
			p.Calls[last].Args = append(p.Calls[last].Args, words...) // what joined the lines was lost
			continue
		}
		words = dropPromptWords(words)
		if other = len(words) == 0; other {
			continue
		}
		if len(words) == 1 {
			return nil, errors.New("nothing stands after the word curl: copy it again as a whole")
		}
		p.Calls = append(p.Calls, Call{Args: words[1:]})
	}
	return p, nil
}

// curlForm tells the shells apart: by the first quote, else by how a line goes on.
func curlForm(text string) Form {
	word, rest, _ := strings.Cut(text, " ")
	exe := strings.HasSuffix(lower(word), ".exe")
	line, _, more := strings.Cut(rest, "\n")
	if more {
		switch trimmed := strings.TrimRight(line, " "); {
		case strings.HasSuffix(trimmed, "^"):
			return CurlCmd
		case strings.HasSuffix(trimmed, "`"):
			return CurlPowerShell
		case strings.HasSuffix(trimmed, `\`):
			return CurlBash
		}
	}
	i := strings.IndexAny(rest, `'"`)
	switch {
	case i > 0 && rest[i] == '"' && rest[i-1] == '^':
		return CurlCmd
	case i >= 0 && rest[i] == '\'' && exe:
		return CurlPowerShell
	case i >= 0 && rest[i] == '"' && exe && strings.Contains(rest, "`"):
		return CurlPowerShell
	case psLooksLikeCmdlet(text):
		return CurlPowerShell
	case exe, i >= 0 && rest[i] == '"' && !strings.Contains(rest, "'") && doublesQuotes(rest[i:]):
		return CurlCmd
	}
	return CurlBash
}

// doublesQuotes reports whether text, which begins with a quote, has a doubled
// quote inside of a word: that is how cmd writes one.
func doublesQuotes(text string) bool {
	for i := 1; i+2 < len(text); i++ {
		if text[i] == '\\' {
			i++
			continue
		}
		if text[i] == '"' && text[i+1] == '"' && text[i-1] != ' ' && text[i+2] != ' ' {
			return true
		}
	}
	return false
}

// dropPromptWords returns the words from curl on, none if it is another command.
func dropPromptWords(words []string) []string {
	for i := range min(len(words), 3) {
		if isCurl(words[i]) {
			return words[i:]
		}
	}
	return nil
}

// splitBash splits text into commands, and these into words, as bash does. But it
// expands nothing: $HOME, $(…) and * stay as they are written.
func splitBash(text string) (commands [][]string, err error) {
	var (
		b      utf16Builder
		words  []string
		inWord bool
		opened bool // the word has a "(", as far as a ")" has asked
	)
	end := func() {
		if inWord {
			words = append(words, repair(b.String()))
		}
		b.Reset()
		inWord, opened = false, false
	}
	for i := 0; i < len(text); {
		c, next := text[i], byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		if c == ')' && !opened { // the word is searched once: it has a "(", or ends here
			opened = strings.Contains(b.String(), "(")
		}
		switch {
		case c == '\\' && next == 0:
			return nil, errCutLine
		case c == '\\' && next == '\n':
			i += 2
			if strings.HasPrefix(text[i:], "> ") {
				i += 2 // the terminal's
			}
		case c == '\\' && continues(text[i+1:]):
			i += 1 + lineEnd(text[i+1:]) + 1
		case c == '\\' && next == ' ' && !inWord:
			i++ // two lines that were joined
		case c == '\\':
			inWord = true
			_ = b.WriteByte(next)
			i += 2
		case c == ' ', c == '\t':
			end()
			i++
		case strings.HasPrefix(text[i:], "\u00a0"):
			end()
			i += len("\u00a0")
		case c == '#' && !inWord:
			i += lineEnd(text[i:])
		case (c == ';' || c == '&') && inWord && strings.IndexByte("\x00 \t\n;&|", next) < 0:
			_ = b.WriteByte(c) // a URL without quotes: no shell has seen this text
			i++
		case c == '\n', c == ';', c == '&', c == '|', c == '`', c == ')' && !opened:
			if end(); len(words) > 0 {
				commands = append(commands, words)
			}
			words = nil
			if i++; (c == ')' || c == '`') && next == '"' {
				i++ // x="$(curl …)"
			}
		case c == '\'':
			inWord = true
			n := strings.IndexByte(text[i+1:], '\'')
			if n < 0 {
				return nil, errCutQuote
			}
			_, _ = b.WriteString(text[i+1 : i+1+n])
			i += n + 2
		case c == '"':
			inWord = true
			if i, err = bashDouble(&b, text, i+1); err != nil {
				return nil, err
			}
		case strings.HasPrefix(text[i:], "$'"):
			inWord = true
			if i, err = ansiC(&b, text, i+2); err != nil {
				return nil, err
			}
		case strings.HasPrefix(text[i:], `$"`):
			i++
		case strings.HasPrefix(text[i:], "$("):
			inWord = true
			n := substitution(text[i:])
			_, _ = b.WriteString(text[i : i+n])
			i += n
		case (c == '<' || c == '>') && (!inWord || isStream(b.String())):
			b.Reset()
			inWord = false
			i += redirection(text[i:])
		default:
			if !inWord {
				if err := checkTypography(text[i:]); err != nil {
					return nil, err
				}
			}
			inWord = true
			_ = b.WriteByte(c)
			i++
		}
	}
	if end(); len(words) > 0 {
		commands = append(commands, words)
	}
	return commands, nil
}

// continues reports whether nothing but spaces is left of the line. A backslash
// before them was meant to join the lines.
func continues(text string) bool {
	rest := strings.TrimLeft(text, " \t\u00a0")
	return len(rest) < len(text) && strings.HasPrefix(rest, "\n")
}

func lineEnd(text string) int {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return i
	}
	return len(text)
}

// isCurly reports whether text begins with a typographic quote.
func isCurly(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune("“”„‘’‚", r)
}

// checkTypography refuses a word that begins with what programs make of quotes and of -- or -.
func checkTypography(word string) error {
	switch {
	case isCurly(word):
		return errCurly
	case strings.HasPrefix(word, "—"), strings.HasPrefix(word, "–"):
		return errDash
	}
	return nil
}

// isStream reports whether a word before a < or a > belongs to the redirection, as in 2>.
func isStream(word string) bool { return word == "0" || word == "1" || word == "2" }

// redirection returns the length of a redirection, with the word that it names.
func redirection(text string) int {
	i := 0
	for i < len(text) && strings.IndexByte("<>& \t", text[i]) >= 0 {
		i++
	}
	for i < len(text) && strings.IndexByte(" \t\n;|", text[i]) < 0 {
		i++
	}
	return i
}

// substitution returns the length of a $(…), which is not run.
func substitution(text string) int {
	depth := 0
	for i := range min(len(text), 512) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len("$(")
}

// bashDouble reads what stands between double quotes, from i on, and returns where
// it ends.
func bashDouble(b *utf16Builder, text string, i int) (int, error) {
	for i < len(text) {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\' && i+1 < len(text) && strings.IndexByte("$`\"\\", text[i+1]) >= 0:
			_ = b.WriteByte(text[i+1])
			i += 2
		case c == '\\' && i+1 < len(text) && text[i+1] == '\n':
			i += 2
		case strings.HasPrefix(text[i:], "$("):
			n := substitution(text[i:])
			_, _ = b.WriteString(text[i : i+n])
			i += n
		default:
			_ = b.WriteByte(c)
			i++
		}
	}
	return 0, errCutQuote
}

// ansiC reads what stands between $' and ', from i on, and returns where it ends.
func ansiC(b *utf16Builder, text string, i int) (int, error) {
	for i < len(text) {
		c := text[i]
		i++
		switch {
		case c == '\'':
			return i, nil
		case c != '\\':
			_ = b.WriteByte(c)
			continue
		case i == len(text):
			return 0, errCutQuote
		}
		c = text[i]
		i++
		if n := strings.IndexByte("abeEfnrtv", c); n >= 0 {
			_ = b.WriteByte("\a\b\x1b\x1b\f\n\r\t\v"[n])
			continue
		}
		switch c {
		case 'x':
			value, n := digits(text[i:], 16, 2)
			if n == 0 {
				_, _ = b.WriteString(`\x`)
				continue
			}
			_ = b.WriteByte(byte(value))
			i += n
		case 'u', 'U':
			value, n := digits(text[i:], 16, map[byte]int{'u': 4, 'U': 8}[c])
			if n == 0 {
				_, _ = b.WriteString(`\` + string(c))
				continue
			}
			b.unit(rune(min(value, utf8.MaxRune+1))) // beyond is no character
			i += n
		case '0', '1', '2', '3', '4', '5', '6', '7':
			value, n := digits(text[i-1:], 8, 3)
			_ = b.WriteByte(byte(value))
			i += n - 1
		case 'c':
			if i < len(text) {
				_ = b.WriteByte(text[i] & 0x1f)
				i++
			}
		case '\\', '\'', '"', '?':
			_ = b.WriteByte(c)
		default:
			_ = b.WriteByte('\\')
			_ = b.WriteByte(c)
		}
	}
	return 0, errCutQuote
}

// digits reads at most most digits, and returns how many there were.
func digits(text string, base, most int) (value int64, n int) {
	for n < most && n < len(text) {
		if _, err := strconv.ParseUint(text[n:n+1], base, 8); err != nil {
			break
		}
		n++
	}
	value, _ = strconv.ParseInt(text[:n], base, 64)
	return value, n
}

// splitCmd splits text into commands, and these into words, as Windows does:
// cmd.exe takes out its carets, and the program's start-up code splits what is
// left. In words that begin with ^", which browsers write, every backslash is doubled.
func splitCmd(text string) (commands [][]string, err error) {
	text, escaped, err := dropCarets(mendQuotes(text))
	if err != nil {
		return nil, err
	}
	var (
		b                       strings.Builder
		words                   []string
		inWord, quoted, careted bool
	)
	end := func() {
		if inWord {
			words = append(words, b.String())
		}
		b.Reset()
		inWord, careted = false, false
	}
	for i := 0; i < len(text); i++ {
		c, next := text[i], byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch {
		case c == '"' && escaped[i] && !inWord:
			inWord, quoted, careted = true, true, true
		case careted && c == '\\' && (next == '"' || next == '\\'):
			b.WriteByte(next)
			i++
		case careted && c == '"':
			quoted, careted = false, false
		case c == '\\' && !careted:
			inWord = true
			n := 1
			for i+n < len(text) && text[i+n] == '\\' {
				n++
			}
			before := n
			if i+n < len(text) && text[i+n] == '"' {
				before = n / 2 // they are meant for the quote
				if n%2 == 1 {
					n++
				}
			}
			b.WriteString(strings.Repeat(`\`, before))
			b.WriteString(strings.TrimLeft(text[i:i+n], `\`))
			i += n - 1
		case c == '"' && quoted && next == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			inWord, quoted = true, !quoted
		case quoted, escaped[i]:
			inWord = true
			b.WriteByte(c)
		case c == ' ', c == '\t':
			end()
		case c == '&' && inWord && strings.IndexByte("\x00 \t\n&", next) < 0:
			b.WriteByte(c) // a URL without quotes: no shell has seen this text
		case c == '\n', c == '&', c == '|':
			if end(); len(words) > 0 {
				commands = append(commands, words)
			}
			words = nil
		case (c == '<' || c == '>') && (!inWord || isStream(b.String())):
			b.Reset()
			inWord = false
			i += redirection(text[i:]) - 1
		default:
			if !inWord {
				if err := checkTypography(text[i:]); err != nil {
					return nil, err
				}
			}
			inWord = true
			b.WriteByte(c)
		}
	}
	if quoted {
		return nil, errCutQuote
	}
	if end(); len(words) > 0 {
		commands = append(commands, words)
	}
	return commands, nil
}

var (
	caretsWithin = regexp.MustCompile(` "[^"\n]*(?:\^\\|\^%\^|\^&)`)
	quoteBefore  = regexp.MustCompile(`( )"`)
	quoteBehind  = regexp.MustCompile(`([^\s^])"(\s|$)`)
)

// mendQuotes writes the quotes around a word as ^", as browsers do today. Chromium
// left out that caret until 2023, though not those inside of the word.
func mendQuotes(text string) string {
	if !caretsWithin.MatchString(text) {
		return text
	}
	return quoteBehind.ReplaceAllString(quoteBefore.ReplaceAllString(text, `$1^"`), `$1^"$2`)
}

// dropCarets is cmd.exe's part: a caret makes the character after it stand for
// itself, a caret at the end of a line joins the next one to it. Between quotes
// carets are characters.
func dropCarets(text string) (plain string, escaped []bool, err error) {
	out := make([]byte, 0, len(text))
	add := func(c byte, esc bool) { out, escaped = append(out, c), append(escaped, esc) }
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case strings.HasPrefix(text[i:], "\"^\n\n\""): // how Firefox writes a line break
			add('\n', true)
			i += len("^\n\n\"")
		case c == '"':
			quoted = !quoted
			add(c, false)
		case c != '^' || quoted:
			add(c, false)
		case i+1 == len(text):
			return "", nil, errCutLine
		case strings.HasPrefix(text[i:], "^\n\n"): // how Chromium does
			add('\n', true)
			i += 2
		case text[i+1] == '\n':
			i++
		case text[i+1] == ' ' && continues(text[i+1:]):
			i += 1 + lineEnd(text[i+1:])
		case text[i+1] == ' ' && i > 0 && text[i-1] == ' ': // two lines that were joined
		default:
			i++
			add(text[i], true)
		}
	}
	return string(out), escaped, nil
}

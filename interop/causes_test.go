package interop_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/stacks"
)

// The command names the cause of each blocked call to the servers of the stacks, set up
// rightly and wrongly: nearly always alone, and never a wrong one. docs/corscheck.md has
// the figure. To write it anew:
//
//	go test -run TestCausesInStacks -update
func TestCausesInStacks(t *testing.T) {
	command := buildCorscheck(t)
	measured := make(map[string]*causeCount)
	count := func(stack string) *causeCount {
		if measured[stack] == nil {
			measured[stack] = new(causeCount)
		}
		return measured[stack]
	}
	for _, stack := range stacks.Names() {
		t.Run(stack, func(t *testing.T) {
			urls := make(map[string]string)
			for _, c := range stackCases() {
				if c.stack != stack {
					continue
				}
				if urls[c.configuration] == "" {
					urls[c.configuration] = startStack(t, stack, c.configuration)
				}
				c.count(t, command, urls[c.configuration], count(stack))
			}
		})
	}
	var total causeCount
	for _, m := range measured {
		total.blocked += m.blocked
		total.alone += m.alone
		total.either += m.either
	}
	t.Logf("%d blocked calls to %d stacks: the cause of %d is named alone, of %d as one of two", total.blocked,
		len(measured), total.alone, total.either)
	assert.GreaterOrEqual(t, total.alone*100, total.blocked*95)
	if len(measured) == len(stacks.Names()) {
		total.compare(t)
	}
}

// A causeCount is how many calls were blocked, and of how many the cause is named.
type causeCount struct{ blocked, alone, either int }

// count runs the command on a case, and fails t if it blames what is not to blame.
func (c stackCase) count(t *testing.T, command corscheck, url string, m *causeCount) {
	t.Helper()
	var report struct {
		Allowed   bool
		Engines   map[string]struct{ Step, Header, Detail string }
		Hints     []struct{ ID, Or, Detail string }
		Questions []json.RawMessage
	}
	command.run(t, &report, append(c.args, url+"/users/7")...)
	name := fmt.Sprintf("%s, %s, %s", c.stack, c.configuration, c.call)
	var named []string
	certain := true
	for _, n := range report.Hints {
		if slices.Contains([]string{"local-network", "same-site-cookies", "standard-differs"}, n.ID) {
			continue
		}
		named = append(named, n.ID)
		if n.Or != "" {
			named, certain = append(named, n.Or), false
		}
	}
	want := c.cause
	if want == causeNoLayer {
		want = "no-cors-layer"
	}
	if report.Allowed {
		assert.Empty(t, want, "%s is allowed", name)
		assert.Empty(t, named, "%s is allowed", name)
		return
	}
	m.blocked++
	says := fmt.Sprintf("%s: %+v\n%s", name, report.Engines["chromium"], report.Hints)
	switch {
	case want == "": // the verdict names the header
		assert.Empty(t, named, says)
		if assert.Contains(t, report.Engines["chromium"].Header, "Access-Control-Allow-", says) {
			m.alone++
		}
	case !slices.Contains(named, want):
		assert.Contains(t, named, want, says)
	case certain && assert.Len(t, named, 1, says):
		m.alone++
	default:
		m.either++
	}
}

// compare holds the figure against the document.
func (m causeCount) compare(t *testing.T) {
	t.Helper()
	const file = "../docs/corscheck.md"
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	figure := fmt.Sprintf("Of %d blocked calls, it names the right cause alone for %d, and beside another for %d.",
		m.blocked, m.alone, m.either)
	pattern := regexp.MustCompile(
		`Of \d+ blocked calls, it names the right cause alone for \d+, and beside another for \d+\.`)
	written := pattern.FindString(strings.ReplaceAll(string(content), "\n", " "))
	if *update && written != "" {
		joined := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(written), " ", `\s`))
		require.NoError(t, os.WriteFile(file, joined.ReplaceAll(content, []byte(figure)), 0o600))
		return
	}
	assert.Equal(t, figure, cmp.Or(written, "(nothing)"), "%s: -update writes it", file)
}

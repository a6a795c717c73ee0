package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The workflow to copy does what it says: its command is one that the tool takes, and
// its step fails where something is found. Actionlint reads the rest of it, in .ci/run.
func TestWorkflow(t *testing.T) {
	content, err := os.ReadFile(guide)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(content), "\n```yaml\n")
	require.True(t, found)
	workflow, _, found := strings.Cut(rest, "\n```\n")
	require.True(t, found)
	assert.Contains(t, workflow, "- run: go build -o corscheck ./cmd/corscheck\n")
	m := regexp.MustCompile(`(?m)^ +- run: \./corscheck (.+)$`).FindAllStringSubmatch(workflow, -1)
	require.Len(t, m, 1)

	env := make(map[string]string)
	for _, pair := range regexp.MustCompile(`(?m)^ +([A-Z]+): (https://\S+)$`).FindAllStringSubmatch(workflow, -1) {
		env[pair[1]] = pair[2]
	}
	require.Len(t, env, 2)
	command := func(names map[string]string) (args []string) {
		for arg := range strings.FieldsSeq(os.Expand(m[0][1], func(name string) string { return names[name] })) {
			args = append(args, strings.Trim(arg, `"`))
		}
		return args
	}
	c, err := parse(command(env))
	require.NoError(t, err)
	assert.True(t, c.flags.audit)
	assert.Positive(t, c.flags.whole)
	assert.NotEmpty(t, c.flags.more, "it has several URLs")
	assert.True(t, strings.HasPrefix(c.call.url, env["API"]+"/"))
	assert.Equal(t, env["PAGE"], c.call.origin)

	for name, want := range map[string]int{"sound": exitOK, "holed": exitFailed, "down": exitUnknown} {
		base := closedServer(t)
		switch name {
		case "sound":
			base = serve(t, good)
		case "holed":
			base = serve(t, policy{allow: matching(`^https://app\.example\.com`)})
		}
		var all jsonAudits
		args := append([]string{"-json"}, command(map[string]string{"PAGE": page, "API": strings.TrimSuffix(base,
			"/users/7")})...)
		assert.Equal(t, want, runJSON(t, &all, args[1:]...), name)
		assert.Len(t, all.Audits, 1+len(c.flags.more))
	}
}

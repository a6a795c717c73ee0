package interop_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xnet "golang.org/x/net/publicsuffix"

	"example.com/cors/internal/publicsuffix"
)

// sinceFile says which two lists are compared and by which rules they differ.
// After an update of either, TestPublicSuffixDates fails until it is written anew:
//
//	go test -run TestPublicSuffixDates -update
const sinceFile = "testdata/publicsuffix_since.txt"

var update = flag.Bool("update", false, "write "+sinceFile+" anew")

// unlisted is a domain without a rule, which x/net passes off as one of ICANN's
// because of the rules below it.
const unlisted = "za"

// A ruleSet is a list by its whole rules, an independent reference to what either
// package makes of it.
type ruleSet map[string]bool

func newRuleSet(rules []string) ruleSet {
	set := make(ruleSet, len(rules))
	for _, rule := range rules {
		set[rule] = true
	}
	return set
}

// is reports whether domain is a public suffix. Neither list has rules below an
// exception, so the label before the first dot decides.
func (s ruleSet) is(domain string) bool {
	_, parent, _ := strings.Cut(domain, ".")
	return !s["!"+domain] && (s[domain] || s["*."+parent])
}

// ourRules returns the rules of our list.
func ourRules() ruleSet { return newRuleSet(slices.Collect(publicsuffix.Rules())) }

// theirRules returns the rules of the list of x/net: ours, but for what sinceFile
// says. No function of x/net yields them.
func theirRules(t *testing.T) ruleSet {
	t.Helper()
	rules := ourRules()
	_, added, removed := since(t)
	for _, rule := range added {
		require.True(t, rules[rule], "%s: only in our list, says %s", rule, sinceFile)
		delete(rules, rule)
	}
	for _, rule := range removed {
		require.False(t, rules[rule], "%s: only in the list of x/net, says %s", rule, sinceFile)
		rules[rule] = true
	}
	return rules
}

// since reads sinceFile: the versions of the two lists, and the rules that only
// ours has, the newer one, and those that only that of x/net has.
func since(t *testing.T) (versions, added, removed []string) {
	t.Helper()
	text, err := os.ReadFile(sinceFile)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch kind {
		case "#":
		case "list":
			versions = append(versions, rest)
		case "+":
			added = append(added, rest)
		case "-":
			removed = append(removed, rest)
		default:
			t.Fatalf("%s: %q", sinceFile, line)
		}
	}
	return versions, added, removed
}

// versions returns what tells the two lists from earlier and later ones.
func versions() []string {
	return []string{"internal/publicsuffix: " + publicsuffix.Version, "golang.org/x/net: " + xnet.List.String()}
}

// writeSince returns what sinceFile must say. The rules of x/net are told from the
// table of its own tests.
func writeSince(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/net").Output()
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "publicsuffix", "table_test.go"))
	require.NoError(t, err)
	_, table, found := bytes.Cut(source, []byte("var rules = [...]string{"))
	require.True(t, found)
	table, _, found = bytes.Cut(table, []byte("\n}"))
	require.True(t, found)
	var theirs []string
	for _, match := range regexp.MustCompile(`"(.+)",`).FindAllSubmatch(table, -1) {
		theirs = append(theirs, string(match[1]))
	}

	var b strings.Builder
	b.WriteString("# By which rules two Public Suffix Lists differ; written by publicsuffix_test.go.\n")
	for _, version := range versions() {
		fmt.Fprintf(&b, "list %s\n", version)
	}
	writeMissing := func(sign string, rules []string, other ruleSet) {
		slices.Sort(rules)
		for _, rule := range rules {
			if !other[rule] {
				fmt.Fprintf(&b, "%s %s\n", sign, rule)
			}
		}
	}
	b.WriteString("# Only the list of internal/publicsuffix has these.\n")
	writeMissing("+", slices.Collect(publicsuffix.Rules()), newRuleSet(theirs))
	b.WriteString("# Only the list of golang.org/x/net has these.\n")
	writeMissing("-", theirs, ourRules())
	return b.String()
}

func TestPublicSuffixDates(t *testing.T) {
	want := writeSince(t)
	if *update {
		require.NoError(t, os.WriteFile(sinceFile, []byte(want), 0o644))
	}
	compared, added, removed := since(t)
	require.Equal(t, versions(), compared, "another list: -update writes %s anew", sinceFile)
	got, err := os.ReadFile(sinceFile)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "-update writes %s anew", sinceFile)
	t.Logf("%q: %d rules added, %d removed", compared, len(added), len(removed))
	assert.NotEmpty(t, added)
	assert.NotEmpty(t, removed)
	ours := ourRules()
	assert.False(t, ours[unlisted])
	assert.True(t, xnetIs(unlisted))
	assert.Less(t, len(added)+len(removed), len(ours)/10, "lists so far apart prove little")
}

func TestPublicSuffixOfEveryRule(t *testing.T) {
	var hosts []string
	for _, rule := range everyRule(t) {
		host := strings.Replace(strings.TrimPrefix(rule, "!"), "*", "any", 1)
		hosts = append(hosts, host, "any."+host, "www."+host, "a.b."+host, "x"+host)
	}
	compareWithXNet(t, hosts)
}

func TestPublicSuffixOfGeneratedHosts(t *testing.T) {
	rules := everyRule(t)
	random := rand.New(rand.NewPCG(1, 2))
	hosts := make([]string, 100_000)
	for i := range hosts {
		hosts[i] = generateHost(random, rules)
	}
	suffixes := compareWithXNet(t, hosts)

	// A generator that only misses, or only hits, would prove little.
	t.Logf("%d of %d hosts are public suffixes themselves", suffixes, len(hosts))
	assert.Greater(t, suffixes, len(hosts)/10)
	assert.Less(t, suffixes, len(hosts)*9/10)
}

// everyRule returns the rules of both lists.
func everyRule(t *testing.T) []string {
	_, _, removed := since(t)
	return append(slices.Collect(publicsuffix.Rules()), removed...)
}

// compareWithXNet asks about each host and every domain above it. It returns how
// many of the hosts are public suffixes by our list.
func compareWithXNet(t *testing.T, hosts []string) int {
	t.Helper()
	ours, theirs := ourRules(), theirRules(t)
	suffixes, asked := 0, map[string]bool{}
	var differ, wrong []string
	for _, host := range hosts {
		if publicsuffix.Is(host) {
			suffixes++
		}
		for domain := host; domain != ""; _, domain, _ = strings.Cut(domain, ".") {
			if asked[domain] {
				continue
			}
			asked[domain] = true
			isOurs, isTheirs := publicsuffix.Is(domain), xnetIs(domain)
			if isOurs != ours.is(domain) || isTheirs != theirs.is(domain) && domain != unlisted {
				wrong = append(wrong, domain)
			}
			if isOurs != isTheirs {
				differ = append(differ, domain)
			}
		}
	}
	assert.Empty(t, wrong, "the two disagree, and %s does not explain it", sinceFile)
	slices.Sort(differ)
	t.Logf("asked about %d domains; the two differ, as expected, on %d: %.1000s", len(asked), len(differ),
		fmt.Sprint(differ))
	return suffixes
}

// xnetIs reports whether domain is a public suffix by a rule that x/net lists.
// The implied rule for unknown names gives suffixes that are neither ICANN's nor
// have a dot.
func xnetIs(domain string) bool {
	suffix, icann := xnet.PublicSuffix(domain)
	return suffix == domain && (icann || strings.Contains(suffix, "."))
}

// generateHost makes a host from the labels of rules, whole or cut, and labels
// that occur nowhere.
func generateHost(random *rand.Rand, rules []string) string {
	labels := ruleLabels(random, rules)
	other := ruleLabels(random, rules)
	i := random.IntN(len(labels))
	switch random.IntN(7) {
	case 0: // the rule's own domain
	case 1: // some labels below it
		for range 1 + random.IntN(3) {
			labels = append([]string{randomLabel(random)}, labels...)
		}
	case 2: // a label of one rule in another
		labels[i] = other[random.IntN(len(other))]
	case 3: // one rule below another
		labels = append(other, labels...)
	case 4: // a label less
		if len(labels) > 1 {
			labels = slices.Delete(labels, i, i+1)
		}
	case 5: // a byte more or less in a label
		if label := labels[i]; len(label) > 1 && random.IntN(2) == 0 {
			labels[i] = label[1:]
		} else {
			labels[i] = "x" + label
		}
	case 6: // a label that no rule has
		labels[i] = randomLabel(random)
	}
	return strings.Join(labels, ".")
}

// ruleLabels returns the labels of a random rule, with any label for a wildcard.
func ruleLabels(random *rand.Rand, rules []string) []string {
	labels := strings.Split(strings.TrimPrefix(rules[random.IntN(len(rules))], "!"), ".")
	if labels[0] == "*" {
		labels[0] = randomLabel(random)
	}
	return labels
}

func randomLabel(random *rand.Rand) string {
	label := make([]byte, 1+random.IntN(8))
	for i := range label {
		label[i] = byte('a' + random.IntN(26))
	}
	return string(label)
}

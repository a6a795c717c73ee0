package interop_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	xnet "example.com/net2022/publicsuffix" // golang.org/x/net, see go.mod
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/internal/publicsuffix"
)

// The dates of the two lists. Between them 51 rules were added and 7 removed; in
// all others the lists, and so the answers, are the same.
const (
	ourDate  = "20230209"
	xnetDate = "2022-11-15"
)

// addedSince holds the rules that only our list has, the newer one.
var addedSince = set(
	"activetrail.biz", "adobeio-static.net", "adobeioruntime.net", "akadns.net", "akamai-staging.net",
	"akamai.net", "akamaiedge-staging.net", "akamaiedge.net", "akamaihd-staging.net", "akamaihd.net",
	"akamaiorigin-staging.net", "akamaiorigin.net", "akamaized-staging.net", "akamaized.net", "autocode.dev",
	"canva-apps.cn", "canva-apps.com", "cf-ipfs.com", "cloudflare-ipfs.com", "edgekey-staging.net",
	"edgekey.net", "edgesuite-staging.net", "edgesuite.net", "fastly-edge.com", "it.com", "mytabit.co.il",
	"mytabit.com", "privatelink.snowflake.app", "r2.dev", "snowflake.app", "streamlit.app",
	// The registry of Benin published its rules anew.
	"africa.bj", "agro.bj", "architectes.bj", "assur.bj", "avocats.bj", "co.bj", "com.bj", "eco.bj",
	"econo.bj", "edu.bj", "info.bj", "loisirs.bj", "money.bj", "net.bj", "org.bj", "ote.bj",
	"restaurant.bj", "resto.bj", "tourism.bj", "univ.bj",
)

// removedSince holds the rules that only the list of x/net has, the older one. No
// function of x/net yields its rules; these were told from the table of its tests.
var removedSince = set(
	"asso.bj", "barreau.bj", "gouv.bj", // Benin, as above
	"adac", "loft", "ses", "xn--jlq61u9w7b", // top-level domains given up
)

// unlisted is a domain without a rule, which x/net passes off as one of ICANN's
// because of the rules below it.
const unlisted = "za"

func set(rules ...string) map[string]bool {
	set := make(map[string]bool, len(rules))
	for _, rule := range rules {
		set[rule] = true
	}
	return set
}

func TestPublicSuffixDates(t *testing.T) {
	require.Contains(t, xnet.List.String(), "("+xnetDate, "another list in x/net: addedSince and removedSince are out of date")
	require.True(t, strings.HasPrefix(publicsuffix.Version, ourDate),
		"another list of ours, %s: addedSince and removedSince are out of date", publicsuffix.Version)
	t.Logf("ours is of %s, that of x/net of %s: %d rules added, %d removed", ourDate, xnetDate, len(addedSince), len(removedSince))

	rules := set(slices.Collect(publicsuffix.Rules())...)
	for rule := range addedSince {
		assert.True(t, rules[rule], rule)
		assert.False(t, xnetIs(rule), rule)
	}
	assert.False(t, rules[unlisted])
	assert.True(t, xnetIs(unlisted))
	for rule := range removedSince {
		assert.False(t, rules[rule], rule)
		assert.True(t, xnetIs(rule), rule)
	}
}

func TestPublicSuffixOfEveryRule(t *testing.T) {
	var hosts []string
	for rule := range publicsuffix.Rules() {
		host := strings.Replace(strings.TrimPrefix(rule, "!"), "*", "any", 1)
		hosts = append(hosts, host, "any."+host, "www."+host, "a.b."+host, "x"+host)
	}
	compareWithXNet(t, hosts)
}

func TestPublicSuffixOfGeneratedHosts(t *testing.T) {
	rules := slices.Collect(publicsuffix.Rules())
	rules = append(rules, slices.Sorted(maps.Keys(removedSince))...)
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

// compareWithXNet asks about each host and every domain above it. It returns how
// many of the hosts are public suffixes by our list.
func compareWithXNet(t *testing.T, hosts []string) int {
	t.Helper()
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
			ours, theirs := publicsuffix.Is(domain), xnetIs(domain)
			switch {
			case ours == theirs:
			case ours && addedSince[domain], theirs && removedSince[domain], domain == unlisted:
				differ = append(differ, domain)
			default:
				wrong = append(wrong, domain)
			}
		}
	}
	assert.Empty(t, wrong, "the two disagree, and nothing said above explains it")
	slices.Sort(differ)
	t.Logf("asked about %d domains; the two differ, as expected, on %d: %v", len(asked), len(differ), differ)
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

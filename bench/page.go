package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"

	"golang.org/x/perf/benchmath"
)

// These lines enclose the part of docs/performance.md that this command writes.
const (
	beginMark = "<!-- The rest of this part is written by: go -C bench run . -write -->\n"
	endMark   = "<!-- The end of the part that is written. -->\n"
)

// pageRows are the rows of the table in docs/performance.md.
var pageRows = []struct{ title, policy, req string }{
	{"without Origin", "credentialed", "no-origin"},
	{"allowed origin", "credentialed", "actual"},
	{"other origin", "credentialed", "actual-refused"},
	{"preflight", "credentialed", "preflight"},
	{"preflight, other origin", "credentialed", "preflight-refused"},
	{"preflight, 64 kB of commas", "credentialed", "preflight-hostile"},
	{"any origin (`*`)", "any", "actual"},
	{"one origin, no credentials", "origins-1", "actual"},
	{"one of 100 000 origins", "origins-100000", "actual"},
	{"one subdomain pattern", "subdomains-1", "actual"},
	{"other origin, one subdomain pattern", "subdomains-1", "actual-refused"},
	{"one of 1 000 patterns", "subdomains-1000", "actual"},
	{"one of 1 000 patterns, longest origin", "subdomains-1000", "actual-worst"},
}

// page returns what docs/performance.md says of the measurements.
func (m *measurements) page(conditions string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", conditions)
	b.WriteString("| request | by hand | **this library** | time vs rs/cors (less is better) | rs/cors | go-chi/cors " +
		"| gorilla/handlers | gin-contrib/cors |\n" +
		"|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, row := range pageRows {
		cells := []string{row.title, m.cell("hand", row.policy, row.req), "**" + m.cell("cors", row.policy, row.req) + "**",
			ratioText(m.ratio(cost("cors", row.policy, row.req), cost("rs", row.policy, row.req)).Center)}
		for _, lib := range []string{"rs", "chi", "gorilla", "gin-contrib"} {
			cells = append(cells, m.cell(lib, row.policy, row.req))
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	b.WriteString("\nOf the same rounds:\n\n")
	for _, f := range m.facts() {
		fmt.Fprintf(&b, "- %s\n", f)
	}
	return b.String()
}

// cell returns the cost of a row of BenchmarkMiddleware: time, bytes, allocations.
func (m *measurements) cell(lib, policy, req string) string {
	s := cost(lib, policy, req)
	t := m.median(s, 1)
	if math.IsNaN(t.Center) {
		return "–"
	}
	return fmt.Sprintf("%s, %s, %.0f", duration(t.Center), size(m.median(series{s.name, "B/op"}, 1).Center),
		m.median(series{s.name, "allocs/op"}, 1).Center)
}

// facts returns what the table does not show, a sentence each.
//
// Where one sentence is about several kinds of requests, it gives the worst of them.
func (m *measurements) facts() []string {
	longest, hostile := median(nil), median(nil)
	for _, name := range m.names {
		row, found := strings.CutPrefix(name, "Middleware/lib=cors/policy=")
		for mark, worst := range map[string]*benchmath.Summary{"-worst": &longest, "-hostile": &hostile} {
			if !found || !strings.Contains(row, mark) {
				continue
			}
			without := series{strings.Replace(name, mark, "", 1), "ns/op"}
			if r := m.ratio(series{name, "ns/op"}, without); !(r.Center <= worst.Center) {
				*worst = r
			}
		}
	}
	const built, plain = "New/lib=cors/origins=100000", "New/lib=map/origins=100000"
	throughput := func(client, lib string) string {
		name := "Server/client=" + client + "/req=actual"
		return percent(m.ratio(series{name, "none-ns/req"}, series{name, lib + "-ns/req"}))
	}
	return []string{
		fmt.Sprintf("This library allocates at most %.0f block of %.0f B per response, whatever the row.",
			m.most("allocs/op"), m.most("B/op")),
		"A policy of 100 000 origins takes " + times(m.dearest("origins-100000", "origins-1")) +
			" the time of a policy of one origin.",
		"A policy of 1 000 subdomain patterns takes " + times(m.dearest("subdomains-1000", "subdomains-1")) +
			" the time of a policy of one pattern, and " +
			times(m.dearest("subdomains-1000", "origins-1")) + " that of one exact origin.",
		"The longest origin that a client can send takes " + times(longest) + " the time of an ordinary one.",
		"A preflight with 64 kB of commas takes " + times(hostile) + " the time of an ordinary one.",
		fmt.Sprintf("`New` with 100 000 origins takes %.0f ms and allocates %.1f MB, of which %.1f MB stay. That is %.1f "+
			"times as long as building a plain map of them takes.",
			m.median(series{built, "ns/op"}, 1e-6).Center, m.median(series{built, "B/op"}, 1e-6).Center,
			m.median(series{built, "live-B"}, 1e-6).Center,
			m.ratio(series{built, "ns/op"}, series{plain, "ns/op"}).Center),
		fmt.Sprintf("A server with this library answers %s of the requests that it answers without any CORS, by hand %s, "+
			"with rs/cors %s.",
			throughput("http", "cors"), throughput("http", "hand"), throughput("http", "rs")),
		fmt.Sprintf("The same without the client's cost: this library %s, by hand %s, rs/cors %s.",
			throughput("raw", "cors"), throughput("raw", "hand"), throughput("raw", "rs")),
		fmt.Sprintf("By hand, with every header value shared by all responses, the allowed origin takes %s and the "+
			"preflight %s.",
			duration(m.median(cost("shared", "credentialed", "actual"), 1).Center),
			duration(m.median(cost("shared", "credentialed", "preflight"), 1).Center)),
		fmt.Sprintf("gin alone takes %s, which its column includes.",
			duration(m.median(cost("gin", "credentialed", "actual"), 1).Center)),
	}
}

// dearest returns the time of this library under policy a, divided by that under
// policy b, for the kind of request on which that is most.
func (m *measurements) dearest(a, b string) benchmath.Summary {
	worst := median(nil)
	for _, req := range []string{"actual", "actual-refused", "preflight", "preflight-refused"} {
		if r := m.ratio(cost("cors", a, req), cost("cors", b, req)); !(r.Center <= worst.Center) {
			worst = r
		}
	}
	return worst
}

// most returns the largest value of a unit on any row of this library, in any round.
func (m *measurements) most(unit string) float64 {
	most := math.NaN()
	for s, values := range m.values {
		if s.unit == unit && strings.HasPrefix(s.name, "Middleware/lib=cors/") {
			for _, v := range values {
				if !(v <= most) {
					most = v
				}
			}
		}
	}
	return most
}

// times returns a ratio with the range of its median, as in "1.04 (± 3%) times".
func times(s benchmath.Summary) string {
	return fmt.Sprintf("%.2f%s times", s.Center, spread(s))
}

// percent returns a ratio as a percentage with the range of its median.
func percent(s benchmath.Summary) string {
	return fmt.Sprintf("%.0f %%%s", 100*s.Center, spread(s))
}

// spread returns the range of a median with 95 % confidence, "" if there are too
// few rounds to tell.
func spread(s benchmath.Summary) string {
	if s.Lo == s.Hi || math.IsInf(s.Lo, 0) || math.IsInf(s.Hi, 0) || math.IsNaN(s.Center) {
		return ""
	}
	return " (± " + s.PctRangeString() + ")"
}

func duration(ns float64) string {
	if ns < 10_000 {
		return fmt.Sprintf("%.0f ns", ns)
	}
	return fmt.Sprintf("%.0f µs", ns/1000)
}

func size(bytes float64) string {
	if bytes < 10_000 {
		return fmt.Sprintf("%.0f B", bytes)
	}
	return fmt.Sprintf("%.0f kB", bytes/1000)
}

// replacePart puts text in place of what stands between the marks of a file.
func replacePart(file, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begun := bytes.Cut(content, []byte(beginMark))
	_, after, ended := bytes.Cut(rest, []byte(endMark))
	if !begun || !ended {
		return fmt.Errorf("%s has no part to write: the lines %q and %q are missing", file, beginMark, endMark)
	}
	return os.WriteFile(file, []byte(string(before)+beginMark+"\n"+text+"\n"+endMark+string(after)), 0o644)
}

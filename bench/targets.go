package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"
)

// A target is what this library set out to reach.
type target struct {
	what  string
	got   benchmath.Summary
	limit float64
	least bool   // got has to be at least limit, rather than at most
	note  string // what to know of got
}

// met reports whether the median meets the limit. NaN, for what was not measured,
// meets none.
func (t target) met() bool {
	if t.least {
		return t.got.Center >= t.limit
	}
	return t.got.Center <= t.limit
}

func (m *measurements) printTargets(w io.Writer) {
	_, _ = fmt.Fprint(w, "Targets. The range after ± is that of the median, with 95 % confidence.\n\n| target | limit | measured | |\n| --- | --: | --: | --- |\n")
	for _, t := range m.targets() {
		sign, verdict := "≤", "met"
		if t.least {
			sign = "≥"
		}
		if !t.met() {
			verdict = "**not met**"
		}
		if t.note != "" {
			verdict += ": " + t.note
		}
		_, _ = fmt.Fprintf(w, "| %s | %s %s | %s%s | %s |\n", t.what, sign, short(t.limit), short(t.got.Center), spread(t.got), verdict)
	}
	_, _ = fmt.Fprintln(w)
}

func short(f float64) string {
	if f == math.Trunc(f) {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// spread returns the range of a median, "" if it has none or there are too few
// rounds to tell.
func spread(s benchmath.Summary) string {
	if s.Lo == s.Hi || math.IsInf(s.Lo, 0) || math.IsInf(s.Hi, 0) || math.IsNaN(s.Center) {
		return ""
	}
	return " ± " + s.PctRangeString()
}

// targets returns all targets with what was measured.
func (m *measurements) targets() []target {
	var all []target
	add := func(t target) { all = append(all, t) }

	add(m.most("allocations of this library, on its worst row", "allocs/op", 1))
	add(m.most("bytes that it allocates, on its worst row", "B/op", 96))

	for _, t := range []struct {
		req   string
		limit float64
	}{{"actual", 0.65}, {"preflight", 0.40}, {"actual-refused", 0.70}, {"preflight-refused", 0.70}} {
		const policy = "credentialed"
		ours, rs := cost("cors", policy, t.req), cost("rs", policy, t.req)
		add(target{
			what:  t.req + ", one origin with credentials and exposed headers, to rs/cors",
			got:   m.ratio(ours, rs),
			limit: t.limit,
			note:  fmt.Sprintf("by hand %.2f", m.ratio(cost("hand", policy, t.req), rs).Center),
		})
	}

	everyday := []string{"actual", "actual-refused", "preflight", "preflight-refused"}
	add(m.worst("100 000 origins to one", 1.3, everyday, func(req string) (a, b series) {
		return cost("cors", "origins-100000", req), cost("cors", "origins-1", req)
	}))
	add(m.worst("1 000 subdomain patterns to one", 1.5, everyday, func(req string) (a, b series) {
		return cost("cors", "subdomains-1000", req), cost("cors", "subdomains-1", req)
	}))
	add(m.worst("1 000 subdomain patterns to one exact origin", 1.5, everyday, func(req string) (a, b series) {
		return cost("cors", "subdomains-1000", req), cost("cors", "origins-1", req)
	}))

	var worst, hostile []string
	for _, name := range m.names {
		row, ok := strings.CutPrefix(name, "Middleware/lib=cors/policy=")
		if ok && strings.Contains(row, "-worst") {
			worst = append(worst, row)
		}
		if ok && strings.HasSuffix(row, "/req=preflight-hostile") {
			hostile = append(hostile, row)
		}
	}
	pair := func(mark string) func(row string) (a, b series) {
		return func(row string) (a, b series) {
			name := "Middleware/lib=cors/policy=" + row
			return series{name, "ns/op"}, series{strings.Replace(name, mark, "", 1), "ns/op"}
		}
	}
	add(m.worst("the worst origin to an ordinary one", 4, worst, pair("-worst")))
	add(m.worst("a hostile preflight to an ordinary one", 1.1, hostile, pair("-hostile")))

	const ours, plain = "New/lib=cors/origins=100000", "New/lib=map/origins=100000"
	add(target{what: "New with 100 000 origins, in ms", limit: 100, got: m.median(series{ours, "ns/op"}, 1e-6)})
	add(target{what: "New with 100 000 origins, in MB", limit: 40, got: m.median(series{ours, "B/op"}, 1e-6),
		note: fmt.Sprintf("%.1f MB stay, a plain map's %.1f MB",
			m.median(series{ours, "live-B"}, 1e-6).Center, m.median(series{plain, "live-B"}, 1e-6).Center)})
	add(target{what: "New with 100 000 origins, to building a plain map of them", limit: 4,
		got: m.ratio(series{ours, "ns/op"}, series{plain, "ns/op"})})

	for _, client := range []struct{ name, title string }{{"http", "clients of net/http"}, {"raw", "clients that cost nearly nothing"}} {
		name := "Server/client=" + client.name + "/req=actual"
		add(target{
			what:  "throughput of a server to that without middleware, " + client.title,
			got:   m.ratio(series{name, "none-ns/req"}, series{name, "cors-ns/req"}),
			limit: 0.97,
			least: true,
			note: fmt.Sprintf("by hand %.2f, rs/cors %.2f",
				m.ratio(series{name, "none-ns/req"}, series{name, "hand-ns/req"}).Center,
				m.ratio(series{name, "none-ns/req"}, series{name, "rs-ns/req"}).Center),
		})
	}
	return all
}

// most returns the target of a count that holds on every row of this library, in
// every round.
func (m *measurements) most(what, unit string, limit float64) target {
	var all []float64
	for s, values := range m.values {
		if s.unit == unit && strings.HasPrefix(s.name, "Middleware/lib=cors/") {
			all = append(all, values...)
		}
	}
	if len(all) == 0 {
		return target{what: what, limit: limit, got: median(nil)}
	}
	most := slices.Max(all)
	return target{what: what, limit: limit, got: benchmath.Summary{Center: most, Lo: most, Hi: most}}
}

// worst returns the target of a ratio that holds for every row, and names the row
// that comes off worst.
func (m *measurements) worst(what string, limit float64, rows []string, pair func(row string) (a, b series)) target {
	t := target{what: what, limit: limit, got: median(nil)}
	for _, row := range rows {
		r := m.ratio(pair(row))
		if math.IsNaN(r.Center) {
			return target{what: what, limit: limit, got: r, note: row + " was not measured"}
		}
		if math.IsNaN(t.got.Center) || r.Center > t.got.Center {
			t.got, t.note = r, "its worst row is "+row
		}
	}
	return t
}

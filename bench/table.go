package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// leftOutMark begins what TestMeaning says of a library that is left out of a row.
const leftOutMark = "left out:"

// A series is the values of one unit of one benchmark, one per round.
type series struct{ name, unit string }

// Measurements are what the benchmarks printed.
type measurements struct {
	cpu    string
	names  []string // of benchmarks, less their prefix and the number of CPUs, in order of appearance
	values map[series][]float64
}

func parse(r io.Reader) (*measurements, error) {
	m := &measurements{values: map[series][]float64{}}
	reader := benchfmt.NewReader(r, "benchmarks")
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, record
		case *benchfmt.Result:
			m.cpu = record.GetConfig("cpu")
			base, parts := record.Name.Parts()
			name := string(base)
			for _, part := range parts {
				if part[0] == '/' { // rather than the number of CPUs
					name += string(part)
				}
			}
			if !slices.Contains(m.names, name) {
				m.names = append(m.names, name)
			}
			for _, v := range record.Values {
				unit, value := v.Unit, v.Value
				if v.OrigUnit != "" {
					unit, value = v.OrigUnit, v.OrigValue
				}
				s := series{name, unit}
				m.values[s] = append(m.values[s], value)
			}
		}
	}
	return m, reader.Err()
}

// median returns the median of a series, each value times scale.
func (m *measurements) median(s series, scale float64) benchmath.Summary {
	values := slices.Clone(m.values[s])
	for i := range values {
		values[i] *= scale
	}
	return median(values)
}

// ratio returns the median of the ratios of two series, round by round.
func (m *measurements) ratio(a, b series) benchmath.Summary {
	as, bs := m.values[a], m.values[b]
	ratios := make([]float64, 0, len(as))
	for i := range min(len(as), len(bs)) {
		ratios = append(ratios, as[i]/bs[i])
	}
	return median(ratios)
}

// median returns the median of values with its 95 % confidence interval, NaN if
// there are none. Nothing is assumed of how the values are distributed.
func median(values []float64) benchmath.Summary {
	if len(values) == 0 {
		return benchmath.Summary{Center: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
	}
	const confidence = 0.95
	sample := benchmath.NewSample(values, &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Summary(sample, confidence)
}

// cost is the series of a row of BenchmarkMiddleware.
func cost(lib, policy, req string) series {
	return series{"Middleware/lib=" + lib + "/policy=" + policy + "/req=" + req, "ns/op"}
}

// columns are the libraries of the table, and how it calls them.
var columns = [...]struct{ lib, title string }{
	{"none", "no middleware"},
	{"shared", "by hand, shared"},
	{"hand", "by hand"},
	{"cors", "**this library**"},
	{"rs", "rs/cors"},
	{"chi", "go-chi/cors"},
	{"gorilla", "gorilla/handlers"},
	{"gin-contrib", "gin-contrib/cors"},
	{"gin", "gin alone"},
}

// print prints every row that was measured.
func (m *measurements) print(w io.Writer) {
	_, _ = fmt.Fprint(w, "Every row: nanoseconds per request (median), and in parentheses the time divided by that of "+
		"rs/cors.\n"+
		"A dash means that the library is left out of the row, see below.\n\n")
	m.printRows(w, func(lib, policy, req string) string {
		t := m.median(cost(lib, policy, req), 1)
		if math.IsNaN(t.Center) {
			return "–"
		}
		cell := number(t.Center)
		r := m.ratio(cost(lib, policy, req), cost("rs", policy, req))
		if lib != "rs" && lib != "none" && lib != "gin" && !math.IsNaN(r.Center) {
			cell += " (" + ratioText(r.Center) + ")"
		}
		return cell
	})
	_, _ = fmt.Fprint(w, "Bytes allocated per request (number of allocations).\n\n")
	m.printRows(w, func(lib, policy, req string) string {
		s := cost(lib, policy, req)
		allocs, bytes := m.median(series{s.name, "allocs/op"}, 1), m.median(series{s.name, "B/op"}, 1)
		if math.IsNaN(allocs.Center) {
			return "–"
		}
		return fmt.Sprintf("%s (%s)", number(bytes.Center), number(allocs.Center))
	})
}

// printRows prints a table of policies and requests by library.
func (m *measurements) printRows(w io.Writer, cell func(lib, policy, req string) string) {
	titles, rules := []string{"policy", "request"}, []string{"---", "---"}
	for _, c := range columns {
		titles, rules = append(titles, c.title), append(rules, "--:")
	}
	_, _ = fmt.Fprintf(w, "| %s |\n| %s |\n", strings.Join(titles, " | "), strings.Join(rules, " | "))
	var done []string
	for _, name := range m.names {
		policy, req, ok := strings.Cut(after(name, "/policy="), "/req=")
		if !ok || slices.Contains(done, policy+req) {
			continue
		}
		done = append(done, policy+req)
		cells := []string{policy, req}
		for _, c := range columns {
			cells = append(cells, cell(c.lib, policy, req))
		}
		_, _ = fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	_, _ = fmt.Fprintln(w)
}

// after returns what follows sep in s, "" if sep is not there.
func after(s, sep string) string {
	_, rest, _ := strings.Cut(s, sep)
	return rest
}

func number(f float64) string {
	if f < 10_000 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.0f k", f/1000)
}

// ratioText returns a ratio with the digits that mean something, a dash for NaN.
func ratioText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "–"
	case f < 0.1:
		return fmt.Sprintf("%.1g", f)
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	}
	return number(f)
}

// printLeftOut says where libraries are not measured, and why, from the output
// of TestMeaning.
func printLeftOut(w io.Writer, r io.Reader) {
	rows, reasons := map[string][]string{}, map[string]string{}
	for s := bufio.NewScanner(r); s.Scan(); {
		row, reason, _ := strings.Cut(after(s.Text(), leftOutMark+" lib="), ": ")
		lib, row, ok := strings.Cut(row, " ")
		if !ok {
			continue
		}
		row = strings.NewReplacer("policy=", "", " req=", "/").Replace(row)
		rows[lib] = append(rows[lib], row)
		if reasons[lib] == "" {
			reasons[lib] = reason
		}
	}
	if len(rows) == 0 {
		return
	}
	_, _ = fmt.Fprint(w, "Left out, because the library does not enforce the policy there:\n\n")
	for _, lib := range slices.Sorted(maps.Keys(rows)) {
		_, _ = fmt.Fprintf(w, "- %s: %s. The first of these: %s\n", lib, strings.Join(rows[lib], ", "), reasons[lib])
	}
}

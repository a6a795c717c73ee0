package main

import (
	"fmt"
	"go/format"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors"
)

// A policy is what the form holds: the text of each field, by the name of the field
// of [cors.Options]. A field that is absent is empty.
type policy map[string]string

// A field is one field of the form.
type field struct {
	Name string // of the field of cors.Options
	Hint string
	set  func(o *cors.Options, text string) []cors.Problem
	code func(o *cors.Options) string // the value in Go, "" for the zero value
	Kind string                       // "lines", "switch" or "line"
}

// First says whether f stands first in the form: whether a beginner needs it.
func (f field) First() bool {
	return slices.Contains([]string{"AllowedOrigins", "AllowedMethods", "AllowedHeaders", "AllowCredentials"}, f.Name)
}

// fields are in the order of cors.Options.
var fields = []field{
	lines("AllowedOrigins", "Pages that may read. One a line, or *.",
		func(o *cors.Options) *[]string { return &o.AllowedOrigins }),
	lines("AllowedMethods", "Besides GET, HEAD and POST.",
		func(o *cors.Options) *[]string { return &o.AllowedMethods }),
	lines("AllowedHeaders", "Request headers that a page may set.",
		func(o *cors.Options) *[]string { return &o.AllowedHeaders }),
	lines("ExposedHeaders", "Response headers that a page may read.",
		func(o *cors.Options) *[]string { return &o.ExposedHeaders }),
	toggle("AllowCredentials", "Pages may send cookies.", func(o *cors.Options) *bool { return &o.AllowCredentials }),
	{"MaxAge", "As in Go: 10m, 1h30m.", setMaxAge, maxAgeCode, "line"},
	toggle("OptionsPassthrough", "The handler runs on preflights too.",
		func(o *cors.Options) *bool { return &o.OptionsPassthrough }),
	{"OptionsSuccessStatus", "204 if empty.", setStatus, statusCode, "line"},
	toggle("DangerouslyAllowInsecureOrigins", "Permits http:// with credentials.",
		func(o *cors.Options) *bool { return &o.DangerouslyAllowInsecureOrigins }),
	toggle("DangerouslyAllowPublicSuffixes", "Permits https://*.github.io with credentials.",
		func(o *cors.Options) *bool { return &o.DangerouslyAllowPublicSuffixes }),
	toggle("RefuseCrossOriginWrites", "Writes of pages that are not allowed get 403.",
		func(o *cors.Options) *bool { return &o.RefuseCrossOriginWrites }),
}

// lines returns a field that is a list, with one element a line.
func lines(name, hint string, list func(*cors.Options) *[]string) field {
	return field{name, hint, func(o *cors.Options, text string) []cors.Problem {
		*list(o) = splitLines(text)
		return nil
	}, func(o *cors.Options) string {
		if len(*list(o)) == 0 {
			return ""
		}
		return goList(*list(o))
	}, "lines"}
}

// goList returns a list in Go, in one line if that is short.
func goList(list []string) string {
	if line := fmt.Sprintf("%#v", list); len(line) <= 48 {
		return line
	}
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, "\t%q,\n", s)
	}
	return "[]string{\n" + b.String() + "}"
}

// splitLines returns the lines of text that are not blank, without the space
// around them.
func splitLines(text string) (list []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// toggle returns a field that is true or false.
func toggle(name, hint string, on func(*cors.Options) *bool) field {
	return field{name, hint, func(o *cors.Options, text string) []cors.Problem {
		*on(o) = text != ""
		return nil
	}, func(o *cors.Options) string {
		if !*on(o) {
			return ""
		}
		return "true"
	}, "switch"}
}

func setMaxAge(o *cors.Options, text string) []cors.Problem {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err == nil {
		o.MaxAge = d
		return nil
	}
	problem := cors.Problem{
		Field: "MaxAge", Value: text,
		Detail: "not a duration; write a number and its unit, such as 10m",
	}
	if d, err := time.ParseDuration(text + "s"); err == nil {
		problem.Detail, problem.Fix = "a number without a unit", d.String()
	}
	return []cors.Problem{problem}
}

func maxAgeCode(o *cors.Options) string {
	switch d := o.MaxAge; {
	case d == 0:
		return ""
	case d%time.Hour == 0:
		return fmt.Sprintf("%d * time.Hour", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d * time.Minute", d/time.Minute)
	case d%time.Second == 0:
		return fmt.Sprintf("%d * time.Second", d/time.Second)
	default:
		return fmt.Sprintf("%d * time.Nanosecond", d)
	}
}

func setStatus(o *cors.Options, text string) []cors.Problem {
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return []cors.Problem{{
			Field: "OptionsSuccessStatus", Value: text, Detail: "not a number", Fix: "204",
		}}
	}
	o.OptionsSuccessStatus = n
	return nil
}

func statusCode(o *cors.Options) string {
	if o.OptionsSuccessStatus == 0 {
		return ""
	}
	return strconv.Itoa(o.OptionsSuccessStatus)
}

// code returns a program that serves with the policy of o, which must be valid.
func code(o cors.Options, api string) string {
	var literal strings.Builder
	for _, f := range fields {
		if value := f.code(&o); value != "" {
			fmt.Fprintf(&literal, "\t\t%s: %s,\n", f.Name, value)
		}
	}
	timeImport := ""
	if o.MaxAge != 0 {
		timeImport = "\t\"time\"\n"
	}
	host := strings.TrimPrefix(api, "http://")
	source, err := format.Source(fmt.Appendf(nil, program, timeImport, literal.String(), host))
	if err != nil {
		panic(err) // every value above is written as Go
	}
	return string(source)
}

const program = `package main

import (
	"log"
	"net/http"
%s
	"example.com/cors"
)

func main() {
	mux := http.NewServeMux() // your routes go here
	allow := cors.New(cors.Options{
%s	})
	log.Fatal(http.ListenAndServe(%q, allow(mux)))
}
`

// with returns a copy of p in which the field is text.
func (p policy) with(field, text string) policy {
	changed := policy{field: text}
	for name, value := range p {
		if name != field {
			changed[name] = value
		}
	}
	return changed
}

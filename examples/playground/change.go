package main

import (
	"slices"
	"strings"
)

// An advice is what to change so that a blocked call goes further: changes of the
// policy or of the call, or none if words are all there is.
type advice struct {
	Text    string   `json:"text"`
	Form    string   `json:"form"` // "policy" or "call"
	Changes []change `json:"changes"`
}

// A change is of one field of a form, whatever else the form holds by then.
type change struct {
	Field  string   `json:"field"`
	Set    string   `json:"set"`              // the whole text, if no lines are given
	Remove []string `json:"remove,omitempty"` // lines, or the names before their colons
	Add    []string `json:"add,omitempty"`    // lines
}

// apply returns what text, that of the field, becomes. The page does the same.
func (c change) apply(text string) string {
	if len(c.Remove)+len(c.Add) == 0 {
		return c.Set
	}
	kept := slices.DeleteFunc(splitLines(text), func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return slices.ContainsFunc(c.Remove, func(s string) bool { return s == line || strings.EqualFold(s, name) })
	})
	for _, line := range c.Add {
		if !slices.Contains(kept, line) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// changed returns a copy of p with the changes made.
func (p policy) changed(changes []change) policy {
	for _, c := range changes {
		p = p.with(c.Field, c.apply(p[c.Field]))
	}
	return p
}

func inPolicy(text string, changes ...change) *advice { return &advice{text, "policy", changes} }

func inCall(text, field, value string) *advice {
	return &advice{text, "call", []change{{Field: field, Set: value}}}
}

func addLines(field string, lines ...string) change { return change{Field: field, Add: lines} }

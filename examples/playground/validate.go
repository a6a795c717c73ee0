package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.com/cors"
)

// maxText is how long the text of a field may be, in bytes.
const maxText = 2000

// options returns the options that p describes, and what is wrong with them.
//
// A program that takes a policy from people, on a page or from a file, does the same:
// it asks [cors.Options.Validate] before [cors.New], which panics, and shows each
// problem beside the field that it is about.
func (p policy) options() (cors.Options, []cors.Problem) {
	var o cors.Options
	var problems []cors.Problem
	long := make(map[string]bool) // fields that are left out of o
	for _, f := range fields {
		text := strings.TrimSpace(p[f.Name])
		if len(text) > maxText {
			problems = append(problems, tooLong(f.Name, text))
			long[f.Name] = true
			continue
		}
		problems = append(problems, f.set(&o, text)...)
	}
	var invalid *cors.OptionsError
	if errors.As(o.Validate(), &invalid) {
		of := func(p cors.Problem) bool { return long[p.Field] }
		problems = append(problems, slices.DeleteFunc(invalid.Problems, of)...)
	}
	return o, problems
}

func tooLong(field, text string) cors.Problem {
	detail := fmt.Sprintf("%d bytes are too many: a field here takes %d", len(text), maxText)
	return cors.Problem{Field: field, Detail: detail}
}

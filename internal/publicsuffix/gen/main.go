// Command gen makes list.go, the Public Suffix List in the form that package
// publicsuffix searches, and golden_test.go, which holds the package against
// what was read.
//
// The list comes from Debian's package publicsuffix. A stable release keeps the
// one of its day, so take that of sid, which apt fetches and unpacks without
// installing it, once sid is among its sources:
//
//	cd internal/publicsuffix
//	apt-get download publicsuffix/sid
//	dpkg-deb -x publicsuffix_20261007.0728-1_all.deb unpacked
//	go run ./gen -list unpacked/usr/share/publicsuffix/public_suffix_list.dat -version 20261007.0728-1
//
// Then bring interop/testdata/publicsuffix_since.txt up to date, as the test there
// says. Without arguments, as "go generate" runs it, gen reads the package that is
// installed.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const installed = "/usr/share/publicsuffix/public_suffix_list.dat"

// maxTable keeps what the package adds to a binary below 100 kB: its code, and
// what the linker keeps about it, are some 6.5 kB.
const maxTable = 93_000

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	path := flag.String("list", installed, "the list as its maintainers publish it")
	version := flag.String("version", "", "the version of the package it is from (default that of the installed one)")
	flag.Parse()
	if err := generate(*path, *version); err != nil {
		log.Fatal(err)
	}
}

func generate(path, version string) error {
	if version == "" && path != installed {
		return errors.New("a list from elsewhere needs a -version")
	}
	if version == "" {
		// The file of this package bears no date of its own.
		out, err := exec.Command("dpkg-query", "--show", "--showformat=${Version}", "publicsuffix").Output()
		if err != nil {
			return fmt.Errorf("asking dpkg for the version, which -version would give: %w", err)
		}
		version = string(out)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	l, err := read(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if size := len(table(l.rules())); size > maxTable {
		return fmt.Errorf("%s: a table of %d bytes, and %d is the most", path, size, maxTable)
	}
	if err := os.WriteFile("list.go", l.source(version), 0o644); err != nil {
		return err
	}
	return os.WriteFile("golden_test.go", l.golden(), 0o644)
}

// list is the Public Suffix List: its rules in the order of the file, in
// Punycode, with the "!" of the exceptions.
type list struct {
	icann, private []string
}

func (l list) rules() []string { return slices.Concat(l.icann, l.private) }

// read reads the list as its maintainers publish it, and refuses whatever the
// package's search is not made for.
// Source: https://github.com/publicsuffix/list/wiki/Format
func read(r io.Reader) (list, error) {
	var l list
	section := "" // what the last marker said
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		if marker, ok := strings.CutPrefix(text, "// ==="); ok {
			section = strings.TrimSuffix(marker, "===")
			continue
		}
		fields := strings.Fields(text) // a rule ends at the first space
		if len(fields) == 0 || strings.HasPrefix(text, "//") {
			continue
		}
		rule, err := ascii(fields[0])
		if err != nil {
			return list{}, fmt.Errorf("line %d: %q: %w", n, fields[0], err)
		}
		switch section {
		case "BEGIN ICANN DOMAINS":
			l.icann = append(l.icann, rule)
		case "BEGIN PRIVATE DOMAINS":
			l.private = append(l.private, rule)
		default:
			return list{}, fmt.Errorf("line %d: %q: neither among the ICANN domains nor the private ones", n, rule)
		}
	}
	if err := lines.Err(); err != nil {
		return list{}, err
	}
	if len(l.icann) == 0 || len(l.private) == 0 {
		return list{}, errors.New("the ICANN domains or the private ones are missing")
	}
	return l, check(l.rules())
}

// ascii returns rule in Punycode. The list is normalised, so nothing is mapped.
func ascii(rule string) (string, error) {
	domain, exception := strings.CutPrefix(rule, "!")
	labels := strings.Split(domain, ".")
	for i, label := range labels {
		if label == "*" && i == 0 && !exception {
			continue
		}
		if label != strings.ToLower(label) {
			return "", errors.New("upper case")
		}
		label = punycode(label)
		if !isLabel(label) {
			return "", fmt.Errorf("%q is no label", label)
		}
		labels[i] = label
	}
	domain = strings.Join(labels, ".")
	if exception {
		domain = "!" + domain
	}
	return domain, nil
}

// isLabel reports whether label is one of a host name. Source: RFC 1123,
// section 2.1.
func isLabel(label string) bool {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	return label != "" && len(label) <= 63 &&
		strings.Trim(label, letters+digits+"-") == "" && strings.Trim(label, "-") == label
}

// check refuses sets of rules that cannot be told from a rule's own label and
// the ones beside it, which is all that the package looks at.
func check(rules []string) error {
	all := make(map[string]bool, len(rules))
	for _, rule := range rules {
		if all[rule] {
			return fmt.Errorf("%q: twice in the list", rule)
		}
		all[rule] = true
	}
	for _, rule := range rules {
		domain, exception := strings.CutPrefix(rule, "!")
		label, parent, dotted := strings.Cut(domain, ".")
		if exception && !all["*."+parent] {
			return fmt.Errorf("%q: an exception to no wildcard", rule)
		}
		if exception && all[domain] {
			return fmt.Errorf("%q: a rule as well as an exception", rule)
		}
		if label == "*" && !dotted {
			return fmt.Errorf("%q: a wildcard at the top", rule)
		}
		for ; parent != ""; _, parent, _ = strings.Cut(parent, ".") {
			if all["!"+parent] {
				return fmt.Errorf("%q: below the exception %q", rule, "!"+parent)
			}
		}
	}
	return nil
}

// table returns the rules as text: a line for each domain that has several rules
// below it, which names that domain, then what these have before it. A wildcard
// comes first, an exception keeps its "!":
//
//	ck:* !www
//	github.io:*.app pages
//	uk:ac co gov ltd me net nhs org plc police
//
// A domain with one rule alone, which would repeat most of the line above, leaves
// it to the domain it lies in, unless that is the top level. The lines are sorted
// by label, the rightmost first.
func table(rules []string) string {
	below := map[string][]string{}
	deepest := 0
	for _, rule := range rules {
		label, parent, _ := strings.Cut(rule, ".")
		below[parent] = append(below[parent], label)
		deepest = max(deepest, strings.Count(parent, "."))
	}
	for dots := deepest; dots > 0; dots-- {
		for parent, labels := range below {
			if len(labels) == 1 && strings.Count(parent, ".") == dots {
				label, above, _ := strings.Cut(parent, ".")
				below[above] = append(below[above], labels[0]+"."+label)
				delete(below, parent)
			}
		}
	}
	parents := slices.SortedFunc(maps.Keys(below), func(a, b string) int {
		return slices.Compare(reversed(a), reversed(b))
	})
	var t strings.Builder
	for _, parent := range parents {
		labels := below[parent]
		slices.SortFunc(labels, func(a, b string) int {
			return strings.Compare(strings.TrimPrefix(a, "!"), strings.TrimPrefix(b, "!"))
		})
		t.WriteString(parent + ":" + strings.Join(labels, " ") + "\n")
	}
	return t.String()
}

// reversed returns the labels of domain, the rightmost first.
func reversed(domain string) []string {
	if domain == "" {
		return nil
	}
	labels := strings.Split(domain, ".")
	slices.Reverse(labels)
	return labels
}

// source returns list.go.
func (l list) source(version string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `// Code generated by internal/publicsuffix/gen; DO NOT EDIT.

// The list in this file is a modified form of the Public Suffix List,
// https://publicsuffix.org/list/public_suffix_list.dat, as packaged by Debian.
// Unlike the files beside it, this file has the licence of the list:
//
// This Source Code Form is subject to the terms of the Mozilla Public
// License, v. 2.0. If a copy of the MPL was not distributed with this
// file, You can obtain one at https://mozilla.org/MPL/2.0/.

package publicsuffix

// Version is that of Debian's package publicsuffix, from which the list is taken.
// It begins with the list's date (year, month, day).
const Version = %q

// table is the list: %d rules of ICANN's registries and %d private ones. A line
// names a domain (none for the top level) and what rules below it have before
// that, "*" for any label and "!" before an exception. The lines are sorted as
// compare does.
`, version, len(l.icann), len(l.private))
	fmt.Fprintf(&b, "const table = `%s`\n", table(l.rules()))
	return b.Bytes()
}

// golden returns golden_test.go: what Rules must yield, told from the rules as
// they were read, not from the table.
func (l list) golden() []byte {
	rules := l.rules()
	slices.Sort(rules)
	wildcards, exceptions := 0, 0
	for _, rule := range rules {
		switch rule[0] {
		case '*':
			wildcards++
		case '!':
			exceptions++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `// Code generated by internal/publicsuffix/gen; DO NOT EDIT.

package publicsuffix_test

// What the generator read. The checksum is the SHA-256 of the sorted rules, each
// with a newline.
const (
	goldenRules      = %d
	goldenWildcards  = %d
	goldenExceptions = %d
	goldenChecksum   = "%x"
)
`, len(rules), wildcards, exceptions, sha256.Sum256([]byte(strings.Join(rules, "\n")+"\n")))
	return b.Bytes()
}

package corstest

import (
	"slices"
	"strings"

	"example.com/cors/internal/fetch"
)

// The limits of https://fetch.spec.whatwg.org/#cors-safelisted-request-header, in
// bytes.
const (
	maxSafelistedValue  = 128
	maxSafelistedValues = 1024
)

// A field is one header of a request; its name is in lower case.
type field struct{ name, value string }

// unsafeNames returns the names that a preflight must announce, lower-cased,
// sorted and unique (https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names).
// The fields do not include the Accept that browsers add by themselves. The
// standard counts its three bytes; no engine was seen to do so.
func (c conduct) unsafeNames(fields []field) []string {
	var unsafe, safelisted []string
	size := 0
	for _, f := range fields {
		if !c.isSafelisted(f) {
			unsafe = append(unsafe, f.name)
			continue
		}
		safelisted = append(safelisted, f.name)
		size += len(f.value)
	}
	if size > maxSafelistedValues {
		unsafe = append(unsafe, safelisted...)
	}
	slices.Sort(unsafe)
	return slices.Compact(unsafe)
}

// isSafelisted reports whether f is a CORS-safelisted request-header.
func (c conduct) isSafelisted(f field) bool {
	if len(f.value) > maxSafelistedValue {
		return false
	}
	switch f.name {
	case "accept":
		return !hasUnsafeByte(f.value)
	case "accept-language", "content-language":
		return isLanguageValue(f.value)
	case "content-type":
		return !hasUnsafeByte(f.value) && isFormType(f.value)
	case "range":
		value := f.value
		if c.anyCaseRangeUnit {
			value = strings.ToLower(value)
		}
		return isSimpleRange(value)
	}
	return false
}

// hasUnsafeByte reports whether s has a CORS-unsafe request-header byte.
func hasUnsafeByte(s string) bool {
	for _, b := range []byte(s) {
		if b < 0x20 && b != '\t' || b == 0x7f || strings.IndexByte(`"():<>?@[\]{}`, b) >= 0 {
			return true
		}
	}
	return false
}

func isLanguageValue(s string) bool {
	for _, b := range []byte(s) {
		isLetter := 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
		if !isLetter && !isDigit(b) && strings.IndexByte(" *,-.;=", b) < 0 {
			return false
		}
	}
	return true
}

// isFormType reports whether forms send the MIME type s, apart from its parameters
// (https://mimesniff.spec.whatwg.org/#parse-a-mime-type).
func isFormType(s string) bool {
	essence, _, _ := strings.Cut(s, ";")
	essence = strings.Trim(essence, " \t\r\n")
	switch strings.ToLower(essence) {
	case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return true
	}
	return false
}

// isSimpleRange reports whether s is a single range with a start. If it has an end,
// the end must not come before the start. The numbers may be of any length
// (https://fetch.spec.whatwg.org/#simple-range-header-value).
func isSimpleRange(s string) bool {
	s, found := strings.CutPrefix(s, "bytes=")
	if !found {
		return false
	}
	start, end, found := strings.Cut(s, "-")
	if !found || start == "" || !isDigits(start) || !isDigits(end) {
		return false
	}
	if end == "" {
		return true
	}
	start, end = strings.TrimLeft(start, "0"), strings.TrimLeft(end, "0")
	if len(start) != len(end) {
		return len(start) < len(end)
	}
	return start <= end
}

func isDigits(s string) bool {
	for _, b := range []byte(s) {
		if !isDigit(b) {
			return false
		}
	}
	return true
}

// isForbiddenHeader reports whether scripts cannot set f
// (https://fetch.spec.whatwg.org/#forbidden-request-header).
func isForbiddenHeader(f field) bool {
	switch f.name {
	case "x-http-method", "x-http-method-override", "x-method-override":
		return slices.ContainsFunc(splitQuoted(f.value), fetch.IsForbiddenMethod)
	}
	return fetch.IsForbiddenRequestHeader(f.name)
}

// splitQuoted splits a header value at the commas that are not within a quoted
// string (https://fetch.spec.whatwg.org/#header-value-get-decode-and-split).
func splitQuoted(value string) []string {
	var values []string
	start, quoted, escaped := 0, false, false
	for i, b := range []byte(value) {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case b == ',' && !quoted:
			values = append(values, strings.Trim(value[start:i], " \t"))
			start = i + 1
		}
	}
	return append(values, strings.Trim(value[start:], " \t"))
}

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
		return !c.hasUnsafeByte(f.value)
	case "accept-language", "content-language":
		return isLanguageValue(f.value)
	case "content-type":
		several := c.loneContentType && strings.Contains(f.value, ",")
		return !c.hasUnsafeByte(f.value) && isFormType(f.value) && !several
	case "range":
		value := f.value
		if c.anyCaseRangeUnit {
			value = strings.ToLower(value)
		}
		return c.isSimpleRange(value)
	}
	return c.safelistsHints && isClientHint(f)
}

// isClientHint reports whether Chromium safelists f as a client hint.
func isClientHint(f field) bool {
	isNumber := func(s string) bool { return s != "" && isDigits(s) }
	switch f.name {
	case "device-memory", "downlink", "dpr":
		integer, fraction, found := strings.Cut(f.value, ".")
		return isNumber(integer) && (!found || isNumber(fraction))
	case "rtt", "viewport-width", "width":
		return isNumber(f.value)
	case "save-data":
		return strings.EqualFold(f.value, "on")
	case "ect":
		return slices.Contains([]string{"slow-2g", "2g", "3g", "4g"}, f.value)
	}
	return false
}

// hasUnsafeByte reports whether s has a CORS-unsafe request-header byte.
func (c conduct) hasUnsafeByte(s string) bool {
	for _, b := range []byte(s) {
		switch {
		case b < 0x20 && b != '\t', b == 0x7f, b >= 0x80 && c.highBytesUnsafe,
			strings.IndexByte(`"():<>?@[\]{}`, b) >= 0:
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

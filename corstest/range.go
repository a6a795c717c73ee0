package corstest

import (
	"cmp"
	"strconv"
	"strings"
)

// isSimpleRange reports whether s is a single range with a start. If it has an end,
// the end must not come before the start. By the standard, the numbers may be of any
// length (https://fetch.spec.whatwg.org/#simple-range-header-value).
func (c conduct) isSimpleRange(s string) bool {
	s, found := strings.CutPrefix(s, "bytes=")
	if !found {
		return false
	}
	start, end, found := strings.Cut(s, "-")
	if !found || start == "" || !isDigits(start) || !isDigits(end) {
		return false
	}
	if end == "" {
		end = start
	}
	limit := end
	if c.rangeLimit > 0 {
		limit = strconv.FormatUint(c.rangeLimit, 10)
	}
	return compareDigits(start, end) <= 0 && compareDigits(end, limit) <= 0
}

// compareDigits compares numbers of any length.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

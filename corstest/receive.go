package corstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"example.com/cors/internal/fetch"
)

// receive returns why the browser takes res for no response.
func (c *call) receive(step Step, res *http.Response) error {
	if res == nil {
		return c.blocked(step, "", "the handler broke off without a response")
	}
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		lines := res.Header[name]
		if strings.Contains(strings.Join(lines, ""), "\x00") {
			return c.blocked(step, name, fmt.Sprintf("is %s: browsers drop a response with a NUL in its header", quote(lines)))
		}
	}
	if most := c.engine.maxHeader; most > 0 && headerSize(res) > most {
		return c.blocked(step, "", fmt.Sprintf("the header of the response has %d bytes; this browser takes up to %d",
			headerSize(res), most))
	}
	if slices.Contains(c.engine.refuses, res.StatusCode) {
		return c.blocked(step, "", fmt.Sprintf("the status is %s, which this browser takes for no response", res.Status))
	}
	return nil
}

// headerSize is how many bytes the status line and the header have in HTTP/1.1.
func headerSize(res *http.Response) int {
	size := len("HTTP/1.1 \r\n\r\n") + len(res.Status)
	for name, lines := range res.Header {
		for _, line := range lines {
			size += len(name) + len(": \r\n") + len(line)
		}
	}
	return size
}

// taken returns res, which may be nil, with what the browser takes for headers. A live
// server may write names that are no tokens.
func (c conduct) taken(res *http.Response) *http.Response {
	if res == nil {
		return nil
	}
	copied := *res
	copied.Header = make(http.Header, len(res.Header))
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		lines := res.Header[name]
		if c.trimsNames {
			name = http.CanonicalHeaderKey(strings.TrimRight(name, " \t"))
		}
		if fetch.IsToken(name) {
			copied.Header[name] = append(copied.Header[name], lines...)
		}
	}
	return &copied
}

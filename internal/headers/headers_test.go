package headers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/internal/headers"
)

func TestAddVary(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before []string
		line   string
		after  []string
	}{
		{"no Vary", nil, "Origin", []string{"Origin"}},
		{"another line", []string{"Accept"}, "Origin", []string{"Accept", "Origin"}},
		{"two other lines", []string{"Accept", "Cookie"}, "Origin", []string{"Accept", "Cookie", "Origin"}},
		{"the same line", []string{"Accept", "Origin"}, "Origin", []string{"Accept", "Origin"}},
		{"no line", []string{"Accept"}, "", []string{"Accept"}},
		{"neither", nil, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{}
			if tc.before != nil {
				h["Vary"] = tc.before
			}
			const room = 2
			v := headers.AddVary(h, tc.line, room)
			assert.Equal(t, tc.after, h["Vary"])
			assert.GreaterOrEqual(t, cap(v)-len(v), room)
		})
	}
}

// Each header takes its part of one array, and none can write into another's.
func TestValuesAreApart(t *testing.T) {
	before := append(make([]string, 0, 8), "Accept")
	h := http.Header{"Vary": before}
	v := headers.AddVary(h, "Origin", 4)
	room := &v[:cap(v)][0]
	h["A"] = v.Add("a")
	h["B"] = v.AddLines([]string{"b", "c"})
	h["C"] = v.Add("d")
	assert.Same(t, room, &v[0], "the room was enough")
	want := http.Header{"Vary": {"Accept", "Origin"}, "A": {"a"}, "B": {"b", "c"}, "C": {"d"}}
	assert.Equal(t, want, h)
	for name, lines := range h {
		assert.Equal(t, len(lines), cap(lines), name)
		_ = append(lines, "overflow")
	}
	assert.Equal(t, want, h)
	assert.Equal(t, []string{"Accept", ""}, before[:2], "the slice that was there before is left alone")
}

func TestCount(t *testing.T) {
	assert.Equal(t, 0, headers.Count())
	assert.Equal(t, 0, headers.Count(""))
	assert.Equal(t, 2, headers.Count("a", "", "b"))
}

func TestNameSet(t *testing.T) {
	s := headers.NewNameSet("B", "A", "B")
	s.Add("C")
	s.Add("A")
	assert.Equal(t, "B, A, C, D", s.With(headers.NewNameSet("D", "B")).String())
	assert.True(t, s.Has("D"))
	assert.False(t, s.Has("d"), "names are compared as they are written")
	assert.Empty(t, headers.NewNameSet().String())
}

func TestAnnouncedMethod(t *testing.T) {
	const name = "Access-Control-Request-Method"
	assert.Empty(t, headers.AnnouncedMethod(nil))
	assert.Empty(t, headers.AnnouncedMethod(http.Header{name: {}}))
	assert.Equal(t, "PUT", headers.AnnouncedMethod(http.Header{name: {"PUT", "GET"}}))
}

func TestIsEchoable(t *testing.T) {
	for _, lines := range [][]string{
		nil,
		{""},
		{"x-a"},
		{"x-a,x-b", "x-c, \tx-d"},
		slices.Repeat([]string{"x-a"}, 16),
		{strings.Repeat("x", headers.MaxAnnounced-1)}, // and one byte for each line
		{"x", strings.Repeat("x", headers.MaxAnnounced-3)},
	} {
		assert.True(t, headers.IsEchoable(lines), "%.50q", lines)
	}
	for _, lines := range [][]string{
		{"x-a\r\nset-cookie:a"},
		{"x-ä"},
		{"x-a", "x-b;"},
		slices.Repeat([]string{"x-a"}, 17),
		{strings.Repeat("x", headers.MaxAnnounced)},
		{"x", strings.Repeat("x", headers.MaxAnnounced-2)},
	} {
		assert.False(t, headers.IsEchoable(lines), "%.50q", lines)
	}
}

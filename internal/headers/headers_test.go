package headers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/internal/headers"
)

func TestVary(t *testing.T) {
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
		for _, other := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, other headers %v", tc.name, other), func(t *testing.T) {
				header := func() http.Header {
					h := http.Header{}
					if tc.before != nil {
						h["Vary"] = tc.before
					}
					if other {
						h["A"] = []string{"a"}
					}
					return h
				}
				h := header()
				headers.AddVary(h, tc.line, 2)
				assert.Equal(t, tc.after, h["Vary"])
				h = header()
				headers.Refuse(h, tc.line)
				assert.Equal(t, tc.after, h["Vary"])
			})
		}
	}
}

// Each header takes its part of one array, and none can write into another's.
func TestValuesAreApart(t *testing.T) {
	before := append(make([]string, 0, 8), "Accept")
	for _, h := range []http.Header{{}, {"Vary": before}} {
		want := http.Header{"Vary": append(slices.Clone(h["Vary"]), "Origin"), "A": {"a"}, "B": {"b", "c"}, "C": {"d"}}
		v := headers.AddVary(h, "Origin", 4)
		v.Set(h, "A", "a")
		v.SetLines(h, "B", []string{"b", "c"})
		v.Set(h, "C", "d")
		v.Set(h, "D", "")
		assert.Equal(t, want, h)
		for name, lines := range h {
			assert.Equal(t, len(lines), cap(lines), name)
			_ = append(lines, "overflow")
		}
		assert.Equal(t, want, h)
	}
	assert.Equal(t, []string{"Accept", ""}, before[:2], "the slice that was there before is left alone")

	h := http.Header{}
	assert.LessOrEqual(t, testing.AllocsPerRun(5, func() {
		clear(h)
		v := headers.AddVary(h, "Origin", 2)
		v.Set(h, "A", "a")
		v.Set(h, "B", "b")
	}), 1.0, "the room was enough")
}

// An outer layer's headers go, whether the inner one grants or refuses.
func TestOuterLayer(t *testing.T) {
	outer := func() http.Header {
		h := http.Header{"Vary": {"Origin"}, "X-Outer": {"kept"}}
		for _, name := range []string{
			"Allow-Origin", "Allow-Credentials", "Expose-Headers", "Allow-Methods", "Allow-Headers", "Max-Age",
		} {
			h["Access-Control-"+name] = []string{"outer"}
		}
		return h
	}
	h := outer()
	headers.Refuse(h, "Origin")
	assert.Equal(t, http.Header{"Vary": {"Origin"}, "X-Outer": {"kept"}}, h)

	h = outer()
	v := headers.AddVary(h, "Accept", 2)
	v.Set(h, "Access-Control-Allow-Origin", "inner")
	v.Set(h, "Access-Control-Allow-Credentials", "")
	assert.Equal(t, []string{"inner"}, h["Access-Control-Allow-Origin"])
	assert.NotContains(t, h, "Access-Control-Allow-Credentials")
	assert.Equal(t, []string{"Origin", "Accept"}, h["Vary"])
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
	assert.True(t, s.Has("C"))
	assert.False(t, s.Has("c"), "names are compared as they are written")
	with := s.With(headers.NewNameSet("D", "B"))
	assert.Equal(t, "B, A, C, D", with.String())
	assert.True(t, with.Has("D"))
	without := s.Without(func(name string) bool { return name == "A" })
	assert.Equal(t, "B, C", without.String())
	assert.False(t, without.Has("A"))
	assert.Equal(t, "B, A, C", s.String(), "neither changes the set")
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

package main

import (
	"slices"
	"strings"
)

// The parameters of RFC 3492, section 5.
const (
	base        = 36
	tMin        = 1
	tMax        = 26
	skew        = 38
	damp        = 700
	initialBias = 72
	initialN    = 0x80
)

// punycode returns label as the DNS carries it: with "xn--" and encoded if it is
// not ASCII, else as it is.
func punycode(label string) string {
	if !strings.ContainsFunc(label, func(r rune) bool { return r >= initialN }) {
		return label
	}
	return "xn--" + encode(label)
}

// encode is the encoding procedure of RFC 3492, section 6.3.
func encode(label string) string {
	var out strings.Builder
	var higher []rune // the distinct code points that are not ASCII, in order
	for _, r := range label {
		if r < initialN {
			out.WriteRune(r)
		} else {
			higher = append(higher, r)
		}
	}
	slices.Sort(higher)
	higher = slices.Compact(higher)

	basic := out.Len()
	if basic > 0 {
		out.WriteByte('-')
	}
	handled, delta, bias := basic, 0, initialBias
	n := rune(initialN)
	for _, next := range higher {
		delta += int(next-n) * (handled + 1)
		for _, r := range label {
			if r < next {
				delta++
			}
			if r == next {
				writeInteger(&out, delta, bias)
				bias = adapt(delta, handled+1, handled == basic)
				delta = 0
				handled++
			}
		}
		delta++
		n = next + 1
	}
	return out.String()
}

// writeInteger writes delta as a generalized variable-length integer.
func writeInteger(out *strings.Builder, delta, bias int) {
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	for k := base; ; k += base {
		t := min(max(k-bias, tMin), tMax)
		if delta < t {
			out.WriteByte(digits[delta])
			return
		}
		out.WriteByte(digits[t+(delta-t)%(base-t)])
		delta = (delta - t) / (base - t)
	}
}

// adapt is the bias adaptation of RFC 3492, section 6.1.
func adapt(delta, points int, first bool) int {
	if first {
		delta /= damp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (base-tMin)*tMax/2; k += base {
		delta /= base - tMin
	}
	return k + (base-tMin+1)*delta/(delta+skew)
}

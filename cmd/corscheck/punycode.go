package main

import (
	"strings"
	"unicode"
)

// toASCII writes a host as browsers do: each label that is not ASCII in Punycode
// (RFC 3492), in small letters. It returns "" for what only the tables of Unicode
// could decide.
func toASCII(host string) string {
	labels := strings.FieldsFunc(strings.ToLower(host), isDot)
	for i, label := range labels {
		if isASCII(label) {
			continue
		}
		if strings.ContainsFunc(label, needsTables) {
			return ""
		}
		encoded := punycode([]rune(label))
		if encoded == "" {
			return ""
		}
		labels[i] = "xn--" + encoded
	}
	return strings.Join(labels, ".")
}

// isDot reports whether browsers take r for a dot between labels.
func isDot(r rune) bool { return r == '.' || r == '。' || r == '．' || r == '｡' }

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// needsTables reports whether r is written in more than one way, or in none.
func needsTables(r rune) bool {
	return r == unicode.ReplacementChar || r > unicode.MaxASCII && !unicode.In(r, unicode.L, unicode.N, unicode.M) ||
		r >= 0x300 && r <= 0x36f || // accents that stand after their letter
		r >= 0xf900 && r <= 0xffef // compatibility, full width
}

// punycode encodes a label (RFC 3492, section 6.3). It returns "" for one that no
// host can have.
func punycode(label []rune) string {
	const (
		base, first, last = 36, 1, 26 // tmin, tmax
		skew, damp        = 38, 700
		longest           = 63 - len("xn--")
	)
	if len(label) > longest {
		return ""
	}
	var b strings.Builder
	for _, r := range label {
		if r <= unicode.MaxASCII {
			b.WriteRune(r)
		}
	}
	basic := b.Len()
	handled := basic
	if basic > 0 {
		b.WriteByte('-')
	}
	digit := func(d int) {
		if d < 26 {
			b.WriteByte(byte('a' + d))
		} else {
			b.WriteByte(byte('0' + d - 26))
		}
	}
	n, delta, bias := rune(unicode.MaxASCII+1), 0, 72
	for handled < len(label) {
		next := rune(unicode.MaxRune)
		for _, r := range label {
			if r >= n {
				next = min(next, r)
			}
		}
		delta += int(next-n) * (handled + 1)
		n = next
		for _, r := range label {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				threshold := min(max(k-bias, first), last)
				if q < threshold {
					break
				}
				digit(threshold + (q-threshold)%(base-threshold))
				q = (q - threshold) / (base - threshold)
			}
			digit(q)

			// Adapt the bias to what came.
			if handled == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			delta += delta / (handled + 1)
			k := 0
			for delta > (base-first)*last/2 {
				delta /= base - first
				k += base
			}
			bias = k + (base-first+1)*delta/(delta+skew)
			delta = 0
			handled++
		}
		delta++
		n++
	}
	if b.Len() > longest {
		return ""
	}
	return b.String()
}

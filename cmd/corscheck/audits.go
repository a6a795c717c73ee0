package main

import (
	"context"
	"fmt"
)

// audits are those of several URLs.
type audits []audited

// An audited URL has an audit, or an error that says why there is none.
type audited struct {
	url   string
	audit *audit
	err   error
}

// auditAll audits each URL of the command line, one after the other. Where there is one
// alone the result is its audit.
func auditAll(ctx context.Context, f *flags, c *call, show func(string)) (result, error) {
	if f.whole > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.whole)
		defer cancel()
	}
	urls := append([]string{c.url}, f.more...)
	if len(urls) == 1 {
		a, err := newAudit(ctx, f, c, show)
		if err != nil {
			return nil, err
		}
		return a, nil
	}
	calls := make([]call, len(urls))
	for i, url := range urls {
		calls[i] = *c
		calls[i].url = url
		if _, err := planAudit(&calls[i]); err != nil { // before anything is sent
			return nil, err
		}
	}
	var all audits
	for i := range calls {
		a, err := newAudit(ctx, f, &calls[i], func(text string) {
			show(fmt.Sprintf("URL %d of %d, %s", i+1, len(calls), text))
		})
		all = append(all, audited{urls[i], a, err})
	}
	return all, nil
}

// exit makes audits a result: a finding counts for more than a URL that gave no answer.
func (all audits) exit(f *flags) int {
	status := exitOK
	for _, one := range all {
		s := exitUnknown
		if one.audit != nil {
			s = one.audit.exit(f)
		}
		if s == exitFailed || status == exitOK {
			status = s
		}
	}
	return status
}

// counts returns how many findings there are of each severity.
func counts(findings []finding) map[severity]int {
	n := make(map[severity]int)
	for _, f := range findings {
		n[f.Severity]++
	}
	return n
}

// findings are those of all audits.
func (all audits) findings() (found []finding) {
	for _, one := range all {
		if one.audit != nil {
			found = append(found, one.audit.findings...)
		}
	}
	return found
}

// failed returns how many URLs could not be audited, or not to the end.
func (all audits) failed() (n int) {
	for _, one := range all {
		if one.audit == nil || one.audit.isCutShort() {
			n++
		}
	}
	return n
}

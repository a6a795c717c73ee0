package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// docs/corscheck.md describes what these types are written as.

// jsonVersion is that of what is written. Members may be added under the same one.
const jsonVersion = 1

// A jsonError is written where there is no result.
type jsonError struct {
	Version int    `json:"version"`
	URL     string `json:"url,omitempty"` // among several
	ID      string `json:"id"`
	Error   string `json:"error"`
}

func newJSONError(m *mask, err error) jsonError {
	return jsonError{Version: jsonVersion, ID: errorID(err), Error: m.text(err.Error())}
}

type jsonOutcome struct {
	Version   int                    `json:"version"`
	URL       string                 `json:"url"`
	Origin    string                 `json:"origin"`
	From      string                 `json:"originFrom,omitempty"`
	Untold    []string               `json:"untold,omitempty"`
	Others    []other                `json:"others,omitempty"`
	Method    string                 `json:"method"`
	Allowed   bool                   `json:"allowed"`
	Engines   map[string]jsonVerdict `json:"engines"`
	Exchanges []jsonExchange         `json:"exchanges"`
	Questions []jsonQuestion         `json:"questions"`
	Hints     []note                 `json:"hints"`
	Fix       jsonFix                `json:"fix"`
}

type jsonVerdict struct {
	Allowed bool   `json:"allowed"`
	Step    string `json:"step"`
	Header  string `json:"header"`
	Detail  string `json:"detail"`
}

type jsonExchange struct {
	Preflight bool         `json:"preflight"`
	Request   jsonRequest  `json:"request"`
	Response  jsonResponse `json:"response"`
}

// A jsonQuestion is an exchange that no browser makes.
type jsonQuestion struct {
	Asks     string       `json:"asks"`
	Request  jsonRequest  `json:"request"`
	Response jsonResponse `json:"response"`
}

type jsonRequest struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header"`
}

type jsonResponse struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
}

type jsonFix struct {
	Header  http.Header `json:"header"`
	Options string      `json:"options"`
	For     string      `json:"for"`
	Text    string      `json:"text"`
	Where   string      `json:"where"`
	LeftOut []string    `json:"leftOut,omitempty"`
}

func (o *outcome) json(m *mask) any {
	j := jsonOutcome{
		Version:   jsonVersion,
		URL:       m.text(o.plan.target.String()),
		Origin:    o.call.origin,
		From:      o.call.originFrom,
		Untold:    m.texts(o.call.untold),
		Others:    m.others(o.call.others),
		Method:    o.plan.method,
		Allowed:   o.allowed(),
		Engines:   make(map[string]jsonVerdict),
		Exchanges: []jsonExchange{},
		Questions: []jsonQuestion{},
		Hints:     m.notes(o.notes()),
	}
	for _, v := range o.verdicts {
		jv := jsonVerdict{Allowed: v.blocked == nil}
		if v.blocked != nil {
			jv.Step, jv.Header, jv.Detail = string(v.blocked.Step), v.blocked.Header, m.text(v.blocked.Detail)
		}
		j.Engines[strings.ToLower(v.engine.String())] = jv
	}
	for _, x := range o.exchanges {
		request, response := x.json(m)
		j.Exchanges = append(j.Exchanges, jsonExchange{x.preflight, request, response})
	}
	if o.evidence != nil {
		for _, q := range o.evidence.asked {
			request, response := q.answer.json(m)
			j.Questions = append(j.Questions, jsonQuestion{q.says, request, response})
		}
	}
	f := o.fix()
	j.Fix = jsonFix{f.header(), f.options(), f.advice.Name, f.advice.Text, f.advice.Where, f.advice.LeftOut}
	return j
}

func (x *exchange) json(m *mask) (jsonRequest, jsonResponse) {
	return jsonRequest{x.method, m.text(x.url.String()), m.header(x.request)},
		jsonResponse{x.status, m.header(x.response)}
}

// notes returns a copy without secrets.
func (m *mask) notes(notes []note) []note {
	masked := append([]note{}, notes...)
	for i := range masked {
		masked[i].Detail = m.text(masked[i].Detail)
	}
	return masked
}

type jsonAudit struct {
	Version  int       `json:"version"`
	URL      string    `json:"url"`
	Origin   string    `json:"origin"`
	Method   string    `json:"method"`
	Requests int       `json:"requests"`
	Tried    []string  `json:"tried"`
	Findings []finding `json:"findings"`
	Hints    []note    `json:"hints"`
}

type jsonAudits struct {
	Version int         `json:"version"`
	Audits  []any       `json:"audits"` // each a jsonAudit or a jsonError
	Summary jsonSummary `json:"summary"`
}

type jsonSummary struct {
	High   int `json:"high"`
	Medium int `json:"medium"`
	Low    int `json:"low"`
	Info   int `json:"info"`
	Failed int `json:"failed"` // URLs
}

func (all audits) json(m *mask) any {
	n := counts(all.findings())
	j := jsonAudits{
		Version: jsonVersion,
		Summary: jsonSummary{High: n[high], Medium: n[medium], Low: n[low], Info: n[info], Failed: all.failed()},
	}
	for _, one := range all {
		if one.audit != nil {
			j.Audits = append(j.Audits, one.audit.json(m))
			continue
		}
		e := newJSONError(m, one.err)
		e.URL = m.text(one.url)
		j.Audits = append(j.Audits, e)
	}
	return j
}

func (a *audit) json(m *mask) any {
	j := jsonAudit{
		Version:  jsonVersion,
		URL:      m.text(a.plan.target.String()),
		Origin:   a.call.origin,
		Method:   a.plan.method,
		Requests: a.sent,
		Tried:    append([]string{}, a.tried()...),
		Findings: append([]finding{}, a.findings...),
		Hints:    m.notes(a.notes),
	}
	for i, f := range j.Findings {
		j.Findings[i].Detail, j.Findings[i].Remedy = m.text(f.Detail), m.text(f.Remedy)
		j.Findings[i].Evidence = make([]string, len(f.Evidence))
		for k, l := range f.Evidence {
			j.Findings[i].Evidence[k] = m.text(l)
		}
	}
	return j
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escapeInvisible(b.Bytes()))
	return err
}

// escapeInvisible escapes what a terminal or an editor would act on and not show: control
// characters, those that change the direction of text, those without width. In JSON they
// stand in strings alone.
func escapeInvisible(text []byte) []byte {
	var b []byte
	for _, r := range string(text) {
		switch {
		case r == '\n' || r >= ' ' && r < 0x7f || r > 0x7f && unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return b
}

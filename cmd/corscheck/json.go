package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// The README describes what these types are written as.

type jsonOutcome struct {
	URL       string                 `json:"url"`
	Origin    string                 `json:"origin"`
	Method    string                 `json:"method"`
	Allowed   bool                   `json:"allowed"`
	Engines   map[string]jsonVerdict `json:"engines"`
	Exchanges []jsonExchange         `json:"exchanges"`
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
}

func (o *outcome) json() any {
	j := jsonOutcome{
		URL:       o.plan.target.String(),
		Origin:    o.call.origin,
		Method:    o.plan.method,
		Allowed:   o.allowed(),
		Engines:   make(map[string]jsonVerdict),
		Exchanges: []jsonExchange{},
		Hints:     o.notes(),
	}
	for _, v := range o.verdicts {
		jv := jsonVerdict{Allowed: v.blocked == nil}
		if v.blocked != nil {
			jv.Step, jv.Header, jv.Detail = string(v.blocked.Step), v.blocked.Header, v.blocked.Detail
		}
		j.Engines[strings.ToLower(v.engine.String())] = jv
	}
	for _, x := range o.exchanges {
		j.Exchanges = append(j.Exchanges, jsonExchange{
			x.preflight, jsonRequest{x.method, x.url.String(), x.request}, jsonResponse{x.status, x.response},
		})
	}
	f := o.fix()
	j.Fix = jsonFix{f.header(), f.options()}
	return j
}

type jsonAudit struct {
	URL      string    `json:"url"`
	Origin   string    `json:"origin"`
	Method   string    `json:"method"`
	Requests int       `json:"requests"`
	Findings []finding `json:"findings"`
	Hints    []note    `json:"hints"`
}

func (a *audit) json() any {
	return jsonAudit{
		URL:      a.plan.target.String(),
		Origin:   a.call.origin,
		Method:   a.plan.method,
		Requests: a.sent,
		Findings: append([]finding{}, a.findings...),
		Hints:    append([]note{}, a.notes...),
	}
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

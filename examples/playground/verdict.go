package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"example.com/cors/corstest"
)

var engines = []corstest.Engine{corstest.EngineChromium, corstest.EngineFirefox, corstest.EngineWebKit}

// A verdict is what an engine makes of a call, as corstest has it.
type verdict struct {
	Engine     string   `json:"engine"`
	Allowed    bool     `json:"allowed"`
	Step       string   `json:"step"`   // at which it blocks
	Header     string   `json:"header"` // to blame, "" if it is none
	Detail     string   `json:"detail"`
	Preflights int      `json:"preflights"`
	Readable   []string `json:"readable"` // names of response headers, in lower case
	Advice     *advice  `json:"advice"`
	Departure  string   `json:"departure"` // where corstest is known not to follow the engine
}

// judge has b make the call c, after a real browser did.
func judge(b *corstest.Browser, p policy, c call, r request, o origins, url string) verdict {
	v := verdict{Engine: b.Engine.String(), Readable: []string{}, Departure: departure(b.Engine, r)}
	res, err := b.Fetch(context.Background(), r.simulate(o.page(c.Page), url))
	var blocked *corstest.BlockedError
	switch {
	case errors.As(err, &blocked):
		v.Step, v.Header, v.Detail = string(blocked.Step), blocked.Header, shorten(blocked.Detail)
		var announced []string
		if res.Preflight != nil {
			announced = announcementIn(res.Preflight.Request).Headers
		}
		v.Advice = advise(p, c, announced, blocked)
	case err != nil:
		v.Detail = shorten(err.Error())
	default:
		v.Allowed = true
		for _, name := range slices.Sorted(maps.Keys(res.Header)) {
			v.Readable = append(v.Readable, strings.ToLower(name))
		}
	}
	if res != nil {
		for _, x := range res.Exchanges {
			if x.Preflight {
				v.Preflights++
			}
		}
	}
	return v
}

// departure returns what corstest does not simulate, as docs/engines.md lists it, if that
// may change the verdict on r.
func departure(e corstest.Engine, r request) string {
	if e != corstest.EngineWebKit {
		return ""
	}
	isRange := func(f [2]string) bool { return strings.EqualFold(f[0], "Range") && strings.Contains(f[1], "+") }
	switch {
	case r.Path == "/away" && strings.EqualFold(r.Init.Method, http.MethodDelete):
		return "WebKitGTK makes a GET of a DELETE that is redirected to another origin."
	case slices.ContainsFunc(r.Init.Headers, isRange):
		return "WebKit sends no preflight for a Range such as bytes=+1-2."
	}
	return ""
}

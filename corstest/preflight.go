package corstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/cors/internal/fetch"
)

// An answer is what a preflight's response allows.
type answer struct {
	methods, headers []string
	lines            http.Header
}

// preflight asks the server about the call, whose unsafe header names are given,
// and caches the answer (https://fetch.spec.whatwg.org/#cors-preflight-fetch-0).
func (c *call) preflight(unsafe []string) error {
	h := http.Header{
		"Accept":                        {"*/*"},
		"Access-Control-Request-Method": {c.method},
		"Origin":                        {c.preflightOrigin()},
	}
	if len(unsafe) > 0 {
		h.Set("Access-Control-Request-Headers", strings.Join(unsafe, ","))
	}
	if c.engine.sharesCacheMode {
		c.effectiveCacheMode().setHeaders(h)
	}
	c.setMetadata(h, ModeCORS, c.preflightSite())
	x, err := c.browser.exchange(c.ctx, http.MethodOptions, c.url, h, nil, false)
	x.Preflight = true
	c.result.Exchanges = append(c.result.Exchanges, x)
	c.result.Preflight = x.Response
	if err != nil {
		c.forget()
		return transportError(x, err)
	}

	a, err := c.judge(c.engine.taken(x.Response))
	if err != nil {
		c.forget()
		return err
	}
	if err = c.refusal(a, unsafe); err == nil || c.engine.keepsRefusals {
		c.remember(a)
	} else {
		c.forget()
	}
	return err
}

// preflightOrigin is the value of Origin in a preflight.
func (c *call) preflightOrigin() string {
	if c.engine.asksFromPage {
		return c.page
	}
	return c.origin()
}

// unsafeNames returns the names that a preflight announces.
func (c *call) unsafeNames() []string {
	if c.engine.announcesAll {
		return c.engine.unsafeNames(c.set)
	}
	return c.engine.unsafeNames(c.fields)
}

// judge takes the steps that do not look at the method and headers of the call.
func (c *call) judge(res *http.Response) (answer, error) {
	if err := c.receive(StepPreflightRequest, res); err != nil {
		return answer{}, err
	}
	if !(c.engine.asksFromPage && originOf(c.url) == c.page) {
		if err := c.check(StepPreflightCheck, res, c.preflightOrigin()); err != nil {
			return answer{}, err
		}
	}
	if !isOK(res.StatusCode) {
		detail := fmt.Sprintf("the status is %s; it must be one of 200 to 299", res.Status)
		if to := res.Header["Location"]; to != nil {
			detail += fmt.Sprintf(", and the redirect to %s is not followed", quote(to))
		}
		return answer{}, c.blocked(StepPreflightStatus, "", detail)
	}
	methods, err := c.allowed(res, fetch.AllowMethods)
	if err != nil {
		return answer{}, err
	}
	headers, err := c.allowed(res, fetch.AllowHeaders)
	if err != nil {
		return answer{}, err
	}
	if res.Header[fetch.AllowMethods] == nil && c.upload && !c.engine.cachedSafelistedMethods {
		// This stops a repeat of the preflight if only the listener demands it. It
		// also allows a PUT that no list allows, by the standard.
		methods = []string{c.method}
	}
	return answer{methods, headers, res.Header}, nil
}

// allowed returns the list in a header of the response to a preflight.
func (c *call) allowed(res *http.Response, header string) ([]string, error) {
	list, ok := parseList(res.Header[header])
	if !ok {
		return nil, c.blocked(StepPreflightLists, header,
			fmt.Sprintf("is %s; it must be names separated by commas", quote(res.Header[header])))
	}
	return list, nil
}

// refusal returns why the answer does not allow the call, or nil if it does.
func (c *call) refusal(a answer, unsafe []string) error {
	if !fetch.IsSafelistedMethod(c.method) && !slices.Contains(a.methods, c.method) && !c.isWildcard(a.methods) {
		return c.lacks(StepPreflightMethod, fetch.AllowMethods, a, []string{c.method}, a.methods)
	}
	const authorization = "authorization"
	if !c.engine.authorizationUnderWildcard && c.sets(authorization) && !containsFold(a.headers, authorization) {
		return c.lacks(StepPreflightAuthorization, fetch.AllowHeaders, a, []string{authorization}, a.headers)
	}
	if c.isWildcard(a.headers) {
		return nil
	}
	missing := slices.DeleteFunc(slices.Clone(unsafe), func(name string) bool { return containsFold(a.headers, name) })
	if len(missing) > 0 {
		return c.lacks(StepPreflightHeaders, fetch.AllowHeaders, a, missing, a.headers)
	}
	return nil
}

// isWildcard reports whether list allows everything. With credentials, "*" is a
// name like any other.
func (c *call) isWildcard(list []string) bool {
	return !c.credentials && slices.Contains(list, "*")
}

func (c *call) sets(name string) bool {
	return slices.ContainsFunc(c.fields, func(f field) bool { return f.name == name })
}

// lacks blames a list for the names that are missing in it.
func (c *call) lacks(step Step, header string, a answer, missing, list []string) error {
	names := fmt.Sprintf("%q", missing[0])
	for _, name := range missing[1:] {
		names += fmt.Sprintf(" and %q", name)
	}
	detail := fmt.Sprintf("is absent; it must list %s", names)
	if lines := a.lines[header]; lines != nil {
		detail = fmt.Sprintf("is %s; it must list %s", quote(lines), names)
	}
	switch {
	case slices.Contains(list, "*") && c.credentials:
		detail += `, since "*" is no wildcard for a request with credentials`
	case slices.Contains(list, "*"):
		detail += `, which "*" does not cover`
	case step == StepPreflightMethod && containsFold(list, missing[0]):
		why := ", in the same case: the script wrote it that way, and browsers upper-case only " +
			"DELETE, GET, HEAD, OPTIONS, POST and PUT"
		if missing[0] == strings.ToUpper(missing[0]) {
			why = ", in upper case: browsers compare methods letter by letter"
		}
		detail += why
	}
	return c.blocked(step, header, detail)
}

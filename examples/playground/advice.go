package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/cors/corstest"
)

// An advice is what to change so that a blocked call goes further: the policy or the
// call, or neither if words are all there is.
type advice struct {
	Text   string `json:"text"`
	Policy policy `json:"policy"`
	Call   *call  `json:"call"`
}

// advise returns what to change in p or c, which led to the refusal b.
func advise(p policy, c call, o origins, b *corstest.BlockedError) *advice {
	changed := c
	inCall := func(text string) *advice { return &advice{Text: text, Call: &changed} }
	onPUTRoute := c.Path == "/hidden/7" || c.Path == "/routed/7"
	isPreflight := strings.HasPrefix(string(b.Step), "preflight")
	switch {
	case c.Path == "/private":
		changed.Path = "/notes"
		return inCall("This route has no CORS middleware. Wrap its handler, as /notes does.")
	case onPUTRoute && b.Method != http.MethodPut:
		changed.Method = http.MethodPut
		return inCall("This route serves PUT alone. ServeMux answers other methods itself, without CORS headers.")
	case c.Path == "/hidden/7" && isPreflight:
		changed.Path = "/routed/7"
		return inCall("The pattern \"PUT /hidden/{id}\" never sees the preflight, which is an OPTIONS request. Serve the mux through cors.RoutePreflights, as /routed/7 does.")
	case c.Path == "/routed/7" && isPreflight && p["OptionsPassthrough"] != "":
		return &advice{Text: "With OptionsPassthrough the handler would run on the preflight, which RoutePreflights never lets happen. Turn it off.", Policy: p.with("OptionsPassthrough", "")}
	case b.Step == corstest.StepPreflightStatus && p["OptionsPassthrough"] != "":
		return &advice{Text: "With OptionsPassthrough the handler answers the preflight, and its status must be 200 to 299. Turn it off.", Policy: p.with("OptionsPassthrough", "")}
	case b.Origin == "null" && c.Path == "/away" && c.Page != "null":
		changed.Path = "/notes"
		return inCall("A redirect from one foreign origin to another makes the Origin null. Call the last URL directly.")
	case b.Origin == "null" && (p["AllowedOrigins"] != "*" || c.Cookies != ""):
		changed.Page = "this"
		return inCall("Every sandboxed frame has the origin null, a stranger's as well, so no list can name it. Call from a page that has an origin.")
	}
	switch b.Step {
	case corstest.StepPreflightMethod:
		if upper := strings.ToUpper(b.Method); upper != b.Method {
			changed.Method = upper
			return inCall(fmt.Sprintf("Method names are case-sensitive, and browsers do not change %s. Write %s.", b.Method, upper))
		}
		return &advice{Text: "Add the method to AllowedMethods.", Policy: p.withLine("AllowedMethods", b.Method)}
	case corstest.StepPreflightHeaders, corstest.StepPreflightAuthorization:
		return allowHeaders(p, c, o)
	case corstest.StepPreflightCheck, corstest.StepCheck:
		return allowOrigin(p, c, b)
	}
	return nil
}

// allowHeaders returns how to allow the headers of c.
func allowHeaders(p policy, c call, o origins) *advice {
	r, _ := c.request(o)
	a := r.announces(o.page(c.Page), o.API+c.Path)
	if a == nil {
		return nil
	}
	var added []string
	next := p
	for _, name := range a.Headers {
		name = http.CanonicalHeaderKey(name)
		if !slices.ContainsFunc(splitLines(p["AllowedHeaders"]), func(s string) bool { return strings.EqualFold(s, name) }) {
			next, added = next.withLine("AllowedHeaders", name), append(added, name)
		}
	}
	if _, problems := next.options(); len(problems) > 0 {
		// Something that no policy allows, such as a response header.
		c.Headers = ""
		return &advice{Text: fmt.Sprintf("No policy allows this: %s. Leave the header out of the call.", problems[0].Detail), Call: &c}
	}
	return &advice{Text: "Add to AllowedHeaders: " + strings.Join(added, ", ") + ".", Policy: next}
}

// allowOrigin returns how to let the page of b, whose origin is not null, read.
func allowOrigin(p policy, c call, b *corstest.BlockedError) *advice {
	if b.Header == "Access-Control-Allow-Credentials" {
		return credentialed(p, "Set AllowCredentials: the call includes cookies.")
	}
	switch allowed := splitLines(p["AllowedOrigins"]); {
	case slices.Contains(allowed, "*") && c.Cookies != "":
		return credentialed(p.with("AllowedOrigins", b.Origin), "\"*\" does not cover a call with cookies. Name the origin, and set AllowCredentials.")
	case !slices.Contains(allowed, "*") && !slices.Contains(allowed, b.Origin):
		return &advice{Text: "Add the origin of the page to AllowedOrigins.", Policy: p.withLine("AllowedOrigins", b.Origin)}
	}
	return nil
}

// credentialed returns the advice to allow credentials in p.
func credentialed(p policy, text string) *advice {
	p = p.with("AllowCredentials", "true")
	if slices.Contains(splitLines(p["ExposedHeaders"]), "*") {
		p = p.with("ExposedHeaders", "ETag\nX-Cost")
		text += " Name the exposed headers too."
	}
	return &advice{Text: text, Policy: p}
}

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/cors/corstest"
)

// advise returns what to change in p or c, which led to the refusal b; nil if nothing
// is known. The browser announced these names of headers in its last preflight.
func advise(p policy, c call, announced []string, b *corstest.BlockedError) *advice {
	onPUTRoute := c.Path == "/hidden/7" || c.Path == "/routed/7"
	isPreflight := strings.HasPrefix(string(b.Step), "preflight")
	passthrough := p["OptionsPassthrough"] != ""
	switch {
	case c.Path == "/private":
		return inCall("This route has no CORS middleware. Wrap its handler, as /notes does.", "path", "/notes")
	case onPUTRoute && b.Method != http.MethodPut:
		return inCall("This route serves PUT alone. ServeMux answers other methods itself, without CORS headers.",
			"method", http.MethodPut)
	case c.Path == "/hidden/7" && isPreflight:
		return inCall(`The pattern "PUT /hidden/{id}" never sees the preflight, which is an OPTIONS request. `+
			"Serve the mux through cors.RoutePreflights, as /routed/7 does.", "path", "/routed/7")
	case c.Path == "/routed/7" && isPreflight && passthrough:
		return inPolicy("With OptionsPassthrough the handler would run on the preflight, "+
			"which RoutePreflights never lets happen. Turn it off.", change{Field: "OptionsPassthrough"})
	case b.Step == corstest.StepPreflightStatus && passthrough:
		return inPolicy("With OptionsPassthrough the handler answers the preflight, "+
			"and its status must be 200 to 299. Turn it off.", change{Field: "OptionsPassthrough"})
	case b.Origin == "null" && c.Path == "/away" && c.Page != "null":
		return inCall("A redirect from one foreign origin to another makes the Origin null. Call the last URL directly.",
			"path", "/notes")
	case b.Origin == "null" && (p["AllowedOrigins"] != "*" || c.Cookies != ""):
		return inCall("Every sandboxed frame has the origin null, a stranger's as well, so no list can name it. "+
			"Call from a page that has an origin.", "page", "this")
	}
	switch b.Step {
	case corstest.StepPreflightMethod:
		if upper := strings.ToUpper(b.Method); upper != b.Method {
			return inCall(fmt.Sprintf("Method names are case-sensitive, and browsers do not change %s. Write %s.",
				clip(b.Method), clip(upper)), "method", upper)
		}
		return inPolicy("Add the method to AllowedMethods.", addLines("AllowedMethods", b.Method))
	case corstest.StepPreflightHeaders, corstest.StepPreflightAuthorization:
		return allowHeaders(p, announced)
	case corstest.StepPreflightCheck, corstest.StepCheck:
		return allowOrigin(p, c, b)
	}
	return nil
}

// allowHeaders returns how to allow the headers that a browser announced.
func allowHeaders(p policy, announced []string) *advice {
	var added []string
	for _, name := range announced {
		isName := func(s string) bool { return strings.EqualFold(s, name) }
		if !slices.ContainsFunc(splitLines(p["AllowedHeaders"]), isName) {
			added = append(added, http.CanonicalHeaderKey(name))
		}
	}
	// Some headers no policy allows, a response header for one.
	for _, name := range added {
		add := addLines("AllowedHeaders", name)
		if _, problems := p.changed([]change{add}).options(); len(problems) > 0 {
			text := fmt.Sprintf("No policy allows %s: %s. Leave it out of the call.", clip(name), problems[0].Detail)
			return &advice{text, "call", []change{{Field: "headers", Remove: []string{name}}}}
		}
	}
	text := "Add to AllowedHeaders: " + shorten(strings.Join(added, ", ")) + "."
	return inPolicy(text, addLines("AllowedHeaders", added...))
}

// allowOrigin returns how to let the page of b, whose origin is not null, read.
func allowOrigin(p policy, c call, b *corstest.BlockedError) *advice {
	if b.Header == "Access-Control-Allow-Credentials" {
		return credentialed(p, "Set AllowCredentials: the call includes cookies.")
	}
	add := addLines("AllowedOrigins", b.Origin)
	switch allowed := splitLines(p["AllowedOrigins"]); {
	case slices.Contains(allowed, "*") && c.Cookies != "":
		add.Remove = []string{"*"}
		return credentialed(p, `"*" does not cover a call with cookies. Name the origin, and set AllowCredentials.`, add)
	case !slices.Contains(allowed, "*") && !slices.Contains(allowed, b.Origin):
		return inPolicy("Add the origin of the page to AllowedOrigins.", add)
	}
	return nil
}

// credentialed returns the advice to allow credentials in p.
func credentialed(p policy, text string, changes ...change) *advice {
	changes = append(changes, change{Field: "AllowCredentials", Set: "true"})
	if slices.Contains(splitLines(p["ExposedHeaders"]), "*") {
		text += " Name the exposed headers too."
		exposed := addLines("ExposedHeaders", "ETag", "X-Cost")
		exposed.Remove = []string{"*"}
		changes = append(changes, exposed)
	}
	return inPolicy(text, changes...)
}

package main

// meanings says what each header of the conversation is for, by its name in lower
// case.
var meanings = map[string]string{
	"origin": "The origin of the page that makes the call. The browser sets it, and no " +
		"script can change it.",
	"access-control-request-method":    "The method that the page wants to use.",
	"access-control-request-headers":   "The headers that the page wants to set and that a form could not send.",
	"access-control-allow-origin":      "The one origin that may read this response, or * for every origin.",
	"access-control-allow-credentials": "Says true if the page may read a response to a call with cookies.",
	"access-control-allow-methods":     "The methods that pages may use besides GET, HEAD and POST.",
	"access-control-allow-headers":     "The request headers that pages may set.",
	"access-control-expose-headers":    "The response headers that the page may read besides the basic ones.",
	"access-control-max-age":           "How many seconds the browser may keep this answer and skip the preflight.",
	"vary":                             "Tells caches that the response depends on these request headers.",
	"allow":                            "The methods that the router has for this path. It has no part in CORS.",
	"authorization":                    "A token that the page sets itself. The preflight must allow it by name.",
	"content-type":                     "The type of the body. A form's types need no preflight, JSON does.",
	"cookie":                           "Sent because the call includes credentials and the cookie's own rules allow it.",
	"set-cookie": "The browser keeps this cookie only if the call includes credentials. No " +
		"script can read it here.",
	"location": "Where the browser goes next. The next response needs CORS headers too.",
	"etag":     "The version of the note. A page may read it if ExposedHeaders names it.",
	"x-cost":   "A header of this API. A page may read it if ExposedHeaders names it.",
}

package conformance_test

// A departure is what an engine does in a case where corstest does something else:
// its engines do not simulate everything. Where they do, what the engine does has to
// be corstest's idea of it.
type departure struct{ reason, outcome string }

// The ways in which engines were seen to depart from corstest: Chromium 156, Firefox
// 153 ESR and WebKitGTK 2.50.6.
const (
	nullForm          = "a form that the page's own server redirects to another origin has the origin null"
	beaconFromFrame   = "a beacon of a sandboxed frame has the origin of the page around it"
	keptCookies       = "a call that the page's own server redirects keeps its cookies"
	plainPreflight    = "the preflight for a plain http URL has Sec-Fetch-Mode, and no other of these headers"
	keptOriginOfWrite = "a write from an https page to an http URL has the origin of the page"
	mixedContent      = "an https page cannot call http://localhost"
	keptOrigin        = "the GET that a redirect makes of a POST keeps Origin"
	rewrittenRange    = "a single range is written anew"
	utf8Values        = "characters above U+007F are sent in UTF-8"
	signedRange       = "the numbers of a safelisted range may have a sign"
	deleteBecomesGet  = "a DELETE that is redirected to another origin becomes a GET"
	smallHeader       = "a response has at most 64 KiB of header"
	idleListener      = "an upload listener of a request without a body demands no preflight"
)

// departures are by engine and case.
var departures = map[string]map[string]departure{
	"chromium": {
		"request: upload of nothing": {idleListener, "200 content-length=5 content-type=text/plain <- GET"},
		"bytes: Range Bytes=00-01 on the wire": {
			rewrittenRange, "200 content-length=5 content-type=text/plain <- preflight GET [range]; GET range=\"bytes=0-1\"",
		},
		"bytes: Range bytes=007- on the wire": {
			rewrittenRange, "200 content-length=5 content-type=text/plain <- GET range=\"bytes=7-\"",
		},
		"bytes: Range bytes= 1 - 2 on the wire": {
			rewrittenRange, "200 content-length=5 content-type=text/plain <- preflight GET [range]; GET range=\"bytes=1-2\"",
		},
		`site: page "http://app.site.example", PUT to "http://api.site.example" `: {
			plainPreflight,
			"200 content-length=5 content-type=text/plain <- preflight PUT on api.site.example (cors); PUT on " +
				"api.site.example without metadata",
		},
		`site: page "", PUT to "http://other.example" `: {
			plainPreflight,
			"200 content-length=5 content-type=text/plain <- preflight PUT on other.example (cors); PUT on other.example " +
				"without metadata",
		},
		`site: page "https://app.site.example", POST to "localhost" no-cors`: {
			keptOriginOfWrite, "opaque <- POST on localhost (cross-site no-cors empty)",
		},
	},
	"webkit": {
		`bytes: X-A "é" on the wire`: {
			utf8Values, `200 content-length=5 content-type=text/plain <- preflight GET [x-a]; GET x-a="é"`,
		},
		`bytes: X-A "\u0080ÿ" on the wire`: {
			utf8Values, `200 content-length=5 content-type=text/plain <- preflight GET [x-a]; GET x-a="\u0080ÿ"`,
		},
		"taken: a header of 250000 bytes":                 {smallHeader, "blocked <- GET"},
		"taken: a header of 270000 bytes":                 {smallHeader, "blocked <- GET"},
		"taken: a header of 380000 bytes":                 {smallHeader, "blocked <- GET"},
		"taken: a header of 400000 bytes":                 {smallHeader, "blocked <- GET"},
		"taken: a header of 270000 bytes for a preflight": {smallHeader, "blocked <- preflight PUT"},
		"taken: a header of 400000 bytes for a preflight": {smallHeader, "blocked <- preflight PUT"},
		"taken: headers of 250000 bytes":                  {smallHeader, "blocked <- GET"},
		"taken: headers of 400000 bytes":                  {smallHeader, "blocked <- GET"},
		"taken: a header of 270000 bytes without CORS": {
			smallHeader, "blocked <- GET without origin (same-site no-cors empty)",
		},
		"redirected: DELETE, 307 elsewhere": {
			deleteBecomesGet,
			"200 content-length=5 content-type=text/plain <- preflight DELETE; DELETE; preflight GET /next elsewhere from " +
				"null (cross-site cors empty); GET /next elsewhere from null without metadata",
		},
		"redirected: DELETE, 307 from home": {
			deleteBecomesGet,
			"200 content-length=5 content-type=text/plain <- DELETE at home with cookie; GET /next without metadata",
		},
		"bytes: Range bytes=+1-2": {signedRange, "200 content-length=5 content-type=text/plain <- GET"},
		"bytes: Range bytes=1-+2": {signedRange, "200 content-length=5 content-type=text/plain <- GET"},
		"metadata: frame, POST beacon": {
			beaconFromFrame, "sent <- POST with cookie (cross-site no-cors empty)",
		},
		`metadata: page "", POST from home to API no-cors`: {
			keptCookies,
			"opaque <- POST at home with cookie (same-origin no-cors empty) as text/plain; POST /next with cookie " +
				"(same-site no-cors empty) as text/plain",
		},
		"write: no-cors POST, 302 to API": {
			keptOrigin, "opaque <- POST (same-site no-cors empty) as text/plain; GET /next (same-site no-cors empty)",
		},
		"write: beacon POST, 302 to API": {
			keptOrigin,
			"sent <- POST with cookie (same-site no-cors empty) as text/plain; GET /next with cookie (same-site no-cors empty)",
		},
		"write: no-cors POST home, 302 to API": {
			keptCookies,
			"opaque <- POST at home with cookie (same-origin no-cors empty) as text/plain; GET /next without origin with " +
				"cookie (same-site no-cors empty)",
		},
		"write: no-cors POST home, 307 to API": {
			keptCookies,
			"opaque <- POST at home with cookie (same-origin no-cors empty) as text/plain; POST /next with cookie " +
				"(same-site no-cors empty) as text/plain",
		},
		"write: form POST home, 307 to API": {
			nullForm,
			"sent <- POST at home with cookie (same-origin navigate document) as application/x-www-form-urlencoded; POST " +
				"/next from null with cookie (same-site navigate document) as application/x-www-form-urlencoded",
		},
		`site: page "https://app.site.example", GET to "localhost" `:         {mixedContent, "blocked <- "},
		`site: page "https://app.site.example", PUT to "localhost" `:         {mixedContent, "blocked <- "},
		`site: page "https://app.site.example", POST to "localhost" no-cors`: {mixedContent, "blocked <- "},
	},
}

package conformance_test

// A departure is what an engine does in a case where it is not what the standard
// says.
type departure struct{ reason, outcome string }

// The ways in which engines were seen to depart: Chromium 156, Firefox 153 ESR and
// WebKitGTK 2.50.6.
const (
	authorizationUnderWildcard = `"*" covers Authorization`
	clientHints                = "client hints are safelisted"
	userAgent                  = "User-Agent is announced to nobody"
	severalHeaders             = "several headers of one name are judged as one"
	largeRange                 = "the ends of a safelisted range fit in 64 bits"
	negativeMaxAge             = "a negative max-age counts as 0"
	malformedMaxAge            = "a malformed max-age counts as 0"
	cachedSafelisted           = "a cached answer serves every safelisted method"
	cachedHEAD                 = "a cached answer serves HEAD only if it lists it"
	cachedWildcard             = `a cached "*" matches nothing`
	cachedCredentials          = "an answer to a request with credentials serves no other"
	keptAfterFailure           = "a response that fails its check drops no answers"
	keptRefusal                = "an answer is kept even if it refuses"
	severalPlaces              = "of several places to go, the first will do"
	preflightAfterSeeOther     = "what a 303 turns into a GET is preflighted again"
	preflightFromPage          = "the preflight after a redirect to another origin still has the origin of the page"
	announcedAuthorization     = "the preflight after a redirect announces an Authorization that is not sent"
	lonePreflight              = "Sec-Fetch-Site of a preflight after a redirect tells of its own URL alone"
	crossSiteRedirects         = "Sec-Fetch-Site after a redirect is cross-site, unless all URLs are of the page's origin"
	lostMetadata               = "a call with CORS loses its Sec-Fetch headers when it is redirected to another origin"
	nullWrites                 = "a write that the page's own server redirects to another origin has the origin null"
	nullForm                   = "a form that the page's own server redirects to another origin has the origin null"
	beaconFromFrame            = "a beacon of a sandboxed frame has the origin of the page around it"
	keptCookies                = "a call that the page's own server redirects keeps its cookies"
	plainPreflight             = "the preflight for a plain http URL has Sec-Fetch-Mode, and no other of these headers"
	keptOriginOfWrite          = "a write from an https page to an http URL has the origin of the page"
	mixedContent               = "an https page cannot call http://localhost"
	keptOrigin                 = "the GET that a redirect makes of a POST keeps Origin"
)

// notSimulated are the reasons that corstest's engines do not know. For all others
// its idea of an engine has to be right as well.
var notSimulated = map[string]bool{
	clientHints:            true,
	userAgent:              true,
	severalHeaders:         true,
	largeRange:             true,
	severalPlaces:          true,
	preflightAfterSeeOther: true,
	preflightFromPage:      true,
	announcedAuthorization: true,
	nullForm:               true,
	beaconFromFrame:        true,
	keptCookies:            true,
	keptOrigin:             true,
	plainPreflight:         true,
	keptOriginOfWrite:      true,
	mixedContent:           true,
}

// departures are by engine and case.
var departures = map[string]map[string]departure{
	"chromium": {
		"preflight: authorization under *": {
			authorizationUnderWildcard,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization]; GET authorized",
		},
		"preflight: authorization under *, PUT": {
			authorizationUnderWildcard,
			"200 content-length=5 content-type=text/plain <- preflight PUT [authorization]; PUT authorized",
		},
		`request: "Range: bytes=18446744073709551615-18446744073709551616"`: {
			largeRange, "200 content-length=5 content-type=text/plain <- preflight GET [range]; GET",
		},
		`request: "Dpr: 1"`:        {clientHints, "200 content-length=5 content-type=text/plain <- GET"},
		`request: "Save-Data: on"`: {clientHints, "200 content-length=5 content-type=text/plain <- GET"},
		`request: "Downlink: 1"`:   {clientHints, "200 content-length=5 content-type=text/plain <- GET"},
		`request: "User-Agent: x"`: {userAgent, "200 content-length=5 content-type=text/plain <- GET"},
		"request: Accept-Language 7 times": {
			severalHeaders, "200 content-length=5 content-type=text/plain <- preflight GET [accept-language]; GET",
		},
		"request: Accept-Language 9 times": {
			severalHeaders, "200 content-length=5 content-type=text/plain <- preflight GET [accept-language]; GET",
		},
		`cache: max-age "-1"`: {
			negativeMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		"cache: upload after PUT": {
			cachedSafelisted,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; POST",
		},
		"cache: the request fails": {keptAfterFailure, "blocked; blocked <- preflight PUT; PUT; PUT"},
		"redirect: two places":     {severalPlaces, "200 content-length=5 content-type=text/plain <- GET; GET /next"},
		"generated 28": {
			authorizationUnderWildcard,
			"blocked; blocked <- preflight OPTIONS [authorization,x-b]; OPTIONS authorized; preflight DELETE [x-a]; DELETE",
		},
		"generated 123": {
			authorizationUnderWildcard,
			"200 cache-control=no-store content-length=5 content-type=text/plain x-one=1; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain x-one=1 <- preflight PATCH [authorization]; PATCH authorized; HEAD",
		},
		"generated 142": {keptAfterFailure, "blocked; blocked <- preflight patch; patch; patch"},
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
	"firefox": {
		"preflight: authorization under *": {
			authorizationUnderWildcard,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization]; GET authorized",
		},
		"preflight: authorization under *, PUT": {
			authorizationUnderWildcard,
			"200 content-length=5 content-type=text/plain <- preflight PUT [authorization]; PUT authorized",
		},
		`request: "Range: bytes=18446744073709551615-18446744073709551616"`: {
			largeRange, "200 content-length=5 content-type=text/plain <- preflight GET [range]; GET",
		},
		"request: Accept-Language 7 times": {
			severalHeaders, "200 content-length=5 content-type=text/plain <- preflight GET [accept-language]; GET",
		},
		"request: Accept-Language 9 times": {
			severalHeaders, "200 content-length=5 content-type=text/plain <- preflight GET [accept-language]; GET",
		},
		`cache: max-age "-1"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		`cache: max-age "abc"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		`cache: max-age "1.5"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		`cache: max-age "+600"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		`cache: max-age "600, 600"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		`cache: max-age "600|600"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		`cache: max-age "0|600"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		`cache: max-age "1e3"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		`cache: max-age "600;"`: {
			malformedMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		"cache: any method": {
			cachedWildcard,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PATCH; PATCH",
		},
		"cache: any header": {
			cachedWildcard,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight GET [x-a]; GET; preflight GET [x-b]; GET",
		},
		"cache: credentials, then none": {
			cachedCredentials,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT with cookie; preflight PUT; PUT",
		},
		"cache: HEAD after PUT": {
			cachedHEAD,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight HEAD [x-a]; HEAD",
		},
		"cache: upload after PUT": {
			cachedSafelisted,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; POST",
		},
		"redirect: PUT, 303": {
			preflightAfterSeeOther,
			"200 content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight GET /next; GET /next",
		},
		"redirect: two places": {
			severalPlaces, "200 content-length=5 content-type=text/plain <- GET; GET /next",
		},
		`redirect: PUT elsewhere, origin "PAGE"`: {
			preflightFromPage, "blocked <- preflight PUT; PUT; preflight PUT /next elsewhere; PUT /next elsewhere from null",
		},
		`redirect: PUT home, origin "PAGE"`: {
			preflightFromPage, "blocked <- preflight PUT; PUT; preflight PUT /next at home; PUT /next at home from null",
		},
		`redirect: PUT elsewhere, origin "null"`: {
			preflightFromPage, "blocked <- preflight PUT; PUT; preflight PUT /next elsewhere",
		},
		`redirect: PUT home, origin "null"`: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT /next at home; PUT /next at " +
				"home from null",
		},
		`redirect: PUT elsewhere, origin "*"`: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT /next elsewhere; PUT /next " +
				"elsewhere from null",
		},
		`redirect: PUT home, origin "*"`: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT /next at home; PUT /next at " +
				"home from null",
		},
		`redirect: X-A elsewhere, origin "PAGE"`: {
			preflightFromPage,
			"blocked <- preflight GET [authorization,x-a]; GET authorized; preflight GET [x-a] /next elsewhere; GET /next " +
				"elsewhere from null",
		},
		`redirect: X-A home, origin "PAGE"`: {
			preflightFromPage,
			"blocked <- preflight GET [authorization,x-a]; GET authorized; preflight GET [x-a] /next at home; GET /next at " +
				"home from null",
		},
		`redirect: X-A elsewhere, origin "null"`: {
			preflightFromPage,
			"blocked <- preflight GET [authorization,x-a]; GET authorized; preflight GET [x-a] /next elsewhere",
		},
		`redirect: X-A home, origin "null"`: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization,x-a]; GET authorized; preflight " +
				"GET [x-a] /next at home; GET /next at home from null",
		},
		`redirect: X-A elsewhere, origin "*"`: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization,x-a]; GET authorized; preflight " +
				"GET [x-a] /next elsewhere; GET /next elsewhere from null",
		},
		`redirect: X-A home, origin "*"`: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization,x-a]; GET authorized; preflight " +
				"GET [x-a] /next at home; GET /next at home from null",
		},
		"policy open to everything: methods": {
			cachedWildcard,
			"200 access-control-allow-origin=* cache-control=no-store content-length=5 content-type=text/plain x-one=1 " +
				"x-two=2; 200 access-control-allow-origin=* cache-control=no-store content-length=5 content-type=text/plain " +
				"x-one=1 x-two=2; 200 access-control-allow-origin=* cache-control=no-store content-length=5 " +
				"content-type=text/plain x-one=1 x-two=2 <- preflight PUT; PUT; preflight PATCH; PATCH; preflight DELETE; DELETE",
		},
		"generated 28": {
			authorizationUnderWildcard,
			"blocked; blocked <- preflight OPTIONS [authorization,x-b]; OPTIONS authorized; preflight DELETE [x-a]; DELETE",
		},
		"generated 123": {
			authorizationUnderWildcard,
			"200 cache-control=no-store content-length=5 content-type=text/plain x-one=1; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain x-one=1 <- preflight PATCH [authorization]; PATCH authorized; HEAD",
		},
		`metadata: page "", PUT from "" to OTHER `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT; PUT as text/plain; preflight PUT /next " +
				"elsewhere; PUT /next elsewhere from null (cross-site cors empty) as text/plain",
		},
		`metadata: page "", PUT from "" to PAGE `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT; PUT as text/plain; preflight PUT /next at home; " +
				"PUT /next at home from null (cross-site cors empty) as text/plain",
		},
		`metadata: page "", PUT from "" to STRANGER `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT; PUT as text/plain; preflight PUT /next on " +
				"api.else.localhost (cross-site cors empty); PUT /next on api.else.localhost from null (cross-site cors empty) " +
				"as text/plain",
		},
		`metadata: page "", PUT from "api.else.localhost" to PAGE `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT on api.else.localhost (cross-site cors empty); " +
				"PUT on api.else.localhost (cross-site cors empty) as text/plain; preflight PUT /next at home; PUT /next at " +
				"home from null (cross-site cors empty) as text/plain",
		},
		`metadata: page "", PUT from "api.else.localhost" to API `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT on api.else.localhost (cross-site cors empty); " +
				"PUT on api.else.localhost (cross-site cors empty) as text/plain; preflight PUT /next; PUT /next from null " +
				"(cross-site cors empty) as text/plain",
		},
		`metadata: page "app.site.localhost", PUT from "api.site.localhost" to APP `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT on api.site.localhost; PUT on api.site.localhost " +
				"as text/plain; preflight PUT /next at home on app.site.localhost (same-origin cors empty); PUT /next at home " +
				"on app.site.localhost from null (cross-site cors empty) as text/plain",
		},
		`metadata: page "app.site.localhost", PUT from "api.site.localhost" to STRANGER `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT on api.site.localhost; PUT on api.site.localhost " +
				"as text/plain; preflight PUT /next on api.else.localhost (cross-site cors empty); PUT /next on " +
				"api.else.localhost from null (cross-site cors empty) as text/plain",
		},
		`metadata: page "app.site.localhost", PUT from "api.else.localhost" to APP `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT on api.else.localhost (cross-site cors empty); " +
				"PUT on api.else.localhost (cross-site cors empty) as text/plain; preflight PUT /next at home on " +
				"app.site.localhost (same-origin cors empty); PUT /next at home on app.site.localhost from null (cross-site " +
				"cors empty) as text/plain",
		},
		`metadata: page "app.site.localhost", PUT from "api.else.localhost" to SIBLING `: {
			preflightFromPage,
			"200 content-length=5 content-type=text/plain <- preflight PUT on api.else.localhost (cross-site cors empty); " +
				"PUT on api.else.localhost (cross-site cors empty) as text/plain; preflight PUT /next on api.site.localhost; " +
				"PUT /next on api.site.localhost from null (cross-site cors empty) as text/plain",
		},
	},
	"webkit": {
		"preflight: authorization under *": {
			authorizationUnderWildcard,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization]; GET authorized",
		},
		"preflight: authorization under *, PUT": {
			authorizationUnderWildcard,
			"200 content-length=5 content-type=text/plain <- preflight PUT [authorization]; PUT authorized",
		},
		`request: "Range: bytes=18446744073709551615-18446744073709551616"`: {
			largeRange, "200 content-length=5 content-type=text/plain <- preflight GET [range]; GET",
		},
		"request: Accept-Language 7 times": {
			severalHeaders, "200 content-length=5 content-type=text/plain <- preflight GET [accept-language]; GET",
		},
		"request: Accept-Language 9 times": {
			severalHeaders, "200 content-length=5 content-type=text/plain <- preflight GET [accept-language]; GET",
		},
		`cache: max-age "-1"`: {
			negativeMaxAge,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT; PUT",
		},
		"cache: refused in between": {
			keptRefusal,
			"200 cache-control=no-store content-length=5 content-type=text/plain; blocked; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight PUT [x-a]; PUT",
		},
		"cache: upload after PUT": {
			cachedSafelisted,
			"200 cache-control=no-store content-length=5 content-type=text/plain; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain <- preflight PUT; PUT; POST",
		},
		"cache: the request fails": {
			keptAfterFailure, "blocked; blocked <- preflight PUT; PUT; PUT",
		},
		"redirect: PUT, 303": {
			preflightAfterSeeOther,
			"200 content-length=5 content-type=text/plain <- preflight PUT; PUT; preflight GET /next; GET /next",
		},
		"redirect: two places": {severalPlaces, "blocked <- GET; GET /next,"},
		`redirect: X-A elsewhere, origin "PAGE"`: {
			announcedAuthorization,
			"blocked <- preflight GET [authorization,x-a]; GET authorized; preflight GET [authorization,x-a] /next " +
				"elsewhere from null",
		},
		`redirect: X-A home, origin "PAGE"`: {
			announcedAuthorization,
			"blocked <- preflight GET [authorization,x-a]; GET authorized; preflight GET [authorization,x-a] /next at home " +
				"from null",
		},
		`redirect: X-A elsewhere, origin "null"`: {
			announcedAuthorization,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization,x-a]; GET authorized; preflight " +
				"GET [authorization,x-a] /next elsewhere from null; GET /next elsewhere from null",
		},
		`redirect: X-A home, origin "null"`: {
			announcedAuthorization,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization,x-a]; GET authorized; preflight " +
				"GET [authorization,x-a] /next at home from null; GET /next at home from null",
		},
		`redirect: X-A elsewhere, origin "*"`: {
			announcedAuthorization,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization,x-a]; GET authorized; preflight " +
				"GET [authorization,x-a] /next elsewhere from null; GET /next elsewhere from null",
		},
		`redirect: X-A home, origin "*"`: {
			announcedAuthorization,
			"200 content-length=5 content-type=text/plain <- preflight GET [authorization,x-a]; GET authorized; preflight " +
				"GET [authorization,x-a] /next at home from null; GET /next at home from null",
		},
		`redirect: X-A from home, origin "PAGE"`: {
			announcedAuthorization,
			"200 content-length=5 content-type=text/plain <- GET at home without origin with cookie authorized; preflight " +
				"GET [authorization,x-a] /next; GET /next",
		},
		`redirect: X-A from home, origin "null"`: {
			announcedAuthorization,
			"blocked <- GET at home without origin with cookie authorized; preflight GET [authorization,x-a] /next",
		},
		"generated 28": {
			authorizationUnderWildcard,
			"blocked; blocked <- preflight OPTIONS [authorization,x-b]; OPTIONS authorized; preflight DELETE [x-a]; DELETE",
		},
		"generated 64": {keptRefusal, "blocked; blocked <- preflight PUT [authorization]; DELETE"},
		"generated 115": {
			keptRefusal,
			"blocked; 200 cache-control=no-store content-length=5 content-type=text/plain x-one=1 x-two=2 <- preflight HEAD " +
				"[authorization]; DELETE",
		},
		"generated 123": {
			authorizationUnderWildcard,
			"200 cache-control=no-store content-length=5 content-type=text/plain x-one=1; 200 cache-control=no-store " +
				"content-length=5 content-type=text/plain x-one=1 <- preflight PATCH [authorization]; PATCH authorized; HEAD",
		},
		"generated 142": {
			keptAfterFailure, "blocked; blocked <- preflight patch; patch; patch",
		},
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

// asSimulated are departures that corstest's engines have as well, by engine and
// reason. What an engine does in these cases has to be corstest's idea of it.
var asSimulated = map[string]map[string][]string{
	"chromium": {
		lonePreflight: {
			`metadata: page "", PUT from "" to PAGE `,
			`metadata: page "", PUT from "api.else.localhost" to PAGE `,
			`metadata: page "", PUT from "api.else.localhost" to API `,
			`metadata: page "app.site.localhost", PUT from "api.site.localhost" to APP `,
			`metadata: page "app.site.localhost", PUT from "api.else.localhost" to APP `,
			`metadata: page "app.site.localhost", PUT from "api.else.localhost" to SIBLING `,
		},
		nullWrites: {
			`metadata: page "", POST from home to API no-cors`,
			`metadata: page "app.site.localhost", POST from home to SIBLING no-cors`,
			"write: no-cors POST home, 307 to API",
			"write: form POST home, 307 to API",
			"write: beacon POST home, 307 to API",
		},
	},
	"firefox": {
		crossSiteRedirects: {
			`metadata: page "", GET from "" to API `,
			`metadata: page "", PUT from "" to API `,
			`metadata: page "", POST from "" to API no-cors`,
			`metadata: page "", GET from "" to OTHER `,
			`metadata: page "", POST from "" to OTHER no-cors`,
			`metadata: page "", GET from "" to PAGE `,
			`metadata: page "", POST from "" to PAGE no-cors`,
			`metadata: page "", GET from home to API `,
			`metadata: page "", PUT from home to API `,
			`metadata: page "", POST from home to API no-cors`,
			`metadata: page "app.site.localhost", GET from "api.site.localhost" to SIBLING `,
			`metadata: page "app.site.localhost", PUT from "api.site.localhost" to SIBLING `,
			`metadata: page "app.site.localhost", POST from "api.site.localhost" to SIBLING no-cors`,
			`metadata: page "app.site.localhost", GET from "api.site.localhost" to APP `,
			`metadata: page "app.site.localhost", POST from "api.site.localhost" to APP no-cors`,
			`metadata: page "app.site.localhost", GET from home to SIBLING `,
			`metadata: page "app.site.localhost", PUT from home to SIBLING `,
			`metadata: page "app.site.localhost", POST from home to SIBLING no-cors`,
			"write: no-cors POST, 302 to API",
			"write: form POST, 302 to API",
			"write: beacon POST, 302 to API",
			"write: no-cors POST, 302 to PAGE",
			"write: form POST, 302 to PAGE",
			"write: beacon POST, 302 to PAGE",
			"write: no-cors POST, 302 to OTHER",
			"write: form POST, 302 to OTHER",
			"write: beacon POST, 302 to OTHER",
			"write: no-cors POST home, 302 to API",
			"write: form POST home, 302 to API",
			"write: beacon POST home, 302 to API",
			"write: no-cors POST, 307 to API",
			"write: form POST, 307 to API",
			"write: beacon POST, 307 to API",
			"write: no-cors POST, 307 to PAGE",
			"write: form POST, 307 to PAGE",
			"write: beacon POST, 307 to PAGE",
			"write: no-cors POST, 307 to OTHER",
			"write: form POST, 307 to OTHER",
			"write: beacon POST, 307 to OTHER",
			"write: no-cors POST home, 307 to API",
			"write: form POST home, 307 to API",
			"write: beacon POST home, 307 to API",
		},
	},
	"webkit": {
		lostMetadata: {
			`metadata: page "", GET from "" to OTHER `,
			`metadata: page "", PUT from "" to OTHER `,
			`metadata: page "", GET from "" to PAGE `,
			`metadata: page "", PUT from "" to PAGE `,
			`metadata: page "", GET from "" to STRANGER `,
			`metadata: page "", PUT from "" to STRANGER `,
			`metadata: page "", GET from home to API `,
			`metadata: page "", PUT from home to API `,
			`metadata: page "", GET from "api.else.localhost" to PAGE `,
			`metadata: page "", PUT from "api.else.localhost" to PAGE `,
			`metadata: page "", GET from "api.else.localhost" to API `,
			`metadata: page "", PUT from "api.else.localhost" to API `,
			`metadata: page "app.site.localhost", GET from "api.site.localhost" to APP `,
			`metadata: page "app.site.localhost", PUT from "api.site.localhost" to APP `,
			`metadata: page "app.site.localhost", GET from "api.site.localhost" to STRANGER `,
			`metadata: page "app.site.localhost", PUT from "api.site.localhost" to STRANGER `,
			`metadata: page "app.site.localhost", GET from home to SIBLING `,
			`metadata: page "app.site.localhost", PUT from home to SIBLING `,
			`metadata: page "app.site.localhost", GET from "api.else.localhost" to APP `,
			`metadata: page "app.site.localhost", PUT from "api.else.localhost" to APP `,
			`metadata: page "app.site.localhost", GET from "api.else.localhost" to SIBLING `,
			`metadata: page "app.site.localhost", PUT from "api.else.localhost" to SIBLING `,
		},
	},
}

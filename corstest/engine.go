package corstest

import "fmt"

// An Engine is the browser engine that a [Browser] plays. The engines agree with
// the standard on nearly everything. Each constant lists where its engine was seen
// to depart in what a server's developer may notice.
//
// An engine follows the newest release that the tests of this package saw. So a
// minor version of this module may change what an engine sends, and whether a call
// is blocked. EngineStandard follows the standard as it is maintained.
//
// Tests hold this package against the three browsers. docs/engines.md in the
// repository of this module lists all departures that they found, with those that
// are not simulated.
type Engine int

const (
	// EngineStandard is the Fetch standard. It does not limit the max-age of
	// preflights.
	EngineStandard Engine = iota

	// EngineChromium plays version 156. It keeps an answer for at most two hours. It
	// keeps only one answer for each origin and URL, and a new answer replaces it
	// whole. In the response to a preflight, `*` in Access-Control-Allow-Headers
	// covers Authorization; in a cached answer it does not.
	EngineChromium

	// EngineFirefox plays version 153 ESR. It keeps an answer for at most a day. A
	// request without credentials never uses the answer to one with credentials, and
	// a cached `*` matches nothing. Any failure of a call drops the answers for its
	// URL. `*` in Access-Control-Allow-Headers covers Authorization.
	EngineFirefox

	// EngineWebKit plays WebKitGTK 2.50.6. It keeps an answer for at most ten minutes.
	// It keeps only one answer for each origin and URL, and a new answer replaces it
	// whole, even if it does not allow the request. `*` in Access-Control-Allow-Headers
	// covers Authorization. A call with CORS has no Sec-Fetch headers once it was
	// redirected to another origin.
	EngineWebKit
)

// String returns the name of the engine: "Standard", "Chromium", "Firefox" or
// "WebKit".
func (e Engine) String() string {
	switch e {
	case EngineStandard:
		return "Standard"
	case EngineChromium:
		return "Chromium"
	case EngineFirefox:
		return "Firefox"
	case EngineWebKit:
		return "WebKit"
	}
	return fmt.Sprintf("Engine(%d)", int(e))
}

// conduct is how an engine behaves where that matters here. The zero value follows
// the standard.
type conduct struct {
	// maxAgeCap is in seconds; 0 means none.
	maxAgeCap int64
	maxAge    maxAgeSyntax

	// authorizationUnderWildcard means that `*` in the response to a preflight
	// covers Authorization.
	authorizationUnderWildcard bool
	// anyCaseRangeUnit means that "Bytes=0-" is safelisted.
	anyCaseRangeUnit bool

	// lonePreflightSite means that Sec-Fetch-Site of a preflight tells of its own URL
	// alone, not of those that redirected to it.
	lonePreflightSite bool
	// nullPreflightSite means that it is cross-site if redirects made the origin null.
	nullPreflightSite bool
	// redirectsCrossSite means that after a redirect Sec-Fetch-Site is cross-site,
	// unless all URLs have the origin of the page.
	redirectsCrossSite bool
	// losesMetadata means that a call with CORS has no Sec-Fetch headers once it was
	// redirected to another origin.
	losesMetadata bool
	// nullsWrites means that a call without CORS has the origin null once it was
	// redirected to another origin, even if the redirect was by the page's own.
	nullsWrites bool

	// The rest is about the cache.

	// cachedAuthorizationUnderWildcard means that a cached `*` covers Authorization.
	cachedAuthorizationUnderWildcard bool
	// cachedSafelistedMethods means that an answer covers safelisted methods without
	// listing them. By the standard, an absent list names the method of a request
	// with an upload listener, and so allows methods that nobody listed. Only such
	// requests show the difference.
	cachedSafelistedMethods bool
	// cachedHEADListed means that an answer covers HEAD only if it lists it.
	cachedHEADListed bool
	// oneAnswer means that a new answer replaces all older ones for its origin and
	// URL.
	oneAnswer bool
	// ownCredentials means that answers to requests with credentials serve no others.
	ownCredentials bool
	// noCachedWildcard means that a cached `*` matches nothing.
	noCachedWildcard bool
	// plainWildcard means that a cached `*` matches only if it answered a request
	// without credentials.
	plainWildcard bool
	// keepsRefusals means that an answer is cached even if it refuses the request.
	keepsRefusals bool
	// ignoresZeroMaxAge means that an answer with max-age 0 does not end older ones.
	ignoresZeroMaxAge bool
	// taintedUncached means that a call with an origin that redirects made null
	// neither uses nor fills the cache.
	taintedUncached bool
	// clears says which failures after the preflight make the browser forget.
	clears clearing
}

// clearing says when a failed response, CORS check or redirect makes a browser
// forget the answers for the URL. Every browser forgets them after a failed
// preflight.
type clearing int

const (
	clearIfPreflighted clearing = iota // if the request is of the kind that needs a preflight
	clearAlways
	clearNever
)

func (e Engine) conduct() conduct {
	switch e {
	case EngineChromium:
		return conduct{
			maxAgeCap:                  7200,
			maxAge:                     maxAgeInteger,
			authorizationUnderWildcard: true,
			lonePreflightSite:          true,
			nullsWrites:                true,
			cachedSafelistedMethods:    true,
			oneAnswer:                  true,
			plainWildcard:              true,
			taintedUncached:            true,
			clears:                     clearNever,
		}
	case EngineFirefox:
		return conduct{
			maxAgeCap:                  86400,
			maxAge:                     maxAgeDigits,
			authorizationUnderWildcard: true,
			lonePreflightSite:          true,
			redirectsCrossSite:         true,
			cachedSafelistedMethods:    true,
			cachedHEADListed:           true,
			ownCredentials:             true,
			noCachedWildcard:           true,
			ignoresZeroMaxAge:          true,
			clears:                     clearAlways,
		}
	case EngineWebKit:
		return conduct{
			maxAgeCap:                        600,
			maxAge:                           maxAgeInteger,
			authorizationUnderWildcard:       true,
			lonePreflightSite:                true,
			nullPreflightSite:                true,
			losesMetadata:                    true,
			cachedAuthorizationUnderWildcard: true,
			cachedSafelistedMethods:          true,
			oneAnswer:                        true,
			keepsRefusals:                    true,
			clears:                           clearNever,
			anyCaseRangeUnit:                 true,
		}
	}
	return conduct{}
}

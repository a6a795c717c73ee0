package corstest

import (
	"fmt"
	"math"
	"net/http"
)

// An Engine is the browser engine that a [Browser] plays. The engines agree with
// the standard on nearly everything. Each constant lists the departures that a server's
// developer may notice.
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
	// whole. A request with a conditional header, such as If-Match, always asks. In the
	// response to a preflight, `*` in Access-Control-Allow-Headers covers Authorization;
	// in a cached answer it does not. A page with the origin null always asks. A
	// script's User-Agent is neither announced nor sent. A response with status 101 or
	// 407, or with more than 256 KiB of header, blocks the call.
	EngineChromium

	// EngineFirefox plays version 153 ESR. It keeps an answer for at most a day. A
	// request without credentials never uses the answer to one with credentials, and
	// a cached `*` matches nothing. A request with a conditional header, such as
	// If-Match, always asks. Any failure of a call drops the answers for its URL. `*`
	// in Access-Control-Allow-Headers covers Authorization. More than 384 KiB of header
	// block the call.
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

// A conduct is how an engine behaves where that matters here. The zero value of each
// field but conditional follows the standard.
type conduct struct {
	// The request.

	// joinsHeaders means that several headers of one name are one, whose value has
	// commas.
	joinsHeaders bool
	// safelistsHints means that client hints are safelisted.
	safelistsHints bool
	// ownUserAgent means that the User-Agent of a script is ignored.
	ownUserAgent bool
	// highBytesUnsafe means that bytes above 0x7f are CORS-unsafe request-header bytes.
	highBytesUnsafe bool
	// loneContentType means that a safelisted Content-Type has no comma.
	loneContentType bool
	// anyCaseRangeUnit means that "Bytes=0-" is safelisted.
	anyCaseRangeUnit bool
	// rangeLimit is the largest number in a safelisted Range; 0 means none.
	rangeLimit uint64
	// conditional is the cache mode of a request with a conditional header, if the
	// script asked for none.
	conditional CacheMode
	// unconditionalXHR means that the cache mode of an XMLHttpRequest stays as it is.
	unconditionalXHR bool

	// The response.

	// maxHeader is how many bytes the status line and the header may have; 0 means
	// any number.
	maxHeader int
	// refuses are the statuses that are a failure.
	refuses []int
	// trimsNames means that the space between a name and its colon does not matter.
	trimsNames bool
	// exposesBeforeError means that a `*` before the error in a malformed list still
	// exposes everything.
	exposesBeforeError bool

	// Redirects.

	// emptyLocation says what an empty Location leads to.
	emptyLocation emptyLocation
	// severalLocations says what several Locations lead to.
	severalLocations severalLocations
	// asksAgain means that what was preflighted before a redirect is so after it, and
	// that the headers that a redirect removed still demand a preflight.
	asksAgain bool
	// announcesAll means that the preflight after a redirect announces the headers
	// that the script set, also those that the redirect removed.
	announcesAll bool
	// asksFromPage means that the preflight after a redirect has the origin of the
	// page, not null, and that the CORS check spares it at the page's own server.
	asksFromPage bool
	// nullsWrites means that a call without CORS has the origin null once it was
	// redirected to another origin, even if the redirect was by the page's own.
	nullsWrites bool

	// Metadata.

	// lonePreflightSite means that Sec-Fetch-Site of a preflight tells of its own URL
	// alone, not of those that redirected to it.
	lonePreflightSite bool
	// nullPreflightSite means that Sec-Fetch-Site of a preflight is cross-site if
	// redirects made the origin null.
	nullPreflightSite bool
	// redirectsCrossSite means that after a redirect Sec-Fetch-Site is cross-site,
	// unless all URLs have the origin of the page.
	redirectsCrossSite bool
	// losesMetadata means that a call with CORS has no Sec-Fetch headers once it was
	// redirected to another origin.
	losesMetadata bool

	// The preflight.

	// authorizationUnderWildcard means that `*` in the response to a preflight
	// covers Authorization.
	authorizationUnderWildcard bool
	// asksIn are the cache modes in which no cached answer is used.
	asksIn []CacheMode
	// keepsNothingIn are those of asksIn in which the answer is not cached either.
	keepsNothingIn []CacheMode
	// sharesCacheMode means that the preflight has the cache mode of the request.
	sharesCacheMode bool

	// The cache.

	// maxAgeCap is in seconds; 0 means none.
	maxAgeCap int64
	maxAge    maxAgeSyntax
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
	// nullUncached means that a call with the origin null neither uses nor fills the
	// cache, and taintedUncached that it does not if redirects made the origin null.
	nullUncached    bool
	taintedUncached bool
	// clears says which failures after the preflight make the browser forget.
	clears clearing
}

// emptyLocation says what a redirect to an empty Location is.
type emptyLocation int

const (
	emptyIsURL     emptyLocation = iota // to the URL itself, until there were too many
	emptyIsNone                         // no redirect: the script gets the response
	emptyIsRefused                      // a failure
)

// severalLocations says where a response with several Locations redirects to.
type severalLocations int

const (
	severalAreRefused severalLocations = iota // nowhere
	severalAgree                              // to the place that all name, else nowhere
	severalJoined                             // to the place that they name together, with commas
)

// clearing says when a failed response, CORS check or redirect makes a browser
// forget the answers for the URL. Every browser forgets them after a failed
// preflight.
type clearing int

const (
	clearIfPreflighted clearing = iota // if the request is of the kind that needs a preflight
	clearAlways
	clearNever
)

// conduct returns how e behaves. An unknown engine follows the standard.
func (e Engine) conduct() conduct {
	switch e {
	case EngineChromium:
		return conduct{
			joinsHeaders:               true,
			safelistsHints:             true,
			ownUserAgent:               true,
			rangeLimit:                 math.MaxInt64 - 1,
			conditional:                CacheModeNoCache,
			maxHeader:                  256 << 10,
			refuses:                    []int{http.StatusSwitchingProtocols, http.StatusProxyAuthRequired},
			trimsNames:                 true,
			emptyLocation:              emptyIsNone,
			severalLocations:           severalAgree,
			nullsWrites:                true,
			lonePreflightSite:          true,
			authorizationUnderWildcard: true,
			asksIn:                     []CacheMode{CacheModeNoCache, CacheModeNoStore, CacheModeReload},
			keepsNothingIn:             []CacheMode{CacheModeNoStore},
			sharesCacheMode:            true,
			maxAgeCap:                  7200,
			maxAge:                     maxAgeInteger,
			cachedSafelistedMethods:    true,
			oneAnswer:                  true,
			plainWildcard:              true,
			nullUncached:               true,
			clears:                     clearNever,
		}
	case EngineFirefox:
		return conduct{
			joinsHeaders:               true,
			highBytesUnsafe:            true,
			loneContentType:            true,
			rangeLimit:                 math.MaxUint64,
			conditional:                CacheModeNoStore,
			unconditionalXHR:           true,
			maxHeader:                  384 << 10,
			exposesBeforeError:         true,
			severalLocations:           severalAgree,
			asksAgain:                  true,
			asksFromPage:               true,
			lonePreflightSite:          true,
			redirectsCrossSite:         true,
			authorizationUnderWildcard: true,
			asksIn:                     []CacheMode{CacheModeNoStore, CacheModeReload},
			sharesCacheMode:            true,
			maxAgeCap:                  86400,
			maxAge:                     maxAgeDigits,
			cachedSafelistedMethods:    true,
			cachedHEADListed:           true,
			ownCredentials:             true,
			noCachedWildcard:           true,
			ignoresZeroMaxAge:          true,
			clears:                     clearAlways,
		}
	case EngineWebKit:
		return conduct{
			joinsHeaders:                     true,
			anyCaseRangeUnit:                 true,
			rangeLimit:                       math.MaxUint64,
			conditional:                      CacheModeNoStore,
			refuses:                          []int{http.StatusSwitchingProtocols},
			emptyLocation:                    emptyIsRefused,
			severalLocations:                 severalJoined,
			asksAgain:                        true,
			announcesAll:                     true,
			lonePreflightSite:                true,
			nullPreflightSite:                true,
			losesMetadata:                    true,
			authorizationUnderWildcard:       true,
			maxAgeCap:                        600,
			maxAge:                           maxAgeInteger,
			cachedAuthorizationUnderWildcard: true,
			cachedSafelistedMethods:          true,
			oneAnswer:                        true,
			keepsRefusals:                    true,
			taintedUncached:                  true,
			clears:                           clearNever,
		}
	}
	return conduct{conditional: CacheModeNoStore}
}

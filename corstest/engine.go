package corstest

import "fmt"

// An Engine is the browser engine that a [Browser] plays. The engines agree with
// the standard on nearly everything. Each constant lists where its engine was seen
// to depart. In addition, all three let any cached answer serve a safelisted
// method. By the standard, the answer must list the method if the request has an
// upload listener.
//
// Tests hold this package against the three engines. They show more departures,
// which are not simulated. All engines judge several headers of one name as one,
// and announce a Range that does not fit in 64 bits. Chromium announces neither
// client hints (DPR, Save-Data, Downlink) nor User-Agent. After a redirect, Firefox
// still sends the page's origin in the preflight, WebKit announces an Authorization
// header that it then leaves out, and both send a preflight for a GET that a 303
// made. Chromium sends Sec-Fetch-Mode with the preflight for a plain http URL, and
// keeps the origin of an https page in a write to one. WebKit lets no https page call
// http://localhost. In calls without CORS, WebKit keeps Origin in a GET that a redirect made of a
// POST, keeps the cookies when the page's own server redirects, makes the origin of
// a form null in that case, and gives a beacon of a sandboxed frame the origin of
// the page around it.
type Engine int

const (
	// Standard is the Fetch standard. It does not limit the max-age of preflights.
	Standard Engine = iota

	// Chromium plays version 156. It keeps an answer for at most two hours. It keeps
	// only one answer for each origin and URL, and a new answer replaces it whole.
	// Only a failed preflight drops it. A negative Access-Control-Max-Age counts as
	// 0. In the response to a preflight, `*` in Access-Control-Allow-Headers covers
	// Authorization; in a cached answer it does not. Nothing is cached for an origin
	// that a redirect turned into null. After a redirect, Sec-Fetch-Site of a
	// preflight tells of its own URL alone. A call without CORS that is redirected to
	// another origin has the origin null.
	Chromium

	// Firefox plays version 153 ESR. It keeps an answer for at most a day. A request
	// without credentials never uses the answer to one with credentials. A cached
	// `*` matches nothing, and a cached answer serves HEAD only if it lists HEAD. A
	// malformed or negative Access-Control-Max-Age counts as 0. Any failure of a
	// call drops the answers for its URL. `*` in Access-Control-Allow-Headers covers
	// Authorization. After a redirect, Sec-Fetch-Site is cross-site unless all URLs
	// have the origin of the page; that of a preflight tells of its own URL alone.
	// Firefox was seen to ask again in the first seconds of a session; that is not
	// simulated.
	Firefox

	// WebKit plays WebKitGTK 2.50.6. It keeps an answer for at most ten minutes. It
	// keeps only one answer for each origin and URL, and a new answer replaces it
	// whole. It keeps an answer even if it does not allow the request, and even if
	// the request after it fails. A negative Access-Control-Max-Age counts as 0. `*`
	// in Access-Control-Allow-Headers covers Authorization. The unit of a safelisted
	// Range may be written in any case. A call with CORS has no Sec-Fetch headers once
	// it was redirected to another origin; those of its preflight tell of the
	// preflight's own URL alone, and of a null origin as cross-site.
	WebKit
)

// String returns the name of the engine.
func (e Engine) String() string {
	switch e {
	case Standard:
		return "Standard"
	case Chromium:
		return "Chromium"
	case Firefox:
		return "Firefox"
	case WebKit:
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
	case Chromium:
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
	case Firefox:
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
	case WebKit:
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

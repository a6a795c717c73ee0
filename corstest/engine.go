package corstest

import "fmt"

// An Engine says whose behaviour a [Browser] has. The engines agree with the
// standard on nearly everything; the constants list what they were seen to do
// otherwise. All of them let any cached answer serve a safelisted method, where
// the standard wants an answer to a request with an upload listener to list it.
//
// Not simulated, and seen in tests that hold this package against the three
// engines: all of them judge several headers of one name as one, and announce a
// Range that does not fit in 64 bits. Chromium does not announce client hints (DPR,
// Save-Data, Downlink) and User-Agent. After a redirect, Firefox still has the
// page's origin in the preflight, WebKit announces an Authorization that it then
// leaves out, and both preflight what a 303 turned into a GET.
type Engine int

const (
	// Standard is the Fetch standard. It sets no limit to the max-age of preflights.
	Standard Engine = iota

	// Chromium, as seen in version 156, keeps an answer for two hours at most, and
	// one answer for an origin and URL, which the next replaces whole; only a
	// failed preflight drops it. A negative Access-Control-Max-Age counts as 0. A
	// `*` in Access-Control-Allow-Headers covers Authorization in the preflight's
	// response, though not when it comes from the cache. There is no caching for an
	// origin that redirects made null.
	Chromium

	// Firefox, as seen in version 153 ESR, keeps an answer for a day at most. It
	// does not use answers to requests with credentials for requests without, nor
	// a `*` that it has cached, nor, for a HEAD, one that does not list HEAD. A
	// malformed or negative Access-Control-Max-Age counts as 0. Any failure of a
	// call drops the answers for its URL. A `*` in Access-Control-Allow-Headers
	// covers Authorization. It was seen to ask again in the first seconds of a
	// session, supposedly because the host's name had been resolved anew; that is
	// not simulated.
	Firefox

	// WebKit, as seen in WebKitGTK 2.50.6, keeps an answer for ten minutes at most,
	// and one for an origin and URL, which the next replaces whole. It keeps
	// answers that allow something else than what was asked, and drops none when the
	// request after it fails. A negative Access-Control-Max-Age counts as 0.
	// A `*` in Access-Control-Allow-Headers covers Authorization. The unit of a
	// safelisted Range may be written in any case.
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

// conduct is how an engine behaves where it matters here. The zero value departs
// in nothing.
type conduct struct {
	// maxAgeCap is in seconds; 0 means none.
	maxAgeCap int64
	maxAge    maxAgeSyntax

	// authorizationUnderWildcard: step 5 of the preflight is not taken.
	authorizationUnderWildcard bool

	// The rest is about the cache.

	// cachedAuthorizationUnderWildcard: likewise for a `*` from the cache.
	cachedAuthorizationUnderWildcard bool
	// cachedSafelistedMethods: an answer covers safelisted methods without listing
	// them. The standard has an absent list name the method of a request with an
	// upload listener instead, and so allows methods that nobody listed. Only such
	// requests tell the difference.
	cachedSafelistedMethods bool
	// cachedHEADListed: HEAD is not such a method.
	cachedHEADListed bool
	// oneAnswer: a new answer replaces all older ones for its origin and URL.
	oneAnswer bool
	// ownCredentials: answers to requests with credentials do not serve others.
	ownCredentials bool
	// noCachedWildcard: a `*` from the cache matches nothing.
	noCachedWildcard bool
	// plainWildcard: a `*` from the cache matches only if it answered a request
	// without credentials.
	plainWildcard bool
	// keepsRefusals: an answer is cached even if it does not allow the request.
	keepsRefusals bool
	// ignoresZeroMaxAge: an answer with max-age 0 does not end older ones.
	ignoresZeroMaxAge bool
	// taintedUncached: a call that redirects gave the origin null neither uses the
	// cache nor fills it.
	taintedUncached bool
	// clears says which failures after the preflight make the cache forget.
	clears clearing

	// anyCaseRangeUnit: "Bytes=0-" is safelisted.
	anyCaseRangeUnit bool
}

// clearing says when a failed response, CORS check or redirect makes a browser
// forget the answers for the URL. After a failed preflight all do.
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

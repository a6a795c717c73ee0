package corstest

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/cors/internal/fetch"
)

// defaultMaxAge is how many seconds an answer without a max-age is kept.
const defaultMaxAge = 5

// A preflightCache remembers which methods and headers servers allowed
// (https://fetch.spec.whatwg.org/#cors-preflight-cache).
type preflightCache map[cacheKey][]*cacheEntry

type cacheKey struct{ origin, url string }

// A cacheEntry holds the answers for one key, either to requests with credentials
// or to those without. The standard keeps one entry for each method and header.
type cacheEntry struct {
	credentials bool
	expires     time.Time            // when the newest answer does
	methods     map[string]time.Time // when each one expires
	headers     map[string]time.Time // by lower-cased name
}

func (c *call) cacheKey() cacheKey { return cacheKey{c.origin(), c.url.String()} }

// isCached reports whether the cache makes a preflight for c unnecessary.
func (c *call) isCached(unsafe []string) bool {
	b := c.browser
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	entries := c.usable(now)
	return c.isMethodCached(entries, now) && !slices.ContainsFunc(unsafe, func(name string) bool {
		return !slices.ContainsFunc(entries, func(e *cacheEntry) bool { return c.headerMatch(e, name, now) != "" })
	})
}

// usable returns the entries that may serve c. An answer to a request with
// credentials may serve a request without them, but not the reverse.
func (c *call) usable(now time.Time) []*cacheEntry {
	var usable []*cacheEntry
	if c.tainted && c.engine.taintedUncached {
		return nil
	}
	for _, e := range c.browser.cache[c.cacheKey()] {
		if c.isAlive(e, now) && (e.credentials == c.credentials || e.credentials && !c.engine.ownCredentials) {
			usable = append(usable, e)
		}
	}
	return usable
}

// isAlive reports whether e still allows anything. Engines that keep one answer
// keep it as a whole.
func (c *call) isAlive(e *cacheEntry, now time.Time) bool {
	if c.engine.oneAnswer {
		return now.Before(e.expires)
	}
	for _, names := range []map[string]time.Time{e.methods, e.headers} {
		for _, expires := range names {
			if now.Before(expires) {
				return true
			}
		}
	}
	return false
}

func (c *call) isMethodCached(entries []*cacheEntry, now time.Time) bool {
	if fetch.IsSafelistedMethod(c.method) && (c.method != "HEAD" || !c.engine.cachedHEADListed) {
		if !c.upload {
			return true
		}
		if c.engine.cachedSafelistedMethods {
			return len(entries) > 0
		}
	}
	return slices.ContainsFunc(entries, func(e *cacheEntry) bool { return c.methodMatch(e, c.method, now) != "" })
}

// methodMatch returns the name in e that allows method, or "" if there is none.
func (c *call) methodMatch(e *cacheEntry, method string, now time.Time) string {
	return c.match(e, e.methods, method, now)
}

// headerMatch does the same for a lower-cased header name.
func (c *call) headerMatch(e *cacheEntry, name string, now time.Time) string {
	match := c.match(e, e.headers, name, now)
	if match == "*" && name == "authorization" && !c.engine.cachedAuthorizationUnderWildcard {
		return ""
	}
	return match
}

// match returns name or "*", or "" if neither is in names. A `*` matches only for
// requests without credentials, as in the response that it comes from. The
// standard's steps for the cache omit that rule. They would let a request with
// credentials pass on a `*` that could not have allowed it.
func (c *call) match(e *cacheEntry, names map[string]time.Time, name string, now time.Time) string {
	if now.Before(names[name]) {
		return name
	}
	wildcard := !c.credentials && !c.engine.noCachedWildcard && !(c.engine.plainWildcard && e.credentials)
	if wildcard && now.Before(names["*"]) {
		return "*"
	}
	return ""
}

// remember caches an answer.
func (c *call) remember(a answer) {
	b := c.browser
	now := b.now()
	seconds := c.engine.maxAgeSeconds(a.lines[fetch.MaxAge])
	if seconds == 0 && c.engine.ignoresZeroMaxAge || c.tainted && c.engine.taintedUncached {
		return
	}
	expires := now.Add(time.Duration(seconds) * time.Second)
	b.mu.Lock()
	defer b.mu.Unlock()
	key := c.cacheKey()
	if b.cache == nil {
		b.cache = make(preflightCache)
	}
	if c.engine.oneAnswer {
		delete(b.cache, key)
	}
	entries := c.usable(now)
	own := b.ownEntry(key, c.credentials)
	own.expires = expires
	for _, method := range a.methods {
		renewed := false
		for _, e := range entries {
			if match := c.methodMatch(e, method, now); match != "" {
				e.methods[match], renewed = expires, true
			}
		}
		if !renewed {
			own.methods[method] = expires
		}
	}
	for _, name := range a.headers {
		name = strings.ToLower(name)
		renewed := false
		for _, e := range entries {
			if match := c.headerMatch(e, name, now); match != "" {
				e.headers[match], renewed = expires, true
			}
		}
		if !renewed {
			own.headers[name] = expires
		}
	}
}

// forget drops all answers for the origin and URL of c.
func (c *call) forget() {
	b := c.browser
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.cache, c.cacheKey())
}

// ownEntry returns the entry for key and credentials, a new one if need be. The
// caller holds b.mu.
func (b *Browser) ownEntry(key cacheKey, credentials bool) *cacheEntry {
	for _, e := range b.cache[key] {
		if e.credentials == credentials {
			return e
		}
	}
	e := &cacheEntry{
		credentials: credentials,
		methods:     make(map[string]time.Time),
		headers:     make(map[string]time.Time),
	}
	b.cache[key] = append(b.cache[key], e)
	return e
}

// maxAgeSyntax says which values of Access-Control-Max-Age are well-formed.
type maxAgeSyntax int

const (
	maxAgeDelta   maxAgeSyntax = iota // digits, else 5 seconds
	maxAgeInteger                     // a signed 64-bit integer, else 5 seconds; negative counts as 0
	maxAgeDigits                      // digits, else 0
)

// maxAgeSeconds returns how long to keep an answer, in seconds.
func (c conduct) maxAgeSeconds(lines []string) int64 {
	value := strings.Join(lines, ", ")
	seconds := c.maxAge.parse(value)
	if c.maxAgeCap > 0 {
		seconds = min(seconds, c.maxAgeCap)
	}
	return seconds
}

// overflow is what RFC 9111, section 1.2.2, has recipients take numbers for that
// they cannot hold.
const overflow = math.MaxInt32 + 1

func (m maxAgeSyntax) parse(value string) int64 {
	if value == "" {
		return defaultMaxAge
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case m == maxAgeInteger && err != nil:
		return defaultMaxAge
	case m == maxAgeInteger:
		return min(max(n, 0), overflow)
	case !isDigits(value) && m == maxAgeDigits:
		return 0
	case !isDigits(value):
		return defaultMaxAge
	case err != nil:
		return overflow
	}
	return min(n, overflow)
}

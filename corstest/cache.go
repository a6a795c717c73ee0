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
	expires     time.Time                // when the newest answer does
	permissions map[permission]time.Time // when each one expires
}

// A permission is to use a method or to set a header.
type permission struct {
	isHeader bool
	name     string // of a header in lower case
}

func permissionForMethod(method string) permission { return permission{false, method} }

func permissionForHeader(name string) permission { return permission{true, strings.ToLower(name)} }

func (c *call) cacheKey() cacheKey { return cacheKey{c.preflightOrigin(), c.url.String()} }

// isCached reports whether the cache makes a preflight for c unnecessary.
func (c *call) isCached(unsafe []string) bool {
	if slices.Contains(c.engine.asksIn, c.effectiveCacheMode()) {
		return false
	}
	b := c.browser
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	entries := c.usable(now)
	return c.isMethodCached(entries, now) && !slices.ContainsFunc(unsafe, func(name string) bool {
		return !c.isPermitted(entries, permissionForHeader(name), now)
	})
}

// usable returns the entries that may serve c. An answer to a request with
// credentials may serve a request without them, but not the reverse.
func (c *call) usable(now time.Time) []*cacheEntry {
	var usable []*cacheEntry
	if c.isUncached() {
		return nil
	}
	for _, e := range c.browser.cache[c.cacheKey()] {
		if c.isAlive(e, now) && (e.credentials == c.credentials || e.credentials && !c.engine.ownCredentials) {
			usable = append(usable, e)
		}
	}
	return usable
}

// isUncached reports whether the cache is for other origins than that of c.
func (c *call) isUncached() bool {
	return c.engine.taintedUncached && c.tainted || c.engine.nullUncached && c.origin() == opaqueOrigin
}

// isAlive reports whether e still allows anything. Engines that keep one answer
// keep it as a whole.
func (c *call) isAlive(e *cacheEntry, now time.Time) bool {
	if c.engine.oneAnswer {
		return now.Before(e.expires)
	}
	for _, expires := range e.permissions {
		if now.Before(expires) {
			return true
		}
	}
	return false
}

func (c *call) isMethodCached(entries []*cacheEntry, now time.Time) bool {
	if fetch.IsSafelistedMethod(c.method) && (c.method != "HEAD" || !c.engine.cachedHEADListed) {
		if !c.forced {
			return true
		}
		if c.engine.cachedSafelistedMethods {
			return len(entries) > 0
		}
	}
	return c.isPermitted(entries, permissionForMethod(c.method), now)
}

func (c *call) isPermitted(entries []*cacheEntry, p permission, now time.Time) bool {
	return slices.ContainsFunc(entries, func(e *cacheEntry) bool {
		_, ok := c.match(e, p, now)
		return ok
	})
}

// match returns what in e gives the permission p: p itself or a `*`. A `*` matches
// only for requests without credentials, as in the response that it comes from. The
// standard's steps for the cache omit that rule. They would let a request with
// credentials pass on a `*` that could not have allowed it.
func (c *call) match(e *cacheEntry, p permission, now time.Time) (match permission, ok bool) {
	if now.Before(e.permissions[p]) {
		return p, true
	}
	switch {
	case c.credentials, c.engine.noCachedWildcard, c.engine.plainWildcard && e.credentials,
		p == permissionForHeader("authorization") && !c.engine.cachedAuthorizationUnderWildcard:
		return permission{}, false
	}
	wildcard := permission{p.isHeader, "*"}
	return wildcard, now.Before(e.permissions[wildcard])
}

// remember caches an answer.
func (c *call) remember(a answer) {
	b := c.browser
	now := b.now()
	if slices.Contains(c.engine.keepsNothingIn, c.effectiveCacheMode()) {
		return
	}
	seconds := c.engine.maxAgeSeconds(a.lines[fetch.MaxAge])
	if seconds == 0 && c.engine.ignoresZeroMaxAge || c.isUncached() {
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
	for _, p := range a.permissions() {
		renewed := false
		for _, e := range entries {
			if match, ok := c.match(e, p, now); ok {
				e.permissions[match], renewed = expires, true
			}
		}
		if !renewed {
			own.permissions[p] = expires
		}
	}
}

func (a answer) permissions() []permission {
	var all []permission
	for _, method := range a.methods {
		all = append(all, permissionForMethod(method))
	}
	for _, name := range a.headers {
		all = append(all, permissionForHeader(name))
	}
	return all
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
	e := &cacheEntry{credentials: credentials, permissions: make(map[permission]time.Time)}
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

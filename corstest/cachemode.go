package corstest

import (
	"fmt"
	"net/http"
	"slices"
)

// A CacheMode says what the browser's cache of responses is for in a call: the
// option "cache" of fetch (https://fetch.spec.whatwg.org/#concept-request-cache-mode).
// This package has no such cache. But browsers put the mode into the headers
// Cache-Control and Pragma, and in some modes [EngineChromium] and [EngineFirefox]
// use no cached answer to a preflight.
type CacheMode string

// The cache modes of a call to another origin.
const (
	CacheModeDefault    CacheMode = "default"
	CacheModeNoStore    CacheMode = "no-store"
	CacheModeReload     CacheMode = "reload"
	CacheModeNoCache    CacheMode = "no-cache"
	CacheModeForceCache CacheMode = "force-cache"
)

// check returns why no script can use the mode.
func (m CacheMode) check() error {
	switch m {
	case CacheModeDefault, CacheModeNoStore, CacheModeReload, CacheModeNoCache, CacheModeForceCache:
		return nil
	}
	return fmt.Errorf("the cache mode must be %q, %q, %q, %q or %q",
		CacheModeDefault, CacheModeNoStore, CacheModeReload, CacheModeNoCache, CacheModeForceCache)
}

// setHeaders adds what tells the caches on the way about the mode, unless the script
// did so (https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
func (m CacheMode) setHeaders(h http.Header) {
	control := ""
	switch m {
	case CacheModeNoCache:
		control = "max-age=0"
	case CacheModeNoStore, CacheModeReload:
		control = "no-cache"
		if h["Pragma"] == nil {
			h.Set("Pragma", "no-cache")
		}
	}
	if control != "" && h["Cache-Control"] == nil {
		h.Set("Cache-Control", control)
	}
}

// effectiveCacheMode is the mode that the browser makes of the script's.
func (c *call) effectiveCacheMode() CacheMode {
	isXHR := c.upload
	if c.cacheMode == CacheModeDefault && c.isConditional() && !(isXHR && c.engine.unconditionalXHR) {
		return c.engine.conditional
	}
	return c.cacheMode
}

func (c *call) isConditional() bool {
	return slices.ContainsFunc(c.fields, func(f field) bool {
		switch f.name {
		case "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since":
			return true
		}
		return false
	})
}

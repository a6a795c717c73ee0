package fetch

// The headers of CORS (https://fetch.spec.whatwg.org/#http-requests and
// https://fetch.spec.whatwg.org/#http-responses), and Vary.
const (
	Origin           = "Origin"
	RequestMethod    = "Access-Control-Request-Method"
	RequestHeaders   = "Access-Control-Request-Headers"
	AllowOrigin      = "Access-Control-Allow-Origin"
	AllowCredentials = "Access-Control-Allow-Credentials"
	AllowMethods     = "Access-Control-Allow-Methods"
	AllowHeaders     = "Access-Control-Allow-Headers"
	ExposeHeaders    = "Access-Control-Expose-Headers"
	MaxAge           = "Access-Control-Max-Age"
	Vary             = "Vary"
)

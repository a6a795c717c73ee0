package interop_test

import (
	"net/http"
	"testing"

	"example.com/cors"
	"example.com/cors/corstest"
)

// Not every OPTIONS is a preflight: a page may send one of its own, and so may
// anybody with curl, under whatever Origin. The cache must not take the answer to
// that for the answer to a preflight, or one such request would shut all pages out
// for as long as it is kept.
func TestNginxKeepsPreflightsFromOtherOPTIONS(t *testing.T) {
	api := newCachedAPI()
	options := startNginx(t, api)["options"]
	own := func(credentials bool) corstest.Request {
		return corstest.Request{Origin: page, Method: http.MethodOptions, Credentials: credentials}
	}

	t.Run("listed", func(t *testing.T) {
		wantInEveryOrder(t, options, api, "/listed/", []party{
			{"page", put(page, true), listedPreflight + page + preflightVary + "readable"},
			{"second", put(secondPage, true), listedPreflight + secondPage + preflightVary + "readable"},
			{"own", own(true), listedPreflight + page + preflightVary +
				"200; Access-Control-Allow-Credentials: true; Access-Control-Allow-Origin: " +
				"https://app.example" + preflightVary + "readable"},
			{"none", corstest.Request{Method: http.MethodOptions}, "200" + preflightVary + "readable"},
		}, 5)
	})
	t.Run("open", func(t *testing.T) {
		wantInEveryOrder(t, options, api, "/open/", []party{
			{"page", put(page, false), openPreflight + "readable"},
			{"second", put(secondPage, false), openPreflight + "readable"},
			{"own", own(false), openPreflight + "200; Access-Control-Allow-Origin: *" + preflightVary + "readable"},
			{
				"none", corstest.Request{Method: http.MethodOptions},
				"200; Access-Control-Allow-Origin: *" + preflightVary + "readable",
			},
		}, 5)
	})
}

// The same for what ServeMux answers behind RoutePreflights.
func TestNginxKeepsRoutedPreflightsFromOtherOPTIONS(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("PUT /routed/", allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})))
	routed := cors.RoutePreflights(mux)
	api := new(cachedAPI)
	api.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			api.asked.Add(1)
		}
		routed.ServeHTTP(w, r)
	})
	wantInEveryOrder(t, startNginx(t, api)["options"], api, "/routed/", []party{
		{
			"page", put(page, false),
			"204; Access-Control-Allow-Headers: Authorization, Content-Type; Access-Control-Allow-Methods: PUT, PATCH, " +
				"DELETE; Access-Control-Allow-Origin: " + page + preflightVary + "readable",
		},
		{"stranger", put(stranger, false), "403" + preflightVary + "blocked: preflight CORS check"},
		{"none", corstest.Request{Method: http.MethodOptions}, "405" + preflightVary + "readable"},
	}, 3)
}

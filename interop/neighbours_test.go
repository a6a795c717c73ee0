package interop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/corstest"
	"example.com/cors/internal/test/live"
)

// What the other tests have corstest say of neighbours, real browsers say as well.
// They send headers that corstest does not, such as Sec-Fetch-Site.
func TestNeighboursInBrowsers(t *testing.T) {
	live.RunCalls(t, func(origin string) string {
		opts := rpcOptions
		opts.AllowedOrigins = []string{origin}
		opts.AllowedMethods = append(opts.AllowedMethods, http.MethodPut)
		policy := cors.New(opts)
		matcher, err := cors.NewOriginMatcher(origin)
		require.NoError(t, err)
		others, err := cors.NewOriginMatcher(page)
		require.NoError(t, err)
		trusting := http.NewCrossOriginProtection()
		require.NoError(t, trusting.AddTrustedOrigin(origin))
		stripping := newProxy(t, policy(newGreeter()))
		stripping.ModifyResponse = cors.StripUpstream
		guarded := opts
		guarded.RefuseCrossOriginWrites = true
		released := make(chan struct{})
		t.Cleanup(func() { close(released) })
		tooSlow := http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }),
			time.Nanosecond, "too slow")

		addresses := make(map[string]string)
		for name, h := range map[string]http.Handler{
			"rpc":              policy(newGreeter()),
			"stripping":        policy(stripping),
			"notStripping":     policy(newProxy(t, policy(newGreeter()))),
			"protectedInside":  policy(trusting.Handler(echo)),
			"protectedInFront": http.NewCrossOriginProtection().Handler(policy(echo)),
			"guarded":          cors.New(guarded)(echo),
			"untrusting":       policy(http.NewCrossOriginProtection().Handler(echo)),
			"slow":             policy(tooSlow),
			"socket":           policy(withGorilla(matcher.CheckOrigin)),
			"closedSocket":     policy(withCoder(others.CheckOrigin)),
		} {
			addresses[name] = serve(t, h).server.String()
		}
		at, err := json.Marshal(addresses)
		require.NoError(t, err)
		return `((at) => {
			const connect = (server) => async () => {
				const r = await fetch(server + "/interop.v1.Greeter/Greet", {
					method: "POST", body: '"Ada"',
					headers: {"Content-Type": "application/json", "Connect-Protocol-Version": "1", "Connect-Timeout-Ms": "60000"},
				});
				return r.status + " " + await r.json() + " " + r.headers.get("Trailer-Mood");
			};
			const put = (server) => async () => {
				const r = await fetch(server, {method: "PUT"});
				return r.status + " " + (await r.text()).trim();
			};
			const socket = (server) => () => new Promise((resolve) => {
				const s = new WebSocket(server.replace("http", "ws"));
				s.onopen = () => s.send("Ada");
				s.onmessage = (e) => resolve(e.data);
				s.onerror = () => resolve("refused");
			});
			return {
				"Connect": connect(at.rpc),
				"Connect, streaming": async () => {
					const r = await fetch(at.rpc + "/interop.v1.Greeter/Countdown", {
						method: "POST", body: new Uint8Array([0, 0, 0, 0, 1, 0x33]), // 3
						headers: {"Content-Type": "application/connect+json", "Connect-Protocol-Version": "1"},
					});
					const frames = new DataView(await r.arrayBuffer()), shown = [];
					for (let i = 0; i < frames.byteLength; i += 5 + frames.getUint32(i + 1)) {
						shown.push(new TextDecoder().decode(new Uint8Array(frames.buffer, i + 5, frames.getUint32(i + 1))));
					}
					return shown.join(" ");
				},
				"gRPC-Web, an error": async () => {
					const r = await fetch(at.rpc + "/interop.v1.Greeter/Greet", {
						method: "POST", body: new Uint8Array(5),
						headers: {"Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1", "X-User-Agent": "page"},
					});
					return r.headers.get("Grpc-Status") + " " + r.headers.get("Grpc-Message");
				},
				"proxy": connect(at.stripping),
				"proxy without StripUpstream": connect(at.notStripping),
				"protection inside": put(at.protectedInside),
				"protection inside, untrusting": put(at.untrusting),
				"protection in front": put(at.protectedInFront),
				"writes refused, allowed page": put(at.guarded),
				"timeout": put(at.slow),
				"WebSocket": socket(at.socket),
				"WebSocket for others": socket(at.closedSocket),
			};
		})(` + string(at) + `)`
	}, map[string]string{
		"Connect":                       "200 Hello, Ada good",
		"Connect, streaming":            `"3" "2" "1" {"error":{"code":"aborted","message":"no rocket"}}`,
		"gRPC-Web, an error":            "3 no name",
		"proxy":                         "200 Hello, Ada good",
		"proxy without StripUpstream":   "blocked",
		"protection inside":             "200 PUT",
		"protection inside, untrusting": "403 cross-origin request detected from Sec-Fetch-Site header",
		"protection in front":           "blocked",
		"writes refused, allowed page":  "200 PUT",
		"timeout":                       "503 too slow",
		"WebSocket":                     "hello, Ada",
		"WebSocket for others":          "refused",
	})
}

// What nginx keeps for another page, a stranger, or no page at all, does not get in
// the way of a browser's page.
func TestNginxInBrowsers(t *testing.T) {
	live.RunCalls(t, func(origin string) string {
		api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method) })
		policy := cors.New(cors.Options{AllowedOrigins: []string{origin, page}, AllowedMethods: []string{http.MethodPut}})
		faces := startNginx(t, policy(api))
		for _, face := range []string{"plain", "options"} {
			for _, other := range []string{"", page, stranger} {
				for _, method := range []string{"GET", "PUT"} {
					_, _ = corstest.Fetch(faces[face], corstest.Request{Origin: other, Method: method})
				}
			}
		}
		return strings.NewReplacer("PLAIN", faces["plain"].server.String(), "OPTIONS",
			faces["options"].server.String()).Replace(`(() => {
			const call = (server, method) => async () => {
				const r = await fetch(server, {method, cache: "no-store"});
				return r.status + " " + await r.text();
			};
			return {
				"GET": call("PLAIN", "GET"), "GET again": call("PLAIN", "GET"),
				"PUT": call("OPTIONS", "PUT"), "PUT again": call("OPTIONS", "PUT"),
			};
		})()`)
	}, map[string]string{"GET": "200 GET", "GET again": "200 GET", "PUT": "200 PUT", "PUT again": "200 PUT"})
}

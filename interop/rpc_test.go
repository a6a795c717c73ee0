package interop_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	connectcors "connectrpc.com/cors"
	"connectrpc.com/grpchealth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"example.com/cors"
	"example.com/cors/corstest"
)

// rpcOptions is a policy for services of Connect, in all of its protocols. Add the
// headers of your own: "Authorization" to the allowed ones, and to the exposed ones
// what trailers your unary calls send, with "Trailer-" before the name.
var rpcOptions = cors.Options{
	AllowedOrigins: []string{page},
	AllowedMethods: connectcors.AllowedMethods(),
	AllowedHeaders: connectcors.AllowedHeaders(),
	ExposedHeaders: append(connectcors.ExposedHeaders(), "Trailer-Mood"),
}

const greeter = "/interop.v1.Greeter"

// newGreeter serves what generated code would register.
func newGreeter() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(greeter+"/Greet", connect.NewUnaryHandler(greeter+"/Greet",
		func(_ context.Context, r *connect.Request[wrapperspb.StringValue]) (*connect.Response[wrapperspb.StringValue],
			error) {
			if r.Msg.Value == "" {
				return nil, connect.NewError(connect.CodeInvalidArgument, errors.New("no name"))
			}
			res := connect.NewResponse(wrapperspb.String("Hello, " + r.Msg.Value))
			res.Trailer().Set("Mood", "good")
			return res, nil
		}, connect.WithIdempotency(connect.IdempotencyNoSideEffects)))
	mux.Handle(greeter+"/Countdown", connect.NewServerStreamHandler(greeter+"/Countdown",
		func(_ context.Context, r *connect.Request[wrapperspb.Int32Value],
			stream *connect.ServerStream[wrapperspb.StringValue]) error {
			for i := r.Msg.Value; i > 0; i-- {
				if err := stream.Send(wrapperspb.String(fmt.Sprint(i))); err != nil {
					return err
				}
			}
			return connect.NewError(connect.CodeAborted, errors.New("no rocket"))
		}))
	mux.Handle(grpchealth.NewHandler(grpchealth.NewStaticChecker(strings.TrimPrefix(greeter, "/"))))
	return mux
}

// The lists of connectrpc.com/cors are accepted as they are.
func TestConnectLists(t *testing.T) {
	assert.NoError(t, rpcOptions.Validate())
}

// The Connect protocol, as pages speak it.
func TestConnect(t *testing.T) {
	server := serve(t, cors.New(rpcOptions)(newGreeter()))
	unary := http.Header{
		"Content-Type": {"application/json"}, "Connect-Protocol-Version": {"1"}, "Connect-Timeout-Ms": {"60000"},
	}
	streaming := http.Header{"Content-Type": {"application/connect+json"}, "Connect-Protocol-Version": {"1"}}

	for _, tc := range []struct {
		name      string
		path      string
		header    http.Header
		body      string
		preflight bool
		want      string // the body, or its frames
	}{
		{"unary", greeter + "/Greet", unary, `"Ada"`, true, `200 "Hello, Ada"`},
		{"unary, an error", greeter + "/Greet", unary, `""`, true, `400 {"code":"invalid_argument","message":"no name"}`},
		{"unary without side effects, as GET", greeter + "/Greet?" + url.Values{
			"connect": {"v1"}, "encoding": {"json"}, "message": {`"Ada"`},
		}.Encode(),
			nil, "", false, `200 "Hello, Ada"`},
		{
			"a generated service", "/grpc.health.v1.Health/Check", unary, `{}`, true, `200 {"status":"SERVING_STATUS_SERVING"}`,
		},
		{
			"streaming", greeter + "/Countdown", streaming, frame(0, `2`), true,
			`200 [0 "2"] [0 "1"] [2 {"error":{"code":"aborted","message":"no rocket"}}]`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			call := corstest.Request{
				Origin: page, Method: http.MethodPost, URL: tc.path, Header: tc.header, Body: strings.NewReader(tc.body),
			}
			if tc.header == nil {
				call.Method, call.Body = http.MethodGet, nil
			}
			res, err := corstest.Fetch(server, call)
			require.NoError(t, err)
			assert.Equal(t, tc.preflight, res.Preflight != nil)
			body, err := io.ReadAll(res.Response.Body)
			require.NoError(t, err)
			show := compact
			if strings.HasPrefix(tc.header.Get("Content-Type"), "application/connect+") {
				show = func(t testing.TB, body []byte) string { return frames(t, body, compact) }
			}
			assert.Equal(t, tc.want, fmt.Sprintf("%d %s", res.Response.StatusCode, show(t, body)))

			if call.Body != nil {
				call.Body = strings.NewReader(tc.body)
			}
			call.Origin = stranger
			assert.Contains(t, outcome(t, server, call), "blocked")
		})
	}
}

// gRPC-Web, as pages speak it. It reports failures in a header if there is no message
// before them, which the page has to be able to read: without ExposedHeaders it would
// take them for empty answers.
func TestGRPCWeb(t *testing.T) {
	header := http.Header{
		"Content-Type": {"application/grpc-web+proto"},
		"X-Grpc-Web":   {"1"},
		"X-User-Agent": {"grpc-web-javascript/0.1"},
		"Grpc-Timeout": {"60S"},
	}
	hidden := rpcOptions
	hidden.ExposedHeaders = nil

	for _, tc := range []struct {
		name    string
		method  string
		message proto.Message
		opts    cors.Options
		want    string      // the frames
		status  http.Header // what the page may read of the response's header
	}{
		{
			"unary", "/Greet", wrapperspb.String("Ada"), rpcOptions,
			"[0 Hello, Ada] [128 grpc-status: 0; mood: good]", http.Header{},
		},
		{
			"unary, an error", "/Greet", wrapperspb.String(""), rpcOptions, "",
			http.Header{"Grpc-Status": {"3"}, "Grpc-Message": {"no name"}},
		},
		{"unary, an error, nothing exposed", "/Greet", wrapperspb.String(""), hidden, "", http.Header{}},
		{
			"streaming", "/Countdown", wrapperspb.Int32(2), rpcOptions,
			"[0 2] [0 1] [128 grpc-message: no rocket; grpc-status: 10]", http.Header{},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := serve(t, cors.New(tc.opts)(newGreeter()))
			message, err := proto.Marshal(tc.message)
			require.NoError(t, err)
			call := corstest.Request{
				Origin: page, Method: http.MethodPost, URL: greeter + tc.method,
				Header: header, Body: strings.NewReader(frame(0, string(message))),
			}
			res, err := corstest.Fetch(server, call)
			require.NoError(t, err)
			assert.NotNil(t, res.Preflight)
			assert.Equal(t, http.StatusOK, res.Response.StatusCode)
			body, err := io.ReadAll(res.Response.Body)
			require.NoError(t, err)
			assert.Equal(t, tc.want, frames(t, body, func(t testing.TB, message []byte) string {
				var value wrapperspb.StringValue
				require.NoError(t, proto.Unmarshal(message, &value))
				return value.Value
			}))
			res.Header.Del("Content-Length")
			assert.Equal(t, "application/grpc-web+proto", res.Header.Get("Content-Type"))
			res.Header.Del("Content-Type")
			assert.Equal(t, tc.status, res.Header)
		})
	}
}

// What people have for their other handlers is not enough for Connect, whose clients
// send headers of their own with every call.
func TestConnectWithoutItsLists(t *testing.T) {
	server := serve(t, allow(newGreeter()))
	for _, header := range []http.Header{
		{"Content-Type": {"application/json"}, "Connect-Protocol-Version": {"1"}},
		{"Content-Type": {"application/grpc-web+proto"}, "X-Grpc-Web": {"1"}},
	} {
		call := corstest.Request{
			Origin: page, Method: http.MethodPost, URL: greeter + "/Greet", Header: header, Body: strings.NewReader(""),
		}
		assert.Equal(t, "blocked: preflight headers", outcome(t, server, call))
	}
}

// A stream reaches the page message by message: the middleware passes on the
// ResponseWriter that it got, and with it Flush.
func TestConnectStreamIsNotHeldBack(t *testing.T) {
	const procedure = greeter + "/Wait"
	release := make(chan struct{})
	h := connect.NewServerStreamHandler(procedure,
		func(_ context.Context, r *connect.Request[wrapperspb.StringValue],
			stream *connect.ServerStream[wrapperspb.StringValue]) error {
			if err := stream.Send(wrapperspb.String("first")); err != nil {
				return err
			}
			<-release
			return stream.Send(wrapperspb.String("last"))
		})
	for name, server := range map[string]*wire{
		"HTTP/1.1": serve(t, cors.New(rpcOptions)(h)),
		"HTTP/2":   serveTLS(t, cors.New(rpcOptions)(h)),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodPost, server.server.String()+procedure, strings.NewReader(frame(0, `""`)))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/connect+json")
			r.Header.Set("Origin", page)
			res, err := server.client.Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			assert.Equal(t, []string{page}, res.Header["Access-Control-Allow-Origin"])

			first := make([]byte, len(frame(0, `"first"`)))
			_, err = io.ReadFull(res.Body, first)
			require.NoError(t, err)
			assert.Equal(t, `[0 "first"]`, frames(t, first, nil))
			release <- struct{}{}
			rest, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, `[0 "last"] [2 {}]`, frames(t, rest, nil))
		})
	}
}

// frame returns a message as the streaming protocols wrap it.
func frame(flags byte, message string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(message)))) + message
}

// frames takes body apart, and describes each frame by its flags and its message,
// which show describes if it is not nil. Trailers have theirs sorted.
func frames(t testing.TB, body []byte, show func(testing.TB, []byte) string) string {
	t.Helper()
	const trailers = 128
	var described []string
	for len(body) > 0 {
		require.GreaterOrEqual(t, len(body), 5, "%q", body)
		flags, n := body[0], int(binary.BigEndian.Uint32(body[1:]))
		require.GreaterOrEqual(t, len(body), 5+n, "%q", body)
		message := string(body[5 : 5+n])
		switch {
		case flags == trailers:
			lines := strings.Split(strings.ToLower(strings.TrimSpace(message)), "\r\n")
			slices.Sort(lines)
			message = strings.Join(lines, "; ")
		case show != nil:
			message = show(t, body[5:5+n])
		}
		described = append(described, fmt.Sprintf("[%d %s]", flags, message))
		body = body[5+n:]
	}
	return strings.Join(described, " ")
}

// compact returns JSON without the white space that protojson puts in at random.
func compact(t testing.TB, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, text))
	return b.String()
}

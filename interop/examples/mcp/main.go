// Command mcp is an MCP server over streamable HTTP for clients that run in a web
// page on http://localhost:3000.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"example.com/cors"
)

func main() {
	log.Fatal(http.ListenAndServe("localhost:5000", handler("http://localhost:3000")))
}

// handler serves pages of origin, and clients that are no browsers. CORS goes around
// all of it.
func handler(origin string) http.Handler { return allow(origin)(servers()) }

func allow(origin string) func(http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowedOrigins: []string{origin},
		AllowedMethods: []string{"DELETE"}, // ends a session
		AllowedHeaders: []string{
			"Content-Type",         // application/json
			"Authorization",        // a token; it does not need AllowCredentials
			"Mcp-Protocol-Version", // on all requests but the first
			"Mcp-Session-Id",       // up to 2025-11-25: the session
			"Last-Event-ID",        // up to 2025-11-25: where a stream is to go on
			"Mcp-Method",           // since 2026-07-28: the method in the body
			"Mcp-Name",             // since 2026-07-28: the tool, prompt or resource
			"Mcp-Param-Name",       // one for each x-mcp-header in the schema of a tool
		},
		ExposedHeaders: []string{
			"Mcp-Session-Id",   // without it, a page cannot make a second request
			"WWW-Authenticate", // says where to get a token
		},
		MaxAge:                  10 * time.Minute,
		RefuseCrossOriginWrites: true, // the specification wants 403 for other origins
	})
}

// servers has one MCP server at two addresses.
func servers() http.Handler {
	server := mcp.NewServer(&mcp.Implementation{Name: "greeter", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "greet", Description: "greets someone", InputSchema: greetSchema}, greet)
	getServer := func(*http.Request) *mcp.Server { return server }

	mux := http.NewServeMux()
	// For protocol versions up to 2025-11-25: sessions, and streams that can be resumed.
	mux.Handle("/mcp", mcp.NewStreamableHTTPHandler(getServer, &mcp.StreamableHTTPOptions{
		EventStore:     mcp.NewMemoryEventStore(nil),
		SessionTimeout: time.Hour,
	}))
	// Version 2026-07-28 has no sessions.
	mux.Handle("/mcp/stateless", mcp.NewStreamableHTTPHandler(getServer, &mcp.StreamableHTTPOptions{Stateless: true}))
	return mux
}

// greetSchema asks clients to send the name in the header Mcp-Param-Name as well, so
// that a gateway need not read the body.
var greetSchema = map[string]any{
	"type":     "object",
	"required": []string{"name"},
	"properties": map[string]any{
		"name": map[string]any{"type": "string", "x-mcp-header": "Name"},
	},
}

// greet reports progress twice before it answers.
func greet(ctx context.Context, r *mcp.CallToolRequest, in struct {
	Name string `json:"name"`
}) (*mcp.CallToolResult, any, error) {
	for step := range 2 {
		err := r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
			ProgressToken: r.Params.GetProgressToken(),
			Progress:      float64(step + 1),
			Total:         2,
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return &mcp.CallToolResult{
		Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf("hello, %s", in.Name)}},
	}, nil, nil
}

// Command playground serves a page to try CORS in: write a policy and a call, and
// watch the browser and the middleware decide. The page is on
// http://localhost:3000, the API that it calls on http://localhost:5000, and a
// second page on http://localhost:3001. The terminal shows each decision of the
// middleware.
//
// To read it as an example, begin with api.go: an API behind a policy, with the
// mistakes that people make. Three things may be taken home, each in a short file of
// its own:
//
//   - swap.go changes the policy while the server runs.
//   - validate.go shows people what is wrong with the policy that they wrote.
//   - routed.go has a route with its method in the pattern, behind RoutePreflights.
//
// The rest is the playground itself. pages.go serves the page, whose script is
// page/script.js; policy.go and call.go read its forms, tour.go has its examples;
// visitors.go gives each open page an API of its own, wire.go records what is said to
// it, and verdict.go and advice.go judge that with the package corstest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "playground:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, and writes to out what happens.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("playground", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error
	names := []string{"page", "other", "api"}
	addrs := []*string{
		flags.String("page", "localhost:3000", "`localhost:port` of the page; port 0 is one that is free"),
		flags.String("other", "localhost:3001", "`localhost:port` of the second page"),
		flags.String("api", "localhost:5000", "`localhost:port` of the API"),
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(out)
		flags.Usage()
		return nil
	case err != nil:
		return fmt.Errorf("%w (the flags are -page, -other and -api)", err)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: the flags are -page, -other and -api", flags.Arg(0))
	}
	listeners := make([][]net.Listener, len(addrs))
	ports := make([]string, len(addrs))
	for i, addr := range addrs {
		var err error
		listeners[i], ports[i], err = listen(names[i], *addr)
		if err != nil {
			if j := slices.Index(ports[:i], portIn(*addr)); j >= 0 {
				return fmt.Errorf("-%s and -%s are both localhost:%s; each needs a port of its own", names[j], names[i], ports[j])
			}
			return err
		}
		defer closeAll(listeners[i])
	}
	o := originsAt(ports[0], ports[1], ports[2])
	page, other, api := servers(o, out)
	fmt.Fprintf(out, welcome, o.Page, o.API)
	err := serve(ctx, listeners, []http.Handler{page, other, api})
	fmt.Fprintln(out, "The playground is closed.")
	return err
}

// serve has each handler serve its listeners, until ctx ends.
func serve(ctx context.Context, listeners [][]net.Listener, handlers []http.Handler) (err error) {
	failed := make(chan error, 2*len(listeners))
	var servers []*http.Server
	for i, h := range handlers {
		s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		servers = append(servers, s)
		for _, l := range listeners[i] {
			go func() { failed <- s.Serve(l) }()
		}
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	for _, s := range servers {
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
	}
	return err
}

const welcome = `
Open this in a browser: %[1]s
The API that it calls:  %[2]s

Without a browser, ask as a browser does: first for this page, then for a page of a stranger:

    curl -i -X OPTIONS -H 'Origin: %[1]s' -H 'Access-Control-Request-Method: PUT' %[2]s/notes
    curl -i -X OPTIONS -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: PUT' %[2]s/notes

The command corscheck plays a browser, and says what to change:

    go run ./cmd/corscheck -origin https://evil.example -X PUT %[2]s/notes

Ctrl-C ends the playground. What the middleware decides:

`

// originsAt returns the origins of servers on ports of localhost.
func originsAt(page, other, api string) origins {
	return origins{
		Page: originOf("localhost", page), IP: originOf("127.0.0.1", page), Other: originOf("localhost", other),
		API: originOf("localhost", api), Elsewhere: originOf("127.0.0.1", api),
	}
}

func originOf(host, port string) string {
	if port == "80" {
		return "http://" + host
	}
	return "http://" + host + ":" + port
}

// listen returns listeners on a port of localhost, and the port.
func listen(name, addr string) (listeners []net.Listener, port string, err error) {
	port, err = portOf(addr)
	if err != nil {
		return nil, "", fmt.Errorf("-%s %s: %w", name, addr, err)
	}
	// Browsers try both addresses. If this server held only one of them, another
	// program could answer at the other.
	for _, h := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(h, port))
		if err != nil {
			if len(listeners) > 0 && !hasIPv6() {
				break
			}
			closeAll(listeners)
			return nil, "", fmt.Errorf("-%s localhost:%s: %w", name, port, because(err, name))
		}
		listeners = append(listeners, l)
		port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port) // one for both
	}
	return listeners, port, nil
}

// because says why a port could not be listened on, and what to write instead.
func because(err error, name string) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this port needs more rights; choose one above 1023 (%w)", err)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("another program has this port; end it, or write -%s localhost:0 for one that is free", name)
	}
	return fmt.Errorf("%w; -%s localhost:0 takes a port that is free", err, name)
}

// portOf returns the port of an address on this machine, or says what to write.
func portOf(addr string) (string, error) {
	given := addr
	if _, rest, found := strings.Cut(addr, "://"); found {
		addr = strings.TrimRight(rest, "/")
	}
	if isPort(addr) {
		addr = "localhost:" + addr
	}
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil || port == "":
		return "", errors.New("no port; write a host and a port, as in localhost:8080")
	case !isPort(port):
		return "", fmt.Errorf("%q is no port; write a number from 0 to 65535, as in localhost:8080", port)
	case host != "" && !strings.EqualFold(host, "localhost"):
		return "", fmt.Errorf("the playground listens on localhost only; write localhost:%s", port)
	case addr != given:
		return "", fmt.Errorf("write localhost:%s", port)
	case slices.Contains(blocked, strings.TrimLeft(port, "0")):
		return "", errors.New("browsers open nothing on this port; choose another")
	}
	return port, nil
}

// portIn returns the port of an address, "" if it has none.
func portIn(addr string) string {
	port, _ := portOf(addr)
	return port
}

// blocked are the ports above 1023 that browsers call nothing on
// (https://fetch.spec.whatwg.org/#port-blocking).
var blocked = []string{
	"1719", "1720", "1723", "2049", "3659", "4045", "4190", "5060", "5061", "6000", "6566", "6665", "6666", "6667",
	"6668", "6669", "6679", "6697", "10080",
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

// Command playground runs a page on http://localhost:3000 and an API on
// http://localhost:5000. The page calls the API in many ways, good and bad, and
// shows what the browser let through and what it blocked; the terminal shows each
// decision of the middleware.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"example.com/cors"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p := playground{out: os.Stdout, done: func(report) {}}
	if err := p.run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "playground:", err)
		os.Exit(1)
	}
}

// A playground is two servers, which write to out what they do.
type playground struct {
	out  io.Writer
	done func(report) // called when a page has made all of its calls
}

// A report is what a page found out.
type report struct {
	Status string // what the page says at its end
	Rows   []struct {
		Blocked    bool
		Preflights int
		Got        string // what the page could read
	}
}

// run serves until ctx ends.
func (p playground) run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("playground", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are printed by whoever gets them
	pageAddr := flags.String("page", "localhost:3000", "`host:port` of the page; port 0 is one that is free")
	apiAddr := flags.String("api", "localhost:5000", "`host:port` of the API")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(p.out)
		flags.Usage()
		return nil
	case err != nil:
		return fmt.Errorf("%w (there are only -page and -api)", err)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: there are only the flags -page and -api", flags.Arg(0))
	}
	pageListeners, page, err := listen("page", *pageAddr)
	if err != nil {
		return err
	}
	defer closeAll(pageListeners)
	apiListeners, api, err := listen("api", *apiAddr)
	if err != nil {
		return err
	}
	defer closeAll(apiListeners)

	logger := slog.New(slog.NewTextHandler(p.out, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	a := newAPI(page, logger)
	fmt.Fprintf(p.out, welcome, page, api)

	servers := []*http.Server{
		{Handler: p.page(api, a), ReadHeaderTimeout: 10 * time.Second},
		{Handler: a, ReadHeaderTimeout: 10 * time.Second},
	}
	failed := make(chan error, len(pageListeners)+len(apiListeners))
	for i, listeners := range [][]net.Listener{pageListeners, apiListeners} {
		for _, l := range listeners {
			go func() { failed <- servers[i].Serve(l) }()
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
	fmt.Fprintln(p.out, "The playground is closed.")
	return err
}

const welcome = `
The page: %[1]s   (open this in a browser)
The API:  %[2]s

Try also, as a browser would ask for the page, then for a stranger's, and then
the request itself:

    curl -i -X OPTIONS -H 'Origin: %[1]s' -H 'Access-Control-Request-Method: PUT' %[2]s/notes
    curl -i -X OPTIONS -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: PUT' %[2]s/notes
    curl -i -X PUT -H 'Origin: %[1]s' -d '{}' %[2]s/notes

Ctrl-C ends the playground. What the middleware decides:

`

// listen returns listeners on addr and the origin that browsers know it by.
func listen(name, addr string) (listeners []net.Listener, origin string, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", fmt.Errorf("-%s %s: not a host and a port, as in localhost:8080", name, addr)
	}
	host = strings.ToLower(host)
	hosts := []string{host}
	if host == "localhost" {
		// Browsers take either address. Who holds only one may have somebody else's
		// server answer at the other.
		hosts = []string{"127.0.0.1", "::1"}
	}
	for _, h := range hosts {
		l, err := net.Listen("tcp", net.JoinHostPort(h, port))
		if err != nil {
			if len(listeners) > 0 && !hasIPv6() {
				break
			}
			closeAll(listeners)
			return nil, "", fmt.Errorf("%w; if the port is in use, choose another: -%s %s", err, name, net.JoinHostPort(host, "0"))
		}
		listeners = append(listeners, l)
		port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port) // one for all
	}
	if origin, err = originOf(host, port); err != nil {
		closeAll(listeners)
		return nil, "", fmt.Errorf("-%s %s: browsers do not spell it so: %w", name, addr, err)
	}
	return listeners, origin, nil
}

// originOf returns the origin of pages from host and port, as browsers spell it.
func originOf(host, port string) (string, error) {
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "", err == nil && ip.IsUnspecified():
		host = "localhost" // one name of many
	case err == nil:
		host = ip.String()
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	origin := "http://" + host
	if port != "80" {
		origin += ":" + port
	}
	_, err = cors.NewOriginMatcher(origin)
	return origin, err
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

//go:embed page.html
var pageHTML string

// page serves the page itself, and what it asks its own server.
func (p playground) page(api string, a *api) http.Handler {
	t := template.Must(template.New("page").Parse(pageHTML))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := t.Execute(w, struct {
			API  string
			Rows []row
		}{api, rows}); err != nil {
			fmt.Fprintln(p.out, err)
		}
	})
	// How many preflights did a URL of the API get?
	mux.HandleFunc("GET /preflights", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprint(w, a.preflights(r.FormValue("url")))
	})
	mux.HandleFunc("POST /done", func(w http.ResponseWriter, r *http.Request) {
		var d report
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&d); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(p.out, "\nThe page says %q.\n\n", d.Status)
		p.done(d)
	})
	return mux
}

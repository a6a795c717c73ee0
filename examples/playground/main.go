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
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p := playground{out: os.Stdout, done: func(report) {}}
	if err := p.run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
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
	flags.SetOutput(p.out)
	pageAddr := flags.String("page", "localhost:3000", "host and port of the page")
	apiAddr := flags.String("api", "localhost:5000", "host and port of the API")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: there are only the flags -page and -api", flags.Arg(0))
	}
	pageListener, page, err := listen("page", *pageAddr)
	if err != nil {
		return err
	}
	defer pageListener.Close()
	apiListener, api, err := listen("api", *apiAddr)
	if err != nil {
		return err
	}
	defer apiListener.Close()

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
	fmt.Fprintf(p.out, welcome, page, api, page, api)

	servers := []*http.Server{
		{Handler: p.page(api, a), ReadHeaderTimeout: 10 * time.Second},
		{Handler: a, ReadHeaderTimeout: 10 * time.Second},
	}
	failed := make(chan error, len(servers))
	for i, listener := range []net.Listener{pageListener, apiListener} {
		go func() { failed <- servers[i].Serve(listener) }()
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
The page: %s   (open this in a browser)
The API:  %s

Try also, a preflight as a browser would send it:

    curl -i -X OPTIONS -H 'Origin: %s' \
      -H 'Access-Control-Request-Method: PUT' \
      -H 'Access-Control-Request-Headers: content-type' %s/notes

Leave out or change a header, and see what is answered. Ctrl-C ends the playground.
What the middleware decides:

`

// listen returns a listener on addr and the origin that browsers know it by.
func listen(name, addr string) (net.Listener, string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", fmt.Errorf("-%s %s: not a host and a port, as in localhost:8080", name, addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("%w; if the port is in use, choose another: -%s %s", err, name, net.JoinHostPort(host, "0"))
	}
	if host == "" {
		host = "localhost"
	}
	port := l.Addr().(*net.TCPAddr).Port
	if port == 80 {
		return l, "http://" + host, nil
	}
	return l, "http://" + net.JoinHostPort(host, fmt.Sprint(port)), nil
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

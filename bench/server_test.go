package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	connections = 8
	batch       = 25 // requests that each connection sends in turn
	body        = `{"id":7,"name":"Ada Lovelace","email":"ada@example.com"}`
)

// BenchmarkServer measures requests through real servers on the loopback
// interface, over connections that are kept alive. The clients are those of
// net/http; or else they write prepared bytes and read as many as the first
// response had, which costs so little that nearly all is the server's.
//
// An operation is a batch of requests to every server, one server after the
// other, so that whatever else the machine does hits all of them alike. The
// medians are given per request.
func BenchmarkServer(b *testing.B) {
	defer runtime.KeepAlive(ballast())
	var credentialed policy
	for p := range policies() {
		if p.name == "credentialed" {
			credentialed = p
		}
	}
	for _, q := range requests() {
		if q.name != "actual" && q.name != "no-origin" {
			continue
		}
		for _, dial := range []struct {
			client string
			dial   func(addr string, r *http.Request) (client, error)
		}{{"http", dialHTTP}, {"raw", dialRaw}} {
			b.Run("client="+dial.client+"/req="+q.name, func(b *testing.B) {
				var names []string
				var fleets []fleet
				for _, l := range libs() {
					if l.name != "none" && l.name != "hand" && l.name != "cors" && l.name != "rs" {
						continue
					}
					h := l.wrap(credentialed, q, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Content-Type", "application/json")
						_, _ = io.WriteString(w, body)
					}))
					server := httptest.NewServer(h)
					b.Cleanup(server.Close)
					f := make(fleet, connections)
					for i := range f {
						c, err := dial.dial(server.Listener.Addr().String(), q.to(credentialed))
						require.NoError(b, err)
						b.Cleanup(c.close)
						f[i] = c
					}
					names, fleets = append(names, l.name), append(fleets, f)
				}
				race(b, names, fleets)
			})
		}
	}
}

// race lets the fleets send by turns, and reports the median of each.
func race(b *testing.B, names []string, fleets []fleet) {
	times := make([][]float64, len(fleets))
	for b.Loop() {
		for i, f := range fleets {
			start := time.Now()
			require.NoError(b, f.send(batch))
			times[i] = append(times[i], float64(time.Since(start)))
		}
	}
	b.ReportMetric(0, "ns/op") // left out: the sum of what is compared
	for i, name := range names {
		slices.Sort(times[i])
		b.ReportMetric(times[i][len(times[i])/2]/(batch*connections), name+"-ns/req")
	}
}

// A fleet is the clients of one server.
type fleet []client

// send has every client send n requests, all at once.
func (f fleet) send(n int) error {
	errs := make([]error, len(f))
	var wg sync.WaitGroup
	for i, c := range f {
		wg.Go(func() { errs[i] = c.send(n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// A client is one connection.
type client interface {
	send(n int) error // sends the request n times, and reads each response before the next
	close()
}

// An httpClient is net/http's.
type httpClient struct {
	client  *http.Client
	request *http.Request
}

func dialHTTP(addr string, r *http.Request) (client, error) {
	c := httpClient{&http.Client{Transport: &http.Transport{DisableCompression: true}}, r.Clone(r.Context())}
	c.request.RequestURI = ""
	c.request.URL.Scheme, c.request.URL.Host = "http", addr
	return c, c.send(1)
}

func (c httpClient) send(n int) error {
	for range n {
		res, err := c.client.Do(c.request)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK || string(got) != body {
			return fmt.Errorf("unexpected response %s: %q", res.Status, got)
		}
	}
	return nil
}

func (c httpClient) close() { c.client.CloseIdleConnections() }

// A rawClient writes prepared bytes and reads as many as it expects.
type rawClient struct {
	conn     net.Conn
	request  []byte
	response []byte
}

// dialRaw connects and sends r, once, to learn how long the responses are. They
// are all alike but for their Date, whose length does not change.
func dialRaw(addr string, r *http.Request) (client, error) {
	var request, response bytes.Buffer
	if err := r.Write(&request); err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(request.Bytes()); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &response)), r)
	if err != nil {
		return nil, err
	}
	if got, err := io.ReadAll(res.Body); err != nil || string(got) != body {
		return nil, fmt.Errorf("body %q, error %w", got, err)
	}
	return rawClient{conn, request.Bytes(), response.Bytes()}, nil
}

func (c rawClient) send(n int) error {
	for range n {
		if _, err := c.conn.Write(c.request); err != nil {
			return err
		}
		if _, err := io.ReadFull(c.conn, c.response); err != nil {
			return err
		}
	}
	if !bytes.HasPrefix(c.response, []byte("HTTP/1.1 200 OK\r\n")) || !bytes.HasSuffix(c.response, []byte(body)) {
		return fmt.Errorf("unexpected response %q", c.response)
	}
	return nil
}

func (c rawClient) close() { _ = c.conn.Close() }

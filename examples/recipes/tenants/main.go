// Command tenants serves many tenants, each under a host name of its own. A database
// has the origins of each. They are held in memory and read again every minute: no
// request waits for the database, whatever Host and Origin it names.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"example.com/cors"
)

func main() {
	// A program imports the driver of its database, such as github.com/jackc/pgx/v5/stdlib.
	db, err := sql.Open(os.Getenv("DB_DRIVER"), os.Getenv("DB_URL"))
	if err != nil {
		log.Fatal(err)
	}
	t := &tenants{db: db}
	if err := t.refresh(context.Background()); err != nil {
		slog.Error("tenants' origins", "error", err) // the others are served
	}
	go t.keepFresh(context.Background(), time.Minute)
	log.Fatal(http.ListenAndServe("localhost:5000", handler(t)))
}

func handler(t *tenants) http.Handler {
	allow := cors.New(cors.Options{
		AllowOriginFunc:  t.allows,
		AllowedMethods:   []string{"PUT", "DELETE"},
		AllowedHeaders:   []string{"Content-Type"},
		AllowCredentials: true,
		// Host is a part of the URL, by which caches tell responses apart already. If
		// the tenant came from a header, AllowOriginVary would name it.
	})
	return allow(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "users of ", r.Host) }))
}

// Tenants know which origins each tenant allows.
type tenants struct {
	db      *sql.DB
	current atomic.Pointer[map[string]*cors.OriginMatcher] // by host; the map never changes
}

// allows is an AllowOriginFunc. A tenant that is not known allows nobody.
func (t *tenants) allows(r *http.Request, origin string) bool {
	matchers := t.current.Load()
	if matchers == nil {
		return false
	}
	matcher, ok := (*matchers)[r.Host]
	return ok && matcher.Match(origin)
}

// refresh reads all tenants and swaps them in at once. If the database fails, nothing
// changes. A tenant with a bad pattern keeps the origins it had, and is in the error.
func (t *tenants) refresh(ctx context.Context) error {
	rows, err := t.db.QueryContext(ctx, "SELECT host, origin FROM tenant_origins")
	if err != nil {
		return err
	}
	defer rows.Close()
	patterns := make(map[string][]string)
	for rows.Next() {
		var host, origin string
		if err := rows.Scan(&host, &origin); err != nil {
			return err
		}
		patterns[host] = append(patterns[host], origin)
	}
	if err := rows.Err(); err != nil {
		return err
	}

	before := t.current.Load()
	matchers := make(map[string]*cors.OriginMatcher, len(patterns))
	var bad []error
	for host, list := range patterns {
		matcher, err := newMatcher(list)
		if err != nil {
			bad = append(bad, fmt.Errorf("tenant %s: %w", host, err))
			if before == nil || (*before)[host] == nil {
				continue
			}
			matcher = (*before)[host]
		}
		matchers[host] = matcher
	}
	t.current.Store(&matchers)
	return errors.Join(bad...)
}

// newMatcher checks the patterns as New would in a policy with credentials, which
// refuses more than NewOriginMatcher: http:// origins, and https://*.github.io. A
// form where tenants enter origins calls Validate as well, and shows its problems.
func newMatcher(patterns []string) (*cors.OriginMatcher, error) {
	if err := (cors.Options{AllowedOrigins: patterns, AllowCredentials: true}).Validate(); err != nil {
		return nil, err
	}
	return cors.NewOriginMatcher(patterns...)
}

// keepFresh refreshes until ctx ends.
func (t *tenants) keepFresh(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := t.refresh(ctx); err != nil {
				slog.ErrorContext(ctx, "tenants' origins", "error", err)
			}
		}
	}
}

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/cors/corstest"
)

func TestTenants(t *testing.T) {
	table := &table{rows: [][2]string{
		{"acme.api.example", "https://acme.example"},
		{"acme.api.example", "https://*.preview.acme.example"},
		{"bolt.api.example", "https://bolt.example"},
	}}
	db := sql.OpenDB(table)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	tenants := &tenants{db: db}
	h := handler(tenants)
	reads := func(origin, host string) bool {
		_, err := corstest.Fetch(h, corstest.Request{
			Origin: origin, Method: "PUT", URL: "https://" + host + "/users", Credentials: true,
		})
		return err == nil
	}
	assert.False(t, reads("https://acme.example", "acme.api.example"), "before the first refresh")

	require.NoError(t, tenants.refresh(t.Context()))
	queries := table.queries
	assert.True(t, reads("https://acme.example", "acme.api.example"))
	assert.True(t, reads("https://pr-7.preview.acme.example", "acme.api.example"))
	assert.True(t, reads("https://bolt.example", "bolt.api.example"))
	assert.False(t, reads("https://bolt.example", "acme.api.example"), "another tenant's page")
	assert.False(t, reads("https://acme.example", "nobody.api.example"), "no tenant")
	assert.False(t, reads("null", "acme.api.example"))
	assert.Equal(t, queries, table.queries, "requests do not query the database")

	// One tenant enters what does not work, another moves: the first is served as before.
	table.set([2]string{"acme.api.example", "http://acme.example"}, [2]string{
		"bolt.api.example", "https://bolt.example.org",
	})
	err := tenants.refresh(t.Context())
	assert.ErrorContains(t, err, `tenant acme.api.example: cors: AllowedOrigins: "http://acme.example"`)
	assert.True(t, reads("https://acme.example", "acme.api.example"))
	assert.False(t, reads("http://acme.example", "acme.api.example"))
	assert.True(t, reads("https://bolt.example.org", "bolt.api.example"))
	assert.False(t, reads("https://bolt.example", "bolt.api.example"))

	// The database is down, and then a tenant is gone.
	table.fail(errors.New("connection refused"))
	assert.ErrorContains(t, tenants.refresh(t.Context()), "connection refused")
	assert.True(t, reads("https://bolt.example.org", "bolt.api.example"))
	table.set([2]string{"acme.api.example", "https://acme.example"})
	require.NoError(t, tenants.refresh(t.Context()))
	assert.False(t, reads("https://bolt.example.org", "bolt.api.example"))
}

// What the table gets while the server runs is served a minute later at most.
func TestKeepFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := new(table)
		db := sql.OpenDB(table)
		tenants := &tenants{db: db}
		ctx, cancel := context.WithCancel(t.Context())
		go tenants.keepFresh(ctx, time.Minute)
		table.set([2]string{"acme.api.example", "https://acme.example"})
		time.Sleep(time.Minute)
		synctest.Wait()
		_, err := corstest.Fetch(handler(tenants), corstest.Request{
			Origin: "https://acme.example", URL: "https://acme.api.example/", Credentials: true,
		})
		assert.NoError(t, err)
		cancel()
		synctest.Wait()
		assert.NoError(t, db.Close())
	})
}

// A table stands for a database: a driver that answers every query with its rows.
type table struct {
	mu      sync.Mutex
	rows    [][2]string
	err     error
	queries int
}

func (t *table) set(rows ...[2]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows, t.err = rows, nil
}

func (t *table) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
}

func (t *table) Connect(context.Context) (driver.Conn, error) { return t, nil }
func (t *table) Driver() driver.Driver                        { return nil }
func (t *table) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (t *table) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (t *table) Close() error                                 { return nil }
func (t *table) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queries++
	return &cursor{rows: t.rows}, t.err
}

type cursor struct{ rows [][2]string }

func (*cursor) Columns() []string { return []string{"host", "origin"} }
func (*cursor) Close() error      { return nil }
func (c *cursor) Next(dest []driver.Value) error {
	if len(c.rows) == 0 {
		return io.EOF
	}
	dest[0], dest[1] = c.rows[0][0], c.rows[0][1]
	c.rows = c.rows[1:]
	return nil
}

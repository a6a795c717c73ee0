// Package property tests the middleware with random policies and random requests.
// Everything that comes of them must follow from the policy.
package property_test

import (
	"flag"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/cors"
	"example.com/cors/corstest"
)

const usual = 20_000

var cases = flag.Int("cases", usual, "random calls of random policies that are judged by corstest")

// Browsers do what the policy says, no more and no less: what corstest's browser
// makes of a random call is what follows from the options by themselves.
func TestBrowsersDoWhatThePolicySays(t *testing.T) {
	seed := uint64(22) // the usual run is the same everywhere; a longer one, another each time
	if *cases != usual {
		seed = uint64(time.Now().UnixNano())
	}
	random := rand.New(rand.NewPCG(seed, 0))
	allowed, blocked := 0, 0
	for range *cases {
		policy, call := randomPolicy(random), randomCall(random)
		want := policy.verdict(call)
		got := observe(policy.opts, call)
		if want != got {
			t.Fatalf("seed %d\npolicy %+v\ncall %+v\nthe policy says %+v\nthe browser %+v", seed, policy.opts, call, want, got)
		}
		if want.readable {
			allowed++
		} else {
			blocked++
		}
	}
	assert.Greater(t, allowed, *cases/20, "too few calls are allowed to prove anything")
	assert.Greater(t, blocked, *cases/20, "too few calls are blocked to prove anything")
}

// observe lets corstest's browser make the call.
func observe(opts cors.Options, c call) verdict {
	var v verdict
	h := cors.New(opts)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.ran = true
		for _, name := range probes {
			w.Header().Set(name, "1")
		}
	}))
	res, err := corstest.Fetch(h, c.Request)
	if res == nil {
		panic(err)
	}
	v.readable = err == nil
	for _, exchange := range res.Exchanges {
		if exchange.Preflight {
			v.preflights++
		}
	}
	var visible []string
	for _, name := range probes {
		if res.Header.Get(name) != "" {
			visible = append(visible, name)
		}
	}
	v.visible = strings.Join(visible, " ")
	return v
}

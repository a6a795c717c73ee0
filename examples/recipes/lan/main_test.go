package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/cors/corstest"
)

func TestLAN(t *testing.T) {
	for origin, want := range map[string]bool{
		"http://192.168.1.7":                    true,
		"http://192.168.1.255:8080":             true,
		"http://[fd12:3456:789a:1::7]:3000":     true,
		"http://nas.local":                      true,
		"https://192.168.1.7":                   false,
		"http://192.168.2.7":                    false,
		"http://192.168.1.7.evil.example":       false,
		"http://evil.example":                   false,
		"http://[::ffff:192.168.1.7]":           false, // no browser writes it so
		"http://other.local":                    false,
		"null":                                  false,
		"chrome-extension://192.168.1.7":        false,
		"http://[fd12:3456:789b::1]":            false,
		"http://192.168.1.7@evil.example":       false,
		"http://evil.example/http://192.168.1.": false,
	} {
		r := corstest.Request{Origin: origin, Method: "PUT", Header: http.Header{"Authorization": {"Bearer secret"}}}
		_, err := corstest.Fetch(handler(), r)
		assert.Equal(t, want, err == nil, "%s: %v", origin, err)
	}
}

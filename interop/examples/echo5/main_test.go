package main

import (
	"testing"

	"example.com/cors/interop/internal/exampletest"
)

func TestHandler(t *testing.T) { exampletest.Check(t, handler()) }

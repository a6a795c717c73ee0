package main

import (
	"runtime"
	"testing"

	"example.com/cors"
)

// BenchmarkNew measures what a policy of 100 000 origins costs at the start of a
// program, beside the least that could hold them: a map with a known size. Of
// the bytes, live-B stays allocated.
func BenchmarkNew(b *testing.B) {
	opts := cors.Options{AllowedOrigins: exactOrigins(100_000).origins}
	for _, l := range []struct {
		name  string
		build func() any
	}{
		{"cors", func() any { return cors.New(opts) }},
		{"map", func() any {
			set := make(map[string]struct{}, len(opts.AllowedOrigins))
			for _, origin := range opts.AllowedOrigins {
				set[origin] = struct{}{}
			}
			return set
		}},
	} {
		b.Run("lib="+l.name+"/origins=100000", func(b *testing.B) {
			b.ReportAllocs()
			var built any
			for b.Loop() {
				built = l.build()
			}
			full := heap()
			runtime.KeepAlive(built)
			built = nil
			b.ReportMetric(float64(full-heap()), "live-B")
		})
	}
	runtime.KeepAlive(opts)
}

// heap returns the bytes of the heap that are in use.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

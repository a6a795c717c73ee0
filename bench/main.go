// Command bench measures what CORS costs per request, side by side with other
// middleware, and prints the result as Markdown:
//
//	go -C bench run .            # twenty rounds, six minutes
//	go -C bench run . -count 1   # a glance
//
// Every library states the same policies in its own words, and is measured only
// where corstest finds that it means them. The benchmarks run in rounds, and what
// is compared runs next to each other within a round: ratios are those of one
// round, and the table gives their medians. Where the targets of this repository
// are not met it says so.
package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	var (
		count     = flag.Int("count", 20, "run `n` rounds")
		benchtime = flag.Duration("benchtime", 20*time.Millisecond, "spend `d` on each benchmark of each round")
		raw       = flag.String("raw", "", "write what the benchmarks print to `file` as well, for benchstat")
	)
	flag.Parse()
	if err := report(*count, *benchtime, *raw); err != nil {
		log.Fatal(err)
	}
}

// report runs the benchmarks and prints the table.
func report(count int, benchtime time.Duration, rawFile string) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "bench.test")
	if err := run(io.Discard, "go", "test", "-c", "-o", binary, "."); err != nil {
		return err
	}
	var meaning, raw, versions bytes.Buffer
	if err := run(&meaning, binary, "-test.run", "^(TestMeaning|TestByHandEqualsTheLibrary)$", "-test.v"); err != nil {
		return fmt.Errorf("%w\n%s", err, meaning.String())
	}
	if err := run(&versions, "go", "list", "-m", "-f", "{{.Path}} {{.Version}}",
		"github.com/rs/cors", "github.com/go-chi/cors", "github.com/gorilla/handlers",
		"github.com/gin-contrib/cors", "github.com/gin-gonic/gin"); err != nil {
		return err
	}
	start := time.Now()
	for i := range count {
		log.Printf("round %d of %d, after %v", i+1, count, time.Since(start).Round(time.Second))
		for _, args := range [][]string{
			{"-test.bench", "Middleware|New", "-test.benchtime", benchtime.String()},
			// An operation of this one is a batch.
			{"-test.bench", "Server", "-test.benchtime", "25x"},
		} {
			if err := run(&raw, binary, append(args, "-test.run", "^$")...); err != nil {
				return fmt.Errorf("%w\n%s", err, raw.String())
			}
		}
	}
	if rawFile != "" {
		if err := os.WriteFile(rawFile, raw.Bytes(), 0o666); err != nil {
			return err
		}
	}
	m, err := parse(&raw)
	if err != nil {
		return err
	}
	fmt.Printf("Measured on %s: %s, %d CPUs, %s/%s, %s, %d rounds. Beside it: %s.\n\n",
		time.Now().Format(time.DateOnly), cmp.Or(m.cpu, "unknown CPU"), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		runtime.Version(), count, strings.Join(strings.Split(strings.TrimSpace(versions.String()), "\n"), ", "))
	m.print(os.Stdout)
	printLeftOut(os.Stdout, &meaning)
	return nil
}

// run runs a command in this directory and writes its output to w.
func run(w io.Writer, name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = w, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	return nil
}

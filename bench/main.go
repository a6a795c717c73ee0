// Command bench measures what CORS costs per request, side by side with other
// middleware. It prints the results as Markdown:
//
//	go -C bench run .            # twenty rounds, six minutes
//	go -C bench run . -write     # the same, and writes docs/performance.md
//	go -C bench run . -count 1   # a glance
//
// Every library gets the same policies in its own words. It is measured only
// where corstest finds that it enforces them. The benchmarks run in rounds, and
// within a round, what is compared runs one right after the other. A ratio is
// computed within each round, and the table shows the median of these ratios.
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
		write     = flag.Bool("write", false, "write the table of docs/performance.md")
	)
	flag.Parse()
	if err := report(*count, *benchtime, *raw, *write); err != nil {
		log.Fatal(err)
	}
}

// report runs the benchmarks and prints the tables.
func report(count int, benchtime time.Duration, rawFile string, write bool) error {
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
	page := m.page(fmt.Sprintf("Measured on %s on %s (%d CPUs, %s/%s) with %s: medians of %d rounds, beside %s.",
		time.Now().Format(time.DateOnly), cmp.Or(m.cpu, "an unknown CPU"), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		strings.Replace(runtime.Version(), "go", "Go ", 1), count,
		strings.Join(strings.Split(strings.TrimSpace(versions.String()), "\n"), ", ")))
	fmt.Println(page)
	if write {
		if err := replacePart(pageFile, page); err != nil {
			return err
		}
	}
	m.print(os.Stdout)
	printLeftOut(os.Stdout, &meaning)
	return nil
}

// pageFile is what -write writes to. The command runs in its own folder.
const pageFile = "../docs/performance.md"

// run runs a command in this directory and writes its output to w.
func run(w io.Writer, name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = w, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	return nil
}

// Command ran runs its arguments one after the other, each a line for sh that ends
// in "go test -json …", and prints what go test prints without -json: a line for each
// package, and all of what has failed. Its last line says what ran, and what only the
// whole suite runs, by the marks of internal/tier. It exits with 1 if a line fails.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pinfix/pinfix/internal/tier"
)

func main() {
	r := newReader(os.Stdout)
	start := time.Now()
	ok := len(os.Args) > 1
	for _, line := range os.Args[1:] {
		if err := r.run(line); err != nil {
			fmt.Fprintf(os.Stdout, "%s: %v\n", line, err)
			ok = false
		}
	}
	r.summary(time.Since(start))
	if !ok || r.failed > 0 {
		os.Exit(1)
	}
}

// An event is a line of go test -json (go doc test2json).
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// A reader counts the events of test runs.
type reader struct {
	out                              io.Writer
	output                           map[string]*strings.Builder // of a test, until it ends
	tests, scripts, packages, failed int
	onlyAll                          []*left
	otherwise                        []string // what cannot run here
}

func newReader(out io.Writer) *reader {
	return &reader{out: out, output: map[string]*strings.Builder{}}
}

func (r *reader) run(line string) error {
	cmd := exec.Command("sh", "-c", line)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	before := r.packages
	r.read(stdout)
	if err := cmd.Wait(); err != nil {
		return err
	}
	if r.packages == before {
		return fmt.Errorf("no package was tested")
	}
	return nil
}

func (r *reader) read(from io.Reader) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		var e event
		switch {
		case line == "":
		case json.Unmarshal([]byte(line), &e) == nil:
			r.event(e)
		default:
			fmt.Fprint(r.out, line)
		}
		if err != nil {
			return
		}
	}
}

func (r *reader) event(e event) {
	id := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		switch {
		case e.Action == "build-output":
			fmt.Fprint(r.out, e.Output)
		case e.Test == "" && e.Output != "PASS\n" && !strings.HasPrefix(e.Output, "coverage: "):
			fmt.Fprint(r.out, e.Output)
		case e.Test != "":
			if r.output[id] == nil {
				r.output[id] = &strings.Builder{}
			}
			r.output[id].WriteString(e.Output)
			r.note(e)
		}
	case "pass", "fail", "skip":
		r.end(e, id)
	}
}

// note keeps what a test says that only the whole suite runs, one entry for all its
// parts: of what is counted the sum.
func (r *reader) note(e event) {
	_, what, ok := strings.Cut(strings.TrimSpace(e.Output), tier.Mark)
	if !ok || strings.HasSuffix(e.Package, "/internal/tier") { // whose tests only try it
		return
	}
	top, _, _ := strings.Cut(e.Test, "/")
	all, some := 0, 0
	if m := countedRE.FindStringSubmatch(what); m != nil {
		all, _ = strconv.Atoi(m[1])
		some, _ = strconv.Atoi(m[3])
		what = m[2]
	}
	for _, o := range r.onlyAll {
		if o.test == top && o.what == what {
			o.all, o.some = o.all+all, o.some+some
			return
		}
	}
	r.onlyAll = append(r.onlyAll, &left{top, what, all, some})
}

var countedRE = regexp.MustCompile(`^(\d+) (.+) in place of (\d+)$`)

// left is what only the whole suite runs of a test: all in place of some.
type left struct {
	test, what string
	all, some  int
}

func (l *left) String() string {
	if l.all == 0 {
		return l.test + ": " + l.what
	}
	return fmt.Sprintf("%s: %d %s in place of %d", l.test, l.all, l.what, l.some)
}

func (r *reader) end(e event, id string) {
	said := r.output[id]
	delete(r.output, id)
	switch {
	case e.Test == "":
		r.packages++
		if e.Action == "fail" {
			r.failed++
			r.unended(e.Package)
		}
	case e.Action == "fail":
		r.failed++
		if said != nil {
			fmt.Fprintf(r.out, "%s", said)
		}
	case e.Action == "skip":
		r.skip(e, said)
	case strings.HasPrefix(e.Test, "TestScript") && strings.Contains(e.Test, "/"):
		r.scripts++
	default:
		r.tests++
	}
}

// unended prints what the tests of a package have said that did not come to their end.
func (r *reader) unended(pkg string) {
	for id, said := range r.output {
		if strings.HasPrefix(id, pkg+" ") {
			fmt.Fprint(r.out, said)
			delete(r.output, id)
		}
	}
}

// skip keeps what cannot run here. What only the whole suite runs is noted already.
func (r *reader) skip(e event, said *strings.Builder) {
	why := ""
	if said != nil {
		for line := range strings.Lines(said.String()) {
			if _, text, ok := strings.Cut(line, ".go:"); ok {
				_, why, _ = strings.Cut(strings.TrimSpace(text), ": ")
			}
		}
	}
	if !strings.HasPrefix(why, tier.Mark) {
		r.otherwise = append(r.otherwise, e.Test+": "+why)
	}
}

// summary prints what ran. What cannot run on this machine is named line by line.
func (r *reader) summary(took time.Duration) {
	for _, s := range r.otherwise {
		fmt.Fprintln(r.out, "skipped: "+s)
	}
	line := fmt.Sprintf("%d tests and %d scripts of %d packages ran in %v, %d failed, %d cannot run here", r.tests, r.scripts, r.packages, took.Round(time.Second), r.failed, len(r.otherwise))
	if len(r.onlyAll) > 0 {
		slices.SortFunc(r.onlyAll, func(a, b *left) int { return cmp.Compare(a.test, b.test) })
		var list []string
		for _, o := range r.onlyAll {
			list = append(list, o.String())
		}
		line += "; only make test-all runs " + strings.Join(list, "; ")
	}
	fmt.Fprintln(r.out, line)
}

package loopvar

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/tier"
)

// differPrelude is what the random functions use. Whatever they keep, they tell
// when the loops are over: the closures are called then, the pointers read.
const differPrelude = `package main

type T struct { n int; a [2]int }
type E struct { T; x int }

type world struct {
	out  []int
	fs   []func() int
	ps   []*int
	ss   [][]int
	ts   []*T
	m    map[int]func() int
	any  []any
	go_  chan struct{}
	wait []chan int
}

func (w *world) tell(n int) { if len(w.out) < 200 { w.out = append(w.out, n) } }
func (w *world) end() {
	close(w.go_)
	for _, c := range w.wait { w.tell(<-c) }
	for _, f := range w.fs { w.tell(f()) }
	for _, p := range w.ps { w.tell(*p) }
	for _, s := range w.ss { w.tell(s[0]) }
	for _, t := range w.ts { w.tell(t.n + t.a[0]) }
	for i := -9; i < 99; i++ { if f := w.m[i]; f != nil { w.tell(f()) } }
	for _, x := range w.any { switch x := x.(type) { case *int: w.tell(*x); case func() int: w.tell(x()); case *T: w.tell(x.n) } }
}

func (t *T) Get() int { return t.n }
func (t *T) Add(n int) *T { t.n += n; return t }
func (t *T) Keep(w *world) { w.ts = append(w.ts, t) }
func (t *T) Via(w *world, n int) { if n > 0 { t.Via(w, n-1); return }; t.Keep(w) }
func (t T) Val() int { return t.n }
func read(p *int) int { return *p }
func bump(p *int) { *p++ }
func same(p *int) *int { return p }
func named(p *int) (q *int) { defer func() { q = p }(); return nil }
func (w *world) store(p *int) { w.ps = append(w.ps, p) }
func (w *world) later(f func() int) { w.fs = append(w.fs, f) }
func (w *world) deferred(f func() int) { defer w.tell(f()) ; defer func() { w.tell(f()) }() }
func (w *world) spawn(f func() int) { c := make(chan int, 1); w.wait = append(w.wait, c); go func() { <-w.go_; c <- f() }() }
func (w *world) send(c chan int, p *int) { <-w.go_; c <- *p }
func call(f func() int) int { return f() }
func wrap(f func() int) func() int { return func() int { return f() } }
`

// A writer writes random functions.
type writer struct {
	strings.Builder
	rand *rand.Rand
	n    int // names used up
}

func (w *writer) pick(of ...string) string { return of[w.rand.IntN(len(of))] }

func (w *writer) name() string { w.n++; return fmt.Sprint("x", w.n) }

// loop writes a loop, with others in it up to depth d; vars are ints that are known there.
func (w *writer) loop(d int, vars []string) {
	v := w.name()
	kind, t := w.rand.IntN(6), ""
	label := ""
	if w.rand.IntN(4) == 0 {
		label = fmt.Sprint("L", w.n)
		fmt.Fprintf(w, "%s:\n", label)
	}
	switch kind {
	case 0:
		fmt.Fprintf(w, "for %s := 0; %s < 3; %s++ {\n", v, v, v)
	case 1:
		fmt.Fprintf(w, "for %s := range []int{5, 6, 7} {\n", v)
	case 2:
		fmt.Fprintf(w, "for _, %s := range []int{5, 6, 7} {\n", v)
	case 3:
		t = v
		v += ".n"
		fmt.Fprintf(w, "for _, %s := range []T{{n: 1}, {n: 2}, {n: 3}} {\n", t)
	case 4:
		t = v
		v += ".T.n"
		fmt.Fprintf(w, "for %s := (E{}); %s < 3; %s++ {\n", t, v, v)
		t += ".T"
	case 5:
		u := w.name()
		fmt.Fprintf(w, "for %s, %s := 0, 10; %s < 3; %s, %s = %s+1, %s {\n", v, u, v, v, u, v, w.pick(u+"+1", "read(&"+u+")", "func() int { w.later(func() int { return "+u+" }); return "+u+" }()"))
		vars = append(vars[:len(vars):len(vars)], u)
	}
	fmt.Fprintf(w, "w.tell(%s)\n", v)
	if label != "" {
		fmt.Fprintf(w, "if len(w.out) > 180 { %s %s }\n", w.pick("break", "continue"), label)
	}
	vars = append(vars[:len(vars):len(vars)], v)
	for range 1 + w.rand.IntN(3) {
		w.stmt(d, vars, t, label, true)
	}
	w.WriteString("}\n")
}

// ptr returns an expression that is a pointer to an int variable.
func (w *writer) ptr(v string) string {
	switch w.rand.IntN(6) {
	case 0:
		return "same(&" + v + ")"
	case 5:
		return "func() (p *int) { p = &" + v + "; return }()"
	case 1:
		return "(&" + v + ")"
	case 2:
		return "func() *int { return &" + v + " }()"
	case 3:
		return "named(&" + v + ")"
	}
	return "&" + v
}

// closure returns an expression that is a closure over an int variable.
func (w *writer) closure(v string) string {
	switch w.rand.IntN(4) {
	case 0:
		return "func() int { " + v + "++; return " + v + " }"
	case 1:
		return "wrap(func() int { return " + v + " })"
	case 2:
		p := w.name()
		return "func() int { " + p + " := &" + v + "; return *" + p + " }"
	}
	return "func() int { return " + v + " }"
}

// stmt writes a statement; t is a variable of type T, or "", and label that of the loop.
func (w *writer) stmt(d int, vars []string, t, label string, inLoop bool) {
	v := vars[w.rand.IntN(len(vars))]
	if w.rand.IntN(3) > 0 {
		v = vars[len(vars)-1]
	}
	x, y := w.name(), w.name()
	exit := ""
	if inLoop && w.rand.IntN(3) == 0 {
		exit = w.pick("break", "return", "continue", "break")
		if label != "" && exit != "return" && w.rand.IntN(2) == 0 {
			exit += " " + label
		}
	}
	switch w.rand.IntN(28) {
	case 0:
		fmt.Fprintf(w, "w.fs = append(w.fs, %s)\n", w.closure(v))
	case 1:
		fmt.Fprintf(w, "w.ps = append(w.ps, %s)\n", w.ptr(v))
	case 2:
		fmt.Fprintf(w, "w.tell(read(%s))\n", w.ptr(v))
	case 3:
		fmt.Fprintf(w, "w.tell(call(%s))\n", w.closure(v))
	case 4:
		fmt.Fprintf(w, "%s(%s)\n", w.pick("w.later", "w.deferred", "w.spawn"), w.closure(v))
	case 5:
		fmt.Fprintf(w, "%s := %s; w.tell(%s())\n", x, w.closure(v), x)
	case 6:
		fmt.Fprintf(w, "%s := %s; %s\n", x, w.closure(v), w.pick("w.fs = append(w.fs, "+x+")", "w.later("+x+")", "w.tell(call("+x+"))", "w.m["+v+"] = "+x))
	case 7:
		fmt.Fprintf(w, "defer func() { w.tell(%s) }()\n", v)
	case 8:
		fmt.Fprintf(w, "func() { defer func() { w.tell(%s) }(); w.tell(%s) }()\n", v, v)
	case 9:
		fmt.Fprintf(w, "{ %s := %s; w.fs = append(w.fs, func() int { return %s }) }\n", x, v, x)
	case 10:
		fmt.Fprintf(w, "%s := %s; %s := %s; *%s += 1; %s\n", x, w.ptr(v), y, x, y, w.pick("w.store("+y+")", "bump("+y+")", "w.tell(*"+x+")", "w.any = append(w.any, "+y+")"))
	case 11:
		fmt.Fprintf(w, "bump(&%s)\n", v)
	case 12:
		fmt.Fprintf(w, "if %s %% 2 == 0 { %s; %s }\n", v, w.pick("w.store(&"+v+")", "w.later("+w.closure(v)+")", "w.ps = append(w.ps, &"+v+")"), exit)
	case 13:
		fmt.Fprintf(w, "switch { case %s == 1: %s; %s; default: w.tell(1) }\n", v, w.pick("w.store(&"+v+")", "w.later("+w.closure(v)+")"), exit)
	case 14:
		fmt.Fprintf(w, "%s\nif %s > 0 { %s }\n", w.pick("w.store(&"+v+")", "w.later("+w.closure(v)+")", "w.tell("+v+")"), v, exit)
	case 15:
		fmt.Fprintf(w, "func() { %s(%s) }()\n", w.pick("w.later", "w.spawn", "w.deferred"), w.closure(v))
	case 16:
		fmt.Fprintf(w, "%s := func() func() int { return func() int { return %s } }; %s\n", x, v, w.pick("w.tell("+x+"()())", "w.fs = append(w.fs, "+x+"())"))
	case 17:
		fmt.Fprintf(w, "var %s %s = %s; %s\n", x, w.pick("any", "interface{}"), w.ptr(v), w.pick("w.any = append(w.any, "+x+")", "w.tell(*"+x+".(*int))"))
	case 18, 19, 20:
		if t == "" {
			fmt.Fprintf(w, "w.tell(%s)\n", v)
			break
		}
		w.WriteString(w.pick("w.tell("+t+".Get())", t+".Add(1)", t+".Keep(w)", t+".Via(w, 1)", "w.ts = append(w.ts, "+t+".Add(2))", "w.fs = append(w.fs, "+t+".Get)", "w.fs = append(w.fs, "+t+".Val)",
			"w.ss = append(w.ss, "+t+".a[:])", "w.ps = append(w.ps, &"+t+".a[1])", t+".a[0]++", "w.tell(len("+t+".a[:]))", "for range "+t+".a[:] { w.tell("+t+".n) }", "defer "+t+".Keep(w)", "w.tell("+t+".Add(3).Get())", x+" := "+t+".Get; w.tell("+x+"())") + "\n")
	case 21:
		fmt.Fprintf(w, "w.m[%s] = %s\n", v, w.closure(v))
	case 23:
		fmt.Fprintf(w, "{ c := make(chan int, 1); w.wait = append(w.wait, c); go %s }\n", w.pick("func() { <-w.go_; c <- "+v+" }()", "w.send(c, &"+v+")", "func(p *int) { <-w.go_; c <- *p }(&"+v+")"))
	case 22:
		fmt.Fprintf(w, "for %s := range []int{0, 1} { w.tell(%s); %s }\n", x, x, w.pick("w.store(&"+v+")", "w.tell(read(&"+v+"))", "w.store(&"+v+"); break", "w.later(func() int { return "+x+" })"))
	default:
		if d == 0 {
			fmt.Fprintf(w, "%s++\n", v)
			break
		}
		if w.rand.IntN(2) == 0 {
			w.loop(d-1, vars)
			break
		}
		w.WriteString("func() {\n")
		for range 2 {
			w.stmt(d-1, vars, t, "", false)
		}
		w.WriteString("}()\n")
	}
}

// TestDifferential compiles random functions under the two languages and runs
// them: where what they tell differs, Find must have named a loop of that function.
func TestDifferential(t *testing.T) {
	n := tier.Rounds(t, "random functions", 400, 3000)
	w := &writer{rand: rand.New(rand.NewPCG(1, 22))}
	w.WriteString(differPrelude)
	var starts []int
	for i := range n {
		starts = append(starts, strings.Count(w.String(), "\n")+1)
		fmt.Fprintf(w, "func f%d(w *world) {\n", i)
		w.loop(2, []string{"w.out[0]"})
		w.WriteString("}\n")
	}
	w.WriteString("var all = []func(*world){")
	for i := range n {
		fmt.Fprintf(w, "f%d, ", i)
	}
	w.WriteString(`}
func main() {
	for i, f := range all {
		w := &world{out: []int{0}, m: map[int]func() int{}, go_: make(chan struct{})}
		f(w)
		w.end()
		print(i)
		for _, n := range w.out { print(" ", n) }
		println()
	}
}
`)
	src := w.String()
	old, now := runUnder(t, "1.21", src), runUnder(t, "1.22", src)
	p := load(t, src, nil)
	named := map[int]bool{}
	for _, l := range Find([]*Package{p}) {
		for i := len(starts) - 1; i >= 0; i-- {
			if l.Line >= starts[i] {
				named[i] = true
				break
			}
		}
	}
	lines := strings.Split(src, "\n")
	differ, same := 0, 0
	for i := range n {
		switch {
		case old[i] != now[i] && !named[i]:
			t.Errorf("not named, and differs:\n%s\ngo 1.21: %s\ngo 1.22: %s", strings.Join(lines[starts[i]-1:starts[i+1]-1], "\n"), old[i], now[i])
		case old[i] != now[i]:
			differ++
		case named[i]:
			same++
		}
	}
	t.Logf("of %d functions %d differ; named without need: %d", n, differ, same)
	if differ < n/10 {
		t.Errorf("only %d of %d functions differ", differ, n)
	}
}

// TestOwnLanguage: a file that names a Go version has the loops of that, and not of
// go.mod's go line, both ways.
func TestOwnLanguage(t *testing.T) {
	const body = "package main\nfunc init() {\nvar fs []func()\nfor i := 0; i < 3; i++ { fs = append(fs, func() { print(i, \" \") }) }\nfor _, f := range fs { f() }\nprintln()\n}\n"
	files := map[string]string{"a.go": "//go:build go1.18\n\n" + body, "b.go": "//go:build go1.22\n\n" + body, "c.go": body, "main.go": "package main\nfunc main() {}\n"}
	for lang, want := range map[string]string{
		"1.20": "3 3 3 \n0 1 2 \n3 3 3 \n",
		"1.21": "3 3 3 \n0 1 2 \n3 3 3 \n",
		"1.24": "3 3 3 \n0 1 2 \n0 1 2 \n",
	} {
		if got := strings.Join(runFiles(t, lang, files), "\n"); got != want {
			t.Errorf("go %s: %q, want %q", lang, got, want)
		}
	}
}

// runUnder runs a program as a module with a go line and returns what it prints.
func runUnder(t *testing.T, lang, src string) []string {
	t.Helper()
	return runFiles(t, lang, map[string]string{"main.go": src})
}

func runFiles(t *testing.T, lang string, files map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	files = maps.Clone(files)
	files["go.mod"] = "module p\n\ngo " + lang + "\n"
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "-gcflags=-N -l", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "PWD="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%.2000s", lang, err, out)
	}
	return strings.Split(string(out), "\n")
}

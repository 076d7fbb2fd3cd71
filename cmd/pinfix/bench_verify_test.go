package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkVerify runs pinfix verify as a process on a real server and a real
// plugin of 60 MB each, with some 60,000 dynamic symbols and one package that
// differs, and in the same run readelf --dyn-syms on the same two files. It
// reports
//
//	ms            wall time of verify
//	verify/readelf
//	MiB           peak memory of verify
//	MiB-of-500MB  the same with a server of 500 MB
func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	pinfix := filepath.Join(dir, "pinfix")
	benchPinfix(b, pinfix)
	server, plugin := bigServer(b, dir), bigPlugin(b, dir)
	large := filepath.Join(dir, "large")
	copyFile(b, server, large)
	if err := os.Truncate(large, 500<<20); err != nil {
		b.Fatal(err)
	}
	verify := func(server string) (time.Duration, int64) {
		return timed(b, exitDiffers, pinfix, "verify", "-s", server, plugin)
	}
	verify(server) // warm
	_, most := verify(large)
	var ours, theirs time.Duration
	var peak int64
	n := 0
	for b.Loop() {
		d, mem := verify(server)
		ours, peak = ours+d, max(peak, mem)
		d, _ = timed(b, 0, "readelf", "--dyn-syms", server, plugin)
		theirs += d
		n++
	}
	b.ReportMetric(float64(ours.Microseconds())/1000/float64(n), "ms")
	b.ReportMetric(float64(ours)/float64(theirs), "verify/readelf")
	b.ReportMetric(float64(peak>>10), "MiB")
	b.ReportMetric(float64(most>>10), "MiB-of-500MB")
}

// timed runs a program that must exit with code, and returns its wall time and
// its peak memory in KiB: an upper bound, see copyFile.
func timed(b *testing.B, code int, name string, args ...string) (time.Duration, int64) {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GOMODCACHE="+filepath.Join(os.TempDir(), "none"))
	start := time.Now()
	err := cmd.Run()
	d := time.Since(start)
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		b.Fatalf("%s: %v", name, err)
	}
	return d, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}

// benchPinfix builds pinfix as make build does.
func benchPinfix(b *testing.B, out string) {
	benchBuild(b, ".", "0", "build", "-tags=urfave_cli_no_docs", "-o", out, ".")
}

func benchGo(b *testing.B, dir string, args ...string) { benchBuild(b, dir, "1", args...) }

func benchBuild(b *testing.B, dir, cgo string, args ...string) {
	b.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

func bigServer(b *testing.B, dir string) string {
	return bigProgram(b, filepath.Join(dir, "s"), "", "import (\n\t\"os\"\n\t\"plugin\"\n)\n\nfunc run() { plugin.Open(os.Args[1]) }\n")
}

func bigPlugin(b *testing.B, dir string) string {
	return bigProgram(b, filepath.Join(dir, "p"), "func Differs() {}\n", "func run() {}\n", "-buildmode=plugin")
}

// bigProgram builds a program with 200 packages of 150 functions, and a blob
// that makes it 60 MB.
func bigProgram(b *testing.B, dir, more, run string, flags ...string) string {
	b.Helper()
	bigPackages(b, dir, more, 45)
	putFile(b, filepath.Join(dir, "go.mod"), "module example.com/big\n\ngo 1.20\n")
	putFile(b, filepath.Join(dir, "prog/main.go"), "package main\n\nfunc main() {\n\trun()\n\tcallAll()\n}\n")
	putFile(b, filepath.Join(dir, "prog/run.go"), "package main\n\n"+run)
	out := filepath.Join(dir, "out")
	benchGo(b, filepath.Join(dir, "prog"), append(append([]string{"build", "-trimpath", "-o", out}, flags...), ".")...)
	if info, err := os.Stat(out); err != nil || info.Size() < 55<<20 {
		b.Fatalf("the program is too small: %v, %v", info, err)
	}
	return out
}

// bigPackages writes 200 packages of 150 functions below dir, one of them with more, and
// in dir/prog what calls them all and embeds a blob of so many MiB.
func bigPackages(b *testing.B, dir, more string, blob int64) {
	b.Helper()
	var imports, calls strings.Builder
	for i := range 200 {
		var src, all strings.Builder
		for j := range 150 {
			fmt.Fprintf(&src, "//go:noinline\nfunc ADescriptiveFunctionName%d() {}\n\n", j)
			fmt.Fprintf(&all, "\tADescriptiveFunctionName%d()\n", j)
		}
		text := fmt.Sprintf("package p%d\n\nfunc All() {\n%s}\n\n%s", i, all.String(), src.String())
		if i == 7 {
			text += more
		}
		putFile(b, filepath.Join(dir, fmt.Sprintf("p%d/p.go", i)), text)
		fmt.Fprintf(&imports, "\t\"example.com/big/p%d\"\n", i)
		fmt.Fprintf(&calls, "\tp%d.All()\n", i)
	}
	putFile(b, filepath.Join(dir, "prog/all.go"), "package main\n\nimport (\n\t_ \"embed\"\n"+imports.String()+")\n\n//go:embed blob\nvar blob string\n\nfunc callAll() {\n\tprintln(len(blob))\n"+calls.String()+"}\n")
	putFile(b, filepath.Join(dir, "prog/blob"), "blob")
	if err := os.Truncate(filepath.Join(dir, "prog/blob"), blob<<20); err != nil {
		b.Fatal(err)
	}
}

// copyFile keeps no file in memory: Linux counts the parent's memory at the time
// of exec as the child's (see getrusage(2) and exec_mmap).
func copyFile(b *testing.B, from, to string) {
	b.Helper()
	r, err := os.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o777)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(w, r); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

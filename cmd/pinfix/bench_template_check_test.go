package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkTemplateCheck runs pinfix check, as a process and in turn with the same work by
// hand, on the plugin of testdata/template, pinned, against a server program of 67 MB and a
// snapshot of it; and pinfix verify on the program and the plugin that pinfix build makes.
// It reports, the median of the runs,
//
//	NAME/version-m      processor time of check over that of go version -m on the program
//	verify/readelf      the same of verify over readelf --dyn-syms on both files
//	…-wall              the same of the wall time
//
// where NAME is program or snapshot, or of a snapshot staged (check --staged in a repository)
// or walk (check ./...), asked again with nothing changed since; or that with -first, without
// what an earlier run has kept.
func BenchmarkTemplateCheck(b *testing.B) {
	w := newTemplate(b)
	dir := b.TempDir()
	versionM := startingAlike(b, w, dir)
	w.server = templateServer(b, filepath.Join(dir, "server"), w.environ)
	w.pinned = copyTree(b, w.plugin)
	w.applyTo(b, w.pinned)
	snapshot, plugin := filepath.Join(dir, "server.buildinfo"), filepath.Join(dir, "template.so")
	run := func(env []string, args ...string) cost {
		cmd := exec.Command(w.pinfix, args...)
		cmd.Env = append(w.environ, env...)
		return costOf(b, cmd)
	}
	run(nil, "snapshot", "-q", "-s", w.server, "-o", snapshot)
	run(nil, "build", "-q", "-C", w.pinned, "-s", w.server, "-o", plugin)
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}} {
		git := exec.Command("git", args...)
		git.Dir, git.Env = w.pinned, w.environ
		costOf(b, git)
	}
	ways := map[string][]string{
		"program":  {"-s", w.server},
		"snapshot": {"-s", snapshot},
		"staged":   {"-s", snapshot, "--staged"},
		"walk":     {"-s", snapshot, "./..."},
	}
	check := func(env []string, args []string) cost {
		return run(env, append([]string{"check", "-q", "-C", w.pinned}, args...)...)
	}
	nowhere := []string{"XDG_CACHE_HOME=none"}
	// Answers about files that have only just changed are not kept.
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	for end := time.After(time.Minute); ; {
		for _, args := range ways {
			check(nil, args)
		}
		if kept, _ := filepath.Glob(filepath.Join(w.cache, "checked", "*")); len(kept) == len(ways) {
			break
		}
		select {
		case <-tick.C:
		case <-end:
			b.Fatal("not all answers are kept")
		}
	}
	ours, theirs := map[string][]cost{}, map[string][]cost{}
	for b.Loop() {
		for range 5 { // they are short
			for name, args := range ways {
				theirs[name] = append(theirs[name], costOf(b, versionM(w.server)))
				ours[name] = append(ours[name], check(nil, args))
				ours[name+"-first"] = append(ours[name+"-first"], check(nowhere, args))
			}
		}
		theirs["verify"] = append(theirs["verify"], costOf(b, exec.Command("readelf", "--dyn-syms", w.server, plugin)))
		ours["verify"] = append(ours["verify"], run(nil, "verify", "-q", "-s", w.server, plugin))
	}
	for name := range ours {
		by := "/version-m"
		if name == "verify" {
			by = "/readelf"
		}
		our, their := medianCost(ours[name]), medianCost(theirs[strings.TrimSuffix(name, "-first")])
		b.ReportMetric(float64(our.cpu)/float64(their.cpu), name+by)
		b.ReportMetric(float64(our.wall)/float64(their.wall), name+by+"-wall")
	}
}

// startingAlike makes w.pinfix and returns what makes a go version -m of a program, by the
// toolchain itself: no switch to another one. How fast a program starts depends on how its file
// came into memory, by up to two milliseconds: the linker writes pages one by one, and so they
// stay until the file is read from the disk again. Both are copies, as an installed program is.
func startingAlike(b *testing.B, w *templateBench, dir string) (versionM func(program string) *exec.Cmd) {
	linked, tool := filepath.Join(dir, "linked"), filepath.Join(dir, "go")
	benchPinfix(b, linked)
	copyFile(b, linked, w.pinfix)
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Fatal(err)
	}
	goroot := strings.TrimSpace(string(out))
	copyFile(b, filepath.Join(goroot, "bin", "go"), tool)
	return func(program string) *exec.Cmd {
		cmd := exec.Command(tool, "version", "-m", program)
		cmd.Env = append(os.Environ(), "GOROOT="+goroot, "GOTOOLCHAIN=local")
		return cmd
	}
}

// templateServer builds a program of 67 MB that loads plugins, with modules that Nakama
// has and at their versions: those of testdata/bench.
func templateServer(b *testing.B, dir string, environ []string) string {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "bench", name))
		if err != nil {
			b.Fatal(err)
		}
		return string(data)
	}
	mod := strings.NewReplacer("example.com/bench", "example.com/big", "nakama-common v1.35.0", "nakama-common v1.36.0", "protobuf v1.36.0", "protobuf v1.36.4",
		"go 1.23.3", "go 1.23.5", "toolchain go1.23.5\n", "").Replace(read("go.mod"))
	main := strings.Replace(read("main.go"), "import (", "import (\n\t_ \"github.com/heroiclabs/nakama-common/rtapi\"\n\t_ \"google.golang.org/protobuf/encoding/protojson\"\n\t_ \"google.golang.org/protobuf/types/known/structpb\"", 1)
	main = strings.Replace(main, "func main() {}", "func main() {\n\trun()\n\tcallAll()\n}", 1)
	putFile(b, filepath.Join(dir, "go.mod"), mod)
	putFile(b, filepath.Join(dir, "go.sum"), read("go.sum"))
	putFile(b, filepath.Join(dir, "prog", "main.go"), main)
	bigPackages(b, dir, "", 28)
	putFile(b, filepath.Join(dir, "prog", "run.go"), "package main\n\nimport (\n\t\"os\"\n\t\"plugin\"\n)\n\nfunc run() { plugin.Open(os.Args[1]) }\n")
	cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "out"), "./prog")
	cmd.Dir, cmd.Env = dir, environ
	costOf(b, cmd)
	return filepath.Join(dir, "out")
}

package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/goproxytest"
	"github.com/rogpeppe/go-internal/gotooltest"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pinfix/pinfix/internal/tier"
	"github.com/pinfix/pinfix/internal/toolexec"
)

func TestMain(m *testing.M) {
	// What pinfix build has the go command start is its own program, which is that of the
	// tests here, under whatever name.
	if len(os.Args) > 1 && os.Args[1] == toolexec.Name {
		main()
	}
	testscript.Main(m, map[string]func(){
		"pinfix":      main,
		"pinfix-peak": pinfixPeak,
	})
}

// update makes what was printed the thing that is wanted: of cmp with a file in
// a script, of the man page, and of what the commands of README.md and docs/
// print. Read the difference afterwards.
var update = flag.Bool("update", false, "write what was printed into scripts, man page and documents")

// toolchains is a directory of go1.x.y programs, which the go command finds in
// PATH before it asks the proxy.
var toolchains string

// TestScript runs ../../testdata/script; the README there says how to add one.
func TestScript(t *testing.T) { runScripts(t, "script", "") }

// TestScriptAll runs the scripts that only the whole suite runs.
func TestScriptAll(t *testing.T) {
	dir := filepath.Join("script", "all")
	tier.OnlyAll(t, fmt.Sprintf("%d more scripts", countScripts(t, dir)))
	runScripts(t, dir, "")
}

// TestScriptRace runs the scripts that have several modules, rounds, servers or
// signals at a time, with a pinfix that the race detector watches.
func TestScriptRace(t *testing.T) {
	bin := ""
	if testing.CoverMode() == "" { // what is covered is counted in the program of the tests
		bin = t.TempDir()
		cmd := exec.Command("go", "build", "-race", "-o", bin, ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	runScripts(t, filepath.Join("script", "race"), bin)
}

func countScripts(t *testing.T, dir string) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(testdata(t), dir, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	return len(names)
}

// TestReal runs ../../testdata/real: large plugins, hundreds of modules from the
// network, minutes of building.
func TestReal(t *testing.T) {
	if os.Getenv("PINFIX_REAL") == "" {
		t.Skip("it needs the network and a quarter of an hour: make test-real")
	}
	runScripts(t, "real", "")
}

// runScripts runs the scripts of a directory of testdata. pinfix is the one of the
// test binary, or the one in the directory bin.
func runScripts(t *testing.T, dir, bin string) {
	toolchains, serverPrograms = t.TempDir(), t.TempDir()
	p := testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", dir),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds:                commands,
		Condition:           condition,
	}
	if err := gotooltest.Setup(&p); err != nil {
		t.Fatal(err)
	}
	goproxytest.Setup(&p)
	host := hostEnv(t)
	setup := p.Setup
	p.Setup = func(e *testscript.Env) error {
		if err := writeModules(e.WorkDir); err != nil {
			return err
		}
		if err := setup(e); err != nil {
			return err
		}
		e.Vars = append(e.Vars,
			"GOROOT=", "GOTOOLCHAIN=local", "GOFLAGS=", "GOENV=off", "GO111MODULE=", "CGO_ENABLED=1",
			"HOME="+e.WorkDir+"/.home", "TMPDIR="+e.WorkDir+"/.tmp",
			"PATH="+strings.Join(slices.DeleteFunc([]string{bin, toolchains, e.Getenv("PATH")}, func(s string) bool { return s == "" }), string(os.PathListSeparator)),
			"GORACE=atexit_sleep_ms=10", // else each run of pinfix ends with a second of sleep
			"HOST_GOMODCACHE="+host["GOMODCACHE"], "HOST_GOPROXY="+host["GOPROXY"],
			"TESTDATA="+testdata(t), "GIT_CONFIG_NOSYSTEM=1",
			"COLUMNS=500", // sentences of results are whole lines
		)
		return os.MkdirAll(e.WorkDir+"/.tmp", 0o777)
	}
	testscript.Run(t, p)
}

func testdata(t *testing.T) string {
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func hostEnv(t *testing.T) map[string]string {
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Split(string(out), "\n")
	return map[string]string{"GOMODCACHE": f[0], "GOPROXY": f[1]}
}

var fetching sync.Mutex

// toolchain makes the given Go release available to all scripts.
func toolchain(version string) error {
	fetching.Lock()
	defer fetching.Unlock()
	link := filepath.Join(toolchains, version)
	if _, err := os.Lstat(link); err == nil {
		return nil
	}
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+version, "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	return os.Symlink(filepath.Join(strings.TrimSpace(string(out)), "bin", "go"), link)
}

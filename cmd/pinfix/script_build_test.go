package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// room is a build tag that no one asks for. Its place in the build info is for
// other lines.
var room = strings.Repeat("F", 1200)

// forge DIR OUT FILE: builds the server in DIR, trimmed, and puts the lines of
// FILE into its build info. In FILE, \e stands for the escape character.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: forge DIR OUT FILE")
	}
	serverBuild(ts, false, []string{args[0], args[1], "-trimpath", "-tags=" + room})
	data, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	old := []byte("build\t-tags=" + room + "\n")
	lines := strings.ReplaceAll(ts.ReadFile(args[2]), `\e`, "\x1b")
	fill := len(old) - len(lines) - len("build\t-cover=\n")
	if fill < 0 || !bytes.Contains(data, old) {
		ts.Fatalf("no room in the server's build info")
	}
	lines += "build\t-cover=" + strings.Repeat("f", fill) + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), bytes.ReplaceAll(data, old, []byte(lines)), 0o777))
}

// profile FILE: writes a processor profile, for -pgo.
func profile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: profile FILE")
	}
	data, err := cpuProfile()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

// testprogram DIR OUT: builds the program in testdata/DIR, a package of pinfix's own
// module, with the modules of the host.
func testProgram(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: testprogram DIR OUT")
	}
	cmd := exec.Command("go", "build", "-o", ts.MkAbs(args[1]), "./testdata/"+args[0])
	cmd.Dir = filepath.Dir(ts.Getenv("TESTDATA"))
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		ts.Fatalf("%v: %s", err, out)
	}
}

// docrun DIR FILE HEADING: runs the RUN lines of the Dockerfile below a heading
// of a document in DIR, as /bin/sh -c runs them in a container's WORKDIR. What
// only a container can do (apk, apt-get, go install of pinfix itself) is left out.
func docRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: docrun DIR FILE HEADING")
	}
	doc, err := os.ReadFile(filepath.Join(ts.Getenv("TESTDATA"), "..", args[1]))
	ts.Check(err)
	_, section, ok := strings.Cut(string(doc), "# "+args[2]+"\n")
	if !ok {
		ts.Fatalf("no section %q in %s", args[2], args[1])
	}
	section, _, _ = strings.Cut(section, "\n#")
	_, code, _ := strings.Cut(section, "```dockerfile\n")
	code, _, _ = strings.Cut(code, "```")
	n := 0
	for line := range strings.Lines(code) {
		cmd, ok := strings.CutPrefix(strings.TrimSpace(line), "RUN ")
		if !ok || regexp.MustCompile(`\bapk add|apt-get|go install github.com/pinfix`).MatchString(cmd) {
			continue
		}
		n++
		ts.Check(ts.Exec("sh", "-c", "cd '"+ts.MkAbs(args[0])+"' && "+cmd))
	}
	if n == 0 {
		ts.Fatalf("no RUN line that can be run")
	}
}

// docmake DIR FILE HEADING TARGET...: runs make in DIR with the Makefile below a heading
// of a document.
func docMake(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: docmake DIR FILE HEADING TARGET...")
	}
	doc, err := os.ReadFile(filepath.Join(ts.Getenv("TESTDATA"), "..", args[1]))
	ts.Check(err)
	_, section, _ := strings.Cut(string(doc), "# "+args[2]+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, code, ok := strings.Cut(section, "```makefile\n")
	if !ok {
		ts.Fatalf("no Makefile below %q in %s", args[2], args[1])
	}
	code, _, _ = strings.Cut(code, "```")
	dir := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(filepath.Join(dir, "Makefile"), []byte(code), 0o666))
	ts.Check(ts.Exec("make", append([]string{"-C", dir, "MAKEFLAGS="}, args[3:]...)...))
}

// docsh DIR FILE: runs the lines of a document's sh blocks in DIR.
func docSh(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: docsh DIR FILE")
	}
	doc, err := os.ReadFile(filepath.Join(ts.Getenv("TESTDATA"), "..", args[1]))
	ts.Check(err)
	blocks := strings.Split(string(doc), "\n```sh\n")[1:]
	if len(blocks) == 0 {
		ts.Fatalf("no sh block in %s", args[1])
	}
	for _, b := range blocks {
		code, _, _ := strings.Cut(b, "```")
		ts.Check(ts.Exec("sh", "-euxc", "cd '"+ts.MkAbs(args[0])+"'\n"+code))
	}
}

// inScripts says whether a line of testdata/script matches.
func inScripts(t *testing.T, pattern string) bool {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.txtar", "*/*.txtar"} {
		list, err := filepath.Glob("../../testdata/script/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, list...)
	}
	re := regexp.MustCompile("(?m)^" + pattern)
	return slices.ContainsFunc(names, func(name string) bool {
		data, err := os.ReadFile(name)
		return err == nil && re.Match(data)
	})
}

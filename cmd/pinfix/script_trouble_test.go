package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// trouble DIR PATTERN prog args...: prog cannot do what it is asked for. It
// must exit with 2, print one message on stderr, which must match PATTERN, and the same in
// the form that --format names on stdout, and leave DIR as it was and nothing in TMPDIR.
func trouble(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: trouble DIR PATTERN prog args...")
	}
	dir := ts.MkAbs(args[0])
	before := describe(ts, dir, true)
	status(ts, false, append([]string{"2"}, args[2:]...))
	ts.Check(failureForm(filepath.Dir(ts.Getenv("TESTDATA")), args[2:], ts.ReadFile("stdout"), ts.ReadFile("stderr")))
	oneMessage(ts, args[1], ts.ReadFile("stderr"))
	untouched(ts, dir, before)
}

// mistake DIR PATTERN prog args...: trouble, and the message has at most three lines: what
// is wrong, the cause, and at last one step to take. The script types that step then.
func mistake(ts *testscript.TestScript, neg bool, args []string) {
	trouble(ts, neg, args)
	_, message, _ := strings.Cut("\n"+ts.ReadFile("stderr"), "\npinfix: ")
	for strings.HasPrefix(message, "note: ") || strings.HasPrefix(message, "warning: ") {
		_, message, _ = strings.Cut(message, "\npinfix: ")
	}
	lines := strings.Split(strings.TrimSuffix(message, "\n"), "\n")
	last := lines[len(lines)-1]
	if len(lines) > 3 || !strings.HasPrefix(last, "fix: ") && !strings.HasPrefix(last, "try: ") {
		ts.Fatalf("%d lines, the last of them %q", len(lines), last)
	}
}

// failureForm says whether stdout has the form of a failure that the command line asks
// for; nothing for people, or where the form itself is not one of the command's.
func failureForm(top string, args []string, stdout, stderr string) error {
	form := ""
	if i := slices.Index(args, "--format"); i >= 0 && i+1 < len(args) && !strings.Contains(stderr, "must be one of") {
		form = args[i+1]
	}
	switch start := map[string]string{"markdown": "❌ **pinfix ", "github": "::error"}[form]; {
	case form == "json":
		return validate("error", top, []byte(stdout))
	case form == "sarif":
		return validate("sarif", top, []byte(stdout))
	case start == "" && stdout != "":
		return errors.New("stdout is not empty")
	case !strings.HasPrefix(stdout, start):
		return fmt.Errorf("stdout does not begin with %s", start)
	}
	return nil
}

// oneMessage fails unless stderr holds one message "pinfix: …", which may go
// on to the end with the go command's lines, and it matches pattern.
func oneMessage(ts *testscript.TestScript, pattern, stderr string) {
	var messages []string
	for line := range strings.Lines(stderr) {
		switch {
		case strings.HasPrefix(line, "pinfix: warning: "), strings.HasPrefix(line, "pinfix: note: "):
		case strings.HasPrefix(line, "pinfix: "):
			messages = append(messages, line)
		case len(messages) > 0:
			messages[len(messages)-1] += line
		}
	}
	if len(messages) != 1 {
		ts.Fatalf("%d messages on stderr, want one", len(messages))
	}
	re, err := regexp.Compile("(?s)" + pattern)
	ts.Check(err)
	if !re.MatchString(messages[0]) {
		ts.Fatalf("the message does not match %s", pattern)
	}
}

// untouched fails unless dir is as describe has seen it, with no leftovers in
// TMPDIR.
func untouched(ts *testscript.TestScript, dir, before string) {
	if after := describe(ts, dir, true); after != before {
		ts.Fatalf("%s is not the same tree:\n%s", dir, difference(before, after))
	}
	left, err := filepath.Glob(filepath.Join(ts.Getenv("TMPDIR"), "pinfix-*"))
	ts.Check(err)
	if len(left) > 0 {
		ts.Fatalf("left behind: %s", strings.Join(left, ", "))
	}
}

// interrupt SIGNAL DIR prog args...: GOPROXY never answers; prog gets SIGNAL
// (INT, TERM) when its go command asks there. It must say so and exit with 2
// within two seconds, its go command with it, and leave DIR as it was.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}
	if neg || len(args) < 3 || signals[args[0]] == nil {
		ts.Fatalf("usage: interrupt INT|TERM DIR prog args...")
	}
	dir := ts.MkAbs(args[1])
	before := describe(ts, dir, true)
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer proxy.Close()

	ts.Check(ts.Exec("env"))
	environ := append(strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n"), "GOPROXY=http://"+proxy.Addr().String())
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(args[2], args[3:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), environ, &stdout, &stderr
	ts.Check(cmd.Start())
	defer cmd.Process.Kill()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	asked := make(chan net.Conn, 1)
	go func() {
		if conn, err := proxy.Accept(); err == nil {
			asked <- conn
		}
	}()
	var conn net.Conn
	select {
	case conn = <-asked:
	case <-ended:
		ts.Fatalf("%s ended before its go command asked the proxy: %s", args[2], &stderr)
	case <-time.After(time.Minute):
		ts.Fatalf("no go command asks the proxy")
	}
	defer conn.Close()
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	select {
	case <-ended:
	case <-time.After(2 * time.Second):
		ts.Fatalf("still running two seconds after the signal")
	}
	if code := cmd.ProcessState.ExitCode(); code != 2 || stdout.Len() > 0 {
		ts.Fatalf("exit code %d, want 2; stdout %q", code, &stdout)
	}
	oneMessage(ts, "^pinfix: interrupted; nothing was changed\n$", stderr.String())
	untouched(ts, dir, before)

	// The go command is gone when its end of the connection is closed.
	ts.Check(conn.SetReadDeadline(time.Now().Add(2 * time.Second)))
	if _, err := io.Copy(io.Discard, conn); err != nil {
		ts.Fatalf("the go command still runs: %v", err)
	}
}

// killed DIR prog args...: prog is killed (kill -9) while it writes DIR, so that
// its journal is left there. It is begun again, with DIR as it was, where it
// ended before the kill came.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: killed DIR prog args...")
	}
	dir := ts.MkAbs(args[0])
	was := filepath.Join(ts.Getenv("TMPDIR"), "was")
	ts.Check(ts.Exec("cp", "-a", dir, was)) // with the times, which sametree compares
	defer os.RemoveAll(was)
	ts.Check(ts.Exec("env"))
	environ := strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n")
	journal := filepath.Join(dir, ".pinfix-journal")
	for range 30 {
		var stderr bytes.Buffer
		cmd := exec.Command(args[1], args[2:]...)
		cmd.Dir, cmd.Env, cmd.Stderr = ts.MkAbs("."), environ, &stderr
		ts.Check(cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for going := true; going; {
			if _, err := os.Lstat(journal); err == nil {
				_ = cmd.Process.Kill()
				<-ended
				break
			}
			select {
			case <-ended:
				going = false
			default:
			}
		}
		if _, err := os.Lstat(journal); err == nil {
			temp, err := filepath.Glob(filepath.Join(ts.Getenv("TMPDIR"), "pinfix-*"))
			ts.Check(err)
			for _, left := range temp {
				ts.Check(os.RemoveAll(left))
			}
			return
		}
		if cmd.ProcessState.ExitCode() > 0 {
			ts.Fatalf("%s fails: %s", args[1], &stderr)
		}
		ts.Check(os.RemoveAll(dir))
		ts.Check(ts.Exec("cp", "-a", was, dir))
	}
	ts.Fatalf("%s was never killed while it wrote", args[1])
}

// condition has the scripts' own conditions: [root], who may read and write
// anything, [unshare], whether we may have mounts of our own, [userns], whether
// we may be another user, and [fuse], whether we may mount a file by FUSE.
func condition(cond string) (bool, error) {
	switch cond {
	case "root":
		return os.Getuid() == 0, nil
	case "unshare":
		return exec.Command("unshare", "-m", "true").Run() == nil, nil
	case "fuse":
		_, err := os.Stat("/dev/fuse")
		return os.Getuid() == 0 && err == nil && exec.Command("losetup", "-f").Run() == nil, nil
	case "userns":
		return exec.Command("unshare", "-U", "--map-user=1000", "true").Run() == nil, nil
	}
	return false, fmt.Errorf("unknown condition [%s]", cond)
}

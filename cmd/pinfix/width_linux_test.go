package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/terminal"
)

// openTerminal returns both ends of a pseudo-terminal that is so many columns wide.
func openTerminal(t *testing.T, columns uint16) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close(); tty.Close() })
	return screen, tty
}

// shown is what a terminal shows of what write writes to it.
func shown(t *testing.T, columns uint16, write func(tty *os.File) error) string {
	t.Helper()
	screen, tty := openTerminal(t, columns)
	const end = "<end>"
	done := make(chan string)
	go func() {
		var b strings.Builder
		buf := make([]byte, 4096)
		for !strings.Contains(b.String(), end) {
			n, err := screen.Read(buf)
			if err != nil {
				break
			}
			b.Write(buf[:n])
		}
		done <- b.String()
	}()
	if err := write(tty); err != nil {
		t.Error(err)
	}
	fmt.Fprintln(tty, end)
	text, _, _ := strings.Cut(<-done, end)
	return strings.ReplaceAll(text, "\r\n", "\n")
}

// broken are the lines that a terminal of so many columns breaks. A tab goes to the next
// multiple of eight.
func broken(text string, columns int) (lines []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		n := 0
		for _, r := range line {
			switch n++; {
			case r == '\t':
				n += (8 - n%8) % 8
			case r >= 0x2e80: // the wide ones in this test
				n++
			}
		}
		if n > columns {
			lines = append(lines, fmt.Sprintf("%d columns: %s", n, line))
		}
	}
	return lines
}

// texts are results of every command that has a text, with names as long as any.
func texts(t *testing.T) map[string]printed {
	t.Helper()
	out := map[string]printed{}
	load := func(name string, r printed) {
		file := filepath.Join(testdata(t), "..", "internal", "report", "testdata", name+".json")
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, r)
		}
		if err != nil {
			t.Fatal(err)
		}
		out[name] = r
	}
	plan := &report.Apply{}
	load("../../page/testdata/large", plan)
	plan.Write = "pinfix apply --server ./a/directory/with/a/rather/long/name/nakama -C 'another with blanks' --conflicts downgrade"
	load("apply", &report.Apply{})
	load("check", &report.Check{})
	load("verify", &report.Verify{})
	load("explain", &report.Explain{})
	long := "github.com/GoogleCloudPlatform/opentelemetry-operations-go/internal/resourcemapping"
	for i, name := range []string{long, long + "/" + strings.Repeat("x", 90), strings.Repeat("百", 50)} {
		r := report.NewApply(true)
		r.Plugin.Module, r.Server.Main, r.Write = name, name, "pinfix apply -C "+shell.Quote(name)
		r.Rows = []report.Row{
			{Module: name, From: "v0.0.0-20260202195803-dba9d589def2", To: "v0.0.0-20240319094008-0393e58bdf10 => " + name + " v1.0.0", Group: report.Yours, Why: "because of " + name + "@v1.0.0: " + name},
			{Module: "go", From: "1.26", To: "1.23", Group: report.Servers},
		}
		r.Diff = "--- a/go.mod\n+++ b/go.mod\n@@ -1,1 +1,1 @@\n-\t" + name + " v1.0.0\n+\t" + name + " v1.2.0 // pinfix v1.0.0 -> v1.2.0\n"
		r.Unpinned = []report.Unpinned{{Module: name, Why: name}}
		r.ServerChanges = &report.ServerChanges{From: name, To: name, Pins: []report.Moved{{Name: name, Old: "v1.0.0"}}, Keep: "pinfix snapshot --server " + shell.Quote(name)}
		out[fmt.Sprint("long ", i)] = r
		out[fmt.Sprint("long unpin ", i)] = report.NewUnpin(true, report.Module{Module: name})
		compat := report.NewCompat("", name)
		compat.Servers = []*report.CompatServer{{Name: name, Ref: name, Result: report.ServerPins, Summary: name, Plan: r}}
		out[fmt.Sprint("long compat ", i)] = compat
		out[fmt.Sprint("long server ", i)] = &report.ServerResult{Server: report.Server{Main: name, Pins: []report.Pin{{Path: name, Version: "v1.0.0"}}}, Unknown: []string{name + " " + name}}
	}
	return out
}

// TestTerminalWidth: a real terminal of 80, or of 50, columns breaks no line of any text.
// Without one, the same texts have longer lines.
func TestTerminalWidth(t *testing.T) {
	context := func(verbose bool) *cli.Context {
		set := flag.NewFlagSet("", flag.ContinueOnError)
		set.Bool("verbose", verbose, "")
		set.String("color", "never", "")
		return cli.NewContext(cli.NewApp(), set, nil)
	}
	longer := 0
	for name, r := range texts(t) {
		for _, verbose := range []bool{false, true} {
			for _, columns := range []uint16{80, 50} {
				text := shown(t, columns, func(tty *os.File) error {
					return (&env{stdout: &terminal.Output{Writer: tty}}).text(context(verbose), r)
				})
				if lines := broken(text, int(columns)); len(lines) > 0 || !utf8.ValidString(text) || text == "" {
					t.Errorf("%s: %d columns break %d lines:\n%s", name, columns, len(lines), strings.Join(lines, "\n"))
				}
			}
			var plain strings.Builder
			if err := (&env{stdout: &terminal.Output{Writer: &plain}}).text(context(verbose), r); err != nil {
				t.Fatal(err)
			}
			longer += len(broken(plain.String(), 80))
		}
	}
	if longer < 20 {
		t.Errorf("only %d lines are longer without a terminal: the texts show nothing", longer)
	}
	// Messages too, and COLUMNS counts more than the terminal.
	long := strings.Repeat("a message ", 20)
	text := shown(t, 80, func(tty *os.File) error {
		e := &env{environ: []string{"COLUMNS=60"}, stdout: io.Discard, stderr: tty}
		e.wrap()
		e.complain(&manual.UsageError{Msg: long, Help: "apply"})
		return nil
	})
	if lines := broken(text, 60); len(lines) > 0 || len(broken(text, 50)) == 0 {
		t.Errorf("messages:\n%s", text)
	}
}

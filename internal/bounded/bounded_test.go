package bounded

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	const limit = 4 << 10
	for _, size := range []int{0, 1, 511, 512, 513, limit - 1, limit} {
		want := bytes.Repeat([]byte("x"), size)
		if err := os.WriteFile(name, want, 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadFile(name, limit); err != nil || got == nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
	}
	if err := os.WriteFile(name, make([]byte, limit+1), 0o666); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing")
	for at, want := range map[string]string{name: "more than 4 KiB", dir: "is a directory", missing: "no such file"} {
		_, err := ReadFile(at, limit)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), at) {
			t.Errorf("%s: %v", at, err)
		}
	}
	if _, err := ReadFile(missing, limit); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestOdd: what has no end, what makes one wait, and what only a directory is for.
func TestOdd(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no such files on " + runtime.GOOS)
	}
	dir := t.TempDir()
	if out, err := exec.Command("mkfifo", filepath.Join(dir, "pipe")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for name, to := range map[string]string{"link": "pipe", "zero": "/dev/zero", "full": "/dev/full", "dir": "."} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]error{
		"pipe": ErrNotRegular, "socket": ErrNotRegular, "link": ErrNotRegular, "zero": ErrNotRegular, "full": ErrNotRegular,
		"dir": syscall.EISDIR, "missing": fs.ErrNotExist,
	} {
		full := filepath.Join(dir, name)
		if f, err := Open(full); f != nil || !errors.Is(err, want) || !strings.Contains(err.Error(), full) {
			t.Errorf("Open %s: %v", name, err)
		}
		if _, err := ReadFile(full, 100); !errors.Is(err, want) {
			t.Errorf("ReadFile %s: %v", name, err)
		}
		if name == "zero" || name == "full" {
			want = nil // links do not lead out of a root
		}
		if f, err := OpenIn(root, name); f != nil || err == nil || !errors.Is(err, cmp.Or(want, err)) {
			t.Errorf("OpenIn %s: %v", name, err)
		}
		if want == syscall.EISDIR {
			continue
		}
		if r, err := OpenRoot(full); r != nil || err == nil {
			t.Errorf("OpenRoot %s: %v", name, err)
		}
	}
	if _, err := ReadFile("/proc/self/maps", 100); err == nil || !strings.Contains(err.Error(), "more than 0 KiB") {
		t.Error(err)
	}
	// A file that says it is empty and is not.
	if data, err := ReadFile("/proc/self/status", 1<<20); err != nil || !bytes.Contains(data, []byte("VmHWM")) {
		t.Errorf("%q, %v", data, err)
	}
}

// TestHide: an error of what a link leads to quotes nothing of it; any other stays.
func TestHide(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Skip("no links here: ", err)
	}
	bad := errors.New("no such word: secret")
	for name, want := range map[string]string{file: bad.Error(), filepath.Join(dir, "none"): bad.Error(),
		link: link + " is a link to a file that cannot be read as one (its text is not shown)"} {
		if got := Hide(name, bad); got.Error() != want {
			t.Errorf("%s: %v", name, got)
		}
		if got := Hide(name, nil); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestSwapped: the file that was looked at has become a pipe when it is opened.
func TestSwapped(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such files on " + runtime.GOOS)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	looked := 0
	f, _, err := open(pipe,
		func() (fs.FileInfo, error) { looked++; return os.Stat(os.Args[0]) },
		func(flag int) (*os.File, error) { return os.OpenFile(pipe, os.O_RDONLY|flag, 0) })
	if f != nil || !errors.Is(err, ErrNotRegular) || looked != 1 {
		t.Errorf("%v, %v", f, err)
	}
}

// TestWait: a reader that hangs is left alone, and one that ends in time is not.
func TestWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	started := make(chan bool)
	go func() {
		<-started
		cancel()
	}()
	n, err := Wait(ctx, 0, func() (int, error) {
		close(started)
		return r.Read(make([]byte, 1))
	})
	if n != 0 || err != context.Canceled {
		t.Errorf("%d, %v", n, err)
	}
	own := errors.New("its own")
	if n, err := Wait(ctx, time.Minute, func() (int, error) { return 7, own }); n != 7 || err != own {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := Wait(context.Background(), 0, func() (int, error) { return 7, own }); n != 7 || err != own {
		t.Errorf("%d, %v", n, err)
	}
}

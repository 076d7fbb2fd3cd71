package bounded

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
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

// TestReadFileOdd: what has no end, and what makes one wait.
func TestReadFileOdd(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no such files on " + runtime.GOOS)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range map[string]string{pipe: "not a regular file", "/dev/zero": "not a regular file", "/proc/self/maps": "more than 0 KiB"} {
		if _, err := ReadFile(name, 100); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
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
		link: link + " is a link, and the text of what it leads to, which is not shown, cannot be read as one"} {
		if got := Hide(name, bad); got.Error() != want {
			t.Errorf("%s: %v", name, got)
		}
		if got := Hide(name, nil); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

//go:build unix

package commit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Root in a container writes a directory that belongs to the user outside.
func TestOwner(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only uid 0 can give a file away")
	}
	for _, quirk := range []string{"", "link"} {
		f := newFixture(t)
		name := filepath.Join(f.root, "go.mod")
		if err := os.Chown(name, 12345, 23456); err != nil {
			t.Skip("cannot give a file away here: ", err)
		}
		chmod(t, name, 0o640)
		if err := write(t.Context(), f.tree, nil, disk{before: quirks[quirk]}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if uid, gid, _ := owner(info); uid != 12345 || gid != 23456 || info.Mode().Perm() != 0o640 {
			t.Errorf("quirk %q: owner %d:%d, mode %v", quirk, uid, gid, info.Mode())
		}
	}
}

// TestOwnerOfNew: what is new belongs to who owns the module, and all of vendor/
// to who owned the old one.
func TestOwnerOfNew(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only uid 0 can give a file away")
	}
	f := newFixture(t)
	each := func(do func(name string, info fs.FileInfo) error) {
		err := filepath.WalkDir(f.root, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			return do(name, info)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	each(func(name string, _ fs.FileInfo) error { return os.Lchown(name, 12345, 23456) })
	if err := write(t.Context(), f.tree, nil, disk{flush: noFlush}); err != nil {
		t.Fatal(err)
	}
	each(func(name string, info fs.FileInfo) error {
		if uid, gid, _ := owner(info); uid != 12345 || gid != 23456 {
			t.Errorf("%s: owner %d:%d", name, uid, gid)
		}
		return nil
	})
}

// TestJournalPipe: a pipe named like the journal is not waited for.
func TestJournalPipe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := syscall.Mkfifo(filepath.Join(f.root, journalName), 0o644); err != nil {
		t.Skip("no pipes here: ", err)
	}
	before := snapshot(t, f.root)
	var bad *JournalError
	if err := Settled(t.Context(), f.root); !errors.As(err, &bad) {
		t.Errorf("Settled: %v", err)
	}
	if _, err := Recover(t.Context(), f.root, nil, nil); !errors.As(err, &bad) || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("Recover: %v", err)
	}
	equal(t, "module", before, snapshot(t, f.root))
}

// A real move between file systems; TestFaults plays one.
func TestOtherFileSystem(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	scratch, err := os.MkdirTemp("/dev/shm", "pinfix-test-")
	if err != nil {
		t.Skip("no second file system available: ", err)
	}
	t.Cleanup(func() { os.RemoveAll(scratch) })
	probe := filepath.Join(scratch, "probe")
	put(t, scratch, "probe", "", 0o644)
	if err := os.Rename(probe, filepath.Join(f.scratch, "probe")); !otherFileSystem(err) {
		t.Skipf("/dev/shm is the temporary directory's own file system: %v", err)
	}
	put(t, scratch, "vendor/modules.txt", "from afar\n", 0o640)
	put(t, scratch, "vendor/x/run.sh", "x\n", 0o755)
	f.tree.Vendor.Dir = filepath.Join(scratch, "vendor")
	if err := Write(t.Context(), f.tree); err != nil {
		t.Fatal(err)
	}
	got := snapshot(t, f.root)
	if got["vendor/modules.txt"] != "-rw-r----- from afar\n" || got["vendor/x/run.sh"] != "-rwxr-xr-x x\n" || got["vendor"] != "drwxr-x--- " {
		t.Errorf("got %v", got)
	}
	if _, ok := got["vendor/a"]; ok || len(leftovers(got)) > 0 {
		t.Errorf("left: %v", got)
	}
}

// What cannot be a plugin's file must not make the commit wait for a writer.
func TestPipe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	name := filepath.Join(f.root, "go.mod")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Skip("no pipes here: ", err)
	}
	if err := Write(t.Context(), f.tree); err == nil || err.Error() != "go.mod: is not a regular file" {
		t.Errorf("got %v", err)
	}
}

// TestOwnerRefused: who may not give a file away keeps it, which is no fault; a disk that
// fails is one.
func TestOwnerRefused(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only uid 0 can give a file away")
	}
	for cause, fails := range map[error]bool{syscall.EPERM: false, syscall.EIO: true} {
		f := newFixture(t)
		if err := os.Lchown(filepath.Join(f.root, "go.mod"), 12345, 23456); err != nil {
			t.Fatal(err)
		}
		asked := false
		err := write(t.Context(), f.tree, nil, disk{flush: noFlush, before: func(verb, name string) error {
			if verb != "chown" {
				return nil
			}
			asked = true
			return &fs.PathError{Op: verb, Path: name, Err: cause}
		}})
		if !asked || (err != nil) != fails {
			t.Errorf("%v: asked: %v, error %v", cause, asked, err)
		}
	}
}

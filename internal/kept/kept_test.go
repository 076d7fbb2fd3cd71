package kept

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T) (*Store, string) {
	t.Helper()
	cache := t.TempDir()
	s := Open([]string{"XDG_CACHE_HOME=" + cache}, t.TempDir())
	if s == nil {
		t.Fatal("no store")
	}
	return s, filepath.Join(cache, "pinfix")
}

func TestStore(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	key := KeyOf("a", "b")
	if key == KeyOf("ab", "") || key == KeyOf("a", "b", "") {
		t.Error("other parts have the same key")
	}
	if _, ok := s.Load("x", key); ok {
		t.Error("an empty store has a result")
	}
	s.Save("x", key, []byte("result"))
	if got, ok := s.Load("x", key); !ok || string(got) != "result" {
		t.Errorf("got %q, %v", got, ok)
	}
	if _, ok := s.Load("y", key); ok {
		t.Error("a result of another kind")
	}
	for _, name := range []string{dir, s.dir} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	name := s.name("x", key)
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", name, info.Mode(), err)
	}
	for _, cut := range []func([]byte) []byte{
		func(b []byte) []byte { return b[:len(b)-1] },
		func(b []byte) []byte { return b[:3] },
		func(b []byte) []byte { return append(b, 'x') },
		func([]byte) []byte { return nil },
	} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, cut(bytes.Clone(data)), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Load("x", key); ok {
			t.Errorf("a damaged file is the result %q", got)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForeign: a directory that others may write, or a link in its place, is none.
func TestForeign(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(dir string) error{
		"written by the group": func(dir string) error { return os.Chmod(dir, 0o770) },
		"written by all":       func(dir string) error { return os.Chmod(filepath.Join(dir, "results"), 0o707) },
		"a link": func(dir string) error {
			elsewhere := filepath.Join(filepath.Dir(dir), "elsewhere")
			if err := os.Rename(dir, elsewhere); err != nil {
				return err
			}
			return os.Symlink(elsewhere, dir)
		},
		"a file": func(dir string) error {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			return os.WriteFile(dir, nil, 0o600)
		},
	} {
		_, dir := open(t)
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		if s := Open([]string{"XDG_CACHE_HOME=" + filepath.Dir(dir)}, t.TempDir()); s != nil {
			t.Errorf("%s: it is used", name)
		}
	}
	for _, environ := range [][]string{nil, {"XDG_CACHE_HOME=relative"}} {
		if s := Open(environ, t.TempDir()); s != nil {
			t.Errorf("%v: there is a store", environ)
		}
	}
	for _, environ := range []string{"XDG_CACHE_HOME=", "XDG_CACHE_HOME=/", "XDG_CACHE_HOME=/sub/"} {
		name, below, _ := strings.Cut(environ, "=")
		top := t.TempDir()
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(top, link); err != nil {
			t.Fatal(err)
		}
		if Open([]string{name + "=" + top + below}, top) != nil || Open([]string{name + "=" + link + below}, top) != nil || Open([]string{name + "=" + top + below}, link) != nil {
			t.Errorf("%s: a directory in the plugin's tree is used", environ)
		}
	}
	var none *Store
	none.Save("x", Key{}, nil)
	if _, ok := none.Load("x", Key{}); ok {
		t.Error("no store has a result")
	}
	none.Close()
}

func TestTrim(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	old := time.Now().Add(-100 * time.Hour)
	for i := range 10 {
		key := KeyOf(fmt.Sprint(i))
		s.Save("x", key, make([]byte, 1000))
		if err := os.Chtimes(s.name("x", key), old, old.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := s.Load("x", KeyOf("0")); !ok { // which is a use
		t.Fatal("it is not there")
	}
	left := filepath.Join(s.dir, writing+"1")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	has := func() string {
		var out []string
		for i := range 10 {
			if _, err := os.Stat(s.name("x", KeyOf(fmt.Sprint(i)))); err == nil {
				out = append(out, fmt.Sprint(i))
			}
		}
		return strings.Join(out, " ")
	}
	s.trim(5, 1<<20)
	if got := has(); got != "0 6 7 8 9" {
		t.Errorf("5 results: there are %s", got)
	}
	s.trim(5, 3500)
	if got := has(); got != "0 8 9" {
		t.Errorf("3,500 bytes: there are %s", got)
	}
	if _, err := os.Stat(left); err != nil {
		t.Error("what another run is writing is gone")
	}
	if err := os.Chtimes(left, old, old); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed run has left stays")
	}
}

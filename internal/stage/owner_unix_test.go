//go:build unix

package stage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMakeCache: a module cache is used only where no other user could have put
// something into it, at its place and on the way there, links included.
func TestMakeCache(t *testing.T) {
	t.Parallel()
	const other = 12345
	for _, tt := range []struct {
		name string
		make func(root string) error // below root, which is ours
		want string                  // of the error, after the root; "" if it is taken
	}{
		{"nothing yet", func(string) error { return nil }, ""},
		{"ours", func(r string) error { return os.MkdirAll(r+"/go/pkg/mod", 0o755) }, ""},
		{"our group's", func(r string) error { return chmod(r+"/go/pkg/mod", 0o775, -1, os.Getegid()) }, ""},
		{"below a sticky directory", func(r string) error {
			return errors.Join(os.MkdirAll(r+"/go/pkg/mod", 0o755), os.Chmod(r+"/go", 0o777|os.ModeSticky))
		}, ""},
		{"a link of ours", func(r string) error {
			return errors.Join(os.MkdirAll(r+"/home/pkg/mod", 0o755), os.Symlink("home", r+"/go"))
		}, ""},
		{"another's", func(r string) error { return chmod(r+"/go/pkg/mod", 0o755, other, -1) }, "/go/pkg/mod belongs to another user (12345)"},
		{"another's on the way", func(r string) error {
			return errors.Join(os.MkdirAll(r+"/go/pkg/mod", 0o755), os.Chown(r+"/go", other, -1))
		}, "/go belongs to another user (12345)"},
		{"another's, nothing below yet", func(r string) error { return chmod(r+"/go", 0o755, other, -1) }, "/go belongs to another user (12345)"},
		{"another's in a sticky directory", func(r string) error {
			return errors.Join(chmod(r+"/go/pkg", 0o755, other, -1), os.Chmod(r+"/go", 0o777|os.ModeSticky))
		}, "/go/pkg belongs to another user (12345)"},
		{"another's link in a sticky directory", func(r string) error {
			return errors.Join(os.MkdirAll(r+"/go", 0o755), os.MkdirAll(r+"/home/mod", 0o755), os.Symlink("../home", r+"/go/pkg"),
				os.Lchown(r+"/go/pkg", other, -1), os.Chmod(r+"/go", 0o777|os.ModeSticky))
		}, "/go/pkg belongs to another user (12345)"},
		{"a link to another's", func(r string) error {
			return errors.Join(chmod(r+"/theirs", 0o755, other, -1), os.Symlink("theirs", r+"/go"))
		}, "/theirs belongs to another user (12345)"},
		{"open to all", func(r string) error { return chmod(r+"/go/pkg/mod", 0o777, -1, -1) }, "/go/pkg/mod can be written by others"},
		{"open to all, sticky", func(r string) error { return chmod(r+"/go/pkg/mod", 0o777|os.ModeSticky, -1, -1) }, "/go/pkg/mod can be written by others"},
		{"open to all on the way", func(r string) error {
			return errors.Join(os.MkdirAll(r+"/go/pkg/mod", 0o755), os.Chmod(r+"/go", 0o777))
		}, "/go can be written by others"},
		{"open to another group", func(r string) error { return chmod(r+"/go/pkg/mod", 0o775, -1, other) }, "/go/pkg/mod can be written by others"},
		{"a link to itself", func(r string) error { return os.Symlink("go", r+"/go") }, "too many levels"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(tt.name, "another") && os.Getuid() != 0 {
				t.Skip("only uid 0 can give a file away")
			}
			root, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.make(root); err != nil {
				t.Fatal(err)
			}
			err = MakeCache(root + "/go/pkg/mod")
			if tt.want == "" {
				if info, serr := os.Stat(root + "/go/pkg/mod"); err != nil || serr != nil || !info.IsDir() {
					t.Errorf("%v, %v", err, serr)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// chmod makes a directory with a mode, an owner and a group.
func chmod(name string, mode os.FileMode, uid, gid int) error {
	return errors.Join(os.MkdirAll(name, 0o755), os.Chown(name, uid, gid), os.Chmod(name, mode))
}

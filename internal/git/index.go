package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pinfix/pinfix/internal/bounded"
)

// An Index is the files below the repository's directory as they are staged: a
// tree to read from. Close ends the git command behind it.
type Index struct {
	repo  *Repo
	files map[string]string // path -> object
	dirs  map[string][]fs.DirEntry

	mu  sync.Mutex // of the conversation with cmd
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err error
}

// maxBlob is what is read of one staged file.
const maxBlob = 64 << 20

// Index lists what is staged below the repository's directory. Links and
// submodules in it are left out: neither is a file of a Go package.
func (r *Repo) Index(ctx context.Context) (*Index, error) {
	out, err := r.run(ctx, "ls-files", "-s", "-z", "--", ".")
	if err != nil {
		return nil, err
	}
	x, err := parseIndex(out)
	if err != nil {
		return nil, err
	}
	x.repo = r
	x.cmd = r.command(ctx, noHooks, "cat-file", "--batch")
	if x.in, err = x.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := x.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	x.out = bufio.NewReaderSize(stdout, 64<<10)
	return x, x.cmd.Start()
}

// parseIndex reads what git ls-files -s -z prints.
func parseIndex(out []byte) (*Index, error) {
	x := &Index{files: map[string]string{}, dirs: map[string][]fs.DirEntry{".": nil}}
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		if len(entry) == 0 {
			continue
		}
		head, name, ok := strings.Cut(string(entry), "\t")
		f := strings.Fields(head) // mode, object, stage
		if !ok || len(f) != 3 {
			return nil, fmt.Errorf("git ls-files: unexpected line %q", entry)
		}
		if f[2] != "0" {
			return nil, fmt.Errorf("%s has conflicts that are not resolved", name)
		}
		if f[0] == "100644" || f[0] == "100755" {
			x.add(name, f[1])
		}
	}
	return x, nil
}

func (x *Index) add(name, object string) {
	x.files[name] = object
	for dir, child, isDir := path.Dir(name), path.Base(name), false; ; dir, child, isDir = path.Dir(dir), path.Base(dir), true {
		_, known := x.dirs[dir]
		x.dirs[dir] = append(x.dirs[dir], entry{child, isDir})
		if known || dir == "." {
			return
		}
	}
}

// Close ends the git command.
func (x *Index) Close() error {
	x.in.Close() // the command ends with its input
	return x.cmd.Wait()
}

// A Stored says where an index was read from, so that whoever reads that again by himself
// sees what git would say.
type Stored struct {
	File    string            // the index
	Below   string            // the directory that was asked about, as a slash path from the top: "" or "dir/"
	Objects map[string]string // the objects of the files below it
	Config  []string          // files on which it depends that this is so; they need not be there
}

// Stored returns where the index was read from. ok is false where that depends on more
// than the files of the repository: another configuration is included, or the top of the
// working tree is not where .git is.
func (x *Index) Stored() (s Stored, ok bool) {
	r := x.repo
	top, err := filepath.EvalSymlinks(r.Top)
	if err != nil || top != r.holder {
		return s, false
	}
	below, err := filepath.Rel(top, r.Dir)
	if err != nil {
		return s, false
	}
	if s.Below = filepath.ToSlash(below) + "/"; below == "." {
		s.Below = ""
	}
	s.Objects = x.files
	if s.File = r.index; s.File == "" {
		s.File = filepath.Join(r.gitDir, "index")
	}
	common := r.gitDir
	named := filepath.Join(r.gitDir, "commondir") // of a linked worktree
	if text, err := bounded.ReadFile(named, maxConfig); err == nil {
		if common = strings.TrimSuffix(string(text), "\n"); !filepath.IsAbs(common) {
			common = filepath.Join(r.gitDir, common)
		}
	}
	s.Config = []string{named, filepath.Join(common, "config"), filepath.Join(r.gitDir, "config.worktree")}
	for _, name := range s.Config {
		text, err := bounded.ReadFile(name, maxConfig)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || bytes.Contains(bytes.ToLower(text), []byte("include")) {
			return s, false
		}
	}
	dot := filepath.Join(r.holder, ".git")
	if info, err := os.Lstat(dot); err != nil || !info.IsDir() {
		s.Config = append(s.Config, dot) // it names the repository
	}
	return s, true
}

// maxConfig is what is read of a repository's configuration.
const maxConfig = 1 << 20

// Has reports whether anything is staged at or below name.
func (x *Index) Has(name string) bool {
	_, file := x.files[name]
	_, dir := x.dirs[name]
	return file || dir
}

// ReadFile returns a staged file.
func (x *Index) ReadFile(name string) ([]byte, error) {
	object, ok := x.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "read staged", Path: name, Err: fs.ErrNotExist}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		return nil, x.err
	}
	data, err := x.read(object)
	if err != nil {
		x.err = fmt.Errorf("git cat-file: %s: %w", name, err)
	}
	return data, x.err
}

// read speaks the protocol of git cat-file --batch.
func (x *Index) read(object string) ([]byte, error) {
	if _, err := io.WriteString(x.in, object+"\n"); err != nil {
		return nil, err
	}
	head, err := x.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	f := strings.Fields(head)
	if len(f) != 3 || f[1] != "blob" {
		return nil, fmt.Errorf("unexpected answer %q", head)
	}
	size, err := strconv.Atoi(f[2])
	if err != nil || size > maxBlob {
		return nil, fmt.Errorf("unexpected answer %q", head)
	}
	data := make([]byte, size+1)
	if _, err := io.ReadFull(x.out, data); err != nil {
		return nil, err
	}
	return data[:size], nil
}

// ReadDir lists a directory.
func (x *Index) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, ok := x.dirs[path.Clean(name)]
	if !ok {
		return nil, &fs.PathError{Op: "read staged", Path: name, Err: fs.ErrNotExist}
	}
	return slices.SortedFunc(slices.Values(entries), func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) }), nil
}

// An entry is a staged file, or a directory that holds some.
type entry struct {
	name string
	dir  bool
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.dir }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Size() int64                { return 0 }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }

func (e entry) Mode() fs.FileMode {
	if e.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

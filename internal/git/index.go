package git

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An Index is the files below the repository's directory as they are staged: a
// tree to read from. Close ends the git command behind it.
type Index struct {
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

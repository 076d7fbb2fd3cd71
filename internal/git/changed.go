package git

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
)

// Changed returns the tracked files below the repository's directory whose content
// is not the one that is committed, sorted: what a build of the directory takes
// from elsewhere than from the commit. Names are relative to the directory.
//
// git status is not asked, since it runs the filters of the repository. What
// is staged is compared with the commit by git, the working tree with what is
// staged here. Some differences do not count: the modes of files; line ends that
// git may have converted (core.autocrlf); files that .gitattributes give a filter,
// for only the filter could tell; files that a sparse checkout leaves out; and
// submodules, which are other repositories. A file counts whatever git update-index
// --assume-unchanged has promised of it.
func (r *Repo) Changed(ctx context.Context) ([]string, error) {
	out, err := r.run(ctx, "diff-index", "--cached", "--name-only", "-z", "--relative", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "HEAD", "--", ".")
	if err != nil {
		return nil, err
	}
	changed := split(out)
	if out, err = r.run(ctx, "ls-files", "-s", "-t", "-z", "--", "."); err != nil {
		return nil, err
	}
	tree, err := bounded.OpenRoot(r.Dir)
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	var differ []string
	for _, line := range split(out) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e, err := parseEntry(line)
		if err != nil {
			return nil, err
		}
		if e.differs(tree) {
			differ = append(differ, e.name)
		}
	}
	if differ, err = r.unfiltered(ctx, differ); err != nil {
		return nil, err
	}
	changed = append(changed, differ...)
	slices.Sort(changed)
	return slices.Compact(changed), nil
}

// split returns what ends with a zero byte each.
func split(out []byte) []string {
	var all []string
	for s := range strings.SplitSeq(string(out), "\x00") {
		if s != "" {
			all = append(all, s)
		}
	}
	return all
}

// A tracked is a file of the index.
type tracked struct {
	sparse bool // not to be checked out
	mode   string
	object string
	staged bool // without conflicts
	name   string
}

// parseEntry reads what git ls-files -s -t -z prints of a file.
func parseEntry(line string) (tracked, error) {
	head, name, ok := strings.Cut(line, "\t")
	f := strings.Fields(head) // tag, mode, object, stage
	if !ok || len(f) != 4 {
		return tracked{}, fmt.Errorf("git ls-files: unexpected line %q", line)
	}
	return tracked{sparse: strings.EqualFold(f[0], "S"), mode: f[1], object: f[2], staged: f[3] == "0", name: name}, nil
}

const (
	modeLink      = "120000"
	modeSubmodule = "160000"
)

// differs reports whether the file in tree has another content. One that cannot be
// read has.
func (e tracked) differs(tree *os.Root) bool {
	if e.mode == modeSubmodule {
		return false
	}
	if !e.staged {
		return true
	}
	name := filepath.FromSlash(e.name)
	info, err := tree.Lstat(name)
	if err != nil {
		return !e.sparse
	}
	if info.Mode().Type() == fs.ModeSymlink {
		to, err := tree.Readlink(name)
		return err != nil || e.mode != modeLink || !e.is([]byte(filepath.ToSlash(to)))
	}
	if !info.Mode().IsRegular() {
		return true
	}
	f, err := bounded.OpenIn(tree, name)
	if err != nil {
		return true
	}
	defer f.Close()
	return !e.isFile(f, info.Size())
}

// isFile reports whether the file of that size is the object, perhaps with other
// line ends.
func (e tracked) isFile(f io.ReadSeeker, size int64) bool {
	h := e.hash(size)
	if n, err := io.Copy(h, io.LimitReader(f, size+1)); err != nil || n != size {
		return false
	}
	if hex.EncodeToString(h.Sum(nil)) == e.object {
		return true
	}
	if size > maxBlob {
		return false
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false
	}
	data, err := io.ReadAll(io.LimitReader(f, size))
	return err == nil && e.is(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
}

func (e tracked) is(data []byte) bool {
	h := e.hash(int64(len(data)))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil)) == e.object
}

// hash begins the name of a blob, in the form that the repository has.
func (e tracked) hash(size int64) hash.Hash {
	h := sha1.New()
	if len(e.object) == hex.EncodedLen(sha256.Size) {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", size)
	return h
}

// unfiltered leaves those names out that have an attribute by which git converts
// the file with more than line ends. To ask for attributes runs no filter.
func (r *Repo) unfiltered(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	args := []string{"check-attr", "--stdin", "-z", "filter", "ident", "working-tree-encoding"}
	cmd := r.command(ctx, noHooks, args...)
	cmd.Stdin = strings.NewReader(strings.Join(names, "\x00") + "\x00")
	out, err := output(ctx, cmd, args)
	if err != nil {
		return nil, err
	}
	f := strings.Split(string(out), "\x00") // name, attribute, value
	converted := map[string]bool{}
	for i := 0; i+2 < len(f); i += 3 {
		if f[i+2] != "unspecified" && f[i+2] != "unset" {
			converted[f[i]] = true
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return converted[name] }), nil
}

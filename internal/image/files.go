package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
)

// Limits on an archive of images.
const (
	maxArchive = 100_000 // files
	maxName    = 4 << 10 // bytes of a path, PATH_MAX
	maxHops    = 40      // links from one file to another
)

// files are the files of an archive or a directory, by path.
type files interface {
	// open returns a file's content; an error wraps fs.ErrNotExist if it is not there.
	open(name string) (io.ReadCloser, error)
	Close() error
}

// A folder is a directory on disk. Links do not lead out of it.
type folder struct{ *os.Root }

func (f folder) open(name string) (io.ReadCloser, error) {
	file, err := bounded.OpenIn(f.Root, path.Clean(name))
	if errors.Is(err, bounded.ErrNotRegular) || errors.Is(err, syscall.EISDIR) {
		return nil, fault.New("save the image again", "%s: %w", name, bounded.ErrNotRegular)
	}
	return file, err
}

// An archive is a tar file on disk, whose files are read where they are.
type archive struct {
	*os.File
	members map[string]member
}

// A member is a file of the archive, or a link to another.
type member struct {
	off, size int64
	link      string
}

func openArchive(name string) (*archive, error) {
	f, err := bounded.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New("name the file that docker save or skopeo copy has written", "no such file")
	case errors.Is(err, syscall.EISDIR):
		return nil, fault.New("an image layout in a directory is oci:DIR", "a directory, not an archive")
	case errors.Is(err, bounded.ErrNotRegular):
		return nil, fault.New("name the file that docker save or skopeo copy has written", "%w", bounded.ErrNotRegular)
	case err != nil:
		return nil, err
	}
	a := &archive{f, map[string]member{}}
	if err := a.list(); err != nil {
		f.Close()
		return nil, err
	}
	return a, nil
}

// list reads the headers only: the file is seekable.
func (a *archive) list() error {
	head := make([]byte, 6)
	n, _ := a.ReadAt(head, 0)
	for _, magic := range []string{"\x1f\x8b", "\x28\xb5\x2f\xfd", "\xfd7zXZ\x00", "BZh"} {
		if bytes.HasPrefix(head[:n], []byte(magic)) {
			return fault.New("unpack it first, with gunzip, unzstd, unxz or bunzip2", "the archive is compressed as a whole")
		}
	}
	t := tar.NewReader(a.File)
	for n := 0; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return fault.New("name the file that docker save or skopeo copy has written", "not an archive of images, or cut off: %w", err)
		}
		if n == maxArchive {
			return fault.New("name an archive of images", "more than %d files", maxArchive)
		}
		if err := a.add(h); err != nil {
			return err
		}
	}
	if len(a.members) == 0 {
		return fault.New("name the file that docker save or skopeo copy has written", "not an archive of images: there are no files in it")
	}
	return nil
}

// clean returns the path of a file of the archive.
func clean(name string) string { return path.Clean("/" + name) }

func (a *archive) add(h *tar.Header) error {
	if len(h.Name) > maxName || len(h.Linkname) > maxName {
		return nil // no image needs it, and all names are kept
	}
	name := clean(h.Name)
	switch h.Typeflag {
	case tar.TypeReg:
		off, err := a.Seek(0, io.SeekCurrent)
		a.members[name] = member{off: off, size: h.Size}
		return err
	case tar.TypeSymlink:
		a.members[name] = member{link: path.Join(path.Dir(name), h.Linkname)}
	case tar.TypeLink:
		a.members[name] = member{link: clean(h.Linkname)}
	}
	return nil
}

func (a *archive) open(name string) (io.ReadCloser, error) {
	m, ok := a.members[clean(name)]
	for hops := 0; ok && m.link != "" && hops < maxHops; hops++ {
		m, ok = a.members[clean(m.link)]
	}
	if !ok || m.link != "" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return io.NopCloser(io.NewSectionReader(a.File, m.off, m.size)), nil
}

package target

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/image"
	"github.com/pinfix/pinfix/internal/pkghash"
	"github.com/pinfix/pinfix/pinner"
)

// readImage reads the server program of a container image.
func readImage(ctx context.Context, ref string, o Options) (*pinner.Server, error) {
	p, err := image.Open(ctx, ref, o.image())
	if err != nil {
		return nil, err
	}
	f := p.File
	defer f.Close()
	head, err := readHead(f)
	if err != nil || !isProgram(head) {
		return nil, fault.New("choose another with --path", "%s in the image is not a program", p.Path)
	}
	s, err := readProgram(f, head, o)
	if err != nil {
		return nil, err
	}
	s.Origin = pinner.Origin{Source: p.Source, Digest: p.Digest, Platform: p.Platform, Program: p.Path}
	return s, nil
}

// AddLibc finds out which release of libc there is where a server from an image
// runs. It does nothing for other servers, and may fetch layers.
func AddLibc(ctx context.Context, s *pinner.Server, o Options) error {
	if !isImage(s.Ref) || s.Binary == nil || s.Binary.Interp == "" {
		return nil
	}
	release, err := image.Libc(ctx, s.Ref, o.image(), s.Binary.Interp)
	if err != nil {
		return named(s.Ref, err, "")
	}
	s.Binary.LibcRelease = release
	return nil
}

// isImage reports whether a server that was read is from an image, not from a file that
// is called so.
func isImage(ref string) bool {
	scheme, _, _ := strings.Cut(ref, ":")
	_, err := os.Stat(ref)
	return err != nil && slices.Contains(image.Schemes, scheme)
}

// AddExports finds out which of names the program of a server defines. It does nothing
// where there is no program: a text or a snapshot.
func AddExports(ctx context.Context, s *pinner.Server, names []string, o Options) error {
	var f *os.File
	if isImage(s.Ref) {
		p, err := image.Open(ctx, s.Ref, o.image())
		if err != nil {
			return named(s.Ref, err, "")
		}
		f = p.File
	} else {
		var err error
		if f, err = bounded.Open(s.Ref); err != nil {
			return named(s.Ref, fault.Cause(err), refHint)
		}
	}
	defer f.Close()
	head, err := readHead(f)
	if err != nil || !isProgram(head) {
		return err
	}
	p, err := pkghash.Open(f)
	if err != nil {
		return err
	}
	s.Binary.Exports, err = p.Defines(names)
	return err
}

// printable is ref without what must not be printed.
func printable(err error, ref string) string {
	if secret := (*image.SecretError)(nil); errors.As(err, &secret) {
		return "image:…"
	}
	return ref
}

func (o Options) image() image.Options {
	return image.Options{Platform: o.Platform, Path: o.Path, Offline: o.Offline, Foreign: o.Foreign, Environ: o.Environ, Step: o.Step}
}

// Schemes begin references to images.
var Schemes = image.Schemes

// BareImage returns the reference of the image that a reference without a scheme means:
// NAME:TAG or NAME/IMAGE:TAG, where no such file is; "" for anything else.
func BareImage(ref string) string {
	if !image.IsBare(ref) {
		return ""
	}
	if _, err := os.Lstat(ref); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return "image:" + ref
}

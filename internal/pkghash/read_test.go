package pkghash

import (
	"io"

	"github.com/pinfix/pinfix/pinner"
)

// Read, ReadBinary, ReadBuildInfo and ReadMains open r for one question.

func Read(r io.ReaderAt) (map[string]pinner.Fingerprint, error) {
	p, err := Open(r)
	if err != nil {
		return nil, err
	}
	return p.Fingerprints()
}

func ReadBinary(r io.ReaderAt) (*pinner.Binary, error) {
	p, err := Open(r)
	if err != nil {
		return nil, err
	}
	return p.Binary()
}

func ReadBuildInfo(r io.ReaderAt) (goVersion, text string, err error) {
	p, err := Open(r)
	if err != nil {
		return "", "", err
	}
	return p.BuildInfo()
}

func ReadMains(r io.ReaderAt) ([]string, error) {
	p, err := Open(r)
	if err != nil {
		return nil, err
	}
	return p.Mains()
}

package change

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// applyPatch is a small strict reader of what Patch prints, written from git's
// format description and sharing no code with it. It returns the path and the
// content after the patch of one file; reverse does what `git apply -R` does.
func applyPatch(patch, in []byte, reverse bool) (path string, out []byte, err error) {
	p := &reader{rest: string(patch)}
	names, ok := strings.CutPrefix(p.line(), "diff --git ")
	if !ok {
		return "", nil, errors.New("no git header")
	}
	if path, err = headerPath(names); err != nil {
		return "", nil, err
	}
	gone := false
	for !p.at("index ") {
		switch l := p.line(); {
		case strings.HasPrefix(l, "new file mode 100"):
			gone = reverse
		case strings.HasPrefix(l, "deleted file mode 100"):
			gone = !reverse
		default:
			return "", nil, fmt.Errorf("header line %q", l)
		}
	}
	p.line()
	switch {
	case p.rest == "":
		out = []byte{}
	case p.at("GIT binary patch\n"):
		p.line()
		out, err = p.binary(reverse)
	default:
		out, err = p.text(in, reverse)
	}
	if gone && len(out) > 0 {
		return "", nil, errors.New("a removed file has content")
	}
	if gone {
		out = nil
	}
	return path, out, err
}

type reader struct{ rest string }

func (p *reader) at(s string) bool { return strings.HasPrefix(p.rest, s) }

func (p *reader) line() string {
	l, rest, _ := strings.Cut(p.rest, "\n")
	p.rest = rest
	return l
}

// headerPath splits the names of a "diff --git" line, which are the same but
// for their first letter.
func headerPath(names string) (string, error) {
	half := len(names) / 2
	a, b := names[:half], names[half+1:]
	if names[half] != ' ' {
		return "", fmt.Errorf("names %q", names)
	}
	a, errA := unquote(a)
	b, errB := unquote(b)
	if !strings.HasPrefix(a, "a/") || !strings.HasPrefix(b, "b/") || a[2:] != b[2:] {
		return "", fmt.Errorf("names %q", names)
	}
	return a[2:], errors.Join(errA, errB)
}

// unquote leans on Go's own quoting, which knows all of git's escapes.
func unquote(s string) (string, error) {
	if !strings.HasPrefix(s, `"`) {
		return s, nil
	}
	return strconv.Unquote(s)
}

func (p *reader) text(in []byte, reverse bool) ([]byte, error) {
	if !strings.HasPrefix(p.line(), "--- ") || !strings.HasPrefix(p.line(), "+++ ") {
		return nil, errors.New("no --- and +++")
	}
	drop, add := byte('-'), byte('+')
	if reverse {
		drop, add = add, drop
	}
	var out []byte
	line := 1
	next := func() (l []byte) { // the next line of in
		l, in, _ = cutAfter(in, '\n')
		line++
		return l
	}
	for p.rest != "" {
		var oldAt, oldN, newAt, newN int
		if _, err := fmt.Sscanf(p.line(), "@@ -%d,%d +%d,%d @@", &oldAt, &oldN, &newAt, &newN); err != nil {
			return nil, err
		}
		if reverse {
			oldAt = newAt
		}
		for line < oldAt {
			out = append(out, next()...)
		}
		for oldN > 0 || newN > 0 {
			mark, text := p.hunkLine()
			if mark != '+' {
				oldN--
			}
			if mark != '-' {
				newN--
			}
			if mark == drop || mark == ' ' {
				if got := next(); string(got) != text {
					return nil, fmt.Errorf("line %d: have %q, patch says %q", line-1, got, text)
				}
			}
			if mark == add || mark == ' ' {
				out = append(out, text...)
			}
		}
		if oldN < 0 || newN < 0 {
			return nil, errors.New("hunk counts do not fit")
		}
	}
	out = append(out, in...)
	return append([]byte{}, out...), nil
}

func (p *reader) hunkLine() (mark byte, text string) {
	l := p.line()
	if p.at(`\ No newline at end of file`) {
		p.line()
		return l[0], l[1:]
	}
	return l[0], l[1:] + "\n"
}

func cutAfter(b []byte, sep byte) (before, after []byte, found bool) {
	i := bytes.IndexByte(b, sep)
	if i < 0 {
		return b, nil, false
	}
	return b[:i+1], b[i+1:], true
}

func (p *reader) binary(reverse bool) ([]byte, error) {
	forward, err := p.literal()
	if err != nil {
		return nil, err
	}
	back, err := p.literal()
	if err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, fmt.Errorf("after the binary hunks: %q", p.rest)
	}
	if reverse {
		return back, nil
	}
	return forward, nil
}

func (p *reader) literal() ([]byte, error) {
	var size int
	if _, err := fmt.Sscanf(p.line(), "literal %d", &size); err != nil {
		return nil, err
	}
	var packed []byte
	for l := p.line(); l != ""; l = p.line() {
		n := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", l[0]) + 1
		if n == 0 || len(l)-1 != (n+3)/4*5 {
			return nil, fmt.Errorf("binary line %q", l)
		}
		var raw []byte
		for g := l[1:]; g != ""; g = g[5:] {
			var v uint64
			for _, c := range []byte(g[:5]) {
				v = v*85 + uint64(strings.IndexByte(base85, c))
			}
			raw = append(raw, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
		}
		packed = append(packed, raw[:n]...)
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	if err == nil && len(data) != size {
		err = fmt.Errorf("size %d, header says %d", len(data), size)
	}
	return append([]byte{}, data...), err
}

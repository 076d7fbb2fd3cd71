package pinner

import (
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/pattern"
)

// A mark is the end of a comment on a go.mod line that pinfix set:
//
//	// pinfix                      pinfix added the line
//	// pinfix v1.28.0 -> v1.27.0   pinfix changed the line
//
// A user's own comment stays before it ("// why; pinfix"), as the go command
// does with "// indirect; why". The old value makes the plan a function of the
// user's go.mod and the server alone: moving to another server and back gives
// the same bytes. When the line no longer holds the new value, someone has
// changed it since, and the mark no longer counts.
type mark struct {
	old, new  string
	toolchain string // on the go line: the toolchain line that pinfix removed
}

var markRE = pattern.New(`^(//|//.*;) ?pinfix(?: (\S+) -> (\S+?))?(?:, toolchain (\S+))?$`)

func readMark(l *modfile.Line) (mark, bool) {
	if l == nil || len(l.Suffix) == 0 {
		return mark{}, false
	}
	m := markRE.Regexp().FindStringSubmatch(l.Suffix[len(l.Suffix)-1].Token)
	if m == nil {
		return mark{}, false
	}
	return mark{old: m[2], new: m[3], toolchain: m[4]}, true
}

func (m mark) String() string {
	s := "pinfix"
	if m.old != "" || m.new != "" {
		s += " " + m.old + " -> " + m.new
	}
	if m.toolchain != "" {
		s += ", toolchain " + m.toolchain
	}
	return s
}

func writeMark(l *modfile.Line, m mark) {
	dropMark(l)
	if n := len(l.Suffix); n > 0 {
		l.Suffix[n-1].Token += "; " + m.String()
		return
	}
	l.Suffix = []modfile.Comment{{Token: "// " + m.String(), Suffix: true}}
}

func dropMark(l *modfile.Line) {
	if l == nil || len(l.Suffix) == 0 {
		return
	}
	c := &l.Suffix[len(l.Suffix)-1]
	m := markRE.Regexp().FindStringSubmatch(c.Token)
	if m == nil {
		return
	}
	if m[1] == "//" {
		l.Suffix = l.Suffix[:len(l.Suffix)-1]
		return
	}
	c.Token = strings.TrimSuffix(m[1], ";")
}

// Marked reports whether l carries a mark of pinfix's.
func Marked(l *modfile.Line) bool {
	_, ok := readMark(l)
	return ok
}

// lostComment is the user's part of the comment on an exclude line of a version
// that is left out because its go.mod could not be fetched.
const lostComment = "// could not be fetched"

// MarkedLost reports whether l is an exclude line of pinfix's for such a version:
// nothing was lowered below it.
func MarkedLost(l *modfile.Line) bool {
	return Marked(l) && strings.HasPrefix(l.Suffix[len(l.Suffix)-1].Token, lostComment+";")
}

// Edited returns the lines that pinfix changed, and that someone has changed again since:
// [Mod.Restore] leaves what they hold.
func (m *Mod) Edited() []*modfile.Line {
	var out []*modfile.Line
	edited := func(l *modfile.Line, now string) {
		if k, ok := readMark(l); ok && k.new != "" && k.new != now {
			out = append(out, l)
		}
	}
	if m.Go != nil {
		edited(m.Go.Syntax, m.Go.Version)
	}
	if m.Toolchain != nil {
		edited(m.Toolchain.Syntax, m.Toolchain.Name)
	}
	for _, r := range m.Require {
		edited(r.Syntax, r.Mod.Version)
	}
	for _, r := range m.Replace {
		edited(r.Syntax, atVersion(r.New))
	}
	return out
}

// Moved returns the require lines that pinfix has set to another version than the
// user's.
func (m *Mod) Moved() []module.Version {
	var out []module.Version
	for _, r := range m.Require {
		k, ok := readMark(r.Syntax)
		if ok && k.new == r.Mod.Version && k.new != k.old {
			out = append(out, r.Mod)
		}
	}
	return out
}

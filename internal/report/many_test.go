package report

import (
	"io"
	"strings"
	"testing"
)

func init() {
	forms = append(forms,
		form{name: "compat text", write: func(t *testing.T, a, b, c string) string {
			return written(t, func(w io.Writer) error { return foreignCompat(a, b, c).Text(w, Style{Width: 1 << 20}) })
		}},
		form{name: "compat text in full", lines: true, write: func(t *testing.T, a, b, c string) string { // errors keep their lines
			return written(t, func(w io.Writer) error { return foreignCompat(a, b, c).Text(w, Style{Verbose: true}) })
		}},
		form{name: "compat markdown", check: sameTables, write: func(t *testing.T, a, b, c string) string { return written(t, foreignCompat(a, b, c).Markdown) }},
		form{name: "compat json", lines: true, check: validJSON, write: func(t *testing.T, a, b, c string) string {
			return written(t, func(w io.Writer) error { return JSON(w, foreignCompat(a, b, c)) })
		}},
		form{name: "builds text", lines: true, write: func(t *testing.T, a, b, c string) string {
			return written(t, func(w io.Writer) error { return foreignBuilds(a, b, c).Text(w, Style{}) })
		}},
	)
}

func foreignCompat(a, b, c string) *Compat {
	r := NewCompat(a, b)
	server := Server{Ref: a, Main: b, Go: c, Settings: map[string]string{"GOOS": a, "GOARCH": b}}
	plan := foreignApply(a, b, c)
	r.Servers = []*CompatServer{
		{Name: a, Ref: b, Server: server, Result: ServerFits, Summary: c, Unknown: []string{a}},
		{Name: b, Ref: c, Server: server, Result: ServerPins, Summary: a, Moved: []Move{{Module: a, Old: b, New: c, Server: true}}, Lowered: []Move{{Module: a}}, Raised: []Move{{Module: b}}, Plan: plan},
		{Name: c, Ref: a, Server: server, Result: ServerRefuses, Summary: b, Error: a, Reason: c, Next: b},
		{Name: a, Ref: b, Result: ServerUnknown, Error: c + "\n" + a, Reason: b, Next: c},
	}
	r.Differ, r.Unknown = 1, 1
	return r
}

func foreignBuilds(a, b, c string) *BuildMany {
	r := NewBuildMany(a, b)
	server := Server{Ref: a, Main: b, Go: c, Settings: map[string]string{"GOOS": a, "GOARCH": b}}
	plugin := foreignVerify(a, b, c).Plugins[0]
	r.Servers = []*ServerBuild{
		{Name: a, Server: server, Result: ServerFits, Summary: b, Moved: []Move{{Module: a, Old: b, New: c}}, Files: []BuiltFile{{a, b, true}}, Plugins: []Verified{{File: b, Loads: true}}},
		{Name: b, Server: server, Result: ServerRefuses, Summary: c, Files: []BuiltFile{{b, c, false}}, Plugins: []Verified{plugin}},
		{Name: c, Server: server, Result: ServerUnknown, Error: a + "\n" + b, Next: c},
	}
	return r
}

// TestCompatRows: one row a server, and the words for each result.
func TestCompatRows(t *testing.T) {
	r := NewCompat("dir", "example.com/plugin")
	r.Servers = []*CompatServer{
		{Name: "s 1", Result: ServerFits},
		{Name: "s 2", Result: ServerPins, Moved: []Move{{Server: true}, {Server: true}, {}}, Raised: []Move{{}}, Summary: "two"},
		{Name: "s 3", Result: ServerPins, Moved: []Move{{Server: true}}, Lowered: []Move{{}, {}}, Unknown: []string{"x"}, Summary: "three"},
		{Name: "s 4", Result: ServerRefuses, Error: "2 errors:\nmore", Reason: "match.go:59: undefined: x", Summary: "four"},
		{Name: "s 5", Result: ServerUnknown, Error: "server s5: no such file", Reason: "server s5: no such file"},
		{Name: "s 6", Result: ServerPins, Broken: true},
		{Name: "s 7", Result: ServerUnknown, Error: "m.go:1:1: x", Reason: "m.go:1:1: x", Unparsed: true},
	}
	r.Differ, r.Unknown = 1, 2
	got := written(t, func(w io.Writer) error { return r.Text(w, Style{}) })
	want := `SERVER  GO  PLATFORM  RESULT
s 1     -   -         fits as it is
s 2     -   -         fits with 2 pins, 1 module raised
s 3     -   -         fits with 1 pin, 2 modules lowered, as far as is known
s 4     -   -         does not fit: match.go:59: undefined: x
s 5     -   -         could not be determined: server s5: no such file
s 6     -   -         fits, once your code compiles
s 7     -   -         your code does not parse: m.go:1:1: x

two
three
four

example.com/plugin: 4 of 7 servers can load it, 3 of them after pinfix apply and once your code compiles; 2 could not be determined
`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if n := strings.Count(written(t, r.Markdown), "\n| s "); n != 7 {
		t.Errorf("%d rows of markdown", n)
	}
}

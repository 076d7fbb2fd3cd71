package pinner

import (
	"strings"
	"testing"
)

// TestDowngrade: which modules the sound downgrade lowers, and to what.
func TestDowngrade(t *testing.T) {
	base := world{
		"x@v1.0.0": "go 1.20", "x@v1.1.0": "go 1.20",
		"a@v1.0.0": "go 1.20; require x v1.0.0", "a@v1.1.0": "go 1.20; require x v1.1.0", "a@v1.2.0": "go 1.20; require x v1.1.0",
		"b@v1.0.0": "go 1.20; require a v1.0.0", "b@v1.1.0": "go 1.20; require a v1.2.0",
		"c@v1.0.0": "go 1.20", "c@v1.1.0": "go 1.20; require b v1.1.0",
		"only@v1.0.0": "go 1.20; require x v1.1.0",
		"pre@v1.1.0":  "go 1.20; require x v1.1.0", "pre@v1.0.0-rc.1": "go 1.20; require x v1.0.0",
		"free@v1.3.0": "go 1.20", "free@v1.2.0": "go 1.20",
		"young@v1.0.0": "go 1.20; require x v1.0.0", "young@v1.1.0": "go 1.26; require x v1.0.0", "young@v1.2.0": "go 1.20; require x v1.1.0",
		"back@v1.0.0": "go 1.20; require a v1.0.0", "back@v1.1.0": "go 1.20; require b v1.1.0", "back@v1.2.0": "go 1.20; require x v1.1.0",
	}
	tests := []struct {
		name     string
		require  string
		extra    string // lines of go.mod
		caps     []string
		keep     []string
		unlinked string
		want     string
	}{
		{name: "nothing to do", require: "free v1.3.0, x v1.0.0"},
		{name: "one", require: "a v1.2.0", want: "a v1.0.0 downgrade"},
		{name: "who asks for it too", require: "b v1.1.0, a v1.2.0", want: "a v1.0.0 downgrade, b v1.0.0 downgrade"},
		{name: "a chain", require: "c v1.1.0, b v1.1.0, a v1.2.0", want: "a v1.0.0 downgrade, b v1.0.0 downgrade, c v1.0.0 downgrade"},
		{name: "others stay", require: "a v1.1.0, free v1.3.0", want: "a v1.0.0 downgrade"},
		{name: "kept", require: "a v1.2.0", keep: []string{"a"}},
		{name: "kept in the middle", require: "b v1.1.0, a v1.2.0", keep: []string{"a"}},
		{name: "no such version: stays", require: "only v1.0.0"},
		{name: "never a pre-release", require: "pre v1.1.0"},
		{name: "never a newer Go", require: "young v1.2.0", want: "young v1.0.0 downgrade"},
		{name: "past what asks for more again", require: "back v1.2.0, b v1.1.0, a v1.2.0", want: "a v1.0.0 downgrade, b v1.0.0 downgrade, back v1.0.0 downgrade"},
		{name: "a directory", require: "a v1.2.0", extra: "replace a => ./a"},
		{name: "the user's cap", require: "c v1.1.0, b v1.1.0", caps: []string{"b v1.0.0"}, want: "b v1.0.0 , c v1.0.0 downgrade"},
		{name: "not linked", require: "a v1.2.0", unlinked: "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := world{"./a": "go 1.20; require x v1.1.0"}
			for k, v := range base {
				w[k] = v
			}
			user := "module p\n\ngo 1.22\n\nrequire (\n\t" + strings.ReplaceAll(test.require, ", ", "\n\t") + "\n)\n\n" + test.extra + "\n"
			pins := pinsOf(t, "x v1.0.0")
			in := Input{
				Server: serverOf("1.22.12", pins), Mod: parse(t, user), Pins: pins, Caps: capsOf(t, test.caps...), Keep: test.keep,
				Source: w.source(t), Versions: w.versions(t),
				Linked: func(path string) bool { return path != test.unlinked },
			}
			caps, err := Downgrade(in)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(words(caps), ", "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			for _, c := range caps {
				if c.Cause == CauseDowngrade && (c.For.Path == "" || !strings.Contains(c.Error, " requires ")) {
					t.Errorf("a cap without a reason: %+v", c)
				}
			}

			// With the caps no one that is linked and may be lowered asks for more.
			in.Caps = caps
			again, err := Downgrade(in)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(words(again), ", "); got != test.want {
				t.Errorf("once more: %s", got)
			}
		})
	}
}

// TestDowngradeReasons: the words.
func TestDowngradeReasons(t *testing.T) {
	w := world{
		"x@v1.0.0": "", "x@v1.1.0": "", "a@v1.0.0": "require x v1.0.0", "a@v1.1.0": "require x v1.1.0",
		"b@v1.0.0": "require a v1.0.0", "b@v1.1.0": "require a v1.1.0",
	}
	pins := pinsOf(t, "x v1.0.0")
	caps, err := Downgrade(Input{Server: serverOf("1.22.12", pins), Mod: parse(t, "module p\n\ngo 1.22\n\nrequire b v1.1.0\n"), Pins: pins, Source: w.source(t), Versions: w.versions(t)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range caps {
		got = append(got, c.Error)
	}
	want := "a v1.1.0 requires x v1.1.0; the server has v1.0.0\nb v1.1.0 requires a v1.1.0, which is lowered to v1.0.0"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

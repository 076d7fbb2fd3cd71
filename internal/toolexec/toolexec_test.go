package toolexec

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestFlag(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rules Rules
		want  string // "" for a NameError
	}{
		{Rules{{"/root/go/pkg/mod", "/go/pkg/mod"}}, `"-pinfix-trimpath=/root/go/pkg/mod=>/go/pkg/mod"`},
		{Rules{{"/a", "/b"}, {"/c", "example.com/c"}}, `"-pinfix-trimpath=/a=>/b;/c=>example.com/c"`},
		{Rules{{"/a b", "/my cache"}}, `"-pinfix-trimpath=/a b=>/my cache"`},
		{Rules{{`/it's`, "/b"}}, `"-pinfix-trimpath=/it's=>/b"`},
		{Rules{{`/a`, `/the "b"`}}, `'-pinfix-trimpath=/a=>/the "b"'`},
		{Rules{{"/a=", "/b=c"}}, `"-pinfix-trimpath=/a==>/b=c"`},
		{Rules{{ModCache, "/go/pkg/mod"}, {Here + "/vendor", "/src/vendor"}}, "\"-pinfix-trimpath=`go env GOMODCACHE`=>/go/pkg/mod;`pwd`/vendor=>/src/vendor\""},
		{Rules{{`/it's`, `/the "b"`}}, ""},
		{Rules{{"/a", "/b;c"}}, ""},
		{Rules{{"/a", "/b=>c"}}, ""},
		{Rules{{"/a=>c", "/b"}}, ""},
		{Rules{{"/a", "/b\nc"}}, ""},
		{Rules{{"/a", "/b\x1b[31m"}}, ""},
		{Rules{{"/a", "/b\xff"}}, ""},
		{Rules{{"/a", "`pwd`/b"}}, ""},
		{Rules{{"/a`pwd`", "/b"}}, ""},
		{Rules{{"/a", ""}}, ""},
	} {
		got, err := tt.rules.Flag()
		var name *NameError
		if got != tt.want || (tt.want == "") != errors.As(err, &name) {
			t.Errorf("%q: %s, %v", tt.rules, got, err)
		}
	}
	if got, err := (Rules{}).Flag(); got != "" || err != nil {
		t.Error(got, err)
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ rules, want Rules }{
		{nil, nil},
		{Rules{{"/a", "/a"}}, nil},
		{Rules{{"/a", "/b"}, {"/a", "/b"}}, Rules{{"/a", "/b"}}},
		{Rules{{"/a", "/b"}, {"/a/c", "/x"}}, Rules{{"/a/c", "/x"}, {"/a", "/b"}}},
		{Rules{{"/a", "/b"}, {"/a/c", "/a/c"}}, Rules{{"/a/c", "/a/c"}, {"/a", "/b"}}}, // else it would be /b/c
		{Rules{{"/a", "/b"}, {"/A/c", "/A/c"}}, Rules{{"/A/c", "/A/c"}, {"/a", "/b"}}}, // the compiler folds case
		{Rules{{"/a", "/b"}, {"/ac", "/ac"}}, Rules{{"/a", "/b"}}},
	} {
		if got := tt.rules.Tidy(); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q", tt.rules, got)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want string }{
		{"/go/tool/compile -o x -trimpath /tmp/b001=> -p e.com/a -pinfix-trimpath=/m=>/n -pack /m/a.go", "/go/tool/compile -o x -trimpath /m=>/n;/tmp/b001=> -p e.com/a -pack /m/a.go"},
		{"/go/tool/compile -o x -trimpath /d=>e.com;/tmp/b001=> -N -pinfix-trimpath=/m=>/n;/o=>/p -l /m/a.go", "/go/tool/compile -o x -trimpath /m=>/n;/o=>/p;/d=>e.com;/tmp/b001=> -N -l /m/a.go"},
		{`C:\go\tool\compile.exe -trimpath b=> -pinfix-trimpath=c=>d`, `C:\go\tool\compile.exe -trimpath c=>d;b=>`},
		{"compile -pinfix-trimpath=/m=>/n -trimpath b=>", "compile -trimpath /m=>/n;b=>"},
		{"compile -pinfix-trimpath=/m=>/n x.go", "compile -trimpath=/m=>/n x.go"},
		{"compile -trimpath b=> -pinfix-trimpath=/m=>/n -pinfix-trimpath=/o=>/p", "compile -trimpath /m=>/n;/o=>/p;b=>"},
		{"compile -o x -trimpath /tmp/b001=> -p fmt", ""}, // "": as it is
		{"compile -V=full", ""},
		{"compile", ""},
		{"asm -trimpath b=> -pinfix-trimpath=/m=>/n", ""},
		{"cgo -objdir b -- x.go", ""},
		{"link -o a.out", ""},
		{"gcc -### -x c -c -", ""},
		{"/evil/notcompile -trimpath b=> -pinfix-trimpath=/m=>/n", ""},
	} {
		args := strings.Fields(tt.args)
		before := slices.Clone(args)
		want := strings.Fields(tt.want)
		if tt.want == "" {
			want = args
		}
		if got := Join(args); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.args, got, want)
		}
		if !slices.Equal(args, before) {
			t.Errorf("%s: the arguments that were given are now %q", tt.args, args)
		}
	}
	if got := Join(nil); len(got) != 0 {
		t.Error(got)
	}
}

// FuzzJoin: whatever a tool is started with, no argument is lost but the rules, none is
// added, the tool stays the first, and what has no rules stays as it is.
func FuzzJoin(f *testing.F) {
	f.Add("/go/tool/compile -o x -trimpath /tmp/b001=> -p e.com/a -pinfix-trimpath=/m=>/n -pack /m/a.go")
	f.Add("compile -trimpath -pinfix-trimpath=a -trimpath b")
	f.Add("compile -pinfix-trimpath=")
	f.Add("asm -trimpath")
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, " ")
		got := Join(args)
		if got[0] != args[0] {
			t.Fatalf("%q is started for %q", got[0], args[0])
		}
		isRule := func(a string) bool { return strings.HasPrefix(a, flag) }
		if base(args[0]) != "compile" || !slices.ContainsFunc(args[1:], isRule) {
			if !slices.Equal(got, args) {
				t.Fatalf("%q became %q", args, got)
			}
			return
		}
		if slices.ContainsFunc(got[1:], isRule) {
			t.Fatalf("rules are left in %q", got)
		}
		// All others are there, in their order; one of them has the rules before it.
		rest := slices.DeleteFunc(slices.Clone(args[1:]), isRule)
		var rules []string
		for _, a := range args[1:] {
			if isRule(a) {
				rules = append(rules, strings.TrimPrefix(a, flag))
			}
		}
		all := strings.Join(rules, ";")
		if len(got) == len(args)-len(rules)+1 {
			if got[1] != "-trimpath="+all {
				t.Fatalf("%q is not the rules", got[1])
			}
			got = slices.Delete(slices.Clone(got), 1, 2)
		}
		if len(got) != len(rest)+1 {
			t.Fatalf("%q has lost or won arguments: %q", args, got)
		}
		changed := 0
		for i, a := range got[1:] {
			if a != rest[i] {
				if changed++; a != all+";"+rest[i] {
					t.Errorf("%q became %q", rest[i], a)
				}
			}
		}
		if changed > 1 {
			t.Errorf("%d arguments changed", changed)
		}
	})
}

// split is how the go command reads the list of -gcflags (cmd/internal/quoted).
func split(s string) ([]string, bool) {
	var out []string
	for {
		s = strings.TrimLeft(s, " \t\n\r")
		if s == "" {
			return out, true
		}
		if q := s[0]; q == '"' || q == '\'' {
			word, rest, ok := strings.Cut(s[1:], string(q))
			if !ok {
				return nil, false
			}
			out, s = append(out, word), rest
			continue
		}
		i := strings.IndexAny(s, " \t\n\r")
		if i < 0 {
			i = len(s)
		}
		out, s = append(out, s[:i]), s[i:]
	}
}

// FuzzFlag: a rule is read back by the go command and the compiler as it was meant, or
// refused; and tidied rules name every file as all of them do.
func FuzzFlag(f *testing.F) {
	f.Add("/a", "/b", "/c", "/d", "/x.go")
	f.Add("/a b", "/it's", "/a b/c", "/a b/c", "/c/x.go")
	f.Add("/a=>b", "/c;d", "`", "\"", "\n")
	f.Add("/a=", "=/b", "/A", "/a", "")
	f.Fuzz(func(t *testing.T, from1, to1, from2, to2, file string) {
		rules := Rules{{from1, to1}, {from2, to2}}
		word, err := rules.Flag()
		if err != nil {
			return
		}
		words, ok := split("-N " + word + " -l")
		if !ok || len(words) != 3 || words[0] != "-N" || words[2] != "-l" {
			t.Fatalf("%s reads as %q", word, words)
		}
		value, ok := strings.CutPrefix(words[1], flag)
		if !ok {
			t.Fatalf("%q is no rule", words[1])
		}
		var back Rules
		for rule := range strings.SplitSeq(value, ";") {
			i := strings.LastIndex(rule, "=>")
			if i < 0 {
				t.Fatalf("no rule: %q", rule)
			}
			back = append(back, Rule{rule[:i], rule[i+2:]})
		}
		if !slices.Equal(back, rules) {
			t.Fatalf("%q reads as %q", rules, back)
		}
		longest := rules
		if len(from2) > len(from1) {
			longest = Rules{rules[1], rules[0]}
		}
		if from1 == from2 || fold(from1) == fold(from2) {
			return
		}
		for _, name := range []string{from1, from2, from1 + "/" + file, from2 + "/" + file} {
			if got, want := rules.Tidy().Apply(name), longest.Apply(name); got != want {
				t.Errorf("%q: %q, tidied %q gives %q and not %q", name, rules, rules.Tidy(), got, want)
			}
		}
	})
}

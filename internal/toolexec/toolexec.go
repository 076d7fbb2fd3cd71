// Package toolexec gives packages other file names than those of this machine. The
// compiler writes a package's file names into its fingerprint as its flag -trimpath
// rewrites them; the go command has a value of its own for that flag, and one in
// -gcflags would take its place. So pinfix passes its rules under another name,
// [Rules.Flag], and is started between the go command and the compiler
// (-toolexec 'pinfix toolexec') to join the two: [Join].
//
// The flag is part of what the go command names a package by in its build cache, so
// builds with other rules, or without, have packages of their own there. The compiler
// does not know it: a build with the flag and without pinfix in between fails, and
// leaves nothing in the cache that a later build could take for its own.
//
// It is pure.
package toolexec

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Name is the command of pinfix that the go command starts the compiler with.
const Name = "toolexec"

// flag is how the rules are called in -gcflags.
const flag = "-pinfix-trimpath="

// Directories that a shell finds out where a printed command runs. They can begin a
// [Rule]'s From; make leaves this form of a command alone, too.
const (
	ModCache = "`go env GOMODCACHE`"
	Here     = "`pwd`"
)

// A Rule gives the files in a directory, and all below it, the names that they would
// have in another one.
type Rule struct{ From, To string }

// Rules are tried one after the other; the first that fits is taken.
type Rules []Rule

// A NameError is a directory that no rule can name.
type NameError struct{ Dir string }

func (e *NameError) Error() string { return fmt.Sprintf("the directory %q", e.Dir) }

// Flag returns the rules as one word of -gcflags, quoted as the go command wants it.
// It is "" for no rules. The error is a *[NameError]: the compiler has no quoting in
// its rules, and the go command none within quotes.
func (r Rules) Flag() (string, error) {
	if len(r) == 0 {
		return "", nil
	}
	single, double := "", ""
	var words []string
	for _, rule := range r {
		for i, name := range []string{rule.From, rule.To} {
			text := name
			if i == 0 {
				text = strings.TrimPrefix(strings.TrimPrefix(name, ModCache), Here)
			}
			if name == "" || strings.ContainsAny(text, ";`") || strings.Contains(text, "=>") || strings.ContainsFunc(text, unprintable) {
				return "", &NameError{name}
			}
			if strings.Contains(name, "'") {
				single = name
			}
			if strings.Contains(name, `"`) {
				double = name
			}
		}
		words = append(words, rule.From+"=>"+rule.To)
	}
	word := flag + strings.Join(words, ";")
	switch {
	case single != "" && double != "":
		return "", &NameError{double}
	case double != "":
		return "'" + word + "'", nil
	}
	return `"` + word + `"`, nil // also without a blank, which a printed directory may turn out to have
}

func unprintable(c rune) bool { return !unicode.IsPrint(c) || c == unicode.ReplacementChar }

// Apply returns the name that the compiler gives a file.
func (r Rules) Apply(name string) string {
	for _, rule := range r {
		if rest, ok := below(name, rule.From); ok {
			return rule.To + rest
		}
	}
	return name
}

// below returns what follows dir in name, where name is dir or in it. The compiler
// folds the case of ASCII letters.
func below(name, dir string) (string, bool) {
	if len(name) < len(dir) || fold(name[:len(dir)]) != fold(dir) || len(name) > len(dir) && name[len(dir)] != '/' {
		return "", false
	}
	return name[len(dir):], true
}

func fold(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

// Tidy returns rules that give every file of the directories in r the same name as r
// does, each once: the longest directories first, for a rule counts for all below it,
// and without those that change nothing.
func (r Rules) Tidy() Rules {
	sorted := slices.Clone(r)
	slices.SortStableFunc(sorted, func(a, b Rule) int {
		if n := len(b.From) - len(a.From); n != 0 {
			return n
		}
		return strings.Compare(a.From, b.From)
	})
	sorted = slices.CompactFunc(sorted, func(a, b Rule) bool { return a.From == b.From })
	var out Rules
	for i, rule := range sorted {
		if rule.From != rule.To || sorted[i+1:].Apply(rule.From) != rule.From {
			out = append(out, rule)
		}
	}
	return out
}

// Join returns the command line of a tool as it is to be started: the compiler's with
// the rules before the go command's own, any other as it is.
func Join(args []string) []string {
	if len(args) == 0 || base(args[0]) != "compile" {
		return args
	}
	var rules []string
	out := []string{args[0]}
	own := -1
	for i, a := range args[1:] {
		if value, ok := strings.CutPrefix(a, flag); ok {
			rules = append(rules, value)
			continue
		}
		if own < 0 && args[i] == "-trimpath" && i > 0 {
			own = len(out)
		}
		out = append(out, a)
	}
	switch {
	case len(rules) == 0:
		return args
	case own < 0:
		return slices.Insert(out, 1, "-trimpath="+strings.Join(rules, ";"))
	}
	out[own] = strings.Join(append(rules, out[own]), ";")
	return out
}

// base is the name of a tool.
func base(name string) string {
	return strings.TrimSuffix(name[strings.LastIndexAny(name, `/\`)+1:], ".exe")
}

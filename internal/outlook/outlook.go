// Package outlook plans a plugin for a server in a scratch directory ([Make]), for apply and
// for commands that compare several servers, which share what they can ([Plans]).
package outlook

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/conflict"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/syntax"
	"github.com/pinfix/pinfix/pinner"
)

// An outlook is what a plan means for the plugin's author.
type outlook struct {
	Name            string // of the server
	checked         bool   // the plan was type-checked
	Broken          bool   // it does not compile without pinfix either
	AsIs            bool   // the plugin links what the server has without any change
	adds            bool   // as AsIs, but go.mod lacks a module that the code imports
	Moved           []report.Move
	Lowered, Raised []report.Move // the plugin's own modules
	Unknown         []string
	Warnings        []string
	Plan            *report.Apply // nil where it was derived
}

// Outlook says what p means.
func (p *planned) Outlook() *outlook {
	kind, _ := p.Set.Compiles()
	v := &outlook{Name: reference.ServerName(p.server), checked: kind != report.CompilesUnchecked, Broken: kind == report.CompilesNever, AsIs: kind == report.CompilesAsIs, Moved: p.Set.MovedModules()}
	v.Lowered, v.Raised = p.Set.OwnModules()
	if v.AsIs && p.Set.Adds() {
		v.AsIs, v.adds = false, true
	}
	return v
}

// Sentence answers the question of an upgrade.
func (v *outlook) Sentence() string {
	head := "your code compiles against " + v.Name
	switch {
	case v.Broken:
		head = "your code does not compile against " + v.Name + ", and does not compile without pinfix either"
	case v.AsIs:
		head = "with " + v.Name + " " + report.LinksBefore
	case v.adds:
		head = "with " + v.Name + " " + report.LinksNoOther
	case !v.checked:
		head = "whether your code compiles against " + v.Name + " was not checked"
	}
	var moves []string
	own := " of your own modules"
	for _, m := range []struct {
		n   int
		how string
	}{{len(v.Lowered), "lowered"}, {len(v.Raised), "raised"}} {
		if m.n > 0 {
			moves = append(moves, fmt.Sprintf("%d%s %s %s", m.n, own, report.Verb(m.n, "are"), m.how))
			own = ""
		}
	}
	if len(moves) == 0 {
		moves = []string{"none of your own modules moves"}
	}
	if s := head + "; " + strings.Join(moves, ", "); v.Broken {
		return s
	} else {
		return s + ", and no file has to be edited"
	}
}

// DoesNotCompile is the answer where the plugin's author has to edit files. at are the
// places, "match.go:59", in so many files.
func DoesNotCompile(name string, at []string, files int) string {
	shown, more := at, ""
	if len(at) > 5 {
		shown, more = at[:5], fmt.Sprintf(" and %d more", len(at)-5)
	}
	return fmt.Sprintf("your code does not compile against %s; %s %s to be edited (%s%s)", name, report.Count(files, "file"), report.Verb(files, "have"), strings.Join(shown, ", "), more)
}

// EditPlaces are the places in the plugin's own code for which err says that no plan
// compiles, and how many files these are.
func EditPlaces(err error) (places []string, files int) {
	out, in := []string{}, map[string]bool{}
	var final *conflict.FinalError
	if errors.As(err, &final) {
		for _, f := range final.Finals {
			if f.Edit && !slices.Contains(out, f.Place) {
				out, in[f.File] = append(out, f.Place), true
			}
		}
	}
	return out, len(in)
}

// refuses reports whether err says that the server does not take the plugin, and not only
// that it could not be determined.
func refuses(err error) bool {
	var no reference.Refusal
	var none *conflict.NoSolutionError
	var final *conflict.FinalError
	var tooNew *pinner.TooNewError
	return errors.As(err, &no) || errors.As(err, &none) || errors.As(err, &final) || errors.As(err, &tooNew)
}

// FirstReason is an error in a line: the first of several, with its place.
func FirstReason(err error) string {
	var final *conflict.FinalError
	if errors.As(err, &final) {
		err = errors.New(final.Finals[0].String())
	}
	first, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimSuffix(first, ":")
}

// Unparsed reports whether err says that a file of the plugin's does not parse.
func Unparsed(err error) bool {
	var at *syntax.Error
	return errors.As(err, &at)
}

// ErrorText is an error and what to do about it.
func ErrorText(err error) (text, next string) {
	return strings.TrimSpace(err.Error()), fault.Next(err)
}

// A Trouble counts how the servers of a run came off.
type Trouble struct{ Differ, Unknown int }

// Add counts an error, and returns the result that it means for its server.
func (t *Trouble) Add(err error) string {
	if refuses(err) {
		t.Differ++
		return report.ServerRefuses
	}
	t.Unknown++
	return report.ServerUnknown
}

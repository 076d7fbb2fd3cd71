package report

import (
	"fmt"
	"strings"
)

// Check is the result of pinfix check.
type Check struct {
	SchemaVersion int       `json:"schema_version"`
	Command       string    `json:"command"`
	Aligned       bool      `json:"aligned"` // no problems
	Staged        bool      `json:"staged"`  // of the git index, not of the working tree
	Plugins       []Checked `json:"plugins"`
	Problems      []Problem `json:"problems"`
	Notes         []string  `json:"notes"` // what cannot be known from files, and which modules were left out

	left []leftOut
}

// leftOut is a module that a walk leaves out.
type leftOut struct{ dir, why string }

func (l leftOut) note() string { return "left out " + l.dir + ": " + l.why }

// LeaveOut notes that the module in dir was left out.
func (r *Check) LeaveOut(dir, why string) {
	l := leftOut{dir, why}
	r.left, r.Notes = append(r.left, l), append(r.Notes, l.note())
}

// maxLeft is how many modules that were left out people read of by name.
const maxLeft = 5

// Remarks are the notes for people: all modules that were left out for one reason are one.
// With verbose, all of them are named.
func (r *Check) Remarks(verbose bool) []string {
	var out, whys []string
	by, single := map[string][]string{}, map[string]bool{}
	for _, l := range r.left {
		if by[l.why] == nil {
			whys = append(whys, l.why)
		}
		by[l.why], single[l.note()] = append(by[l.why], l.dir), true
	}
	for _, why := range whys {
		dirs, more := by[why], ""
		if n := len(dirs) - maxLeft; n > 0 && !verbose {
			dirs, more = dirs[:maxLeft], fmt.Sprintf(" and %d more", n)
		}
		out = append(out, leftOut{strings.Join(dirs, ", ") + more, why}.note())
	}
	for _, n := range r.Notes {
		if !single[n] {
			out = append(out, n)
		}
	}
	return out
}

// Checked is one plugin that was looked at.
type Checked struct {
	Dir           string `json:"dir"` // its module root
	Module        string `json:"module"`
	Server        string `json:"server"` // main module
	Ref           string `json:"ref"`
	Go            string `json:"go"`
	SharedModules int    `json:"shared_modules"`
	Aligned       bool   `json:"aligned"`
	Problems      int    `json:"problems"`
	Fix           string `json:"fix"` // the command that fixes it

	Unknown []string `json:"unknown,omitempty"` // what its files and the server do not tell; without any, it loads once it is built

	Prefix string `json:"-"` // path from the top of the git repository
}

// Problem is one thing that keeps a plugin from being pinned. It has many fields, because the
// JSON has most of them.
type Problem struct {
	Kind   string `json:"kind"` // version, replace, go, vendor, import, toolchain, sum
	Module string `json:"module"`
	Want   string `json:"want"`
	Have   string `json:"have"`
	File   string `json:"file"` // below the module root
	Line   int    `json:"line"`
	Why    string `json:"why"`    // Reason, and what the server has, in words
	Fix    string `json:"fix"`    // the command that fixes it, or what to do
	Plugin string `json:"plugin"` // the plugin's module
	Dir    string `json:"dir"`    // its root

	Reason string `json:"-"`
	Served string `json:"-"` // what the server has of the module, where that is a part of why
	Place  string `json:"-"` // file as seen from where pinfix was started
	Path   string `json:"-"` // file as seen from the top of the git repository
}

// Because returns p with its reason in words: reason and, unless it is "", what the server
// has of the module.
func (p Problem) Because(reason, served string) Problem {
	p.Reason, p.Served, p.Why = reason, served, reason
	if served != "" {
		p.Why += "; the server has " + served
	}
	return p
}

// plain reports whether Want is what the server has, so that the reason need not say it.
func (p *Problem) plain() bool { return p.Served != "" && p.Served == p.Want }

// Package report holds the typed results of pinfix's commands and their forms:
// text for people, JSON for scripts (docs/json.md), and the others that a
// command offers.
package report

import (
	"fmt"
	"strings"
	"time"
)

// Server is what every report says of the server.
type Server struct {
	Ref      string            `json:"ref"`
	Main     string            `json:"main"`
	Go       string            `json:"go"`
	Settings map[string]string `json:"settings"`
	Modules  int               `json:"modules"`
	Packages int               `json:"packages"`

	// Of a server that was built without -trimpath: where its modules stood.
	ModCache string  `json:"modcache,omitempty"`
	Vendored string  `json:"vendored,omitempty"`
	Pins     []Pin   `json:"pins,omitempty"`
	Source   *Source `json:"source,omitempty"`
}

// Source is where a server comes from that is no program file: an image, or what
// a snapshot was made of.
type Source struct {
	Ref      string `json:"ref"`
	Digest   string `json:"digest"`
	Platform string `json:"platform,omitempty"`
	Program  string `json:"program,omitempty"`
}

// Text is the source in one line, without what is not known of it.
func (s *Source) Text() string {
	digest := s.Digest
	if digest == "unknown" {
		digest = "" // that of a source's commit
	}
	return strings.Join(strings.Fields(fmt.Sprint(s.Ref, " ", digest, " ", s.Platform, " ", s.Program)), " ")
}

// Reference says where the server's name is, and which places with another
// one were passed over for it.
type Reference struct {
	From       string   `json:"from"`
	PassedOver []string `json:"passed_over"`
}

// Pin is a module as the server linked it.
type Pin struct {
	Path    string   `json:"path"`
	Version string   `json:"version"`
	Sum     string   `json:"sum,omitempty"`
	Replace *Replace `json:"replace,omitempty"`
}

// Replace is the replacement of a module; a directory has no version.
type Replace struct {
	Path    string `json:"path"`
	Version string `json:"version,omitempty"`
}

func (r Reference) text() string {
	s := clean(r.From)
	if len(r.PassedOver) > 0 {
		s += ", which comes before " + clean(strings.Join(r.PassedOver, ", "))
	}
	return s
}

// Plugin is what an apply report says of the plugin.
type Plugin struct {
	Dir           string `json:"dir"`
	Module        string `json:"module"`
	SharedModules int    `json:"shared_modules"`

	Prefix string `json:"-"` // path from the top of the git repository
}

// Change is one change of the plugin, with its reason. It has many fields, because the JSON has
// most of them.
type Change struct {
	Kind       string  `json:"kind"`   // require, exclude, replace, go, toolchain, import, sum, vendor
	Action     string  `json:"action"` // add, change, remove
	Path       string  `json:"path"`
	Old        string  `json:"old,omitempty"`
	New        string  `json:"new,omitempty"`
	File       string  `json:"file"`
	Line       int     `json:"line,omitempty"` // in the file as it is; for an added line, as it should be
	Reason     string  `json:"reason"`
	DemandedBy []Chain `json:"demanded_by,omitempty"`

	Lines *LineCounts `json:"lines,omitempty"` // of a file that the diff leaves out
	Files *FileCounts `json:"files,omitempty"` // of a module in vendor/
	Near  int         `json:"-"`               // of an added line: where a review of the file as it is shows it; 0 for the first line
	Above string      `json:"-"`               // of an exclude: what its version is above, if that is neither a pin nor a cap
	Seen  string      `json:"-"`               // the file as people find it, if that is not File: it is above the module
}

// A Chain is who asks for a version: what the plugin requires first, and the version last.
type Chain []Step

// A Step is a module at the version that the step before it requires.
type Step struct{ Module, Version string }

// MarshalText is the chain as the JSON has it, "a@v1.0.0 -> b@v1.2.0".
func (c Chain) MarshalText() ([]byte, error) {
	var steps []string
	for _, s := range c {
		steps = append(steps, s.Module+"@"+s.Version)
	}
	return []byte(strings.Join(steps, " -> ")), nil
}

// UnmarshalText reads what MarshalText has written.
func (c *Chain) UnmarshalText(text []byte) error {
	*c = nil
	for step := range strings.SplitSeq(string(text), " -> ") {
		module, version, ok := strings.Cut(step, "@")
		if !ok {
			return fmt.Errorf("%q is no module at a version", step)
		}
		*c = append(*c, Step{module, version})
	}
	return nil
}

// LineCounts are numbers of lines.
type LineCounts struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
}

// Compiles says whether the plugin's code compiles under a plan.
type Compiles int

// What a plan can mean for it.
const (
	CompilesUnchecked Compiles = iota // nothing was type-checked
	CompilesChecked                   // what other versions may break was, and it compiles
	CompilesAsIs                      // nothing that the plugin links has another version
	CompilesNever                     // it does not compile, and does not without pinfix either
)

// Cap is a plugin-only module that ends lower than the plugin's own build list
// had it, or one that is raised because only a newer version compiles.
type Cap struct {
	Module string `json:"module"`
	Old    string `json:"old"`
	New    string `json:"new"`
	Cause  string `json:"cause"` // compile, go, downgrade
	Error  string `json:"error,omitempty"`
	For    *Bound `json:"for,omitempty"`
}

// Bound is the module that a cap was set for: one that the server has at this
// version, or another capped one.
type Bound struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	Server  bool   `json:"server"` // the server has it so
}

// Unpinned is a shared module that go.mod cannot match, or that is left without
// a blank import.
type Unpinned struct {
	Module string `json:"module"`
	Why    string `json:"why"`
}

// Apply is the result of pinfix apply. It has many methods and fields, because each form is a
// method and the JSON has most of the fields.
type Apply struct {
	SchemaVersion int        `json:"schema_version"`
	Command       string     `json:"command"`
	DryRun        bool       `json:"dry_run"`
	Aligned       bool       `json:"aligned"` // nothing to change
	Server        Server     `json:"server"`
	Plugin        Plugin     `json:"plugin"`
	Rows          []Row      `json:"rows"`    // of AddRows
	Checked       int        `json:"checked"` // how many packages were type-checked
	Changes       []Change   `json:"changes"`
	Caps          []Cap      `json:"caps"`
	Raises        []Cap      `json:"raises"`
	Unpinned      []Unpinned `json:"unpinned"`
	Warnings      []string   `json:"warnings"` // those of AddLoops first
	Loops         []Loop     `json:"loops"`
	Summary       string     `json:"summary,omitempty"` // of a dry run: what the server asks of the plugin's author
	Diff          string     `json:"diff"`

	// Unknown is what only a build tells; without any, a plugin with nothing left to
	// change loads once it is built.
	Unknown []string `json:"unknown,omitempty"`

	ServerChanges *ServerChanges `json:"server_changes,omitempty"`
	Skipped       string         `json:"skipped,omitempty"` // why the module was left alone; of a walk only
	Error         string         `json:"error,omitempty"`   // why it could not be pinned; of a walk only

	Warned []string `json:"-"` // those of Unknown that Warnings has in words of the server

	loopWarnings int // how many of Warnings are of loops

	Compiles  Compiles `json:"-"`
	NewVendor string   `json:"-"` // for people: that vendor/ is made
	Notes     []string `json:"-"` // for people: what else there is to know of the change
	Patch     []byte   `json:"-"` // the complete patch
	GoCalls   int      `json:"-"`
	NextSteps string   `json:"-"` // how to build now
	Guide     []string `json:"-"` // what else to do after the first apply
	Write     string   `json:"-"` // the command that writes what a dry run shows
	Made      Made     `json:"-"` // of a page, which is passed on
}

// Made says when and of what a page was made.
type Made struct {
	When    time.Time
	Version string // of pinfix
	Commit  string // that is checked out; "" without a repository
}

// NewApply returns a report without anything in it.
func NewApply(dryRun bool) *Apply {
	return &Apply{
		SchemaVersion: 1, Command: "apply", DryRun: dryRun, Server: Server{Settings: map[string]string{}},
		Rows: []Row{}, Changes: []Change{}, Caps: []Cap{}, Raises: []Cap{}, Unpinned: []Unpinned{}, Warnings: []string{}, Loops: []Loop{},
	}
}

// Package reference says which server is meant, and reads it: what was typed, what the
// settings say, or the snapshot in the repository, and which of them counts ([Reference]).
package reference

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/gocmd"
	"github.com/pinfix/pinfix/internal/mains"
	"github.com/pinfix/pinfix/internal/meter"
	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/internal/vars"
	"github.com/pinfix/pinfix/pinner"
)

// SnapshotName is the snapshot of a plugin's server, next to go.mod or above it.
const SnapshotName = "server.buildinfo"

// A Named is a server as someone has named it.
type Named struct {
	Ref  string
	From string // where it is: "--server", "PINFIX_SERVER", ".pinfix.yaml:3", "server.buildinfo"
	Own  bool   // the plugin's repository names it: .pinfix.yaml, server.buildinfo

	Above    bool   // in a directory above the module, for all modules there
	Snapshot bool   // it is the server.buildinfo itself
	image    string // what it would be as an image; for the hint where there is no such file
}

// Typed returns the server that the user has named at a place, and a note where ref is
// taken for more than it says: NAME:TAG for an image, where no such file is. A file of the
// plugin's repository must say image: itself.
func Typed(ref, from string) (n Named, note string) {
	if as := target.BareImage(ref); as != "" {
		return Named{Ref: as, From: from}, fmt.Sprintf("there is no file %s, so it is read as %s", ref, as)
	}
	return Named{Ref: ref, From: from}, ""
}

// Written returns the server that a file of the plugin's repository names at the place
// from: ref as it is written there, full as it is read. above is a file above the module.
func Written(ref, full, from string, above bool) Named {
	return Named{Ref: full, From: from, Own: true, Above: above, image: target.BareImage(ref)}
}

// NamesServer reports whether an argument is a server reference and nothing else that
// a command could be about.
func NamesServer(arg string) bool {
	scheme, rest, ok := strings.Cut(arg, ":")
	if ok && rest != "" && (scheme == "mod" || slices.Contains(target.Schemes, scheme)) || target.BareImage(arg) != "" {
		return true
	}
	if ext := filepath.Ext(arg); ext == ".snapshot" || ext == ".buildinfo" {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular() && filepath.Ext(arg) != ".go" && filepath.Ext(arg) != ".so"
}

// IsFile reports whether one file is all that is read of the server: no image,
// and no source.
func (n Named) IsFile() bool {
	info, err := os.Stat(n.Ref)
	return err == nil && info.Mode().IsRegular() && !target.IsSource(n.Ref)
}

// ConfigName is the file with a project's settings, next to go.mod or above it.
const ConfigName = ".pinfix.yaml"

// ConfigOf returns the full name of the file with the settings of the module in root, or of
// the one that it would get. others follows the name in a sentence if the file is also for
// other plugins; else it is "".
func ConfigOf(root string) (name, others string) {
	dir := place.Upwards(root, ConfigName)
	if dir != "" && dir != root {
		others = ", for all plugins below it"
	}
	return filepath.Join(cmp.Or(dir, root), ConfigName), others
}

// Servers are all that are named; the first counts.
type Servers []Named

// In returns all and at their end the snapshot next to the go.mod in root, or above it. Where
// there is no module, root is the directory to look in ([plugin.Home]).
func (all Servers) In(root string) Servers {
	if root == "" {
		return all
	}
	dir := place.Upwards(root, SnapshotName)
	if dir == "" || !place.Exists(filepath.Join(dir, SnapshotName)) {
		return all
	}
	n := Named{Ref: filepath.Join(dir, SnapshotName), From: SnapshotName, Own: true, Above: dir != root, Snapshot: true}
	if n.Above {
		n.Ref = place.Short(n.Ref)
		n.From = n.Ref
	}
	return append(all[:len(all):len(all)], n)
}

// Own returns the server that the module itself names, if it is not the one
// that counts.
func (all Servers) Own() (Named, bool) {
	for i, r := range all {
		if r.Own {
			return r, i > 0
		}
	}
	return Named{}, false
}

// Report says which one counts, and which others there are.
func (all Servers) Report() report.Reference {
	r := report.Reference{From: all[0].From, PassedOver: []string{}}
	for _, other := range all[len(all.counted()):] {
		r.PassedOver = append(r.PassedOver, other.From)
	}
	return r
}

// Blame puts the place of r before an error; the user knows what he has typed,
// and the snapshot's name says where it is.
func (r Named) Blame(err error) error {
	if r.From == "--server" || r.Snapshot {
		return err
	}
	if r.image != "" && !place.Exists(r.Ref) {
		return fault.New("for the image write server: "+r.image, "%s: %w", r.From, err)
	}
	return fmt.Errorf("%s: %w", r.From, err)
}

// A Reference says which server is meant for which plugin, and how to read it.
// It has many fields: those of the flags about the server that the commands share.
type Reference struct {
	Dir      string // where to look for the plugin's module
	Servers  Servers
	Platform string // of an image
	Path     string // of the program in it
	Asked    bool   // Platform or Path were typed, so that a server that is no image has to fit them
	Offline  bool
	NoPaths  bool     // what only a build needs of an untrimmed server is left out
	Walk     bool     // this is one module of several
	Stays    bool     // the plugin's repository is made to name the server
	among    []string // more platforms that will do
	bare     bool     // a program that does not name its modules will do
	Environ  []string
	Step     func(string) // told what happens now; "" ends a step
	Count    meter.Count  // told how far the step has come; may be nil
	Note     func(string) // told who is asked because of a file of the plugin's; may be nil
	Log      func(string) // told each go command line, which source needs
}

// Options are how to read the server n.
func (r Reference) Options(n Named) target.Options {
	return target.Options{Platform: r.Platform, Path: r.Path, Bare: r.bare, Offline: r.Offline, Foreign: n.Own, Environ: r.Environ, NoPaths: r.NoPaths, Step: r.Step}
}

// GoEnviron is what go commands run with: offline, the module cache is left.
func (r Reference) GoEnviron() []string {
	if r.Offline {
		return gocmd.Offline(r.Environ)
	}
	return r.Environ
}

// Read reads the server that counts among those that are named and the snapshot
// next to the go.mod in root, and returns them all. Errors begin with the place
// that names it.
func (r Reference) Read(ctx context.Context, root string) (*pinner.Server, Servers, error) {
	all := r.Servers.In(root)
	if len(all) == 0 {
		return nil, nil, NotNamed(root, "name it with --server FILE or --server image:NAME:TAG, or write a snapshot of it once: pinfix snapshot --server FILE")
	}
	s, err := r.Open(ctx, all[0])
	if err != nil {
		return nil, all, all[0].Blame(err)
	}
	return s, all, nil
}

// NotNamed is the error that no server is named for the module in root; next is what the
// command takes. Settings that hide a server are said: only the nearest file counts.
func NotNamed(root, next string) error {
	name, _ := ConfigOf(root)
	dir := filepath.Dir(name)
	if root == "" || !place.Exists(name) || place.Has(dir, ".git") {
		return fault.New(next, "no server given")
	}
	above, _ := ConfigOf(filepath.Dir(dir))
	data, err := bounded.ReadFile(above, bounded.Mod)
	if err != nil || !serverRE.Regexp().Match(data) {
		return fault.New(next, "no server given")
	}
	name, above = place.FromHere(name), place.FromHere(above)
	return fault.New("name the server in "+name+" too, or write its lines into "+above+" and remove it", "no server given: %s names none, and hides %s", name, above)
}

var serverRE = pattern.New(`(?m)^server:`)

// Reading is [Reference.Read] as a step that is shown, if there is a server to read.
func (r Reference) Reading(ctx context.Context, root string) (*pinner.Server, Servers, error) {
	if r.Step != nil && len(r.Servers.In(root)) > 0 {
		r.Step("reading the server")
	}
	return r.Read(ctx, root)
}

// Open reads the server n. It is fetched, if it is an image or a module version, unless r is
// offline.
func (r Reference) Open(ctx context.Context, n Named) (*pinner.Server, error) {
	// A clone's .pinfix.yaml is not the user's word: whom it makes pinfix ask is said.
	if asked := target.Asks(n.Ref); n.Own && asked != "" && !r.Offline && r.Note != nil {
		r.Note(fmt.Sprintf("%s names the server %s; asking %s", n.From, n.Ref, asked))
	}
	var s *pinner.Server
	var err error
	if target.IsSource(n.Ref) {
		s, err = target.ReadSource(ctx, n.Ref, target.SourceOptions{Environ: r.GoEnviron(), Log: r.Log, Count: r.Count})
	} else {
		s, err = target.Read(ctx, n.Ref, r.Options(n))
	}
	if err != nil {
		return nil, err
	}
	return s, r.fits(s)
}

// fits refuses --platform and --path, as they were typed, for a server that is no image and
// that they do not describe: nothing would be chosen by them.
func (r Reference) fits(s *pinner.Server) error {
	if !r.Asked || target.IsImage(s.Ref) {
		return nil
	}
	if r.Path != "" {
		return fault.New("leave --path out", "server %s: --path chooses a program of an image, and this is not one", s.Ref)
	}
	goos, goarch, ok := s.Platform()
	if r.Platform == "" || !ok || slices.ContainsFunc(append(r.among, r.Platform), func(p string) bool { return modpath.In(p, goos+"/"+goarch) }) {
		return nil
	}
	return fault.New("leave --platform out, or name a server for "+r.Platform, "server %s: it is for %s/%s; --platform %s chooses from an image, and this is not one", s.Ref, goos, goarch, r.Platform)
}

// ReadBuilt is read for commands that need what only a built server has: no go
// command starts.
func (r Reference) ReadBuilt(ctx context.Context, root string) (*pinner.Server, error) {
	all := r.Servers.In(root)
	source := fault.New("name the program itself, or a snapshot of it: pinfix snapshot --server PROGRAM", "source has no package fingerprints")
	if len(all) > 0 && target.IsSource(all[0].Ref) {
		return nil, all[0].Blame(fmt.Errorf("server %s: %w", all[0].Ref, source))
	}
	s, err := r.readBare(ctx, root)
	if err == nil && s.Source != nil {
		return nil, all[0].Blame(fmt.Errorf("server %s: %w", s.Ref, source))
	}
	return s, err
}

// ReadFile is [Reference.Read] for a command that starts no go command, and needs no more
// than the server's versions: a snapshot of source will do, source itself does not.
func (r Reference) ReadFile(ctx context.Context, root string) (*pinner.Server, error) {
	if all := r.Servers.In(root); len(all) > 0 && target.IsSource(all[0].Ref) {
		return nil, all[0].Blame(fault.New("leave the server out, name its program, or name a snapshot of the source: pinfix snapshot -o FILE --server "+shell.Quote(all[0].Ref),
			"server %s: source is read with the go command, which is not started here", all[0].Ref))
	}
	return r.readBare(ctx, root)
}

// readBare is Read for commands that can do without the server's modules.
func (r Reference) readBare(ctx context.Context, root string) (*pinner.Server, error) {
	r.bare = true
	s, _, err := r.Read(ctx, root)
	return s, err
}

// IsModule reports whether the server that counts is the source in root: a
// plugin is no server of its own.
func (all Servers) IsModule(root string) bool {
	if len(all) == 0 {
		return false
	}
	dir := strings.TrimSuffix(all[0].Ref, "go.mod")
	x, err := os.Stat(cmp.Or(dir, "."))
	if err != nil {
		return false
	}
	y, err := os.Stat(root)
	return err == nil && os.SameFile(x, y)
}

// Hopeless is the error of a server that no plugin can load into, whatever is done.
func Hopeless(s *pinner.Server) error {
	err := s.Refuses()
	if err == nil {
		err = s.Unmatched()
	}
	if err != nil {
		return Refusal{Err: fmt.Errorf("server %s: %w", s.Ref, err)}
	}
	return nil
}

// NotKnown is the warning that something is not known of s, one of target.Unknown.
func NotKnown(s *pinner.Server, unknown string) string {
	return fmt.Sprintf("server %s does not say %s", s.Ref, unknown)
}

// Doubts says in warnings what the reference to s cannot know and what is
// assumed.
func Doubts(s *pinner.Server) []string {
	var out []string
	for _, u := range target.Unknown(s) {
		out = append(out, NotKnown(s, u))
	}
	for _, a := range target.Assumed(s) {
		out = append(out, fmt.Sprintf("server %s: assumed: %s", s.Ref, a))
	}
	return out
}

// SnapshotDoubt is the warning that a snapshot of s is of no use to some commands, or "".
func SnapshotDoubt(s *pinner.Server) string {
	if s.Packages != nil {
		return ""
	}
	return fmt.Sprintf("%s has no package fingerprints, so the snapshot works for apply, check and compat but not for build and verify (a snapshot of the program itself works for all)", s.Ref)
}

// SetAside says what of the user's own settings for go build does not count for the
// plugin in root: flags of GOFLAGS, and a go.work unless the plugin is built in it. A
// walk says it once, for all modules.
func (r Reference) SetAside(root string, work bool) {
	if r.Note == nil || r.Walk {
		return
	}
	flags := slices.DeleteFunc(strings.Fields(vars.Get(r.Environ, "GOFLAGS")), func(f string) bool {
		return strings.HasPrefix(f, "-mod=") || f == "-modcacherw" || strings.HasPrefix(f, "-buildvcs")
	})
	if len(flags) > 0 {
		r.Note(fmt.Sprintf("GOFLAGS=%s is not used: the plugin gets the server's flags", strings.Join(flags, " ")))
	}
	if works := plugin.Workspaces([]string{root}, vars.Get(r.Environ, "GOWORK")); len(works) > 0 && !work {
		r.Note(fmt.Sprintf("%s is not used: in a workspace the plugin would get other versions than the server has", place.FromHere(works[0])))
	}
}

// Report is what the reports say of a server.
func Report(s *pinner.Server) report.Server {
	r := report.Server{Ref: s.Ref, Main: s.Name(), Go: s.Go, Settings: s.Settings, Modules: len(s.Pins), Packages: len(s.Packages),
		ModCache: s.Paths.ModCache, Vendored: s.Paths.Vendored}
	if o := s.Origin; o.Source != "" {
		r.Source = &report.Source{Ref: o.Source, Digest: o.Digest, Platform: o.Platform, Program: o.Program}
	}
	return r
}

// Typed returns the flags that name the server again, where it was typed.
func (r Reference) Typed() []string {
	if len(r.Servers) == 0 || r.Servers[0].From != "--server" {
		return nil
	}
	words := []string{"--server", shell.Quote(r.Servers[0].Ref)}
	if r.Platform != "" {
		words = append(words, "--platform", shell.Quote(r.Platform))
	}
	if r.Path != "" {
		words = append(words, "--path", shell.Quote(r.Path))
	}
	return words
}

// A Refusal is an error that says that the server takes no plugin that is built from
// this code, whatever its modules are. Other errors leave that open.
type Refusal struct{ Err error }

func (r Refusal) Error() string { return r.Err.Error() }

func (r Refusal) Unwrap() error { return r.Err }

// NoServer is why a walk leaves a plugin alone that no server is named for.
const NoServer = "no server: neither --server, PINFIX_SERVER, .pinfix.yaml nor server.buildinfo names one"

// Skip returns why a walk leaves the module in dir alone, "" if it does not, and the
// module's path. all are the servers that are named for it; seen is that of
// [mains.KindOf].
func Skip(dir string, all Servers, seen func(name string)) (why, path string, err error) {
	data, err := bounded.ReadFile(filepath.Join(dir, "go.mod"), bounded.Mod)
	if err != nil {
		return "", "", fault.New("make it a file that you can read", "%w", err)
	}
	mod, err := plugin.Parse(data)
	if err != nil {
		return "", "", bounded.Hide(filepath.Join(dir, "go.mod"), err)
	}
	path = mod.Module.Mod.Path
	all = all.In(dir)
	kind, err := mains.KindOf(dir, seen)
	switch {
	case err != nil:
		return "", path, err
	case kind == mains.Library:
		return "no main package", path, nil
	case kind == mains.Program && !slices.ContainsFunc(all, func(n Named) bool { return n.Own && !n.Above }):
		return "a program, not a plugin, since each func main does something (to pin it, give it a .pinfix.yaml with a server)", path, nil
	case len(all) == 0:
		return NoServer, path, nil
	}
	return "", path, nil
}

// MaxSnapshot is what is read of a file that a snapshot would replace; a real
// one has some hundred kilobytes.
const MaxSnapshot = 32 << 20

// OldSnapshot returns what a snapshot may replace, nil for nothing.
func OldSnapshot(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("that is a directory")
	}
	foreign := errors.New("the file is there and is not a snapshot; it is not overwritten")
	if !info.Mode().IsRegular() || info.Size() > MaxSnapshot {
		return nil, foreign
	}
	old, err := bounded.ReadFile(name, MaxSnapshot)
	if err != nil {
		return nil, err
	}
	if _, err := target.Parse(old); err != nil {
		return nil, foreign
	}
	return old, nil
}

// PathSchemes begin a server reference that names a file or directory, and
// nameSchemes one that does not.
var (
	PathSchemes = []string{"docker-archive:", "oci-archive:", "oci:"}
	NameSchemes = []string{"image:", "mod:"}
)

// SeenFrom returns a server reference as the settings in root name it: a path is
// relative to them.
func SeenFrom(root, ref string) string {
	scheme, path := pathOf(ref)
	if path == "" || filepath.IsAbs(path) {
		return ref
	}
	cwd, err := place.Here()
	if err != nil {
		return ref
	}
	rel, err := filepath.Rel(root, filepath.Join(cwd, path))
	if err != nil {
		return ref
	}
	return scheme + filepath.ToSlash(rel)
}

// Full returns a server reference that names the same in every directory.
func Full(ref string) string {
	scheme, path := pathOf(ref)
	abs, err := filepath.Abs(path)
	if path == "" || err != nil {
		return ref
	}
	return scheme + abs
}

// PathIn returns the path in a server reference; "" where it names no file or directory.
func PathIn(ref string) string {
	_, path := pathOf(ref)
	return path
}

// pathOf returns the path in a server reference, and what is before it; no path where it
// names no file or directory.
func pathOf(ref string) (scheme, path string) {
	for _, s := range PathSchemes {
		if rest, ok := strings.CutPrefix(ref, s); ok {
			return s, rest
		}
	}
	if !filepath.IsAbs(ref) && !place.Exists(ref) {
		return "", ""
	}
	return "", ref
}

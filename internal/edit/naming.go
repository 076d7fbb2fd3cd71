package edit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/change"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/reference"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/shell"
	"github.com/pinfix/pinfix/internal/target"
)

// A naming is the file by which the plugin's repository names its server, as pinfix
// upgrade leaves it.
type naming struct {
	file     change.Change // its path is below the module root, or leads up from there
	above    string        // its full name if it is above the module root; else ""
	root     string        // with above: the directory whose rules for links count
	snapshot bool
	old, new string // the server before and now
	line     int
	away     string // a warning: the new server is no file of the repository
	ByHand   bool   // the server is named by a line that pinfix leaves to the user
}

// name returns what makes the plugin's repository name server: the new content of the
// snapshot that it is named by, of the line server: in .pinfix.yaml, or a new
// server.buildinfo next to go.mod. version is pinfix's own. The zero naming changes
// nothing.
func (c *Changes) name(ctx context.Context, all reference.Servers) (*naming, error) {
	root := c.Aligner.Plugin.Root
	own, ok := all.Own()
	switch {
	case !ok:
		return c.snapshotAt(ctx, root, filepath.Join(root, reference.SnapshotName))
	case own.Snapshot:
		return c.snapshotAt(ctx, place.Upwards(root, reference.SnapshotName), own.Ref)
	}
	dir := place.Upwards(root, reference.ConfigName)
	abs, err := resolved(own.Ref)
	if err != nil {
		return nil, err
	}
	if place.Same(own.Ref, all[0].Ref) {
		return &naming{}, nil
	}
	// A file elsewhere is not this repository's to write, whatever .pinfix.yaml says. One that
	// is for a release by its name stays that release's.
	rel, err := filepath.Rel(dir, abs)
	if err == nil && filepath.IsLocal(rel) && isSnapshot(abs) && !c.committed(all[0]) && !reference.IsForAnother(filepath.ToSlash(rel), c.Aligner.Server) {
		return c.snapshotAt(ctx, dir, abs)
	}
	return c.serverLine(ctx, dir, own, all[0])
}

// committed reports whether the server is a snapshot in the plugin's repository, which the
// line server: can name as it is.
func (c *Changes) committed(now reference.Named) bool {
	return c.inRepository(now.Ref) && isSnapshot(now.Ref)
}

// inRepository reports whether a file or directory is in the plugin's repository or, where
// there is none, in its module.
func (c *Changes) inRepository(name string) bool {
	root := c.Aligner.Plugin.Root
	abs, err := resolved(name)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(cmp.Or(place.Repository(root), root), abs)
	return err == nil && filepath.IsLocal(rel)
}

// resolved is the full name of a file, without symbolic links if it is there.
func resolved(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if there, err := filepath.EvalSymlinks(abs); err == nil {
		return there, nil
	}
	return abs, nil
}

// isSnapshot reports whether the file is one that pinfix snapshot has written.
func isSnapshot(name string) bool {
	data, err := reference.OldSnapshot(name)
	return err == nil && target.IsSnapshot(data)
}

// snapshotAt is the snapshot of the server in the file name, which is in dir or below.
func (c *Changes) snapshotAt(ctx context.Context, dir, name string) (*naming, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	if same, err := filepath.EvalSymlinks(c.Aligner.Server.Ref); err == nil {
		if there, err := filepath.EvalSymlinks(abs); err == nil && place.Same(same, there) {
			return &naming{}, nil // it is named by itself
		}
	}
	old, err := reference.OldSnapshot(abs)
	if err != nil {
		return nil, fault.New("move it away", "snapshot %s: %w", name, fault.Cause(err))
	}
	data, err := bounded.Wait(ctx, 0, func() ([]byte, error) { return target.Snapshot(c.Aligner.Server, c.Aligner.Options.Version) })
	if err != nil {
		return nil, err
	}
	n := &naming{snapshot: true, old: place.Short(abs), new: c.Aligner.Server.Ref}
	return n, n.set(c.Aligner.Plugin.Root, dir, abs, old, data)
}

// set takes the content of the file abs, which is in dir or below.
func (n *naming) set(root, dir, abs string, old, data []byte) error {
	if bytes.Equal(old, data) {
		return nil
	}
	rel, err := filepath.Rel(root, abs)
	if err != nil {
		return err
	}
	n.file = change.Change{Path: filepath.ToSlash(rel), Old: old, New: data, Mode: 0o644}
	if info, err := os.Stat(abs); err == nil {
		n.file.Mode = info.Mode().Perm()
	}
	if !filepath.IsLocal(rel) {
		n.above, n.root = abs, dir
	}
	return nil
}

// serverLine is .pinfix.yaml in dir with another server, where the line is as simple as
// people write it.
func (c *Changes) serverLine(ctx context.Context, dir string, own, now reference.Named) (*naming, error) {
	abs := filepath.Join(dir, reference.ConfigName)
	ref := reference.SeenFrom(dir, now.Ref)
	n := &naming{old: own.Ref, new: ref, ByHand: true}
	data, err := bounded.ReadFile(abs, bounded.Mod)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil // gone meanwhile
	}
	if err != nil {
		return nil, fault.CannotRead(abs, err)
	}
	text, line := setServer(string(data), ref)
	if line == 0 {
		return n, nil
	}
	n.line, n.ByHand = line, false
	n.old = oldServer(string(data), line)
	n.away = c.away(ctx, dir, now)
	return n, n.set(c.Aligner.Plugin.Root, dir, abs, data, []byte(text))
}

var (
	serverRE = pattern.New(`^server:[ \t]+("[^"\\]*"|'[^']*'|[^\s"'#&*!|>%@\x60{\[][^\s#]*)([ \t]+#.*|[ \t]*)$`)
	plainRE  = pattern.New(`^[A-Za-z0-9./_~][A-Za-z0-9./_~:@+=-]*$`)
)

// setServer returns the text of a .pinfix.yaml with another server, and the line where it
// is; 0 where the text has no such line, more than one, or a value that is not on one.
func setServer(text, ref string) (string, int) {
	if !plainRE.MatchString(ref) {
		return text, 0
	}
	var out strings.Builder
	n, at := 0, 0
	for line := range strings.Lines(text) {
		n++
		body := strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(body, "server") && at > 0 {
			return text, 0
		}
		if m := serverRE.Regexp().FindStringSubmatch(body); m != nil {
			at = n
			line = "server: " + ref + m[2] + line[len(body):]
		}
		out.WriteString(line)
	}
	if at == 0 || !onlyServer(text, out.String(), ref) {
		return text, 0
	}
	return out.String(), at
}

// oldServer is the server in the line of a .pinfix.yaml that setServer has found.
func oldServer(text string, line int) string {
	m := serverRE.Regexp().FindStringSubmatch(strings.TrimRight(strings.Split(text, "\n")[line-1], "\r"))
	return strings.Trim(m[1], `"'`)
}

// away is the warning that the server is a file or directory which others do not get with the
// repository in which dir is; "" where they do.
func (c *Changes) away(ctx context.Context, dir string, now reference.Named) string {
	o := c.Aligner.Options
	name := reference.PathIn(now.Ref)
	if name == "" || !place.InRepository(dir) {
		return ""
	}
	why := "is not in the repository"
	if c.inRepository(name) {
		abs, err := filepath.Abs(name)
		if err != nil || !place.Ignored(ctx, abs, o.Environ) {
			return ""
		}
		why = "is not in git, which ignores it"
	}
	snapshot := shell.Quote(place.FromHere(filepath.Join(dir, filepath.Base(name)+".buildinfo")))
	return fmt.Sprintf("%s %s, so others do not get it; a snapshot can be committed: pinfix snapshot -o %s %s && pinfix upgrade%s %s",
		now.Ref, why, snapshot, strings.Join(o.Typed(), " "), c.atDir(), snapshot)
}

// onlyServer reports whether the second YAML text holds what the first does, but ref as
// server: a value may go on in the next line, and a line may be part of a longer text.
func onlyServer(before, after, ref string) bool {
	var x, y map[string]any
	if yaml.Unmarshal([]byte(before), &x) != nil || yaml.Unmarshal([]byte(after), &y) != nil || x == nil {
		return false
	}
	x["server"] = ref
	return reflect.DeepEqual(x, y)
}

// change is what the report says of it; ok is false where no file changes.
func (n *naming) change() (c report.Change, ok bool) {
	if n.file.Path == "" {
		return c, false
	}
	c = report.Change{Kind: "server", Action: action(string(n.file.Old), string(n.file.New)), Path: n.file.Path, File: n.file.Path, Line: n.line, Old: n.old, New: n.new}
	if n.snapshot {
		c.Old, c.New = "", ""
		added, removed := change.Stat(n.file.Old, n.file.New)
		c.Reason, c.Lines = "the snapshot of "+n.new, &report.LineCounts{Added: added, Removed: removed}
	} else {
		c.Reason = "the plugin's server"
	}
	if n.above != "" {
		c.Seen = place.FromHere(n.above)
	}
	return c, true
}

// addNaming takes the file that names the server into the change set.
func (c *Changes) addNaming(ctx context.Context) (err error) {
	if !c.Aligner.Options.Upgrade {
		return nil
	}
	if c.Naming, err = c.name(ctx, c.Aligner.Options.Servers.In(c.Aligner.Plugin.Root)); err != nil || c.Naming.file.Path == "" {
		return err
	}
	if c.Naming.above == "" {
		c.Tree.Files = append(c.Tree.Files, c.Naming.file)
		slices.SortFunc(c.Tree.Files, func(a, b change.Change) int { return strings.Compare(a.Path, b.Path) })
	}
	return nil
}

// Write writes everything, or nothing. A file above the module that names the server
// is no part of the module's commit: it is written first, and put back if that fails.
func (c *Changes) Write(ctx context.Context, lock *commit.Lock) error {
	n := c.Naming
	if n == nil || n.above == "" {
		return lock.Write(ctx, c.Tree)
	}
	if err := commit.WriteFile(ctx, n.root, n.above, n.file.Old, n.file.New, n.file.Mode); err != nil {
		return err
	}
	err := lock.Write(ctx, c.Tree)
	if err != nil {
		back := commit.WriteFile(context.WithoutCancel(ctx), n.root, n.above, n.file.New, n.file.Old, n.file.Mode)
		err = errors.Join(back, err)
	}
	return err
}

// reportNaming puts into r the file that names the server.
func (c *Changes) reportNaming(r *report.Apply) {
	n := c.Naming
	if n == nil {
		return
	}
	if ch, ok := n.change(); ok {
		r.Changes = append(r.Changes, ch)
		if doubt := reference.SnapshotDoubt(c.Aligner.Server); n.snapshot && doubt != "" {
			r.Warnings = append(r.Warnings, doubt)
		}
	}
	if n.away != "" {
		r.Warnings = append(r.Warnings, n.away)
	}
	if n.above != "" {
		where, at := "here", ""
		if root := place.FromHere(n.root); root != "." {
			where, at = "below "+root, " -C "+shell.Quote(root)
		}
		r.Notes = append(r.Notes, fmt.Sprintf("all plugins %s use %s; pin the others as well: pinfix apply%s ./...", where, place.FromHere(n.above), at))
	}
}

package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/commit"
	"github.com/pinfix/pinfix/internal/drift"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/hook"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/shell"
)

// HookOptions are what pinfix hook was asked for.
type HookOptions struct {
	Dir     string
	Walk    string // "./...": every plugin below Dir
	Server  string
	Version string // of pinfix
	Environ []string
}

// A HookResult says what there is, or what was done.
type HookResult struct {
	Installed bool
	Path      string // the hook, or the configuration of the manager
	Manager   string // "pre-commit" or "lefthook" where one owns the hooks
	Snippet   string // what goes into its configuration
	Why       string // why it is not installed
	Changed   bool
	Rest      []string // the places that the hook still checks, where one was removed
}

// hooks is where the hook of a repository is, and what it should say.
type hooks struct {
	repo  *git.Repo
	file  string // the hook
	old   []byte // nil: none
	info  fs.FileInfo
	check hook.Check
	env   []string
}

func openHooks(ctx context.Context, o HookOptions) (*hooks, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fault.New("name the plugin's directory with -C", "-C %s: %w", o.Dir, fault.Cause(err))
	}
	cwd, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	h := &hooks{env: o.Environ}
	var failed *git.Error
	if h.repo, err = git.Open(ctx, dir, cwd, o.Environ); errors.As(err, &failed) {
		return nil, fault.With(err, "run it in a working tree of git, or name one with -C")
	} else if err != nil {
		return nil, err
	}
	if h.check, err = hookCheck(ctx, o, dir, h.repo.Top); err != nil {
		return nil, err
	}
	h.check.Takes = h.takes
	where, err := h.repo.Path(ctx, "hooks")
	if err != nil {
		return nil, err
	}
	h.file = filepath.Join(where, hook.Name)
	if h.old, err = place.Optional(bounded.ReadFile(h.file, bounded.Mod)); err != nil {
		return nil, fault.CannotRead(h.file, err)
	}
	if h.old != nil {
		h.info, err = os.Stat(h.file)
	}
	return h, err
}

// hookCheck is the check that belongs to a directory.
func hookCheck(ctx context.Context, o HookOptions, dir, top string) (hook.Check, error) {
	c := hook.Check{Dir: dir, Walk: o.Walk != ""}
	if c.Walk {
		below := filepath.FromSlash(strings.TrimSuffix(filepath.ToSlash(o.Walk), "..."))
		if !filepath.IsAbs(below) {
			below = filepath.Join(dir, below)
		}
		resolved, err := filepath.EvalSymlinks(below)
		if err != nil {
			return c, fault.New("name a directory of the repository", "%s: %w", o.Walk, fault.Cause(err))
		}
		c.Dir = resolved
	} else {
		root, err := plugin.ModuleRoot(dir)
		if err != nil {
			return c, err
		}
		c.Dir = root
	}
	top, err := filepath.EvalSymlinks(top)
	if err != nil {
		return c, err
	}
	rel, err := filepath.Rel(top, c.Dir)
	if err != nil || !filepath.IsLocal(rel) {
		return c, fault.New("name a directory of the repository", "%s is not in the repository %s", c.Dir, top)
	}
	c.Dir = filepath.ToSlash(rel)
	if o.Server == "" {
		return c, nil
	}
	if err := drift.Readable(ctx, o.Server, o.Environ); err != nil {
		return c, err
	}
	// The hook runs at the top of the working tree.
	server := o.Server
	if _, err := os.Stat(server); err == nil && !filepath.IsAbs(server) {
		if server, err = filepath.Abs(server); err != nil {
			return c, err
		}
		if rel, err := filepath.Rel(top, server); err == nil && filepath.IsLocal(rel) {
			server = filepath.ToSlash(rel)
		}
	}
	c.Args = []string{"--server", server}
	return c, nil
}

// manager returns the hook manager that the repository is configured for, and
// its configuration.
func (h *hooks) manager() (m hook.Manager, file string, text []byte, err error) {
	for _, m := range hook.Managers {
		for _, name := range m.Files {
			file := filepath.Join(h.repo.Top, name)
			text, err := place.Optional(bounded.ReadFile(file, bounded.Mod))
			if err != nil {
				return m, "", nil, fault.CannotRead(file, err)
			}
			if text != nil {
				return m, file, text, nil
			}
		}
	}
	return hook.Manager{}, "", nil, nil
}

// HookStatus tells whether the hook is there.
func HookStatus(ctx context.Context, o HookOptions) (*HookResult, error) {
	h, err := openHooks(ctx, o)
	if err != nil {
		return nil, err
	}
	m, file, text, err := h.manager()
	if err != nil {
		return nil, err
	}
	r := &HookResult{Path: h.file}
	_, covered := h.covering()
	switch {
	case m.Name != "" && bytes.Contains(text, []byte("pinfix")):
		r.Installed, r.Path, r.Manager = true, file, m.Name
	case h.ready(), covered && h.executable():
		r.Installed = true
	case h.old == nil && m.Name != "":
		r.Why = file + " does not name pinfix"
	case h.old == nil:
		r.Why = "there is no hook"
	case !hook.Ours(h.old):
		r.Why = "the hook that is there is not pinfix's"
	case !h.executable():
		r.Why = "the hook cannot be executed, so git skips it"
	default:
		r.Why = h.checksOthers()
	}
	return r, nil
}

// checksOthers says what the hook checks, where that is not what was asked for.
func (h *hooks) checksOthers() string {
	asked := "this plugin"
	if h.check.Walk {
		asked = h.check.What()
	}
	places := hook.Places(h.old)
	if len(places) == 0 {
		return "the hook does not check " + asked
	}
	return "the hook checks " + strings.Join(places, ", ") + ", and not " + asked
}

// ready reports whether the hook is there and makes the check.
func (h *hooks) ready() bool {
	return hook.Ours(h.old) && hook.Checks(h.old, h.check) && h.executable()
}

// executable reports whether git runs the hook that is there.
func (h *hooks) executable() bool { return h.info.Mode().Perm()&0o111 != 0 }

// takes reports whether a walk takes the module in dir, as a hook names it, for a plugin.
func (h *hooks) takes(dir string) bool {
	return plugin.IsPlugin(filepath.Join(h.repo.Top, filepath.FromSlash(dir)))
}

// covering returns the check of several modules in the hook that looks at the plugin too. A
// module that no walk takes for a plugin needs a check of its own.
func (h *hooks) covering() (hook.Check, bool) {
	if !hook.Ours(h.old) {
		return hook.Check{}, false
	}
	if !h.check.Walk && !h.takes(h.check.Dir) {
		return hook.Check{}, false
	}
	c, ok := hook.Covering(h.old, h.check)
	return c, ok && c.Place() != h.check.Place()
}

// HookInstall writes the hook. Where a hook manager is configured it writes
// nothing and returns what goes into its configuration.
func HookInstall(ctx context.Context, o HookOptions) (*HookResult, error) {
	h, err := openHooks(ctx, o)
	if err != nil {
		return nil, err
	}
	m, file, text, err := h.manager()
	if err != nil {
		return nil, err
	}
	switch {
	case m.Name != "" && bytes.Contains(text, []byte("pinfix")):
		return &HookResult{Installed: true, Path: file, Manager: m.Name}, nil
	case m.Name != "":
		return &HookResult{Path: file, Manager: m.Name, Snippet: m.Snippet(h.check, o.Version, string(text))}, nil
	case h.old != nil && !hook.Ours(h.old):
		return nil, fault.New("add this line to it: "+h.check.Line()+" || exit", "%s is not a hook of pinfix's; it is not overwritten", h.file)
	case h.ready() && bytes.Equal(h.old, hook.Script(h.old, h.check)):
		return &HookResult{Installed: true, Path: h.file}, nil
	}
	if _, covered := h.covering(); covered && h.executable() && !hook.Checks(h.old, h.check) {
		return &HookResult{Installed: true, Path: h.file}, nil
	}
	if err := h.shared(ctx); err != nil {
		return nil, err
	}
	if h.old != nil && !h.executable() {
		if err := h.write(ctx, h.old, nil); err != nil { // a file keeps its mode
			return nil, err
		}
		h.old = nil
	}
	if err := h.write(ctx, h.old, hook.Script(h.old, h.check)); err != nil {
		return nil, err
	}
	return &HookResult{Installed: true, Path: h.file, Changed: true}, nil
}

// shared refuses a directory of hooks that is not this repository's alone.
func (h *hooks) shared(ctx context.Context) error {
	scope, err := h.repo.HooksScope(ctx)
	if err != nil {
		return err
	}
	if scope == "global" || scope == "system" {
		return fault.New("give the repository hooks of its own: git config core.hooksPath .githooks; or add this line to that hook by hand: "+h.check.Line()+" || exit",
			"core.hooksPath of your %s git configuration sends all repositories to %s", scope, filepath.Dir(h.file))
	}
	return nil
}

// HookUninstall removes the plugin's check from the hook, if that is pinfix's, and the hook
// with the last one.
func HookUninstall(ctx context.Context, o HookOptions) (*HookResult, error) {
	h, err := openHooks(ctx, o)
	if err != nil {
		return nil, err
	}
	r := &HookResult{Path: h.file}
	switch {
	case h.old == nil:
		r.Why = "there is no hook"
		return r, nil
	case !hook.Ours(h.old):
		return nil, fault.New("remove pinfix's line from it by hand", "%s is not a hook of pinfix's; it stays", h.file)
	}
	now, rest, ok := hook.Without(h.old, h.check)
	if all, covered := h.covering(); covered && !ok {
		return nil, fault.New("remove that one: "+h.leave(all), "%s checks all plugins below %s, and not %s by itself", h.file, filepath.Join(h.repo.Top, all.Dir), h.check.Dir)
	}
	if !ok && now != nil {
		r.Why = h.checksOthers()
		return r, nil
	}
	r.Changed, r.Rest = true, rest
	return r, h.write(ctx, h.old, now)
}

// leave is how a plugin leaves the check of all below a directory, and the others keep theirs.
func (h *hooks) leave(all hook.Check) string {
	dir := ""
	if here := place.FromHere(filepath.Join(h.repo.Top, filepath.FromSlash(all.Dir))); here != "." {
		dir = " -C " + shell.Quote(here)
	}
	return "pinfix hook uninstall" + dir + " ./..., then for each plugin that stays: pinfix hook install -C DIR"
}

// hookNote says that the hook goes on to check the plugin in dir, which is no longer pinned,
// and how to end that; "" where no hook does.
func hookNote(ctx context.Context, dir string, environ []string) string {
	h, err := openHooks(ctx, HookOptions{Dir: dir, Environ: environ})
	if err != nil {
		return "" // no repository, or no git
	}
	if m, file, text, err := h.manager(); err == nil && m.Name != "" && bytes.Contains(text, []byte("pinfix")) {
		return fmt.Sprintf("%s still runs pinfix check, which refuses a commit without the pins: remove it there", place.FromHere(file))
	}
	if !hook.Ours(h.old) || !h.executable() {
		return ""
	}
	if hook.Checks(h.old, h.check) {
		step := "pinfix hook uninstall"
		if dir != "." {
			step += " -C " + shell.Quote(dir)
		}
		return "the hook still checks this plugin, and refuses a commit without the pins; remove the check: " + step
	}
	if all, covered := h.covering(); covered {
		return "the hook still checks all plugins here, and refuses a commit without the pins of this one; remove the check: " + h.leave(all)
	}
	return ""
}

// write writes the hook through the one package that writes.
func (h *hooks) write(ctx context.Context, old, now []byte) error {
	if err := commit.WriteFile(ctx, "", h.file, old, now, 0o755); err != nil {
		return fault.With(fmt.Errorf("hook: %w", err), "make "+filepath.Dir(h.file)+" writable")
	}
	return nil
}

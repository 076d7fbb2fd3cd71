package flow

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/git"
	"github.com/pinfix/pinfix/internal/shell"
)

// guide says what comes after the first apply of a plugin in a git repository: how it
// stays pinned, what to commit, and that the plugin itself is not for git. Later ones need
// no such lines.
func (c *changes) guide(ctx context.Context, named Servers) []string {
	o, root := c.a.o, c.tree.Root
	first := len(c.a.have) == 0 && string(c.a.plugin.now.Text()) == string(c.a.plugin.user.Text())
	if !first || o.walk || !inRepository(root) {
		return nil
	}
	var files []string
	for _, f := range c.tree.Files {
		files = append(files, f.Path)
	}
	if c.tree.Vendor != nil {
		files = append(files, "vendor/")
	}
	stay := "pinfix hook install"
	if at := c.atDir(); at != "" {
		stay += at
	}
	if c.naming == nil && !slices.ContainsFunc(named, func(n Named) bool { return n.Own }) {
		files = append(files, snapshotName)
		stay = strings.Join(append([]string{"pinfix snapshot" + c.atDir()}, o.Reference.typed()...), " ") + " && " + stay
	}
	lines := []string{"keep it pinned: " + stay, "commit: " + strings.Join(files, ", ")}
	if line := ignoreLine(ctx, root, "x.so", o.Environ); line != "" {
		lines = append(lines, line)
	}
	return lines
}

// atDir is the -C of a command line for the plugin, with a space before it; "" for none.
func (c *changes) atDir() string {
	if c.a.o.Dir == "." {
		return ""
	}
	return " -C " + shell.Quote(c.a.o.Dir)
}

// ignoreLine says how git leaves the built plugin out; "" where it does, or where no
// repository is. name is the plugin's file below root.
func ignoreLine(ctx context.Context, root, name string, environ []string) string {
	repo, err := git.Open(ctx, root, root, environ)
	if err != nil || repo.Ignored(ctx, name) {
		return ""
	}
	return "keep the built plugin out of git: echo '*.so' >> " + shell.Quote(path.Join(filepath.ToSlash(fromHere(root)), ".gitignore"))
}

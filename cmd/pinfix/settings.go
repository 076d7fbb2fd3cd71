package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/bounded"
	"github.com/pinfix/pinfix/internal/config"
	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/flow"
	"github.com/pinfix/pinfix/internal/manual"
	"github.com/pinfix/pinfix/internal/place"
	"github.com/pinfix/pinfix/internal/plugin"
	"github.com/pinfix/pinfix/internal/reference"
)

// settingKeys are the flags that a project may set in .pinfix.yaml and the
// environment in PINFIX_*. What is about one run (what is printed and where, a
// dry run) is not among them.
var settingKeys = []config.Key{
	{Name: "server", Kind: config.List},   // the first one is that of commands for one server
	{Name: "platform", Kind: config.List}, // likewise
	{Name: "path"},
	{Name: "offline", Kind: config.Bool},
	{Name: "package", Kind: config.List},
	{Name: "conflicts", Values: choices["conflicts"]},
	{Name: "cap", Kind: config.List},
	{Name: "keep", Kind: config.List},
	{Name: "imports", Values: choices["imports"]},
	{Name: "imports-file"},
	{Name: "vendor", Values: choices["vendor"]},
	{Name: "server-source"},
	{Name: "pgo"},
}

// choices are the values of the enumerated flags that are settings too.
var choices = map[string][]string{
	"conflicts": {"auto", "keep", "downgrade", "fail"},
	"imports":   {"auto", "none"},
	"vendor":    {"auto", "always", "never"},
}

// configure gives the flags of c that the user has not typed the values of the
// environment and of .pinfix.yaml, and remembers the servers that are named. A
// value that a flag does not know is refused here. Every command runs it first.
func (e *env) configure(c *cli.Context) error {
	e.verbose = c.Bool("verbose")
	if c.Command.Name != "check" || isWalk(c) {
		e.catchSignals(c)
	}
	if err := e.settle(c); err != nil {
		return err
	}
	if err := manual.Chosen(c); err != nil {
		return err
	}
	if err := config.Misspelt(e.environ, settingKeys); err != nil {
		return err
	}
	if isWalk(c) {
		return nil // each module has its own
	}
	e.servers, e.typed = nil, c.LocalFlagNames()
	for _, s := range typedServers(c) {
		e.servers = append(e.servers, e.typedServer(c, s, "--server"))
	}
	environ, err := config.Environ(e.get, settingKeys)
	if err != nil {
		return err
	}
	file, root, err := projectFile(c.String("C"))
	if err != nil {
		return err
	}
	if s, ok := environ["server"]; ok {
		for _, ref := range s.Values {
			e.servers = append(e.servers, e.typedServer(c, ref, s.From))
		}
	}
	if s, ok := file["server"]; ok {
		for _, ref := range s.Values {
			e.servers = append(e.servers, reference.Written(ref, inDir(root, ref), s.From, root != plugin.Home(c.String("C"))))
		}
	}
	if slices.ContainsFunc(e.servers, func(s reference.Named) bool { return !s.IsFile() }) {
		e.catchSignals(c)
	}
	for _, k := range settingKeys {
		if k.Name == "package" && c.Command.Name == "build" && c.NArg() > 0 {
			continue // the argument says which
		}
		value, ok := environ[k.Name]
		if !ok {
			if value, ok = file[k.Name]; !ok {
				continue
			}
			written := value.Values
			value.Values = fromRoot(k.Name, root, value.Values)
			if err := e.setFlag(c, k.Name, value, written); err != nil {
				return err
			}
			continue
		}
		if err := e.setFlag(c, k.Name, value, value.Values); err != nil {
			return err
		}
	}
	return nil
}

// typedServer is a server that the user has named, and says what it is taken for.
func (e *env) typedServer(c *cli.Context, ref, from string) reference.Named {
	n, note := reference.Typed(ref, from)
	if note != "" {
		e.progress(c).Note([]string{note})
	}
	return n
}

// catchSignals has the user's signals end the context of c, once. To catch them
// takes the runtime a thread, and as long as a fifth of a check of one module.
// Where that only reads files it may just be stopped; to read an image or source
// takes files of its own or the go command.
func (e *env) catchSignals(c *cli.Context) {
	if e.catch != nil {
		c.Context, e.catch = e.catch(c.Context), nil
	}
}

// settle comes before all else, whatever the command then fails for. One that
// writes puts right first what a pinfix that was killed has left of the plugin;
// the others only say that there is such a thing. check says so by itself: it
// looks at the journal and at the files as one.
func (e *env) settle(c *cli.Context) error {
	switch {
	case c.Command.Name == "check", (c.Command.Name == "apply" || c.Command.Name == "build") && isWalk(c):
		return nil // a walk configures each module
	case !writes(c):
		return flow.Settled(c.Context, c.String("C"))
	}
	p := e.progress(c)
	defer p.Done()
	note, err := flow.Restore(c.Context, c.String("C"), e.environ, p.Step)
	if err == nil && note != "" {
		p.Warn([]string{note})
	}
	return err
}

// writes reports whether the command of c writes the plugin, or a file for it.
func writes(c *cli.Context) bool {
	switch c.Command.Name {
	case "apply", "unpin", "upgrade":
		return !c.Bool("dry-run")
	case "build":
		return c.String("print") == ""
	case "snapshot":
		return c.String("o") != "-"
	}
	return c.Command.Name == "install" || c.Command.Name == "uninstall"
}

// A setting is a value that a flag has from elsewhere than the command line's flags; from is ""
// for the argument. Where the value is a path, written is what is to be changed.
type setting struct{ flag, value, written, from string }

// textOf is the text of an error. If that is about a setting, it says where the setting is, in
// place of a flag that no one has typed.
func (e *env) textOf(err error) string {
	var about *fault.Setting
	if e.set == nil || !errors.As(err, &about) {
		return err.Error()
	}
	at := slices.IndexFunc(*e.set, func(s setting) bool { return s.flag == about.Flag && s.value == about.Value })
	if at < 0 { // the package of a file, say
		at = slices.IndexFunc(*e.set, func(s setting) bool { return s.flag == about.Flag })
	}
	if at < 0 {
		return err.Error()
	}
	return strings.Replace(err.Error(), about.Subject(), (*e.set)[at].subject(about.Value), 1)
}

// subject begins a message about a value of the setting.
func (s setting) subject(value string) string {
	if value == s.value || s.from == "" {
		value = s.written
	}
	if s.from == "" {
		return value
	}
	return s.from + ": " + strings.TrimLeft(s.flag, "-") + " " + value
}

// setFlag gives a flag that c has, and that was not typed, a value, which was written
// otherwise where it is a path. --server is left alone: e.servers has it with its place.
func (e *env) setFlag(c *cli.Context, name string, v config.Value, written []string) error {
	if !hasFlag(c.Command, name) || name == "server" || c.IsSet(name) {
		return nil
	}
	if name == "platform" && !takesSeveral(c) {
		v.Values = v.Values[:1]
	}
	for i, s := range v.Values {
		if err := c.Set(name, s); err != nil {
			return fmt.Errorf("%s: %s: %w", v.From, name, err)
		}
		if e.set != nil {
			*e.set = append(*e.set, setting{manual.Dashed(name), s, written[i], v.From})
		}
	}
	return nil
}

func hasFlag(cmd *cli.Command, name string) bool {
	return slices.ContainsFunc(cmd.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}

// projectFile reads the settings of the module around dir, next to its go.mod or above
// it, without a module those in dir or above it, and returns the directory that they are in. Both are empty where there are none.
func projectFile(dir string) (map[string]config.Value, string, error) {
	module := plugin.Home(dir)
	root := place.Upwards(module, reference.ConfigName)
	if root == "" {
		return nil, "", misnamed(module)
	}
	name := filepath.Join(root, reference.ConfigName)
	shown := place.FromHere(name)
	data, err := bounded.ReadFile(name, config.MaxSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, root, nil // gone meanwhile, or a link to nowhere
	case err != nil:
		return nil, "", fault.New("make it a file with settings that can be read, or remove it", "%s: %w", shown, fault.Cause(err))
	}
	values, err := config.Parse(shown, data, settingKeys)
	return values, root, bounded.Hide(name, err)
}

// misnamed returns an error if the settings of the module in root have a name that
// pinfix does not read.
func misnamed(root string) error {
	other := strings.TrimSuffix(reference.ConfigName, "yaml") + "yml"
	dir := place.Upwards(root, other)
	if dir == "" {
		return nil
	}
	return fault.New("rename it to "+reference.ConfigName, "%s: pinfix reads no file of this name", place.FromHere(filepath.Join(dir, other)))
}

// fromRoot makes the paths of a project file, which are relative to root, what the
// flags take: the full path, or for --server-source one relative to the current
// directory, since apply writes a relative path into go.work for a relative one.
func fromRoot(key, root string, values []string) []string {
	out := slices.Clone(values)
	for i, v := range out {
		switch {
		case filepath.IsAbs(v):
		case key == "server-source":
			out[i] = join(root, v)
		case key == "imports-file", key == "pgo",
			key == "package" && (v == "." || strings.HasPrefix(v, "./") || strings.HasPrefix(v, "../") || strings.HasSuffix(v, ".go")):
			// Not Join: it would take the "./" away from "./...".
			out[i] = root + string(filepath.Separator) + filepath.FromSlash(v)
		}
	}
	return out
}

// inDir makes the path of a server reference relative to dir. What is no path
// has a scheme.
func inDir(dir, ref string) string {
	for _, s := range reference.PathSchemes {
		if path, ok := strings.CutPrefix(ref, s); ok {
			return s + join(dir, path)
		}
	}
	for _, s := range reference.NameSchemes {
		if strings.HasPrefix(ref, s) {
			return ref
		}
	}
	return join(dir, ref)
}

func join(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return place.FromHere(filepath.Join(dir, filepath.FromSlash(path)))
}

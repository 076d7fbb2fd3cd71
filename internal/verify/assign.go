package verify

import "slices"

// assign gives each mismatched package its cause: what differs in its own label
// or content, else what differs in the whole build, else what it imports.
func (c *comparison) assign() {
	everywhere, ok := c.everywhere()
	for _, path := range c.paths {
		p := c.mismatched[path]
		cause, own := c.own(path)
		switch {
		case own && (!ok || cause != Content):
			p.Cause = cause
		case ok:
			p.Cause = everywhere
		}
	}
	if ok {
		return
	}
	// Later packages may be counted under earlier ones and the other way round:
	// own causes first, then what follows from them.
	walk := &walk{c: c, seen: map[string]bool{}}
	walk.likely, walk.guess = c.likely()
	for _, path := range c.paths {
		walk.settle(c.mismatched[path])
	}
}

// everywhere returns the cause that shows in every package of the build.
func (c *comparison) everywhere() (Cause, bool) {
	for _, cause := range []Cause{Platform, GoVersion, Trimpath} {
		if c.has(cause) {
			return cause, true
		}
	}
	switch {
	case c.has(Flags) && c.stdDiffers:
		return Flags, true
	case c.stdDiffers && !c.settingsKnown():
		return Unknown, true
	}
	return "", false
}

// settingsKnown reports whether both sides say how they were built.
func (c *comparison) settingsKnown() bool { return settingsKnown(c.server) && settingsKnown(c.plugin) }

func (c *comparison) has(cause Cause) bool {
	return slices.ContainsFunc(c.settings, func(s setting) bool { return s.cause == cause })
}

// own returns the cause that a package has of its own: server and plugin link
// it from different modules, versions or replacements, or with different sums.
func (c *comparison) own(path string) (Cause, bool) {
	s, sok := c.serverSide.find(path)
	p, pok := c.pluginSide.find(path)
	if path == c.plugin.Path || pok && p.main && !(s.own && s.Path == p.Path) {
		return AlreadyLoaded, true // the server's is another package of that name
	}
	if !sok || !pok {
		// The standard library has no module; else only one side has a module
		// for it, as far as both name theirs.
		return Version, sok != pok && modulesKnown(c.server) && modulesKnown(c.plugin)
	}
	trimmed := c.server.Trimmed() || c.plugin.Trimmed()
	sameLabel := s.label(trimmed) == p.label(trimmed)
	switch {
	case s.own && !sameLabel:
		return ServerOwn, true
	case s.own:
		return "", false // of the same source, or of another commit: see root
	case s.Version == p.Version && (s.directory() || p.directory()):
		return Content, true // also untrimmed, where the path differs as well
	case !sameLabel:
		return labelCause(s, p), true
	case s.source() != p.source():
		return Replace, true
	case s.Sum != "" && p.Sum != "" && s.Sum != p.Sum:
		return Content, true
	}
	return "", false
}

// labelCause tells a replacement from a version: the same source under another
// label, or a replacement of the server's that the plugin lacks.
func labelCause(s, p linked) Cause {
	same := s.Sum != "" && s.Sum == p.Sum || s.source() == p.source()
	switch {
	case p.own, s.Path != p.Path:
		return Version
	case same && !s.directory():
		return Replace
	case s.Replace.Path != "" && !s.directory() && s.Replace != p.Replace:
		return Replace
	}
	return Version
}

// A walk follows imports from the packages without a cause of their own.
type walk struct {
	c    *comparison
	seen map[string]bool

	likely Cause // for a package whose source is not available
	guess  bool  // there is one
}

// settle finds the cause of p: that of the first package it imports that has
// one, and which exposes its types through p.
func (w *walk) settle(p *Package) {
	if p.Cause != "" || w.seen[p.Path] {
		return
	}
	w.seen[p.Path] = true
	imports, ok := w.importsOf(p)
	if !ok && p.Module != stdModule && w.guess {
		p.Cause, p.guessed = w.likely, true
		return
	}
	if q := w.first(imports); q != nil {
		p.Cause, p.Through = q.Cause, q.Path
		if q.Through != "" {
			p.Through = q.Through
		}
		return
	}
	p.Cause = w.c.root(p, slices.Contains(imports, "C"))
}

// first returns the imported package whose cause p shares: one with a cause of
// its own before one that is counted under another, modules before settings.
func (w *walk) first(imports []string) *Package {
	var best *Package
	for _, path := range imports {
		q := w.c.mismatched[path]
		if q == nil {
			continue
		}
		w.settle(q)
		if q.Cause != "" && (best == nil || w.rank(q) > w.rank(best)) {
			best = q
		}
	}
	return best
}

func (w *walk) rank(p *Package) int {
	n := 0
	if slices.Contains(moduleCauses, p.Cause) {
		n += 2
	}
	if p.Through == "" {
		n++
	}
	return n
}

func (w *walk) importsOf(p *Package) ([]string, bool) {
	l, ok := w.c.serverSide.find(p.Path)
	if !ok || l.own || w.c.imports == nil {
		return nil, false
	}
	return w.c.imports(l.Pin, p.Path)
}

// moduleCauses are those that a package can have of its own, the likeliest
// first.
var moduleCauses = []Cause{Version, Replace, Content, ServerOwn, AlreadyLoaded}

// likely is the fallback for a package whose source is not available: it agrees in
// label and sum, others do not, so it is counted under them.
func (c *comparison) likely() (Cause, bool) {
	for _, cause := range moduleCauses {
		for _, path := range c.paths {
			if c.mismatched[path].Cause == cause {
				return cause, true
			}
		}
	}
	return "", false
}

// cgoPackages of the standard library have types that come from C headers.
var cgoPackages = []string{"net", "os/user", "plugin", "runtime/cgo"}

// root is the cause of a package that differs although its label, its sum and
// all it imports agree.
func (c *comparison) root(p *Package, cgo bool) Cause {
	s, _ := c.serverSide.find(p.Path)
	plugin, _ := c.pluginSide.find(p.Path)
	std := p.Module == stdModule
	switch {
	case s.main && c.has(Flags):
		return Flags // -cover is for the main module
	case s.own:
		return ServerOwn
	case c.has(Tags):
		return Tags
	case c.otherLibc(), c.has(Libc):
		return Libc
	case !c.settingsKnown(), !modulesKnown(c.plugin) && !std, !modulesKnown(c.server) && !std:
		return Unknown
	case !std && !c.server.Trimmed() && !c.plugin.Trimmed():
		return Trimpath
	case c.has(Flags):
		return Flags
	case cgo || std && slices.Contains(cgoPackages, p.Path):
		return Content
	case !std && (s.Sum == "" || plugin.Sum == ""):
		return Content
	}
	return Unknown
}

// sure reports whether cause means by itself that the plugin does not load.
func (c *comparison) sure(cause Cause) bool {
	return slices.ContainsFunc(c.settings, func(s setting) bool { return s.cause == cause && s.sure })
}

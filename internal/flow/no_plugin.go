package flow

import (
	"fmt"
	"path"
	"strings"

	"github.com/pinfix/pinfix/internal/mains"
)

// A noPluginError is a module without a main package.
type noPluginError struct {
	module string
	found  []mains.Found // what there is instead
}

func noPlugin(root, module string) error {
	return &noPluginError{module, mains.Packages(root)}
}

func (e *noPluginError) Error() string {
	text := "no main package in module " + e.module
	if f, ok := e.leftOut(); ok {
		return fmt.Sprintf("%s: the build constraint of %s leaves it out", text, path.Join(f.Dir, f.File))
	}
	if len(e.found) == 0 {
		return "no Go files in module " + e.module
	}
	var names []string
	for _, f := range e.found[:min(len(e.found), 3)] {
		names = append(names, fmt.Sprintf("%s (%s)", f.Name, path.Join(f.Dir, f.File)))
	}
	if len(e.found) > 3 {
		names = append(names, "…")
	}
	return text + ", only package " + strings.Join(names, ", ")
}

// NextStep says what the user can do.
func (e *noPluginError) NextStep() string {
	if f, ok := e.leftOut(); ok {
		return "name the file with --package " + path.Join(f.Dir, f.File)
	}
	return "name the directory of the plugin, a package main, with -C"
}

// leftOut returns a main package of which no file is built for the server.
func (e *noPluginError) leftOut() (mains.Found, bool) {
	for _, f := range e.found {
		if f.Name == "main" {
			return f, true
		}
	}
	return mains.Found{}, false
}

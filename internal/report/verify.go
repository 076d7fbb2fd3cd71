package report

import "fmt"

// Verify is the result of pinfix verify.
type Verify struct {
	SchemaVersion int        `json:"schema_version"`
	Command       string     `json:"command"`
	Server        Server     `json:"server"`
	Plugins       []Verified `json:"plugins"`
}

// Verified says whether the server loads one plugin.
type Verified struct {
	File       string     `json:"file"`
	Loads      bool       `json:"loads"`
	Shared     int        `json:"shared"`
	Mismatched []Mismatch `json:"mismatched"`
	Causes     []Cause    `json:"causes"`
	Warnings   []string   `json:"warnings"`
}

// Mismatch is a package that the loader refuses.
type Mismatch struct {
	Package string `json:"package"`
	Module  string `json:"module"`
	Server  string `json:"server"`
	Plugin  string `json:"plugin"`
	Cause   string `json:"cause"`
	Through string `json:"through,omitempty"` // the imported package that has the cause
	With    string `json:"with,omitempty"`    // the plugin before it that has the package; none for the server
}

// Cause is a cause, how many packages are counted under it, and the one thing
// to do.
type Cause struct {
	Cause       string       `json:"cause"`
	With        string       `json:"with,omitempty"` // the plugin before it that it does not load after; none for the server
	Packages    int          `json:"packages"`
	Fix         string       `json:"fix"`
	Differences []Difference `json:"differences"`
}

// Difference is a module or a setting that differs.
type Difference struct {
	What   string `json:"what"`
	Plugin string `json:"plugin"`
	Server string `json:"server"`
}

// other is the value that the plugin is compared with. If that is another plugin's and
// not the server's, its file is named.
func (c *Cause) other(d Difference) string {
	if c.With == "" {
		return d.Server
	}
	return d.Server + " in " + c.With
}

// clash says what the plugin and one before it both have, where no value differs, only one
// of the two can have it: their path. It is "" for any other cause.
func (c *Cause) clash() string {
	if c.With == "" || len(c.Differences) != 1 || c.Differences[0].Plugin != c.Differences[0].Server {
		return ""
	}
	d := c.Differences[0]
	return fmt.Sprintf("both have the %s %s; %s is loaded first", clean(d.What), clean(d.Plugin), clean(c.With))
}

// Loads reports whether the server loads all plugins.
func (r *Verify) Loads() bool {
	for _, p := range r.Plugins {
		if !p.Loads {
			return false
		}
	}
	return true
}

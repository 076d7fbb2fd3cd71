package report

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
}

// Cause is a cause, how many packages are counted under it, and the one thing
// to do.
type Cause struct {
	Cause       string       `json:"cause"`
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

// Loads reports whether the server loads all plugins.
func (r *Verify) Loads() bool {
	for _, p := range r.Plugins {
		if !p.Loads {
			return false
		}
	}
	return true
}

package report

// ServerChanges is what changes for a plugin with another server than the one
// that its module names.
type ServerChanges struct {
	From     string  `json:"from"` // where the module names its server
	To       string  `json:"to"`   // the reference of the other one
	Settings []Moved `json:"settings"`
	Pins     []Moved `json:"pins"`
	Keep     string  `json:"keep"` // what makes the module name the other one
}

// Moved is a setting or a module and what the two servers have of it; "" is
// nothing that the plugin shares.
type Moved struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

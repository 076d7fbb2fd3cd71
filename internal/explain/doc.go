// Package explain recognises, in a server's log or in the output of a build,
// the errors that keep a Go plugin from being built or loaded, and says for
// each what it means and the one thing to do. It is pure: text in, findings
// out.
//
// [Find] reads the text: lines.go strips timestamps, colours, JSON and quoting
// from log lines, rules*.go say what is recognised, and trace.go reads Go
// tracebacks. With the server and the plugin's go.mod, [Known.Answer] names the
// module and the versions of a finding.
package explain

// A Cause is why a plugin does not load or build. The words are those of
// pinfix verify, and a few more for what one line of text cannot tell.
type Cause string

const (
	Platform  Cause = "platform"   // another operating system or processor
	GoVersion Cause = "go-version" // another Go release
	Trimpath  Cause = "trimpath"   // -trimpath on one side, or other paths without it
	Flags     Cause = "flags"      // other build flags
	Tags      Cause = "tags"       // other build tags
	Version   Cause = "version"    // a module at another version
	Replace   Cause = "replace"    // a module with another replacement
	ServerOwn Cause = "server-own" // a package of the server's own module
	Content   Cause = "content"    // same label, other source
	Libc      Cause = "libc"       // another C library, or one that is missing
	Unknown   Cause = "unknown"    // the packages differ in something that no build info shows

	ToolchainOrFlags Cause = "toolchain-or-flags" // a package of the standard library, nothing more known
	NoPluginSupport  Cause = "no-plugin-support"  // the server can load no plugin at all
	AlreadyLoaded    Cause = "already-loaded"     // two plugins with the same path
	Vendor           Cause = "vendor"             // vendor/ does not fit go.mod, or is missing
	BuildContext     Cause = "build-context"      // something that the build needs is not there
	UserCode         Cause = "user-code"          // the plugin's own source
)

// A Finding is one error in the text. Its strings hold no control characters
// but the line ends and tabs of Text. It has many fields, because the JSON has most of them.
type Finding struct {
	Line    int // where it starts in the text, from 1
	Count   int // on how many lines it is
	Cause   Cause
	Package string // the import path that the error names, or ""
	Text    string // the error, without the log around it
	Why     string // what it means
	Fix     string // what to do
	Library string // the shared library that is missing, if it is none of the C library's own

	// Known.Answer adds what these are for the server and the plugin available.
	Module     string   // the module that Package belongs to
	Server     string   // what the server has of it: "v1.2.3 => fork v1.2.4"
	Plugin     string   // what the plugin has of it
	DemandedBy []string // who asks for that, "a@v1.0.0 -> b@v1.2.0"

	kind   kind
	action action // what Fix says, if answers depend on it
	libc   string // whose loader says it, "" for any
	needs  string // with goLine: the Go release that does not refuse it, "" if the build's Go is not all
}

// kind tells findings of the same cause apart where the answer differs.
type kind int

const (
	other        kind = iota
	mismatch          // the loader names a package
	crash             // the server process died in the loader
	goLine            // the go command refuses a go line
	conflict          // modules do not fit together
	dependency        // a dependency does not compile
	declaredPath      // a module calls itself something else
	ownFolder         // a package of the plugin's that is not there
	ownPackage        // the loader names a package of the plugin's own
	registration      // a name of the whole process is taken
)

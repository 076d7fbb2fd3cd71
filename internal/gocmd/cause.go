package gocmd

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/internal/pattern"
)

// A Kind says what stopped the go command from getting a module.
type Kind int

// The kinds of a [Cause]; 0 is any other.
const (
	Refused     Kind = iota + 1 // the proxy, the database or the repository does not have it, or does not give it to us
	Unreachable                 // there is no connection
	Off                         // GOPROXY=off, and the module cache does not hold it
	Unverified                  // the checksum database does not answer for it
	Mismatch                    // it has another sum than go.sum or the checksum database says
)

// A Cause is one reason why the go command could not get a module.
type Cause struct {
	Kind    Kind
	Module  module.Version // none where the go command names only a package
	Package string         // the package whose module it looked for, or the place of its import, or ""
	By      string         // a package that imports it, or ""
	Host    string         // the proxy, database or server that was asked, or ""
	Says    string         // its answer in one line: the status and the first line after it
	Offline bool           // it would have needed the network, and --offline forbids that
}

var (
	moduleRE   = pattern.New(`(?:^|[\s(])([^\s@:"()]+)@(v[0-9][^\s@:"()/\]]*)`)
	packageRE  = pattern.New(`(?:(\S+) imports\s+)?([^\s:"]+): (?:cannot find module|module lookup disabled|reading |Get "|unrecognized import path|git )`)
	placeRE    = pattern.New(`^(\S+\.go:[0-9]+(?::[0-9]+)?): `)
	readingRE  = pattern.New(`reading (\S+?): ([0-9]{3}\b[^\n]*|[^\n]*)`)
	getRE      = pattern.New(`(?:Get|Head) "([^"]+)": ([^\n]*)`)
	responseRE = pattern.New(`(?s)^(.*?)\s*server response:\s*([^\n]*)`)
	netRE      = pattern.New(`connection refused|no such host|i/o timeout|network is unreachable|no route to host|TLS handshake|connection reset|Client\.Timeout|context deadline exceeded|EOF$|x509: |server misbehaving|dial (?:tcp|udp)`)
	vcsRE      = pattern.New(`unknown revision|could not read Username|terminal prompts disabled|Permission denied \(publickey|Repository not found|repository '?[^' ]*'? not found|unrecognized import path|Could not resolve host|unable to access`)
)

// cause reads one fault of the go command, whose lines are still apart. It
// returns false where the fault is not about getting a module.
func cause(text string) (Cause, bool) {
	var c Cause
	if all := moduleRE.Regexp().FindAllStringSubmatch(text, -1); all != nil {
		m := all[len(all)-1] // "a@v1 requires\n\tb@v1: reading …" is about b
		c.Module = module.Version{Path: m[1], Version: m[2]}
	}
	if m := placeRE.Regexp().FindStringSubmatch(text); m != nil {
		c.Package = m[1]
	} else if m := packageRE.Regexp().FindStringSubmatch(text); m != nil && !strings.Contains(m[2], "@") {
		c.By, c.Package = m[1], m[2]
	}
	verifying := strings.Contains(text, "verifying ")
	where, says := "", ""
	if m := readingRE.Regexp().FindStringSubmatchIndex(text); m != nil {
		where, says = text[m[2]:m[3]], text[m[4]:]
	}
	if m := getRE.Regexp().FindStringSubmatch(text); m != nil {
		where, says = m[1], m[2]
	}
	c.Host, c.Says = host(where), answer(says)
	switch {
	case strings.Contains(text, "checksum mismatch"):
		c.Kind, c.Host, c.Says = Mismatch, "", "checksum mismatch"
	case strings.Contains(text, "module lookup disabled by GOPROXY=off"):
		c.Kind, c.Host, c.Says = Off, "", "module lookup disabled by GOPROXY=off"
	case verifying && (c.Says != "" || c.Host != ""):
		c.Kind = Unverified
		if netRE.Regexp().MatchString(text) {
			c.Says = "no connection: " + network(c.Says, text)
		}
	case netRE.Regexp().MatchString(text):
		c.Kind, c.Says = Unreachable, network(c.Says, text)
	case c.Host != "":
		c.Kind = Refused
	case vcsRE.Regexp().MatchString(text):
		c.Kind, c.Says = Refused, lineWith(vcsRE.Regexp().FindString(text), text)
	default:
		return c, false
	}
	return c, true
}

// host returns the host of a URL, or a file proxy's directory.
func host(where string) string {
	u, err := url.Parse(where)
	switch {
	case err != nil:
		return ""
	case u.Scheme == "file":
		dir, _, _ := strings.Cut(u.Path, "/@")
		return "the proxy file://" + dir
	}
	return u.Host
}

// answer returns the status and the first line of the server's words.
func answer(says string) string {
	if m := responseRE.Regexp().FindStringSubmatch(says); m != nil {
		status, first := strings.TrimSpace(m[1]), strings.TrimSpace(m[2])
		code, _, _ := strings.Cut(status, " ")
		if first == "" || strings.HasPrefix(first, code+" ") || strings.Contains(strings.ToLower(status), strings.ToLower(first)) {
			return firstLine(status)
		}
		return firstLine(status) + ": " + first
	}
	return firstLine(says)
}

func firstLine(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSpace(s)
}

// network returns what went wrong on the network: the end of "dial tcp
// 127.0.0.1:1: connect: connection refused".
func network(says, text string) string {
	if says == "" {
		says = lineWith(netRE.Regexp().FindString(text), text)
	}
	if i := strings.Index(says, ": connect: "); i >= 0 {
		return says[i+len(": connect: "):]
	}
	return says
}

// lineWith returns the line of text that holds part.
func lineWith(part, text string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return strings.TrimSpace(line)
		}
	}
	return part
}

// in returns the cause in an environment that may be of [Offline]. Then what needs the network
// is not in the module cache, whatever the go command found in its place.
func (c Cause) in(offline bool) Cause {
	c.Offline = offline && (c.Kind == Off || c.Kind == Unreachable || c.Kind == Unverified || strings.Contains(c.Says, "unable to access"))
	if c.Offline {
		c.Host, c.Says = "", ""
	}
	return c
}

// CauseOf reads what the go command says of one module, of whatever kind it is.
func (g *Go) CauseOf(v module.Version, text string) Cause {
	text = strings.TrimSpace(text)
	c, ok := cause(text)
	if !ok {
		c.Host, c.Says = "", strings.TrimPrefix(oneLine(text), v.String()+": ")
	}
	c.Module = v
	return c.in(isOffline(g.Env))
}

// Causes is [Causes] of what a go command of g's printed.
func (g *Go) Causes(stderr string) (causes []Cause, others []string) {
	return (&Error{Stderr: stderr, Offline: isOffline(g.Env)}).Causes()
}

// Causes reads what the go command printed: every fault that is about getting a
// module, and the others, each in one line.
func Causes(stderr string) (causes []Cause, others []string) {
	for _, f := range faults(stderr) {
		if c, ok := cause(f); ok {
			causes = append(causes, c)
		} else {
			others = append(others, oneLine(f))
		}
	}
	return causes, others
}

// Explain says each cause once, with the modules that it stopped.
func Explain(causes []Cause) string {
	type group struct {
		Cause
		stopped []string
	}
	var groups []*group
	for _, c := range causes {
		name := c.Package
		if c.Module.Path != "" {
			name = c.Module.String()
			// "not found: module x: no matching versions" is one cause for all x.
			c.Says = strings.ReplaceAll(strings.ReplaceAll(c.Says, name, "it"), c.Module.Path, "it")
		}
		i := slices.IndexFunc(groups, func(g *group) bool {
			return g.Kind == c.Kind && g.Host == c.Host && g.Says == c.Says && (g.Module.Path == "") == (c.Module.Path == "")
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{Cause: c})
		}
		if !slices.Contains(groups[i].stopped, name) {
			groups[i].stopped = append(groups[i].stopped, name)
		}
	}
	var lines []string
	for _, g := range groups {
		lines = append(lines, g.line(g.stopped))
	}
	return strings.Join(lines, "\n")
}

// line says the cause of all that it stopped.
func (c Cause) line(stopped []string) string {
	n := len(stopped)
	why := c.why(n)
	switch {
	case c.Module.Path == "" && c.Package == "":
		return "a module " + why
	case c.Module.Path != "" && n == 1:
		return stopped[0] + " " + why
	case c.Module.Path != "" && n == 2:
		return stopped[0] + " and " + stopped[1] + " " + why
	case c.Module.Path != "":
		return fmt.Sprintf("%s and %d other modules %s", stopped[0], n-1, why)
	case n > 1:
		return fmt.Sprintf("%s, and %d more such imports: their modules %s", c.imported(), n-1, why)
	}
	return fmt.Sprintf("%s: its module %s", c.imported(), why)
}

// imported names the package, and who imports it.
func (c Cause) imported() string {
	if c.By == "" {
		return c.Package
	}
	return c.By + " imports " + c.Package
}

// why continues a sentence that has named the n modules.
func (c Cause) why(n int) string {
	switch {
	case c.Offline && c.Kind == Unverified:
		return "could not be verified, and go.sum does not have it (--offline)"
	case c.Offline && n == 1:
		return "is not in the module cache (--offline)"
	case c.Offline:
		return "are not in the module cache (--offline)"
	}
	by := c.Says
	if c.Host != "" {
		by = strings.TrimSuffix(c.Host+" says "+c.Says, " says ")
	}
	switch c.Kind {
	case Unreachable:
		if c.Host != "" {
			by = "no connection to " + c.Host + ": " + c.Says
		}
	case Unverified:
		return "could not be verified, and go.sum does not have it: " + by
	case Mismatch:
		return "does not have the content that go.sum or the checksum database says: " + by
	}
	return "could not be fetched: " + by
}

// NextStep says what the user can set or look at.
func (c Cause) NextStep() string {
	if c.Offline {
		return "run it once without --offline"
	}
	switch c.Kind {
	case Unreachable, Off:
		return "check the network and GOPROXY, or run it where the module cache is filled (go mod download)"
	case Unverified:
		return "for a private module set GOPRIVATE or GONOSUMDB; or add its sums where it can be reached: go mod download"
	case Mismatch:
		return "find out which sum is right, and remove the line of go.sum only if that is wrong"
	}
	return "check the version; for a private module set GOPRIVATE, GOPROXY and your credentials"
}

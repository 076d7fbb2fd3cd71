package explain

import (
	"strings"

	"github.com/pinfix/pinfix/internal/modpath"
	"github.com/pinfix/pinfix/internal/pattern"
)

// panicRE is how a Go process begins to say that it dies.
var panicRE = pattern.New(`^(?:panic: |fatal error: |unexpected fault address |SIG[A-Z]+: )`)

func isPanic(text string) bool { return panicRE.MatchString(text) }

// traceRE is any line of what follows.
var traceRE = pattern.New(`^(?:` +
	`panic: |fatal error: |unexpected fault address |SIG[A-Z]+: |\[signal |PC=0x|signal arrived |` +
	`goroutine |runtime stack:|created by |\.\.\.additional frames |exit status \d+$|` +
	`[^\s(]\S*\(.*\)$|` + // a function
	`[er][a-z0-9]{1,6} +0x[0-9a-f]+$` + // a register
	`)`)

// fileRE is the file of a function, which is indented below it.
var fileRE = pattern.New(`^\S+:\d+(?: |$)`)

// frameRE is a function in a traceback, without its arguments.
var frameRE = pattern.New(`^([^\s(]\S*?)\((?:\{|\.\.\.|0x|\)|[\w.]+[,)])`)

// panic looks at the traceback from line i on; matches are those of line i.
func (f *finder) panic(i int, matches []match) int {
	head, end := f.trace(i)
	switch {
	case len(matches) > 0:
		for _, m := range matches {
			f.record(i, i, head, m)
		}
	default:
		if finding, ok := f.crash(i, end); ok {
			f.add(finding, f.lines[i].no, finding.Text)
		}
	}
	f.done = end
	return end
}

// maxHead is how many lines a panic may have to say before its first goroutine.
const maxHead = 20

// trace returns the line after the message of the traceback that begins in line i,
// and the line after its end. What a process dies of may be several lines.
func (f *finder) trace(i int) (head, end int) {
	head, end = i+1, i+1
	for j := i + 1; j < len(f.lines) && j-i < maxHead; j++ {
		if text := f.lines[j].text; strings.HasPrefix(text, "goroutine ") || strings.HasPrefix(text, "runtime stack:") {
			end = j
			break
		} else if traceRE.MatchString(text) {
			break
		} else if text != "" {
			head = j + 1
		}
	}
	if end == i+1 { // no goroutine below
		for head = end; head < len(f.lines) && f.lines[head].text != "" && f.lines[head].depth() > f.lines[i].depth(); head++ {
			end = head + 1
		}
	}
	for j := end; j < len(f.lines); j++ {
		l := f.lines[j]
		switch {
		case l.text == "":
		case traceRE.MatchString(l.text), l.depth() > f.lines[i].depth() && fileRE.MatchString(l.text):
			end = j + 1
		default:
			return head, end
		}
	}
	return head, end
}

// crash explains a traceback by the functions of its first goroutine.
func (f *finder) crash(i, end int) (Finding, bool) {
	finding := Finding{Line: f.lines[i].no, Count: 1, Text: f.headline(i, end), kind: crash}
	var below []string // functions that plugin.open has called, the latest first
	for _, fn := range f.functions(i, end) {
		switch {
		case fn == "plugin.lastmoduleinit", fn == "runtime.plugin_lastmoduleinit":
			finding.Cause, finding.Why = GoVersion, whyCrash
			finding.do(build)
			return finding, true
		case strings.HasPrefix(fn, "plugin._Cfunc_pluginOpen"):
			finding.Cause, finding.Why, finding.Fix = BuildContext, "the system's loader crashed on the file: it is cut short, or was overwritten while it was loaded", "copy the plugin to the server again, whole"
			return finding, true
		case fn == "plugin.open" && len(below) == 0 && strings.HasPrefix(f.lines[i].text, "panic: plugin"):
			return finding, false // the server has said what it dies of
		case fn == "plugin.open" && len(below) == 0:
			finding.Cause = Unknown
			finding.Why = "the server died while it started the plugin, in no function of the plugin's: the file was written over while it was loaded, it was built for other types than the server's, or C code of it crashed"
			finding.say("pinfix verify --server SERVER PLUGIN.so; if that finds nothing, copy the plugin under a new name and rename it, and start the server again")
			return finding, true
		case fn == "plugin.open":
			user := f.userCode(finding, below[len(below)-1], "the plugin's own start-up code (an init function or a package-level variable) panics")
			if takenRE.MatchString(f.lines[i].text) {
				user.Why, user.Fix, user.kind = whyTaken, fixTaken, crash
			}
			return user, true
		case strings.HasPrefix(fn, "plugin/unnamed-"), f.isOwn(packageOf(fn)):
			return f.userCode(finding, fn, "the plugin's own code panics"), true
		}
		if !isStd(packageOf(fn)) && fn != "panic" {
			below = append(below, fn)
		}
	}
	return finding, false
}

func (f *finder) userCode(finding Finding, fn, why string) Finding {
	finding.Cause, finding.Package, finding.kind = UserCode, packageOf(fn), other
	finding.Why, finding.Fix = why, "fix "+fn+", the function of the plugin that the traceback names"
	return finding
}

// headline returns what the traceback says before its first goroutine.
func (f *finder) headline(i, end int) string {
	var lines []string
	for _, l := range f.lines[i:end] {
		if strings.HasPrefix(l.text, "goroutine ") || len(lines) == 4 {
			break
		}
		if l.text != "" {
			lines = append(lines, l.text)
		}
	}
	return bounded(strings.Join(lines, "\n"))
}

// functions returns the functions of the first goroutine, the latest first.
func (f *finder) functions(i, end int) []string {
	var out []string
	goroutine := false
	for _, l := range f.lines[i:end] {
		if strings.HasPrefix(l.text, "goroutine ") {
			if goroutine {
				break
			}
			goroutine = true
			continue
		}
		if m := frameRE.Regexp().FindStringSubmatch(l.text); m != nil && goroutine && !isPanic(l.text) {
			out = append(out, m[1])
		}
	}
	return out
}

// packageOf returns the package of a function as tracebacks name it:
// example.com/a/b.(*T).Method, gopkg.in/yaml%2ev3.init.
func packageOf(fn string) string {
	slash := strings.LastIndexByte(fn, '/') + 1
	name, _, _ := strings.Cut(fn[slash:], ".")
	return strings.ReplaceAll(fn[:slash]+name, "%2e", ".")
}

// isOwn reports whether pkg belongs to the plugin's module.
func (f *finder) isOwn(pkg string) bool {
	return f.own != "" && modpath.In(pkg, f.own)
}

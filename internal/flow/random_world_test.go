package flow

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/pinfix/pinfix/pinner"
)

// A world is a random set of modules, a server and a plugin. Each module has one
// package, and perhaps a second one, sub; module i imports only modules after it.
// What a version offers is an API of three functions in two variants, a type T with
// a method, and a function Use that wants a type with one: as versions go on,
// each may come, go and change.
type world struct {
	prefix  string
	young   bool // some versions have a go line above the server's Go
	modules [][]release
	server  release // its deps are its pins
	plugin  release

	local map[int]*release // modules that the plugin replaces by directories
	built map[int]int      // what the server links, if it was built
}

// A release is a version of a module, or the server's or the plugin's code.
type release struct {
	go_   string // go line
	api   [3]int // variant of each function; 0: it does not have it
	t, i  int    // the method that T has, and that Use wants
	sub   bool   // has package sub
	deps  []dependency
	mixes [][2]int // calls Use of the first module with T of the second
}

type dependency struct {
	module, version int
	imported        bool
	uses            [3]int // variant of each function; 0: not used
	sub             bool
}

func (w *world) path(i int) string { return fmt.Sprintf("%s/%c", w.prefix, 'a'+i) }

func (w *world) index(path string) int { return int(path[len(path)-1] - 'a') }

// newGo is a go line above that of the server's Go.
const newGo = "1.27"

func versionOf(k int) string { return fmt.Sprintf("v1.%d.0", k) }

// newWorld makes a world in which plugin and server compile, and the server has
// another version of a module that both link. It draws until there is one. With local, the
// plugin may replace modules by directories.
func newWorld(seed uint64, young, local bool) *world {
	r := rand.New(rand.NewPCG(seed, 4))
	for {
		w := &world{prefix: fmt.Sprintf("w%d.example", seed), young: young}
		n := 2 + r.IntN(4)
		w.modules = make([][]release, n)
		for i := n - 1; i >= 0; i-- {
			w.addModule(r, i)
		}
		if w.addServer(r) && w.addPlugin(r, local) {
			return w
		}
	}
}

func (w *world) addModule(r *rand.Rand, i int) {
	var v release
	n := 1 + r.IntN(4)
	if r.IntN(12) == 0 {
		n += 2
	}
	for k := range n {
		v.change(r, k == 0)
		v.go_ = "1.20"
		if r.IntN(5) == 0 {
			v.go_ = "1.16" // not pruned
		}
		if w.young && r.IntN(5) == 0 {
			v.go_ = newGo
		}
		v.deps, v.mixes = nil, nil
		for j := i + 1; j < len(w.modules); j++ {
			if r.IntN(5) < 3 {
				k := r.IntN(len(w.modules[j]))
				v.deps = append(v.deps, w.depend(r, j, k, &w.modules[j][k]))
			}
		}
		w.mix(r, &v)
		w.modules[i] = append(w.modules[i], v)
	}
}

// change makes the next version's API of one version's.
func (v *release) change(r *rand.Rand, all bool) {
	draw := func(odds int) bool { return all || r.IntN(odds) == 0 }
	for s := range v.api {
		if draw(3) {
			v.api[s] = r.IntN(3)
		}
	}
	if draw(3) {
		v.t = r.IntN(2)
	}
	if draw(3) {
		v.i = r.IntN(2)
	}
	if draw(3) {
		v.sub = r.IntN(2) == 0
	}
}

// depend draws what code written against a version of module j, which is v, takes
// from it.
func (w *world) depend(r *rand.Rand, j, version int, v *release) dependency {
	d := dependency{module: j, version: version, imported: r.IntN(8) > 0}
	for s := range v.api {
		if d.imported && r.IntN(3) == 0 {
			d.uses[s] = v.api[s]
		}
	}
	d.sub = d.imported && v.sub && r.IntN(4) == 0
	return d
}

func (w *world) mix(r *rand.Rand, v *release) {
	for _, x := range v.deps {
		for _, y := range v.deps {
			fits := w.code(v, x.module, x.version).i == w.code(v, y.module, y.version).t
			if x.module != y.module && x.imported && y.imported && fits && r.IntN(6) == 0 {
				v.mixes = append(v.mixes, [2]int{x.module, y.module})
			}
		}
	}
}

// addServer draws a build list, whether or not minimal version selection would
// come to it: what is above is excluded.
func (w *world) addServer(r *rand.Rand) bool {
	w.server.go_ = "1.22"
	for j := range w.modules {
		if r.IntN(2) == 0 {
			w.server.deps = append(w.server.deps, dependency{module: j, version: r.IntN(len(w.modules[j])), imported: true})
		}
	}
	list := w.buildList(w.serverMod())
	for j, k := range list {
		if w.modules[j][k].go_ == newGo {
			return false
		}
	}
	return len(w.server.deps) > 0 && len(w.faults(&w.server, list)) == 0
}

// addPlugin draws the plugin: what it uses there is in the versions that are
// selected for it.
func (w *world) addPlugin(r *rand.Rand, local bool) bool {
	w.plugin.go_ = "1.22"
	if w.young {
		w.plugin.go_ = newGo
	}
	for j := range w.modules {
		if r.IntN(2) == 0 {
			w.plugin.deps = append(w.plugin.deps, dependency{module: j, version: r.IntN(len(w.modules[j])), imported: true})
		}
	}
	w.local = map[int]*release{}
	for j := range w.modules {
		if local && r.IntN(4) == 0 {
			v := w.modules[j][r.IntN(len(w.modules[j]))] // the code of a release, or nearly
			v.change(r, false)
			v.go_ = "1.20"
			w.local[j] = &v
		}
	}
	list := w.buildList(w.pluginMod())
	for i, d := range w.plugin.deps {
		d = w.depend(r, d.module, list[d.module], w.code(&w.plugin, d.module, list[d.module]))
		d.imported = true
		w.plugin.deps[i] = d
	}
	w.mix(r, &w.plugin)
	if len(w.faults(&w.plugin, list)) > 0 {
		return false
	}
	pins := w.pins()
	for j := range w.linked(&w.plugin, list) {
		if v, ok := pins[j]; ok && v != list[j] {
			return true
		}
	}
	return false
}

// code returns what some code has of a module at a version: for the plugin, it may be
// a directory.
func (w *world) code(who *release, j, version int) *release {
	if v := w.local[j]; v != nil && who == &w.plugin {
		return v
	}
	return &w.modules[j][version]
}

// pins are the modules that the server links, with their versions.
func (w *world) pins() map[int]int {
	if w.built != nil {
		return w.built
	}
	list := w.buildList(w.serverMod())
	out := map[int]int{}
	for j := range w.linked(&w.server, list) {
		out[j] = list[j]
	}
	return out
}

// serverInfo is the server as its build info tells of it.
func (w *world) serverInfo() *pinner.Server {
	s := &pinner.Server{
		Main: module.Version{Path: w.prefix + "/server", Version: "(devel)"}, Go: "go1.26.8",
		Settings: map[string]string{"-trimpath": "true", "GOOS": "linux", "GOARCH": "amd64"},
	}
	pins := w.pins()
	for j := range w.modules {
		if v, ok := pins[j]; ok {
			s.Pins = append(s.Pins, pinner.Pin{Version: module.Version{Path: w.path(j), Version: versionOf(v)}})
		}
	}
	return s
}

func (w *world) goMod(path string, v *release) string {
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n\ngo %s\n", path, v.go_)
	for _, d := range v.deps {
		fmt.Fprintf(&b, "\nrequire %s %s", w.path(d.module), versionOf(d.version))
	}
	return b.String() + "\n"
}

func (w *world) serverMod() string {
	s := w.goMod(w.prefix+"/server", &w.server)
	for _, d := range w.server.deps {
		for k := d.version + 1; k < len(w.modules[d.module]); k++ {
			s += fmt.Sprintf("\nexclude %s %s", w.path(d.module), versionOf(k))
		}
	}
	return s + "\n"
}

// pluginMod is tidy: it lists all modules that are linked.
func (w *world) pluginMod() string {
	tidy := w.plugin
	for range w.modules {
		list := w.buildList(w.plain(&tidy))
		tidy.deps = nil
		for j := range w.modules {
			if w.linked(&w.plugin, list)[j] {
				tidy.deps = append(tidy.deps, dependency{module: j, version: list[j]})
			}
		}
	}
	return w.plain(&tidy)
}

// plain is a go.mod of the plugin.
func (w *world) plain(v *release) string {
	s := w.goMod(w.prefix+"/plugin", v)
	for j := range w.modules {
		if w.local[j] != nil {
			s += fmt.Sprintf("\nreplace %s => ./%c\n", w.path(j), 'a'+j)
		}
	}
	return s
}

// buildList returns the selected versions of the modules in the graph of a go.mod.
func (w *world) buildList(mod string) map[int]int {
	m, err := pinner.ParseMod("go.mod", []byte(mod))
	if err != nil {
		panic(err)
	}
	g, err := pinner.LoadGraph(m, w.source)
	if err != nil {
		panic(err)
	}
	return w.selected(g)
}

func (w *world) selected(g *pinner.Graph) map[int]int {
	out := map[int]int{}
	for j := range w.modules {
		if v := g.Selected(w.path(j)); v != "" {
			out[j] = w.number(v)
		}
	}
	return out
}

func (w *world) number(version string) int {
	var k int
	if _, err := fmt.Sscanf(version, "v1.%d.0", &k); err != nil {
		panic(err)
	}
	return k
}

// source is a pinner.Source.
func (w *world) source(want []module.Version) (map[module.Version]*pinner.Summary, error) {
	out := map[module.Version]*pinner.Summary{}
	for _, m := range want {
		j := int(path.Base(m.Path)[0] - 'a')
		v := w.local[j]
		if m.Version != "" {
			v = &w.modules[j][w.number(m.Version)]
		}
		s, err := pinner.Summarize(m.String(), []byte(w.goMod(m.Path, v)))
		if err != nil {
			return nil, err
		}
		out[m] = s
	}
	return out, nil
}

// versions is a pinner.Versions.
func (w *world) versions(paths []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, p := range paths {
		for k := range w.modules[int(path.Base(p)[0]-'a')] {
			out[p] = append(out[p], versionOf(k))
		}
	}
	return out, nil
}

// linked returns the modules whose packages code links under a build list.
func (w *world) linked(code *release, list map[int]int) map[int]bool {
	seen := map[int]bool{}
	var visit func(*release)
	visit = func(v *release) {
		for _, d := range v.deps {
			if k, ok := list[d.module]; d.imported && ok && !seen[d.module] {
				seen[d.module] = true
				visit(w.code(code, d.module, k))
			}
		}
	}
	visit(code)
	return seen
}

// A flaw is something that does not compile.
type flaw struct {
	module int // -1: the code itself
	msg    string
	on     []int  // the modules that it refers to
	lacks  string // the package that is missing
}

// faults compiles code and what it links under a build list.
func (w *world) faults(code *release, list map[int]int) []flaw {
	out := w.flaws(code, -1, code, list)
	linked := w.linked(code, list)
	for j := range w.modules {
		if linked[j] {
			out = append(out, w.flaws(code, j, w.code(code, j, list[j]), list)...)
		}
	}
	return out
}

func (w *world) flaws(code *release, who int, v *release, list map[int]int) []flaw {
	var out []flaw
	for _, d := range v.deps {
		k, ok := list[d.module]
		if !d.imported {
			continue
		}
		if !ok {
			return []flaw{{who, "no module " + w.path(d.module), []int{d.module}, w.path(d.module)}}
		}
		dep := w.code(code, d.module, k)
		for s, want := range d.uses {
			if want != 0 && dep.api[s] != want {
				out = append(out, flaw{who, fmt.Sprintf("%s.F%d is %d, not %d", w.path(d.module), s, dep.api[s], want), []int{d.module}, ""})
			}
		}
		if d.sub && !dep.sub {
			out = append(out, flaw{who, "no sub", []int{d.module}, w.path(d.module) + "/sub"})
		}
	}
	for _, m := range v.mixes {
		x, xok := list[m[0]]
		y, yok := list[m[1]]
		if xok && yok && w.code(code, m[0], x).i != w.code(code, m[1], y).t {
			out = append(out, flaw{who, fmt.Sprintf("T of %s for Use of %s", w.path(m[1]), w.path(m[0])), []int{m[0], m[1]}, ""})
		}
	}
	return out
}

// solvable looks for a build list under which the plugin compiles, among all: what
// the server links as the server has it, everything else at any version, but for what is
// replaced by a directory. It returns the first, or nil.
func (w *world) solvable(own map[int]int) map[int]int {
	pins := w.pins()
	list := map[int]int{}
	var try func(j int) bool
	try = func(j int) bool {
		if j == len(w.modules) {
			return len(w.faults(&w.plugin, list)) == 0 && !w.tooNew(list)
		}
		if pin, has := pins[j]; has {
			list[j] = pin
			return try(j + 1)
		}
		if w.local[j] != nil {
			list[j] = own[j]
			return try(j + 1)
		}
		for k := range w.modules[j] {
			list[j] = k
			if try(j + 1) {
				return true
			}
		}
		delete(list, j)
		return false
	}
	if try(0) {
		return list
	}
	return nil
}

// tooNew reports whether the plugin links a module that the server's Go refuses.
func (w *world) tooNew(list map[int]int) bool {
	for j := range w.linked(&w.plugin, list) {
		if w.code(&w.plugin, j, list[j]).go_ == newGo {
			return true
		}
	}
	return false
}

// String shows a world to who has to find out why it fails.
func (w *world) String() string {
	var b strings.Builder
	for j, versions := range w.modules {
		for k, v := range versions {
			fmt.Fprintf(&b, "%s@%s %+v\n", w.path(j), versionOf(k), v)
		}
	}
	for j, v := range w.local {
		fmt.Fprintf(&b, "./%c %+v\n", 'a'+j, *v)
	}
	fmt.Fprintf(&b, "server %+v\npins %v\nplugin %+v\n%s", w.server.deps, w.pins(), w.plugin, w.pluginMod())
	return b.String()
}

func sortedModules(set map[int]bool) []int {
	var out []int
	for j := range set {
		out = append(out, j)
	}
	slices.Sort(out)
	return out
}

package verify

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/pinner"
)

// plug is a plugin with a path of its own.
func plug(path string, changes ...program) *pinner.Server {
	p := made(append([]program{ownMain(path), packages(path + "=" + path)}, changes...)...)
	p.Path = path
	return p
}

// TestEarlier: a plugin is compared with the server, and with the plugins that the
// server is given before, as the loader does.
func TestEarlier(t *testing.T) {
	t.Parallel()
	y1, y2 := pins("e.com/y@v1.0.0#h"), pins("e.com/y@v1.1.0#g")
	for _, tt := range []struct {
		name    string
		server  *pinner.Server
		plugins []*pinner.Server
		want    string // cause:packages[<file] of each plugin; "" where it loads
		fix     string // of the last plugin that does not load
	}{
		{"one version", made(), []*pinner.Server{plug("e.com/p", y1, packages("e.com/y=1")), plug("e.com/q", y1, packages("e.com/y=1"))}, "|", ""},
		{"two versions", made(), []*pinner.Server{plug("e.com/p", y1, packages("e.com/y=1")), plug("e.com/q", y2, packages("e.com/y=2"))},
			"|version:1<0.so", "go get e.com/y@v1.0.0"},
		{"the server has it: that counts", made(y1, packages("e.com/y=1")), []*pinner.Server{plug("e.com/p", y2, packages("e.com/y=2")), plug("e.com/q", y1, packages("e.com/y=1"))},
			"version:1|", "pinfix apply"},
		{"one that was refused stays in memory", made(y1, packages("e.com/y=1")), []*pinner.Server{
			plug("e.com/p", y2, packages("e.com/y=2 e.com/z=1"), pins("e.com/z@v1.0.0")), plug("e.com/q", y1, packages("e.com/y=1 e.com/z=2"), pins("e.com/z@v1.2.0"))},
			"version:1|version:1<0.so", "first make 0.so load"},
		{"the first of two counts", made(), []*pinner.Server{
			plug("e.com/p", y1, packages("e.com/y=1")), plug("e.com/q", y2, packages("e.com/y=2")), plug("e.com/r", y1, packages("e.com/y=1"))},
			"|version:1<0.so|", ""},
		{"two causes, two plugins", made(), []*pinner.Server{
			plug("e.com/p", y1, packages("e.com/y=1")), plug("e.com/q", pins("e.com/z@v1.0.0"), packages("e.com/z=1")),
			plug("e.com/r", y2, pins("e.com/z@v1.2.0"), packages("e.com/y=2 e.com/z=2"))},
			"||version:1<0.so version:1<1.so", ""},
		{"the same path", made(), []*pinner.Server{plug("e.com/p"), plug("e.com/p")}, "|already-loaded:0<0.so", "go mod edit -module"},
		{"the same path, the first was refused", made(packages("e.com/y=1"), y1), []*pinner.Server{plug("e.com/p", y2, packages("e.com/y=2")), plug("e.com/p")}, "version:1|", ""},
		{"path not known", made(), []*pinner.Server{made(), made()}, "|", ""},
		{"a library of one module", made(), []*pinner.Server{
			made(ownMain("e.com/m"), packages("e.com/m/lib=1")), made(ownMain("e.com/m"), packages("e.com/m/lib=2"))},
			"|server-own:1<0.so", "from the same source of e.com/m"},
		{"tags", made(), []*pinner.Server{
			plug("e.com/p", y1, packages("e.com/y=1")), plug("e.com/q", y1, packages("e.com/y=2"), set("-tags", "x"))},
			"|tags:1<0.so", "with the same tags"},
		{"untrimmed, two module caches", made(set("-trimpath", "")), []*pinner.Server{
			plug("e.com/p", y1, packages("e.com/y=1"), set("-trimpath", "")), plug("e.com/q", y1, packages("e.com/y=2"), set("-trimpath", ""))},
			"|trimpath:1<0.so", "one module cache"},
		{"replaced in one", made(), []*pinner.Server{
			plug("e.com/p", pins("e.com/y@v1.0.0=>e.com/f@v1.5.0"), packages("e.com/y=1")), plug("e.com/q", pins("e.com/y@v1.0.0"), packages("e.com/y=2"))},
			"|replace:1<0.so", "select and replace it in the same way"},
		{"no build info", made(), []*pinner.Server{
			plug("e.com/p", y1, packages("e.com/y=1"), noInfo), plug("e.com/q", y2, packages("e.com/y=2"), noInfo)},
			"|unknown:1<0.so", "same Go release"},
		{"a setting that differs but does not matter", made(), []*pinner.Server{plug("e.com/p", set("-race", "true")), plug("e.com/q")}, "|", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var earlier []Earlier
			var got []string
			fix := ""
			for i, p := range tt.plugins {
				r := Compare(tt.server, p, nil, earlier...)
				earlier = append(earlier, Earlier{fmt.Sprintf("%d.so", i), p, r.Loads})
				var causes []string
				for _, f := range r.Findings {
					s := fmt.Sprintf("%s:%d", f.Cause, f.Packages)
					if f.With != "" {
						s += "<" + f.With
					}
					causes, fix = append(causes, s), f.Fix
				}
				got = append(got, strings.Join(causes, " "))
				if r.Loads != (len(causes) == 0) {
					t.Errorf("%d: loads %v with %v", i, r.Loads, causes)
				}
				for _, m := range r.Mismatched {
					if m.Cause == "" {
						t.Errorf("%d: %+v", i, m)
					}
				}
			}
			if s := strings.Join(got, "|"); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
			if !strings.Contains(fix, tt.fix) {
				t.Errorf("fix %q, want %q", fix, tt.fix)
			}
		})
	}
}

// TestNames: a plugin that is called like something of the server's.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		server, plugin *pinner.Server
		want, fix      string
	}{
		{"main", made(ownMain("e.com/s"), packages("main=1")), plug("main"), "main=already-loaded", "a package main of its own: give the plugin's module, main,"},
		{"a package of the server's", made(ownMain("e.com/s"), packages("e.com/s/api=1")), plug("e.com/s/api"), "e.com/s/api=already-loaded", "go mod edit -module=PATH"},
		{"a module of the server's", made(pins("e.com/a@v1.2.0"), packages("e.com/a/x=1")), plug("e.com/a", packages("e.com/a/x=2")), "e.com/a/x=already-loaded", "requires e.com/a v1.2.0"},
		{"the server's module, its own package", made(ownMain("e.com/s"), packages("e.com/s/api=1")), made(ownMain("e.com/s"), packages("e.com/s/api=2")),
			"e.com/s/api=server-own", "build the plugin from the source of e.com/s at the commit"},
		{"both in one go.work", made(pins("e.com/w@(devel)"), packages("e.com/w=1")), made(ownMain("e.com/w"), packages("e.com/w=2")), "e.com/w=server-own", ""},
		{"test binary", made(ownMain("e.com/s"), packages("e.com/s/api=1"), mainPackage("e.com/s/api.test")), made(pins("e.com/s@(devel)"), packages("e.com/s/api=2")),
			"e.com/s/api=server-own", "external test package (package api_test)"},
		{"test binary, another package", made(ownMain("e.com/s"), packages("e.com/s/b=1"), mainPackage("e.com/s/api.test")), made(pins("e.com/s@v1.0.0"), packages("e.com/s/b=2")),
			"e.com/s/b=server-own", "go.work"},
		{"-pluginpath", made(), made(ownMain("e.com/p"), mainPackage("e.com/p"), packages("hot_1=1")), "", "without -ldflags=-pluginpath"},
		{"vendored, untrimmed", untrimmed(pinner.Paths{Vendored: "/src/s"}), made(pins("e.com/a@v1.0.0#h"), set("-trimpath", ""), packages("e.com/a=2")),
			"e.com/a=trimpath", "pinfix build --server ./server gives the plugin's packages the server's file names"},
		{"vendored, untrimmed; the plugin is trimmed", untrimmed(pinner.Paths{Vendored: "/src/s"}), made(pins("e.com/a@v1.0.0#h"), packages("e.com/a=2 fmt=2")),
			"e.com/a=trimpath fmt=trimpath", "pinfix build --server ./server gives"},
		{"module cache, untrimmed", untrimmed(pinner.Paths{ModCache: "/go pkg"}), made(pins("e.com/a@v1.0.0#h"), set("-trimpath", ""), packages("e.com/a=2")),
			"e.com/a=trimpath", "pinfix build --server ./server gives"},
		{"vendored, the directory is not known", made(set("-trimpath", ""), pins("e.com/a@v1.0.0"), packages("e.com/a=1")), made(pins("e.com/a@v1.0.0"), set("-trimpath", ""), packages("e.com/a=2")),
			"e.com/a=trimpath", "name the server's program: the directories in it"},
	} {
		r := Compare(tt.server, tt.plugin, edges("e.com/a:"))
		var got []string
		for _, m := range r.Mismatched {
			got = append(got, m.Path+"="+string(m.Cause))
		}
		if r.Loads || strings.Join(got, " ") != tt.want || len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Fix, tt.fix) {
			t.Errorf("%s: %v, %+v", tt.name, got, r.Findings)
		}
	}
}

func mainPackage(p string) program { return func(s *pinner.Server) { s.Path = p } }

func untrimmed(p pinner.Paths) *pinner.Server {
	s := made(set("-trimpath", ""), pins("e.com/a@v1.0.0#h"), packages("e.com/a=1"))
	s.Paths = p
	return s
}

package main

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	set := func(kv ...string) (out []debug.BuildSetting) {
		for i := 0; i < len(kv); i += 2 {
			out = append(out, debug.BuildSetting{Key: kv[i], Value: kv[i+1]})
		}
		return out
	}
	main := func(v string) debug.Module { return debug.Module{Path: "github.com/pinfix/pinfix", Version: v} }
	for _, tt := range []struct {
		name        string
		bi          *debug.BuildInfo
		short, long string
	}{
		{"no build info", nil, "(devel)", "(devel)"},
		{"go install", &debug.BuildInfo{GoVersion: "go1.26.8", Main: main("v1.2.0")}, "v1.2.0", "v1.2.0 (go1.26.8)"},
		{"go run", &debug.BuildInfo{GoVersion: "go1.26.8", Main: main("")}, "(devel)", "(devel) (go1.26.8)"},
		{"a checkout", &debug.BuildInfo{GoVersion: "go1.25.0", Main: main("(devel)"), Settings: set("vcs", "git", "vcs.revision", "0123456789abcdef", "vcs.modified", "false")},
			"(devel)", "(devel) (revision 0123456789abcdef, go1.25.0)"},
		{"an edited checkout", &debug.BuildInfo{GoVersion: "go1.25.0", Main: main("(devel)"), Settings: set("vcs.revision", "0123", "vcs.modified", "true")},
			"(devel)", "(devel) (revision 0123, modified, go1.25.0)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := versionOf(tt.bi); got != tt.short {
				t.Errorf("version %q, want %q", got, tt.short)
			}
			if got := longVersionOf(tt.bi); got != tt.long {
				t.Errorf("--version %q, want %q", got, tt.long)
			}
		})
	}
}

package gocmd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestWatch(t *testing.T) {
	const stderr = `# get https://proxy.golang.org/a/@v/v1.0.0.mod
# get https://proxy.golang.org/a/@v/v1.0.0.mod: 200 OK (0.076s)
mkdir -p /root/go/pkg/mod/cache/vcs # git3 https://b.example
0.010s # cd /root/go/pkg/mod/cache/vcs/x; git tag -l
# get https://proxy.golang.org/b/@v/v1.0.0.mod: 404 Not Found (0.076s)
go: downloading example.com/c v1.0.0
go: b@v1.0.0: reading https://proxy.golang.org/b/@v/v1.0.0.mod: 404 Not Found
	server response: gone
# get https://proxy.golang.org/c/@v/v1.0.0.mod: 200 OK (0.076s)
cut`
	for _, trace := range []bool{true, false} {
		var told []string
		tell := func(unit string, n, of int) { told = append(told, fmt.Sprint(unit, " ", n, " ", of)) }
		args, kept := []string{"mod", "graph"}, stderr
		want := []string{"module download 1 0"}
		if trace {
			args = append(args, "-x")
			kept = "go: downloading example.com/c v1.0.0\ngo: b@v1.0.0: reading https://proxy.golang.org/b/@v/v1.0.0.mod: 404 Not Found\n\tserver response: gone\ncut"
			want = []string{"go.mod download 1 0", "module download 1 0", "go.mod download 1 0"}
		}
		var out bytes.Buffer
		w := newWatch(&out, tell, args)
		for part := range strings.SplitAfterSeq(stderr, "e") {
			if !trace {
				part = stderr
			}
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
			if !trace {
				break
			}
		}
		w.end()
		if out.String() != kept {
			t.Errorf("trace %v: kept %q", trace, out.String())
		}
		if !slices.Equal(told, want) {
			t.Errorf("trace %v: told %q", trace, told)
		}
	}
}

package explain

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pinfix/pinfix/internal/target"
	"github.com/pinfix/pinfix/pinner"
)

// FuzzExplain: any text gives findings that are complete, bounded and printable,
// on lines of the text, and always the same ones; nothing gets lost because of
// what is around an error.
func FuzzExplain(f *testing.F) {
	for _, pattern := range []string{"*.txt", "none/*.txt"} {
		for _, name := range caseFiles(f, pattern) {
			c := readCase(f, name)
			f.Add(c.text, c.header["own"])
		}
	}
	known := fuzzKnown(f)
	f.Fuzz(func(t *testing.T, text, own string) {
		found := Find(text, own)
		if len(found) > MaxFindings {
			t.Fatalf("%d findings", len(found))
		}
		for _, finding := range found {
			checkFinding(t, text, finding)
			checkFinding(t, text, known.Answer(finding))
		}
		if d := cmp.Diff(found, Find(text, own), cmpopts.IgnoreUnexported(Finding{})); d != "" {
			t.Fatalf("not the same again:\n%s", d)
		}

		const line = `2023/06/04 10:00:00 plugin.Open("a"): plugin was built with a different version of package go.uber.org/zap/fuzz`
		more := Find(line+"\n"+text+"\n"+line+"\n", own)
		if len(more) == 0 || more[0].Package != "go.uber.org/zap/fuzz" || more[0].Line != 1 {
			t.Fatalf("the line before the text is lost: %+v", more)
		}
		for _, finding := range more {
			if finding.Line > strings.Count(text, "\n")+3 {
				t.Fatalf("line %d of %d", finding.Line, strings.Count(text, "\n")+3)
			}
		}
	})
}

// fuzzKnown is a server and a plugin that have something to say.
func fuzzKnown(f *testing.F) Known {
	data, err := os.ReadFile("../../testdata/servers/nakama-3.26.0.buildinfo")
	if err != nil {
		f.Fatal(err)
	}
	server, err := target.Parse(data)
	if err != nil {
		f.Fatal(err)
	}
	mod, err := pinner.ParseMod("go.mod", []byte("module example.com/backend\n\ngo 1.26\n\nrequire go.uber.org/zap v1.27.1\n"))
	if err != nil {
		f.Fatal(err)
	}
	return Known{Server: server, Mod: mod, Build: "go build", Flags: "--server ./nakama"}
}

package explain

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTry(t *testing.T) {
	files, _ := filepath.Glob(os.Getenv("TRY"))
	for _, name := range files {
		b, _ := os.ReadFile(name)
		text := string(b)
		if strings.HasPrefix(text, "# cause") {
			_, text, _ = strings.Cut(text, "\n")
		}
		fmt.Printf("=== %s\n", filepath.Base(name))
		for _, f := range Find(text, "") {
			fmt.Printf("%d x%d %s [%s] %q\n      why: %s\n      fix: %s\n", f.Line, f.Count, f.Cause, f.Package, f.Text, f.Why, f.Fix)
		}
	}
}

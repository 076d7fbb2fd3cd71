package loopvar

import (
	"go/types"
	"slices"
	"strings"
)

// keepsNothing reports whether a predeclared function neither keeps nor returns
// its arguments.
func keepsNothing(fn *types.Builtin) bool {
	return slices.Contains([]string{"cap", "clear", "copy", "delete", "len", "print", "println"}, fn.Name())
}

// known are functions of the standard library that neither keep an argument beyond
// the call nor return it.
var known = []string{
	"(*sync.Once).Do", "encoding/json.Marshal", "encoding/json.Unmarshal", "errors.As", "errors.Is", "go/ast.Inspect", "io/fs.WalkDir",
	"path/filepath.Walk", "path/filepath.WalkDir", "sort.Find", "sort.Search", "sort.Slice", "sort.SliceIsSorted", "sort.SliceStable",
}

// keepsNoArgument reports whether a function of the standard library neither keeps
// its argument i beyond the call nor returns it.
func keepsNoArgument(fn *types.Func, i int) bool {
	sig, ok := fn.Type().(*types.Signature)
	switch {
	case slices.Contains(known, fn.FullName()):
		return true
	case !ok || sig.Recv() != nil || fn.Pkg() == nil:
		return false
	}
	switch name := fn.Name(); fn.Pkg().Path() {
	case "slices", "maps", "strings", "bytes":
		// The last argument of these is a function that they call. What ends with
		// Seq returns an iterator that calls it later.
		return strings.HasSuffix(name, "Func") && i == sig.Params().Len()-1
	case "sync/atomic":
		return !strings.HasSuffix(name, "Pointer")
	case "fmt":
		return strings.Contains(name, "rint") || strings.Contains(name, "can") // Print…, Scan…
	}
	return false
}

// keepsNoReceiver reports whether a method with a pointer receiver of the standard
// library is one that does something to its receiver, or tells something of it, and
// neither keeps nor returns it. strings.Builder and sync.Cond keep it: they panic
// when they find themselves copied, as from one iteration to the next.
func keepsNoReceiver(fn *types.Func) bool {
	if fn.Pkg() == nil || !slices.Contains([]string{"bytes", "math/big", "net/url", "sync/atomic", "time"}, fn.Pkg().Path()) {
		return false
	}
	sig, ok := fn.Type().(*types.Signature)
	if !ok {
		return false
	}
	for v := range sig.Results().Variables() {
		if _, basic := v.Type().Underlying().(*types.Basic); !basic && v.Type() != types.Universe.Lookup("error").Type() {
			return false
		}
	}
	return true
}

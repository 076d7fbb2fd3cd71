// Package astimports keeps pinfix's own blank imports in one Go file.
//
// A plugin that links a module only through others can hold that module's
// version in go.mod only as long as "go mod tidy" sees a reason for it. The
// reason is a blank import, and each one that pinfix writes says so:
//
//	import (
//		"context"
//
//		_ "google.golang.org/protobuf/proto" // pinfix
//	)
//
// [Set] makes the marked imports of a file exactly those that are wanted.
// [Owned] lists the ones that are there. [Mark] is what tells them from the
// user's own imports, which are never changed.
//
// Everything is bytes in, bytes out. The file is parsed as far as its imports,
// only to find the places; what is written there is written by position, so
// that comments, build constraints, cgo preambles, line ends and whatever
// is further down stay as they are, whether it is valid Go or not.
package astimports

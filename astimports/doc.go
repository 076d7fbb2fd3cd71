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
// The package takes bytes and returns bytes. It parses the file as far as its
// imports, only to find the places, and writes there by position. So comments,
// build constraints, cgo preambles, line ends and everything below the imports
// do not change, whether the file is valid Go or not.
package astimports

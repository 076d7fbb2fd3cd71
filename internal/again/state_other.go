//go:build !linux && !darwin

package again

import (
	"time"
)

// states is whether a file says when it was changed.
const states = false

type looker struct{}

func (*looker) appendState(b []byte, _ string) ([]byte, time.Time) { return b, time.Time{} }

func (*looker) appendIdentity(b []byte, _ string) []byte { return b }

func appendKind(b []byte, _ int) []byte            { return b }
func openFile(string, bool) (uintptr, int64, bool) { return 0, 0, false }
func isOwn(string) bool                            { return false }

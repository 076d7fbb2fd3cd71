//go:build !linux && !darwin

package again

import (
	"os"
	"time"
)

// states is whether a file says when it was changed.
const states = false

type looker struct{}

func (*looker) appendState(b []byte, _ string) ([]byte, time.Time) { return b, time.Time{} }

func appendKind(b []byte, _ int) []byte { return b }
func openOwn(string) (*os.File, bool)   { return nil, false }
func isOwn(string) bool                 { return false }

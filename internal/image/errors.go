package image

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pinfix/pinfix/internal/fault"
)

// oneLine keeps the names in an image, which are foreign text, from making lines of
// their own in an error: CI systems take some lines for commands.
func oneLine(err error) error {
	text, next := err.Error(), fault.Next(err)
	if !strings.Contains(text+next, "\n") || errors.Is(err, context.Canceled) {
		return err
	}
	flat := strings.NewReplacer("\n", `\n`)
	return fault.New(flat.Replace(next), "%s", flat.Replace(text))
}

// list prints the first n names.
func list(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

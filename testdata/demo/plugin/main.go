// The plugin of the demo. The server links zap too, at another version.
package main

import (
	"github.com/google/uuid"
	"go.uber.org/zap"
)

// Start is looked up by the server.
func Start(log *zap.Logger) string {
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://example.com/plugin"))
	log.Info("started", zap.Stringer("id", id))
	return "the plugin says hello as " + id.String()
}

func main() {}

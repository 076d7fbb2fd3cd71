// The plugin of the benchmarks that is like the template which Nakama's authors give away:
// two modules that the server has too, both at other versions, and a vendored tree of some
// 250 files.
package main

import (
	"context"
	"database/sql"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"example.com/template/rpc"
)

var errInternal = runtime.NewError("internal server error", 13)

// InitModule is what the server calls.
func InitModule(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, initializer runtime.Initializer) error {
	start := time.Now()
	if err := initializer.RegisterRpc("rewards", rewards); err != nil {
		return err
	}
	if err := initializer.RegisterRpc("find_match", rpc.FindMatch); err != nil {
		return err
	}
	if err := initializer.RegisterRpc("describe", rpc.Describe); err != nil {
		return err
	}
	if err := initializer.RegisterMatch("tictactoe", newMatch); err != nil {
		return err
	}
	if err := initializer.RegisterEventSessionEnd(sessionEnd); err != nil {
		return err
	}
	logger.Info("plugin loaded in %d ms", time.Since(start).Milliseconds())
	return nil
}

func main() {}

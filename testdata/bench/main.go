// The plugin of the benchmarks: as large as a plugin of Nakama is in the field,
// with several modules at other versions than the server's.
package main

import (
	"github.com/google/uuid"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	nakama "github.com/heroiclabs/nakama-common/runtime"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

var (
	_ uuid.UUID
	_ runtime.ServeMux
	_ nakama.Logger
	_ pgxpool.Pool
	_ = promhttp.Handler
	_ zap.Logger
	_ grpc.Server
)

func main() {}

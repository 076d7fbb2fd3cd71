module example.com/template

go 1.23.5

require (
	github.com/goccy/go-json v0.10.5
	github.com/heroiclabs/nakama-common v1.35.0
	google.golang.org/protobuf v1.36.6
)

module example.com/plugin

go 1.21

require (
	github.com/google/uuid v1.6.0
	go.uber.org/zap v1.27.1 // what go get gave the author
)

require go.uber.org/multierr v1.10.0 // indirect

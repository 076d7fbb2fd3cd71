module example.com/backend

go 1.22

require go.uber.org/zap v1.27.0

replace go.uber.org/zap => example.com/zap v1.27.0

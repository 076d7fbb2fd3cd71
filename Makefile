# The two commands of the README are `make demo` and `make test`.

GO ?= go
export GOFLAGS =
export GOWORK = off

.PHONY: build demo experiments test test-real lint bench fuzz clean

build: ## bin/pinfix
	CGO_ENABLED=0 $(GO) build -tags urfave_cli_no_docs -o bin/pinfix ./cmd/pinfix

demo: build ## a server refuses a plugin; why; what to change; it is changed, built, and loads
	@testdata/demo/run bin/pinfix

experiments: ## the claims of docs/how-the-loader-decides.md and docs/comparison.md, tried for real
	@cd cmd/pinfix && $(GO) test -count=1 -timeout 50m -run '^TestMatrix$$' -args -experiments
	@cd cmd/pinfix && $(GO) test -count=1 -v -run '^TestScript$$/^others_ways$$'

test: lint ## everything CI runs
	$(GO) test -timeout 50m ./...

test-real: ## large plugins against real servers: network, a quarter of an hour
	PINFIX_REAL=1 $(GO) test -timeout 50m -parallel 1 -run '^TestReal$$' ./cmd/pinfix

lint: ## gofmt, vet, staticcheck, go.mod
	@test -z "$$(gofmt -l cmd pinner astimports internal testdata)" || { gofmt -d cmd pinner astimports internal testdata; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./...
	$(GO) mod tidy -diff

STATICCHECK = v0.7.0

bench: build ## the figures that the README claims
	$(GO) test -run '^$$' -bench . -benchtime 10x ./cmd/pinfix
	$(GO) test -run '^$$' -bench Curve -benchtime 5x ./internal/solve
	PINFIX_REAL=1 $(GO) test -run '^$$' -bench '^BenchmarkReal$$' -benchtime 3x ./cmd/pinfix

fuzz: ## every fuzz target for a minute
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep ^Fuzz); do \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s $$p || exit 1; \
		done; \
	done

clean:
	rm -rf bin

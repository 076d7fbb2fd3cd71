# The two commands of the README are `make demo` and `make test`.

GO ?= go
export GOFLAGS =
export GOWORK = off

.PHONY: build demo experiments test test-real lint cross release-check bench fuzz docs clean

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

lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l cmd pinner astimports internal testdata)" || { gofmt -d cmd pinner astimports internal testdata; exit 1; }
	$(GO) vet ./... ./testdata/embed ./testdata/loader
	$(GO) run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./... ./testdata/embed ./testdata/loader

STATICCHECK = v0.7.0
GORELEASER = v2.16.0

cross: ## six platforms, each built twice, byte for byte the same; in bin/cross
	@GO=$(GO) .ci/cross
	GOOS=darwin $(GO) vet ./... # not windows: the tests are of plugins, which Go does not have there

release-check: cross ## does goreleaser accept .goreleaser.yaml?
	$(GO) run github.com/goreleaser/goreleaser/v2@$(GORELEASER) check

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

docs: ## docs/man/pinfix.1, from the command tables
	$(GO) test ./cmd/pinfix -run '^TestManPage$$' -update

clean:
	rm -rf bin

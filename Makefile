# The two commands of the README are `make demo` and `make test`.

GO ?= go
export GOFLAGS =
export GOWORK = off

.PHONY: build demo test test-real lint vuln cover bench fuzz clean

build: ## bin/pinfix
	CGO_ENABLED=0 $(GO) build -tags urfave_cli_no_docs -o bin/pinfix ./cmd/pinfix

demo: build ## a server refuses a plugin, pinfix apply, the server loads it
	@testdata/demo/run bin/pinfix

test: lint ## everything CI runs
	$(GO) test -race -timeout 50m $(PURE)
	$(GO) test -race -timeout 50m -run '$(RACY)' ./cmd/pinfix
	$(GO) test -timeout 50m ./cmd/pinfix

# All but the scripts run under the race detector; of these some that have several
# modules, rounds, servers or signals at a time.
PURE = ./astimports ./pinner ./internal/...
RACY = ^TestScript$$/^(apply_all|check_walk|check_staged|solve_conflicts|solve_search|image_registry|image_archives|explain_limits|bad_interrupt|verify_forms)$$

cover: ## coverage of all packages; pinfix's own runs in the scripts count
	rm -rf bin/cover && mkdir -p bin/cover
	GOCOVERDIR=$(CURDIR)/bin/cover $(GO) test -timeout 50m -coverpkg=./... $(COVER) -args -test.gocoverdir=$(CURDIR)/bin/cover
	$(GO) tool covdata percent -i bin/cover
	$(GO) tool covdata textfmt -i bin/cover -o bin/cover.txt
	@$(GO) tool cover -func bin/cover.txt | tail -n 1

COVER = ./...

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

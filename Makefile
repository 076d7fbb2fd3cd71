# The two commands of the README are `make demo` and `make test`; CONTRIBUTING.md has a table of all.

GO ?= go
export GOFLAGS =
export GOWORK = off

.PHONY: build demo experiments test test-all setup test-real lint vuln cover cross release-check bench fuzz docs clean

build: ## bin/pinfix
	CGO_ENABLED=0 $(GO) build -tags urfave_cli_no_docs -o bin/pinfix ./cmd/pinfix

demo: build ## a server refuses a plugin; why; what to change; it is changed, built, and loads
	@testdata/demo/run bin/pinfix

experiments: ## the claims of docs/how-the-loader-decides.md and docs/comparison.md, tried for real
	@cd cmd/pinfix && $(GO) test -count=1 -timeout 50m -run '^TestMatrix$$' -args -experiments
	@cd cmd/pinfix && $(GO) test -count=1 -v -run '^TestScript$$/^others_ways$$'

test: setup lint ## every area, command and error text once; the last line says what only test-all runs
	@$(GO) run ./testdata/ran \
		'$(GO) test -short -json -timeout 30m $(PLAIN)' \
		'$(RACING) $(GO) test -short -race -json -timeout 30m $(RACE)'

test-all: setup lint vuln ## everything: all rounds, pairs and scripts
	@$(GO) run ./testdata/ran \
		'$(GO) test -json -timeout 90m $(PLAIN)' \
		'$(RACING) $(GO) test -race -json -timeout 90m $(RACE)'

setup: ## installs what the tests need, as root or with sudo, on Debian; else says what is missing
	@GO=$(GO) .ci/setup

# What starts goroutines runs under the race detector, and nothing twice. Of the scripts
# those in testdata/script/race have a pinfix that is built with it.
RACE = $(addprefix ./internal/,commit flow git gocmd image look pattern registry solve stage typecheck)
PLAIN = $$($(GO) list ./... | grep -vxF "$$($(GO) list $(RACE))")
RACING = GORACE=atexit_sleep_ms=10

cover: setup ## coverage of `make test`, of test-all with TIER=; pinfix's own runs in the scripts count
	@mkdir -p bin
	$(GO) test $(TIER) -timeout 90m -coverprofile=bin/cover.txt -coverpkg=./... $(COVER)
	@awk 'NR > 1 { n[$$1] = $$2; if ($$3 > 0) hit[$$1] = 1 } \
		END { for (b in n) { p = b; sub("/[^/]*$$", "", p); all[p] += n[b]; total += n[b]; if (b in hit) { in_[p] += n[b]; covered += n[b] } } \
		for (p in all) printf "%5.1f%%  %s\n", 100 * in_[p] / all[p], p | "sort -k2"; close("sort -k2"); printf "%5.1f%%  all\n", 100 * covered / total }' bin/cover.txt

COVER = ./...
TIER = -short

test-real: ## large plugins against real servers: network, a quarter of an hour
	PINFIX_REAL=1 $(GO) test -timeout 50m -parallel 1 -run '^TestReal$$' ./cmd/pinfix

lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l cmd pinner astimports internal testdata)" || { gofmt -d cmd pinner astimports internal testdata; exit 1; }
	$(GO) vet ./... $(PROGRAMS)
	$(GO) run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./... $(PROGRAMS)

PROGRAMS = $(addprefix ./testdata/,embed loader musl ran vuln)
STATICCHECK = v0.7.0
GORELEASER = v2.16.0

cross: ## six platforms, each built twice, byte for byte the same; in bin/cross
	@GO=$(GO) .ci/cross
	GOOS=darwin $(GO) vet ./... # not windows: the tests are of plugins, which Go does not have there

release-check: cross ## does goreleaser accept .goreleaser.yaml?
	$(GO) run github.com/goreleaser/goreleaser/v2@$(GORELEASER) check

# The vulnerability database comes as a module, from the proxy that all else comes
# from; vuln.go.dev need not be reachable. Raise VULNDB to check against a newer one.
vuln: ## no known fault in what pinfix calls
	@mkdir -p bin
	@db=$$($(GO) mod download -json golang.org/x/vulndb@$(VULNDB) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p') && test -d "$$db/data/osv" && \
		$(GO) run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK) -format json -db "file://$$db/data/osv" ./... > bin/vuln.json && \
		$(GO) run ./testdata/vuln "$$db/data/osv" < bin/vuln.json

GOVULNCHECK = v1.7.0
VULNDB = v0.0.0-20261105234957-e22db6528018

bench: build ## the figures that docs/figures.md claims
	PINFIX_REAL=1 $(GO) test -run '^$$' -bench '^BenchmarkApply$$' -benchtime 3x -timeout 60m ./cmd/pinfix
	$(GO) test -run '^$$' -bench '^Benchmark(TemplateCheck|Verify)$$' -benchtime 20x ./cmd/pinfix
	$(GO) test -run '^$$' -bench . -skip '^Benchmark(Apply|TemplateCheck|Verify)$$' -benchtime 3x -timeout 60m ./cmd/pinfix
	$(GO) test -run '^$$' -bench Curve -benchtime 5x ./internal/solve

fuzz: ## every fuzz target for FUZZTIME; the last lines say how many executions
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep ^Fuzz); do \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s $$p || exit 1; \
		done; \
	done

FUZZTIME ?= 60s

docs: ## docs/man/pinfix.1, from the command tables
	$(GO) test ./cmd/pinfix -run '^TestManPage$$' -update

clean:
	rm -rf bin

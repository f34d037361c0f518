# Everything that one does with Flowdeck. What has a branch or a loop is in crates/tidy.
tidy := cargo run -q --locked -p flowdeck-tidy --
draw := cargo run -q --locked -p flowdeck-graph --example draw --
drawn := kfp2/train-and-deploy.yaml kfp2/if-elif-else.yaml kfp2/pipelines-three-deep.yaml kfp2/wide.yaml \
  argo/depends.yaml argo/hooks.yaml runs/sweep.json

.PHONY: help setup build run cluster test test-cluster dev bench lint fmt size drawings pictures deny clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: ## install what this machine lacks (each step says what it does)
	@$(tidy) setup

build: setup ## build the page into dist/ and the gateway into target/release/
	@$(tidy) app
	@cargo build -q --release --locked -p flowdeck-gateway

run: build ## serve Flowdeck on an embedded sandbox cluster and print a sign-in link
	@exec target/release/flowdeck-gateway --sandbox --data .sandbox --app dist --listen 127.0.0.1:8080

cluster: build ## start a real Kubernetes without containers, Flowdeck in front of it; Ctrl-C ends all of it
	@cargo run -q --locked -p flowdeck-cluster -- up target/release/flowdeck-gateway dist

test: ## set up, then run every check and test (what CI runs)
	@$(tidy) test

test-cluster: ## run the same on real servers: kube-apiserver, etcd, kwok, Envoy, dex (needs Go)
	@$(tidy) test-cluster

dev: ## serve on the sandbox, rebuild the page on change
	@$(tidy) dev

bench: build ## measure against named peers; ONLY=name runs one
	@node bench/run.mjs $(ONLY)

lint: ## check formatting, clippy on native and wasm32, and the browser tests
	@$(tidy) lint

fmt: ## format
	@cargo fmt --all

size: ## weigh the page's first load against its ceiling and goal
	@$(tidy) app
	@$(tidy) size

drawings: ## draw the pipelines in docs/pictures/pipelines/ again
	@$(draw) $(addprefix tests/fixtures/pipelines/,$(drawn)) -o docs/pictures/pipelines
	@$(draw) tests/fixtures/pipelines/runs/vision.json --status tests/fixtures/pipelines/runs/vision.status.json -o docs/pictures/pipelines

pictures: build ## take the screenshots in docs/pictures/ again
	@node_modules/.bin/playwright test -c tests/browser/pictures.config.ts

deny: ## check licences, bans and sources of dependencies (needs cargo-deny)
	@cargo deny check bans licenses sources

clean: ## remove what was built here; tools in the cache folder stay
	@rm -rf target dist .sandbox test-results playwright-report

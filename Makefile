# Needs nothing but make and a Python of 3.11 or newer; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := config service workers simulator tests
# More words for pytest, for uv in `make lock`, for the benchmarks in `make bench`.
ARGS ?=

# Two stamps: what the lock gives is slow to install, the project itself is not.
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed

# A venv that was moved, or whose Python went away, has scripts that start nothing. Its
# stamp holds the folder it was made in; read by its own Python, it proves both at once.
MADE_IN := $(shell $(BIN)/python -c 'print(open("$(LOCKED)").read().strip())' 2>/dev/null)
ifneq ($(MADE_IN),$(CURDIR))
UNUSABLE := unusable
endif

# Those that start processes first, more of them than there are cores since they wait a
# lot, and then the others, which compute. A process that may keep what it has compiled
# starts in two thirds of the time, and hundreds are started.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
ifeq ($(strip $(ARGS)),)
STARTING = tests/processes tests/simulator/test_demo.py
TESTS = $(PYTEST) -n 3 --dist loadscope $(STARTING) && \
	$(PYTEST) -n auto --dist worksteal $(STARTING:%=--ignore=%)
else
TESTS = $(PYTEST) $(ARGS)
endif

.DEFAULT_GOAL := help
.PHONY: help install test check bench chaos scenario lint types imports fmt demo web worker \
	beat store up lock sbom audit release clean unusable

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## .venv with everything from requirements.lock, hashes checked

test: $(INSTALLED) ## install and run every test; ARGS="-k story" for some of them
	$(TESTS)

check: lint types imports test ## lint, types, import contracts, tests: what CI runs

bench: $(INSTALLED) ## the numbers: all in ten minutes; ARGS="departure accept" for some
	@$(BIN)/python -m benchmarks $(ARGS)

# SEED and HISTORIES say which are lived, SECONDS how long at most; then a process dies
# at each EVERY-th of all crash points.
SEED ?= 1
HISTORIES ?= 1000
SECONDS ?= 600
EVERY ?= 1

chaos: $(INSTALLED) ## the service under every fault; SEED=7 HISTORIES=1 for one again
	@$(BIN)/python -m tests.chaos --seed $(SEED) --histories $(HISTORIES) \
		--seconds $(SECONDS) --every $(EVERY)

lint: $(INSTALLED) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## mypy
	$(BIN)/python -m mypy

imports: $(INSTALLED) ## which room may import which
	$(BIN)/lint-imports

fmt: $(INSTALLED) ## format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

scenario: $(INSTALLED) ## play what goes wrong: NAME=stop-before-send; without, a list
	@exec $(BIN)/python -m tests.scenarios $(NAME)

demo: $(INSTALLED) ## a departure, a red preflight, an adoption; KEEP=1 stays up
	@KEEP='$(KEEP)' exec $(BIN)/python -m simulator.demo

web: $(INSTALLED) ## the front door; settings come from the environment
	@exec $(BIN)/offboard web

worker: $(INSTALLED) ## a worker, the only process with IBM Cloud keys
	@exec $(BIN)/offboard worker

beat: $(INSTALLED) ## beat, which sends the sweep; exactly one
	@exec $(BIN)/offboard beat

store: $(INSTALLED) ## the embedded store, or the watch over a remote one
	@exec $(BIN)/offboard store

up: ## docker compose: web, worker, beat, Redis, a mail catcher
	@docker compose version >/dev/null 2>&1 || { \
		echo 'make up needs Docker with its compose plugin.' >&2; \
		echo 'Without it, .venv/bin/offboard up runs all four processes.' >&2; \
		exit 1; }
	@docker compose up --build

# Index addresses of this machine must not get into the locks.
COMPILE = $(BIN)/uv pip compile pyproject.toml --extra oidc --universal --python-version 3.11 \
	--no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header -q $(ARGS)

lock: $(INSTALLED) ## resolve both locks anew; ARGS=--upgrade for newer versions
	$(COMPILE) --group dev -o requirements.lock
	$(COMPILE) -c requirements.lock -o requirements-run.lock

SBOM = dist/sbom.cdx.json

sbom: $(INSTALLED) ## the parts of what runs, as CycloneDX JSON, into dist/
	@PYTHONPATH=. $(BIN)/python scripts/write_sbom.py $(SBOM)
	@echo '$(SBOM)'

# --strict: a part that could not be looked up is a fault, and not a pass.
audit: $(INSTALLED) ## known faults of what runs; fails where they cannot be looked up
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
		-r requirements-run.lock $(ARGS) || { \
		echo 'Not audited, or something was found: see above. Do not release.' >&2; \
		exit 1; }

release: check sbom audit ## what a release must pass; docs/releasing.md has the rest

clean: ## remove .venv, caches and builds; var/ (the store) and .env stay
	rm -rf $(VENV) build dist *.egg-info .coverage .hypothesis
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find $(PACKAGES) -name __pycache__ -type d -prune -exec rm -rf {} +

unusable:

$(LOCKED): requirements.lock $(UNUSABLE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'offboard needs Python 3.11 or newer, and $(PYTHON) is not: name one,' >&2; \
		echo 'for example: make install PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) cannot make virtual environments. On Debian and Ubuntu the' >&2; \
		echo 'package python3-venv is missing: apt-get install python3-venv' >&2; exit 1; }
	@echo 'Installing into $(VENV), a minute or so the first time …'
	@test -z '$(UNUSABLE)' || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes \
		-r requirements.lock >$(VENV)/install.log 2>&1 || { \
		cat $(VENV)/install.log >&2; exit 1; }
	@echo '$(CURDIR)' >$@

# The lock has the build tool too, so nothing is looked up anywhere for this.
$(INSTALLED): pyproject.toml $(LOCKED)
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps \
		--no-build-isolation -e . >$(VENV)/install.log 2>&1 || { \
		cat $(VENV)/install.log >&2; exit 1; }
	@touch $@

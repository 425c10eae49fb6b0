# What one does here; `make help` lists it.
PYTHON ?= $(firstword $(foreach each,python3 python3.13 python3.12 python3.11,\
	$(shell $(each) -c 'import sys; print("$(each)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export LINKSKIPPER_DATA_DIR ?= $(CURDIR)/.linkskipper

.DEFAULT_GOAL := help
.PHONY: help run lab test check format prose bench openapi lock clean

help: ## List what there is to do
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

run: $(VENV)/run ## Set everything up and run the service, with local shorteners to try it on
	@exec $(BIN)/linkskipper serve --lab $(ARGS)

lab: $(VENV)/run ## Run the local shorteners alone
	@exec $(BIN)/linkskipper lab $(ARGS)

test: check ## Set everything up, run every check and every test
	@$(BIN)/python requirements/browser.py
	@$(BIN)/python requirements/interpreters.py
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: $(VENV)/dev ## Lint, formatting, types, who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev ## Put the code into its form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

prose: ## Find English that is hard to read: make prose P='src/linkskipper/jobs docs'
	@$(PYTHON) -m tools.prose $(P)

bench: $(VENV)/dev ## Measure speed, each figure as a ratio in one run
	$(BIN)/python -m bench $(ARGS)

openapi: $(VENV)/run ## Renew docs/openapi.json from the code
	$(BIN)/python -m linkskipper.api.openapi > docs/openapi.json

lock: $(VENV)/dev ## Renew the lock files from pyproject.toml
	$(BIN)/python requirements/lock.py

clean: ## Remove the virtual environment and the data of make run
	rm -rf $(VENV) .linkskipper

$(VENV)/run: requirements/run.txt pyproject.toml | $(VENV)/pip
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements/dev.txt pyproject.toml | $(VENV)/pip
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/run

$(VENV)/pip:
	@test -n "$(PYTHON)" || { echo "Link Skipper needs Python 3.11 or later: install it, or name it: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make virtual environments: install its venv module (on Debian and Ubuntu: python3-venv)." >&2; rm -rf $(VENV); exit 1; }
	@touch $@

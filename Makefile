# The habits of this project. `make help` lists them.
SHELL := bash
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; print("$(name)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Node, if tools/test_programs.py had to install it.
export PATH := $(CURDIR)/$(VENV)/node/bin:$(PATH)
export LINKSKIPPER_DATA_DIR ?= $(CURDIR)/.linkskipper

.DEFAULT_GOAL := help
.PHONY: help run lab test test-fast attack sbom coverage check format prose docs compare bench screenshots openapi schema reference lock migration provider vendor release clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: $(VENV)/run ## Run the service with local shorteners: make run ARGS='--port 9000'
	@exec $(BIN)/linkskipper serve --lab $(ARGS)

lab: $(VENV)/run ## Run the local shorteners alone
	@exec $(BIN)/linkskipper lab $(ARGS)

ifdef T
test: $(VENV)/dev ## Run every check and every test, or one path: make test T=tests/unit/catalog
	$(BIN)/python -m pytest $(T) $(ARGS)
else
test: check
	@$(BIN)/python -m tools.test_programs
	$(BIN)/python -m pytest -n 2 $(ARGS)
	@$(MAKE) --no-print-directory sdks
endif

test-fast: $(VENV)/dev ## Run the unit and component tests that need no browser and do not wait
	$(BIN)/python -m pytest tests/unit tests/component -n 2 -m 'not browser and not slow' $(ARGS)

attack: $(VENV)/dev ## Run every attack test and a minute of fuzzing, and print what held
	@$(BIN)/python -m tools.test_programs
	@$(PIP) --quiet install --no-deps --require-hashes --requirement requirements/fuzz.txt || echo "Without the fuzzer: it has no package for this Python." >&2
	@$(BIN)/python -m tools.attack $(ARGS)

sbom: $(VENV)/dev ## Write dist/sbom.json (CycloneDX) and dist/licenses.txt from the installed packages
	@$(BIN)/python -m venv $(VENV)/sbom
	@$(VENV)/sbom/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/sbom.txt
	@$(BIN)/python -m tools.sbom $(VENV)/sbom/bin

coverage: $(VENV)/dev ## Run every test and show the lines that none of them reaches
	@$(BIN)/python -m tools.test_programs
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term $(ARGS)

check: $(VENV)/dev ## Check lint, format, types, imports and prose
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.prose

format: $(VENV)/dev ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

prose: ## Find English that is hard to read: make prose P='src/linkskipper/jobs docs'
	@$(PYTHON) -m tools.prose $(P)

docs: $(VENV)/dev ## Check links, anchors and reference pages of the documents
	$(BIN)/python -m pytest -q tests/unit/docs

compare: $(VENV)/dev ## Compare both engines with a plain Chromium on 2,000 pages, which takes half an hour
	COMPARE_PAGES=2000 $(BIN)/python -m pytest tests/component/browser/test_comparison.py $(ARGS)

bench: $(VENV)/dev ## Measure speed, each figure as a ratio in one run
	$(BIN)/python -m bench $(ARGS)

screenshots: $(VENV)/dev ## Take the screenshots of the guides from a running service
	@$(BIN)/python -m tools.screenshots

openapi: $(VENV)/run ## Write docs/openapi.json from the code
	$(BIN)/python -m linkskipper.api.openapi > docs/openapi.json

schema: $(VENV)/dev ## Write docs/reference/schema.sql from the migrations
	@$(BIN)/python -m tools.schema

reference: $(VENV)/dev ## Write the tables of settings.md and metrics.md in docs/reference from the code
	@$(BIN)/python -m tools.reference

lock: $(VENV)/dev ## Write the lock files from pyproject.toml
	$(BIN)/python -m tools.lock

migration: ## Start the next migration: make migration NAME=add_account_notes
	@$(PYTHON) -m tools.new_migration $(NAME)

provider: ## Start a provider file: make provider ID=short
	@$(PYTHON) -m tools.new_provider $(ID)

vendor: ## Fetch the files of other projects that the pages load
	@$(PYTHON) -m tools.vendor

release: $(VENV)/dev ## Check version, CHANGELOG and tag, then build the package
	@$(BIN)/python -m tools.release

clean: ## Remove the virtual environment, the data of make run, and what builds and tests leave
	rm -rf $(VENV) sdks/*/.venv sdks/js/node_modules sdks/js/runtimes/node_modules sdks/php/versions/node_modules sdks/js/dist sdks/js/build .linkskipper dist htmlcov .coverage* .*_cache .hypothesis

$(VENV)/run: requirements/run.txt pyproject.toml | $(VENV)/pip
	@$(call install,requirements/run.txt)
	@touch $@

$(VENV)/dev: requirements/dev.txt pyproject.toml | $(VENV)/pip
	@$(call install,requirements/dev.txt)
	@touch $@ $(VENV)/run

$(VENV)/pip:
	@test -n "$(PYTHON)" || { echo "Link Skipper needs Python 3.11 or later. Install it, or name it: make PYTHON=…" >&2; exit 1; }
	@echo "Creating the virtual environment $(VENV) with $(PYTHON)."
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make virtual environments. Install its venv module (on Debian and Ubuntu: python3-venv)." >&2; rm -rf $(VENV); exit 1; }
	@touch $@

# Installs the packages of a lock file and shows how many of them are done. A lock file is whole, and pip resolves
# nothing: it would look at newer versions of a package that another one asks for with an extra, and refuse them.
define install
set -euo pipefail; \
total=$$(grep -c '^[a-z]' $(1)); \
echo "Installing the packages of $(1) (about a minute the first time)."; \
$(PIP) install --no-deps --require-hashes -r $(1) | $(PYTHON) -m tools.progress $$total; \
$(PIP) --quiet install --no-deps --no-build-isolation --editable .; \
$(PIP) check > /dev/null
endef

.PHONY: sdks
sdks: $(VENV)/dev ## Set up and test the client SDKs against a real service
	@$(MAKE) --no-print-directory -C sdks

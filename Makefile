# A thin shim: every target calls what `inv` and `migration-workflow` call.
# The virtual environment is made on first use. Words for a verb go into ARGS:
#   make makemigrations ARGS="catalogue --name add_colour"

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

VERBS := setup dev enforce-dev-environment pre-check makemigrations validate-migration-dependencies \
  check-migrations validate-migrations rehearse migrate-safe test-migrations-clean setup-pre-commit lock recover graph explain

.DEFAULT_GOAL := help
.PHONY: help ready demo test test-projects lint $(VERBS)

help:
	@$(PYTHON) -m workflow --help
	@echo
	@echo "In this repository, with make: each VERB above on example/, and"
	@echo "  make demo            watch the whole workflow on a copy of example/"
	@echo "  make test            run the tests"
	@echo "  make test-projects   run the flows on real projects from the package index"
	@echo "  make lint            ruff, mypy and the import contracts"

$(VERBS): $(READY)
	@MIGRATION_WORKFLOW_DOOR=make $(BIN)/migration-workflow $@ $(ARGS)

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/demo.sh

test test-projects lint: $(READY)
	@$(BIN)/inv $@

ready: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "Python 3.10 or newer is needed; say which one: make PYTHON=python3.12" >&2; exit 2; }
	@echo "Making the virtual environment in $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

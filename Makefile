# Everything from a fresh clone, with only Python (3.11 or newer) and make:
#   make demo         set up .venv and run the main job on a shipped set, into ./demo-report
#   make test         set up .venv-3.11 and .venv-3.12, whichever Pythons are found, and run the tests on each
#   make lint         style, types, import contracts
#   make calibration  the slow statistical checks
#   make clean        remove the environments and everything made
# A setup is skipped while pyproject.toml is unchanged. Choose a Python yourself with PYTHON=/path/to/python.

SHELL := /bin/bash
FIND := .ci/find-python
SUPPORTED := $(shell $(FIND) 3.12 3.11 3.13 3.14)
PYTHON ?= $(firstword $(SUPPORTED))
# The tests run on 3.11 and 3.12, the oldest supported Python and the oldest with the new ArviZ; on another only if neither is there.
TEST_VERSIONS := $(foreach version,3.11 3.12,$(if $(shell $(FIND) $(version)),$(version)))
ifeq ($(TEST_VERSIONS),)
TEST_VERSIONS := $(foreach version,3.13 3.14,$(if $(shell $(FIND) $(version)),$(version)))
endif
TEST_RUNS := $(addprefix test-,$(TEST_VERSIONS))
LINT_ENV := .venv-$(firstword $(TEST_VERSIONS))
CALIBRATION_ENV := .venv-$(lastword $(TEST_VERSIONS))
INSTALL := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint calibration clean need-python $(TEST_RUNS)
.DELETE_ON_ERROR:

demo: .venv/.ready
	.venv/bin/boundary analyze deepscaler-1.5b --seed 0 -o demo-report

test: need-python $(TEST_RUNS)

$(TEST_RUNS): test-%: .venv-%/.ready
	.venv-$*/bin/python -m pytest -q $(TESTS)

lint: need-python $(LINT_ENV)/.ready
	$(LINT_ENV)/bin/ruff check .
	$(LINT_ENV)/bin/mypy
	$(LINT_ENV)/bin/lint-imports

calibration: need-python $(CALIBRATION_ENV)/.ready
	$(CALIBRATION_ENV)/bin/python -m pytest -q -m slow tests

.venv/.ready: pyproject.toml | need-python
	@echo "Setting up .venv with $(PYTHON) (a minute or two, once)"
	$(PYTHON) -m venv .venv
	.venv/bin/python $(INSTALL) -e .
	@touch $@

.venv-%/.ready: pyproject.toml
	@echo "Setting up .venv-$* for the tests (a minute or two, once)"
	"$$($(FIND) $*)" -m venv .venv-$*
	.venv-$*/bin/python $(INSTALL) -e '.[test]'
	@touch $@

need-python:
	@test -n "$(PYTHON)" || { echo "No working Python 3.11 or newer with venv was found. Install one, or name it: make demo PYTHON=/path/to/python"; exit 1; }

clean:
	rm -rf .venv .venv-* demo-report build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Everything from a fresh clone, with only Python (3.11 or newer) and make:
#   make demo         set up .venv and run the main job on a shipped set, into ./demo-report
#   make test         set up .venv-3.11 and .venv-3.12, whichever Pythons are found, and run the tests on each
#   make test-wheel   build the wheel, install it in another folder, and run the main job from there
#   make test-browser open reports in Chromium, which is installed if it is missing and apt-get may
#   make test-callbacks  the examples of boundary.callbacks, in an environment with trl, inspect_ai, wandb and mlflow
#   make test-mutations  every format's example, mutated 10,000 times, by two processes (EXAMPLES=verl,trl for some)
#   make lint         style, format, types, import contracts, with each of these Pythons
#   make calibration  the slow statistical checks
#   make docs         the pages of docs/ as a site, into ./site; the build fetches nothing, nor do the pages
#   make docs-reference  write docs/commands.md anew from what the commands' --help prints
#   make test-latest  the tests in a fresh environment with the newest releases of everything, which may be red
#   make locks        resolve the lock files anew (needs uv, which it installs into .venv-locks)
#   make clean        remove the environments and everything made
# Environments are installed from the lock files in locks/, each for every supported Python, and set up again when these
# change. Choose a Python yourself with PYTHON=/path/to/python.

SHELL := /bin/bash
FIND := .ci/find-python
SUPPORTED := $(shell $(FIND) 3.12 3.11 3.13 3.14)
PYTHON ?= $(firstword $(SUPPORTED))
# The tests run on 3.12 and 3.11, the oldest Python with the new ArviZ and the oldest supported; on another only if neither is there.
TEST_VERSIONS := $(foreach version,3.12 3.11,$(if $(shell $(FIND) $(version)),$(version)))
ifeq ($(TEST_VERSIONS),)
TEST_VERSIONS := $(foreach version,3.14 3.13,$(if $(shell $(FIND) $(version)),$(version)))
endif
# Any supported one by name: make test-3.13
VERSIONS := 3.11 3.12 3.13 3.14
TEST_RUNS := $(addprefix test-,$(VERSIONS))
STATISTICS_RUNS := $(addsuffix -statistics,$(TEST_RUNS))
OTHER_RUNS := $(addsuffix -others,$(TEST_RUNS))
LINT_RUNS := $(addprefix lint-,$(VERSIONS))
NEWEST_ENV := .venv-$(firstword $(TEST_VERSIONS))
PYTEST := -m pytest -q --durations=30 --durations-min=2
# What is imported is compiled then: half of each environment never is.
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile
unexport PYTHONDONTWRITEBYTECODE
# Two processes of tests keep both cores busy. Threads of linear algebra beside them wait for one another: tests that
# fit took 1.7 times as long.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
# The lock file is complete, so nothing else is resolved or fetched.
LOCKED := $(PIP_INSTALL) --no-deps
LOCK := uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-annotate --no-header

.PHONY: demo environments test test-wheel test-browser test-callbacks test-mutations lint docs docs-reference calibration test-latest locks clean need-python $(TEST_RUNS) $(STATISTICS_RUNS) $(OTHER_RUNS) $(LINT_RUNS)
.DELETE_ON_ERROR:

demo: .venv/.ready
	.venv/bin/boundary analyze deepscaler-1.5b --seed 0 -o demo-report

test: need-python $(addprefix test-,$(TEST_VERSIONS))

# The oldest Python's environment has every engine: there a test that is skipped for want of one fails. Where both are
# there, the newer runs everything, the oldest not what takes longest and rests least on it (other releases of ArviZ, JAX,
# NumPy and SciPy are there).
LEFT_OUT := $(addprefix --ignore=tests/,benchmarks docs data/formats data/importing test_patterns.py test_public_names.py \
	$(addprefix stats/,priors population/test_lumps.py test_borrowed_shape.py test_exchangeability.py test_model_checks.py) \
	$(addprefix analysis/,checks claims estimates figures likelihood report runs text test_borrowed_shape.py test_fit_store.py \
	test_lumps.py test_training_plan.py test_training_runs.py) \
	cli/test_continued_run.py cli/test_errors.py $(addprefix sampling/,answers benchmarks verifiers))
test-3.11%: export BOUNDARY_TEST_NO_SKIPS = tests/sampling
test-3.11%: LEFT_OUT_ON_IT = $(if $(filter 3.12,$(TEST_VERSIONS)),$(LEFT_OUT))
ifdef TESTS
$(TEST_RUNS): test-%: .venv-%/.ready
	.venv-$*/bin/python $(PYTEST) $(TESTS)
else
# In two halves, the longer one first, so that two processes have work to the end.
$(TEST_RUNS): test-%: test-%-others test-%-statistics
endif

STATISTICS := tests/stats tests/calibration boundary/stats
$(STATISTICS_RUNS): test-%-statistics: .venv-%/.ready
	.venv-$*/bin/python $(PYTEST) $(LEFT_OUT_ON_IT) $(STATISTICS)

$(OTHER_RUNS): test-%-others: .venv-%/.ready
	.venv-$*/bin/python $(PYTEST) $(LEFT_OUT_ON_IT) $(addprefix --ignore=,$(STATISTICS))

test-wheel: need-python $(NEWEST_ENV)/.ready
	$(NEWEST_ENV)/bin/python -m pytest -q -m wheel tests/packaging

test-browser: need-python $(NEWEST_ENV)/.browser
	browser="$$(.ci/find-chromium)" && BOUNDARY_CHROMIUM="$$browser" $(NEWEST_ENV)/bin/python -m pytest -q -m browser tests/browser

# Its packages are hundreds of megabytes, and their releases many: no part of .ci/run.
test-callbacks: need-python .venv-callbacks/.ready
	.venv-callbacks/bin/python -m pytest -q tests/callbacks

test-mutations: need-python $(NEWEST_ENV)/.ready
	nice -n 10 $(NEWEST_ENV)/bin/python tests/plugins/format_mutations.py --count 10000 --processes 2 $(if $(EXAMPLES),--examples '$(EXAMPLES)')

lint: need-python $(addprefix lint-,$(TEST_VERSIONS))

$(LINT_RUNS): lint-%: .venv-%/.ready
	.venv-$*/bin/ruff check .
	.venv-$*/bin/ruff format --check --quiet . || { echo "Not formatted. Run: .venv-$*/bin/ruff format ."; exit 1; }
	.venv-$*/bin/mypy --cache-dir .mypy_cache/$*
	.venv-$*/bin/lint-imports --no-cache

docs-reference: need-python $(NEWEST_ENV)/.ready
	$(NEWEST_ENV)/bin/python docs/make_commands.py

docs: .venv-docs/.ready
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet
	@! grep -rlE --include='*.html' '<(script|link|img|iframe)[^>]+(src|href)=.?https?://' site || { echo "These pages fetch something from another host."; exit 1; }

calibration: need-python $(NEWEST_ENV)/.ready
	$(NEWEST_ENV)/bin/python -m pytest -q -m slow tests

test-latest: need-python
	rm -rf .venv-latest
	$(PYTHON) -m venv .venv-latest
	.venv-latest/bin/python $(PIP_INSTALL) --upgrade --upgrade-strategy eager -e '.[test]'
	.venv-latest/bin/python $(PYTEST) $(TESTS)

locks: need-python
	test -x .venv-locks/bin/uv || { $(PYTHON) -m venv .venv-locks && .venv-locks/bin/python $(PIP_INSTALL) uv; }
	.venv-locks/bin/$(LOCK) --group build pyproject.toml -o locks/demo.txt
	.venv-locks/bin/$(LOCK) --group build pyproject.toml --extra test -o locks/test.txt
	.venv-locks/bin/$(LOCK) --group build --group callbacks --extra inspect --extra trackers --extra trl pyproject.toml -o locks/callbacks.txt
	.venv-locks/bin/$(LOCK) --group docs -o locks/docs.txt
	.venv-locks/bin/$(LOCK) --group browser --constraints locks/test.txt -o locks/browser.txt

# What the other targets set up where it is missing, all at once.
environments: need-python $(foreach version,$(TEST_VERSIONS),.venv-$(version)/.ready) $(NEWEST_ENV)/.browser .venv-docs/.ready

.venv/.ready: locks/demo.txt | need-python
	@echo "Setting up .venv with $(PYTHON) (a minute or two, once)"
	$(PYTHON) -m venv .venv
	.venv/bin/python $(LOCKED) -r locks/demo.txt
	.venv/bin/python $(LOCKED) --no-build-isolation -e .
	@touch $@

.venv-%/.ready: locks/test.txt
	@echo "Setting up .venv-$* for the tests (a minute or two, once)"
	"$$($(FIND) $*)" -m venv .venv-$*
	.venv-$*/bin/python $(LOCKED) -r locks/test.txt
	@.venv-$*/bin/python -c 'import importlib.util; importlib.util.find_spec("torch") and __import__("torch")' 2>/dev/null \
		|| .venv-$*/bin/python $(PIP_INSTALL) "$$(sed -n 's/^\(torch==[^ ;]*\).*/\1/p' locks/test.txt)"
	.venv-$*/bin/python $(LOCKED) --no-build-isolation -e .
	@touch $@

# What drives the browser, beside what the tests need anyway.
.venv-%/.browser: locks/browser.txt .venv-%/.ready
	.venv-$*/bin/python $(LOCKED) -r locks/browser.txt
	@touch $@

.venv-callbacks/.ready: locks/callbacks.txt | need-python
	"$$($(FIND) 3.11 3.12 3.13 | head -n 1)" -m venv .venv-callbacks
	.venv-callbacks/bin/python $(LOCKED) -r locks/callbacks.txt
	.venv-callbacks/bin/python $(LOCKED) --no-build-isolation -e .
	@touch $@

.venv-docs/.ready: locks/docs.txt | need-python
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python $(LOCKED) -r locks/docs.txt
	@touch $@

need-python:
	@test -n "$(PYTHON)" || { echo "No working Python 3.11 or newer with venv was found. Install one, or name it: make demo PYTHON=/path/to/python"; exit 1; }

clean:
	rm -rf .venv .venv-* demo-report build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .jax_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

PYTHON ?= python3
BIN := .venv/bin
# One thread per process: faster for small networks, and bits depend on the number.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: help demo test test-whole test-lowest test-newest lint words coverage mutation docs bench-accuracy bench-speed bench-metrics bench-alarms bench-missing bench-reliability bench-adapters clean

help:  ## List the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

.venv/.ok: pyproject.toml constraints.txt
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[docs,test]"
	@touch $@

demo: .venv/.ok  ## Score two labelled real series; writes demo.png.
	$(ONE_THREAD) $(BIN)/python examples/plot_real_series.py

test: lint  ## Run all checks and tests.
	$(ONE_THREAD) $(BIN)/python -m pytest -q -n 2 --dist worksteal

test-whole: lint  ## Run all tests, those whole of which make test runs a share: for hours.
	$(ONE_THREAD) SKAD_RELIABILITY=whole $(BIN)/python -m pytest -q -n 2 --dist worksteal

# Whole in these lanes: what depends most on the versions of others.
VERSIONS := api or drop_in or upstream
LANE = $(ONE_THREAD) SKAD_RELIABILITY=whole $(1)/bin/python -m pytest -q -n 2 --dist worksteal -m "$(VERSIONS)" && \
	$(ONE_THREAD) $(1)/bin/python -m pytest -q -n 2 --dist worksteal -m "not ($(VERSIONS))"

test-lowest: .venv-lowest/.ok  ## Run the tests on the lowest supported versions.
	$(call LANE,.venv-lowest)

.venv-lowest/.ok: pyproject.toml constraints-lowest.txt
	@$(PYTHON) -m venv .venv-lowest || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }
	.venv-lowest/bin/python -m pip install -q --disable-pip-version-check -c constraints-lowest.txt -e ".[test]"
	@touch $@

test-newest:  ## Run the tests on the newest versions there are, but for torch.
	@$(PYTHON) -m venv .venv-newest || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }
	@grep "^torch==" constraints.txt > .venv-newest/torch.txt
	.venv-newest/bin/python -m pip install -q --disable-pip-version-check --upgrade --upgrade-strategy eager -c .venv-newest/torch.txt -e ".[test]"
	$(call LANE,.venv-newest)

lint: .venv/.ok  ## Check style and formatting.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

words: .venv/.ok  ## Write the words that detectors share into their docstrings.
	$(BIN)/python -m tests.support.shared_words

coverage: .venv/.ok  ## Run all tests and list the lines and branches of skad that none reaches.
	$(ONE_THREAD) $(BIN)/python -m pytest -q -n 2 --dist worksteal --cov --cov-report=term

docs: .venv/.ok  ## Build the documentation into docs/_build.
	$(ONE_THREAD) $(BIN)/python -m sphinx -W -b html docs docs/_build/html

# Other packages, to compare with, have an environment of their own.
.venv-bench/.ok: pyproject.toml constraints.txt tests/benchmarks/requirements.txt tests/benchmarks/accuracy/requirements-no-deps.txt
	@$(PYTHON) -m venv .venv-bench || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }
	.venv-bench/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -r tests/benchmarks/requirements.txt -e .
	.venv-bench/bin/python -m pip install -q --disable-pip-version-check --no-deps -r tests/benchmarks/accuracy/requirements-no-deps.txt
	@touch $@

bench-accuracy: .venv/.ok  ## Score labelled series in DATA=folder, write a page (60 min); CHECK=1, QUICK=1.
	$(ONE_THREAD) $(BIN)/python -W ignore -m tests.benchmarks.accuracy $(if $(DATA),--data $(DATA)) $(if $(CHECK),--check) $(if $(QUICK),--quick)

bench-speed: .venv-bench/.ok  ## Time everything (25 min), write a page; CHECK=1, QUICK=1.
	$(ONE_THREAD) .venv-bench/bin/python -m tests.benchmarks.speed $(if $(CHECK),--check) $(if $(QUICK),--quick)

bench-metrics: .venv-bench/.ok  ## Compare the metrics with their references (1 min).
	$(ONE_THREAD) .venv-bench/bin/python -m tests.benchmarks.accuracy.reference_metrics

bench-adapters: .venv-bench/.ok  ## Hold the adapter to PyOD itself (1 min).
	$(ONE_THREAD) .venv-bench/bin/python -m tests.benchmarks.adapters

# mutmut, whose operators change the modules, has an environment of its own.
.venv-mutation/.ok: pyproject.toml constraints.txt tests/benchmarks/mutation/requirements.txt
	@$(PYTHON) -m venv .venv-mutation || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }
	.venv-mutation/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -r tests/benchmarks/mutation/requirements.txt -e ".[test]"
	@touch $@

mutation: .venv-mutation/.ok  ## Change skad bit by bit, see what tests notice (2 h), write a page; CHECK=1, MOST=50, MODULES="skad/_series/windows.py".
	$(ONE_THREAD) .venv-mutation/bin/python -m tests.benchmarks.mutation $(if $(CHECK),--check) $(if $(MOST),--most $(MOST)) $(if $(MODULES),--modules $(MODULES))

bench-alarms: .venv/.ok  ## Judge alarms, also on labelled series in DATA="folders", write a page; CHECK=1, QUICK=1, MOST=6 of each group, KEPT=file.
	$(ONE_THREAD) $(BIN)/python -m tests.benchmarks.alarms $(if $(DATA),--data $(DATA)) $(if $(CHECK),--check) $(if $(QUICK),--quick) $(if $(MOST),--most $(MOST)) $(if $(KEPT),--kept $(KEPT))

bench-missing: .venv/.ok  ## Take a fifth of the readings of labelled series in DATA=folder away (10 min), write a page.
	$(ONE_THREAD) $(BIN)/python -W ignore -m tests.benchmarks.accuracy.missing --data $(DATA) --page docs/benchmarks/missing.rst

bench-reliability: .venv/.ok  ## Try to break it (25 min), write a page; CHECK=1, QUICK=1, ROWS="files load".
	$(ONE_THREAD) $(BIN)/python -m tests.benchmarks.reliability $(if $(CHECK),--check) $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS))

clean:  ## Remove everything that was built.
	rm -rf .venv .venv-bench .venv-lowest .venv-newest .venv-mutation .coverage build docs/_build docs/auto_examples docs/generated

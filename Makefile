# 二つの命令: make demo (主な仕事を架空の町で) と make test (試験)。どちらも必要な準備を自分で行う。
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS := postgis,notebook,dev
WORKERS ?= auto
# Every process of the tests would compile all modules anew where the surroundings forbid to keep them compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-long lint types bench constraints clean

# make demo needs the core alone; make test adds the rest into the same environment.
$(VENV)/.core: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(STAMP): $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

demo: $(VENV)/.core
	$(BIN)/tayori demo --out tayori-demo

test: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=15 -m "not long" $(PYTEST_ARGS)

test-long: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --durations=15 -m "long or hypothesis" --hypothesis-profile=many $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks

# Versions for every platform, without addresses of registries.
constraints:
	uv pip compile --universal --python-version 3.11 --all-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml -o constraints.txt

clean:
	rm -rf $(VENV) tayori-demo build dist

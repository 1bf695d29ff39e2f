# The two main commands are `make demo` and `make test`. Both install their requirements first.
# Needs git, make and any Python 3 with venv or pip. All files are written to .tools, .venv, .airflow and data.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
VENV := .venv
RUN := $(VENV)/bin/python

# Each process would compile all modules that it imports again: twice the time to start Airflow or the command line.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint types unit core nightly quality bench bench-budgets bench-airflow bench-lake shape hops golden answers pictures docs lock up down cluster-test scale-test scale-nightly scale-spark bench-scale newsroom clean

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

demo: $(VENV)/.ready  ## Run the main job on the sample newsroom, through the real DAGs
	@$(RUN) -m samples.demo

test: lint types unit  ## Run all checks: lint, types, tests

lint: $(VENV)/.ready
	@$(VENV)/bin/ruff format --check --quiet . && $(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yaml docker-compose.shared.yaml

types: $(VENV)/.ready
	@$(VENV)/bin/mypy

unit: $(VENV)/.ready
	@$(RUN) -m pytest -m "not nightly" -n 4

core: $(VENV)/.ready  ## Run the tests of the core with no add-on loaded
	@NEWS_ADDONS=none $(RUN) -m pytest -m "not nightly and not addons" -n 4 tests/unit tests/golden

# Only engines and notebooks need more than `make test`.
nightly: $(if $(filter engines notebooks,$(if $(LIST),,$(or $(PART),engines))),$(VENV)/.nightly,$(VENV)/.ready)  ## Run the long tests, or only some: PART=lake; LIST=1 prints them
	@$(RUN) -m tests.nightly $(if $(LIST),--list) $(PART)

quality: $(VENV)/.ready  ## Compare the annotations of the sample newsroom with its gold
	@$(RUN) -m tests.quality

bench: $(VENV)/.ready  ## Print speed and memory as ratios within one run
	@$(RUN) -m tests.bench
	@$(RUN) -m tests.bench_linking

bench-budgets: $(VENV)/.ready  ## Measure time and memory of the longest articles that are annotated, for 25 unusual kinds of text
	@$(RUN) -m tests.bench_budgets

bench-lake: $(VENV)/.nightly  ## Compare the lake's costs with plain Parquet, Delta and Iceberg; time the questions on a large lake
	@$(RUN) -m tests.bench_lake

golden: $(VENV)/.ready  ## Rewrite the golden cases and show the changes
	@$(RUN) -m tests.golden.rewrite && git --no-pager diff --stat -- tests/golden

answers: $(VENV)/.ready  ## Replay the sample newsroom; rewrite the answers and charts in README and docs, and the rows in docs/tables.md
	@$(RUN) -m samples.answers

pictures: $(VENV)/.ready  ## Regenerate the pictures of the pages in README and docs, with Chromium
	@$(RUN) -m samples.pictures
	@$(RUN) -m samples.backfill_picture

shape: $(VENV)/.ready  ## Print the lines of modules and functions, and names to review
	@$(RUN) -m scripts.measure_shape

hops: $(VENV)/.ready  ## Count the calls between modules for one article and one question; write docs/architecture.md
	@$(RUN) -m scripts.trace_calls --write docs/architecture.md

docs: $(VENV)/.ready  ## Regenerate what is made from the code: docs/tables.md, docs/reference.md and the data contract
	@$(RUN) -m scripts.data_contract
	@$(RUN) -c "from scripts.table_docs import tables_markdown; print(tables_markdown(), end='')" > docs/tables.md
	@$(RUN) -c "from scripts.reference_docs import reference_markdown; print(reference_markdown(), end='')" > docs/reference.md

bench-airflow: $(VENV)/.ready  ## Print the cost of Airflow: latency from file to rows, a backfill compared with the command line, memory
	@$(RUN) -m tests.bench_airflow

up: $(VENV)/.ready  ## Start Airflow on this machine, wait until it is healthy, print address and login
	@PYTHONPATH=plugins $(RUN) -m news_airflow.local_airflow up

down: $(VENV)/.ready  ## Stop Airflow and everything it started
	@PYTHONPATH=plugins $(RUN) -m news_airflow.local_airflow down

cluster-test: $(UV)  ## Run the fault tests of the cluster on PostgreSQL, Redis and two Celery workers; as root, on Debian
	@bash tests/cluster/run

scale-test: $(UV)  ## Run the contracts and the fault tests of the shared store on PostgreSQL, SeaweedFS, Redis and two Celery workers; as root, on Debian
	@sh tests/scale/run

scale-nightly: $(UV)  ## Run the long form of the fault tests of the shared store: 20 faults of each kind, 200 kills at each step
	@sh tests/scale/run nightly

bench-scale: $(UV)  ## Compare the shared store with the local one, and Spark with two processes; as root, on Debian
	@sh tests/scale/run bench

scale-spark: $(UV)  ## Fill the shared store by Spark from a made archive of three years, killed on the way; PAGES=3000 for fewer pages
	@sh tests/scale/run spark --pages $(or $(PAGES),100000)

newsroom: $(VENV)/.ready  ## Serve the sample newsroom on 127.0.0.1:8808, or NEWS_DEMO_PORT
	@$(RUN) -m samples

lock: $(UV)  ## Refresh all locks from the .in files
	@for name in requirements requirements-dev requirements-cluster requirements-nightly; do \
	  $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.12 \
	    --custom-compile-command "make lock" $$name.in -o $$name.txt || exit 1; done
	@$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.12 \
	  --no-emit-package python-dateutil --no-emit-package six --no-emit-package urllib3 \
	  --custom-compile-command "make lock" requirements-scale.in -o requirements-scale.txt
	@cd tests/engines && $(CURDIR)/$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	  --no-annotate --no-deps --python-version 3.12 --custom-compile-command "make lock" \
	  requirements-iceberg.in -o requirements-iceberg.txt

clean:  ## Remove the environment, Airflow's home and all data
	rm -rf $(VENV) .tools .airflow data

$(VENV)/.ready: requirements.txt requirements-dev.txt pyproject.toml hatch_build.py | $(UV)
	@echo "setting up .venv (Python 3.13)"
	@test -x $(RUN) || $(UV) venv --quiet --python 3.13 $(VENV)
	@$(UV) pip sync --quiet --python $(RUN) requirements.txt requirements-dev.txt
	@$(UV) pip install --quiet --python $(RUN) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.nightly: requirements-nightly.txt $(VENV)/.ready
	@$(UV) pip install --quiet --python $(RUN) --requirements requirements-nightly.txt
	@touch $@

# uv is installed into the project's folder: with venv if that works, else with pip.
$(UV):
	@mkdir -p .tools/bin
	@if $(PYTHON) -m venv .tools/uv >/dev/null 2>&1; then .tools/uv/bin/python -m pip install --quiet "uv==$(UV_VERSION)"; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then rm -rf .tools/uv; $(PYTHON) -m pip install --quiet --target .tools/uv "uv==$(UV_VERSION)"; \
	else rm -rf .tools; echo "newslake needs a Python that has venv or pip. On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; fi
	@ln -sf ../uv/bin/uv $(UV) && $(UV) --version >/dev/null

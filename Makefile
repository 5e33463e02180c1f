# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Each sets up .venv by itself, from requirements.lock.
PYTHON ?= python3.11
CONFIG ?= config/config.yaml
PROFILE ?= default
CORES ?=
STAC ?= $(or $(TMPDIR),/tmp)/landscribe-stac
SHELL := /bin/bash -o pipefail
READY := .venv/ready
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export MPLCONFIGDIR ?= $(CURDIR)/.venv/matplotlib

# The lock is held by the run itself, so a killed run leaves none behind (unlike Snakemake's own).
SNAKEMAKE = flock --nonblock --conflict-exit-code 75 .landscribe.lock \
	snakemake --nolock --profile workflow/profiles/$(PROFILE) $(if $(CORES),--cores $(CORES))

.PHONY: help demo run gazetteer plan report refresh test test-stac test-slurm lint bench schemas clean
help:  ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: CONFIG := config/demo.yaml
demo: run  ## map the Beetzsee from one real Sentinel-2 scene (about 10 minutes, install included)

run: $(READY)  ## make what CONFIG names: make run CONFIG=config/config.yaml [PROFILE=slurm]
	@$(SNAKEMAKE) --configfile $(CONFIG) || { test $$? -ne 75 || \
	  echo "error: another run is at work in this folder; wait for it or stop it" >&2; exit 1; }
	@python -m landscribe.publish.summary --config $(CONFIG)

gazetteer: $(READY)  ## the table of all places that CONFIG names: make gazetteer [CONFIG=...]
	@$(SNAKEMAKE) --configfile $(CONFIG) -- gazetteer
	@cat results/gazetteer/*/store/gazetteer.json

report: $(READY)  ## Snakemake's own report of the run: results/report.html
	@$(SNAKEMAKE) --configfile $(CONFIG) --report results/report.html

plan: $(READY)  ## what a run will take, in jobs, bytes and hours: make plan CONFIG=config/europe.yaml
	@python -m landscribe.plan_run --config $(CONFIG) --profile workflow/profiles/$(PROFILE)

refresh: $(READY)  ## search anew, and renew the locks that runs share: make refresh CONFIG=...
	@$(SNAKEMAKE) --configfile $(CONFIG) --forcerun refresh_locks -- refresh

test: $(READY)  ## all tests that this machine can run
	@python -m pytest -q --durations=8

test-stac: $(READY)  ## tests against a real STAC API, which it brings up and ends (about 3 minutes)
	@trap 'tests/stac/down.sh $(STAC)' EXIT; tests/stac/up.sh $(STAC) && . $(STAC)/addresses && \
	  python -m tests.stac.load $(STAC) && python -m pytest -q -m stac

test-slurm: $(READY)  ## the workflow on a real SLURM of its own (Debian, root)
	@trap tests/slurm/down.sh EXIT; tests/slurm/up.sh && python -m pytest -q -m slurm tests/slurm

lint: $(READY)  ## ruff, snakefmt and Snakemake's own linter
	@ruff check . && ruff format --check . && snakefmt --check Snakefile workflow/rules
	@snakemake --lint --configfile config/demo.yaml

bench: $(READY)  ## a benchmark: make bench NAME=landuse
	@python -m tests.benchmarks.$(NAME)

schemas: $(READY)  ## JSON schemas of the cards, for editors
	@python -m landscribe.schemas

clean:  ## throw all results away
	rm -rf results .snakemake .landscribe.lock

$(READY): requirements.lock
	@command -v $(PYTHON) > /dev/null || { \
	  echo "error: no $(PYTHON) here; install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing into .venv (2.5 GB, some minutes, once)"
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/pip install --disable-pip-version-check --quiet --progress-bar on --no-deps --ignore-requires-python -r requirements.lock
	@touch $@

# One entry for everything that is done with this project. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

PYTHON ?= python3
# What `make preview` compares with, and which stacks it previews, with blanks between them.
BASE ?= main
PREVIEWED ?= pi-cluster
# What chooses the mutants of `make mutants`.
SEED ?=
# A folder of packaged charts, where charts.source can't be reached.
CHARTS ?=
PY := .venv/bin/python
# Each of the two processes has a local cluster of its own, and takes the next file of tests when it is done with one.
BESIDE := -n 2 --dist loadfile --no-loadscope-reorder
POLICIES := --policy-pack policies --policy-pack-config policies/config/lab.json

.PHONY: help up down demo demo-down built test test-all unit coverage mutants bench lab-up lab-down preview site lint format schema lock

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/.complete: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("python3 >= 3.11 is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	[ -x $(PY) ] || $(PYTHON) -m venv .venv
	echo -n "Installing the Python packages (750 MB) into .venv "
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt &
	while kill -0 $$! 2> /dev/null; do echo -n .; sleep 2; done
	wait $$!
	echo " done"
	touch $@

.venv/.mutants: requirements-mutants.txt .venv/.complete
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.txt
	touch $@

.venv/.site: requirements-site.txt .venv/.complete
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-site.txt
	touch $@

up: lab-up  ## Everything: the local cluster, `pulumi up` of the stack lab on it, and the proof that it works
	@. .lab/env
	pulumi stack select lab --create
	python -m lab.dead_run
	# The stack file is written for amd64 machines; on another one the same cluster is of that one's kind.
	[ "$$(uname -m)" != aarch64 ] || pulumi config set -s lab --path cluster.architecture arm64
	pulumi up -s lab --yes --suppress-outputs $(POLICIES)
	python -m operations verify -s lab
	python -m lab.summary

down: .venv/.complete  ## Destroy the stack lab and stop the local cluster
	@if [ -f .lab/env ]; then
	  . .lab/env
	  # After `make lab-up` alone there is no such stack.
	  if pulumi stack select lab 2> /dev/null; then
	    python -m lab.dead_run
	    pulumi destroy -s lab --yes --skip-preview --refresh
	  fi
	fi
	$(PY) -m lab down

demo: .venv/.complete  ## A small trading application behind the ingress gateway of `make up`, and what the mesh does for it
	@$(PY) -m lab.demo up

demo-down: .venv/.complete  ## Remove the application of `make demo`
	@$(PY) -m lab.demo down

lab-up: .venv/.complete  ## The local cluster alone
	@$(PY) -m lab up

lab-down: .venv/.complete  ## Stop the local cluster; the built programs stay in their cache
	@$(PY) -m lab down

unit: .venv/.complete  ## The tests that need no cluster: under a minute
	@$(PY) -m pytest tests/unit -q -n auto

# In one process: slipcover 1.1 loses what pytest's further processes ran.
coverage: .venv/.complete  ## The unit tests with the percentage of the lines that they run
	@$(PY) -m slipcover -m pytest tests/unit -q
	tail -n 1 .coverage.txt

mutants: .venv/.mutants  ## 150 small faults, chosen by SEED, of which the unit tests must find 95 %
	@[ -n "$(SEED)" ] || { echo "make mutants SEED=n, such as the first 8 digits of a commit"; exit 2; }
	$(PY) -m tests.mutants $(SEED)

built: .venv/.complete  ## The local cluster's programs, charts and images, and those of the tests, in their cache
	@$(PY) -m lab.toolchain ensure
	$(PY) -m lab.toolchain ensure helm kwok

test: built  ## The whole suite on the local cluster, but for what takes many minutes
	@$(PY) -m pytest -m "not long" $(BESIDE)

test-all: built  ## Also the long tests
	@$(PY) -m pytest $(BESIDE)

bench: built lab-up  ## Timings side by side with helm and istioctl
	@$(PY) -m lab.bench

preview: .venv/.complete  ## What a pull request's comment would show, against the branch BASE
	@if [ -f .lab/env ]; then . .lab/env; fi
	$(PY) -m operations.pull_request $(PREVIEWED:%=--stack %) --base $(BASE) --charts "$(CHARTS)"

site: .venv/.site  ## The documents as HTML, in .site/html, without a dead link
	@$(PY) -m lab.site

lint: .venv/.complete  ## Style, types, and who may import whom
	@.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/basedpyright
	.venv/bin/lint-imports --no-logo

format: .venv/.complete  ## Put the style right
	@.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

schema: .venv/.complete  ## Write all that is made from the code: config reference, schemas, policies, tables, recorded meshes
	@$(PY) -m tests.support.documents
	$(PY) -m tests.support.recorded_meshes
	$(PY) -m tests.support.whole_trials

lock: .venv/.complete  ## Resolve the Python packages anew, exact and hashed (needs uv)
	@compile="uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate"
	$$compile --group policies --group lab --group dev --output-file requirements-dev.txt
	$$compile --group policies --constraint requirements-dev.txt --output-file requirements.txt
	$${compile/ pyproject.toml/} --group verify --constraint requirements.txt --output-file requirements-verify.txt
	$${compile/ pyproject.toml/} --group mutants --constraint requirements-dev.txt --output-file requirements-mutants.txt
	$${compile/ pyproject.toml/} --group site --constraint requirements-dev.txt --output-file requirements-site.txt

# A bare `make` prints what there is.
.DEFAULT_GOAL := help
.PHONY: help dev test test-unit test-browsers format check deploy remove doctor smoke files replay link build bench bench-web cloud package template fuzz invoke mutants lock

PYTHON := .venv/default/bin/python
# Isolated: no file in the folder takes the place of a module.
RUN := $(PYTHON) -I tools/run.py

help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: ## Run page, function, STS and OSS on this machine (PORT=8080, JSON=1, FAULTS="oss_latency=2", and every setting)
	@tools/setup.sh run
	@exec $(RUN) localcloud.dev

test: ## Run all tests, on each of Function Compute's Pythons that is here (ARGS='-k form', or a path: those alone)
	@tools/setup.sh test
	@tools/test.sh $(ARGS)

test-unit: ## Run the quick tests: without browser, Serverless Devs, registry, processes, tests/chain and the thorough
	@tools/setup.sh unit
	@tools/test.sh unit $(ARGS)

test-browsers: ## Test the page in Firefox and WebKitGTK, where they are installed (make test does so, too)
	@tools/setup.sh test
	@.venv/default/bin/pytest -q tests/browsers

format: ## Format everything, and fix what the linters can fix
	@tools/setup.sh check
	@$(PYTHON) -I -m ruff check --fix --quiet .
	@$(PYTHON) -I -m ruff format .
	@node_modules/.bin/biome check --write

check: ## Lint and type-check everything
	@tools/setup.sh check
	@$(PYTHON) -I -m ruff format --check .
	@$(PYTHON) -I -m ruff check .
	@$(PYTHON) -I -m mypy
	@$(PYTHON) -I -m mypy functions/callback/index.py conftest.py # apart: another module has each name
	@node_modules/.bin/biome ci --error-on-warnings
	@node_modules/.bin/tsc --project .

cloud: ## Run the stand-ins for STS and OSS alone, for any signer and client (ARGS='--bucket b --cors-origin https://…'; --help)
	@tools/setup.sh run
	@exec $(RUN) localcloud $(ARGS)

package: ## Build the distribution oss-localcloud in dist/: the stand-ins for STS and OSS, for other projects
	@tools/setup.sh run
	@$(PYTHON) -I tools/package.py

template: ## Put together what `s registry publish` takes, for `s init`: the committed files, in build/template
	@rm -rf build/template && mkdir -p build/template/src
	@git archive HEAD | tar -x -C build/template/src
	@cp deploy/publish.yaml build/template

fuzz: ## Send 200,000 malformed events through the function, and take 10,000 steps with counted links
	@tools/setup.sh unit
	@PYTHONPATH=functions/shared:functions/sign:tests $(PYTHON) tests/support/fuzz.py 200000
	@PYTHONPATH=functions/shared:functions/sign:tests:. exec $(PYTHON) tests/support/counted_link.py 10000

invoke: ## Send one request through the real handler (ARGS='GET /limits', or ARGS='--event file.json'; more: ARGS=--help)
	@tools/setup.sh run
	@exec $(RUN) localcloud.dev.invoke $(ARGS)

link: ## Print an upload link (ARGS='--who alice --until 7d --page https://…'; needs JWT_SECRET; more: ARGS=--help)
	@tools/setup.sh run
	@exec $(RUN) deploy link $(ARGS)

build: ## Make the functions' packages in build/, for Function Compute (RUNTIME=python3.12, or python3.10)
	@tools/setup.sh deploy
	@exec $(RUN) deploy build

deploy: ## Create or update everything in the cloud, from .env (docs/deploy.md; ONLY=page, sign or callback: that part alone)
	@tools/setup.sh deploy
	@exec $(RUN) deploy deploy

remove: ## Delete everything in the cloud; stops if there are users' files (DELETE_FILES=yes)
	@tools/setup.sh deploy
	@exec $(RUN) deploy remove

bench: ## Measure what docs/performance.md claims, as ratios within one run (ARGS=--write puts them there)
	@tools/setup.sh unit
	@PYTHONPATH=functions/shared:functions/sign:tests exec $(PYTHON) -m benchmarks.server $(ARGS)

bench-web: ## Measure weight, speed and memory of the page, in Chromium
	@tools/setup.sh test
	@PYTHONPATH=tests exec $(PYTHON) -m benchmarks.page

mutants: ## Break the code in a copy, one place at a time, and see whether the tests notice (ARGS='signature sts' for some)
	@tools/setup.sh mutants
	@tools/mutants.sh $(ARGS)

LOCK := -I -m uv pip compile -qU --universal --python-version 3.10 --generate-hashes --no-annotate --no-header
# What a source says of itself is learned by building it: with the locked tools, by their hashes.
LOCK += --build-constraints deploy/build/requirements.txt
lock: ## Lock the newest versions of all dependencies
	@tools/setup.sh run
	@$(PYTHON) $(LOCK) deploy/build/requirements.in -o deploy/build/requirements.txt
	@$(PYTHON) $(LOCK) functions/sign/requirements.in -o functions/sign/requirements.txt
	@$(PYTHON) $(LOCK) -c functions/sign/requirements.txt functions/callback/requirements.in -o functions/callback/requirements.txt
	@$(PYTHON) $(LOCK) -c functions/sign/requirements.txt functions/sign/requirements.in functions/callback/requirements.in --group dev -o requirements-dev.txt
	@$(PYTHON) $(LOCK) -c requirements-dev.txt functions/sign/requirements.in functions/callback/requirements.in --group test -o requirements-test.txt
	@$(PYTHON) $(LOCK) -c requirements-test.txt functions/sign/requirements.in functions/callback/requirements.in --group run -o requirements-run.txt
	@$(PYTHON) $(LOCK) -c requirements-dev.txt --group mutants -o requirements-mutants.txt
	@$(PYTHON) $(LOCK) -c requirements-run.txt localcloud/pyproject.toml -o localcloud/requirements.txt
	@npm update --save --ignore-scripts --loglevel=error

doctor: ## Name each fault in what is set, declared and deployed (ARGS=--strict fails if a check could not be made)
	@tools/setup.sh deploy
	@exec $(RUN) deploy doctor $(ARGS)

smoke: ## Test a deployment over its addresses (ARGS='--function https://… --page https://…'; JWT_SECRET or TOKEN)
	@tools/setup.sh run
	@exec $(RUN) deploy smoke $(ARGS)

files: ## List what was uploaded, download or delete it (ARGS='--download folder'; more: ARGS=--help)
	@tools/setup.sh run
	@exec $(RUN) deploy files $(ARGS)

replay: ## Re-send notifications that the webhook missed (ARGS=callback.log, or the log on standard input; more: ARGS=--help)
	@tools/setup.sh run
	@exec $(RUN) deploy replay $(ARGS)

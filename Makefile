# The words of this project. `make help` lists them.

BIN := .venv/bin
SOURCES := src tests scripts benchmarks examples
# Most tests wait most of the time, so there may be more of these than processors.
TEST_PROCESSES ?= 4

.DEFAULT_GOAL := help
.PHONY: help setup check test chaos demo bench docs clean

help: ## list these words
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 15

setup: .venv/.tools ## make .venv: the package, every extra and the tools

check: .venv/.tools ## formatting, lint, types and the import contracts
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { echo "Run: $(BIN)/ruff format $(SOURCES)"; exit 1; }
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/pyright --pythonpath $(BIN)/python --project tests
	@$(BIN)/pyright --pythonpath $(BIN)/python --project benchmarks
	@$(BIN)/pyright --pythonpath $(BIN)/python --project examples
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

test: export INSTALL_MISSING = 1
test: check ## run `check` and all tests, on a real Kafka; REQUIRE_SERVICES=1 fails where it would skip
	@$(BIN)/python -m scripts.kafka fetch
	@$(BIN)/python -m scripts.ruby fetch
	@$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist worksteal $(ARGS)

chaos: export INSTALL_MISSING = 1
chaos: .venv/.tools ## run the tests that kill things; the counts go to chaos-report.txt
	@$(BIN)/python -m scripts.kafka fetch
	@$(BIN)/python -m pytest -m chaos $(ARGS)

demo: .venv/.package ## see Samovar work, with nothing else installed; ARGS="--kill" for more
	@$(BIN)/samovar demo $(ARGS)

bench: .venv/.tools ## measure Samovar and its peers
	@$(BIN)/python -m scripts.kafka fetch
	@$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/.tools ## build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html"

clean: ## remove everything that the other words made
	rm -rf .venv .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist site
	rm -rf chaos-report.txt samovar-demo
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.package: pyproject.toml scripts/environment.sh
	@scripts/environment.sh package

.venv/.tools: pyproject.toml scripts/environment.sh
	@scripts/environment.sh tools

# Two commands run the product: git clone, make demo. Nothing but make and Python 3.11 or newer is needed.
PYTHON := .venv/bin/python
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); [ "$$n" -gt 4 ] && echo 4 || echo "$$n")
# Bytecode is kept whatever the shell's habit: every process would compile the whole product anew.
unexport PYTHONDONTWRITEBYTECODE
# make test ARGS="tests/core -k door"
ARGS ?=

LINTERS := lint-code lint-types lint-rooms lint-templates lint-migrations lint-translations
.PHONY: $(LINTERS) demo test quick lint bench load check format venv venv-dev clean

demo: venv
	@exec $(PYTHON) manage.py stack --demo

test: venv-dev
	@sh .ci/tools
	@exec $(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q -m "not bench" $(ARGS)

# The set of a minute (tests/quick.py): what one runs after every change.
quick: venv-dev
	@exec $(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q -m quick $(ARGS)

# make -k lint shows everything that is wrong, not only the first thing.
lint: $(LINTERS)

lint-code: venv-dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

lint-types: venv-dev
	$(PYTHON) -m mypy

lint-rooms: venv-dev
	$(PYTHON) -c "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"

# Linted, not reformatted: the formatter also rewrites the texts inside blocktranslate.
lint-templates: venv-dev
	$(PYTHON) -m djlint templates --lint --quiet

lint-migrations: venv-dev
	$(PYTHON) manage.py makemigrations --check --dry-run

lint-translations: venv-dev
	$(PYTHON) -m pytest -q tests/architecture/test_translations.py

bench: venv-dev
	@exec $(PYTHON) -m tests.bench $(ARGS)

# Fifty simulated agents on a running product: nothing lost, nothing doubled, not four times as slow.
load: venv-dev
	@exec $(PYTHON) -m tests.load $(ARGS)

check: lint test

format: venv-dev
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

venv:
	@sh .ci/venv

venv-dev:
	@sh .ci/venv dev

# Databases, uploads and outgoing messages of the demo; the next start makes new ones.
clean:
	@$(PYTHON) -c "import fcntl, pathlib, shutil, sys; p = pathlib.Path('.data/stack'); p.exists() and fcntl.flock(p.open('a'), fcntl.LOCK_EX | fcntl.LOCK_NB); shutil.rmtree('.data', ignore_errors=True)" \
		|| { echo "The stack is running; stop it first."; exit 1; }

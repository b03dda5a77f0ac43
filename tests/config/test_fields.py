"""What is said of each field: well formed here, and true of the installed transformers at the end."""

import inspect
import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from genspec.config.annotations import alternatives, predicate
from genspec.config.fields import FIELDS, GenerationFields
from genspec.config.mode import ANY, BEAMS, NEVER, SAMPLING, Mode
from genspec.config.types import TokenId
from genspec.config.values import reason_against

CLAUSE = re.compile(r"[A-Z]+(-[A-Z]+)*-[1-9][0-9]*")
RELEASE = re.compile(r"[45]\.(0|[1-9][0-9]*)")
ONLY_SAMPLING = {
    "temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff",
}
MOVED_MODES = {
    "num_beam_groups", "diversity_penalty", "constraints", "force_words_ids", "penalty_alpha", "dola_layers",
}
every_field = pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)


def release(text: str) -> tuple[int, ...]:
    """Return a release as numbers, major and minor."""
    return tuple(int(part) for part in text.split(".")[:2])


# Well formed


@every_field
def test_the_clause_is_well_formed(field: Any) -> None:
    assert CLAUSE.fullmatch(field.clause), field.clause


@every_field
def test_the_text_is_one_paragraph_of_sentences(field: Any) -> None:
    assert field.doc == " ".join(field.doc.split())
    assert field.doc.endswith(".")
    assert len(field.doc) <= 400


@every_field
def test_what_applies_when_unset_may_be_set(field: Any) -> None:
    assert reason_against(field.name, field.unset) is None
    assert reason_against(field.name, None) is None


@every_field
def test_releases_are_in_order_and_say_where_to_go(field: Any) -> None:
    for said in (field.since, field.removed):
        assert said is None or RELEASE.fullmatch(said)
    assert (field.removed is None) == (field.moved_to is None)
    assert not (field.since and field.removed) or release(field.since) < release(field.removed)


@every_field
def test_every_number_has_a_range(field: Any) -> None:
    number = any(part in (int, float, TokenId) for part in parts_of(field.type))
    assert (field.bounds is not None) == number


def parts_of(annotation: Any) -> Iterator[Any]:
    """Yield an annotation and all that stands inside it."""
    yield annotation
    for inner in getattr(annotation, "__args__", ()) if annotation != TokenId else ():
        yield from parts_of(inner)
    for noted in getattr(annotation, "__metadata__", ()):
        for item in getattr(noted, "items", ()):
            yield from parts_of(item)


def test_groups_are_not_torn_apart() -> None:
    groups = [group for group, _ in groupby(FIELDS.values(), lambda field: field.group)]
    assert len(groups) == len(set(groups))


def test_keys_are_unique_and_names_are_their_own_keys() -> None:
    keys = [field.key for field in FIELDS.values()]
    assert len(keys) == len(set(keys))
    spelt_apart = {field.name: field.key for field in FIELDS.values() if field.name != field.key}
    assert spelt_apart == {"from_model_config": "_from_model_config", "commit_hash": "_commit_hash"}


def test_a_model_of_the_fields_has_their_order() -> None:
    class Model(GenerationFields, BaseModel):
        pass

    assert list(Model.model_fields) == list(FIELDS)


def test_reading_the_fields_imports_no_pydantic() -> None:
    code = "import sys, genspec.config.values, genspec.config.schema; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Modes


def test_the_fields_that_act_only_in_sampling() -> None:
    assert {name for name, field in FIELDS.items() if field.modes and field.modes <= SAMPLING} == ONLY_SAMPLING


def test_the_fields_that_act_only_in_beam_modes() -> None:
    general = {"early_stopping", "length_penalty"}
    assert {name for name, field in FIELDS.items() if field.modes == BEAMS} == general
    beams_only = {name for name, field in FIELDS.items() if field.modes and field.modes <= BEAMS}
    assert beams_only == general | {"num_beam_groups", "diversity_penalty", "constraints", "force_words_ids"}


def test_every_mode_has_fields_and_only_bookkeeping_has_none() -> None:
    for mode in Mode:
        assert any(mode in field.modes for field in FIELDS.values())
    assert {field.group for field in FIELDS.values() if field.modes == NEVER} == {
        "Cache", "Performance", "Moved and removed", "Metadata",
    }
    assert FIELDS["num_beams"].modes == ANY


# Ranges

LAWS: dict[str, Callable[[float], bool]] = {
    "at least 0": lambda x: x >= 0,
    "at least 1": lambda x: x >= 1,
    "above 0": lambda x: x > 0,
    "unit": lambda x: 0 <= x <= 1,
    "unit without 0": lambda x: 0 < x <= 1,
    "unit without 1": lambda x: 0 <= x < 1,
    "inner unit": lambda x: 0 < x < 1,
    "finite": lambda x: True,
}
RANGES = {
    "at least 0": [
        "min_length", "min_new_tokens", "max_time", "temperature", "top_k", "no_repeat_ngram_size", "guidance_scale",
        "encoder_no_repeat_ngram_size", "forced_bos_token_id", "forced_eos_token_id", "pad_token_id", "bos_token_id",
        "eos_token_id", "decoder_start_token_id", "diversity_penalty",
    ],
    "at least 1": [
        "max_length", "max_new_tokens", "num_beams", "num_return_sequences", "num_beam_groups", "max_cache_len",
        "prompt_lookup_num_tokens", "max_matching_ngram_size", "num_assistant_tokens", "assistant_early_exit",
        "assistant_lookbehind", "target_lookbehind", "prefill_chunk_size",
    ],
    "above 0": ["repetition_penalty", "encoder_repetition_penalty"],
    "unit": ["top_p", "min_p", "assistant_confidence_threshold", "penalty_alpha"],
    "unit without 0": ["top_h", "typical_p"],
    "unit without 1": ["epsilon_cutoff", "eta_cutoff"],
    "inner unit": ["assistant_ensemble_weight"],
    "finite": ["length_penalty"],
}
LAW_OF = {name: LAWS[law] for law, names in RANGES.items() for name in names}
IN_LISTS = {
    "forced_eos_token_id", "eos_token_id", "decoder_start_token_id", "suppress_tokens", "begin_suppress_tokens",
    "dola_layers",
}
numbers = st.one_of(
    st.sampled_from([-1, 0, 1, 2, -1.0, 0.0, 1.0, 0.5, 1.5, 5e-324, 1 - 2**-53, 1 + 2**-52]),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
)


def test_every_field_that_holds_a_number_has_a_law() -> None:
    single = {name for name, field in FIELDS.items() if {int, float, TokenId} & set(alternatives(field.type))}
    assert set(LAW_OF) == single


@given(name=st.sampled_from(sorted(LAW_OF)), number=numbers)
def test_a_number_is_allowed_when_it_obeys_the_law_of_its_field(name: str, number: float) -> None:
    wanted_integer = float not in alternatives(FIELDS[name].type)
    allowed = LAW_OF[name](number) and not (wanted_integer and isinstance(number, float))
    reason = reason_against(name, number)
    assert (reason is None) == allowed, (name, number, reason)


@given(name=st.sampled_from(sorted(IN_LISTS)), ids=st.lists(st.integers(-2, 10**9)))
def test_the_range_holds_for_every_item_of_a_list(name: str, ids: list[int]) -> None:
    assert (reason_against(name, ids) is None) == all(token >= 0 for token in ids), (name, ids)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**400, -(10**400)])
@pytest.mark.parametrize("name", sorted(LAW_OF))
def test_no_field_holds_what_a_float64_cannot(name: str, number: float) -> None:
    reason = reason_against(name, number)
    assert reason is not None
    assert reason.clause in ("CONFIG-3", "CONFIG-4")     # an integer field refuses the type of NaN


# Against the installed transformers


@pytest.fixture(scope="module")
def installed() -> Any:
    """Return transformers' module of the generation config, and skip where there is none."""
    pytest.importorskip("transformers", reason="holds the fields to transformers, which is not installed")
    return pytest.importorskip("transformers.generation.configuration_utils")


def keys_read(installed: Any) -> set[str]:
    """Return the keys that the constructor of transformers' config reads."""
    return set(re.findall(r'kwargs\.pop\(\s*"(\w+)"', inspect.getsource(installed.GenerationConfig.__init__)))


def test_every_key_that_transformers_reads_is_a_field(installed: Any) -> None:
    assert keys_read(installed) <= {field.key for field in FIELDS.values()}


def test_every_field_of_this_release_is_read_by_transformers(installed: Any) -> None:
    now = release(installed.__version__)
    expected = {
        field.key for field in FIELDS.values()
        if not field.removed and release(field.since or "4.38") <= now
    }
    set_without_being_read = {"is_assistant"} if now < (5, 0) else set()
    assert expected - set_without_being_read <= keys_read(installed)


def test_what_applies_when_unset_is_what_transformers_applies(installed: Any) -> None:
    if not hasattr(installed.GenerationConfig, "_get_default_generation_params"):
        pytest.skip("before 5.0 the defaults stand in the constructor")
    theirs = installed.GenerationConfig._get_default_generation_params()
    del theirs["max_length"]        # LENGTH-4: the 20 are new tokens, which is no value of max_length
    ours = {name: field.unset for name, field in FIELDS.items() if field.unset is not None}
    assert ours == {name: value for name, value in theirs.items() if value is not None}
    assert {name: type(value) for name, value in ours.items()} == {name: type(theirs[name]) for name in ours}


def test_cache_implementations_are_those_of_transformers(installed: Any) -> None:
    if not hasattr(installed, "DYNAMIC_CACHE_IMPLEMENTATIONS"):
        pytest.skip("before 4.56 the names stand elsewhere")
    fits = predicate(FIELDS["cache_implementation"].type)
    assert all(fits(name) for name in (*installed.ALL_CACHE_IMPLEMENTATIONS, "paged"))
    named = next(part for part in alternatives(FIELDS["cache_implementation"].type)).__args__
    assert set(named) == {*installed.ALL_CACHE_IMPLEMENTATIONS, "paged"}


def test_moved_modes_are_those_that_transformers_loads_from_the_hub(installed: Any) -> None:
    utils = pytest.importorskip("transformers.generation.utils")
    if not hasattr(utils, "GENERATION_MODES_MAPPING"):
        pytest.skip("before 4.57 there is no such table")
    repositories = {value for value in utils.GENERATION_MODES_MAPPING.values() if "/" in value}
    assert {name for name in MOVED_MODES if not any(repo in FIELDS[name].moved_to for repo in repositories)} == set()

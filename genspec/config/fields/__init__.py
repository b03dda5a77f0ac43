"""Every generation field, by group. Importing this fills `FIELDS`; nothing here imports pydantic."""

# The order of these imports is the order of FIELDS, and of the reference page: by topic, not by name.
# isort: off
from genspec.config.field import FIELDS, Field
from genspec.config.fields.length import LengthFields
from genspec.config.fields.strategy import StrategyFields
from genspec.config.fields.beams import BeamFields
from genspec.config.fields.sampling import SamplingFields
from genspec.config.fields.penalties import PenaltyFields
from genspec.config.fields.forcing import ForcingFields
from genspec.config.fields.tokens import TokenFields
from genspec.config.fields.outputs import OutputFields
from genspec.config.fields.assistance import AssistanceFields
from genspec.config.fields.cache import CacheFields
from genspec.config.fields.performance import PerformanceFields
from genspec.config.fields.moved import MovedFields
from genspec.config.fields.metadata import MetadataFields
# isort: on

__all__ = ["FIELDS", "Field", "GenerationFields"]


class GenerationFields(
    MetadataFields,
    MovedFields,
    PerformanceFields,
    CacheFields,
    AssistanceFields,
    OutputFields,
    TokenFields,
    ForcingFields,
    PenaltyFields,
    SamplingFields,
    BeamFields,
    StrategyFields,
    LengthFields,
):
    """All fields of a generation config, without behaviour.

    The bases stand in reverse: pydantic collects fields from the last base to the first, so a model has them in the
    order of FIELDS.
    """

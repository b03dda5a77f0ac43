"""Fields that change speed and memory alone. Text: docs/spec/performance.md."""

from typing import Any

from genspec.config.bounds import at_least
from genspec.config.field import FieldGroup, field, fields
from genspec.config.mode import NEVER


@fields("Performance")
class PerformanceFields(FieldGroup):
    """How the forward pass is run. None of these changes a token."""

    compile_config: dict[str, Any] | None = field(
        """Arguments for the compilation of the forward pass, which happens with a cache of fixed size. In Python it is
        an object; transformers refuses to load a file that holds it.""",
        clause="PERFORMANCE-1",
        modes=NEVER,
        since="4.47",
    )
    disable_compile: bool | None = field(
        """Whether the forward pass stays uncompiled where it would be compiled by itself.""",
        clause="PERFORMANCE-1",
        modes=NEVER,
        since="4.49",
    )
    prefill_chunk_size: int | None = field(
        """The number of prompt tokens passed through the model at a time, to need less memory. When it is unset the
        whole prompt is passed at once.""",
        clause="PERFORMANCE-1",
        bounds=at_least(1),
        modes=NEVER,
        since="4.51",
    )
    continuous_batching_config: dict[str, Any] | None = field(
        """Options of continuous batching. Deprecated here: they are an argument of the call, and a file that holds
        them changes nothing.""",
        clause="PERFORMANCE-1",
        modes=NEVER,
        since="5.4",
    )

"""Fields of the key-value cache. Text: docs/spec/cache.md."""

from typing import Any, Literal

from genspec.config.bounds import at_least
from genspec.config.field import FieldGroup, field, fields
from genspec.config.mode import NEVER


@fields("Cache")
class CacheFields(FieldGroup):
    """How keys and values of earlier tokens are kept. None of these changes a token."""

    use_cache: bool | None = field(
        """Whether keys and values of earlier tokens are kept from step to step. false computes them again at every
        step, which is slower; training code often leaves it behind.""",
        clause="CACHE-1",
        unset=True,
        modes=NEVER,
    )
    cache_implementation: (
        Literal[
            "dynamic",
            "static",
            "offloaded",
            "offloaded_static",
            "quantized",
            "paged",
            "sliding_window",
            "hybrid",
            "hybrid_chunked",
            "offloaded_hybrid",
            "offloaded_hybrid_chunked",
        ]
        | None
    ) = field(
        """The kind of cache. "sliding_window" and the names with "hybrid" are old spellings of "static" and
        "offloaded_static"; "paged" leads to continuous batching.""",
        clause="CACHE-2",
        modes=NEVER,
    )
    cache_config: dict[str, Any] | None = field(
        """Arguments for the cache that cache_implementation names.""",
        clause="CACHE-3",
        modes=NEVER,
        since="4.42",
    )
    max_cache_len: int | None = field(
        """The length, in tokens, for which a static cache is made, so that longer calls can use it again. Other kinds
        of cache ignore it.""",
        clause="CACHE-3",
        bounds=at_least(1),
        modes=NEVER,
        since="5.13",
    )

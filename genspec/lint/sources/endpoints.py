"""Which engine a request is for, by the path at the end of its address, in a program or a command."""

from typing import NamedTuple

from genspec.lint.sources.document import Source


class Endpoint(NamedTuple):
    """What a request to an address configures."""

    source: Source
    under: str = ""                 # the member that holds the settings; empty: they are members themselves


ENDPOINTS: tuple[tuple[str, Endpoint], ...] = (
    ("/v1/chat/completions", Endpoint(Source.OPENAI_PAYLOAD)),
    ("/v1/completions", Endpoint(Source.OPENAI_PAYLOAD)),
    ("/api/chat", Endpoint(Source.OLLAMA_OPTIONS, "options")),
    ("/api/generate", Endpoint(Source.OLLAMA_OPTIONS, "options")),
    ("/completion", Endpoint(Source.LLAMA_CPP_PARAMS)),
    ("/generate", Endpoint(Source.TGI_PARAMS, "parameters")),
    ("/generate_stream", Endpoint(Source.TGI_PARAMS, "parameters")),
)
"""Ends of paths. SGLang's `/generate` has other members."""

WORDS = (b"completion", b"/api/chat", b"/generate")
"""One of these stands in every file that names such an address and is worth a look for it."""


def endpoint_of(url: str) -> Endpoint | None:
    """Return what a request to an address configures, or None where that is not known."""
    path = url.partition("?")[0].rstrip("/")
    return next((endpoint for ending, endpoint in ENDPOINTS if path.endswith(ending)), None)

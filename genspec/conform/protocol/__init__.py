"""JSON lines between the kit and a decoder in any language. Guide: docs/guide/protocol.md. Schema: schema.json."""

TYPE_CHECKING = False   # type checkers take it for true

if TYPE_CHECKING:
    from genspec.conform.protocol.server import serve

__all__ = ["serve"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name != "serve":
        raise AttributeError(f"module 'genspec.conform.protocol' has no attribute {name!r}")
    from genspec.conform.protocol.server import serve

    return serve

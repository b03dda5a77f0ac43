"""Fields that tell where a config came from. Text: docs/spec/config.md (CONFIG-8)."""

from genspec.config.field import FieldGroup, field, fields
from genspec.config.mode import NEVER


@fields("Metadata")
class MetadataFields(FieldGroup):
    """Bookkeeping. None of these changes a token."""

    transformers_version: str | None = field(
        """The transformers release that wrote the file.""",
        clause="CONFIG-8",
        modes=NEVER,
    )
    from_model_config: bool | None = field(
        """Whether the config was derived from a model's config.json. When it is true, keys that are no generation
        field are dropped on loading.""",
        clause="CONFIG-8",
        modes=NEVER,
        key="_from_model_config",
    )
    commit_hash: str | None = field(
        """The commit of the repository that the file came from. Old files hold it; nothing reads it since 5.18.""",
        clause="CONFIG-8",
        modes=NEVER,
        key="_commit_hash",
    )

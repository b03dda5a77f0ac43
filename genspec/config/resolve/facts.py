"""What is known of the model and the prompt when a config is resolved."""

from dataclasses import dataclass

from genspec.config.plan import Architecture, OnOverflow
from genspec.config.profile import Profile
from genspec.config.profiles import profile_named


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that a plan depends on besides the config. None: not known, and then not checked."""

    prompt_length: int              # tokens; the encoder's for an encoder-decoder model
    vocab_size: int | None          # V
    context_length: int | None      # tokens that the decoder can hold, prompt included
    architecture: Architecture
    on_overflow: OnOverflow
    profile: Profile
    assistant: bool = False         # whether the call gives a model that drafts. MODE-7

    @classmethod
    def of(
        cls,
        *,
        prompt_length: int,
        vocab_size: int | None,
        context_length: int | None,
        architecture: Architecture,
        on_overflow: OnOverflow,
        profile: Profile | str,
        assistant: bool = False,
    ) -> "Facts":
        """Check the facts themselves. Raises ValueError: they come from the caller, not from the config."""
        for name, value, least in (
            ("prompt_length", prompt_length, 0), ("vocab_size", vocab_size, 1), ("context_length", context_length, 1)
        ):
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
                raise ValueError(f"{name} must be an integer of at least {least}, not {value!r}")
        if architecture not in ("decoder-only", "encoder-decoder"):
            raise ValueError(f"architecture must be 'decoder-only' or 'encoder-decoder', not {architecture!r}")
        if on_overflow not in ("truncate", "error"):
            raise ValueError(f"on_overflow must be 'truncate' or 'error', not {on_overflow!r}")
        known = profile if isinstance(profile, Profile) else profile_named(profile)
        return cls(prompt_length, vocab_size, context_length, architecture, on_overflow, known, assistant)

    @property
    def decoder_prompt_length(self) -> int:
        """Return the tokens that the decoder starts from: the prompt, or the one start token. LENGTH-2, TOKENS-6."""
        return 1 if self.architecture == "encoder-decoder" else max(1, self.prompt_length)

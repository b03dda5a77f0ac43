"""Fields that choose what is returned besides the tokens. Text: docs/spec/outputs.md."""

from genspec.config.field import FieldGroup, field, fields


@fields("Outputs")
class OutputFields(FieldGroup):
    """What a decoder returns. None of these changes a token."""

    return_dict_in_generate: bool | None = field(
        """Whether a structure is returned instead of the bare sequences. The fields that begin with output_ have no
        effect without it.""",
        clause="OUTPUTS-1",
        unset=False,
    )
    output_scores: bool | None = field(
        """Whether the scores of each step are returned, as they stand after the whole pipeline.""",
        clause="OUTPUTS-2",
        unset=False,
    )
    output_logits: bool | None = field(
        """Whether the logits of each step are returned, as the model gave them.""",
        clause="OUTPUTS-3",
    )
    output_attentions: bool | None = field(
        """Whether the attention weights of every layer are returned. The model needs an attention implementation that
        computes them.""",
        clause="OUTPUTS-4",
    )
    output_hidden_states: bool | None = field(
        """Whether the hidden states of every layer are returned.""",
        clause="OUTPUTS-5",
    )

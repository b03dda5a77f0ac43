"""No n-gram of the source in the output. Text: docs/spec/encoder_no_repeat_ngram.md."""

from genspec.backends.torch.operations.no_repeat_ngram import Followers, Ngrams
from genspec.backends.torch.sparse import Line


def encoder_no_repeat_ngram(line: Line, size: int) -> Followers:
    """Ban every token that would complete an n-gram of the source. ENCODER-NO-REPEAT-NGRAM-2 to -4."""
    of_source = Ngrams(size, line.vocab_size)
    for token in line.source:
        of_source.advance(token)
    return Followers(of_source.followers, line.tokens, size - 1)

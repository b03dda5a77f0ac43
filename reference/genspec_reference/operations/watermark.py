"""The greenlist watermark. Text: docs/spec/watermark.md. Source: Kirchenbauer et al., ICML 2023 and ICLR 2024."""

from functools import lru_cache

import numpy as np

from genspec_reference.scores import Scores, Tokens, highest

TABLE = 1_000_003       # entries of the hash table. WATERMARK-5
CANDIDATES = 40         # tokens that selfhash asks about. WATERMARK-4
WORD, LONG = 1 << 32, 1 << 64


def watermark(
    scores: Scores, tokens: tuple[int, ...], *, greenlist_ratio: float = 0.25, bias: float = 2.0,
    hashing_key: int = 15485863, seeding_scheme: str = "lefthash", context_width: int = 1,
) -> Scores:
    """Add `bias` to the scores of the tokens that are green after this row.

    `scores`: float[V]; `tokens`: the row. Returns float[V]; minus infinity stays minus infinity. WATERMARK-7
    """
    marked = scores.copy()
    if len(tokens) < context_width:                                         # WATERMARK-6
        return marked
    size = int(scores.size * greenlist_ratio)                               # WATERMARK-2
    if seeding_scheme == "selfhash":
        window = tokens[len(tokens) - context_width + 1:]
        candidates = highest(scores, CANDIDATES)
        green = [t for t in candidates if is_green(int(t), window, hashing_key, scores.size, size)]
    else:
        green = list(permutation(hashing_key * tokens[-1] % (LONG - 1), scores.size)[:size])    # WATERMARK-3
    marked[green] += bias
    return marked


def is_green(token: int, window: tuple[int, ...], hashing_key: int, vocab_size: int, size: int) -> bool:
    """Tell whether a token is in the greenlist that it seeds itself. WATERMARK-4."""
    seed = own_seed((*window, token), hashing_key)
    return token in permutation(seed, vocab_size)[:size]


def own_seed(window: tuple[int, ...], hashing_key: int) -> int:
    """Give the seed of a window that ends in the candidate: the least signed product. WATERMARK-5."""
    table = permutation_table(hashing_key)
    own = int(table[window[-1] % TABLE]) + 1
    products = [hashing_key * (int(table[token % TABLE]) + 1) * own for token in window]
    return min((product + LONG // 2) % LONG - LONG // 2 for product in products) % (LONG - 1)


@lru_cache(maxsize=4)
def permutation_table(hashing_key: int) -> Tokens:
    """Shuffle the entries of the hash table. int[TABLE]. WATERMARK-5."""
    return permutation(hashing_key, TABLE)


def permutation(seed: int, size: int) -> Tokens:
    """Shuffle the numbers below `size` by MT19937, as `torch.randperm` does on a CPU. int[size]. WATERMARK-2.

    NumPy's old generator is the one with this initialisation, and is frozen.
    """
    shuffled = list(range(size))
    words = np.random.RandomState(seed % WORD).randint(0, WORD, size=size, dtype=np.uint32)
    for place, word in enumerate(words.tolist()):
        other = place + word % (size - place)
        shuffled[place], shuffled[other] = shuffled[other], shuffled[place]
    return np.array(shuffled, dtype=np.intp)

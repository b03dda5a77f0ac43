"""How much of anything a config can sensibly have. Beyond, a file is reported instead of read."""

MOST_BYTES = 4 * 1024 * 1024
"""Real configs have a few hundred bytes; lists of token ids make some of them a few hundred thousand."""

HEAD_BYTES = 1024 * 1024
"""What is read of a model file, whose settings stand in its first few thousand bytes."""

DEEPEST = 200
"""Brackets inside brackets. Configs have three or four."""

LONGEST_INTEGER = 300
"""Digits. Beyond, an integer fits no float and few readers take it; no field of a config needs twenty."""

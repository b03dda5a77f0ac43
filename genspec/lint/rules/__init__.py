"""All rules, by family. Importing this fills `RULES`."""

from genspec.lint.rules import beams, calls, folder, format, length, output, repetition, sampling, tokens, versions

__all__ = ["beams", "calls", "folder", "format", "length", "output", "repetition", "sampling", "tokens", "versions"]

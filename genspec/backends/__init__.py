"""Decoders behind one interface: the reference, torch, `generate` of transformers. Text: docs/guide/backends.md."""

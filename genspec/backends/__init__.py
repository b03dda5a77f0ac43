"""Decoders behind one interface: the reference, our own on torch, `generate` of transformers. Text: docs/guide/backends.md."""

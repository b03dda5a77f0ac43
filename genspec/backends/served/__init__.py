"""Decoders that run elsewhere and answer over HTTP. Guide: docs/guide/engines.md."""

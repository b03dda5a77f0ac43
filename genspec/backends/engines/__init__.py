"""Decoders that run real engines, one adapter a file, each with an extra of its own. Guide: docs/guide/engines.md."""

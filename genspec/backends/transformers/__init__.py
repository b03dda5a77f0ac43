"""`generate` of transformers behind the interface of decoders. Text: docs/guide/backends.md.

Start at `decoder.py`. Importing this package loads neither torch nor transformers; its modules do.
"""

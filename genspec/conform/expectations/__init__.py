"""What a decoder is expected to get wrong, in a file that people read and change. Guide: docs/guide/engine_ci.md."""

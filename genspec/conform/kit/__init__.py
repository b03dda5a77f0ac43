"""The kit: run cases on a decoder, keep what comes back, and say what it is worth. Guide: docs/guide/conform.md."""

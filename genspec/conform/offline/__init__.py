"""Questions that are written down, answered elsewhere, and judged here. Guide: docs/guide/engine_ci.md."""

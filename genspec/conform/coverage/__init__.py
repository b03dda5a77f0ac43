"""What a run covered: parameters, classes of their values, levels. Guide: docs/guide/conform.md."""

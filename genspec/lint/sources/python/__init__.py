"""Generation settings in Python: calls and assignments, read with `ast` alone. Nothing is imported, nothing is run."""

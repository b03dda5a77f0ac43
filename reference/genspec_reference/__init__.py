"""The normative decoder: NumPy and genspec.config only. One operation a file."""

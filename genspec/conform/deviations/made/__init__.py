"""What deviations of transformers make of a request: one group a file. Each is found again in its page's row."""

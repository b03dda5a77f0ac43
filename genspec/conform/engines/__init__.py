"""What runs of real engines showed, and what is known of it: the pages of docs/conformance."""

"""What the answers of a run say of an engine's semantics, choice point by choice point."""

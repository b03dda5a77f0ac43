"""Hold a decoder to the reference: cases, oracles and verdicts."""

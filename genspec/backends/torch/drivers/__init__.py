"""Models behind one interface: lines of tokens in, logits out, with whatever they keep from step to step."""

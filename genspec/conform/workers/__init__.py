"""Somebody else's code in processes of its own: what it does there becomes an answer, whatever it is."""

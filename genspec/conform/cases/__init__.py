"""Cases: a question to a decoder, and how its answer is judged."""

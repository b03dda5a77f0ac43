"""What genspec campaign is made of."""

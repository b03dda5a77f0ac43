"""The typed generation config, its fields and their metadata, and how it is resolved into a plan."""

"""L4, the law of the samples: trials that stop by themselves, with a stated error rate. Guide: docs/guide/laws.md."""

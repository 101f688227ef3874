"""Model versions: what is finished, which is active, their weights and arrays, inference."""

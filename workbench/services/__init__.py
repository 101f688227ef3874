"""Use cases, one a module. Each owns its transaction and returns frozen dataclasses."""

"""The benchmark of a team that curates at once; `python -m benchmarks.curation` runs it."""

"""The benchmark of the pages; `python -m benchmarks.web` runs it."""

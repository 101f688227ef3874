"""The benchmark of people's writes; `python -m benchmarks.writes` runs it."""

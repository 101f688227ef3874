"""What the workbench can do, measured: `python -m benchmarks.NAME [--quick] [--json]`."""

"""The worker process: retrains when asked to, and nightly when enough was decided."""

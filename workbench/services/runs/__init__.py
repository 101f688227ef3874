"""Training runs: requested, queued, claimed, watched, cancelled, recovered, scheduled."""

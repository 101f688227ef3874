"""Use cases that keep everything in memory, one module a wing of services."""

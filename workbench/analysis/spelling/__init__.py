"""Forget-to-spell: the projection, what it is trained on, and probes of what it forgot."""

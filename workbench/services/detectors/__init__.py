"""Scores of detectors from outside: read from a table, matched with images, kept as a version."""

"""Bring images into a collection: read a source, normalise, split, write."""

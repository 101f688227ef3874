"""Similarity search: indexes of nearest neighbours, made and asked."""

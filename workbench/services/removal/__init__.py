"""Leaving: images, versions and collections with everything of them, and stray files."""

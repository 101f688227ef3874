"""Kinds: what a region does differently from the rest of its image, seen against real images."""

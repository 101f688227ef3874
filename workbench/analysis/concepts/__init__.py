"""Concepts: what patches show, the same in many images."""

"""Encoders: frozen vision transformers, their features, and the parts kept for attribution."""

"""Regions: masks on images, that versions find or that people draw."""

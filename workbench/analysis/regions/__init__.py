"""Regions of images: pixel groups, patterns, lift, counterfactual edits."""

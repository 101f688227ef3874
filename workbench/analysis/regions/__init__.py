"""Regions of images: pixel groups, patterns of them, lift, counterfactual edits."""

"""Distillers: evidence by concept, and the paper's; their training and the heads that are kept."""

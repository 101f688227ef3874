"""Describing: what dimensions and patterns show, before anyone names them."""

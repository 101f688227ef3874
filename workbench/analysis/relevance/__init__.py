"""Relevance: what each patch gives to each distilled dimension, one method a file."""

from workbench.analysis.relevance.maps import TokenMaps
from workbench.analysis.relevance.methods import (
    METHODS,
    default_method,
    method_for,
    needs,
    token_maps,
)

__all__ = ["METHODS", "TokenMaps", "default_method", "method_for", "needs", "token_maps"]

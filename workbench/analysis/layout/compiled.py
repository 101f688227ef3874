"""UMAP, with what numba compiles of it kept from one process to the next.

umap-learn leaves numba's cache off for the costliest functions, so that every process would compile
them again: eleven seconds of processor time, for a layout of a tenth of a second.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from umap import UMAP, layouts, umap_, utils

__all__ = ["COSTLY", "UMAP", "kept"]

COSTLY: tuple[tuple[ModuleType, str], ...] = (
    (utils, "fast_knn_indices"),
    (umap_, "smooth_knn_dist"),
    (umap_, "compute_membership_strengths"),
    (umap_, "init_transform"),
    # Not its parallel twin: the cache would take one for the other.
    (layouts, "_nb_optimize_layout_euclidean_single_epoch"),
)
"""What a layout calls of umap-learn and it compiles without a cache, by module and name."""


def kept() -> list[Any]:
    """Numba's dispatchers whose compiled code is kept: those of `COSTLY` that umap-learn has."""
    found = (getattr(module, name, None) for module, name in COSTLY)
    return [each for each in found if hasattr(each, "enable_caching")]


# Before their first use. The place is told by `Settings.set_up_numba`; numba itself compiles again
# for another processor, version or source.
for function in kept():
    function.enable_caching()

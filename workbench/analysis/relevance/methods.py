"""The relevance methods, by name."""

from __future__ import annotations

from collections.abc import Callable

from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.encoder import PATCH_KINDS, Encoder, Penultimate
from workbench.analysis.relevance.last_block import last_block
from workbench.analysis.relevance.maps import TokenMaps
from workbench.analysis.relevance.patch_share import patch_share

Method = Callable[[Encoder, DistilledHead, Penultimate], TokenMaps]

METHODS: dict[str, Method] = {"last_block": last_block, "patch_share": patch_share}


def token_maps(method: str, encoder: Encoder, head: DistilledHead, state: Penultimate) -> TokenMaps:
    """The maps of one batch by one of `METHODS`, on the CPU and without gradients.

    An image's maps do not depend on the batch it is in, and no argument is changed. ValueError
    for an unknown method, or one that the encoder's features do not allow.
    """
    if method not in METHODS:
        raise ValueError(f"there is no relevance method {method!r}; there is {', '.join(METHODS)}")
    maps = METHODS[method](encoder, head, state)
    return TokenMaps(maps=maps.maps.detach(), baseline=maps.baseline.detach())


def default_method(encoder: Encoder) -> str:
    """`patch_share`, which is exact, where there are patch features to share out."""
    exact = any(feature.kind in PATCH_KINDS for feature in encoder.features)
    return "patch_share" if exact else "last_block"

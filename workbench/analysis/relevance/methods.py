"""The relevance methods, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import Encoder, FeatureKind, Part, Penultimate
from workbench.analysis.relevance import class_token_path, last_block, patch_share, smooth_share
from workbench.analysis.relevance.maps import TokenMaps


@dataclass(frozen=True)
class Method:
    """A relevance method, with what it asks of an encoder.

    explains: it can be used where x has a feature of one of these kinds.
    parts: what it needs of the state for each kind of feature that x has.
    """

    maps: Callable[[Encoder, DistilledHead, Penultimate], TokenMaps]
    explains: frozenset[FeatureKind]
    parts: Mapping[FeatureKind, Part]


METHODS: dict[str, Method] = {
    "smooth_share": Method(smooth_share.smooth_share, smooth_share.EXPLAINS, smooth_share.PARTS),
    "patch_share": Method(patch_share.patch_share, patch_share.EXPLAINS, patch_share.PARTS),
    "last_block": Method(last_block.last_block, last_block.EXPLAINS, last_block.PARTS),
    "class_token_path": Method(
        class_token_path.class_token_path, class_token_path.EXPLAINS, class_token_path.PARTS
    ),
}
"""In the order in which they are preferred."""


def token_maps(method: str, encoder: Encoder, head: DistilledHead, state: Penultimate) -> TokenMaps:
    """The maps of one batch by one of `METHODS`, on the CPU and without gradients.

    An image's maps do not depend on the batch it is in, and no argument is changed. ValueError
    for an unknown method, one that the encoder's features do not allow, or a state without a part
    that it needs.
    """
    missing = needs(method, encoder) - state.parts
    if allows(method, encoder) and missing:
        raise ValueError(f"{method} needs {', '.join(sorted(missing))}, which were not kept")
    maps = METHODS[method].maps(encoder, head, state)
    return TokenMaps(maps=maps.maps.detach(), baseline=maps.baseline.detach())


def needs(method: str, encoder: Encoder) -> frozenset[Part]:
    """What the method needs of `Encoder.encode` beside embeddings; ValueError if unknown."""
    parts = _method(method).parts
    return frozenset(parts[each.kind] for each in encoder.features if each.kind in parts)


def allows(method: str, encoder: Encoder) -> bool:
    """Whether x has a feature that the method explains; ValueError for an unknown method."""
    explained = _method(method).explains
    return any(feature.kind in explained for feature in encoder.features)


def default_method(encoder: Encoder) -> str:
    """The first of `METHODS` that the features allow: `smooth_share` where patches make features.

    It wins `benchmarks.attribution` (docs/adr/0017-smooth-share-by-default.md).
    """
    return next(name for name in METHODS if allows(name, encoder))


def method_for(encoder: Encoder, wanted: str) -> str:
    """The wanted method, or the default one where the encoder's features do not allow it."""
    return wanted if allows(wanted, encoder) else default_method(encoder)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise ValueError(f"there is no relevance method {name!r}; there is {', '.join(METHODS)}")
    return METHODS[name]

"""Attribution methods by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workbench.analysis.cross_fitting.heads import Head
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.distiller.linear_evidence import SIGMA
from workbench.analysis.encoders.protocol import Encoder, FeatureKind, Part, Penultimate
from workbench.analysis.relevance import class_token_path, concept_share, last_block
from workbench.analysis.relevance.attribution import Attribution


@dataclass(frozen=True)
class Method:
    """An attribution method and its requirements of an encoder.

    attribute: takes heads of the kind `head`.
    explains: x must have a feature of one of these kinds.
    parts: of the penultimate state, needed for each kind of feature that x has.
    """

    attribute: Callable[..., Attribution]
    head: type
    explains: frozenset[FeatureKind]
    parts: Mapping[FeatureKind, Part]


_EXACT = Method(
    concept_share.concept_share, ConceptHead, concept_share.EXPLAINS, concept_share.PARTS
)
METHODS: dict[str, Method] = {
    "smooth_share": _EXACT,
    "patch_share": _EXACT,
    "last_block": Method(
        last_block.last_block, DistilledHead, last_block.EXPLAINS, last_block.PARTS
    ),
    "class_token_path": Method(
        class_token_path.class_token_path,
        DistilledHead,
        class_token_path.EXPLAINS,
        class_token_path.PARTS,
    ),
}
"""In order of preference. The first two differ in what heads are trained to: `smoothing_of`."""


def attribute(method: str, encoder: Encoder, head: Head, state: Penultimate) -> Attribution:
    """Compute the attributions of one batch by one of `METHODS`, on the CPU, without gradients.

    An image's attributions do not depend on its batch, and no argument is changed. ValueError
    for an unknown method, one that the encoder's features do not allow, or a state without a part
    that it needs; TypeError for a head of a kind that it does not explain.
    """
    if not isinstance(head, _method(method).head):
        raise TypeError(f"{method} cannot explain a {type(head).__name__}")
    missing = needs(method, encoder) - state.parts
    if allows(method, encoder) and missing:
        raise ValueError(f"{method} needs {', '.join(sorted(missing))}, which were not kept")
    found = METHODS[method].attribute(encoder, head, state)
    return Attribution(maps=found.maps.detach(), baseline=found.baseline.detach())


def needs(method: str, encoder: Encoder) -> frozenset[Part]:
    """List the parts that the method needs beside embeddings; ValueError if it is unknown."""
    parts = _method(method).parts
    return frozenset(parts[each.kind] for each in encoder.features if each.kind in parts)


def allows(method: str, encoder: Encoder) -> bool:
    """Tell whether x has a feature that the method explains; ValueError if it is unknown."""
    explained = _method(method).explains
    return any(feature.kind in explained for feature in encoder.features)


def default_method(encoder: Encoder) -> str:
    """Choose the first of `METHODS` that the features allow: `smooth_share` for patch features.

    It wins `benchmarks.attribution` (docs/adr/0017-smooth-share-by-default.md).
    """
    return next(name for name in METHODS if allows(name, encoder))


def smoothing_of(method: str) -> float:
    """Choose how far evidence is smoothed for an exact method, in patches; 0 for none."""
    return SIGMA if method == "smooth_share" else 0.0


def _method(name: str) -> Method:
    if name not in METHODS:
        raise ValueError(f"unknown attribution method {name!r}; choose from {', '.join(METHODS)}")
    return METHODS[name]

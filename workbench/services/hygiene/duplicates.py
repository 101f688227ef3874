"""Duplicates: same pixels, or nearly; with contradicting labels, across the split."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.hygiene.content import LEAST_AGREEMENT, LEAST_COSINE, MOST_PAIRS, Nearest
from workbench.analysis.hygiene.near_duplicates import (
    MOST_BITS,
    MOST_DIFFERENCE,
    clusters,
    near_duplicates,
)
from workbench.analysis.images.alignment import Detail, agreement, detail
from workbench.analysis.images.fingerprint import Thumbnail, difference, thumbnail
from workbench.config import Settings
from workbench.services.hygiene.embedded import Embedded
from workbench.services.hygiene.findings import MOST_GROUPS, Finding, Severity
from workbench.services.hygiene.images import CheckedImages
from workbench.store.image_files import LostImageError, read_normalised

_THUMBNAILS: Final = 256
"""So many are kept at once, 9 kB each: duplicates often lie together."""


def find_duplicates(
    images: CheckedImages,
    settings: Settings,
    compared: Embedded | None = None,
    alike: Nearest | None = None,
) -> list[Finding]:
    """Find duplicates and near duplicates among the images, by hash and, if given, by embedding.

    Those with both labels and those on both sides of the split are findings of their own; a group
    may be in both.
    """
    same = _same_pixels(images)
    near = _nearly(images, settings)
    aligned = _aligned(images, settings, compared, alike) if compared and alike else []
    found = clusters(len(images), same + near + aligned)
    by_embedding = _only(clusters(len(images), same + near), found)
    mixed = [each for each in found if images.fake[each].any() and images.real[each].any()]
    across = [
        each for each in found if images.held_out[each].any() and not images.held_out[each].all()
    ]
    kinds: tuple[tuple[str, Severity, list[NDArray[np.int64]]], ...] = (
        ("contradicting_duplicates", "warning", mixed),
        ("duplicates_across_split", "warning", across),
        ("duplicates", "note", found),
    )
    return [
        Finding(
            kind=kind,
            severity=severity,
            figures={
                "groups": len(groups),
                "images": sum(map(len, groups)),
                "share": round(sum(map(len, groups)) / len(images), 6),
                "same_pixels": sum(_is_exact(each, images) for each in groups),
                "most_bits": MOST_BITS,
                "most_difference": MOST_DIFFERENCE,
                "least_cosine": LEAST_COSINE,
                "least_agreement": LEAST_AGREEMENT,
                "by_embedding": sum(each[0] in by_embedding for each in groups),
            },
            groups=tuple(
                tuple(int(images.ids[at]) for at in each) for each in groups[:MOST_GROUPS]
            ),
        )
        for kind, severity, groups in kinds
        if groups
    ]


def _only(earlier: list[NDArray[np.int64]], found: list[NDArray[np.int64]]) -> set[int]:
    """First images of the groups that embeddings found or joined: no group by hash is the same."""
    known = {tuple(each) for each in earlier}
    return {int(each[0]) for each in found if tuple(each) not in known}


def _aligned(
    images: CheckedImages, settings: Settings, compared: Embedded, alike: Nearest
) -> list[tuple[int, int]]:
    """Pairs that are near by embedding and show the same: cut, scaled, mirrored, re-coloured."""

    @lru_cache(maxsize=_THUMBNAILS)
    def detail_of(pixel_hash: str) -> Detail | None:
        try:
            return detail(read_normalised(settings.image_dir, pixel_hash))
        except LostImageError:
            return None

    confirmed = []
    for first, second in compared.rows[alike.pairs[:MOST_PAIRS]]:
        own, other = (detail_of(images.pixel_hashes[each]) for each in (first, second))
        if own is not None and other is not None and agreement(own, other) >= LEAST_AGREEMENT:
            confirmed.append((int(first), int(second)))
    return confirmed


def _same_pixels(images: CheckedImages) -> list[tuple[int, int]]:
    """Each image with the first one of the same pixels."""
    first: dict[str, int] = {}
    return [
        (first[each], at)
        for at, each in enumerate(images.pixel_hashes)
        if first.setdefault(each, at) != at
    ]


def _is_exact(group: NDArray[np.int64], images: CheckedImages) -> bool:
    return len({images.pixel_hashes[at] for at in group}) == 1


def _nearly(images: CheckedImages, settings: Settings) -> list[tuple[int, int]]:
    rows = np.flatnonzero(images.has_hash)

    @lru_cache(maxsize=_THUMBNAILS)
    def thumbnail_of(pixel_hash: str) -> Thumbnail | None:
        try:
            return thumbnail(read_normalised(settings.image_dir, pixel_hash))
        except LostImageError:
            return None

    def differ(first: int, second: int) -> float | None:
        hashes = [images.pixel_hashes[rows[each]] for each in (first, second)]
        if hashes[0] == hashes[1]:
            return 0.0
        own, other = map(thumbnail_of, hashes)
        return None if own is None or other is None else difference(own, other)

    found = near_duplicates(images.perceptual_hashes[rows], differ)
    return [(int(rows[first]), int(rows[second])) for first, second in found]

"""Pixel groups, and the patterns that they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.web.filling.bulk import insert
from benchmarks.web.filling.made_up import GROUPS_AN_IMAGE, PATTERNS
from benchmarks.web.filling.writing import Filling, as_json, counted
from workbench.analysis.regions.pixel_groups import PixelGroup as Mask
from workbench.store.regions import Region
from workbench.store.results import Pattern, PixelGroup


def write_groups(filling: Filling, masks: list[Mask]) -> None:
    """Four pixel groups an image, by kind, with a typicality of their own."""
    kinds, made = filling.kinds, filling.made
    contributions = kinds.contributions
    profiles = [[as_json(each) for each in of_kind] for of_kind in kinds.profiles.tolist()]
    for chunk in filling.chunks():
        kind, slot = (
            np.repeat(made.kind[chunk], GROUPS_AN_IMAGE),
            made.groups[chunk].ravel().astype(np.int64),
        )
        count = len(kind)
        pattern = kinds.patterns[kind, slot]
        random = np.random.default_rng([filling.seed, 4, chunk.start])
        distance = np.abs(random.normal(0.0, 0.3, count)).tolist()
        mask = [masks[each] for each in kinds.masks[kind, slot]]
        ids = list(range(chunk.start * GROUPS_AN_IMAGE + 1, chunk.stop * GROUPS_AN_IMAGE + 1))
        image_ids = np.repeat(counted(chunk), GROUPS_AN_IMAGE).tolist()
        insert(
            filling.bulk,
            Region.__table__,
            {
                "id": ids,
                "image_id": image_ids,
                **{
                    name: [getattr(each, name) for each in mask]
                    for name in ("rle", "left", "top", "width", "height", "area")
                },
            },
        )
        insert(
            filling.bulk,
            PixelGroup.__table__,
            {
                "id": ids,
                "version_id": filling.ids.version,
                "image_id": image_ids,
                "region_id": ids,
                "number": list(range(GROUPS_AN_IMAGE)) * (count // GROUPS_AN_IMAGE),
                "contribution": contributions[kind, slot].tolist(),
                "by_dimension": [
                    profiles[a][b] for a, b in zip(kind.tolist(), slot.tolist(), strict=True)
                ],
                "pattern_id": [each + 1 if each >= 0 else None for each in pattern.tolist()],
                "typicality": [
                    each if number >= 0 else None
                    for each, number in zip(distance, pattern.tolist(), strict=True)
                ],
            },
        )


def write_patterns(filling: Filling) -> None:
    """What an analysis would say of the patterns that the groups belong to."""
    slots = filling.made.groups.astype(np.int64)
    numbers = filling.kinds.patterns[filling.made.kind[:, None], slots].astype(np.int8)
    rows = [_pattern(filling, number, numbers, slots) for number in range(PATTERNS)]
    insert(
        filling.bulk,
        Pattern.__table__,
        {name: [row[name] for row in rows] for name in rows[0]},
    )


def _pattern(
    filling: Filling, number: int, numbers: NDArray[np.int8], slots: NDArray[np.int64]
) -> dict[str, Any]:
    """One pattern's row; `numbers` and `slots` are of each group (image, group)."""
    kinds, made = filling.kinds, filling.made
    random = np.random.default_rng([filling.seed, 5, number])
    image, position = np.nonzero(numbers == number)
    has = np.zeros(filling.count, dtype=bool)
    has[image] = True
    kind, slot = made.kind[image], slots[image, position]
    contribution = kinds.contributions[kind, slot]
    # By kind first: the profiles of a large pattern's members would take much memory.
    counts = np.zeros(kinds.patterns.shape)
    np.add.at(counts, (kind, slot), 1)
    profile = (counts[..., None] * kinds.profiles).sum(axis=(0, 1)) / max(counts.sum(), 1)
    mean = float(contribution.mean()) if len(contribution) else 0.0
    effect = -mean * random.uniform(0.7, 1.1)
    return {
        "id": number + 1,
        "version_id": filling.ids.version,
        "number": number,
        "side": "fake" if number < PATTERNS // 2 else "real",
        "groups": len(image),
        "images": int(has.sum()),
        "mean_contribution": mean,
        "spread_contribution": float(contribution.std()) if len(contribution) else 0.0,
        "profile": as_json(profile.tolist()),
        "effect": effect,
        "effect_low": effect - 0.3,
        "effect_high": effect + 0.3,
        "effect_control": effect * 0.2,
        "effect_images": 24,
        "stability": float(random.uniform(0.2, 0.9)),
    }

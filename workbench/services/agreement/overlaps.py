"""How far the regions overlap that two people put the same tag on, on one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import select

from workbench.analysis.regions.overlap import COVERS
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Tagging
from workbench.store.regions import Region, RegionOverlap

BINS: Final = 10


@dataclass(frozen=True)
class Overlaps:
    """Intersection over union of regions with their best match among another person's.

    images: those on which two people or more put the tag. regions: compared, each once for each
    other person. counts: regions by overlap, in tenths from 0 to 1; below a tenth counts as none.
    mean: None without regions. matched: the share of regions with an overlap of half or more.
    """

    images: int
    regions: int
    counts: tuple[int, ...]
    mean: float | None
    matched: float | None


def overlaps(collection_id: int, tag_id: int) -> Overlaps:
    """Match the regions of a tag between people. Two queries."""
    put = (
        select(Region.image_id, Tagging.user_id, Region.id)
        .join(Region, Region.id == Tagging.region_id)
        .join(Image, Image.id == Region.image_id)
        .where(
            Tagging.tag_id == tag_id,
            Tagging.withdrawn_at.is_(None),
            Image.collection_id == collection_id,
        )
    )
    tagged = put.with_only_columns(Region.id)
    pairs = select(RegionOverlap.region_id, RegionOverlap.other_id, RegionOverlap.iou).where(
        RegionOverlap.region_id.in_(tagged), RegionOverlap.other_id.in_(tagged)
    )
    rows = session().execute(put).tuples().all()
    found = {(row[0], row[1]): row[2] for row in session().execute(pairs)}
    on_image: dict[int, dict[int, list[int]]] = {}
    for image_id, person_id, region_id in rows:
        on_image.setdefault(image_id, {}).setdefault(person_id, []).append(region_id)
    shared = [by_person for by_person in on_image.values() if len(by_person) > 1]
    best = [
        max(found.get((region, other), 0.0) for other in others)
        for by_person in shared
        for person_id, regions in by_person.items()
        for region in regions
        for other_id, others in by_person.items()
        if other_id != person_id
    ]
    return _summary(len(shared), np.array(best))


def _summary(images: int, best: np.ndarray) -> Overlaps:
    # 0.6 lies in the bin that begins there, however it is rounded.
    bins = np.minimum(np.floor(best * BINS + 1e-9).astype(np.int64), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    return Overlaps(
        images=images,
        regions=len(best),
        counts=tuple(counts.tolist()),
        mean=float(best.mean()) if len(best) else None,
        matched=float((best >= COVERS).mean()) if len(best) else None,
    )

"""The regions of the masks that a version finds on images: those that are there, or new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.overlap import TOUCHES, overlaps
from workbench.store.regions import Region, RegionOverlap


class Mask(Protocol):
    """A mask as run lengths, with its bounding box and area, in pixels."""

    @property
    def rle(self) -> str: ...
    @property
    def left(self) -> int: ...
    @property
    def top(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def area(self) -> int: ...


def regions_of(write: Session, masks: Mapping[int, Sequence[Mask]]) -> dict[tuple[int, str], int]:
    """The regions of some images' masks, within a transaction; by image and run lengths.

    `masks` are given by image. A mask that the image has already is no new region; a new one is
    written with its overlaps with those that were there.
    """
    there = _there(write, list(masks))
    new: dict[tuple[int, str], Mask] = {}
    for image_id, some in masks.items():
        for mask in some:
            if mask.rle not in there[image_id]:
                new[image_id, mask.rle] = mask
    found = {
        (image_id, rle): region_id
        for image_id, known in there.items()
        for rle, region_id in known.items()
    }
    if new:
        rows = [_row(image_id, mask) for (image_id, _rle), mask in new.items()]
        ids = write.scalars(
            insert(Region).returning(Region.id, sort_by_parameter_order=True), rows
        ).all()
        made = dict(zip(new, ids, strict=True))
        _write_overlaps(write, there, made)
        found |= made
    return found


def _there(write: Session, image_ids: Sequence[int]) -> defaultdict[int, dict[str, int]]:
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    rows = write.execute(
        select(Region.id, Region.image_id, Region.rle).where(Region.image_id.in_(image_ids))
    )
    for region_id, image_id, rle in rows:
        found[image_id][rle] = region_id
    return found


def _row(image_id: int, mask: Mask) -> dict[str, object]:
    return {
        "image_id": image_id,
        "rle": mask.rle,
        "left": mask.left,
        "top": mask.top,
        "width": mask.width,
        "height": mask.height,
        "area": mask.area,
    }


def _write_overlaps(
    write: Session, there: Mapping[int, Mapping[str, int]], made: Mapping[tuple[int, str], int]
) -> None:
    """Overlaps of new regions with earlier ones; those of one version lie beside each other."""
    by_image: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for (image_id, rle), region_id in made.items():
        by_image[image_id][rle] = region_id
    rows = []
    for image_id, new in by_image.items():
        earlier = there.get(image_id, {})
        iou = overlaps(list(new), list(earlier), NORMAL_SIZE)
        new_ids, earlier_ids = list(new.values()), list(earlier.values())
        for a, b in np.argwhere(iou >= TOUCHES):
            pair, shared = (new_ids[a], earlier_ids[b]), float(iou[a, b])
            rows += [
                {"region_id": one, "other_id": other, "iou": shared}
                for one, other in (pair, pair[::-1])
            ]
    if rows:
        write.execute(insert(RegionOverlap), rows)

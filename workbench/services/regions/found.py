"""The regions of masks on images: those that are there, or new ones with their overlaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.overlap import TOUCHES, covered, overlaps
from workbench.store.images import Image
from workbench.store.regions import Region, RegionOverlap

Known = dict[int, str]
"""Regions of one image, by id, with their run lengths."""


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
    there = known_regions(write, list(masks))
    found = {
        (image_id, rle): region_id
        for image_id, known in there.items()
        for region_id, rle in known.items()
    }
    new: dict[tuple[int, str], Mask] = {
        (image_id, mask.rle): mask
        for image_id, some in masks.items()
        for mask in some
        if (image_id, mask.rle) not in found
    }
    made = zip(new, _written(write, list(new.items()), there), strict=True)
    return found | dict(made)


def known_regions(write: Session, image_ids: Sequence[int]) -> defaultdict[int, Known]:
    """The regions of images, which nobody adds any to until the transaction ends.

    On PostgreSQL two could otherwise add one each at the same moment, and neither would write how
    far they overlap.
    """
    write.execute(
        select(Image.id)
        .where(Image.id.in_(image_ids))
        .order_by(Image.id)
        .with_for_update(key_share=True)
    )
    found: defaultdict[int, Known] = defaultdict(dict)
    rows = write.execute(
        select(Region.id, Region.image_id, Region.rle)
        .where(Region.image_id.in_(image_ids))
        .order_by(Region.id)
    )
    for region_id, image_id, rle in rows:
        found[image_id][region_id] = rle
    return found


def new_region(write: Session, image_id: int, mask: Mask, known: Known) -> int:
    """Write a region of an image that has these, which may be the same at this resolution."""
    return _written(write, [((image_id, mask.rle), mask)], {image_id: known})[0]


def _written(
    write: Session,
    new: Sequence[tuple[tuple[int, str], Mask]],
    there: Mapping[int, Known],
) -> list[int]:
    rows = [_row(image_id, mask) for (image_id, _rle), mask in new]
    if not rows:
        return []
    ids = write.scalars(
        insert(Region).returning(Region.id, sort_by_parameter_order=True), rows
    ).all()
    by_image: defaultdict[int, Known] = defaultdict(dict)
    for region_id, ((image_id, rle), _mask) in zip(ids, new, strict=True):
        by_image[image_id][region_id] = rle
    _write_overlaps(write, there, by_image)
    return list(ids)


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


def _write_overlaps(write: Session, there: Mapping[int, Known], made: Mapping[int, Known]) -> None:
    """Overlaps of new regions with earlier ones; those of one version lie beside each other."""
    rows = []
    for image_id, new in made.items():
        earlier = there.get(image_id, {})
        for some, others in ((new, earlier), (earlier, new)):
            masks = list(some.values()), list(others.values())
            shares, iou = covered(*masks, NORMAL_SIZE), overlaps(*masks, NORMAL_SIZE)
            ids, other_ids = list(some), list(others)
            rows += [
                {
                    "region_id": ids[a],
                    "other_id": other_ids[b],
                    "share": float(shares[a, b]),
                    "iou": float(iou[a, b]),
                }
                for a, b in np.argwhere(shares >= TOUCHES)
            ]
    if rows:
        write.execute(insert(RegionOverlap), rows)

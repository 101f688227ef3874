"""The pixel groups that bear a tag, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.services.columns.store import ColumnStore
from workbench.services.errors import InvalidError
from workbench.services.explore.patterns import GroupExemplar
from workbench.store.database import LARGEST_ID, session
from workbench.store.images import label_of
from workbench.store.judgements import Tagging
from workbench.store.results import PixelGroup

Ids = NDArray[np.int64]
GROUPS_A_PAGE: Final = 48


@dataclass(frozen=True)
class GalleryEntry(GroupExemplar):
    """A pixel group that bears a tag; `tagging_id` is that of a tag on its very region, by hand."""

    tagging_id: int | None = None


def page_of(
    store: ColumnStore, tag_id: int, groups: Ids, after: int | None
) -> tuple[tuple[GalleryEntry, ...], int | None]:
    """A page of these pixel groups, given as ascending indexes; the key is a region's id."""
    if after is not None and not 0 <= after <= LARGEST_ID:
        raise InvalidError(gettext("Invalid page key. Start from the first page."))
    keys = store.pixel_group_regions[groups]
    begin = 0 if after is None else int(np.searchsorted(keys, after, side="right"))
    shown = groups[begin : begin + GROUPS_A_PAGE]
    regions = store.pixel_group_regions[shown].tolist()
    rows = session().execute(
        select(PixelGroup.id, PixelGroup.contribution).where(
            PixelGroup.id.in_(store.pixel_group_ids[shown].tolist())
        )
    )
    contributions = dict(rows.tuples().all())
    by_hand = session().execute(
        select(Tagging.region_id, Tagging.id).where(
            Tagging.tag_id == tag_id,
            Tagging.region_id.in_(regions),
            Tagging.withdrawn_at.is_(None),
        )
    )
    taggings = dict(by_hand.tuples().all())
    entries = [
        _entry(store, int(index), contributions, taggings.get(region))
        for index, region in zip(shown, regions, strict=True)
        if int(store.pixel_group_ids[index]) in contributions
    ]
    more = begin + len(shown) < len(groups)
    return tuple(entries), int(regions[-1]) if more else None


def _entry(
    store: ColumnStore, index: int, contributions: dict[int, float], tagging_id: int | None
) -> GalleryEntry:
    row = store.pixel_group_rows[index]
    group_id = int(store.pixel_group_ids[index])
    return GalleryEntry(
        group_id=group_id,
        image_id=int(store.image_ids[row]),
        label=label_of(int(store.labels[row])),
        p=float(store.p[row]),
        contribution=contributions[group_id],
        tagging_id=tagging_id,
    )

"""The images that bear a tag: on a pixel group by hand, or by a pattern that they have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, select

from workbench.services.columns.store import ColumnStore, Rows
from workbench.services.review import tag_checks
from workbench.store.database import session
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import PixelGroup


def inheriting(store: ColumnStore, index: int, rejected: Mapping[int, int]) -> NDArray[np.int32]:
    """Rows of the images that inherit a pattern's tag.

    Without those of which it was rejected on every group of the pattern; `rejected` is the image of
    each such group, by group id.
    """
    part = store.members(index)
    rows = store.member_rows[part]
    if not rejected:
        return rows
    left = store.member_counts[part].astype(np.int64)
    for row in store.rows_of(list(rejected.values())):
        left[rows == row] -= 1
    return rows[left > 0]


def tag_ids(condition: ColumnElement[bool]) -> list[int]:
    """The tags of the taxonomy that a condition on `Tag` holds for."""
    return list(session().scalars(select(Tag.id).where(condition, Tag.withdrawn_at.is_(None))))


def bearers(store: ColumnStore, tags: list[int]) -> Rows:
    """The images of a version that bear one of these tags."""
    rows = np.zeros(store.count, np.bool_)
    if not tags:
        return rows
    standing = Tagging.tag_id.in_(tags) & Tagging.withdrawn_at.is_(None)
    by_pattern = dict(
        session()
        .execute(
            select(Tagging.id, Tagging.pattern_id).where(
                standing, Tagging.pattern_id.in_(store.pattern_ids.tolist())
            )
        )
        .tuples()
        .all()
    )
    rejected = tag_checks.rejected(by_pattern)
    for tagging_id, pattern_id in by_pattern.items():
        index = store.pattern_index(pattern_id or 0)
        rows[inheriting(store, index, rejected.get(tagging_id, {}))] = True
    # By image: what was tagged by hand under one version stays tagged under the next.
    by_hand = select(PixelGroup.image_id).join(Tagging).where(standing)
    rows[store.rows_of(session().scalars(by_hand).all())] = True
    return rows

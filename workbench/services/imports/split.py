"""Which images are held out: fixed at import by source group, and never trained on."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Final

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from workbench.store.images import LABELS, Image
from workbench.store.versions import CuratedDataset

SHARE: Final = 0.25
"""Share of the groups that is held out, on average."""

# Part of every decision: another salt would move images between training and test.
_SALT: Final = b"held-out split 1\x00"


def draw(group_key: str) -> float:
    """A number in [0, 1), uniform over groups and always the same for one; see `is_held_out`."""
    digest = hashlib.sha256(_SALT + group_key.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def is_held_out(group_key: str) -> bool:
    """Whether the group is held out where its source leaves that open."""
    return draw(group_key) < SHARE


def represent_both_labels(write: Session, collection_id: int) -> None:
    """Move single groups so that each label of two groups or more stands on both sides.

    One that has a single group is trained on: without it nothing could be learned. Chance leaves a
    side empty in small collections only. The group moved is the one whose draw is nearest to the
    other side. Once a dataset of the collection is frozen, all stays as it is: what was trained on
    must not become test.
    """
    if write.scalar(select(exists().where(CuratedDataset.collection_id == collection_id))):
        return
    for label in LABELS:
        for held_out in (True, False):
            groups = _groups_by_side(write, collection_id, label)
            fewest = 2 if held_out else 1
            if groups[not held_out] >= fewest and not groups[held_out]:
                _move_one_group(write, collection_id, label, held_out=held_out)


def _groups_by_side(write: Session, collection_id: int, label: str) -> dict[bool, int]:
    counted = write.execute(
        select(Image.held_out, func.count(Image.group_key.distinct()))
        .where(Image.collection_id == collection_id, Image.label == label)
        .group_by(Image.held_out)
    )
    return defaultdict(int, counted.tuples().all())


def _move_one_group(write: Session, collection_id: int, label: str, *, held_out: bool) -> None:
    keys = write.scalars(
        select(Image.group_key)
        .where(Image.collection_id == collection_id, Image.label == label)
        .distinct()
        .execution_options(yield_per=1000)
    )
    chosen = min(keys, key=draw) if held_out else max(keys, key=draw)
    write.execute(
        update(Image)
        .where(Image.collection_id == collection_id, Image.group_key == chosen)
        .values(held_out=held_out)
    )

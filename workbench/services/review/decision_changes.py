"""Which images were decided on since somebody looked (ADR 29).

The changes of a collection's decisions are numbered in the order in which they are committed, so
who has seen one has seen all before it, and needs only what came after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from workbench.store.database import Base, session
from workbench.store.images import Image
from workbench.store.judgements import DecisionChange, DecisionCounter


@dataclass(frozen=True)
class Changes:
    """The images on which something changed, and the number of the last change among them."""

    image_ids: tuple[int, ...]
    last: int


def record_change(write: Session, image_id: int) -> None:
    """Say within a transaction that it changed a verdict or an adjudication on an image.

    The last step before the commit: others who decide in the collection wait from here on, and
    pages of this session must not be asked in between.
    """
    record_changes(write, [image_id])


def record_changes(write: Session, image_ids: Collection[int]) -> None:
    """The same of many images, each once; two statements a collection."""
    write.flush()
    of_collections: defaultdict[int, list[int]] = defaultdict(list)
    rows = write.execute(
        select(Image.collection_id, Image.id).where(Image.id.in_(image_ids)).order_by(Image.id)
    )
    for collection_id, image_id in rows:
        of_collections[collection_id].append(image_id)
    # In one order, so that two who decide in the same collections do not wait for each other.
    for collection_id, ids in sorted(of_collections.items()):
        last = write.execute(
            _insert(write, DecisionCounter)
            .values(collection_id=collection_id, changes=len(ids))
            .on_conflict_do_update(
                index_elements=["collection_id"],
                set_={"changes": DecisionCounter.changes + len(ids)},
            )
            .returning(DecisionCounter.changes)
        ).scalar_one()
        made = _insert(write, DecisionChange)
        write.execute(
            made.on_conflict_do_update(
                index_elements=["image_id"], set_={"number": made.excluded.number}
            ),
            [
                {"image_id": each, "collection_id": collection_id, "number": number}
                for number, each in enumerate(ids, start=last - len(ids) + 1)
            ],
        )


def _insert(write: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """What both databases have and SQL has not: an insert that may update instead."""
    on_sqlite = write.get_bind().dialect.name == "sqlite"
    return sqlite.insert(table) if on_sqlite else postgresql.insert(table)


def changes_until_now(collection_id: int) -> int:
    """The number of a collection's last change; 0 where nothing was ever decided."""
    found = select(DecisionCounter.changes).where(DecisionCounter.collection_id == collection_id)
    return session().scalar(found) or 0


def changes_after(collection_id: int, number: int) -> Changes:
    """What changed after the change with this number. One query, as long as its answer."""
    rows = (
        session()
        .execute(
            select(DecisionChange.image_id, DecisionChange.number).where(
                DecisionChange.collection_id == collection_id, DecisionChange.number > number
            )
        )
        .all()
    )
    return Changes(
        tuple(image_id for image_id, _number in rows),
        max((last for _image_id, last in rows), default=number),
    )

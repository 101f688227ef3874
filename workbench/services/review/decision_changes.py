"""Which images were decided on since somebody looked (ADR 29).

The changes of a collection's decisions are numbered in the order in which they are committed, so
who has seen one has seen all before it, and needs only what came after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from workbench.services.review.image_collections import collections_of
from workbench.store.database import session
from workbench.store.judgements import DecisionChange, DecisionCounter

# As text: SQLAlchemy compiles an insert that may update anew each time, which took a fifth of the
# processor's time of a verdict. Both databases read these words alike.
_COUNT = text(
    """
    insert into decision_counter (collection_id, changes) values (:collection_id, :more)
    on conflict (collection_id) do update set changes = decision_counter.changes + excluded.changes
    returning changes
    """
)
_NUMBER = text(
    """
    insert into decision_change (image_id, collection_id, number)
    values (:image_id, :collection_id, :number)
    on conflict (image_id) do update set number = excluded.number
    """
)


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
    for image_id, collection_id in collections_of(write, image_ids).items():
        of_collections[collection_id].append(image_id)
    # In one order, so that two who decide in the same collections do not wait for each other.
    for collection_id, ids in sorted(of_collections.items()):
        of_this = {"collection_id": collection_id, "more": len(ids)}
        last = write.execute(_COUNT, of_this).scalar_one()
        write.execute(
            _NUMBER,
            [
                {"image_id": each, "collection_id": collection_id, "number": number}
                for number, each in enumerate(ids, start=last - len(ids) + 1)
            ],
        )


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

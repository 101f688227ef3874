"""What of review queues leaves with images, versions and collections."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from workbench.store.queues import Queue, QueueClaim, QueueItem, QueueMember


def delete_items(write: Session, image_ids: Sequence[int]) -> None:
    """Take images out of all queues; before their verdicts go."""
    items = select(QueueItem.id).where(QueueItem.image_id.in_(image_ids))
    for statement in (
        delete(QueueClaim).where(QueueClaim.item_id.in_(items)),
        delete(QueueItem).where(QueueItem.image_id.in_(image_ids)),
    ):
        write.execute(statement, execution_options={"synchronize_session": False})


def forget_version(write: Session, version_id: int) -> None:
    """Keep the queues that were made under a version, without its scores."""
    write.execute(
        update(Queue).where(Queue.version_id == version_id).values(version_id=None),
        execution_options={"synchronize_session": False},
    )


def delete_queues(write: Session, collection_id: int) -> None:
    """Delete the queues of a collection whose images are gone."""
    of_it = select(Queue.id).where(Queue.collection_id == collection_id)
    write.execute(
        delete(QueueMember).where(QueueMember.queue_id.in_(of_it)),
        execution_options={"synchronize_session": False},
    )
    write.execute(
        delete(Queue).where(Queue.collection_id == collection_id),
        execution_options={"synchronize_session": False},
    )

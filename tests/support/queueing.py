"""Review queues for tests, over images that need no files."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from workbench.services import accounts
from workbench.services.accounts import Account
from workbench.store.database import now, session, transaction
from workbench.store.images import Collection, Image
from workbench.store.queues import Queue, QueueItem, QueueMember

PASSWORD = "correct horse battery"


def people(number: int, role: str = "annotator") -> list[Account]:
    """Accounts of that many people."""
    return [accounts.add_user(f"person {each}", PASSWORD, role) for each in range(number)]


def images(number: int) -> tuple[int, list[int]]:
    """A collection with that many real images, that nobody analysed: its id and theirs."""
    with transaction() as write:
        collection = Collection(name="many", real=number)
        write.add(collection)
        write.flush()
        write.add_all(
            Image(
                collection_id=collection.id,
                content_hash=f"{each:064}",
                pixel_hash=f"{each:064}",
                original_uri=f"file:///{each}.png",
                name=f"{each}.png",
                label="real",
                group_key=str(each),
                held_out=False,
                format="PNG",
                width=10,
                height=10,
                file_size=100,
                modified_ns=1,
            )
            for each in range(number)
        )
        collection_id = collection.id
    of_it = select(Image.id).where(Image.collection_id == collection_id).order_by(Image.id)
    return collection_id, list(session().scalars(of_it))


def queue(
    collection_id: int,
    by: Account,
    image_ids: list[int],
    *,
    controls: dict[int, str] | None = None,
    members: tuple[Account, ...] = (),
    **more: Any,
) -> int:
    """The id of a queue of these images, that is ready."""
    asked: dict[str, Any] = {
        "name": "errors",
        "source": "misclassified",
        "verdicts_needed": 2,
        "disputes": "any",
        "blind": True,
        "independent": True,
        "control_share": 0.0,
        "round_size": 20,
        "ready_at": now(),
    }
    with transaction() as write:
        made = Queue(
            collection_id=collection_id,
            created_by_id=by.id,
            everybody=not members,
            **(asked | more),
        )
        write.add(made)
        write.flush()
        write.add_all(QueueMember(queue_id=made.id, user_id=each.id) for each in members)
        write.add_all(
            QueueItem(queue_id=made.id, image_id=each, position=place)
            for place, each in enumerate(image_ids)
        )
        write.add_all(
            QueueItem(queue_id=made.id, image_id=each, position=place, control_answer=answer)
            for place, (each, answer) in enumerate((controls or {}).items())
        )
        return made.id

"""Removal of a collection: its versions, its images, and whatever else is of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workbench.config import Settings
from workbench.services import repeats
from workbench.services.collections import find_collection
from workbench.services.removal import journal
from workbench.services.removal.counts import Counts, added, count
from workbench.services.removal.finish import finish, going_with
from workbench.services.removal.notes import count_notes, noted_in
from workbench.services.removal.regions import answered_in, drawn_in, of_collection, tagged_in
from workbench.services.removal.versions import counts_of_version, take_out
from workbench.services.runs.removal import remove_left
from workbench.services.webhooks.removal import withdraw
from workbench.store.database import session, transaction
from workbench.store.images import Collection, Image
from workbench.store.judgements import Adjudication, TagCheck, Tagging, Verdict
from workbench.store.people import CollectionMember, InvitedTo
from workbench.store.regions import DrawnRegion
from workbench.store.versions import ActiveVersion, ModelVersion, Schedule
from workbench.store.webhooks import Webhook


@dataclass(frozen=True)
class CollectionPlan:
    """What the removal of a collection would remove."""

    collection: str
    counts: Counts


def plan_collection(name: str, settings: Settings) -> CollectionPlan:
    """Count what the removal of a collection would remove. Raises NotFoundError."""
    return CollectionPlan(name, _counts(find_collection(name), settings))


def remove_collection(name: str, user_id: int | None, settings: Settings) -> Counts:
    """Remove a collection with all of it. Its versions are not seen from here on, its images go.

    Raises NotFoundError, and ConflictError while a run is under way.
    """
    remove_left()
    with journal.alone(settings):
        collection = find_collection(name)
        counts = _counts(collection, settings)
        with transaction() as write:
            journal.refuse_while_running(write, {collection.id})
            repeats.forget_answers(write)
            removal_id = journal.record(
                write, "collection", collection.id, collection.id, counts, user_id
            )
            _take_out_versions(write, collection.id, removal_id, settings)
        finish(settings)
    return counts


def _take_out_versions(
    write: Session, collection_id: int, removal_id: int, settings: Settings
) -> None:
    for table in (ActiveVersion, Schedule, CollectionMember, InvitedTo):
        write.execute(delete(table).where(table.collection_id == collection_id))
    for webhook in write.scalars(select(Webhook).where(Webhook.collection_id == collection_id)):
        withdraw(webhook)  # what it was sent goes with the worker's next sweep
    of_it = ModelVersion.collection_id == collection_id
    for version in write.scalars(select(ModelVersion).where(of_it)).all():
        take_out(write, version, removal_id, settings)


def _counts(collection: Collection, settings: Settings) -> Counts:
    here = select(Image.id).where(Image.collection_id == collection.id)
    versions = session().scalars(
        select(ModelVersion).where(ModelVersion.collection_id == collection.id)
    )
    judged = Verdict.image_id.in_(here), Verdict.withdrawn_at.is_(None)
    adjudicated = Adjudication.image_id.in_(here), Adjudication.withdrawn_at.is_(None)
    embeddings, files, size = going_with(collection.id, settings)
    of_images = Counts(
        images=count(Image, Image.collection_id == collection.id),
        embeddings=embeddings,
        verdicts=count(Verdict, *judged) + count(Adjudication, *adjudicated),
        notes=count_notes(noted_in(collection.id)),
        tags=count(Tagging, tagged_in(collection.id), Tagging.withdrawn_at.is_(None)),
        drawn=count(DrawnRegion, drawn_in(of_collection(collection.id))),
        answers=count(TagCheck, answered_in(collection.id), TagCheck.withdrawn_at.is_(None)),
        files=files,
        size=size,
    )
    return added([of_images, *(counts_of_version(each, settings) for each in versions.all())])

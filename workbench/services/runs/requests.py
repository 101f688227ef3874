"""Whether a collection's analysis is up to date, and the run that brings it there."""

from __future__ import annotations

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from workbench.services import app_settings
from workbench.services.encoding.made_alike import MADE_ALIKE, made_alike_of
from workbench.services.errors import ConflictError
from workbench.services.models.left_out import has_all_it_can
from workbench.services.models.versions import trained_version
from workbench.services.runs import queue
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import Adjudication, Verdict
from workbench.store.versions import CuratedItem, ModelVersion


def run_for_analysis(collection: int, *, again: bool = False) -> int | None:
    """The run that brings a collection's analysis up to date; None where it is.

    A run that was left unfinished is taken up again. Raises ConflictError where another process
    works on one, or the collection is empty.
    """
    queue.recover()
    under_way = queue.open_run(collection)
    if under_way is not None:
        return under_way.id
    if session().scalar(select(Image.id).where(Image.collection_id == collection).limit(1)) is None:
        raise ConflictError("The collection has no images. Import images first.")
    if not again and _is_up_to_date(collection):
        return None
    return queue.request_retrain(None, collection, trigger="first").id


def _is_up_to_date(collection: int) -> bool:
    trained = trained_version(collection)
    if trained is None:
        return False
    if trained.metrics.get(MADE_ALIKE) != made_alike_of(collection):
        return False
    return has_all_it_can(
        trained.id, collection, app_settings.settings()
    ) and not _has_other_labels(trained.id, collection)


def _has_other_labels(version_id: int, collection: int) -> bool:
    """Whether an image that nobody judges has another label now than the version was made with.

    The source says otherwise, and that was accepted. What people decide is for a retrain to learn.
    """
    item = aliased(CuratedItem)
    of_version = select(ModelVersion.dataset_id).where(ModelVersion.id == version_id)
    judged = or_(
        exists().where(Verdict.image_id == Image.id, Verdict.withdrawn_at.is_(None)),
        exists().where(Adjudication.image_id == Image.id, Adjudication.withdrawn_at.is_(None)),
    )
    other = (
        select(Image.id)
        .outerjoin(
            item,
            and_(item.image_id == Image.id, item.dataset_id == of_version.scalar_subquery()),
        )
        .where(Image.collection_id == collection, Image.label.is_distinct_from(item.label), ~judged)
        .limit(1)
    )
    return session().scalar(other) is not None

"""When a collection is retrained without anybody asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, func, or_, select

from workbench.config import Settings
from workbench.services.models.outside import outside_of
from workbench.services.models.versions import finished_versions, trained_version
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Verdict
from workbench.store.versions import ActiveVersion, Schedule


@dataclass(frozen=True)
class Nightly:
    """A collection's hour and minute, local time."""

    collection_id: int
    hour: int
    minute: int


def nightly(settings: Settings) -> tuple[Nightly, ...]:
    """The enabled schedules; a collection that has a version and no schedule gets the default."""
    with transaction() as write:
        unplanned = write.scalars(
            select(ActiveVersion.collection_id).where(
                ActiveVersion.collection_id.not_in(select(Schedule.collection_id))
            )
        )
        write.add_all(
            Schedule(
                collection_id=collection_id,
                hour=settings.retrain_hour,
                min_decisions=settings.retrain_min_decisions,
            )
            for collection_id in unplanned.all()
        )
    enabled = session().scalars(select(Schedule).where(Schedule.enabled))
    return tuple(Nightly(each.collection_id, each.hour, each.minute) for each in enabled)


def is_due(collection_id: int, settings: Settings) -> bool:
    """Whether there are enough new decisions for a scheduled retrain."""
    if trained_version(collection_id) is None:
        return False  # scores from outside alone: nobody asked for a model of ours
    schedule = session().get(Schedule, collection_id, populate_existing=True)
    needed = schedule.min_decisions if schedule else settings.retrain_min_decisions
    return new_decisions(collection_id) >= needed


def new_decisions(collection_id: int) -> int:
    """Images whose verdicts have changed since the newest trained version's dataset was frozen.

    The newest and not the active one: who goes back to an older version is not asking for another
    like the one that they left. A verdict that was taken back after it was learned from is a change
    too.
    """
    newest = next(
        (each for each in finished_versions(collection_id) if not outside_of(each.metrics)), None
    )
    if newest is None:
        last_verdict, frozen_at = 0, datetime.min.replace(tzinfo=UTC)
    else:
        last_verdict, frozen_at = newest.dataset.last_verdict_id, newest.dataset.created_at
    given = and_(Verdict.id > last_verdict, Verdict.withdrawn_at.is_(None))
    taken_back = and_(Verdict.id <= last_verdict, Verdict.withdrawn_at > frozen_at)
    count = session().scalar(
        select(func.count(func.distinct(Verdict.image_id)))
        .join(Image, Image.id == Verdict.image_id)
        .where(Image.collection_id == collection_id, or_(given, taken_back))
    )
    return count or 0

"""When a collection is retrained without anybody asking."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from workbench.config import Settings
from workbench.services.pipeline.dataset import new_decisions
from workbench.store.database import session, transaction
from workbench.store.versions import ActiveVersion, Schedule


@dataclass(frozen=True)
class Nightly:
    """A collection's hour and minute, local time."""

    collection_id: int
    hour: int
    minute: int


def nightly(settings: Settings) -> tuple[Nightly, ...]:
    """The enabled schedules; a collection that has a version and no schedule gets the default."""
    with transaction() as current:
        unplanned = current.scalars(
            select(ActiveVersion.collection_id).where(
                ActiveVersion.collection_id.not_in(select(Schedule.collection_id))
            )
        )
        current.add_all(
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
    """Whether enough new decisions have come since the active version's dataset was frozen."""
    schedule = session().get(Schedule, collection_id, populate_existing=True)
    needed = schedule.min_decisions if schedule else settings.retrain_min_decisions
    return new_decisions(collection_id) >= needed

"""The model versions of a collection, each with what it learned from and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.collections import VersionSummary, version_summary
from workbench.services.errors import NotFoundError
from workbench.services.models.finished import finished_versions, is_finished
from workbench.store.database import now, session, transaction
from workbench.store.results import Pattern
from workbench.store.versions import ActiveVersion, ModelVersion


@dataclass(frozen=True)
class VersionRow:
    """A version as the models page lists it."""

    summary: VersionSummary
    parent_number: int | None
    dataset_counts: dict[str, Any]
    metrics: dict[str, Any]
    patterns: int


def versions(collection_id: int) -> tuple[VersionRow, ...]:
    """A collection's versions, the newest first."""
    active = session().get(ActiveVersion, collection_id)
    found = finished_versions(collection_id)
    numbers = {each.id: each.number for each in found}
    patterns: dict[int, int] = dict(
        session()
        .execute(
            select(Pattern.version_id, func.count())
            .where(Pattern.version_id.in_(numbers))
            .group_by(Pattern.version_id)
        )
        .tuples()
        .all()
    )
    return tuple(
        VersionRow(
            summary=version_summary(each, active.version_id if active else None),
            parent_number=numbers.get(each.parent_id) if each.parent_id else None,
            dataset_counts=each.dataset.counts,
            metrics=each.metrics,
            patterns=patterns.get(each.id, 0),
        )
        for each in found
    )


def activate(user_id: int, version_id: int) -> None:
    """Make a finished version its collection's active one; the one that was stays as it is.

    Pages show the active version unless their address says otherwise, and the next retrain starts
    from it. Raises NotFoundError for a version that is not there, or not finished.
    """
    with transaction() as current:
        version = current.get(ModelVersion, version_id)
        if version is None or not is_finished(version_id):
            raise NotFoundError(gettext("Model version not found."))
        switch_to(current, version, user_id)


def switch_to(
    current: Session, version: ModelVersion, user_id: int | None, run_id: int | None = None
) -> None:
    """The switch, within a transaction: a reader sees the old or the new."""
    active = current.get(ActiveVersion, version.collection_id)
    before = active.version_id if active else None
    if before == version.id:
        return
    if active is None:
        current.add(ActiveVersion(collection_id=version.collection_id, version_id=version.id))
    else:
        active.version_id, active.since = version.id, now()
    audit.record(
        current,
        user_id,
        "version.activate",
        f"collection:{version.collection_id}",
        before=before,
        after=version.id,
        run=run_id,
    )

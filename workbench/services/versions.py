"""The model versions of a collection, each with what it learned from and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from workbench.services.collections import VersionSummary, version_summary
from workbench.services.finished import finished_versions
from workbench.store.database import session
from workbench.store.results import Pattern
from workbench.store.versions import ActiveVersion


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

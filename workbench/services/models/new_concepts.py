"""Dimensions that a retrain gave another meaning: their concept had died, and another was learned.

A retrain keeps its parent's concepts, and so what a dimension's number means, but for these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from workbench.store.database import session
from workbench.store.versions import ModelVersion

KEY = "new_concepts"
"""Where a version's metrics keep them."""


def new_concepts_of(metrics: Mapping[str, Any]) -> tuple[int, ...]:
    """The dimensions that are new in a version; empty in the first of a line."""
    return tuple(metrics.get(KEY) or ())


def means_the_same(dimension: int, one_id: int, other_id: int) -> bool:
    """Whether a dimension's number means the same in two versions.

    One has to descend from the other, and no version since may have learned it anew. Two queries.
    """
    numbers = dict(
        session()
        .execute(
            select(ModelVersion.id, ModelVersion.number).where(
                ModelVersion.id.in_((one_id, other_id))
            )
        )
        .tuples()
        .all()
    )
    early, late = sorted((one_id, other_id), key=lambda each: numbers[each])
    at: int | None = late
    parents = dict(
        session()
        .execute(select(ModelVersion.id, ModelVersion.parent_id).where(ModelVersion.id <= late))
        .tuples()
        .all()
    )
    while at is not None and at != early:
        at = parents.get(at)
    return at == early and new_concepts(late).get(dimension, 0) <= numbers[early]


def new_concepts(version_id: int) -> dict[int, int]:
    """The number of the version that each dimension was last new in.

    Without those that mean what they meant in the first version of the line. Two queries.
    """
    version = session().get_one(ModelVersion, version_id)
    rows = session().execute(
        select(
            ModelVersion.id, ModelVersion.parent_id, ModelVersion.number, ModelVersion.metrics[KEY]
        ).where(ModelVersion.collection_id == version.collection_id)
    )
    line = {each_id: each for each_id, *each in rows}
    found: dict[int, int] = {}
    at: int | None = version_id
    while at is not None and at in line:
        at, number, born = line.pop(at)
        for dimension in born or ():
            found.setdefault(dimension, number)
    return found

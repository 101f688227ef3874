"""How many images a version has, and what people's decisions did to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from workbench.store.database import session
from workbench.store.outcomes import OUTCOMES, UNLABELLED
from workbench.store.results import Cell
from workbench.store.versions import CuratedDataset, ModelVersion


@dataclass(frozen=True)
class VersionImages:
    """A version's images, wherever they are counted: on the overview, at home, among the models.

    The excluded ones are scored and shown like the others, by their dataset's label, and not
    trained on. Decisions are those that the version was trained on; later ones count in the next.
    """

    images: int
    real: int
    """By final label, like `fake`: an overturned image counts on the other side."""
    fake: int
    overturned: int
    unsure: int
    """Trained on with half weight."""
    excluded: int
    unlabelled: int = 0


def images_of(version_ids: Collection[int]) -> dict[int, VersionImages]:
    """The images of each of these finished versions, by version id. One query."""
    counted = (
        select(Cell.version_id, *(func.sum(getattr(Cell, name)).label(name) for name in OUTCOMES))
        # Each image lies in one cell of a level; every layout that a version has counts the same,
        # so that the last one stands. (PostgreSQL has no DISTINCT over JSON.)
        .where(Cell.version_id.in_(version_ids), Cell.level == 0)
        .group_by(Cell.version_id, Cell.layout)
        .subquery()
    )
    rows = session().execute(
        select(ModelVersion.id, CuratedDataset.counts, *(counted.c[name] for name in OUTCOMES))
        .join(CuratedDataset, CuratedDataset.id == ModelVersion.dataset_id)
        .outerjoin(counted, counted.c.version_id == ModelVersion.id)
        .where(ModelVersion.id.in_(version_ids))
    )
    found = {}
    for version_id, decided, *outcomes in rows:
        by_outcome = {name: int(each or 0) for name, each in zip(OUTCOMES, outcomes, strict=True)}
        real = by_outcome["real_right"] + by_outcome["real_called_fake"]
        fake = by_outcome["fake_right"] + by_outcome["fake_called_real"]
        unlabelled = sum(by_outcome[name] for name in UNLABELLED)
        found[version_id] = VersionImages(
            images=real + fake + unlabelled,
            real=real,
            fake=fake,
            unlabelled=unlabelled,
            **{name: decided.get(name, 0) for name in ("overturned", "unsure", "excluded")},
        )
    return found

"""Cells of older versions show the mean of signed sensitivities, as new ones do."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from workbench.analysis.layout.cells import cell_indices
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT
from workbench.store import migrating
from workbench.store.database import db, session
from workbench.store.results import Cell, Placement, Prediction

pytestmark = pytest.mark.analysed


def stored(version_id: int) -> dict[int, float | None]:
    session().expire_all()
    cells = session().execute(
        select(Cell.id, Cell.sensitivity).where(Cell.version_id == version_id)
    )
    return dict(cells.tuples().all())


def of_that_time(version_id: int) -> list[Cell]:
    """Cells as there were then: of one layout, from level 0 on."""
    return list(
        session().scalars(
            select(Cell).where(
                Cell.version_id == version_id, Cell.layout == DEFAULT_LAYOUT, Cell.level >= 0
            )
        )
    )


def means_of_magnitudes(version_id: int) -> dict[int, float]:
    measured = session().execute(
        select(Placement.x, Placement.y, Prediction.removed_change, Prediction.control_change)
        .join(
            Prediction,
            (Prediction.version_id == Placement.version_id)
            & (Prediction.image_id == Placement.image_id),
        )
        .where(
            Prediction.version_id == version_id,
            Prediction.removed_change.is_not(None),
            Placement.layout == DEFAULT_LAYOUT,
        )
    )
    x, y, removed, control = np.array(measured.all(), float).T
    found = {}
    for each in of_that_time(version_id):
        rows, columns = cell_indices(np.column_stack([x, y]), each.level)
        own = (rows == each.row) & (columns == each.column)
        if own.any():
            found[each.id] = float(np.abs(removed - control)[own].mean())
    return found


def test_a_cells_magnitude_becomes_the_mean_of_its_images_signed_sensitivities(
    version_id: int,
) -> None:
    signed = {each.id: each.sensitivity for each in of_that_time(version_id)}
    magnitudes = means_of_magnitudes(version_id)
    session().close()

    migrating.downgrade(db.engine, "0019")
    before = stored(version_id)
    session().close()
    migrating.upgrade(db.engine)
    after = stored(version_id)

    measured = {cell: value for cell, value in before.items() if value is not None}
    assert measured == {cell: pytest.approx(value) for cell, value in magnitudes.items()}
    assert min(value for value in after.values() if value is not None) < 0
    assert after == {
        cell: value if value is None else pytest.approx(value) for cell, value in signed.items()
    }

"""Versions from before there were several layouts keep theirs, with its cells."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tests.support.choosing import chosen
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT, FORMER_LAYOUT
from workbench.config import Settings
from workbench.services.columns.store import forget_columns
from workbench.services.explore.grid import overview
from workbench.services.models import version_images
from workbench.store import migrating
from workbench.store.database import db, session
from workbench.store.results import Cell, Placement

pytestmark = pytest.mark.analysed

BEFORE = "0021"


def test_the_layout_of_an_older_version_is_shown_as_it_was(
    version_id: int, settings: Settings
) -> None:
    counted = version_images.images_of([version_id])
    places = {
        image_id: (x, y)
        for image_id, x, y in session().execute(
            select(Placement.image_id, Placement.x, Placement.y).where(
                Placement.version_id == version_id, Placement.layout == DEFAULT_LAYOUT
            )
        )
    }
    cells = set(
        session().scalars(
            select(Cell.id).where(
                Cell.version_id == version_id, Cell.layout == DEFAULT_LAYOUT, Cell.level >= 0
            )
        )
    )
    session().close()

    migrating.downgrade(db.engine, BEFORE)
    was = session().execute(
        text("SELECT image_id, x, y FROM prediction WHERE version_id = :version"),
        {"version": version_id},
    )
    assert {image_id: (x, y) for image_id, x, y in was} == places
    session().close()
    migrating.upgrade(db.engine)
    forget_columns(version_id, settings)

    shown = overview(chosen(version_id), 0, None)
    assert (shown.layout, shown.layouts) == (FORMER_LAYOUT, (FORMER_LAYOUT,))
    assert (shown.coarsest, shown.finest) == (0, 1)
    assert shown.images == len(places)
    assert version_images.images_of([version_id]) == counted
    kept = session().scalars(select(Cell.id).where(Cell.version_id == version_id))
    assert set(kept) == cells

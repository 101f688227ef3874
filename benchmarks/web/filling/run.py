"""The whole of a filling, in its order."""

from __future__ import annotations

from benchmarks.command import OnStandardError
from benchmarks.web.filling.bulk import bulk_for, without_indexes
from benchmarks.web.filling.cells import write_cells
from benchmarks.web.filling.collection import write_collection
from benchmarks.web.filling.groups import write_groups, write_patterns
from benchmarks.web.filling.images import write_images, write_placements, write_predictions
from benchmarks.web.filling.judgements import write_judgements
from benchmarks.web.filling.made_up import (
    as_jpeg,
    draw_pictures,
    make_images,
    make_kinds,
    prepared_masks,
)
from benchmarks.web.filling.writing import Filling
from workbench.app import create_app
from workbench.config import Settings
from workbench.store import migrating
from workbench.store.database import Base, db, session
from workbench.store.image_files import store_normalised
from workbench.store.images import Image
from workbench.store.regions import Region
from workbench.store.results import Cell, PixelGroup, Prediction
from workbench.store.versions import CuratedItem

FILLING = 4
"""Raise it whenever the same seed would fill a database otherwise: kept ones are then made anew."""
BIG = (Image, CuratedItem, Prediction, Region, PixelGroup, Cell)


def fill(settings: Settings, images: int, *, seed: int = 0) -> None:
    """Make the tables of an empty database and fill them; the same seed gives the same rows."""
    progress = OnStandardError()
    with create_app(settings).app_context():
        migrating.upgrade(db.engine)
        kinds = make_kinds(seed)
        pictures = draw_pictures(seed)
        masks = prepared_masks(kinds, pictures)
        hashes = [store_normalised(settings.image_dir, as_jpeg(each))[0] for each in pictures]
        made = make_images(kinds, images, seed)
        ids = write_collection(kinds, made, settings)
        session().close()
        engine = db.engine
        engine.dispose()
        bulk = bulk_for(engine)
        tables = [each.__table__ for each in BIG]
        with without_indexes(bulk, engine, tables):
            filling = Filling(bulk, ids, kinds, made, seed)
            for stage, write in (
                ("Images", lambda: write_images(filling, hashes)),
                ("Predictions", lambda: write_predictions(filling)),
                ("Placements", lambda: write_placements(filling)),
                ("Pixel groups", lambda: write_groups(filling, masks)),
                ("Patterns", lambda: write_patterns(filling)),
                ("Tags, verdicts, notes", lambda: write_judgements(filling)),
                ("Cells", lambda: write_cells(filling)),
            ):
                progress.advance(0, 1, stage)
                write()
            progress.advance(0, 1, "Indexes")
        bulk.finish(Base.metadata.sorted_tables)
        engine.dispose()

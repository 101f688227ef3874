"""Whatever manifests say, and in whatever order they come: no group is on both sides."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture
from sqlalchemy import select

from workbench.app import create_app
from workbench.config import Settings
from workbench.services.imports.changes import Acceptance
from workbench.services.imports.report import ImportReport
from workbench.services.imports.run import import_images
from workbench.services.progress import Silent
from workbench.store import migrating
from workbench.store.database import db, session
from workbench.store.images import Collection, Image

CROPS = 10

# Crop, label, group and split: rows that may well contradict one another.
Row = tuple[int, str, str, str]
ROWS = st.lists(
    st.tuples(
        st.integers(0, CROPS - 1),
        st.sampled_from(["real", "fake"]),
        st.sampled_from(["", "a", "b", "c"]),
        st.sampled_from(["", "", "train", "held_out"]),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def import_rows(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str, list[Row]], ImportReport]]:
    """Import the rows of a manifest into a collection, and what they change of earlier ones."""
    folder = tmp_path_factory.mktemp("crops")
    for crop in range(CROPS):
        (folder / f"{crop}.png").write_bytes(_crop(crop))
    chosen = Settings(data_dir=folder / "data", database_url="", image_root=None)

    def run(collection: str, rows: list[Row], *, accepted: bool) -> ImportReport:
        manifest = folder / "list.csv"
        lines = [f"{crop}.png,{label},{group},{split}" for crop, label, group, split in rows]
        manifest.write_text("\n".join(["path,label,group,split", *lines]))
        return import_images(
            manifest,
            collection=collection,
            settings=chosen,
            progress=Silent(),
            by=Acceptance(accepted),
        )

    with create_app(chosen).app_context():
        migrating.upgrade(db.engine)
        yield run
        db.session.remove()
        db.engine.dispose()


def _crop(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def images_of(collection: str) -> list[Image]:
    wanted = select(Image).join(Collection).where(Collection.name == collection)
    return list(session().scalars(wanted.execution_options(populate_existing=True)))


names = (f"set {number}" for number in itertools.count())


@settings(max_examples=25)
@given(manifests=st.lists(ROWS, min_size=1, max_size=3), accepted=st.booleans())
def test_no_group_is_ever_on_both_sides(
    import_rows: Callable[..., ImportReport], manifests: list[list[Row]], accepted: bool
) -> None:
    collection = next(names)
    for rows in manifests:
        report = import_rows(collection, rows, accepted=accepted)
        counted = report.imported + report.already + report.restored + report.moved
        counted += report.changed + report.duplicates + report.rejected
        assert report.seen == len(rows) == counted
        images = images_of(collection)
        sides = {(image.group_key, image.held_out) for image in images}
        assert len(sides) == len({image.group_key for image in images})
        assert len({image.content_hash for image in images}) == len(images)
        assert report.real + report.fake == len(images)

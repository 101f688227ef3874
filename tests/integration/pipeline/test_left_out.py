"""Images whose normalised file is lost do not fail a run: it leaves them out, and names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.support.fake_encoder import FakeEncoder
from tests.support.pictures import draw_collection
from tests.support.working import analyse, perform
from workbench.config import Settings
from workbench.services.collections import collection_id
from workbench.services.imports.run import import_images
from workbench.services.models.versions import versions
from workbench.services.progress import Silent
from workbench.services.runs import queue, requests
from workbench.store.database import session
from workbench.store.image_files import normalised_path
from workbench.store.images import Image
from workbench.store.results import Prediction

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def lose(settings: Settings, count: int) -> list[str]:
    """Remove, or damage, the normalised files of a few images; their names by id."""
    found = session().execute(select(Image.name, Image.pixel_hash).order_by(Image.id).limit(count))
    rows = found.tuples().all()
    session().rollback()
    for number, (_name, pixel_hash) in enumerate(rows):
        path = normalised_path(settings.image_dir, pixel_hash)
        path.unlink(missing_ok=True)
        if number % 2:
            path.write_bytes(b"damaged")
    return [name for name, _hash in rows]


def scored(version_number: int) -> int:
    made = next(each for each in versions(1) if each.summary.number == version_number)
    found = session().scalars(
        select(Prediction.image_id).where(Prediction.version_id == made.summary.id)
    )
    return len(found.all())


def left_out(version_number: int) -> object:
    made = next(each for each in versions(1) if each.summary.number == version_number)
    return made.metrics.get("left_out")


def test_lost_images_are_left_out_of_a_run_named_and_taken_in_again_once_restored(
    tables: Flask,
    settings: Settings,
    encoder: FakeEncoder,
    client: FlaskClient,
    tmp_path: Path,
) -> None:
    tables.config["WORKBENCH"] = settings.model_copy(update={"open_reading": True})
    source = draw_collection(tmp_path / "few", 12, mislabelled=2)
    import_images(source, collection="few", settings=settings, progress=Silent())
    names = lose(settings, 2)

    assert analyse(collection_id("few"), settings) == "succeeded"

    assert left_out(1) == {"count": 2, "names": names}
    assert scored(1) == 22
    page = client.get("/c/few/models").text
    assert all(name in page for name in names)
    assert "Import their originals again" in page
    assert requests.run_for_analysis(collection_id("few")) is None, "nothing more can be done"

    # Of images that were encoded before, what is not cached is made from their pixels, too.
    for part in settings.part_dir.rglob("*.safetensors"):
        part.unlink()
    lose(settings, 5)
    assert perform(queue.request_retrain(None, collection_id("few")).id, settings) == "succeeded"
    assert scored(2) == 19

    report = import_images(source, collection="few", settings=settings, progress=Silent())

    assert report.restored == 5
    assert analyse(collection_id("few"), settings) == "succeeded"
    assert left_out(3) is None
    assert scored(3) == 24

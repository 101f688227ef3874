"""Encoders that see more than 224 pixels see originals, and masks stay where they were."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import select
from torch import Tensor

from tests.support.fake_encoder import FakeEncoder
from tests.support.working import analyse
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.collections import collection_id
from workbench.services.encoding import registry
from workbench.services.image.counterfactuals import preview, try_edit
from workbench.services.image.edits import RegionEdit
from workbench.services.imports.run import import_images
from workbench.services.models.versions import versions
from workbench.services.progress import Silent
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.regions import Region
from workbench.store.results import PixelGroup, Prediction

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

FINE = 448


class FineEncoder(FakeEncoder):
    """Sees 448 pixels, and keeps how sharp each picture was that it was given."""

    image_size = FINE

    def __init__(self) -> None:
        super().__init__()
        self.sides: set[int] = set()
        self.sharpness: list[float] = []

    def preprocess(self, images: Sequence[Picture.Image]) -> Tensor:
        self.sides |= {image.width for image in images}
        for image in images:
            grey = np.asarray(image.convert("L"), float)
            self.sharpness.append(float(np.abs(np.diff(grey, axis=1)).mean()))
        return super().preprocess(images)


@pytest.fixture
def fine(monkeypatch: pytest.MonkeyPatch) -> FineEncoder:
    encoder = FineEncoder()
    monkeypatch.setattr(registry, "load_encoder", lambda _name, **_places: encoder)
    registry._loaded.cache_clear()
    return encoder


def striped(folder: Path, each: int) -> Path:
    """Images of stripes of one pixel, which a copy of 224 pixels cannot hold."""
    for label in ("real", "fake"):
        (folder / label).mkdir(parents=True)
        for number in range(each):
            pixels = np.random.default_rng([number, label == "fake"]).integers(
                90, 110, (FINE, FINE, 3), np.uint8
            )
            rows = slice(40, 240) if label == "fake" else slice(0, FINE)
            pixels[rows, ::2] = pixels[rows, ::2] + (100 if label == "fake" else 40)
            Picture.fromarray(pixels).save(folder / label / f"{label}-{number}.png")
    return folder


def test_it_sees_what_only_the_originals_hold_and_leaves_out_images_without_theirs(
    tables: Flask, settings: Settings, fine: FineEncoder, tmp_path: Path
) -> None:
    source = striped(tmp_path / "stripes", 12)
    import_images(source, collection="stripes", settings=settings, progress=Silent())
    (source / "real" / "real-3.png").unlink()
    (source / "fake" / "fake-5.png").write_bytes(b"something else")

    assert analyse(collection_id("stripes"), settings) == "succeeded"

    assert fine.sides == {FINE}
    assert np.median(fine.sharpness) > 20, "stripes of one pixel are blurred away at 224"
    version = versions(collection_id("stripes"))[0]
    assert version.metrics["image_size"] == FINE
    assert version.metrics["left_out"]["count"] == 2
    assert set(version.metrics["left_out"]["names"]) == {"real-3.png", "fake-5.png"}
    scored = session().scalars(
        select(Image.name)
        .join(Prediction, Prediction.image_id == Image.id)
        .where(Prediction.version_id == version.summary.id)
    )
    assert len(scored.all()) == 22


def test_groups_lie_in_the_frame_of_the_copy_and_are_removed_from_the_original(
    tables: Flask, settings: Settings, fine: FineEncoder, tmp_path: Path
) -> None:
    source = striped(tmp_path / "stripes", 12)
    import_images(source, collection="stripes", settings=settings, progress=Silent())
    assert analyse(collection_id("stripes"), settings) == "succeeded"
    group = (
        session()
        .scalars(
            select(PixelGroup)
            .join(Region)
            .where(PixelGroup.contribution > 0)
            .order_by(Region.area.desc())
        )
        .first()
    )
    assert group is not None
    assert decode_mask(group.region.rle, NORMAL_SIZE).sum() == group.region.area
    edit = RegionEdit(group.id, "mean")
    fine.sides.clear()
    fine.sharpness.clear()

    with tables.app_context():
        outcome = try_edit(group.version_id, group.image_id, edit)
        shown = preview(group.version_id, group.image_id, edit)

    assert fine.sides == {FINE}
    before, after = fine.sharpness[:2]
    share = group.region.area / NORMAL_SIZE**2
    assert after < before * (1 - share / 2), "what was filled has no stripes any more"
    assert outcome.delta_logit != 0
    with Picture.open(io.BytesIO(shown)) as picture:
        assert picture.size == (NORMAL_SIZE, NORMAL_SIZE)

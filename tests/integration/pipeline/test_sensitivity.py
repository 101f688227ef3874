"""Sensitivity is measured on edited pixels, for as many images as the settings allow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sqlalchemy import select, update

from tests.support.fake_encoder import FakeEncoder
from tests.support.scored import logits_of_edits
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.layout.cells import cell_indices
from workbench.analysis.regions.counterfactual import MEASURING_FILL, random_regions, remove_region
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.encoding.pixels import read_copy
from workbench.services.models.scores import layouts_of, load_scores
from workbench.services.models.weights import load_heads
from workbench.services.pipeline.sensitivity import STRONGEST, measure_sensitivity
from workbench.services.progress import Cancelled, Silent
from workbench.store.database import session, transaction
from workbench.store.regions import Region
from workbench.store.results import PixelGroup, Prediction
from workbench.store.versions import ModelVersion

pytestmark = pytest.mark.analysed

Measure = Callable[..., None]


class CancelsAfter:
    """A Progress by which a person cancels when so many images are measured."""

    def __init__(self, done: int) -> None:
        self._done = done

    def advance(self, done: int, _total: int, _stage: str) -> None:
        if done >= self._done:
            raise Cancelled


def predictions(version_id: int) -> list[Prediction]:
    session().expire_all()
    query = select(Prediction).where(Prediction.version_id == version_id)
    return list(session().scalars(query.order_by(Prediction.image_id)))


@pytest.fixture
def unmeasured(version_id: int) -> int:
    """The version as it is after the layout."""
    with transaction() as current:
        current.execute(
            update(Prediction)
            .where(Prediction.version_id == version_id)
            .values(removed_change=None, control_change=None)
        )
    return version_id


@pytest.fixture
def measure(encoder: FakeEncoder, settings: Settings, version_id: int) -> Measure:
    """Measure the version's sensitivity, up to a number of images."""
    heads = load_heads(session().get_one(ModelVersion, version_id), settings)

    def measured(images: int = 1000, progress: object = None) -> None:
        chosen = settings.model_copy(update={"sensitivity_images": images})
        scores = load_scores(version_id, settings)
        measure_sensitivity(version_id, scores, encoder, heads, chosen, progress or Silent())

    return measured


def test_an_image_without_its_strongest_groups_is_beside_one_without_regions_like_them(
    version_id: int, encoder: FakeEncoder, settings: Settings
) -> None:
    for each in predictions(version_id)[::7]:
        groups = session().scalars(
            select(Region.rle)
            .select_from(PixelGroup)
            .join(PixelGroup.region)
            .where(PixelGroup.version_id == version_id, PixelGroup.image_id == each.image_id)
            .order_by(PixelGroup.number)
            .limit(STRONGEST)
        )
        together = np.zeros((NORMAL_SIZE, NORMAL_SIZE), np.uint8)
        for rle in groups:
            together |= decode_mask(rle, NORMAL_SIZE)
        elsewhere = random_regions(together, 1, seed=settings.seed + each.image_id)[0]
        pixels = read_copy(settings.image_dir, each.image.pixel_hash)
        edited = [remove_region(pixels, mask, MEASURING_FILL) for mask in (together, elsewhere)]

        removed, control = logits_of_edits(version_id, each.image_id, edited, encoder, settings)

        assert each.removed_change == pytest.approx(removed - each.logit, abs=1e-4)
        assert each.control_change == pytest.approx(control - each.logit, abs=1e-4)
        assert each.sensitivity == pytest.approx(removed - control, abs=1e-4)


def test_without_what_is_rough_a_fake_looks_more_real_and_what_is_smooth_matters_less(
    version_id: int,
) -> None:
    rough, smooth = (
        [each.sensitivity for each in predictions(version_id) if each.outcome == outcome]
        for outcome in ("fake_right", "real_right")
    )

    assert np.mean(rough) < 0
    assert abs(np.mean(rough)) > 2 * abs(np.mean(smooth))


def test_as_many_images_are_measured_as_the_settings_allow_and_in_every_cell(
    unmeasured: int, measure: Measure
) -> None:
    everything = predictions(unmeasured)
    places = layouts_of(unmeasured, np.array([each.image_id for each in everything]))["balanced"]
    cells = list(zip(*cell_indices(places, 0), strict=True))
    occupied = len(set(cells))

    measure(images=occupied)

    measured = [each.sensitivity is not None for each in predictions(unmeasured)]
    assert sum(measured) == occupied
    assert {cell for cell, known in zip(cells, measured, strict=True) if known} == set(cells)


def test_none_may_be_measured_at_all(
    unmeasured: int, measure: Measure, encoder: FakeEncoder
) -> None:
    encoder.encoded = 0
    measure(images=0)

    assert encoder.encoded == 0
    assert all(each.sensitivity is None for each in predictions(unmeasured))


def test_a_cancelled_measurement_keeps_what_it_has_and_goes_on_there(
    version_id: int, measure: Measure, encoder: FakeEncoder
) -> None:
    before = {each.image_id: each.sensitivity for each in predictions(version_id)}
    with transaction() as current:
        current.execute(update(Prediction).values(removed_change=None, control_change=None))
    with pytest.raises(Cancelled):
        measure(progress=CancelsAfter(10))
    kept = [each for each in predictions(version_id) if each.sensitivity is not None]
    assert 10 <= len(kept) < len(before)

    encoder.encoded = 0
    measure()

    assert encoder.encoded == 2 * (len(before) - len(kept))
    after = {each.image_id: each.sensitivity for each in predictions(version_id)}
    assert after == {image_id: pytest.approx(value) for image_id, value in before.items()}


def test_where_there_is_nothing_to_remove_nothing_changes(
    unmeasured: int, measure: Measure, encoder: FakeEncoder
) -> None:
    with transaction() as current:
        current.execute(
            update(PixelGroup)
            .where(PixelGroup.version_id == unmeasured)
            .values(number=99 + PixelGroup.number)
        )
    encoder.encoded = 0
    measure()

    assert encoder.encoded == 0
    assert {each.sensitivity for each in predictions(unmeasured)} == {0.0}

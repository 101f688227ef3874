"""A pattern's effect is measured on as many images as make its interval narrow, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from tests.support.fake_encoder import FakeEncoder
from workbench.analysis.regions.looks import FIRST
from workbench.config import Settings
from workbench.services.models.weights import load_heads
from workbench.services.pipeline.pattern_effects import CONTROLS, drawn_groups, measure_effects
from workbench.services.progress import Silent
from workbench.store.database import session
from workbench.store.results import PixelGroup
from workbench.store.versions import ModelVersion

pytestmark = pytest.mark.analysed

MOST = 14


class Seen:
    """A Progress that keeps how far it was told things are."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def advance(self, done: int, total: int, _stage: str) -> None:
        self.told.append((done, total))


@pytest.fixture
def drawn(version_id: int, settings: Settings) -> list[list[int]]:
    """Of two patterns: one of more images than are measured, one of fewer than a first look has."""
    groups = session().execute(
        select(PixelGroup.id, PixelGroup.image_id)
        .where(PixelGroup.version_id == version_id, PixelGroup.number == 0)
        .order_by(PixelGroup.id)
    )
    ids, image_ids = np.array([tuple(each) for each in groups])[: MOST + 11].T
    session().rollback()
    numbers = np.where(np.arange(len(ids)) < MOST + 6, 0, 1)
    chosen = settings.model_copy(update={"effect_images": MOST})
    return drawn_groups(ids, image_ids, numbers, chosen)


@pytest.mark.parametrize(
    ("tolerance", "measured"), [(1e9, FIRST), (0.0, MOST)], ids=["narrow", "never narrow"]
)
def test_an_effect_is_measured_on_more_images_until_its_interval_is_narrow(
    drawn: list[list[int]],
    version_id: int,
    encoder: FakeEncoder,
    settings: Settings,
    tolerance: float,
    measured: int,
) -> None:
    heads = load_heads(session().get_one(ModelVersion, version_id), settings)
    most = settings.model_copy(update={"effect_images": MOST})
    seen = Seen()
    encoder.encoded = 0

    effects = measure_effects(drawn, tolerance, encoder, heads, most, seen)

    assert [effects[number].images for number in (0, 1)] == [measured, 5]
    assert encoder.encoded == (1 + CONTROLS) * (measured + 5)
    assert seen.told == sorted(seen.told)
    assert seen.told[-1] == (MOST + 5, MOST + 5)


def test_the_images_measured_first_are_measured_alike_however_many_follow(
    drawn: list[list[int]], version_id: int, encoder: FakeEncoder, settings: Settings
) -> None:
    heads = load_heads(session().get_one(ModelVersion, version_id), settings)
    most = settings.model_copy(update={"effect_images": MOST})
    few = settings.model_copy(update={"effect_images": FIRST})

    stopped = measure_effects(drawn, 1e9, encoder, heads, most, Silent())
    bounded = measure_effects([each[:FIRST] for each in drawn], 0.0, encoder, heads, few, Silent())

    assert stopped == bounded

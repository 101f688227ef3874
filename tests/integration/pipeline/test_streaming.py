"""Encoding and explaining run as streams: bounded, in batches, and the same every time."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from PIL import Image as Picture
from sqlalchemy import func, select
from torch import Tensor

from tests.support.fake_encoder import FakeEncoder
from tests.support.made_up import made_up_version
from tests.support.working import analyse, import_pictures
from workbench.analysis.encoders.protocol import TOKENS, Part, Penultimate
from workbench.app import create_app
from workbench.config import Settings
from workbench.services.encoding.encode import encode_missing
from workbench.services.errors import ImageError
from workbench.services.pipeline.scoring import score
from workbench.services.progress import Cancelled, Silent
from workbench.services.workspaces import workspace
from workbench.store import migrating
from workbench.store.database import db, session
from workbench.store.regions import Region
from workbench.store.results import Embedding, Pattern, PixelGroup, Placement, Prediction

IMAGES = 40


class Watched(FakeEncoder):
    """Knows how many of the batches that it was given and gave are still held by somebody."""

    def __init__(self) -> None:
        super().__init__()
        self._alive: weakref.WeakSet[object] = weakref.WeakSet()
        self.most = 0

    def preprocess(self, images: Sequence[Picture.Image]) -> Tensor:
        pixels = super().preprocess(images)
        self._count(pixels)
        return pixels

    def encode(self, pixels: Tensor, parts: frozenset[Part] = TOKENS) -> Penultimate:
        state = super().encode(pixels, parts)
        self._count(state.patch_tokens)
        return state

    def _count(self, made: Tensor) -> None:
        self._alive.add(made)
        self.most = max(self.most, len(self._alive))


class Broken(FakeEncoder):
    """Fails at its third batch."""

    def encode(self, pixels: Tensor, parts: frozenset[Part] = TOKENS) -> Penultimate:
        if self.encoded >= 2 * len(pixels):
            raise RuntimeError("out of memory")
        return super().encode(pixels, parts)


class Heard:
    """Remembers what it was told, and cancels after so many steps."""

    def __init__(self, cancel_after: int | None = None) -> None:
        self.done: list[int] = []
        self._cancel_after = cancel_after

    def advance(self, done: int, _total: int, _stage: str) -> None:
        self.done.append(done)
        if self._cancel_after is not None and done >= self._cancel_after:
            raise Cancelled


def in_batches_of(size: int, settings: Settings) -> Settings:
    return settings.model_copy(update={"batch_size": size})


def count(table: type[Embedding | Prediction]) -> int:
    found = session().scalar(select(func.count()).select_from(table)) or 0
    session().rollback()
    return found


def test_memory_does_not_grow_with_the_number_of_batches(imported: int, settings: Settings) -> None:
    most = {}
    for images, name in ((16, "others"), (IMAGES, "pictures")):
        encoder = Watched()
        collection_id = workspace(name).collection.id
        encode_missing(collection_id, encoder, in_batches_of(1, settings), Silent())
        version_id = made_up_version(collection_id, encoder, settings)
        score(version_id, encoder, in_batches_of(1, settings), Silent())
        assert encoder.encoded == images
        most[images] = encoder.most

    assert most[IMAGES] <= max(most[16], 8)


def test_progress_is_told_of_every_batch(
    imported: int, settings: Settings, encoder: FakeEncoder
) -> None:
    heard = Heard()

    encode_missing(imported, encoder, in_batches_of(16, settings), heard)

    assert heard.done == [0, 16, 32, 40]


@pytest.mark.parametrize("explaining", [False, True])
def test_a_cancelled_pass_keeps_its_batches_and_the_next_does_the_rest(
    imported: int, settings: Settings, encoder: FakeEncoder, *, explaining: bool
) -> None:
    small = in_batches_of(4, settings)
    version_id = made_up_version(imported, encoder, settings)
    work = partial(score, version_id) if explaining else partial(encode_missing, imported)

    with pytest.raises(Cancelled):
        work(encoder, small, Heard(cancel_after=8))
    table = Prediction if explaining else Embedding
    assert count(table) == 8
    assert encoder.encoded < IMAGES

    begun = encoder.encoded
    work(encoder, small, Heard())
    assert count(table) == IMAGES
    # Only what was under way when it was cancelled is encoded twice.
    assert encoder.encoded <= IMAGES + begun - 8


@pytest.mark.parametrize("explaining", [False, True])
def test_a_failing_batch_is_named_and_those_before_it_are_kept(
    imported: int, settings: Settings, *, explaining: bool
) -> None:
    encoder, small = Broken(), in_batches_of(4, settings)
    version_id = made_up_version(imported, encoder, settings)
    work = partial(score, version_id) if explaining else partial(encode_missing, imported)

    with pytest.raises(ImageError, match=r"\(4 images\): out of memory"):
        work(encoder, small, Silent())

    assert count(Prediction if explaining else Embedding) == 8


def everything_said(settings: Settings, folder: Path) -> list[tuple[object, ...]]:
    """A fresh analysis in a fresh workbench, as rows without ids."""
    app = create_app(settings)
    with app.app_context():
        migrating.upgrade(db.engine)
        import_pictures(settings, folder)
        assert analyse(workspace("pictures").collection.id, settings) == "succeeded"
        rows = [
            *session().execute(
                select(Placement.layout, Placement.x, Placement.y).order_by(
                    Placement.layout, Placement.image_id
                )
            ),
            *session().execute(
                select(Prediction.logit, Prediction.p).order_by(Prediction.image_id)
            ),
            *session().execute(
                select(Region.rle, PixelGroup.by_dimension, Pattern.number)
                .select_from(PixelGroup)
                .join(PixelGroup.region)
                .outerjoin(PixelGroup.pattern)
                .order_by(PixelGroup.image_id, PixelGroup.number)
            ),
            *session().execute(
                select(
                    Pattern.groups, Pattern.profile, Pattern.mean_contribution, Pattern.effect
                ).order_by(Pattern.number)
            ),
        ]
        session().rollback()
        db.engine.dispose()
    return [tuple(row) for row in rows]


def test_two_fresh_analyses_say_the_same(tmp_path: Path, encoder: FakeEncoder) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]

    one, two = (everything_said(Settings(data_dir=folder), folder / "drawn") for folder in folders)

    assert len(one) > 2 * IMAGES
    assert one == two

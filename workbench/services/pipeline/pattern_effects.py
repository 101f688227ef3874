"""What patterns do, measured: their groups removed from images, beside controls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, select

from workbench.analysis.distiller.cross_fitted import CrossFittedHeads
from workbench.analysis.distiller.folds import NO_FOLD
from workbench.analysis.encoders.protocol import Encoder
from workbench.analysis.regions.counterfactual import (
    MEASURING_FILL,
    Effect,
    paired_effect,
    with_controls,
)
from workbench.analysis.regions.patterns import UNCLUSTERED
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.encoding.pixels import read_pixels
from workbench.services.errors import UnavailableError
from workbench.services.models.inference import logits_of
from workbench.services.progress import Progress
from workbench.store.database import session
from workbench.store.image_files import LostImageError
from workbench.store.images import Image
from workbench.store.results import PixelGroup, Prediction

CONTROLS = 2
"""Regions like the group, elsewhere in the same image."""
STAGE = "Measuring effect sizes"


@dataclass(frozen=True)
class Example:
    """An image, a region of it (0 or 1), the logit that it has as it is, and whose head gave it."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    logit: float
    fold: int


def measure_effects(
    group_ids: NDArray[np.int64],
    image_ids: NDArray[np.int64],
    numbers: NDArray[np.int64],
    encoder: Encoder,
    heads: CrossFittedHeads,
    settings: Settings,
    progress: Progress,
) -> dict[int, Effect]:
    """The measured effect of each pattern, by its number.

    The first three have one entry a pixel group; `numbers` says which pattern it belongs to.
    """
    effects: dict[int, Effect] = {}
    found = int(numbers.max(initial=UNCLUSTERED)) + 1
    for number in range(found):
        progress.advance(number, found, STAGE)
        members = np.flatnonzero(numbers == number)
        chosen = one_an_image(
            image_ids[members], settings.effect_images, seed=settings.seed + number
        )
        effects[number] = effect_of(
            _examples(group_ids[members[chosen]].tolist(), settings),
            encoder,
            heads,
            batch_size=settings.batch_size,
            seed=settings.seed,
        )
    progress.advance(found, found, STAGE)
    return effects


def one_an_image(image_ids: NDArray[np.int64], most: int, *, seed: int) -> NDArray[np.int64]:
    """Indices of at most `most` entries of different images, drawn at random."""
    order = np.random.default_rng(seed).permutation(len(image_ids))
    first = np.sort(np.unique(image_ids[order], return_index=True)[1])[:most]
    return order[first]


def effect_of(
    examples: Sequence[Example],
    encoder: Encoder,
    heads: CrossFittedHeads,
    *,
    batch_size: int,
    seed: int,
) -> Effect:
    """The measured effect of removing one region from each of some images, beside controls."""
    removed, controls = [], []
    size = max(batch_size // (1 + CONTROLS), 1)
    for start in range(0, len(examples), size):
        batch = examples[start : start + size]
        edited = [
            picture
            for index, each in enumerate(batch, start)
            for picture in with_controls(
                each.pixels, each.mask, MEASURING_FILL, controls=CONTROLS, seed=seed + index
            )
        ]
        folds = np.repeat([each.fold for each in batch], 1 + CONTROLS)
        after = np.array(logits_of(edited, encoder, heads, folds)).reshape(-1, 1 + CONTROLS)
        change = after - np.array([each.logit for each in batch])[:, None]
        removed.append(change[:, 0])
        controls.append(change[:, 1:])
    return paired_effect(np.concatenate(removed), np.concatenate(controls))


def _examples(group_ids: list[int], settings: Settings) -> list[Example]:
    rows = session().execute(
        select(PixelGroup.rle, Image.pixel_hash, Prediction.logit, Prediction.fold)
        .join(Image, Image.id == PixelGroup.image_id)
        .join(
            Prediction,
            and_(
                Prediction.image_id == PixelGroup.image_id,
                Prediction.version_id == PixelGroup.version_id,
            ),
        )
        .where(PixelGroup.id.in_(group_ids))
        .order_by(PixelGroup.id)
    )
    found = rows.tuples().all()
    session().rollback()
    examples = []
    for rle, pixel_hash, logit, fold in found:
        with suppress(LostImageError):
            pixels = read_pixels(settings.image_dir, pixel_hash)
            mask = decode_mask(rle, pixels.shape[0])
            examples.append(Example(pixels, mask, logit, NO_FOLD if fold is None else fold))
    if not examples:
        raise UnavailableError(
            "The normalised images of all examples of a pattern are lost. "
            "Import their originals again."
        )
    return examples

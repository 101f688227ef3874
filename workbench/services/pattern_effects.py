"""What patterns do, measured: their groups removed from images, beside controls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, select

from workbench.analysis.counterfactual import MEASURING_FILL, Effect, paired_effect, with_controls
from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.encoder import Encoder
from workbench.analysis.patterns import UNCLUSTERED
from workbench.analysis.pixel_groups import decode_mask
from workbench.config import Settings
from workbench.services.model_logits import logits_of
from workbench.services.pixels import read_pixels
from workbench.services.progress import Progress
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.results import PixelGroup, Prediction

IMAGES = 12
"""So many images at most measure a pattern: drawn at random, for the mean of all its images."""
CONTROLS = 2
"""Regions like the group, elsewhere in the same image."""
FILL = MEASURING_FILL
STAGE = "Measuring patterns"


def measure_effects(
    group_ids: NDArray[np.int64],
    image_ids: NDArray[np.int64],
    numbers: NDArray[np.int64],
    encoder: Encoder,
    head: DistilledHead,
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
        chosen = one_an_image(image_ids[members], IMAGES, seed=settings.seed + number)
        effects[number] = _effect(group_ids[members[chosen]].tolist(), encoder, head, settings)
    progress.advance(found, found, STAGE)
    return effects


def one_an_image(image_ids: NDArray[np.int64], most: int, *, seed: int) -> NDArray[np.int64]:
    """Places of at most `most` entries of different images, drawn at random."""
    order = np.random.default_rng(seed).permutation(len(image_ids))
    first = np.sort(np.unique(image_ids[order], return_index=True)[1])[:most]
    return order[first]


def _effect(
    group_ids: list[int], encoder: Encoder, head: DistilledHead, settings: Settings
) -> Effect:
    examples = _examples(group_ids)
    removed, controls = [], []
    size = max(settings.batch_size // (1 + CONTROLS), 1)
    for start in range(0, len(examples), size):
        batch = examples[start : start + size]
        edited = [
            picture
            for rle, pixel_hash, _logit in batch
            for picture in _edits(rle, pixel_hash, settings)
        ]
        before = np.array([logit for _rle, _hash, logit in batch])
        after = np.array(logits_of(edited, encoder, head)).reshape(-1, 1 + CONTROLS)
        change = after - before[:, None]
        removed.append(change[:, 0])
        controls.append(change[:, 1:])
    return paired_effect(np.concatenate(removed), np.concatenate(controls))


def _examples(group_ids: list[int]) -> list[tuple[str, str, float]]:
    """Run lengths, pixel hash and logit of each group and its image."""
    rows = session().execute(
        select(PixelGroup.rle, Image.pixel_hash, Prediction.logit)
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
    examples = [(rle, pixel_hash, logit) for rle, pixel_hash, logit in rows]
    session().rollback()
    return examples


def _edits(rle: str, pixel_hash: str, settings: Settings) -> list[NDArray[np.uint8]]:
    pixels = read_pixels(settings.image_dir, pixel_hash)
    mask = decode_mask(rle, pixels.shape[0])
    return with_controls(pixels, mask, FILL, controls=CONTROLS, seed=settings.seed)
